"""Giving a dock its place in the window when it is first shown."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget


class Placing(QObject):
    """Calls back once, with the dock and the window, when a widget was first shown in a dock.

    Not in the middle of it: Qt is laying the dock out then, and crashes when it is moved.
    """

    def __init__(self, widget: QWidget, place: Callable[[QDockWidget, QMainWindow], None]) -> None:
        super().__init__(widget)
        self._widget, self._place = widget, place
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._on_time)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Wait for the widget to be shown, and let everything pass."""
        if event.type() == QEvent.Type.Show:
            watched.removeEventFilter(self)
            self._timer.start()
        return False

    def _on_time(self) -> None:
        dock, window = self._widget.parent(), self._widget.window()
        if isinstance(dock, QDockWidget) and isinstance(window, QMainWindow):
            self._place(dock, window)
