"""Vessel sets as an Image layer of their projection and a Shapes layer of their lines.

A file gives the points of a line as whole numbers, indices of pixels: a line goes from the middle
of one pixel to that of another. That is where napari has whole numbers too, so nothing is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.keys import RECORDING_KEY, LayerData, layer_name
from napari_isx.layers.movies import picture_layer
from napari_isx.layers.placement import placement
from napari_isx.layers.styles import outline_colors, vessel_widths_px

if TYPE_CHECKING:
    import pandas as pd

Points = npt.NDArray[np.float64]


def vessel_layers(vessels: VesselSet) -> list[LayerData]:
    """The layers of a vessel set: its projection, and over it its lines or boxes."""
    return [picture_layer(vessels, vessels.image, vessels.spacing), lines_layer(vessels)]


def lines_layer(vessels: VesselSet) -> LayerData:
    """A Shapes layer ``(y, x)``: a line across each vessel, or for velocities a box along it."""
    kwargs: dict[str, Any] = {
        "name": layer_name("vessels", vessels.title),
        "metadata": {RECORDING_KEY: vessels},
        "opacity": 1.0,
        **placement(vessels.spacing),
    }
    lines = vessel_lines(vessels)
    if not lines:
        return [], {**kwargs, "ndim": 2}, "shapes"
    is_box = vessels.vessel_type == "rbc velocity"
    return (
        [np.vstack([line, line[:1]]) for line in lines] if is_box else lines,
        {
            **kwargs,
            "shape_type": "path" if is_box else "line",
            "features": vessel_features(vessels, vessels.statuses),
            "edge_color": outline_colors(vessels.statuses, vessels.colors, "status"),
            "face_color": "transparent",
            "edge_width": vessel_widths_px(lines, vessels.statuses),
        },
        "shapes",
    )


def vessel_lines(vessels: VesselSet) -> list[Points]:
    """Where each vessel was measured, read again.

    Returns of each vessel rows and columns of the line's ends, ``(2, 2)``, or of the box's corners
    in order, ``(4, 2)``. Pixel centers have whole numbers.
    """
    return [vessels.line(i)[:, ::-1].astype(np.float64) for i in range(vessels.num_vessels)]


def vessel_features(vessels: VesselSet, statuses: Sequence[CellStatus]) -> pd.DataFrame:
    """A row per vessel: ``index`` (from 1), name and status."""
    import pandas as pd

    return pd.DataFrame(
        {
            "index": np.arange(1, vessels.num_vessels + 1),
            "name": pd.Series(vessels.names, dtype=object),
            "status": pd.Series(list(statuses), dtype=object),
        }
    )


def nearest_vessel(points: Sequence[Points], row: float, col: float, max_px: float) -> int | None:
    """Which vessel is nearest to a place.

    `points`: as :func:`vessel_lines` gives them. `row`, `col`: the place, in pixels of the image;
    pixel centers have whole numbers. `max_px`: how far a line, or the edge of a box, may be away. A
    place in a box is 0 away.
    Returns of several in reach the first of the nearest; None where none is in reach.
    """
    if not points:
        return None
    place = np.array([row, col])
    distances = [_distance(line, place) for line in points]
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= max_px else None


def _distance(line: Points, place: Points) -> float:
    """From a place to a line, or to a box, whose inside counts as well."""
    if len(line) > 2:
        from skimage.measure import points_in_poly

        if points_in_poly(place[None], line)[0]:  # type: ignore[no-untyped-call]
            return 0.0
        starts, ends = line, np.roll(line, -1, axis=0)
    else:
        starts, ends = line[:1], line[1:]
    along = ends - starts
    length2 = (along**2).sum(axis=1)
    # Where a side has no length, its start is the nearest point of it.
    share = ((place - starts) * along).sum(axis=1) / np.where(length2 > 0, length2, 1)
    nearest = starts + np.clip(share, 0, 1)[:, None] * along
    return float(np.hypot(*(nearest - place).T).min())
