"""Makes each dock for a window, and gives it the controller that it works with.

What napari shows in its menu are these classes: the views themselves know no viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_isx.app.coordinator import Coordinator
from napari_isx.docks.cells.dock import CellsWidget
from napari_isx.docks.closeup.dock import CloseUpWidget
from napari_isx.docks.heatmap.dock import HeatMapWidget
from napari_isx.docks.info.controller import InfoControl
from napari_isx.docks.info.dock import InfoWidget
from napari_isx.docks.peri_event.dock import ResponsesWidget
from napari_isx.docks.traces.dock import TracesWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer


class TracesDock(TracesWidget):
    """The dock *Traces* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).attach(self)


class CellsDock(CellsWidget):
    """The dock *Cells* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        coordinator.cells.attach(self)
        coordinator.view.make_room()


class CloseUpDock(CloseUpWidget):
    """The dock *Close-up* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        coordinator.closeup.attach(self)
        coordinator.view.make_room()


class HeatMapDock(HeatMapWidget):
    """The dock *Heat map* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        coordinator.heatmap.attach(self)
        coordinator.view.make_room()


class ResponsesDock(ResponsesWidget):
    """The dock *Responses* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        coordinator.responses.attach(self)
        coordinator.view.make_room()


class InfoDock(InfoWidget):
    """The dock *Recording info* of a window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        self._control = InfoControl(coordinator.view.viewer, coordinator.session, self)
        coordinator.view.make_room()
