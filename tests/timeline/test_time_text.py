"""How times are written: seconds, minutes, hours, and the time of day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from helpers.scenes import START, make_cells, make_movie

from napari_isx import Timing
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.time_text import clock_time_text, time_text, zone_text


@pytest.mark.parametrize(
    ("time_s", "end_s", "decimals", "text"),
    [
        (83.204, 120, 2, "83.20 s"),
        (83.204, 121, 2, "01:23.20"),
        (59.999, 3600, 2, "01:00.00"),
        (3599, 3600, 0, "59:59"),
        (3725.2, 7200, 2, "1:02:05.20"),
        (-5, 300, 0, "-00:05"),
        (36_000, 40_000, 0, "10:00:00"),
    ],
)
def test_times_are_in_seconds_up_to_two_minutes(time_s, end_s, decimals, text):
    assert time_text(time_s, end_s, decimals) == text


def test_the_time_of_day_is_that_of_the_recordings_zone():
    start = datetime(2026, 3, 1, 23, 59, 50, 250_000, tzinfo=timezone(timedelta(hours=2)))
    assert clock_time_text(start, 20) == "00:00:10"
    assert clock_time_text(start, 1.5, 2) == "23:59:51.75"
    assert (zone_text(start), zone_text(datetime(2026, 1, 1, tzinfo=UTC))) == ("UTC+02:00", "UTC")


def test_a_session_starts_with_its_earliest_recording(tmp_path, opened):
    later = Timing.regular(20, 0.1, START + timedelta(seconds=7))
    cells = opened(make_cells(tmp_path / "cells.isxd", timing=later))
    movie = opened(make_movie(tmp_path / "movie.isxd"))
    assert Clock([cells, movie]).start == START
    other_day = Timing.regular(20, 0.1, START + timedelta(days=3))
    other = opened(make_cells(tmp_path / "other.isxd", timing=other_day))
    assert Clock([movie, other]).start is None, "0 s is several moments"
    assert Clock([]).start is None
