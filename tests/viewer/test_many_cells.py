"""How many cells are drawn: outlined, so that the movie can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import make_cells

from napari_isx import Spacing
from napari_isx.layers.cells import MAX_FILLED, MAX_VISIBLE_CONTOURS

SIDE = 130


def grid_of_cells(path, count):
    """So many square cells side by side."""
    footprints = np.zeros((count, SIDE, SIDE), np.float32)
    for i in range(count):
        row, col = 5 * (i // 25), 5 * (i % 25)
        footprints[i, row : row + 4, col : col + 4] = 1
    spacing = Spacing.regular((SIDE, SIDE), 3.0)
    return make_cells(path, footprints=list(footprints), spacing=spacing, num_samples=2)


@pytest.mark.parametrize(
    ("count", "filled", "shapes"),
    [(MAX_FILLED, True, True), (MAX_FILLED + 1, False, True), (MAX_VISIBLE_CONTOURS + 1, 0, False)],
)
def test_many_cells_are_outlined_at_first(stage, tmp_path, count, filled, shapes):
    stage.open(grid_of_cells(tmp_path / "many.isxd", count))
    labels, outlines = stage.layer("cells · many"), stage.layer("outlines · many")
    assert outlines.visible == shapes
    assert (labels.visible and not labels.contour) == filled
    group = stage.session.group
    wanted = "both" if filled else "contours"
    assert stage.coordinator.cells.display.chosen(group)[1] == wanted


def test_very_many_cells_are_outlined_by_their_labels_and_can_be_filled(stage, tmp_path):
    stage.open(grid_of_cells(tmp_path / "many.isxd", MAX_VISIBLE_CONTOURS + 1))
    labels, outlines = stage.layer("cells · many"), stage.layer("outlines · many")
    display, group = stage.coordinator.cells.display, stage.session.group
    assert labels.visible
    assert labels.contour > 0
    assert labels.opacity == 1
    np.testing.assert_allclose(labels.colormap.colors[1:-1, 3], 1)
    display.show_style("filled")
    assert (labels.contour, outlines.visible) == (0, False)
    assert labels.opacity < 1
    assert labels.colormap.colors[1, 3] < 1
    assert display.chosen(group)[1] == "filled"
    display.show_style("both")
    assert outlines.visible
    assert labels.contour == 0
    display.show_style("contours")
    assert labels.contour > 0
    assert not outlines.visible
    stage.coordinator.cells.decide("rejected")
    assert display.chosen(group)[1] == "contours"
