"""The one time that the slider, the canvas and the plots show."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from psygnal import Signal


class TimeCursor:
    """Session time: seconds since the earliest open recording started."""

    moved: ClassVar[Signal] = Signal(float)
    """The time changed; emitted with the new one."""

    def __init__(self) -> None:
        self._time_s = 0.0

    @property
    def time_s(self) -> float:
        """Seconds."""
        return self._time_s

    def move_to(self, time_s: float) -> None:
        """Go to another time; ``moved`` is emitted if it is another."""
        if time_s != self._time_s:
            self._time_s = time_s
            self.moved.emit(time_s)


def next_time_s(
    times_s: npt.NDArray[np.float64], direction: int, now_s: float, margin_s: float
) -> float | None:
    """The first of some times after now (1), or the last before (-1); within the margin is now."""
    ahead = (times_s - now_s) * direction > margin_s
    if not ahead.any():
        return None
    return float((np.min if direction > 0 else np.max)(times_s[ahead]))
