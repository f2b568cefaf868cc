"""Widgets on the screen outside a napari window, and keys and wheel for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QListView, QSlider, QWidget


def shown(widget: Any, qtbot: Any, width: int = 420, height: int = 420) -> Any:
    """The widget, on the screen."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.wait(50)
    return widget


def choose(combo: QComboBox, key: Any) -> None:
    """By keys: open the list, go to another title, and take it."""
    QTest.keyClick(combo, Qt.Key.Key_Space)
    for pressed in (key, Qt.Key.Key_Return):
        QTest.keyClick(combo.view(), pressed)


def press_is_taken(widget: QWidget, key: Any) -> bool:
    """Press a key, and say whether the widget kept it from those around it."""
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "a")
    QApplication.sendEvent(widget, event)
    return bool(event.isAccepted())


def wheel(
    widget: QWidget, at: QPointF | QPoint, modifier: Any, qtbot: Any, turn: int = 240
) -> None:
    """Turn the wheel over a place, away from the user unless `turn` is negative."""
    event = QWheelEvent(
        QPointF(at),
        QPointF(widget.mapToGlobal(QPointF(at).toPoint())),
        QPoint(0, 0),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    qtbot.wait(50)


def pixels_of(widget: QWidget) -> np.ndarray:
    """What is on the screen: rows, columns, RGB."""
    image = widget.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    bits = image.constBits()
    if hasattr(bits, "setsize"):
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def without_name(widget: QWidget) -> list[str]:
    """The visible controls that a screen reader has nothing to say of."""
    kinds = (QAbstractButton, QComboBox, QListView, QSlider)
    found = [one for kind in kinds for one in widget.findChildren(kind) if one.isVisible()]
    own = [one for one in found if not isinstance(one.parent(), QComboBox)]
    return [
        f"{type(one).__name__} in {type(one.parent()).__name__}"
        for one in own
        if not one.accessibleName()
        and not (isinstance(one, QAbstractButton) and one.text().strip(" ▲▼◀▶⋯✕❚"))
        and not type(one.parent()).__name__.startswith(("QTabBar", "QComboBoxPrivate"))
    ]
