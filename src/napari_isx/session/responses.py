"""What the responses of cells are asked of: which events, which of them, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_isx.analysis.conditions import ConditionDifference, compare_conditions
from napari_isx.analysis.epochs import EpochActivity, epoch_activity
from napari_isx.analysis.event_responses import Normalize, PeriEvent, Range, peri_event
from napari_isx.io.base.recording import Recording
from napari_isx.io.errors import IsxFileError
from napari_isx.session.alignment import (
    Alignment,
    PulseRule,
    Span,
    TableClock,
    Times,
    own_times_s,
    unique_name,
)
from napari_isx.session.channel import Channel
from napari_isx.session.event_sources import (
    MARKS,
    EventSources,
    Key,
    key_of,
    key_of_channel,
)
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.session.plot_rows import event_times_s
from napari_isx.session.session import Session
from napari_isx.timeline.placed import Placed


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
    is_beside : bool
        Whether the events are a kept set that is shown beside those that are looked at.
    """

    group: CellGroup
    alignment: Alignment
    events: npt.NDArray[np.int64]
    result: PeriEvent
    difference: ConditionDifference | None = None
    is_beside: bool = False

    @property
    def kept(self) -> npt.NDArray[np.int64]:
        """``(n_events,)``: the averaged events, as indices of the alignment's."""
        return self.events[self.result.kept_events]


@dataclass(frozen=True)
class EventChoice:
    """Events that were given a name, to be shown beside others.

    Attributes
    ----------
    name : str
    key : Key
        Of the source that they are from.
    rule : PulseRule
        How they are read off a channel.
    """

    name: str
    key: Key
    rule: PulseRule


REST: Final = "the rest"


@dataclass(frozen=True, eq=False)
class ComputedEpochs:
    """What cells do while something lasts.

    Attributes
    ----------
    group : CellGroup
    alignment : Alignment
    result : EpochActivity
        The last label is :data:`REST`, all that is in no epoch.
    """

    group: CellGroup
    alignment: Alignment
    result: EpochActivity


