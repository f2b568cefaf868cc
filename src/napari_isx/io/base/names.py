"""Names that occur more than once, and the order in which people count: C2 before C10.

The n-th of a name belongs to the n-th of it elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_NUMBER: Final = re.compile(r"(\d+)")


def numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    """Each name with how many of its like came before it."""
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        result.append((name, seen[name]))
        seen[name] += 1
    return result


def places_of(names: Iterable[str], among: Iterable[str]) -> list[int | None]:
    """Where each name is among others; None where it is not, or not that often."""
    places = {name: place for place, name in enumerate(numbered(among))}
    return [places.get(name) for name in numbered(names)]


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
