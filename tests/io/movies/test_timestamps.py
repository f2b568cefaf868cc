"""Hardware timestamps: when there are any, how they are put together, what they do to the period.

The expected values of the version table are `isx`' own (formats.md, section 3).
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import open_isx

VERSIONS = [
    ("1.1.1", True),
    ("1.1.2", True),
    ("1.2", True),
    ("2", True),
    ("1.10.0", True),
    ("1.1.1-beta", True),
    ("1.1.1.0", True),
    ("1.1.0", False),
    ("1.1.0.5", False),
    ("1.1", False),
    ("1", False),
    ("0.9.9", False),
    ("abc", False),
    ("", False),
    (None, False),
    (2, False),
    ([1, 2, 3], False),
]


def isx_timestamps(isx, path):
    """The timestamps of all samples, or None where `isx` refuses; and its period."""
    movie = isx.Movie.read(str(path))
    period = movie.timing.period._impl.num, movie.timing.period._impl.den
    try:
        values = [movie.get_frame_timestamp(i) for i in range(movie.timing.num_samples)]
    except Exception:  # noqa: BLE001 - isx raises a bare Exception
        values = None
    del movie
    return values, period


@pytest.mark.parametrize(("version", "present"), VERSIONS)
def test_the_recording_software_tells_whether_there_are_timestamps(isx, tmp_path, version, present):
    path = tmp_path / "m.isxd"
    recordings.write_raw_movie(path, recordings.pixels(3, 2, 3), [7, 70, 170], version=version)
    theirs, their_period = isx_timestamps(isx, path)
    with open_isx(path) as movie:
        assert movie.has_timestamps is present
        assert (movie.timestamps_us is not None) is present
        assert movie.timing.period == their_period
        if present:
            assert movie.timestamps_us.tolist() == theirs == [7, 70, 170]
            assert movie.timestamps_us.dtype == np.uint64
        else:
            assert theirs is None
            assert movie.timing.period == (1, 20)


def test_a_movie_without_sensor_lines_has_no_timestamps(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(3, 2, 3))
    with open_isx(path) as movie:
        assert movie.timestamps_us is None


def test_the_period_is_that_of_the_counters_not_reduced(isx, tmp_path):
    counters = [1000 + 50_010 * i for i in range(10)]
    path = tmp_path / "m.isxd"
    recordings.write_raw_movie(path, recordings.pixels(10, 2, 3), counters)
    with open_isx(path) as movie:
        assert movie.timing.period == (450_090, 9_000_000)
        assert movie.timing.start_s == (1_600_000_000_123, 1000)
        assert isx_timestamps(isx, path) == (counters, movie.timing.period)


def test_timestamps_cannot_be_written_into(tmp_path):
    path = tmp_path / "m.isxd"
    recordings.write_raw_movie(path, recordings.pixels(2, 2, 3), [1, 2])
    with open_isx(path) as movie, pytest.raises(ValueError, match="read-only"):
        movie.timestamps_us[0] = 5


indices = st.integers(0, 7)


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=8, max_size=8),
    st.sets(indices),
    st.sets(indices, max_size=3),
    st.booleans(),
)
@settings(max_examples=150)
def test_any_counters_and_gaps_equal_isx(isx, tmp_path, counters, dropped, blank, rising):
    counters = sorted(counters) if rising else counters
    valid = [i for i in range(8) if i not in dropped | blank]
    timing = recordings.timing_info(8, (3, 50), dropped=dropped, blank=blank)
    path = tmp_path / "m.isxd"
    stored = [counters[i] for i in valid]
    recordings.write_raw_movie(path, recordings.pixels(len(valid), 1, 2), stored, timing=timing)
    theirs, their_period = isx_timestamps(isx, path)
    with open_isx(path) as movie:
        assert movie.timestamps_us.tolist() == theirs
        assert movie.timing.period == their_period
        assert [movie.timestamps_us[i] for i in valid] == stored


@pytest.mark.parametrize("counters", [[9, 9, 9], [9, 8, 7], [0, 2**64 - 1, 0]])
def test_counters_that_do_not_rise_leave_the_period(isx, tmp_path, counters):
    path = tmp_path / "m.isxd"
    recordings.write_raw_movie(path, recordings.pixels(3, 2, 3), counters)
    with open_isx(path) as movie:
        assert movie.timing.period == (1, 20) == isx_timestamps(isx, path)[1]
        assert movie.timestamps_us.tolist() == counters


def test_unused_bits_and_bits_above_the_byte_are_read_as_isx_does(isx, tmp_path):
    frames = recordings.pixels(1, 2, 3)
    path = recordings.write_raw_movie(tmp_path / "m.isxd", frames, [1])
    payload, footer = recordings.split(path)
    for seed in range(20):
        words = recordings.rng(seed).integers(0, 2**16, recordings.LINE_WORDS, "<u2")
        recordings.write(path, words.tobytes() + payload[words.nbytes :], footer)
        with open_isx(path) as movie:
            assert movie.timestamps_us.tolist() == isx_timestamps(isx, path)[0]


@pytest.mark.parametrize(
    ("dropped", "period"), [([], (1, 20)), ([1], (50, 2_000_000)), ([0, 1], (1, 20))]
)
def test_neighbors_do_not_tell_the_period(isx, tmp_path, dropped, period):
    timing = recordings.timing_info(2 + len(dropped), dropped=dropped)
    path = tmp_path / "m.isxd"
    recordings.write_raw_movie(path, recordings.pixels(2, 2, 3), [50, 100], timing=timing)
    with open_isx(path) as movie:
        assert movie.timing.period == period == isx_timestamps(isx, path)[1]
