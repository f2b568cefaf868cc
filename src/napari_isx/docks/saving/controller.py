"""Nothing lost: restoring, saving, conflicts with other programs, and closing."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple
from weakref import WeakSet, ref

from napari.utils.notifications import show_error, show_info, show_warning
from napari.viewer import Viewer
from psygnal import Signal
from qtpy import QtCore
from qtpy.QtWidgets import QApplication

from napari_isx.docks.common.background import Work
from napari_isx.docks.saving.words import decisions, file_name, kept_in, reason, when
from napari_isx.export.decisions_csv import write_decisions_csv
from napari_isx.io.cells.status_backups import kept_statuses
from napari_isx.session.decisions.conflicts import SaveConflict
from napari_isx.session.decisions.curation import Curation
from napari_isx.session.decisions.restorable import Restorable
from napari_isx.session.groups import CellGroup
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_MAX_LISTED: Final = 20
_LOCKED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_CELLS: Final = "No cell set is open, so there are no decisions."

Done = Callable[[bool], None]


class Offer(NamedTuple):
    """Decisions that can be restored, and the cells they are about."""

    group: CellGroup
    found: Restorable

    @property
    def text(self) -> str:
        """It in a sentence."""
        found, count = self.found, len(self.found.cells)
        verb = "is" if count == 1 else "are"
        text = (
            f"{decisions(count)} about {file_name(self.group)} by {', '.join(found.users)}, "
            f"{when(found.time)}, {verb} not in the file."
        )
        if others := len(found.conflicts):
            changed = "1 of these cells" if others == 1 else f"{others:,} of these cells"
            text += f" {changed} got another status there since."
        if found.may_be_open:
            text += " They may be of a window that is still open."
        return text

    @property
    def details(self) -> str:
        """A line for each of the first cells."""
        cells = self.found.cells
        lines = [
            f"{cell.name}: {cell.in_file} → {cell.decided}"
            + (" (changed in the file since)" if cell.is_conflict else "")
            for cell in cells[:_MAX_LISTED]
        ]
        if len(cells) > _MAX_LISTED:
            lines.append(f"and {len(cells) - _MAX_LISTED:,} more")
        return "\n".join(lines)


class Unsaved(NamedTuple):
    """Decisions that a file does not have."""

    group: CellGroup
    num_cells: int
    is_journaled: bool

    @property
    def text(self) -> str:
        """It in a few words."""
        return f"{decisions(self.num_cells)} about {file_name(self.group)}"


class _Outcome(NamedTuple):
    """What came of saving; without the frames of an error, which would keep files open."""

    problem: str = ""
    conflict: SaveConflict | None = None
    is_locked: bool = False


class _Relay(QtCore.QObject):
    """Calls a function in the window's thread, from whichever it is asked to."""

    asked = QtCore.Signal()

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._call = call
        self.asked.connect(self._act)

    def _act(self) -> None:
        self._call()


