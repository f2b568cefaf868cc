"""Vessels on the canvas, and the correlation maps of the selected one in the docks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Shapes

from napari_isx.docks.common.views import Views
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.styles import outline_colors, vessel_widths_px
from napari_isx.layers.vessels import Points, nearest_vessel, vessel_lines
from napari_isx.session.groups import VesselGroup
from napari_isx.session.session import Session
from napari_isx.viewer.canvas import CanvasControl, Point
from napari_isx.viewer.cell_display import CellsDisplay
from napari_isx.viewer.clicks import Click, Clicks
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.traces.dock import TracesWidget

# How near to a line a click has to be, on the screen.
_REACH_PX: Final = 8
_WIDER: Final = 1.4
_WHITE: Final = (1.0, 1.0, 1.0, 1.0)


class VesselsControl(Control):
    """The layers of vessel sets, and the docks that show maps.

    `canvas` knows where cells are drawn, `display` how vessels are colored too.
    """

    def __init__(
        self, viewer: ViewerModel, session: Session, canvas: CanvasControl, display: CellsDisplay
    ) -> None:
        super().__init__(viewer, session)
        self._canvas = canvas
        self._display = display
        self._views: Views[TracesWidget] = Views()
        self._lines: WeakKeyDictionary[VesselSet, list[Points]] = WeakKeyDictionary()
        self._shown: tuple[VesselSet, int, int] | None = None  # whose maps, vessel and sample
        Clicks(viewer, self._on_click)
        session.groups_changed.connect(self.show_selection)
        session.selection_changed.connect(self.show_selection)
        display.changed.connect(self.show_selection)
        session.recordings_changed.connect(self.show_maps)
        session.cursor.moved.connect(self.show_maps)

    def attach(self, view: TracesWidget) -> None:
        self._views.add(view)
        self._shown = None
        self.show_maps()

    def show_selection(self) -> None:
        """Mark the selected vessels, and show the maps of the last of them."""
        for layer, recording in self.our_layers():
            if isinstance(layer, Shapes) and isinstance(recording, VesselSet):
                self._mark(layer, recording)
        self.show_maps()

    def show_maps(self, time_s: float | None = None) -> None:  # noqa: ARG002
        """Show the maps of the selected vessel at the time of the cursor, where it has any."""
        wanted = self._wanted_maps()
        if wanted == self._shown and wanted is not None:
            return
        had_any, self._shown = self._shown is not None, wanted
        maps, title = None, ""
        if wanted is not None:
            vessels, vessel, sample = wanted
            title = f"{vessels.names[vessel]}, sample {sample}"
            try:
                maps = vessels.correlations(vessel, sample)
            except (OSError, ValueError):  # closed, cut short or out of reach, as the traces say
                maps = None
        for view in self._views if had_any or wanted is not None else ():
            view.show_maps(title, maps)

    def _wanted_maps(self) -> tuple[VesselSet, int, int] | None:
        group, selected = self.session.group, self.session.selected
        if not isinstance(group, VesselGroup) or not selected:
            return None
        vessels = group.vessels
        if not vessels.has_correlations or vessels not in self.session.clock:
            return None
        placed, now_s = self.session.clock.placed(vessels), self.session.cursor.time_s
        if not placed.offset_s <= now_s < placed.end_s:
            return None
        sample = placed.sample_at(now_s)
        return (vessels, selected[-1], sample) if vessels.timing.valid_mask[sample] else None

    def _mark(self, layer: Shapes, vessels: VesselSet) -> None:
        """Draw the selected vessels white and wide, and the others as they are."""
        if len(layer.data) != vessels.num_vessels or not vessels.num_vessels:
            return
        group = self._group_of(vessels)
        if group is None:
            return
        selected = list(self.session.selected) if group is self.session.group else []
        statuses = vessels.statuses
        colors = outline_colors(statuses, vessels.colors, self._display.coloring_of(group))
        widths = np.array(vessel_widths_px(self._lines_of(vessels), statuses))
        if selected:
            colors[selected] = _WHITE
            widths[selected] = _WIDER * widths.max()
        # napari draws all shapes again for each of them.
        if not np.allclose(layer.edge_color, colors):
            layer.edge_color = colors
        if not np.allclose(layer.edge_width, widths):
            layer.edge_width = widths.tolist()

    def _on_click(self, click: Click) -> None:
        """Select the vessel at a place, unless a cell is drawn there: cells come first."""
        if self._canvas.found_at(click.position_um)[0] is None:
            self._pick_at(click.position_um, add=click.adds)

    def _pick_at(self, position_um: Point, add: bool) -> None:
        for layer, recording in reversed(list(self.our_layers())):
            group = self._group_of(recording)
            if group is None or not layer.visible or not isinstance(layer, Shapes):
                continue
            row, col = layer.world_to_data(position_um)
            reach_px = _REACH_PX / self.camera.zoom / float(min(layer.scale[-2:]))
            found = nearest_vessel(self._lines_of(group.vessels), row, col, reach_px)
            if found is not None:
                if add:
                    self.session.toggle(group, found, on_canvas=True)
                else:
                    self.session.select(group, [found], on_canvas=True)
                return

    def _group_of(self, recording: object) -> VesselGroup | None:
        groups = (group for group in self.session.groups if isinstance(group, VesselGroup))
        return next((group for group in groups if group.vessels is recording), None)

    def _lines_of(self, vessels: VesselSet) -> list[Points]:
        if vessels not in self._lines:
            self._lines[vessels] = vessel_lines(vessels)
        return self._lines[vessels]
