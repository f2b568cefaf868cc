"""The table of cells as Qt's views take it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
        self.columns: list[Metric] = []
        """What is in each column."""
        self.order: list[int] = []
        self._rows = np.empty(0, np.intp)
        self._italic, self._bold = QFont(), QFont()
        self._italic.setItalic(True)
        self._bold.setBold(True)

    def show_table(self, table: CellTable | None) -> None:
        self.beginResetModel()
        self._table = table
        self.columns = table.columns if table is not None else []
        self._take_order()
        self.endResetModel()

    def show_rows(self) -> None:
        """Show other rows of the table, or in another order."""
        self.beginResetModel()
        self._take_order()
        self.endResetModel()

    def show_values(self, key: str, cells: Sequence[int] = ()) -> None:
        """Show other values of a column, of some cells or of all."""
        column = self.column_of(key)
        if column is None or not self.order:
            return
        rows = self._known_rows(cells) if cells else np.arange(len(self.order))
        for first, last in _runs(rows):
            self.dataChanged.emit(self.index(first, column), self.index(last, column))

    def column_of(self, key: str) -> int | None:
        return next((i for i, metric in enumerate(self.columns) if metric.key == key), None)

    def row_of(self, cell: int) -> int | None:
        """The row a cell is in; None if it has none."""
        row = int(self._rows[cell]) if cell < len(self._rows) else -1
        return row if row >= 0 else None

    def selection_of(self, cells: Iterable[int]) -> QItemSelection:
        """The rows of cells, neighboring ones together."""
        selection, last_column = QItemSelection(), len(self.columns) - 1
        for first, last in _runs(self._known_rows(cells)):
            selection.select(self.index(first, 0), self.index(last, last_column))
        return selection

    def rows_as_text(self, rows: Iterable[int], columns: Sequence[int]) -> str:
        """Titles and rows, with tabs between fields, as spreadsheets take them."""
        lines = ["\t".join(self.columns[column].header for column in columns)]
        for row in rows:
            fields = (self._exact_text(self.order[row], self.columns[i]) for i in columns)
            lines.append("\t".join(" ".join(field.split()) for field in fields))
        return "\n".join(lines) + "\n"

    def rowCount(self, parent: _AnyIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.order)

    def columnCount(self, parent: _AnyIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: _AnyIndex, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid() or self._table is None:
            return None
        metric, cell = self.columns[index.column()], self.order[index.row()]
        if role == _Role.DisplayRole:
            return self._text(cell, metric)
        if role == _Role.TextAlignmentRole:
            return _LEFT if metric.kind == "text" else _RIGHT
        if role == _Role.ToolTipRole:
            return self._tooltip(cell, metric)
        if metric.key == STATUS and role == _Role.DecorationRole:
            text = self._table.text(cell, STATUS)
            return status_icon(next((s for s in STATUSES if s == text), "undecided"))
        if metric.key == STATUS and role == _Role.FontRole:
            return self._bold if self._table.proposal(cell) is not None else None
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        """Title, unit and definition of a column."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        metric = self.columns[section]
        if role == _Role.DisplayRole:
            return header_text(metric)
        if role == _Role.ToolTipRole:
            return f"{metric.tooltip}\nClick to sort, drag to move, right-click for more."
        if role == _Role.FontRole and metric.source == "stored" and metric.kind != "text":
            return self._italic
        return None

    def _text(self, cell: int, metric: Metric) -> str:
        assert self._table is not None
        if metric.kind != "text" and self._table.values(metric.key) is None:
            return _COMING
        proposed = self._table.proposal(cell) if metric.key == STATUS else None
        return self._table.text(cell, metric.key) if proposed is None else f"→ {proposed}"

    def _exact_text(self, cell: int, metric: Metric) -> str:
        """With all digits, as what is copied may be computed with."""
        assert self._table is not None
        values = self._table.values(metric.key)
        if values is None:
            return self._table.text(cell, metric.key)
        return "" if np.isnan(values[cell]) else f"{values[cell]:.10g}"

    def _tooltip(self, cell: int, metric: Metric) -> str:
        assert self._table is not None
        proposed = self._table.proposal(cell) if metric.key == STATUS else None
        tip = f"{self._table.names[cell]}: {metric.header} {self._table.text(cell, metric.key)}"
        return tip if proposed is None else f"{tip}, {proposed} if the rule is applied"

    def _known_rows(self, cells: Iterable[int]) -> npt.NDArray[np.intp]:
        asked = np.array([cell for cell in cells if cell < len(self._rows)], np.intp)
        rows = self._rows[asked]
        return np.unique(rows[rows >= 0])

    def _take_order(self) -> None:
        order = self._table.order if self._table is not None else np.empty(0, np.intp)
        self.order = order.tolist()
        self._rows = np.full(len(self._table) if self._table is not None else 0, -1, np.intp)
        self._rows[order] = np.arange(len(order))


def header_text(metric: Metric) -> str:
    """Title, and below it the unit and whether the file has it stored."""
    is_stored = metric.source == "stored" and metric.kind != "text"
    below = ", ".join(filter(None, ("stored" * is_stored, metric.unit.strip())))
    title = metric.title.removesuffix(_STORED)
    # What needs one line alone is narrower on two.
    return f"{title}\n{below}" if below or " " not in title else "\n".join(title.split(" ", 1))


def _runs(rows: npt.NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """First and last of neighboring rows, which are in order."""
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if len(run):
            yield int(run[0]), int(run[-1])
