"""What the lines of a journal come to: what the file has, and what is not in it yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from napari_isx.io.base.labelled_set import CellStatus

if TYPE_CHECKING:
    from napari_isx.session.decisions.journal import Entry


class Pending(NamedTuple):
    """A decision about one cell that was not saved.

    Attributes
    ----------
    status : str
        The decision.
    base : str
        What the file had when the decision was taken.
    entry : Entry
        The line that says so.
    """

    status: CellStatus
    base: CellStatus
    entry: Entry


class Replay:
    """The state after all lines of a journal.

    Decisions of several windows stand side by side, the later one of each cell counts. Saving
    ends those that the file then has, not those of another window, or taken while it was saved.

    Parameters
    ----------
    entries : iterable of Entry
        In order.

    Attributes
    ----------
    in_file : tuple of str
        The statuses in the file, as last heard of; empty where nothing was.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.in_file: tuple[CellStatus, ...] = ()
        self._pending: dict[int, Pending] = {}
        self._declined: set[str] = set()
        for entry in entries:
            self._take(entry)

    @property
    def wanted(self) -> dict[int, Pending]:
        """Unsaved decisions by cell, without those that were declined."""
        return {
            i: pending
            for i, pending in self._pending.items()
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
                    i: pending
                    for i, pending in self._pending.items()
                    if pending.status != saved.get(i)
                }

    def _decide(self, entry: Entry) -> None:
        self._declined.discard(entry.session)
        for cell, _, before, after in entry.changes:
            earlier = self._pending.get(cell)
            if earlier is not None and earlier.entry.session == entry.session:
                base = earlier.base
            else:
                base = self.in_file[cell] if cell < len(self.in_file) else before
            self._pending[cell] = Pending(after, base, entry)
