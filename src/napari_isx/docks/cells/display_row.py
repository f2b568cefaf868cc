"""What of the cells is on the canvas: which, how, and in which colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.viewer.cell_display import Scope, Style

_SCOPES: Final[dict[Scope, str]] = {
    "all": "All cells",
    "filtered": "Filtered cells",
    "selected": "Selected cells",
}
_STYLES: Final[dict[Style, str]] = {
    "both": "fill + outline",
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
        self.scopes = _combo("Cells on the canvas", "Which cells are shown on the canvas")
        for scope in get_args(Scope):
            self.scopes.addItem(_SCOPES[scope], scope)
        self.styles = _combo("Style on the canvas", "How cells are drawn on the canvas")
        for style, title in _STYLES.items():
            self.styles.addItem(title, style)
        self.colors = _combo("Color by", "What the colors of cells on the canvas stand for")
        self._legend, self._low, self._high = QLabel(), QLabel(), QLabel()
        self._legend.setFixedSize(*_LEGEND_PX)
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
        shades = colors or ["gray"]
        stops = (f"stop:{i / max(len(shades) - 1, 1)} {shade}" for i, shade in enumerate(shades))
        self._legend.setStyleSheet(
            f"background: qlineargradient(x1:0, x2:1, {', '.join(stops)}); padding: 0"
        )
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
        for combo, share in ((self.scopes, 9), (self.styles, 11), (self.colors, 9)):
            line.addWidget(combo, share)
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


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(3)  # the layout gives them more
    return combo
