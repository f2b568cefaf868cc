"""The pictures of epochs: every cell's effect by label, the selected cells' means and rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QPointF, QRectF, Signal
from qtpy.QtGui import QKeyEvent

from napari_isx.analysis.epochs import EpochActivity
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.peri_event.panels import COLORMAP, CURVE_COLORS, ClickableView, color_limit

_DOT_PX: Final = 5
_BAR: Final = 0.8


class EpochPanels(pg.GraphicsLayoutWidget):
    """Shows the pictures, and says which cell was clicked; keys pass through."""

    cell_picked = Signal(int, bool)
    """A cell, by its place in the result, and whether it is added to the others."""

    def __init__(self) -> None:
        super().__init__()
        self._order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._view = ClickableView()
        self.map = pg.PlotItem(viewBox=self._view)
        self.means, self.rates = pg.PlotItem(), pg.PlotItem()
        for column, (plot, title) in enumerate(
            ((self.map, "Effect (SD)"), (self.means, "Mean"), (self.rates, "Events (1/s)"))
        ):
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setTitle(title, size="8pt")
            plot.getViewBox().setMouseEnabled(x=False, y=False)
            plot.getAxis("left").enableAutoSIPrefix(False)
            self.addItem(plot, 0, column)
        self.ci.layout.setContentsMargins(2, 2, 2, 2)
        self.map.setLabel("left", "Cells")
        self.map.getAxis("left").setStyle(showValues=False)
        self._view.invertY(True)
        self.image = pg.ImageItem(axisOrder="row-major", colorMap=pg.colormap.get(COLORMAP))
        self.significant = pg.ScatterPlotItem(size=_DOT_PX, pen=None)
        self._frames = pg.PlotCurveItem(connect="pairs")
        for item in (self.image, self.significant, self._frames):
            self.map.addItem(item, ignoreBounds=True)
        self._view.clicked.connect(self._on_map)

    def keyPressEvent(self, ev: QKeyEvent) -> None:  # noqa: N802
        """Let keys pass to napari."""
        ev.ignore()

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colors of a theme."""
        self.setBackground(colors.background)
        for plot in (self.map, self.means, self.rates):
            for name in ("bottom", "left"):
                plot.getAxis(name).setPen(colors.foreground)
                plot.getAxis(name).setTextPen(colors.foreground)
        self._frames.setPen(pg.mkPen(colors.foreground, width=1))
        self.significant.setBrush(colors.foreground)

    def show_cells(self, result: EpochActivity, order: npt.NDArray[np.int64], alpha: float) -> None:
        """Show the effect in all epochs but the rest, with a dot where q is below `alpha`."""
        self._order = order
        effect = result.effect[:-1, order].T
        limit = color_limit(effect)
        self.image.setImage(np.nan_to_num(effect), levels=(-limit, limit))
        count, num_labels = max(len(order), 1), effect.shape[1]
        self.image.setRect(QRectF(0, 0, num_labels, count))
        rows, columns = np.nonzero(alpha > result.q[:-1, order].T)
        self.significant.setData(x=columns + 0.5, y=rows + 0.5)
        self._view.setRange(xRange=(0, num_labels), yRange=(0, count), padding=0)
        _label(self.map, result.labels[:-1], 0.5)

    def show_selection(
        self, result: EpochActivity, places: Sequence[int], names: Sequence[str]
    ) -> None:
        """Frame the selected cells, and show their means and rates as bars."""
        rows = np.flatnonzero(np.isin(self._order, places)).astype(float)
        lines = np.repeat(np.concatenate([rows, rows + 1]), 2)
        ends = [0.0, float(len(result.labels) - 1)]
        self._frames.setData(np.tile(ends, len(lines) // 2), lines)
        for plot, values in ((self.means, result.mean), (self.rates, result.event_rate_hz)):
            plot.clear()
            if plot.legend is not None:
                plot.legend.clear()
            elif plot is self.means:
                plot.addLegend(offset=(-4, 4), labelTextSize="8pt")
            width = _BAR / max(len(places), 1)
            for number, (place, name) in enumerate(zip(places, names, strict=True)):
                bars = pg.BarGraphItem(
                    x=np.arange(len(result.labels)) + (number - (len(places) - 1) / 2) * width,
                    height=np.nan_to_num(values[:, place]), width=width,
                    brush=CURVE_COLORS[number % len(CURVE_COLORS)], pen=None, name=name,
                )  # fmt: skip
                plot.addItem(bars)
            _label(plot, result.labels, 0.0)
        self.rates.setVisible(bool(np.isfinite(result.event_rate_hz).any()))

    def _on_map(self, at: QPointF, is_added: bool) -> None:
        if 0 <= at.y() < len(self._order):
            self.cell_picked.emit(int(self._order[int(at.y())]), is_added)


def _label(plot: pg.PlotItem, labels: Sequence[str], offset: float) -> None:
    plot.getAxis("bottom").setTicks([[(i + offset, label) for i, label in enumerate(labels)]])
