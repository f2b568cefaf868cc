"""How well the open files line up, as words in a line, and how sittings are arranged."""

from __future__ import annotations

from html import escape
from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_isx.docks.common.controls import ElidingLabel, small_combo
from napari_isx.docks.common.theme import WARNING_COLOR
from napari_isx.timeline.report import ARRANGEMENTS, ClockWords

_LEAST_WIDTH_PX: Final = 60


class ClockLine(QWidget):
    """Says to how many milliseconds files are aligned; the tool tip says how each was placed.

    Where files of several days or animals are open it offers the ways to show them.
    """

    arrangement_picked = Signal(str)  # one of ``ARRANGEMENTS``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ElidingLabel()  # the tool tip has all of it
        self._words.setMinimumWidth(_LEAST_WIDTH_PX)
        self.arrangement = small_combo(
            "Files of other days or animals", "How files of other days or animals are shown"
        )
        for arrangement, (title, tip) in ARRANGEMENTS.items():
            self.arrangement.addItem(title, arrangement)
            self.arrangement.setItemData(self.arrangement.count() - 1, tip, 3)  # the tool tip
        self.arrangement.activated.connect(self._on_activated)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._words, 1)
        layout.addWidget(self.arrangement)
        self.hide()

    def text(self) -> str:
        return str(self._words.text())

    def show_words(self, words: ClockWords) -> None:
        """Say this; nothing where there is nothing to say."""
        self._words.setText(words.text)
        lines = (escape(line) for line in words.details.splitlines())
        self.setToolTip(f"<p style='white-space:pre'>{'<br>'.join(lines)}</p>")
        self._words.setStyleSheet(
            f"color: {WARNING_COLOR}; font-weight: bold" if words.is_serious else ""
        )
        self.arrangement.setCurrentIndex(self.arrangement.findData(words.arrangement))
        self.arrangement.setVisible(bool(words.sittings))
        self.setVisible(bool(words.text))

    def _on_activated(self) -> None:
        self.arrangement_picked.emit(self.arrangement.currentData())
