"""The mean image around a cell's events, from no more of the movie than it needs.

Where a footprint is a real cell, the movie is brighter there after the cell's events than before
them. Only the frames around the events are read, and only the rows of the part that is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi
from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.spacing import Spacing

MAX_EVENTS: Final = 100
MAX_FRAMES_PER_SIDE: Final = 10
"""No more frames than this are read after an event, and before it: evenly spread ones."""
BEFORE_S: Final = 0.5
RISE_S: Final = 0.2
AFTER_S: Final = 0.5

_PARTIAL_EVERY_S: Final = 0.1
# As many frames of 16 bits as are sure to fit into sums of 32 bits.
_FRAMES_PER_SUM: Final = 1 << 16

Crop: TypeAlias = tuple[slice, slice]
"""Rows and columns of a movie, with their starts and stops given."""
Extent: TypeAlias = tuple[float, float, float, float]
"""Top, left, height and width, in nominal micrometers on the sensor."""
Image: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Window:
    """Which frames are averaged, counted from that of an event: rising, those before negative."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]

    @classmethod
    def of_seconds(
        cls,
        period_s: float,
        before_s: float = BEFORE_S,
        rise_s: float = RISE_S,
        after_s: float = AFTER_S,
    ) -> Window:
        """Make a window of at least a frame on either side.

        The baseline ends `rise_s` before the event: events are mostly placed at the peak, so that
        the cell is bright already right before them.
        """
        if not period_s > 0:
            raise ValueError(f"a movie's period is above 0 s, not {period_s} s")
        rise = max(round(rise_s / period_s), 1)
        before = max(round(before_s / period_s), 1)
        after = max(round(after_s / period_s), 1)
        return cls(_spread(1 - rise - before, 1 - rise), _spread(0, after))


@dataclass(frozen=True, eq=False)
class EventImage:
    """The mean image around events, as far as it was computed.

    Attributes
    ----------
    after : numpy.ndarray or None
        ``(h, w)``: mean of the frames from the events on; None before there is one.
    before : numpy.ndarray or None
        ``(h, w)``: mean of the frames before the events. None before there is one, or where all
        of them also follow an event.
    num_events, num_events_known : int
        How many events are averaged, of those that the cell has while the movie runs.
    num_frames, num_frames_needed : int
        Read so far, and in all.
    """

    after: Image | None
    before: Image | None
    num_events: int
    num_events_known: int
    num_frames: int
    num_frames_needed: int

    @property
    def is_complete(self) -> bool:
        """Whether all frames are in it."""
        return self.num_frames == self.num_frames_needed

    @property
    def difference(self) -> Image | None:
        """``(h, w)``: how much brighter it is after the events than before them, or None."""
        if self.after is None or self.before is None:
            return None
        return self.after - self.before


