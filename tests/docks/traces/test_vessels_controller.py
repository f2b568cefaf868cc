"""Vessels: selected on the canvas and in the dock, with their traces and maps."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import make_cells, make_movie
from helpers.vessel_files import BOXES, LINES, PIXEL_UM, make_vessels

from napari_isx.layers.styles import STATUS_COLORS


@pytest.fixture
def boxes(tmp_path):
    return make_vessels(tmp_path / "flow.isxd")


def center_um(box):
    """The middle of a box or line, in the world; pixel centers have whole numbers."""
    x, y = np.mean(box, axis=0)
    return (y + 0.5) * PIXEL_UM, (x + 0.5) * PIXEL_UM


def edge_colors(stage, name="vessels · flow"):
    return np.asarray(stage.layer(name).edge_color)


def test_a_vessel_set_is_listed_like_cells(stage, boxes):
    told = []
    stage.coordinator.opened.connect(lambda: told.append(True))
    stage.open(boxes)
    assert told == [True]
    assert stage.view.groups == (["flow"], 0)
    assert (stage.view.item, stage.view.names) == ("vessel", ["V0", "V1"])
    assert stage.view.statuses == ["accepted", "undecided"]
    assert stage.session.group.curation is None


def test_cells_and_vessels_are_sets_to_choose_from(stage, boxes, tmp_path):
    stage.open(boxes, make_cells(tmp_path / "cells.isxd"))
    assert stage.view.groups == (["cells", "flow"], 0), "nobody has chosen the vessels"
    assert stage.view.item == "cell"
    stage.view.group_picked.emit(1)
    assert stage.view.names == ["V0", "V1"]
    stage.viewer.layers.remove("vessels · flow")
    stage.viewer.layers.remove("flow")
    assert stage.view.groups == (["cells"], 0)


def test_a_selected_vessel_shows_velocity_and_direction(stage, boxes):
    stage.open(boxes)
    stage.view.cells_picked.emit([1])
    assert stage.view.drawn == ["V1", "V1 direction"]
    np.testing.assert_array_equal(stage.view.rows[0].values, np.arange(6) + 10)


@pytest.mark.parametrize("vessel", [0, 1])
def test_a_click_on_a_vessel_selects_it(stage, boxes, vessel):
    stage.open(boxes)
    stage.click(center_um(BOXES[vessel]))
    assert stage.view.selected == [vessel]
    stage.click(center_um(BOXES[1 - vessel]), modifiers=("Shift",))
    assert stage.view.selected == [vessel, 1 - vessel]
    stage.click(center_um(BOXES[1 - vessel]), moved_px=20)
    assert stage.view.selected == [vessel, 1 - vessel], "a drag selects nothing"
    stage.click((1.0, 1.0))
    assert stage.view.selected == [], "a click beside the vessels deselects"


def test_a_click_near_a_line_selects_it(stage, tmp_path):
    stage.open(make_vessels(tmp_path / "flow.isxd", "vessel diameter"))
    getattr(stage.viewer, "scene", stage.viewer).camera.zoom = 1.0
    y, x = center_um(LINES[1])
    stage.click((y, x + 4))
    assert stage.view.selected == [1]
    y, x = center_um(LINES[0])
    stage.click((y + 20, x))
    assert stage.view.selected == [], "20 um are 20 pixels of the screen, beside the line"


def test_hidden_vessels_are_not_picked(stage, boxes):
    stage.open(boxes)
    stage.layer("vessels · flow").visible = False
    stage.click(center_um(BOXES[0]))
    assert stage.view.selected == []


def test_where_a_cell_and_a_vessel_are_the_cell_is_meant(stage, boxes, tmp_path):
    x, y = np.mean(BOXES[0], axis=0)
    stage.open(make_cells(tmp_path / "cells.isxd", centers=[(y, x)]), boxes)
    stage.click(center_um(BOXES[0]))
    assert stage.session.group.title == "cells"
    assert stage.view.drawn == ["C0"]
    stage.click(center_um(BOXES[1]))
    assert stage.session.group.title == "flow"


def test_a_cell_that_is_not_drawn_does_not_cover_a_vessel(stage, boxes, tmp_path):
    x, y = np.mean(BOXES[0], axis=0)
    stage.open(make_cells(tmp_path / "cells.isxd", centers=[(y, x)]), boxes)
    stage.coordinator.canvas.look_of(stage.session.groups[0]).shown = np.array([False])
    stage.click(center_um(BOXES[0]))
    assert stage.session.group.title == "flow"
    assert stage.view.drawn == ["V0", "V0 direction"]


def test_the_selected_vessel_is_white_and_wider(stage, boxes, tmp_path):
    stage.open(boxes, make_cells(tmp_path / "cells.isxd"))
    stage.view.group_picked.emit(1)
    plain, widths = edge_colors(stage), list(stage.layer("vessels · flow").edge_width)
    stage.view.cells_picked.emit([1])
    np.testing.assert_allclose(edge_colors(stage)[1], 1)
    np.testing.assert_allclose(edge_colors(stage)[0], plain[0])
    assert stage.layer("vessels · flow").edge_width[1] > max(widths)
    stage.view.group_picked.emit(0)
    np.testing.assert_allclose(edge_colors(stage), plain)
    assert list(stage.layer("vessels · flow").edge_width) == widths


def test_vessels_are_colored_by_status_or_file(stage, boxes):
    stage.open(boxes)
    blue = [int(STATUS_COLORS["accepted"][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    np.testing.assert_allclose(edge_colors(stage)[0, :3], blue, atol=1e-6)
    stage.view.coloring_picked.emit("file")
    np.testing.assert_allclose(edge_colors(stage), 1)
    stage.view.coloring_picked.emit("status")
    np.testing.assert_allclose(edge_colors(stage)[0, :3], blue, atol=1e-6)


def test_maps_follow_the_time(stage, boxes):
    stage.open(boxes)
    assert stage.view.maps is None
    stage.view.cells_picked.emit([1])
    stage.coordinator.time.go_to(1.0)
    assert stage.view.maps_title == "V1, sample 2"
    assert stage.view.maps.shape == (3, 4, 8)
    np.testing.assert_allclose(stage.view.maps[:, 0, 0], [120, 121, 122])
    shown = stage.view.maps_shown
    stage.coordinator.time.go_to(1.1)
    assert stage.view.maps_shown == shown, "the same sample is read once"
    stage.view.cells_picked.emit([1, 0])
    assert stage.view.maps_title == "V0, sample 2"
    stage.view.cells_picked.emit([])
    assert stage.view.maps is None


def test_diameters_have_no_maps(stage, tmp_path):
    stage.open(make_vessels(tmp_path / "d.isxd", "vessel diameter", units="um"))
    stage.view.cells_picked.emit([0])
    stage.coordinator.time.go_to(1.0)
    assert stage.view.maps_shown == 0
    assert [row.units for row in stage.view.rows] == ["um", ""]


def test_maps_go_when_their_file_goes(stage, boxes, tmp_path):
    stage.open(boxes, make_cells(tmp_path / "cells.isxd"))
    stage.view.group_picked.emit(1)
    stage.view.cells_picked.emit([0])
    assert stage.view.maps is not None
    stage.viewer.layers.remove("vessels · flow")
    stage.viewer.layers.remove("flow")
    assert stage.view.maps is None


def test_a_dock_that_comes_late_shows_the_maps(stage, boxes):
    stage.open(boxes)
    stage.view.cells_picked.emit([0])
    late = stage.another_dock()
    assert late.maps_title == "V0, sample 0"
    np.testing.assert_array_equal(late.maps, stage.view.maps)


@pytest.mark.parametrize("movie_first", [True, False])
def test_the_picture_of_the_vessels_does_not_hide_the_movie(stage, boxes, tmp_path, movie_first):
    movie = make_movie(tmp_path / "movie.isxd")
    stage.open(*([movie, boxes] if movie_first else [boxes, movie]))
    names = [layer.name for layer in stage.viewer.layers]
    assert names == ["flow", "movie", "vessels · flow"]
    stage.viewer.layers.move(0, 2)
    assert stage.viewer.layers[1].name == "flow", "what the user moves stays there"
