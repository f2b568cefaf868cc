"""Buttons for what can be decided, for those who do not use the keys, or do not know them yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QWidget,
)
from superqt import QElidingLabel

from napari_isx.docks.cells.decision_texts import decision_text
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES, CellStatus

_TITLES: Final[dict[CellStatus, str]] = {
    "accepted": "Accept",
    "undecided": "Undecided",
    "rejected": "Reject",
}
_KEY_NAMES: Final[dict[CellStatus, str]] = {
    "accepted": "accept",
    "undecided": "undecide",
    "rejected": "reject",
}
_ORDER: Final[tuple[CellStatus, ...]] = ("accepted", "rejected", "undecided")


class DecisionRow(QWidget):
    """Says what the user decides."""

    decided = Signal(str)
    """The selected cells get this status."""
    shown_decided = Signal(str)
    """All cells that are shown are to get this status; the user has to be asked."""
    undo_requested = Signal()
    redo_requested = Signal()
    advance_changed = Signal(bool)
    """Whether a decision moves on to the next row."""
    advance_on_canvas_changed = Signal(bool)
    """Whether it does so for a cell that was clicked on the canvas, too."""
    offer_taken = Signal()
    """The user wants what the note offers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {status: QPushButton(status_icon(status), "") for status in _ORDER}
        self.undo, self.redo = QPushButton("↶ Undo"), QPushButton("↷ Redo")
        self.advance = QCheckBox("Next after a decision")
        self.advance.setToolTip(
            "Move on to the next row when a single cell was decided about: in the table, or in "
            "the heat map where that was used last"
        )
        self.advance_on_canvas = QCheckBox("also after a click on the canvas")
        self.advance_on_canvas.setToolTip(
            "Move on for a cell that was clicked on the canvas, too; else it stays selected"
        )
        self._note = QElidingLabel()
        self.offer = QPushButton()
        self.offer.hide()
        self.all_shown = QPushButton("All shown rows…")
        self.all_shown.setToolTip("Decide about all cells that the filters let through")
        menu = QMenu(self.all_shown)
        for status in _ORDER:
            action = menu.addAction(status_icon(status), decision_text(status, "all shown…"))
            action.setData(status)
        self.all_shown.setMenu(menu)
        self._lay_out()
        self.show_keys({})
        self.show_counts(dict.fromkeys(STATUSES, 0))
        self.show_steps("", "")
        for button in self.buttons.values():
            button.clicked.connect(self._on_button)
        menu.triggered.connect(self._on_menu)
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.advance.clicked.connect(self.advance_changed)
        self.advance_on_canvas.clicked.connect(self.advance_on_canvas_changed)
        self.offer.clicked.connect(self.offer_taken)

    @property
    def note(self) -> str:
        """What is said of the last key; empty for nothing."""
        return str(self._note.text())

    def show_note(self, text: str, offer: str = "") -> None:
        """Say what came of the last key, with a button for what is offered."""
        self._note.setText(text)
        self._note.setToolTip(text)
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))

    def show_advance(self, on: bool, on_canvas: bool) -> None:
        """Tell whether decisions move on."""
        self.advance.setChecked(on)
        self.advance_on_canvas.setChecked(on_canvas)
        self.advance_on_canvas.setEnabled(on)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys, by the names of their commands."""
        for status, button in self.buttons.items():
            key = keys.get(_KEY_NAMES[status], "")
            button.setText(f"{_TITLES[status]}  {key}" if key else _TITLES[status])
            button.setToolTip(decision_text(status, "the selected cells"))
        self._keys = keys

    def show_selected(self, count: int) -> None:
        """Tell how many cells are selected."""
        for button in self.buttons.values():
            button.setEnabled(count > 0)

    def show_counts(self, shown: Mapping[CellStatus, int]) -> None:
        """Tell how many cells of each status are shown."""
        self.all_shown.setEnabled(sum(shown.values()) > 0)

    def show_steps(self, undo: str, redo: str) -> None:
        """Tell what would be undone and done again; empty for nothing."""
        for button, name, text in ((self.undo, "undo", undo), (self.redo, "redo", redo)):
            button.setEnabled(bool(text))
            key = self._keys.get(name, "")
            words = f"{name.capitalize()}: {text}" if text else f"Nothing to {name}"
            button.setToolTip(f"{words} ({key})" if key else words)

    def _on_button(self) -> None:
        status = next(s for s, button in self.buttons.items() if button is self.sender())
        self.decided.emit(status)

    def _on_menu(self, action: QAction) -> None:
        self.shown_decided.emit(action.data())

    def _lay_out(self) -> None:
        decide = QHBoxLayout()
        decide.setSpacing(4)
        for button in self.buttons.values():
            decide.addWidget(button, 1)
        steps = QHBoxLayout()
        steps.setSpacing(4)
        for button in (self.undo, self.redo):
            steps.addWidget(button)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(decide, 0, 0, 1, 3)
        said = QHBoxLayout()
        said.addWidget(self._note, 1)
        said.addWidget(self.offer)
        layout.addWidget(self.advance, 1, 0)
        layout.addWidget(self.all_shown, 1, 1)
        layout.addLayout(steps, 1, 2)
        layout.addWidget(self.advance_on_canvas, 2, 0)
        layout.addLayout(said, 3, 0, 1, 3)
        layout.setColumnStretch(0, 1)
