"""Footprints as masks, centroids, contours and a label image."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import blob
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import label
from skimage.measure import find_contours

from napari_isx.analysis.rois import (
    MASK_FRACTION,
    cells_at,
    cut_roi,
    cut_rois,
    label_image,
    max_width,
)

FIELD = (9, 14)


def rectangle(top: int, left: int, height: int, width: int, weight: float = 1.0) -> np.ndarray:
    footprint = np.zeros(FIELD, np.float32)
    footprint[top : top + height, left : left + width] = weight
    return footprint


def mask_on_field(roi, shape=FIELD) -> np.ndarray:
    """The mask of a cut, put back where it was."""
    field = np.zeros((shape[0] + 2, shape[1] + 2), np.bool_)
    height, width = roi.mask.shape
    field[roi.top + 1 : roi.top + 1 + height, roi.left + 1 : roi.left + 1 + width] = roi.mask
    assert field.sum() == field[1:-1, 1:-1].sum(), "the mask leaves the field"
    return field[1:-1, 1:-1]


def test_the_mask_is_what_exceeds_a_fraction_of_the_peak():
    footprint = rectangle(3, 5, 2, 3, 10.0)
    footprint[0, 0] = 10 * MASK_FRACTION - 0.01  # noise far from the cell
    footprint[5, 5] = 10 * MASK_FRACTION + 0.01
    roi = cut_roi(footprint)
    np.testing.assert_array_equal(mask_on_field(roi), footprint > 10 * MASK_FRACTION)
    assert roi.area_px == 7
    assert (roi.top, roi.left, roi.weights.shape) == (2, 4, (5, 5))


def test_the_centroid_is_weighted_and_in_pixels_of_the_field():
    footprint = rectangle(3, 5, 1, 2)
    footprint[3, 6] = 3.0
    assert cut_roi(footprint).centroid == pytest.approx((3, 5.75))
    footprint[8, 0] = 0.1  # below the mask's level
    assert cut_roi(footprint).centroid == pytest.approx((3, 5.75))


@pytest.mark.parametrize("center", [(4.0, 7.0), (4.3, 6.6), (3.5, 7.5)])
def test_the_centroid_of_a_round_cell_is_its_center(center):
    roi = cut_roi(blob(FIELD, center))
    assert roi.centroid == pytest.approx(center, abs=0.1)
    assert roi.contour.mean(axis=0) == pytest.approx(center, abs=0.3)


def test_the_contour_is_closed_and_goes_round_the_pixel_centers():
    contour = cut_roi(rectangle(3, 5, 2, 3)).contour
    np.testing.assert_array_equal(contour[0], contour[-1])
    np.testing.assert_allclose(contour.min(axis=0), [2.2, 4.2])
    np.testing.assert_allclose(contour.max(axis=0), [4.8, 7.8])


def test_the_contour_is_that_of_the_largest_part():
    footprint = rectangle(1, 1, 1, 1) + rectangle(4, 8, 4, 5)
    contour = cut_roi(footprint).contour
    assert contour[:, 0].min() > 3
    assert contour[:, 1].min() > 7


@pytest.mark.parametrize("first_is_wide", [False, True])
def test_of_parts_with_as_many_pixels_the_widest_is_outlined(first_is_wide):
    """The one with the larger area within its outline, where weights are high, is the narrower."""
    wide, square = rectangle(1, 1, 1, 4, 0.21), rectangle(4, 8, 2, 2)
    if not first_is_wide:
        wide, square = wide[::-1, ::-1], square[::-1, ::-1]
    contour = cut_roi(wide + square).contour
    assert max_width(contour) == pytest.approx(3, abs=0.1)


def test_most_pixels_make_the_largest_part_however_high_its_weights_are():
    faint, bright = rectangle(1, 1, 2, 3, 0.21), rectangle(5, 8, 1, 5)
    assert cut_roi(faint + bright).contour[:, 0].max() < 4


def test_pixels_that_touch_at_a_corner_are_within_one_outline():
    roi = cut_roi(rectangle(1, 1, 2, 2) + rectangle(3, 3, 2, 2))
    assert roi.num_parts == 1
    assert max_width(roi.contour) > 4


@pytest.mark.parametrize("seed", range(5))
def test_the_outline_is_that_of_the_widest_of_the_largest_parts(seed):
    """By another way: each part alone in the field, also where many are of one size."""
    footprint = np.random.default_rng(seed).random(FIELD, np.float32) ** 8
    mask = footprint > np.float32(MASK_FRACTION * float(footprint.max()))
    numbered, count = label(mask, np.ones((3, 3)))
    sizes = [np.count_nonzero(numbered == part) for part in range(1, count + 1)]
    assert count > 3
    widths = []
    for part in range(1, count + 1):
        if sizes[part - 1] == max(sizes):
            alone = np.where(mask & (numbered != part), 0, footprint)
            padded = np.pad(alone, 1)
            level = float(np.float32(MASK_FRACTION * float(footprint.max())))
            outlines = find_contours(padded, level, fully_connected="high")
            widths.append(max(max_width(outline) for outline in outlines))
    assert max_width(cut_roi(footprint).contour) == pytest.approx(max(widths), abs=1e-6)


@pytest.mark.parametrize("corner", [(0, 0), (0, 12), (7, 0), (7, 12)])
def test_a_cell_at_the_edge_of_the_field_has_a_closed_contour(corner):
    roi = cut_roi(rectangle(*corner, 2, 2))
    np.testing.assert_array_equal(roi.contour[0], roi.contour[-1])
    np.testing.assert_allclose(np.ptp(roi.contour, axis=0), [2.6, 2.6])
    assert roi.centroid == (corner[0] + 0.5, corner[1] + 0.5)


@pytest.mark.parametrize("value", [1.0, 1e-45, 3e38])
def test_a_cell_that_fills_the_field_is_all_mask(value):
    roi = cut_roi(np.full(FIELD, value, np.float32))
    assert roi.area_px == FIELD[0] * FIELD[1]
    assert roi.centroid == pytest.approx((4, 6.5))
    np.testing.assert_array_equal(roi.contour[0], roi.contour[-1])


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, -np.inf])
def test_a_footprint_without_weight_is_an_empty_cell(value):
    roi = cut_roi(np.full(FIELD, value, np.float32))
    assert roi.is_empty
    assert roi.area_px == 0
    assert np.isnan(roi.centroid).all()
    assert roi.contour.shape == (0, 2)
    assert not label_image([roi], FIELD).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_count_as_nothing(value):
    footprint = rectangle(3, 5, 3, 3)
    footprint[0, 0] = footprint[4, 6] = footprint[3, 8] = value
    counted = footprint.copy()
    counted[~np.isfinite(footprint)] = 0
    roi, expected = cut_roi(footprint), cut_roi(counted)
    np.testing.assert_array_equal(roi.weights, expected.weights)
    np.testing.assert_array_equal(roi.contour, expected.contour)
    assert roi.centroid == expected.centroid


def test_a_pedestal_at_exactly_the_level_is_outside():
    footprint = np.full(FIELD, 0.1, np.float32)
    footprint[4, 6] = 0.5  # 0.1 is more than a fifth of it in float64, and not in float32
    roi = cut_roi(footprint)
    assert roi.area_px == 1
    assert len(roi.contour) >= 4


def test_the_footprint_that_is_cut_stays_as_it_was():
    footprint = rectangle(3, 5, 3, 3)
    footprint[4, 6] = np.nan
    before = footprint.copy()
    roi = cut_roi(footprint)
    roi.weights[:] = 7
    np.testing.assert_array_equal(footprint, before)


weights = st.one_of(
    st.just(0.0),
    st.sampled_from([np.nan, np.inf, -np.inf, float(np.float32(0.1)), 0.5]),
    st.floats(-1, 1, width=32),
)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=weights))
def test_any_footprint_can_be_drawn(footprint):
    roi = cut_roi(footprint)
    finite = np.nan_to_num(footprint, nan=0, posinf=0, neginf=0)
    peak = finite.max()
    expected = (finite > np.float32(MASK_FRACTION * peak)) & (peak > 0)
    np.testing.assert_array_equal(mask_on_field(roi, footprint.shape), expected)
    assert np.isfinite(roi.contour).all()
    assert np.isfinite(roi.weights).all()
    assert roi.is_empty == (not expected.any())
    if not roi.is_empty:
        np.testing.assert_array_equal(roi.contour[0], roi.contour[-1])
        rows, cols = np.nonzero(expected)
        row, col = roi.centroid
        assert rows.min() - 1e-6 <= row <= rows.max() + 1e-6
        assert cols.min() - 1e-6 <= col <= cols.max() + 1e-6


def test_where_cells_overlap_the_heaviest_footprint_wins():
    light, heavy = rectangle(1, 1, 4, 6, 1.0), rectangle(3, 4, 4, 6, 2.0)
    for order, expected in (([light, heavy], 2), ([heavy, light], 1)):
        labels = label_image([cut_roi(f) for f in order], FIELD)
        assert labels[3, 5] == expected
        assert labels[1, 1] == 3 - expected
        assert labels[6, 9] == expected
        assert labels[0, 0] == 0
    assert labels.shape == FIELD
    assert labels.dtype == np.int32


def test_of_equal_footprints_the_first_wins():
    roi = cut_roi(rectangle(2, 2, 3, 3))
    assert set(np.unique(label_image([roi, roi], FIELD))) == {0, 1}


def test_an_empty_cell_keeps_its_number():
    empty = cut_roi(np.zeros(FIELD, np.float32))
    labels = label_image(
        [cut_roi(rectangle(1, 1, 2, 2)), empty, cut_roi(rectangle(5, 5, 2, 2))], FIELD
    )
    assert set(np.unique(labels)) == {0, 1, 3}


def test_no_cells_make_an_empty_image():
    assert label_image([], (3, 7)).tolist() == np.zeros((3, 7)).tolist()


class Cells:
    """As much of a cell set as is needed; says how often each footprint was read."""

    def __init__(self, footprints):
        self.footprints, self.reads, self.num_cells = footprints, [], len(footprints)

    def footprint(self, i, out):
        self.reads.append(i)
        out[:] = self.footprints[i]
        return out


def test_each_footprint_is_read_once_and_cuts_do_not_share_memory():
    cells = Cells([rectangle(1, 1, 2, 2, 1.0), rectangle(4, 4, 3, 3, 5.0)])
    first, second = cut_rois(cells, FIELD)
    assert cells.reads == [0, 1]
    assert first.weights.max() == 1
    assert second.weights.max() == 5
    assert (first.area_px, second.area_px) == (4, 9)


def test_cells_at_a_place_come_heaviest_first():
    field = np.zeros((3, 9, 11), np.float32)
    field[0, 2:6, 2:6] = 1.0
    field[1, 4:8, 4:8] = 3.0
    field[2, 5, 5] = 2.0
    found = [cut_roi(footprint) for footprint in field]
    assert cells_at(found, 5, 5) == [1, 2, 0]
    assert cells_at(found, 5.4, 4.6) == [1, 2, 0]
    assert cells_at(found, 2, 2) == [0]
    assert cells_at(found, 8, 8) == []
    assert cells_at(found, -1, 2) == []
