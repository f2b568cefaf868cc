"""Which cells are shown: by name, by status, and by ranges of any columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.cells.range_filter import RangeFilter
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.docks.common.theme import PlotColors
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.layers.styles import STATUS_COLORS
from napari_isx.session.cell_filter import CellFilter

_SETTLED_MS: Final = 30
"""A drag asks for another filter at most so often; the last one is never left out."""
_RANGES_PX: Final = 204
# What is hidden shows in the frame and in the letters, whatever the theme's colour of buttons.
_STATUS_STYLE: Final = """
QPushButton {{ padding: 2px 6px; border: 1px solid {color}; border-bottom: 3px solid {color}; }}
QPushButton:checked {{ background-color: transparent; }}
QPushButton:!checked {{
    background-color: transparent; border: 1px dashed gray; padding-bottom: 4px;
    color: gray;
}}
"""


class FilterBar(QWidget):
    """Says which cells the user wants to see."""

    filter_changed = Signal(object)
    """Another `CellFilter`."""
    range_added = Signal(str)
    """The user wants to filter by the column with this key; its values are needed."""
    entered = Signal()
    """The user is done with a name or a limit, and wants to go on to the cells found."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Find by name")
        self.text.setClearButtonEnabled(True)
        self.text.setToolTip("Words that are in the cell's name")
        self.add_button = QPushButton("+ Filter")
        self.add_button.setToolTip("Show only cells within a range of a column")
        self._menu = QMenu(self.add_button)
        self._menu.setToolTipsVisible(True)
        self.add_button.setMenu(self._menu)
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Show all cells")
        self.status_buttons = {status: _status_button(status) for status in STATUSES}
        self.ranges: dict[str, RangeFilter] = {}
        self._columns: dict[str, Metric] = {}
        self._colors: PlotColors | None = None
        self._sent = CellFilter()
        self._timer = QTimer(self, singleShot=True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self._send)
        self._lay_out()
        self.text.textChanged.connect(self._on_change)
        self.text.returnPressed.connect(self._on_return)
        self._menu.triggered.connect(self._on_add)
        self.clear_button.clicked.connect(self.clear)
        for button in self.status_buttons.values():
            button.toggled.connect(self._on_change)

    @property
    def chosen(self) -> CellFilter:
        """What is let through."""
        chosen = CellFilter(
            self.text.text(),
            frozenset(s for s, button in self.status_buttons.items() if button.isChecked()),
        )
        for key, filtered in self.ranges.items():
            low, high = filtered.range
            chosen = chosen.with_range(
                key, None if np.isinf(low) else low, None if np.isinf(high) else high
            )
        return chosen

    def show_columns(self, columns: Sequence[Metric], *, can_decide: bool) -> None:
        """Offer these columns."""
        self._columns = {metric.key: metric for metric in columns if metric.kind != "text"}
        for key in self.ranges.keys() - self._columns.keys():
            self._drop(key)
        self._fill_menu()
        for button in self.status_buttons.values():
            button.setVisible(can_decide)

    def show_filter(
        self, chosen: CellFilter, values: Mapping[str, npt.NDArray[np.float64] | None]
    ) -> None:
        """Show another filter; `values` are those of the columns it has ranges of."""
        with QSignalBlocker(self.text):
            self.text.setText(chosen.text)
        for status, button in self.status_buttons.items():
            with QSignalBlocker(button):
                button.setChecked(status in chosen.statuses)
        for key in list(self.ranges):
            if key not in chosen.ranges:
                self._drop(key)
        for key, limits in chosen.ranges.items():
            if key in self._columns:
                self._range(key).show_range(limits)
                self._range(key).show_values(values[key])
        self._sent = chosen
        self._timer.stop()
        self._show_state()

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        """Show the values of a column, if there is a filter for it."""
        if key in self.ranges:
            self.ranges[key].show_values(values)

    def show_counts(
        self, counts: Mapping[CellStatus, int], shown: Mapping[CellStatus, int]
    ) -> None:
        """Tell how many cells have each status, and how many of these are shown."""
        for status, button in self.status_buttons.items():
            total, some = counts[status], shown[status]
            count = f"{total:,}" if some == total else f"{some:,} of {total:,}"
            if not button.isChecked():
                count = f"{total:,} hidden" if not some else f"{count} still shown"
            button.setText(f"{status}\n{count}")
            button.setToolTip(
                f"{total:,} {status}, {some:,} of them shown\nClick to show or hide these cells"
            )

    def set_colors(self, colors: PlotColors) -> None:
        """Take the colours of a theme."""
        self._colors = colors
        for each in self.ranges.values():
            each.set_colors(colors)

    def clear(self) -> None:
        """Show all cells."""
        self.show_filter(CellFilter(), {})
        self.filter_changed.emit(self._sent)

    def _on_change(self) -> None:
        """Ask for the filter now, or soon if one was asked for just before."""
        self._show_state()
        if not self._timer.isActive():
            self._send()
            self._timer.start()

    def _send(self) -> None:
        if self.chosen != self._sent:
            self._sent = self.chosen
            self._timer.start()
            self.filter_changed.emit(self._sent)

    def _on_return(self) -> None:
        self._send()
        self.entered.emit()

    def _on_add(self, action: QAction) -> None:
        key = action.data()
        self._range(key)
        self.range_added.emit(key)
        self._scroll.ensureWidgetVisible(self.ranges[key])
        self.ranges[key].low.setFocus()

    def _range(self, key: str) -> RangeFilter:
        if key not in self.ranges:
            made = RangeFilter(self._columns[key])
            made.changed.connect(self._on_change)
            made.entered.connect(self._on_return)
            made.removed.connect(self._on_removed)
            if self._colors is not None:
                made.set_colors(self._colors)
            self.ranges[key] = made
            self._rows.insertWidget(self._rows.count() - 1, made)
            self._fill_menu()
            self._show_state()
        return self.ranges[key]

    def _on_removed(self) -> None:
        made = self.sender()
        key = next(key for key, each in self.ranges.items() if each is made)
        self._drop(key)
        self._on_change()

    def _drop(self, key: str) -> None:
        made = self.ranges.pop(key)
        self._rows.removeWidget(made)
        made.hide()
        made.deleteLater()
        self._fill_menu()
        self._show_state()

    def _fill_menu(self) -> None:
        self._menu.clear()
        for key, metric in self._columns.items():
            if key not in self.ranges:
                action = self._menu.addAction(metric.header)
                action.setData(key)
                action.setToolTip(metric.tooltip)
        self.add_button.setEnabled(not self._menu.isEmpty())

    def _show_state(self) -> None:
        self.clear_button.setEnabled(not self.chosen.is_open or bool(self.ranges))
        self._scroll.setVisible(bool(self.ranges))
        height = sum(each.sizeHint().height() for each in self.ranges.values())
        gaps = self._rows.spacing() * len(self.ranges)
        self._scroll.setFixedHeight(min(height + gaps + 2, _RANGES_PX))

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.text, 1)
        line.addWidget(self.add_button)
        line.addWidget(self.clear_button)
        statuses = QHBoxLayout()
        statuses.setSpacing(4)
        for button in self.status_buttons.values():
            statuses.addWidget(button, 1)
        inside = QWidget()
        self._rows = QVBoxLayout(inside)
        self._rows.setContentsMargins(0, 0, 4, 0)
        self._rows.setSpacing(2)
        self._rows.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addLayout(statuses)
        layout.addWidget(self._scroll)
        self._show_state()


def _status_button(status: CellStatus) -> QPushButton:
    button = QPushButton(status_icon(status), status)
    button.setCheckable(True)
    button.setChecked(True)
    button.setStyleSheet(_STATUS_STYLE.format(color=STATUS_COLORS[status]))
    return button
