"""All cells at a glance: what a column shows, how cells are compared and ordered."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers.scenes import START, make_cells
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_isx import IsxFileError, Spacing, Timing, write_cell_set
from napari_isx.analysis import trace_heatmap as module
from napari_isx.analysis.trace_heatmap import (
    HeatMap,
    heat_map,
    order_by,
    order_by_clustering,
    shade,
    shrink,
)


@pytest.fixture
def make(tmp_path, opened):
    def cells_with(traces, **missing):
        traces = np.asarray(traces, np.float32)
        timing = Timing.regular(traces.shape[1], 0.1, START, **missing)
        footprints = np.ones((len(traces), 3, 4), np.float32)
        write_cell_set(tmp_path / "c.isxd", footprints, traces, timing=timing)
        return opened(tmp_path / "c.isxd")

    return cells_with


def last(*args, **kwargs):
    *_, heat = heat_map(*args, **kwargs)
    return heat


def map_of(values) -> HeatMap:
    values = np.asarray(values, np.float32)
    stats = [f(values, axis=1).astype(float) for f in (np.nanmean, np.nanstd, np.nanmax)]
    return HeatMap(values, *stats, 0.0, 1.0, len(values))


def test_a_column_shows_its_highest_sample(make):
    cells = make([np.arange(10), -np.arange(10)])
    heat = last(cells, 4)
    np.testing.assert_array_equal(heat.values, [[2, 5, 8, 9], [0, -3, -6, -9]])
    assert (heat.start_s, heat.stop_s) == (0, pytest.approx(1.2))
    assert heat.column_s == pytest.approx(0.3)
    np.testing.assert_array_equal(last(cells, 99).values[0], np.arange(10))


def test_missing_samples_are_gaps_only_where_all_of_a_column_are(make):
    heat = last(make([np.arange(12)], dropped=[2], cropped=[(6, 8)]), 4)
    np.testing.assert_array_equal(heat.values, [[1, 5, np.nan, 11]])
    assert heat.mean[0] == pytest.approx(np.mean([0, 1, 3, 4, 5, 9, 10, 11]))
    assert heat.peak[0] == 11


def test_values_that_are_no_numbers_do_not_spread(make):
    heat = last(make([[1, np.inf, 3, np.nan, np.nan, -np.inf], [np.nan] * 6]), 3)
    np.testing.assert_array_equal(heat.values, [[1, 3, np.nan], [np.nan] * 3])
    assert (heat.mean[0], heat.sd[0], heat.peak[0]) == (2, 1, 3)
    for norm in ("z", "max"):
        assert np.isnan(heat.normalized(norm)[1]).all()


def test_cells_are_made_comparable(make):
    heat = last(make([[0, 0, 0, 8], [0, 0, 0, 80], [5, 5, 5, 5], [-1, -2, -1, -2]]), 99)
    z, parts = heat.normalized("z"), heat.normalized("max")
    np.testing.assert_allclose(z[0], z[1], rtol=1e-6)
    np.testing.assert_allclose(z[0], np.array([-2, -2, -2, 6]) / np.sqrt(12), rtol=1e-6)
    np.testing.assert_array_equal(z[2], 0)
    np.testing.assert_array_equal(parts[:2], [[0, 0, 0, 1]] * 2)
    np.testing.assert_array_equal(parts[3], [-1, -2, -1, -2])
    assert z.dtype == parts.dtype == np.float32


def test_a_part_of_the_time_has_finer_columns_on_the_scale_of_the_whole(make):
    rng = np.random.default_rng(0)
    cells = make(rng.normal(size=(3, 400)))
    whole = last(cells, 20)
    part = last(cells, 20, start_s=10.0, stop_s=11.9)
    np.testing.assert_array_equal(part.values, cells.traces[:, 100:120])
    assert (part.start_s, part.stop_s) == (pytest.approx(10), pytest.approx(12))
    np.testing.assert_array_equal(part.sd, whole.sd)
    assert last(cells, 20, start_s=500.0, stop_s=600.0).values.shape == (3, 1), "its last sample"


def test_it_grows_row_by_row(make, monkeypatch):
    monkeypatch.setattr(module, "_PARTIAL_EVERY_S", 0.0)
    parts = heat_map(make(np.arange(20).reshape(4, 5)))
    first = next(parts)
    assert (first.num_done, first.is_complete) == (0, False)
    assert np.isnan(first.values).all()
    assert [part.num_done for part in parts] == [1, 2, 3, 4]
    assert not np.isnan(first.values).any(), "they share their arrays"


def test_no_cells_and_a_file_that_was_cut_short(tmp_path, opened):
    timing = Timing.regular(20, 0.1, START)
    grid = Spacing.regular((3, 4))
    write_cell_set(tmp_path / "none.isxd", [], [], timing=timing, spacing=grid)
    heat = last(opened(tmp_path / "none.isxd"))
    assert heat.values.shape == (0, 20)
    assert heat.is_complete
    assert shade(heat).shades.shape == (0, 20)
    assert order_by_clustering(heat.normalized("z")).tolist() == []
    cells = opened(make_cells(tmp_path / "c.isxd"))
    cells.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        last(cells)


def test_shades_leave_zero_to_gaps():
    values = [[0, 1, 2, 3], [np.nan, -50, 1.5, 99]]
    shaded = shade(map_of(values), "max", limits=(0.0, 0.03))
    assert shaded.shades[1].tolist() == [0, 1, 129, 255]
    assert shaded.shades.dtype == np.uint8
    assert shaded.units == "part of the maximum"
    assert (shade(map_of(values), "max").low, shade(map_of(values), "max").high) == (0, 1)
    placed = shade(map_of(values), span_s=(7.0, 9.0))
    assert (placed.start_s, placed.stop_s) == (7, 9)
    assert (shade(map_of(values)).start_s, shade(map_of(values)).stop_s) == (0, 4)


def test_few_values_lie_beyond_the_color_bar():
    values = np.random.default_rng(2).normal(size=(50, 1000))
    shaded = shade(map_of(values))
    assert 0.9 < np.mean((shaded.shades > 1) & (shaded.shades < 255)) < 1
    flat = shade(map_of(np.full((2, 5), 3.0)))
    assert flat.high > flat.low
    with np.errstate(all="raise"):
        shade(HeatMap(np.full((1, 4), np.nan, np.float32), *np.full((3, 1), np.nan), 0, 1, 1))


def test_cells_are_ordered_by_a_column():
    values = np.array([3, np.nan, 1, 3, 2])
    assert order_by(values).tolist() == [2, 4, 0, 3, 1]
    assert order_by(values, descending=True).tolist() == [0, 3, 4, 2, 1], "unknown ones stay last"
    assert order_by(np.array([9.0, np.nan, 2.0])).tolist() == [2, 0, 1]
    assert order_by(np.array([True, False])).tolist() == [1, 0]


def kinds_of(num_cells, num_kinds=5, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, num_kinds, num_cells)
    traces = rng.normal(size=(num_kinds, 300))[kinds]
    scale = rng.uniform(0.1, 100, (num_cells, 1))
    return kinds, ((traces + noise * rng.normal(size=traces.shape)) * scale).astype(np.float32)


@pytest.mark.parametrize("num_cells", [40, 300, 900, 1700])
def test_cells_with_like_traces_become_neighbors(num_cells):
    kinds, traces = kinds_of(num_cells)
    order = order_by_clustering(traces)
    assert sorted(order.tolist()) == list(range(num_cells))
    assert sum(1 for _ in itertools.groupby(kinds[order])) == 5


def test_neighbors_are_those_that_are_most_alike():
    times = np.arange(400)
    peaks = np.random.default_rng(3).permutation(60) * 5 + 50
    traces = np.exp(-(((times - peaks[:, None]) / 15) ** 2)).astype(np.float32)
    found = peaks[order_by_clustering(traces)]
    assert (np.abs(np.diff(found)) == 5).mean() > 0.8, "a sequence comes out as one"


def test_gaps_and_traces_that_do_not_vary_are_ordered_too():
    kinds, traces = kinds_of(30, 3)
    traces[:, 100:120] = np.nan
    traces[5], traces[6], traces[7, ::2] = 4.2, np.nan, np.inf
    order = order_by_clustering(traces)
    assert sorted(order.tolist()) == list(range(30))
    assert order[-2:].tolist() == [5, 6]
    assert sum(1 for _ in itertools.groupby(kinds[order[:-2]])) == 3


@pytest.mark.parametrize("num_cells", [1, 2, 3, 250, 850, 1700])
def test_cells_that_are_all_the_same(num_cells):
    traces = np.tile(np.sin(np.arange(50, dtype=np.float32)), (num_cells, 1))
    assert sorted(order_by_clustering(traces).tolist()) == list(range(num_cells))


@settings(max_examples=40)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(0, 12), st.integers(1, 9)),
        elements=st.floats(-1e6, 1e6, width=32) | st.just(np.float32("nan")),
    )
)
def test_any_map_has_an_order_of_all_cells(values):
    assert sorted(order_by_clustering(values).tolist()) == list(range(len(values)))


def test_an_image_shrinks_to_what_is_brightest():
    image = np.zeros((7, 10), np.uint8)
    image[6, 9], image[1, 4] = 200, 100
    small = shrink(image, 3, 4)
    assert small.shape == (3, 4)
    assert (small[2, 3], small[0, 1], np.count_nonzero(small)) == (200, 100, 2)
    np.testing.assert_array_equal(shrink(image, 7, 10), image)
    assert shrink(image, 0, 0).tolist() == [[200]]
