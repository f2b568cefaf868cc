"""What the responses of cells are asked of: which events, which of them, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_isx.analysis.conditions import ConditionDifference, compare_conditions
from napari_isx.analysis.event_responses import Normalize, PeriEvent, Range, peri_event
from napari_isx.io.base.recording import Recording
from napari_isx.io.errors import IsxFileError
from napari_isx.session.alignment import (
    Alignment,
    PulseRule,
    TableClock,
    Times,
    cell_events,
    channel_events,
    is_zone,
    own_times_s,
    part_starts,
    read_event_table,
    starts_of_parts,
    unique_name,
)
from napari_isx.session.channel import Channel
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.session.marks import Marks
from napari_isx.session.session import Session
from napari_isx.timeline.placed import Placed

MARKS: Final = "Marks"


@dataclass(frozen=True)
class Settings:
    """How responses are computed; see :func:`peri_event`."""

    rule: PulseRule = field(default_factory=PulseRule)
    window_s: Range = (-2.0, 2.0)
    baseline_s: Range = (-1.0, 0.0)
    response_s: Range = (0.0, 1.0)
    shuffles: int = 1000
    seed: int = 0
    alpha: float = 0.05
    normalize: Normalize = "recording"


class Source(NamedTuple):
    """Something that traces can be aligned to.

    Attributes
    ----------
    title : str
        Unique among those that there are.
    make : callable
        Reads the events.
    """

    title: str
    make: Callable[[], Alignment]


@dataclass(frozen=True, eq=False)
class Computed:
    """Responses with the events that they are to.

    Attributes
    ----------
    group : CellGroup
    alignment : Alignment
        All events, excluded ones too.
    events : numpy.ndarray
        ``(n,)``: which of them were given to :func:`peri_event`, in its order.
    result : PeriEvent
    difference : ConditionDifference or None
        Between the first two labels of averaged events; None where they have no two.
    """

    group: CellGroup
    alignment: Alignment
    events: npt.NDArray[np.int64]
    result: PeriEvent
    difference: ConditionDifference | None = None

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """``(n_events,)``: the averaged events, as indices of the alignment's."""
        return self.events[self.result.kept_events]


