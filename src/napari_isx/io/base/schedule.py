"""One timing for several recordings: where each part lies on the first one's grid of samples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Final

from napari_isx.io.base.timing import Ranges, Timing
from napari_isx.io.errors import IsxFileError

CLOCK_TOLERANCE: Final = Fraction(1, 5000)
"""How far two clocks may run apart: 0.7 s in an hour. Quartzes are several times better."""
UNFIT_ADVICE: Final = "Open the files one by one, or leave out the one that does not belong."


@dataclass(frozen=True)
class Schedule:
    """The parts of a series in time.

    Each has its first sample and number of samples in the series, whose ``gaps`` are the samples
    between parts, and its start and end in microseconds from the start of the first: to the
    microsecond, and not to the sample.
    """

    timing: Timing
    starts: tuple[int, ...]
    counts: tuple[int, ...]
    offsets_us: tuple[int, ...]
    ends_us: tuple[int, ...]

    def locate(self, sample: int) -> tuple[int, int] | None:
        """Return the part that has a sample, and its index there; None for one in a gap."""
        part = bisect_right(self.starts, sample) - 1
        local = sample - self.starts[part]
        return (part, local) if local < self.counts[part] else None

    def slices(self) -> list[slice]:
        """The samples of each part."""
        return [slice(a, a + n) for a, n in zip(self.starts, self.counts, strict=True)]

    def gap_follows(self, part: int) -> bool:
        """Whether samples are missing between a part and the next."""
        end = self.starts[part] + self.counts[part]
        return part + 1 < len(self.starts) and end < self.starts[part + 1]


def start_of(timing: Timing) -> Fraction:
    """Unix time of sample 0 in seconds, exactly."""
    return Fraction(*timing.stated_start_s)


def schedule(paths: Sequence[Path], timings: Sequence[Timing], max_samples: int) -> Schedule:
    """Place parts on one grid of samples.

    The grid is that of the first part (its start, and its period, or that of the first part
    with a second sample). Each part starts at the nearest sample, and its samples follow one
    another; the period may differ by 0.02 %, or by half a sample over the whole part. A part
    that begins before the one before it has ended is put behind it, if it is by less than a
    sample and 0.02 % of the time since the start of the series, as clocks do differ.
    The parts are given in order of their starts; gaps included there are no more than
    `max_samples`.
    """
    unknown = next((p for p, t in zip(paths, timings, strict=True) if t.start_s is None), None)
    if unknown is not None:
        finding = "it does not say when it started, and so not where in a series it belongs"
        raise IsxFileError(unknown, finding, UNFIT_ADVICE)
    period = _grid_period(paths[0], timings)
    origin = start_of(timings[0])
    starts: list[int] = []
    gaps: list[tuple[int, int]] = []
    end, last = 0, 0  # the first sample after those placed, and the part that has the last
    for i, (path, timing) in enumerate(zip(paths, timings, strict=True)):
        apart = abs(Fraction(*timing.period) - period)
        if apart > CLOCK_TOLERANCE * period and 2 * apart * (timing.num_samples - 1) > period:
            raise IsxFileError(
                path,
                f"its period is {timing.period_s:.6g} s, but that of the series, which starts "
                f"with {paths[0].name}, is {float(period):.6g} s",
                UNFIT_ADVICE,
            )
        elapsed = start_of(timing) - origin
        start = max(round(elapsed / period), end) if timing.num_samples else end
        overlap = end * period - elapsed
        if timing.num_samples and end and overlap >= period + CLOCK_TOLERANCE * elapsed:
            raise IsxFileError(
                path,
                f"it begins {float(overlap):.6g} s before {paths[last].name} has ended, so they "
                f"are not parts of one series",
                UNFIT_ADVICE,
            )
        if start + timing.num_samples > max_samples:
            raise IsxFileError(
                path,
                f"it starts {float(elapsed):,.0f} s after {paths[0].name}, so that a series of "
                f"both would have {start + timing.num_samples:,} samples; {max_samples:,} are "
                f"the most",
                UNFIT_ADVICE,
            )
        if start > end:
            gaps.append((end, start - 1))
        starts.append(start)
        if timing.num_samples:
            end, last = start + timing.num_samples, i
    return Schedule(
        _joined(timings, starts, end, gaps),
        tuple(starts),
        tuple(timing.num_samples for timing in timings),
        tuple(round((start_of(timing) - origin) * 1_000_000) for timing in timings),
        tuple(ceil((_end_of(timing) - origin) * 1_000_000) for timing in timings),
    )


def _end_of(timing: Timing) -> Fraction:
    return start_of(timing) + timing.num_samples * Fraction(*timing.period)


def _grid_period(path: Path, timings: Sequence[Timing]) -> Fraction:
    grid = next((timing for timing in timings if timing.num_samples > 1), timings[0])
    period = Fraction(*grid.period)
    if period <= 0:
        raise IsxFileError(path, "it has no sampling period to join it to others by", UNFIT_ADVICE)
    return period


def _joined(
    timings: Sequence[Timing], starts: Sequence[int], end: int, gaps: list[tuple[int, int]]
) -> Timing:
    """The first timing, with the samples of all; a part's lists may go on behind its end."""
    parts = list(zip(timings, starts, strict=True))

    def samples(key: str) -> tuple[int, ...]:
        return tuple(at + i for t, at in parts for i in getattr(t, key) if i < t.num_samples)

    def ranges(key: str) -> Ranges:
        return tuple(
            (at + first, at + min(last, t.num_samples - 1))
            for t, at in parts
            for first, last in getattr(t, key)
            if first < t.num_samples
        )

    return replace(
        timings[0],
        num_samples=end,
        period=next((t.period for t in timings if t.num_samples > 1), timings[0].period),
        dropped=samples("dropped"),
        cropped=ranges("cropped"),
        blank=samples("blank"),
        gaps=(*gaps, *ranges("gaps")),
    )
