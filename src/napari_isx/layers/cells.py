"""Cell sets as a Labels layer of filled cells and a Shapes layer of their contours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi, cut_rois, label_image
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.layers.keys import RECORDING_KEY, ROIS_KEY, LayerData, layer_name
from napari_isx.layers.placement import placement
from napari_isx.layers.styles import (
    LABELS_OPACITY,
    ColorBy,
    contour_width_px,
    fill_colors,
    label_colormap,
    label_colors,
    outline_colors,
)

if TYPE_CHECKING:
    import pandas as pd
    from napari.layers import Labels, Layer, Shapes

MAX_FILLED: Final = 100
"""More cells than this are outlined at first, as filled ones hide the movie."""
MAX_VISIBLE_CONTOURS: Final = 600
"""More outlines than this slow the canvas as shapes: the label image has them instead."""
# So many outlines are recolored one by one, as after a key; more of them all at once.
_FEW: Final = 50


def cell_layers(cells: CellSet) -> list[LayerData]:
    """The layers of a cell set: filled cells, and over them their contours."""
    rois = cut_rois(cells, cells.spacing.num_pixels)
    return [labels_layer(cells, rois), contours_layer(cells, rois)]


def labels_layer(cells: CellSet, rois: list[Roi]) -> LayerData:
    """A Labels layer ``(y, x)``: label i + 1 is cell i, the heaviest where cells overlap."""
    # napari takes labels of 16 bits as they are, and translates larger ones at every new color.
    small = len(rois) < np.iinfo(np.uint16).max
    outlines = outline_colors(cells.statuses, cells.colors, "status")
    return (
        label_image(rois, cells.spacing.num_pixels).astype(np.uint16 if small else np.int32),
        {
            "name": layer_name("cells", cells.title),
            "features": cell_features(cells, cells.statuses),
            "colormap": label_colormap(fill_colors(outlines, cells.statuses)),
            "opacity": LABELS_OPACITY,
            "visible": not MAX_FILLED < len(rois) <= MAX_VISIBLE_CONTOURS,
            "metadata": {RECORDING_KEY: cells, ROIS_KEY: rois},
            **placement(cells.spacing),
        },
        "labels",
    )


def contours_layer(cells: CellSet, rois: list[Roi]) -> LayerData:
    """A Shapes layer ``(y, x)``: the outline of each cell's largest part.

    A cell without pixels has no outline, so ``features["index"]`` says which cell a shape is.
    """
    drawn = [i for i, roi in enumerate(rois) if not roi.is_empty]
    features = cell_features(cells, cells.statuses).iloc[drawn].reset_index(drop=True)
    colors = outline_colors(cells.statuses, cells.colors, "status")[drawn]
    kwargs: dict[str, Any] = {
        "name": layer_name("outlines", cells.title),
        "metadata": {RECORDING_KEY: cells, ROIS_KEY: rois},
        "visible": len(drawn) <= MAX_VISIBLE_CONTOURS,
        "opacity": 1.0,
        **placement(cells.spacing),
    }
    if not drawn:
        return [], {**kwargs, "ndim": 2}, "shapes"
    return (
        [rois[i].contour for i in drawn],
        {
            **kwargs,
            # Not "polygon": napari would triangulate the faces too, 13 ms for each cell.
            "shape_type": "path",
            "features": features,
            "edge_color": colors,
            "face_color": "transparent",
            "edge_width": contour_width_px(rois),
        },
        "shapes",
    )


def outline_labels(layer: Labels, *, outlined: bool) -> None:
    """Have the label image outlined, which is quicker than as many shapes, or filled."""
    wide = int(contour_width_px(layer.metadata[ROIS_KEY]) + 1)
    layer.opacity = 1.0 if outlined else LABELS_OPACITY
    layer.contour = wide if outlined else 0


def cell_features(cells: CellSet, statuses: Sequence[CellStatus]) -> pd.DataFrame:
    """A row per cell: ``index`` (its label, from 1), name, status, and the stored metrics."""
    import pandas as pd

    features = pd.DataFrame(
        {
            "index": np.arange(1, cells.num_cells + 1),
            "name": pd.Series(cells.names, dtype=object),
            "status": pd.Series(list(statuses), dtype=object),
        }
    )
    return features if cells.metrics is None else pd.concat([features, cells.metrics], axis=1)


def show_statuses(
    layers: Sequence[Layer],
    cells: CellSet,
    statuses: Sequence[CellStatus],
    by: ColorBy,
    values: npt.NDArray[np.float64] | None = None,
    shown: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Recolor the Labels and Shapes layers of a cell set, and renew the status in their features.

    `layers`: contours that are hidden keep their colors, as giving them others takes long; call
    this again when they are shown. `statuses`: one for each cell. `by`, `values`: as for
    :func:`~napari_isx.layers.styles.outline_colors`. `shown`: ``(n_cells,)``: which cells are
    drawn. Default: all.
    """
    from napari.layers import Labels, Shapes

    outlines = outline_colors(statuses, cells.colors, by, values)
    if shown is not None:
        outlines[~shown, 3] = 0
    for layer in layers:
        if isinstance(layer, Labels):
            # In place: napari would go through all features again.
            layer.features["status"] = list(statuses)
            _recolor_labels(layer, outlines if layer.contour else fill_colors(outlines, statuses))
        elif isinstance(layer, Shapes) and len(layer.data):
            drawn = layer.features["index"].to_numpy(int) - 1
            layer.features["status"] = [statuses[i] for i in drawn]
            if layer.visible:
                _recolor_outlines(layer, outlines[drawn])


def renew_thumbnails(layers: Sequence[Layer]) -> None:
    """Bring the small pictures in the layer list in line with the colors."""
    for layer in layers:
        layer._update_thumbnail()


def _recolor_labels(layer: Labels, fills: npt.NDArray[np.float32]) -> None:
    """Give labels other colors; in place, where napari would also cut its slice again."""
    colors = label_colors(fills)
    shown = layer.colormap
    if np.shape(shown.colors) != colors.shape or not hasattr(shown, "_clear_cache"):
        layer.colormap = label_colormap(fills)
    elif not np.array_equal(shown.colors, colors):
        shown.colors[...] = colors
        shown._clear_cache()
        layer.events.colormap()


def _recolor_outlines(layer: Shapes, colors: npt.NDArray[np.float32]) -> None:
    """Give outlines other colors; napari would go through all of them, and draw the thumbnail."""
    changed = np.flatnonzero((np.asarray(layer.edge_color) != colors).any(axis=1))
    if len(changed) > _FEW or not hasattr(layer._data_view, "update_edge_colors"):
        layer.edge_color = colors
    elif len(changed):
        layer._data_view.update_edge_colors(changed, colors[changed])
        layer.events.edge_color()
