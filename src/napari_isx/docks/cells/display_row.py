"""What of the cells is on the canvas: which, how, and in which colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from qtpy.QtCore import QRectF, QSignalBlocker, QSize, Signal
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.viewer.cell_display import Scope, Style

_SCOPES: Final[dict[Scope, str]] = {
    "all": "All cells",
    "filtered": "Filtered cells",
    "selected": "Selected cells",
}
_STYLES: Final[dict[Style, str]] = {
    "both": "filled, outlined",
    "filled": "filled",
    "contours": "outlined",
}
_LEGEND_PX: Final = (90, 10)


class DisplayRow(QWidget):
    """Says how the user wants the canvas to be."""

    scope_picked = Signal(str)
    """Which cells: "all", "filtered" or "selected"."""
    style_picked = Signal(str)
    """How: "contours", "filled" or "both"."""
    color_picked = Signal(str)
    """What they are colored by: "status", "file", or the key of a column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scopes = _combo("Which cells are shown on the canvas")
        for scope in get_args(Scope):
            self.scopes.addItem(_SCOPES[scope], scope)
        self.styles = _combo("How they are drawn")
        for style, title in _STYLES.items():
            self.styles.addItem(title, style)
        self.colors = _combo("What their colors say")
        self._legend = _Gradient()
        self._low, self._high = QLabel(), QLabel()
        self._legend_row = QWidget()
        self._lay_out()
        self.show_columns([])
        self.show_legend(None, "", "")
        self.scopes.activated.connect(self._on_scope)
        self.styles.activated.connect(self._on_style)
        self.colors.activated.connect(self._on_color)

    @property
    def legend_text(self) -> str:
        """Ends of the legend; empty while there is none."""
        return "" if self._legend_row.isHidden() else f"{self._low.text()} {self._high.text()}"

    def show_columns(self, columns: Sequence[Metric]) -> None:
        """Offer to color by these columns."""
        chosen = self.colors.currentData()
        with QSignalBlocker(self.colors):
            self.colors.clear()
            self.colors.addItem("by status", "status")
            self.colors.addItem("as in the file", "file")
            for metric in columns:
                if metric.kind != "text":
                    self.colors.addItem(f"by {metric.title}", metric.key)
            self.colors.setCurrentIndex(max(self.colors.findData(chosen), 0))

    def show_choice(self, scope: Scope, style: Style | None, color: str) -> None:
        """Show what is chosen; a style of None is no style of these."""
        for combo, value in ((self.scopes, scope), (self.styles, style), (self.colors, color)):
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(value))

    def show_legend(self, colors: Sequence[str] | None, low: str, high: str) -> None:
        """Show which colors stand for low and high values; None hides the legend."""
        self._legend_row.setVisible(colors is not None)
        self._legend.show_colors(colors or [])
        self._low.setText(low)
        self._high.setText(high)

    def _on_scope(self) -> None:
        self.scope_picked.emit(self.scopes.currentData())

    def _on_style(self) -> None:
        self.style_picked.emit(self.styles.currentData())

    def _on_color(self) -> None:
        self.color_picked.emit(self.colors.currentData())

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for combo in (self.scopes, self.styles, self.colors):
            line.addWidget(combo, 1)
        legend = QHBoxLayout(self._legend_row)
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(6)
        legend.addStretch(1)
        for widget in (self._low, self._legend, self._high):
            legend.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._legend_row)


class _Gradient(QWidget):
    """A bar of colors."""

    def __init__(self) -> None:
        super().__init__()
        self._colors: Sequence[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(*_LEGEND_PX)

    def show_colors(self, colors: Sequence[str]) -> None:
        self._colors = colors
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
        if len(self._colors) < 2:
            return
        gradient = QLinearGradient(0, 0, self.width(), 0)
        for i, color in enumerate(self._colors):
            gradient.setColorAt(i / (len(self._colors) - 1), QColor(color))
        painter = QPainter(self)
        painter.fillRect(QRectF(self.rect()), gradient)
        painter.end()


def _combo(tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setToolTip(f"On the canvas: {tip[0].lower()}{tip[1:]}")
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    return combo
