"""When a line is on: pulses of a channel, by a threshold with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Edge: TypeAlias = Literal["rising", "falling"]
Times: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pulses:
    """Times in which a line is on.

    Attributes
    ----------
    starts_s, stops_s : numpy.ndarray
        ``(n,)`` seconds, rising: from its first value above the threshold to the next below.
    has_start, has_stop : numpy.ndarray
        ``(n,)`` bool: whether the edge was seen. It was not where the recording begins or ends with
        the line on, or where data were lost before or after.
    """

    starts_s: Times
    stops_s: Times
    has_start: npt.NDArray[np.bool_]
    has_stop: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts_s)

    def edges_s(self, edge: Edge) -> Times:
        """``(m,)``: the rising or the falling edges that were seen."""
        if edge == "rising":
            return self.starts_s[self.has_start]
        return self.stops_s[self.has_stop]


def find_pulses(
    times_s: Times,
    values: npt.NDArray[Any],
    *,
    end_s: float | None = None,
    threshold: float = 0.5,
    hysteresis: float = 0.0,
    min_length_s: float = 0.0,
    max_pause_s: float = 0.0,
) -> Pulses:
    """Find when a line is on.

    Parameters
    ----------
    times_s, values : numpy.ndarray
        ``(n,)``: each value holds until the next time. NaN where data were lost.
    end_s : float, optional
        Until when the last value holds; by default its own time.
    threshold : float
        As a part of the largest value: above it the line is on.
    hysteresis : float
        As a part of the largest value: the line is off again when it is so far below the
        threshold, or further.
    min_length_s : float
        Shorter pulses are none. One whose edge was not seen may be longer than is known, and stays.
    max_pause_s : float
        Pulses that follow each other within so much time, from the end of one to the start of the
        next, are a train, and count as one pulse.

    Raises
    ------
    ValueError
        A number is negative or NaN, or the hysteresis larger than the threshold.
    """
    numbers = {"hysteresis": hysteresis, "min_length_s": min_length_s, "max_pause_s": max_pause_s}
    for name, number in numbers.items():
        if not number >= 0:
            raise ValueError(f"{name} is 0 or more, not {number}")
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold is a part of the largest value, from 0 to below 1, not {threshold}"
        )
    if hysteresis > threshold:
        raise ValueError(f"hysteresis {hysteresis} is larger than threshold {threshold}")
    states = _states(values, threshold, hysteresis)
    is_change = np.append(True, states[1:] != states[:-1])[: len(states)]
    changes = np.flatnonzero(is_change)
    runs = states[changes]
    ends = np.append(times_s[changes[1:]], end_s if end_s is not None else times_s[-1:])
    is_on = runs == 1
    before, after = np.append(np.nan, runs[:-1]), np.append(runs[1:], np.nan)
    pulses = Pulses(
        times_s[changes][is_on], ends[: len(runs)][is_on], before[is_on] == 0, after[is_on] == 0
    )
    return _long_ones(_joined(pulses, max_pause_s), min_length_s)


def _states(values: npt.NDArray[Any], threshold: float, hysteresis: float) -> Times:
    """1 while on, 0 while off, NaN while nobody knows."""
    values = np.asarray(values, np.float64)
    known = np.isfinite(values)
    largest = float(values[known].max(initial=0.0))
    states = np.full(len(values), np.nan)
    with np.errstate(invalid="ignore"):
        states[values <= (threshold - hysteresis) * largest] = 0
        states[values > threshold * largest] = 1
    between = known & np.isnan(states)
    # What lies between stays what it was: look up the last place that is not between.
    places = np.where(between, -1, np.arange(len(values)))
    last = np.maximum.accumulate(places) if len(places) else places
    states = np.where(last >= 0, states[np.maximum(last, 0)], 0.0)
    # After lost data, what lies between is as good as unknown.
    return np.where(known | ~between, states, np.nan)


def _joined(pulses: Pulses, max_pause_s: float) -> Pulses:
    """Trains as one pulse; an edge that was not seen parts them."""
    if len(pulses) < 2 or max_pause_s == 0:
        return pulses
    follows = (
        (pulses.starts_s[1:] - pulses.stops_s[:-1] <= max_pause_s)
        & pulses.has_start[1:]
        & pulses.has_stop[:-1]
    )
    firsts = np.flatnonzero(np.append(True, ~follows))
    lasts = np.append(firsts[1:], len(pulses)) - 1
    return Pulses(
        pulses.starts_s[firsts], pulses.stops_s[lasts],
        pulses.has_start[firsts], pulses.has_stop[lasts],
    )  # fmt: skip


def _long_ones(pulses: Pulses, min_length_s: float) -> Pulses:
    # 0.3 - 0.2 is less than 0.1.
    is_long = pulses.stops_s - pulses.starts_s >= min_length_s - 1e-9
    kept = is_long | ~pulses.has_start | ~pulses.has_stop
    return Pulses(
        pulses.starts_s[kept], pulses.stops_s[kept], pulses.has_start[kept], pulses.has_stop[kept]
    )
