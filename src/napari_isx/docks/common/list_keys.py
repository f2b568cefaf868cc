"""Lists that leave all keys but those that move in them to napari."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent

MOVING_KEYS: Final = frozenset(
    {
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
        *(Qt.Key.Key_Home, Qt.Key.Key_End),
    }
)


class MovingKeys:
    """Mixed into a list before Qt's class: letters are decisions, which Qt would search for."""

    own_keys: frozenset[Any] = MOVING_KEYS
    """What the list itself acts on."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Move in the list."""
        if event is not None and event.key() in self.own_keys:
            super().keyPressEvent(event)  # type: ignore[misc]
        elif event is not None:
            event.ignore()