class Responses(EventSources):
    """Which events are looked at, which of them are excluded, and the settings.

    Parameters
    ----------
    session : Session
    """

    changed: ClassVar[Signal] = Signal()
    """Other events, exclusions or settings."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._settings = Settings()
        self._picked: Key | None = None
        self._choices: list[EventChoice] = []
        self._excluded: dict[object, dict[float, str]] = {}

    @property
    def settings(self) -> Settings:
        """How responses are computed."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        if settings != self._settings:
            self._settings = settings
            self.changed.emit()

    # ---- what is looked at

    @property
    def keys_in_use(self) -> Sequence[Key]:
        """Of the events that are looked at, and of those beside them."""
        picked = [] if self._picked is None else [self._picked]
        return [*picked, *(one.key for one in self._choices)]

    @property
    def picked(self) -> str | None:
        """The title of the source that is looked at; None before one is picked."""
        source = self.source(self._picked)
        return None if source is None else source.title

    def pick(self, title: str) -> None:
        """Look at the events of the source of this title."""
        self._look_at(next((one.key for one in self.sources() if one.title == title), None))

    def pick_channel(self, channel: Channel) -> None:
        """Look at the edges of a channel."""
        self._look_at(key_of_channel(channel))

    def read_table(
        self, path: Path, clock: TableClock = "session", recording: Recording | None = None
    ) -> None:
        """Look at the events of a CSV file; see :meth:`add_table`."""
        self._look_at(self.add_table(path, clock, recording))

    def _look_at(self, key: Key | None) -> None:
        if key != self._picked:
            self._picked = key
            self.changed.emit()

    # ---- several sets

    @property
    def choices(self) -> tuple[EventChoice, ...]:
        """The sets that were kept, in the order in which they stand beside each other."""
        return tuple(self._choices)

    @property
    def proposed_name(self) -> str:
        """What the events that are looked at may be called; empty without any."""
        source = self.source(self._picked)
        if source is None:
            return ""
        edge = f" {self._settings.rule.edge}" if source.key.kind == "channel" else ""
        return unique_name(source.title + edge, [one.name for one in self._choices])

    def keep(self, name: str) -> None:
        """Keep the events that are looked at, and how they are read, beside others."""
        if self._picked is None or not name.strip():
            return
        taken = [one.name for one in self._choices]
        name = unique_name(name.strip(), taken)
        self._choices.append(EventChoice(name, self._picked, self._settings.rule))
        self.changed.emit()

    def rename(self, choice: EventChoice, name: str) -> None:
        """Give a kept set another name; its columns in *Cells* follow."""
        others = [one.name for one in self._choices if one is not choice]
        if name.strip() and choice in self._choices:
            place = self._choices.index(choice)
            self._choices[place] = replace(choice, name=unique_name(name.strip(), others))
            self.changed.emit()

    def forget(self, choice: EventChoice) -> None:
        """Keep a set no longer."""
        self._choices.remove(choice)
        self.changed.emit()

    def look_at(self, choice: EventChoice) -> None:
        """Look at a kept set, with the rule that it was kept with."""
        self._picked = choice.key
        self._settings = replace(self._settings, rule=choice.rule)
        self.changed.emit()

    @property
    def closed_choices(self) -> list[str]:
        """The names of kept sets whose files are not open, or of another day."""
        return [one.name for one in self._choices if self.source(one.key) is None]

    def _beside(self) -> Iterator[Alignment]:
        """The events of the kept sets that are not the ones that are looked at."""
        for choice in self._choices:
            source = self.source(choice.key)
            if source is not None and not self._is_looked_at(choice):
                yield source.make(choice.rule).renamed(choice.name)

    def _is_looked_at(self, choice: EventChoice) -> bool:
        return choice.key == self._picked and choice.rule == self._settings.rule

    @property
    def picked_channel(self) -> Channel | None:
        """The channel whose edges are looked at."""
        source = self.source(self._picked)
        key = self._picked if source is None else source.key
        return next((one for one in self._session.channels if key_of_channel(one) == key), None)

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
        source = self.source(self._picked)
        if source is None:
            return None
        name = next((one.name for one in self._choices if self._is_looked_at(one)), source.title)
        return source.make(self._settings.rule).renamed(name)

    def alignments(self) -> list[Alignment]:
        """The events that are looked at, then those of the kept sets beside them."""
        first = self.alignment()
        return [*([] if first is None else [first]), *self._beside()]

    def reason(self, alignment: Alignment, event: int) -> str | None:
        """Why an event is excluded; None where it is not."""
        return self._excluded_of(alignment).get(self._own_time_s(alignment, event))

    def reasons(self, alignment: Alignment) -> list[str]:
        """Why events are excluded, one for each that is."""
        found = (self.reason(alignment, event) for event in range(len(alignment)))
        return [one for one in found if one is not None]

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
        return self._excluded.setdefault(alignment.key, {})

    def _own_time_s(self, alignment: Alignment, event: int) -> float:
        """Seconds of the file that has the event, which stay when others are opened."""
        time_s = float(alignment.times_s[event])
        placed = self._placed_of(key_of(alignment.recording))
        return round(time_s if placed is None else placed.from_session_s(time_s), 4)

    def computing(self) -> tuple[str, Callable[[], Iterator[Computed]] | None]:
        """What computes the responses, set by set, or why there is nothing to compute."""
        group, reason = self._group_or_reason()
        if group is None or group.cells is None:
            return reason, None
        try:
            alignments = self.alignments()
        except (IsxFileError, OSError, ValueError) as error:
            return str(error), None
        if not alignments or not len(alignments[0]):
            return f"{self.picked} has no event. Other settings may find some.", None
        # All that may change meanwhile is read here, and the traces alone in the other thread.
        placed, chosen = self._session.clock.placed(group.cells), cells_of(group)
        asked = []
        for alignment in alignments:
            used = [i for i in range(len(alignment)) if self.reason(alignment, i) is None]
            events = np.array(used, np.int64)
            times_s = own_times_s(alignment.times_s, placed)[events]
            asked.append((alignment, events, times_s))
        return "", partial(_compute_all, group, asked, chosen, self._settings)

    def computing_epochs(self) -> tuple[str, Callable[[], Iterator[ComputedEpochs]] | None]:
        """What compares activity in the epochs that are looked at, or why there are none."""
        group, reason = self._group_or_reason()
        if group is None or group.cells is None:
            return reason, None
        try:
            alignment = self.alignment()
        except (IsxFileError, OSError, ValueError) as error:
            return str(error), None
        epochs = {} if alignment is None else alignment.epochs
        if alignment is None or not epochs:
            return (
                f"{self.picked} does not last. Epochs are the times in which a channel is on, in a "
                f"zone, between two marks, and those of a table with start and stop."
            ), None
        clock = self._session.clock
        placed = clock.placed(group.cells)
        own = {label: _own_spans(spans, placed) for label, spans in epochs.items()}
        own[REST] = _rest_of([one for spans in own.values() for one in spans], placed)
        events_s = None
        if group.events is not None:
            events_s = [
                own_times_s(event_times_s(group, i, clock), placed) for i in range(len(group.names))
            ]
        return "", partial(
            _compute_epochs, group, alignment, own, events_s, cells_of(group), self._settings
        )

    def _group_or_reason(self) -> tuple[CellGroup | None, str]:
        """Whose cells are asked; None with what to do first."""
        group = self._session.group
        if group is None or isinstance(group, VesselGroup) or group.cells is None:
            return None, "Open a cell set to see how its cells respond."
        channel = self.picked_channel
        if channel is not None and not self.is_of_sitting(channel.recording):
            when = "was recorded on another day, or of another animal, than these cells."
            return None, f"{self.title_of(channel)} of {channel.recording.title} {when}"
        if not self.sources():
            return None, "Open a GPIO file or a table of times, or mark times with a key."
        if self.picked is None:
            return None, "Choose above what to align to, or press a channel in Traces."
        return group, ""

    def _on_marks(self) -> None:
        super()._on_marks()
        if MARKS in self.keys_in_use:
            self.changed.emit()


