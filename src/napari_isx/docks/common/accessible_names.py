"""Names of controls for those who hear the window instead of seeing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

_CONTROLS: Final = (
    *(QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit),
)


def name_controls(widget: QWidget) -> None:
    """Call controls that have no name by their tool tip, or what stands in them while empty."""
    for control in controls_of(widget):
        if not name_of(control):
            placeholder = getattr(control, "placeholderText", str)()
            control.setAccessibleName((control.toolTip() or placeholder).partition("\n")[0])


def controls_of(widget: QWidget) -> Iterator[QWidget]:
    """What can be used within a widget, without the inner parts of controls."""
    for control in widget.findChildren(QWidget):
        inner = isinstance(control, QScrollBar) or isinstance(
            control.parentWidget(), QComboBox | QAbstractSpinBox | QAbstractItemView | QLineEdit
        )
        in_popup = "QComboBoxPrivateContainer" in type(control.parentWidget()).__name__ or (
            control.window() is not widget.window()
        )
        if isinstance(control, _CONTROLS) and not inner and not in_popup:
            yield control


def name_of(control: QWidget) -> str:
    """What a control is called: by its own name, or by words on it."""
    words = control.text() if isinstance(control, QAbstractButton) else ""
    named = control.accessibleName() or (words if any(map(str.isalpha, words)) else "")
    return str(named)
