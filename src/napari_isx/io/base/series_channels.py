"""The channels of several parts as those of one file: of event sets, GPIO and IMU recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_isx.io.base.channels import Channels, in_order
from napari_isx.io.base.duplicate_names import numbered
from napari_isx.io.base.schedule import Schedule
from napari_isx.io.base.signal import Signal


class SeriesChannels:
    """The channels of several parts as if they were of one file.

    A channel is found in another part by its name; of channels with the same name the first
    belongs to the first, and so on. Which channels a part has may differ, as a `.gpio` file
    has those that changed while it was recorded. With `mark_gaps` a NaN stands where a part ends
    and no other follows at once, so that a value that holds until the next one does not hold on
    through the gap. A channel is dense if it is in the first part that has it.
    """

    def __init__(self, parts: Sequence[Channels], placed: Schedule, *, mark_gaps: bool) -> None:
        self._parts, self._schedule, self._mark_gaps = parts, placed, mark_gaps
        self._keys: dict[tuple[str, int], bool] = {}
        for part in parts:
            for key, dense in zip(numbered(part.names), part.dense, strict=True):
                self._keys.setdefault(key, dense)
        self.names, self.dense = [name for name, _ in self._keys], list(self._keys.values())
        self.timing = placed.timing

    def read(self) -> list[Signal]:
        """Return the signals of all channels, with offsets from the start of the first part."""
        pieces: dict[tuple[str, int], list[Signal]] = {key: [] for key in self._keys}
        for i, part in enumerate(self._parts):
            marked = self._mark_gaps and self._schedule.gap_follows(i)
            start_us, end_us = self._schedule.offsets_us[i], self._schedule.ends_us[i]
            for key, signal in zip(numbered(part.names), part.read(), strict=True):
                offsets = signal.offsets_us + np.uint64(start_us)
                pieces[key].append(Signal(offsets, signal.values))
            for signals in pieces.values() if marked else ():
                signals += _end_mark(signals, end_us)
        return [_concatenated(signals) for signals in pieces.values()]


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
