"""How badly what is shown together was not taken together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.timeline.hardware_time import Times
from napari_isx.timeline.placed import Placed


class Misalignment(NamedTuple):
    """How badly what is shown together was not taken together.

    `seconds`: the largest difference, by the hardware's clock. `at_s`: the session time at which it
    is. `between`: the two recordings, or the only one. `frame_s`: the period of the faster of their
    movies. `is_measured`: whether recordings with hardware timestamps of their own were compared,
    and not just what was made from one of them.
    """

    seconds: float
    at_s: float
    between: tuple[Recording, ...]
    frame_s: float
    is_measured: bool = False

    @property
    def is_serious(self) -> bool:
        """Whether it is over half a frame."""
        return self.seconds > self.frame_s / 2


def worst_misalignment(placed: Iterable[Placed]) -> Misalignment | None:
    """The worst misalignment of all pairs, or None where there is nothing to compare.

    Each frame is compared with its hardware timestamp, so that drift is in it. Alone, a movie is
    compared with its own timestamps.
    """
    known = [(one, late) for one in placed if (late := one.shown_late_s()) is not None]
    pairs = [_between(a, b) for a, b in combinations(known, 2) if a[0].counter == b[0].counter]
    found = [pair for pair in pairs if pair is not None]
    if not found:
        movies = [one for one in known if isinstance(one[0].recording, FrameSequence)]
        found = [_alone(movie) for movie in movies]
    worst = max(found, key=lambda one: one.seconds, default=None)
    is_measured = any(one.is_measured for one in found)
    return worst._replace(is_measured=is_measured) if worst is not None else None


_Late = tuple[Placed, tuple[Times, Times]]


def _between(a: _Late, b: _Late) -> Misalignment | None:
    """The largest difference of two recordings while both run."""
    (times_a, late_a), (times_b, late_b) = a[1], b[1]
    start_s = max(a[0].offset_s, b[0].offset_s)
    stop_s = min(a[0].end_s, b[0].end_s)
    times = np.concatenate([times_a, times_b])
    times = times[(times >= start_s) & (times <= stop_s)]
    if not len(times):
        return None
    apart = np.abs(np.interp(times, times_a, late_a) - np.interp(times, times_b, late_b))
    return _at_worst(times, apart, (a[0], b[0]))


def _alone(one: _Late) -> Misalignment:
    times, late = one[1]
    return _at_worst(times, np.abs(late), (one[0],))


def _at_worst(times: Times, apart_s: Times, placed: tuple[Placed, ...]) -> Misalignment:
    worst = int(np.argmax(apart_s))
    movies = [one for one in placed if isinstance(one.recording, FrameSequence)]
    frame_s = min((one.timing.period_s for one in movies), default=float("inf"))
    return Misalignment(
        float(apart_s[worst]),
        float(times[worst]),
        tuple(one.recording for one in placed),
        frame_s,
        len(placed) > 1 and all(one.is_measured for one in placed),
    )
