"""Cells beside and over one another: how much they share, how alike their traces are.

Two footprints over one neuron, or over the same vessel, are found by both: they overlap, and their
traces rise and fall together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.definitions import NEIGHBOR_RADII
from napari_isx.analysis.rois import Roi

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MIN_OVERLAP: Final = 0.3
MIN_CORRELATION: Final = 0.7
"""From where two cells are suspected to be one.

EXTRACT takes one of two cells away, unasked, from a correlation of 0.95 of traces and 0.8 of
footprints. Here a person looks at both, so more are listed than are duplicates: neurons that lie
over one another do share light, seldom a third of their footprint and this much of their trace.
"""

_PIXELS_AT_ONCE: Final = 1 << 17


@dataclass(frozen=True, eq=False)
class NeighborPairs:
    """Pairs of cells that overlap or are near; ``(n_pairs,)`` each."""

    first: npt.NDArray[np.intp]
    """Indices of cells: the lower ones, in order."""
    second: npt.NDArray[np.intp]
    overlap: npt.NDArray[np.float64]
    """The larger of the two shares of weight that one has within the other."""
    correlation: npt.NDArray[np.float64]
    """Of their traces; NaN where undefined, or not computed yet."""

    def __len__(self) -> int:
        return len(self.first)


class Duplicate(NamedTuple):
    """Two cells that may be one."""

    first: int
    second: int
    overlap: float
    correlation: float


def suspected_duplicates(pairs: NeighborPairs) -> list[Duplicate]:
    """Pairs with a large overlap and much alike traces, the most suspicious first.

    Suspicion is overlap x correlation; pairs whose correlation is undefined are no suspects.
    """
    suspected = (pairs.overlap >= MIN_OVERLAP) & (pairs.correlation >= MIN_CORRELATION)
    chosen = np.flatnonzero(suspected)
    order = chosen[np.argsort(-pairs.overlap[chosen] * pairs.correlation[chosen], kind="stable")]
    columns = (pairs.first, pairs.second, pairs.overlap, pairs.correlation)
    rows = zip(*(column[order].tolist() for column in columns), strict=True)
    return [Duplicate(*row) for row in rows]


def shared_weights(rois: Sequence[Roi]) -> Iterator[tuple[float, csr_array | None]]:
    """Which share of its weight each cell has within each other, in pieces of well under 0.1 s.

    Yields how much is done, and with the last piece ``(n_cells, n_cells)``: the share of the row's
    cell within the column's.
    """
    from scipy.sparse import csr_array, vstack

    if not rois:
        yield 1.0, csr_array((0, 0))
        return
    weights, masks = _as_matrices(rois)
    blocks, start = [], 0
    while start < len(rois):
        yield start / len(rois), None
        enough = weights.indptr[start] + _PIXELS_AT_ONCE
        stop = max(int(np.searchsorted(weights.indptr, enough, "right")) - 1, start + 1)
        blocks.append(weights[start:stop] @ masks)
        start = stop
    shared = csr_array(vstack(blocks))
    total = shared.diagonal()
    # An empty cell has no row to divide.
    yield 1.0, csr_array(shared.multiply(1 / np.where(total > 0, total, 1)[:, None]))


def largest_overlap(shares: csr_array, rois: Sequence[Roi]) -> npt.NDArray[np.float64]:
    """``(n_cells,)``: the share of each cell within the other it shares most with; NaN if empty."""
    others = shares.tocoo()
    apart = others.row != others.col
    largest = np.array([np.nan if roi.is_empty else 0.0 for roi in rois])
    np.maximum.at(largest, others.row[apart], others.data[apart])
    return largest


def neighbor_pairs(
    rois: Sequence[Roi], shares: csr_array, pixel_size_um: tuple[float, float]
) -> NeighborPairs:
    """Pairs of cells that overlap, or whose centroids are within three median radii.

    The radius of a cell is that of a circle of its area.
    """
    from scipy.sparse import triu
    from scipy.spatial import cKDTree

    drawn = [i for i, roi in enumerate(rois) if not roi.is_empty]
    near = np.empty((0, 2), np.intp)
    if len(drawn) > 1:
        areas_um2 = np.array([rois[i].area_px for i in drawn]) * np.prod(pixel_size_um)
        reach = NEIGHBOR_RADII * float(np.median(np.sqrt(areas_um2 / np.pi)))
        centers = np.array([rois[i].centroid for i in drawn]) * pixel_size_um
        near = np.array(drawn)[cKDTree(centers).query_pairs(reach, output_type="ndarray")]
    overlapping = triu(shares.maximum(shares.T), 1).tocoo()
    # Both kinds of pair as one number, which sorts them by their cells.
    count = max(len(rois), 1)
    shared = overlapping.row.astype(np.int64) * count + overlapping.col
    codes = np.union1d(shared, near.min(axis=1).astype(np.int64) * count + near.max(axis=1))
    overlap = np.zeros(len(codes))
    overlap[np.searchsorted(codes, shared)] = overlapping.data
    first, second = np.divmod(codes.astype(np.intp), count)
    return NeighborPairs(first, second, overlap, np.full(len(codes), np.nan))


def _as_matrices(rois: Sequence[Roi]) -> tuple[csr_array, csr_array]:
    """The weights ``(n_cells, n_pixels)`` within masks, and the masks ``(n_pixels, n_cells)``."""
    from scipy.sparse import csr_array

    width = max(roi.left + roi.weights.shape[1] for roi in rois) + 1
    height = max(roi.top + roi.weights.shape[0] for roi in rois) + 1
    pixels, weights = [], []
    for roi in rois:
        rows, cols = np.nonzero(roi.mask)
        pixels.append((rows + roi.top) * width + cols + roi.left)
        weights.append(roi.weights[rows, cols].astype(np.float64))
    starts = np.concatenate([[0], np.cumsum([len(each) for each in pixels])])
    indices, data = np.concatenate(pixels), np.concatenate(weights)
    shape = (len(rois), width * height)
    by_cell = csr_array((data, indices, starts), shape=shape)
    masks = csr_array((np.ones(len(data)), indices, starts), shape=shape)
    return by_cell, csr_array(masks.T)
