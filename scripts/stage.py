"""Bringing a napari window into the state that a demonstration or a picture needs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from napari import Viewer
from qtpy.QtWidgets import QApplication

from napari_isx.widgets.coordinator import Coordinator


def settle(seconds: float = 0.5) -> None:
    """Let the window do and draw what is due."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def open_sample(viewer: Viewer, cells: Sequence[int] = (1,), num_events: int = 2) -> Coordinator:
    """Open the sample recording as from the menu, select cells and go to one of their events."""
    viewer.window.resize(1400, 900)
    settle()
    viewer.open_sample("napari-isx", "recording")
    settle(1.0)
    coordinator = Coordinator.of(viewer)
    coordinator.go_to(0.0)
    coordinator.session.select(coordinator.session.groups[0], cells)
    for _ in range(num_events):
        coordinator.go_to_event(1)
    viewer.layers.selection.active = viewer.layers[0]
    viewer.reset_view()
    settle(1.0)
    return coordinator
