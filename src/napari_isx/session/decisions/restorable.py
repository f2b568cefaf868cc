"""What a journal has that the file has not: decisions of a window that ended without saving."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.session.decisions.entries import Author, Entry
from napari_isx.session.decisions.replay import Replay


class RestorableCell(NamedTuple):
    """One cell whose last decision is not in the file."""

    cell: int
    name: str
    in_file: CellStatus
    decided: CellStatus
    is_conflict: bool
    """Whether the file was given another status after that decision was taken."""


@dataclass(frozen=True)
class Restorable:
    """Decisions that can be restored."""

    cells: tuple[RestorableCell, ...]
    users: tuple[str, ...]
    time: str
    """When the last of them was taken; ISO 8601, UTC."""
    may_be_open: bool
    """Whether the window that took them may still be open on this computer."""
    sessions: tuple[str, ...]
    """Of which windows they are."""

    @property
    def conflicts(self) -> tuple[RestorableCell, ...]:
        """Those that the file was given another status for meanwhile."""
        return tuple(cell for cell in self.cells if cell.is_conflict)


def find_restorable(
    entries: Iterable[Entry], names: Sequence[str], in_file: Sequence[CellStatus]
) -> Restorable | None:
    """Decisions by other windows that are not in the file, whose statuses are given; or None."""
    unsaved = Replay(entries).wanted
    wanted = {
        i: pending
        for i, pending in sorted(unsaved.items())
        if i < len(names) and pending.status != in_file[i]
    }
    if not wanted:
        return None
    cells = tuple(
        RestorableCell(i, names[i], in_file[i], pending.status, in_file[i] != pending.base)
        for i, pending in wanted.items()
    )
    sources = [pending.entry for pending in wanted.values()]
    return Restorable(
        cells,
        tuple(dict.fromkeys(entry.user for entry in sources)),
        max(entry.time for entry in sources),
        any(_may_be_open(entry) for entry in sources),
        tuple(dict.fromkeys(pending.entry.session for pending in unsaved.values())),
    )


def _may_be_open(entry: Entry) -> bool:
    """Whether the process that wrote a line is running, as far as can be told."""
    author = Author.current()
    if entry.host != author.host:
        return False
    if entry.pid == author.pid:
        return True
    # On Windows the call would end the process.
    if os.name == "nt" or entry.pid <= 0:
        return False
    try:
        os.kill(entry.pid, 0)
    except (PermissionError, OverflowError):
        return True
    except OSError:
        return False
    return True
