"""What is drawn in a row: traces with gaps, events, channels; and what to write beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.channel import Channel
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.timeline.clock import Clock

RowStyle = Literal["line", "steps", "digital"]


def _no_times() -> npt.NDArray[np.float64]:
    return np.empty(0)


def _no_values() -> npt.NDArray[np.float32]:
    return np.empty(0, np.float32)


@dataclass(frozen=True, eq=False)
class TraceRow:
    """One row of the plot.

    Attributes
    ----------
    times_s, values : numpy.ndarray
        ``(n_samples,)``: the trace in session time, NaN where a sample is invalid. Empty without
        a cell set. Of steps each value holds until the next time, and the last point is only
        where the value before it ends.
    event_times_s, event_values : numpy.ndarray
        ``(n_events,)``: the events and their amplitudes, in order of session time.
    units : str
        Of values and amplitudes, in the file's words; empty where it has none.
    style : {"line", "steps", "digital"}
        Digital rows are steps between 0 and 1, which need little room.
    color : str
        Of the trace; empty for that of the theme.
    """

    name: str
    status: CellStatus | None = None
    times_s: npt.NDArray[np.float64] = field(default_factory=_no_times)
    values: npt.NDArray[np.float32] = field(default_factory=_no_values)
    event_times_s: npt.NDArray[np.float64] = field(default_factory=_no_times)
    event_values: npt.NDArray[np.float32] = field(default_factory=_no_values)
    units: str = ""
    style: RowStyle = "line"
    color: str = ""

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value to draw, a little apart where all are the same."""
        if self.style == "digital":
            return 0.0, 1.0
        known = [bounds(values) for values in (self.values, self.event_values)]
        if len(self.event_values):
            known.append((0.0, 0.0))  # where the stems begin
        low = min((one[0] for one in known if one is not None), default=0.0)
        high = max((one[1] for one in known if one is not None), default=1.0)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def value_at(self, time_s: float) -> float | None:
        """The value of the sample or step at a time; None in a gap and outside."""
        place = int(np.searchsorted(self.times_s, time_s + _ROUNDING_S, "right")) - 1
        if place < 0 or not np.isfinite(self.values[place]):
            return None
        count = len(self.times_s)
        if place == count - 1:  # the last sample lasts as long as the one before
            last_s = self.times_s[-1] - self.times_s[-2] if count > 1 else 0.0
            if time_s > self.times_s[-1] + (last_s if self.style == "line" else 0.0):
                return None
        return float(self.values[place])


NO_ROW: Final = TraceRow("")
# Session times are sums of floating-point numbers.
_ROUNDING_S: Final = 1e-6


def bounds(values: npt.NDArray[np.float32]) -> tuple[float, float] | None:
    """Lowest and highest finite value, or None."""
    if not len(values):
        return None
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    if np.isfinite([low, high]).all():
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else None


def trace_rows(group: CellGroup, i: int, clock: Clock) -> list[TraceRow]:
    """Read all that is drawn of one cell, or of one vessel: its trace and its middle or direction.

    Raises IsxFileError: the file was shortened after it was opened.
    """
    if isinstance(group, VesselGroup):
        return _vessel_rows(group, i, clock)
    return [trace_row(group, i, clock)]


def trace_row(group: CellGroup, i: int, clock: Clock) -> TraceRow:
    """Read what is drawn of one cell; errors are those of :func:`trace_rows`."""
    times_s, values = _no_times(), _no_values()
    if group.cells is not None:
        times_s = clock.placed(group.cells).times_s
        values = _with_gaps(group.cells.trace(i), group.cells.timing)
    signal = group.events_of(i)
    return TraceRow(
        group.names[i],
        group.status(i),
        times_s,
        values,
        event_times_s(group, i, clock),
        signal.values if signal is not None else _no_values(),
        (group.cells.trace_units or "") if group.cells is not None else "",
    )


