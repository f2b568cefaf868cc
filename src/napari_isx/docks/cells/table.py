"""The table of cells on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from napari_isx.docks.cells.decision_texts import decision_text
from napari_isx.docks.cells.table_model import CellTableModel
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.cell_table import CellTable

_ROW_PX: Final = 22
_SAMPLED_ROWS: Final = 60
_MIN_COLUMN_PX: Final = 40
_MAX_COLUMN_PX: Final = 220
_MARGIN_PX: Final = 2
_SHOWN_STORED: Final = frozenset(
    {
        "stored_snr",
        "stored_event_rate_hz",
        "stored_num_components",
        "stored_largest_component_max_width_px",
        "stored_active",
    }
)
"""Of what files have stored, the columns that are shown at first: those people sort by."""
_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_Flags: Final = QItemSelectionModel.SelectionFlag


class CellTableView(QTableView):
    """A row per cell; one or more are picked, with Ctrl and Shift."""

    cells_picked = Signal(list)
    """The user picked these cells, and no others."""
    cell_opened = Signal(int)
    """The user double-clicked a cell."""
    step_requested = Signal(int)
    """To the next row, 1, or the one above, -1."""
    sort_requested = Signal(str)
    """The user clicked the header of the column with this key."""
    status_requested = Signal(str)
    """The user gave the selected cells this status, in the menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CellTableModel(self)
        self._is_showing = False
        self._shown_keys: dict[str, bool] = {}  # what the user chose
        self.setModel(self._model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW_PX)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setResizeContentsPrecision(_SAMPLED_ROWS)
        header.setMinimumSectionSize(_MIN_COLUMN_PX)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        header.sectionClicked.connect(self._on_header)
        self.doubleClicked.connect(self._on_double_click)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    @property
    def order(self) -> list[int]:
        """The cell in each row."""
        return list(self._model.order)

    @property
    def num_visible_rows(self) -> int:
        """How many rows can be seen at once."""
        return int(self.viewport().height()) // _ROW_PX

    @property
    def shown_columns(self) -> list[str]:
        """Keys of the columns that are shown."""
        keys = [metric.key for metric in self._model.columns]
        return [key for i, key in enumerate(keys) if not self.isColumnHidden(i)]

    @property
    def selected_cells(self) -> list[int]:
        """Cells of the selected rows, from the top."""
        rows: set[int] = set()
        for area in self.selectionModel().selection():
            rows.update(range(area.top(), area.bottom() + 1))
        return [self._model.order[row] for row in sorted(rows)]

    def show_table(self, table: CellTable | None) -> None:
        """Show another table, or other columns of it."""
        self._is_showing = True
        self._model.show_table(table)
        self._is_showing = False
        for column, metric in enumerate(self._model.columns):
            at_first = metric.source != "stored" or metric.kind == "text"
            shown = self._shown_keys.get(metric.key, at_first or metric.key in _SHOWN_STORED)
            self.setColumnHidden(column, not shown)
            self._fit(column)
        self.show_sorting(table.sorted_by if table is not None else None)

    def show_rows(self) -> None:
        """Show other rows, or in another order, with the same ones selected."""
        beside = self.horizontalScrollBar().value()
        self._is_showing = True
        self._model.show_rows()
        self._is_showing = False
        self.horizontalScrollBar().setValue(beside)

    def show_values(self, key: str) -> None:
        """Show other values of a column."""
        self._model.show_values(key)
        column = self._model.column_of(key)
        if column is not None:
            self._fit(column, at_least=self.columnWidth(column))

    def show_sorting(self, sorted_by: tuple[str, bool] | None) -> None:
        """Mark the column it is sorted by."""
        column = self._model.column_of(sorted_by[0]) if sorted_by is not None else None
        ascending = sorted_by is None or sorted_by[1]
        orders = Qt.SortOrder
        self.horizontalHeader().setSortIndicator(
            -1 if column is None else column,
            orders.AscendingOrder if ascending else orders.DescendingOrder,
        )

    def show_selection(self, cells: Sequence[int]) -> None:
        """Mark rows as selected, and bring the last of them into sight."""
        shown = [cell for cell in cells if self._model.row_of(cell) is not None]
        if sorted(shown) == sorted(self.selected_cells):
            return
        self._is_showing = True
        self.selectionModel().select(self._model.selection_of(shown), _Flags.ClearAndSelect)
        if shown:
            self._make_current(self._model.row_of(shown[-1]) or 0)
        self._is_showing = False

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column."""
        column = self._model.column_of(key)
        self._shown_keys[key] = shown
        if column is not None:
            self.setColumnHidden(column, not shown)
            self._fit(column)

    def fill_columns_menu(self, menu: QMenu) -> None:
        """Offer all columns but the first ones, to be shown or hidden."""
        for column, metric in enumerate(self._model.columns):
            if metric.kind == "text":
                continue
            action = menu.addAction(metric.header)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.setToolTip(metric.tooltip)
            action.setData(metric.key)
        menu.setToolTipsVisible(True)
        menu.triggered.connect(self._on_column)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move in the table; all other keys are napari's, also letters, which Qt would search."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        row = self._row_at_key(event.key(), held)
        if event.key() in _STEPS and held == Qt.KeyboardModifier.NoModifier:
            self.step_requested.emit(_STEPS[Qt.Key(event.key())])
        elif row is not None:
            self._pick_row(row, extends=bool(held & Qt.KeyboardModifier.ShiftModifier))
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.selectAll()
        else:
            event.ignore()

    def _row_at_key(self, key: int, held: Qt.KeyboardModifier) -> int | None:
        """Where a key leads; None if nowhere. With Ctrl it leads to the same row."""
        keys, modifiers = Qt.Key, Qt.KeyboardModifier
        if held & ~(modifiers.ShiftModifier | modifiers.ControlModifier):
            return None
        last, current = len(self._model.order) - 1, self.currentIndex().row()
        page = max(self.num_visible_rows - 1, 1)
        rows = {
            keys.Key_Home: 0,
            keys.Key_End: last,
            keys.Key_PageUp: current - page,
            keys.Key_PageDown: current + page,
        }
        if held == modifiers.ShiftModifier:
            rows |= {step: current + by for step, by in _STEPS.items()}
        return min(max(rows[Qt.Key(key)], 0), last) if key in rows and last >= 0 else None

    def _pick_row(self, row: int, *, extends: bool) -> None:
        """Pick a row, or all up to it from where the selected ones around the current one begin.

        Only what is picked is told, and shown when it comes back as the selection: Qt by itself
        moves the current row without the selection at some keys, and then decisions would be
        about cells that are out of sight.
        """
        order, rows = self._model.order, [row]
        if extends:
            start = self._start_of_run(row)
            rows = [*range(start, row, 1 if row > start else -1), row]
        self.cells_picked.emit([order[i] for i in rows])
        self._make_current(row)  # also where the same cells were picked, and are out of sight

    def _start_of_run(self, default: int) -> int:
        """The other end of the neighboring selected rows that end in the current one."""
        current = int(self.currentIndex().row())
        if current < 0:
            return default
        selected = {self._model.row_of(cell) for cell in self.selected_cells}
        ends = []
        for by in (-1, 1):
            end = current
            while end + by in selected:
                end += by
            ends.append(end)
        above, below = ends
        return above if below == current else below if above == current else current

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer decisions about the selected cells."""
        cells = self.selected_cells
        if not cells or self._model.column_of("status") is None:
            return
        menu = self.decision_menu(len(cells))
        menu.exec(event.globalPos())
        menu.deleteLater()

    def decision_menu(self, count: int) -> QMenu:
        """A menu of decisions about so many selected cells."""
        menu = QMenu(self)
        what = "this cell" if count == 1 else f"these {count:,} cells"
        for status in STATUSES:
            action = menu.addAction(status_icon(status), decision_text(status, what))
            action.setData(status)
        menu.triggered.connect(self._on_menu)
        return menu

    def _on_menu(self, action: QAction) -> None:
        self.status_requested.emit(action.data())

    def _on_header(self, column: int) -> None:
        self.sort_requested.emit(self._model.columns[column].key)

    def _on_header_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        self.fill_columns_menu(menu)
        menu.exec(self.horizontalHeader().mapToGlobal(at))
        menu.deleteLater()

    def _on_column(self, action: QAction) -> None:
        self.show_column(action.data(), action.isChecked())

    def _on_double_click(self, index: QModelIndex) -> None:
        self.cell_opened.emit(self._model.order[index.row()])

    def _on_selection(self) -> None:
        if not self._is_showing:
            row = self.currentIndex().row()
            current = self._model.order[row] if 0 <= row < len(self._model.order) else -1
            cells = self.selected_cells
            # The one picked last comes last: stepping goes on from there.
            if current in cells:
                cells.remove(current)
                cells.append(current)
            self.cells_picked.emit(cells)

    def _make_current(self, row: int) -> None:
        index, beside = self._model.index(row, 0), self.horizontalScrollBar().value()
        self.selectionModel().setCurrentIndex(index, _Flags.NoUpdate)
        self.scrollTo(index)
        self.horizontalScrollBar().setValue(beside)

    def _fit(self, column: int, at_least: int = _MIN_COLUMN_PX) -> None:
        """Make a column as wide as its title and some of its fields are."""
        if self.isColumnHidden(column):
            return
        header = self.horizontalHeader()
        width = max(self.sizeHintForColumn(column), header.sectionSizeHint(column)) + _MARGIN_PX
        self.setColumnWidth(column, max(min(width, _MAX_COLUMN_PX), at_least))
