"""Series of event sets, and of GPIO and IMU recordings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from napari_isx.io.base.channels import MAX_TICKS, Channels, in_order
from napari_isx.io.base.duplicate_names import numbered
from napari_isx.io.base.schedule import Schedule
from napari_isx.io.base.series import Names, Series
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import MAX_SAMPLES, Timing
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet

_Key = tuple[str, int]


class SeriesChannels:
    """The channels of several parts as if they were of one file.

    A channel is found in another part by its name; of channels with the same name the first
    belongs to the first, and so on. Which channels a part has may differ, as a `.gpio` file
    has those that changed while it was recorded.

    Parameters
    ----------
    parts : sequence of Channels
        In order of time.
    placed : Schedule
        Where the parts are in time.
    mark_gaps : bool
        Whether a NaN stands where a part ends and no other follows at once, so that a value
        that holds until the next one does not hold on through the gap.
    """

    def __init__(self, parts: Sequence[Channels], placed: Schedule, *, mark_gaps: bool) -> None:
        self._parts, self._schedule, self._mark_gaps = parts, placed, mark_gaps
        self._keys: dict[_Key, bool] = {}
        for part in parts:
            for key, dense in zip(numbered(part.names), part.dense, strict=True):
                self._keys.setdefault(key, dense)

    @property
    def names(self) -> list[str]:
        """In the order of first appearance."""
        return [name for name, _ in self._keys]

    @property
    def dense(self) -> list[bool]:
        """Whether each channel is sampled regularly, in the first part that has it."""
        return list(self._keys.values())

    @property
    def timing(self) -> Timing:
        """Of the series; its only missing samples are the gaps between parts."""
        return self._schedule.timing

    def read(self) -> list[Signal]:
        """Return the signals of all channels, with offsets from the start of the first part."""
        pieces: dict[_Key, list[Signal]] = {key: [] for key in self._keys}
        for i, part in enumerate(self._parts):
            marked = self._mark_gaps and self._schedule.gap_follows(i)
            start_us, end_us = self._schedule.offsets_us[i], self._schedule.ends_us[i]
            for key, signal in zip(numbered(part.names), part.read(), strict=True):
                offsets = signal.offsets_us + np.uint64(start_us)
                pieces[key].append(Signal(offsets, signal.values))
            for signals in pieces.values() if marked else ():
                signals += _end_mark(signals, end_us)
        return [_concatenated(signals) for signals in pieces.values()]


class EventSetSeries(Series[EventSet], EventSet):
    """The events of the same cells in recordings made one after another; see :class:`EventSet`.

    Offsets count from the start of the first part.

    Parameters
    ----------
    parts : sequence of EventSet
    """

    max_samples: ClassVar[int] = MAX_SAMPLES

    def __init__(self, parts: Sequence[EventSet]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        channels = [part._channels for part in self._parts]
        self._channels = SeriesChannels(channels, self._schedule, mark_gaps=False)
        self.names = self._parts[0].names
        self.timing = self._schedule.timing

    @staticmethod
    def _describe(part: EventSet) -> dict[str, object]:
        """The cells."""
        return {"number of cells": part.num_cells, "name of cell": Names(part.names)}

    @cached_property
    def metrics(self) -> None:
        """None: metrics of traces are of each part alone, as ``parts[i].metrics``."""
        return


class GpioSetSeries(Series[GpioSet], GpioSet):
    """Channels of recordings made one after another; see :class:`GpioSet`.

    Offsets count from the start of the first part. Between two parts every channel has a NaN.
    The packets of `.gpio` files are read when the series is opened, as they alone tell how long
    a part is.

    Parameters
    ----------
    parts : sequence of GpioSet
    """

    max_samples: ClassVar[int] = MAX_TICKS

    def __init__(self, parts: Sequence[GpioSet]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        channels = [part._channels for part in self._parts]
        self._channels = SeriesChannels(channels, self._schedule, mark_gaps=True)
        self._units = {name: unit for part in parts for name, unit in part._units.items()}
        self._session_json = self._parts[0]._session_json
        self.clock_problems = sum((part.clock_problems for part in self._parts), ())

    @staticmethod
    def _describe(part: GpioSet) -> dict[str, object]:
        """Inputs or head movement, and units: a `.imu` file's are not those of its `.isxd` file."""
        units = {f"unit of {name}": unit for name, unit in part._units.items()}
        return {"kind": "an IMU recording" if part.is_imu else "a GPIO set", **units}

    @property
    def is_imu(self) -> bool:
        """Whether it is of the head sensor; see :class:`GpioSet`."""
        return self._parts[0].is_imu

    @property
    def first_tsc_us(self) -> int | None:
        """Hardware counter at offset 0 in microseconds, or None; see :class:`GpioSet`."""
        return self._parts[0].first_tsc_us


def _end_mark(signals: Sequence[Signal], end_us: int) -> list[Signal]:
    """A NaN behind what a channel has so far; none where it has nothing yet."""
    if not signals or not len(signals[-1]) or np.isnan(signals[-1].values[-1]):
        return []
    at = max(end_us, int(signals[-1].offsets_us[-1]) + 1)
    return [Signal(np.array([at], np.uint64), np.array([np.nan], np.float32))]


def _concatenated(signals: Sequence[Signal]) -> Signal:
    if len(signals) == 1:
        return signals[0]
    return in_order(
        np.concatenate([np.empty(0, np.uint64), *(signal.offsets_us for signal in signals)]),
        np.concatenate([np.empty(0, np.float32), *(signal.values for signal in signals)]),
    )
