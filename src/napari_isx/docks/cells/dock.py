"""The dock *Cells*: a table of all cells, filters, and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.cells.decision_buttons import DecisionRow
from napari_isx.docks.cells.display_row import DisplayRow
from napari_isx.docks.cells.duplicates import DuplicatesList, Pair
from napari_isx.docks.cells.filters import FilterBar
from napari_isx.docks.cells.table import CellTableView
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.shortcuts import SAVE_KEY, key_text
from napari_isx.docks.common.theme import PlotColors
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.viewer.cell_display import Scope, Style

_WIDTH_PX: Final = 490
_NO_CELLS: Final = (
    "Open a cell set (.isxd) to review its cells here:\n"
    "drop the file on the window, or use File > Open."
)
_NO_ROWS: Final = "No cell passes the filters."
_TOOLS: Final = {
    "rules": ("Rules…", "Decide about many cells at once by what was measured"),
    "raters": ("Compare raters…", "See where two people's decisions differ"),
    "keys": ("Keys", "All keys on one card"),
    "export": ("Export…", "Write the log of all decisions into a CSV file"),
}


class CellsWidget(QWidget):
    """Shows what it is given and says what the user asked for; it holds no state of its own."""

    group_picked = Signal(int)
    """Another set of cells, by its place in the list of sets."""
    rules_requested = Signal()
    raters_requested = Signal()
    keys_requested = Signal()
    export_requested = Signal()
    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._groups = QComboBox()
        self._groups.setToolTip("Which set of cells is reviewed")
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setFormat("measuring… %p%")
        self._progress.setToolTip("Columns fill in as they are computed")
        self.filters = FilterBar()
        self.table = CellTableView()
        self.duplicates = DuplicatesList()
        self.duplicates_button = QPushButton()
        self.duplicates_button.setCheckable(True)
        self.duplicates_button.setToolTip(
            "Pairs of cells that overlap and whose traces are alike, the most suspicious first"
        )
        self.display = DisplayRow()
        self.decisions = DecisionRow()
        self.tools = {name: QPushButton(title) for name, (title, _) in _TOOLS.items()}
        for name, button in self.tools.items():
            button.setToolTip(_TOOLS[name][1])
        self.save_button = QPushButton("Save")
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._no_rows = QLabel(_NO_ROWS, alignment=Qt.AlignmentFlag.AlignCenter)
        self._body = QWidget()
        self._lay_out()
        pass_keys_on(self)
        self._connect()
        self.show_groups([], -1)
        self.show_duplicates([])
        self.show_progress(1.0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the first columns."""
        return QSize(_WIDTH_PX, 640)

    @property
    def message(self) -> str:
        """What stands in place of the table, empty while there is one."""
        return "" if self._pages.currentWidget() is self._body else str(self._message.text())

    @property
    def progress(self) -> int | None:
        """Percent that are measured; None once all is."""
        return None if self._progress.isHidden() else int(self._progress.value())

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells, with one of them chosen; -1 for none."""
        with QSignalBlocker(self._groups):
            self._groups.clear()
            self._groups.addItems(list(titles))
            self._groups.setCurrentIndex(current)
        self._groups.setVisible(len(titles) > 1)
        if current < 0:
            self.show_message(_NO_CELLS)

    def show_message(self, text: str) -> None:
        """Say why there is no table."""
        self._message.setText(text)
        self._pages.setCurrentWidget(self._message)
        self.table.show_table(None)

    def show_table(
        self, table: CellTable, values: Mapping[str, npt.NDArray[np.float64] | None]
    ) -> None:
        """Show another table, or other columns of it.

        Parameters
        ----------
        table : CellTable
        values : mapping
            Those of the columns that it is filtered by, by their keys.
        """
        self._pages.setCurrentWidget(self._body)
        can_decide = table.statuses is not None
        self.filters.show_columns(table.columns, can_decide=can_decide)
        self.filters.show_filter(table.filtered_by, values)
        self.display.show_columns(table.columns)
        self.table.show_table(table)
        self.display.setVisible(can_decide)  # events alone are no picture either
        self.decisions.setVisible(can_decide)
        for name in ("rules", "raters", "export"):
            self.tools[name].setEnabled(can_decide)
        self._show_rows_or_message()

    def show_rows(self) -> None:
        """Show other rows, or in another order."""
        self.table.show_rows()
        self._show_rows_or_message()

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        """Show other values of a column."""
        self.table.show_values(key)
        self.filters.show_values(key, values)

    def show_sorting(self, sorted_by: tuple[str, bool] | None) -> None:
        """Mark the column it is sorted by."""
        self.table.show_sorting(sorted_by)

    def show_selection(self, cells: Sequence[int]) -> None:
        """Mark the selected cells."""
        self.table.show_selection(cells)
        self.decisions.show_selected(len(cells))

    def show_counts(
        self, counts: Mapping[CellStatus, int], shown: Mapping[CellStatus, int]
    ) -> None:
        """Tell how many cells have each status, and how many of these are shown."""
        self.filters.show_counts(counts, shown)
        self.decisions.show_counts(shown)

    def show_steps(self, undo: str, redo: str, num_unsaved: int) -> None:
        """Tell what can be undone and done again, and how much the file does not have yet."""
        self.decisions.show_steps(undo, redo)
        self.save_button.setEnabled(num_unsaved > 0)
        self.save_button.setText(f"Save ({num_unsaved:,})" if num_unsaved else "Saved")
        cells = "1 cell has" if num_unsaved == 1 else f"{num_unsaved:,} cells have"
        self.save_button.setToolTip(
            f"Write statuses into the cell set: {cells} another there ({key_text(SAVE_KEY)})"
            if num_unsaved
            else "The file has all decisions"
        )

    def show_advance(self, on: bool, on_canvas: bool) -> None:
        """Tell whether a decision moves on to the next row."""
        self.decisions.show_advance(on, on_canvas)

    def show_note(self, text: str, offer: str = "") -> None:
        """Say what came of the last key, with a button for what is offered."""
        self.decisions.show_note(text, offer)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys, by the names of their commands."""
        self.decisions.show_keys(keys)

    def show_progress(self, fraction: float) -> None:
        """Tell how much is measured; 1 hides it."""
        self._progress.setVisible(fraction < 1)
        self._progress.setValue(int(100 * fraction))

    def show_duplicates(self, pairs: Sequence[Pair]) -> None:
        """List pairs that may be one cell each."""
        self.duplicates.show_pairs(pairs)
        self.duplicates_button.setText(f"Suspected duplicates ({len(pairs):,})")
        self.duplicates_button.setEnabled(bool(pairs))
        self._show_duplicates()

    def show_display(self, scope: Scope, style: Style | None, color: str) -> None:
        """Tell what is on the canvas."""
        self.display.show_choice(scope, style, color)

    def show_legend(self, colors: Sequence[str] | None, low: str, high: str) -> None:
        """Show which colors stand for low and high values; None hides the legend."""
        self.display.show_legend(colors, low, high)

    def set_colors(self, colors: PlotColors) -> None:
        """Follow another theme."""
        self.filters.set_colors(colors)

    def event(self, event: QEvent) -> bool:
        """Take Ctrl+S from napari's menu, where it saves layers, while the focus is in here."""
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(
            QKeySequence.StandardKey.Save
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Save at Ctrl+S; all other keys are napari's."""
        if event.matches(QKeySequence.StandardKey.Save):
            self.save_requested.emit()
        else:
            event.ignore()

    def _show_rows_or_message(self) -> None:
        self._rows_pages.setCurrentIndex(0 if self.table.order else 1)

    def _on_entered(self) -> None:
        """Go on to the rows, where keys decide again."""
        self.table.setFocus()

    def _show_duplicates(self) -> None:
        open_ = self.duplicates_button.isChecked() and self.duplicates_button.isEnabled()
        self.duplicates.setVisible(open_)

    def _connect(self) -> None:
        self._groups.activated.connect(self.group_picked)
        self.filters.entered.connect(self._on_entered)
        self.duplicates_button.toggled.connect(self._show_duplicates)
        signals = {
            "rules": self.rules_requested,
            "raters": self.raters_requested,
            "keys": self.keys_requested,
            "export": self.export_requested,
        }
        for name, button in self.tools.items():
            button.clicked.connect(signals[name])
        self.save_button.clicked.connect(self.save_requested)

    def _lay_out(self) -> None:
        self._rows_pages = QStackedWidget()
        self._rows_pages.addWidget(self.table)
        self._rows_pages.addWidget(self._no_rows)
        tools = QHBoxLayout()
        tools.setSpacing(4)
        for button in self.tools.values():
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.save_button)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(5)
        body.addWidget(self._progress)
        body.addWidget(self.filters)
        body.addWidget(self._rows_pages, 1)
        body.addWidget(self.duplicates_button)
        body.addWidget(self.duplicates)
        body.addWidget(self.display)
        body.addWidget(self.decisions)
        body.addLayout(tools)
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._body)
        # Or napari fills the dock up with nothing.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self._groups)
        layout.addWidget(self._pages, 1)
