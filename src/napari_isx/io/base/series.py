"""Series: recordings made in parts, read as one.

A series is of the class that its parts are of, so that whatever takes a :class:`Movie` takes a
series of movies. The parts keep their own files and readers; the time between two parts is
samples without data, like dropped ones (:attr:`Timing.gaps`), and takes neither memory nor disk.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording, forget_cached
from napari_isx.io.base.schedule import UNFIT_ADVICE, Schedule, schedule, start_of
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import MAX_FRAMES, Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.source import FileSource

R = TypeVar("R", bound=Recording)
F = TypeVar("F", bound=FrameSequence[Any])


class Composed(Recording, Generic[R]):
    """A recording that reads from others: base of series and planes.

    What it says of animal, session and microscope is what the first of the others says. It
    closes them.
    """

    def __init__(self, parts: Sequence[R]) -> None:
        self._parts = tuple(parts)
        self._shut = False
        self.path, self.name = self._parts[0].path, self._parts[0].name
        self.paths = tuple(path for part in self._parts for path in part.paths)

    @property
    def metadata(self) -> dict[str, Any]:
        """The file's own JSON description; of several files that of the first."""
        return self._parts[0].metadata

    @property
    def clock_problems(self) -> tuple[str, ...]:
        """Those of all files."""
        return tuple(problem for part in self._parts for problem in part.clock_problems)

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What the file, or the first of several, knows of the acquisition."""
        return self._parts[0].acquisition_info

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called, here or on what this is read from."""
        return self._shut or any(part.closed for part in self._parts)

    def close(self) -> None:
        """Give all files back. Arrays already handed out stay valid; reading is an error."""
        self._shut = True
        for part in self._parts:
            part.close()

    @property
    def _sources(self) -> tuple[FileSource, ...]:
        return tuple(source for part in self._parts for source in part._sources)

    def _forget(self) -> None:
        forget_cached(self)
        for part in self._parts:
            part._forget()

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return type(self).__name__, *(part.__dask_tokenize__() for part in self._parts)


class Series(Composed[R]):
    """Parts of one recording, given in any order.

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
            [part.place for part in self._parts], [timings[i] for i in order], self.max_samples
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
        return self._described(f"{type(self).__name__} {self.name!r} and {others}")


class FrameSeries(Series[F], FrameSequence[Any]):
    """Movies recorded one after another; frames between two parts read as zeros."""

    def __init__(self, parts: Sequence[F]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        first, self.timing = self._parts[0], self._schedule.timing
        self.dtype, self.spacing = first.dtype, first.spacing
        self.shape = (self.timing.num_samples, *first.shape[1:])

    def _counters(
        self, of_parts: Iterable[npt.NDArray[np.uint64] | None]
    ) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` timestamps of all parts, 0 in gaps; None unless all parts have them."""
        found = [counters for counters in of_parts if counters is not None]
        if len(found) < len(self._parts):
            return None
        counters = np.zeros(len(self), np.uint64)
        for samples, of_part in zip(self._schedule.slices(), found, strict=True):
            counters[samples] = of_part
        counters.flags.writeable = False
        return counters

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        self._read_rows_into(sample, 0, frame)

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[Any]) -> None:
        place = self._schedule.locate(sample)
        if place is None:
            rows[...] = 0
        else:
            self._parts[place[0]]._read_rows_into(place[1], start, rows)


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
        part.place,
        f"its {what} is {_brief(found)}, but that of {first.name} is {_brief(expected)}, "
        f"so they are not parts of one series",
        UNFIT_ADVICE,
    )


def _brief(value: object) -> str:
    text = " x ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
