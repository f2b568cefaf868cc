"""Opens what stands beside the dock *Cells*: rules, raters, keys, and the dialogs of saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from qtpy.QtWidgets import QDialog, QMainWindow, QWidget

from napari_isx.app.keys_card import KeysCard
from napari_isx.docks.cells.controller import CellsControl
from napari_isx.docks.common.accessible_names import name_controls
from napari_isx.docks.common.question import Question
from napari_isx.docks.raters.controller import RatersControl
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.docks.rules.controller import RulesControl
from napari_isx.docks.rules.dialog import RulesDialog
from napari_isx.docks.saving.controller import SavingControl
from napari_isx.docks.saving.window import WindowPrompts, attach_prompts, prompts_of
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel


_MARGIN_PX: Final = 24

D = TypeVar("D", bound=QDialog)


class Dialogs(Control):
    """Opens the dialogs of a viewer's window; without a window there is nothing to open.

    Parameters
    ----------
    viewer : ViewerModel
    session : Session
    cells : CellsControl
        Whose dock has the buttons that ask for them.
    rules, raters, saving : RulesControl, RatersControl, SavingControl
        What the dialogs work with.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        cells: CellsControl,
        rules: RulesControl,
        raters: RatersControl,
        saving: SavingControl,
    ) -> None:
        super().__init__(viewer, session)
        self._rules, self._raters, self._saving = rules, raters, saving
        cells.rules_requested.connect(self.show_rules)
        cells.raters_requested.connect(self.show_raters)
        cells.keys_requested.connect(self.show_keys)
        cells.export_requested.connect(self.export)
        cells.asked.connect(self.ask)

    def show_rules(self, dock: Any = None) -> None:
        """Show the dialog of rules beside the window; it closes with the dock that asked for it."""
        window = self._window
        dialog = _found(window, RulesDialog)
        if dialog is None and window is not None:
            dialog = RulesDialog(window)
            self._rules.attach(dialog)
            _shown(dialog)
            # Low, so that the canvas, where the rule is previewed, can be seen.
            corner = window.mapToGlobal(window.rect().bottomLeft())
            dialog.move(corner.x() + _MARGIN_PX, corner.y() - dialog.height() - _MARGIN_PX)
        _close_with(dock, _shown(dialog))

    def show_raters(self, dock: Any = None) -> None:
        """Show the dialog that compares raters beside the window."""
        window = self._window
        dialog = _found(window, RatersDialog)
        if dialog is None and window is not None:
            group = self.session.group
            recording = group.recording if group is not None else None
            folder = str(recording.place.parent) if recording is not None else ""
            dialog = RatersDialog(folder, window)
            self._raters.attach(dialog)
        _close_with(dock, _shown(dialog))

    def show_keys(self) -> None:
        """Show the card of keys beside the window."""
        window = self._window
        dialog = _found(window, KeysCard)
        if dialog is None and window is not None:
            dialog = KeysCard(window, self.viewer.theme)
        _shown(dialog)

    def export(self) -> None:
        """Ask where the decision log is to be written."""
        if (prompts := self._prompts) is not None:
            prompts.ask_where_to_export()

    def ask(self, question: Question) -> None:
        """Ask something in the window."""
        if (prompts := self._prompts) is not None:
            prompts.ask(question)

    def restore_previous(self) -> None:
        """Ask whether the last save is to be taken back."""
        if (prompts := self._prompts) is not None:
            prompts.ask_about_previous()

    @property
    def _window(self) -> QMainWindow | None:
        return getattr(getattr(self.viewer, "window", None), "_qt_window", None)

    @property
    def _prompts(self) -> WindowPrompts | None:
        """What asks in the window, also where no cells are open yet."""
        attach_prompts(self.viewer, self._saving)
        return prompts_of(self.viewer)


def _close_with(dock: Any, dialog: QDialog | None) -> None:
    """Close a dialog with the dock from which it was asked for."""
    if dialog is not None and isinstance(dock, QWidget):
        dock.destroyed.connect(dialog.close)


def _found(window: QMainWindow | None, kind: type[D]) -> D | None:
    """A dialog of the window that is still open; one that is closed waits to be deleted."""
    found = window.findChildren(kind) if window is not None else []
    return next((dialog for dialog in found if dialog.isVisible()), None)


def _shown(dialog: D | None) -> D | None:
    if dialog is not None:
        name_controls(dialog)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
    return dialog
