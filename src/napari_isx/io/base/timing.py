"""When each sample was taken, and which samples hold nothing."""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import Fields, Rational

# Two days at 48 Hz. Missing frames take no bytes, so a damaged file could claim any number.
MAX_FRAMES: Final = 1 << 23
# Three days at 1 kHz. More than this is a damaged file: no arrays of that length are made for it.
MAX_SAMPLES: Final = 2**28
FIRST_START_S: Final = 946_684_800
"""The year 2000: clocks that were never set say 1970, and no microscope is as old."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# A day within the years that datetime has, so that every UTC offset stays in them.
_YEAR_1_S: Final = -62_135_510_400
_YEAR_9999_S: Final = 253_402_214_399
# Trimming leaves a few, a movie of one plane out of a file of several perhaps each second sample.
_MAX_RANGES: Final = 250_000
_NO_RUNS: Final = np.empty((0, 2), np.int64)
_MOST: Final = 2**63 - 1  # what a file's numbers can be
_RANGE: Final = re.compile(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?")

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Timing:
    """The sampling of a recording: regular, with samples that may be missing.

    Attributes
    ----------
    num_samples : int
        All samples, including dropped, cropped and blank ones.
    period : Rational
        Seconds from one sample to the next, in the file's own terms.
    start_s : Rational or None
        Unix time of sample 0 in seconds, in the file's own terms; None where the file states no
        time between the years 1 and 9999.
    utc_offset_s : int
        Seconds east of UTC where the recording was made.
    dropped : tuple of int
        Samples lost at acquisition, sorted.
    cropped : tuple of (int, int)
        First and last sample of each range that trimming removed, sorted and merged.
    blank : tuple of int
        Samples left empty on purpose, sorted.
    gaps : tuple of (int, int)
        First and last sample of each range that no file has anything to say about: the time
        between the parts of a series, or the other plane's turns in an interleaved movie. Empty
        for what one file holds.

    Notes
    -----
    Each index is in one list only: cropped before blank before dropped, as `isx` has it.
    """

    num_samples: int
    period: Rational = Rational(1, 20)
    start_s: Rational | None = Rational(0, 1)
    utc_offset_s: int = 0
    dropped: tuple[int, ...] = field(default=(), repr=False)
    cropped: Ranges = field(default=(), repr=False)
    blank: tuple[int, ...] = field(default=(), repr=False)
    gaps: Ranges = field(default=(), repr=False)

    def __post_init__(self) -> None:
        cropped, gaps = _merge(self.cropped), _merge(self.gaps)
        blank = _outside(self.blank, cropped)
        dropped = _outside(self.dropped, (*cropped, *((i, i) for i in blank)))
        vars(self).update(cropped=cropped, blank=blank, dropped=dropped, gaps=gaps)

    @classmethod
    def regular(
        cls,
        num_samples: int,
        period_s: float | Fraction = Fraction(1, 20),
        start: datetime | None = None,
        *,
        dropped: Iterable[SupportsIndex] = (),
        cropped: Iterable[tuple[SupportsIndex, SupportsIndex]] = (),
        blank: Iterable[SupportsIndex] = (),
    ) -> Timing:
        """Make a timing from everyday values.

        Parameters
        ----------
        num_samples : int
            All samples, missing ones included.
        period_s : float or Fraction
            Seconds per sample; kept to a billionth.
        start : datetime, optional
            When sample 0 was taken; aware, or naive for UTC. The epoch by default.
        dropped, blank : iterable of int
        cropped : iterable of (int, int)
            First and last sample of each range.

        Raises
        ------
        ValueError
            A negative number of samples, a period that is not positive, a sample before the
            first, or a range that ends before it starts.
        """
        num_samples = operator.index(num_samples)
        # NumPy's numbers are none to Fraction.
        exact = period_s if isinstance(period_s, Fraction) else float(period_s)
        period = Fraction(exact if isfinite(exact) else 0).limit_denominator(10**9)
        if num_samples < 0 or period <= 0:
            raise ValueError(
                f"a recording needs at least 0 samples and a period above 0 s, "
                f"not {num_samples} samples of {period_s} s"
            )
        start = _EPOCH if start is None else start
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        start_us = (start - _EPOCH) // timedelta(microseconds=1)
        offset = start.utcoffset() or timedelta()
        return cls(
            num_samples,
            Rational(period.numerator, period.denominator),
            Rational(*Fraction(start_us, 1_000_000).as_integer_ratio()),
            int(offset.total_seconds()),
            tuple(first for first, _ in _checked_ranges((i, i) for i in dropped)),
            tuple(_checked_ranges(cropped)),
            tuple(first for first, _ in _checked_ranges((i, i) for i in blank)),
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Timing:
        """Read a ``timingInfo`` object. A start that cannot be is unknown, and no error."""
        num_samples = fields.integer("numTimes", 0, MAX_SAMPLES)
        period = fields.rational("period", 0)
        if period.num == 0 and num_samples > 1:
            fields.fail("period", "longer than 0 s")
        start_s, utc_offset_s = read_start(fields.values.get("start"))
        return cls(
            num_samples,
            period,
            start_s,
            utc_offset_s,
            tuple(fields.integers("dropped", 0, default=[])),
            tuple(_read_ranges(fields)),
            tuple(fields.integers("blank", 0, default=[])),
        )

    def to_json(self) -> dict[str, Any]:
        """The ``timingInfo`` object that :meth:`from_fields` reads.

        Files have no list of gaps; as cropped ranges they are missing samples all the same.
        """
        missing = _merge([*self.cropped, *self.gaps])
        return {
            "numTimes": self.num_samples,
            "period": self.period._asdict(),
            "start": {
                "secsSinceEpoch": self.stated_start_s._asdict(),
                "utcOffset": self.utc_offset_s,
            },
            "dropped": list(self.dropped),
            "cropped": [str(a) if a == b else f"{a} - {b}" for a, b in missing],
            "blank": list(self.blank),
        }

    @property
    def stated_start_s(self) -> Rational:
        """The start as a file has to state it: the epoch where it is unknown."""
        return self.start_s or Rational(0, 1)

    def starts_after_s(self, other: Timing) -> Fraction | None:
        """By how much it starts after another; None where one of the starts is unknown."""
        if self.start_s is None or other.start_s is None:
            return None
        return Fraction(*self.start_s) - Fraction(*other.start_s)

    def with_period(self, period: Rational) -> Timing:
        """The same samples at another period."""
        return replace(self, period=period)

    @property
    def period_s(self) -> float:
        """Seconds from one sample to the next."""
        return float(self.period)

    @property
    def sampling_rate_hz(self) -> float:
        """Samples per second; infinite for a still image's period of 0."""
        return self.period.den / self.period.num if self.period.num else float("inf")

    @cached_property
    def start(self) -> datetime | None:
        """When sample 0 was taken, in the time zone of the recording; None if it is unknown."""
        if self.start_s is None:
            return None
        since_epoch = timedelta(microseconds=round(Fraction(*self.start_s) * 1_000_000))
        zone = timezone(timedelta(seconds=self.utc_offset_s)) if self.utc_offset_s else UTC
        return (_EPOCH + since_epoch).astimezone(zone)

    @property
    def duration_s(self) -> float:
        """Seconds from the start of the first to the end of the last sample."""
        return self.num_samples * self.period_s

    @property
    def num_valid(self) -> int:
        """How many samples hold data."""
        counts = self._invalid_lists[2]
        return self.num_samples - (counts[-1] if counts else 0)

    @cached_property
    def valid_mask(self) -> npt.NDArray[np.bool_]:
        """``(num_samples,)``: False where a sample is dropped, cropped, blank or in a gap."""
        mask = np.ones(self.num_samples, np.bool_)
        for start, stop in self._invalid.tolist():
            mask[start:stop] = False
        mask.flags.writeable = False
        return mask

    @cached_property
    def times_s(self) -> npt.NDArray[np.float64]:
        """``(num_samples,)``: seconds from sample 0 to the start of each sample."""
        times = np.arange(self.num_samples, dtype=np.float64) * self.period_s
        times.flags.writeable = False
        return times

    def sample_at(self, t_s: float) -> int:
        """The sample whose time is nearest, within the recording.

        Parameters
        ----------
        t_s : float
            Seconds since sample 0. Times before or after the recording give its ends.

        Raises
        ------
        ValueError
            The recording has no samples.
        """
        if self.num_samples == 0:
            raise ValueError("a recording without samples has none at any time")
        nearest = np.floor(t_s / self.period_s + 0.5) if self.period.num else 0.0
        return int(min(max(nearest, 0.0), self.num_samples - 1.0))

    def stored_index(self, sample: int) -> int | None:
        """Where a sample stands among the valid ones, which are all that a movie stores.

        Returns None for a sample that is missing.
        """
        starts, stops, counts = self._invalid_lists
        before = bisect_right(starts, sample)
        if before == 0:
            return sample
        return None if sample < stops[before - 1] else sample - counts[before - 1]

    def first_and_last_valid(self) -> tuple[int, int] | None:
        """The first and last sample that hold data, or None where none does."""
        first, last = 0, self.num_samples - 1
        starts, stops, _ = self._invalid_lists
        if starts and starts[0] == 0:
            first = stops[0]
        if stops and stops[-1] == self.num_samples:
            last = starts[-1] - 1
        return (first, last) if first <= last else None

    @cached_property
    def _invalid(self) -> npt.NDArray[np.int64]:
        """``(n, 2)`` runs [start, stop) of samples without data, in order, in the recording."""
        if not (self.cropped or self.gaps or self.blank or self.dropped):
            return _NO_RUNS
        runs = np.array((*self.cropped, *self.gaps), np.int64).reshape(-1, 2)
        singles = np.array((*self.blank, *self.dropped), np.int64)
        runs = np.concatenate([runs, np.column_stack([singles, singles])])
        runs = runs[runs[:, 0] < self.num_samples]
        runs[:, 1] = np.minimum(runs[:, 1], self.num_samples - 1) + 1
        return _merged(runs)

    @cached_property
    def _invalid_lists(self) -> tuple[list[int], list[int], list[int]]:
        """Start and stop of each run, and how many samples are missing to its end.

        Lists, as one number is found faster in them.
        """
        starts, stops = self._invalid.T
        return starts.tolist(), stops.tolist(), np.cumsum(stops - starts).tolist()


