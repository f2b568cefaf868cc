"""The trace around each event of a cell, one over the other, and their mean."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.event_image import frames_at

BEFORE_S: Final = 1.0
AFTER_S: Final = 2.0


@dataclass(frozen=True, eq=False)
class Waveforms:
    """Pieces of a trace.

    Attributes
    ----------
    offsets_s : numpy.ndarray
        ``(k,)``: seconds from the event, 0 for its own sample.
    values : numpy.ndarray
        ``(n, k)``: a row for each event; NaN before and after the trace, and in its gaps.
    """

    offsets_s: npt.NDArray[np.float64]
    values: npt.NDArray[np.float32]

    @property
    def mean(self) -> npt.NDArray[np.float32]:
        """``(k,)``: of what is known."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # where nothing is known
            mean: npt.NDArray[np.float32] = np.nanmean(self.values, axis=0, dtype=np.float32)
        return mean


def waveforms(
    times_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    event_times_s: npt.NDArray[np.float64],
    *,
    before_s: float = BEFORE_S,
    after_s: float = AFTER_S,
) -> Waveforms:
    """Cut a trace ``(n_samples,)`` at its events; those outside it are left out."""
    count = len(times_s)
    period_s = (times_s[-1] - times_s[0]) / (count - 1) if count > 1 else 1.0
    places: npt.NDArray[Any] = np.arange(-round(before_s / period_s), round(after_s / period_s) + 1)
    at = frames_at(event_times_s, times_s)
    samples = at[at >= 0][:, None] + places
    inside = (samples >= 0) & (samples < count)
    cut = np.full(samples.shape, np.nan, np.float32)
    cut[inside] = values[samples[inside]]
    return Waveforms(places * period_s, cut)
