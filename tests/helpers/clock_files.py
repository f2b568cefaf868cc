"""Recordings with hardware timestamps of known drift, for tests of the common clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from helpers.scenes import START
from napari_isx import Spacing, Timing, write_behavior_movie, write_movie
from napari_isx.io.base.signal import Signal
from napari_isx.io.gpio.write import channel_packets, write_gpio

UUID = "3f2a"
COUNTER_US = 5_000_000_000
"""What the hardware counter says at START."""


def session(uuid: str | None = UUID) -> dict[str, Any]:
    return {"processingInterface": {"recordingUUID": uuid}} if uuid else {}


def counters_us(taken_s: np.ndarray) -> np.ndarray:
    """Timestamps of frames that were taken so many seconds after START."""
    return (COUNTER_US + np.rint(np.asarray(taken_s) * 1e6)).astype(np.uint64)


def stamped_movie(
    path: Path,
    taken_s: np.ndarray,
    start_s: float | None = None,
    uuid: str | None = UUID,
    shape: tuple[int, int] = (7, 9),
    **timing: Any,
) -> Path:
    """A movie whose frame i was taken at second taken_s[i], and has i as its brightness."""
    count = len(taken_s)
    start_s = float(taken_s[0]) if start_s is None else start_s
    write_movie(
        path,
        (np.full(shape, i, np.uint16) for i in range(count)),
        timing=Timing.regular(count, 0.05, START + timedelta(seconds=start_s), **timing),
        spacing=Spacing.regular(shape, 3.0),
        timestamps_us=counters_us(taken_s),
        extra_properties=session(uuid),
    )
    return path


def stamped_behavior(
    path: Path, taken_s: np.ndarray, start_s: float | None = None, uuid: str | None = UUID
) -> Path:
    """A behavior movie whose frames were taken at these seconds; frame i has brightness i % 250."""
    start_s = float(taken_s[0]) if start_s is None else start_s
    write_behavior_movie(
        path,
        (np.full((16, 64), i % 250, np.uint8) for i in range(len(taken_s))),
        timing=Timing.regular(len(taken_s), 1 / 30, START + timedelta(seconds=start_s)),
        timestamps_us=counters_us(taken_s),
        session={**session(uuid), "cameraName": "camera-1"},
    )
    return path


def stamped_gpio(
    path: Path,
    changes_s: np.ndarray,
    start_s: float,
    first_s: float = 0.0,
    uuid: str | None = UUID,
) -> Path:
    """A line that changes at these seconds after START; the box says it started at start_s."""
    offsets = np.rint((np.asarray(changes_s) - first_s) * 1e6).astype(np.uint64)
    values = (np.arange(len(offsets)) % 2).astype(np.float32)
    first_us = int(COUNTER_US + round(first_s * 1e6))
    write_gpio(
        path,
        channel_packets({"Digital GPI 0": Signal(offsets, values)}, first_us),
        timing=Timing.regular(1, 0.001, START + timedelta(seconds=start_s)),
        session=session(uuid),
    )
    return path
