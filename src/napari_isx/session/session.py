"""The session of one viewer: what is open, what is selected, what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from psygnal import Signal

from napari_isx.io.base.recording import Recording
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.channel_list import ChannelList
from napari_isx.session.cursor import TimeCursor, next_time_s
from napari_isx.session.groups import CellGroup, VesselGroup, event_choices
from napari_isx.session.plot_rows import event_times_s
from napari_isx.session.review import Review, Reviews
from napari_isx.session.settled import Settled
from napari_isx.timeline.clock import Arrangement, Clock


class Session:
    """Open recordings, the selected cells and the time cursor.

    Attributes
    ----------
    recordings : list of Recording
        All that is open, in the order in which it was opened.
    clock : Clock
        Where they are in session time.
    groups : list of CellGroup
        Cell sets and event sets, in the order in which they are open; then vessel sets.
    channels : ChannelList
        GPIO, IMU and zones of tracked animals.
    cursor : TimeCursor
        In session time.
    reviews : Reviews
        Of the groups of cells.
    is_on_canvas : bool
        Whether the selected cells were picked on the canvas, not in a view that has an order.
    settled : Settled
        What docks listen to that may wait until the keys pause.
    """

    recordings_changed: ClassVar[Signal] = Signal()
    """Files were opened or closed, so there is another clock."""
    groups_changed: ClassVar[Signal] = Signal()
    """Files were opened or closed, or an event set found its cell set."""
    selection_changed: ClassVar[Signal] = Signal()
    """Other cells, or cells of another group, are selected."""
    statuses_changed: ClassVar[Signal] = Signal(CellGroup)
    """Decisions about the cells of a group changed."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.clock = Clock()
        self.groups: list[CellGroup] = []
        self.channels = ChannelList()
        self.cursor = TimeCursor()
        self._group: CellGroup | None = None
        self._selected: tuple[int, ...] = ()
        self.is_on_canvas = False
        self._is_picked = False  # whether the user has chosen the group
        self.reviews = Reviews(self)
        self.settled = Settled()
        # Before anybody else hears of it: rows that were kept for the cells before are let go.
        self.selection_changed.connect(self.reviews.show_selection)

    @property
    def group(self) -> CellGroup | None:
        """The group whose cells are shown; None while no cells are open."""
        return self._group

    @property
    def review(self) -> Review | None:
        """The review of the group; None without one, and for vessels."""
        return self.reviews.of(self._group)

    @property
    def selected(self) -> tuple[int, ...]:
        """Selected cells of the group, in the order they were selected."""
        return self._selected

    def show(self, recordings: Iterable[Recording]) -> None:
        """Take over what is open now; the selection stays where its cells are still there."""
        opened = list(recordings)
        if [id(one) for one in opened] == [id(one) for one in self.recordings]:
            return
        self.recordings, self.clock = opened, Clock(opened, self.clock.arrangement)
        self._group_cells(opened)
        self.channels.follow(opened)
        self.recordings_changed.emit()

    def arrange(self, arrangement: Arrangement) -> None:
        """Let sittings all start at 0 s, or one after the other."""
        if arrangement != self.clock.arrangement:
            self.clock = Clock(self.recordings, arrangement)
            self.recordings_changed.emit()

    def _group_cells(self, opened: Iterable[Recording]) -> None:
        """Bring the groups in line with what is open."""
        opened = list(opened)
        cell_sets = [r for r in opened if isinstance(r, CellSet)]
        event_sets = [r for r in opened if isinstance(r, EventSet)]
        vessel_sets = [r for r in opened if isinstance(r, VesselSet)]
        known = {id(group.recording): group for group in self.groups}
        before = [(group.recording, group.events, group.choices) for group in self.groups]
        groups = []
        for cells, choices in zip(cell_sets, event_choices(cell_sets, event_sets), strict=True):
            group = known.get(id(cells)) or self._new_group(cells)
            group.offer(choices)
            groups.append(group)
        taken = {
            id(events) for group in groups for events in (*group.choices.certain, group.events)
        }
        alone = [events for events in event_sets if id(events) not in taken]
        groups += [known.get(id(events)) or CellGroup(None, events) for events in alone]
        groups += [known.get(id(vessels)) or VesselGroup(vessels) for vessels in vessel_sets]
        if before == [(group.recording, group.events, group.choices) for group in groups]:
            return
        self.groups = groups
        self.reviews.follow(groups)
        if self._group not in groups:
            self._follow(self._group)
            self._emit_selection()
        elif not self._is_picked and self._group is not groups[0]:
            # Whichever file came first, cells are looked at before vessels.
            self._group = groups[0]
            self._emit_selection()
        self.groups_changed.emit()

    def _new_group(self, cells: CellSet) -> CellGroup:
        group = CellGroup(cells, None)
        if group.curation is not None:
            group.curation.changed.connect(self._on_decision)
        return group

    def pick_events(self, group: CellGroup, events: EventSet | None) -> None:
        """Draw and count other events, or none, with the cells of a group."""
        group.pick_events(events)
        self._group_cells(self.recordings)

    def select(
        self,
        group: CellGroup,
        cells: Sequence[int],
        *,
        on_canvas: bool = False,
        by_decision: bool = False,
    ) -> None:
        """Select cells of a group, and no others; `by_decision` where a decision moves on."""
        chosen = tuple(dict.fromkeys(cells))
        self._is_picked, self.is_on_canvas = True, on_canvas
        if group is not self._group or chosen != self._selected:
            self._group, self._selected = group, chosen
            self._emit_selection(by_decision=by_decision)

    def toggle(self, group: CellGroup, cell: int, *, on_canvas: bool = False) -> None:
        """Add a cell to the selection, or take it out."""
        before = self._selected if group is self._group else ()
        others = [other for other in before if other != cell]
        self.select(group, others if cell in before else [*others, cell], on_canvas=on_canvas)

    def deselect(self) -> None:
        """Select no cells."""
        if self._group is not None:
            self.select(self._group, ())

    def step_cell(self, step: int) -> None:
        """Select the cell that many rows below the last selected one, at most the last.

        Rows are those of the table: as it is sorted and filtered.
        """
        review = self.review
        if review is not None:
            review.step(step)
            return
        if self._group is None or not self._group.names:
            return
        last = len(self._group.names) - 1
        if not self._selected:
            target = 0 if step > 0 else last
        else:
            target = min(max(self._selected[-1] + step, 0), last)
        self.select(self._group, [target])

    def event_time_s(self, direction: int) -> float | None:
        """When the next (1) or previous (-1) event of the selected cells is, seen from the cursor.

        None where there is none. Half a sample round the cursor counts as "now".
        """
        if self._group is None:
            return None
        signals = [event_times_s(self._group, i, self.clock) for i in self._selected]
        times = np.concatenate([np.empty(0), *signals])
        margin_s = self._group.timing.period_s / 2
        return next_time_s(times, direction, self.cursor.time_s, margin_s)

    def edge_time_s(self, direction: int) -> float | None:
        """When the next (1) or previous (-1) edge of the selected channels is.

        Seen from the cursor; None where there is none.
        """
        return self.channels.edge_time_s(direction, self.cursor.time_s, self.clock)

    def _follow(self, gone: CellGroup | None) -> None:
        """Show another group in place of one that is gone: the one that took its events over."""
        events = gone.events if gone is not None else None
        owners = (g for g in self.groups if events in (g.events, *g.choices.certain))
        heir = next(owners, None) if events is not None else None
        names = [gone.names[i] for i in self._selected] if gone is not None else []
        self._group = heir or (self.groups[0] if self.groups else None)
        self._is_picked = self._is_picked and heir is not None
        known = heir.names if heir is not None else []
        self._selected = tuple(known.index(name) for name in names if name in known)

    def _emit_selection(self, *, by_decision: bool = False) -> None:
        self.selection_changed.emit()
        self.settled.selected(by_decision=by_decision)

    def _on_decision(self) -> None:
        curation = Signal.sender()
        for group in self.groups:
            if group.curation is curation:
                self.statuses_changed.emit(group)
                self.settled.decided(group)
