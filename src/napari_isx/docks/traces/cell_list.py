"""The list of cells: name and status of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from qtpy.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QAbstractItemView, QListView, QWidget

from napari_isx.docks.common.list_keys import MovingKeys
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.io.cells.cell_set import CellStatus

_NO_STATUS: Final = "·"
_LEAST_PX: Final = 24
_AnyIndex: TypeAlias = "QModelIndex | QPersistentModelIndex"


class CellListModel(QAbstractListModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._statuses: list[CellStatus | None] = []

    def set_cells(self, names: Sequence[str], statuses: Sequence[CellStatus | None]) -> None:
        self.beginResetModel()
        self._names, self._statuses = list(names), list(statuses)
        self.endResetModel()

    def set_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        self._statuses = list(statuses)
        self.dataChanged.emit(self.index(0), self.index(len(self._names) - 1))

    def rowCount(self, parent: _AnyIndex | None = None) -> int:  # noqa: N802, ARG002
        return len(self._names)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        status = self._statuses[index.row()]
        name = self._names[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_NO_STATUS if status is None else SYMBOLS[status]}  {name}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return name if status is None else f"{name}: {status}"
        return None


class CellList(MovingKeys, QListView):
    """A list from which cells are picked: one, or more with Ctrl and Shift."""

    cells_picked = Signal(list)  # the user picked these cells, and no others

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CellListModel(self)
        self.setModel(self._model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setAccessibleName("Cells")
        self.setMinimumHeight(_LEAST_PX)
        self._showing = False
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def set_cells(self, names: Sequence[str], statuses: Sequence[CellStatus | None]) -> None:
        """List other cells, none of them selected."""
        self._showing = True
        self._model.set_cells(names, statuses)
        self._showing = False

    def set_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        self._model.set_statuses(statuses)

    def show_selection(self, cells: Sequence[int]) -> None:
        """Mark cells as selected, and bring the last of them into sight."""
        if sorted(cells) == sorted(index.row() for index in self.selectedIndexes()):
            return
        wanted = QItemSelection()
        for cell in cells:
            index = self._model.index(cell)
            wanted.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self._showing = True
        self.selectionModel().select(wanted, flags.ClearAndSelect)
        if cells:
            last = self._model.index(cells[-1])
            self.selectionModel().setCurrentIndex(last, flags.NoUpdate)
            self.scrollTo(last)
        self._showing = False

    def _on_selection(self) -> None:
        if not self._showing:
            current = self.currentIndex().row()
            rows = [index.row() for index in self.selectedIndexes()]
            # The one picked last comes last: stepping goes on from there.
            self.cells_picked.emit(sorted(rows, key=lambda row: (row == current, row)))
