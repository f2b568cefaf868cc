"""Movies and images as Image layers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.movie import Image, Movie
from napari_isx.layers.keys import RECORDING_KEY, LayerData
from napari_isx.layers.placement import placement

_FRAMES_FOR_CONTRAST: Final = 5
# Enough pixels for percentiles, few enough to be quick on a frame of a megapixel.
_PIXELS_FOR_CONTRAST: Final = 50_000
_PERCENTILES: Final = (0.2, 99.8)


def movie_layer(movie: Movie) -> LayerData:
    """A lazy Image layer ``(t, y, x)`` of a movie, one frame per chunk."""
    samples = np.flatnonzero(movie.timing.valid_mask)
    count = min(len(samples), _FRAMES_FOR_CONTRAST)
    picked = samples[np.linspace(0, len(samples) - 1, count).astype(int)]
    frames = [movie.read_frame(int(i)) for i in picked]
    return (
        movie.to_dask(),
        {
            "name": movie.path.stem,
            **_appearance(movie, frames),
            **placement(movie.spacing, movie.timing),
            # napari's own dask cache costs 30 ms a step; the system caches the file anyway.
            "cache": False,
        },
        "image",
    )


def image_layer(image: Image) -> LayerData:
    """An Image layer ``(y, x)`` of a picture."""
    data = image.data
    return (
        data,
        {"name": image.path.stem, **_appearance(image, [data]), **placement(image.spacing)},
        "image",
    )


def _appearance(recording: Movie | Image, frames: list[npt.NDArray[Any]]) -> dict[str, Any]:
    kwargs: dict[str, Any] = {"metadata": {RECORDING_KEY: recording}}
    if recording.shape[-1] == 3 and len(recording.shape) - isinstance(recording, Movie) == 3:
        return {**kwargs, "rgb": True}
    return {**kwargs, "colormap": "gray", "contrast_limits": contrast_limits(frames)}


def contrast_limits(frames: list[npt.NDArray[Any]]) -> tuple[float, float]:
    """Limits between which a few frames' pixels lie, without the outermost ones.

    Returns
    -------
    (float, float)
        The second greater than the first, whatever the frames hold; (0, 1) without any.
    """
    parts = [frame.reshape(-1)[:: max(frame.size // _PIXELS_FOR_CONTRAST, 1)] for frame in frames]
    pixels = np.concatenate(parts).astype(np.float64) if parts else np.empty(0)
    pixels = pixels[np.isfinite(pixels)]
    if not len(pixels):
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(pixels, _PERCENTILES))
    if not high > low:
        low, high = float(pixels.min()), float(pixels.max())
    return (low, high) if high > low else (low, low + max(1.0, abs(low) / 1000))
