"""Which cells are near a cell."""

from __future__ import annotations

import numpy as np
from helpers.scenes import blob

from napari_isx import Spacing
from napari_isx.analysis.rois import cut_roi
from napari_isx.docks.closeup.neighbors import neighbors_of

FIELD = (60, 80)
SPACING = Spacing.regular(FIELD, 2.0)


def near(*centers, cell=0):
    rois = [cut_roi(blob(FIELD, center)) for center in centers]
    return [one.cell for one in neighbors_of(rois, cell, SPACING)]


def test_the_three_nearest_are_taken_in_the_order_of_their_distance():
    centers = [(30, 30), (30, 37), (26, 30), (30, 21), (38, 38), (5, 70)]
    assert near(*centers) == [2, 1, 3]


def test_far_and_empty_cells_are_none():
    assert near((30, 30), (30, 75)) == []
    rois = [cut_roi(blob(FIELD, (30, 30))), cut_roi(np.zeros(FIELD, np.float32))]
    assert neighbors_of(rois, 0, SPACING) == []
    assert neighbors_of(rois, 1, SPACING) == []


def test_outlines_are_in_micrometers():
    rois = [cut_roi(blob(FIELD, center)) for center in ((30, 30), (30, 36))]
    (one,) = neighbors_of(rois, 0, SPACING)
    np.testing.assert_allclose(one.contour_um.mean(axis=0), (61, 73), atol=1.5)
