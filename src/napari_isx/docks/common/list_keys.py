"""Lists that leave all keys but those that move in them, or copy from them, to napari."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent, QKeySequence

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


class CopyKey:
    """Mixed into a list before Qt's class: Ctrl+C copies what is selected as text.

    Where nothing is selected the clipboard stays as it is.
    """

    def selected_text(self) -> str:
        """The selected rows: a line for each, with tabs between its fields."""
        raise NotImplementedError

    def copy_selected(self) -> None:
        if text := self.selected_text():
            copy_to_clipboard(text)

    def event(self, event: QEvent) -> bool:
        """Keep the key for copying, which napari has a command for, while this has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_copy(event):
            event.accept()
            return True
        return bool(super().event(event))  # type: ignore[misc]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if _is_copy(event):
            self.copy_selected()
        else:
            super().keyPressEvent(event)  # type: ignore[misc]


def copy_to_clipboard(text: str, checked: bool = False) -> None:  # noqa: ARG001
    """Put a text on the clipboard; takes what Qt adds for an action, too."""
    QGuiApplication.clipboard().setText(text)


def _is_copy(event: Any) -> bool:
    return bool(event.matches(QKeySequence.StandardKey.Copy))
