"""Cells with their events, or vessels: which event set belongs to which cell set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_isx.io.base.duplicate_names import places_of
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.decisions.curation import Curation


class CellGroup:
    """Cells that are shown and selected together: a cell set, its events, or both.

    Attributes
    ----------
    cells : CellSet or None
    curation : Curation or None
        What was decided about the cells of the cell set.
    """

    def __init__(self, cells: CellSet | None, events: EventSet | None) -> None:
        self.cells = cells
        self.events = events
        self.curation = Curation(cells) if cells is not None else None

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
        """The file's name."""
        return self.recording.path.stem if self.recording is not None else ""

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


def group_cells(
    cell_sets: Sequence[CellSet], event_sets: Sequence[EventSet]
) -> list[tuple[CellSet | None, EventSet | None]]:
    """Pair each cell set with the event set made from it, in the order of both.

    Of several event sets for one cell set the last opened counts. Event sets that belong to no
    cell set stand alone, at the end.
    """
    partner: dict[int, EventSet] = {}
    alone = []
    for events in event_sets:
        cells = best_cell_set(events, cell_sets)
        if cells is None:
            alone.append(events)
        else:
            partner[id(cells)] = events
    pairs: list[tuple[CellSet | None, EventSet | None]] = [
        (cells, partner.get(id(cells))) for cells in cell_sets
    ]
    return [*pairs, *((None, events) for events in alone)]


def best_cell_set(events: EventSet, cell_sets: Iterable[CellSet]) -> CellSet | None:
    """The cell set an event set was made from: by the cells' names and by time.

    Event detection may have been run on some of the cells, so of several sets that have all the
    names and fit in time, the one with the fewest other cells is meant.
    """
    fitting = [
        cells
        for cells in cell_sets
        if events.names and set(events.names) <= set(cells.names) and _same_time(events, cells)
    ]
    return min(fitting, key=lambda cells: cells.num_cells, default=None)


def _same_time(events: EventSet, cells: CellSet) -> bool:
    """Whether two files start and end together, to within two samples.

    An event set keeps its end only to a millisecond, and no number of samples.
    """
    ours, theirs = cells.timing, events.timing
    tolerance_s = 2 * max(ours.period_s, theirs.period_s)
    apart_s = float(abs(ours.starts_after_s(theirs) or 0))  # an unknown one contradicts nothing
    return apart_s <= tolerance_s and abs(ours.duration_s - theirs.duration_s) <= tolerance_s
