"""Series: recordings made in parts, read as one.

A series is of the class that its parts are of, so that whatever takes a :class:`Movie` takes a
series of movies. The parts keep their own files and readers; the time between two parts is
samples without data, like dropped ones (:attr:`Timing.gaps`), and takes neither memory nor disk.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.composed import Composed, R
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.schedule import UNFIT_ADVICE, Schedule, schedule, start_of
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.jpeg import Pixels
from napari_isx.io.behavior.movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking, Zone, ZoneVisit
from napari_isx.io.errors import IsxFileError
from napari_isx.io.movies.isxd import MAX_FRAMES, Movie


class Series(Composed[R]):
    """Parts of one recording. Mixed into the class that the parts are of.

    Parameters
    ----------
    parts : sequence of Recording
        In any order.
    timings : sequence of Timing
        Of the parts.

    Raises
    ------
    IsxFileError
        A part is not like the others, or they do not follow one another in time.
    """

    max_samples: ClassVar[int] = MAX_FRAMES
    """A series has no more samples than this, gaps included."""

    def __init__(self, parts: Sequence[R], timings: Sequence[Timing]) -> None:
        order = sorted(range(len(parts)), key=lambda i: start_of(timings[i]))
        super().__init__([parts[i] for i in order])
        for part in self._parts[1:]:
            check_alike(self._parts[0], part, self._describe)
        self._schedule: Schedule = schedule(
            [part.path for part in self._parts], [timings[i] for i in order], self.max_samples
        )

    @property
    def parts(self) -> tuple[R, ...]:
        """The recordings that the series is made of, in order of time."""
        return self._parts

    @staticmethod
    @abstractmethod
    def _describe(part: R) -> dict[str, object]:
        """What has to be the same in all parts, by the name that people have for it."""

    def __reduce__(self) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
        return type(self), (self._parts,)

    def __repr__(self) -> str:
        more = len(self._parts) - 1
        others = f"{more} more part{'s' if more > 1 else ''}"
        state = ", closed" if self.closed else ""
        name = type(self).__name__
        return f"<{name} {self.path.name!r} and {others}: {self._summary()}{state}>"

    def _counters(
        self, of_parts: Iterable[npt.NDArray[np.uint64] | None]
    ) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` timestamps of all parts, 0 in gaps; None unless all parts have them."""
        found = [counters for counters in of_parts if counters is not None]
        if len(found) < len(self._parts):
            return None
        counters = np.zeros(self._schedule.timing.num_samples, np.uint64)
        for samples, of_part in zip(self._schedule.slices(), found, strict=True):
            counters[samples] = of_part
        counters.flags.writeable = False
        return counters


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
        """Frames, and what they show: the plane or the colour."""
        info = part.acquisition_info
        return {
            **describe_grid(part.spacing),
            "pixel type": part.dtype.name,
            "number of colours": 1 if part.ndim == 3 else part.shape[3],
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
        started anew between two parts.
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
        """The focal planes or colours, each a series of its own; see :attr:`Movie.planes`."""
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


class BehaviorMovieSeries(Series[BehaviorMovie], BehaviorMovie):
    """Behavior movies recorded one after another, as one; see :class:`BehaviorMovie`.

    Frames between two parts read as zeros, like dropped ones.

    Parameters
    ----------
    parts : sequence of BehaviorMovie
    """

    def __init__(self, parts: Sequence[BehaviorMovie]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        self.spacing = self._parts[0].spacing
        self.timing = self._schedule.timing
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels)

    @staticmethod
    def _describe(part: BehaviorMovie) -> dict[str, object]:
        """Frames, and the camera that took them."""
        camera = part.acquisition_info.get("Camera Serial Number")
        return {**describe_grid(part.spacing), "camera": camera}

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None if a part has none.

        0 for samples without a frame and in gaps.
        """
        return self._counters(part.timestamps_us for part in self._parts)

    @cached_property
    def tracking(self) -> Tracking | None:
        """Where the animal was and the zones it was in, or None if no part was tracked.

        Zones are those of all parts, each once.
        """
        found = [part.tracking for part in self._parts]
        if not any(found):
            return None
        boxes = np.full((len(self), 4), np.nan)
        confidence = np.full(len(self), np.nan)
        visits: list[ZoneVisit] = []
        zones: dict[tuple[int, str], Zone] = {}
        damaged: list[int] = []
        problems: list[str] = []
        for part, samples, tracking in zip(
            self._parts, self._schedule.slices(), found, strict=True
        ):
            if tracking is None:
                continue
            boxes[samples], confidence[samples] = tracking.boxes, tracking.confidence
            visits += [v._replace(sample=v.sample + samples.start) for v in tracking.visits]
            for zone in tracking.zones:
                zones.setdefault((zone.id, zone.name), zone)
            damaged += [sample + samples.start for sample in tracking.damaged]
            problems += [f"{part.path.name}: {problem}" for problem in tracking.problems]
        return Tracking(
            boxes,
            confidence,
            tuple(visits),
            tuple(zones.values()),
            tuple(damaged),
            tuple(problems),
        )

    def _decode(self, sample: int, *, color: bool = False) -> Pixels | None:
        place = self._schedule.locate(sample)
        return None if place is None else self._parts[place[0]]._decode(place[1], color=color)


class Names(tuple[str, ...]):
    """Names of cells, as many in one part as in the other."""

    __slots__ = ()


def describe_grid(spacing: Spacing) -> dict[str, object]:
    """What has to be the same of two grids of pixels."""
    return {
        "frame size": spacing.num_pixels,
        "pixel size in um": spacing.pixel_size_um,
        "top left corner in um": spacing.top_left_um,
    }


def check_alike(first: R, part: R, describe: Callable[[R], dict[str, object]]) -> None:
    """Raise an `IsxFileError` that names a part and what differs from the first one."""
    expected, found = describe(first), describe(part)
    for what, value in expected.items():
        if found.get(what) != value:
            raise unlike(first, part, what, value, found.get(what))


def unlike(
    first: Recording, part: Recording, what: str, expected: object, found: object
) -> IsxFileError:
    """The error for a part that is not like the first one."""
    if isinstance(expected, Names) and isinstance(found, Names):
        i = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
        what, expected, found = f"{what} {i}", repr(expected[i]), repr(found[i])
    return IsxFileError(
        part.path,
        f"its {what} is {_brief(found)}, but that of {first.path.name} is {_brief(expected)}, "
        f"so they are not parts of one series",
        UNFIT_ADVICE,
    )


def _brief(value: object) -> str:
    text = " x ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
