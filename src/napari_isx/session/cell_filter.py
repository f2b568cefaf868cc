"""Which cells of a table are let through, and how the values to choose from are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells.cell_set import STATUSES, CellStatus

Range = tuple[float, float]

_EVERYTHING: Final = (-np.inf, np.inf)
_MAX_INTEGER_BINS: Final = 64
_MAX_INTEGER: Final = 2.0**52  # there are no halves between those above


@dataclass(frozen=True)
class CellFilter:
    """What a cell must be like to be shown; it has to meet all of it."""

    text: str = ""
    """Words, each of which must be somewhere in the name; upper and lower case are the same."""
    statuses: frozenset[CellStatus] = frozenset(STATUSES)
    """The cell has one of them."""
    ranges: Mapping[str, Range] = field(default_factory=lambda: MappingProxyType({}))
    """Lowest and highest value, inclusive, by the column's key; infinite where it is open.
    Undefined values are in no range."""

    @property
    def is_open(self) -> bool:
        """Whether it lets all cells through."""
        return not self.text.split() and self.statuses >= set(STATUSES) and not self.ranges

    def with_range(
        self, key: str, low: float | None = None, high: float | None = None
    ) -> CellFilter:
        """The same with another range of one column; None leaves an end open, two lift it.

        Raises ValueError where the lowest value exceeds the highest, or one is not a number.
        """
        limits = (_EVERYTHING[0] if low is None else low, _EVERYTHING[1] if high is None else high)
        if not limits[0] <= limits[1]:
            raise ValueError(f"no value is at least {low} and at most {high}")
        others = {other: limit for other, limit in self.ranges.items() if other != key}
        ranges = others if limits == _EVERYTHING else {**others, key: limits}
        return replace(self, ranges=MappingProxyType(ranges))

    def names_pass(self, folded: Sequence[str]) -> npt.NDArray[np.bool_]:
        """``(n,)``: which names, given in lower case (``casefold``), have all words."""
        words = self.text.casefold().split()
        if not words:
            return np.ones(len(folded), np.bool_)
        return np.array([all(word in name for word in words) for name in folded], np.bool_)


def round_limit(limit: float) -> float:
    """A limit as people write it: 3 also for the first number above 3."""
    return 0.0 if abs(limit) < np.finfo(float).tiny else float(f"{limit:.12g}")


def histogram(
    values: npt.NDArray[np.float64], bins: int = 32
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Counts ``(n_bins,)`` of values and rising edges ``(n_bins + 1,)``, for choosing a range.

    Values ``(n,)`` that are not finite do not count; without any the counts are empty. Whole
    numbers that span little have a bin each instead.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(0, np.intp), np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    are_whole = np.array_equal(finite, np.rint(finite)) and max(-low, high) < _MAX_INTEGER
    if are_whole and high - low < _MAX_INTEGER_BINS:
        edges = np.arange(low - 0.5, high + 1)
    else:
        # Halved first, as the span of a float64 can exceed the largest.
        edges = np.linspace(low / 2, high / 2, bins + 1) * 2
    if not np.all(np.diff(edges) > 0):  # values so close that there are no numbers between
        edges = np.array([np.nextafter(low, -np.inf), np.nextafter(high, np.inf)])
    counts, edges = np.histogram(finite, edges)
    return counts.astype(np.intp), edges
