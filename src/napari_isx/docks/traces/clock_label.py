"""How well the open files line up, as a word in a line."""

from __future__ import annotations

from html import escape

from qtpy.QtWidgets import QLabel, QWidget

from napari_isx.docks.common.theme import WARNING_COLOR
from napari_isx.timeline.report import ClockWords


class ClockLine(QLabel):
    """Says to how many milliseconds files are aligned; the tool tip says how each was placed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hide()

    def show_words(self, words: ClockWords) -> None:
        """Say this; nothing where there is nothing to say."""
        self.setText(words.text)
        lines = (escape(line) for line in words.details.splitlines())
        self.setToolTip(f"<p style='white-space:pre'>{'<br>'.join(lines)}</p>")
        self.setStyleSheet(f"color: {WARNING_COLOR}; font-weight: bold" if words.is_serious else "")
        self.setVisible(bool(words.text))
