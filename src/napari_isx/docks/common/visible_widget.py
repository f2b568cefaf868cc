"""A widget that says whether anybody sees it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QWidget

from napari_isx.docks.common.theme import PlotColors


class SeenWidget(QWidget):
    """For what is not worth reading while nobody sees it; follows the time and the theme."""

    time_requested = Signal(float)  # the user pointed at a time, in seconds

    shown_changed = Signal()  # it can be seen now, or no more: see :attr:`is_shown`

    _is_shown = False

    def show_time(self, time_s: float) -> None:
        raise NotImplementedError

    def set_colors(self, colors: PlotColors) -> None:
        raise NotImplementedError

    @property
    def is_shown(self) -> bool:
        return self._is_shown

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._is_shown = True
        self.shown_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._is_shown = False
        self.shown_changed.emit()