def cells_of(group: CellGroup) -> list[int]:
    """The accepted cells as decided now, saved or not; where there are none the undecided ones."""
    statuses = [group.status(i) for i in range(len(group.names))]
    accepted, undecided = (
        [i for i, one in enumerate(statuses) if one == status]
        for status in ("accepted", "undecided")
    )
    return accepted or undecided


def _compute_all(
    group: CellGroup,
    asked: Sequence[tuple[Alignment, npt.NDArray[np.int64], Times]],
    cells: list[int],
    settings: Settings,
) -> Iterator[Computed]:
    for place, (alignment, events, times_s) in enumerate(asked):
        computed = _compute(group, alignment, events, times_s, cells, settings)
        if computed is not None:
            yield replace(computed, is_beside=place > 0)


def _compute(
    group: CellGroup,
    alignment: Alignment,
    events: npt.NDArray[np.int64],
    times_s: Times,
    cells: list[int],
    settings: Settings,
) -> Computed | None:
    if group.cells is None:
        return None
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
    return Computed(group, alignment, events, result, difference)


def _own_spans(spans: Sequence[Span], placed: Placed) -> list[Span]:
    """Session times in seconds from the start of the traces, as far as these last."""
    end_s = placed.timing.duration_s
    own = ((placed.from_session_s(start), placed.from_session_s(stop)) for start, stop in spans)
    return [
        (max(start, 0.0), min(stop, end_s)) for start, stop in own if stop > 0 and start < end_s
    ]


def _rest_of(spans: Sequence[Span], placed: Placed) -> list[Span]:
    """All that is in none of these times."""
    rest, last_s = [], 0.0
    for start_s, stop_s in sorted(spans):
        if start_s > last_s:
            rest.append((last_s, start_s))
        last_s = max(last_s, stop_s)
    return [
        *rest,
        *([(last_s, placed.timing.duration_s)] if last_s < placed.timing.duration_s else []),
    ]


def _compute_epochs(
    group: CellGroup,
    alignment: Alignment,
    epochs: dict[str, list[Span]],
    events_s: list[Times] | None,
    cells: list[int],
    settings: Settings,
) -> Iterator[ComputedEpochs]:
    if group.cells is not None:
        result = epoch_activity(
            group.cells, epochs, cell_indices=cells, events_s=events_s,
            shuffles=settings.shuffles, seed=settings.seed, alpha=settings.alpha,
        )  # fmt: skip
        yield ComputedEpochs(group, alignment, result)


def _largest(channel: Channel) -> float:
    known = channel.values[np.isfinite(channel.values)]
    return float(known.max(initial=0.0))
