"""Traces and signals as tables of pandas, arrays of xarray and series of pynapple.

Only pandas is always installed; the others are imported where they are asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.optional import needed
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing

if TYPE_CHECKING:
    import pandas as pd

ToTimes = Callable[[npt.NDArray[np.float64]], npt.ArrayLike]
"""Gives other times for seconds from the start of the file, such as `Placed.to_session_s`."""


def shown_times(
    own_s: npt.NDArray[np.float64], times_s: npt.ArrayLike | ToTimes | None
) -> npt.NDArray[np.float64]:
    """The times to use: the file's own, others for them, or what makes others of them.

    Raises
    ------
    ValueError
        Not as many times.
    """
    if times_s is None:
        return own_s
    given = np.asarray(times_s(own_s) if callable(times_s) else times_s, np.float64)
    if given.shape != own_s.shape:
        raise ValueError(f"{given.size:,} times for {own_s.size:,} samples")
    return given


class SignalFrames(ABC):
    """What sets of signals can do: events of cells, and channels."""

    _value: ClassVar[str] = "value"
    """What tables call a value."""
    _row: ClassVar[str] = "sample"

    @property
    @abstractmethod
    def _signals(self) -> list[Signal]: ...

    @abstractmethod
    def _labels(self) -> dict[str, Sequence[Any]]:
        """What tables say of each signal, by column."""

    def to_pandas(self, *, times_s: ToTimes | None = None) -> pd.DataFrame:
        """All values as a table with a row for each: when it was, of which cell or channel.

        Parameters
        ----------
        times_s : callable, optional
            What makes other times of an array of the file's own seconds.

        Returns
        -------
        pandas.DataFrame
            Of events ``time_s``, ``cell``, ``name``, ``amplitude``; of channels ``time_s``,
            ``channel``, ``unit``, ``value``.
        """
        import pandas as pd

        signals = self._signals
        lengths = [len(signal) for signal in signals]
        times = [shown_times(signal.times_s, times_s) for signal in signals]
        columns: dict[str, Any] = {"time_s": np.concatenate([np.empty(0), *times])}
        for name, of_signals in self._labels().items():
            columns[name] = np.repeat(np.array(list(of_signals), object), lengths)
        empty = np.empty(0, np.float32)
        columns[self._value] = np.concatenate([empty, *(signal.values for signal in signals)])
        return pd.DataFrame(columns)

    def to_xarray(self, *, times_s: ToTimes | None = None) -> Any:
        """The table of :meth:`to_pandas` as an ``xarray.Dataset``, on an axis of its rows.

        Raises
        ------
        ImportError
            xarray is not installed.
        """
        needed("to_xarray", "xarray")
        return self.to_pandas(times_s=times_s).rename_axis(self._row).to_xarray()

    def to_pynapple(self, *, times_s: ToTimes | None = None) -> Any:
        """A ``pynapple.TsGroup`` of all signals, by number, with their names as metadata.

        Raises
        ------
        ImportError
            pynapple is not installed.
        """
        nap = needed("to_pynapple", "pynapple")
        signals = self._signals
        times = [shown_times(signal.times_s, times_s) for signal in signals]
        timing: Timing = self.timing  # type: ignore[attr-defined]
        span = shown_times(np.array([0.0, timing.duration_s]), times_s)
        every = np.concatenate([span, *times])
        support = nap.IntervalSet(every.min(), max(every.max(), every.min() + 1e-6))
        series = {
            i: nap.Tsd(of_signal, signal.values, time_support=support)
            for i, (of_signal, signal) in enumerate(zip(times, signals, strict=True))
        }
        labels = {key: np.array(list(values), object) for key, values in self._labels().items()}
        return nap.TsGroup(series, time_support=support, metadata=labels)
