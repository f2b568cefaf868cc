"""What is asked about decisions: restore them, save them before closing, whose are to stay."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from html import escape
from typing import Any, Final

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

from napari_isx.docks.common.question import Question
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.decisions.conflicts import Difference

_Role: Final = QDialogButtonBox.ButtonRole
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
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
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
        for button in (
            self.restore_button,
            self.rest_button,
            self.later_button,
            self.never_button,
        ):
            layout.addWidget(button)
        self.addWidget(inside)
        self.restore_button.clicked.connect(self._on_restore)
        self.rest_button.clicked.connect(self._on_rest)
        self.later_button.clicked.connect(self._on_later)
        self.never_button.clicked.connect(self._on_never)

    @property
    def text(self) -> str:
        """What it says."""
        return str(self._text.text())

    def show_offer(self, text: str, details: str, num_cells: int, num_conflicts: int) -> None:
        """Show an offer.

        Parameters
        ----------
        text, details : str
            A sentence, and a line for each cell.
        num_cells, num_conflicts : int
            How many cells it is about, and how many of them changed in the file since.
        """
        self._text.setText(text)
        lines = escape(details).replace("\n", "<br>")  # a cell's name may look like markup
        self._text.setToolTip(f"<qt>{lines}</qt>")
        self.restore_button.setToolTip(self._text.toolTip())
        self.restore_button.setText("Restore all" if num_conflicts else "Restore")
        rest = num_cells - num_conflicts
        self.rest_button.setText(f"Restore the other {rest:,}")
        self.rest_button.setVisible(0 < rest < num_cells)

    def _on_restore(self) -> None:
        self.restore_picked.emit(True)

    def _on_rest(self) -> None:
        self.restore_picked.emit(False)

    def _on_later(self) -> None:
        self.postponed.emit()

    def _on_never(self) -> None:
        self.dismissed.emit()


class Choice(Enum):
    """An answer."""

    SAVE = "save"
    LEAVE = "leave"
    DROP = "drop"
    MERGE = "merge"
    THEIRS = "theirs"
    OURS = "ours"


class _Question(QDialog):
    """Something to read, and buttons; Escape is Cancel.

    Parameters
    ----------
    title, headline, text : str
    parent : QWidget or None
        The window, whose style is followed.
    """

    def __init__(self, title: str, headline: str, text: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.choice: Any = None
        self.headline, self.text = _label(headline, big=True), _label(text)
        self.buttons = QDialogButtonBox()
        self.cancel_button = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.cancel_button.setIcon(QIcon())  # the system's are hardly seen on a dark theme
        self.body = QVBoxLayout(self)
        self.body.setSpacing(10)
        self.body.addWidget(self.headline)
        self.body.addWidget(self.text)
        self.body.addWidget(self.buttons)
        self.buttons.rejected.connect(self.reject)

    def add_button(
        self, text: str, choice: Any, role: QDialogButtonBox.ButtonRole, tooltip: str = ""
    ) -> QPushButton:
        """A button that ends the dialog with an answer."""
        button = self.buttons.addButton(text, role)
        button.setToolTip(tooltip)

        def answer() -> None:
            self.choice = choice
            self.accept()

        button.clicked.connect(answer)
        return button


class QuestionDialog(_Question):
    """Asks a `Question`; its choice is an `Answer`.

    Parameters
    ----------
    question : Question
    parent : QWidget, optional
    """

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(*question[:3], parent)
        self._keys: dict[str, QPushButton] = {}
        for answer in question.answers:
            button = self.add_button(answer.text, answer, _Role.AcceptRole)
            button.setAutoDefault(False)
            self._keys[answer.key] = button
        self.cancel_button.setDefault(True)
        self.cancel_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Press the button that a key stands for."""
        if event.text() and event.text() in self._keys:
            self._keys[event.text()].click()
        else:
            super().keyPressEvent(event)


class UnsavedDialog(_Question):
    """Asks before the window is closed.

    Parameters
    ----------
    unsaved : str
        What is not saved, a line for each file.
    is_journaled : bool
        Whether all of it is in journals.
    parent : QWidget, optional
    """

    def __init__(self, unsaved: str, is_journaled: bool, parent: QWidget | None = None) -> None:
        text = (
            "Without saving they stay in the journal: the next opening of the file offers to "
            "restore them."
            if is_journaled
            else "No disk takes the journal, so what is not saved now is lost with this window."
        )
        super().__init__(
            "Decisions are not saved",
            "Save the decisions in the file before the window closes?",
            f"{unsaved}\n\n{text}",
            parent,
        )
        self.save_button = self.add_button("&Save", Choice.SAVE, _Role.AcceptRole)
        leave = "&Don't save" if is_journaled else "Close and &lose them"
        self.leave_button = self.add_button(leave, Choice.LEAVE, _Role.DestructiveRole)
        self.save_button.setDefault(True)
        self.save_button.setFocus()


