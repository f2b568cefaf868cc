"""The heat map in session time, and the orders of its cells."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from helpers.scenes import START, make_cells, make_events, make_movie

from napari_isx import Timing
from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.heatmap.orders import (
    find_order,
    first_events_s,
    order_cells,
    orders_of,
    read_detail,
    read_overview,
)
from napari_isx.session.cell_table import CellTable
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock

NAMES = ["A", "B", "A"]


@pytest.fixture
def group(tmp_path, opened):
    cells = make_cells(
        tmp_path / "cells.isxd", names=NAMES, statuses=["rejected", "accepted", "undecided"]
    )
    return CellGroup(opened(cells), None)


@pytest.fixture
def with_events(tmp_path, opened, group):
    times = {"A": [1.5], "B": [0.3, 1.2]}
    group.events = opened(make_events(tmp_path / "events.isxd", times))
    return group


def test_it_is_in_session_time(tmp_path, opened):
    timing = Timing.regular(20, 0.1, START + timedelta(seconds=5))
    cells = opened(make_cells(tmp_path / "c.isxd", timing=timing))
    placed = Clock([opened(make_movie(tmp_path / "m.isxd")), cells]).placed(cells)
    *_, (heat, shades) = read_overview(cells, placed, "z")
    assert heat.is_complete
    assert (shades.start_s, shades.stop_s) == pytest.approx((5.0, 7.0))
    *_, detail = read_detail(cells, placed, "z", (5.5, 6.0), shades)
    assert detail.start_s <= 5.5 < 6.0 <= detail.stop_s < 6.5
    assert (detail.low, detail.high) == (shades.low, shades.high)


def test_what_was_read_is_shaded_without_the_file(group):
    placed = Clock([group.cells]).placed(group.cells)
    *_, (heat, shades) = read_overview(group.cells, placed, "z")
    group.cells.close()
    ((again, other),) = read_overview(group.cells, placed, "max", heat)
    assert again is heat
    assert (shades.units, other.units) == ("SD from the mean", "part of the maximum")


def test_orders_that_there_are(group, with_events):
    table = CellTable(NAMES, group.curation)
    assert [title for _, title in orders_of(group, None)] == [
        "File order",
        "Status",
        "First event",
        "Similar side by side",
    ]
    table.set_columns([Metric("snr", "SNR", ""), Metric("size", "Size", "", "stored")])
    assert len(orders_of(group, table)) == 4, "nothing was computed yet"
    table.set_values({"snr": [1, 3, 2], "size": [1, 1, 1]})
    assert [title for _, title in orders_of(group, table)[4:]] == [
        "SNR, high first",
        "Size, stored, high first",
    ]
    group.events = None
    assert "First event" not in dict(orders_of(group, None)).values()


def test_cells_by_status_and_by_columns(group):
    table = CellTable(NAMES, group.curation)
    table.set_columns([Metric("snr", "SNR", "")])
    table.set_values({"snr": [1, np.nan, 2]})
    assert order_cells(group, table, "status").tolist() == [1, 2, 0]
    assert order_cells(group, table, "column snr").tolist() == [2, 0, 1]
    for key in ("file", "column gone", "clustering"):
        assert order_cells(group, table, key).tolist() == [0, 1, 2]
    assert order_cells(group, None, "column snr").tolist() == [0, 1, 2]


def test_first_events_go_by_name_and_place_among_its_like(with_events):
    np.testing.assert_array_equal(first_events_s(with_events), [1.5, 0.3, np.nan])
    (order,) = find_order(with_events, None, "first event")
    assert order.tolist() == [1, 0, 2]


def test_clustering_is_over_the_traces(group):
    placed = Clock([group.cells]).placed(group.cells)
    *_, (heat, _) = read_overview(group.cells, placed, "z")
    (order,) = find_order(group, heat, "clustering")
    assert sorted(order.tolist()) == [0, 1, 2]
