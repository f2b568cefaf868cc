"""Lazy stacks: nothing is read until it is computed, and not more than is needed."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers import recordings

from napari_isx import Movie, open_isx
from napari_isx.io.format.source import FileSource

GIGABYTE = 1 << 30
MAX_GROWTH = 300 << 20


def write_sparse_movie(path: Path, count: int, rows: int, cols: int) -> Path:
    """A movie whose payload is a hole in the file, but for its last frame, which is ones."""
    frame = np.ones((rows, cols), "<u2")
    timing = recordings.timing_info(count)
    footer = recordings.movie_footer(frame[np.newaxis], timing=timing)
    try:
        with path.open("wb") as handle:
            handle.seek((count - 1) * frame.nbytes)
            handle.write(frame.tobytes() + recordings.container(b"", footer))
    except OSError as error:
        pytest.skip(f"no sparse files here: {error}")
    if path.stat().st_blocks * 512 > GIGABYTE:
        path.unlink()
        pytest.skip("no sparse files here")
    return path


@pytest.fixture
def reads(monkeypatch) -> list[int]:
    """The size of every read of a file."""
    sizes: list[int] = []
    read_into = FileSource.read_into

    def counting(self, offset, target):
        sizes.append(target.nbytes)
        read_into(self, offset, target)

    monkeypatch.setattr(FileSource, "read_into", counting)
    return sizes


@pytest.mark.parametrize("frames_per_chunk", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_computing_gives_the_movie(tmp_path, count, frames_per_chunk):
    frames = recordings.pixels(count, 3, 5)
    with open_isx(recordings.write_movie(tmp_path / "m.isxd", frames)) as movie:
        stack = movie.to_dask(frames_per_chunk)
        assert stack.shape == movie.shape
        assert stack.dtype == movie.dtype
        assert set(stack.chunks[0][:-1]) <= {frames_per_chunk}
        np.testing.assert_array_equal(stack.compute(scheduler="threads"), frames)


def test_missing_frames_and_slices_across_chunks(tmp_path):
    timing = recordings.timing_info(9, dropped=[2], cropped=["5 - 6"])
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(6, 3, 5), timing=timing)
    with open_isx(path) as movie:
        stack, array = movie.to_dask(2), movie[:]
        for index in (np.s_[1:8:3], np.s_[4, 1:, ::2], np.s_[::-1], np.s_[[0, 8, 3]]):
            np.testing.assert_array_equal(stack[index].compute(), array[index])


@pytest.mark.parametrize("frames_per_chunk", [0, -1])
def test_chunks_have_at_least_one_frame(tmp_path, frames_per_chunk):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    with open_isx(path) as movie, pytest.raises(ValueError, match="frames_per_chunk"):
        movie.to_dask(frames_per_chunk)


def test_one_frame_reads_one_frame_and_making_the_stack_none(tmp_path, reads):
    path = write_sparse_movie(tmp_path / "m.isxd", 144_000, 800, 1280)
    with open_isx(path) as movie:
        reads.clear()
        before = psutil.Process().memory_info().rss
        stack = movie.to_dask()
        assert reads == []
        assert stack[143_999, 5, 5].compute() == 1
        assert reads == [800 * 1280 * 2]
        assert psutil.Process().memory_info().rss - before < MAX_GROWTH
    del stack


def test_a_70_gb_movie_is_opened_and_read_in_little_memory(tmp_path):
    path = write_sparse_movie(tmp_path / "m.isxd", 34_180, 800, 1280)
    assert path.stat().st_size > 70e9
    before = psutil.Process().memory_info().rss
    with open_isx(path) as movie:
        stack = movie.to_dask()
        for i in range(0, len(movie), 500):
            movie[i]
            np.asarray(stack[i])
        assert movie[-1].all()
        assert movie.timing.valid_mask.all()
    assert psutil.Process().memory_info().rss - before < MAX_GROWTH
    del stack


def test_stacks_of_the_same_content_have_the_same_name(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5))
    other = recordings.write_movie(tmp_path / "n.isxd", recordings.pixels(4, 3, 5))
    with open_isx(path) as a, open_isx(path) as b, open_isx(other) as c:
        assert a.to_dask().name == b.to_dask().name
        assert len({a.to_dask().name, a.to_dask(2).name, c.to_dask().name}) == 3


def test_a_rewritten_file_has_a_stack_of_another_name(tmp_path):
    path = tmp_path / "m.isxd"
    names = []
    for count in (4, 5):
        with open_isx(recordings.write_movie(path, recordings.pixels(count, 3, 5))) as movie:
            names.append(movie.to_dask().name)
    assert len(set(names)) == 2


def test_a_pickled_stack_is_small_and_reads_the_file_itself(tmp_path):
    frames = recordings.pixels(50, 30, 50)
    with open_isx(recordings.write_movie(tmp_path / "m.isxd", frames)) as movie:
        data = pickle.dumps(movie.to_dask(10))
    assert len(data) < 20_000
    stack = pickle.loads(data)
    np.testing.assert_array_equal(stack.compute(), frames)


def test_a_stack_keeps_the_movie_open_until_it_is_closed(tmp_path):
    frames = recordings.pixels(4, 3, 5)
    movie = open_isx(recordings.write_movie(tmp_path / "m.isxd", frames))
    stack = movie.to_dask()
    path = movie.path
    del movie
    np.testing.assert_array_equal(stack.compute(), frames)
    movie = open_isx(path)
    stack = movie.to_dask()
    movie.close()
    with pytest.raises(ValueError, match="closed"):
        stack.compute()


def test_a_file_can_be_deleted_while_it_is_open(tmp_path):
    frames = recordings.pixels(4, 3, 5)
    path = recordings.write_movie(tmp_path / "m.isxd", frames)
    with open_isx(path) as movie:
        stack = movie.to_dask()
        try:
            path.unlink()
        except PermissionError:
            pytest.skip("this system does not delete open files")
        np.testing.assert_array_equal(stack.compute(), frames)


def test_a_file_can_be_deleted_after_it_was_closed(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        assert cells.traces.shape == (5, 11)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        open_isx(path)


def test_a_stack_is_no_copy_of_a_movie(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5))
    with open_isx(path) as movie:
        assert isinstance(movie, Movie)
        assert movie.to_dask().npartitions == 4
