"""Names that occur more than once: the n-th of a name belongs to the n-th of it elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


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
