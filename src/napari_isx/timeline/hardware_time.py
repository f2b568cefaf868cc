"""When samples were really taken: by the counter of the recording hardware.

A file's `timing` counts on from its start in equal steps. The hardware stamps each frame with a
counter of microseconds, which shows where real time departs from that: cameras drift, stall, and
lose frames that nobody counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie

_FEW_FRAMES: Final = 2_000
"""Of a movie of so many frames all timestamps are read; each is a small read of its own."""
_FIRST_LOOKS: Final = 257
"""How many are read of a longer one to begin with."""
_MAX_LOOKS: Final = 20_000
# A stretch of frames is looked at closer where it is longer or shorter than it should be by this
# part of a frame.
_CLOSER: Final = 1 / 8
# Parts of a series are placed by their start times; a counter that contradicts those by more
# than this was started again between them.
_MAX_JUMP_S: Final = 5.0

Times = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HardwareTime:
    """A recording's own time, and that of the hardware beside it.

    Attributes
    ----------
    start_us : float
        The counter at second 0 of the recording.
    nominal_s : numpy.ndarray
        ``(n,)`` some times of the recording as its `timing` has them, rising.
    true_s : numpy.ndarray
        ``(n,)`` the same moments by the counter, in seconds from second 0; rising.
    """

    start_us: float
    nominal_s: Times
    true_s: Times

    @property
    def deviation_s(self) -> float:
        """How far the recording's own time is from the hardware's at most, in seconds."""
        return float(np.abs(self.true_s - self.nominal_s).max(initial=0.0))

    def to_true_s(self, nominal_s: npt.ArrayLike) -> Times:
        """The hardware's time of moments that are given in the recording's own time."""
        return _along(nominal_s, self.nominal_s, self.true_s)

    def to_nominal_s(self, true_s: npt.ArrayLike) -> Times:
        """The recording's own time of moments that are given in the hardware's."""
        return _along(true_s, self.true_s, self.nominal_s)


def hardware_time(recording: Recording) -> HardwareTime | None:
    """Read the hardware's time of a recording, or None where it has none to rely on.

    Of a long movie only as many timestamps are read as it takes to know all of them to an eighth
    of a frame, as long as a stretch of frames of the right length has no irregular ones that make
    up for each other. GPIO times are the counter's to begin with.
    """
    match recording:
        case Movie() if recording.has_timestamps:
            return _of_frames(
                recording.timing, lambda i: recording.timestamp_us(i) or 0, _FEW_FRAMES
            )
        case BehaviorMovie():
            counters = recording.timestamps_us
            if counters is not None:
                return _of_frames(recording.timing, lambda i: int(counters[i]), len(counters))
        case GpioSet():
            first_us = recording.first_tsc_us
            if first_us is not None:
                return HardwareTime(float(first_us), np.zeros(1), np.zeros(1))
    return None


def _of_frames(
    timing: Timing, counter_us: Callable[[int], int], num_cheap: int
) -> HardwareTime | None:
    """The time of frames; so many timestamps cost little to read."""
    valid = np.flatnonzero(timing.valid_mask)
    if not len(valid) or timing.period_s <= 0:
        return None
    looks = len(valid) if len(valid) <= num_cheap else _FIRST_LOOKS
    places, counters = _looked_at(valid, counter_us, timing.period_s, looks)
    if np.any(np.diff(counters) <= 0):
        return None  # started again, or damaged
    nominal_s = valid[places].astype(np.float64) * timing.period_s
    start_us = counters[0] - nominal_s[0] * 1e6
    true_s = (counters - start_us) / 1e6
    if timing.gaps and np.abs(true_s - nominal_s).max() > _MAX_JUMP_S:
        return None
    return HardwareTime(float(start_us), nominal_s, true_s)


def _looked_at(
    valid: npt.NDArray[np.intp], counter_us: Callable[[int], int], period_s: float, looks: int
) -> tuple[npt.NDArray[np.int64], Times]:
    """Places among the valid samples, rising, and their counters in microseconds.

    Evenly spread at first, then closer wherever time does not run evenly.
    """
    last = len(valid) - 1
    first_places = np.unique(np.linspace(0, last, looks).astype(int))
    known = {int(place): counter_us(int(valid[place])) for place in first_places}
    stretches = list(zip(first_places[:-1].tolist(), first_places[1:].tolist(), strict=True))
    while stretches and len(known) < _MAX_LOOKS:
        first, stop = stretches.pop()
        frames = int(valid[stop] - valid[first])
        elapsed_us = known[stop] - known[first]
        uneven = abs(elapsed_us / (period_s * 1e6) - frames) > _CLOSER
        if stop - first > 1 and uneven:
            middle = (first + stop) // 2
            known[middle] = counter_us(int(valid[middle]))
            stretches += [(first, middle), (middle, stop)]
    places = np.array(sorted(known), np.int64)
    return places, np.array([known[place] for place in places.tolist()], np.float64)


def _along(x: npt.ArrayLike, known_x: Times, known_y: Times) -> Times:
    """Interpolate; beyond what is known both run on alike."""
    given = np.asarray(x, np.float64)
    within = np.clip(given, known_x[0], known_x[-1])
    along: Times = np.interp(within, known_x, known_y) + (given - within)
    return along
