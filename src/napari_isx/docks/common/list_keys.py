"""Lists that leave all keys but those that move in them to napari."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QKeySequence

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
        """Move in the list, or select all of it.

        Not with Ctrl, at which Qt moves the current row away from what is selected, and so from
        what decisions are about.
        """
        if event is None:
            return
        has_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if has_ctrl and event.key() in MOVING_KEYS:
            event.ignore()
        elif event.key() in self.own_keys or event.matches(QKeySequence.StandardKey.SelectAll):
            super().keyPressEvent(event)  # type: ignore[misc]
        else:
            event.ignore()
