"""A series of values with their times: the events of a cell, or a channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Signal:
    """Values at irregular times.

    Attributes
    ----------
    offsets_us : numpy.ndarray
        ``(n,)`` uint64, microseconds from the start of the file, rising.
    values : numpy.ndarray
        ``(n,)`` float32, in the file's units; NaN where data were lost.
    """

    offsets_us: npt.NDArray[np.uint64]
    values: npt.NDArray[np.float32]

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """``(n,)``: seconds from the start of the file."""
        times: npt.NDArray[np.float64] = self.offsets_us / 1e6
        return times

    def __len__(self) -> int:
        return len(self.offsets_us)


def whole_microseconds(what: str, values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Whole numbers as the files have them; NumPy would cut or wrap what is none."""
    given = np.asarray(values)
    try:
        with np.errstate(invalid="ignore"):
            whole = given.astype(np.uint64)
        if np.array_equal(whole, given) and not np.any(given < 0):
            return whole
    except (TypeError, OverflowError):
        pass
    raise ValueError(f"{what}: microseconds must be whole numbers from 0")
