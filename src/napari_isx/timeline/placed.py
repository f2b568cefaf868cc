"""Where one recording is in session time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.timing import Timing
from napari_isx.timeline.frame_grid import shown_late_s
from napari_isx.timeline.hardware_time import HardwareTime, Times

Method = Literal["hardware counter", "start time", "assumed"]
# With room for rounding, as a slider stops exactly between two samples now and then.
_HALF_A_SAMPLE: Final = 0.5 + 1e-6


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a recording is in session time.

    `timing`: the recording's. `offset_s`: the session time of its second 0. `method`: what it was
    placed by. `reason`: the same in words. `hardware`: how its own time departs from the
    hardware's: measured, or that of the movie it was made from. `is_measured`: whether it has
    hardware timestamps of its own. `counter`: recordings with the same number share a counter.
    `sitting`: recordings with the same number were made at one time; see :class:`Clock`. `animal`:
    its animal; empty where the file does not say.
    """

    recording: Recording
    timing: Timing
    offset_s: float
    method: Method
    reason: str
    hardware: HardwareTime | None
    is_measured: bool
    counter: int | None
    sitting: int
    animal: str

    def to_session_s(self, times_s: npt.ArrayLike) -> Times:
        """Session times of moments given in seconds from the start of the recording."""
        own = np.asarray(times_s, np.float64)
        true_s = own if self.hardware is None else self.hardware.to_true_s(own)
        placed: Times = true_s + self.offset_s
        return placed

    def from_session_s(self, time_s: float) -> float:
        """Seconds from the start of the recording, of a session time."""
        true_s = time_s - self.offset_s
        return true_s if self.hardware is None else float(self.hardware.to_nominal_s(true_s))

    @property
    def times_s(self) -> Times:
        """``(num_samples,)``: the session time of each sample."""
        return self.to_session_s(self.timing.times_s)

    @property
    def end_s(self) -> float:
        """The session time at which the last sample ends."""
        return float(self.to_session_s(self.timing.duration_s))

    def sample_at(self, time_s: float) -> int:
        """The sample that was taken nearest to a session time.

        Raises ValueError: the recording has no samples.
        """
        return self.timing.sample_at(self.from_session_s(time_s))

    def shown_at(self, time_s: float) -> int | None:
        """The sample that stands for a session time; None where there is none.

        That is before and after the recording, between its parts, and where a sample is missing.
        """
        timing, own_s = self.timing, self.from_session_s(time_s)
        if not timing.num_samples:
            return None
        sample = timing.sample_at(own_s)
        is_near = abs(own_s - sample * timing.period_s) <= _HALF_A_SAMPLE * timing.period_s
        return sample if is_near and timing.valid_mask[sample] else None

    def shown_late_s(self) -> tuple[Times, Times] | None:
        """How much later than by the hardware its samples are shown; None if nobody knows.

        Returns `session_s, late_s`: session times of some samples, rising, and the seconds they are
        late.
        """
        if self.hardware is None:
            return None
        true_s, late_s = self.hardware.true_s, self.hardware.nominal_s - self.hardware.true_s
        if not isinstance(self.recording, FrameSequence):
            late_s = np.zeros(len(true_s))  # plots draw samples when they were taken
        elif self.is_measured:
            true_s, late_s = shown_late_s(self.timing, self.hardware)
        return true_s + self.offset_s, late_s
