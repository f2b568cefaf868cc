"""What is drawn of a cell: its trace with gaps, its events, and what to write beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells import CellStatus
from napari_isx.session.groups import CellGroup


@dataclass(frozen=True, eq=False)
class TraceRow:
    """One row of the plot.

    Attributes
    ----------
    name : str
        Of the cell.
    status : {"accepted", "undecided", "rejected"} or None
    times_s, values : numpy.ndarray
        ``(n_samples,)``: the trace, NaN where a sample is invalid. Empty without a cell set.
    event_times_s, event_values : numpy.ndarray
        ``(n_events,)``: the events and their amplitudes, in order of time.
    units : str
        Of values and amplitudes, in the file's words; empty where it has none.
    """

    name: str
    status: CellStatus | None
    times_s: npt.NDArray[np.float64]
    values: npt.NDArray[np.float32]
    event_times_s: npt.NDArray[np.float64]
    event_values: npt.NDArray[np.float32]
    units: str


def trace_row(group: CellGroup, i: int) -> TraceRow:
    """Read what is drawn of one cell.

    Raises
    ------
    IsxFileError
        The file was shortened after it was opened.
    """
    times_s, values = np.empty(0), np.empty(0, np.float32)
    if group.cells is not None:
        times_s, values = group.cells.timing.times_s, group.cells.trace(i)
        if group.cells.timing.num_valid < len(values):
            values[~group.cells.timing.valid_mask] = np.nan
    signal = group.events_of(i)
    return TraceRow(
        group.names[i],
        group.status(i),
        times_s,
        values,
        signal.times_s if signal is not None else np.empty(0),
        signal.values if signal is not None else np.empty(0, np.float32),
        (group.cells.trace_units or "") if group.cells is not None else "",
    )


def thin_out(
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    start_s: float,
    stop_s: float,
    num_bins: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Reduce a trace to what a plot can show: the extremes of each bin of time.

    A bin becomes NaN, a gap, where it has no valid sample. (The plotting library's own
    downsampling makes a gap of every bin with one invalid sample in it, so that a long trace with
    some dropped frames vanishes when the whole of it is shown.)

    Parameters
    ----------
    times_s, values : numpy.ndarray
        ``(n,)``, times rising; NaN where invalid.
    start_s, stop_s : float
        The part that is shown.
    num_bins : int
        About the width of the plot in pixels.

    Returns
    -------
    times_s, values : numpy.ndarray
        At most about ``2 * num_bins`` points; the samples themselves where they are as few.
    """
    first = max(int(np.searchsorted(times_s, start_s)) - 1, 0)
    last = min(int(np.searchsorted(times_s, stop_s)) + 1, len(times_s))
    num_bins = max(num_bins, 1)
    if last - first <= 2 * num_bins:
        return times_s[first:last], values[first:last]
    size = -(-(last - first) // num_bins)
    # Bins start at multiples of their size, so that a trace does not shimmer when it is moved.
    first -= first % size
    edges = np.arange(first, last, size)
    part = values[:last]
    extremes = np.column_stack([np.fmin.reduceat(part, edges), np.fmax.reduceat(part, edges)])
    return np.repeat(times_s[edges], 2), extremes.ravel()
