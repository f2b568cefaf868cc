"""Where the events are from that responses are asked of: channels, cells, parts, marks, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, NamedTuple
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_isx.io.base.recording import Recording
from napari_isx.session.alignment import (
    Alignment,
    PulseRule,
    TableClock,
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
from napari_isx.session.groups import CellGroup
from napari_isx.session.marks import Marks
from napari_isx.session.session import Session
from napari_isx.timeline.placed import Placed


class Key(NamedTuple):
    """What a source is, whatever it is called while other files are open.

    Attributes
    ----------
    kind : str
    of : object
        The path of its file, or what has none.
    which : object
        Which of the file's.
    """

    kind: str
    of: object = None
    which: object = None


MARKS: Final = Key("marks")


class Source(NamedTuple):
    """Something that traces can be aligned to.

    Attributes
    ----------
    title : str
        Unique among those that there are.
    key : Key
    make : callable
        Reads the events, those of a channel by a rule.
    """

    title: str
    key: Key
    make: Callable[[PulseRule], Alignment]


class EventSources:
    """All that traces can be aligned to in a session.

    Parameters
    ----------
    session : Session
    """

    sources_changed: ClassVar[Signal] = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tables: list[_Table] = []
        self._marks: WeakKeyDictionary[Recording, Marks] = WeakKeyDictionary()
        session.recordings_changed.connect(self.sources_changed.emit)
        session.groups_changed.connect(self.sources_changed.emit)
        session.channels.changed.connect(self.sources_changed.emit)

    @property
    def keys_in_use(self) -> Sequence[Key]:
        """Of sources that stay while others are selected."""
        return ()

    def sources(self) -> list[Source]:
        """All that there are now."""
        sources: list[Source] = []
        for title, key, make in self._found():
            unique = unique_name(title, [one.title for one in sources])
            named = partial(_named, unique, key, make)
            sources.append(Source(unique, key, named))
        return sources

    def source(self, key: Key | None) -> Source | None:
        """The source of this key; where its file is closed the channel so called of another."""
        sources = self.sources() if key is not None else []
        found = next((one for one in sources if one.key == key), None)
        is_closed = key is not None and self._placed_of(key.of) is None
        if found is None and key is not None and key.kind == "channel" and is_closed:
            found = next((one for one in sources if one.key == key._replace(of=one.key.of)), None)
        return found

    def _found(self) -> Iterator[Source]:
        session, clock = self._session, self._session.clock
        for channel in session.channels:
            unfit = channel.kind == "dense" or channel.is_constant or channel.is_of_frames
            if not unfit and self.is_of_sitting(channel.recording):
                make = partial(channel_events, channel, clock=clock)
                yield Source(self.title_of(channel), key_of_channel(channel), make)
        group = session.group
        if group is not None and group.events is not None:
            for cell in dict.fromkeys((*self._cells_in_use(group), *session.selected[-1:])):
                read = partial(cell_events, group, cell, clock)
                title = f"Events of {group.names[cell]}"
                yield Source(title, _key_of_cell(group, cell), _whatever_rule(read))
        for placed in clock.all_placed:
            recording = placed.recording
            if len(starts_of_parts(placed.timing)) > 1 and self.is_of_sitting(recording):
                starts = partial(part_starts, recording, clock)
                key = Key("parts", key_of(recording))
                yield Source(f"Starts of {recording.title}", key, _whatever_rule(starts))
        if self.marks:
            yield Source("Marks", MARKS, _whatever_rule(self._of_marks))
        # Times of a file that is closed, or of another day than the cells, are on no clock here.
        for number, (events, of) in enumerate(self._tables):
            placed_of = self._placed_of(of)
            if placed_of is not None and self.is_of_sitting(placed_of.recording):
                on_clock = partial(_on_clock, events, placed_of)
                yield Source(events.name, Key("table", of, number), _whatever_rule(on_clock))

    def _cells_in_use(self, group: CellGroup) -> list[int]:
        """Those of the group whose events are looked at stay while other cells are selected."""
        cells = range(len(group.names)) if self.keys_in_use else ()
        return [cell for cell in cells if _key_of_cell(group, cell) in self.keys_in_use]

    def _placed_of(self, key: object) -> Placed | None:
        """The open recording of this key, opened again or not."""
        placed = self._session.clock.all_placed
        return next((one for one in placed if key_of(one.recording) == key), None)

    def is_of_sitting(self, recording: Recording) -> bool:
        """Whether it was recorded with the cells: not on another day, or of another animal."""
        group, clock = self._session.group, self._session.clock
        cells = group.recording if group is not None else None
        if cells is None or cells not in clock or recording not in clock:
            return True
        return clock.placed(recording).sitting == clock.placed(cells).sitting

    def title_of(self, channel: Channel) -> str:
        """Told apart by its file where two channels have one name, and by the folder of that."""
        alike = [one for one in self._session.channels if one.name == channel.name]
        if len(alike) > 1:
            titles = [one.recording.title for one in alike]
            return f"{channel.name} ({_apart(channel.recording, titles)})"
        return f"{channel.name} (zone)" if is_zone(channel) else channel.name

    # ---- marks

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

    def _on_marks(self) -> None:
        self.sources_changed.emit()

    @property
    def _marked(self) -> Recording | None:
        """The first recording that is open, of those made with the cells."""
        placed = (one.recording for one in self._session.clock.all_placed)
        return next((one for one in placed if self.is_of_sitting(one)), None)

    def _of_marks(self) -> Alignment:
        marks, recording = self.marks, self._marked
        if marks is None or recording is None:
            raise ValueError("Nothing is open that has marks.")
        return marks.alignment(self._session.clock.placed(recording))

    # ---- tables

    def add_table(
        self, path: Path, clock: TableClock = "session", recording: Recording | None = None
    ) -> Key:
        """Have the events of a CSV file among the sources.

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
        key = Key("table", key_of(recording), len(self._tables))
        self._tables.append(_Table(table, key_of(recording)))
        self.sources_changed.emit()
        return key

    def table_clocks(self) -> dict[str, tuple[TableClock, Recording | None]]:
        """What the times of a table may be, in words; see :meth:`add_table`."""
        clocks: dict[str, tuple[TableClock, Recording | None]] = {
            "seconds of the session, as the plots have it": ("session", None)
        }
        opened = [
            one for one in self._session.clock.all_placed if self.is_of_sitting(one.recording)
        ]
        names = [one.recording.name for one in opened]
        for placed in opened:
            name = _apart(placed.recording, names, placed.recording.name)
            title = unique_name(f"seconds from the start of {name}", list(clocks))
            clocks[title] = "file", placed.recording
            if placed.hardware is not None:
                title = unique_name(f"microseconds of the hardware of {name}", list(clocks))
                clocks[title] = "hardware", placed.recording
        return clocks


