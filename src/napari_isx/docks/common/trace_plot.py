"""Traces of cells, and channels below them: a row each on a common time axis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pyqtgraph as pg
from qtpy.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent, QWheelEvent
from qtpy.QtWidgets import QApplication, QGraphicsLineItem, QScrollArea, QVBoxLayout, QWidget

from napari_isx.docks.common.canvas import Canvas, TimeAxis
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.theme import DARK, PlotColors
from napari_isx.docks.common.trace_row import LEFT_AXIS_PX, Row
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.clock import Cut
from napari_isx.viewer.slider_marks import MarkedTimes

MAX_ROWS: Final = 24  # more traces than this are not drawn; the dock says how many are left out
MAX_CHANNELS: Final = 40  # the same of channels

_AXIS_HEIGHT_PX: Final = 26
_AXIS_MARGIN_PX: Final = 2
_LEFT_MARGIN_PX: Final = 2
_RIGHT_MARGIN_PX: Final = 8
# Above the first row and below the last, whose labels reach out of them.
_MARGIN_PX: Final = 3
_LEAST_SPAN_S: Final = 1e-3
_ZOOMING: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
# Where in the view the cursor stands when it has turned the page.
_PAGE: Final = 0.05


class TracePlot(QWidget):
    """Rows of traces with a time cursor, over a time axis that stays in sight.

    A click or a drag with the left button asks for that time. The wheel scrolls, with Ctrl it zooms
    in time and with Shift in values; the middle button moves the view, a double click or Home
    shows all of the time.
    """

    time_requested = Signal(float)  # the user pointed at a time, in seconds
    threshold_dragged = Signal(float)  # the level of a channel was dragged to this value

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = Canvas()
        self._canvas.ci.layout.setVerticalSpacing(0)  # that empty rows would have too
        self._scroll = QScrollArea(widgetResizable=True, frameShape=QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self._canvas)
        self._scroll.setMinimumHeight(24)
        self._axis_canvas = Canvas()
        self._axis_canvas.setFixedHeight(_AXIS_HEIGHT_PX)
        self._axis_canvas.ci.layout.setHorizontalSpacing(0)
        self._axis_title = pg.LabelItem(justify="right")
        self._axis_title.setFixedWidth(LEFT_AXIS_PX)
        self._axis_canvas.addItem(self._axis_title, row=0, col=0)
        self._axis = TimeAxis()
        self._axis_canvas.addItem(self._axis, row=0, col=1)
        for canvas, above, below in (
            (self._canvas, _MARGIN_PX, _MARGIN_PX),
            (self._axis_canvas, _AXIS_MARGIN_PX, 0),
        ):
            canvas.ci.layout.setContentsMargins(_LEFT_MARGIN_PX, above, _RIGHT_MARGIN_PX, below)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scroll)
        layout.addWidget(self._axis_canvas)
        pass_keys_on(self)
        self._scroll.viewport().installEventFilter(self)
        self._canvas.viewport().installEventFilter(self)
        self._scroll.verticalScrollBar().valueChanged.connect(self._show_values)
        # One line over all rows: only what it leaves and covers is drawn again.
        self._cursor = QGraphicsLineItem()
        self._cursor.setZValue(1000)
        self._canvas.scene().addItem(self._cursor)
        self._laid_out = QTimer(self, singleShot=True)
        self._laid_out.timeout.connect(self._scroll_to_current)
        self._cells: list[Row] = []
        self._channels: list[Row] = []
        self._span_s = (0.0, 0.0)
        self._view_range_s = (0.0, 1.0)
        self._value_range: tuple[float, float] | None = None
        self._is_sharing = False
        self._time_s = 0.0
        self._cuts: tuple[Cut, ...] = ()
        self._marked: Sequence[MarkedTimes] = ()
        self._threshold: tuple[int, float] | None = None
        self.set_colors(DARK)

    @property
    def rows(self) -> list[TraceRow]:
        return [row.data for row in self._cells]

    @property
    def channels(self) -> list[TraceRow]:
        return [row.data for row in self._channels]

    @property
    def view_range_s(self) -> tuple[float, float]:
        """The part of time that is shown, in seconds; (0, 0) without a row."""
        return self._view_range_s if self._rows else (0.0, 0.0)

    @property
    def canvas_viewport(self) -> QWidget:
        viewport: QWidget = self._canvas.viewport()
        return viewport

    def show_rows(self, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        """Draw these traces of cells, at most ``MAX_ROWS``; the last is the highest.

        The part of time that is shown stays, unless time starts and ends elsewhere than before.
        """
        self._fill(self._cells, rows[:MAX_ROWS], span_s)
        self._laid_out.start()

    def show_channels(self, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        """Draw these channels below the cells; like :meth:`show_rows`, at most ``MAX_CHANNELS``."""
        self._fill(self._channels, rows[:MAX_CHANNELS], span_s)

    def show_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        """Write other statuses beside the names of the cells, from top to bottom."""
        # There are other rows while it is said that the selected cells cannot be read.
        for row, status in zip(self._cells, statuses, strict=False):
            row.show_status(status)

    def show_value_range(self, value_range: tuple[float, float] | None) -> None:
        """Draw all cells between these values; None: each between its own."""
        self._value_range = value_range
        for row in self._cells:
            row.show(row.data, value_range)

    def show_cuts(self, cuts: Sequence[Cut]) -> None:
        """Mark where time is left out, in the first row with its length."""
        self._cuts = tuple(cuts)
        for row in self._rows:
            row.show_cuts(cuts, with_text=row is self._rows[0])

    def show_marks(
        self, marked: Sequence[MarkedTimes], threshold: tuple[int, float] | None = None
    ) -> None:
        """Mark what responses are aligned to, and the level of a channel, by its place."""
        self._marked, self._threshold = marked, threshold
        for row in self._rows:
            row.show_marks(marked)
        for place, row in enumerate(self._channels):
            is_here = threshold is not None and threshold[0] == place
            row.show_threshold(threshold[1] if threshold is not None and is_here else None)

    def show_clock_time(self, start: datetime | None) -> None:
        """Write times of day, of a session that started then; None: session time."""
        self._axis.show_span(self._span_s[1], start)
        self._axis_title.setText(self._axis.title, color=self._colors.foreground)

    def show_time(self, time_s: float) -> None:
        """Move the cursor; where it leaves the part that is shown, the view turns the page."""
        has_moved, self._time_s = time_s != self._time_s, time_s
        start, stop = self._view_range_s
        first, last = self._span_s
        if self._rows and has_moved and not start <= time_s <= stop and first <= time_s <= last:
            start_s = time_s - _PAGE * (stop - start)
            self.show_range(start_s, start_s + stop - start)
        self._place_cursor()
        self._show_values()

    def show_range(self, start_s: float, stop_s: float) -> None:
        """Show this part of the time, as far as it lies in the session."""
        # Not by pyqtgraph's links, which know nothing of rows that come and go.
        first, last = self._span_s
        width = min(max(stop_s - start_s, _LEAST_SPAN_S), max(last - first, _LEAST_SPAN_S))
        start_s = max(min(start_s, last - width), first)
        self._view_range_s = start_s, start_s + width
        self._is_sharing = True
        for row in self._rows:
            row.view.setXRange(*self._view_range_s, padding=0)
        self._is_sharing = False
        self._axis.setRange(*self._view_range_s)
        self._place_cursor()

    def show_all(self) -> None:
        self.show_range(*self._span_s)
        for row in self._rows:
            row.view.setYRange(*row.view.state["limits"]["yLimits"], padding=0)

    def set_colors(self, colors: PlotColors) -> None:
        self._colors = colors
        for canvas in (self._canvas, self._axis_canvas):
            canvas.setBackground(colors.background)
        self._axis.setPen(colors.foreground)
        self._axis.setTextPen(colors.foreground)
        self._axis_title.setText(self._axis.title, color=colors.foreground)
        self._cursor.setPen(pg.mkPen(colors.cursor, width=1.5))
        for row in self._rows:
            row.set_colors(colors)

    def scene_position(self, row: int, time_s: float, value: float) -> QPointF:
        """Where a time and a value of a row, channels last, are in pixels of this widget."""
        scene = self._rows[row].view.mapViewToScene(QPointF(time_s, value))
        return QPointF(self._canvas.mapTo(self, self._canvas.mapFromScene(scene)))

    def place_at(self, point: QPoint) -> tuple[int | None, float]:
        """The row, channels last, and the time at a point of this widget; None between rows."""
        scene = self._canvas.mapToScene(self._canvas.mapFrom(self, point))
        hit = (i for i, row in enumerate(self._rows) if row.plot.geometry().contains(scene))
        row = next(hit, None)
        view = self._rows[row or 0].view if self._rows else None
        return row, float(view.mapSceneToView(scene).x()) if view is not None else 0.0

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Show all of the time at Home, and leave the other keys to napari."""
        if event is not None and event.key() == Qt.Key.Key_Home and not event.modifiers():
            self.show_all()
        elif event is not None:
            event.ignore()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Scroll by the plain wheel, and keep the time axis as wide as the rows.

        A scroll bar makes these narrower.
        """
        # The kind of event first: PySide still calls this when the scroll area is deleted.
        if isinstance(event, QWheelEvent):
            zooms = event.modifiers() & _ZOOMING
            if watched is self._canvas.viewport() and not zooms:
                return bool(QApplication.sendEvent(self._scroll.viewport(), event))
        is_resize = event is not None and event.type() == QEvent.Type.Resize
        if is_resize and watched is self._scroll.viewport():
            self._axis_canvas.setMaximumWidth(self._scroll.viewport().width())
        return False

    @property
    def _rows(self) -> list[Row]:
        return self._cells + self._channels

    def _fill(
        self, rows: list[Row], shown: Sequence[TraceRow], span_s: tuple[float, float]
    ) -> None:
        self._set_count(rows, len(shown))
        span_s = span_s[0], max(span_s[1], span_s[0] + _LEAST_SPAN_S)
        if shown and span_s != self._span_s:
            self._span_s = span_s
            for row in self._rows:
                self._limit(row)
            self.show_clock_time(self._axis.start)
            self.show_range(*self._span_s)
        for row, data in zip(rows, shown, strict=True):
            row.show(data, self._value_range if rows is self._cells else None)
        self.show_cuts(self._cuts)
        self.show_marks(self._marked, self._threshold)
        self._stretch()
        self._show_values()

    def _set_count(self, rows: list[Row], count: int) -> None:
        """Have so many rows; cells come first in the layout, channels after room for all cells."""
        first = 0 if rows is self._cells else MAX_ROWS
        while len(rows) > count:
            row = rows.pop()
            row.view.pointed.disconnect()
            row.threshold.sigPositionChangeFinished.disconnect()
            row.view.sigXRangeChanged.disconnect()
            row.view.sigResized.disconnect()
            self._canvas.removeItem(row.plot)
        while len(rows) < count:
            row = Row(self._colors, is_channel=rows is self._channels)
            row.view.pointed.connect(self._on_pointed)
            row.view.all_requested.connect(self.show_all)
            row.threshold.sigPositionChangeFinished.connect(self._on_threshold)
            row.view.sigXRangeChanged.connect(self._on_range)
            row.view.sigResized.connect(self._place_cursor)
            self._canvas.addItem(row.plot, row=first + len(rows), col=0)
            rows.append(row)
            self._limit(row)

    def _limit(self, row: Row) -> None:
        """Keep a row from showing anything before or after the session."""
        self._is_sharing = True
        first, last = self._span_s
        row.view.setLimits(xMin=first, xMax=max(last, first + _LEAST_SPAN_S))
        row.view.setXRange(*self._view_range_s, padding=0)
        self._is_sharing = False

    def _stretch(self) -> None:
        inner = self._canvas.ci.layout
        needed = {}
        for first, rows in ((0, self._cells), (MAX_ROWS, self._channels)):
            for place, row in enumerate(rows):
                row.is_current = row is self._cells[-1] if rows is self._cells else False
                # One row alone is high enough for its unit beside it.
                row.put_units_on_axis(len(self._rows) == 1)
                needed[first + place] = row.height_px
        for place in range(inner.rowCount()):
            inner.setRowMinimumHeight(place, needed.get(place, 0))
            inner.setRowStretchFactor(place, needed.get(place, 0))
        self._canvas.setMinimumHeight(sum(needed.values()) + 2 * _MARGIN_PX)

    def _place_cursor(self) -> None:
        start, stop = self._view_range_s
        is_seen = bool(self._rows) and start <= self._time_s <= stop
        self._cursor.setVisible(is_seen)
        if is_seen:
            x = self._rows[0].view.mapViewToScene(QPointF(self._time_s, 0)).x()
            self._cursor.setLine(x, 0, x, self._canvas.height())

    def _show_values(self) -> None:
        """Write the values at the cursor in the rows that are in sight."""
        top = self._scroll.verticalScrollBar().value()
        bottom = top + self._scroll.viewport().height()
        for row in self._rows:
            place = row.plot.geometry()
            if place.bottom() >= top and place.top() <= bottom:
                row.show_value(self._time_s)

    def _scroll_to_current(self) -> None:
        """Bring the last cell into sight, once there is a place for it."""
        if len(self._cells) > 1:
            place = self._cells[-1].plot.geometry()
            for y in (place.top(), place.bottom()):
                self._scroll.ensureVisible(0, round(y), 0, 0)

    def _on_pointed(self, time_s: float) -> None:
        self.time_requested.emit(time_s)

    def _on_threshold(self, line: pg.InfiniteLine) -> None:
        self.threshold_dragged.emit(float(line.value()))

    def _on_range(self, view: pg.ViewBox) -> None:
        """Let all rows show the part of time that the user chose in one."""
        if not self._is_sharing:
            self.show_range(*view.viewRange()[0])
