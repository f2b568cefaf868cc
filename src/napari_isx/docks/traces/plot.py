"""Traces of the selected cells, and channels below them: a row each on a common time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from qtpy.QtCore import QEvent, QObject, QPointF, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.traces.plot_row import LEFT_AXIS_PX, Row
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.clock import Cut

MAX_ROWS: Final = 24
"""More traces than this are not drawn; the dock says how many are left out."""
MAX_CHANNELS: Final = 40
"""The same of channels."""

_AXIS_HEIGHT_PX: Final = 26
_AXIS_MARGIN_PX: Final = 2
_LEFT_MARGIN_PX: Final = 2
_RIGHT_MARGIN_PX: Final = 8
# Above the first row and below the last, whose labels reach out of them.
_MARGIN_PX: Final = 3
_SPACING_PX: Final = 2


class TracePlot(QWidget):
    """Rows of traces with a time cursor, over a time axis that stays in sight.

    A click or a drag with the left button asks for that time; the wheel zooms in time, the
    middle button moves the view.
    """

    time_requested = Signal(float)
    """The user pointed at a time, in seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = _Canvas()
        self._canvas.ci.layout.setVerticalSpacing(0)
        self._cells = _Block(self._canvas, 0, is_channels=False)
        self._channels = _Block(self._canvas, 1, is_channels=True)
        self._scroll = _ScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self._canvas)
        self._axis_canvas = _Canvas()
        self._axis_canvas.setFixedHeight(_AXIS_HEIGHT_PX)
        self._axis_canvas.ci.layout.setHorizontalSpacing(0)
        self._axis_title = pg.LabelItem(justify="right")
        self._axis_title.setFixedWidth(LEFT_AXIS_PX)
        self._axis_canvas.addItem(self._axis_title, row=0, col=0)
        self._axis = pg.AxisItem("bottom")
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
        self._scroll.viewport().installEventFilter(self)
        self._span_s = (0.0, 0.0)
        self._view_range_s = (0.0, 1.0)
        self._is_sharing = False
        self._time_s = 0.0
        self._cuts: tuple[Cut, ...] = ()
        self._colors = PlotColors("#262930", "#f0f1f2", "#9fd0ff", "#ff9ecb", "#ffffff")

    @property
    def rows(self) -> list[TraceRow]:
        """What is drawn of cells, from top to bottom."""
        return [row.data for row in self._cells.rows]

    @property
    def channels(self) -> list[TraceRow]:
        """What is drawn of channels, from top to bottom."""
        return [row.data for row in self._channels.rows]

    @property
    def view_range_s(self) -> tuple[float, float]:
        """The part of time that is shown, in seconds; (0, 0) without a row."""
        return self._view_range_s if self._rows else (0.0, 0.0)

    def show_rows(self, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        """Draw these traces of cells, keeping the part of time that is shown.

        Parameters
        ----------
        rows : sequence of TraceRow
            At most ``MAX_ROWS`` are drawn.
        span_s : (float, float)
            Where time starts and ends. When it is another than before, all of it is shown.
        """
        self._show(self._cells, rows[:MAX_ROWS], span_s)

    def show_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        """Write other statuses beside the names of the cells, from top to bottom."""
        # There are other rows while it is told that the selected cells cannot be read.
        for row, status in zip(self._cells.rows, statuses, strict=False):
            row.show_status(status)

    def show_channels(self, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        """Draw these channels below the cells; like :meth:`show_rows`, at most ``MAX_CHANNELS``."""
        self._show(self._channels, rows[:MAX_CHANNELS], span_s)

    def show_cuts(self, cuts: Sequence[Cut]) -> None:
        """Mark where time is left out, in the first row with its length."""
        self._cuts = tuple(cuts)
        for row in self._rows:
            row.show_cuts(cuts, with_text=row is self._rows[0])

    def show_time(self, time_s: float) -> None:
        """Move the cursor; where it leaves the part that is shown, the view turns the page."""
        has_moved = time_s != self._time_s
        self._time_s = time_s
        for row in self._rows:
            row.cursor.setValue(time_s)
        if not self._rows or not has_moved:
            return
        start, stop = self.view_range_s
        first, last = self._span_s
        if not start <= time_s <= stop and first <= time_s <= last:
            width = stop - start
            self._show_range(time_s - 0.05 * width, time_s + 0.95 * width)

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colors of another theme."""
        self._colors = colors
        for canvas in (self._canvas, self._axis_canvas):
            canvas.setBackground(colors.background)
        self._axis.setPen(colors.foreground)
        self._axis.setTextPen(colors.foreground)
        self._axis_title.setText("Time (s)", color=colors.foreground)
        for row in self._rows:
            row.set_colors(colors)

    def scene_position(self, row: int, time_s: float, value: float) -> QPointF:
        """Where a time and a value of a row, channels last, are in pixels of this widget."""
        scene = self._rows[row].view.mapViewToScene(QPointF(time_s, value))
        return QPointF(self._canvas.mapTo(self, self._canvas.mapFromScene(scene)))

    @property
    def canvas_viewport(self) -> QWidget:
        """The widget that takes mouse events."""
        viewport: QWidget = self._canvas.viewport()
        return viewport

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Keep the time axis as wide as the rows, which a scroll bar makes narrower."""
        # The kind of event first: PySide still calls this when the scroll area is deleted.
        is_resize = event is not None and event.type() == QEvent.Type.Resize
        if is_resize and watched is self._scroll.viewport():
            self._axis_canvas.setMaximumWidth(self._scroll.viewport().width())
        return False

    @property
    def _rows(self) -> list[Row]:
        return self._cells.rows + self._channels.rows

    def _show(self, block: _Block, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        for row in block.set_count(len(rows), self._colors):
            row.view.time_requested.connect(self.time_requested)
            row.view.sigXRangeChanged.connect(self._on_range)
            row.cursor.setValue(self._time_s)
            self._is_sharing = True
            row.set_view_range_s(*self._view_range_s)
            self._is_sharing = False
        if rows and span_s != self._span_s:
            self._span_s = span_s
            start_s, stop_s = span_s
            self._show_range(start_s, stop_s if stop_s > start_s else start_s + 1)
        block.show(rows)
        self.show_cuts(self._cuts)
        # One row alone is high enough for its unit beside it.
        for row in self._rows:
            row.put_units_on_axis(len(self._rows) == 1)
        rows_px = self._cells.height_px + self._channels.height_px
        self._canvas.setMinimumHeight(rows_px + 2 * _MARGIN_PX)

    def _on_range(self, view: pg.ViewBox) -> None:
        """Let all rows show the part of time that the user chose in one."""
        if not self._is_sharing:
            start_s, stop_s = view.viewRange()[0]
            self._show_range(start_s, stop_s)

    def _show_range(self, start_s: float, stop_s: float) -> None:
        # Not by pyqtgraph's links, which know nothing of rows that come and go.
        self._view_range_s = start_s, stop_s
        self._is_sharing = True
        for row in self._rows:
            row.set_view_range_s(start_s, stop_s)
        self._is_sharing = False
        self._axis.setRange(start_s, stop_s)


class _Block:
    """Rows of one sort, one below the other."""

    def __init__(self, canvas: pg.GraphicsLayoutWidget, place: int, is_channels: bool) -> None:
        self.rows: list[Row] = []
        self._outer, self._place = canvas.ci.layout, place
        self._is_channels = is_channels
        self._layout: pg.GraphicsLayout = canvas.addLayout(row=place, col=0)
        self._layout.layout.setContentsMargins(0, 0, 0, 0)
        self._layout.layout.setVerticalSpacing(_SPACING_PX)
        self._stretch()

    @property
    def height_px(self) -> int:
        """How high all rows are at least."""
        return sum(row.height_px + _SPACING_PX for row in self.rows)

    def set_count(self, count: int, colors: PlotColors) -> list[Row]:
        """Have so many rows, and return those that are new."""
        while len(self.rows) > count:
            row = self.rows.pop()
            row.view.time_requested.disconnect()
            row.view.sigXRangeChanged.disconnect()
            self._layout.removeItem(row.plot)
        new = [Row(colors, self._is_channels) for _ in range(count - len(self.rows))]
        for row in new:
            self._layout.addItem(row.plot, row=len(self.rows), col=0)
            self.rows.append(row)
        return new

    def show(self, rows: Sequence[TraceRow]) -> None:
        """Draw these, one in each row."""
        for row, data in zip(self.rows, rows, strict=True):
            row.show(data)
        self._stretch()

    def _stretch(self) -> None:
        """Share the height by what each row needs."""
        inner = self._layout.layout
        for place in range(inner.rowCount()):
            height = self.rows[place].height_px if place < len(self.rows) else 0
            inner.setRowMinimumHeight(place, height)
            inner.setRowStretchFactor(place, height)
        self._outer.setRowMinimumHeight(self._place, self.height_px)
        # Never 0 for all: Qt's layout would keep to the least heights from then on.
        self._outer.setRowStretchFactor(self._place, self.height_px or int(not self._is_channels))


class _Canvas(pg.GraphicsLayoutWidget):
    """The rows; keys pass through it to napari."""

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()


class _ScrollArea(QScrollArea):
    """Scrolls rows that do not fit; keys pass through it to napari."""

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()
