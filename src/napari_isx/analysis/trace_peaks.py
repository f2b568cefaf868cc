"""Peaks of a trace, for where no event set says when a cell was active."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

THRESHOLD_SD: Final = 4.0
"""How far a peak stands out, in standard deviations of the noise."""
LEAST_APART_S: Final = 0.5
_SD_PER_MAD: Final = 1.4826  # of a normal distribution


class Peaks(NamedTuple):
    """The samples ``(n,)`` of the peaks, rising, and the value that they are above."""

    samples: npt.NDArray[np.int64]
    least_value: float


def trace_peaks(values: npt.NDArray[np.floating[Any]], period_s: float) -> Peaks:
    """Find the peaks of a trace by :func:`scipy.signal.find_peaks`.

    They are `THRESHOLD_SD` standard deviations of the noise above the median, and as far above what
    lies between them; of those closer than `LEAST_APART_S` only the highest counts. The noise is
    1.4826 times the median distance from the median, which transients hardly change; of a trace
    that mostly is one value its standard deviation. NaN are no peaks.
    """
    from scipy.signal import find_peaks

    known = values[np.isfinite(values)]
    if not len(known):
        return Peaks(np.empty(0, np.int64), np.nan)
    median = float(np.median(known))
    noise = _SD_PER_MAD * float(np.median(np.abs(known - median))) or float(known.std())
    least = median + THRESHOLD_SD * noise
    if not noise > 0:
        return Peaks(np.empty(0, np.int64), least)
    apart = max(round(LEAST_APART_S / period_s), 1) if period_s > 0 else 1
    found, _ = find_peaks(
        np.where(np.isfinite(values), values, median),
        height=least,
        prominence=THRESHOLD_SD * noise,
        distance=apart,
    )
    return Peaks(found.astype(np.int64), least)
