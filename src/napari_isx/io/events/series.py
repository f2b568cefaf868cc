"""Series of event sets: the same cells in recordings made in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from napari_isx.io.base.series import Names, Series
from napari_isx.io.base.series_channels import series_channels
from napari_isx.io.base.timing import MAX_SAMPLES
from napari_isx.io.events.event_set import EventSet


class EventSetSeries(Series[EventSet], EventSet):
    """The events of the same cells in recordings made one after another; see :class:`EventSet`.

    Offsets count from the start of the first part. Metrics of traces are of each part alone, as
    ``parts[i].metrics``.
    """

    max_samples: ClassVar[int] = MAX_SAMPLES

    def __init__(self, parts: Sequence[EventSet]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        channels = [part._channels for part in self._parts]
        self._read_from(series_channels(channels, self._schedule, mark_gaps=False))

    @staticmethod
    def _describe(part: EventSet) -> dict[str, object]:
        """The cells."""
        return {"number of cells": part.num_cells, "name of cell": Names(part.names)}
