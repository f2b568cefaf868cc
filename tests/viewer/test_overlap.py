"""Where cells overlap, and which of them are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import FIELD, blob, make_cells, make_movie

# At rows and columns of 3 um: C0 and C1 overlap, C2 lies over both, but lightly.
CENTERS = [(8, 8), (8, 11), (8, 10), (18, 25)]
OVERLAP_UM = (8.5 * 3, 10.0 * 3)
ALONE_UM = (18.5 * 3, 25.5 * 3)


@pytest.fixture
def cells(tmp_path):
    footprints = [blob(FIELD, center, 3.0) for center in CENTERS]
    footprints[2] *= 0.5
    return make_cells(tmp_path / "cells.isxd", footprints=footprints)


def colors(stage, kind="cells"):
    layer = stage.layer("cells" if kind == "cells" else "outlines · cells")
    if kind == "cells":
        return np.array([layer.get_color(i + 1) for i in range(4)])
    return layer.edge_color


def test_clicking_again_goes_round_the_cells_under_the_cursor(stage, cells):
    stage.open(cells)
    picked = []
    for _ in range(4):
        stage.click(OVERLAP_UM)
        picked += stage.session.selected
    assert picked == [1, 0, 2, 1], "the heaviest first"


def test_a_click_elsewhere_starts_with_the_heaviest(stage, cells):
    stage.open(cells)
    stage.click(OVERLAP_UM)
    stage.click(OVERLAP_UM)
    stage.click(ALONE_UM)
    assert stage.session.selected == (3,)
    stage.click(ALONE_UM)
    assert stage.session.selected == (3,)
    stage.click(OVERLAP_UM)
    assert stage.session.selected == (1,)


def test_a_selection_made_elsewhere_is_gone_on_from(stage, cells):
    stage.open(cells)
    stage.click(OVERLAP_UM)
    stage.session.select(stage.session.group, [2])
    stage.click(OVERLAP_UM)
    assert stage.session.selected == (1,)


def test_hovering_names_all_cells_under_the_cursor(stage, cells, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"), cells)
    heard = []
    stage.coordinator.canvas.hovered.connect(heard.append)
    for place in (OVERLAP_UM, OVERLAP_UM, ALONE_UM, (0.0, 0.0), (0.1, 0.1)):
        stage.hover(place)
    assert heard == [["C1", "C0", "C2"], ["C3"], []]


def test_cells_that_are_not_drawn_are_not_there(stage, cells):
    stage.open(cells)
    canvas, group = stage.coordinator.canvas, stage.session.group
    before = colors(stage)
    canvas.look_of(group).shown = np.array([True, False, True, True])
    canvas.show_statuses(group)
    assert colors(stage)[:, 3].tolist() == [*before[[0], 3], 0, *before[2:, 3]]
    assert colors(stage, "contours")[:, 3].tolist() == [1, 0, 1, 1]
    stage.click(OVERLAP_UM)
    assert stage.session.selected == (0,)
    canvas.look_of(group).shown = None
    canvas.show_statuses(group)
    np.testing.assert_array_equal(colors(stage), before)


def test_what_statuses_would_be_can_be_seen_without_deciding(stage, cells):
    stage.open(cells)
    canvas, group = stage.coordinator.canvas, stage.session.group
    before = colors(stage)
    canvas.look_of(group).statuses = ["accepted", "rejected", "undecided", "undecided"]
    canvas.show_statuses(group)
    assert len(np.unique(colors(stage)[:, :3].round(3), axis=0)) == 3
    assert group.curation.statuses == ["undecided"] * 4
    canvas.look_of(group).statuses = None
    canvas.show_statuses(group)
    np.testing.assert_array_equal(colors(stage), before)


def test_cells_are_colored_by_values(stage, cells):
    stage.open(cells)
    canvas, group = stage.coordinator.canvas, stage.session.group
    look = canvas.look_of(group)
    look.color_by, look.values = "values", np.array([1.0, 2.0, 3.0, np.nan])
    canvas.show_statuses(group)
    brightness = colors(stage, "contours")[:3, :3].sum(axis=1)
    assert (np.diff(brightness) > 0).all()


def test_hidden_contours_have_their_colors_when_they_are_shown(stage, cells):
    stage.open(cells)
    layer = stage.layer("outlines · cells")
    layer.visible = False
    before = layer.edge_color.copy()
    stage.session.group.curation.decide([0], "rejected")
    np.testing.assert_array_equal(layer.edge_color, before)
    layer.visible = True
    assert not np.allclose(layer.edge_color[0], before[0])
    np.testing.assert_array_equal(layer.edge_color[1:], before[1:])


@pytest.mark.parametrize("order", ["movie last", "cells last"])
def test_pictures_are_below_the_cells_in_whichever_order_they_are_opened(
    stage, cells, tmp_path, order
):
    movie = make_movie(tmp_path / "movie.isxd")
    stage.open(*([cells, movie] if order == "movie last" else [movie, cells]))
    assert [layer.name for layer in stage.viewer.layers] == [
        "movie",
        "cells",
        "outlines · cells",
    ]


def test_what_the_user_moved_stays_where_it_is(stage, cells, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"), cells)
    stage.viewer.layers.move(0, 3)
    stage.viewer.add_image(np.zeros((4, 5)), name="mine")
    stage.session.select(stage.session.group, [0])
    names = [layer.name for layer in stage.viewer.layers]
    assert names == ["cells", "outlines · cells", "movie", "mine", "Selected cells"]