class Responses:
    """Which events are looked at, which of them are excluded, and the settings.

    Parameters
    ----------
    session : Session
    """

    changed: ClassVar[Signal] = Signal()
    """Other events, exclusions or settings."""
    sources_changed: ClassVar[Signal] = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._settings = Settings()
        self._tables: list[_Table] = []
        self._picked: str | None = None
        self._excluded: dict[tuple[object, str], dict[float, str]] = {}
        self._cell: tuple[CellGroup, int] | None = None  # whose events are looked at
        self._marks: WeakKeyDictionary[Recording, Marks] = WeakKeyDictionary()
        session.recordings_changed.connect(self.sources_changed.emit)
        session.groups_changed.connect(self.sources_changed.emit)
        session.channels.changed.connect(self.sources_changed.emit)

    @property
    def settings(self) -> Settings:
        """How responses are computed."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        if settings != self._settings:
            self._settings = settings
            self.changed.emit()

    @property
    def picked(self) -> str | None:
        """The title of the source that is looked at; None before one is picked."""
        return self._picked if self._picked in dict(self.sources()) else None

    def pick(self, title: str | None) -> None:
        """Look at other events."""
        if title != self._picked:
            group, selected = self._session.group, self._session.selected
            if group is not None and selected and title == _events_of(group, selected[-1]):
                self._cell = group, selected[-1]
            self._picked = title
            self.changed.emit()

    def pick_channel(self, channel: Channel) -> None:
        """Look at the edges of a channel."""
        self.pick(self._title(channel))

    def sources(self) -> list[Source]:
        """All that traces can be aligned to now."""
        session = self._session
        sources = [
            Source(self._title(channel), partial(self._of_channel, channel))
            for channel in session.channels
            if not (channel.kind == "dense" or channel.is_constant or channel.is_of_frames)
            if self.is_of_sitting(channel.recording)
        ]
        group = session.group
        if group is not None and group.events is not None:
            # Those of the cell that was picked stay while the responses of others are looked at.
            picked = [self._cell[1]] if self._cell is not None and self._cell[0] is group else []
            for cell in dict.fromkeys((*picked, *session.selected[-1:])):
                make = partial(cell_events, group, cell, session.clock)
                sources.append(Source(_events_of(group, cell), make))
        for placed in session.clock.all_placed:
            if len(starts_of_parts(placed.timing)) > 1 and self.is_of_sitting(placed.recording):
                title = f"Starts of {placed.recording.title}"
                sources.append(Source(title, partial(part_starts, placed.recording, session.clock)))
        marks, recording = self.marks, self._marked
        if marks is not None and recording is not None and len(marks):
            sources.append(Source(MARKS, self._of_marks))
        # Times of a file that is closed, or of another day than the cells, are on no clock here.
        for events, of in self._tables:
            placed_of = self._placed_of(of)
            if placed_of is None:
                continue
            if self.is_of_sitting(placed_of.recording):
                sources.append(Source(events.name, partial(_on_clock, events, placed_of)))
        return sources

    def _placed_of(self, key: object) -> Placed | None:
        """The open recording of this key, opened again or not."""
        placed = self._session.clock.all_placed
        return next((one for one in placed if _key(one.recording) == key), None)

    def is_of_sitting(self, recording: Recording) -> bool:
        """Whether it was recorded with the cells: not on another day, or of another animal."""
        group, clock = self._session.group, self._session.clock
        cells = group.recording if group is not None else None
        if cells is None or cells not in clock or recording not in clock:
            return True
        return clock.placed(recording).sitting == clock.placed(cells).sitting

    @property
    def marks(self) -> Marks | None:
        """The marks of the first recording that is open; None where nothing is."""
        recording = self._marked
        if recording is None:
            return None
        if recording not in self._marks:
            self._marks[recording] = Marks(recording)
        return self._marks[recording]

    def mark(self, time_s: float) -> None:
        """Mark a session time, or take the mark away that is there."""
        marks, recording = self.marks, self._marked
        if marks is None or recording is None:
            return
        own_s = self._session.clock.placed(recording).from_session_s(time_s)
        near = marks.near(own_s)
        if near is not None:
            marks.remove(near)
        else:
            marks.add(own_s)
        self._on_marks()

    def undo_mark(self) -> None:
        """Take the last change of a mark back."""
        if self.marks is not None and self.marks.undo():
            self._on_marks()

    def read_table(
        self, path: Path, clock: TableClock = "session", recording: Recording | None = None
    ) -> None:
        """Have the events of a CSV file among the sources, and look at them.

        Raises
        ------
        ValueError, OSError
            It is no such table, or cannot be read.
        """
        placed = self._session.clock.placed(recording) if recording is not None else None
        table = read_event_table(path, clock, placed)
        recording = recording or self._marked
        if recording is None:
            raise ValueError("Open a recording first, whose time the table's is.")
        taken = [*(one.title for one in self.sources()), *(one.name for one, _ in self._tables)]
        table = table.renamed(unique_name(table.name, taken))
        # Second 0 of the session moves when an earlier recording is opened; that of a file stays.
        own = self._session.clock.placed(recording)
        stops_s = None if table.stops_s is None else own_times_s(table.stops_s, own)
        table = replace(table, times_s=own_times_s(table.times_s, own), stops_s=stops_s)
        self._tables.append(_Table(table, _key(recording)))
        self.sources_changed.emit()
        self.pick(table.name)

    def table_clocks(self) -> dict[str, tuple[TableClock, Recording | None]]:
        """What the times of a table may be, in words; see :meth:`read_table`."""
        clocks: dict[str, tuple[TableClock, Recording | None]] = {
            "seconds of the session, as the plots have it": ("session", None)
        }
        for placed in self._session.clock.all_placed:
            if self.is_of_sitting(placed.recording):
                name = placed.recording.name
                title = unique_name(f"seconds from the start of {name}", list(clocks))
                clocks[title] = "file", placed.recording
                if placed.hardware is not None:
                    title = unique_name(f"microseconds of the hardware of {name}", list(clocks))
                    clocks[title] = "hardware", placed.recording
        return clocks

    @property
    def picked_channel(self) -> Channel | None:
        """The channel whose edges are looked at."""
        channels = (one for one in self._session.channels if self._title(one) == self._picked)
        return next(channels, None)

    @property
    def threshold(self) -> tuple[Channel, float] | None:
        """The channel that is looked at, and the value above which it is on; None of a line."""
        channel = self.picked_channel
        if channel is None or channel.kind == "digital":
            return None
        return channel, self._settings.rule.threshold * _largest(channel)

    def set_threshold(self, value: float) -> None:
        """Have the channel that is looked at be on above a value."""
        channel = self.picked_channel
        if channel is not None and (largest := _largest(channel)) > 0:
            part = min(max(value / largest, 0.0), 0.99)
            self.settings = replace(
                self._settings, rule=replace(self._settings.rule, threshold=part)
            )

    def alignment(self) -> Alignment | None:
        """The events that are looked at, excluded ones too; None where none are picked."""
        make = dict(self.sources()).get(self._picked or "")
        return make() if make is not None else None

    def reason(self, alignment: Alignment, event: int) -> str | None:
        """Why an event is excluded; None where it is not."""
        return self._excluded_of(alignment).get(self._own_time_s(alignment, event))

    def exclude(self, alignment: Alignment, event: int, reason: str = "by hand") -> None:
        """Leave an event out of all numbers, or take it in again."""
        excluded = self._excluded_of(alignment)
        time_s = self._own_time_s(alignment, event)
        if excluded.pop(time_s, None) is None:
            excluded[time_s] = reason
        self.changed.emit()

    def include_all(self) -> None:
        """Take all excluded events in again, of those that are looked at."""
        alignment = self.alignment()
        if alignment is not None and (excluded := self._excluded_of(alignment)):
            excluded.clear()
            self.changed.emit()

    def _excluded_of(self, alignment: Alignment) -> dict[float, str]:
        """By own time: those of another file of equal names are others."""
        return self._excluded.setdefault((_key(alignment.recording), alignment.name), {})

    def _own_time_s(self, alignment: Alignment, event: int) -> float:
        """Seconds of the file that has the event, which stay when others are opened."""
        time_s = float(alignment.times_s[event])
        placed = self._placed_of(_key(alignment.recording))
        return round(time_s if placed is None else placed.from_session_s(time_s), 4)

    def computing(self) -> tuple[str, Callable[[], Iterator[Computed]] | None]:
        """What computes the responses, or why there is nothing to compute."""
        group = self._session.group
        if group is None or isinstance(group, VesselGroup) or group.cells is None:
            return "Open a cell set to see how its cells respond.", None
        channel = self.picked_channel
        if channel is not None and not self.is_of_sitting(channel.recording):
            when = "was recorded on another day, or of another animal, than these cells."
            return f"{self._title(channel)} of {channel.recording.title} {when}", None
        if not self.sources():
            return "Open a GPIO file or a table of times, or mark times with a key.", None
        if self.picked is None:
            return "Choose above what to align to, or press a channel in Traces.", None
        try:
            alignment = self.alignment()
        except (IsxFileError, OSError, ValueError) as error:
            return str(error), None
        if alignment is None or not len(alignment):
            return f"{self._picked} has no event. Other settings may find some.", None
        # All that may change meanwhile is read here, and the traces alone in the other thread.
        used = [i for i in range(len(alignment)) if self.reason(alignment, i) is None]
        events = np.array(used, np.int64)
        times_s = own_times_s(alignment.times_s, self._session.clock.placed(group.cells))[events]
        return "", partial(
            _compute, group, alignment, events, times_s, cells_of(group), self._settings
        )

    @property
    def _marked(self) -> Recording | None:
        """The first recording that is open, of those made with the cells."""
        placed = (one.recording for one in self._session.clock.all_placed)
        return next((one for one in placed if self.is_of_sitting(one)), None)

    def _on_marks(self) -> None:
        self.sources_changed.emit()
        if self._picked == MARKS:
            self.changed.emit()

    def _of_marks(self) -> Alignment:
        marks, recording = self.marks, self._marked
        if marks is None or recording is None:
            raise ValueError("Nothing is open that has marks.")
        return marks.alignment(self._session.clock.placed(recording))

    def _of_channel(self, channel: Channel) -> Alignment:
        made = channel_events(channel, self._settings.rule, self._session.clock)
        return made.renamed(self._title(channel))

    def _title(self, channel: Channel) -> str:
        """Told apart by its file where two channels have one name."""
        alike = [one for one in self._session.channels if one.name == channel.name]
        if len(alike) > 1:
            return f"{channel.name} ({channel.recording.title})"
        return f"{channel.name} (zone)" if is_zone(channel) else channel.name


def cells_of(group: CellGroup) -> list[int]:
    """The accepted cells as decided now, saved or not; where there are none the undecided ones."""
    statuses = [group.status(i) for i in range(len(group.names))]
    accepted, undecided = (
        [i for i, one in enumerate(statuses) if one == status]
        for status in ("accepted", "undecided")
    )
    return accepted or undecided


def _events_of(group: CellGroup, cell: int) -> str:
    return f"Events of {group.names[cell]}"


def _compute(
    group: CellGroup,
    alignment: Alignment,
    events: npt.NDArray[np.int64],
    times_s: Times,
    cells: list[int],
    settings: Settings,
) -> Iterator[Computed]:
    if group.cells is None:
        return
    result = peri_event(
        group.cells, times_s, cell_indices=cells,
        window_s=settings.window_s, baseline_s=settings.baseline_s,
        response_s=settings.response_s, shuffles=settings.shuffles, seed=settings.seed,
        alpha=settings.alpha, normalize=settings.normalize,
    )  # fmt: skip
    labels = [alignment.labels[event] for event in events.tolist()] if alignment.labels else []
    known = list(dict.fromkeys(labels[i] for i in result.kept_events.tolist())) if labels else []
    difference = None
    if len(known) > 1:
        difference = compare_conditions(result, labels, known[0], known[1], seed=settings.seed)
    yield Computed(group, alignment, events, result, difference)


def _largest(channel: Channel) -> float:
    known = channel.values[np.isfinite(channel.values)]
    return float(known.max(initial=0.0))


class _Table(NamedTuple):
    """Events in seconds from the start of a recording, and which that is."""

    events: Alignment
    of: object


def _key(recording: Recording | None) -> object:
    """The same for a file that is closed and opened again."""
    return recording if recording is None or recording.path is None else recording.path


def _on_clock(table: Alignment, placed: Placed) -> Alignment:
    stops_s = None if table.stops_s is None else placed.to_session_s(table.stops_s)
    times_s = placed.to_session_s(table.times_s)
    return replace(table, times_s=times_s, stops_s=stops_s, recording=placed.recording)
