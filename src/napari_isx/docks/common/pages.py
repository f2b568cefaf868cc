"""A widget, or a sentence in its place; and the menu of a right click."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtWidgets import QLabel, QMenu, QSizePolicy, QStackedWidget, QWidget


class Pages(QStackedWidget):
    """Shows a widget, or says why there is nothing to see."""

    def __init__(self, shown: QWidget, text: str = "") -> None:
        super().__init__()
        self._shown = shown
        self._label = QLabel(text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        # A long sentence must not widen the window; the tool tip has all of it.
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.addWidget(self._label)
        self.addWidget(shown)
        # Else napari puts an empty space below.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def message(self) -> str:
        """What stands in place of the widget, empty while that is shown."""
        return "" if self.currentWidget() is self._shown else str(self._label.text())

    def show_message(self, text: str) -> None:
        self._label.setText(text)
        self._label.setToolTip(text)
        self.setCurrentWidget(self._label)

    def show_widget(self) -> None:
        self.setCurrentWidget(self._shown)


def pop_up(menu: QMenu, event: QContextMenuEvent) -> None:
    """Show a menu where a right click was, until something is chosen."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(event.globalPos())
