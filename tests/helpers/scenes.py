"""Small recordings with cells at known places, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_isx import Spacing, Timing, write_cell_set, write_event_set, write_movie

START = Timing.regular(0, 1.0).start.replace(year=2026)
FIELD = (23, 31)


def blob(shape: tuple[int, int], center: tuple[float, float], radius: float = 2.0) -> np.ndarray:
    """A round footprint, 1 at its center."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    distance2 = (rows - center[0]) ** 2 + (cols - center[1]) ** 2
    return np.exp(-distance2 / radius**2).astype(np.float32)


def make_movie(
    path: Path,
    num_frames: int = 40,
    period_s: float = 0.05,
    spacing: Spacing | None = None,
    dtype: Any = np.uint16,
    **timing: Any,
) -> Path:
    """Every frame has its own number as brightness."""
    spacing = spacing or Spacing.regular(FIELD, 3.0)
    shape = (*spacing.num_pixels, 3) if dtype == "rgb" else spacing.num_pixels
    pixel = np.uint8 if dtype == "rgb" else dtype
    write_movie(
        path,
        (np.full(shape, i, pixel) for i in range(num_frames)),
        timing=Timing.regular(num_frames, period_s, START, **timing),
        spacing=spacing,
    )
    return path


def make_cells(
    path: Path,
    centers: Sequence[tuple[float, float]] = ((5, 6), (5, 20), (16, 9)),
    footprints: Sequence[np.ndarray] | None = None,
    spacing: Spacing | None = None,
    num_samples: int = 20,
    period_s: float = 0.1,
    timing: Timing | None = None,
    **kwargs: Any,
) -> Path:
    """Cells named C0, C1 and so on, at rows and columns of the set's own pixels."""
    spacing = spacing or Spacing.regular(FIELD, 3.0)
    if footprints is None:
        footprints = [blob(spacing.num_pixels, center) for center in centers]
    timing = timing or Timing.regular(num_samples, period_s, START)
    counting = [
        np.arange(timing.num_samples, dtype=np.float32) + 100 * i for i in range(len(footprints))
    ]
    traces = kwargs.pop("traces", counting)
    write_cell_set(path, footprints, traces, timing=timing, spacing=spacing, **kwargs)
    return path


def make_events(
    path: Path,
    times_s: Mapping[str, Sequence[float]] | None = None,
    num_samples: int = 20,
    period_s: float = 0.1,
    timing: Timing | None = None,
    **kwargs: Any,
) -> Path:
    """Events of named cells; the amplitudes are 1, 2 and so on."""
    if times_s is None:
        times_s = {"C0": [0.3, 1.2], "C1": [0.7], "C2": []}
    write_event_set(
        path,
        {
            name: (np.rint(np.array(times) * 1e6).astype(np.uint64), np.arange(1, len(times) + 1))
            for name, times in times_s.items()
        },
        timing=timing or Timing.regular(num_samples, period_s, START),
        **kwargs,
    )
    return path
