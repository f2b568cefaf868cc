"""Plays session time as it was recorded, and goes through the parts of a recording."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from napari.utils.notifications import show_info
from psygnal import Signal
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_isx.session.session import Session
from napari_isx.timeline.placed import Placed
from napari_isx.viewer.control import Control
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel

Span = tuple[float, float]

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
# Less empty time than this between frames is a dropped frame or two, not another part.
_GAP_S: Final = 0.5
# So that the canvas is drawn, and keys are heard, between two frames.
_LEAST_PAUSE_S: Final = 0.005


class Playback(Control):
    """Playing, its speed, and the range that is looped over.

    The time goes by the clock on the wall: where frames are drawn slower than they were
    recorded, some are left out. Empty time between parts is passed over.

    Attributes
    ----------
    speed : float
        1 is as recorded.
    loop_s : (float, float) or None
        The range in session time; None is all.
    is_looping : bool
        Whether it begins again at the end of the range, else it stops at the end of all.
    """

    changed: ClassVar[Signal] = Signal()
    """It plays or not, at another speed, over another range, or there are other parts."""

    def __init__(self, viewer: ViewerModel, session: Session, time_control: TimeControl) -> None:
        super().__init__(viewer, session)
        self._time = time_control
        self.speed, self.is_looping = 1.0, False
        self.loop_s: Span | None = None
        self.is_playing = self._is_moving = False
        self._since = 0.0, 0.0  # on the wall's clock, and in session time
        self._timer: QTimer | None = None
        self._parts: list[Span] | None = None
        session.cursor.moved.connect(self._on_moved)
        session.recordings_changed.connect(self._on_recordings)

    @property
    def parts(self) -> list[Span]:
        """Where frames are, without the empty time between parts, trials and sittings."""
        if self._parts is None:
            spans = sorted(part for one in self._time.counted() for part in _parts_of(one))
            self._parts = []
            for start_s, end_s in spans:
                if self._parts and start_s < self._parts[-1][1] + _GAP_S:
                    self._parts[-1] = self._parts[-1][0], max(end_s, self._parts[-1][1])
                else:
                    self._parts.append((start_s, end_s))
        return self._parts

    @property
    def part(self) -> int:
        """The part that is shown, or the one before the empty time that is; -1 before all."""
        starts = [start_s for start_s, _ in self.parts]
        return int(np.searchsorted(starts, self.session.cursor.time_s + self._half_s, "right")) - 1

    @property
    def range_s(self) -> Span:
        """What is played: the range where it is looped over, else all that has frames."""
        if self.is_looping and self.loop_s is not None:
            return self.loop_s
        return (self.parts[0][0], self.parts[-1][1]) if self.parts else (0.0, 0.0)

    @property
    def axis(self) -> int | None:
        """The viewer's axis of seconds, or None while nothing of ours has one."""
        return self._time.axis

    @property
    def rate_hz(self) -> float:
        """How many steps there are in a second."""
        return 1 / self._time.step_s

    def toggle(self) -> None:
        """Play, or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play on from the time that is shown; from the start where that is the end."""
        start_s, end_s = self.range_s
        if end_s <= start_s:
            show_info("Nothing is open that could be played.")
            return
        if not start_s <= self.session.cursor.time_s < end_s - 3 * self._half_s:
            self._move_to(start_s)
        self.is_playing = True
        self._start_from(self.session.cursor.time_s)
        self.changed.emit()
        self._wait()

    def pause(self) -> None:
        """Stay where it is."""
        self.is_playing = False
        if self._timer is not None:
            self._timer.stop()
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower; 1 is as recorded."""
        if speed != self.speed and speed > 0:
            self.speed = speed
            self._start_from(self.session.cursor.time_s)
            self.changed.emit()

    def step_speed(self, step: int) -> None:
        """Take the next higher (1) or lower (-1) of the usual speeds."""
        beyond = [one for one in SPEEDS[::step] if (one - self.speed) * step > 1e-9]
        if beyond:
            self.set_speed(beyond[0])
        show_info(f"Speed: {speed_text(self.speed)}")

    def go_to_part(self, step: int) -> None:
        """Go to the start of the next part (1), or of this one and then of the previous (-1)."""
        now_s = self.session.cursor.time_s
        starts = [start_s for start_s, _ in self.parts]
        beyond = [one for one in starts[::step] if (one - now_s) * step > self._half_s]
        if beyond:
            self._time.go_to(beyond[0])
        elif len(starts) < 2:
            show_info("There are no parts. T goes through the trials of Responses.")
        else:
            show_info("This is the last part." if step > 0 else "This is the start.")

    def loop_from(self) -> None:
        """Loop from the time that is shown on, to where it ended or to the end."""
        now_s, end_s = self.session.cursor.time_s, self.range_s[1]
        self.loop_over((now_s, end_s if end_s > now_s else self._end_s))

    def loop_to(self) -> None:
        """Loop to the time that is shown, from where it began or from the start."""
        now_s, start_s = self.session.cursor.time_s, self.range_s[0]
        self.loop_over((start_s if start_s < now_s else 0.0, now_s + 2 * self._half_s))

    def loop_part(self) -> None:
        """Loop over the part that is shown."""
        if self.parts:
            self.loop_over(self.parts[max(self.part, 0)])

    def loop_over(self, span_s: Span | None) -> None:
        """Loop over a range of session time; None for all."""
        self.loop_s, self.is_looping = span_s, True
        self.changed.emit()

    def toggle_loop(self) -> None:
        """Loop over the range, or no longer."""
        self.is_looping = not self.is_looping
        self.changed.emit()

    @property
    def _half_s(self) -> float:
        return self._time.step_s / 2

    @property
    def _end_s(self) -> float:
        return self.parts[-1][1] if self.parts else 0.0

    def advance(self) -> None:
        """Show what should be on the screen by now."""
        if not self.is_playing or self._viewer_ref() is None:
            return
        (wall_s, from_s), (start_s, end_s) = self._since, self.range_s
        now_s = from_s + (time.monotonic() - wall_s) * self.speed
        if now_s >= end_s - self._half_s / 10:
            if not self.is_looping:
                self._move_to(end_s - 2 * self._half_s)
                self.pause()
                return
            now_s = start_s
            self._start_from(now_s)
        ends = [part_end_s for _, part_end_s in self.parts]
        place = int(np.searchsorted(ends, now_s, "right"))
        if place < len(self.parts) and self.parts[place][0] > now_s:
            now_s = self.parts[place][0]
            self._start_from(now_s)
        self._move_to(now_s)
        self._wait()

    def _wait(self) -> None:
        """Come back when the next frame is due."""
        if QApplication.instance() is None:
            return
        if self._timer is None:
            self._timer = QTimer(singleShot=True)
            self._timer.timeout.connect(self.advance)
        wall_s, from_s = self._since
        due_s = (self.session.cursor.time_s + 2 * self._half_s - from_s) / self.speed + wall_s
        self._timer.start(int(1000 * max(due_s - time.monotonic(), _LEAST_PAUSE_S)))

    def _start_from(self, time_s: float) -> None:
        self._since = time.monotonic(), time_s

    def _move_to(self, time_s: float) -> None:
        self._is_moving = True
        try:
            self._time.scrub_to(time_s)
        finally:
            self._is_moving = False

    def _on_moved(self, time_s: float) -> None:
        """Play on from where the user went."""
        if not self._is_moving:
            self._start_from(time_s)

    def _on_recordings(self) -> None:
        self._parts = None
        if not self.session.recordings:
            self.loop_s, self.is_looping, self.is_playing = None, False, False
        self.changed.emit()


def speed_text(speed: float) -> str:
    """A speed as people write it, with a multiplication sign."""
    return f"{speed:.3g}\N{MULTIPLICATION SIGN}"


def _parts_of(placed: Placed) -> list[Span]:
    """The session times at which runs of frames begin and end."""
    valid, period_s = np.flatnonzero(placed.timing.valid_mask), placed.timing.period_s
    if not len(valid):
        return []
    last = np.flatnonzero(np.diff(valid) > max(1, _GAP_S / period_s))
    firsts, lasts = valid[np.r_[0, last + 1]], valid[np.r_[last, len(valid) - 1]]
    starts_s = placed.to_session_s(firsts * period_s).tolist()
    return list(zip(starts_s, placed.to_session_s((lasts + 1) * period_s).tolist(), strict=True))
