"""The times that tables have, as Inscopix' software rounds them, and the parts of a series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import lcm
from typing import Any, Final, Literal, TypeVar

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.schedule import schedule, start_of
from napari_isx.io.base.series import Series, check_alike
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.kinds import kind_of

TimeRef = Literal["start", "unix", "tsc"]
"""Seconds from the start of the first part, Unix seconds, or the hardware counter in µs."""
MICROSECOND: Final = Rational(1, 1_000_000)

R = TypeVar("R", bound=Recording)


def parts_of(recordings: R | Sequence[R]) -> list[R]:
    """The recordings of single files that one, a series, or several of them are made of, in order.

    Raises
    ------
    IsxFileError
        They are not parts of one recording.
    ValueError
        There are none.
    """
    given = [recordings] if isinstance(recordings, Recording) else list(recordings)
    parts = [part for one in given for part in (one.parts if isinstance(one, Series) else [one])]
    if not parts:
        raise ValueError("there is nothing to export in an empty sequence")
    if len(given) > 1:
        _check_series(parts)
    return sorted(parts, key=_start)


def check_time_ref(time_ref: TimeRef, parts: Sequence[Any], allowed: Sequence[str]) -> None:
    """Raise ValueError for a reference that is unknown, or that the recordings do not have."""
    if time_ref not in allowed:
        raise ValueError(f"time_ref must be one of {', '.join(allowed)}, not {time_ref!r}")
    unknown = next((part for part in parts if part.timing.start_s is None), None)
    if time_ref == "unix" and unknown is not None:
        raise ValueError(f"{unknown.name} does not say when it started: export with times from 0")


def base_of(timing: Timing, first: Timing, time_ref: TimeRef) -> Rational:
    """What is added to the times of a part: its start, since the first one's or since 1970."""
    start, zero = timing.stated_start_s, first.stated_start_s
    if time_ref == "unix":
        return start
    common = lcm(start.den, zero.den)
    return Rational(start.num * (common // start.den) - zero.num * (common // zero.den), common)


def times_s(base: Rational, step: Rational, counts: Iterable[int]) -> list[float]:
    """Seconds of `base` and so many steps, rounded as `isx` rounds them.

    That is: over a common denominator that is not reduced, of which both terms become float64
    before they are divided.
    """
    common = lcm(base.den, step.den)
    first, each, below = (
        base.num * (common // base.den),
        step.num * (common // step.den),
        float(common),
    )
    return [float(first + each * count) / below for count in counts]


def _check_series(parts: Sequence[Any]) -> None:
    kind = kind_of(parts[0])
    series = None if kind is None else kind.series
    for part in parts[1:]:
        if series is None or kind_of(part) is not kind:
            raise ValueError(f"{parts[0].name} and {part.name} cannot be parts of one recording")
        check_alike(parts[0], part, series._describe)
    if series is not None:
        ordered = sorted(parts, key=_start)
        schedule(
            [part.place for part in ordered], [part.timing for part in ordered], series.max_samples
        )


def _start(part: Any) -> Any:
    return start_of(part.timing)
