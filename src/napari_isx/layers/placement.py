"""Where a layer lies in the world: seconds, and micrometres on the sensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_isx.io.spacing import Spacing
from napari_isx.io.timing import Timing

# A still image may have a period of 0, but napari cannot show a scale of 0.
_NO_PERIOD_S = 1.0


def placement(spacing: Spacing, timing: Timing | None = None) -> dict[str, Any]:
    """Layer keyword arguments that place a pixel grid, in time too where it has one.

    Parameters
    ----------
    spacing : Spacing
    timing : Timing, optional
        Adds a first axis of seconds from the first sample.

    Notes
    -----
    The file gives the edge of the first pixel, napari wants its centre.
    """
    size, top_left = spacing.pixel_size_um, spacing.top_left_um
    centre = tuple(edge + step / 2 for edge, step in zip(top_left, size, strict=True))
    if timing is None:
        return {
            "scale": size,
            "translate": centre,
            "units": ("um", "um"),
            "axis_labels": ("y", "x"),
        }
    return {
        "scale": (seconds_per_step(timing), *size),
        "translate": (0.0, *centre),
        "units": ("s", "um", "um"),
        "axis_labels": ("t", "y", "x"),
    }


def seconds_per_step(timing: Timing) -> float:
    """The scale of a time axis."""
    return timing.period_s or _NO_PERIOD_S


def to_world_um(spacing: Spacing, pixels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Rows and columns, ``(n, 2)``, pixel centres at whole numbers, in micrometres ``(n, 2)``."""
    corner = np.asarray(pixels, np.float64).reshape(-1, 2) + 0.5
    world: npt.NDArray[np.float64] = corner * spacing.pixel_size_um + spacing.top_left_um
    return world
