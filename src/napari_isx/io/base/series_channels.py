"""The channels of several parts as those of one file: of event sets, GPIO and IMU recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_isx.io.base.channels import Channels, in_order
from napari_isx.io.base.names import numbered
from napari_isx.io.base.schedule import Schedule
from napari_isx.io.base.signal import Signal


def series_channels(parts: Sequence[Channels], placed: Schedule, *, mark_gaps: bool) -> Channels:
    """The channels of several parts, in order of time, as if they were of one file.

    A channel is found in another part by its name; of channels with the same name the first
    belongs to the first, and so on. Which channels a part has may differ, as a `.gpio` file
    has those that changed while it was recorded. With `mark_gaps` a NaN stands where a part ends
    and no other follows at once, so that a value that holds until the next one does not hold on
    through the gap. A channel is dense if it is in the first part that has it. Offsets are from
    the start of the first part.
    """
    keys: dict[tuple[str, int], bool] = {}
    for part in parts:
        for key, dense in zip(numbered(part.names), part.dense, strict=True):
            keys.setdefault(key, dense)

    def read() -> list[Signal]:
        pieces: dict[tuple[str, int], list[Signal]] = {key: [] for key in keys}
        for i, part in enumerate(parts):
            start_us, end_us = placed.offsets_us[i], placed.ends_us[i]
            for key, signal in zip(numbered(part.names), part.read(), strict=True):
                offsets = signal.offsets_us + np.uint64(start_us)
                pieces[key].append(Signal(offsets, signal.values))
            for signals in pieces.values() if mark_gaps and placed.gap_follows(i) else ():
                signals += _end_mark(signals, end_us)
        return [_concatenated(signals) for signals in pieces.values()]

    return Channels([name for name, _ in keys], list(keys.values()), placed.timing, read)


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
