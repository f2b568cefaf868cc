"""When samples were really taken: by the counter of the recording hardware.

A file's `timing` counts on from its start in equal steps. The hardware stamps each frame with a
counter of microseconds, which shows where real time departs from that: cameras drift, stall, and
lose frames that nobody counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import in_threads
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie

_PAIRS: Final = 17
"""How many times two frames after each other are looked at to begin with."""
_FEW_FRAMES: Final = 2_000
"""Of an uneven movie of so many frames all are looked at; each is a small read of its own."""
_MAX_LOOKS: Final = 20_000
# A stretch of frames is looked at closer where it is longer or shorter than it should be by this
# part of a frame.
_CLOSER: Final = 1 / 8
# Parts of a series are placed by their start times; a counter that contradicts those by more
# than this was started again between them.
_MAX_JUMP_S: Final = 5.0

Times = npt.NDArray[np.float64]
Samples = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class HardwareTime:
    """A recording's own time, and that of the hardware beside it.

    `start_us`: the counter at second 0 of the recording. `nominal_s`: ``(n,)`` some times of the
    recording as its `timing` has them, rising. `true_s`: ``(n,)`` the same moments by the counter,
    in seconds from second 0; rising.
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


# The clock is made again whenever a layer comes or goes, and an hour of a camera has 100,000
# timestamps, which stay what they are.
_known: Final[WeakKeyDictionary[Recording, HardwareTime | None]] = WeakKeyDictionary()


def hardware_time(recording: Recording) -> HardwareTime | None:
    """The hardware's time of a recording, or None where it has none to rely on; read once.

    Of a movie only as many timestamps are read as it takes to know all of them to an eighth of a
    frame, as long as a stretch of frames of the right length has no irregular ones that make up
    for each other. GPIO times are the counter's to begin with.
    """
    if recording not in _known:
        _known[recording] = _read(recording)
    return _known[recording]


def _read(recording: Recording) -> HardwareTime | None:
    match recording:
        case Movie() if recording.has_timestamps:
            # None is only what a movie without timestamps gives.
            read: Callable[[int], Any] = recording.timestamp_us
            valid = np.flatnonzero(recording.timing.valid_mask)
            return _of_frames(recording.timing, valid, partial(in_threads, read), _PAIRS)
        case BehaviorMovie():
            counters = recording.timestamps_us
            if counters is not None:
                known = np.flatnonzero(recording.timing.valid_mask & (counters > 0))
                return _of_frames(recording.timing, known, counters.__getitem__, len(counters))
        case GpioSet():
            first_us = recording.first_tsc_us
            if first_us is not None:
                return HardwareTime(float(first_us), np.zeros(1), np.zeros(1))
    return None


def _of_frames(
    timing: Timing, valid: Samples, counters_us: Callable[[Samples], npt.ArrayLike], pairs: int
) -> HardwareTime | None:
    """The time of frames, whose counters are read; so many pairs of them to begin with."""
    if not len(valid) or timing.period_s <= 0:
        return None
    samples, counters = _looked_at(valid, counters_us, timing.period_s, pairs)
    if np.any(np.diff(counters) <= 0):
        return None  # started again, or damaged
    nominal_s = samples.astype(np.float64) * timing.period_s
    start_us = counters[0] - nominal_s[0] * 1e6
    true_s = (counters - start_us) / 1e6
    if timing.gaps and np.abs(true_s - nominal_s).max() > _MAX_JUMP_S:
        return None
    return HardwareTime(float(start_us), nominal_s, true_s)


def _looked_at(
    valid: Samples, counters_us: Callable[[Samples], npt.ArrayLike], period_s: float, pairs: int
) -> tuple[Samples, Times]:
    """Some of the valid samples, rising, and their counters in microseconds.

    Evenly spread at first, then closer wherever time does not run evenly; all of a short movie
    in which the steps from one frame to the next are not even.
    """
    last = len(valid) - 1
    spread = np.linspace(0, last, min(pairs, len(valid))).astype(int)
    places = np.unique(np.concatenate([spread, (spread + 1).clip(max=last)]))
    counters = np.asarray(counters_us(valid[places]), np.float64)
    while len(places) < _MAX_LOOKS:
        frames, apart = np.diff(counters) / (period_s * 1e6), np.diff(places)
        uneven = np.abs(frames - np.diff(valid[places])) > _CLOSER
        if len(valid) <= _FEW_FRAMES and (uneven & (apart == 1)).any():
            closer = np.setdiff1d(np.arange(last + 1), places)
        else:
            closer = (places[:-1] + apart // 2)[uneven & (apart > 1)][:_MAX_LOOKS]
        if not len(closer):
            break
        read = np.asarray(counters_us(valid[closer]), np.float64)
        at = np.searchsorted(places, closer)
        places, counters = np.insert(places, at, closer), np.insert(counters, at, read)
    return valid[places], counters


def _along(x: npt.ArrayLike, known_x: Times, known_y: Times) -> Times:
    """Interpolate; beyond what is known both run on alike."""
    given = np.asarray(x, np.float64)
    within = np.clip(given, known_x[0], known_x[-1])
    along: Times = np.interp(within, known_x, known_y) + (given - within)
    return along
