"""Movies, their planes and images as Image layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.contrast import contrast_limits
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.layers.keys import RECORDING_KEY, LayerData, layer_name
from napari_isx.layers.placement import placement
from napari_isx.timeline.frame_grid import to_dask_in_time

_FRAMES_FOR_CONTRAST: Final = 5
_PERCENTILES: Final = (0.2, 99.8)


def movie_layer(movie: Movie) -> LayerData:
    """A lazy Image layer ``(t, y, x)`` of a movie, one frame per chunk."""
    samples = np.flatnonzero(movie.timing.valid_mask)
    count = min(len(samples), _FRAMES_FOR_CONTRAST)
    picked = samples[np.linspace(0, len(samples) - 1, count).astype(int)]
    frames = [movie.read_frame(int(i)) for i in picked]
    return (
        to_dask_in_time(movie),
        {
            "name": layer_name("", movie.title),
            "metadata": {RECORDING_KEY: movie},
            **_appearance(frames, rgb=movie.ndim == 4),
            **placement(movie.spacing, movie.timing),
            # napari's own dask cache costs 30 ms a step; the system caches the file anyway.
            "cache": False,
        },
        "image",
    )


def plane_layers(planes: Sequence[Movie]) -> list[LayerData]:
    """A lazy Image layer ``(t, y, x)`` of each focal plane or color of a movie.

    `planes`: as :attr:`Movie.planes` gives them, of a series too.
    """
    return [_plane_layer(plane, i) for i, plane in enumerate(planes)]


def _plane_layer(plane: Movie, i: int) -> LayerData:
    data, kwargs, kind = movie_layer(plane)
    info, title = plane.acquisition_info, plane.title
    if "channel" in info:
        channel = info["channel"]
        kwargs |= {"name": layer_name(channel, title), "colormap": channel}
        kwargs["metadata"]["channel"] = channel
        if i:  # colors of one place add up, as in the microscope
            kwargs["blending"] = "additive"
        return data, kwargs, kind
    if "efocus" in info:
        kwargs["name"] = layer_name(f"plane efocus {info['efocus']}", title)
        kwargs["metadata"]["efocus"] = info["efocus"]
    else:
        kwargs["name"] = layer_name(f"plane {i + 1}", title)
    # All planes lie in the same place and are opaque: only the topmost would be seen, and each
    # step would read all of them. So one is shown, and the eyes of the others are a click away.
    kwargs["visible"] = i == 0
    return data, kwargs, kind


def image_layer(image: Image) -> LayerData:
    """An Image layer ``(y, x)`` of a picture."""
    return picture_layer(image, image.data, image.spacing)


def picture_layer(recording: Recording, data: npt.NDArray[Any], spacing: Spacing) -> LayerData:
    """An Image layer ``(y, x)`` of a picture that a recording holds.

    `data`: ``(H, W)``, or ``(H, W, 3)`` for color.
    """
    kwargs: dict[str, Any] = {
        "name": layer_name("", recording.title),
        "metadata": {RECORDING_KEY: recording},
        **_appearance([data], rgb=data.ndim == 3),
        **placement(spacing),
    }
    return data, kwargs, "image"


def _appearance(frames: list[npt.NDArray[Any]], *, rgb: bool) -> dict[str, Any]:
    if rgb:
        return {"rgb": True}
    return {"colormap": "gray", "contrast_limits": contrast_limits(frames, _PERCENTILES)}
