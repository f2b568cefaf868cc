"""The table of cells on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from napari_isx.docks.cells.decision_texts import decision_text
from napari_isx.docks.cells.table_model import CellTableModel, header_text
from napari_isx.docks.common.list_keys import CopyKey, copy_to_clipboard
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.cell_table import CellTable

_ROW_PX: Final = 22
_SAMPLED_ROWS: Final = 60
_MIN_COLUMN_PX: Final = 40
_MAX_COLUMN_PX: Final = 220
_MARGIN_PX: Final = 2
_HEADER_PX: Final = 14
_ARROW_PX: Final = 16
_FIRST: Final = (
    *("status", "name", "neighbor_correlation", "overlap", "skewness", "snr", "peak_snr"),
    *("num_events", "event_rate"),
)
"""The columns by which people decide, in view in a narrow dock too; the others follow."""
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
_SETTING: Final = "cell_columns"
_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_Flags: Final = QItemSelectionModel.SelectionFlag


class CellTableView(CopyKey, QTableView):
    """A row per cell; one or more are picked, with Ctrl and Shift."""

    cells_picked = Signal(list)
    """The user picked these cells, and no others."""
    cell_opened = Signal(int)
    """The user double-clicked a cell, or wants it in the middle of the canvas."""
    traces_requested = Signal()
    """The traces of the selected cells are wanted in sight."""
    step_requested = Signal(int)
    """To the next row, 1, or the one above, -1."""
    sort_requested = Signal(str)
    """The user clicked the header of the column with this key."""
    sorting_picked = Signal(object)
    """Key and whether upwards, or None for the file's order, in the menu of a header."""
    status_requested = Signal(str)
    """The user gave the selected cells this status, in the menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CellTableModel(self)
        self._is_showing = False
        settings = recall(_SETTING)
        chosen = settings if isinstance(settings, dict) else {}
        shown, order = chosen.get("shown"), chosen.get("order")
        self._shown_keys: dict[str, bool] = shown if isinstance(shown, dict) else {}
        self._order_of_keys: list[str] = order if isinstance(order, list) else list(_FIRST)
        self.setModel(self._model)
        self.setAccessibleName("Table of cells")
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
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setResizeContentsPrecision(_SAMPLED_ROWS)
        header.setMinimumSectionSize(_MIN_COLUMN_PX)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        header.sectionClicked.connect(self._on_header)
        header.sectionMoved.connect(self._on_moved)
        self.doubleClicked.connect(self._on_double_click)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    @property
    def order(self) -> list[int]:
        return list(self._model.order)

    @property
    def num_visible_rows(self) -> int:
        return int(self.viewport().height()) // _ROW_PX

    @property
    def shown_columns(self) -> list[str]:
        """Keys of the columns that are shown, from the left."""
        return [self._model.columns[i].key for i in self._visible_columns()]

    @property
    def selected_cells(self) -> list[int]:
        """Cells of the selected rows, from the top."""
        return [self._model.order[row] for row in self._selected_rows()]

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
        self._arrange_columns()
        self.show_sorting(table.sorted_by if table is not None else None)

    def show_rows(self) -> None:
        """Show other rows, or in another order, with the same ones selected."""
        beside = self.horizontalScrollBar().value()
        self._is_showing = True
        self._model.show_rows()
        self._is_showing = False
        self.horizontalScrollBar().setValue(beside)

    def show_values(self, key: str, cells: Sequence[int] = (), *, widens: bool = True) -> None:
        """Show other values of a column, of some cells or of all, and widen it for them."""
        self._model.show_values(key, cells)
        column = self._model.column_of(key)
        if column is not None and widens:
            self._fit(column, at_least=self.columnWidth(column))

    def show_sorting(self, sorted_by: tuple[str, bool] | None) -> None:
        column = self._model.column_of(sorted_by[0]) if sorted_by is not None else None
        orders = Qt.SortOrder
        rises = sorted_by is None or sorted_by[1]
        order = orders.AscendingOrder if rises else orders.DescendingOrder
        self.horizontalHeader().setSortIndicator(-1 if column is None else column, order)
        if column is not None:
            self._fit(column, at_least=self.columnWidth(column))

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

    # ---- columns

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column, also in the next window."""
        column = self._model.column_of(key)
        self._shown_keys[key] = shown
        if column is not None:
            self.setColumnHidden(column, not shown)
            self._fit(column)
        self._remember()

    def _visible_columns(self) -> list[int]:
        header = self.horizontalHeader()
        placed = map(header.logicalIndex, range(len(self._model.columns)))
        return [column for column in placed if not self.isColumnHidden(column)]

    def _arrange_columns(self) -> None:
        """Put those that have a place into their order, the others behind them."""
        header, keys = self.horizontalHeader(), [metric.key for metric in self._model.columns]
        placed = [key for key in self._order_of_keys if key in keys]
        rest = [key for key in keys if key not in placed]
        with QSignalBlocker(header):
            for place, key in enumerate([*placed, *rest]):
                header.moveSection(header.visualIndex(keys.index(key)), place)
        self.viewport().update()

    def _on_moved(self) -> None:
        """Remember the order; what is not there now keeps its place behind that."""
        header = self.horizontalHeader()
        places = range(len(self._model.columns))
        keys = [self._model.columns[header.logicalIndex(place)].key for place in places]
        self._order_of_keys = [*keys, *(key for key in self._order_of_keys if key not in keys)]
        self._remember()

    def _remember(self) -> None:
        remember(_SETTING, {"shown": self._shown_keys, "order": self._order_of_keys})

    def _fit(self, column: int, at_least: int = _MIN_COLUMN_PX) -> None:
        """Make a column as wide as its title and some of its fields are."""
        if self.isColumnHidden(column):
            return
        # Not as wide as Qt asks for, which keeps room for an arrow in every header.
        arrow = _ARROW_PX * (self.horizontalHeader().sortIndicatorSection() == column)
        lines = header_text(self._model.columns[column]).split("\n")
        title = max(map(self.horizontalHeader().fontMetrics().horizontalAdvance, lines))
        width = max(self.sizeHintForColumn(column) + _MARGIN_PX, title + _HEADER_PX + arrow)
        self.setColumnWidth(column, max(min(width, _MAX_COLUMN_PX), at_least))

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move and copy; all other keys are napari's, also letters, which Qt would search."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        row = self._row_at_key(event.key(), held)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        elif event.key() in _STEPS and held == Qt.KeyboardModifier.NoModifier:
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

        Only what is picked is emitted, and shown when it comes back as the selection: Qt by itself
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
        current, selected = int(self.currentIndex().row()), set(self._selected_rows())
        if current < 0:
            return default
        above = below = current
        while above - 1 in selected:
            above -= 1
        while below + 1 in selected:
            below += 1
        return above if below == current else below if above == current else current

    # ---- menus

    def selected_text(self) -> str:
        """The selected rows with the titles of the shown columns, for a spreadsheet."""
        rows = self._selected_rows()
        return self._model.rows_as_text(rows, self._visible_columns()) if rows else ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        if self.selected_cells:
            self.row_menu().popup(event.globalPos())

    def row_menu(self) -> QMenu:
        menu, cells = self._menu(), self.selected_cells
        what = "this cell" if len(cells) == 1 else f"these {len(cells):,} cells"
        if self._model.column_of("status") is not None:
            for status in STATUSES:
                action = menu.addAction(status_icon(status), decision_text(status, what))
                action.setData(status)
                action.triggered.connect(partial(self._emit, self.status_requested, (status,)))
            menu.addSeparator()
        row = self.currentIndex().row()
        current = self._model.order[row] if row in self._selected_rows() else cells[-1]
        center = partial(self._emit, self.cell_opened, (current,))
        menu.addAction("Center on the canvas").triggered.connect(center)
        shown = "Show trace" if len(cells) == 1 else "Show traces"
        menu.addAction(shown).triggered.connect(partial(self._emit, self.traces_requested, ()))
        menu.addSeparator()
        menu.addAction("Copy as text\tCtrl+C").triggered.connect(self.copy_selected)
        self._add_columns(menu)
        return menu

    def header_menu(self, column: int) -> QMenu:
        menu, metric = self._menu(), self._model.columns[column]
        for text, sorting in (
            ("Sort upwards", (metric.key, True)),
            ("Sort downwards", (metric.key, False)),
            ("Order of the file", None),
        ):
            action = menu.addAction(text)
            action.triggered.connect(partial(self._emit, self.sorting_picked, (sorting,)))
        menu.addSeparator()
        if metric.kind != "text":
            menu.addAction("Hide this column").triggered.connect(partial(self._hide, metric.key))
        self._add_columns(menu)
        menu.addAction("Copy table as text").triggered.connect(self._copy_all)
        return menu

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _add_columns(self, menu: QMenu) -> None:
        columns = menu.addMenu("Choose columns")
        columns.setToolTipsVisible(True)
        for column, metric in enumerate(self._model.columns):
            if metric.kind != "text":
                action = columns.addAction(metric.header)
                action.setCheckable(True)
                action.setChecked(not self.isColumnHidden(column))
                action.setToolTip(metric.tooltip)
                action.setData(metric.key)
        columns.triggered.connect(self._on_column)

    def _copy_all(self) -> None:
        rows = range(len(self._model.order))
        copy_to_clipboard(self._model.rows_as_text(rows, self._visible_columns()))

    # `checked` is what Qt adds for an action.
    def _emit(self, signal: Any, values: tuple[Any, ...], checked: bool = False) -> None:  # noqa: ARG002
        signal.emit(*values)

    def _hide(self, key: str, checked: bool = False) -> None:  # noqa: ARG002
        self.show_column(key, False)

    def _on_column(self, action: QAction) -> None:
        self.show_column(action.data(), action.isChecked())

    def _on_header(self, column: int) -> None:
        self.sort_requested.emit(self._model.columns[column].key)

    def _on_header_menu(self, at: QPoint) -> None:
        column = self.horizontalHeader().logicalIndexAt(at)
        if column >= 0:
            self.header_menu(column).popup(self.horizontalHeader().mapToGlobal(at))

    # ---- rows

    def _selected_rows(self) -> list[int]:
        rows: set[int] = set()
        for area in self.selectionModel().selection():
            rows.update(range(area.top(), area.bottom() + 1))
        return sorted(rows)

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
