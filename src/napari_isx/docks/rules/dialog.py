"""The dialog in which rules are put together; it stays beside the canvas that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QAction, QIcon
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import QSignalThrottler

from napari_isx.docks.common.range_list import RangeList
from napari_isx.docks.common.status_icons import status_icon
from napari_isx.docks.common.theme import PlotColors
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.cell_table import CellTable
from napari_isx.session.rules import Among, Combine, Rule

_SETTLED_MS: Final = 30
"""While a limit is dragged the canvas follows at most so often; the last is never left out."""
_LEAVE: Final = "leave"
_AMONG: Final[dict[Among, str]] = {
    "all": "all cells",
    "shown": "the rows shown in the table",
    "undecided": "undecided cells",
}
_COMBINE: Final[dict[Combine, str]] = {"all": "all of these hold", "any": "any of these holds"}
_WIDTH_PX: Final = 640
_RANGES_PX: Final = 400


class RulesDialog(QDialog):
    """Says which rule the user thinks of; the canvas follows, and *Apply* decides."""

    changed = Signal()
    """Another rule, or for other cells."""
    applied = Signal()
    """The rule is to be done."""
    closed = Signal()
    """The user is done with rules; emitted once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Rules")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._table: CellTable | None = None
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self.presets = QPushButton("Rules to begin with")
        self._menu = QMenu(self.presets)
        self.presets.setMenu(self._menu)
        self.combine = _combo("All or any of the ranges", _COMBINE)
        self.ranges = RangeList(
            "+ &Condition", "Go by a range of a column, too", max_height_px=_RANGES_PX
        )
        statuses = {status: status for status in STATUSES}
        self.then_status = _combo("Status of the cells that meet them", statuses)
        self.else_status = _combo("Status of all others", {**statuses, _LEAVE: "as they are"})
        self.among_combo = _combo("Among which cells", _AMONG)
        self.forecast = QLabel()
        self.forecast.setWordWrap(True)
        self.forecast.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Apply | buttons.Close)
        self.apply_button = self.buttons.button(buttons.Apply)
        self.close_button = self.buttons.button(buttons.Close)
        for button in self.buttons.buttons():
            button.setIcon(QIcon())  # the system's are hardly seen on a dark theme
        self._soon = QSignalThrottler(parent=self)
        self._soon.setTimeout(_SETTLED_MS)
        self._lay_out()
        self._connect()
        self.show_table("", None)

    @property
    def rule(self) -> Rule | None:
        """The rule as it stands, or None while it is none."""
        ranges = self.ranges.ranges
        if not ranges or any(np.isinf(limits).all() for limits in ranges.values()):
            return None
        otherwise = self.else_status.currentData()
        return Rule(
            ranges,
            self.combine.currentData(),
            self.then_status.currentData(),
            None if otherwise == _LEAVE else otherwise,
        )

    @property
    def among(self) -> Among:
        return cast("Among", self.among_combo.currentData())

    def show_table(self, title: str, table: CellTable | None) -> None:
        """Offer the columns of a table, or say that there is none."""
        self._table = table
        self._title.setText(f"Cell set: {title}" if table is not None else "No cell set is open")
        self.ranges.show_columns(table.columns if table is not None else [])
        for key in self.ranges.filters:
            self.show_values(key)
        for widget in (self.presets, self.combine):
            widget.setEnabled(table is not None)

    def show_values(self, key: str) -> None:
        if self._table is not None:
            self.ranges.show_values(key, self._table.values(key))

    def show_rules(self, remembered: Sequence[Rule], presets: Sequence[Rule]) -> None:
        """Offer rules to begin with: those applied last, then ones that everybody knows."""
        self._menu.clear()
        columns = self._table.columns if self._table is not None else []
        offered: list[Rule] = []
        for heading, rules in (("Applied last", remembered), ("Common", presets)):
            known = [r for r in rules if r.fits(columns) and r not in offered]
            if known:
                self._menu.addSection(heading)
            for rule in known:
                action = self._menu.addAction(rule.text(columns).replace("&", "&&"))
                action.setData(rule)
            offered += known

    def show_rule(self, rule: Rule) -> None:
        table = self._table
        values = {key: table.values(key) for key in rule.ranges} if table is not None else {}
        self.ranges.show_ranges(rule.ranges, values)
        for combo, data in (
            (self.combine, rule.combine),
            (self.then_status, rule.then_status),
            (self.else_status, rule.else_status or _LEAVE),
        ):
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(data))

    def show_forecast(self, text: str, num_changes: int = 0) -> None:
        """Say what the rule would do, and to how many cells; 0 where it can do nothing."""
        self.forecast.setText(text)
        self.apply_button.setEnabled(num_changes > 0)
        cells = "1 cell" if num_changes == 1 else f"{num_changes:,} cells"
        self.apply_button.setText(f"&Apply to {cells}" if num_changes else "&Apply")

    def set_colors(self, colors: PlotColors) -> None:
        self.ranges.set_colors(colors)

    def done(self, result: int) -> None:
        self._soon.cancel()
        super().done(result)
        self.closed.emit()

    def _on_entered(self) -> None:
        """Go on to the button, so that a second Return applies what is previewed by then."""
        self.apply_button.setFocus()

    def _on_preset(self, action: QAction) -> None:
        self.show_rule(action.data())
        self._soon.throttle()

    def _on_apply(self) -> None:
        self._soon.cancel()
        self.applied.emit()

    def _connect(self) -> None:
        self._soon.triggered.connect(self.changed)
        self._menu.triggered.connect(self._on_preset)
        self.ranges.changed.connect(self._soon.throttle)
        self.ranges.added.connect(self.show_values)
        self.ranges.entered.connect(self._on_entered)
        for combo in (self.combine, self.then_status, self.else_status, self.among_combo):
            combo.currentIndexChanged.connect(self._soon.throttle)
        self.apply_button.clicked.connect(self._on_apply)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(_line(self._title, None, self.presets))
        layout.addLayout(_line("Where", self.combine, None, self.ranges.add_button))
        layout.addWidget(self.ranges)
        then = ("they become", self.then_status, "  else", self.else_status)
        layout.addLayout(_line(*then, None, "among", self.among_combo))
        layout.addStretch(1)
        self.forecast.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.forecast.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.forecast)
        layout.addWidget(self.buttons)
        for button in (self.presets, self.ranges.add_button, self.close_button):
            button.setAutoDefault(False)
        self.apply_button.setDefault(True)
        self.setMinimumWidth(_WIDTH_PX)


def _line(*parts: QWidget | str | None) -> QHBoxLayout:
    """Widgets and words beside each other; None takes the room that is left."""
    line = QHBoxLayout()
    for part in parts:
        if part is None:
            line.addStretch(1)
        else:
            line.addWidget(QLabel(part) if isinstance(part, str) else part)
    return line


def _combo(name: str, titles: Mapping[Any, str]) -> QComboBox:
    combo = QComboBox(accessibleName=name)
    for data, title in titles.items():
        combo.addItem(status_icon(data) if data in STATUSES else QIcon(), title, data)
    return combo
