"""Where in the field something happens after events: no cells needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.event_responses import Lags, Range
from napari_isx.analysis.event_windows import Reason, Samples, keep_events
from napari_isx.io.movies.base import Movie

Frames = npt.NDArray[np.float32]

_MAX_WORKERS: Final = 2
_FRAMES_AT_ONCE: Final = 64
_MAX_UINT16: Final = 0xFFFF


@dataclass(frozen=True, eq=False)
class ResponseMap:
    """The mean movie around events.

    Attributes
    ----------
    lags_s : numpy.ndarray
        ``(L,)`` seconds from the event's frame, rising.
    average : numpy.ndarray
        ``(L, H, W)`` float32: mean of the frames at each lag, minus the mean of the
        baseline. NaN at a lag without a frame.
    peak : numpy.ndarray
        ``(H, W)`` float32: the largest value of each pixel within the response window.
    kept_events, left_out
        As in :class:`PeriEvent`.
    num_frames : int
        How many frames were read.
    """

    lags_s: npt.NDArray[np.float64]
    average: Frames
    peak: Frames
    kept_events: npt.NDArray[np.int64]
    left_out: dict[int, Reason]
    num_frames: int


def response_map(
    movie: Movie,
    events_s: npt.ArrayLike,
    *,
    window_s: Range = (-2, 2),
    baseline_s: Range = (-1, 0),
    response_s: Range = (0, 1),
    progress: Callable[[float], None] | None = None,
) -> ResponseMap:
    """Average a movie around events, in one pass over the frames that it needs.

    Parameters
    ----------
    movie : Movie
    events_s : array_like
        ``(n,)`` seconds from the start of the movie.
    window_s, baseline_s, response_s : (float, float)
        As in :func:`peri_event`. The baseline is the mean of its lags that have frames.
    progress : callable, optional
        Called with the share that is done, from 0 to 1; what it raises ends the work.

    Raises
    ------
    ValueError
        An argument cannot be; see :func:`peri_event`.
    IsxFileError
        A frame cannot be read.

    Notes
    -----
    Missing frames count nowhere. Frames of whole numbers are summed exactly.
    """
    timing = movie.timing
    if not timing.period_s > 0:
        raise ValueError("movie has a period of 0 s: there is no time around an event")
    lags = Lags.of_seconds(timing.period_s, window_s, baseline_s, response_s)
    samples = Samples.of_timing(timing)
    events = keep_events(events_s, samples, lags.window, (lags.baseline, lags.response))
    first, last = lags.window
    height = movie.shape[1]
    counts = np.zeros(last - first + 1, np.int64)
    wanted = np.unique(events.kept_samples[:, None] + np.arange(first, last + 1))
    wanted = wanted[samples.is_there[wanted]]
    starts = np.sort(events.kept_samples)
    bands = [_Band(movie, rows, len(counts)) for rows in _bands(height)]
    with ThreadPoolExecutor(len(bands)) as workers:
        for at in range(0, len(wanted), _FRAMES_AT_ONCE):
            chunk = wanted[at : at + _FRAMES_AT_ONCE].tolist()
            begins, ends = np.searchsorted(starts, np.subtract.outer([last, first - 1], chunk) * -1)
            lags_of = [
                (sample - first - starts[begin:end]).tolist()
                for sample, begin, end in zip(chunk, begins, ends, strict=True)
            ]
            list(workers.map(lambda band: band.add(chunk, lags_of), bands))  # noqa: B023
            np.add.at(counts, np.concatenate(lags_of), 1)
            if progress is not None:
                progress(min(at + _FRAMES_AT_ONCE, len(wanted)) / len(wanted))
    average = np.empty((len(counts), *movie.shape[1:]), np.float32)
    peak = np.empty(movie.shape[1:], np.float32)
    baseline, response = (
        range(start - first, stop - first + 1) for start, stop in (lags.baseline, lags.response)
    )

    def finish(band: _Band) -> None:
        band.finish(counts, baseline, response, average[:, band.rows], peak[band.rows])

    with ThreadPoolExecutor(len(bands)) as workers:
        list(workers.map(finish, bands))
    return ResponseMap(
        np.arange(first, last + 1, dtype=np.float64) * timing.period_s,
        average, peak, events.kept, events.left_out, len(wanted),
    )  # fmt: skip


def _bands(height: int) -> list[slice]:
    """The rows in as many parts as there are threads for."""
    edges = np.linspace(0, height, min(_MAX_WORKERS, max(height, 1)) + 1).astype(int).tolist()
    return [slice(*pair) for pair in pairwise(edges)]


class _Band:
    """Sums some rows of frames, for each lag.

    Moving memory is what takes the time. So frames of 16 bits are added in 16 bits as long as they
    fit, and those sums to ones of 32 bits when they would not fit any more.
    """

    def __init__(self, movie: Movie, rows: slice, num_lags: int) -> None:
        self.rows = rows
        self._movie = movie
        self._frame = np.empty((rows.stop - rows.start, *movie.shape[2:]), movie.dtype)
        shape = (num_lags, *self._frame.shape)
        self._is_exact = movie.dtype == np.uint16
        self._part = np.zeros(shape, movie.dtype if self._is_exact else np.float32)
        self._largest = [0] * num_lags
        # Takes no memory before it is written.
        self._has_total = [False] * num_lags
        self._total = np.zeros(shape if self._is_exact else 0, np.uint32)

    def add(self, samples: Sequence[int], lags_of: Sequence[Sequence[int]]) -> None:
        """Add frames, each at some lags."""
        for sample, lags in zip(samples, lags_of, strict=True):
            self._movie.read_rows(sample, self.rows.start, self.rows.stop, out=self._frame)
            largest = int(self._frame.max(initial=0)) if self._is_exact else 0
            for lag in lags:
                self._largest[lag] += largest
                if self._largest[lag] > _MAX_UINT16:
                    self._total[lag] += self._part[lag]
                    self._has_total[lag] = True
                    self._part[lag] = self._frame
                    self._largest[lag] = largest
                else:
                    self._part[lag] += self._frame

    def finish(
        self,
        counts: npt.NDArray[np.int64],
        baseline: Sequence[int],
        response: Sequence[int],
        average: Frames,
        peak: Frames,
    ) -> None:
        """Write the means, minus that of the baseline's lags, and the largest of the response's."""
        known = [lag for lag in baseline if counts[lag]]
        base = np.zeros(peak.shape, np.float32)
        for lag in known:
            base += self._mean(lag, int(counts[lag] * len(known)))
        peak[...] = np.nan
        for lag, count in enumerate(counts.tolist()):
            if count:
                np.subtract(self._mean(lag, count), base, out=average[lag])
            else:
                average[lag] = np.nan
            if lag in response:
                np.fmax(peak, average[lag], out=peak)

    def _mean(self, lag: int, count: int) -> Frames:
        total = self._part[lag]
        if self._has_total[lag]:
            total = total + self._total[lag]
        mean: Frames = np.multiply(total, 1 / count, dtype=np.float32, casting="unsafe")
        return mean
