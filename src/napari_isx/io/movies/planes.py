"""Raw multi-plane and dual-color movies: the frames of each plane or color, as a movie.

A microscope that changes its focus or its light from frame to frame writes all frames into one
movie, whose period and dropped samples are those of all frames. Its footer tells what it did, in
``extraProperties``:

==============================  =========================================================
key                             meaning
==============================  =========================================================
``microscope.multiplane``       ``enabled``; ``planes``: ``plane-1``, ``plane-2``, ... with
                                ``enabled`` and ``focus``; ``activePlanes``: how many
``microscope.dualColor``        ``enabled``; ``mode``: "multiplexing" for interleaved colors;
                                ``startChannel``: "green" or "red"; ``muxRatio``: ``led1``
                                green, then ``led2`` red frames (red first if it starts)
``idps.efocus``,                what a movie shows that was taken apart already
``idps.channel``
==============================  =========================================================

Which frame is whose follows from its sample, dropped ones counted: never from the number of the
stored frame. Where frames have headers, some of these tell whose turn is first, for a movie may
start in the middle of a cycle; where they are not interleaved so, nobody knows whose a frame is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.acquisition import at
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.series import Composed
from napari_isx.io.base.timing import Ranges, Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import Fields, Rational
from napari_isx.io.movies.base import COLOR_WORD, EFOCUS_WORD, Movie, RawMovie

# The microscopes have three; the limit keeps a damaged file from making thousands of movies.
_MAX_PLANES: Final = 64
_MAX_FOCUS: Final = 65_535
_MAX_PER_CYCLE: Final = 1000
_FRAMES_LOOKED_AT: Final = 64
_PLANE: Final = re.compile(r"plane-(\d{1,9})")
_DIGITS: Final = re.compile("[0-9]{1,9}")
_UNFIT_ADVICE: Final = (
    "The movie itself can be read, with the frames of all planes interleaved. "
    "Please report the file."
)


@dataclass(frozen=True, eq=False)
class Turns:
    """The samples of a movie that are one plane's: every `step`-th from `first` on.

    Where they are not so regular, those of a mask ``(T,)``. The label is ("efocus", 0 to 1000) or
    ("channel", "green" or "red"); None where nobody says.
    """

    label: tuple[str, int | str] | None
    first: int = 0
    step: int = 1
    mask: npt.NDArray[np.bool_] | None = None


Interleaving = tuple[Turns, ...]


class InterleavedMovie(RawMovie):
    """A movie in one file, in which the frames of planes or colors may be interleaved."""

    @property
    def planes(self) -> list[Movie]:
        """The planes, opened again; see :attr:`Movie.planes`."""
        return [MoviePlane(self, i) for i in range(len(self._interleaving or ()))]

    @cached_property
    def _interleaving(self) -> Interleaving | None:
        return find_interleaving(self)


class MoviePlane(Composed[InterleavedMovie], Movie):
    """One plane, or color, of a movie in which several are interleaved; see :attr:`Movie.planes`.

    A view: it reads the movie's file, and ends with it; closing it leaves the file open for the
    movie and its other planes, unless it owns the movie. Where the planes take turns one by one
    its period is that of a whole cycle. A color that has several frames of a cycle keeps the
    movie's period, and the frames of the other one are missing (``timing.gaps``).
    """

    def __init__(self, movie: InterleavedMovie, index: int, *, owns_movie: bool = False) -> None:
        super().__init__([movie])
        self._index, self._owns_movie = index, owns_movie
        interleaving = movie._interleaving or ()
        if index >= len(interleaving):
            raise IsxFileError(movie.path, f"it has {len(interleaving)} planes, none at {index}")
        self._turns = interleaving[index]
        self.dtype, self.spacing = movie.dtype, movie.spacing
        self.timing = _timing_of(movie.timing, self._turns)
        self.shape = (self.timing.num_samples, *movie.shape[1:])

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What the file knows of the acquisition, with this plane's ``efocus`` or ``channel``."""
        label = [self._turns.label] if self._turns.label else []
        return dict(sorted((self._parts[0].acquisition_info | dict(label)).items()))

    @property
    def has_timestamps(self) -> bool:
        return self._parts[0].has_timestamps

    def _counter_us(self, sample: int) -> int:
        return self._parts[0]._counter_us(self._turns.first + self._turns.step * sample)

    def close(self) -> None:
        if self._owns_movie:
            super().close()
        self._shut = True

    def __reduce__(self) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
        return _reopened_plane, (self._parts[0], self._index)

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return *super().__dask_tokenize__(), self._index

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        self._read_rows_into(sample, 0, frame)

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[Any]) -> None:
        if self.closed:
            raise ValueError(f"{self.name} is closed")
        if self.timing.stored_index(sample) is None:
            rows[...] = 0
        else:
            turns = self._turns
            self._parts[0]._read_rows_into(turns.first + turns.step * sample, start, rows)

    def _summary(self) -> str:
        label = " ".join(map(str, self._turns.label or ("plane", self._index)))
        return f"{label}, {super()._summary()}"


