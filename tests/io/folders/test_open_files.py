"""Files that are opened once, for all who look at them."""

import pytest
from helpers.scenes import make_cells, make_movie

from napari_isx.io.folders import open_files
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.io.folders.scan import find_recordings


def test_a_file_that_was_looked_at_is_the_one_that_is_taken(tmp_path):
    movie, cells = make_movie(tmp_path / "m.isxd"), make_cells(tmp_path / "c.isxd")
    with OpenFiles() as files:
        looked, left = files.look(movie), files.look(cells)
        assert files.look(movie) is looked
        taken = files.take([movie])
    assert taken is looked
    assert not taken.closed
    assert left.closed, "nobody took it"
    taken.close()


def test_a_file_that_changed_meanwhile_is_opened_again(tmp_path):
    path = make_movie(tmp_path / "m.isxd")
    with OpenFiles() as files:
        before = files.look(path)
        path.unlink()
        make_cells(path)
        after = files.take([path])
    assert (before.kind, after.kind) == ("movie", "cell set")
    assert before.closed
    after.close()


def test_one_that_is_gone_says_so(tmp_path):
    path = make_movie(tmp_path / "m.isxd")
    with OpenFiles() as files:
        files.look(path)
        path.unlink()
        with pytest.raises(FileNotFoundError):
            files.take([path])


def test_of_many_files_few_handles_are_held_and_all_can_be_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(open_files, "_MOST_HANDLES", 2)
    paths = [make_movie(tmp_path / f"{name}.isxd") for name in "abcd"]
    with OpenFiles() as files:
        assert len(find_recordings(tmp_path, files)) == 4
        recordings = [files.take([path]) for path in paths]
    for recording in recordings:
        assert recording.read_frame(1).shape == recording.shape[1:]
        recording.close()
