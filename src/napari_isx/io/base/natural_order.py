"""Names in the order in which people count: C2 before C10."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_NUMBER: Final = re.compile(r"(\d+)")


def natural_ranks(names: Sequence[str]) -> npt.NDArray[np.intp]:
    """``(n,)``: the place of each name when digits count as numbers; equal ones share it."""
    keys = [natural_key(name) for name in names]
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    return np.array([places[key] for key in keys], np.intp)


def natural_key(name: str) -> tuple[str | tuple[int, str], ...]:
    """Text and numbers in turn; a number as its length and digits, as it can be of any length."""
    parts = _NUMBER.split(name.casefold())
    return tuple(
        (len(digits := part.lstrip("0")), digits) if i % 2 else part for i, part in enumerate(parts)
    )
