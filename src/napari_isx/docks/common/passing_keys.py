"""Keys of the review also where a click has given the focus to a button, a list or a slider."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QScrollArea, QWidget

_KINDS: Final = (QAbstractButton, QAbstractSlider, QComboBox, QScrollArea)
# They press a button, open a list, and lead on to the next control.
_OWN_KEYS: Final = frozenset(
    {
        Qt.Key.Key_Space,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_F4,
        Qt.Key.Key_Tab,
        Qt.Key.Key_Backtab,
    }
)


class _PassingKeys(QObject):
    """Passes keys on from what it is installed on to whatever that stands in."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: ARG002, N802
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in _OWN_KEYS or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return False
        event.ignore()
        return True


def pass_keys_on(widget: QWidget) -> None:
    """Let the controls within a widget keep only the keys that press or open them.

    Else arrows would move the focus from a button and change what is chosen in a list, and the
    letter of a decision would choose whatever begins with it.
    """
    passing = _PassingKeys(widget)
    for kind in _KINDS:
        for control in widget.findChildren(kind):
            control.installEventFilter(passing)
