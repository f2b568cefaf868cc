"""The commands of the manifest that need a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtCore import QThread
from qtpy.QtWidgets import QApplication

from napari_isx.app.coordinator import Coordinator
from napari_isx.app.hover_names import show_names
from napari_isx.app.offer_dock import offer_dock, show_dock
from napari_isx.app.shortcuts import KEY_COMMANDS, register_shortcuts
from napari_isx.docks.folder.dialog import ask_what_to_open

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.io.folders.summary import Found


def show_traces() -> None:
    """Show the dock with traces and events in the current window."""
    viewer = napari.current_viewer()
    if viewer is not None:
        _coordinate(viewer)
        show_dock(viewer)


def next_cell() -> None:
    """Select the next cell of the list."""
    _run("next_cell")


def previous_cell() -> None:
    """Select the previous cell of the list."""
    _run("previous_cell")


def next_event() -> None:
    """Go to the next event of the selected cells."""
    _run("next_event")


def previous_event() -> None:
    """Go to the previous event of the selected cells."""
    _run("previous_event")


def next_edge() -> None:
    """Go to the next rising or falling edge of the selected channels."""
    _run("next_edge")


def previous_edge() -> None:
    """Go to the previous rising or falling edge of the selected channels."""
    _run("previous_edge")


def show_cells() -> None:
    """Show the dock with the table of cells in the current window."""
    viewer = napari.current_viewer()
    if viewer is not None:
        _coordinate(viewer)
        dock, _ = viewer.window.add_plugin_dock_widget("napari-isx", "Cells")
        dock.show()
        dock.raise_()


def accept() -> None:
    """Accept the selected cells."""
    _run("accept")


def reject() -> None:
    """Reject the selected cells."""
    _run("reject")


def undecide() -> None:
    """Set the selected cells undecided."""
    _run("undecide")


def undo() -> None:
    """Take the last decision back."""
    _run("undo")


def redo() -> None:
    """Take the decision again that was undone last."""
    _run("redo")


def deselect() -> None:
    """Select no cells."""
    _run("deselect")


def save_decisions() -> None:
    """Write the decisions about the selected set of cells into its file."""
    if (coordinator := _current()) is not None:
        coordinator.saving.save()


def restore_decisions() -> None:
    """Offer decisions of the journals again that were put off."""
    if (coordinator := _current()) is not None:
        coordinator.saving.offer_again()


def restore_previous_statuses() -> None:
    """Ask whether the last save is to be taken back."""
    if (coordinator := _current()) is not None:
        coordinator.tools.restore_previous()


def export_decisions() -> None:
    """Ask where the log of all decisions is to be written."""
    if (coordinator := _current()) is not None:
        coordinator.tools.export()


def decide_by_rules() -> None:
    """Show the dialog of rules."""
    if (coordinator := _current()) is not None:
        coordinator.tools.show_rules()


def compare_raters() -> None:
    """Show the dialog that compares raters."""
    if (coordinator := _current()) is not None:
        coordinator.tools.show_raters()


def show_keys() -> None:
    """Show the card with all keys."""
    if (coordinator := _current()) is not None:
        coordinator.tools.show_keys()


def recordings_opened() -> None:
    """Get ready for layers of ours. The reader calls this; it cannot know for which window."""
    for viewer in list(Viewer._instances):
        _coordinate(viewer)


def tell_of_broken_file(message: str) -> bool:
    """Tell the user of a running window about a file that cannot be opened.

    Returns
    -------
    bool
        False where nobody sees it: then the caller has to raise an error.
    """
    if not _is_watched():
        return False
    show_error(message)
    return True


def choose_recordings(folder: Path, finds: Sequence[Found]) -> list[Found] | None:
    """Let the user of a running window choose what to open of a folder.

    Returns
    -------
    list of Found or None
        Empty where the user cancels; None where there is nobody to ask.
    """
    viewer = napari.current_viewer()
    if viewer is None or not _is_watched():
        return None
    return ask_what_to_open(folder, finds, viewer.window._qt_window, viewer.theme)


def _is_watched() -> bool:
    """Whether a window runs that shows what it is told; that of a script does not run yet."""
    running = QApplication.instance() is not None and QThread.currentThread().loopLevel() > 0
    return running and bool(Viewer._instances)


def _current() -> Coordinator | None:
    """The coordinator of the current window, made if nothing of ours was opened there yet."""
    viewer = napari.current_viewer()
    if viewer is None:
        return None
    _coordinate(viewer)
    return Coordinator.of(viewer)


def _run(name: str) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        KEY_COMMANDS[name].run(viewer)


def _coordinate(viewer: ViewerModel) -> None:
    register_shortcuts()
    coordinator = Coordinator.of(viewer)
    coordinator.opened.connect(_offer, unique=True)
    coordinator.canvas.hovered.connect(show_names, unique=True)


def _offer() -> None:
    for viewer in list(Viewer._instances):
        coordinator = Coordinator.find(viewer)
        if coordinator is not None and coordinator.has_something_to_show:
            offer_dock(viewer)
