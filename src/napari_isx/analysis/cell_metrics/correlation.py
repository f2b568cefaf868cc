"""How alike the traces of neighboring cells are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.neighbors import NeighborPairs
from napari_isx.analysis.cell_metrics.traces import ValidTraces
from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellSet

_CACHE_BYTES: Final = 256 << 20
_SAMPLES_AT_ONCE: Final = 1 << 19  # well under 0.1 s of work
_FEWEST_SAMPLES: Final = 3  # two points always lie on a line

_Trace = tuple[npt.NDArray[np.float32] | None, npt.NDArray[np.bool_] | None]
"""A trace of length 1, see :func:`_unit`, and None; or as read, and which samples are finite."""


def correlations(
    cells: CellSet, rois: Sequence[Roi], pairs: NeighborPairs
) -> Iterator[tuple[float, npt.NDArray[np.float64]]]:
    """Correlate the traces of pairs of cells, in pieces of well under 0.1 s.

    Pairs are taken from the top of the field to the bottom, so that a trace is read once and kept
    until its last neighbor is reached; of a set larger than memory only a band is kept.

    Yields how much is done, and ``(n_pairs,)``: Pearson's r over samples that are valid and
    finite in both; NaN where undefined, and where not computed yet.
    """
    found = pairs.correlation.copy()
    traces = ValidTraces(cells)
    num_samples = max(traces.num_samples, 1)

    @lru_cache(max(2, _CACHE_BYTES // (4 * num_samples)))
    def read(cell: int) -> _Trace:
        trace = traces.read(cell)
        finite = np.isfinite(trace)
        return (_unit(trace), None) if finite.all() else (trace.astype(np.float32), finite)

    at_once = max(1, _SAMPLES_AT_ONCE // num_samples)
    rows = np.array([roi.centroid[0] for roi in rois])
    order = np.argsort(np.minimum(rows[pairs.first], rows[pairs.second]), kind="stable")
    for done, k in enumerate(order.tolist(), start=1):
        found[k] = _correlation(read(int(pairs.first[k])), read(int(pairs.second[k])))
        if done % at_once == 0:
            yield done / len(order), found
    yield 1.0, found


def _correlation(one: _Trace, other: _Trace) -> float:
    """Pearson's r over the samples that both have; NaN if undefined."""
    x, y = one[0], other[0]
    finite = [each[1] for each in (one, other) if each[1] is not None]
    if x is not None and y is not None and finite:
        both = np.logical_and.reduce(finite)  # which these are differs from pair to pair
        x, y = _unit(x[both]), _unit(y[both])
    if x is None or y is None:
        return np.nan
    # In this thread alone: the library behind @ takes all cores, and needs them to be idle.
    return float(np.clip(np.einsum("i,i->", x, y), -1, 1))


def _unit(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32] | None:
    """Values centered, with squares that add up to 1; None where too few or all the same."""
    if len(values) < _FEWEST_SAMPLES or values.min() == values.max():
        return None
    centered = values - values.mean(dtype=np.float64)
    # Not linalg.norm: for one trace, to share the work among threads takes longer than to do it.
    unit: npt.NDArray[np.float64] = centered / np.sqrt(np.sum(centered * centered))
    return unit.astype(np.float32)
