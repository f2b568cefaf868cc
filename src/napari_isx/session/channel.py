"""What was recorded beside the images: inputs and outputs, head movement, zones of the animal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking
from napari_isx.io.gpio.gpio_set import GpioSet

ChannelKind = Literal["digital", "held", "dense"]
Times = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]

# What people look for first, by the channels' names; names that are not here come right after
# the voltages.
_INTEREST: Final = (
    r"Digital GPI|SoftTrig",
    r"GPIO",
    r"BNC Trigger|TRIG",
    r"Digital GPO",
    r".*LED|e-focus",
    r"Zone |softTrig",
    r"Acc ",
    r"Ori ",
    r"Mag ",
)
_UNKNOWN: Final = 1.5
# These change with every frame, and so say nothing that the movie does not.
_OF_FRAMES: Final = ("Frame Count", "BNC Sync Output", "SYNC")

# A line that takes more values than this is a voltage, whose noise is no edge.
_FEW_LEVELS: Final = 16
_LOOKED_AT: Final = 1000


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel of an open recording.

    Attributes
    ----------
    kind : {"digital", "held", "dense"}
        Digital channels have no unit, and no values but 0 and 1. These and held ones are stored
        when they change: a value holds until the next, the last one until the recording ends.
        Dense ones are sampled regularly.
    times_s, values : numpy.ndarray
        ``(n,)``: seconds from the start of the recording, rising. NaN where data were lost, or
        nobody knows. Of digital and held channels only the changes.
    """

    name: str
    recording: Recording
    kind: ChannelKind
    units: str
    times_s: Times
    values: Values

    @cached_property
    def num_changes(self) -> int:
        """How often the value is another than the one before; what was lost does not count."""
        known = self.values[np.isfinite(self.values)]
        return int(np.count_nonzero(known[1:] != known[:-1]))

    @property
    def is_constant(self) -> bool:
        """Whether it never changes, or has no values at all."""
        return self.num_changes == 0

    @property
    def only_value(self) -> float | None:
        """The value of a channel that never changes; None without one."""
        known = self.values[np.isfinite(self.values)]
        return float(known[0]) if len(known) and self.is_constant else None

    @property
    def interest(self) -> float:
        """The lower, the sooner people look at it."""
        if self.is_of_frames:
            return len(_INTEREST)
        for place, pattern in enumerate(_INTEREST):
            if re.match(pattern, self.name):
                return place
        return _UNKNOWN

    @property
    def is_of_frames(self) -> bool:
        """Whether it only counts or marks the microscope's frames."""
        return self.name in _OF_FRAMES

    @cached_property
    def edges_s(self) -> Times:
        """When it goes up or down: ``(n,)`` seconds from the start of its recording, rising.

        Of a channel with few levels each change is an edge. Of a voltage it is one to get from
        the lowest third of its range to the highest, or back. What happened while data were lost
        has no time, and is none.
        """
        if self.kind == "dense" or not _has_few_levels(self.values):
            levels, places = _thirds(self.values)
        else:
            levels, places = self.values, np.arange(len(self.values))
        with np.errstate(invalid="ignore"):  # infinite values
            steps = np.diff(levels)
        at = np.flatnonzero(np.isfinite(steps) & (steps != 0))
        return self.times_s[places[at + 1]]


def channels_of(recording: Recording) -> list[Channel]:
    """Read the channels of a recording, in its own order; none of one that has no channels.

    Raises IsxFileError: the file is broken.
    """
    if isinstance(recording, GpioSet):
        return list(_measured(recording))
    if isinstance(recording, BehaviorMovie):
        tracking = recording.tracking
        return [] if tracking is None else list(_tracked(recording, tracking))
    return []


def _measured(gpio: GpioSet) -> Iterator[Channel]:
    described = zip(gpio.channel_names, gpio.channel_units, gpio.channel_dense, strict=True)
    for i, (name, units, dense) in enumerate(described):
        signal = gpio.channel(i)
        kind: ChannelKind = "dense" if dense else "held"
        if not units and _is_digital(signal.values):
            kind = "digital"
        kept = np.arange(len(signal)) if kind == "dense" else _changes(signal.values)
        times_s = signal.offsets_us[kept] / 1e6
        yield Channel(name, gpio, kind, units, times_s, signal.values[kept])


def _tracked(movie: BehaviorMovie, tracking: Tracking) -> Iterator[Channel]:
    """A digital channel for each zone: 1 while the animal is in it; and one for each trigger."""
    samples = np.array([visit.sample for visit in tracking.visits], np.intp)
    unknown: npt.NDArray[np.bool_] = ~movie.timing.valid_mask
    unknown[list(tracking.damaged)] = True
    found: npt.NDArray[np.bool_] = np.all(np.isfinite(tracking.boxes), axis=1)
    found[samples] = True
    if np.isfinite(tracking.boxes).any():
        unknown |= ~found
    names = {zone.visit_id: zone.name for zone in tracking.zones if zone.enabled}
    for visit in tracking.visits:
        names.setdefault(visit.zone_id, visit.name)
    zone_ids = np.array([visit.zone_id for visit in tracking.visits], np.int64)
    inside = np.array([visit.event != "exit" for visit in tracking.visits], np.bool_)
    for zone_id, name in names.items():
        on = samples[(zone_ids == zone_id) & inside]
        yield _while_on(movie, f"Zone {name or zone_id}", on, unknown)
    triggers = np.array([visit.trigger for visit in tracking.visits], object)
    for trigger in sorted(set(triggers) - {""}):
        yield _while_on(movie, trigger, samples[triggers == trigger], unknown)


def _while_on(
    movie: BehaviorMovie, name: str, on: npt.NDArray[np.intp], unknown: npt.NDArray[np.bool_]
) -> Channel:
    """A channel that is 1 in some of a movie's samples."""
    values = np.zeros(movie.timing.num_samples, np.float32)
    values[on] = 1
    values[unknown] = np.nan
    kept = _changes(values)
    return Channel(name, movie, "digital", "", movie.timing.times_s[kept], values[kept])


def _is_digital(values: Values) -> bool:
    known = values[np.isfinite(values)]
    return bool(np.all((known == 0) | (known == 1)))


def _changes(values: Values) -> npt.NDArray[np.intp]:
    """The first value, and those that are another than the one before; NaN is one value."""
    if not len(values):
        return np.empty(0, np.intp)
    lost = np.isnan(values)
    same = (values[1:] == values[:-1]) | (lost[1:] & lost[:-1])
    return np.flatnonzero(np.append(True, ~same))


def _has_few_levels(values: Values) -> bool:
    if len(np.unique(values[:_LOOKED_AT])) > _FEW_LEVELS:
        return False
    return len(np.unique(values)) <= _FEW_LEVELS


def _thirds(values: Values) -> tuple[Values, npt.NDArray[np.intp]]:
    """Values as 0 in the lowest and 1 in the highest third of their range, and where those are.

    NaN stay; what is between is left out.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return values[:0], np.empty(0, np.intp)
    low, high = float(known.min()), float(known.max())
    third = (high - low) / 3
    levels = np.full(len(values), np.float32(np.nan))
    levels[values <= low + third] = 0
    levels[values >= high - third] = 1
    between = np.isnan(levels) & np.isfinite(values)
    places = np.flatnonzero(~between)
    return levels[places], places