def read_start(value: object) -> tuple[Rational | None, int]:
    """Read when a recording started: Unix seconds and the seconds east of UTC.

    Software has written starts that cannot be, beside sound pixels and traces; so what is no
    time between the years 1 and 9999 is None, and an offset of a day or more is 0. A file has
    ``{"secsSinceEpoch": {"num": ..., "den": ...}, "utcOffset": ...}``.
    """
    fields = Fields(Path(), value if isinstance(value, dict) else {})
    try:
        utc_offset_s = fields.integer("utcOffset", -86_399, 86_399, default=0)
    except IsxFileError:
        utc_offset_s = 0
    seconds = read_seconds(value)
    is_date = seconds is not None and _YEAR_1_S <= float(seconds) <= _YEAR_9999_S
    return seconds if is_date else None, utc_offset_s


def read_seconds(value: object) -> Rational | None:
    """Read the seconds of a time, of whatever year; None where they are no fraction."""
    try:
        return Fields(Path(), value if isinstance(value, dict) else {}).rational("secsSinceEpoch")
    except IsxFileError:
        return None


def _read_ranges(fields: Fields) -> list[tuple[int, int]]:
    ranges = []
    texts = fields.strings("cropped", default=[])
    if len(texts) > _MAX_RANGES:
        fields.fail("cropped", f"a list of at most {_MAX_RANGES:,} ranges")
    for text in texts:
        match = _RANGE.fullmatch(text)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else -1
        if last < first:
            fields.fail("cropped", 'a list of sample ranges such as "7" or "2 - 6"')
        ranges.append((first, last))
    return ranges


