"""Pulses of a line, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_isx.analysis.pulses import find_pulses

NAN = float("nan")


def pulses(values, times_s=None, **options):
    values = np.array(values, np.float32)
    times_s = np.arange(len(values), dtype=float) if times_s is None else np.array(times_s, float)
    found = find_pulses(times_s, values, **options)
    columns = found.starts_s, found.stops_s, found.has_start, found.has_stop
    return [
        (start if has_start else None, stop if has_stop else None)
        for start, stop, has_start, has_stop in np.array(columns, object).T
    ]


def test_a_line_is_on_from_one_edge_to_the_other():
    assert pulses([0, 1, 1, 0, 0, 5, 0]) == [(5, 6)], "a fifth of the largest value is off"
    assert pulses([0, 1, 1, 0, 0, 5, 0], threshold=0) == [(1, 3), (5, 6)]
    assert pulses([0, 0, 0]) == []
    assert pulses([]) == []


def test_edges_that_nobody_saw_are_none():
    assert pulses([1, 0, 1]) == [(None, 1), (2, None)]
    found = find_pulses(np.arange(3.0), np.array([1, 0, 1]), end_s=7.5)
    assert found.stops_s.tolist() == [1, 7.5]
    assert found.edges_s("rising").tolist() == [2]
    assert found.edges_s("falling").tolist() == [1]
    assert pulses([0, NAN, 1, 0, 1, NAN, 0]) == [(None, 3), (4, None)]


def test_hysteresis_keeps_noise_from_being_edges():
    noisy = [0, 10, 4.9, 10, 4.8, 10, 0]
    assert pulses(noisy) == [(1, 2), (3, 4), (5, 6)]
    assert pulses(noisy, hysteresis=0.1) == [(1, 6)]
    assert pulses([4.5, 10, 0], hysteresis=0.1) == [(1, 2)], "what it was before is off"


def test_what_lies_between_after_lost_data_is_unknown():
    assert pulses([0, 10, NAN, 4.5, 0, 10, 0], hysteresis=0.1) == [(1, None), (5, 6)]


def test_short_pulses_are_left_out():
    values = [0, 1, 0, 1, 1, 0, 1]
    assert pulses(values, min_length_s=2) == [(3, 5), (6, None)]


def test_trains_are_one_pulse():
    values = [0, 1, 0, 1, 0, 0, 0, 1, 0]
    assert pulses(values, max_pause_s=1) == [(1, 4), (7, 8)]
    assert pulses(values, max_pause_s=3) == [(1, 8)]
    assert pulses(values, max_pause_s=1, min_length_s=3) == [(1, 4)], "its length is the train's"
    assert pulses([0, 1, NAN, 1, 0], max_pause_s=9) == [(1, None), (None, 4)]


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 1},
        {"threshold": NAN},
        {"hysteresis": 0.6},
        {"min_length_s": -1},
        {"max_pause_s": NAN},
    ],
)
def test_numbers_that_cannot_be_are_named(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        find_pulses(np.arange(3.0), np.array([0, 1, 0]), **options)
