"""Which cells are shown: by name, by status, and by ranges of any columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget
from superqt.utils import QSignalThrottler

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.common.range_filter import RangeFilter
from napari_isx.docks.common.range_list import RangeList, Values
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.docks.common.theme import PlotColors
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.layers.styles import STATUS_COLORS
from napari_isx.session.cell_filter import CellFilter

_SETTLED_MS: Final = 30
"""A drag asks for another filter at most so often; the last one is never left out."""
# What is hidden shows in the frame and in the letters, whatever the theme's color of buttons.
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
    rules_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Find by name")
        self.text.setClearButtonEnabled(True)
        self.text.setToolTip("Words that are in the cell's name")
        self.text.setAccessibleName("Find cells by name")
        self.text.setMinimumWidth(70)
        self._list = RangeList("+ Filter", "Show only cells within a range of a column")
        self.add_button = self._list.add_button
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Show all cells")
        self.rules_button = QPushButton("Rules…")
        self.rules_button.setToolTip("Decide about many cells at once by what was measured")
        self.statuses, self.limits = QWidget(), QWidget()
        self.status_buttons = {status: _status_button(status) for status in STATUSES}
        self._sent = CellFilter()
        self._soon = QSignalThrottler(parent=self)
        self._soon.setTimeout(_SETTLED_MS)
        self._soon.triggered.connect(self._send)
        self._lay_out()
        self.text.textChanged.connect(self._on_change)
        self.text.returnPressed.connect(self._on_return)
        self._list.changed.connect(self._on_change)
        self._list.added.connect(self.range_added)
        self._list.entered.connect(self._on_return)
        self.clear_button.clicked.connect(self.clear)
        self.rules_button.clicked.connect(self.rules_requested)
        for button in self.status_buttons.values():
            button.toggled.connect(self._on_change)

    @property
    def ranges(self) -> dict[str, RangeFilter]:
        """The ranges that are shown, by the column's key."""
        return self._list.filters

    @property
    def chosen(self) -> CellFilter:
        statuses = (s for s, button in self.status_buttons.items() if button.isChecked())
        chosen = CellFilter(self.text.text(), frozenset(statuses))
        for key, limits in self._list.ranges.items():
            chosen = chosen.with_range(key, *limits)
        return chosen

    def show_columns(self, columns: Sequence[Metric], *, can_decide: bool) -> None:
        self._list.show_columns(columns)
        for button in self.status_buttons.values():
            button.setVisible(can_decide)

    def show_filter(self, chosen: CellFilter, values: Values) -> None:
        """Show another filter; `values` are those of the columns it has ranges of."""
        with QSignalBlocker(self.text):
            self.text.setText(chosen.text)
        for status, button in self.status_buttons.items():
            with QSignalBlocker(button):
                button.setChecked(status in chosen.statuses)
        self._list.show_ranges(chosen.ranges, values)
        self._sent = chosen
        self._soon.cancel()
        self._show_state()

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        """Show the values of a column, if there is a filter for it."""
        self._list.show_values(key, values)

    def show_counts(
        self, counts: Mapping[CellStatus, int], shown: Mapping[CellStatus, int]
    ) -> None:
        """Count the cells of each status, and how many of these are shown."""
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
        self._list.set_colors(colors)

    def clear(self) -> None:
        self.show_filter(CellFilter(), {})
        self.filter_changed.emit(self._sent)

    def _on_change(self) -> None:
        self._show_state()
        self._soon.throttle()

    def _send(self) -> None:
        if self.chosen != self._sent:
            self._sent = self.chosen
            self.filter_changed.emit(self._sent)

    def _on_return(self) -> None:
        self._send()
        self.entered.emit()

    def _show_state(self) -> None:
        self.clear_button.setVisible(not self.chosen.is_open or bool(self.ranges))

    def _lay_out(self) -> None:
        line, statuses, limits = QHBoxLayout(), QHBoxLayout(self.statuses), QVBoxLayout(self.limits)
        line.addWidget(self.text, 1)
        for button in (self.add_button, self.clear_button, self.rules_button):
            line.addWidget(button)
        for button in self.status_buttons.values():
            statuses.addWidget(button, 1)
        limits.addWidget(self._list)
        layout = QVBoxLayout(self)
        layout.addLayout(line)
        layout.addWidget(self.statuses)
        layout.addWidget(self.limits)
        for each in (layout, line, statuses, limits):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(4)
        self._show_state()


def _status_button(status: CellStatus) -> QPushButton:
    button = QPushButton(status_icon(status), status)
    button.setCheckable(True)
    button.setChecked(True)
    button.setStyleSheet(_STATUS_STYLE.format(color=STATUS_COLORS[status]))
    return button
