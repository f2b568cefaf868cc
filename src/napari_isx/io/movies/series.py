"""Series of movies: recordings made in parts, as one movie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.series import Series, describe_grid, unlike
from napari_isx.io.movies.base import Movie


class MovieSeries(Series[Movie], Movie):
    """Movies recorded one after another, as one movie; see :class:`Movie`.

    Frames between two parts read as zeros, like dropped ones.

    Parameters
    ----------
    parts : sequence of Movie
    """

    def __init__(self, parts: Sequence[Movie]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        first = self._parts[0]
        self.dtype = first.dtype
        self.spacing = first.spacing
        self.timing = self._schedule.timing
        self.shape = (self.timing.num_samples, *first.shape[1:])

    @staticmethod
    def _describe(part: Movie) -> dict[str, object]:
        """Frames, and what they show: the plane or the color."""
        info = part.acquisition_info
        return {
            **describe_grid(part.spacing),
            "pixel type": part.dtype.name,
            "number of colors": 1 if part.ndim == 3 else part.shape[3],
            "e-focus": info.get("efocus"),
            "channel": info.get("channel"),
        }

    @property
    def has_timestamps(self) -> bool:
        """Whether every frame of every part carries the hardware counter."""
        return all(part.has_timestamps for part in self._parts)

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None if a part has none.

        0 for invalid samples and in gaps. Each part's are as it has them: the counter may have
        started again between two parts.
        """
        return self._counters(part.timestamps_us for part in self._parts)

    def timestamp_us(self, i: int) -> int | None:
        """Read the hardware counter of one frame in microseconds; see :class:`Movie`."""
        place = self._schedule.locate(self._sample(i))
        if not self.has_timestamps:
            return None
        return 0 if place is None else self._parts[place[0]].timestamp_us(place[1])

    @property
    def planes(self) -> list[Movie]:
        """The focal planes or colors, each a series of its own; see :attr:`Movie.planes`."""
        of_parts = [part.planes for part in self._parts]
        for part, planes in zip(self._parts, of_parts, strict=True):
            if len(planes) != len(of_parts[0]):
                raise unlike(
                    self._parts[0], part, "number of planes", len(of_parts[0]), len(planes)
                )
        return [MovieSeries(planes) for planes in zip(*of_parts, strict=True)]

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        place = self._schedule.locate(sample)
        if place is None:
            frame[...] = 0
        else:
            self._parts[place[0]]._read_into(place[1], frame)

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[Any]) -> None:
        place = self._schedule.locate(sample)
        if place is None:
            rows[...] = 0
        else:
            self._parts[place[0]]._read_rows_into(place[1], start, rows)
