"""Keeps the slider, the layers and the session on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Image, Points
from napari.utils.notifications import show_info

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.keys import recording_of
from napari_isx.session.session import Session
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.placed import Placed
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_COUNTED: Final = (Movie, BehaviorMovie, (CellSet, EventSet, VesselSet))
_CHANNEL_STEP_S: Final = 0.02


class TimeControl(Control):
    """The viewer's axis of seconds, which is the session's time."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._clock = session.clock
        self._said: tuple[object, ...] = ()
        viewer.dims.events.point.connect(self.follow_slider)
        viewer.dims.events.range.connect(self.span)

    def go_to(self, time_s: float) -> None:
        """Show another time: on the slider where there is one, else on the plots alone."""
        axis = self.axis
        self.scrub_to(time_s)
        if axis is not None and self.viewer.dims.point[axis] != time_s:
            # The slider took the time to its nearest step. It is there by now, and leaves the
            # time alone. Short of an edge one would go to the same edge again.
            self.viewer.dims.set_point(axis, time_s)

    def scrub_to(self, time_s: float) -> None:
        """Show about this time: on the slider's nearest step, for many times in a row."""
        axis = self.axis
        if axis is None:
            start_s, end_s = self.session.clock.span_s
            self.session.cursor.move_to(min(max(time_s, start_s), end_s))
        else:
            self.viewer.dims.set_point(axis, time_s)

    def go_to_event(self, direction: int) -> None:
        """Show the next (1) or previous (-1) event of the selected cells, or say what lacks."""
        time_s, group = self.session.event_time_s(direction), self.session.group
        if time_s is not None:
            self.go_to(time_s)
        elif not self.session.selected or group is None:
            self._say("Select a cell first: this key goes to its next or previous event.")
        elif group.events is None:
            self._say("These cells have no event set: open one, or choose one in Traces.")
        else:
            self._say(f"The selected {group.item} has no {_side(direction)} event.")

    def go_to_edge(self, direction: int) -> None:
        """Show the next (1) or previous (-1) edge of the selected channels."""
        time_s = self.session.edge_time_s(direction)
        if time_s is not None:
            self.go_to(time_s)
        elif not len(self.session.channels):
            self._say("No channels are open: open a GPIO file to go through their edges.")
        else:
            self._say(f"The channels have no {_side(direction)} edge.")

    def _say(self, text: str) -> None:
        """Say why there is nothing to go to, once while nothing else is selected or shown."""
        said = text, self.session.group, self.session.selected, self.session.cursor.time_s
        if said != self._said:
            self._said = said
            show_info(text)

    def place_layers(self) -> None:
        """Put layers where the session's clock has them, and stay at the moment that is shown."""
        before, self._clock = self._clock, self.session.clock
        moment_s = self._same_moment(before)
        for layer, recording in self.our_layers():
            if layer.ndim == 3 and recording in self._clock:
                offset_s = self._clock.placed(recording).offset_s
                if layer.translate[0] != offset_s:
                    layer.translate = (offset_s, *layer.translate[1:])
        self.span()
        if moment_s is not None:
            self.go_to(moment_s)
        elif self.axis is None:  # what is left may be shorter
            self.go_to(self.session.cursor.time_s)
        self.follow_slider()

    def begin(self, event: Any) -> None:
        """Begin where there is something to see, when the first file or movie was opened.

        napari begins in the middle of what has pixels, which may be between the parts of a
        series, and of 512 s where nothing has, which may be beyond the end.
        """
        added, recording = event.value, recording_of(event.value)
        if recording is None or recording not in self._clock:
            return
        before = [shown for layer, shown in self.our_layers() if layer is not added]
        if not isinstance(recording, FrameSequence):
            if len(self.viewer.layers) == 1:
                self.go_to(self._clock.placed(recording).offset_s)
        elif not any(isinstance(one, FrameSequence) for one in before):
            self._go_to_frame(self._clock.placed(recording))

    def _go_to_frame(self, placed: Placed) -> None:
        """Show the nearest frame of a movie, where it has none at this moment."""
        now_s, valid = self.session.cursor.time_s, np.flatnonzero(placed.timing.valid_mask)
        if len(valid) and placed.shown_at(now_s) is None:
            times_s = placed.to_session_s(valid * placed.timing.period_s)
            self.go_to(float(times_s[np.argmin(np.abs(times_s - now_s))]))

    def span(self, event: object = None) -> None:  # noqa: ARG002
        """Let the slider span the session.

        napari would let it span what has pixels, and 512 s where nothing has.
        """
        axis, timed = self.axis, self._timed_layers()
        if axis is None:
            return
        placed = [self._clock.placed(one) for _, one in self.our_layers() if one in self._clock]
        start_s, stop_s = min(one.offset_s for one in placed), max(map(_last_s, placed))
        shown, step_s = self.viewer.dims.range[axis], self.step_s
        if any(isinstance(layer, Image) for layer in timed):
            frame_s = min(self.counted(), key=lambda one: one.timing.period_s).offset_s
            start_s = frame_s - np.floor((frame_s - start_s) / step_s + 1e-6) * step_s
            wanted = (min(start_s, shown[0]), max(stop_s, shown[1]), step_s)
        else:
            wanted = (start_s, max(stop_s, start_s + step_s), step_s)
        if not np.allclose(wanted, tuple(shown), rtol=0, atol=1e-9):
            self.viewer.dims.set_range(axis, wanted)

    @property
    def step_s(self) -> float:
        """A step of the slider, which falls on the frames of the main movie.

        The milliseconds of a GPIO clock would make playing endless.
        """
        periods_s = [
            max(one.timing.period_s, _CHANNEL_STEP_S * isinstance(one.recording, GpioSet))
            for one in self.counted()
        ]
        return min((period_s for period_s in periods_s if period_s > 0), default=_CHANNEL_STEP_S)

    def counted(self) -> list[Placed]:
        """What the time is counted by: the microscope's movies, else a camera's, else samples."""
        placed = [self._clock.placed(one) for _, one in self.our_layers() if one in self._clock]
        placed = list({id(one.recording): one for one in placed}.values())
        for kinds in _COUNTED:
            found = [one for one in placed if isinstance(one.recording, kinds)]
            if found:
                return found
        return placed

    def follow_slider(self, event: object = None) -> None:  # noqa: ARG002
        """Take the slider's time over."""
        axis = self.axis
        if axis is not None:
            self.session.cursor.move_to(float(self.viewer.dims.point[axis]))

    def _same_moment(self, before: Clock) -> float | None:
        """The session time, by the present clock, of what the cursor points at."""
        now_s = self.session.cursor.time_s
        # First by those that run now: one that is over is followed by others at other times.
        for placed in sorted(
            before.all_placed, key=lambda one: not one.offset_s <= now_s <= one.end_s
        ):
            if placed.recording in self._clock:
                own_s = placed.from_session_s(now_s)
                moment_s = float(self._clock.placed(placed.recording).to_session_s(own_s))
                return None if moment_s == now_s else moment_s
        return None

    @property
    def axis(self) -> int | None:
        """The viewer's axis of seconds, or None while nothing of ours has one."""
        return int(self.viewer.dims.ndim) - 3 if self._timed_layers() else None

    def _timed_layers(self) -> list[Layer]:
        """Our layers with an axis of seconds."""
        return [
            layer
            for layer, recording in self.our_layers()
            if isinstance(layer, Image | Points) and layer.ndim == 3 and recording in self._clock
        ]


def _side(direction: int) -> str:
    return "later" if direction > 0 else "earlier"


def _last_s(placed: Placed) -> float:
    """The session time of the last sample."""
    last_s = placed.timing.duration_s - placed.timing.period_s
    return float(placed.to_session_s(max(last_s, 0.0)))
