"""What traces are aligned to: edges of a channel, events of a cell, parts of a series, a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.pulses import Edge, Pulses, find_pulses
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import Timing
from napari_isx.session.channel import Channel
from napari_isx.session.groups import CellGroup
from napari_isx.session.plot_rows import event_times_s
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.placed import Placed

TableClock = Literal["session", "file", "hardware"]
Times = npt.NDArray[np.float64]
Span = tuple[float, float]

_LOST_S: Final = 1.0
"""A gap in a series that is shorter is none between parts, but interleaved planes."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Named events, and what they are.

    Attributes
    ----------
    name : str
        What it is called in lists, columns and files.
    times_s : numpy.ndarray
        ``(n,)`` session times, rising.
    labels : tuple of str
        The condition of each event; empty where there are none.
    stops_s : numpy.ndarray or None
        ``(n,)`` session times at which each ends, where that is known.
    source : str
        Where they are from, in words for a methods section.
    recording : Recording or None
        Whose clock they are on, with which they move; None for times of the session alone.
    spans : mapping of str to sequence of (float, float)
        Session times that last, by label; an empty label is the events' name. Where there are none,
        `stops_s` makes them.
    key : object
        Equal for the same events, whatever they are called while other files are open.
    """

    name: str
    times_s: Times
    labels: tuple[str, ...] = ()
    stops_s: Times | None = None
    source: str = ""
    recording: Recording | None = None
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    key: object = None

    def __post_init__(self) -> None:
        order = np.argsort(self.times_s, kind="stable")
        object.__setattr__(self, "times_s", np.asarray(self.times_s, np.float64)[order])
        if self.labels:
            object.__setattr__(self, "labels", tuple(self.labels[i] for i in order.tolist()))
        if self.stops_s is not None:
            object.__setattr__(self, "stops_s", np.asarray(self.stops_s, np.float64)[order])

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def conditions(self) -> list[str]:
        """The labels, each once, in order of their first event."""
        return list(dict.fromkeys(self.labels))

    @property
    def epochs(self) -> dict[str, list[Span]]:
        """Session times that last, by label: while a line is on, in a zone, from start to stop."""
        epochs: dict[str, list[Span]] = {}
        if self.spans:
            return {label or self.name: list(spans) for label, spans in self.spans.items()}
        if self.stops_s is not None:
            labels = self.labels or ("",) * len(self)
            ends = zip(self.times_s.tolist(), self.stops_s.tolist(), strict=True)
            for label, span in zip(labels, ends, strict=True):
                epochs.setdefault(label or self.name, []).append(span)
        return epochs

    def renamed(self, name: str) -> Alignment:
        """The same under another name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class PulseRule:
    """How events are read off a channel; see :func:`find_pulses`."""

    edge: Edge = "rising"
    threshold: float = 0.5
    hysteresis: float = 0.1
    min_length_s: float = 0.0
    max_pause_s: float = 0.0

    @property
    def text(self) -> str:
        """The same in words."""
        words = f"{self.edge} edges at {100 * self.threshold:g} % of the maximum"
        if self.hysteresis:
            words += f" (hysteresis {100 * self.hysteresis:g} %)"
        if self.min_length_s:
            words += f", pulses of at least {self.min_length_s:g} s"
        if self.max_pause_s:
            words += f", trains with pauses of up to {self.max_pause_s:g} s as one"
        return words


def pulses_of(channel: Channel, rule: PulseRule, placed: Placed) -> Pulses:
    """When a channel is on, in seconds from the start of its recording."""
    last_s = float(channel.times_s[-1]) if len(channel.times_s) else 0.0
    return find_pulses(
        channel.times_s, channel.values, end_s=max(placed.timing.duration_s, last_s),
        threshold=rule.threshold, hysteresis=min(rule.hysteresis, rule.threshold),
        min_length_s=rule.min_length_s, max_pause_s=rule.max_pause_s,
    )  # fmt: skip


def channel_events(channel: Channel, rule: PulseRule, clock: Clock) -> Alignment:
    """Edges of a GPIO or analog channel, or entries to a zone and exits from it."""
    placed = clock.placed(channel.recording)
    pulses = pulses_of(channel, rule, placed)
    times_s = placed.to_session_s(pulses.edges_s(rule.edge))
    ends = zip(
        *(placed.to_session_s(one) for one in (pulses.starts_s, pulses.stops_s)), strict=True
    )
    spans = {"": [(float(start_s), float(stop_s)) for start_s, stop_s in ends]} if pulses else {}
    stops_s = None
    if rule.edge == "rising" and pulses.has_stop[pulses.has_start].all():
        stops_s = placed.to_session_s(pulses.stops_s[pulses.has_start])
    name, source = f"{channel.name} {rule.edge}", f"{channel.name}, {rule.text}"
    if is_zone(channel):
        what = "entry" if rule.edge == "rising" else "exit"
        name, source = f"{channel.name} {what}", f"each {what} of {channel.name}"
    return Alignment(name, times_s, (), stops_s, source, channel.recording, spans)


