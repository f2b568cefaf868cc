"""A small histogram from which a range is chosen."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QMenu, QSizePolicy, QWidget

from napari_isx.docks.common.pages import pop_up
from napari_isx.docks.common.save_picture import add_picture_actions
from napari_isx.docks.common.theme import PlotColors
from napari_isx.session.cell_filter import Range, histogram

_HEIGHT_PX: Final = 26
_MARGIN_PX: Final = 7  # half a handle of the slider below
_FAINT: Final = 70


class Histogram(QWidget):
    """Bars, those within the range in full color."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self._edges: npt.NDArray[np.float64] = np.zeros(1)
        self._range: Range = (-np.inf, np.inf)
        self._color = QColor("#8EC9F5")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, _HEIGHT_PX)

    @property
    def counts(self) -> list[int]:
        return [int(count) for count in self._counts]

    def show_values(self, values: npt.NDArray[np.float64]) -> None:
        self._counts, self._edges = histogram(values)
        self.update()

    def show_range(self, limits: Range) -> None:
        self._range = limits
        self.update()

    def set_colors(self, colors: PlotColors) -> None:
        self._color = QColor(colors.trace)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer to save or copy it."""
        menu = QMenu(self)
        add_picture_actions(menu, self, "histogram")
        pop_up(menu, event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
        if not len(self._counts):
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        faint = QColor(self._color)
        faint.setAlpha(_FAINT)
        width, height = self.width() - 2 * _MARGIN_PX, self.height() - 1
        places = np.linspace(_MARGIN_PX, _MARGIN_PX + width, len(self._counts) + 1)
        # Roots, so that bars of single cells can be seen beside those of hundreds.
        heights = np.sqrt(self._counts / self._counts.max()) * height
        low, high = self._range
        for i, bar in enumerate(heights):
            within = self._edges[i + 1] > low and self._edges[i] < high
            painter.setBrush(self._color if within else faint)
            left, right = places[i], places[i + 1]
            painter.drawRect(QRectF(left, height - bar, max(right - left - 1, 1), bar))
        painter.end()
