"""The dock *Heat map*: all traces at a glance."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_isx.docks.common.placing import Placing
from napari_isx.docks.heatmap.view import HeatMapView

_HEIGHT_PX: Final = 280


class HeatMapWidget(HeatMapView):
    """Shows all cells of the group."""

    def __init__(self) -> None:
        super().__init__()
        Placing(self, _place)


def _place(dock: QDockWidget, window: QMainWindow) -> None:
    """Move below the canvas, where a time axis has room; napari docks plugins on the right."""
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resizeDocks([dock], [_HEIGHT_PX], Qt.Orientation.Vertical)
    # Half of the room where it is beside the traces.
    window.resizeDocks([dock], [window.width() // 2], Qt.Orientation.Horizontal)
