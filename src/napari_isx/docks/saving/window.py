"""Asks in a window what `SavingControl` has to know, and before the window closes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QObject, Qt, QThread, QTimer
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QLabel, QMainWindow

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.docks.common.passing_keys import is_ours
from napari_isx.docks.common.question import Answer, Question
from napari_isx.docks.saving.controller import (
    Done,
    Offer,
    SavingControl,
    listed,
)
from napari_isx.docks.saving.dialogs import QuestionDialog, RestoreBar, difference_table
from napari_isx.docks.saving.words import decisions, file_name
from napari_isx.session.decisions.conflicts import SaveConflict
from napari_isx.session.groups import CellGroup

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NAME: Final = "napari-isx prompts"
# A quick disk has a decision before this, and nothing flickers.
_SLOW_MS: Final = 300
_POLL_MS: Final = 100
# The window, which is being closed, waits so long before it says that it waits.
_CLOSING_S: Final = 0.1


class WindowPrompts(QObject):
    """The bar and the dialogs of one window. Qt deletes it with the window.

    napari closes its docks with the window without asking them, so the window itself is watched.
    """

    def __init__(self, window: QMainWindow, control: SavingControl) -> None:
        super().__init__(window)
        self.setObjectName(_NAME)
        self._window, self._control = window, control
        self._may_close = False
        self._question: QuestionDialog | None = None
        self.bar = RestoreBar(window)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.bar)
        self.bar.hide()
        self.bar.restore_picked.connect(self._on_restore)
        self.bar.postponed.connect(self._on_postponed)
        self.bar.dismissed.connect(self._on_dismissed)
        self.waiting = QLabel()
        """How many decisions are not on the disk, below the canvas; hidden where all are."""
        self.waiting.hide()
        window.statusBar().addPermanentWidget(self.waiting)
        # Not while layers are being added: the bar makes Qt draw the canvas at once.
        self._soon = self._timer(self._show_offer)
        self._slow = self._timer(self._show_waiting)
        self._closing = self._timer(self._close_when_written)
        control.offers_changed.connect(self._show_offer_soon)
        control.waiting_changed.connect(self._on_waiting)
        control.conflict_found.connect(self._ask_about_conflict)
        control.path_wanted.connect(self._ask_where_to_save)
        control.copy_offered.connect(self._offer_copy)
        window.installEventFilter(self)
        self._show_offer()

    @property
    def question(self) -> QuestionDialog | None:
        """The dialog that waits for an answer."""
        return self._question

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Hold the window where decisions would be left unsaved, and save by key in our docks."""
        # PySide calls this also when the attributes are gone, at the end of the process.
        if event is None or watched is not getattr(self, "_window", None):
            return False
        kind = event.type()
        if kind == QEvent.Type.Close and self._holds():
            event.ignore()
            return True
        if kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and self._is_save(event):
            event.accept()
            if kind == QEvent.Type.KeyPress:
                self._control.save()
            return True
        return False

    def _is_save(self, event: QEvent) -> bool:
        """Whether it is Ctrl+S in one of our docks; elsewhere napari saves layers by it."""
        is_save = bool(event.matches(QKeySequence.StandardKey.Save))
        return is_save and is_ours(self._window.focusWidget())

    def _timer(self, call: object) -> QTimer:
        timer = QTimer(self, singleShot=True)
        timer.timeout.connect(call)
        return timer

    # ---- closing

    def _holds(self) -> bool:
        """Whether the window stays for now, because its user is being asked, or a disk is slow."""
        control = self._control
        # A script closes its window itself, and nobody is there to answer: the journals have all,
        # and the process waits for them.
        is_script = not self._window.isVisible() or QThread.currentThread().loopLevel() == 0
        if self._may_close or is_script:
            return False
        if not (control.unsaved or control.is_saving or self._is_behind()):
            return False
        if self._question is not None:
            self._question.raise_()
        elif control.unsaved:
            self._ask_before_closing()
        elif control.is_saving:  # the last save is still being written
            control.save_all(self._close_if)
        else:
            self._close_when_written()
        return True

    def _is_behind(self) -> bool:
        """Whether decisions are still not on the disk, after a moment for it."""
        self._control.flush(0 if self._question is not None else _CLOSING_S)
        return self._control.num_waiting > 0

    def _ask_before_closing(self) -> None:
        unsaved = self._control.unsaved
        is_behind = self._is_behind() or not all(one.is_journaled for one in unsaved)
        text = (
            "No disk has the whole journal yet: without saving, what it does not take is lost."
            if is_behind
            else "Without saving they stay in the journal: the next opening of the file offers to "
            "restore them."
        )
        save = Answer("&Save", partial(self._control.save_all, self._close_if), is_default=True)
        leave = Answer("&Don't save", self._close_when_written)
        headline = "Save the decisions in the file before the window closes?"
        text = f"{listed(unsaved)}\n\n{text}"
        self.ask(Question("Decisions are not saved", headline, text, (save, leave)))

    def _close_if(self, is_saved: bool) -> None:
        if is_saved:
            self._close_when_written()

    def _close_when_written(self) -> None:
        """Close as soon as the disk has all decisions, and say so where that takes time."""
        if not self._is_behind():
            self._close()
            return
        if self._question is None:
            count = self._control.num_waiting
            question = Question(
                "Decisions are not on the disk",
                f"{decisions(count)} {'is' if count == 1 else 'are'} not on the disk yet.",
                "The window closes when the disk has them. If it does not answer, see that its "
                "drive or share is connected, or cancel and save a copy elsewhere.",
                (Answer("Close and &lose them", self._close),),
            )
            self.ask(question)
        self._closing.start(_POLL_MS)

    def _close(self) -> None:
        self._may_close = True
        self._closing.stop()
        if self._question is not None:
            self._question.reject()
        if getattr(self._window, "_quit_app", False):
            self._window.close(quit_app=True)
        else:
            self._window.close()

    # ---- what is shown

    def _on_waiting(self) -> None:
        if not self._control.num_waiting or self.waiting.isVisible():
            self._show_waiting()
        elif not self._slow.isActive():
            self._slow.start(_SLOW_MS)

    def _show_waiting(self) -> None:
        count = self._control.num_waiting
        self.waiting.setText(f"{decisions(count)} not yet on the disk")
        self.waiting.setVisible(count > 0)

    @property
    def _offer(self) -> Offer | None:
        return next(iter(self._control.offers), None)

    def _show_offer_soon(self) -> None:
        self._soon.start(0)

    def _show_offer(self) -> None:
        offer = self._offer
        if offer is not None:
            found = offer.found
            self.bar.show_offer(offer.text, offer.details, len(found.cells), len(found.conflicts))
        self.bar.setVisible(offer is not None)

    def _on_restore(self, conflicting: bool) -> None:
        if self._offer is not None:
            self._control.restore(self._offer.group, conflicting=conflicting)

    def _on_postponed(self) -> None:
        if self._offer is not None:
            self._control.postpone(self._offer.group)

    # ---- questions

    def _on_dismissed(self) -> None:
        if (offer := self._offer) is None:
            return
        question = Question(
            "Unsaved decisions",
            f"Give up {decisions(len(offer.found.cells))} about {file_name(offer.group)}?",
            "They were never saved in the file, and will not be offered again. The journal keeps "
            "a record of them. “Not now” offers them again at the next opening.",
            (Answer("&Give them up", partial(self._control.dismiss, offer.group)),),
        )
        self.ask(question)

    def _ask_about_conflict(self, group: CellGroup, conflict: SaveConflict) -> None:
        """Show what another program wrote meanwhile, and ask which statuses are to stay."""
        differences, control = conflict.differences, self._control
        count, mine = len(differences), sum(d.is_ours_decided for d in differences)
        cells = "1 cell has" if count == 1 else f"{count:,} cells have"
        ours = "none of them" if not mine else "1 of them" if mine == 1 else f"{mine:,} of them"
        ours = "all of them" if mine == count > 1 else "it too" if mine == count else ours
        merge = Answer(
            "&Mine where I decided",
            partial(control.keep_mine, group, conflict),
            tip="Cells that you decided about as you did, all others as they are in the file",
        )
        theirs = Answer(
            "&Take theirs",
            partial(control.take_theirs, group, conflict),
            tip="All of these cells as they are in the file; your other decisions are saved",
        )
        overwrite = Answer(
            "&Overwrite",
            partial(control.save, group, over=conflict),
            tip="All of these cells as they are here; the file's present statuses can be restored",
        )
        question = Question(
            "The file changed",
            f"Nothing was saved yet: {file_name(group)} changed since it was opened.",
            f"{cells} another status there by now, and you decided about {ours}. Which are to be "
            "in the file?",
            (merge, theirs, overwrite) if 0 < mine < count else (theirs, overwrite),
        )
        self.ask(question, conflict)

    def ask_about_previous(self, group: CellGroup | None = None) -> None:
        """Ask whether the last save is to be taken back, and do it."""
        group = group or self._control.session.group
        time = self._control.previous_save(group)
        if group is None or group.curation is None or time is None:
            return
        text = (
            f"{file_name(group)} was given other statuses on {time}. It gets back those that it "
            "had before, and they are shown here. The same command takes that back."
        )
        if count := len(group.curation.unsaved):
            which = "1 decision that is" if count == 1 else f"{count:,} decisions that are"
            text += f"\n\n{which} not saved may be replaced here; Undo brings that back."
        restore = Answer("&Restore", partial(self._control.restore_previous, group))
        self.ask(
            Question("Restore previous statuses", "Take the last save back?", text, (restore,))
        )

    def ask_where_to_export(self, group: CellGroup | None = None) -> None:
        """Ask for a file, and write the decision log into it."""
        group = group or self._control.session.group
        if group is None or group.cells is None:
            self._control.export("", group)  # which says that there is none
            return
        path = group.cells.place
        name = path.with_name(f"{path.stem}-decisions.csv")
        dialog = save_dialog(self._window, "Export the decision log", name, "Table (*.csv)")
        dialog.fileSelected.connect(partial(self._control.export, group=group))
        dialog.open()

    def _ask_where_to_save(self, group: CellGroup, done: Done | None) -> None:
        """Ask for a file for cells that have none."""
        path = Path(f"{group.title}.isxd")
        if group.cells is not None and group.cells.path is not None:
            path = Path(f"{group.cells.path.stem}-reviewed.isxd")  # a folder that may be written
        dialog = save_dialog(self._window, "Save the cells", path, "Inscopix cell set (*.isxd)")

        def save(chosen: str) -> None:
            self._control.save_as(group, Path(chosen), done=done)

        def give_up() -> None:
            if done is not None:
                done(False)

        dialog.fileSelected.connect(save)
        dialog.rejected.connect(give_up)
        dialog.open()

    def _offer_copy(self, group: CellGroup, problem: str) -> None:
        """Offer a copy of a set that may not be written."""
        copy = Answer("Save a &copy…", partial(self._ask_where_to_save, group, None))
        headline = f"{file_name(group)} cannot be saved where it is."
        self.ask(Question("The file may not be written", headline, problem, (copy,)))

    def ask(self, question: Question, conflict: SaveConflict | None = None) -> None:
        """Show a dialog that blocks the window but nothing else, and do what is answered."""
        if self._question is not None:
            self._question.reject()
        table = difference_table(conflict.differences) if conflict is not None else None
        self._question = dialog = QuestionDialog(question, self._window, table)

        def finished(result: int) -> None:  # noqa: ARG001
            if self._question is dialog:
                self._question = None
            if dialog.answer is not None:
                dialog.answer.act()
            elif not self._may_close:
                self._closing.stop()
                if hasattr(self._window, "_quit_app"):
                    self._window._quit_app = False  # or the next closing quits napari

        dialog.finished.connect(finished)
        dialog.open()


def prompts_of(viewer: ViewerModel) -> WindowPrompts | None:
    """The prompts of a viewer's window; None where it has none."""
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    return window.findChild(WindowPrompts, _NAME) if window is not None else None


def attach_prompts(viewer: ViewerModel, control: SavingControl) -> None:
    """Let the window of a viewer, if it has one, ask what the control has to know."""
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    if window is not None and prompts_of(viewer) is None:
        WindowPrompts(window, control)