class _Table(NamedTuple):
    """Events in seconds from the start of a recording, and which that is."""

    events: Alignment
    of: object


def key_of(recording: Recording | None) -> object:
    """The same for a file that is closed and opened again."""
    return recording if recording is None or recording.path is None else recording.path


def key_of_channel(channel: Channel) -> Key:
    """Of the source that a channel is."""
    return Key("channel", key_of(channel.recording), channel.name)


def _key_of_cell(group: CellGroup, cell: int) -> Key:
    return Key("cell", key_of(group.recording), cell)


def _apart(recording: Recording, names: Iterable[str], name: str = "") -> str:
    """The name of a recording, with its folder where others have the same one."""
    name = name or recording.title
    if recording.path is None or list(names).count(name) < 2:
        return name
    return f"{recording.path.parent.name}/{name}"


def _whatever_rule(make: Callable[[], Alignment]) -> Callable[[PulseRule], Alignment]:
    return lambda _rule: make()


def _named(
    title: str, key: Key, make: Callable[[PulseRule], Alignment], rule: PulseRule
) -> Alignment:
    return replace(make(rule), name=title, key=key)


def _on_clock(table: Alignment, placed: Placed) -> Alignment:
    stops_s = None if table.stops_s is None else placed.to_session_s(table.stops_s)
    times_s = placed.to_session_s(table.times_s)
    return replace(table, times_s=times_s, stops_s=stops_s, recording=placed.recording)
