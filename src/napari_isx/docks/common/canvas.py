"""What all plots stand on: a canvas that leaves keys to napari, and views that point at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent

from napari_isx.timeline.time_text import clock_time_text, time_format, time_text, zone_text

_CTRL: Final = Qt.KeyboardModifier.ControlModifier
_LABEL_PX: Final = 90
# Steps of a time axis: of seconds, and what people count minutes and hours by.
_SECONDS: Final = tuple(n * 10.0**power for power in range(-4, 3) for n in (1, 2, 5))
_MINUTES: Final = (
    *(step for step in _SECONDS if step <= 10),
    *(15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0 * n for n in (1, 2, 3, 6, 12, 24, 48)),
)


class Canvas(pg.GraphicsLayoutWidget):
    """Leaves keys to napari, and menus to what it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()


class TimeView(pg.ViewBox):
    """The left button points at a time; Ctrl and the wheel zoom in it, Shift and the wheel in y."""

    pointed = Signal(float, float, bool)  # at this time and height; whether by a click, not a drag
    all_requested = Signal()  # all of the time is to be shown

    def __init__(self) -> None:
        super().__init__(enableMenu=False)

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802, ARG002
        super().wheelEvent(ev, 0 if ev.modifiers() & _CTRL else 1)

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        """Ask for the time under a click, and for all of it at a double one."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        if ev.double():
            ev.accept()
            self.all_requested.emit()
        else:
            self._point(ev, is_click=True)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        """Ask for the times that a drag goes through; the middle button moves the view."""
        if ev.button() == Qt.MouseButton.LeftButton:
            self._point(ev, is_click=False)
        elif ev.button() == Qt.MouseButton.MiddleButton:
            super().mouseDragEvent(ev, axis)
        else:
            ev.ignore()

    def _point(self, ev: Any, *, is_click: bool) -> None:
        ev.accept()
        at = self.mapSceneToView(ev.scenePos())
        self.pointed.emit(float(at.x()), float(at.y()), is_click)


class TimeAxis(pg.AxisItem):
    """Session time in seconds, minutes or hours; or the time of day."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.end_s = 0.0
        self.start: datetime | None = None
        self.enableAutoSIPrefix(False)

    @property
    def title(self) -> str:
        if self.start is not None:
            return zone_text(self.start)
        form = time_format(self.end_s)
        return "Time (s)" if form == "s" else form

    def show_span(self, end_s: float, start: datetime | None = None) -> None:
        """Write times of a session that ends then; times of day where its start is given."""
        if (end_s, start) != (self.end_s, self.start):
            self.end_s, self.start = end_s, start
            self.picture = None
            self.update()

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N802, N803
        """The least step at which labels do not touch, on whole minutes of the day."""
        least = abs(maxVal - minVal) * _LABEL_PX / max(size, 1)
        is_plain = self.start is None and time_format(self.end_s) == "s"
        steps = _SECONDS if is_plain else _MINUTES
        step = next((step for step in steps if step >= least), steps[-1])
        offset = 0.0
        if (start := self.start) is not None:
            since_midnight_s = 3600 * start.hour + 60 * start.minute + start.second
            offset = -((since_midnight_s + start.microsecond / 1e6) % step)
        return [(step, offset)]

    def tickStrings(self, values: Any, scale: Any, spacing: float) -> list[str]:  # noqa: N802, ARG002
        """With as many decimals as steps have."""
        decimals = max(0, int(np.ceil(-np.log10(spacing) - 1e-9)))
        if self.start is not None:
            return [clock_time_text(self.start, value, decimals) for value in values]
        return [time_text(value, self.end_s, decimals).removesuffix(" s") for value in values]
