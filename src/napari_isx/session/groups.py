"""Cells with their events, or vessels: which event set belongs to which cell set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from napari_isx.io.base.names import places_of
from napari_isx.io.base.provenance import Provenance
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.decisions.curation import Curation

_SAME_START_S: Final = 1e-3


class EventChoices(NamedTuple):
    """The event sets that may be of a cell set, in the order in which they were opened.

    Attributes
    ----------
    certain : tuple of EventSet
        They were made from it, and from no other that is open.
    possible : tuple of EventSet
        They may as well be of another one.
    """

    certain: tuple[EventSet, ...] = ()
    possible: tuple[EventSet, ...] = ()


class CellGroup:
    """Cells that are shown and selected together: a cell set, its events, or both.

    Attributes
    ----------
    cells : CellSet or None
    curation : Curation or None
        What was decided about the cells of the cell set.
    choices : EventChoices
        The event sets that may be drawn with the cells.
    chosen_title : str
        What the user calls it; empty where that is not known.
    """

    chosen_title = ""

    def __init__(self, cells: CellSet | None, events: EventSet | None) -> None:
        self.cells = cells
        self.events = events
        self.curation = Curation(cells) if cells is not None else None
        self.choices = EventChoices()
        self._picked: tuple[EventSet | None] | None = None

    def offer(self, choices: EventChoices) -> None:
        """Take over which event sets may be of these cells.

        Drawn is what the user picked, else what was drawn before, else the first opened; never
        one that may as well be of other cells, unless the user picked it.
        """
        self.choices = choices
        if self._picked is not None and self._picked[0] not in (
            None,
            *choices.certain,
            *choices.possible,
        ):
            self._picked = None
        if self._picked is not None:
            (self.events,) = self._picked
        elif self.events not in choices.certain:
            self.events = choices.certain[0] if choices.certain else None

    def pick_events(self, events: EventSet | None) -> None:
        """Have this event set drawn, or none, from the next :meth:`offer` on."""
        self._picked = (events,)

    @property
    def has_open_question(self) -> bool:
        """Whether no events are drawn because some may as well be of other cells."""
        return self.events is None and self._picked is None and bool(self.choices.possible)

    @property
    def events(self) -> EventSet | None:
        """Of these cells, which stay while events are opened and closed; or on their own."""
        return self._events

    @events.setter
    def events(self, events: EventSet | None) -> None:
        self._events = events
        self._event_places = places_of(self.names, events.names) if events is not None else []

    @property
    def recording(self) -> Recording | None:
        """The file that has the traces, or the events where there are none."""
        return self.cells or self.events

    @property
    def item(self) -> str:
        """What one of them is called."""
        return "cell"

    @property
    def names(self) -> list[str]:
        """Name of each cell."""
        source = self.cells or self.events
        return source.names if source is not None else []

    @property
    def title(self) -> str:
        """What the user calls it, else the file's name."""
        return self.chosen_title or (self.recording.title if self.recording is not None else "")

    @property
    def timing(self) -> Timing:
        """Of the traces, or of the events where there are none."""
        source = self.cells or self.events
        return source.timing if source is not None else Timing(0)

    def status(self, i: int) -> CellStatus | None:
        """The status of a cell, or None without a cell set."""
        return self.curation.status(i) if self.curation is not None else None

    def events_of(self, i: int) -> Signal | None:
        """The events of a cell, or None where none are known of it.

        A name that occurs more than once in either set goes by its place among its like.
        """
        if self._events is None:
            return None
        place = self._event_places[i]
        return self._events.events(place) if place is not None else None


class VesselGroup(CellGroup):
    """The vessels of a vessel set, which are shown and selected as cells are.

    They have no events, and nothing is decided about them here.

    Attributes
    ----------
    vessels : VesselSet
    """

    def __init__(self, vessels: VesselSet) -> None:
        super().__init__(None, None)
        self.vessels = vessels
        self._statuses = vessels.statuses

    @property
    def recording(self) -> Recording:
        """The vessel set."""
        return self.vessels

    @property
    def item(self) -> str:
        """What one of them is called."""
        return "vessel"

    @property
    def names(self) -> list[str]:
        """Name of each vessel."""
        return self.vessels.names

    @property
    def timing(self) -> Timing:
        """Of the traces."""
        return self.vessels.timing

    def status(self, i: int) -> CellStatus | None:
        """The status of a vessel, as the file has it."""
        return self._statuses[i]


