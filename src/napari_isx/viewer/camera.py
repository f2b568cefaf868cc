"""Brings a cell to the middle of the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_isx.analysis.rois import Roi
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.session.groups import CellGroup
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

# How much is shown, compared with the cell, and at least in micrometers; at most the field.
_SURROUNDINGS: Final = 8.0
_AROUND_SEVERAL: Final = 4.0
_LEAST_UM: Final = 60.0


class CenteringControl(Control):
    """The camera, as far as it follows the selected cell.

    Attributes
    ----------
    always : bool
        Whether it is for every cell that is selected, but not by a click on the canvas: there
        the cell would jump away from under the mouse.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self.always = False
        self._is_mouse_down = False
        self._zoom: float | None = None  # as it was set here last
        viewer.mouse_drag_callbacks.append(self._on_mouse)

    def center(self) -> None:
        """Show the last selected cell with its surroundings."""
        if self.session.selected:
            self.show(self.session.selected[-1])

    def show(self, *cells: int) -> None:
        """Show cells of the group with their surroundings."""
        self._zoom = None
        self._center(*cells)

    def follow(self) -> None:
        """Do so for a cell that was just selected; a zoom that the user has changed stays."""
        if self.always and not self._is_mouse_down and self.session.selected:
            self._center(self.session.selected[-1])

    def roi_of(self, group: CellGroup, cell: int) -> Roi | None:
        """The cut footprint of a cell, or None where no layer has it."""
        layer = self.layer_with_rois(group)
        return layer.metadata[ROIS_KEY][cell] if layer is not None else None

    @property
    def _canvas_px(self) -> Sequence[float]:
        """Height and width."""
        canvas = getattr(self.viewer, "canvas", None)  # of napari 0.9
        size: Sequence[float] = (
            canvas.size if canvas is not None else getattr(self.viewer, "_canvas_size", (600, 800))
        )
        return size

    def _center(self, *cells: int) -> None:
        group = self.session.group
        layer = self.layer_with_rois(group) if group is not None else None
        if layer is None or self.viewer.dims.ndisplay != 2:
            return
        rois = [layer.metadata[ROIS_KEY][cell] for cell in cells]
        drawn = [roi for roi in rois if not roi.is_empty]
        if not drawn:
            return
        starts = np.array([[roi.top, roi.left] for roi in drawn])
        first = starts.min(axis=0)
        last = (starts + [roi.weights.shape for roi in drawn]).max(axis=0) - 1
        start, stop = np.array([layer.data_to_world(corner) for corner in (first, last)])[:, -2:]
        self.camera.center = (0.0, *((start + stop) / 2).tolist())
        if self._zoom is None or np.isclose(self.camera.zoom, self._zoom):
            around = _SURROUNDINGS if len(cells) == 1 else _AROUND_SEVERAL
            size_um = max(around * np.abs(stop - start).max(), _LEAST_UM)
            field_um = np.ptp(layer.extent.world, axis=0)[-2:].min()
            self.camera.zoom = self._zoom = float(min(self._canvas_px) / min(size_um, field_um))

    def _on_mouse(self, viewer: ViewerModel, event: Any) -> Iterator[None]:  # noqa: ARG002
        """Know whether a button of the mouse is down on the canvas."""
        self._is_mouse_down = True
        try:
            yield
            while event.type == "mouse_move":
                yield
        finally:
            self._is_mouse_down = False