class SavingControl(Control):
    """Offers what can be restored, saves, and says what became of it.

    It asks nothing itself: its signals say what is to be asked, and what asks calls back.
    `attach_prompts` lets the viewer's window, if it has one, ask; called once there are cells.
    """

    offers_changed: ClassVar[Signal] = Signal()
    """There are other :attr:`offers`: of files opened, or of what was restored and undone."""
    waiting_changed: ClassVar[Signal] = Signal()
    """There is another :attr:`num_waiting`; emitted in the window's thread."""
    conflict_found: ClassVar[Signal] = Signal(object, object)
    """Saving a group (CellGroup) met statuses of another program (SaveConflict); nothing was
    written. One of :meth:`keep_mine`, :meth:`take_theirs` and :meth:`save` over it goes on."""
    path_wanted: ClassVar[Signal] = Signal(object, object)
    """A group (CellGroup) has no file yet: :meth:`save_as` goes on, or the callback that is given
    hears that it is not saved."""
    copy_offered: ClassVar[Signal] = Signal(object, str)
    """The file of a group (CellGroup) may not be written, and why; :meth:`save_as` goes on."""
    saved: ClassVar[Signal] = Signal(object)
    """The file of a group (CellGroup) has its decisions; emitted in the window's thread."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        attach_prompts: Callable[[ViewerModel, SavingControl], None] | None = None,
    ) -> None:
        super().__init__(viewer, session)
        self._attach_prompts = attach_prompts
        self.offers: list[Offer] = []
        self.num_waiting = 0
        """How many decisions are not on a disk yet."""
        self._postponed: WeakSet[CellGroup] = WeakSet()
        self._known: dict[CellGroup, Curation] = {}
        self._left: list[Curation] = []
        self._said: set[str] = set()
        self._running: dict[CellGroup, Work[_Outcome]] = {}
        self._done: dict[CellGroup, list[Done]] = {}  # who hears of what is running
        self._logs: list[Work[_Outcome]] = []
        self._relay = _Relay(self._count_waiting)
        session.groups_changed.connect(self._on_groups)
        session.statuses_changed.connect(self._on_statuses)
        self._on_groups()

    # ---- restoring

    def restore(self, group: CellGroup, *, conflicting: bool = True) -> None:
        """Take the decisions again that are offered for a group."""
        curation = group.curation
        if curation is None or curation.restorable is None:
            return
        before = curation.statuses
        curation.restore(conflicting=conflicting)
        count = sum(a != b for a, b in zip(before, curation.statuses, strict=True))
        show_info(
            f"{decisions(count)} about {file_name(group)} restored. They are not in the file until "
            "you save; Undo takes them back, and offers them again."
        )

    def postpone(self, group: CellGroup) -> None:
        """Leave what is offered until it is asked for, or the file is opened again."""
        self._postponed.add(group)
        self._renew_offers()

    def dismiss(self, group: CellGroup) -> None:
        """Do not offer these decisions again; they stay in the journal."""
        if group.curation is not None:
            group.curation.dismiss()
            self._renew_offers()

    def offer_again(self) -> None:
        """Offer what was put off."""
        self._postponed.clear()
        self._renew_offers()
        if not self.offers:
            show_info("There are no decisions to restore: the files have all that is in journals.")

    def _renew_offers(self) -> None:
        offers = [
            Offer(group, found)
            for group, curation in self._known.items()
            if group not in self._postponed and (found := curation.restorable) is not None
        ]
        if offers != self.offers:
            self.offers = offers
            self.offers_changed.emit()

    # ---- saving

    @property
    def unsaved(self) -> list[Unsaved]:
        """What the open files do not have."""
        return [
            Unsaved(group, len(unsaved), curation.is_journaled)
            for group, curation in self._known.items()
            if (unsaved := curation.unsaved)
        ]

    @property
    def is_saving(self) -> bool:
        """Whether a file is being written."""
        return bool(self._running)

    def save(
        self,
        group: CellGroup | None = None,
        *,
        over: SaveConflict | None = None,
        done: Done | None = None,
    ) -> None:
        """Write the decisions about a group, or the one that is shown, in another thread.

        Also `over` what another program wrote there, where a person has seen that. `done` hears
        whether the file has the decisions, when that is known; those of a save that is running.
        """
        group = group or self.session.group
        if group is None or group.curation is None or group.cells is None:
            show_info(_NO_CELLS)
            return
        if group in self._running:
            self._done[group].append(done or partial(self._save_rest, group))
            return
        curation, name, path = group.curation, file_name(group), group.cells.path
        count = len(curation.unsaved)
        if path is None and len(self.path_wanted):
            self.path_wanted.emit(group, done)
        elif not count and over is None:
            show_info(f"{name} has all decisions already.")
            if done is not None:
                done(True)
        else:
            text = f"{decisions(count)} saved in {name}."
            if path is not None:
                text += " “Restore previous statuses” brings those back that it had before."
            self._run(group, done, partial(curation.save, over=over), text)

    def _save_rest(self, group: CellGroup, is_saved: bool) -> None:
        """Save what was decided about while the file was written."""
        if is_saved and group.curation is not None and group.curation.unsaved:
            self.save(group)

    def save_as(self, group: CellGroup, path: Path, *, done: Done | None = None) -> None:
        """Write the cells with the decisions into another file, in another thread."""
        if group.curation is None or group.cells is None:
            return
        text = f"{group.cells.num_cells:,} cells and their statuses are in {path.name}."
        if group.cells.path is not None:
            text += f" {file_name(group)} is as it was."
        self._run(group, done, partial(group.curation.save_copy, path), text)

    def save_all(self, done: Done) -> None:
        """Write all decisions into their files, one after another until one fails.

        What is being written is waited for.
        """
        rest = [*self._running, *(one.group for one in self.unsaved)]

        def go_on(ok: bool) -> None:
            if ok:
                self.save_all(done)
            else:
                done(False)

        if rest:
            self.save(rest[0], done=go_on)
        else:
            done(True)

    def take_theirs(self, group: CellGroup, conflict: SaveConflict) -> None:
        """End a conflict: the file keeps what it has, and gets the other decisions."""
        if group.curation is not None:
            group.curation.take_theirs(conflict, decided_here=True)
            self.save(group)

    def keep_mine(self, group: CellGroup, conflict: SaveConflict) -> None:
        """End a conflict: cells decided here are as decided here, the others as in the file."""
        if group.curation is not None:
            group.curation.take_theirs(conflict)
            self.save(group, over=conflict)

    def _run(
        self, group: CellGroup, done: Done | None, write: Callable[[], None], text: str
    ) -> None:
        def steps() -> Iterator[_Outcome]:
            try:
                write()
            except SaveConflict as conflict:
                yield _Outcome(str(conflict), conflict.with_traceback(None))
            except (OSError, ValueError) as error:
                locked = isinstance(error, OSError) and error.errno in _LOCKED
                yield _Outcome(reason(error), is_locked=locked)
            else:
                yield _Outcome()

        def on_step(outcome: _Outcome) -> None:
            self._running.pop(group, None)
            listeners = self._done.pop(group, [])
            self._on_saved(group, text, outcome)
            for listener in listeners:
                listener(not outcome.problem)

        title = f"Saving {file_name(group)}"
        self._done[group] = [done] if done is not None else []
        self._running[group] = Work(on_step, lambda text: on_step(_Outcome(text)), title=title)
        self._running[group].start(steps)

    def _on_saved(self, group: CellGroup, text: str, outcome: _Outcome) -> None:
        if outcome.conflict is not None:
            show_warning(outcome.problem)
            self.conflict_found.emit(group, outcome.conflict)
        elif outcome.is_locked and len(self.copy_offered):
            self.copy_offered.emit(group, f"{outcome.problem}{kept_in(group)}")
        elif outcome.problem:
            show_error(f"{outcome.problem}{kept_in(group)}")
        else:
            show_info(text)
            self._renew_offers()
            self.saved.emit(group)

    # ---- going back

    def previous_save(self, group: CellGroup | None = None) -> str | None:
        """When the statuses that could be restored were replaced; None, and said, without any."""
        group = group or self.session.group
        if group is None or group.cells is None or group.curation is None:
            show_info(_NO_CELLS)
            return None
        kept = kept_statuses(group.cells.path) if group.cells.path is not None else []
        if not kept:
            show_info(
                f"Statuses were never saved in {file_name(group)} from here, or the journal beside "
                "it is gone: there is nothing to go back to."
            )
        return when(kept[-1].time) if kept else None

    def restore_previous(self, group: CellGroup | None = None) -> None:
        """Give the file the statuses it had before the last save, in another thread."""
        group = group or self.session.group
        if group is None or group.curation is None:
            return
        curation = group.curation
        text = (
            f"{file_name(group)} has the statuses again that it had before the last save. "
            "The same command takes that back."
        )

        def follow(is_done: bool) -> None:
            if is_done:
                curation.follow_file()
                self.saved.emit(group)

        if group not in self._running:
            self._run(group, follow, curation.take_save_back, text)

    # ---- the log

    def export(self, path: str | os.PathLike[str], group: CellGroup | None = None) -> None:
        """Write the decision log of a group into a CSV file, in another thread."""
        group = group or self.session.group
        curation = group.curation if group is not None else None
        target = Path(path)
        if curation is None:
            show_info(_NO_CELLS)
            return

        def steps() -> Iterator[_Outcome]:
            try:
                count = write_decisions_csv(target, curation.journal_entries())
            except OSError as error:
                yield _Outcome(f"{target.name} was not written: {reason(error)}.")
            else:
                show_info(f"{decisions(count)} written into {target.name}.")

        def on_step(outcome: _Outcome) -> None:
            show_error(outcome.problem)

        self._logs = [work for work in self._logs if work.is_running]
        self._logs.append(Work(on_step, show_error, title=f"Writing {target.name}"))
        self._logs[-1].start(steps)

    # ---- the journals

    def flush(self, timeout_s: float = 0) -> None:
        """Have journals written where they are not, and wait for all of them so long."""
        end = time.monotonic() + timeout_s
        for curation in self._curations:
            if not curation.is_journaled:
                curation.flush(max(end - time.monotonic(), 0))
        self._count_waiting()

    @property
    def _curations(self) -> list[Curation]:
        """Of what is open, and of what was closed before a disk had its decisions."""
        return [*self._known.values(), *self._left]

    def _on_statuses(self, group: CellGroup) -> None:  # noqa: ARG002
        self._renew_offers()
        self._count_waiting()

    def _on_journaled(self) -> None:
        """In a journal's thread."""
        if QApplication.instance() is not None:
            with contextlib.suppress(RuntimeError):  # the window, and all of Qt, may be gone
                self._relay.asked.emit()

    def _count_waiting(self) -> None:
        """See what is on the disk, and say what went wrong."""
        for curation in self._curations:
            curation.hear()
        waiting = sum(curation.num_waiting for curation in self._curations)
        self._left = [curation for curation in self._left if not curation.is_journaled]
        if waiting != self.num_waiting:
            self.num_waiting = waiting
            self.waiting_changed.emit()

    # ---- what is open

    def _on_groups(self) -> None:
        groups = self.session.groups
        for group, curation in list(self._known.items()):
            if group not in groups:
                del self._known[group]
                self._left.append(curation)
                self._say_of_leaving(group, curation)
        if self._attach_prompts and any(group.curation is not None for group in groups):
            self._attach_prompts(self.viewer, self)
        for group in groups:
            if group.curation is not None and group not in self._known:
                self._known[group] = group.curation
                group.curation.said.connect(self._on_said)
                group.curation.journaled.connect(self._on_journaled)
        self._renew_offers()
        self._count_waiting()

    def _say_of_leaving(self, group: CellGroup, curation: Curation) -> None:
        """The layers are gone, which nothing can prevent: say where the decisions are."""
        count = len(curation.unsaved)
        if not count or group in self._running:
            return
        verb = "is" if count == 1 else "are"
        text = f"{decisions(count)} about {file_name(group)} {verb} not in the file."
        if curation.is_journaled:
            text += " A journal has all of it: when you open the file again, it can be restored "
            text += "and saved."
        else:
            text += " No disk has the journal yet: it goes on being written while napari is open."
        self._say_if_open(text)

    def _say_if_open(self, text: str) -> None:
        """Say something as soon as Qt is at leisure, unless the whole window is being closed."""
        if QApplication.instance() is None:
            show_warning(text)
            return
        weak = ref(self.viewer)

        def say() -> None:
            viewer = weak()
            is_open = not isinstance(viewer, Viewer) or viewer in Viewer._instances
            if viewer is not None and is_open:
                show_warning(text)

        QtCore.QTimer.singleShot(0, say)

    def _on_said(self, kind: str, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            (show_info if kind == "notice" else show_warning)(text)


def listed(unsaved: Sequence[Unsaved]) -> str:
    """What is not saved, a line for each file."""
    return "\n".join(one.text for one in unsaved)
