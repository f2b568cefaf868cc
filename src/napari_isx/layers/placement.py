"""Where a layer lies in the world: seconds, and micrometers on the sensor."""

from __future__ import annotations

from typing import Any

from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing

# A still image may have a period of 0, but napari cannot show a scale of 0.
_NO_PERIOD_S = 1.0


def placement(spacing: Spacing, timing: Timing | None = None) -> dict[str, Any]:
    """Layer keyword arguments that place a pixel grid, in time too where it has one.

    `timing`: adds a first axis of seconds from the first sample.
    The file gives the edge of the first pixel, napari wants its center.
    """
    size, top_left = spacing.pixel_size_um, spacing.top_left_um
    center = tuple(edge + step / 2 for edge, step in zip(top_left, size, strict=True))
    if timing is None:
        return {
            "scale": size,
            "translate": center,
            "units": ("um", "um"),
            "axis_labels": ("y", "x"),
        }
    return {
        "scale": (seconds_per_step(timing), *size),
        "translate": (0.0, *center),
        "units": ("s", "um", "um"),
        "axis_labels": ("t", "y", "x"),
    }


def seconds_per_step(timing: Timing) -> float:
    """The scale of a time axis."""
    return timing.period_s or _NO_PERIOD_S
