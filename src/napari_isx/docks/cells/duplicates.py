"""Going through pairs of cells that may be one: the list, and what is decided about a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.list_keys import CopyKey, MovingKeys
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.review import Kept

_HEADERS: Final = (
    ("First", "The first of two cells that may be one, with its status"),
    ("Second", "The second, with its status"),
    ("Overlap", "The larger of the two shares of weight that one has within the other"),
    ("Corr.", "Correlation of their traces (Pearson's r)"),
    ("Decision", "Which of the two was kept; empty while that is open"),
)
_LIST_PX: Final = 84  # a header and two rows


class Pair(NamedTuple):
    """Two cells that may be one: names, how alike they are, the decision, and their statuses."""

    first: str
    second: str
    overlap: float
    correlation: float
    decision: str = ""
    statuses: tuple[CellStatus, CellStatus] = ("undecided", "undecided")


class _PairsList(CopyKey, MovingKeys, QTreeWidget):
    """A row per pair; all keys but those that move in it are napari's."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Pairs of cells that may be one")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHeaderLabels([title for title, _ in _HEADERS])
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, (_, tip) in enumerate(_HEADERS):
            self.headerItem().setToolTip(column, tip)

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        if self.topLevelItemCount() != len(pairs):
            self.clear()
            self.addTopLevelItems([QTreeWidgetItem() for _ in pairs])
        for row, pair in enumerate(pairs):
            item = self.topLevelItem(row)
            for column, text in enumerate(_fields(pair)):
                item.setText(column, text)
            for column, status in enumerate(pair.statuses):
                item.setIcon(column, status_icon(status))
                item.setToolTip(column, f"{pair[column]}: {status}")

    def selected_text(self) -> str:
        titles = "\t".join(title for title, _ in _HEADERS)
        rows = ("\t".join(item.text(i) for i in range(5)) for item in self.selectedItems())
        return "\n".join([titles, *rows]) + "\n"


def _fields(pair: Pair) -> tuple[str, ...]:
    likeness = (f"{value:.2f}" for value in (pair.overlap, pair.correlation))
    return pair.first, pair.second, *likeness, pair.decision


class DuplicatesPanel(QWidget):
    """The pairs, the most suspicious first, and buttons for the one that is picked."""

    pair_picked = Signal(int)
    """The user picked the pair in this row."""
    kept = Signal(str)
    """Which of the picked pair is kept: "first", "second" or "both"."""
    next_requested = Signal()
    """To the next pair that is not decided about."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs: list[Pair] = []
        """What is listed."""
        self.list = _PairsList()
        self.list.setAccessibleName("Suspected duplicates")
        self.list.setMinimumHeight(_LIST_PX)
        self.buttons: dict[Kept, QPushButton] = {}
        self._next = QPushButton()
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, kept in enumerate(("first", "second", "both")):
            button = self.buttons[kept] = QPushButton()  # type: ignore[index]
            button.setObjectName(kept)
            button.clicked.connect(self._on_button)
            grid.addWidget(button, place // 2, place % 2)
        grid.addWidget(self._next, 1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list, 1)
        layout.addLayout(grid)
        self._keys: Mapping[str, str] = {}
        self.list.currentItemChanged.connect(self._on_item)
        self.list.itemClicked.connect(self._on_item)
        self._next.clicked.connect(self.next_requested)
        self._show_buttons()

    def show_pairs(self, pairs: Sequence[Pair], current: int) -> None:
        """List these, with one of them picked; -1 for none."""
        with QSignalBlocker(self.list):
            if list(pairs) != self.pairs:
                self.pairs = list(pairs)
                self.list.show_pairs(pairs)
            self.list.clearSelection()
            self.list.setCurrentItem(self.list.topLevelItem(current))
        self._show_buttons()

    def show_keys(self, keys: Mapping[str, str]) -> None:
        self._keys = keys
        self._show_buttons()

    def _show_buttons(self) -> None:
        row = self.list.indexOfTopLevelItem(self.list.currentItem())
        first, second = self.pairs[row][:2] if row >= 0 else ("first", "second")
        words: dict[Kept, tuple[str, str]] = {
            "first": (first, f"Reject {second}"),
            "second": (second, f"Reject {first}"),
            "both": ("both", "Reject neither of the two"),
        }
        for kept, button in self.buttons.items():
            name, tip = words[kept]
            key = self._keys.get(f"keep_{kept}", "")
            button.setText(f"Keep {name}  {key}".rstrip().replace("&", "&&"))
            button.setToolTip(tip)
            button.setEnabled(row >= 0)
        self._next.setText(f"Next open pair  {self._keys.get('next_pair', '')}".rstrip())
        self._next.setEnabled(any(not pair.decision for pair in self.pairs))

    def _on_button(self) -> None:
        self.kept.emit(self.sender().objectName())

    def _on_item(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.pair_picked.emit(self.list.indexOfTopLevelItem(item))
