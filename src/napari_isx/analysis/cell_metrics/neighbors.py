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
    """Pairs of cells that overlap or are near.

    Attributes
    ----------
    first, second : numpy.ndarray
        ``(n_pairs,)`` indices of cells, the lower one first, in order.
    overlap : numpy.ndarray
        ``(n_pairs,)``: the larger of the two shares of weight that one has within the other.
    correlation : numpy.ndarray
        ``(n_pairs,)``: of their traces; NaN where undefined, or not computed yet.
    """

    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    overlap: npt.NDArray[np.float64]
    correlation: npt.NDArray[np.float64]

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
    order = np.argsort(-pairs.overlap[chosen] * pairs.correlation[chosen], kind="stable")
    return [
        Duplicate(
            int(pairs.first[k]),
            int(pairs.second[k]),
            float(pairs.overlap[k]),
            float(pairs.correlation[k]),
        )
        for k in chosen[order]
    ]


def shared_weights(rois: Sequence[Roi]) -> Iterator[tuple[float, csr_array | None]]:
    """Which share of its weight each cell has within each other, in pieces of well under 0.1 s.

    Yields
    ------
    fraction : float
        How much is done.
    shares : scipy.sparse.csr_array or None
        With the last piece ``(n_cells, n_cells)``: of the row's cell within the column's.
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
    from scipy.spatial import cKDTree

    drawn = [i for i, roi in enumerate(rois) if not roi.is_empty]
    near = np.empty((0, 2), np.intp)
    if len(drawn) > 1:
        pixel_um2 = pixel_size_um[0] * pixel_size_um[1]
        areas = np.array([rois[i].area_px for i in drawn]) * pixel_um2
        reach = NEIGHBOR_RADII * float(np.median(np.sqrt(areas / np.pi)))
        centers = np.array([rois[i].centroid for i in drawn]) * pixel_size_um
        near = np.array(drawn)[cKDTree(centers).query_pairs(reach, output_type="ndarray")]
    first, second, overlap = _symmetric(shares)
    count = max(len(rois), 1)
    overlapping = first.astype(np.int64) * count + second
    low, high = near.min(axis=1), near.max(axis=1)
    codes = np.union1d(overlapping, low.astype(np.int64) * count + high)
    of_all = np.zeros(len(codes))
    of_all[np.searchsorted(codes, overlapping)] = overlap
    return NeighborPairs(
        (codes // count).astype(np.intp),
        (codes % count).astype(np.intp),
        of_all,
        np.full(len(codes), np.nan),
    )


def _symmetric(
    shares: csr_array,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Pairs that overlap, in order: lower index, higher index, larger share."""
    from scipy.sparse import triu

    pairs = triu(shares.maximum(shares.T), 1).tocsr()
    pairs.sort_indices()
    pairs = pairs.tocoo()
    return pairs.row.astype(np.intp), pairs.col.astype(np.intp), pairs.data.astype(np.float64)


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