def _reopened_plane(movie: InterleavedMovie, index: int) -> MoviePlane:
    """A plane that was pickled; nobody else has its movie."""
    return MoviePlane(movie, index, owns_movie=True)


def find_interleaving(movie: RawMovie) -> Interleaving | None:
    """Find out which samples of a movie are which plane's, or None where all are one's.

    Raises
    ------
    IsxFileError
        The footer's account of the planes is broken, or the frames' headers contradict it.
    """
    microscope, done = at(movie._session(), "microscope"), at(movie._session(), "idps")
    if not isinstance(microscope, dict):
        return None
    if isinstance(done, dict) and not done.keys().isdisjoint({"efocus", "channel"}):
        return None
    fields = Fields(movie.path, microscope, "extraProperties.microscope.")
    foci, cycle = _foci(fields), _color_cycle(fields)
    if len(foci) > 1 and len(cycle) > 1:
        return None  # nobody knows how colors and planes would take turns
    if len(foci) > 1:
        return _plane_turns(movie, foci)
    return _color_turns(movie, cycle) if len(cycle) > 1 else None


def _foci(fields: Fields) -> list[int | None]:
    """The focus of each plane in use, in the order of their numbers; None where not told."""
    multiplane = fields.values.get("multiplane")
    if not isinstance(multiplane, dict) or multiplane.get("enabled") is not True:
        return []
    info = fields.child("multiplane")
    planes = multiplane.get("planes")
    if isinstance(planes, dict):
        numbers = {int(m[1]): key for key in planes if (m := _PLANE.fullmatch(key))}
        each = info.child("planes")
        used = [each.child(numbers[i]) for i in sorted(numbers)]
        used = [plane for plane in used if plane.boolean("enabled", default=False)]
        if len(used) > _MAX_PLANES:
            info.fail("planes", f"at most {_MAX_PLANES} planes")
        if used:
            return [_focus(plane) for plane in used]
    return [None] * info.integer("activePlanes", 1, _MAX_PLANES)


def _focus(plane: Fields) -> int:
    """A focus, which microscopes also write as text."""
    focus = plane.values.get("focus")
    if isinstance(focus, str) and _DIGITS.fullmatch(focus):
        plane = Fields(plane.path, {"focus": int(focus)}, plane.prefix)
    return plane.integer("focus", 0, _MAX_FOCUS)


def _color_cycle(fields: Fields) -> list[str]:
    """The colors of the frames of one cycle."""
    dual = fields.values.get("dualColor")
    if not isinstance(dual, dict) or dual.get("enabled") is not True:
        return []
    if dual.get("mode") != "multiplexing":
        return []
    info = fields.child("dualColor")
    green, red = ["green"], ["red"]
    if dual.get("muxRatio") is not None:
        ratio = info.child("muxRatio")
        green *= ratio.integer("led1", 1, _MAX_PER_CYCLE)
        red *= ratio.integer("led2", 1, _MAX_PER_CYCLE)
    start = dual.get("startChannel")
    if start not in (None, "green", "red"):
        info.fail("startChannel", '"green" or "red"')
    return red + green if start == "red" else green + red


def _plane_turns(movie: RawMovie, foci: Sequence[int | None]) -> Interleaving:
    """The turns of focal planes, one sample each, in the order of the footer's foci."""
    count = len(foci)
    samples, in_headers = _look(movie, EFOCUS_WORD, 2, count)
    found = dict(zip((sample % count for sample in samples), in_headers, strict=True))
    turns = list(enumerate(foci))
    if len(set(in_headers)) > 1:  # there are headers, and they tell planes apart
        alike = all(found[i % count] == f for i, f in zip(samples, in_headers, strict=True))
        if not alike or len(set(found.values())) < len(found):
            raise _unfit(movie, f"{count} planes", "focus")
        if set(found.values()) <= set(foci):
            free = iter([place for place in range(count) if place not in found])
            place_of = {focus: place for place, focus in found.items()}
            turns = [(place_of[f] if f in place_of else next(free), f) for f in foci]
        else:  # the footer is out of date, or tells none
            turns = [(place, found.get(place)) for place in range(count)]
    return tuple(
        Turns(None if focus is None else ("efocus", focus), place, count) for place, focus in turns
    )