def _checked_ranges(
    ranges: Iterable[tuple[SupportsIndex, SupportsIndex]],
) -> list[tuple[int, int]]:
    """Ranges of samples as plain numbers, also of NumPy's."""
    checked = [(operator.index(first), operator.index(last)) for first, last in ranges]
    for first, last in checked:
        if not 0 <= first <= last <= _MOST:
            raise ValueError(f"samples {first} to {last} are in no recording")
    return checked


def _merge(ranges: Sequence[tuple[int, int]]) -> Ranges:
    """Sort inclusive ranges, and join those that overlap or adjoin."""
    if not ranges:
        return ()
    starts, stops = _merged(np.array(ranges, np.int64), gap=1).T
    return tuple(zip(starts.tolist(), stops.tolist(), strict=True))


def _merged(ranges: npt.NDArray[np.int64], gap: int = 0) -> npt.NDArray[np.int64]:
    """Sort ``(n, 2)`` starts and stops, and join those no more than `gap` apart.

    As arrays, as there can be a million.
    """
    if not len(ranges):
        return ranges
    starts, stops = ranges[np.argsort(ranges[:, 0], kind="stable")].T
    stops = np.maximum.accumulate(stops)
    firsts = np.flatnonzero(np.append(True, starts[1:] - gap > stops[:-1]))
    lasts = np.append(firsts[1:], len(starts)) - 1
    return np.column_stack([starts[firsts], stops[lasts]])


def _outside(samples: Sequence[int], ranges: Ranges) -> tuple[int, ...]:
    """Samples in order, without those in one of the inclusive ranges."""
    if not samples:
        return ()
    values = np.sort(np.array(samples, np.int64))
    if ranges:
        starts, stops = _merged(np.array(ranges, np.int64)).T
        at = np.searchsorted(starts, values, "right") - 1
        values = values[(at < 0) | (values > stops[at])]
    return tuple(values.tolist())
