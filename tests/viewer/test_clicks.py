"""One selection on the canvas, in the list and in the plots."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import FIELD, blob, make_cells, make_events, make_movie

from napari_isx import CellSet, Spacing
from napari_isx.docks.common.trace_plot import MAX_ROWS

CENTERS_UM = [((5 + 0.5) * 3, (6 + 0.5) * 3), (16.5, 61.5), (49.5, 28.5)]
NOWHERE_UM = (60.0, 80.0)


@pytest.fixture
def movie(tmp_path):
    return make_movie(tmp_path / "movie.isxd")


@pytest.fixture
def cells(tmp_path):
    return make_cells(tmp_path / "cells.isxd")


@pytest.fixture
def others(tmp_path):
    """One cell, at the place of the first of the others."""
    return make_cells(tmp_path / "others.isxd", centers=[(5, 6)], names=["X0"])


def outline(stage) -> list[np.ndarray]:
    """What is outlined as selected."""
    return stage.layer("Selected cells").data if "Selected cells" in stage.viewer.layers else []


@pytest.mark.parametrize("cell", [0, 1, 2])
def test_a_click_selects_the_cell_under_it(stage, movie, cells, cell):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[cell])
    assert stage.session.selected == (cell,)
    assert stage.view.selected == [cell]
    assert stage.view.drawn == [f"C{cell}"]
    assert stage.layer("cells").selected_label == cell + 1
    (contour,) = outline(stage)
    middle = stage.layer("Selected cells").data_to_world(contour.mean(axis=0))
    np.testing.assert_allclose(middle, CENTERS_UM[cell], atol=1)


def test_a_click_works_without_a_movie(stage, cells):
    stage.open(cells)
    stage.click(CENTERS_UM[1])
    assert stage.view.drawn == ["C1"]


def test_a_click_beside_all_cells_selects_none_and_a_drag_changes_nothing(stage, movie, cells):
    stage.open(movie, cells)
    for place in (NOWHERE_UM, (-500.0, -500.0), (1e6, 1e6)):
        stage.click(CENTERS_UM[1])
        stage.click(place, moved_px=30)
        stage.click(place, button=2)
        stage.click(place, modifiers=("Shift",))
        assert stage.view.drawn == ["C1"]
        stage.click(place)
        assert stage.view.drawn == []


def test_where_a_tool_picks_something_else_the_cells_stay_selected(stage, movie, cells):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[1])
    points = stage.viewer.add_points([NOWHERE_UM])
    points.mode = "select"
    stage.click(NOWHERE_UM)
    assert stage.view.drawn == ["C1"]


@pytest.mark.parametrize("key", ["Shift", "Control"])
def test_a_click_with_a_key_adds_and_takes_out(stage, movie, cells, key):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[1])
    stage.click(CENTERS_UM[0], modifiers=(key,))
    assert stage.view.drawn == ["C1", "C0"]
    assert len(outline(stage)) == 2
    stage.click(CENTERS_UM[1], modifiers=(key,))
    assert stage.view.drawn == ["C0"]
    stage.click(CENTERS_UM[2])
    assert stage.view.drawn == ["C2"]


def test_dragging_and_other_buttons_select_nothing(stage, movie, cells):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[0], moved_px=30)
    stage.click(CENTERS_UM[0], button=2, moved_px=30)
    stage.click(CENTERS_UM[0], button=3)
    stage.viewer.dims.ndisplay = 3
    stage.click(CENTERS_UM[0])
    assert stage.session.selected == ()
    stage.viewer.dims.ndisplay = 2
    stage.click(CENTERS_UM[0], moved_px=2)  # a hand is never quite still
    assert stage.session.selected == (0,)


@pytest.mark.parametrize("mode", ["paint", "erase", "fill", "polygon"])
def test_a_tool_that_draws_does_not_select(stage, movie, cells, mode):
    stage.open(movie, cells)
    labels = stage.viewer.add_labels(np.zeros((60, 60), int))
    stage.viewer.layers.selection.active = labels
    labels.mode = mode
    stage.click(CENTERS_UM[0])
    assert stage.session.selected == ()
    labels.mode = "pan_zoom"
    stage.click(CENTERS_UM[0])
    assert stage.session.selected == (0,)


def test_hidden_cells_cannot_be_clicked(stage, movie, cells):
    stage.open(movie, cells)
    labels, contours = stage.layer("cells"), stage.layer("outlines · cells")
    labels.visible = False
    stage.click(CENTERS_UM[0])
    assert stage.session.selected == (0,), "its contours are still there"
    contours.visible = False
    stage.click(CENTERS_UM[1])
    assert stage.session.selected == ()


def test_cells_that_are_not_drawn_cannot_be_clicked(stage, cells, others):
    stage.open(others, cells)
    look = stage.coordinator.canvas.look_of(stage.session.groups[1])
    look.shown = np.array([False, True, True])
    stage.click(CENTERS_UM[0])
    assert stage.view.drawn == ["X0"], "the cell below is seen there"
    look.shown = np.array([True, True, True])
    stage.click(CENTERS_UM[0])
    assert stage.view.drawn == ["C0"]


def test_of_two_sets_the_topmost_cell_is_meant(stage, cells, others):
    stage.open(cells, others)
    assert stage.view.groups == (["cells", "others"], 0)
    stage.click(CENTERS_UM[0])
    assert stage.view.drawn == ["X0"]
    assert stage.view.groups[1] == 1
    stage.click(CENTERS_UM[1])
    assert stage.view.drawn == ["C1"]
    assert stage.view.groups[1] == 0
    stage.viewer.layers.move_multiple([2, 3], 0)
    stage.click(CENTERS_UM[0])
    assert stage.view.drawn == ["C0"]


def test_another_set_can_be_chosen(stage, cells, others):
    stage.open(cells, others)
    stage.click(CENTERS_UM[1])
    stage.view.group_picked.emit(1)
    assert (stage.view.names, stage.view.selected, stage.view.rows) == (["X0"], [], [])
    assert outline(stage) == []
    stage.view.cells_picked.emit([0])
    assert stage.view.drawn == ["X0"]


def test_cells_chosen_in_the_list_are_marked_on_the_canvas(stage, movie, cells):
    stage.open(movie, cells)
    stage.view.cells_picked.emit([2, 0])
    assert stage.view.drawn == ["C2", "C0"]
    assert len(outline(stage)) == 2
    assert stage.layer("cells").selected_label == 1
    stage.view.cells_picked.emit([])
    assert stage.view.drawn == []
    assert outline(stage) == []


def test_choosing_a_label_in_napari_selects_the_cell(stage, movie, cells):
    stage.open(movie, cells)
    labels = stage.layer("cells")
    labels.selected_label = 3
    assert stage.view.drawn == ["C2"]
    for no_cell in (0, 4, 1000):
        labels.selected_label = no_cell
        assert stage.view.drawn == ["C2"]


def test_the_mark_leaves_the_active_layer_alone(stage, movie, cells):
    stage.open(movie, cells)
    selection = stage.viewer.layers.selection
    selection.active = stage.layer("movie")
    stage.click(CENTERS_UM[0])
    stage.click(CENTERS_UM[1])
    assert selection.active is stage.layer("movie")
    assert set(selection) == {stage.layer("movie")}


def test_the_mark_leaves_several_chosen_layers_alone(stage, movie, cells):
    stage.open(movie, cells)
    chosen = {stage.layer("movie"), stage.layer("cells")}
    selection = stage.viewer.layers.selection
    selection.clear()
    selection.update(chosen)
    active = selection.active
    stage.click(CENTERS_UM[0])
    assert set(selection) == chosen
    assert selection.active is active


def test_the_mark_lies_on_cells_of_any_spacing(stage, cells, tmp_path):
    spacing = Spacing.regular(FIELD, (4.0, 6.0), (10.0, 20.0))
    coarse = make_cells(tmp_path / "coarse.isxd", names=["K0", "K1", "K2"], spacing=spacing)
    stage.open(cells, coarse)
    stage.click(CENTERS_UM[1])
    stage.view.group_picked.emit(1)
    stage.view.cells_picked.emit([2])
    mark = stage.layer("Selected cells")
    world = mark.data_to_world(mark.data[0].mean(axis=0))
    np.testing.assert_allclose(world, (10 + 16.5 * 4, 20 + 9.5 * 6), atol=1.5)


def test_the_mark_comes_back_when_it_was_deleted(stage, movie, cells):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[0])
    stage.viewer.layers.remove("Selected cells")
    assert stage.view.drawn == ["C0"]
    stage.click(CENTERS_UM[1])
    assert len(outline(stage)) == 1


def test_cells_are_marked_in_3d_too(stage, movie, cells):
    stage.open(movie, cells)
    stage.click(CENTERS_UM[0])
    stage.viewer.dims.ndisplay = 3
    stage.view.cells_picked.emit([1, 2])
    assert stage.view.drawn == ["C1", "C2"]
    assert len(outline(stage)) == 2
    stage.view.cells_picked.emit([])
    assert outline(stage) == []
    stage.viewer.dims.ndisplay = 2
    stage.click(CENTERS_UM[2])
    assert len(outline(stage)) == 1


def test_a_cell_without_pixels_is_drawn_and_not_marked(stage, tmp_path):
    footprints = [np.zeros(FIELD), blob(FIELD, (5, 6))]
    stage.open(make_cells(tmp_path / "cells.isxd", footprints=footprints))
    stage.view.cells_picked.emit([0])
    assert stage.view.drawn == ["C0"]
    assert outline(stage) == []
    stage.view.cells_picked.emit([0, 1])
    assert len(outline(stage)) == 1


def test_of_very_many_cells_some_traces_are_drawn(stage, tmp_path):
    count = MAX_ROWS + 5
    footprints = [blob(FIELD, (i % 20, i), 1) for i in range(count)]
    stage.open(make_cells(tmp_path / "cells.isxd", footprints=footprints))
    stage.view.cells_picked.emit(list(range(count)))
    assert len(stage.view.selected) == count
    assert len(stage.view.rows) == MAX_ROWS


def test_colors_are_chosen_for_all_sets(stage, tmp_path, cells):
    colored = make_cells(
        tmp_path / "colored.isxd", centers=[(9, 9)], names=["K"], colors=[[0, 255, 0, 255]]
    )
    stage.open(cells, colored)
    stage.view.coloring_picked.emit("file")
    np.testing.assert_allclose(stage.layer("outlines · colored").edge_color[0], [0, 1, 0, 1])
    np.testing.assert_allclose(stage.layer("outlines · cells").edge_color[0], [1, 1, 1, 1])


def test_a_decision_is_shown_everywhere_and_selects_nothing(stage, tmp_path):
    stage.open(make_cells(tmp_path / "cells.isxd"), make_events(tmp_path / "events.isxd"))
    stage.session.group.curation.decide([1], "rejected")
    assert stage.view.statuses == ["undecided", "rejected", "undecided"]
    assert stage.layer("cells").features["status"][1] == "rejected"
    assert stage.layer("outlines · cells").features["status"][1] == "rejected"
    assert stage.session.selected == ()


def test_a_decision_reads_no_trace(stage, cells, monkeypatch):
    stage.open(cells)
    stage.view.cells_picked.emit([2, 0])
    read = []
    monkeypatch.setattr(CellSet, "trace", lambda self, i: read.append(i))
    stage.session.group.curation.decide([0, 1], "accepted")
    assert read == []
    assert stage.view.drawn_statuses == ["undecided", "accepted"]


def test_a_decision_keeps_the_chosen_colors(stage, tmp_path):
    stage.open(make_cells(tmp_path / "cells.isxd", colors=[[0, 255, 0, 255]] * 3))
    stage.view.coloring_picked.emit("file")
    stage.session.group.curation.decide([1], "rejected")
    np.testing.assert_allclose(stage.layer("outlines · cells").edge_color[1], [0, 1, 0, 1])


def test_a_file_that_cannot_be_read_any_more_is_told(stage, cells):
    stage.open(cells)
    cells.write_bytes(b"")
    stage.click(CENTERS_UM[1])
    assert "cells.isxd" in stage.view.error
    assert stage.session.selected == (1,)


@pytest.mark.parametrize("gone", ["cells", "outlines · cells"])
def test_a_click_needs_only_one_of_the_layers_of_a_set(stage, cells, gone):
    stage.open(cells)
    stage.viewer.layers.remove(gone)
    stage.click(CENTERS_UM[1])
    assert stage.session.selected == (1,)


def test_cells_that_are_hidden_are_not_clicked(stage, cells):
    stage.open(cells)
    for layer in stage.viewer.layers:
        layer.visible = False
    stage.click(CENTERS_UM[1])
    assert stage.session.selected == ()
