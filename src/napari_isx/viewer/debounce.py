"""Work that waits until the user has come to rest."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication


class Later:
    """Calls a function a little later, once for however many requests came meanwhile.

    Parameters
    ----------
    call : callable
    delay_ms : int
        After the last request; without a Qt application it is called at once.
    """

    def __init__(self, call: Callable[[], None], delay_ms: int) -> None:
        self._call, self._delay_ms = call, delay_ms
        self._timer: QTimer | None = None  # made when there is an application

    @property
    def is_due(self) -> bool:
        """Whether it was requested and has not been called."""
        return self._timer is not None and bool(self._timer.isActive())

    def request(self) -> None:
        """Call it later."""
        if QApplication.instance() is None:
            self._call()
            return
        if self._timer is None:
            self._timer = QTimer(singleShot=True, interval=self._delay_ms)
            self._timer.timeout.connect(self._call)
        with suppress(RuntimeError):  # Qt deletes timers before the docks that ask for this
            self._timer.start()

    def cancel(self) -> None:
        """Do not call it."""
        if self._timer is not None:
            with suppress(RuntimeError):
                self._timer.stop()
