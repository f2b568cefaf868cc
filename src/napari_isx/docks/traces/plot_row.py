"""One row of the plot: a trace with its events, or the steps of a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QGraphicsItem

from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.docks.common.theme import WARNING_COLOR, PlotColors
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import RowStyle, TraceRow, thin_out, thin_steps
from napari_isx.timeline.clock import Cut

LEFT_AXIS_PX: Final = 64
CELL_HEIGHT_PX: Final = 64
CHANNEL_HEIGHTS_PX: Final[dict[RowStyle, int]] = {"line": 48, "steps": 48, "digital": 36}

# Room below the lowest value, and above the highest for the title, as parts of the range.
_MARGIN: Final = 0.06
_HEADROOM: Final = 0.22
# Lower rows need more of theirs for the title.
_CHANNEL_HEADROOM: Final[dict[RowStyle, float]] = {"line": 0.5, "steps": 0.6, "digital": 1.1}
_DOT_PX: Final = 5
# Dots closer than this are one blot, so only the stems of events are drawn then.
_PIXELS_PER_DOT: Final = 4
_CHANNEL_ALPHA: Final = 190
_TICK_PX: Final = -5
# From label to label on the axis, and how far the outer ones may reach out of their row.
_LABEL_PX: Final = 14
_OVERHANG_PX: Final = 6
_MOST_LABELS: Final = 6


class TimeView(pg.ViewBox):
    """A view in which the left button points at a time."""

    time_requested = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        """Ask for the time under a click."""
        if ev.button() == Qt.MouseButton.LeftButton:
            self._request(ev)
        else:
            super().mouseClickEvent(ev)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        """Ask for the times that a drag goes through."""
        if ev.button() == Qt.MouseButton.LeftButton:
            self._request(ev)
        else:
            super().mouseDragEvent(ev, axis)

    def _request(self, ev: Any) -> None:
        ev.accept()
        self.time_requested.emit(float(self.mapSceneToView(ev.scenePos()).x()))


class ValueAxis(pg.AxisItem):
    """Has labels as far as there is room for them; low rows have it for few."""

    def __init__(self) -> None:
        super().__init__("left")
        self.setWidth(LEFT_AXIS_PX)
        self.setStyle(hideOverlappingLabels=_OVERHANG_PX)

    def tickSpacing(  # noqa: N802
        self,
        minVal: float,  # noqa: N803
        maxVal: float,  # noqa: N803
        size: float,
    ) -> list[tuple[float, float]]:
        """The least of 1, 2, 5, 10 and so on at which labels do not touch, and are not many."""
        least = abs(maxVal - minVal) * max(_LABEL_PX / max(size, 1), 1 / _MOST_LABELS)
        if not least:
            return []
        unit = 10 ** np.floor(np.log10(least))
        return [(float(unit * next(n for n in (1, 2, 5, 10) if n * unit >= least)), 0.0)]


_CUT_ALPHA: Final = 60


class Row:
    """One trace with its events, cursor and title.

    Parameters
    ----------
    colors : PlotColors
    is_channel : bool
        Channels are lower than cells, and of another color.
    """

    def __init__(self, colors: PlotColors, is_channel: bool) -> None:
        self.view = TimeView()
        self.plot = pg.PlotItem(viewBox=self.view, axisItems={"left": ValueAxis()})
        self.plot.hideButtons()
        self.plot.hideAxis("bottom")
        self.data = NOTHING
        self._is_channel = is_channel
        self._cuts: tuple[tuple[Cut, ...], bool] = ((), False)
        self._cut_items: list[pg.LinearRegionItem] = []
        self._units_on_axis = not is_channel
        self._trace = pg.PlotCurveItem(connect="finite")
        self._stems = pg.PlotCurveItem(connect="pairs")
        self._dots = pg.ScatterPlotItem(
            size=_DOT_PX, pen=None, hoverable=True, tip=_event_tip, pxMode=True
        )
        self.cursor = pg.InfiniteLine(angle=90)
        events = () if is_channel else (self._stems, self._dots)
        for item in (self._trace, *events, self.cursor):
            self.plot.addItem(item, ignoreBounds=True)
        self._title = pg.LabelItem(justify="left")
        self._title.setParentItem(self.view)
        self._title.anchor((0, 0), (0, 0), offset=(4, -2))
        # Words take most of the time that it takes to draw a row again, as each move of the cursor
        # does.
        for item in (self._title.item, self.plot.getAxis("left")):
            item.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.set_colors(colors)
        self.view.sigXRangeChanged.connect(self._draw)
        self.view.sigResized.connect(self._draw)

    @property
    def height_px(self) -> int:
        """How high it is at least."""
        return CHANNEL_HEIGHTS_PX[self.data.style] if self._is_channel else CELL_HEIGHT_PX

    @property
    def view_range_s(self) -> tuple[float, float]:
        """The part of time that is shown."""
        start, stop = self.view.viewRange()[0]
        return start, stop

    def set_view_range_s(self, start_s: float, stop_s: float) -> None:
        """Show another part of time."""
        self.view.setXRange(start_s, stop_s, padding=0)

    def show(self, data: TraceRow) -> None:
        """Draw this."""
        if data is self.data:
            return
        self.data = data
        is_digital = data.style == "digital"
        self.plot.getAxis("left").setStyle(
            showValues=not is_digital, tickLength=0 if is_digital else _TICK_PX
        )
        self._show_title()
        self._show_units()
        low, high = _value_range(data)
        height = high - low
        headroom = _CHANNEL_HEADROOM[data.style] if self._is_channel else _HEADROOM
        self.view.setYRange(low - _MARGIN * height, high + headroom * height, padding=0)
        self._draw()

    def show_cuts(self, cuts: Sequence[Cut], *, with_text: bool) -> None:
        """Mark where time is left out."""
        wanted = (tuple(cuts), with_text)
        if wanted == self._cuts:
            return
        self._cuts = wanted
        for item in self._cut_items:
            self.plot.removeItem(item)
        self._cut_items = []
        for cut in cuts:
            span = pg.LinearRegionItem((cut.start_s, cut.stop_s), movable=False)
            span.setZValue(-10)  # below traces and cursor
            faint = QColor(WARNING_COLOR)
            faint.setAlpha(_CUT_ALPHA)
            span.setBrush(faint)
            for line in span.lines:
                line.setPen(pg.mkPen(WARNING_COLOR, style=Qt.PenStyle.DashLine))
            if with_text:
                pg.InfLineLabel(
                    span.lines[1],
                    cut.text,
                    position=0.9,
                    anchors=[(0, 0), (0, 0)],
                    color=WARNING_COLOR,
                )
            self._cut_items.append(span)
            self.plot.addItem(span, ignoreBounds=True)

    def show_status(self, status: CellStatus | None) -> None:
        """Say another status of the same cell."""
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
        """Take the colors of a theme."""
        self._foreground = colors.foreground
        axis = self.plot.getAxis("left")
        axis.setPen(colors.foreground)
        axis.setTextPen(colors.foreground)
        faint = QColor(colors.foreground)
        faint.setAlpha(_CHANNEL_ALPHA)
        self._trace.setPen(faint if self._is_channel else colors.trace)
        faint = QColor(colors.events)
        faint.setAlpha(150)
        self._stems.setPen(faint)
        self._dots.setBrush(colors.events)
        self.cursor.setPen(pg.mkPen(colors.cursor, width=1.5))
        self._show_title()

    def _show_title(self) -> None:
        status = self.data.status
        words = f" &nbsp;{SYMBOLS[status]} {status}" if status is not None else ""
        if self.data.units and not self._units_on_axis:
            words += f" &nbsp;({escape(self.data.units)})"
        self._title.setText(f"<b>{escape(self.data.name)}</b>{words}", color=self._foreground)

    def _show_units(self) -> None:
        units, axis = escape(self.data.units), self.plot.getAxis("left")
        axis.setLabel(units if self._units_on_axis else None)
        axis.showLabel(bool(units) and self._units_on_axis)

    def _draw(self) -> None:
        """Draw the part of time that is shown."""
        start, stop = self.view_range_s
        data, width = self.data, max(int(self.view.width()), 1)
        thin = thin_out if data.style == "line" else thin_steps
        self._trace.setData(*thin(data.times_s, data.values, start, stop, width))
        if self._is_channel:
            return
        first, last = np.searchsorted(data.event_times_s, (start, stop), "left")
        times, amplitudes = data.event_times_s[first:last], data.event_values[first:last]
        times, amplitudes = times[np.isfinite(amplitudes)], amplitudes[np.isfinite(amplitudes)]
        stems = np.zeros(2 * len(times))
        stems[1::2] = amplitudes
        self._stems.setData(np.repeat(times, 2), stems)
        dotted = len(times) * _PIXELS_PER_DOT <= width
        self._dots.setData(times if dotted else _EMPTY, amplitudes if dotted else _EMPTY)


_EMPTY: Final = np.empty(0)
NOTHING: Final = TraceRow(
    "", None, _EMPTY, np.empty(0, np.float32), _EMPTY, np.empty(0, np.float32), ""
)


def _value_range(data: TraceRow) -> tuple[float, float]:
    """Lowest and highest value of a row, with room to draw it where they are the same."""
    if data.style == "digital":
        return 0.0, 1.0
    bounds = [_bounds(values) for values in (data.values, data.event_values) if len(values)]
    if len(data.event_values):
        bounds.append((0.0, 0.0))  # where the stems begin
    known = [bound for bound in bounds if bound is not None]
    low = min((bound[0] for bound in known), default=0.0)
    high = max((bound[1] for bound in known), default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _bounds(values: Any) -> tuple[float, float] | None:
    """Lowest and highest finite value."""
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    if not np.isfinite([low, high]).all():
        values = values[np.isfinite(values)]
        if not len(values):
            return None
        low, high = float(values.min()), float(values.max())
    return low, high


def _event_tip(x: float, y: float, data: object) -> str:  # noqa: ARG001
    return f"event at {x:.2f} s, amplitude {y:.3g}"
