"""What traces say of cells: noise, skewness, activity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.definitions import ACTIVE_MADS, PEAK_PERCENTILE
from napari_isx.io.cells.cell_set import CellSet

_SAMPLES_AT_ONCE: Final = 1 << 20  # about 0.05 s of work


class ValidTraces:
    """The traces of a cell set without the samples that hold no data: `num_samples` are left.

    Read cell by cell and not mapped, so that a file that is shortened meanwhile is an error.
    """

    def __init__(self, cells: CellSet) -> None:
        self._cells = cells
        timing = cells.timing
        self.num_samples = timing.num_valid
        self._valid = timing.valid_mask if timing.num_valid < timing.num_samples else None

    def read(self, cell: int) -> npt.NDArray[np.float64]:
        """``(num_samples,)``: the valid samples of a cell, in which NaN can occur."""
        trace = self._cells.trace(cell)
        return np.asarray(trace if self._valid is None else trace[self._valid], np.float64)


class TraceMeasures(NamedTuple):
    """What is measured of a trace; NaN where undefined."""

    mad: float = np.nan
    """Median absolute deviation from the median."""
    skewness: float = np.nan
    activity: float = np.nan
    """The share of samples more than five MADs above the median."""
    peak: float = np.nan
    """How far the 99.9th percentile is above the median."""


def measure_trace(trace: npt.NDArray[np.float64], with_peak: bool = True) -> TraceMeasures:
    """Measure one trace ``(n_samples,)``; samples that are not finite do not count."""
    finite = np.isfinite(trace)
    values = trace if finite.all() else trace[finite]
    if not len(values):
        return TraceMeasures()
    above = values - quantile(values, 0.5)
    mad = quantile(np.abs(above), 0.5)
    activity = np.count_nonzero(above > ACTIVE_MADS * mad) / len(values)
    peak = quantile(above, PEAK_PERCENTILE / 100) if with_peak else np.nan
    return TraceMeasures(mad, _skewness(values), activity, peak)


def quantile(values: npt.NDArray[np.float64], share: float) -> float:
    """A quantile of finite values ``(n,)``, n > 0, as NumPy's, in an eighth of its time.

    NumPy looks for several places at once, and for NaN, and cannot use its quick partition.
    """
    place = (len(values) - 1) * share
    below = int(place)
    parted = np.partition(values, below)
    value = float(parted[below])
    if place > below:
        value += (place - below) * (float(parted[below + 1 :].min()) - value)
    return value


def _skewness(values: npt.NDArray[np.float64]) -> float:
    """Skewness of finite values, as SciPy's in a fifth of its time; NaN where all are the same."""
    if values.min() == values.max():
        return np.nan
    deviations = values - values.mean()
    deviations /= np.abs(deviations).max()  # its powers neither overflow nor vanish
    squares = deviations * deviations
    return float(np.mean(squares * deviations) / np.mean(squares) ** 1.5)


def measure_traces(
    cells: CellSet, with_peak: bool
) -> Iterator[tuple[float, npt.NDArray[np.float64]]]:
    """Measure all traces, in pieces of well under 0.1 s.

    Yields how much is done, and ``(n_cells, 4)`` in the order of :class:`TraceMeasures`, NaN
    where not done yet.
    """
    traces = ValidTraces(cells)
    table = np.full((cells.num_cells, len(TraceMeasures._fields)), np.nan)
    at_once = max(1, _SAMPLES_AT_ONCE // max(traces.num_samples, 1))
    for i in range(cells.num_cells):
        table[i] = measure_trace(traces.read(i), with_peak)
        if (i + 1) % at_once == 0:
            yield (i + 1) / cells.num_cells, table
    yield 1.0, table
