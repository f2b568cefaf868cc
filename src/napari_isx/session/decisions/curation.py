"""What was decided about the cells of a set."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import operator
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from psygnal import Signal

from napari_isx.io.cells.cell_set import STATUSES, CellSet, CellStatus
from napari_isx.io.cells.write import write_cell_set
from napari_isx.io.errors import IsxFileError
from napari_isx.io.open import open_isx
from napari_isx.session.decisions.conflicts import SaveConflict, explained, find_differences
from napari_isx.session.decisions.entries import Author, CellSetIdentity, Change, Entry, Kind
from napari_isx.session.decisions.history import History, Step
from napari_isx.session.decisions.journal_file import JournalFile
from napari_isx.session.decisions.restorable import Restorable, find_restorable

_HASHED_SAMPLES: Final = 1 << 16
_BY_HAND: Final = frozenset({"key", "click", "bulk"})


class Curation:
    """The statuses of a cell set as they stand in this session.

    All views show these; the file has them only after :meth:`save`. Each decision goes to a
    journal beside the file at once, in a thread of its own, so that the next opening can restore
    it; the call that takes it waits for the disk, but not for one that is slow. What goes wrong
    with the journal is said by signals and never raised. Before the first decision nothing is
    written.
    """

    changed: ClassVar[Signal] = Signal(tuple)
    """Statuses changed; emitted once a step, with the cells."""
    stepped: ClassVar[Signal] = Signal(Step)
    """A step was taken, undone or done again, even if it changed nothing."""
    saved: ClassVar[Signal] = Signal()
    """The file was given the statuses; emitted in the thread that saved."""
    journaled: ClassVar[Signal] = Signal()
    """More is on the disk, or it failed; emitted in the thread that writes. See :meth:`hear`."""
    said: ClassVar[Signal] = Signal(str, str)
    """A sentence for people: a "notice" of where the journal is, "trouble" as decisions are in
    memory only, or a "conflict" with another window that decides about the same cells."""

    def __init__(self, cells: CellSet) -> None:
        self._cells = cells
        self._statuses = cells.statuses
        self._opened = cells.statuses
        self._history = History()
        self._steps = itertools.count(1)
        self._found: Restorable | None = None
        self._is_looked_up = False
        self._journal = JournalFile(cells.paths, identity_of(cells), uuid.uuid4().hex[:12])
        self._journal.progressed.connect(self._on_progress)

    @property
    def identity(self) -> CellSetIdentity:
        """Which cells these are."""
        return self._journal.identity

    @property
    def statuses(self) -> list[CellStatus]:
        """One status per cell."""
        return list(self._statuses)

    @property
    def unsaved(self) -> tuple[int, ...]:
        """Cells whose status is not that of the file."""
        pairs = zip(self._statuses, self._cells.statuses, strict=True)
        return tuple(i for i, (ours, theirs) in enumerate(pairs) if ours != theirs)

    @property
    def journal_path(self) -> Path | None:
        """The journal, once it has every decision; None before, and while no disk takes them."""
        return self._journal.path

    @property
    def is_journaled(self) -> bool:
        """Whether all is on a disk."""
        return self._journal.is_complete

    @property
    def num_waiting(self) -> int:
        """How many decisions are not on a disk yet."""
        return self._journal.num_waiting

    def status(self, i: int) -> CellStatus:
        """The status of one cell."""
        return self._statuses[i]

    def decide(self, cells: Iterable[int], status: CellStatus, how: str = "key") -> None:
        """Give cells (negative ones count from the end) a status, in one step.

        `how` is for the journal: "key", "click" or "bulk". Where there is no such cell, or no such
        status, it is an IndexError or a ValueError, and nothing was decided.
        """
        self.decide_many(dict.fromkeys(cells, status), how)

    def decide_many(
        self, statuses: Mapping[int, CellStatus], how: str = "bulk", note: str = ""
    ) -> None:
        """Give each of several cells a status of its own, as one step; see :meth:`decide`.

        A key, a click or a bulk decision that changes nothing is a step too, so that undo takes
        back what the user did last. `how` may also be "rule", and `note` is the rule's text.
        """
        unknown = next((status for status in statuses.values() if status not in STATUSES), None)
        if unknown is not None:
            raise ValueError(f"unknown status {unknown!r}; known are {', '.join(STATUSES)}")
        wanted = {self._index(i): status for i, status in statuses.items()}
        changed = (i for i, status in wanted.items() if self._statuses[i] != status)
        first = next(changed, next(iter(wanted), None) if how in _BY_HAND else None)
        if first is not None:
            step = Step(wanted, self._statuses, how, note, self._cells.names[first])
            self._history.add(step)
            self._apply(step.after, how, note)
            self.stepped.emit(step)

    @property
    def undo_text(self) -> str:
        """What :meth:`undo` would take back ("reject 12 cells by rule SNR < 3"), or nothing."""
        return self._history.undo_text

    @property
    def redo_text(self) -> str:
        """What :meth:`redo` would do again, or nothing."""
        return self._history.redo_text

    def undo(self) -> Step | None:
        """Take the last decision back, and return it; nothing without one."""
        if (step := self._history.undo()) is not None:
            self._apply(step.before, "undo", step.text)
            self.stepped.emit(step)
        return step

    def redo(self) -> Step | None:
        """Take the decision again that was undone last, and return it; nothing without one."""
        if (step := self._history.redo()) is not None:
            self._apply(step.after, "redo", step.text)
            self.stepped.emit(step)
        return step

    @property
    def restorable(self) -> Restorable | None:
        """Decisions that the journal has and neither the file nor this window has, or None.

        Undoing what was restored, or decided here about the same cells, brings them back. The
        journal is read at the first call: milliseconds for a thousand decisions.
        """
        if not self._is_looked_up:
            entries = self._journal.read_others()
            self._found = find_restorable(entries, self._cells.names, self._cells.statuses)
            self._is_looked_up = True
        return self._without_decided(self._found)

    def restore(self, *, conflicting: bool = True) -> None:
        """Take the restorable decisions again, as one step; what was decided here stays.

        Without `conflicting` not those about cells that the file was given another status for
        since; they can still be restored.
        """
        found = self.restorable
        if found is not None:
            cells = (cell for cell in found.cells if conflicting or not cell.is_conflict)
            wanted = {cell.cell: cell.decided for cell in cells}
            self.decide_many(wanted, "restore", f"{', '.join(found.users)}, {found.time}")

    def dismiss(self) -> None:
        """Offer these decisions again only if more are taken there; they stay in the journal."""
        found, self._found = self.restorable, None
        if found is not None:
            self._note("declined", sessions=found.sessions)

    def _without_decided(self, found: Restorable | None) -> Restorable | None:
        """What is found, less the cells that were decided about here."""
        decided, statuses = self._history.has_decided, self._statuses
        cells = tuple(
            cell
            for cell in (found.cells if found is not None else ())
            if not decided(cell.cell) and statuses[cell.cell] != cell.decided
        )
        return replace(found, cells=cells) if found is not None and cells else None

    def journal_entries(self) -> list[Entry]:
        """All that was ever noted about these cells, by any window, in order of time."""
        return self._journal.read()

    def flush(self, timeout_s: float = 0) -> bool:
        """Write again what no disk took, and wait for it; whether all is on a disk."""
        is_written = self._journal.flush(timeout_s)
        self.hear()
        return is_written

    def hear(self) -> None:
        """Emit what there is to say of the journal."""
        while self._journal.said:
            self.said.emit(*self._journal.said.popleft())

    def _on_progress(self) -> None:
        self.journaled.emit()

    def save(self, *, over: SaveConflict | None = None) -> None:
        """Write the statuses into the file. May be called in a worker thread.

        Raises what :meth:`CellSet.save_statuses` does, and SaveConflict where another program
        wrote statuses since the file was opened. Those of the conflict `over` are written over,
        not what was changed after it was found.
        """
        statuses = self.statuses  # decisions taken while this writes are not among them
        try:
            self._check_cells()
            self._check_file(statuses, over)
            self._cells.save_statuses(statuses)
        except OSError as error:
            raise explained(error, self._cells.place) from error
        self._on_saved()

    def take_theirs(self, conflict: SaveConflict, *, decided_here: bool = False) -> None:
        """Take over what the file says, as one step; saving `over` it then loses none of it.

        With `decided_here` also for cells that were decided here.
        """
        theirs = {
            d.cell: d.in_file for d in conflict.differences if decided_here or not d.is_ours_decided
        }
        self.decide_many(theirs, "file", "changed by another program")

    def restore_previous_save(self) -> None:
        """Give the file the statuses it had before the last save, and take them over here."""
        self.take_save_back()
        self.follow_file()

    def take_save_back(self) -> None:
        """Give the file the statuses it had before the last save; may be called in a worker."""
        try:
            self._check_cells()
            self._cells.restore_previous_statuses()
        except OSError as error:
            raise explained(error, self._cells.place) from error

    def follow_file(self) -> None:
        """Take over what the file has since then, as one step, which can be undone and saved."""
        in_file = dict(enumerate(self._cells.statuses))
        self.decide_many(in_file, "file", "before the last save")
        self._on_saved()

    def save_copy(self, path: Path) -> None:
        """Write the cells with these statuses into another file; those in memory have them then.

        Raises OSError where it cannot be written; what was there is unchanged.
        """
        cells, statuses = self._cells, self.statuses
        write_cell_set(
            path,
            (cells.footprint(i) for i in range(cells.num_cells)),
            (cells.trace(i) for i in range(cells.num_cells)),
            names=cells.names,
            statuses=statuses,
            colors=cells.colors,
            metrics=cells.metrics,
            timing=cells.timing,
            spacing=cells.spacing,
            extra_properties=cells.metadata.get("extraProperties"),
        )
        if cells.path is None:
            cells.save_statuses(statuses)
            self._on_saved()

    def _check_cells(self) -> None:
        """Raise IsxFileError if the file was replaced by one whose cells only have these names."""
        paths = self._cells.paths
        if not paths:  # in memory, where nobody can replace them
            return
        try:
            with open_isx(paths if len(paths) > 1 else paths[0]) as present:
                found = identity_of(present) if isinstance(present, CellSet) else None
        except IsxFileError:  # what is broken is told of by whoever writes it
            return
        ours = self._journal.identity
        if found is not None and found.names == ours.names and not found.is_same(ours):
            raise IsxFileError(
                self._cells.place,
                "it has other cells by now: they have the same names, but not the same traces",
                "Nothing was written. Open the file again to see them, and decide again.",
            )

    def _check_file(self, ours: list[CellStatus], over: SaveConflict | None) -> None:
        """Raise SaveConflict if saving would undo what another program did, unless it may."""
        differences = find_differences(
            self._cells.names, self._cells.statuses, self._cells.statuses_in_file(), ours
        )
        known = {(d.cell, d.in_file) for d in over.differences} if over is not None else set()
        if not known.issuperset((d.cell, d.in_file) for d in differences):
            count = len(differences)
            raise SaveConflict(
                self._cells.place,
                f"{'1 cell has' if count == 1 else f'{count:,} cells have'} another status in the "
                "file than when it was opened",
                "Nothing was saved: look at the differences, and say which are to stay.",
                differences,
            )

    def _on_saved(self) -> None:
        if self._journal.num_lines:
            self._note("saved", statuses=tuple(self._cells.statuses))
        self._opened = self._cells.statuses
        self._found = self._without_decided(self._found)
        self.saved.emit()

    def _apply(self, statuses: Iterable[tuple[int, CellStatus]], how: str, note: str) -> None:
        """Change statuses, first on the disk, then here, then on the screen."""
        names = self._cells.names
        changes = tuple(Change(i, names[i], self._statuses[i], s) for i, s in statuses)
        for change in changes:
            self._statuses[change.cell] = change.after
        if changes:
            self._note("decided", how=how, note=note, changes=changes)
            self.changed.emit(tuple(change.cell for change in changes))

    def _note(self, kind: Kind, **values: Any) -> None:
        """Add a line to the journal, which begins with what was found."""
        entries = []
        if not self._journal.num_lines:
            identity, opened = self._journal.identity, tuple(self._opened)
            entries = [self._entry("opened", identity=identity, statuses=opened)]
        entries.append(self._entry(kind, **values))
        self._journal.append(*entries)
        self.hear()

    def _entry(self, kind: Kind, **values: Any) -> Entry:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        session = self._journal.session
        return Entry(kind, time, *Author.current(), session, next(self._steps), **values)

    def _index(self, i: int) -> int:
        index, count = operator.index(i), len(self._statuses)
        if not -count <= index < count:
            raise IndexError(f"cell {index} of {self._cells.name}, which has {count} cells")
        return index % count


def identity_of(cells: CellSet) -> CellSetIdentity:
    """The names of the cells, and a hash of three traces, as other sets have the same names.

    Of cells in memory, which no file's name tells apart, all of them is hashed.
    """
    content = ""
    if cells.path is None:
        digest = hashlib.sha256(repr((cells.names, cells.timing, cells.spacing)).encode())
        for array in (cells.footprints, cells.traces):
            digest.update(np.ascontiguousarray(array).data)
        return CellSetIdentity(cells.name, tuple(cells.names), digest.hexdigest()[:32])
    with contextlib.suppress(OSError, ValueError, IsxFileError):  # the names alone, then
        digest = hashlib.sha256()
        last = cells.num_cells - 1
        for i in sorted({0, last // 2, last} if last >= 0 else ()):
            digest.update(cells.trace(i)[:_HASHED_SAMPLES].tobytes())
        content = digest.hexdigest()[:16]
    return CellSetIdentity(cells.name, tuple(cells.names), content)
