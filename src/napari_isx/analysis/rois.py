"""Footprints as things that can be drawn: label image, contours, centroids.

A footprint is an image of the whole field, nearly all of it empty. Everything here works on
footprints cut to the pixels that count, so that a thousand cells on a large field take one pass
over the file and little memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

MASK_FRACTION: Final = 0.2
"""A pixel is part of a cell where the footprint exceeds this fraction of its peak.

PCA-ICA footprints have noise everywhere; a fraction of the peak is what other tools draw too
(CaImAn's ``plot_contours`` has the same default).
"""

# Of more points than this, only those of their convex hull are compared with one another.
_MANY_POINTS: Final = 250


class HasFootprints(Protocol):
    """A cell set, as far as this module needs one."""

    @property
    def num_cells(self) -> int:
        """How many cells there are."""

    def footprint(self, i: int, /, out: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
        """One footprint, ``(n_rows, n_cols)``, read into `out` where given."""


@dataclass(frozen=True, eq=False)
class Roi:
    """One cell's footprint, cut to its mask and a margin of one pixel.

    Attributes
    ----------
    top, left : int
        Row and column of the cut in the field; -1 where the margin lies outside.
    weights : numpy.ndarray
        ``(h, w)`` float32, the footprint; 0 outside the field. ``(0, 0)`` for an empty cell.
    level : float
        Pixels above it are in the mask.
    """

    top: int
    left: int
    weights: npt.NDArray[np.float32]
    level: float

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """``(h, w)``: which pixels are part of the cell."""
        return self.weights > self.level

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is part of the cell."""
        return self.weights.size == 0

    @cached_property
    def area_px(self) -> int:
        """Number of pixels in the mask."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def centroid(self) -> tuple[float, float]:
        """Row and column of the center of weight of the mask, in pixels of the field.

        NaN for an empty cell. Pixel centers have whole numbers.
        """
        if self.is_empty:
            return np.nan, np.nan
        rows, cols = np.nonzero(self.mask)
        weights = self.weights[rows, cols]
        row, col = np.average(rows, weights=weights), np.average(cols, weights=weights)
        return float(row + self.top), float(col + self.left)

    @cached_property
    def contour(self) -> npt.NDArray[np.float64]:
        """``(n, 2)`` rows and columns of the closed outline of the cell's largest part.

        That is the part with most pixels, of equal ones the widest. Pixels that touch at a corner
        are of one part. The last point is the first. Pixel centers have whole numbers. Empty for
        an empty cell.
        """
        if self.is_empty:
            return np.empty((0, 2))
        from skimage.measure import find_contours

        numbered, count = self._parts
        sizes = np.bincount(numbered[numbered > 0], minlength=count + 1)
        outlines = []
        for part in np.flatnonzero(sizes == sizes.max()):
            others = (numbered > 0) & (numbered != part)
            weights = np.where(others, np.float32(self.level), self.weights)
            around = find_contours(weights, self.level, fully_connected="high")  # type: ignore[no-untyped-call]
            outlines.append(max(around, key=enclosed_area))  # the others go round its holes
        largest: npt.NDArray[np.float64] = max(outlines, key=max_width)
        return np.add(largest, (self.top, self.left))

    @property
    def num_parts(self) -> int:
        """How many parts the mask has; pixels that touch at a corner are of one part."""
        return self._parts[1]

    @cached_property
    def _parts(self) -> tuple[npt.NDArray[np.int32], int]:
        """``(h, w)``: the number of each pixel's part, from 1; and how many parts there are."""
        from scipy.ndimage import label

        numbered, count = label(self.mask, structure=np.ones((3, 3)))
        return numbered, int(count)


def cut_rois(cells: HasFootprints, num_pixels: tuple[int, int]) -> list[Roi]:
    """Cut out the footprints of all cells, reading each once.

    Parameters
    ----------
    cells : CellSet
    num_pixels : (int, int)
        Rows, columns of the field.

    Returns
    -------
    list of Roi
        One for each cell, in order.
    """
    # One buffer for all: fresh memory for every footprint costs more than reading it.
    buffer = np.empty(num_pixels, np.float32)
    return [cut_roi(cells.footprint(i, buffer)) for i in range(cells.num_cells)]


def cut_roi(footprint: npt.NDArray[np.float32]) -> Roi:
    """Cut out one footprint: ``(n_rows, n_cols)``. NaN and infinite weights count as 0."""
    peak = float(footprint.max(initial=0))
    if not np.isfinite(peak):
        footprint = np.nan_to_num(footprint, nan=0, posinf=0, neginf=0)
        peak = float(footprint.max(initial=0))
    # A float32, as the weights are: find_contours compares in float64, and has to agree.
    level = float(np.float32(MASK_FRACTION * peak))
    mask = footprint > level
    rows = np.flatnonzero(mask.any(axis=1))
    if peak <= 0 or not len(rows):
        return Roi(0, 0, np.empty((0, 0), np.float32), 0.0)
    top, bottom = rows[0], rows[-1] + 1
    cols = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = cols[0], cols[-1] + 1
    weights = np.zeros((bottom - top + 2, right - left + 2), np.float32)
    height, width = footprint.shape
    above, below = max(top - 1, 0), min(bottom + 1, height)
    before, after = max(left - 1, 0), min(right + 1, width)
    weights[above - top + 1 : below - top + 1, before - left + 1 : after - left + 1] = footprint[
        above:below, before:after
    ]
    weights[weights == -np.inf] = 0  # does not show in the peak
    return Roi(int(top) - 1, int(left) - 1, weights, level)


def label_image(rois: Iterable[Roi], num_pixels: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Draw all cells into one image.

    Parameters
    ----------
    rois : iterable of Roi
    num_pixels : (int, int)
        Rows, columns of the field.

    Returns
    -------
    numpy.ndarray
        ``(n_rows, n_cols)``: 0 for background, i + 1 for cell i. Where cells overlap, the one
        with the heaviest footprint wins, the first of equals.
    """
    # The margin of a cut may lie one pixel outside the field, hence the frame.
    shape = (num_pixels[0] + 2, num_pixels[1] + 2)
    labels, heaviest = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    for number, roi in enumerate(rois, start=1):
        height, width = roi.weights.shape
        place = np.s_[roi.top + 1 : roi.top + 1 + height, roi.left + 1 : roi.left + 1 + width]
        wins = roi.mask & (roi.weights > heaviest[place])
        labels[place][wins] = number
        heaviest[place][wins] = roi.weights[wins]
    return np.ascontiguousarray(labels[1:-1, 1:-1])


def cells_at(rois: Sequence[Roi], row: float, col: float) -> list[int]:
    """Which cells have a place in their masks, the heaviest there first.

    Parameters
    ----------
    rois : sequence of Roi
    row, col : float
        In pixels of the field; pixel centers have whole numbers.

    Returns
    -------
    list of int
        Indices of cells; where weights are equal, in order.
    """
    found = []
    for i, roi in enumerate(rois):
        y, x = round(row) - roi.top, round(col) - roi.left
        if 0 <= y < roi.weights.shape[0] and 0 <= x < roi.weights.shape[1]:
            weight = roi.weights[y, x]
            if weight > roi.level:
                found.append((-weight, i))
    return [i for _, i in sorted(found)]


def max_width(points: npt.NDArray[np.float64]) -> float:
    """The largest distance between two points of ``(n, 2)``; NaN without points."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    if not len(points):
        return np.nan
    if len(points) > _MANY_POINTS:
        points = points[ConvexHull(points).vertices]
    return float(pdist(points).max(initial=0))


def enclosed_area(outline: npt.NDArray[np.float64]) -> float:
    """The area within a closed outline ``(n, 2)``, whose last point is the first."""
    y, x = (outline - outline[0]).T
    return abs(float(np.dot(y[:-1], x[1:]) - np.dot(x[:-1], y[1:]))) / 2