class DropDialog(_Question):
    """Asks before decisions that were never saved are given up.

    Parameters
    ----------
    what : str
        "3 decisions about cells.isxd".
    parent : QWidget, optional
    """

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Unsaved decisions",
            f"Give up {what}?",
            "They were never saved in the file, and will not be offered again. The journal keeps "
            "a record of them. “Not now” offers them again at the next opening.",
            parent,
        )
        self.drop_button = self.add_button("&Give them up", Choice.DROP, _Role.DestructiveRole)
        self.cancel_button.setDefault(True)
        self.cancel_button.setFocus()


class PreviousDialog(_Question):
    """Asks before a file gets the statuses back that it had before the last save."""

    def __init__(
        self, name: str, time: str, num_unsaved: int, parent: QWidget | None = None
    ) -> None:
        text = (
            f"{name} was given other statuses on {time}. It gets back those that it had before, "
            "and they are shown here. The same command takes that back."
        )
        if num_unsaved:
            which = (
                "1 decision that is" if num_unsaved == 1 else f"{num_unsaved:,} decisions that are"
            )
            text += f"\n\n{which} not saved may be replaced here; Undo brings that back."
        super().__init__("Restore previous statuses", "Take the last save back?", text, parent)
        self.restore_button = self.add_button("&Restore", Choice.SAVE, _Role.AcceptRole)
        self.cancel_button.setDefault(True)
        self.cancel_button.setFocus()


class ConflictDialog(_Question):
    """Shows what another program wrote meanwhile, and asks which statuses are to stay.

    Parameters
    ----------
    name : str
        Of the file.
    differences : sequence of Difference
    parent : QWidget, optional
    """

    def __init__(
        self, name: str, differences: Sequence[Difference], parent: QWidget | None = None
    ) -> None:
        count, mine = len(differences), sum(d.is_ours_decided for d in differences)
        cells = "1 cell has" if count == 1 else f"{count:,} cells have"
        ours = "none of them" if not mine else "1 of them" if mine == 1 else f"{mine:,} of them"
        ours = "all of them" if mine == count > 1 else "it too" if mine == count else ours
        super().__init__(
            "The file changed",
            f"Nothing was saved yet: {name} changed since it was opened.",
            f"{cells} another status there by now, and you decided about {ours}. Which are to be "
            "in the file?",
            parent,
        )
        self.table = self._make_table(differences)
        self.body.insertWidget(2, self.table, 1)
        self.merge_button: QPushButton | None = None
        if 0 < mine < count:
            self.merge_button = self.add_button(
                "&Mine where I decided",
                Choice.MERGE,
                _Role.AcceptRole,
                "Cells that you decided about as you did, all others as they are in the file",
            )
        self.theirs_button = self.add_button(
            "&Take theirs",
            Choice.THEIRS,
            _Role.AcceptRole,
            "All of these cells as they are in the file; your other decisions are saved",
        )
        self.ours_button = self.add_button(
            "&Overwrite",
            Choice.OURS,
            _Role.DestructiveRole,
            "All of these cells as they are here; the file's present statuses can be restored",
        )
        self.cancel_button.setDefault(True)
        self.table.setFocus()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as the table is."""
        header = self.table.horizontalHeader()
        return super().sizeHint().expandedTo(QSize(header.length() + 60, 0))

    def _make_table(self, differences: Sequence[Difference]) -> QTableWidget:
        table = QTableWidget(len(differences), len(_COLUMNS))
        table.setHorizontalHeaderLabels(_COLUMNS)
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        for row, each in enumerate(differences):
            decided = worded(each.ours) + ("  (you decided)" if each.is_ours_decided else "")
            texts = (each.name, worded(each.opened), worded(each.in_file), decided)
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


def worded(status: CellStatus) -> str:
    """A status with its symbol."""
    return f"{SYMBOLS[status]} {status}"


def _label(text: str, *, big: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(_TEXT_WIDTH_PX)
    if big:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label
