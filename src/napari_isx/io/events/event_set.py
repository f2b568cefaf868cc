"""Event sets: the calcium events of each cell, with their amplitudes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import Channels, channel_index, in_order, series_channels
from napari_isx.io.base.labelled_set import checked_names
from napari_isx.io.base.recording import MemoryRecording, Recording
from napari_isx.io.base.series import Names, Series
from napari_isx.io.base.signal import Signal, whole_microseconds
from napari_isx.io.base.timing import MAX_SAMPLES, Timing
from napari_isx.io.base.to_frames import SignalFrames

if TYPE_CHECKING:
    import pandas as pd

METRIC_COLUMNS: Final = (
    "snr",
    "mad",
    "event_rate_hz",
    "amplitude_median",
    "amplitude_sd",
    "rise_median_s",
    "rise_sd_s",
    "decay_median_s",
    "decay_sd_s",
)


class EventSet(SignalFrames, Recording):
    """Events of cells.

    Attributes
    ----------
    names : list of str
        Name of each cell.
    timing : Timing
        Of the traces in which the events were found; it has no missing samples.
    """

    kind: ClassVar[str] = "event set"
    _value: ClassVar[str] = "amplitude"
    _row: ClassVar[str] = "event"
    names: list[str]
    timing: Timing

    @staticmethod
    def from_arrays(
        events: Mapping[str, Signal | tuple[npt.ArrayLike, npt.ArrayLike]],
        *,
        timing: Timing,
        metrics: pd.DataFrame | None = None,
        extra_properties: Mapping[str, Any] | None = None,
    ) -> MemoryEventSet:
        """Make an event set in memory.

        Parameters and errors are those of :func:`napari_isx.write_event_set`, which writes what
        this gives.
        """
        given = [checked_events(name, signal) for name, signal in events.items()]
        signals = [in_order(offsets.copy(), values.copy()) for offsets, values in given]
        names, dense = checked_names(events), [False] * len(given)
        channels = Channels(names, dense, timing, partial(list, signals))
        table = None if metrics is None else checked_metrics(metrics, len(given))
        return MemoryEventSet(channels, table, extra_properties)

    @property
    def num_cells(self) -> int:
        """How many cells there are events of, cells without any included."""
        return len(self.names)

    def events(self, cell: SupportsIndex | str) -> Signal:
        """The events of one cell, in order of time.

        Parameters
        ----------
        cell : int or str
            Index or name; a name that occurs more than once means its first cell.

        Raises
        ------
        IndexError, KeyError
            There is no such cell.
        IsxFileError
            The file is broken.
        """
        return self._signals[channel_index(self.names, cell, f"cell of {self.name}")]

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        """The trace metrics that are stored with the events, one row per cell, or None.

        NaN where undefined. ``snr`` is the median event amplitude over the median absolute
        deviation of the trace (``mad``). None of a series: those of the parts are of each alone.

        Raises
        ------
        IsxFileError
            The stored metrics are not nine values per cell.
        """
        return None

    @cached_property
    def _signals(self) -> list[Signal]:
        return self._channels.read()

    def _labels(self) -> dict[str, Sequence[Any]]:
        return {"cell": range(self.num_cells), "name": self.names}

    def _read_from(self, channels: Channels) -> None:
        self._channels, self.names, self.timing = channels, channels.names, channels.timing

    def _summary(self) -> str:
        cells = "1 cell" if self.num_cells == 1 else f"{self.num_cells} cells"
        return f"events of {cells} over {self.timing.duration_s:.4g} s"


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


class MemoryEventSet(MemoryRecording, EventSet):
    """An event set without a file; see :meth:`EventSet.from_arrays`."""

    def __init__(
        self,
        channels: Channels,
        metrics: pd.DataFrame | None,
        extra_properties: Mapping[str, Any] | None,
    ) -> None:
        super().__init__("events in memory", extra_properties)
        self._read_from(channels)
        self.metrics = metrics

    def __dask_tokenize__(self) -> tuple[object, ...]:
        parts = [part for one in self._signals for part in (one.offsets_us, one.values)]
        return type(self).__name__, self.names, repr(self.timing), parts


def checked_events(
    name: str, events: Signal | tuple[npt.ArrayLike, npt.ArrayLike]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float32]]:
    """Offsets in microseconds and values of one cell's events; ValueError for what does not fit."""
    parts = (events.offsets_us, events.values) if isinstance(events, Signal) else events
    offsets, values = whole_microseconds(name, parts[0]), np.asarray(parts[1], np.float32)
    if offsets.shape != values.shape or offsets.ndim != 1:
        raise ValueError(f"{name}: {offsets.shape} offsets and {values.shape} values")
    return offsets, values


def checked_metrics(metrics: pd.DataFrame, num_cells: int) -> pd.DataFrame:
    """Stored metrics in the order of their columns; ValueError if not one row per cell."""
    if len(metrics) != num_cells:
        raise ValueError(f"metrics of {len(metrics)} cells, events of {num_cells}")
    return metrics[list(METRIC_COLUMNS)].astype(np.float64)
