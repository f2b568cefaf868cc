"""Writing what a simulated acquisition box and head sensor measured: `.gpio` and `.imu`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.gpio.imu import ACCELEROMETER_COUNTS_PER_G, ORIENTATION_COUNTS_PER_RAD
from napari_isx.io.gpio.write import channel_packets, write_gpio, write_imu
from napari_isx.sample_data.animal import Walk
from napari_isx.sample_data.plan import (
    PERIOD_S,
    PULSE_S,
    START,
    START_TSC_US,
    Floats,
    Scene,
    in_pulse,
)

STIMULUS: Final = "Digital GPI 0"
"""The channel that says when the stimulus is on."""
BOX_LEAD_S: Final = 1.5
"""How long before the movie the box starts."""

_AFTER_S: Final = 1.0
_CLOCK_HZ: Final = 1000
_LED_MW_MM2: Final = 0.8
_LICK_HZ: Final = 6.5
_NOISE_BITS: Final = 16
_IMU_STEP: Final = Fraction(1, 50)
_MAGNETOMETER_STEPS: Final = 4  # of the accelerometer's
_IMU_DROPPED: Final = (1204, 1205)
Change = tuple[npt.ArrayLike, npt.ArrayLike]


def write_box(
    path: Path,
    rng: np.random.Generator,
    scene: Scene,
    onsets_s: Floats,
    session: Mapping[str, Any],
) -> None:
    """Write the stimulus, a lick sensor, the LED, and the movie's trigger and frames."""
    end_s = scene.num_frames * PERIOD_S
    frames, nothing = scene.times_s, ([0], [0])
    channels: dict[str, Change] = {
        STIMULUS: _pulses(onsets_s, PULSE_S),
        "Digital GPI 1": nothing,
        "BNC Trigger Input": _pulses(np.array([0.0]), end_s),
        "BNC Sync Output": _pulses(frames, PERIOD_S / 2),
        "Frame Count": (_offsets_us(frames), np.arange(1, scene.num_frames + 1)),
        "GPIO-1": _licks(rng, end_s, onsets_s),
        "GPIO-2": nothing,
        "EX-LED": _changes([(-0.4, _LED_MW_MM2 / 2), (-0.2, _LED_MW_MM2), (end_s + 0.2, 0)]),
        "OG-LED": nothing,
        "DI-LED": nothing,
    }
    first_tsc_us = START_TSC_US - round(BOX_LEAD_S * 1e6)
    write_gpio(
        path,
        channel_packets(channels, first_tsc_us),
        timing=Timing.regular(0, 1 / _CLOCK_HZ, START - timedelta(seconds=BOX_LEAD_S)),
        session={**session, "adMode": "ad", "ad": {"clock": _CLOCK_HZ}},
    )


def write_head(
    path: Path, rng: np.random.Generator, scene: Scene, walk: Walk, session: Mapping[str, Any]
) -> None:
    """Write how the head moved, from the movie's first to its last frame."""
    count = round(scene.num_frames * PERIOD_S / _IMU_STEP)
    times = np.arange(count) * float(_IMU_STEP)
    moves = walk.at(times)
    strides = np.cumsum(moves.effort) * float(_IMU_STEP) * 2 * np.pi * 6
    pitch = -0.15 + 0.25 * (1 - moves.effort) * np.sin(times / 1.9) + 0.04 * np.sin(strides)
    roll = 0.05 + 0.06 * moves.effort * np.sin(strides / 2) + 0.05 * np.sin(times / 3.3)
    yaw = (moves.heading_rad + 0.2 * np.sin(times / 1.1) + np.pi) % (2 * np.pi) - np.pi
    # At rest the sensor feels gravity alone, then strides and turns besides.
    turning = np.gradient(moves.heading_rad, times) * moves.speed_px_s / 9810
    speeding = np.gradient(moves.speed_px_s, times) / 9810
    acceleration = np.column_stack(
        [
            np.sin(pitch) + speeding + 0.10 * moves.effort * np.cos(strides),
            np.sin(roll) + turning + 0.08 * moves.effort * np.sin(strides / 2),
            np.cos(pitch) * np.cos(roll) + 0.22 * moves.effort * np.sin(strides),
        ]
    )
    acceleration += rng.normal(0, 0.006, acceleration.shape)
    field = np.column_stack([np.cos(yaw), -np.sin(yaw), np.full(count, -1.6)]) * 420
    field = field[::_MAGNETOMETER_STEPS]
    field += rng.normal(0, 4, field.shape)
    orientation = np.column_stack([yaw, pitch, roll])
    write_imu(
        path,
        np.rint(acceleration * ACCELEROMETER_COUNTS_PER_G),
        np.rint(orientation * ORIENTATION_COUNTS_PER_RAD),
        np.rint(field),
        timing=Timing.regular(count, _IMU_STEP, START, dropped=_IMU_DROPPED),
        magnetometer_timing=Timing.regular(len(field), _IMU_STEP * _MAGNETOMETER_STEPS),
        session=session,
    )


def _offsets_us(times_s: Floats) -> npt.NDArray[np.int64]:
    """Microseconds from the box's start, of seconds from the movie's."""
    offsets: npt.NDArray[np.int64] = np.rint((times_s + BOX_LEAD_S) * 1e6).astype(np.int64)
    return offsets


def _changes(changes: list[tuple[float, float]]) -> Change:
    """A channel that is 0 at first."""
    times, values = np.array(changes).T
    return np.append(0, _offsets_us(times)), np.append(0, values)


def _pulses(onsets_s: Floats, width_s: float) -> Change:
    """A line that is on for a while after each onset."""
    times = np.column_stack([onsets_s, onsets_s + width_s]).ravel()
    return np.append(0, _offsets_us(times)), np.append(0, np.tile([1, 0], len(onsets_s)))


def _licks(rng: np.random.Generator, end_s: float, onsets_s: Floats) -> Change:
    """A voltage at every tick that differs: noise, and licks after most stimuli."""
    times = np.arange(-BOX_LEAD_S, end_s + _AFTER_S, 1 / _CLOCK_HZ)
    licked = onsets_s[rng.random(len(onsets_s)) < 0.8] + rng.uniform(0.3, 0.6)
    licking = in_pulse(times, licked)
    swing = np.maximum(np.sin(2 * np.pi * _LICK_HZ * times), 0) ** 2
    drift = 160 * np.sin(times / 7)
    counts = 2000 + drift + 9000 * licking * swing + rng.normal(0, 12, len(times))
    counts = counts // _NOISE_BITS * _NOISE_BITS
    differs = np.flatnonzero(np.diff(counts, prepend=-1))
    return _offsets_us(times[differs]), counts[differs]
