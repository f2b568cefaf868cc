"""Opening what stands beside the dock *Cells*: rules, raters, keys, and the dialogs of saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from qtpy.QtWidgets import QDialog, QMainWindow, QWidget

from napari_isx.app.keys_card import KeysCard
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.docks.rules.dialog import RulesDialog
from napari_isx.docks.saving.window import WindowPrompts, attach_prompts, prompts_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.app.coordinator import Coordinator

_MARGIN_PX: Final = 24

D = TypeVar("D", bound=QDialog)


def show_rules(viewer: ViewerModel, coordinator: Coordinator) -> RulesDialog | None:
    """Show the dialog of rules beside the window."""
    window = _window(viewer)
    dialog = _found(window, RulesDialog)
    if dialog is None and window is not None:
        dialog = RulesDialog(window)
        coordinator.rules.attach(dialog)
        _shown(dialog)
        # Low, so that the canvas, where the rule is previewed, can be seen.
        corner = window.mapToGlobal(window.rect().bottomLeft())
        dialog.move(corner.x() + _MARGIN_PX, corner.y() - dialog.height() - _MARGIN_PX)
    return _shown(dialog)


def show_raters(viewer: ViewerModel, coordinator: Coordinator) -> RatersDialog | None:
    """Show the dialog that compares raters beside the window."""
    window = _window(viewer)
    dialog = _found(window, RatersDialog)
    if dialog is None and window is not None:
        group = coordinator.session.group
        recording = group.recording if group is not None else None
        folder = str(recording.place.parent) if recording is not None else ""
        dialog = RatersDialog(folder, window)
        coordinator.raters.attach(dialog)
    return _shown(dialog)


def show_keys(viewer: ViewerModel) -> KeysCard | None:
    """Show the card of keys beside the window."""
    window = _window(viewer)
    dialog = _found(window, KeysCard)
    if dialog is None and window is not None:
        dialog = KeysCard(window, viewer.theme)
    return _shown(dialog)


def prompts(viewer: ViewerModel, coordinator: Coordinator) -> WindowPrompts | None:
    """What asks in the window, also where no cells are open yet."""
    attach_prompts(viewer, coordinator.saving)
    return prompts_of(viewer)


def close_with(dock: Any, dialog: QDialog | None) -> None:
    """Close a dialog with the dock from which it was asked for."""
    if dialog is not None and isinstance(dock, QWidget):
        dock.destroyed.connect(dialog.close)


def _window(viewer: ViewerModel) -> QMainWindow | None:
    return getattr(getattr(viewer, "window", None), "_qt_window", None)


def _found(window: QMainWindow | None, kind: type[D]) -> D | None:
    """A dialog of the window that is still open; one that is closed waits to be deleted."""
    found = window.findChildren(kind) if window is not None else []
    return next((dialog for dialog in found if dialog.isVisible()), None)


def _shown(dialog: D | None) -> D | None:
    if dialog is not None:
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
    return dialog
