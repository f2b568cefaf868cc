"""Series of movies: recordings made in parts, as one movie."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.series import FrameSeries, describe_grid, unlike
from napari_isx.io.movies.base import Movie


class MovieSeries(FrameSeries[Movie], Movie):
    """Movies recorded one after another, as one movie; see :class:`Movie`."""

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
        return all(part.has_timestamps for part in self._parts)

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """Each part's as it has them: the counter may have started again between two parts."""
        return self._counters(part.timestamps_us for part in self._parts)

    def _counter_us(self, sample: int) -> int:
        place = self._schedule.locate(sample)
        return 0 if place is None else self._parts[place[0]].timestamp_us(place[1]) or 0

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
