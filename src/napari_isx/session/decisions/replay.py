"""What the lines of a journal come to: what the file has, and what is not in it yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.session.decisions.entries import Entry


class Pending(NamedTuple):
    """A decision about one cell that was not saved."""

    status: CellStatus
    base: CellStatus
    """What the file had when the decision was taken."""
    depth: int
    """How many of that window's decisions about the cell can be taken back until none is left."""
    undid_saved: bool
    """Whether it has taken back what was saved, so that something is left in any case."""
    entry: Entry
    """The line that says so."""


class Replay:
    """The state after all lines of a journal.

    Decisions of several windows stand side by side, the later one of each cell counts, until
    undo takes it back: then the one before counts again. So undoing a restore, or a slip, loses
    nothing of what another window decided. Saving ends those decisions that the file then has,
    not those of another window, or taken while it was saved. `in_file` are the statuses in the
    file, as last heard of; empty where nothing was.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.in_file: tuple[CellStatus, ...] = ()
        # By cell, then by session; the session that decided last comes last.
        self._pending: dict[int, dict[str, Pending]] = {}
        self._declined: set[str] = set()
        for entry in entries:
            self._take(entry)

    @property
    def wanted(self) -> dict[int, Pending]:
        """Unsaved decisions by cell, without those that were declined."""
        latest = {i: next(reversed(of.values())) for i, of in self._pending.items() if of}
        return {
            i: pending
            for i, pending in latest.items()
            if pending.entry.session not in self._declined
        }

    def _take(self, entry: Entry) -> None:
        if entry.kind == "decided":
            self._decide(entry)
        elif entry.kind == "declined":
            self._declined.update(entry.sessions)
        else:
            self.in_file = entry.statuses
            if entry.kind == "saved":
                saved = dict(enumerate(entry.statuses))
                self._pending = {
                    i: of
                    for i, of in self._pending.items()
                    if of and next(reversed(of.values())).status != saved.get(i)
                }

    def _decide(self, entry: Entry) -> None:
        self._declined.discard(entry.session)
        for cell, _, before, after in entry.changes:
            of_cell = self._pending.setdefault(cell, {})
            earlier = of_cell.pop(entry.session, None)
            if earlier is not None:
                _, base, depth, undid_saved, _ = earlier
            else:
                base = self.in_file[cell] if cell < len(self.in_file) else before
                depth, undid_saved = 0, False
            if entry.how == "undo":
                depth, undid_saved = max(depth - 1, 0), undid_saved or not depth
            else:
                depth += 1
            if depth or undid_saved:
                of_cell[entry.session] = Pending(after, base, depth, undid_saved, entry)
