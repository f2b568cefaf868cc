"""How alike the traces of neighboring cells are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.neighbors import NeighborPairs
from napari_isx.analysis.cell_metrics.traces import ValidTraces
from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellSet

_CACHE_BYTES: Final = 256 << 20
_SAMPLES_AT_ONCE: Final = 1 << 19  # well under 0.1 s of work
_FEWEST_SAMPLES: Final = 3  # two points always lie on a line


def correlations(
    cells: CellSet, rois: Sequence[Roi], pairs: NeighborPairs
) -> Iterator[tuple[float, npt.NDArray[np.float64]]]:
    """Correlate the traces of pairs of cells, in pieces of well under 0.1 s.

    Pairs are taken from the top of the field to the bottom, so that a trace is read once and kept
    until its last neighbor is reached; of a set larger than memory only a band is kept.

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
    num_samples = max(traces.num_samples, 1)
    read = lru_cache(max(2, _CACHE_BYTES // (4 * num_samples)))(lambda i: _Trace.of(traces.read(i)))
    at_once = max(1, _SAMPLES_AT_ONCE // num_samples)
    rows = np.array([roi.centroid[0] for roi in rois])
    order = np.argsort(np.minimum(rows[pairs.first], rows[pairs.second]), kind="stable")
    for done, k in enumerate(order.tolist(), start=1):
        found[k] = _correlation(read(int(pairs.first[k])), read(int(pairs.second[k])))
        if done % at_once == 0:
            yield done / len(order), found
    yield 1.0, found


class _Trace(NamedTuple):
    """A trace, ready to be correlated.

    Attributes
    ----------
    values : numpy.ndarray or None
        ``(n_samples,)`` float32: of length 1, see :func:`_unit`, or as read where some are missing.
    finite : numpy.ndarray or None
        ``(n_samples,)``: which samples are; None where all are.
    """

    values: npt.NDArray[np.float32] | None
    finite: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, trace: npt.NDArray[np.float64]) -> _Trace:
        finite = np.isfinite(trace)
        if finite.all():
            return cls(_unit(trace), None)
        return cls(trace.astype(np.float32), finite)


def _correlation(one: _Trace, other: _Trace) -> float:
    """Pearson's r over the samples that both have; NaN if undefined."""
    x, y = one.values, other.values
    if x is not None and y is not None and not (one.finite is None and other.finite is None):
        # Which these are differs from pair to pair.
        both = np.logical_and.reduce(
            [each.finite for each in (one, other) if each.finite is not None]
        )
        x, y = _unit(x[both]), _unit(y[both])
    if x is None or y is None:
        return np.nan
    # In this thread alone: the library behind @ takes all cores, and needs them to be idle.
    return float(np.clip(np.einsum("i,i->", x, y), -1, 1))


def _unit(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32] | None:
    """Values centerd, with squares that add up to 1; None where they are too few or do not vary."""
    if len(values) < _FEWEST_SAMPLES or values.min() == values.max():
        return None
    centered = values - values.mean(dtype=np.float64)
    # Not linalg.norm: for one trace, to share the work among threads takes longer than to do it.
    unit: npt.NDArray[np.float32] = (centered / np.sqrt(np.sum(centered * centered))).astype(
        np.float32
    )
    return unit
