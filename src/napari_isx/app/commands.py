"""The commands of the manifest that need a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import napari
from napari.utils import progress
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from psygnal import Signal
from qtpy.QtCore import QEventLoop, QThread
from qtpy.QtWidgets import QApplication

from napari_isx.app import already_open
from napari_isx.app.canvas_menu import show_canvas_menu
from napari_isx.app.coordinator import Coordinator
from napari_isx.app.hover_names import show_names
from napari_isx.app.key_presses import KeyPresses, register_shortcuts
from napari_isx.app.layout import WindowLayout, is_open
from napari_isx.app.offer_arrangement import offer_arrangement
from napari_isx.app.time_bar import TimeBar
from napari_isx.docks.common.shortcuts import COMMANDS
from napari_isx.docks.folder.dialog import ask_what_to_open
from napari_isx.layers.first_use import prepare
from napari_isx.layers.keys import recording_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.io.folders.summary import Found


# Between two looks at what is due in the window.
_PAUSE_S: Final = 0.005


def show_traces() -> None:
    """Show the dock with traces and events in the current window."""
    _show("Traces")


def show_cells() -> None:
    """Show the dock with the table of cells in the current window."""
    _show("Cells")


def show_export() -> None:
    """Show the dock that exports what is open in the current window."""
    _show("Export")


def lay_out_docks() -> None:
    """Put the docks of the current window where they have most room."""
    viewer = napari.current_viewer()
    if viewer is not None:
        WindowLayout.of(viewer).lay_out()


def _show(dock: str) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        _coordinate(viewer)
        WindowLayout.of(viewer).show(dock)


def recordings_opened() -> None:
    """Get ready for layers of ours. The reader calls this; it cannot know for which window."""
    for viewer in _open_viewers():
        _coordinate(viewer)


def report_broken_file(message: str) -> bool:
    """Show in a running window why a file cannot be opened.

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


def show_open_files(paths: Sequence[Path]) -> bool:
    """Select the layers of files that are open in a running window; False where none are."""
    return _is_watched() and already_open.show_open_files(paths)


def run_beside(work: Callable[[], Any], title: str) -> list[Any] | None:
    """Run something in another thread while a running window goes on painting.

    napari reads files in the thread of the window, and waits for the layers. What the user does
    meanwhile waits too, as it might close what is being opened.

    Returns
    -------
    list
        With what `work` returns; None where no window runs, which would have to stay alive.
    """
    if not _is_watched():
        return None
    with progress(total=0, desc=title), ThreadPoolExecutor(1) as thread:
        running = thread.submit(_prepared, work)
        while not wait([running], timeout=_PAUSE_S).done:
            _paint()
    return [running.result()]


def _prepared(work: Callable[[], Any]) -> Any:
    with suppress(Exception):  # it saves time, and whatever is wrong with it shows in the layers
        prepare()
    return work()


def _paint(event: Any = None) -> None:
    """Let the window paint, after the insertion of a layer of ours or while files are read."""
    is_ours = event is None or recording_of(event.value) is not None
    if is_ours and _is_watched():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def _is_watched() -> bool:
    """Whether a window runs that shows messages; that of a script does not run yet."""
    running = QApplication.instance() is not None and QThread.currentThread().loopLevel() > 0
    return running and bool(_open_viewers())


def __getattr__(name: str) -> Callable[[], None]:
    """The commands of the table, by the names that the manifest has for them."""
    if name not in COMMANDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def run() -> None:
        viewer = napari.current_viewer()
        if viewer is not None:
            COMMANDS[name].act(_coordinate(viewer))

    return run


def _coordinate(viewer: ViewerModel) -> Coordinator:
    register_shortcuts()
    coordinator = Coordinator.of(viewer)
    KeyPresses.take(coordinator.time.viewer)
    TimeBar.take(coordinator.time.viewer, coordinator.playback)
    coordinator.opened.connect(_offer, unique=True)
    coordinator.sittings_found.connect(_offer_arrangement, unique=True)
    coordinator.canvas.hovered.connect(show_names, unique=True)
    coordinator.canvas.menu_requested.connect(_show_menu, unique=True)
    viewer.layers.events.inserted.connect(_paint, position="last")
    coordinator.cells.traces_requested.connect(show_traces, unique=True)
    return coordinator


def _show_menu() -> None:
    canvas = Signal.sender()
    for viewer in _open_viewers():
        coordinator = Coordinator.find(viewer)
        if coordinator is not None and coordinator.canvas is canvas:
            show_canvas_menu(viewer)


def _offer_arrangement() -> None:
    coordinator = Signal.sender()
    for viewer in _open_viewers():
        if Coordinator.find(viewer) is coordinator and _is_watched():
            offer_arrangement(viewer)


def _open_viewers() -> list[Viewer]:
    """Those whose window is there: napari also lists some that were closed by their button."""
    return [viewer for viewer in list(Viewer._instances) if is_open(viewer)]


def _offer() -> None:
    for viewer in _open_viewers():
        coordinator = Coordinator.find(viewer)
        if coordinator is not None and coordinator.has_something_to_show:
            WindowLayout.of(viewer).offer()