def event_times_s(group: CellGroup, i: int, clock: Clock) -> npt.NDArray[np.float64]:
    """Session times of a cell's events, ``(n_events,)``; none where none are known of it."""
    signal = group.events_of(i)
    if signal is None or group.events is None:
        return np.empty(0)
    return clock.placed(group.events).to_session_s(signal.times_s)


def channel_row(channel: Channel, clock: Clock) -> TraceRow:
    """What is drawn of a channel, in session time."""
    placed, own_s, values = clock.placed(channel.recording), channel.times_s, channel.values
    style: RowStyle = "line"
    if channel.kind != "dense":
        style = "digital" if channel.kind == "digital" else "steps"
        end_s = placed.timing.duration_s
        if len(own_s) and end_s > own_s[-1]:
            own_s, values = np.append(own_s, end_s), np.append(values, values[-1])
    times_s = placed.to_session_s(own_s)
    return TraceRow(channel.name, None, times_s, values, units=channel.units, style=style)


def _vessel_rows(group: VesselGroup, i: int, clock: Clock) -> list[TraceRow]:
    vessels, name, status = group.vessels, group.names[i], group.status(i)
    times_s = clock.placed(vessels).times_s
    is_velocity = vessels.vessel_type == "rbc velocity"
    second = vessels.direction_trace(i) if is_velocity else vessels.center_trace(i)
    # Files say nothing of the unit of centers; directions are degrees in all of them.
    also, also_units = ("direction", "deg") if is_velocity else ("center", "")
    drawn = [(name, status, vessels.trace(i), vessels.trace_units or "")]
    if second is not None:
        drawn.append((f"{name} {also}", None, second, also_units))
    return [
        TraceRow(title, said, times_s, _with_gaps(values, vessels.timing), units=units)
        for title, said, values, units in drawn
    ]


def _with_gaps(values: npt.NDArray[np.float32], timing: Timing) -> npt.NDArray[np.float32]:
    """Make invalid samples NaN, in place."""
    if timing.num_valid < len(values):
        values[~timing.valid_mask] = np.nan
    return values


def thin_steps(
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    start_s: float,
    stop_s: float,
    num_bins: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """The corners of steps, of no more than a plot can show: about ``8 * num_bins``.

    Where there are more steps than that, a bin of time shows the value that it starts with, the
    lowest and the highest, and the value that it ends with: a line that toggles within a bin
    fills it, and no pulse is too short to be seen. NaN is where the line breaks.
    """
    first = max(int(np.searchsorted(times_s, start_s, "right")) - 1, 0)
    last = min(int(np.searchsorted(times_s, stop_s)) + 1, len(times_s))
    times, part = times_s[first:last], values[first:last]
    num_bins = max(num_bins, 1)
    if len(times) <= 2 * num_bins or stop_s <= start_s:
        return np.repeat(times, 2)[1:], np.repeat(part, 2)[:-1]
    # Widths that are powers of two and edges at multiples of them stay when the view is moved.
    width = 2.0 ** np.floor(np.log2((stop_s - start_s) / num_bins))
    edges = np.arange(np.floor(start_s / width), np.ceil(stop_s / width) + 1) * width
    starts = np.unique(np.append(0, np.searchsorted(times, edges)))
    starts = starts[starts < len(times)]
    ends = np.append(starts[1:], len(times)) - 1
    before = part[np.maximum(starts - 1, 0)]
    lows, highs = np.fmin.reduceat(part, starts), np.fmax.reduceat(part, starts)
    corners = np.column_stack([before, lows, highs, part[ends]])
    at = np.column_stack([times[starts], times[starts], times[ends], times[ends]])
    return at.ravel(), corners.ravel()


def thin_out(
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    start_s: float,
    stop_s: float,
    num_bins: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Reduce a trace to what a plot can show: the extremes of each bin of time.

    A bin becomes NaN, a gap, where it has no valid sample. (pyqtgraph's own downsampling makes a
    gap of every bin with one invalid sample in it, so that a long trace with some dropped frames
    vanishes when the whole of it is shown.)
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
