"""One row of a plot: a trace with its events, or the steps of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import zip_longest
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QGraphicsItem, QGraphicsSimpleTextItem

from napari_isx.docks.common.canvas import TimeView
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.docks.common.theme import MARK_COLOR, WARNING_COLOR, PlotColors
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import NO_ROW, RowStyle, TraceRow, thin_out, thin_steps
from napari_isx.timeline.clock import Cut
from napari_isx.viewer.slider_marks import MarkedTimes

LEFT_AXIS_PX: Final = 64
CURRENT_PX: Final = 68
CELL_PX: Final = 44
CHANNEL_HEIGHTS_PX: Final[dict[RowStyle, int]] = {"line": 42, "steps": 42, "digital": 32}

# Room below the lowest value, and above the highest for the title, as parts of the range.
_MARGIN: Final = 0.06
_HEADROOM: Final = 0.22
# Lower rows need more of theirs for the title.
_CHANNEL_HEADROOM: Final[dict[RowStyle, float]] = {"line": 0.5, "steps": 0.6, "digital": 1.1}
_DOT_PX: Final = 5
# Dots closer than this are one blot, so only the stems of events are drawn then.
_PIXELS_PER_DOT: Final = 4
_CHANNEL_ALPHA: Final = 190
_EVENT_ALPHA: Final = 150
_CUT_ALPHA: Final = 60
_TICK_PX: Final = -5
_MARGIN_PX: Final = 1
# From label to label on the axis, and how far the outer ones may reach out of their row.
_LABEL_PX: Final = 14
_OVERHANG_PX: Final = 6
_MOST_LABELS: Final = 6
_EMPTY: Final = np.empty(0)


class ValueAxis(pg.AxisItem):
    """Has labels as far as there is room for them; low rows have it for few."""

    def __init__(self) -> None:
        super().__init__("left")
        self.setWidth(LEFT_AXIS_PX)
        self.setStyle(hideOverlappingLabels=_OVERHANG_PX)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N802, N803
        """The least of 1, 2, 5, 10 and so on at which labels do not touch, and are not many."""
        least = abs(maxVal - minVal) * max(_LABEL_PX / max(size, 1), 1 / _MOST_LABELS)
        if not least:
            return []
        unit = 10 ** np.floor(np.log10(least))
        return [(float(unit * next(n for n in (1, 2, 5, 10) if n * unit >= least)), 0.0)]


class Row:
    """One trace with its events, its title, and its value at the cursor."""

    def __init__(self, colors: PlotColors, *, is_channel: bool) -> None:
        self.view = TimeView()
        self.plot = pg.PlotItem(viewBox=self.view, axisItems={"left": ValueAxis()})
        self.plot.layout.setContentsMargins(0, _MARGIN_PX, 0, _MARGIN_PX)
        self.plot.hideButtons()
        self.plot.hideAxis("bottom")
        self.data = NO_ROW
        self.value_range = (0.0, 1.0)
        self.is_current = False
        self._is_channel = is_channel
        self._cuts: tuple[tuple[Cut, ...], bool] = ((), False)
        self._cut_items: list[pg.LinearRegionItem] = []
        self._units_on_axis = not is_channel
        self._trace = pg.PlotCurveItem(connect="finite")
        self._stems = pg.PlotCurveItem(connect="pairs")
        self._dots = pg.ScatterPlotItem(size=_DOT_PX, pen=None, hoverable=True, tip=_event_tip)
        for item in (self._trace, *(() if is_channel else (self._stems, self._dots))):
            self.plot.addItem(item, ignoreBounds=True)
        # What responses are aligned to, over the whole height of the row.
        self._marks: list[pg.VTickGroup] = []
        self.threshold = pg.InfiniteLine(
            angle=0, movable=True, pen=pg.mkPen(MARK_COLOR), hoverPen=pg.mkPen(MARK_COLOR, width=3)
        )
        self.threshold.hide()
        self.plot.addItem(self.threshold, ignoreBounds=True)
        self._title = pg.LabelItem(justify="left")
        self._title.setParentItem(self.view)
        self._title.anchor((0, 0), (0, 0), offset=(4, -2))
        self._value = QGraphicsSimpleTextItem(self.view)
        # These take most of the time that it takes to draw a row again, as each move of the
        # cursor does.
        for item in (self._title.item, self.plot.getAxis("left"), self._trace, self._stems):
            item.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.set_colors(colors)
        self.view.sigXRangeChanged.connect(self._draw)
        self.view.sigResized.connect(self._draw)

    @property
    def height_px(self) -> int:
        if self._is_channel:
            return CHANNEL_HEIGHTS_PX[self.data.style]
        return CURRENT_PX if self.is_current else CELL_PX

    @property
    def title(self) -> str:
        return str(self._title.text)

    @property
    def value_text(self) -> str:
        return str(self._value.text())

    def show(self, data: TraceRow, value_range: tuple[float, float] | None = None) -> None:
        """Draw this, between its lowest and highest value unless a range is given."""
        wanted = value_range or data.value_range
        if data is self.data and wanted == self.value_range:
            return
        self.data, self.value_range = data, wanted
        is_digital = data.style == "digital"
        self.plot.getAxis("left").setStyle(
            showValues=not is_digital, tickLength=0 if is_digital else _TICK_PX
        )
        self._show_title()
        self._show_units()
        low, high = wanted
        room = _CHANNEL_HEADROOM[data.style] if self._is_channel else _HEADROOM
        low, high = low - _MARGIN * (high - low), high + room * (high - low)
        self.view.setLimits(yMin=low, yMax=high)
        self.view.setYRange(low, high, padding=0)
        self._trace.setPen(self._trace_color())
        self._draw()

    def show_value(self, time_s: float) -> None:
        value = self.data.value_at(time_s)
        text = "" if value is None else f"{value:.4g}"
        if text != self._value.text():
            self._value.setText(text)
            self._place_value()

    def show_cuts(self, cuts: Sequence[Cut], *, with_text: bool) -> None:
        wanted = (tuple(cuts), with_text)
        if wanted == self._cuts:
            return
        self._cuts = wanted
        for item in self._cut_items:
            self.plot.removeItem(item)
        self._cut_items = []
        for cut in cuts:
            span = pg.LinearRegionItem(
                (cut.start_s, cut.stop_s),
                movable=False,
                brush=_faint(WARNING_COLOR, _CUT_ALPHA),
                pen=pg.mkPen(WARNING_COLOR, style=Qt.PenStyle.DashLine),
            )
            span.setZValue(-10)  # below the traces
            if with_text:
                anchors = [(0, 0), (0, 0)]
                pg.InfLineLabel(
                    span.lines[1], cut.text, position=0.9, anchors=anchors, color=WARNING_COLOR
                )
            self._cut_items.append(span)
            self.plot.addItem(span, ignoreBounds=True)

    def show_marks(self, marked: Sequence[MarkedTimes]) -> None:
        """Mark times, from the bottom of the row to its top."""
        while len(self._marks) < len(marked):
            self._marks.append(pg.VTickGroup())
            self.plot.addItem(self._marks[-1], ignoreBounds=True)
        nothing = MarkedTimes(MARK_COLOR, ())
        for ticks, one in zip_longest(self._marks, marked):
            color, times_s = one or nothing
            ticks.setXVals(list(times_s))
            ticks.setPen(pg.mkPen(color, style=Qt.PenStyle.DotLine))

    def show_threshold(self, value: float | None) -> None:
        """Draw a level that can be dragged, or none."""
        self.threshold.setVisible(value is not None)
        if value is not None:
            self.threshold.setValue(value)

    def show_status(self, status: CellStatus | None) -> None:
        """Write another status of the same cell."""
        if status != self.data.status:
            self.data = replace(self.data, status=status)
            self._show_title()

    def put_units_on_axis(self, on_axis: bool) -> None:
        """Low rows have no room for their units there; these go to the title."""
        if on_axis != self._units_on_axis:
            self._units_on_axis = on_axis
            self._show_title()
            self._show_units()

    def set_colors(self, colors: PlotColors) -> None:
        self._colors = colors
        axis = self.plot.getAxis("left")
        axis.setPen(colors.foreground)
        axis.setTextPen(colors.foreground)
        self._trace.setPen(self._trace_color())
        self._stems.setPen(_faint(colors.events, _EVENT_ALPHA))
        self._dots.setBrush(colors.events)
        self._value.setBrush(QColor(colors.foreground))
        self._show_title()

    def _trace_color(self) -> QColor:
        if self._is_channel:
            return _faint(self._colors.foreground, _CHANNEL_ALPHA)
        return QColor(self.data.color or self._colors.trace)

    def _show_title(self) -> None:
        status = self.data.status
        words = f" &nbsp;{SYMBOLS[status]} {status}" if status is not None else ""
        if self.data.units and not self._units_on_axis:
            words += f" &nbsp;({escape(self.data.units)})"
        name = f"<b>{escape(self.data.name)}</b>{words}"
        self._title.setText(name, color=self._colors.foreground)

    def _show_units(self) -> None:
        units, axis = escape(self.data.units), self.plot.getAxis("left")
        axis.setLabel(units if self._units_on_axis else None)
        axis.showLabel(bool(units) and self._units_on_axis)

    def _place_value(self) -> None:
        left = self.view.width() - self._value.boundingRect().width() - 4
        self._value.setPos(left, 1)
        self._value.setVisible(left > self._title.item.boundingRect().width() + 4)

    def _draw(self) -> None:
        self._place_value()
        start, stop = self.view.viewRange()[0]
        data, width = self.data, max(int(self.view.width()), 1)
        thin = thin_out if data.style == "line" else thin_steps
        self._trace.setData(*thin(data.times_s, data.values, start, stop, width))
        if self._is_channel:
            return
        first, last = np.searchsorted(data.event_times_s, (start, stop), "left")
        times, amplitudes = data.event_times_s[first:last], data.event_values[first:last]
        times, amplitudes = times[np.isfinite(amplitudes)], amplitudes[np.isfinite(amplitudes)]
        stems: npt.NDArray[np.float64] = np.zeros(2 * len(times))
        stems[1::2] = amplitudes
        self._stems.setData(np.repeat(times, 2), stems)
        dotted = len(times) * _PIXELS_PER_DOT <= width
        self._dots.setData(times if dotted else _EMPTY, amplitudes if dotted else _EMPTY)


def _faint(color: str, alpha: int) -> QColor:
    faint = QColor(color)
    faint.setAlpha(alpha)
    return faint


def _event_tip(x: float, y: float, data: object) -> str:  # noqa: ARG001
    return f"event at {x:.2f} s, amplitude {y:.3g}"
