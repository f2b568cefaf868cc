"""Reading by offset: short reads, big blocks, what is no file."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest
from helpers import recordings

from napari_isx import IsxFileError, open_isx
from napari_isx.io.format import source
from napari_isx.io.format.source import FileSource


@pytest.fixture(params=[True, False], ids=["preadv", "seek and read"])
def file(request, tmp_path, monkeypatch):
    if request.param and not hasattr(os, "preadv"):
        pytest.skip("this system has no preadv")
    monkeypatch.setattr(source, "_HAS_PREADV", request.param)
    path = tmp_path / "file.isxd"
    path.write_bytes(bytes(range(256)) * 40)
    opened = FileSource(path)
    yield opened
    opened.close()


def test_bytes_at_any_offset(file):
    assert file.size == 10_240
    assert file.read(250, 12) == bytes([*range(250, 256), *range(6)])
    assert file.read(10_240, 0) == b""
    target = np.empty((3, 5), "<u2")
    file.read_into(1, target)
    assert target.tobytes() == bytes(range(1, 31))


def test_blocks_larger_than_one_read_may_move(file, monkeypatch):
    monkeypatch.setattr(source, "_MAX_READ_BYTES", 7)
    assert file.read(3, 1000) == (bytes(range(256)) * 40)[3:1003]


def test_the_end_inside_a_block_is_an_error_that_says_where(file):
    with pytest.raises(IsxFileError, match=r"byte 10,240.*100 bytes at 10,200"):
        file.read(10_200, 100)


def test_a_file_shortened_after_opening_is_an_error(tmp_path):
    frames = recordings.pixels(4, 30, 50)
    path = recordings.write_movie(tmp_path / "m.isxd", frames)
    with open_isx(path) as movie:
        os.truncate(path, 4000)
        np.testing.assert_array_equal(movie[0], frames[0])
        with pytest.raises(IsxFileError, match="shortened"):
            movie[1]


def test_a_mapped_file_shortened_before_mapping_is_an_error(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", 50, (30, 40))
    with open_isx(path) as cells:
        os.truncate(path, 4000)
        with pytest.raises(IsxFileError, match="shortened"):
            _ = cells.footprints
        with pytest.raises(IsxFileError, match="shortened"):
            _ = cells.traces


def test_views_are_of_the_file_that_was_opened_though_another_took_its_name(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        other = recordings.write_cells(tmp_path / "d.isxd", samples=200, shape=(9, 9))
        os.replace(other, path)
        np.testing.assert_array_equal(cells.traces[2], cells.trace(2))


def test_views_may_start_anywhere(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", 90, (31, 33), 17)
    footprints, traces = recordings.cell_arrays(90, 31, 33, 17)
    with open_isx(path) as cells:
        np.testing.assert_array_equal(cells.traces, traces)
        np.testing.assert_array_equal(cells.footprints[89], footprints[89])
    with contextlib.closing(FileSource(path)) as file:
        view = file.memmap(4096 * 3 + 4, (5,), (4,), "<f4")
        assert view.tobytes() == path.read_bytes()[4096 * 3 + 4 :][:20]


def test_a_closed_source_does_not_read(file):
    file.close()
    file.close()
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read(0, 1)
    with pytest.raises(ValueError, match="closed"):
        file.memmap(0, (1,), (1,), "u1")


def test_a_forgotten_source_gives_its_handle_back(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    for _ in range(50):
        open_isx(path)[0]  # the autouse fixture looks for what is left


@pytest.mark.parametrize("name", ["", ".", "missing.isxd", "folder.isxd"])
def test_what_is_no_file_is_an_os_error(tmp_path, name):
    (tmp_path / "folder.isxd").mkdir()
    with pytest.raises(OSError, match=r"folder|directory|missing|denied"):
        open_isx(tmp_path / name)


def test_a_pipe_does_not_hang(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.isxd")
    with pytest.raises(IsxFileError, match="empty"):
        open_isx(tmp_path / "pipe.isxd")
