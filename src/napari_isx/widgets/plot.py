"""Traces and events of the selected cells, one row each on a common time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent
from qtpy.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from napari_isx.session.plotdata import TraceRow, thin_out
from napari_isx.widgets.symbols import SYMBOLS

MAX_ROWS: Final = 24
"""More traces than this are not drawn; the dock says how many are left out."""

_ROW_HEIGHT_PX: Final = 64
_LEFT_AXIS_PX: Final = 64
# Room below the lowest value, and above the highest for the title, as parts of the range.
_MARGIN: Final = 0.06
_HEADROOM: Final = 0.22
_DOT_PX: Final = 5
# Dots closer than this are one blot, so only the stems of events are drawn then.
_PIXELS_PER_DOT: Final = 4


@dataclass(frozen=True)
class PlotColors:
    """Colours of the plot, to go with a theme."""

    background: str
    foreground: str
    trace: str
    events: str
    cursor: str


class TracePlot(QWidget):
    """Rows of traces with a time cursor.

    A click or a drag with the left button asks for that time; the wheel zooms in time, the
    middle button moves the view.
    """

    time_requested = Signal(float)
    """The user pointed at a time, in seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = _Canvas()
        self._canvas.ci.layout.setContentsMargins(2, 2, 8, 2)
        self._canvas.ci.layout.setVerticalSpacing(2)
        self._scroll = _ScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self._canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._rows: list[_Row] = []
        self._duration_s = 0.0
        self._time_s = 0.0
        self._colors = PlotColors("#262930", "#f0f1f2", "#9fd0ff", "#ff9ecb", "#ffffff")

    @property
    def rows(self) -> list[TraceRow]:
        """What is drawn, from top to bottom."""
        return [row.data for row in self._rows]

    @property
    def view_range_s(self) -> tuple[float, float]:
        """The part of time that is shown, in seconds; (0, 0) without a row."""
        return self._rows[0].view_range_s if self._rows else (0.0, 0.0)

    def show_rows(self, rows: Sequence[TraceRow], duration_s: float) -> None:
        """Draw these traces, keeping the part of time that is shown.

        Parameters
        ----------
        rows : sequence of TraceRow
            At most ``MAX_ROWS`` are drawn.
        duration_s : float
            Of the recording. When it is another than before, all of it is shown.
        """
        rows = rows[:MAX_ROWS]
        if len(rows) != len(self._rows):
            self._set_row_count(len(rows))
        if rows and duration_s != self._duration_s:
            self._duration_s = duration_s
            self._rows[0].set_view_range_s(0, duration_s or 1)
        for row, data in zip(self._rows, rows, strict=True):
            row.show(data)

    def show_time(self, time_s: float) -> None:
        """Move the cursor; where it leaves the part that is shown, the view turns the page."""
        self._time_s = time_s
        for row in self._rows:
            row.cursor.setValue(time_s)
        if not self._rows:
            return
        start, stop = self.view_range_s
        if not start <= time_s <= stop and 0 <= time_s <= self._duration_s:
            width = stop - start
            self._rows[0].set_view_range_s(time_s - 0.05 * width, time_s + 0.95 * width)

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colours of another theme."""
        self._colors = colors
        self._canvas.setBackground(colors.background)
        for row in self._rows:
            row.set_colors(colors)

    def scene_position(self, row: int, time_s: float, value: float) -> QPointF:
        """Where a time and a value of a row are, in pixels of this widget."""
        scene = self._rows[row].view.mapViewToScene(QPointF(time_s, value))
        return QPointF(self._canvas.mapTo(self, self._canvas.mapFromScene(scene)))

    @property
    def canvas_viewport(self) -> QWidget:
        """The widget that takes mouse events."""
        viewport: QWidget = self._canvas.viewport()
        return viewport

    def _set_row_count(self, count: int) -> None:
        while len(self._rows) > count:
            row = self._rows.pop()
            row.view.time_requested.disconnect(self.time_requested)
            self._canvas.removeItem(row.plot)
        while len(self._rows) < count:
            row = _Row(self._colors)
            row.view.time_requested.connect(self.time_requested)
            row.cursor.setValue(self._time_s)
            self._canvas.addItem(row.plot, row=len(self._rows), col=0)
            if self._rows:
                row.view.setXLink(self._rows[0].view)
            self._rows.append(row)
        for row in self._rows:
            row.show_axes(time=row is self._rows[-1], units=count == 1)
        self._canvas.setMinimumHeight(_ROW_HEIGHT_PX * count)


class _Canvas(pg.GraphicsLayoutWidget):
    """The rows; keys pass through it to napari."""

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()


class _ScrollArea(QScrollArea):
    """Scrolls rows that do not fit; keys pass through it to napari."""

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()


class _TimeView(pg.ViewBox):
    """A view in which the left button points at a time."""

    time_requested = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            self._request(ev)
        else:
            super().mouseClickEvent(ev)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            self._request(ev)
        else:
            super().mouseDragEvent(ev, axis)

    def _request(self, ev: Any) -> None:
        ev.accept()
        self.time_requested.emit(float(self.mapSceneToView(ev.scenePos()).x()))


class _Row:
    """One trace with its events, cursor and title."""

    def __init__(self, colors: PlotColors) -> None:
        self.view = _TimeView()
        self.plot = pg.PlotItem(viewBox=self.view)
        self.plot.hideButtons()
        self.plot.getAxis("left").setWidth(_LEFT_AXIS_PX)
        self.data = _NOTHING
        self._units_on_axis = True
        self._trace = pg.PlotCurveItem(connect="finite")
        self._stems = pg.PlotCurveItem(connect="pairs")
        self._dots = pg.ScatterPlotItem(
            size=_DOT_PX, pen=None, hoverable=True, tip=_event_tip, pxMode=True
        )
        self.cursor = pg.InfiniteLine(angle=90)
        for item in (self._trace, self._stems, self._dots, self.cursor):
            self.plot.addItem(item, ignoreBounds=True)
        self._title = pg.LabelItem(justify="left")
        self._title.setParentItem(self.view)
        self._title.anchor((0, 0), (0, 0), offset=(4, -2))
        self.set_colors(colors)
        self.view.sigXRangeChanged.connect(self._draw)
        self.view.sigResized.connect(self._draw)

    @property
    def view_range_s(self) -> tuple[float, float]:
        start, stop = self.view.viewRange()[0]
        return start, stop

    def set_view_range_s(self, start_s: float, stop_s: float) -> None:
        self.view.setXRange(start_s, stop_s, padding=0)

    def show(self, data: TraceRow) -> None:
        self.data = data
        self._show_title()
        low, high = _value_range(data)
        height = high - low
        self.view.setYRange(low - _MARGIN * height, high + _HEADROOM * height, padding=0)
        self._draw()

    def show_axes(self, time: bool, units: bool) -> None:
        """Label the axes; low rows have no room for their units, which go to the title."""
        axis = self.plot.getAxis("bottom")
        axis.setStyle(showValues=time)
        axis.setLabel("Time (s)" if time else None)
        axis.showLabel(time)
        self._units_on_axis = units
        self._show_title()

    def set_colors(self, colors: PlotColors) -> None:
        self._foreground = colors.foreground
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setPen(colors.foreground)
            axis.setTextPen(colors.foreground)
        self._trace.setPen(colors.trace)
        faint = QColor(colors.events)
        faint.setAlpha(150)
        self._stems.setPen(faint)
        self._dots.setBrush(colors.events)
        self.cursor.setPen(pg.mkPen(colors.cursor, width=1.5))
        self._show_title()

    def _show_title(self) -> None:
        status = self.data.status
        words = f" &nbsp;{SYMBOLS[status]} {status}" if status is not None else ""
        units = escape(self.data.units)
        if units and not self._units_on_axis:
            words += f" &nbsp;({units})"
        self._title.setText(f"<b>{escape(self.data.name)}</b>{words}", color=self._foreground)
        axis = self.plot.getAxis("left")
        axis.setLabel(units if self._units_on_axis else None)
        axis.showLabel(bool(units) and self._units_on_axis)

    def _draw(self) -> None:
        """Draw the part of time that is shown."""
        start, stop = self.view_range_s
        data, width = self.data, max(int(self.view.width()), 1)
        self._trace.setData(*thin_out(data.times_s, data.values, start, stop, width))
        first, last = np.searchsorted(data.event_times_s, (start, stop), "left")
        times, amplitudes = data.event_times_s[first:last], data.event_values[first:last]
        times, amplitudes = times[np.isfinite(amplitudes)], amplitudes[np.isfinite(amplitudes)]
        stems = np.zeros(2 * len(times))
        stems[1::2] = amplitudes
        self._stems.setData(np.repeat(times, 2), stems)
        dotted = len(times) * _PIXELS_PER_DOT <= width
        self._dots.setData(times if dotted else _EMPTY, amplitudes if dotted else _EMPTY)


_EMPTY: Final = np.empty(0)
_NOTHING: Final = TraceRow(
    "", None, _EMPTY, np.empty(0, np.float32), _EMPTY, np.empty(0, np.float32), ""
)


def _value_range(data: TraceRow) -> tuple[float, float]:
    """Lowest and highest value of a row, with room to draw it where they are the same."""
    values = np.concatenate(
        [data.values, data.event_values, np.zeros(min(len(data.event_values), 1))]
    )
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _event_tip(x: float, y: float, data: object) -> str:  # noqa: ARG001
    return f"event at {x:.2f} s, amplitude {y:.3g}"
