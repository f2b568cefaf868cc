"""Ranges of columns below each other, and the button that adds one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.common.range_filter import RangeFilter
from napari_isx.docks.common.theme import PlotColors
from napari_isx.session.cell_filter import Range

Values = Mapping[str, npt.NDArray[np.float64] | None]

_MAX_PX: Final = 204


class RangeList(QScrollArea):
    """At most one range for each column; what holds it places the add button."""

    changed = Signal()  # the user chose other ranges
    added = Signal(str)  # the user added the column with this key, whose values are needed
    entered = Signal()  # the user is done with a limit

    def __init__(self, add_text: str, tooltip: str, *, max_height_px: int = _MAX_PX) -> None:
        super().__init__()
        self._max_px = max_height_px
        self.add_button = QPushButton(add_text)
        self.add_button.setToolTip(tooltip)
        self._menu = QMenu(self.add_button)
        self._menu.setToolTipsVisible(True)
        self._menu.triggered.connect(self._on_add)
        self.add_button.setMenu(self._menu)
        self.filters: dict[str, RangeFilter] = {}
        self._columns: dict[str, Metric] = {}
        self._colors: PlotColors | None = None
        inside = QWidget()
        self._rows = QVBoxLayout(inside)
        self._rows.setContentsMargins(0, 0, 4, 0)
        self._rows.setSpacing(2)
        self._rows.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self._show_rows()

    @property
    def ranges(self) -> dict[str, Range]:
        """Lowest and highest value by the column's key; infinite where it is open."""
        return {key: each.range for key, each in self.filters.items()}

    def show_columns(self, columns: Sequence[Metric]) -> None:
        self._columns = {metric.key: metric for metric in columns if metric.kind != "text"}
        self._keep(self._columns)

    def show_ranges(self, ranges: Mapping[str, Range], values: Values) -> None:
        """Show other ranges; `values` are those of their columns."""
        self._keep(ranges)
        for key, limits in ranges.items():
            if key in self._columns:
                self._filter(key).show_range(limits)
                self.filters[key].show_values(values.get(key))

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        if key in self.filters:
            self.filters[key].show_values(values)

    def set_colors(self, colors: PlotColors) -> None:
        self._colors = colors
        for each in self.filters.values():
            each.set_colors(colors)

    def _filter(self, key: str) -> RangeFilter:
        if key not in self.filters:
            made = RangeFilter(self._columns[key])
            made.changed.connect(self.changed)
            made.entered.connect(self.entered)
            made.removed.connect(self._on_removed)
            if self._colors is not None:
                made.set_colors(self._colors)
            self.filters[key] = made
            self._rows.insertWidget(self._rows.count() - 1, made)
            self._show_rows()
        return self.filters[key]

    def _keep(self, keys: Collection[str]) -> None:
        """Have no ranges but of these columns."""
        for key in [key for key in self.filters if key not in keys]:
            gone = self.filters.pop(key)
            self._rows.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        self._show_rows()

    def _on_add(self, action: QAction) -> None:
        key = action.data()
        made = self._filter(key)
        self.added.emit(key)
        self.changed.emit()
        self.ensureWidgetVisible(made)
        made.low.setFocus()

    def _on_removed(self) -> None:
        self._keep([key for key, each in self.filters.items() if each is not self.sender()])
        self.changed.emit()

    def _show_rows(self) -> None:
        self._menu.clear()
        for key, metric in self._columns.items():
            if key not in self.filters:
                action = self._menu.addAction(metric.header)
                action.setData(key)
                action.setToolTip(metric.tooltip)
        self.add_button.setEnabled(not self._menu.isEmpty())
        self.setVisible(bool(self.filters))
        height = sum(each.sizeHint().height() for each in self.filters.values())
        gaps = self._rows.spacing() * len(self.filters)
        self.setFixedHeight(min(height + gaps + 2, self._max_px))
