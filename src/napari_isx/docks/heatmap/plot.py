"""The picture of a heat map: rows are cells, with their statuses beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QPoint, QPointF, QRectF, QTimer, Signal
from qtpy.QtGui import QColor

from napari_isx.analysis.trace_heatmap import Order, Shades, shrink
from napari_isx.docks.common.canvas import Canvas, TimeAxis, TimeView
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.docks.common.theme import DARK, PlotColors
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.layers.styles import STATUS_COLORS
from napari_isx.timeline.time_text import time_text

_COLORMAP: Final = "viridis"
_STRIPE_PX: Final = 22
_TIME_AXIS_PX: Final = 38
_BAR_PX: Final = 10
_MARK_PX: Final = 9
# Rows of fewer pixels are marked at the side alone: a frame would hide them.
_FRAMED_ROW_PX: Final = 5
_SYMBOL_PX: Final = 12
_SETTLED_MS: Final = 150
_NO_STATUS: Final = len(STATUSES)
# What Qt calls a notch of the wheel, and how much of what is shown it scrolls.
_NOTCH: Final = 120
_SCROLLED: Final = 0.15


class HeatMapPlot(Canvas):
    """The map, the stripe of statuses beside it and the color bar."""

    cell_picked = Signal(int)
    time_requested = Signal(float)
    range_changed = Signal(float, float)
    hovered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._statuses: list[CellStatus | None] = []
        self._shades: Shades | None = None
        self._detail: Shades | None = None
        self._span_s: tuple[float, float] | None = None
        self._order: Order = np.empty(0, np.int64)
        self._selected: list[int] = []
        self.ci.layout.setContentsMargins(2, 4, 4, 2)
        self.ci.layout.setHorizontalSpacing(2)
        self._view = _MapView()
        self._stripe_view = pg.ViewBox(enableMenu=False)
        self._stripe_view.setMouseEnabled(x=False, y=False)
        self._plot, self._stripe = (
            pg.PlotItem(viewBox=view, axisItems={"bottom": TimeAxis()})
            for view in (self._view, self._stripe_view)
        )
        for plot in (self._stripe, self._plot):
            plot.hideButtons()
            plot.hideAxis("left")
            plot.getAxis("bottom").setHeight(_TIME_AXIS_PX)
            self.addItem(plot)
        self._stripe.getAxis("bottom").setStyle(showValues=False, tickLength=0)
        self._stripe.getAxis("bottom").setPen(None)
        self._stripe.setFixedWidth(_STRIPE_PX)
        self._axis = self._plot.getAxis("bottom")
        self._stripe_view.setXRange(0, 1, padding=0)
        self._stripe_view.setYLink(self._view)
        for view in (self._view, self._stripe_view):
            view.invertY(True)
        self._add_items()
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._settled.timeout.connect(self._on_settled)
        self._view.sigRangeChanged.connect(self._on_range)
        self._view.sigResized.connect(self._draw)
        self._view.pointed.connect(self._on_pointed)
        self._view.all_requested.connect(self.show_all)
        self.scene().sigMouseMoved.connect(self._on_mouse)
        self.set_colors(DARK)

    def _add_items(self) -> None:
        self._image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self._frames = pg.PlotCurveItem(connect="pairs")
        self.cursor = pg.InfiniteLine(angle=90)
        for item in (self._image, self._frames, self.cursor):
            self._plot.addItem(item, ignoreBounds=True)
        self._status_image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self._marks = pg.ScatterPlotItem(symbol="t2", size=_MARK_PX, pen=None)
        for item in (self._status_image, self._marks):
            self._stripe.addItem(item, ignoreBounds=True)
        self._symbols: list[pg.TextItem] = []
        self._bar = pg.ColorBarItem(
            width=_BAR_PX, interactive=False, colorMap=pg.colormap.get(_COLORMAP)
        )
        self._plot.layout.addItem(self._bar, 2, 5)
        self._plot.layout.setColumnFixedWidth(4, 6)

    @property
    def end_s(self) -> float:
        return self._span_s[1] if self._span_s is not None else 0.0

    def show_all(self) -> None:
        if self._span_s is not None:
            self._view.setRange(
                xRange=self._span_s, yRange=(0, max(len(self._order), 1)), padding=0
            )

    def described(self, cell: int) -> tuple[str, CellStatus | None]:
        return self._names[cell], self._statuses[cell]

    def place_at(self, point: QPoint) -> tuple[int | None, float]:
        """The cell, None for none, and the time at a point of this widget."""
        at = self._view.mapSceneToView(self.mapToScene(point))
        cell = self._cell_at(at.y())
        return cell if cell is not None and cell < len(self._names) else None, float(at.x())

    def leaveEvent(self, ev: Any) -> None:  # noqa: N802
        super().leaveEvent(ev)
        self.hovered.emit(" ")

    def position_of(self, cell: int, time_s: float) -> QPointF:
        row = int(np.flatnonzero(self._order == cell)[0])
        scene = self._view.mapViewToScene(QPointF(time_s, row + 0.5))
        return QPointF(self.mapFromScene(scene))

    def set_cells(self, names: list[str], statuses: list[CellStatus | None]) -> None:
        """Name the cells; the map of others than before goes."""
        if names != self._names:
            self._shades = self._detail = None
            self._order = self._order[:0]
            self._draw()
        self._names, self._statuses = names, statuses
        self._draw_statuses()

    def set_map(self, shades: Shades, order: Order) -> None:
        self._shades, self._detail = shades, None
        self._bar.setLevels((shades.low, shades.high))
        self._bar.setLabel("right", shades.units)
        self.set_order(order)
        span = (shades.start_s, shades.stop_s)
        if span != self._span_s:
            self._span_s = span
            self._axis.show_span(span[1])
            self._axis.setLabel(self._axis.title)
            self._view.setLimits(xMin=span[0], xMax=max(span[1], span[0] + 1e-6))
            self._view.setXRange(*span, padding=0)

    def set_order(self, order: Order) -> None:
        before, self._order = self._order, order  # another range draws it at once
        if len(order) != len(before):
            self._view.setLimits(yMin=0, yMax=max(len(order), 1), minYRange=1)
            self._view.setYRange(0, max(len(order), 1), padding=0)
        self._draw()
        self._draw_statuses()

    def set_detail(self, shades: Shades | None) -> None:
        """Draw a part of the time with finer columns, where it covers all that is shown."""
        self._detail = shades
        self._draw()

    def set_selection(self, cells: Sequence[int]) -> None:
        self._selected = list(cells)
        self._draw_selection()

    def set_colors(self, colors: PlotColors) -> None:
        self.setBackground(colors.background)
        gap = np.mean([QColor(c).getRgb() for c in (colors.background, colors.foreground)], axis=0)
        table = pg.colormap.get(_COLORMAP).getLookupTable(nPts=256, alpha=True)
        table[0] = gap
        self._image.setLookupTable(table)
        rgba = [QColor(STATUS_COLORS[status]).getRgb() for status in STATUSES]
        self._status_image.setLookupTable(
            np.array([*rgba, gap], np.uint8).repeat([1, 1, 1, 253], 0)
        )
        for axis in (self._axis, self._bar.getAxis("right")):
            axis.setPen(colors.foreground)
            axis.setTextPen(colors.foreground)
        self.cursor.setPen(pg.mkPen("#FFFFFF", width=1.5))
        self._frames.setPen(pg.mkPen("#FFFFFF", width=1))
        self._marks.setBrush(colors.foreground)

    def _on_range(self) -> None:
        self._draw()
        self._draw_symbols()
        self._draw_selection()
        self._settled.start()

    def _on_settled(self) -> None:
        """Ask for finer columns where there are fewer than pixels."""
        start, stop = self._view.viewRange()[0]
        shades = self._detail if _covers(self._detail, start, stop) else self._shades
        if shades is None or not shades.values.shape[1]:
            return
        column_s = (shades.stop_s - shades.start_s) / shades.values.shape[1]
        if (stop - start) / column_s < self._view.width():
            self.range_changed.emit(start, stop)

    def _draw(self) -> None:
        """Draw the rows and columns that are shown, reduced to about the pixels there are."""
        if self._shades is None or not len(self._order):
            self._image.clear()
            return
        (start, stop), (top, bottom) = self._view.viewRange()
        shades = self._shades
        if self._detail is not None and _covers(self._detail, start, stop):
            shades = self._detail
        count = shades.values.shape[1]
        column_s = (shades.stop_s - shades.start_s) / max(count, 1)
        if not column_s > 0:
            self._image.clear()
            return
        first = max(int((start - shades.start_s) / column_s), 0)
        last = min(int(np.ceil((stop - shades.start_s) / column_s)), count)
        above, below = max(int(top), 0), min(int(np.ceil(bottom)), len(self._order))
        if first >= last or above >= below:
            self._image.clear()
            return
        part = shades.shades[self._order[above:below], first:last]
        width, height = max(int(self._view.width()), 1), max(int(self._view.height()), 1)
        self._image.setImage(shrink(part, height, width), autoLevels=False)
        left = shades.start_s + first * column_s
        self._image.setRect(QRectF(left, above, (last - first) * column_s, below - above))

    def _draw_statuses(self) -> None:
        codes = self._status_codes()
        if len(codes):
            self._status_image.setImage(codes[:, None], autoLevels=False)
            self._status_image.setRect(QRectF(0.55, 0, 0.45, len(codes)))
        else:
            self._status_image.clear()
        self._draw_symbols()
        self._draw_selection()

    def _draw_symbols(self) -> None:
        """Write the symbol of each stretch of cells with one status, where it has room."""
        for item in self._symbols:
            self._stripe.removeItem(item)
        self._symbols = []
        codes, row_px = self._status_codes(), self._row_px()
        edges = np.flatnonzero(np.diff(codes, prepend=-1, append=-1).astype(bool))
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            code = int(codes[first])
            if code != _NO_STATUS and (last - first) * row_px >= _SYMBOL_PX:
                symbol = pg.TextItem(SYMBOLS[STATUSES[code]], color="#000000", anchor=(0.5, 0.5))
                symbol.setPos(0.78, (first + last) / 2)
                self._stripe.addItem(symbol, ignoreBounds=True)
                self._symbols.append(symbol)

    def _draw_selection(self) -> None:
        rows = np.flatnonzero(np.isin(self._order, self._selected)).astype(float)
        self._marks.setData(np.full(len(rows), 0.25), rows + 0.5)
        if self._shades is None or self._row_px() < _FRAMED_ROW_PX:
            rows = np.empty(0)
        lines = np.repeat(np.concatenate([rows, rows + 1]), 2)
        start, stop = self._view.viewRange()[0]
        self._frames.setData(np.tile([start, stop], len(lines) // 2), lines)

    def _status_codes(self) -> npt.NDArray[np.uint8]:
        codes = [_NO_STATUS if s is None else STATUSES.index(s) for s in self._statuses]
        known = self._order[self._order < len(codes)]
        return np.array(codes, np.uint8)[known]

    def _row_px(self) -> float:
        top, bottom = self._view.viewRange()[1]
        row_px: float = self._view.height() / max(bottom - top, 1e-6)
        return row_px

    def _cell_at(self, y: float) -> int | None:
        return int(self._order[int(y)]) if 0 <= y < len(self._order) else None

    def _on_pointed(self, time_s: float, y: float, is_click: bool) -> None:
        cell = self._cell_at(y)
        if is_click and cell is not None:
            self.cell_picked.emit(cell)
        self.time_requested.emit(time_s)

    def _on_mouse(self, scene: QPointF) -> None:
        at = self._view.mapSceneToView(scene)
        cell, _ = self.place_at(self.mapFromScene(scene))
        shades = self._shades
        inside = self._plot.sceneBoundingRect().contains(scene)
        if cell is None or shades is None or not inside:
            self.hovered.emit(" ")
            return
        words, status = self.described(cell)
        words += f"  {SYMBOLS[status]} {status}" if status is not None else ""
        if shades.start_s <= at.x() < shades.stop_s:
            start, stop = self._view.viewRange()[0]
            if self._detail is not None and _covers(self._detail, start, stop):
                shades = self._detail
            part = (at.x() - shades.start_s) / (shades.stop_s - shades.start_s)
            last = shades.values.shape[1] - 1
            value = shades.values[cell, min(int(part * (last + 1)), last)]
            known = "no data" if np.isnan(value) else f"{value:.2f} {shades.units}"
            words += f"  ·  {time_text(at.x(), self.end_s)}  ·  {known}"
        self.hovered.emit(words)


class _MapView(TimeView):
    """The wheel without a key scrolls the cells, where not all of them are shown."""

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        if ev.modifiers():
            super().wheelEvent(ev, axis)
        else:
            top, bottom = self.viewRange()[1]
            first, last = self.state["limits"]["yLimits"]
            height = bottom - top
            top = np.clip(top - ev.delta() / _NOTCH * _SCROLLED * height, first, last - height)
            self.setYRange(top, top + height, padding=0)
            ev.accept()


def _covers(shades: Shades | None, start_s: float, stop_s: float) -> bool:
    """Whether a part of a map has all of a stretch of time, but for rounding."""
    slack_s = 1e-6 * (stop_s - start_s)
    return (
        shades is not None
        and shades.start_s <= start_s + slack_s
        and shades.stop_s >= stop_s - slack_s
    )
