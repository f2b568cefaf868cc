"""Small vessel sets of known content, for tests of what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from helpers.scenes import START
from napari_isx import Spacing, Timing, write_vessel_set

SHAPE = (40, 60)
PIXEL_UM = 3.0
LINES = [[(5, 10), (45, 10)], [(50, 2), (50, 38)]]  # x, y
BOXES = [[(10, 10), (30, 10), (30, 20), (10, 20)], [(40, 25), (55, 25), (55, 33), (40, 33)]]
NUM_SAMPLES = 6
PERIOD_S = 0.5


def make_vessels(
    path: Path,
    kind: Any = "rbc velocity",
    units: str | None = None,
    is_old: bool = False,
    timing: Timing | None = None,
) -> Path:
    """Two vessels; trace i is 10 i + sample, map (i, t, lag) is 100 i + 10 t + lag everywhere."""
    lines = LINES if kind == "vessel diameter" else BOXES
    samples = np.arange(NUM_SAMPLES, dtype=np.float32)
    traces = [samples + 10 * i for i in range(len(lines))]
    second = [trace + 1000 for trace in traces]
    extra: dict[str, Any] = {}
    if kind == "vessel diameter" and not is_old:
        extra["center_traces"] = second
    elif not is_old:
        extra["direction_traces"] = second
        lag = np.arange(3)[None, :, None, None]
        at = samples[:, None, None, None]
        extra["correlations"] = [
            np.broadcast_to(100 * i + 10 * at + lag, (NUM_SAMPLES, 3, 4, 7 + i))
            + np.linspace(0, 0.5, 7 + i)
            for i in range(len(lines))
        ]
    write_vessel_set(
        path,
        kind,
        np.zeros(SHAPE, np.float32),
        lines,
        traces,
        statuses=["accepted", "undecided"],
        timing=timing or Timing.regular(NUM_SAMPLES, PERIOD_S, START),
        spacing=Spacing.regular(SHAPE, PIXEL_UM),
        extra_properties={"idps": {"vesselset": {"units": units}}} if units else None,
        **extra,
    )
    return path
