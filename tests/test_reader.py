"""The napari reader, as napari and npe2 call it."""

from __future__ import annotations

import gc
from pathlib import Path

import npe2
import numpy as np
import pytest
import recordings
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes
from scenes import make_cells, make_events, make_movie

from napari_isx import IsxFileError, UnsupportedIsxError
from napari_isx.layers import window
from napari_isx.reader import SUFFIXES, get_reader, read


@pytest.fixture
def told(monkeypatch) -> list[str]:
    """What is told to the user of a window, which there is not in these tests."""
    messages: list[str] = []
    monkeypatch.setattr(
        window, "tell_of_broken_file", lambda message: messages.append(message) or True
    )
    return messages


@pytest.fixture
def viewer(discovered):
    model = ViewerModel()
    yield model
    model.layers.clear()


@pytest.fixture
def movie(tmp_path):
    return make_movie(tmp_path / "movie.isxd")


@pytest.fixture
def broken(tmp_path):
    path = make_movie(tmp_path / "broken.isxd")
    path.write_bytes(path.read_bytes()[:-20])
    return path


def test_other_files_are_left_to_other_readers(tmp_path):
    for name in ("a.tif", "a.isxd.zip", "isxd", ".isxd", "a", "", "a.isx", "a.h5"):
        assert get_reader(str(tmp_path / name)) is None
    assert get_reader([]) is None
    assert get_reader("") is None


def test_a_folder_is_no_file_of_ours(tmp_path):
    folder = tmp_path / "folder.isxd"
    folder.mkdir()
    assert get_reader(str(folder)) is None
    assert get_reader([str(folder)]) is None


def test_a_mixed_selection_is_left_to_others(movie):
    assert get_reader([str(movie), "picture.tif"]) is None
    assert get_reader([str(movie), str(movie.parent)]) is None
    assert get_reader([str(movie), str(movie)]) is not None


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_the_case_of_the_suffix_does_not_matter(suffix):
    for spelled in (suffix, suffix.upper(), suffix.title()):
        assert get_reader(f"recording{spelled}") is not None


def test_being_asked_does_not_touch_the_file(tmp_path):
    """A broken file of ours is not passed on to readers that would say less about it."""
    (tmp_path / "broken.isxd").write_bytes(b"nothing")
    assert get_reader(str(tmp_path / "broken.isxd")) is not None
    assert get_reader(str(tmp_path / "missing.isxd")) is not None


def test_files_become_layers_in_their_order(tmp_path, movie):
    cells = make_cells(tmp_path / "cells.isxd")
    kinds = [kind for _, _, kind in read([str(cells), str(movie)])]
    assert kinds == ["labels", "shapes", "image"]
    assert [kind for _, _, kind in read(str(movie))] == ["image"]


def test_a_file_may_be_called_in_capitals(tmp_path, movie):
    capitals = movie.rename(tmp_path / "MOVIE.ISXD")
    assert len(read(str(capitals))) == 1


def test_a_broken_file_is_an_error_that_names_it(broken, movie):
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        read(str(broken))
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        read([str(movie), str(broken)])


@pytest.mark.parametrize("content", [b"", b"\0" * 8, b"{}\0" + b"\xff" * 8, b"not a recording"])
def test_nonsense_with_our_suffix_is_an_error(tmp_path, content):
    path = tmp_path / "nonsense.isxd"
    path.write_bytes(content)
    with pytest.raises(IsxFileError, match=r"nonsense\.isxd"):
        read(str(path))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.isxd"):
        read(str(tmp_path / "missing.isxd"))


@pytest.mark.parametrize("kind", [3, 6, 99])
def test_a_kind_that_cannot_be_shown_is_an_error_that_says_so(tmp_path, kind):
    path = recordings.write(tmp_path / "other.isxd", b"", {"type": kind})
    with pytest.raises(IsxFileError, match=r"other\.isxd"):
        read(str(path))


def test_a_kind_without_layers_is_told_and_closed(movie, told, monkeypatch):
    from napari_isx.layers import build

    def none_of(recording):
        raise UnsupportedIsxError(recording.path, "napari cannot show it yet", "Wait.")

    monkeypatch.setattr(build, "layers_of", none_of)
    assert read(str(movie)) == [(None,)]
    assert told == [f"movie.isxd: napari cannot show it yet. Wait. (File: {movie})"]
    gc.collect()  # and the shared fixture looks for what is left open


def test_in_a_window_the_other_files_open_all_the_same(broken, movie, told):
    layers = read([str(broken), str(movie), str(broken)])
    assert [kind for _, _, kind in layers] == ["image"]
    assert len(told) == 2
    assert all(message.startswith("broken.isxd: ") for message in told)


def test_in_a_window_nothing_but_broken_files_makes_no_layer(broken, told, viewer):
    assert read(str(broken)) == [(None,)]
    viewer.open(str(broken), plugin="napari-isx")
    assert len(viewer.layers) == 0
    assert len(told) == 2


def test_the_viewer_opens_all_kinds(tmp_path, movie, viewer):
    cells, events = make_cells(tmp_path / "cells.isxd"), make_events(tmp_path / "events.isxd")
    viewer.open([str(movie), str(cells), str(events)], plugin="napari-isx")
    assert [type(layer) for layer in viewer.layers] == [Image, Labels, Shapes, Points]
    assert [layer.source.reader_plugin for layer in viewer.layers] == ["napari-isx"] * 4
    np.testing.assert_allclose(viewer.dims.range[0], (0, 39 * 0.05, 0.05))


def test_the_viewer_knows_whose_file_it_is_without_being_told(movie, viewer):
    viewer.open(str(movie), plugin=None)
    assert [layer.name for layer in viewer.layers] == ["movie"]


def test_the_viewer_raises_what_is_wrong_with_a_file(broken, viewer):
    with pytest.raises(IsxFileError, match=r"broken\.isxd"):
        viewer.open(str(broken), plugin="napari-isx")
    assert len(viewer.layers) == 0


def test_npe2_reads(discovered, movie):
    ((data, kwargs, kind),) = npe2.read([str(movie)], stack=False)
    assert kind == "image"
    assert data.shape[0] == 40
    assert kwargs["metadata"]["napari_isx"].path == Path(movie)


def test_removed_layers_give_the_file_back(movie, viewer):
    viewer.open(str(movie), plugin="napari-isx")
    viewer.layers.clear()  # the shared fixture looks for what is left open
