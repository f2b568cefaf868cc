"""The part of a movie that is exported: some of its frames, and a field cut out of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.contrast import contrast_limits
from napari_isx.export.common import Progress
from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.hardware_time import hardware_time

FRAME_STATUSES: Final = ("valid", "dropped", "cropped", "blank", "gap")
"""What a sample can be; all but the first read as zeros."""
_FRAMES_FOR_CONTRAST: Final = 5
_PERCENTILES: Final = (0.2, 99.8)


@dataclass(frozen=True, eq=False)
class FrameRange:
    """Frames of a movie, cut in time and in space."""

    movie: FrameSequence[Any]
    samples: range  # rising
    rows: range  # without steps
    cols: range
    color: bool = False  # of a behavior movie

    @classmethod
    def of(
        cls,
        movie: FrameSequence[Any],
        *,
        frames: slice | None = None,
        times_s: tuple[float, float] | None = None,
        rows: slice | None = None,
        cols: slice | None = None,
        plane: int | None = None,
        color: bool = False,
    ) -> FrameRange:
        """Cut a movie; parameters are those of :func:`napari_isx.export_movie`.

        Raises
        ------
        ValueError
            Nothing is left, frames are taken backwards, or there is no such plane.
        """
        if plane is not None:
            planes = movie.planes if isinstance(movie, Movie) else []
            if not 0 <= plane < len(planes):
                raise ValueError(f"{movie.name} has {len(planes)} planes, none at {plane}")
            movie = planes[plane]
        if times_s is not None:
            if frames is not None:
                raise ValueError("give frames or times_s, not both")
            # Those that begin within the times, with room for rounding.
            first, stop = (int(np.ceil(t / movie.timing.period_s - 1e-6)) for t in times_s)
            frames = slice(max(first, 0), max(stop, 0))
        samples = range(*(frames or slice(None)).indices(len(movie)))
        height, width = movie.shape[1:3]
        down = range(*(rows or slice(None)).indices(height))
        across = range(*(cols or slice(None)).indices(width))
        if not samples or not down or not across:
            raise ValueError(f"no frames or pixels of {movie.name} are in the range")
        if samples.step < 1 or down.step != 1 or across.step != 1:
            raise ValueError("frames must rise, and rows and cols be without steps")
        return cls(movie, samples, down, across, color and isinstance(movie, BehaviorMovie))

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Rows, columns, and 3 for color."""
        channels = (3,) if self.color else self.movie.shape[3:]
        return len(self.rows), len(self.cols), *channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames first."""
        return len(self), *self.frame_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a pixel, in the file's byte order."""
        return self.movie.dtype

    @property
    def num_bytes(self) -> int:
        """Of all pixels."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    @property
    def period_s(self) -> float:
        """Seconds from one exported frame to the next."""
        return self.movie.timing.period_s * self.samples.step

    @cached_property
    def spacing(self) -> Spacing:
        """Of the cut."""
        whole = self.movie.spacing
        moved = (
            Fraction(*edge) + first * Fraction(*size)
            for edge, first, size in zip(
                whole.top_left, (self.rows.start, self.cols.start), whole.pixel_size, strict=True
            )
        )
        top, left = (Rational(edge.numerator, edge.denominator) for edge in moved)
        size = (len(self.rows), len(self.cols))
        return replace(whole, num_pixels=size, top_left=(top, left))

    @cached_property
    def times_s(self) -> npt.NDArray[np.float64]:
        """``(n,)`` seconds from the movie's first frame, by the hardware where it counts."""
        nominal_s = np.asarray(self.samples, np.float64) * self.movie.timing.period_s
        hardware = hardware_time(self.movie)
        return nominal_s if hardware is None else hardware.to_true_s(nominal_s)

    @cached_property
    def statuses(self) -> npt.NDArray[np.uint8]:
        """``(n,)`` places in `FRAME_STATUSES`."""
        codes = frame_statuses(self.movie.timing)
        return codes[self.samples.start : self.samples.stop : self.samples.step]

    @property
    def missing(self) -> dict[str, list[int]]:
        """Exported frames without data, counted from 0, by why; empty where all have data."""
        places = {
            name: np.flatnonzero(self.statuses == code).tolist()
            for code, name in enumerate(FRAME_STATUSES)
            if code
        }
        return {name: found for name, found in places.items() if found}

    @cached_property
    def contrast(self) -> tuple[float, float]:
        """The values to show as black and white, by a few frames."""
        valid = np.flatnonzero(self.statuses == 0)
        count = min(len(valid), _FRAMES_FOR_CONTRAST)
        picked = valid[np.linspace(0, len(valid) - 1, count).astype(int)]
        frames = np.empty((count, *self.frame_shape), self.dtype)
        for frame, place in zip(frames, picked.tolist(), strict=True):
            self.read(self.samples[place], frame)
        return contrast_limits(list(frames), _PERCENTILES)

    def read(self, sample: int, out: npt.NDArray[Any]) -> None:
        """Read a frame into an array of `frame_shape`."""
        first, stop = self.rows.start, self.rows.stop
        if self.color and isinstance(self.movie, BehaviorMovie):
            out[...] = self.movie.read_color_frame(sample)[first:stop, self.cols.start :][
                :, : len(self.cols)
            ]
        elif len(self.cols) == self.movie.shape[2]:
            self.movie.read_rows(sample, first, stop, out)
        else:
            rows = self.movie.read_rows(sample, first, stop)
            out[...] = rows[:, self.cols.start : self.cols.stop]

    def read_all(
        self, progress: Progress | None = None, *, valid_only: bool = False
    ) -> Iterator[npt.NDArray[Any]]:
        """Read frame after frame into one array, which is overwritten by the next."""
        frame = np.empty(self.frame_shape, self.dtype)
        for i, sample in enumerate(self.samples):
            if not valid_only or not self.statuses[i]:
                self.read(sample, frame)
                yield frame
            if progress is not None:
                progress((i + 1) / len(self))


def frame_statuses(timing: Timing) -> npt.NDArray[np.uint8]:
    """``(num_samples,)`` places in `FRAME_STATUSES`."""
    codes = np.zeros(timing.num_samples, np.uint8)
    for code, ranges in ((2, timing.cropped), (4, timing.gaps)):
        for first, last in ranges:
            codes[first : last + 1] = code
    for code, singles in ((1, timing.dropped), (3, timing.blank)):
        places = np.array(singles, np.int64)
        codes[places[places < len(codes)]] = code
    return codes
