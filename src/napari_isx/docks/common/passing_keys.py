"""Where keys go: to text, to the control that has the focus, to our docks, or on to napari."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QWidget,
)

_PACKAGE: Final = __name__.partition(".")[0]
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


def is_typing() -> bool:
    """Whether keys are text at this moment: in a field, a list's editor or the console."""
    focused = QApplication.focusWidget() if QApplication.instance() is not None else None
    return isinstance(focused, QLineEdit | QAbstractSpinBox | QTextEdit | QPlainTextEdit) or (
        isinstance(focused, QComboBox) and focused.isEditable()
    )


def is_ours(widget: QWidget | None) -> bool:
    """Whether a widget is a dock of the plugin, or in one."""
    while widget is not None:
        shown = widget.widget() if isinstance(widget, QDockWidget) else widget
        if type(shown).__module__.partition(".")[0] == _PACKAGE:
            return True
        widget = widget.parentWidget()
    return False
