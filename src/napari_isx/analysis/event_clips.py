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
"""No more events than this are played."""
BEFORE_S: Final = 1.0
AFTER_S: Final = 2.0
SPEEDS: Final = (1, 2, 4)
"""How many times faster than it was recorded a loop can be played."""

# What of the pixels is shown as black, and as white, in percent.
_PERCENTILES: Final = (1, 99.8)


class ClipEvent(NamedTuple):
    """An event in a clip.

    Attributes
    ----------
    number : int
        Its place among the events that were given.
    frame : int
        Of the movie.
    amplitude : float
    """

    number: int
    frame: int
    amplitude: float


@dataclass(frozen=True)
class Clip:
    """A stretch of the movie.

    Attributes
    ----------
    start, stop : int
        Its first frame, and the one after its last.
    events : tuple of ClipEvent
        Those it was made for, in order of time.
    """

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
        """The event that a frame shows: the nearest one."""
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
    """Cut clips around the largest events.

    Parameters
    ----------
    frames : numpy.ndarray
        ``(n,)``: the frame of each event; those outside the movie are left out.
    amplitudes : numpy.ndarray
        ``(n,)``.
    num_frames : int
        Of the movie.
    period_s : float
        Of the movie.
    before_s, after_s : float
        How long before and after its event a clip starts and stops.
    max_clips : int
        How many events are shown. Clips that overlap become one, so there may be fewer clips.

    Returns
    -------
    list of Clip
        The one with the largest event first.
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
    return sorted(clips, key=_by_amplitude)


def read_clip(movie: FrameSequence[Any], clip: Clip, crop: Crop | None = None) -> npt.NDArray[Any]:
    """Read the frames of a clip.

    Parameters
    ----------
    movie : Movie
    clip : Clip
    crop : (slice, slice), optional
        Rows and columns; the whole field by default.

    Returns
    -------
    numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 3)``, of the movie's type. A missing frame looks like the
        one before it, so that playing does not flicker; before the first one all are 0.

    Raises
    ------
    IsxFileError
        A frame could not be read.
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
    clips : tuple of Clip
    pixels : tuple of numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 3)`` of each clip.
    limits : (float, float)
        Brightness to show as black and as white.
    sample_times_s : numpy.ndarray
        ``(num_frames,)``: when each frame of the movie was taken.
    event_times_s : numpy.ndarray
        ``(n,)``: of the events that were given to :func:`loop_clips`, by the same clock.
    period_s : float
        Of the movie.
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
    """Read clips, one after another.

    Parameters
    ----------
    movie : Movie
    clips : sequence of Clip
        At least one.
    event_times_s, sample_times_s : numpy.ndarray
        As :class:`Loop` has them.
    crop : (slice, slice), optional
        Rows and columns; the whole field by default.

    Yields
    ------
    Loop
        One clip more each time.

    Raises
    ------
    IsxFileError
        A frame could not be read.
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
    """Tells which frame to show while clips are played one after another, again and again.

    Attributes
    ----------
    speed : float
        How many times faster than recorded.
    playing : bool
    """

    def __init__(self, lengths: Sequence[int], period_s: float) -> None:
        """Start with the first frame of the first clip.

        Parameters
        ----------
        lengths : sequence of int
            How many frames each clip has, at least one.
        period_s : float
            Of the movie, above 0.
        """
        if any(length < 1 for length in lengths) or not period_s > 0:
            raise ValueError(f"no loop has clips of {list(lengths)} frames, {period_s} s each")
        self._starts = [0, *accumulate(lengths)]
        self._period_s = period_s
        self._at = 0.0  # in frames from the first clip's start
        self.speed = 1.0
        self.playing = True

    @property
    def position(self) -> tuple[int, int]:
        """The clip, and the frame counted from its start; (0, 0) without a clip."""
        frame = int(self._at)
        clip = max(bisect_right(self._starts, frame) - 1, 0)
        return clip, frame - self._starts[clip]

    def tick(self, elapsed_s: float) -> tuple[int, int]:
        """Go on by the time that has passed, if playing; returns the new position."""
        total = self._starts[-1]
        if self.playing and total:
            # A little more than nothing, as time adds up to whole frames only nearly.
            ahead = self._at + max(elapsed_s, 0.0) * self.speed / self._period_s + 1e-9
            self._at = ahead % total
        return self.position

    def seek(self, clip: int, frame: int = 0) -> None:
        """Go to a frame of a clip.

        Raises
        ------
        IndexError
            There is no such clip or frame.
        """
        if not 0 <= clip < len(self._starts) - 1:
            raise IndexError(f"clip {clip} of {len(self._starts) - 1}")
        if not 0 <= frame < self._starts[clip + 1] - self._starts[clip]:
            raise IndexError(f"frame {frame} of clip {clip}")
        self._at = float(self._starts[clip] + frame)


def _by_amplitude(clip: Clip) -> float:
    amplitude = clip.amplitude
    return -amplitude if np.isfinite(amplitude) else np.inf
