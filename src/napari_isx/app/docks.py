"""Makes each dock for a window, and gives it the controller that it works with.

What napari shows in its menu are these classes: the views themselves know no viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_isx.app.coordinator import Coordinator
from napari_isx.app.layout import BELOW, Docked, WindowLayout
from napari_isx.docks.cells.dock import CellsWidget
from napari_isx.docks.closeup.dock import CloseUpWidget
from napari_isx.docks.export.dock import ExportWidget
from napari_isx.docks.heatmap.dock import HeatMapWidget
from napari_isx.docks.info.controller import InfoControl
from napari_isx.docks.info.dock import InfoWidget
from napari_isx.docks.peri_event.dock import ResponsesWidget
from napari_isx.docks.traces.dock import TracesWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer


class TracesDock(Docked, TracesWidget):
    """The dock *Traces* of a window."""

    title, area = "Traces", BELOW

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).attach(self)
        WindowLayout.of(napari_viewer).expect(self)


class CellsDock(Docked, CellsWidget):
    """The dock *Cells* of a window."""

    title = "Cells"

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).cells.attach(self)
        WindowLayout.of(napari_viewer).expect(self)


class CloseUpDock(Docked, CloseUpWidget):
    """The dock *Close-up* of a window."""

    title, area = "Close-up", BELOW

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).closeup.attach(self)
        WindowLayout.of(napari_viewer).expect(self)


class HeatMapDock(Docked, HeatMapWidget):
    """The dock *Heat map* of a window."""

    title, area = "Heat map", BELOW

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).heatmap.attach(self)
        WindowLayout.of(napari_viewer).expect(self)


class ResponsesDock(Docked, ResponsesWidget):
    """The dock *Responses* of a window."""

    title, area = "Responses", BELOW

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        Coordinator.of(napari_viewer).responses.attach(self)
        WindowLayout.of(napari_viewer).expect(self)


class InfoDock(Docked, InfoWidget):
    """The dock *Recording info* of a window."""

    title = "Recording info"

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        self._control = InfoControl(coordinator.view.viewer, coordinator.session, self)
        WindowLayout.of(napari_viewer).expect(self)


class ExportDock(Docked, ExportWidget):
    """The dock *Export* of a window."""

    title = "Export"

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        coordinator = Coordinator.of(napari_viewer)
        coordinator.export.attach(self)
        coordinator.clips.attach(self.clip)
        WindowLayout.of(napari_viewer).expect(self)
