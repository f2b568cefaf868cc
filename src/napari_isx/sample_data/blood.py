"""Writing what an analysis of blood flow would have measured in the simulated vessels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.vessels.write import write_vessel_set
from napari_isx.sample_data.imaging import movie_spacing
from napari_isx.sample_data.plan import PERIOD_S, PIXEL_UM, START, Floats, Scene
from napari_isx.sample_data.tissue import Vessel

_WINDOW_S: Final = 1.0
_INCREMENT_S: Final = 0.5
_BOX_LENGTH_PX: Final = 40
_REACH_PX: Final = 35
# About where along the field each vessel was measured.
_PLACES: Final = (0.3, 0.5, 0.7)
_MAP_SHAPE: Final = (17, 33)
_PEAK_PX: Final = 2.0


def write_vessels(
    path: Path,
    rng: np.random.Generator,
    scene: Scene,
    vessels: list[Vessel],
    mean_image: npt.ArrayLike,
    session: Mapping[str, Any],
) -> None:
    """Write velocities in a box on each vessel, window by window, with correlation maps."""
    boxes, velocities, directions, maps = [], [], [], []
    for vessel, place in zip(vessels, _PLACES, strict=True):
        col = _straightest(vessel, round(place * scene.num_pixels[1]))
        boxes.append(box_on(vessel, col))
        signed = _windows(vessel.velocity_um_s)
        signed *= rng.normal(1, 0.025, len(signed))
        angle = np.arctan(vessel.slope(col)) + rng.normal(0, 0.02, len(signed))
        velocities.append(np.abs(signed))
        directions.append(np.degrees(angle + np.where(signed < 0, np.pi, 0)))
        maps.append(_correlations(rng, signed, angle))
    processing = {
        "units": "um/s",
        "projectionType": "mean",
        "timeWindow": _WINDOW_S,
        "timeIncrement": _INCREMENT_S,
        "inputMovieFps": 1 / PERIOD_S,
    }
    write_vessel_set(
        path,
        "rbc velocity",
        mean_image,
        boxes,
        velocities,
        direction_traces=directions,
        correlations=maps,
        names=[f"V{i}" for i in range(len(vessels))],
        statuses=["accepted", "accepted", "undecided"],
        timing=Timing.regular(len(velocities[0]), _INCREMENT_S, START),
        spacing=movie_spacing(scene),
        extra_properties={**session, "idps": {"vesselset": processing}},
    )


def box_on(vessel: Vessel, col: int) -> npt.NDArray[np.int64]:
    """``(4, 2)``: x and y of the corners of a box that lies along a vessel about a column."""
    along = np.array([1, vessel.slope(col)])
    along /= np.hypot(*along)
    across = np.array([-along[1], along[0]])
    half_length, half_width = _BOX_LENGTH_PX / 2, 1.6 * vessel.thickness_px + 1
    middle = np.array([col, vessel.middle[col]])
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    points = [middle + a * half_length * along + b * half_width * across for a, b in corners]
    return np.rint(points).astype(np.int64)


def _straightest(vessel: Vessel, about: int) -> int:
    """The column near another one at which a vessel is straightest, as people choose it."""
    half = _BOX_LENGTH_PX // 2
    steps = np.arange(-half, half + 1)
    cols = range(about - _REACH_PX, about + _REACH_PX + 1)
    bends = [np.ptp(vessel.middle[c + steps] - vessel.slope(c) * steps) for c in cols]
    return cols[int(np.argmin(bends))]


def _windows(values: Floats) -> Floats:
    """The mean of each window, from one increment to the next."""
    size, step = round(_WINDOW_S / PERIOD_S), round(_INCREMENT_S / PERIOD_S)
    every = np.lib.stride_tricks.sliding_window_view(values, size)
    means: Floats = every[::step].mean(axis=1)
    return means


def _correlations(
    rng: np.random.Generator, velocity_um_s: Floats, angle: Floats
) -> npt.NDArray[np.float32]:
    """``(n, 3, h, w)``: a peak where blood has got to in the frame before, the same, the next."""
    moved = velocity_um_s * PERIOD_S / PIXEL_UM
    lags = np.array([-1, 0, 1])
    # Axes: window, lag, row, column.
    down = (moved * np.sin(angle))[:, None, None, None] * lags[:, None, None]
    right = (moved * np.cos(angle))[:, None, None, None] * lags[:, None, None]
    height, width = _MAP_SHAPE
    row = np.arange(height)[:, None] - height // 2
    col = np.arange(width) - width // 2
    peak = np.exp(-((row - down) ** 2 + (col - right) ** 2) / (2 * _PEAK_PX**2))
    heights = np.array([0.75, 1.0, 0.75])[:, None, None]
    noise = rng.normal(0, 0.04, peak.shape)
    return np.asarray(heights * peak + noise, np.float32)
