"""The evidence for a cell: footprint, image around its events, loop of its events, its trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.analysis.event_clips import Loop
from napari_isx.analysis.event_image import EventImage
from napari_isx.docks.closeup.panels import (
    EventImagePanel,
    Extent,
    LoopPanel,
    Picture,
    button,
    cut_label,
)
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.visible_widget import SeenWidget
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import TraceRow, thin_out

WINDOW_S: Final = 20.0
"""How much time the lower trace shows at first; the wheel changes it."""

_WHOLE_PX: Final = 44
_LEFT_AXIS_PX: Final = 52
# A dock this much wider than high has its traces beside the pictures, not above them.
_WIDE: Final = 1.6
_WORDS_PX: Final = 72
_ANY_PX: Final = 16_777_215
_LEAST_PX: Final = (320, 230)
# A lower dock has no room for traces above the pictures, and a narrower one none beside them.
_LOW_PX: Final = 370
_NARROW_PX: Final = 470
_DOT_PX: Final = 6
_MARGIN: Final = 0.08
_NO_CELL: Final = "Select a cell to see the evidence for it."


class WhyView(SeenWidget):
    """Shows what it is told of the selected cell and says what the user asked for."""

    time_requested = Signal(float)
    """The user pointed at a time, in seconds."""
    event_step_requested = Signal(int)
    """To the next event, 1, or the previous one, -1."""
    center_requested = Signal()
    """Bring the cell to the middle of the canvas."""
    always_center_changed = Signal(bool)
    """Whether to do so for every cell that is selected."""
    movie_picked = Signal(int)
    """Another movie, by its place in the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = QLabel(_NO_CELL, alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._title = cut_label()
        self._count = QLabel()
        self._count.setToolTip("The last event up to now, and how many the cell has")
        self._previous = button("◀", "Previous event of the cell")
        self._next = button("▶", "Next event of the cell")
        self._center = QPushButton()
        self._center.setToolTip("Bring the cell to the middle of the canvas")
        self._always = QCheckBox()
        self._always.setToolTip("Bring every cell that is selected to the middle of the canvas")
        self._movies = QComboBox()
        self._movies.setToolTip("The movie that the pictures are taken from")
        self._movies.setPlaceholderText("⚠ Choose a movie")
        self._movies.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._movies.hide()
        self._traces = _Traces()
        self.footprint_panel = Picture("Footprint", "The cell's weights, as its file has them")
        self.image_panel = EventImagePanel()
        self.loop_panel = LoopPanel()
        self._lay_out()
        pass_keys_on(self)
        self._previous.clicked.connect(self._on_previous)
        self._next.clicked.connect(self._on_next)
        self._center.clicked.connect(self._on_center)
        self._always.clicked.connect(self.always_center_changed)
        self._movies.activated.connect(self.movie_picked)
        self._traces.time_requested.connect(self.time_requested)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of it on the right of the canvas."""
        return QSize(420, 520)

    @property
    def movies(self) -> list[str]:
        """The movies there are to choose from."""
        return [self._movies.itemText(i) for i in range(self._movies.count())]

    @property
    def is_wide(self) -> bool:
        """Whether the traces stand beside the pictures, not above them."""
        return bool(self._body.direction() == QBoxLayout.Direction.LeftToRight)

    @property
    def window_range_s(self) -> tuple[float, float]:
        """The part of time in the lower trace."""
        return self._traces.window_range_s

    @property
    def trace_viewport(self) -> QWidget:
        """The widget of the traces that takes mouse events."""
        viewport: QWidget = self._traces.viewport()
        return viewport

    def show_no_cell(self, text: str = _NO_CELL) -> None:
        """Say why nothing is shown."""
        self._message.setText(text)
        self._pages.setCurrentWidget(self._message)
        self.loop_panel.show_message("")

    def show_cell(self, name: str, status: CellStatus | None, row: TraceRow) -> None:
        """Show another cell: its trace now, and its pictures as they come.

        Parameters
        ----------
        name : str
        status : {"accepted", "undecided", "rejected"} or None
        row : TraceRow
            Its trace and events, in session seconds.
        """
        self._pages.setCurrentWidget(self._content)
        self.show_status(name, status)
        self._traces.show_row(row)
        self._show_count()
        without = not len(row.event_times_s)
        self._previous.setDisabled(without)
        self._next.setDisabled(without)
        for panel in (self.footprint_panel, self.image_panel, self.loop_panel):
            panel.show_waiting()

    def show_status(self, name: str, status: CellStatus | None) -> None:
        """Tell the cell's name and what was decided about it."""
        words = f"  {SYMBOLS[status]} {status}" if status is not None else ""
        self._title.setText(f"{name}{words}")
        self._title.setToolTip(f"{name}{words}")

    def show_movies(self, titles: Sequence[str], current: int, *, is_sure: bool) -> None:
        """Offer these movies, with one of them chosen, or none: -1.

        Nothing is offered where there is only one, and it is sure to be the right one.
        """
        if list(titles) != self.movies:
            self._movies.clear()
            self._movies.addItems(list(titles))
        self._movies.setCurrentIndex(current)
        self._movies.setVisible(len(titles) > int(is_sure))

    def show_place(self, extent: Extent, contour_um: npt.NDArray[np.float64]) -> None:
        """Show this part of the field in all pictures, with the cell's outline ``(n, 2)``."""
        for panel in (self.footprint_panel, self.image_panel, self.loop_panel):
            panel.show_place(extent, contour_um)
        self.footprint_panel.set_caption(f"{extent[2]:.0f} x {extent[3]:.0f} µm")

    def show_footprint(self, weights: npt.NDArray[np.float32], extent: Extent) -> None:
        """Show the footprint ``(h, w)``, or a part of it."""
        self.footprint_panel.show_pixels(weights, extent, (0.0, float(weights.max(initial=1e-9))))

    def show_event_image(self, image: EventImage, extent: Extent) -> None:
        """Show the mean image around the events, as far as it is there."""
        self.image_panel.show_image(image, extent)

    def show_loop(self, loop: Loop, extent: Extent) -> None:
        """Play these clips; a longer loop of the same clips goes on where it was."""
        self.loop_panel.show_loop(loop, extent)

    def show_time(self, time_s: float) -> None:
        """Move the cursor and the window around it."""
        self._traces.show_time(time_s)
        self._show_count()

    def show_always_center(self, on: bool) -> None:
        """Tell whether every selected cell is centerd."""
        self._always.setChecked(on)

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colors of a theme."""
        self._traces.set_colors(colors)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay out for the dock's shape."""
        super().resizeEvent(event)
        low, narrow = self.height() < _LOW_PX, self.width() < _NARROW_PX
        wide = low or self.width() > _WIDE * self.height()
        # Where there is room for the pictures alone, the dock Traces has the trace.
        self._traces.setVisible(not (low and narrow))
        directions = QBoxLayout.Direction
        self._body.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
        # Room for the captions beside each other.
        self._body.setStretch(1, 8 if wide else 5)
        # No higher than three squares beside each other, with their titles and captions.
        self._pictures.setMaximumHeight(_ANY_PX if wide else self.width() // 3 + _WORDS_PX)
        self._center.setText("Center" if narrow or not wide else "Center on cell")
        self._always.setText("Always" if narrow or not wide else "Always center")

    def _show_count(self) -> None:
        number, count = self._traces.event_number
        self._count.setText(f"{number} / {count}" if count else "no events")

    def _on_previous(self) -> None:
        self.event_step_requested.emit(-1)

    def _on_next(self) -> None:
        self.event_step_requested.emit(1)

    def _on_center(self) -> None:
        self.center_requested.emit()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        for widget in (self._previous, self._count, self._next, self._center, self._always):
            line.addWidget(widget)
        line.insertWidget(0, self._title, 1)
        self._pictures = QWidget()
        pictures = QHBoxLayout(self._pictures)
        pictures.setContentsMargins(0, 0, 0, 0)
        pictures.setSpacing(6)
        for panel in (self.footprint_panel, self.image_panel, self.loop_panel):
            pictures.addWidget(panel, 1)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(6)
        self._body.addWidget(self._traces, 5)
        below = QVBoxLayout()
        below.setSpacing(4)
        below.addWidget(self._movies)
        below.addWidget(self._pictures, 1)
        self._body.addLayout(below, 5)
        self._content = QWidget()
        content = QVBoxLayout(self._content)
        content.setContentsMargins(4, 4, 8, 4)
        content.setSpacing(4)
        content.addLayout(line)
        content.addLayout(self._body, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._content)
        # Else napari puts an empty space below.
        self._pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        # The least of any arrangement, so that a dock can go from one to the other.
        self.setMinimumSize(*_LEAST_PX)


class _Traces(pg.GraphicsLayoutWidget):
    """The whole trace, thin, and below it the window around the current time."""

    time_requested = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.ci.layout.setContentsMargins(0, 0, 6, 0)
        self.ci.layout.setVerticalSpacing(4)
        self._row: TraceRow | None = None
        self._time_s = 0.0
        self._whole, self._window = _TraceView(), _TraceView()
        self._whole.setMouseEnabled(x=False, y=False)
        self._plots = [pg.PlotItem(viewBox=view) for view in (self._whole, self._window)]
        self._curves = [pg.PlotCurveItem(connect="finite") for _ in self._plots]
        self._events = [pg.PlotCurveItem(connect="pairs") for _ in self._plots]
        self._cursors = [pg.InfiniteLine(angle=90) for _ in self._plots]
        self._dots = pg.ScatterPlotItem(size=_DOT_PX, pen=None)
        self._region = pg.LinearRegionItem(movable=False)
        self._plots[0].addItem(self._region, ignoreBounds=True)
        items = zip(self._plots, self._curves, self._events, self._cursors, strict=True)
        for number, (plot, *drawn) in enumerate(items):
            plot.hideButtons()
            plot.getAxis("left").setWidth(_LEFT_AXIS_PX)
            for item in drawn:
                plot.addItem(item, ignoreBounds=True)
            self.addItem(plot, row=number, col=0)
        self._plots[1].addItem(self._dots, ignoreBounds=True)
        self._plots[0].setFixedHeight(_WHOLE_PX)
        self._plots[0].hideAxis("bottom")
        self._plots[0].getAxis("left").setStyle(showValues=False, tickLength=0)
        self._plots[1].setLabel("bottom", "Time (s)")
        self.setMinimumHeight(130)
        for view in (self._whole, self._window):
            view.time_requested.connect(self.time_requested)
            view.sigResized.connect(self._draw)
        self._window.sigXRangeChanged.connect(self._on_window)
        self._window.setXRange(-WINDOW_S / 2, WINDOW_S / 2, padding=0)
        self.set_colors(PlotColors("#262930", "#f0f1f2", "#9fd0ff", "#ff9ecb", "#ffffff"))

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        ev.ignore()

    @property
    def window_range_s(self) -> tuple[float, float]:
        start, stop = self._window.viewRange()[0]
        return start, stop

    @property
    def event_number(self) -> tuple[int, int]:
        """The number of the last event up to now, 0 for none, and how many there are."""
        times = self._row.event_times_s if self._row is not None else np.empty(0)
        return int(np.searchsorted(times, self._time_s + 1e-6, "right")), len(times)

    def show_row(self, row: TraceRow) -> None:
        self._row = row
        times = np.concatenate(
            [row.times_s[[0, -1]] if len(row.times_s) else [], row.event_times_s]
        )
        start, stop = (float(times.min()), float(times.max())) if len(times) else (0.0, 1.0)
        self._whole.setXRange(start, max(stop, start + 1e-3), padding=0.01)
        values = np.concatenate([row.values, row.event_values])
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        height = (high - low) or 1.0
        for view in (self._whole, self._window):
            view.setYRange(low - _MARGIN * height, high + _MARGIN * height, padding=0)
        axis = self._plots[1].getAxis("left")
        axis.setLabel(row.units)
        axis.showLabel(bool(row.units))
        self._draw()

    def show_time(self, time_s: float) -> None:
        self._time_s = time_s
        for cursor in self._cursors:
            cursor.setValue(time_s)
        start, stop = self.window_range_s
        half = (stop - start) / 2
        self._window.setXRange(time_s - half, time_s + half, padding=0)

    def set_colors(self, colors: PlotColors) -> None:
        self.setBackground(colors.background)
        for plot in self._plots:
            for name in ("left", "bottom"):
                plot.getAxis(name).setPen(colors.foreground)
                plot.getAxis(name).setTextPen(colors.foreground)
        self._plots[0].getAxis("left").setPen(None)
        faint, tint = QColor(colors.events), QColor(colors.foreground)
        faint.setAlpha(190)
        self._dots.setBrush(colors.events)
        tint.setAlpha(45)
        for curve, events, cursor in zip(self._curves, self._events, self._cursors, strict=True):
            curve.setPen(colors.trace)
            events.setPen(faint)
            cursor.setPen(pg.mkPen(colors.cursor, width=1.5))
        self._region.setBrush(tint)
        for edge in self._region.lines:
            edge.setPen(None)

    def _on_window(self) -> None:
        self._region.setRegion(self.window_range_s)
        self._draw_in(1)

    def _draw(self) -> None:
        for number in range(len(self._plots)):
            self._draw_in(number)

    def _draw_in(self, number: int) -> None:
        if self._row is None:
            return
        view = (self._whole, self._window)[number]
        (start, stop), width = view.viewRange()[0], max(int(view.width()), 1)
        row = self._row
        self._curves[number].setData(*thin_out(row.times_s, row.values, start, stop, width))
        first, last = np.searchsorted(row.event_times_s, (start, stop))
        times, heights = row.event_times_s[first:last], row.event_values[first:last]
        stems = np.zeros(2 * len(times))
        stems[1::2] = np.nan_to_num(heights)
        self._events[number].setData(np.repeat(times, 2), stems)
        if number == 1:
            self._dots.setData(times, stems[1::2])


class _TraceView(pg.ViewBox):
    """A view in which the left button points at a time."""

    time_requested = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.time_requested.emit(float(self.mapSceneToView(ev.scenePos()).x()))
        else:
            super().mouseClickEvent(ev)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: ARG002, N802
        ev.ignore()
