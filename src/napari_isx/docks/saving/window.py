"""Asks in a window what `SavingControl` has to know, and before the window closes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QEvent, QObject, Qt, QThread, QTimer
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QDialog, QMainWindow

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.docks.common.passing_keys import is_ours
from napari_isx.docks.common.question import Answer, Question
from napari_isx.docks.saving.controller import (
    Done,
    Offer,
    SavingControl,
    decisions,
    file_name,
    listed,
)
from napari_isx.docks.saving.dialogs import (
    Choice,
    ConflictDialog,
    DropDialog,
    PreviousDialog,
    QuestionDialog,
    RestoreBar,
    UnsavedDialog,
)
from napari_isx.session.decisions.conflicts import SaveConflict
from napari_isx.session.groups import CellGroup

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NAME: Final = "napari-isx prompts"


class WindowPrompts(QObject):
    """The bar and the dialogs of one window. Qt deletes it with the window.

    napari closes its docks with the window without asking them, so the window itself is watched.

    Parameters
    ----------
    window : QMainWindow
    control : SavingControl
    """

    def __init__(self, window: QMainWindow, control: SavingControl) -> None:
        super().__init__(window)
        self.setObjectName(_NAME)
        self._window, self._control = window, control
        self._may_close = False
        self._question: QDialog | None = None
        self._done: Done | None = None
        self.bar = RestoreBar(window)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.bar)
        self.bar.hide()
        self.bar.restore_picked.connect(self._on_restore)
        self.bar.postponed.connect(self._on_postponed)
        self.bar.dismissed.connect(self._on_dismissed)
        # Not while layers are being added: the bar makes Qt draw the canvas at once.
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._show_offer)
        control.offers_changed.connect(self._show_offer_soon)
        control.conflict_found.connect(self._ask_about_conflict)
        control.path_wanted.connect(self._ask_where_to_save)
        window.installEventFilter(self)
        self._show_offer()

    @property
    def question(self) -> QDialog | None:
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

    # ---- closing

    def _holds(self) -> bool:
        """Whether the window stays for now, because its user is being asked."""
        unsaved = self._control.unsaved
        if self._may_close or not (unsaved or self._control.is_saving):
            return False
        # A script closes its window itself, and nobody is there to answer: the journals have all.
        if not self._window.isVisible() or QThread.currentThread().loopLevel() == 0:
            return False
        if self._question is None:
            self._ask_before_closing()
        else:
            self._question.raise_()
        return True

    def _ask_before_closing(self) -> None:
        unsaved = self._control.unsaved
        if not unsaved:  # the last save is still being written
            self._save_and_close()
            return
        for one in unsaved:
            if not one.is_journaled and one.group.curation is not None:
                one.group.curation.retry_journal()
        is_journaled = all(one.is_journaled for one in self._control.unsaved)
        self._ask(UnsavedDialog(listed(unsaved), is_journaled, self._window), self._on_leaving)

    def _on_leaving(self, choice: Choice | None) -> None:
        if choice is Choice.SAVE:
            self._save_and_close()
        elif choice is Choice.LEAVE:
            self._close()
        elif hasattr(self._window, "_quit_app"):
            self._window._quit_app = False  # or the next closing of the window quits napari

    def _save_and_close(self) -> None:
        self._control.save_all(self._close_if)

    def _close_if(self, is_saved: bool) -> None:
        if is_saved:
            self._close()

    def _close(self) -> None:
        self._may_close = True
        quits = bool(getattr(self._window, "_quit_app", False))
        if quits:
            self._window.close(quit_app=True)
        else:
            self._window.close()

    # ---- restoring

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

    def _on_dismissed(self) -> None:
        offer = self._offer
        if offer is None:
            return

        def answer(choice: Choice | None) -> None:
            if choice is Choice.DROP:
                self._control.dismiss(offer.group)

        what = f"{decisions(len(offer.found.cells))} about {file_name(offer.group)}"
        self._ask(DropDialog(what, self._window), answer)

    # ---- questions

    def _ask_about_conflict(self, group: CellGroup, conflict: SaveConflict) -> None:
        def answer(choice: Choice | None) -> None:
            if choice is Choice.MERGE:
                self._control.keep_mine(group, conflict)
            elif choice is Choice.THEIRS:
                self._control.take_theirs(group, conflict)
            elif choice is Choice.OURS:
                self._control.save(group, force=True)

        name = file_name(group)
        self._ask(ConflictDialog(name, conflict.differences, self._window), answer)

    def ask(self, question: Question) -> None:
        """Ask something, and do what is answered."""

        def act(answer: Answer | None) -> None:
            if answer is not None:
                answer.act()

        self._ask(QuestionDialog(question, self._window), act)

    def ask_about_previous(self, group: CellGroup | None = None) -> None:
        """Ask whether the last save is to be taken back, and do it."""
        group = group or self._control.session.group
        time = self._control.previous_save(group)
        if group is None or group.curation is None or time is None:
            self._control.tell_of_no_previous(group)
            return

        def answer(choice: Choice | None) -> None:
            if choice is not None:
                self._control.restore_previous(group)

        unsaved = len(group.curation.unsaved)
        self._ask(PreviousDialog(file_name(group), time, unsaved, self._window), answer)

    def ask_where_to_export(self, group: CellGroup | None = None) -> None:
        """Ask for a file, and write the decision log into it."""
        group = group or self._control.session.group
        if group is None or group.cells is None:
            self._control.tell_of_no_cells()
            return
        path = group.cells.place
        name = path.with_name(f"{path.stem}-decisions.csv")
        dialog = save_dialog(self._window, "Export the decision log", name, "Table (*.csv)")

        def export(chosen: str) -> None:
            self._control.export(Path(chosen), group)

        dialog.fileSelected.connect(export)
        dialog.open()

    def _ask_where_to_save(self, group: CellGroup, done: Done | None) -> None:
        """Ask for a file for cells that have none."""
        path = Path(f"{group.title}.isxd")
        dialog = save_dialog(self._window, "Save the cells", path, "Inscopix cell set (*.isxd)")

        def save(chosen: str) -> None:
            self._control.save_as(group, Path(chosen), done=done)

        def give_up() -> None:
            if done is not None:
                done(False)

        dialog.fileSelected.connect(save)
        dialog.rejected.connect(give_up)
        dialog.open()

    def _ask(self, dialog: Any, answer: Any) -> None:
        """Show a dialog that blocks the window but nothing else, and hear its answer."""
        if self._question is not None:
            self._question.reject()
        self._question = dialog

        def finished(result: int) -> None:  # noqa: ARG001
            if self._question is dialog:
                self._question = None
            answer(dialog.choice)

        dialog.finished.connect(finished)
        dialog.open()

    # ---- the key

    def _is_save(self, event: QEvent) -> bool:
        """Whether it is Ctrl+S in one of our docks; elsewhere napari saves layers by it."""
        is_save = bool(event.matches(QKeySequence.StandardKey.Save))
        return is_save and is_ours(self._window.focusWidget())


def prompts_of(viewer: ViewerModel) -> WindowPrompts | None:
    """The prompts of a viewer's window; None where it has none."""
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    return window.findChild(WindowPrompts, _NAME) if window is not None else None


def attach_prompts(viewer: ViewerModel, control: SavingControl) -> None:
    """Let the window of a viewer, if it has one, ask what the control has to know."""
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    if window is not None and prompts_of(viewer) is None:
        WindowPrompts(window, control)
