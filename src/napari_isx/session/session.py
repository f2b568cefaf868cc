"""The session of one viewer: what is open, what is selected, what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from psygnal import Signal

from napari_isx.io.cells import CellSet
from napari_isx.io.events import EventSet
from napari_isx.io.recording import Recording
from napari_isx.session.cursor import TimeCursor
from napari_isx.session.groups import CellGroup, group_cells


class Session:
    """Open recordings, the selected cells and the time cursor.

    Attributes
    ----------
    groups : list of CellGroup
        Cell sets and event sets, in the order in which they are open.
    cursor : TimeCursor
    """

    groups_changed: ClassVar[Signal] = Signal()
    """Files were opened or closed, or an event set found its cell set."""
    selection_changed: ClassVar[Signal] = Signal()
    """Other cells, or cells of another group, are selected."""
    statuses_changed: ClassVar[Signal] = Signal(CellGroup)
    """Decisions about the cells of a group changed."""

    def __init__(self) -> None:
        self.groups: list[CellGroup] = []
        self.cursor = TimeCursor()
        self._group: CellGroup | None = None
        self._selected: tuple[int, ...] = ()

    @property
    def group(self) -> CellGroup | None:
        """The group whose cells are shown; None while no cells are open."""
        return self._group

    @property
    def selected(self) -> tuple[int, ...]:
        """Selected cells of the group, in the order they were selected."""
        return self._selected

    def show(self, recordings: Iterable[Recording]) -> None:
        """Take over what is open now; the selection stays where its cells are still there."""
        opened = list(recordings)
        cell_sets = [r for r in opened if isinstance(r, CellSet)]
        event_sets = [r for r in opened if isinstance(r, EventSet)]
        pairs = group_cells(cell_sets, event_sets)
        if pairs == [(group.cells, group.events) for group in self.groups]:
            return
        known = {id(group.cells or group.events): group for group in self.groups}
        groups = []
        for cells, events in pairs:
            group = known.get(id(cells or events))
            if group is None:
                group = CellGroup(cells, events)
                if group.curation is not None:
                    group.curation.changed.connect(self._on_decision)
            group.events = events
            groups.append(group)
        self.groups = groups
        if self._group not in groups:
            self._follow(self._group)
            self.selection_changed.emit()
        self.groups_changed.emit()

    def select(self, group: CellGroup, cells: Sequence[int]) -> None:
        """Select cells of a group, and no others."""
        chosen = tuple(dict.fromkeys(cells))
        if group is not self._group or chosen != self._selected:
            self._group, self._selected = group, chosen
            self.selection_changed.emit()

    def toggle(self, group: CellGroup, cell: int) -> None:
        """Add a cell to the selection, or take it out."""
        if group is not self._group:
            self.select(group, [cell])
        elif cell in self._selected:
            self.select(group, [other for other in self._selected if other != cell])
        else:
            self.select(group, [*self._selected, cell])

    def step_cell(self, step: int) -> None:
        """Select the cell that many places after the last selected one, at most the last."""
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
        signals = [self._group.events_of(i) for i in self._selected]
        times = np.concatenate([np.empty(0), *(s.times_s for s in signals if s is not None)])
        margin = self._group.timing.period_s / 2
        now = self.cursor.time_s
        found = times[times > now + margin] if direction > 0 else times[times < now - margin]
        if not len(found):
            return None
        return float(found.min() if direction > 0 else found.max())

    def _follow(self, gone: CellGroup | None) -> None:
        """Show another group in place of one that is gone: the one that took its events over."""
        events = gone.events if gone is not None else None
        heir = next((g for g in self.groups if events is not None and g.events is events), None)
        names = [gone.names[i] for i in self._selected] if gone is not None else []
        self._group = heir or (self.groups[0] if self.groups else None)
        known = heir.names if heir is not None else []
        self._selected = tuple(known.index(name) for name in names if name in known)

    def _on_decision(self) -> None:
        curation = Signal.sender()
        for group in self.groups:
            if group.curation is curation:
                self.statuses_changed.emit(group)
