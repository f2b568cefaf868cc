"""Clips of the movie around a cell's largest events, and what plays them round and round."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.contrast import contrast_limits
from napari_isx.analysis.event_image import Crop, largest_events, whole_field
from napari_isx.io.base.frames import FrameSequence

MAX_CLIPS: Final = 10
BEFORE_S: Final = 1.0
AFTER_S: Final = 2.0
SPEEDS: Final = (1, 2, 4)

# What of the pixels is shown as black, and as white, in percent.
_PERCENTILES: Final = (1, 99.8)


class ClipEvent(NamedTuple):
    """An event in a clip: its number among those that were given, and its frame of the movie."""

    number: int
    frame: int
    amplitude: float


@dataclass(frozen=True)
class Clip:
    """A stretch of the movie, frame `start` to before `stop`, and the events it is made for."""

    start: int
    stop: int
    events: tuple[ClipEvent, ...]

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def amplitude(self) -> float:
        """That of its largest event."""
        return max(event.amplitude for event in self.events)

    def event_at(self, frame: int) -> ClipEvent:
        """The event that is nearest to a frame."""
        return min(self.events, key=lambda event: abs(event.frame - frame))


def loop_clips(
    frames: npt.NDArray[np.int64],
    amplitudes: npt.NDArray[np.floating[Any]],
    num_frames: int,
    period_s: float,
    *,
    before_s: float = BEFORE_S,
    after_s: float = AFTER_S,
    max_clips: int = MAX_CLIPS,
) -> list[Clip]:
    """Cut clips around the largest events, the one with the largest event first.

    `frames` ``(n,)`` are the frames of the events; those outside the movie are left out. Clips that
    overlap become one, so there may be fewer than `max_clips`.
    """
    before, after = round(before_s / period_s), round(after_s / period_s)
    known = np.flatnonzero((frames >= 0) & (frames < num_frames))
    chosen = known[largest_events(amplitudes[known], max_clips)]
    clips: list[Clip] = []
    for number in chosen[np.argsort(frames[chosen], kind="stable")].tolist():
        event = ClipEvent(number, int(frames[number]), float(amplitudes[number]))
        start, stop = max(event.frame - before, 0), min(event.frame + after + 1, num_frames)
        if clips and start <= clips[-1].stop:
            last = clips[-1]
            clips[-1] = Clip(last.start, max(last.stop, stop), (*last.events, event))
        else:
            clips.append(Clip(start, stop, (event,)))
    return sorted(clips, key=lambda clip: -np.nan_to_num(clip.amplitude, nan=-np.inf))


def read_clip(movie: FrameSequence[Any], clip: Clip, crop: Crop | None = None) -> npt.NDArray[Any]:
    """Read the frames of a clip: ``(n, h, w)`` or ``(n, h, w, 3)``, of the movie's type.

    A missing frame looks like the one before it, so that playing does not flicker; before the
    first one all are 0.

    Raises IsxFileError: a frame could not be read.
    """
    rows, cols = crop or whole_field(movie)
    band = np.zeros((rows.stop - rows.start, *movie.shape[2:]), movie.dtype)
    pixels = np.empty((len(clip), *band[:, cols].shape), movie.dtype)
    valid = movie.timing.valid_mask[clip.start : clip.stop]
    for picture, sample in zip(pixels, range(clip.start, clip.stop), strict=True):
        if valid[sample - clip.start]:
            movie.read_rows(sample, rows.start, rows.stop, out=band)
        picture[...] = band[:, cols]
    return pixels


@dataclass(frozen=True, eq=False)
class Loop:
    """Clips with their pictures, as they are played.

    Attributes
    ----------
    pixels : tuple of numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 3)`` of each clip.
    limits : (float, float)
        Brightness to show as black and as white.
    sample_times_s : numpy.ndarray
        ``(num_frames,)``: when each frame of the movie was taken.
    event_times_s : numpy.ndarray
        ``(n,)``: of the events that were given to :func:`loop_clips`, by the same clock.
    """

    clips: tuple[Clip, ...]
    pixels: tuple[npt.NDArray[Any], ...]
    limits: tuple[float, float]
    sample_times_s: npt.NDArray[np.float64]
    event_times_s: npt.NDArray[np.float64]
    period_s: float


def read_loop(
    movie: FrameSequence[Any],
    clips: Sequence[Clip],
    event_times_s: npt.NDArray[np.float64],
    sample_times_s: npt.NDArray[np.float64],
    crop: Crop | None = None,
) -> Iterator[Loop]:
    """Read clips, at least one, one after another: a loop with one clip more each time.

    Raises IsxFileError: a frame could not be read.
    """
    pixels: list[npt.NDArray[Any]] = []
    for number, clip in enumerate(clips, start=1):
        pixels.append(read_clip(movie, clip, crop))
        yield Loop(
            tuple(clips[:number]),
            tuple(pixels),
            contrast_limits(pixels, _PERCENTILES),
            sample_times_s,
            event_times_s,
            movie.timing.period_s or 1.0,
        )


class Player:
    """Says which frame to show while clips are played one after another, again and again."""

    def __init__(self, lengths: Sequence[int], period_s: float) -> None:
        self._starts = [0, *accumulate(lengths)]
        self._period_s = period_s
        self._at = 0.0  # in frames from the first clip's start
        self.speed = 1.0
        self.playing = True

    @property
    def position(self) -> tuple[int, int]:
        """The clip, and the frame counted from its start."""
        frame = int(self._at)
        clip = bisect_right(self._starts, frame) - 1
        return clip, frame - self._starts[clip]

    def tick(self, elapsed_s: float) -> tuple[int, int]:
        """Go on by the time that has passed, if playing; returns the new position."""
        if self.playing:
            # A little more than nothing, as time adds up to whole frames only nearly.
            ahead = self._at + elapsed_s * self.speed / self._period_s + 1e-9
            self._at = ahead % self._starts[-1]
        return self.position

    def seek(self, clip: int, frame: int = 0) -> None:
        """Go to a frame of a clip."""
        self._at = float(self._starts[clip] + frame)
