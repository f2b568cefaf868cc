"""Movies on an even grid of true time.

A viewer steps through a stack in equal steps. Where the hardware's timestamps say that frames
were not taken in equal steps, the stack is one of moments, each with the frame nearest to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import FrameSequence, frames_to_dask
from napari_isx.io.base.timing import Timing
from napari_isx.timeline.hardware_time import HardwareTime, Times, hardware_time

if TYPE_CHECKING:
    import dask.array as da


def to_dask_in_time(movie: FrameSequence[Any]) -> da.Array:
    """Return a movie as a lazy stack whose frames are in equal steps of true time.

    Frame ``k`` is the one that was taken nearest to second ``k * timing.period_s``: the movie's
    own frame ``k`` wherever time runs evenly to half a frame, which is nearly always.

    Returns one frame per chunk, zeros where no frame was taken within a period.
    """
    time = hardware_time(movie)
    if time is None or not needs_grid(movie.timing, time):
        return movie.to_dask()
    return frames_to_dask(FramesInTime(movie, time), 1)


def needs_grid(timing: Timing, time: HardwareTime) -> bool:
    """Whether frames are so uneven that the wrong ones would be shown: by half a frame."""
    return time.deviation_s > timing.period_s / 2


def samples_in_time(timing: Timing, time: HardwareTime) -> npt.NDArray[np.int64]:
    """For each step of an even grid of true time, the sample that was taken nearest to it.

    Returns ``(n_steps,)``: the grid starts at second 0 and has the recording's period; -1 where no
    sample was taken within a period.
    """
    period_s, last = timing.period_s, timing.num_samples - 1
    own_s = np.arange(timing.num_samples) * period_s
    taken_s = time.to_true_s(own_s)
    num_steps = int(np.floor(taken_s[-1] / period_s + 0.5)) + 1
    grid_s = np.arange(num_steps) * period_s
    above = np.searchsorted(taken_s, grid_s).clip(0, last)
    below = (above - 1).clip(0)
    nearer = grid_s - taken_s[below] < taken_s[above] - grid_s
    samples = np.where(nearer, below, above)
    samples[np.abs(taken_s[samples] - grid_s) > period_s] = -1
    return samples


def shown_late_s(timing: Timing, time: HardwareTime) -> tuple[Times, Times]:
    """How much later than it was taken each frame is shown in :func:`to_dask_in_time`.

    Returns `true_s, late_s`: when frames were taken, rising, and for each the time shown minus
    that, in seconds.
    """
    if not needs_grid(timing, time):
        return time.true_s, time.nominal_s - time.true_s
    samples = samples_in_time(timing, time)
    steps = np.flatnonzero(samples >= 0)
    taken_s = time.to_true_s(samples[steps] * timing.period_s)
    return taken_s, steps * timing.period_s - taken_s


class FramesInTime:
    """A movie as a source of frames in equal steps of true time."""

    def __init__(self, movie: FrameSequence[Any], time: HardwareTime) -> None:
        self._movie, self._time = movie, time
        self._samples = samples_in_time(movie.timing, time)
        self.shape = (len(self._samples), *movie.shape[1:])
        self.dtype = movie.dtype

    def __getitem__(self, index: slice) -> npt.NDArray[Any]:
        samples = self._samples[index]
        frames = np.zeros((len(samples), *self.shape[1:]), self.dtype)
        for frame, sample in zip(frames, samples.tolist(), strict=True):
            if sample >= 0:
                frame[...] = self._movie.read_frame(sample)
        return frames

    def __reduce__(self) -> tuple[Callable[..., FramesInTime], tuple[Any, ...]]:
        return type(self), (self._movie, self._time)

    def __dask_tokenize__(self) -> object:
        return "in true time", self._movie.__dask_tokenize__()
