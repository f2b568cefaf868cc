"""The docks *Traces* without a window: which rows are drawn, how, and what is done from them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.scenes import FIELD, START, blob, make_cells

from napari_isx.docks.common.trace_plot import MAX_ROWS
from napari_isx.docks.traces import controller as module


@pytest.fixture
def cells(tmp_path):
    return make_cells(tmp_path / "cells.isxd")


def test_of_many_cells_those_selected_last_are_drawn(stage, tmp_path):
    footprints = [blob(FIELD, (5 + i % 10, 6)) for i in range(MAX_ROWS + 6)]
    stage.open(make_cells(tmp_path / "many.isxd", footprints=footprints))
    stage.session.select(stage.session.group, range(MAX_ROWS + 6))
    assert stage.view.drawn == [f"C{i:02}" for i in range(6, MAX_ROWS + 6)]
    assert stage.view.num_drawn == MAX_ROWS


def test_one_scale_for_all_cells_goes_from_the_lowest_to_the_highest_of_the_set(
    stage, cells, tmp_path
):
    stage.open(cells)
    assert stage.view.scale == (None, False)
    stage.view.same_scale_picked.emit(True)
    assert stage.view.scale == ((0, 219), True), "whichever is selected"
    late = stage.another_dock()
    assert late.scale == ((0, 219), True)
    traces = np.full((3, 20), np.nan, np.float32)
    traces[1] = -7
    stage.open(make_cells(tmp_path / "other.isxd", traces=traces))
    stage.session.select(stage.session.groups[1], [0])
    assert stage.view.scale == ((-7.5, -6.5), True)
    stage.view.same_scale_picked.emit(False)
    assert stage.view.scale == (None, False)


def test_a_scale_that_cannot_be_found_is_given_up(stage, cells, monkeypatch):
    said = []
    monkeypatch.setattr(module, "show_warning", said.append)
    (opened,) = stage.open(cells)
    opened.close()
    stage.view.same_scale_picked.emit(True)
    assert said[0].startswith("No common scale was found.\n")
    assert stage.view.scale == (None, False)


def test_the_time_of_day_is_offered_where_it_is_known(stage, cells):
    assert stage.view.clock_time == (None, False)
    stage.open(cells)
    assert stage.view.clock_time == (None, True)
    stage.view.clock_time_picked.emit(True)
    assert stage.view.clock_time == (START, True)
    stage.view.clock_time_picked.emit(False)
    assert stage.view.clock_time == (None, True)


def test_a_row_decides_about_its_cell_selects_and_centers_it(stage, cells):
    stage.open(cells)
    group = stage.session.group
    stage.session.select(group, [2, 0])
    stage.view.row_decided.emit(0, "rejected")
    assert [group.status(i) for i in range(3)] == ["undecided", "undecided", "rejected"]
    assert stage.session.selected == (2, 0), "the selection stays"
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    stage.view.row_centered.emit(0)
    assert camera.center[-2:] == pytest.approx((49.5, 28.5), abs=1.6)
    stage.view.row_picked.emit(1)
    assert stage.session.selected == (0,)


def test_a_row_of_a_channel_hides_it(stage, tmp_path):
    stage.open(make_gpio(tmp_path / "box.gpio"))
    before = stage.view.drawn_channels
    stage.view.channel_row_hidden.emit(1)
    assert stage.view.drawn_channels == [before[0], *before[2:]]
