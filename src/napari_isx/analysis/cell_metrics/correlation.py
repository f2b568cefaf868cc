"""How alike the traces of neighboring cells are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.neighbors import NeighborPairs
from napari_isx.analysis.cell_metrics.traces import ValidTraces
from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellSet

_CELLS_AT_ONCE: Final = 64
_BLOCK_BYTES: Final = 16 << 20
_CACHE_BYTES: Final = 256 << 20
# From so many of the 4,096 pairs of two blocks on, all of them at once are quicker.
_MANY_PAIRS: Final = 512
_ROUNDING: Final = 1e-10
_FEWEST_SAMPLES: Final = 3  # two points always lie on a line


def correlations(
    cells: CellSet, rois: Sequence[Roi], pairs: NeighborPairs
) -> Iterator[tuple[float, npt.NDArray[np.float64]]]:
    """Correlate the traces of pairs of cells, in pieces of about 0.1 s.

    Traces are read in blocks of cells that lie in one band of the field, most of whose neighbors
    are in the same block or the next, and multiplied block by block: memory is bounded, and pairs
    that are far apart are hardly computed.

    Yields
    ------
    fraction : float
        How much is done.
    correlation : numpy.ndarray
        ``(n_pairs,)``: Pearson's r over samples that are valid and finite in both; NaN where
        undefined, and where not computed yet.
    """
    found = pairs.correlation.copy()
    traces = ValidTraces(cells)
    paired = np.union1d(pairs.first, pairs.second)
    order = paired[np.argsort([rois[i].centroid[0] for i in paired], kind="stable")]
    row_bytes = 4 * max(traces.num_samples, 1)
    size = int(np.clip(_BLOCK_BYTES // row_bytes, 1, _CELLS_AT_ONCE))
    place = np.empty(len(rois), np.intp)
    place[order] = np.arange(len(order))

    def block(number: int) -> _Block:
        return _Block.read(traces, order[number * size : (number + 1) * size])

    cached: Callable[[int], _Block] = lru_cache(max(2, _CACHE_BYTES // (size * row_bytes)))(block)
    low = np.minimum(place[pairs.first], place[pairs.second])
    high = np.maximum(place[pairs.first], place[pairs.second])
    tiles = np.column_stack([low // size, high // size])
    by_tile = np.lexsort((tiles[:, 1], tiles[:, 0]))
    ends = np.flatnonzero(np.any(np.diff(tiles[by_tile], axis=0), axis=1)) + 1
    groups = np.split(by_tile, ends) if len(by_tile) else []
    for done, chosen in enumerate(groups, start=1):
        above, below = tiles[chosen[0]]
        rows_of, cols_of = low[chosen] % size, high[chosen] % size
        found[chosen] = _correlate(cached(int(above)), cached(int(below)), rows_of, cols_of)
        yield done / len(groups), found
    if not groups:
        yield 1.0, found


@dataclass(frozen=True, eq=False)
class _Block:
    """Traces of some cells, centred and of length 1, or 0 where that is not possible.

    Attributes
    ----------
    values : numpy.ndarray
        ``(n, n_samples)`` float32; 0 where not finite.
    finite : numpy.ndarray or None
        ``(n, n_samples)``: which samples are; None where all are.
    flat : numpy.ndarray
        ``(n,)``: which traces are 0, because they do not vary or have too few samples.
    """

    values: npt.NDArray[np.float32]
    finite: npt.NDArray[np.bool_] | None
    flat: npt.NDArray[np.bool_]

    @classmethod
    def read(cls, traces: ValidTraces, cells: npt.NDArray[np.intp]) -> _Block:
        values = np.zeros((len(cells), traces.num_samples), np.float32)
        finite = np.ones(values.shape, np.bool_)
        flat = np.ones(len(cells), np.bool_)
        for row, cell in enumerate(cells):
            trace = traces.read(int(cell))
            known = np.isfinite(trace, out=finite[row])
            used = trace[known]
            if len(used) >= _FEWEST_SAMPLES and used.min() < used.max():
                values[row, known] = _unit_length(used)
                flat[row] = False
        return cls(values, None if finite.all() else finite, flat)


def _unit_length(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values that vary, centred and with squares that add up to 1."""
    centred = values - values.mean()
    centred /= np.abs(centred).max()  # its squares neither overflow nor vanish
    # Not linalg.norm: for one trace, to share the work among threads takes longer than to do it.
    unit: npt.NDArray[np.float64] = centred / np.sqrt(np.sum(centred * centred))
    return unit


def _correlate(
    one: _Block, other: _Block, rows: npt.NDArray[np.intp], cols: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """``(n_pairs,)`` correlations of rows of one block with rows of another; NaN if undefined."""
    undefined = one.flat[rows] | other.flat[cols]
    if one.finite is None and other.finite is None:
        found = _products(one.values, other.values, rows, cols)
        found[undefined] = np.nan
        return np.clip(found, -1, 1)
    # Sums over the samples that both have, which differ from pair to pair.
    x, y = one.values.astype(np.float64), other.values.astype(np.float64)
    in_x, in_y = _as_numbers(one), _as_numbers(other)
    count = _products(in_x, in_y, rows, cols)
    sums = [(x, in_y), (in_x, y), (x**2, in_y), (in_x, y**2), (x, y)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y, square_x, square_y, product = (
            _products(left, right, rows, cols) / count for left, right in sums
        )
        variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
        found = (product - mean_x * mean_y) / np.sqrt(variance_x * variance_y)
        # What is left of a trace that is flat over these samples is rounding.
        undefined |= (variance_x <= _ROUNDING * square_x) | (variance_y <= _ROUNDING * square_y)
    found[undefined | (count < _FEWEST_SAMPLES)] = np.nan
    return np.clip(found, -1, 1)


def _products(
    one: npt.NDArray[Any],
    other: npt.NDArray[Any],
    rows: npt.NDArray[np.intp],
    cols: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    """``(n_pairs,)``: scalar products of rows of one array with rows of another."""
    if len(rows) > _MANY_PAIRS:
        whole: npt.NDArray[np.float64] = (one @ other.T)[rows, cols].astype(np.float64)
        return whole
    # In this thread alone: the library behind @ takes all cores, and needs them to be idle.
    pairs = zip(rows, cols, strict=True)
    return np.array([np.einsum("i,i->", one[i], other[j]) for i, j in pairs], np.float64)


def _as_numbers(block: _Block) -> npt.NDArray[np.float64]:
    if block.finite is None:
        return np.ones(block.values.shape)
    return block.finite.astype(np.float64)
