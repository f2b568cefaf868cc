"""The dock *Heat map*: all traces at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_isx.docks.common.placing import Placing
from napari_isx.docks.heatmap.view import HeatMapView

if TYPE_CHECKING:
    from napari.viewer import Viewer

_HEIGHT_PX: Final = 280


class HeatMapWidget(HeatMapView):
    """Shows all cells of the group.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The viewer whose cells are shown.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Placing(self, _place)
        from napari_isx.app.coordinator import Coordinator

        coordinator = Coordinator.of(napari_viewer)
        coordinator.heatmap.attach(self)
        coordinator.view.make_room()


def _place(dock: QDockWidget, window: QMainWindow) -> None:
    """Move below the canvas, where a time axis has room; napari docks plugins on the right."""
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resizeDocks([dock], [_HEIGHT_PX], Qt.Orientation.Vertical)
    # Half of the room where it is beside the traces.
    window.resizeDocks([dock], [window.width() // 2], Qt.Orientation.Horizontal)
