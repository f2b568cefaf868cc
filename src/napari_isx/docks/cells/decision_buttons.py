"""Buttons for what can be decided, undone and saved, and a menu with what is needed seldom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_isx.docks.cells.decision_texts import decision_text
from napari_isx.docks.common.shortcuts import SAVE_KEY, key_text
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.io.cells.cell_set import STATUSES, CellStatus

_BUTTONS: Final[dict[CellStatus, tuple[str, str]]] = {
    "accepted": ("Accept", "accept"),
    "rejected": ("Reject", "reject"),
    "undecided": ("Undecided", "undecide"),
}
"""Titles, and the names of the commands whose keys do the same."""


class DecisionRow(QWidget):
    """Says what the user decides."""

    decided = Signal(str)
    """The selected cells get this status."""
    shown_decided = Signal(str)
    """All cells that are shown are to get this status; the user has to be asked."""
    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()
    advance_changed = Signal(bool)
    """Whether a decision moves on to the next row."""
    advance_on_canvas_changed = Signal(bool)
    """Whether it does so for a cell that was clicked on the canvas, too."""
    offer_taken = Signal()
    """The user wants what the note offers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {status: QPushButton(status_icon(status), "") for status in _BUTTONS}
        self.undo, self.redo = QPushButton("↶ Undo"), QPushButton("↷ Redo")
        self.more, self.save = QPushButton("More"), QPushButton("Saved")
        self.more.setToolTip("All shown rows, what a decision moves on to, log, raters, keys")
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.more.setMenu(self.menu)
        self.all_shown = self.menu.addMenu("All shown rows")
        for status in _BUTTONS:
            action = self.all_shown.addAction(status_icon(status), decision_text(status, "all…"))
            action.setData(status)
        self.menu.addSeparator()
        self.advance = self._switch(
            "Next after a decision",
            "Move on to the next row when a single cell was decided about: in the table, or in "
            "the heat map where that was used last",
        )
        self.advance_on_canvas = self._switch(
            "Also after a click on the canvas",
            "Move on for a cell that was clicked on the canvas, too; else it stays selected",
        )
        self.menu.addSeparator()
        self._note, self.offer = QElidingLabel(), QPushButton()
        self._keys: Mapping[str, str] = {}
        self._lay_out()
        self.show_keys({})
        self.show_counts(dict.fromkeys(STATUSES, 0))
        self.show_steps("", "", 0)
        self.show_note("")
        for button in self.buttons.values():
            button.clicked.connect(self._on_button)
        self.all_shown.triggered.connect(self._on_all_shown)
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.save.clicked.connect(self.save_requested)
        self.advance.triggered.connect(self.advance_changed)
        self.advance_on_canvas.triggered.connect(self.advance_on_canvas_changed)
        self.offer.clicked.connect(self.offer_taken)

    @property
    def note(self) -> str:
        return str(self._note.text())

    def show_note(self, text: str, offer: str = "") -> None:
        """Say what came of the last key, with a button for what is offered."""
        self._note.setText(text)
        self._note.setToolTip(text)
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))
        self._said.setVisible(bool(text))

    def show_advance(self, on: bool, on_canvas: bool) -> None:
        self.advance.setChecked(on)
        self.advance_on_canvas.setChecked(on_canvas)
        self.advance_on_canvas.setEnabled(on)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        for status, (title, command) in _BUTTONS.items():
            self.buttons[status].setText(f"{title}  {keys.get(command, '')}".rstrip())
            self.buttons[status].setToolTip(decision_text(status, "the selected cells"))
        self._keys = keys

    def show_selected(self, count: int) -> None:
        for button in self.buttons.values():
            button.setEnabled(count > 0)

    def show_counts(self, shown: Mapping[CellStatus, int]) -> None:
        self.all_shown.setEnabled(sum(shown.values()) > 0)

    def show_steps(self, undo: str, redo: str, num_unsaved: int) -> None:
        """Show what can be undone and done again, and how much the file does not have yet."""
        for button, name, text in ((self.undo, "undo", undo), (self.redo, "redo", redo)):
            button.setEnabled(bool(text))
            key = self._keys.get(name, "")
            words = f"{name.capitalize()}: {text}" if text else f"Nothing to {name}"
            button.setToolTip(f"{words} ({key})" if key else words)
        cells = "1 cell has" if num_unsaved == 1 else f"{num_unsaved:,} cells have"
        tip = f"Write statuses into the cell set: {cells} another there ({key_text(SAVE_KEY)})"
        self.save.setEnabled(num_unsaved > 0)
        self.save.setText(f"Save ({num_unsaved:,})" if num_unsaved else "Saved")
        self.save.setToolTip(tip if num_unsaved else "The file has all decisions")

    def show_decisions(self, shown: bool) -> None:
        self._decide.setVisible(shown)

    def _switch(self, text: str, tip: str) -> QAction:
        action = self.menu.addAction(text)
        action.setCheckable(True)
        action.setToolTip(tip)
        return action

    def _on_button(self) -> None:
        status = next(s for s, button in self.buttons.items() if button is self.sender())
        self.decided.emit(status)

    def _on_all_shown(self, action: QAction) -> None:
        self.shown_decided.emit(action.data())

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._decide = _line(*self.buttons.values())
        self._said = _line(self._note, self.offer)
        self._said.layout().setStretch(0, 1)
        for line in (
            self._decide,
            _line(self.undo, self.redo, self.more, self.save),
            self._said,
        ):
            layout.addWidget(line)


def _line(*widgets: QWidget) -> QWidget:
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    return line
