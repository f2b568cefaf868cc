"""Files that are given back while nobody looks at them, and can be read all the same."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers import gpio_files, legacy_files, recordings

from napari_isx import CellSet, IsxFileError, open_isx
from napari_isx.io.base.recording import put_away, take_out


def handles(path: Path) -> int:
    """How often a file is open."""
    return sum(file.path == str(path) for file in psutil.Process().open_files())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 30, 50))


def test_a_file_that_is_put_away_is_not_open_and_still_read(path: Path) -> None:
    frames = recordings.pixels(4, 30, 50)
    with open_isx(path) as movie:
        assert handles(path) == 1
        put_away([movie], [])
        assert handles(path) == 0
        np.testing.assert_array_equal(movie[2], frames[2])
        assert handles(path) == 0
        assert not movie.closed
        take_out([movie])
        assert handles(path) == 1
        np.testing.assert_array_equal(movie[3], frames[3])
    assert handles(path) == 0
    with pytest.raises(ValueError, match="is closed"):
        movie[0]


def test_a_file_closed_while_put_away_stays_closed(path: Path) -> None:
    movie = open_isx(path)
    put_away([movie], [])
    movie.close()
    take_out([movie])
    assert handles(path) == 0
    with pytest.raises(ValueError, match="is closed"):
        movie[0]


def test_a_file_changed_while_put_away_is_never_taken_for_the_same(path: Path) -> None:
    with open_isx(path) as movie:
        put_away([movie], [])
        recordings.write_movie(path, recordings.pixels(4, 30, 50) + 1)
        os.utime(path, ns=(1, 1))
        take_out([movie])
        with pytest.raises(IsxFileError, match="changed since its layers were removed"):
            movie[0]
        assert handles(path) == 0
        path.unlink()
        with pytest.raises(FileNotFoundError):
            movie[0]


def test_mapped_traces_are_given_back_and_come_again(tmp_path: Path) -> None:
    path = recordings.write_cells(tmp_path / "c.isxd", 5, (6, 7))
    with open_isx(path) as cells:
        expected = cells.traces.copy()
        assert cells.footprints.shape == (5, 6, 7)
        put_away([cells], [])
        gc.collect()
        if os.path.exists("/proc/self/maps"):
            assert str(path) not in Path("/proc/self/maps").read_text()
        np.testing.assert_array_equal(cells.traces, expected)


def test_a_file_that_another_recording_reads_stays_open(path: Path) -> None:
    with open_isx(path) as movie, open_isx(path) as same:
        put_away([movie], [movie])
        assert handles(path) == 2
        put_away([movie], [same])
        assert handles(path) == 1


def test_reads_under_way_end_before_the_file_is_put_away(path: Path) -> None:
    frames = recordings.pixels(4, 30, 50)
    with open_isx(path) as movie, ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(movie.read_frame, i % 4) for i in range(400)]
        for _ in range(50):
            put_away([movie], [])
            take_out([movie])
        for i, read in enumerate(reads):
            np.testing.assert_array_equal(read.result(), frames[i % 4])
        assert handles(path) == 1


@pytest.mark.parametrize("suffix", [".xml", ".hdf5", ".tif"])
def test_a_movie_of_an_older_system_gives_back_all_its_files(tmp_path: Path, suffix: str) -> None:
    frames = np.arange(6 * 4 * 5, dtype=np.uint16).reshape(6, 4, 5)
    if suffix == ".xml":
        path = legacy_files.write_recording(tmp_path, frames)
    elif suffix == ".tif":
        path = legacy_files.write_tif(tmp_path / "a.tif", frames)
    else:
        path = legacy_files.write_hdf5(tmp_path / "a.hdf5", images=frames)
    with open_isx(path) as movie:
        expected = movie[:]
        assert expected.any()
        put_away([movie], [])
        assert not any(handles(one) for one in tmp_path.iterdir())
        np.testing.assert_array_equal(movie[:], expected)
    assert not any(handles(one) for one in tmp_path.iterdir())
    with pytest.raises(ValueError, match="is closed"):
        movie[0]


def test_a_gpio_file_gives_back_what_was_decoded_and_decodes_it_again(tmp_path: Path) -> None:
    path = gpio_files.write(tmp_path / "a.gpio", gpio_files.random_stream(3, 50), session={})
    with open_isx(path) as gpio:
        expected = gpio.channel(0)
        put_away([gpio], [])
        assert "not read" in repr(gpio)
        again = gpio.channel(0)
        assert again is not expected
        np.testing.assert_array_equal(again.values, expected.values)


def test_cells_in_memory_lose_nothing() -> None:
    footprints, traces = np.ones((2, 3, 4), np.float32), np.ones((2, 9), np.float32)
    with CellSet.from_arrays(footprints, traces) as cells:
        put_away([cells], [])
        take_out([cells])
        np.testing.assert_array_equal(cells.traces, traces)
        np.testing.assert_array_equal(cells.footprints, footprints)
