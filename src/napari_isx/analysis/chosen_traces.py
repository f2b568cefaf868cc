"""The traces that an analysis is asked for, checked and z-scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellSet

Floats: TypeAlias = npt.NDArray[np.float64]
CellIndices: TypeAlias = Sequence[int] | npt.NDArray[np.integer[Any]] | None


class ChosenTraces(NamedTuple):
    """Traces, their timing, and which of them are asked for.

    Attributes
    ----------
    traces : numpy.ndarray
        ``(N, n_samples)``: of all cells.
    timing : Timing
    cells : numpy.ndarray
        ``(n_cells,)`` int64: the chosen ones.
    """

    traces: npt.NDArray[Any]
    timing: Timing
    cells: npt.NDArray[np.int64]


def choose_traces(
    cells: CellSet | npt.ArrayLike, timing: Timing | None, cell_indices: CellIndices
) -> ChosenTraces:
    """Take the accepted cells of a set, else the undecided ones; or all rows of an array.

    Raises
    ------
    ValueError
        An array without timing, a timing of another length, or cells that are not there.
    """
    if isinstance(cells, CellSet):
        traces, timing = cells.traces, timing or cells.timing
        accepted, undecided = (
            [i for i, one in enumerate(cells.statuses) if one == status]
            for status in ("accepted", "undecided")
        )
        default = accepted or undecided
    else:
        traces = np.asarray(cells)
        if traces.ndim != 2:
            raise ValueError(f"cells has one row for each cell; its shape is {traces.shape}")
        default = list(range(len(traces)))
    if timing is None:
        raise ValueError("timing says when the samples of an array were taken; it is missing")
    if not timing.period_s > 0:
        raise ValueError("timing has a period of 0 s: a still image has no time around an event")
    if traces.shape[1] != timing.num_samples:
        raise ValueError(
            f"timing has {timing.num_samples} samples, and cells has {traces.shape[1]}"
        )
    chosen = np.asarray(default if cell_indices is None else cell_indices)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise ValueError("cell_indices is a list of cells, by number from 0")
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(traces)):
        raise ValueError(f"cell_indices names a cell that is not among the {len(traces)}")
    return ChosenTraces(traces, timing, chosen.astype(np.int64))


class ZScored(NamedTuple):
    """Some cells z-scored over the whole recording.

    Attributes
    ----------
    values : numpy.ndarray
        ``(n_samples, n)``: 0 where a sample is missing, and for a constant trace.
    is_there : numpy.ndarray
        ``(n_samples, n)`` bool, or ``(n_samples, 1)`` where all cells have the same samples.
    mean, deviation : numpy.ndarray
        ``(n,)``: of the trace; the deviation has ``n`` in it, and is NaN for a constant trace.
    """

    values: Floats
    is_there: npt.NDArray[np.bool_]
    mean: Floats
    deviation: Floats


def z_scored(
    traces: npt.NDArray[Any], cells: npt.NDArray[np.int64], is_there: npt.NDArray[np.bool_]
) -> ZScored:
    """Read some cells; what `is_there` leaves out and what is NaN is missing."""
    values = np.array(traces[cells], np.float64).T
    there = is_there[:, None]
    sums = values.sum(axis=0)
    is_whole = bool(is_there.all() and np.isfinite(sums).all())
    if not is_whole:
        there = np.isfinite(values) & there
        if (there == there[:, :1]).all():
            there = there[:, :1]
        np.copyto(values, 0.0, where=~there)
        sums = values.sum(axis=0)
    count = np.maximum(there.sum(axis=0), 1)
    mean = sums / count
    values -= mean
    if not is_whole:
        np.copyto(values, 0.0, where=~there)
    deviation = np.sqrt(np.einsum("ij,ij->j", values, values) / count)
    # The mean of equal values can be off by its last digit, and so can each difference from it.
    varies = deviation > 1e-12 * np.abs(mean)
    values /= np.where(varies, deviation, 1.0)
    values[:, ~varies] = 0.0
    return ZScored(values, there, mean, np.where(varies, deviation, np.nan))