def frames_at(
    times_s: npt.ArrayLike, sample_times_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """The frames ``(n,)`` that were taken nearest to some moments ``(n,)``, in any order.

    -1 for a moment more than a frame before or after the movie, or NaN. `sample_times_s` are the
    movie's frames by the same clock, rising.
    """
    times = np.asarray(times_s, np.float64)
    count = len(sample_times_s)
    if count == 0:
        return np.full(len(times), -1, np.int64)
    if count == 1:
        return np.where(times == sample_times_s[0], 0, -1).astype(np.int64)
    middles = (sample_times_s[1:] + sample_times_s[:-1]) / 2
    frames = np.searchsorted(middles, times, side="right")
    period_s = (sample_times_s[-1] - sample_times_s[0]) / (count - 1)
    first, last = sample_times_s[0] - period_s, sample_times_s[-1] + period_s
    return np.where((times >= first) & (times <= last), frames, -1).astype(np.int64)


def largest_events(
    amplitudes: npt.NDArray[np.floating[Any]], max_events: int
) -> npt.NDArray[np.int64]:
    """The places of the largest events, the largest first; those of NaN amplitude last."""
    order: npt.NDArray[np.int64] = np.argsort(-amplitudes, kind="stable")[:max_events]
    return order


def event_image(
    movie: FrameSequence[Any],
    frames: npt.NDArray[np.int64],
    amplitudes: npt.NDArray[np.floating[Any]],
    *,
    window: Window | None = None,
    crop: Crop | None = None,
    max_events: int = MAX_EVENTS,
) -> Iterator[EventImage]:
    """Average a movie around events, as far as it is read, about ten times a second.

    A frame counts once, however many events it is near to, and missing ones do not count. One that
    follows any event of the cell is no baseline of another. Colors are averaged. `frames` ``(n,)``
    are those of the events; those outside the movie are left out, and of the others only the
    largest `max_events` averaged.

    Raises IsxFileError: a frame could not be read.
    """
    window = window or Window.of_seconds(movie.timing.period_s or 1.0)
    rows, cols = crop or whole_field(movie)
    inside = (frames >= 0) & (frames < len(movie))
    frames, amplitudes = frames[inside], amplitudes[inside]
    chosen = frames[largest_events(amplitudes, max_events)]
    bright = _around(frames, window.after, movie)
    after = _around(chosen, window.after, movie)
    before = np.setdiff1d(_around(chosen, window.before, movie), bright, assume_unique=True)
    needed = sorted([(int(i), 1) for i in after] + [(int(i), 0) for i in before])

    band = np.empty((rows.stop - rows.start, *movie.shape[2:]), movie.dtype)
    shape = band[:, cols].shape
    sums = [_Sum(shape, movie.dtype, len(needed)) for _ in range(2)]

    def result(num_frames: int) -> EventImage:
        return EventImage(
            sums[1].mean(), sums[0].mean(), len(chosen), len(frames), num_frames, len(needed)
        )

    last_s = time.monotonic()
    for number, (sample, side) in enumerate(needed):
        if time.monotonic() - last_s >= _PARTIAL_EVERY_S:
            yield result(number)
            last_s = time.monotonic()
        movie.read_rows(sample, rows.start, rows.stop, out=band)
        sums[side].add(band[:, cols])
    yield result(len(needed))


def whole_field(movie: FrameSequence[Any]) -> Crop:
    """All rows and columns."""
    return slice(0, movie.shape[1]), slice(0, movie.shape[2])


def crop_around(roi: Roi, cells_spacing: Spacing, movie_spacing: Spacing) -> Crop | None:
    """The square around a cell, in a movie whose pixels may be others than the cell set's.

    Between the cell and each edge is as much as the cell is wide or high; cut off at the movie's
    edges. None for a cell without pixels, or one that lies outside the movie.
    """
    if roi.is_empty:
        return None
    height, width = roi.mask.shape  # with a margin of one pixel
    edges = np.add([(0.5, 0.5), (height - 1.5, width - 1.5)], (roi.top, roi.left))
    corners = cells_spacing.to_um(edges)
    center, size = corners.mean(axis=0), float(np.ptp(corners, axis=0).max())
    half = 1.5 * size
    origin, pixel = np.array(movie_spacing.top_left_um), np.array(movie_spacing.pixel_size_um)
    starts = np.floor((center - half - origin) / pixel).astype(int)
    stops = np.ceil((center + half - origin) / pixel).astype(int)
    starts, stops = np.maximum(starts, 0), np.minimum(stops, movie_spacing.num_pixels)
    if (starts >= stops).any():
        return None
    return slice(int(starts[0]), int(stops[0])), slice(int(starts[1]), int(stops[1]))


def extent_um(crop: Crop, spacing: Spacing) -> Extent:
    """Where a part of a grid is."""
    (height, width), (top, left) = spacing.pixel_size_um, spacing.top_left_um
    rows, cols = crop
    return (
        top + rows.start * height,
        left + cols.start * width,
        (rows.stop - rows.start) * height,
        (cols.stop - cols.start) * width,
    )


class _Sum:
    """Adds up whole numbers exactly: in 32 bits where so many fit, as that is fastest."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], num_frames: int) -> None:
        fits = dtype.kind == "u" and dtype.itemsize <= 2 and num_frames <= _FRAMES_PER_SUM
        self._total = np.zeros(shape, np.uint32 if fits else np.float64)
        self._count = 0

    def add(self, frame: npt.NDArray[Any]) -> None:
        self._total += frame
        self._count += 1

    def mean(self) -> Image | None:
        """``(h, w)``, or None of no frames."""
        if self._count == 0:
            return None
        # In one pass: while the image grows, this is done ten times a second.
        mean = np.multiply(self._total, 1 / self._count, dtype=np.float32, casting="unsafe")
        gray: Image = mean.mean(axis=2) if mean.ndim == 3 else mean
        return gray


def _spread(start: int, stop: int) -> npt.NDArray[np.int64]:
    """All of ``range(start, stop)``, or as many of them as are read at most, the ends included."""
    count = min(stop - start, MAX_FRAMES_PER_SIDE)
    return np.rint(np.linspace(start, stop - 1, count)).astype(np.int64)


def _around(
    frames: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], movie: FrameSequence[Any]
) -> npt.NDArray[np.int64]:
    """The valid frames at some distances from others, each once, rising."""
    around = np.unique(frames[:, None] + offsets)
    around = around[(around >= 0) & (around < len(movie))]
    return around[movie.timing.valid_mask[around]]
