"""Measures of cells, held against straightforward computations of the same."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from helpers import recordings
from helpers.scenes import START, blob
from scipy import stats
from skimage import measure

from napari_isx import IsxFileError, Spacing, Timing, write_cell_set, write_event_set
from napari_isx.analysis.cell_metrics import correlation
from napari_isx.analysis.cell_metrics.compute import compute_metrics
from napari_isx.analysis.cell_metrics.definitions import metrics_of
from napari_isx.analysis.cell_metrics.neighbors import (
    NeighborPairs,
    neighbor_pairs,
    shared_weights,
    suspected_duplicates,
)
from napari_isx.analysis.cell_metrics.traces import measure_trace, quantile
from napari_isx.analysis.rois import cut_roi, cut_rois

FIELD = (40, 60)
PIXEL_UM = (2.0, 3.0)
CENTERS = ((8, 8), (8, 12), (30, 50), (11, 9), (31, 46))
PERIOD_S = 0.1
INVALID = {"dropped": [3, 4], "cropped": [(90, 99)]}


@pytest.fixture
def make(tmp_path, opened):
    """Write a cell set, and open it."""

    def make(footprints=None, traces=None, timing=None, names=None):
        if footprints is None:
            footprints = [blob(FIELD, center, 3.0) for center in CENTERS]
        if traces is None:
            traces = some_traces(len(footprints))
        path = tmp_path / "cells.isxd"
        write_cell_set(
            path,
            footprints,
            traces,
            names=names,
            timing=timing or Timing.regular(np.shape(traces)[1], PERIOD_S, START),
            spacing=Spacing.regular(FIELD, PIXEL_UM),
            extra_properties={"idps": {"cellset": {"units": "dF over noise"}}},
        )
        return opened(path)

    return make


@pytest.fixture
def make_event_set(tmp_path, opened):
    def make(events, num_samples=200):
        path = tmp_path / "events.isxd"
        timing = Timing.regular(num_samples, PERIOD_S, START)
        write_event_set(
            path,
            {n: (np.arange(len(a)) * 100_000, np.array(a, float)) for n, a in events.items()},
            timing=timing,
        )
        return opened(path)

    return make


def some_traces(count, num_samples=200, seed=1):
    rng = np.random.default_rng(seed)
    common = rng.gamma(0.3, size=num_samples)
    return (rng.gamma(0.5, size=(count, num_samples)) + common).astype(np.float32)


def computed(cells, events=None):
    """All columns, and the pairs of neighbors."""
    rois = cut_rois(cells, cells.spacing.num_pixels) if cells is not None else []
    columns, pairs = {}, None
    for step in compute_metrics(cells, events, rois):
        columns.update(step.columns)
        pairs = step.pairs if step.pairs is not None else pairs
    return columns, pairs


def test_there_is_a_column_for_each_definition_and_no_other(make, make_event_set):
    cells = make()
    events = make_event_set({"C1": [1.0, 2.0], "C3": []})
    for of_events in (events, None):
        columns, _ = computed(cells, of_events)
        assert set(columns) == {metric.key for metric in metrics_of(cells, of_events)}
        assert all(values.shape == (5,) for values in columns.values())
    columns, _ = computed(None, events)
    assert set(columns) == {"num_events", "event_rate"}
    assert {metric.key for metric in metrics_of(None, events)} == set(columns)


def test_shapes_are_those_of_the_mask(make):
    rng = np.random.default_rng(3)
    two_parts = blob(FIELD, (8, 8), 3.0) + 0.9 * blob(FIELD, (30, 40), 2.0)
    ragged = np.where(blob(FIELD, (20, 30), 9.0) > 0.3, rng.random(FIELD) > 0.8, 0)
    cells = make([*(blob(FIELD, c, 3.0) for c in CENTERS), two_parts, ragged])
    columns, _ = computed(cells)
    for i in range(cells.num_cells):
        footprint = cells.footprint(i)
        mask = footprint > np.float32(0.2 * footprint.max())
        parts = measure.regionprops(measure.label(mask, connectivity=2))
        assert columns["num_components"][i] == len(parts)
        assert columns["area"][i] == pytest.approx(mask.sum() * 6.0)
    assert columns["num_components"][5] == 2
    assert columns["num_components"][6] > 2


def test_the_size_is_the_largest_distance_of_points_of_the_largest_outline(make):
    two_parts = blob(FIELD, (8, 8), 3.0) + 0.9 * blob(FIELD, (30, 40), 2.0)
    cells = make([two_parts, blob(FIELD, (20, 30), 5.0)])
    columns, _ = computed(cells)
    for i, roi in enumerate(cut_rois(cells, FIELD)):
        points = roi.contour * PIXEL_UM
        assert columns["size"][i] == max(np.linalg.norm(p - q) for p, q in combinations(points, 2))
    # The outline of a Gaussian of radius 5 at 20 % lies at 5 sqrt(ln 5); pixels are 3 um wide.
    assert columns["size"][1] == pytest.approx(2 * 5 * np.sqrt(np.log(5)) * 3, rel=0.02)


def test_a_long_outline_has_the_same_size_as_all_its_points(make):
    cells = make([blob(FIELD, (20, 30), 13.0)])
    roi = cut_rois(cells, FIELD)[0]
    points = np.tile(roi.contour, (4, 1)) * PIXEL_UM
    from napari_isx.analysis.rois import max_width

    assert len(points) > 250
    assert max_width(points) == max(np.linalg.norm(p - q) for p, q in combinations(points, 2))


def test_circles_are_round_and_stripes_are_not():
    from napari_isx.analysis.cell_metrics.shape import shape_of

    stripe = np.zeros(FIELD, np.float32)
    stripe[10, 5:45] = 1
    round_one = shape_of(cut_roi(blob(FIELD, (20, 30), 6.0)), (1.0, 1.0))[3]
    assert 0.97 < round_one <= 1
    # As wide in um as it is high: round, though not in pixels.
    oval = np.exp(-(((np.arange(40)[:, None] - 20) / 9) ** 2 + ((np.arange(60) - 30) / 6) ** 2))
    assert shape_of(cut_roi(oval.astype(np.float32)), (2.0, 3.0))[3] > 0.97
    assert shape_of(cut_roi(oval.astype(np.float32)), (1.0, 1.0))[3] < 0.96
    assert shape_of(cut_roi(stripe), (1.0, 1.0))[3] < 0.15


def test_empty_footprints_have_no_shape_and_no_neighbors(make):
    cells = make([np.zeros(FIELD), blob(FIELD, (8, 8)), np.full(FIELD, np.nan)])
    columns, pairs = computed(cells)
    for i in (0, 2):
        assert columns["area"][i] == columns["num_components"][i] == 0
        for key in ("size", "circularity", "overlap", "neighbor_correlation"):
            assert np.isnan(columns[key][i])
    assert columns["overlap"][1] == 0
    assert np.isnan(columns["neighbor_correlation"][1])
    assert len(pairs) == 0


def test_overlap_is_the_share_of_weight_within_another(make):
    cells = make()
    columns, pairs = computed(cells)
    shares = overlap_by_pixels([cells.footprint(i) for i in range(5)])
    np.testing.assert_allclose(columns["overlap"], shares.max(axis=1), rtol=1e-6)
    assert (columns["overlap"] > 0).all()
    expected = [
        (i, j, pytest.approx(max(shares[i, j], shares[j, i]), rel=1e-6))
        for i, j in combinations(range(5), 2)
        if shares[i, j] > 0
    ]
    assert overlapping(cut_rois(cells, FIELD)) == expected
    for first, second, overlap in expected:
        at = np.flatnonzero((pairs.first == first) & (pairs.second == second))
        assert pairs.overlap[at] == overlap


def overlapping(rois):
    *_, (_, shares) = shared_weights(rois)
    pairs = neighbor_pairs(rois, shares, (1.0, 1.0))
    found = zip(pairs.first, pairs.second, pairs.overlap, strict=True)
    return [pair for pair in found if pair[2] > 0]


def overlap_by_pixels(footprints):
    masks = [f > np.float32(0.2 * f.max()) for f in footprints]
    shares = np.zeros((len(masks), len(masks)))
    for i, j in combinations(range(len(masks)), 2):
        both = masks[i] & masks[j]
        for one, other in ((i, j), (j, i)):
            weights = footprints[one].astype(float)
            shares[one, other] = weights[both].sum() / weights[masks[one]].sum()
    return shares


def test_a_cell_within_another_is_all_shared():
    inner, outer = blob(FIELD, (20, 30), 2.0), blob(FIELD, (20, 30), 6.0)
    assert overlapping([cut_roi(f) for f in (outer, inner)]) == [(0, 1, pytest.approx(1))]
    assert overlapping([]) == []
    assert overlapping([cut_roi(np.zeros(FIELD))]) == []


def test_many_cells_have_the_same_overlaps_as_few():
    rng = np.random.default_rng(5)
    footprints = [blob(FIELD, tuple(rng.uniform(0, FIELD)), rng.uniform(1, 4)) for _ in range(150)]
    shares = overlap_by_pixels(footprints)
    found = overlapping([cut_roi(f) for f in footprints])
    assert [(i, j) for i, j, _ in found] == list(zip(*np.nonzero(np.triu(shares)), strict=True))
    np.testing.assert_allclose(
        [overlap for *_, overlap in found],
        [max(shares[i, j], shares[j, i]) for i, j, _ in found],
        rtol=1e-6,
    )


@pytest.mark.parametrize("num_samples", [200, 201])
def test_measures_of_traces_are_those_of_their_valid_samples(make, num_samples):
    traces = some_traces(5, num_samples)
    traces[1, 20:30] = np.nan
    traces[2, 7] = np.inf
    timing = Timing.regular(num_samples, PERIOD_S, START, **INVALID)
    clean = [trace[timing.valid_mask & np.isfinite(trace)].astype(float) for trace in traces]
    traces[:, ~timing.valid_mask] = 1e6  # what is stored there must not count
    columns, _ = computed(make(traces=traces, timing=timing))
    for i, trace in enumerate(clean):
        median = np.median(trace)
        mad = stats.median_abs_deviation(trace)
        assert columns["skewness"][i] == pytest.approx(stats.skew(trace))
        assert columns["activity"][i] == pytest.approx(np.mean(trace > median + 5 * mad))
        peak = np.percentile(trace, 99.9)
        assert columns["peak_snr"][i] == pytest.approx((peak - median) / mad)
    assert len(clean[0]) == num_samples - 12
    assert columns["activity"].max() > 0


def test_quantiles_are_numpys():
    rng = np.random.default_rng(2)
    for count in (1, 2, 3, 10, 999, 1000):
        values = rng.normal(size=count)
        for share in (0, 0.25, 0.5, 0.999, 1):
            assert quantile(values, share) == pytest.approx(np.quantile(values, share))


def test_traces_without_variation_or_samples_are_undefined_and_no_error(make):
    traces = np.zeros((5, 200), np.float32)
    traces[1] = np.nan
    traces[2, :50] = 3e38
    traces[3, :20] = 1e-45
    traces[4] = np.arange(200)
    columns, pairs = computed(make(traces=traces))
    assert np.isnan(columns["skewness"][:2]).all()
    np.testing.assert_allclose(
        columns["skewness"][2:],
        stats.skew([*traces[2:] / [[3e38], [1e-45], [1]]], axis=1),
        atol=1e-6,
    )
    assert np.isnan(columns["peak_snr"][:4]).all()  # half of the samples are the same
    np.testing.assert_allclose(columns["activity"], [0, np.nan, 0.25, 0.1, 0])
    of_constant = (pairs.first < 2) | (pairs.second < 2)
    assert np.isnan(pairs.correlation[of_constant]).all()
    assert all(np.isnan(value) for value in measure_trace(np.empty(0)))


def test_a_set_without_samples_or_without_cells_is_no_error(make):
    columns, pairs = computed(make(traces=np.empty((5, 0), np.float32)))
    assert np.isnan(columns["skewness"]).all()
    assert np.isnan(pairs.correlation).all()
    none = make([], np.empty((0, 5)), Timing.regular(5, PERIOD_S, START))
    columns, pairs = computed(none)
    assert all(values.shape == (0,) for values in columns.values())
    assert len(pairs) == 0


def test_correlation_is_pearsons_between_neighbors(make):
    traces = some_traces(5)
    timing = Timing.regular(200, PERIOD_S, START, **INVALID)
    columns, pairs = computed(make(traces=traces, timing=timing))
    expected = np.corrcoef(traces[:, timing.valid_mask].astype(float))
    near = {(0, 1), (0, 3), (1, 3), (2, 4)}
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == near
    np.testing.assert_allclose(pairs.correlation, expected[pairs.first, pairs.second], atol=1e-5)
    of_0 = max(expected[0, 1], expected[0, 3])
    assert columns["neighbor_correlation"][0] == pytest.approx(of_0, abs=1e-5)


def test_samples_that_one_of_two_lacks_count_for_neither(make):
    traces = some_traces(5)
    traces[0, 50:120] = np.nan
    traces[1, 10:60] = np.inf
    traces[3, :100] = np.nan
    traces[3, 100:] = 7  # flat where it is known
    _, pairs = computed(make(traces=traces))
    for k, (i, j) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        both = np.isfinite(traces[i]) & np.isfinite(traces[j])
        if 3 in (i, j):
            assert np.isnan(pairs.correlation[k])
        else:
            expected = np.corrcoef(traces[[i, j]][:, both].astype(float))[0, 1]
            assert pairs.correlation[k] == pytest.approx(expected, abs=1e-5)


def test_two_common_samples_are_too_few_for_a_correlation(make):
    traces = some_traces(2)
    traces[0, :100] = np.nan
    traces[1, 102:] = np.nan
    _, pairs = computed(make([blob(FIELD, (8, 8)), blob(FIELD, (8, 9))], traces))
    assert np.isnan(pairs.correlation).all()


def test_traces_that_are_read_again_change_nothing(make, monkeypatch):
    rng = np.random.default_rng(6)
    footprints = [blob(FIELD, tuple(rng.uniform(2, 38, 2)), 2.0) for _ in range(30)]
    traces = some_traces(30)
    traces[4, :9] = np.nan
    cells = make(footprints, traces)
    _, kept = computed(cells)
    assert len(kept) > 40
    monkeypatch.setattr(correlation, "_CACHE_BYTES", 1)
    monkeypatch.setattr(correlation, "_SAMPLES_AT_ONCE", 1)
    _, read_again = computed(cells)
    np.testing.assert_array_equal(read_again.correlation, kept.correlation)


def test_a_cell_is_read_about_once_for_all_its_neighbors(make, monkeypatch):
    rng = np.random.default_rng(7)
    footprints = [blob(FIELD, tuple(rng.uniform(2, 38, 2)), 2.0) for _ in range(60)]
    cells = make(footprints, some_traces(60))
    rois = cut_rois(cells, cells.spacing.num_pixels)
    *_, (_, shares) = shared_weights(rois)
    pairs = neighbor_pairs(rois, shares, PIXEL_UM)
    reads, read = [], type(cells).trace
    monkeypatch.setattr(type(cells), "trace", lambda self, i: reads.append(i) or read(self, i))
    monkeypatch.setattr(correlation, "_CACHE_BYTES", 4 * 200 * 30)  # half of them fit
    *_, (done, found) = correlation.correlations(cells, rois, pairs)
    assert done == 1
    assert np.isfinite(found).all()
    assert len(pairs) > 150
    assert len(reads) < 3 * 60


def test_neighbors_are_at_most_three_median_radii_away(make):
    # 2.3 pixels of radius 2 at 20 %: areas of about 21 pixels of 6 um^2, radii of about 6.3 um.
    far = [blob(FIELD, (20, col), 2.0) for col in (10, 16, 23)]  # 18 and 21 um apart
    _, pairs = computed(make(far))
    area_um2 = cut_roi(far[0]).area_px * 6
    assert 18 < 3 * np.sqrt(area_um2 / np.pi) < 21
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [1])
    assert pairs.overlap.tolist() == [0]


def test_events_are_found_by_name(make, make_event_set):
    traces = some_traces(5)
    cells = make(traces=traces, timing=Timing.regular(200, PERIOD_S, START, dropped=[5]))
    events = make_event_set({"C3": [4.0, 9.0, 2.0, 1.0], "C0": [], "C1": [np.nan, 2.0]})
    columns, _ = computed(cells, events)
    np.testing.assert_array_equal(columns["num_events"], [0, 2, np.nan, 4, np.nan])
    np.testing.assert_allclose(columns["event_rate"][[0, 1, 3]], np.array([0, 2, 4]) / 19.9)
    valid = np.delete(traces, 5, axis=1)
    mad = stats.median_abs_deviation(valid.astype(float), axis=1)
    np.testing.assert_allclose(
        columns["snr"], [np.nan, 2 / mad[1], np.nan, 3 / mad[3], np.nan], rtol=1e-6
    )


def test_stored_metrics_are_shown_as_they_are(tmp_path, opened):
    path = recordings.write_cells(
        tmp_path / "c.isxd",
        cellMetrics=[recordings.CELL_METRICS, {}, {}, {}, {}],
        CellActivity=[True, False, True, True, True],
    )
    events = opened(
        recordings.write_events(
            tmp_path / "e.isxd",
            [recordings.UNICODE_NAMES[2], "C0"],
            recordings.packets([]),
            metrics=[[1.5, *range(8)], [None] * 9],
        )
    )
    cells = opened(path)
    columns, _ = computed(cells, events)
    np.testing.assert_array_equal(columns["stored_snr"], [np.nan, np.nan, 1.5, np.nan, np.nan])
    assert columns["stored_area_px"][0] == 12.5
    assert columns["stored_largest_component_max_width_px"][0] == 3.5
    assert np.isnan(columns["stored_area_px"][1:]).all()
    np.testing.assert_array_equal(columns["stored_active"], [1, 0, 1, 1, 1])
    stored = [m for m in metrics_of(cells, events) if m.source == "stored"]
    assert {m.key for m in stored} == {key for key in columns if key.startswith("stored_")}
    assert all("Stored in the file" in m.tooltip for m in stored)


def test_broken_stored_metrics_do_not_keep_the_rest_away(tmp_path, opened):
    cells = opened(recordings.write_cells(tmp_path / "c.isxd", cellMetrics=[1, 2], CellActivity=3))
    with pytest.raises(IsxFileError):
        _ = cells.metrics
    columns, _ = computed(cells)
    assert set(columns) == {metric.key for metric in metrics_of(cells, None)}
    assert not any(key.startswith("stored_") for key in columns)


def test_definitions_say_what_they_rest_on(make, make_event_set):
    cells, events = make(), make_event_set({"C0": [1.0]})
    by_key = {metric.key: metric for metric in metrics_of(cells, events)}
    assert "peak_snr" not in by_key
    for word in ("events.isxd", "cells.isxd", "dF over noise", "MAD", "Computed here"):
        assert word in by_key["snr"].tooltip
    assert by_key["size"].header == "Size (µm)"
    assert by_key["size"].text(12.345) == "12.3"
    assert by_key["num_events"].text(3.0) == "3"
    assert by_key["snr"].text(np.nan) == ""
    assert len(by_key) == len(metrics_of(cells, events))
    assert "snr" not in {metric.key for metric in metrics_of(cells, None)}


def test_the_work_comes_in_pieces_that_tell_how_far_it_is(make, make_event_set):
    cells, events = make(), make_event_set({"C0": [1.0]})
    steps = list(compute_metrics(cells, events, cut_rois(cells, FIELD)))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    told = [key for step in steps for key in step.columns]
    assert told.index("num_events") < told.index("skewness") < told.index("neighbor_correlation")
    assert told.index("size") < told.index("skewness")
    assert [step.pairs is not None for step in steps] == [False] * (len(steps) - 1) + [True]


def test_stopping_half_way_leaves_nothing_open(make):
    work = compute_metrics(cells := make(), None, cut_rois(cells, FIELD))
    next(work)
    next(work)
    work.close()
    assert list(work) == []


def test_footprints_of_other_cells_are_refused(make):
    with pytest.raises(ValueError, match="0 footprints for 5 cells"):
        next(compute_metrics(make(), None, []))


def test_duplicates_overlap_and_are_alike_the_worst_first():
    pairs = NeighborPairs(
        np.array([0, 0, 1, 2, 3]),
        np.array([1, 2, 2, 3, 4]),
        np.array([0.5, 0.9, 0.2, 0.9, 0.9]),
        np.array([0.9, 0.8, 1.0, np.nan, 0.1]),
    )
    assert suspected_duplicates(pairs) == [(0, 2, 0.9, 0.8), (0, 1, 0.5, 0.9)]


@pytest.mark.real
def test_real_cells_and_their_measures(real_data, opened):
    for name in ("cellset_20cells_mixed_status.isxd", "cellset_6cells_part1.isxd"):
        cells = opened(real_data / name)
        columns, pairs = computed(cells)
        assert set(columns) == {metric.key for metric in metrics_of(cells, None)}
        traces = np.array([cells.trace(i) for i in range(cells.num_cells)], float)
        np.testing.assert_allclose(columns["skewness"], stats.skew(traces, axis=1), rtol=1e-6)
        expected = np.corrcoef(traces)[pairs.first, pairs.second]
        np.testing.assert_allclose(pairs.correlation, expected, atol=1e-5)
        assert (columns["circularity"] <= 1).all()
    events = opened(real_data / "eventset_5cells.isxd")
    columns, _ = computed(None, events)
    assert columns["num_events"].tolist() == [2072, 2984, 2141, 3544, 2763]
