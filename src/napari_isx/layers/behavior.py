"""Behavior movies beside the microscope's field, with the tracker's zones and the animal's box.

A camera's picture has no place among the microscope's: it stands right of its field, as high as
that, where both are seen at once. What the tracker knows is in pixels of the picture, counted from
the corner of the first one, and so half a pixel off from napari's, which count from its center.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.spacing import Spacing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Zone
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.keys import BOX_KEY, RECORDING_KEY, LayerData, layer_name, recording_of
from napari_isx.layers.placement import placement
from napari_isx.layers.styles import BOX_COLOR, zone_colors
from napari_isx.timeline.frame_grid import to_dask_in_time

if TYPE_CHECKING:
    from napari.layers import Layer, Shapes

Rect = tuple[float, float, float, float]
"""Top, left, bottom and right edge in micrometers."""

_GAP: Final = 0.05
_ELLIPSE_POINTS: Final = 48
_LINES_PER_WIDTH: Final = 180
_TEXT_SIZE: Final = 8
# Farther out than any picture goes is damage, which napari cannot draw.
_MAX_PX: Final = 1e6


def behavior_layers(movie: BehaviorMovie) -> list[LayerData]:
    """The layers of a behavior movie: its pictures, and over them zones and box if it has them.

    Raises IsxFileError: the first frame, or what the tracker left, is broken; UnsupportedIsxError:
    no decoder for the pictures is installed.
    """
    layers = [behavior_layer(movie), zones_layer(movie), box_layer(movie)]
    return [layer for layer in layers if layer is not None]


def behavior_layer(movie: BehaviorMovie) -> LayerData:
    """A lazy Image layer ``(t, y, x)`` of a behavior movie, one frame per chunk.

    Raises IsxFileError: the first frame is broken; UnsupportedIsxError: no decoder for the pictures
    is installed.
    """
    ends = movie.timing.first_and_last_valid()
    if ends is not None:
        # So that what cannot be decoded is reported here, and not by napari's canvas. Only the
        # first one: finding a later one means to walk through all the video before it.
        movie.read_frame(ends[0])
    return (
        to_dask_in_time(movie),
        {
            "name": layer_name("behavior", movie.title),
            "metadata": {RECORDING_KEY: movie},
            "colormap": "gray",
            # The camera's exposure made it a picture; a first frame before the light goes on
            # would make the rest of the movie white.
            "contrast_limits": (0, 255),
            **placement(movie.spacing, movie.timing),
            "cache": False,
        },
        "image",
    )


def zones_layer(movie: BehaviorMovie) -> LayerData | None:
    """A Shapes layer ``(y, x)`` of the zones in use, or None where there are none.

    Features are each zone's id, name and description.

    Raises IsxFileError: what the tracker left is broken.
    """
    import pandas as pd

    tracking = movie.tracking
    enabled = [zone for zone in tracking.zones if zone.enabled] if tracking else []
    outlines = [zone_outline(zone) for zone in enabled]
    drawn = [i for i, outline in enumerate(outlines) if outline is not None]
    if not drawn:
        return None
    zones, colors = [enabled[i] for i in drawn], zone_colors(len(drawn))
    return (
        [outlines[i] for i in drawn],
        {
            **_over(movie, "zones"),
            "shape_type": "polygon",
            "features": pd.DataFrame(
                {
                    "id": [zone.id for zone in zones],
                    "name": pd.Series([zone.name for zone in zones], dtype=object),
                    "description": pd.Series([zone.description for zone in zones], dtype=object),
                }
            ),
            "edge_color": colors,
            "face_color": "transparent",
            "edge_width": _width_px(movie),
            "text": {
                "string": "{name}",
                "size": _TEXT_SIZE,
                "anchor": "upper_left",
                "color": colors,
            },
        },
        "shapes",
    )


def box_layer(movie: BehaviorMovie) -> LayerData | None:
    """A Shapes layer ``(y, x)`` for the animal's box, empty; None of a movie without boxes.

    Raises IsxFileError: what the tracker left is broken.
    See :func:`show_box`, which puts the box where the animal is.
    """
    tracking = movie.tracking
    if tracking is None or not np.isfinite(tracking.boxes).any():
        return None
    kwargs = _over(movie, "animal")
    kwargs["metadata"][BOX_KEY] = True
    look = {"edge_color": BOX_COLOR, "face_color": "transparent", "edge_width": _width_px(movie)}
    return [], {**kwargs, **look, "ndim": 2}, "shapes"


def show_box(layer: Shapes, movie: BehaviorMovie, sample: int) -> None:
    """Put the box where the tracker saw the animal, or take it away where it saw none.

    `layer`: of :func:`box_layer`. `sample`: of the movie; one that it does not have has no box.
    """
    corners = _box_corners(movie, sample)
    shown = layer.data
    if len(shown) == len(corners) and all(map(np.array_equal, shown, corners)):
        return
    # napari announces new shapes three times over, and has the viewer measure the world again, in
    # which the picture round the box has its place. Once, to the canvas, is enough.
    with layer.events.blocker_all():
        # To set the data would do, if napari did not fail at that with a layer of two dimensions
        # while it shows three.
        layer.selected_data = set(range(len(shown)))
        layer.remove_selected()
        if corners:
            layer.add(corners, shape_type="rectangle", edge_width=_width_px(movie))
    layer.refresh(thumbnail=False, extent=False)


def zone_outline(zone: Zone) -> npt.NDArray[np.float64] | None:
    """The corners of a zone, as rows and columns ``(n, 2)``; None where they make no area.

    Pixel centers have whole numbers.
    """
    points = zone.vertices
    if zone.shape == "ellipse" and len(points) == 1:
        points = points + _ellipse(zone.axes_px, zone.angle_deg)
    if len(np.unique(points, axis=0)) < 3 or not _is_drawable(points):
        return None
    return points[:, ::-1] - 0.5


def field_of(layers: Iterable[Layer]) -> Rect | None:
    """What the pixels of the microscope's files cover in the world, or None without any.

    `layers`: others among them do not count.
    """
    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

    rects = []
    for layer in layers:
        shows_pixels = isinstance(layer, ImageLayer | Labels)  # outlines lie on these
        recording = recording_of(layer)
        if shows_pixels and isinstance(recording, Movie | Image | CellSet | VesselSet):
            extent = layer.extent
            half = extent.step[-2:] / 2  # napari's extent ends at the centers of pixels
            low, high = extent.world[:, -2:]
            rects.append([*(low - half), *(high + half)])
    if not rects:
        return None
    tops, lefts, bottoms, rights = np.array(rects).T.tolist()
    return min(tops), min(lefts), max(bottoms), max(rights)


def beside(
    spacing: Spacing, field: Rect | None, right_um: float | None = None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a picture stands beside the microscope's field, as high as that.

    `spacing`: of the picture. `field`: top, left, bottom and right edge of the microscope's field.
    Without one, the picture keeps its own size and height. `right_um`: where the last picture that
    stands there already ends. Default: where the field does.
    Returns `scale`: micrometers per row and column. `translate`: the center of the first pixel.
    """
    (rows, cols), (height, width) = spacing.num_pixels, spacing.pixel_size_um
    top, left = spacing.top_left_um
    if field is not None:
        stretch = (field[2] - field[0]) / (rows * height)
        height, width = stretch * height, stretch * width
        top = field[0]
        left = (field[3] if right_um is None else right_um) + _GAP * (field[3] - field[1])
    elif right_um is not None:
        left = right_um + _GAP * cols * width
    return (height, width), (top + height / 2, left + width / 2)


