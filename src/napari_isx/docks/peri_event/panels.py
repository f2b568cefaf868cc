"""The three pictures: all cells over lag, the selected cells' averages and trials, effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent

from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.docks.common.theme import MARK_COLOR, PlotColors

COLORMAP: Final = "CET-D1A"
# Okabe and Ito's, which color-blind people can tell apart.
CURVE_COLORS: Final = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00")
_UP, _DOWN, _NONE = "#E69F00", "#56B4E9", "#888888"
_MODULATED: Final = {"up": (_UP, "t1"), "down": (_DOWN, "t"), "none": (_NONE, "o")}
_TRIAL_ALPHA: Final = 70
_SEM_ALPHA: Final = 60
_DOT_PX: Final = 7
_PICKED_PX: Final = 12
_TITLE_CHARACTERS: Final = 33
_LEAST_PX: Final = (105, 80)


@dataclass(frozen=True, eq=False)
class Curve:
    """The mean of one cell and one condition.

    Attributes
    ----------
    title : str
    mean, sem : numpy.ndarray
        ``(L,)``
    color : str
        Empty: that of its place.
    """

    title: str
    mean: npt.NDArray[np.float64]
    sem: npt.NDArray[np.float64]
    color: str = ""


def set_color(place: int) -> str:
    """In which color a set of events is marked, by its place beside others."""
    colors = (MARK_COLOR, *(one for one in CURVE_COLORS if one != MARK_COLOR))
    return colors[place % len(colors)]


class _CellMap:
    """The mean of every cell over lag, for one set of events."""

    def __init__(self) -> None:
        self.view = ClickableView()
        self.plot = pg.PlotItem(viewBox=self.view)
        self.plot.getAxis("left").setStyle(showValues=False)
        self.view.invertY(True)
        self.view.setMouseEnabled(y=False)
        self.image = pg.ImageItem(axisOrder="row-major", colorMap=pg.colormap.get(COLORMAP))
        self.frames = pg.PlotCurveItem(connect="pairs")
        for item in (self.image, _zero_line(), self.frames):
            self.plot.addItem(item, ignoreBounds=True)

    def show(
        self, result: PeriEvent, order: npt.NDArray[np.int64], limit: float, title: str, color: str
    ) -> None:
        self.image.setImage(np.nan_to_num(result.mean[order]), levels=(-limit, limit))
        start, width = _lag_span(result)
        self.image.setRect(QRectF(start, 0, width, max(len(order), 1)))
        self.view.setRange(xRange=(start, start + width), yRange=(0, max(len(order), 1)), padding=0)
        self.plot.setTitle(title or None, size="8pt", color=color)

    def show_selection(self, result: PeriEvent, rows: npt.NDArray[np.float64]) -> None:
        start, width = _lag_span(result)
        lines = np.repeat(np.concatenate([rows, rows + 1]), 2)
        self.frames.setData(np.tile([start, start + width], len(lines) // 2), lines)


class Panels(pg.GraphicsLayoutWidget):
    """Shows the pictures, and says where was clicked; keys pass through."""

    cell_picked = Signal(int, bool)
    """A cell, by its place in the result, and whether it is added to the others."""
    cells_picked = Signal(list)
    """The cells within the lasso, by their places."""
    trial_picked = Signal(int)
    """A trial, by its place among the averaged events."""

    def __init__(self) -> None:
        super().__init__()
        self._order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._num_trials = 0
        self._colors: PlotColors | None = None
        self._maps: list[_CellMap] = []
        self._curve_view, self._dot_view = ClickableView(), ClickableView()
        self.curves, self.dots = (
            pg.PlotItem(viewBox=view) for view in (self._curve_view, self._dot_view)
        )
        self._map_row = self.addLayout(0, 0)
        self._map_row.layout.setContentsMargins(0, 0, 0, 0)
        for column, plot in enumerate((self.curves, self.dots), start=1):
            self._set_up(plot)
            plot.setMinimumWidth(_LEAST_PX[column - 1])
            self.addItem(plot, 0, column)
        self.ci.layout.setContentsMargins(2, 2, 2, 2)
        self.curves.setLabel("bottom", "From the event (s)")
        self.dots.setLabel("bottom", "Effect")
        self.dots.setLabel("left", "z")
        self._curve_view.setMouseEnabled(y=False)
        self._add_items()
        self._have_maps(1)
        self._curve_view.clicked.connect(self._on_curves)
        self._dot_view.lassoed.connect(self._on_lasso)
        self._dot_view.clicked.connect(self._on_dots)
        self._dot_view.is_lasso = True

    def _set_up(self, plot: pg.PlotItem) -> None:
        plot.hideButtons()
        for axis in ("bottom", "left"):
            plot.getAxis(axis).enableAutoSIPrefix(False)

    def _have_maps(self, count: int) -> None:
        """Have this many maps of cells side by side."""
        while len(self._maps) > count:
            self._map_row.removeItem(self._maps.pop().plot)
        while len(self._maps) < count:
            one = _CellMap()
            self._set_up(one.plot)
            is_first = not self._maps
            if is_first:
                one.plot.setLabel("left", "Cells")
            one.plot.setLabel("bottom", "From the event (s)" if is_first else " ")
            one.view.clicked.connect(self._on_map)
            self._map_row.addItem(one.plot, 0, len(self._maps))
            self._maps.append(one)
            if self._colors is not None:
                self._color_map(one, self._colors)
        for column, share in enumerate((count + 1, 2, 2)):
            self.ci.layout.setColumnStretchFactor(column, share)

    def _add_items(self) -> None:
        self._trials = pg.ImageItem(axisOrder="row-major", colorMap=pg.colormap.get(COLORMAP))
        self._curve_zero = _zero_line()
        self._scatter = pg.ScatterPlotItem(pen=None, size=_DOT_PX)
        self._rings = pg.ScatterPlotItem(brush=None, size=_PICKED_PX)
        for item in (self._scatter, self._rings):
            self.dots.addItem(item)

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        """Let keys pass to napari."""
        ev.ignore()

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colors of a theme."""
        self._colors = colors
        self.setBackground(colors.background)
        for plot in (self.curves, self.dots):
            self._color(plot, colors)
        for one in self._maps:
            self._color_map(one, colors)
        self._rings.setPen(pg.mkPen(colors.foreground, width=2))
        self._dot_view.path.setPen(pg.mkPen(colors.foreground))

    def _color(self, plot: pg.PlotItem, colors: PlotColors) -> None:
        for name in ("bottom", "left"):
            plot.getAxis(name).setPen(colors.foreground)
            plot.getAxis(name).setTextPen(colors.foreground)

    def _color_map(self, one: _CellMap, colors: PlotColors) -> None:
        self._color(one.plot, colors)
        one.frames.setPen(pg.mkPen(colors.foreground, width=1))

    def show_cells(
        self, named: Sequence[tuple[str, PeriEvent]], order: npt.NDArray[np.int64]
    ) -> None:
        """Show all cells over lag in this order, set by set, and the first set's effects.

        The maps have one scale of colors.
        """
        self._order = order
        self._have_maps(len(named))
        limit = max(color_limit(one.mean) for _, one in named)
        for place, (name, one) in enumerate(named):
            title = _shortened(name, _TITLE_CHARACTERS // len(named)) if len(named) > 1 else ""
            self._maps[place].plot.setToolTip(name if title else "")
            self._maps[place].show(one, order, limit, title, set_color(place))
        result = named[0][1]
        known = np.flatnonzero(np.isfinite(result.effect) & np.isfinite(result.z))
        self._scatter.setData(
            x=result.effect[known], y=result.z[known], data=known,
            symbol=[_MODULATED[result.modulation[i]][1] for i in known.tolist()],
            brush=[_MODULATED[result.modulation[i]][0] for i in known.tolist()],
        )  # fmt: skip
        self.dots.autoRange()

    def show_selection(self, result: PeriEvent, places: Sequence[int]) -> None:
        """Mark the selected cells on the map and among the effects."""
        rows = np.flatnonzero(np.isin(self._order, places)).astype(float)
        for cell_map in self._maps:
            cell_map.show_selection(result, rows)
        chosen = [i for i in places if np.isfinite(result.z[i]) and np.isfinite(result.effect[i])]
        self._rings.setData(x=result.effect[chosen], y=result.z[chosen])

    def show_curves(
        self,
        result: PeriEvent,
        curves: Sequence[Curve],
        trials: npt.NDArray[np.float64],
        trial: int,
    ) -> None:
        """Show means with their standard errors, and single trials as thin lines.

        `trials` is ``(n_events, L)``, of which the one at `trial` is the current one.
        """
        self._clear_curves()
        self._num_trials = 0
        for row, values in enumerate(trials):
            is_current = row == trial
            color = QColor("#FFFFFF" if is_current else "#888888")
            color.setAlpha(255 if is_current else _TRIAL_ALPHA)
            self.curves.plot(
                result.lags_s, values, pen=pg.mkPen(color, width=2 if is_current else 1)
            )
        for number, curve in enumerate(curves):
            color = QColor(curve.color or CURVE_COLORS[number % len(CURVE_COLORS)])
            soft = QColor(color)
            soft.setAlpha(_SEM_ALPHA)
            if np.isfinite(curve.sem).any():
                edges = [
                    pg.PlotCurveItem(result.lags_s, curve.mean + s * curve.sem) for s in (-1, 1)
                ]
                self.curves.addItem(pg.FillBetweenItem(*edges, brush=soft))
            self.curves.plot(
                result.lags_s, curve.mean, pen=pg.mkPen(color, width=2), name=curve.title or None
            )
        self.curves.setLabel("left", _unit(result))
        self.curves.getAxis("left").setStyle(showValues=True)
        self._curve_view.invertY(False)
        self._curve_view.enableAutoRange()

    def show_trials(self, result: PeriEvent, trials: npt.NDArray[np.float64], trial: int) -> None:
        """Show one cell's trials over lag, ``(n_events, L)``, the first on top."""
        self._clear_curves()
        self._num_trials = len(trials)
        limit = color_limit(trials)
        self._trials.setImage(np.nan_to_num(trials), levels=(-limit, limit))
        start, width = _lag_span(result)
        self._trials.setRect(QRectF(start, 0, width, max(len(trials), 1)))
        self.curves.addItem(self._trials)
        if 0 <= trial < len(trials):
            edge = pg.PlotCurveItem(
                np.array([start, start + width] * 2),
                np.array([trial, trial, trial + 1, trial + 1]),
                connect="pairs",
                pen=pg.mkPen("#000000", width=2),
            )
            self.curves.addItem(edge)
        self.curves.setLabel("left", "Trials")
        self._curve_view.invertY(True)
        self._curve_view.setRange(
            xRange=(start, start + width), yRange=(0, max(len(trials), 1)), padding=0
        )

    def _clear_curves(self) -> None:
        self.curves.clear()
        if self.curves.legend is None:
            self.curves.addLegend(offset=(-4, 4), labelTextSize="8pt")
        self.curves.addItem(self._curve_zero, ignoreBounds=True)

    def _on_map(self, at: QPointF, is_added: bool) -> None:
        if 0 <= at.y() < len(self._order):
            self.cell_picked.emit(int(self._order[int(at.y())]), is_added)

    def _on_curves(self, at: QPointF, is_added: bool) -> None:  # noqa: ARG002
        if 0 <= at.y() < self._num_trials:
            self.trial_picked.emit(int(at.y()))

    def _on_dots(self, at: QPointF, is_added: bool) -> None:
        found = self._scatter.pointsAt(at)
        if len(found):
            self.cell_picked.emit(int(found[0].data()), is_added)

    def _on_lasso(self, corners: list[tuple[float, float]]) -> None:
        from skimage.measure import points_in_poly

        points = self._scatter.getData()
        inside = points_in_poly(  # type: ignore[no-untyped-call]
            np.column_stack(points), np.array(corners)
        )
        places = [int(spot.data()) for spot in self._scatter.points()[inside]]
        if places:
            self.cells_picked.emit(places)


class ClickableView(pg.ViewBox):
    """A view that says where was clicked, and may have a lasso on the left button."""

    clicked = Signal(QPointF, bool)
    lassoed = Signal(list)

    is_lasso = False

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.path = pg.PlotCurveItem()
        self.addItem(self.path, ignoreBounds=True)
        self._corners: list[tuple[float, float]] = []

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        if ev.button() != Qt.MouseButton.LeftButton:
            super().mouseClickEvent(ev)
            return
        ev.accept()
        added = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        self.clicked.emit(self.mapSceneToView(ev.scenePos()), bool(ev.modifiers() & added))

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        if not self.is_lasso or ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        at = self.mapSceneToView(ev.scenePos())
        if ev.isStart():
            self._corners = []
        self._corners.append((at.x(), at.y()))
        self.path.setData(*np.array([*self._corners, self._corners[0]]).T)
        if ev.isFinish():
            self.path.clear()
            if len(self._corners) > 2:
                self.lassoed.emit(self._corners)


def _shortened(text: str, most: int) -> str:
    """Without its middle, as names differ at their ends."""
    half = max(most // 2, 3)
    return text if len(text) <= 2 * half + 1 else f"{text[:half]}…{text[-half:]}"


def _zero_line() -> pg.InfiniteLine:
    return pg.InfiniteLine(0, 90, pen=pg.mkPen("#888888", style=Qt.PenStyle.DashLine))


def _lag_span(result: PeriEvent) -> tuple[float, float]:
    """Where the first sample begins, half before its time, and the width of all."""
    lags = result.lags_s
    step = float(lags[1] - lags[0]) if len(lags) > 1 else 1.0
    return float(lags[0]) - step / 2, len(lags) * step


def color_limit(values: npt.NDArray[np.float64]) -> float:
    """Colors are alike on both sides of 0; the largest hundredth is cut off."""
    known = np.abs(values[np.isfinite(values)])
    return float(np.percentile(known, 99)) or 1.0 if len(known) else 1.0


def _unit(result: PeriEvent) -> str:
    return {"recording": "z", "baseline": "z of baseline", None: "trace"}[result.normalize]