def titles_of(groups: Sequence[CellGroup]) -> list[str]:
    """The files' names; with as many of their folders as tell equal ones apart."""
    titles = [group.title for group in groups]
    folders = [group.recording.place.parent.parts if group.recording else () for group in groups]
    for depth in range(1, max(map(len, folders), default=0) + 1):
        counts = Counter(titles)
        if all(count == 1 for count in counts.values()):
            break
        titles = [
            f"{group.title} · {'/'.join(parts[-depth:])}" if counts[title] > 1 else title
            for group, parts, title in zip(groups, folders, titles, strict=True)
        ]
    return titles


def event_choices(
    cell_sets: Sequence[CellSet], event_sets: Sequence[EventSet]
) -> list[EventChoices]:
    """Tell which event sets may be of each cell set."""
    likely = [(events, likely_cell_sets(events, cell_sets)) for events in event_sets]

    def of(cells: CellSet) -> EventChoices:
        mine = [(events, len(found)) for events, found in likely if cells in found]
        return EventChoices(
            tuple(events for events, count in mine if count == 1),
            tuple(events for events, count in mine if count > 1),
        )

    return [of(cells) for cells in cell_sets]


def likely_cell_sets(events: EventSet, cell_sets: Iterable[CellSet]) -> list[CellSet]:
    """The cell sets that an event set was most probably made from.

    Such a set has all the cells' names and the same time, and nothing that either file says
    contradicts. Of several those are meant of which the files say most that is the same, then
    those with the most similar file name, then those whose cells, or accepted cells, are exactly
    those of the events, then those with the same start to the millisecond.

    Returns
    -------
    list of CellSet
        One where it is known; several where nothing tells them apart; else none.
    """
    ours = Provenance.of(events)
    ranked = [
        (_rank(events, ours, cells), cells)
        for cells in cell_sets
        if events.names and set(events.names) <= set(cells.names) and _same_time(events, cells)
        if not ours.contradiction(Provenance.of(cells))
    ]
    best = max((rank for rank, _ in ranked), default=None)
    return [cells for rank, cells in ranked if rank == best]


def misfit(events: EventSet, cells: CellSet) -> str:
    """Why an event set is not taken for that of a cell set, or not for it alone."""
    known = set(cells.names)
    strange = [name for name in events.names if name not in known]
    if not events.names:
        return "it has no cells"
    if strange:
        count = f"{len(strange)} of its {len(events.names)}"
        return f"{count} cells, such as {strange[0]}, are not in {cells.title}"
    against = Provenance.of(events).contradiction(Provenance.of(cells))
    if against:
        return f"it has {against}"
    if not _same_time(events, cells):
        apart_s = float(cells.timing.starts_after_s(events.timing) or 0)
        ours_s, theirs_s = events.timing.duration_s, cells.timing.duration_s
        lasts = f"it lasts {ours_s:.1f} s, {cells.title} {theirs_s:.1f} s"
        return f"{lasts}, and they start {abs(apart_s):.1f} s apart"
    return "it fits another open cell set as well or better"


def _rank(events: EventSet, ours: Provenance, cells: CellSet) -> tuple[int, ...]:
    accepted = {n for n, s in zip(cells.names, cells.statuses, strict=True) if s == "accepted"}
    exactly = set(events.names) in (set(cells.names), accepted)
    apart_s = cells.timing.starts_after_s(events.timing)
    starts_together = apart_s is not None and abs(apart_s) <= _SAME_START_S
    return *ours.likeness(Provenance.of(cells)), exactly, starts_together


def _same_time(events: EventSet, cells: CellSet) -> bool:
    """Whether two files start and end together, to within two samples.

    An event set keeps its end only to a millisecond, and no number of samples.
    """
    ours, theirs = cells.timing, events.timing
    tolerance_s = 2 * max(ours.period_s, theirs.period_s)
    apart_s = float(ours.starts_after_s(theirs) or 0)  # an unknown one contradicts nothing
    return abs(apart_s) <= tolerance_s and abs(ours.duration_s - theirs.duration_s) <= tolerance_s