def place_beside(
    layers: Iterable[Layer],
    movie: BehaviorMovie,
    field: Rect | None,
    right_um: float | None = None,
) -> float:
    """Put a behavior movie's layers beside the microscope's field.

    `layers`: those that show other files stay where they are. `field`, `right_um`: as for
    :func:`beside`.
    Returns the right edge of the picture in micrometers, where a next one may begin.
    """
    scale, translate = beside(movie.spacing, field, right_um)
    for layer in layers:
        if recording_of(layer) is movie:
            _place(layer, scale, translate)
    return translate[1] + (movie.spacing.num_pixels[1] - 0.5) * scale[1]


def _place(layer: Layer, scale: tuple[float, float], translate: tuple[float, float]) -> None:
    """Set what differs of the last two axes, for each setting has the viewer measure the world."""
    scales, places = np.array(layer.scale, np.float64), np.array(layer.translate, np.float64)
    scales[-2:], places[-2:] = scale, translate
    is_moved = not np.allclose(layer.translate, places, rtol=1e-12, atol=1e-9)
    if not np.allclose(layer.scale, scales, rtol=1e-12, atol=1e-9):
        if is_moved:
            with layer.events.scale.blocker():  # the other one announces both
                layer.scale = scales
        else:
            layer.scale = scales
    if is_moved:
        layer.translate = places


def _over(movie: BehaviorMovie, what: str) -> dict[str, Any]:
    """What layers over the pictures have in common."""
    return {
        "name": layer_name(what, movie.title),
        "metadata": {RECORDING_KEY: movie},
        "opacity": 1.0,
        **placement(movie.spacing),
    }


def _width_px(movie: BehaviorMovie) -> float:
    """How wide lines are drawn, in pixels of the picture."""
    return max(movie.spacing.num_pixels[0] / _LINES_PER_WIDTH, 0.5)


def _ellipse(axes_px: Sequence[float], angle_deg: float) -> npt.NDArray[np.float64]:
    """``(n, 2)``: x and y of points of an ellipse around 0, which has the given whole axes.

    The angle is from x towards y, clockwise on the screen, where y goes down.
    """
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)
    along, across = axes_px[0] / 2 * np.cos(turn), axes_px[1] / 2 * np.sin(turn)
    cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return np.column_stack([along * cos - across * sin, along * sin + across * cos])


def _box_corners(movie: BehaviorMovie, sample: int) -> list[npt.NDArray[np.float32]]:
    """Rows and columns of the box at a sample ``(4, 2)``, in a list that is empty without one."""
    tracking = movie.tracking
    if tracking is None or not 0 <= sample < len(tracking.boxes):
        return []
    left, top, right, bottom = tracking.boxes[sample] - 0.5
    corners = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    # As float32, which is what napari keeps, so that the same box is known again.
    return [corners.astype(np.float32)] if _is_drawable(corners) else []


def _is_drawable(points: npt.NDArray[np.float64]) -> bool:
    return bool((np.abs(points) <= _MAX_PX).all())  # NaN is not
