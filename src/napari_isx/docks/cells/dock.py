"""The dock *Cells*: a table of all cells, filters, and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent
from qtpy.QtWidgets import (
    QComboBox,
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
from napari_isx.docks.cells.duplicates import DuplicatesPanel, Pair
from napari_isx.docks.cells.filters import FilterBar
from napari_isx.docks.cells.table import CellTableView
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.theme import PlotColors
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.layers.window_commands import show_export
from napari_isx.session.cell_table import CellTable
from napari_isx.viewer.cell_display import Scope, Style

_WIDTH_PX: Final = 420
_SMALLEST_PX: Final = (300, 190)
_SPACING_PX: Final = 4
_TABLE_PX: Final = 84  # a header and two rows
_NO_SET: Final = (
    "Open a cell set (.isxd) to review its cells here:\n"
    "drop the file on the window, or use File > Open."
)
_NO_CELLS: Final = "There are no cells in this set."
_NO_ROWS: Final = "No cell passes the filters."
_TOOLS: Final = {
    "raters": ("Compare raters…", "See where two people's decisions differ"),
    "export": ("Export log of decisions…", "All decisions as a CSV file"),
    "files": ("Export files…", "Tables, movies, clips and NWB of all that is open"),
    "keys": ("Keys", "All keys on one card"),
}


class CellsWidget(QWidget):
    """Shows what it is given and emits what the user asks for.

    In a low dock what is needed least is left out; it is there again where there is room for it.
    """

    group_picked = Signal(int)
    """Another set of cells, by its place in the list of sets."""
    raters_requested = Signal()
    keys_requested = Signal()
    export_requested = Signal()
    save_requested = Signal()
    duplicates_toggled = Signal(bool)
    """The user goes through suspected duplicates from now on, or no more."""

    def __init__(self) -> None:
        super().__init__()
        self._groups = QComboBox()
        self._groups.setToolTip("Which set of cells is reviewed")
        self._groups.setAccessibleName("Set of cells")
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setFormat("measuring… %p%")
        self._progress.setToolTip("Columns fill in as they are computed")
        self._progress.setFixedHeight(18)
        self.filters = FilterBar()
        self.table = CellTableView()
        self.table.setAccessibleName("Cells")
        self.table.setMinimumHeight(_TABLE_PX)
        self.duplicates = DuplicatesPanel()
        self.duplicates_button = QPushButton()
        self.duplicates_button.setCheckable(True)
        self.duplicates_button.setToolTip(
            "Go through pairs of cells that overlap and whose traces are alike"
        )
        self.display = DisplayRow()
        self.decisions = DecisionRow()
        self.save_button = self.decisions.save
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._no_rows = QLabel(_NO_ROWS, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._pages, self._rows_pages = QStackedWidget(), QStackedWidget()
        self._body = QWidget()
        self._can_decide = True
        menu = self.decisions.menu
        self._pairs_action = self._tool("Suspected duplicates", self.duplicates_button.toolTip())
        menu.addSeparator()
        self.tools = {name: self._tool(*words) for name, words in _TOOLS.items()}
        self._lay_out()
        pass_keys_on(self)
        self._connect()
        self.show_groups([], -1)
        self.show_duplicates([], -1)
        self.show_progress(1.0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the columns that decide."""
        return QSize(_WIDTH_PX, 640)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for the table and the decisions."""
        return QSize(*_SMALLEST_PX)

    @property
    def message(self) -> str:
        """What stands in place of the table, empty while there is one."""
        return "" if self._pages.currentWidget() is self._body else str(self._message.text())

    @property
    def progress(self) -> int | None:
        """Percent that are measured; None once all is."""
        is_done = self._progress.value() == self._progress.maximum()
        return None if is_done else int(self._progress.value())

    @property
    def is_at_duplicates(self) -> bool:
        return bool(self.duplicates_button.isChecked())

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells, with one of them chosen; -1 for none."""
        with QSignalBlocker(self._groups):
            self._groups.clear()
            self._groups.addItems(list(titles))
            self._groups.setCurrentIndex(current)
        self._groups.setVisible(len(titles) > 1)
        if current < 0:
            self.show_message(_NO_SET)

    def show_message(self, text: str) -> None:
        self._message.setText(text)
        self._pages.setCurrentWidget(self._message)
        self.table.show_table(None)

    def show_table(
        self, table: CellTable, values: Mapping[str, npt.NDArray[np.float64] | None]
    ) -> None:
        """Show another table, or other columns of it; `values` are those it is filtered by."""
        self._pages.setCurrentWidget(self._body)
        self._can_decide = table.statuses is not None
        self.filters.show_columns(table.columns, can_decide=self._can_decide)
        self.filters.show_filter(table.filtered_by, values)
        self.display.show_columns(table.columns)
        self.table.show_table(table)
        self.decisions.setVisible(self._can_decide)
        self.filters.rules_button.setEnabled(self._can_decide)
        self._no_rows.setText(_NO_ROWS if len(table) else _NO_CELLS)
        self._show_rows_or_message()
        self._share_height()

    def show_rows(self) -> None:
        """Show other rows, or in another order."""
        self.table.show_rows()
        self._show_rows_or_message()

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        self.table.show_values(key)
        self.filters.show_values(key, values)

    def show_statuses(self, cells: Sequence[int], *, proposed: bool = False) -> None:
        """Show other statuses of cells, decided ones, or those that a rule proposes."""
        self.table.show_values("status", cells, widens=proposed)

    def show_selection(self, cells: Sequence[int]) -> None:
        self.table.show_selection(cells)
        self.decisions.show_selected(len(cells))

    def show_counts(
        self, counts: Mapping[CellStatus, int], shown: Mapping[CellStatus, int]
    ) -> None:
        """Count the cells of each status, and those of them that are shown."""
        self.filters.show_counts(counts, shown)
        self.decisions.show_counts(shown)

    def show_note(self, text: str, offer: str = "") -> None:
        """Say what came of the last key, with a button for what is offered."""
        self.decisions.show_note(text, offer)
        self._share_height()

    def show_keys(self, keys: Mapping[str, str]) -> None:
        self.decisions.show_keys(keys)
        self.duplicates.show_keys(keys)

    def show_progress(self, fraction: float) -> None:
        """Show how much is measured; 1 hides it."""
        self._progress.setValue(int(100 * fraction))
        self._share_height()

    def show_duplicates(self, pairs: Sequence[Pair], current: int) -> None:
        """List pairs that may be one cell each, with one of them picked; -1 for none."""
        text = f"Suspected duplicates ({len(pairs):,})"
        self.duplicates.show_pairs(pairs, current)
        if text != self.duplicates_button.text():
            self.duplicates_button.setText(text)
            self.duplicates_button.setEnabled(bool(pairs))
            self._pairs_action.setText(text)
            self._pairs_action.setEnabled(bool(pairs))
        if not pairs:
            self.duplicates_button.setChecked(False)

    def show_display(self, scope: Scope, style: Style | None, color: str) -> None:
        self.display.show_choice(scope, style, color)

    def show_legend(self, colors: Sequence[str] | None, low: str, high: str) -> None:
        """Show which colors stand for low and high values; None hides the legend."""
        self.display.show_legend(colors, low, high)

    def set_colors(self, colors: PlotColors) -> None:
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

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._share_height()

    def _share_height(self) -> None:
        """Show what there is room for, what is needed most first."""
        room = self.height() - 2 * _SPACING_PX - self.filters.text.sizeHint().height()
        for taken in (self.decisions, self._rows_pages):
            room -= taken.minimumSizeHint().height() + _SPACING_PX
        room -= self._groups.sizeHint().height() * (not self._groups.isHidden())
        for widget, is_wanted in (
            (self.filters.limits, bool(self.filters.ranges)),
            (self.filters.statuses, self._can_decide),
            (self._progress, self.progress is not None),
            (self.duplicates_button, self.duplicates_button.isEnabled()),
            (self.display, self._can_decide),  # events alone are no picture
        ):
            height = widget.sizeHint().height() + _SPACING_PX
            is_shown = is_wanted and height <= room
            widget.setVisible(is_shown)
            room -= height * is_shown

    def _show_rows_or_message(self) -> None:
        if not self.is_at_duplicates:
            self._rows_pages.setCurrentIndex(0 if self.table.order else 1)

    def _on_entered(self) -> None:
        """Go on to the rows, where keys decide again."""
        self.table.setFocus()

    def _on_duplicates(self, on: bool) -> None:
        self.filters.setVisible(not on)
        self.decisions.show_decisions(not on)
        self._rows_pages.setCurrentIndex(2 if on else 0)
        self._show_rows_or_message()
        (self.duplicates.list if on else self.table).setFocus()
        self._share_height()
        self.duplicates_toggled.emit(on)

    def _tool(self, text: str, tip: str) -> QAction:
        action = self.decisions.menu.addAction(text)
        action.setToolTip(tip)
        return action

    def _connect(self) -> None:
        self._groups.activated.connect(self.group_picked)
        self.filters.entered.connect(self._on_entered)
        self.filters.filter_changed.connect(self._share_height)
        self.filters.range_added.connect(self._share_height)
        self.duplicates_button.toggled.connect(self._on_duplicates)
        self._pairs_action.triggered.connect(self.duplicates_button.toggle)
        self.tools["raters"].triggered.connect(self.raters_requested)
        self.tools["export"].triggered.connect(self.export_requested)
        self.tools["files"].triggered.connect(lambda: show_export())
        self.tools["keys"].triggered.connect(self.keys_requested)
        self.decisions.save_requested.connect(self.save_requested)

    def _lay_out(self) -> None:
        for page in (self.table, self._no_rows, self.duplicates):
            self._rows_pages.addWidget(page)
        # It takes what room there is, more than the table has: else it would ask for its own.
        self.duplicates.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(_SPACING_PX)
        body.addWidget(self._progress)
        body.addWidget(self.filters)
        body.addWidget(self._rows_pages, 1)
        for widget in (self.duplicates_button, self.display, self.decisions):
            body.addWidget(widget)
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._body)
        # Or napari fills the dock up with nothing.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(*_SMALLEST_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(_SPACING_PX,) * 4)
        layout.setSpacing(_SPACING_PX)
        layout.addWidget(self._groups)
        layout.addWidget(self._pages, 1)
