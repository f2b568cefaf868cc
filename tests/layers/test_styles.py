"""Colors of cells."""

from __future__ import annotations

import numpy as np
import pytest

from napari_isx.analysis.rois import cut_roi
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.layers.styles import (
    STATUS_COLORS,
    contour_width_px,
    fill_colors,
    label_colormap,
    outline_colors,
)

FILE_COLORS = np.array([[255, 0, 51, 0], [0, 255, 0, 128], [9, 9, 9, 255]], np.uint8)
# How people without one kind of cone see linear RGB (Viénot, Brettel and Mollon 1999).
BLINDNESS = {
    "protan": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deutan": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


def colormap_of(statuses, colors, by):
    return label_colormap(fill_colors(outline_colors(statuses, colors, by), statuses))


def test_outlines_are_opaque_in_the_color_of_the_status():
    colors = outline_colors(list(STATUSES), FILE_COLORS, "status")
    assert colors.shape == (3, 4)
    assert (colors[:, 3] == 1).all()
    for color, status in zip(colors, STATUSES, strict=True):
        expected = [int(STATUS_COLORS[status][i : i + 2], 16) for i in (1, 3, 5)]
        np.testing.assert_allclose(color[:3] * 255, expected, atol=0.01)


def test_outlines_can_have_the_files_colors_and_are_opaque_too():
    colors = outline_colors(list(STATUSES), FILE_COLORS, "file")
    np.testing.assert_allclose(colors[:, :3] * 255, FILE_COLORS[:, :3], atol=0.01)
    assert (colors[:, 3] == 1).all()


@pytest.mark.parametrize("by", ["status", "file"])
def test_no_cells_have_no_colors(by):
    assert outline_colors([], np.empty((0, 4), np.uint8), by).shape == (0, 4)
    assert colormap_of([], np.empty((0, 4), np.uint8), by).map(np.array([0]))[0, 3] == 0


@pytest.mark.parametrize("by", ["status", "file"])
def test_the_surer_it_is_a_cell_the_more_it_is_filled(by):
    colormap = colormap_of(["rejected", "accepted", "undecided"], FILE_COLORS, by)
    rejected, accepted, undecided = (colormap.map(np.array([i]))[0] for i in (1, 2, 3))
    assert 0 < rejected[3] < undecided[3] - 0.2 < accepted[3] - 0.4
    if by == "file":
        np.testing.assert_allclose(accepted[:3], [0, 1, 0])


def test_what_is_no_cell_is_transparent():
    colormap = colormap_of(list(STATUSES), FILE_COLORS, "status")
    assert colormap.map(np.array([0, 4]))[:, 3].tolist() == [0, 0]


@pytest.mark.parametrize("kind", [None, "protan", "deutan"])
def test_statuses_can_be_told_apart_by_color_blind_people(kind):
    colors = outline_colors(list(STATUSES), FILE_COLORS, "status")[:, :3].astype(float)
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    seen = linear if kind is None else linear @ np.array(BLINDNESS[kind]).T
    for i in range(3):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 0.2


def test_contours_are_as_wide_as_suits_the_cells():
    def roi(size):
        footprint = np.zeros((200, 200), np.float32)
        footprint[1 : 1 + size, 1 : 1 + size] = 1
        return cut_roi(footprint)

    widths = [contour_width_px([roi(size)] * 3) for size in (2, 10, 20, 150)]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (0.2, 2.0)
    assert widths[1] == pytest.approx(0.5)
    empty = cut_roi(np.zeros((3, 3), np.float32))
    assert contour_width_px([roi(10), empty]) == pytest.approx(0.5)
    assert contour_width_px([empty]) == contour_width_px([]) > 0


def test_values_run_from_dark_to_bright_whatever_the_outliers():
    values = np.append(np.linspace(2, 3, 200), [1e6, np.nan])
    colors = outline_colors(["accepted"] * 202, np.zeros((202, 4), np.uint8), "values", values)
    brightness = colors[:200, :3].sum(axis=1)
    assert brightness[199] > 2 * brightness[0]
    assert (np.diff(brightness[5:195:10]) > 0).all()
    np.testing.assert_array_equal(colors[200], colors[199])
    assert np.ptp(colors[201, :3]) == 0, "gray"
    assert (colors[:, 3] == 1).all()
    same = outline_colors(["accepted"], np.zeros((1, 4), np.uint8), "values", np.array([7.0]))
    assert np.isfinite(same).all()
