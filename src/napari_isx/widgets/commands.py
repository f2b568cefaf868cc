"""The commands of the manifest that need a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtCore import QThread
from qtpy.QtWidgets import QApplication

from napari_isx.widgets.coordinator import Coordinator
from napari_isx.widgets.dock import offer_dock, show_dock
from napari_isx.widgets.shortcuts import KEY_COMMANDS, register_shortcuts

if TYPE_CHECKING:
    from napari.components import ViewerModel


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
    app = QApplication.instance()
    if app is None or QThread.currentThread().loopLevel() == 0 or not Viewer._instances:
        return False
    show_error(message)
    return True


def _run(name: str) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        KEY_COMMANDS[name](viewer)


def _coordinate(viewer: ViewerModel) -> None:
    register_shortcuts()
    Coordinator.of(viewer).cells_opened.connect(_offer, unique=True)


def _offer() -> None:
    for viewer in list(Viewer._instances):
        coordinator = Coordinator.find(viewer)
        if coordinator is not None and coordinator.session.groups:
            offer_dock(viewer)
