"""Writing event sets that `isx`, Inscopix' own software and this package read back equal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import PACKET, sample_count
from napari_isx.io.base.labelled_set import checked_names
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing
from napari_isx.io.events.event_set import checked_events, checked_metrics
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.container import IsxKind, plain, write_footer
from napari_isx.io.format.json_fields import Rational

if TYPE_CHECKING:
    import pandas as pd

_INT64_MAX: Final = 2**63 - 1


def write_event_set(
    path: str | os.PathLike[str],
    events: Mapping[str, Signal | tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    timing: Timing,
    metrics: pd.DataFrame | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write an event set.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    events : mapping of str to Signal or (offsets_us, values)
        The events of each cell by its name.
    timing : Timing
        Of the traces the events come from. Its missing samples cannot be stored.
    metrics : pandas.DataFrame, optional
        Columns as in :attr:`EventSet.metrics`.
    extra_properties : mapping, optional
        Acquisition session, as JSON values.

    Raises
    ------
    ValueError
        Offsets and values, or metrics and cells, differ in number.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    starts, counts = [], []
    with new_file(path) as handle:
        for channel, (name, signal) in enumerate(events.items()):
            offsets, values = checked_events(name, signal)
            packets = np.empty(len(offsets), PACKET)
            packets["offset_us"], packets["channel"], packets["value"] = offsets, channel, values
            handle.write(packets.tobytes())
            starts.append(int(offsets[0]) if len(offsets) else 0)
            counts.append(len(offsets))
        entries = None
        if metrics is not None:
            rows = checked_metrics(metrics, len(counts)).to_numpy()
            entries = [
                [None if np.isnan(value) else value for value in row] for row in rows.tolist()
            ]
        footer = {
            "type": int(IsxKind.EVENT_SET),
            "fileType": 1,
            "fileVersion": 2,
            "channel list": checked_names(events),
            "signalTypes": [0] * len(counts),
            "signalSteps": [timing.period._asdict()] * len(counts),
            "startOffsets": starts,
            "numSamples": counts,
            "metrics": entries,
            "global times": [
                {"secsSinceEpoch": time._asdict(), "utcOffset": timing.utc_offset_s}
                for time in (timing.stated_start_s, _end(timing))
            ],
            "extraProperties": plain(extra_properties),
        }
        write_footer(handle, footer)


def _end(timing: Timing) -> Rational:
    """The end of a recording, such that readers get its number of samples from start and end."""
    start, period = Fraction(*timing.stated_start_s), Fraction(*timing.period)
    middle = start + (timing.num_samples - Fraction(1, 2)) * period
    microseconds = Fraction(round(middle * 1_000_000), 1_000_000)
    for end in (start + timing.num_samples * period, middle, microseconds):
        time = Rational(*end.as_integer_ratio())
        if max(abs(time.num), time.den) <= _INT64_MAX and (
            sample_count(timing.stated_start_s, time, timing.period) == timing.num_samples
        ):
            return time
    raise ValueError(f"an end cannot be stated for {timing!r}")