def is_zone(channel: Channel) -> bool:
    """Whether it says when the tracked animal is in a zone."""
    return channel.kind == "digital" and channel.name.startswith("Zone ")


def cell_events(group: CellGroup, cell: int, clock: Clock) -> Alignment:
    """The events of one cell."""
    name = group.names[cell]
    times_s = event_times_s(group, cell, clock)
    source = f"events of cell {name}"
    return Alignment(f"Events of {name}", times_s, source=source, recording=group.events)


def part_starts(recording: Recording, clock: Clock) -> Alignment:
    """When each part or trial of a series begins."""
    placed = clock.placed(recording)
    samples = starts_of_parts(placed.timing)
    times_s = placed.to_session_s(np.array(samples, np.float64) * placed.timing.period_s)
    stops = [*samples[1:], placed.timing.num_samples]
    stops_s = placed.to_session_s(np.array(stops, np.float64) * placed.timing.period_s)
    spans = {
        f"Part {number}": [span]
        for number, span in enumerate(zip(times_s.tolist(), stops_s.tolist(), strict=True), start=1)
    }
    source = f"parts of {recording.title}"
    return Alignment(
        f"Starts of {recording.title}", times_s, source=source, recording=recording, spans=spans
    )


def starts_of_parts(timing: Timing) -> list[int]:
    """The first sample, and each that follows a gap between parts."""
    return [0, *(
        last + 1
        for first, last in timing.gaps
        if (last + 1 - first) * timing.period_s >= _LOST_S and last + 1 < timing.num_samples
    )]  # fmt: skip


def read_event_table(
    path: Path, clock: TableClock = "session", placed: Placed | None = None
) -> Alignment:
    """Read events from a CSV file.

    Parameters
    ----------
    path : Path
        With columns ``time`` and, where wanted, ``label``; or ``start``, ``stop``, ``label``.
        Without a header the first column is the time and the second, if any, the label.
    clock : {"session", "file", "hardware"}
        Whether they are session times, seconds from the start of `placed`, or microseconds of its
        hardware counter.
    placed : Placed, optional
        The recording whose clock is meant; needed but for session times.

    Raises
    ------
    ValueError
        It has no such columns, or a line without a time.
    OSError
        It cannot be read.
    """
    table = _read_csv(path)
    starts_s = _numbers(path, table, "start" if "start" in table else "time")
    stops_s = _numbers(path, table, "stop") if "stop" in table else None
    labels: tuple[str, ...] = ()
    if "label" in table:
        labels = tuple("" if value != value else str(value) for value in table["label"])
    if stops_s is not None and (stops_s < starts_s).any():
        line = int(np.flatnonzero(stops_s < starts_s)[0]) + 1
        raise ValueError(f"Event {line} of {path.name} stops before it starts.")
    convert = _converter(clock, placed)
    return Alignment(
        path.stem, convert(starts_s), labels,
        None if stops_s is None else convert(stops_s), f"times in {path.name}",
    )  # fmt: skip


def _read_csv(path: Path) -> Any:
    import pandas as pd

    try:
        table = pd.read_csv(path, skipinitialspace=True)
        if table.columns.size and _is_number(table.columns[0]):
            table = pd.read_csv(path, skipinitialspace=True, header=None)
            others = map(str, range(2, table.columns.size))
            table.columns = pd.Index(["time", "label", *others][: table.columns.size])
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path.name} is no table of events: {error}") from error
    table.columns = pd.Index([_plain(str(name)) for name in table.columns])
    if not {"time", "start"} & set(table.columns):
        raise ValueError(
            f"{path.name} has no column called time or start. "
            f"Its columns are: {', '.join(table.columns)}."
        )
    return table


def _plain(name: str) -> str:
    """A column's name without its unit: "Time (s)" is "time"."""
    return name.split("(")[0].strip().lower()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, table: Any, column: str) -> Times:
    import pandas as pd

    numbers: Times = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        value = table[column].iloc[wrong[0]]
        raise ValueError(f"Event {wrong[0] + 1} of {path.name} has no {column}: {value!r}.")
    return numbers


def _converter(clock: TableClock, placed: Placed | None) -> Any:
    if clock == "session":
        return np.asarray
    if placed is None:
        raise ValueError("The times are those of a file: choose which of the open files it is.")
    if clock == "file":
        return placed.to_session_s
    hardware = placed.hardware
    if hardware is None:
        raise ValueError(f"{placed.recording.name} has no hardware counter to read these times by.")
    return lambda counts_us: placed.offset_s + (counts_us - hardware.start_us) / 1e6


def own_times_s(times_s: Times, placed: Placed) -> Times:
    """Session times in seconds from the start of a recording, as analysis takes them."""
    return np.array([placed.from_session_s(time_s) for time_s in times_s.tolist()])


def unique_name(name: str, taken: Sequence[str]) -> str:
    """A name that is not taken: "lick", "lick 2"."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name} {number}"
    return candidate
