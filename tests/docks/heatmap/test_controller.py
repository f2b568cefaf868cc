"""The heat map of all cells, without a window: order, selection, time, and what is kept."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pytest
from helpers.scenes import START, make_cells, make_events, make_movie
from psygnal import Signal
from qtpy.QtWidgets import QApplication

from napari_isx import Timing
from napari_isx.docks.heatmap import orders as overview
from napari_isx.session.cell_filter import CellFilter


class HeatMap:
    """Stands for the dock."""

    cell_picked = Signal(int)
    cell_decided = Signal(int, str)
    cell_centered = Signal(int)
    time_requested = Signal(float)
    order_picked = Signal(str)
    norm_picked = Signal(str)
    only_filtered_changed = Signal(bool)
    range_changed = Signal(float, float)
    shown_changed = Signal()

    def __init__(self):
        self.is_shown = True
        self.text, self.progress, self.busy = "", None, False
        self.orders, self.norm, self.filtered = ([], ""), "", None
        self.names, self.statuses, self.selected, self.time = [], [], [], None
        self.shades = self.detail = self.order = None
        self.colors, self.fractions = [], []

    def objectName(self):  # noqa: N802
        return ""

    def show(self, on):
        self.is_shown = on
        self.shown_changed.emit()

    def show_message(self, text):
        self.text, self.shades = text, None

    def show_progress(self, fraction):
        self.progress, self.busy = fraction, False
        self.fractions.append(fraction)

    def show_busy(self):
        self.busy = True

    def show_orders(self, orders, current):
        self.orders = list(orders), current
        assert current in dict(orders)

    def show_norm(self, norm):
        self.norm = norm

    def show_only_filtered(self, on):
        self.filtered = on

    def show_cells(self, names, statuses):
        self.names, self.statuses = list(names), list(statuses)

    def show_map(self, shades, order):
        self.text, self.shades, self.order = "", shades, order.tolist()
        assert len(shades.values) == len(self.names)

    def show_order(self, order):
        self.order = order.tolist()

    def show_detail(self, shades):
        self.detail = shades

    def show_time(self, time_s):
        self.time = time_s

    def show_selection(self, cells):
        self.selected = list(cells)

    def set_colors(self, colors):
        self.colors.append(colors)


@pytest.fixture
def paths(tmp_path):
    statuses = ["rejected", "undecided", "accepted"]
    return {
        "cells": make_cells(tmp_path / "cells.isxd", statuses=statuses),
        "events": make_events(tmp_path / "events.isxd", {"C0": [1.2], "C1": [0.7]}),
        "movie": make_movie(tmp_path / "movie.isxd"),
    }


@pytest.fixture
def control(stage):
    return stage.coordinator.heatmap


@pytest.fixture
def dock(control):
    view = HeatMap()
    control.attach(view)
    return view


@pytest.fixture
def reads(monkeypatch):
    """Files whose traces were read for the map."""
    counted = []
    heat_map = overview.heat_map

    def counting(cells, *args, **kwargs):
        counted.append(cells.title)
        yield from heat_map(cells, *args, **kwargs)

    monkeypatch.setattr(overview, "heat_map", counting)
    return counted


def finish(control):
    end = time.monotonic() + 20
    while control.is_busy:
        assert time.monotonic() < end
        QApplication.processEvents()
        time.sleep(0.002)


def open_all(stage, control, paths):
    opened = stage.open(*paths.values())
    finish(control)
    return opened


def test_it_shows_all_cells_of_the_group(stage, control, dock, paths):
    assert "Open a cell set" in dock.text
    open_all(stage, control, paths)
    assert dock.names == ["C0", "C1", "C2"]
    assert dock.statuses == ["rejected", "undecided", "accepted"]
    assert dock.order == [0, 1, 2]
    assert dock.shades.values.shape == (3, 20)
    assert np.isfinite(dock.shades.values).all()
    assert (dock.shades.start_s, dock.shades.stop_s) == pytest.approx((0, 2))
    assert dock.fractions[-2:] == [1.0, None]


def test_it_is_read_once(stage, control, dock, paths, reads):
    open_all(stage, control, paths)
    assert reads == ["cells"]
    dock.show(False)
    dock.show(True)
    dock.norm_picked.emit("max")
    dock.norm_picked.emit("z")
    finish(control)
    assert reads == ["cells"]
    assert dock.shades.units == "SD from the mean"


def test_nothing_is_read_while_nobody_sees_it(stage, control, dock, paths, reads):
    dock.show(False)
    open_all(stage, control, paths)
    assert reads == []
    dock.show(True)
    finish(control)
    assert dock.shades is not None


def test_selection_goes_both_ways(stage, control, dock, paths):
    open_all(stage, control, paths)
    stage.session.select(stage.session.groups[0], [2, 0])
    assert dock.selected == [2, 0]
    dock.cell_picked.emit(1)
    assert stage.session.selected == (1,)
    assert dock.selected == [1]
    assert stage.view.drawn == ["C1"]


def test_time_goes_both_ways(stage, control, dock, paths):
    open_all(stage, control, paths)
    stage.coordinator.time.go_to(1.0)
    assert dock.time == pytest.approx(1.0)
    dock.time_requested.emit(0.5)
    assert stage.session.cursor.time_s == pytest.approx(0.5)


def test_orders_of_the_file_statuses_and_events(stage, control, dock, paths):
    open_all(stage, control, paths)
    assert [title for _, title in dock.orders[0]][:4] == [
        "File order",
        "Status",
        "First event",
        "Similar side by side",
    ]
    for key, order in (("status", [2, 1, 0]), ("first event", [1, 0, 2]), ("file", [0, 1, 2])):
        dock.order_picked.emit(key)
        finish(control)
        assert dock.order == order
        assert dock.orders[1] == key
        assert not dock.busy
    dock.order_picked.emit("clustering")
    finish(control)
    assert sorted(dock.order) == [0, 1, 2]


def test_a_decision_moves_the_row_where_status_is_the_order(stage, control, dock, paths):
    open_all(stage, control, paths)
    dock.order_picked.emit("status")
    stage.session.group.curation.decide([0], "accepted")
    assert dock.statuses[0] == "accepted"
    assert dock.order == [0, 2, 1]


def test_columns_and_the_filter_of_the_table(stage, control, dock, paths):
    open_all(stage, control, paths)
    table = stage.session.reviews.of(stage.session.group).table
    metric = next(column for column in table.columns if column.kind != "text")
    offered = len(dock.orders[0])
    table.set_values({metric.key: [2, 3, 1]})
    assert len(dock.orders[0]) == offered + 1
    dock.order_picked.emit(f"column {metric.key}")
    assert dock.order == [1, 0, 2]
    table.set_values({metric.key: [3, 2, 1]})
    assert dock.order == [0, 1, 2]
    assert dock.filtered is False
    table.filter_by(CellFilter(text="C1"))
    assert dock.order == [0, 1, 2]
    dock.only_filtered_changed.emit(True)
    assert dock.order == [1]
    table.filter_by(CellFilter())
    assert dock.order == [0, 1, 2]


def test_a_part_is_read_with_finer_columns(stage, control, dock, tmp_path, paths):
    paths["cells"] = make_cells(tmp_path / "long.isxd", num_samples=6000, period_s=0.01)
    open_all(stage, control, {"cells": paths["cells"]})
    column_s = 60 / dock.shades.values.shape[1]
    dock.range_changed.emit(10.0, 12.0)
    finish(control)
    assert dock.detail.start_s <= 10 < 12 <= dock.detail.stop_s < 12.1
    assert (dock.detail.stop_s - dock.detail.start_s) / dock.detail.values.shape[1] < column_s / 2
    dock.norm_picked.emit("max")
    finish(control)
    assert dock.detail.units == dock.shades.units == "part of the maximum"


def test_another_clock_moves_it(stage, control, dock, tmp_path, paths, reads):
    timing = Timing.regular(20, 0.1, START + timedelta(seconds=5))
    cells = make_cells(tmp_path / "late.isxd", timing=timing)
    open_all(stage, control, {"cells": cells})
    assert dock.shades.start_s == 0
    stage.open(paths["movie"])
    finish(control)
    assert (dock.shades.start_s, dock.shades.stop_s) == pytest.approx((5, 7))
    assert reads == ["late"], "only where it is has changed"


def test_another_group_is_shown_and_the_first_one_again(stage, control, dock, paths, tmp_path):
    open_all(stage, control, paths)
    stage.open(make_cells(tmp_path / "others.isxd", centers=[(5, 6)], names=["X"]))
    stage.session.select(stage.session.groups[1], [0])
    finish(control)
    assert dock.names == ["X"]
    stage.session.select(stage.session.groups[0], [])
    finish(control)
    assert dock.names == ["C0", "C1", "C2"]
    assert dock.text == ""


def test_tables_of_other_groups_are_let_go_of(stage, control, dock, paths, tmp_path, monkeypatch):
    open_all(stage, control, paths)
    dock.only_filtered_changed.emit(True)
    stage.open(make_cells(tmp_path / "others.isxd", centers=[(5, 6)], names=["X"]))
    first, second = (stage.session.reviews.of(group).table for group in stage.session.groups)
    stage.session.select(stage.session.groups[1], [0])
    finish(control)
    drawn = []
    monkeypatch.setattr(dock, "show_order", drawn.append)
    first.filter_by(CellFilter(text="C1"))
    assert drawn == []
    second.filter_by(CellFilter(text="nothing"))
    assert len(drawn) == 1
    num_slots = len(second.order_changed)
    dock.show(False)
    assert len(second.order_changed) == num_slots - 1, "nobody sees it"


def test_what_there_is_none_of_is_told(stage, control, dock, paths, tmp_path):
    stage.open(paths["events"])
    assert "Open the cell set" in dock.text
    stage.open(make_cells(tmp_path / "none.isxd", centers=[]))
    stage.session.select(stage.session.groups[0], [])
    finish(control)
    assert dock.text == "This cell set has no traces."
    stage.viewer.layers.clear()
    assert "Open a cell set" in dock.text


def test_a_file_that_was_cut_short_is_told(stage, control, dock, paths):
    dock.show(False)
    cells, *_ = open_all(stage, control, paths)
    cells.path.write_bytes(b"")
    dock.show(True)
    finish(control)
    assert "cells.isxd" in dock.text
    assert dock.progress is None


def test_it_follows_the_theme(stage, dock):
    stage.viewer.theme = "light"
    assert dock.colors[-1] != dock.colors[0]


def test_a_cell_is_decided_about_and_centered_from_its_row(stage, control, dock, paths):
    stage.open(paths["cells"])
    finish(control)
    dock.cell_decided.emit(1, "accepted")
    assert stage.session.group.status(1) == "accepted"
    assert dock.statuses[1] == "accepted"
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    dock.cell_centered.emit(1)
    assert camera.center[-2:] == pytest.approx((16.5, 61.5), abs=1.6)
