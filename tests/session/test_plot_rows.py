"""What is drawn of a cell."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import START, make_cells, make_events
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_isx import IsxFileError, Timing
from napari_isx.session.groups import CellGroup
from napari_isx.session.plot_rows import thin_out, trace_row
from napari_isx.timeline.clock import Clock

UNITS = {"idps": {"cellset": {"units": "dF over noise"}}}


def row_of(group, i):
    return trace_row(group, i, Clock([one for one in (group.cells, group.events) if one]))


def test_a_row_has_trace_events_and_what_to_write_beside_them(tmp_path, opened):
    cells = opened(
        make_cells(
            tmp_path / "c.isxd",
            statuses=["accepted", "rejected", "undecided"],
            extra_properties=UNITS,
        )
    )
    row = row_of(CellGroup(cells, opened(make_events(tmp_path / "e.isxd"))), 1)
    assert (row.name, row.status, row.units) == ("C1", "rejected", "dF over noise")
    np.testing.assert_array_equal(row.values, np.arange(20) + 100)
    np.testing.assert_allclose(row.times_s, np.arange(20) / 10)
    np.testing.assert_allclose(row.event_times_s, [0.7])
    np.testing.assert_array_equal(row.event_values, [1])


def test_invalid_samples_are_gaps(tmp_path, opened):
    timing = Timing.regular(20, 0.1, START, dropped=[3], cropped=[(7, 9)], blank=[19])
    cells = opened(make_cells(tmp_path / "c.isxd", timing=timing))
    row = row_of(CellGroup(cells, None), 0)
    assert np.flatnonzero(np.isnan(row.values)).tolist() == [3, 7, 8, 9, 19]
    assert row.values[4] == 4
    assert len(row.times_s) == 20
    assert cells.trace(0)[3] == 3, "the file's own values stay as they are"


def test_without_events_and_units_they_are_empty(tmp_path, opened):
    row = row_of(CellGroup(opened(make_cells(tmp_path / "c.isxd")), None), 2)
    assert (len(row.event_times_s), len(row.event_values), row.units) == (0, 0, "")
    assert len(row.values) == 20


def test_events_alone_have_no_trace(tmp_path, opened):
    row = row_of(CellGroup(None, opened(make_events(tmp_path / "e.isxd"))), 0)
    assert (len(row.times_s), len(row.values), row.status, row.units) == (0, 0, None, "")
    np.testing.assert_allclose(row.event_times_s, [0.3, 1.2])


def test_a_file_that_was_cut_short_is_an_error(tmp_path, opened):
    cells = opened(make_cells(tmp_path / "c.isxd"))
    cells.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match=r"c\.isxd"):
        row_of(CellGroup(cells, None), 0)


PERIOD_S = 0.05
samples = st.one_of(st.just(np.nan), st.floats(-100, 100, width=32))
traces = st.integers(0, 400).flatmap(lambda n: arrays(np.float32, n, elements=samples))


def times_of(values: np.ndarray) -> np.ndarray:
    return np.arange(len(values)) * PERIOD_S


def finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


@given(traces, st.integers(0, 60))
def test_thinned_out_a_trace_keeps_its_extremes_and_gets_few_points(values, num_bins):
    times, kept = thin_out(times_of(values), values, -1.0, 1e3, num_bins)
    assert len(times) == len(kept) <= 2 * max(num_bins, 1) + 2
    assert np.all(np.diff(times) >= 0)
    assert set(finite(kept)) <= set(finite(values))
    if len(finite(values)):
        assert finite(kept).min() == finite(values).min()
        assert finite(kept).max() == finite(values).max()
    else:
        assert not len(finite(kept))


@given(traces, st.integers(1, 40))
def test_a_gap_is_drawn_only_where_nothing_is_valid(values, num_bins):
    times, kept = thin_out(times_of(values), values, -1.0, 1e3, num_bins)
    if len(kept) == len(values):
        np.testing.assert_array_equal(kept, values)
        return
    starts = np.rint(times[::2] / PERIOD_S).astype(int)
    bins = np.split(values, starts[1:])
    assert len(bins) == len(starts)
    for part, low, high in zip(bins, kept[::2], kept[1::2], strict=True):
        assert np.isnan(low) == np.isnan(high) == (not len(finite(part)))
        if len(finite(part)):
            assert (low, high) == (finite(part).min(), finite(part).max())


@given(traces, st.floats(-1, 21), st.floats(0, 21), st.integers(1, 40))
def test_of_a_part_all_that_is_shown_is_kept(values, start_s, length_s, num_bins):
    times = times_of(values)
    shown = finite(values[(times >= start_s) & (times <= start_s + length_s)])
    kept_times, kept = thin_out(times, values, start_s, start_s + length_s, num_bins)
    assert len(kept) <= 2 * num_bins + 4
    if len(shown):
        assert finite(kept).min() <= shown.min()
        assert finite(kept).max() >= shown.max()
        # The line runs on to the edges of the plot.
        assert kept_times[0] <= max(start_s, 0)


def test_a_few_samples_stay_as_they_are():
    values = np.array([3, np.nan, 1, 2], np.float32)
    times, kept = thin_out(times_of(values), values, 0, 1, 2)
    np.testing.assert_array_equal(kept, values)
    np.testing.assert_array_equal(times, times_of(values))


def test_only_the_part_that_is_shown_is_drawn():
    values = np.arange(1000, dtype=np.float32)
    times, kept = thin_out(times_of(values), values, 10.01, 10.99, 100)
    assert kept.tolist() == list(range(200, 221)), "with one sample beyond either edge"
    times, kept = thin_out(times_of(values), values, 10.0, 20.0, 10)
    assert times.min() > 8
    assert times.max() < 21


def test_one_dropped_sample_in_a_long_trace_is_no_gap():
    values = np.ones(10_000, np.float32)
    values[::100] = np.nan
    _, kept = thin_out(times_of(values), values, 0, 1e3, 100)
    assert np.isfinite(kept).all()
    values[5000:6000] = np.nan
    _, kept = thin_out(times_of(values), values, 0, 1e3, 100)
    assert 15 <= np.isnan(kept).sum() <= 20


def test_a_trace_does_not_shimmer_when_it_is_moved():
    values = np.random.RandomState(1).standard_normal(10_000).astype(np.float32)
    before = dict(
        zip(*(a.tolist() for a in thin_out(times_of(values), values, 50, 350, 100)), strict=True)
    )
    after = dict(
        zip(*(a.tolist() for a in thin_out(times_of(values), values, 51, 351, 100)), strict=True)
    )
    shared = sorted(set(before) & set(after))[1:-1]
    assert len(shared) > 90
    assert [before[t] for t in shared] == [after[t] for t in shared]
