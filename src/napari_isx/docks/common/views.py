"""The docks that a part of the coordinator shows things in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar
from weakref import WeakSet

V = TypeVar("V")


class Views(Generic[V]):
    def __init__(self) -> None:
        # Weakly: a closed dock has no other owner, and has to go.
        self._known: WeakSet[V] = WeakSet()

    def add(self, view: V) -> None:
        """Take one in until it is destroyed."""
        self._known.add(view)

    def __iter__(self) -> Iterator[V]:
        return iter([view for view in self._known if is_alive(view)])


def is_alive(view: Any) -> bool:
    """Whether Qt still has the widget behind a Python object."""
    try:
        view.objectName()
    except RuntimeError:
        return False
    return True
