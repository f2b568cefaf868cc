"""Bringing a napari window into the state that a demonstration or a picture needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from napari import Viewer
from qtpy.QtWidgets import QApplication, QDockWidget, QWidget

from napari_isx import open_isx
from napari_isx.app.coordinator import Coordinator
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.session import Session

_LONGEST_WAIT_S = 30.0

W = TypeVar("W", bound=QWidget)


def settle(seconds: float = 0.5) -> None:
    """Let the window do and draw what is due."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def settle_until(is_done: Callable[[], bool]) -> None:
    """Let the window work until something is done."""
    end = time.monotonic() + _LONGEST_WAIT_S
    while not is_done():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get as far as it should")
        settle(0.05)
    settle()


def open_sample(
    viewer: Viewer,
    cells: Sequence[int] = (1,),
    num_events: int = 2,
    size: tuple[int, int] = (1400, 900),
) -> Coordinator:
    """Open the sample recording as from the menu, select cells and go to one of their events."""
    viewer.window.resize(*size)
    settle()
    viewer.open_sample("napari-isx", "recording")
    settle(1.0)
    coordinator = Coordinator.of(viewer)
    coordinator.time.go_to(0.0)
    coordinator.session.select(coordinator.session.groups[0], cells)
    for _ in range(num_events):
        coordinator.time.go_to_event(1)
    viewer.layers.selection.active = viewer.layers[0]
    viewer.reset_view()
    settle(1.0)
    return coordinator


def open_dock(viewer: Viewer, name: str) -> tuple[QDockWidget, Any]:
    """Open one of our docks as from the menu *Plugins*."""
    dock, widget = viewer.window.add_plugin_dock_widget("napari-isx", name)
    settle(1.0)
    return dock, widget


def find_widget(viewer: Viewer, kind: type[W]) -> W:
    """The one widget of this kind in the window."""
    return viewer.window._qt_window.findChild(kind)


def zoom_to_movie(viewer: Viewer) -> None:
    """Fill the canvas with the microscope's field, without the behavior movie beside it."""
    first, last = viewer.layers["sample-recording"].extent.world[:, -2:]
    camera = viewer.scene.camera
    height, width = viewer.canvas.size
    camera.center = (0.0, *((first + last) / 2))
    camera.zoom = 0.95 * min(height / (last - first)[0], width / (last - first)[1])
    settle()


def decide_elsewhere(cells: Path, statuses: Mapping[int, CellStatus]) -> None:
    """Decide about cells and end without saving; to be called in a process of its own."""
    session = Session()
    with open_isx(cells) as opened:
        session.show([opened])
        curation = session.groups[0].curation
        assert curation is not None
        for cell, status in statuses.items():
            curation.decide([cell], status)
