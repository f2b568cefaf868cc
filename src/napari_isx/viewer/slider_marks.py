"""Marks on napari's slider of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent
from qtpy.QtWidgets import QApplication, QStyle, QStyleOptionSlider, QWidget

if TYPE_CHECKING:
    from napari.components import ViewerModel


class MarkedTimes(NamedTuple):
    """Session times that are marked in one color."""

    color: str
    times_s: Sequence[float]


def mark_slider(viewer: ViewerModel, marked: Sequence[MarkedTimes]) -> None:
    """Draw marks on the slider, the first on top; none where there is no window."""
    window, axis = getattr(viewer, "window", None), viewer.dims.ndim - 3
    if window is None or QApplication.instance() is None or axis < 0:
        return
    sliders = window._qt_viewer.dims.slider_widgets
    if axis >= len(sliders):
        return
    slider = sliders[axis].slider
    marks = slider.findChild(_Marks) or _Marks(slider)
    start_s, stop_s, _ = viewer.dims.range[axis]
    length_s = max(stop_s - start_s, 1e-9)
    marks.show_parts(
        [
            ((time_s - start_s) / length_s, one.color)
            for one in reversed(marked)
            for time_s in one.times_s
        ]
    )


class _Marks(QWidget):
    """Lies on the slider, and lets the mouse through."""

    def __init__(self, slider: QWidget) -> None:
        super().__init__(slider)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._slider = slider
        self.parts: list[tuple[float, str]] = []
        slider.installEventFilter(self)
        self.setGeometry(slider.rect())

    def show_parts(self, parts: Sequence[tuple[float, str]]) -> None:
        """Mark these parts of the whole, from 0 to 1, in their colors."""
        self.parts = [(part, color) for part, color in parts if 0 <= part <= 1]
        self.setVisible(bool(self.parts))
        self.update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: ARG002, N802
        """Stay as large as the slider."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._slider.rect())
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802
        """Draw a line for each mark, where the middle of the handle would be."""
        option = QStyleOptionSlider()
        self._slider.initStyleOption(option)
        style = self._slider.style()
        complex_control = QStyle.ComplexControl.CC_ScrollBar
        groove, handle = (
            style.subControlRect(complex_control, option, part, self._slider)
            for part in (QStyle.SubControl.SC_ScrollBarGroove, QStyle.SubControl.SC_ScrollBarSlider)
        )
        painter = QPainter(self)
        left, width = groove.left() + handle.width() / 2, groove.width() - handle.width()
        for part, color in self.parts:
            painter.setPen(QColor(color))
            x = round(left + part * width)
            painter.drawLine(x, 0, x, self.height())
        painter.end()
