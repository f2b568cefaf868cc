"""What all files of a simulated recording have in common: the scene, the clock, the session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

PERIOD_S: Final = 0.1
PIXEL_UM: Final = 3.0
START: Final = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
"""When the movie starts, by the clock on the wall."""
START_TSC_US: Final = 163_957_519_943
"""When the movie starts, by the hardware counter that box, microscope and camera share."""
RECORDING_UUID: Final = "SIM-20260302-140500-S01"
PULSE_S: Final = 2.0
_SEED: Final = 20


@dataclass(frozen=True)
class Scene:
    """What is simulated under the microscope.

    `num_pixels`: rows and columns of the movie. `crop`: rows and columns cut from each edge before
    cells were looked for. `margin_px`: no neuron is nearer to an edge than this. `dropped`: frames
    that were lost.
    """

    num_pixels: tuple[int, int]
    num_frames: int
    num_neurons: int
    crop: tuple[int, int]
    margin_px: int
    dropped: tuple[int, ...] = ()

    @property
    def times_s(self) -> Floats:
        """``(num_frames,)`` seconds from the first frame."""
        times: Floats = np.arange(self.num_frames) * PERIOD_S
        return times


def random(part: int) -> np.random.Generator:
    """The random numbers of one part of a sample, the same every time whatever others draw."""
    return np.random.default_rng([_SEED, part])


def pulse_onsets(rng: np.random.Generator, duration_s: float) -> Floats:
    """Seconds at which the stimulus goes on, for ``PULSE_S`` each, irregularly."""
    onsets = np.cumsum(rng.uniform(4.5, 8.0, int(duration_s / 4)).round(3))
    kept: Floats = onsets[onsets < duration_s - 2 * PULSE_S]
    return kept


def in_pulse(times_s: Floats, onsets_s: Floats) -> npt.NDArray[np.bool_]:
    """Whether the stimulus is on at each time."""
    since = times_s[:, None] - onsets_s
    return np.asarray(((since >= 0) & (since < PULSE_S)).any(axis=1))


def tsc_us(times_s: Floats) -> npt.NDArray[np.int64]:
    """The hardware counter at seconds from the movie's first frame."""
    counters: npt.NDArray[np.int64] = START_TSC_US + np.rint(times_s * 1e6).astype(np.int64)
    return counters


def session_json(name: str, uuid: str) -> dict[str, Any]:
    """The acquisition session as microscope and box write it."""
    return {
        "name": name,
        "animal": {
            "id": "S-01",
            "species": "simulated",
            "sex": "-",
            "dob": "",
            "weight": 0,
            "description": "not an animal",
        },
        "microscope": {
            "type": "simulated",
            "serial": "0",
            "focus": 0,
            "gain": 4,
            "exp": 50,
            "led": {"exPower": 0.8, "ogPower": 0.0},
        },
        "processingInterface": {"recordingUUID": uuid},
    }
