"""What is asked about decisions: restore them, save them before closing, whose are to stay."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Final

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.question import Answer, Question
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.decisions.conflicts import Difference

_TEXT_WIDTH_PX: Final = 460
_COLUMN_PX: Final = 130
_MAX_ROWS: Final = 12
_ROW_PX, _FRAME_PX = 26, 8
_COLUMNS: Final = ("Cell", "When opened", "In the file now", "Here")


class RestoreBar(QToolBar):
    """A line across the window with decisions that can be restored; nothing waits for it."""

    restore_picked = Signal(bool)
    """Restore; whether also what changed in the file since."""
    postponed = Signal()
    """Not now."""
    dismissed = Signal()
    """Never again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Decisions to restore", parent)
        self.setObjectName("napari-isx restore bar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        self._text = _label("")
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.restore_button = QPushButton("Restore")
        self.rest_button = QPushButton("Restore others")
        self.rest_button.setToolTip("Leave those as they are that changed in the file since")
        self.later_button = QPushButton("Not now")
        self.later_button.setToolTip(
            "They stay in the journal, and are offered again when the file is opened again"
        )
        self.never_button = QPushButton("Don't offer again…")
        self.never_button.setToolTip("They stay in the journal, but are not offered any more")
        inside = QWidget()
        layout = QHBoxLayout(inside)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self._text, 1)
        for button in (self.restore_button, self.rest_button, self.later_button, self.never_button):
            layout.addWidget(button)
        self.addWidget(inside)
        self.restore_button.clicked.connect(lambda: self.restore_picked.emit(True))
        self.rest_button.clicked.connect(lambda: self.restore_picked.emit(False))
        self.later_button.clicked.connect(lambda: self.postponed.emit())
        self.never_button.clicked.connect(lambda: self.dismissed.emit())

    @property
    def text(self) -> str:
        """What it says."""
        return str(self._text.text())

    def show_offer(self, text: str, details: str, num_cells: int, num_conflicts: int) -> None:
        """Show an offer, with a line for each cell; so many changed in the file since."""
        self._text.setText(text)
        lines = escape(details).replace("\n", "<br>")  # a cell's name may look like markup
        self._text.setToolTip(f"<qt>{lines}</qt>")
        self.restore_button.setToolTip(self._text.toolTip())
        self.restore_button.setText("Restore all" if num_conflicts else "Restore")
        rest = num_cells - num_conflicts
        self.rest_button.setText(f"Restore the other {rest:,}")
        self.rest_button.setVisible(0 < rest < num_cells)


class QuestionDialog(QDialog):
    """Asks a `Question`, with more to see between its text and its buttons if need be."""

    def __init__(
        self, question: Question, parent: QWidget | None = None, table: QTableWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(question.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.answer: Answer | None = None
        """What was chosen; None if the dialog was canceled."""
        self.headline, self.text = _label(question.headline), _label(question.text)
        self.table = table
        for label in (self.headline, self.text):
            label.setMinimumWidth(_TEXT_WIDTH_PX)
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        self.buttons = QDialogButtonBox()
        self.cancel_button = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.cancel_button.setIcon(QIcon())  # the system's are hardly seen on a dark theme
        self.buttons.rejected.connect(self.reject)
        self._keys: dict[str, QPushButton] = {}
        default = self.cancel_button
        for answer in question.answers:
            button = self.buttons.addButton(answer.text, QDialogButtonBox.ButtonRole.AcceptRole)
            button.setToolTip(answer.tip)
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._choose, answer))
            self._keys[answer.key] = button
            default = button if answer.is_default else default
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        for widget in (self.headline, self.text, table, self.buttons):
            if widget is not None:
                layout.addWidget(widget, int(widget is table))
        default.setDefault(True)
        (table or default).setFocus()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as the table is."""
        width = self.table.horizontalHeader().length() + 60 if self.table is not None else 0
        return super().sizeHint().expandedTo(QSize(width, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Press the button that a key stands for."""
        if event.text() and event.text() in self._keys:
            self._keys[event.text()].click()
        else:
            super().keyPressEvent(event)

    def _choose(self, answer: Answer, checked: bool = False) -> None:  # noqa: ARG002
        self.answer = answer
        self.accept()


def difference_table(differences: Sequence[Difference]) -> QTableWidget:
    """What another program wrote meanwhile, beside what was decided here."""
    table = QTableWidget(len(differences), len(_COLUMNS))
    table.setHorizontalHeaderLabels(_COLUMNS)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    for row, each in enumerate(differences):
        decided = _worded(each.ours) + ("  (you decided)" if each.is_ours_decided else "")
        texts = (each.name, _worded(each.opened), _worded(each.in_file), decided)
        for column, text in enumerate(texts):
            table.setItem(row, column, QTableWidgetItem(text))
    header = table.horizontalHeader()
    table.resizeColumnsToContents()
    for column in range(len(_COLUMNS)):
        header.resizeSection(column, max(header.sectionSize(column) + 12, _COLUMN_PX))
    header.setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
    rows = table.verticalHeader()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(_ROW_PX)  # the window's style comes only later
    table.setMinimumHeight((min(len(differences), _MAX_ROWS) + 1) * _ROW_PX + _FRAME_PX)
    table.setMaximumHeight((len(differences) + 1) * _ROW_PX + _FRAME_PX)
    return table


def _worded(status: CellStatus) -> str:
    return f"{SYMBOLS[status]} {status}"


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
