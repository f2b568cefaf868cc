"""Peaks of a trace, and the trace around events."""

from __future__ import annotations

import numpy as np
import pytest

from napari_isx.analysis.event_waveforms import waveforms
from napari_isx.analysis.trace_peaks import trace_peaks


def noisy(*places, height=20.0, count=2000):
    values = np.random.default_rng(2).normal(size=count).astype(np.float32)
    for place in places:
        values[place : place + 10] += height * np.exp(-np.arange(10) / 3)
    return values


def test_peaks_are_where_the_trace_stands_out_of_its_noise():
    values = noisy(100, 700, 1500)
    found = trace_peaks(values, 0.05)
    np.testing.assert_allclose(found.samples, [100, 700, 1500], atol=1)
    assert found.least_value == pytest.approx(4, abs=0.4)
    assert len(trace_peaks(noisy(), 0.05).samples) == 0


def test_of_close_peaks_the_highest_counts():
    values = noisy(100, height=20)
    values[104] = 40
    assert trace_peaks(values, 0.1).samples.tolist() == [104], "0.4 s apart"


def test_gaps_and_flat_traces_have_no_peaks():
    values = noisy(100)
    values[95:120] = np.nan
    assert trace_peaks(values, 0.05).samples.tolist() == []
    assert len(trace_peaks(np.full(50, np.nan), 0.05).samples) == 0
    assert len(trace_peaks(np.zeros(50), 0.05).samples) == 0
    assert len(trace_peaks(np.empty(0), 0.05).samples) == 0


def test_a_trace_that_mostly_is_zero_has_its_peaks():
    values = np.zeros(1000)
    values[[50, 400]] = 3
    assert trace_peaks(values, 0.05).samples.tolist() == [50, 400]


def test_waveforms_are_the_samples_around_each_event():
    times_s = 5 + np.arange(100) / 10
    values = np.arange(100, dtype=np.float32)
    values[52] = np.nan
    cut = waveforms(times_s, values, np.array([5.0, 10.0, 99.0]), before_s=0.2, after_s=0.3)
    np.testing.assert_allclose(cut.offsets_s, np.arange(-2, 4) / 10)
    np.testing.assert_array_equal(
        cut.values, [[np.nan, np.nan, 0, 1, 2, 3], [48, 49, 50, 51, np.nan, 53]]
    )
    np.testing.assert_allclose(cut.mean, [48, 49, 25, 26, 2, 28])


def test_without_events_or_samples_there_are_no_waveforms():
    empty = np.empty(0)
    assert waveforms(np.arange(9.0), np.zeros(9, np.float32), empty).values.shape[0] == 0
    assert waveforms(empty, np.empty(0, np.float32), np.array([1.0])).values.shape[0] == 0