def _color_turns(movie: RawMovie, cycle: Sequence[str]) -> Interleaving:
    """The turns of two colors, some samples each.

    What the headers' color ids mean is not known, only that each color has its own.
    """
    count = len(cycle)
    samples, ids = _look(movie, COLOR_WORD, 1, count)
    shift = 0
    if len(set(ids)) > 1:
        fitting = (s for s in range(count) if _tells_apart(cycle, s, samples, ids))
        shift = next(fitting, -1)
        if shift < 0:
            raise _unfit(movie, "two colors", "color")
    own = {color: np.roll(np.array(cycle) == color, -shift) for color in dict.fromkeys(cycle)}
    return tuple(
        Turns(("channel", color), int(turns.argmax()), count)
        if turns.sum() == 1
        else Turns(("channel", color), mask=np.resize(turns, len(movie)))
        for color, turns in own.items()
    )


def _tells_apart(
    cycle: Sequence[str], shift: int, samples: Sequence[int], ids: Sequence[int]
) -> bool:
    """Whether a cycle that starts so many samples early gives each color its own id."""
    pairs = {(cycle[(i + shift) % len(cycle)], x) for i, x in zip(samples, ids, strict=True)}
    return len(pairs) == len({color for color, _ in pairs}) == len(set(ids))


def _unfit(movie: RawMovie, described: str, seen: str) -> IsxFileError:
    """The error for frames that are not interleaved, as where some are missing uncounted."""
    return IsxFileError(
        movie.path,
        f"its description tells of {described} interleaved, but in its frames' headers the {seen} "
        f"changes otherwise",
        _UNFIT_ADVICE,
    )


def _look(movie: RawMovie, word: int, count: int, per_cycle: int) -> tuple[list[int], list[int]]:
    """Some valid samples, and a number in the headers of their frames.

    The first two cycles and frames all through the movie; nothing where there are no headers.
    """
    stored = movie.timing.num_valid
    if not stored or not all(movie._has_word(word + i) for i in range(count)):
        return [], []
    spread = np.linspace(0, stored - 1, min(_FRAMES_LOOKED_AT, stored)).astype(int)
    frames = np.union1d(np.arange(min(2 * per_cycle, stored)), spread)
    samples = np.flatnonzero(movie.timing.valid_mask)[frames]
    return samples.tolist(), [movie._header_number(i, word, count) for i in frames.tolist()]


def _timing_of(timing: Timing, turns: Turns) -> Timing:
    """The timing of the samples that are one plane's."""
    if turns.mask is not None:
        return _masked(timing, turns.mask)
    first, step = turns.first, turns.step
    start = timing.start_s
    if first and start is not None:
        later = Fraction(*start) + first * Fraction(*timing.period)
        start = Rational(later.numerator, later.denominator)
    return replace(
        timing,
        num_samples=max(-(-(timing.num_samples - first) // step), 0),
        period=Rational(timing.period.num * step, timing.period.den),
        start_s=start,
        dropped=_every(timing.dropped, first, step),
        blank=_every(timing.blank, first, step),
        cropped=_every_range(timing.cropped, first, step),
        gaps=_every_range(timing.gaps, first, step),
    )


def _masked(timing: Timing, mask: npt.NDArray[np.bool_]) -> Timing:
    """The same samples, with those in a gap that are not in the mask but hold data.

    A sample that was dropped is nobody's frame, so that it stays dropped.
    """
    others = np.concatenate([[False], ~mask & timing.valid_mask, [False]])
    edges = np.flatnonzero(others[1:] != others[:-1])
    runs = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)
    return replace(timing, gaps=(*timing.gaps, *runs))


def _every(samples: Sequence[int], first: int, step: int) -> tuple[int, ...]:
    return tuple((i - first) // step for i in samples if i >= first and (i - first) % step == 0)


def _every_range(ranges: Ranges, first: int, step: int) -> Ranges:
    own = ((max(-(-(a - first) // step), 0), (b - first) // step) for a, b in ranges)
    return tuple((a, b) for a, b in own if a <= b)
