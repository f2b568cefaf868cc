"""The one time that the slider, the canvas and the plots show."""

from __future__ import annotations

from typing import ClassVar

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
