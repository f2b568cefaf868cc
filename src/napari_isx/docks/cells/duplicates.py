"""Pairs of cells that may be one, below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from qtpy.QtCore import QAbstractTableModel, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_HEADERS: Final = (
    ("Cell", "The first of two cells that may be one"),
    ("and", "The second"),
    ("Overlap", "The larger of the two shares of weight that one has within the other"),
    ("Correlation", "Of their traces (Pearson's r)"),
)
_ROW_PX: Final = 22
_HEIGHT_PX: Final = 130
_Role: Final = Qt.ItemDataRole


class Pair(NamedTuple):
    """Two cells that may be one, by their names."""

    first: str
    second: str
    overlap: float
    correlation: float


class _PairsModel(QAbstractTableModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs: list[Pair] = []

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        self.beginResetModel()
        self.pairs = list(pairs)
        self.endResetModel()

    def rowCount(self, parent: Any = None) -> int:  # noqa: ARG002, N802
        return len(self.pairs)

    def columnCount(self, parent: Any = None) -> int:  # noqa: ARG002, N802
        return len(_HEADERS)

    def data(self, index: Any, role: int = _Role.DisplayRole) -> Any:
        value = self.pairs[index.row()][index.column()]
        if role == _Role.DisplayRole:
            return value if isinstance(value, str) else f"{value:.2f}"
        if role == _Role.TextAlignmentRole and not isinstance(value, str):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == _Role.DisplayRole:
                return _HEADERS[section][0]
            if role == _Role.ToolTipRole:
                return _HEADERS[section][1]
        return None


class DuplicatesList(QTableView):
    """A row per pair, the most suspicious first."""

    pair_picked = Signal(int)
    """The user picked the pair in this row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _PairsModel(self)
        self.setModel(self._model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.selectionModel().currentRowChanged.connect(self._on_row)
        self.clicked.connect(self._on_row)

    @property
    def pairs(self) -> list[Pair]:
        """What is listed."""
        return list(self._model.pairs)

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """List these."""
        if list(pairs) != self._model.pairs:
            self._model.show_pairs(pairs)
        header = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(min(header + _ROW_PX * len(pairs) + 4, _HEIGHT_PX))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move in the list; all other keys are napari's."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.modifiers():
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _on_row(self, index: Any) -> None:
        if index.isValid():
            self.pair_picked.emit(index.row())
