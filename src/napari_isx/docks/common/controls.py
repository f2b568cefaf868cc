"""Small controls that ask for little width, and have a name for screen readers."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QComboBox, QSizePolicy, QToolButton
from superqt import QElidingLabel


def small_combo(name: str, tip: str, num_letters: int = 8) -> QComboBox:
    """A list of choices that need not show all of a long title."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(num_letters)
    return combo


def small_button(text: str, name: str, tip: str = "") -> QToolButton:
    """A button; the tip is its name unless given."""
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip or name)
    return button


class ElidingLabel(QElidingLabel):
    """A label that is cut where there is no room for it, instead of widening the window."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:  # noqa: N802
        super().setText(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of the text, where superqt asks for what it has."""
        return QSize(
            self.fontMetrics().horizontalAdvance(self.text()) + 8, super().sizeHint().height()
        )
