"""What circular shifts and permutations say of an effect."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Modulation: TypeAlias = Literal["up", "down", "none"]

TIE: Final = 1e-9
"""Effects that differ by less, in standard deviations of the trace, count as equal."""


def compare_with_shifted(effect: Floats, null: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """How far effects are from those after shifts.

    Parameters
    ----------
    effect : numpy.ndarray
        ``(n_cells,)`` in standard deviations of the trace.
    null : numpy.ndarray
        ``(shuffles, n_cells)``; NaN where a shift has none.

    Returns
    -------
    z, mean, deviation, share_below : numpy.ndarray
        ``(n_cells,)``: the distance from the mean of the shifted effects in their standard
        deviations (with ``n``), both of these, and the share that lies below; ties do not.
    """
    known = np.isfinite(null)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = known.sum(axis=0)
        mean = np.nansum(null, axis=0) / count
        deviation = np.sqrt(np.nansum((null - mean) ** 2, axis=0) / count)
        z = (effect - mean) / np.where(deviation > TIE, deviation, np.nan)
        share_below = ((null < effect - TIE) & known).sum(axis=0) / count
    return z, mean, deviation, np.where(np.isfinite(effect), share_below, np.nan)


def modulation(share_below: Floats, alpha: float) -> tuple[Modulation, ...]:
    """What cells do, each tail at half of `alpha`."""
    up, down = 1 - share_below < alpha / 2, share_below < alpha / 2
    return tuple(
        "up" if is_up else "down" if is_down else "none"
        for is_up, is_down in zip(up.tolist(), down.tolist(), strict=True)
    )


def false_discovery_rate(p: Floats) -> Floats:
    """Benjamini and Hochberg's q of p-values; where one is NaN, it is left out and NaN again."""
    from scipy.stats import false_discovery_control

    known = np.isfinite(p)
    q = np.full(p.shape, np.nan)
    if known.any():
        q[known] = false_discovery_control(p[known], method="bh")
    return q


def check_test(shuffles: int, alpha: float, name: str = "shuffles") -> None:
    """Raise ValueError for what is no number of shifts, or no level of significance."""
    if int(shuffles) < 1:
        raise ValueError(f"{name} is at least 1, not {shuffles}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies between 0 and 1, not at {alpha}")
