"""Layers of a mean movie around events."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_isx.analysis.response_maps import ResponseMap
from napari_isx.io.movies.base import Movie
from napari_isx.layers.placement import placement
from napari_isx.timeline.clock import Clock


def response_map_layers(
    made: ResponseMap, movie: Movie, name: str, clock: Clock
) -> list[tuple[Any, dict[str, Any], str]]:
    """The average movie with its lag as an axis of its own, and the picture of its peak.

    The average lies at every time of the session: its axis of time has one sample that lasts as
    long.
    """
    place = placement(movie.spacing)
    start_s, end_s = clock.span_s
    length_s = max(end_s - start_s, 1.0)
    step_s = float(made.lags_s[1] - made.lags_s[0]) if len(made.lags_s) > 1 else 1.0
    limit = float(np.nanpercentile(np.abs(made.peak), 99.5)) if np.isfinite(made.peak).any() else 1
    look = {"colormap": "PiYG", "contrast_limits": (-(limit or 1), limit or 1)}
    average = {
        **look,
        "name": f"average around {name} · {movie.title}",
        "scale": (step_s, 2 * length_s, *place["scale"]),
        "translate": (float(made.lags_s[0]), start_s + length_s / 2, *place["translate"]),
        "units": ("s", "s", *place["units"]),
        "axis_labels": ("lag", "t", *place["axis_labels"]),
        "visible": False,
    }
    peak = {**place, **look, "name": f"response to {name} · {movie.title}", "blending": "additive"}
    return [(made.average[:, np.newaxis], average, "image"), (made.peak, peak, "image")]
