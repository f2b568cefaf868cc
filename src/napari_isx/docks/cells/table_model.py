"""The table of cells as Qt's views take it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QAbstractTableModel, QItemSelection, QModelIndex, QPersistentModelIndex, Qt
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QWidget

from napari_isx.analysis.cell_metrics.definitions import STATUS, Metric
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.cell_table import CellTable

_COMING: Final = "…"
_STORED: Final = ", stored"
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_AnyIndex: TypeAlias = "QModelIndex | QPersistentModelIndex"
_Role: Final = Qt.ItemDataRole


class CellTableModel(QAbstractTableModel):
    """Rows and columns of a `CellTable`, looked up as they are drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: CellTable | None = None
        self._columns: list[Metric] = []
        self._order: list[int] = []
        self._rows = np.empty(0, np.intp)
        self._italic = QFont()
        self._italic.setItalic(True)

    @property
    def columns(self) -> list[Metric]:
        """What is in each column."""
        return self._columns

    @property
    def order(self) -> list[int]:
        """The cell in each row."""
        return self._order

    def show_table(self, table: CellTable | None) -> None:
        """Show another table, or none."""
        self.beginResetModel()
        self._table = table
        self._columns = table.columns if table is not None else []
        self._take_order()
        self.endResetModel()

    def show_rows(self) -> None:
        """Show other rows of the table, or in another order."""
        self.beginResetModel()
        self._take_order()
        self.endResetModel()

    def show_values(self, key: str) -> None:
        """Show other values of a column."""
        column = self.column_of(key)
        if column is not None and self._order:
            self.dataChanged.emit(self.index(0, column), self.index(len(self._order) - 1, column))

    def column_of(self, key: str) -> int | None:
        """Where a column is; None if there is none."""
        return next((i for i, metric in enumerate(self._columns) if metric.key == key), None)

    def row_of(self, cell: int) -> int | None:
        """The row a cell is in; None if it has none."""
        row = int(self._rows[cell]) if cell < len(self._rows) else -1
        return row if row >= 0 else None

    def selection_of(self, cells: Iterable[int]) -> QItemSelection:
        """The rows of cells, neighboring ones together."""
        rows = self._known_rows(cells)
        selection, last = QItemSelection(), len(self._columns) - 1
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            if len(run):
                selection.select(self.index(int(run[0]), 0), self.index(int(run[-1]), last))
        return selection

    def _known_rows(self, cells: Iterable[int]) -> npt.NDArray[np.intp]:
        asked = np.array([cell for cell in cells if cell < len(self._rows)], np.intp)
        rows = self._rows[asked]
        return np.unique(rows[rows >= 0])

    def rowCount(self, parent: _AnyIndex | None = None) -> int:  # noqa: N802
        """How many rows are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: _AnyIndex | None = None) -> int:  # noqa: N802
        """How many columns there are, hidden ones as well."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: _AnyIndex, role: int = _Role.DisplayRole) -> Any:
        """What stands in a field, and how."""
        if not index.isValid() or self._table is None:
            return None
        metric, cell = self._columns[index.column()], self._order[index.row()]
        if role == _Role.DisplayRole:
            return self._text(cell, metric)
        if role == _Role.TextAlignmentRole:
            return _LEFT if metric.kind == "text" else _RIGHT
        if role == _Role.DecorationRole and metric.key == STATUS:
            return status_icon(_status(self._table.text(cell, STATUS)))
        if role == _Role.ToolTipRole:
            return f"{self._table.names[cell]}: {metric.header} {self._text(cell, metric)}"
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        """Title, unit and definition of a column."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        metric = self._columns[section]
        if role == _Role.DisplayRole:
            return header_text(metric)
        if role == _Role.ToolTipRole:
            return metric.tooltip
        if role == _Role.FontRole and metric.source == "stored" and metric.kind != "text":
            return self._italic
        return None

    def _text(self, cell: int, metric: Metric) -> str:
        assert self._table is not None
        if metric.kind != "text" and self._table.values(metric.key) is None:
            return _COMING
        return self._table.text(cell, metric.key)

    def _take_order(self) -> None:
        order = self._table.order if self._table is not None else np.empty(0, np.intp)
        self._order = order.tolist()
        count = len(self._table) if self._table is not None else 0
        self._rows = np.full(count, -1, np.intp)
        self._rows[order] = np.arange(len(order))


def header_text(metric: Metric) -> str:
    """Title, and below it the unit and whether the file has it stored."""
    is_stored = metric.source == "stored" and metric.kind != "text"
    words = ["stored"] if is_stored else []
    unit = metric.unit.strip()
    below = ", ".join([*words, unit] if unit else words)
    return f"{metric.title.removesuffix(_STORED)}\n{below}"


def _status(text: str) -> Any:
    return text if text in STATUSES else "undecided"
