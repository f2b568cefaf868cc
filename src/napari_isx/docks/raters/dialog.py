"""The dialog that compares two raters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from qtpy.QtCore import QEvent, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QFocusEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.docks.common.list_keys import MovingKeys
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.session.raters import Comparison

_NOW: Final = 3
_COLUMN_PX: Final = 120
_WIDTH_PX, _HEIGHT_PX = 620, 560
_OWN_KEYS: Final = frozenset(
    {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
)


class RatersDialog(QDialog):
    """Shows how two raters differ, and says which disagreement the user wants to see.

    Keys that it does not know go to the window, so that cells are decided about from here too.
    Journals are looked for in `folder` first.
    """

    journal_chosen = Signal(str)
    """A journal, by its path."""
    raters_picked = Signal(int, int)
    """Two raters, by their places."""
    row_picked = Signal(int)
    """This disagreement, by its place."""
    csv_chosen = Signal(str)
    """The table is wanted as this file."""
    closed = Signal()

    def __init__(self, folder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare raters")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder = folder
        self.a = QComboBox(accessibleName="First rater")
        self.b = QComboBox(accessibleName="Second rater")
        self.open_button = QPushButton("&Open journal…")
        self.open_button.setToolTip(f"A file whose name ends in {JOURNAL_SUFFIX}")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.confusion = _table("How often they agree", ["", *STATUSES])
        self.table = _table("Cells they differ in", ["Cell", "", "", "Now"])
        self.previous_button, self.next_button = QPushButton("◀ &Previous"), QPushButton("&Next ▶")
        self.place = QLabel()
        self.csv_button = QPushButton("Save table…")
        self.close_button = QPushButton("Close")
        self._lay_out()
        self.a.activated.connect(self._on_picked)
        self.b.activated.connect(self._on_picked)
        self.open_button.clicked.connect(self.ask_for_journal)
        self.previous_button.clicked.connect(partial(self._step, -1))
        self.next_button.clicked.connect(partial(self._step, 1))
        self.csv_button.clicked.connect(self.ask_for_csv)
        self.close_button.clicked.connect(self.close)
        self.table.currentCellChanged.connect(self._on_row)
        self.show_comparison(None, None)

    def show_raters(self, titles: Sequence[str], a: int, b: int) -> None:
        """Offer these raters, with two of them chosen; -1 for none."""
        for combo, place in ((self.a, a), (self.b, b)):
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItems(list(titles))
                combo.setCurrentIndex(place)
            combo.setToolTip(combo.currentText())

    def show_comparison(
        self, comparison: Comparison | None, now: Sequence[CellStatus] | None
    ) -> None:
        """Show how two raters differ; `now` are the statuses as they are decided here."""
        for widget in (self.confusion, self.table, self.csv_button):
            widget.setEnabled(comparison is not None)
        with QSignalBlocker(self.table):
            for table in (self.table, self.confusion):
                table.setRowCount(0)
            if comparison is not None:
                self._show_queue(comparison)
                self._show_confusion(comparison)
        self.show_now(now)
        if comparison is not None:
            self.table.setFocus()
        self._show_steps()

    def show_now(self, now: Sequence[CellStatus] | None) -> None:
        """Show statuses as they are decided here."""
        self.table.setColumnHidden(_NOW, now is None)
        for row in range(self.table.rowCount() if now is not None else 0):
            cell = self.table.item(row, 0).data(Qt.ItemDataRole.UserRole)
            self.table.setItem(row, _NOW, _status_item(now[cell]))  # type: ignore[index]

    def show_place(self, place: int) -> None:
        """Mark the disagreement that is looked at; -1 for none."""
        with QSignalBlocker(self.table):
            if place < 0:
                self.table.setCurrentItem(None)
                self.table.clearSelection()
            else:
                self.table.setCurrentCell(place, 0)
        self._show_steps()

    def show_message(self, text: str) -> None:
        """Say something."""
        self.message.setText(text)

    def event(self, event: QEvent) -> bool:
        """Hand keys of decisions to the window, pressed and let go."""
        is_key = event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        if is_key and event.key() not in _OWN_KEYS and self.parent() is not None:
            return bool(QApplication.sendEvent(self.parent(), event))
        return bool(super().event(event))

    def done(self, result: int) -> None:
        """Close, by whatever key or button."""
        super().done(result)
        self.closed.emit()

    def ask_for_journal(self) -> QFileDialog:
        """Let the user choose a journal."""
        kinds = f"Journals (*{JOURNAL_SUFFIX});;All files (*)"
        dialog = QFileDialog(self, "Open a journal", self._folder, kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.journal_chosen)
        dialog.open()
        return dialog

    def ask_for_csv(self) -> QFileDialog:
        """Let the user choose where to save the table."""
        proposed = Path(self._folder, "disagreements.csv")
        dialog = save_dialog(self, "Save the disagreements", proposed, "Table (*.csv)")
        dialog.fileSelected.connect(self.csv_chosen)
        dialog.open()
        return dialog

    def _show_queue(self, comparison: Comparison) -> None:
        """A row for each cell about which they differ."""
        titles = (comparison.a.title, comparison.b.title)
        self.table.setHorizontalHeaderLabels(["Cell", *map(_short, titles), "Now"])
        for column, title in enumerate(titles, start=1):
            self.table.horizontalHeaderItem(column).setToolTip(title)
        found = comparison.disagreements
        self.table.setRowCount(len(found))
        for row, (cell, name, a, b) in enumerate(found.itertuples(index=False)):
            item = QTableWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, int(cell))
            for column, each in enumerate((item, _status_item(a), _status_item(b))):
                self.table.setItem(row, column, each)

    def _show_confusion(self, comparison: Comparison) -> None:
        """Rows are the statuses by the first rater, columns those by the second."""
        a, b = comparison.a.title, comparison.b.title
        table, counts = self.confusion, comparison.confusion.to_numpy()
        table.setHorizontalHeaderLabels([f"{_short(a)} ↓   {_short(b)} →", *STATUSES])
        table.setRowCount(len(STATUSES))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, ours in enumerate(STATUSES):
            table.setItem(row, 0, _status_item(ours))
            for column, theirs in enumerate(STATUSES):
                item = QTableWidgetItem(f"{counts[row, column]:,}")
                item.setTextAlignment(right)
                font = item.font()
                font.setBold(ours == theirs)
                item.setFont(font)
                item.setToolTip(f"{a}: {ours}, {b}: {theirs}")
                table.setItem(row, column + 1, item)
        rows = len(STATUSES) * table.rowHeight(0)
        table.setFixedHeight(rows + table.horizontalHeader().sizeHint().height() + 4)

    def _show_steps(self) -> None:
        count, place = self.table.rowCount(), self.table.currentRow()
        self.previous_button.setEnabled(place > 0)
        self.next_button.setEnabled(place < count - 1)
        if not count:
            self.place.setText("")
        elif place < 0:
            self.place.setText("1 disagreement" if count == 1 else f"{count:,} disagreements")
        else:
            self.place.setText(f"{place + 1:,} of {count:,}")

    def _on_picked(self) -> None:
        for combo in (self.a, self.b):
            combo.setToolTip(combo.currentText())
        self.raters_picked.emit(self.a.currentIndex(), self.b.currentIndex())

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self.row_picked.emit(row)

    def _step(self, by: int, checked: bool = False) -> None:  # noqa: ARG002
        self.table.setCurrentCell(self.table.currentRow() + by, 0)

    def _lay_out(self) -> None:
        raters = QGridLayout()
        for row, (title, combo) in enumerate((("First rater", self.a), ("Second rater", self.b))):
            raters.addWidget(QLabel(title), row, 0)
            raters.addWidget(combo, row, 1)
        raters.addWidget(self.open_button, 0, 2, 2, 1)
        raters.setColumnStretch(1, 1)
        steps, bottom = QHBoxLayout(), QHBoxLayout()
        steps.addWidget(self.previous_button)
        steps.addWidget(self.next_button)
        steps.addWidget(self.place, 1)
        bottom.addWidget(self.csv_button)
        bottom.addStretch(1)
        bottom.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addLayout(raters)
        layout.addWidget(self.message)
        layout.addWidget(self.confusion)
        layout.addWidget(self.table, 1)
        layout.addLayout(steps)
        layout.addLayout(bottom)
        first = QHeaderView.ResizeMode.ResizeToContents
        self.confusion.horizontalHeader().setSectionResizeMode(0, first)
        self.message.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.resize(_WIDTH_PX, _HEIGHT_PX)


class _Table(MovingKeys, QTableWidget):
    """A table that leaves letters to the window, where they are decisions."""

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Take the keys without picking the first row, as Qt would."""
        had_row = self.currentIndex().isValid()
        with QSignalBlocker(self):
            super().focusInEvent(event)
            if not had_row:
                self.setCurrentItem(None)


def _table(name: str, titles: Sequence[str]) -> QTableWidget:
    table = _Table(0, len(titles))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(titles))
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    header = table.horizontalHeader()
    header.setDefaultSectionSize(_COLUMN_PX)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return table


def _status_item(status: CellStatus) -> QTableWidgetItem:
    item = QTableWidgetItem(status)
    item.setIcon(status_icon(status))
    return item


def _short(title: str) -> str:
    """A rater's name, without the file's."""
    return title.partition(" (")[0]
