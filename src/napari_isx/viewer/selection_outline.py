"""Marks the selected cells on the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import ref

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer, Shapes
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_isx.layers.keys import ROIS_KEY
from napari_isx.layers.styles import SELECTION_COLOR, contour_width_px

if TYPE_CHECKING:
    from napari.components import ViewerModel

LAYER_NAME: Final = "Selected cells"
_MARK_KEY: Final = "napari_isx_selection"
_WIDER: Final = 2.0


class SelectionOutline:
    """A Shapes layer of its own with the contours of the selected cells.

    (napari outlines the selected shapes of the active layer only, and recoloring one contour
    among a thousand redraws them all.)
    """

    def show(
        self,
        viewer: ViewerModel,
        layers: Sequence[Layer],
        selected: Sequence[int],
        *,
        may_add_layer: bool,
    ) -> None:
        """Mark cells, and unmark all others.

        Parameters
        ----------
        viewer : ViewerModel
        layers : sequence of Layer
            Those of the cell set.
        selected : sequence of int
            Cells, by their index in the set. Cells without pixels cannot be marked.
        may_add_layer : bool
            Whether the layer is made where it is missing, and goes at once where nothing is
            selected. Not while layers are being removed: a viewer that closes removes them
            until none is left.
        """
        like = next((layer for layer in layers if ROIS_KEY in layer.metadata), None)
        rois = like.metadata[ROIS_KEY] if like is not None else []
        contours = [rois[i].contour for i in selected if rois and not rois[i].is_empty]
        outline = next((layer for layer in viewer.layers if _MARK_KEY in layer.metadata), None)
        if like is None or not contours:
            if outline is not None and may_add_layer:
                _remove(viewer, outline)
            elif outline is not None:
                outline.data = []
                if QApplication.instance() is not None:
                    QTimer.singleShot(0, partial(_remove_empty, ref(viewer), ref(outline)))
        elif outline is not None and viewer.dims.ndisplay == 2:
            _redraw(outline, like, contours, _WIDER * contour_width_px(rois))
        elif may_add_layer:
            if outline is not None:  # in 3D napari refuses other data for flat shapes
                _remove(viewer, outline)
            _add(viewer, _make(like, contours, _WIDER * contour_width_px(rois)))
        for layer in layers:
            if isinstance(layer, Labels) and selected:
                layer.selected_label = selected[-1] + 1


def _redraw(
    outline: Shapes, like: Layer, contours: Sequence[npt.NDArray[np.float64]], width_px: float
) -> None:
    """Draw other contours; setters of napari's are slow, so only what changes is set."""
    # The viewer would measure the world again, which the outline of a cell never changes.
    with outline.events.data.blocker(), _refreshed_once(outline):
        outline.data = [(contour, "path") for contour in contours]
    if not np.allclose(outline.edge_width, width_px):
        outline.edge_width = width_px
    if not np.allclose(outline.edge_color, 1):  # white
        outline.edge_color = SELECTION_COLOR
    for name in ("scale", "translate"):
        if not np.array_equal(getattr(outline, name), getattr(like, name)):
            setattr(outline, name, getattr(like, name))


@contextmanager
def _refreshed_once(layer: Shapes) -> Iterator[None]:
    """Cut napari's slice of a layer anew once, not three times as other shapes are set."""
    if not hasattr(layer, "_block_refresh"):
        yield
        return
    with layer._block_refresh():
        yield
    layer.refresh()


def _remove_empty(viewer_ref: ref[ViewerModel], outline_ref: ref[Shapes]) -> None:
    viewer, outline = viewer_ref(), outline_ref()
    if viewer is None or outline is None or outline not in viewer.layers:
        return
    if not len(outline.data):
        _remove(viewer, outline)


def _remove(viewer: ViewerModel, outline: Shapes) -> None:
    """Take the layer away; without the canvas' own context, Mesa can crash at that."""
    canvas = getattr(getattr(viewer, "window", None), "_qt_viewer", None)
    if canvas is not None:
        canvas.canvas._scene_canvas.set_current()
    viewer.layers.remove(outline)


def _make(like: Layer, contours: Sequence[npt.NDArray[np.float64]], width_px: float) -> Shapes:
    return Shapes(
        contours,
        shape_type="path",
        name=LAYER_NAME,
        edge_color=SELECTION_COLOR,
        edge_width=width_px,
        face_color="transparent",
        opacity=1,
        scale=like.scale,
        translate=like.translate,
        units=like.units,
        axis_labels=like.axis_labels,
        metadata={_MARK_KEY: True},
    )


def _add(viewer: ViewerModel, outline: Shapes) -> None:
    """Put the layer on top without taking the user's active layer away."""
    selection = viewer.layers.selection
    active, chosen = selection.active, set(selection)
    viewer.layers.append(outline)
    selection.clear()
    selection.update(chosen)
    selection.active = active
