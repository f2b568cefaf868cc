"""Timing on its own: normalising, indices, clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import recordings
from hypothesis import given
from hypothesis import strategies as st

from napari_isx import IsxFileError, Timing, open_isx
from napari_isx.io.format.json_fields import Fields, Rational

NAMED = Path("recording.isxd")


def from_json(**changes) -> Timing:
    return Timing.from_fields(Fields(NAMED, recordings.timing_info(10) | changes))


def test_each_index_counts_once_cropped_before_blank_before_dropped():
    timing = from_json(
        cropped=["3 - 4", "0-2", "7"], blank=[7, 5, 1], dropped=[5, 6, 3, 9], numTimes=10
    )
    assert timing.cropped == ((0, 4), (7, 7))
    assert timing.blank == (5,)
    assert timing.dropped == (6, 9)
    assert timing.valid_mask.nonzero()[0].tolist() == [8]


@pytest.mark.parametrize(
    ("ranges", "merged"),
    [
        (["0 - 2", "3 - 4"], ((0, 4),)),
        (["0 - 2", "4 - 5"], ((0, 2), (4, 5))),
        (["0 - 8", "2 - 3", "5"], ((0, 8),)),
        (["5", "5", "5 - 5"], ((5, 5),)),
        ([" 1-2 ", "8  -  9"], ((1, 2), (8, 9))),
    ],
)
def test_cropped_ranges_that_overlap_or_touch_are_joined(ranges, merged):
    assert from_json(cropped=ranges).cropped == merged


@pytest.mark.parametrize(
    "text", ["", "-1", "1 - ", "2 - 1", "1,2", "1 - 2 - 3", "a", "1.5", "9" * 40, "\u0661 x"]
)
def test_a_cropped_range_that_is_none_is_an_error(text):
    with pytest.raises(IsxFileError, match="cropped"):
        from_json(cropped=[text])


def test_a_blank_inside_an_endless_cropped_range_is_cropped():
    timing = from_json(cropped=[f"0 - {10**17}"], blank=[0, 3], dropped=[5])
    assert timing.blank == ()
    assert timing.dropped == ()
    assert timing.num_valid == 0


def test_indices_beyond_the_recording_are_no_samples():
    timing = from_json(dropped=[9, 10, 2**62], cropped=["12 - 14"], blank=[11])
    assert timing.num_valid == 9
    assert timing.valid_mask.tolist() == [True] * 9 + [False]


index_lists = st.lists(st.integers(0, 30), max_size=8)
range_lists = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted), max_size=4)


@given(st.integers(0, 25), index_lists, range_lists, index_lists)
def test_stored_indices_count_the_valid_samples_before(count, dropped, cropped, blank):
    timing = Timing.regular(count, dropped=dropped, cropped=map(tuple, cropped), blank=blank)
    mask = np.ones(count, bool)
    for first, last in cropped:
        mask[first : last + 1] = False
    mask[[i for i in (*dropped, *blank) if i < count]] = False
    np.testing.assert_array_equal(timing.valid_mask, mask)
    assert timing.num_valid == mask.sum()
    stored = np.cumsum(mask) - 1
    for i in range(count):
        assert timing.stored_index(i) == (stored[i] if mask[i] else None)
    valid = mask.nonzero()[0]
    ends = (valid[0], valid[-1]) if len(valid) else None
    assert timing.first_and_last_valid() == ends


@given(st.integers(0, 25), index_lists, range_lists, index_lists)
def test_timing_survives_json(count, dropped, cropped, blank):
    timing = Timing.regular(count, 0.1, dropped=dropped, cropped=map(tuple, cropped), blank=blank)
    assert Timing.from_fields(Fields(NAMED, timing.to_json())) == timing


def test_fractions_stay_as_the_file_has_them():
    timing = from_json(period=recordings.rational(100, 2000))
    assert timing.period == Rational(100, 2000)
    assert timing.period_s == 0.05
    assert timing.sampling_rate_hz == 20.0
    assert timing.duration_s == 0.5


def test_the_rate_is_exact_where_the_period_is_no_binary_fraction():
    assert from_json(period=recordings.rational(1, 30)).sampling_rate_hz == 30.0


@pytest.mark.parametrize("offset", [0, -18_000, 19_800, 86_399, -86_399])
def test_start_is_in_the_zone_of_the_recording(offset):
    start = recordings.time_info((1_600_000_000_123, 1000), offset)
    timing = from_json(start=start)
    assert timing.start == datetime(2020, 9, 13, 12, 26, 40, 123_000, UTC)
    assert timing.start.utcoffset() == timedelta(seconds=offset)


def test_start_equals_isx(isx, tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as movie:
        local = movie.timing.start.replace(tzinfo=None)
    assert theirs.timing.start.to_datetime() == local
    del theirs


@pytest.mark.parametrize("seconds", [-62_135_510_400, 253_402_214_399])
@pytest.mark.parametrize("offset", [86_399, -86_399])
def test_the_first_and_last_possible_start_have_a_date(seconds, offset):
    timing = from_json(start=recordings.time_info((seconds, 1), offset))
    assert timing.start.year in (1, 9999)


@pytest.mark.parametrize("seconds", [(-62_135_596_801, 1), (253_402_300_800, 1), (2**62, 3)])
def test_a_start_without_a_date_is_unknown(seconds):
    timing = from_json(start=recordings.time_info(seconds))
    assert timing.start is None
    assert timing.times_s[1] == timing.period_s


@pytest.mark.parametrize(
    ("t_s", "sample"),
    [
        (0.0, 0),
        (0.024, 0),
        (0.026, 1),
        (0.45, 9),
        (0.45000000001, 9),
        (99.0, 9),
        (-5.0, 0),
        (float("inf"), 9),
        (float("-inf"), 0),
        (1.7e308, 9),
    ],
)
def test_sample_at_is_the_nearest_within_the_recording(t_s, sample):
    found = from_json().sample_at(t_s)
    assert found == sample
    assert type(found) is int


def test_sample_at_inverts_times_s():
    timing = Timing.regular(5000, Fraction(7919, 158_113))
    assert [timing.sample_at(t) for t in timing.times_s] == list(range(5000))


def test_no_sample_is_at_any_time_of_an_empty_recording_or_at_nan():
    with pytest.raises(ValueError, match="without samples"):
        Timing(0).sample_at(1.0)
    with pytest.raises(ValueError, match="NaN"):
        Timing(3).sample_at(float("nan"))


def test_a_period_of_zero_is_for_single_samples_only():
    still = from_json(numTimes=1, period=recordings.rational(0))
    assert still.sampling_rate_hz == float("inf")
    assert still.sample_at(3.0) == 0
    with pytest.raises(IsxFileError, match="period"):
        from_json(numTimes=2, period=recordings.rational(0))


def test_arrays_cannot_be_written_into():
    timing = from_json()
    for array in (timing.valid_mask, timing.times_s):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_regular_keeps_everyday_values():
    zone = timezone(timedelta(hours=-5))
    timing = Timing.regular(7, 0.05, datetime(2020, 9, 13, 7, 26, 40, 123_456, zone))
    assert timing.period == Rational(1, 20)
    assert timing.start == datetime(2020, 9, 13, 12, 26, 40, 123_456, UTC)
    assert timing.utc_offset_s == -18_000
    naive = Timing.regular(7, start=datetime(2020, 9, 13, 12, 26, 40))
    assert naive.start == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "period"),
    [(-1, 0.1), (3, 0), (3, -0.1), (3, 1e-15), (3, float("nan")), (3, float("inf"))],
)
def test_regular_refuses_what_is_no_timing(count, period):
    with pytest.raises(ValueError, match="samples"):
        Timing.regular(count, period)


@pytest.mark.parametrize(
    "missing",
    [{"dropped": [-1]}, {"blank": [3, -2]}, {"cropped": [(3, 1)]}, {"cropped": [(-2, 1)]}],
)
def test_regular_refuses_samples_that_no_file_can_have(missing):
    with pytest.raises(ValueError, match="in no recording"):
        Timing.regular(5, **missing)


@pytest.mark.parametrize(
    "period",
    [(1, 20), (2000, 20_000), (450_090, 9_000_000), (7, 3), (18_014_398_509_481_981, 3_000_000)],
)
def test_period_equals_isx(isx, tmp_path, period):
    timing = recordings.timing_info(3, period)
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(3, 2, 3), timing=timing)
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as movie:
        assert movie.timing.period_s == theirs.timing.period.secs_float
    del theirs


@given(
    st.lists(st.integers(0, 40)),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5))),
    st.lists(st.integers(0, 40)),
)
def test_missing_samples_are_those_of_a_plain_reading(dropped, starts, blank):
    cropped = [(first, first + more) for first, more in starts]
    timing = Timing(30, dropped=tuple(dropped), cropped=tuple(cropped), blank=tuple(blank))
    out = {i for first, last in cropped for i in range(first, last + 1)}
    assert timing.blank == tuple(sorted(i for i in blank if i not in out))
    assert timing.dropped == tuple(sorted(i for i in dropped if i not in out | set(blank)))
    missing = out | set(blank) | set(dropped)
    valid = [i for i in range(30) if i not in missing]
    assert np.flatnonzero(timing.valid_mask).tolist() == valid
    assert timing.num_valid == len(valid)
    found = [timing.stored_index(i) for i in range(30)]
    assert found == [valid.index(i) if i in valid else None for i in range(30)]
    assert timing.first_and_last_valid() == ((valid[0], valid[-1]) if valid else None)


def test_samples_that_no_file_can_state_are_refused():
    with pytest.raises(ValueError, match="in no recording"):
        Timing.regular(5, dropped=[2**63])
