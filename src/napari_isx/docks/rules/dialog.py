"""The dialog in which rules are put together; it stays beside the canvas that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtGui import QIcon
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

from napari_isx.docks.common.status_icons import status_icon
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.rules.condition import ConditionRow
from napari_isx.docks.rules.controller import Among, Forecast, has_columns
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.cell_table import CellTable
from napari_isx.session.rules import Combine, Condition, Rule

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


class RulesDialog(QDialog):
    """Says which rule the user thinks of; the canvas follows, and *Apply* decides.

    Parameters
    ----------
    parent : QWidget, optional
        The window, whose style is followed.
    """

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
        self._colors: PlotColors | None = None
        self.rows: list[ConditionRow] = []
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self.presets = QPushButton("Rules to begin with")
        self._menu = QMenu(self.presets)
        self.presets.setMenu(self._menu)
        self._offered: list[Rule] = []
        self.combine = _combo(_COMBINE)
        self.add_button = QPushButton("+ &Condition")
        self.then_status, self.else_status = _status_combo(), _status_combo(leave=True)
        self.among_combo = _combo(_AMONG)
        self.forecast = QLabel()
        self.forecast.setWordWrap(True)
        self.forecast.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Apply | buttons.Close)
        self.apply_button = self.buttons.button(buttons.Apply)
        self.close_button = self.buttons.button(buttons.Close)
        for button in self.buttons.buttons():
            button.setIcon(QIcon())  # the system's are hardly seen on a dark theme
        self._timer = QTimer(self, singleShot=True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self._send)
        self._is_waiting = False
        self._is_showing = False
        self._rows_box = QVBoxLayout()
        self._lay_out()
        self._connect()
        self.show_table("", None)

    # ---- what the user wants

    @property
    def rule(self) -> Rule | None:
        """The rule as it stands, or None while it is none."""
        conditions = [row.condition for row in self.rows]
        if not conditions or None in conditions:
            return None
        otherwise = self.else_status.currentData()
        return Rule(
            tuple(cast("list[Condition]", conditions)),
            self.combine.currentData(),
            self.then_status.currentData(),
            None if otherwise == _LEAVE else otherwise,
        )

    @property
    def among(self) -> Among:
        """Which cells it is about."""
        return cast("Among", self.among_combo.currentData())

    # ---- what is shown

    def show_table(self, title: str, table: CellTable | None) -> None:
        """Offer the columns of a table, or say that there is none."""
        self._table = table
        self._title.setText(f"Cell set: {title}" if table is not None else "No cell set is open")
        for row in self.rows:
            row.show_table(table)
        for widget in (self.add_button, self.presets, self.combine):
            widget.setEnabled(table is not None)

    def show_values(self, key: str) -> None:
        """Show other values of a column."""
        for row in self.rows:
            if row.key == key:
                row.show_values()

    def show_rules(self, remembered: Sequence[Rule], presets: Sequence[Rule]) -> None:
        """Offer rules to begin with: those applied last, then ones that everybody knows."""
        self._menu.clear()
        columns = self._table.columns if self._table is not None else []
        self._offered = []
        for heading, rules in (("Applied last", remembered), ("Common", presets)):
            known = [rule for rule in rules if has_columns(rule, columns)]
            known = [rule for rule in known if rule not in self._offered]
            if known:
                self._menu.addSection(heading)
            for rule in known:
                action = self._menu.addAction(rule.text(columns).replace("&", "&&"))
                action.setData(len(self._offered))
                self._offered.append(rule)

    def show_rule(self, rule: Rule) -> None:
        """Show a rule, to be changed."""
        self._is_showing = True
        for row in list(self.rows):
            self._remove(row)
        for condition in rule.conditions:
            self._add(condition)
        self.combine.setCurrentIndex(self.combine.findData(rule.combine))
        self.then_status.setCurrentIndex(self.then_status.findData(rule.then_status))
        self.else_status.setCurrentIndex(self.else_status.findData(rule.else_status or _LEAVE))
        self._is_showing = False

    def show_forecast(self, forecast: Forecast) -> None:
        """Tell what the rule would do."""
        self.forecast.setText(forecast.text)
        self.apply_button.setEnabled(forecast.num_changes > 0)
        count = forecast.num_changes
        cells = "1 cell" if count == 1 else f"{count:,} cells"
        self.apply_button.setText(f"&Apply to {cells}" if count else "&Apply")

    def set_colors(self, colors: PlotColors) -> None:
        """Follow a theme."""
        self._colors = colors
        for row in self.rows:
            row.histogram.set_colors(colors)

    def done(self, result: int) -> None:
        """Close, by whatever key or button."""
        self._timer.stop()
        super().done(result)
        self.closed.emit()

    # ---- rows

    def _add(self, condition: Condition | None = None) -> ConditionRow:
        row = ConditionRow(self)
        row.show_table(self._table)
        if condition is not None:
            row.show_condition(condition)
        else:
            row.begin()
        if self._colors is not None:
            row.histogram.set_colors(self._colors)
        row.changed.connect(self._on_change)
        row.removed.connect(self._on_removed)
        before = self.rows[-1].remove_button if self.rows else self.combine
        self.rows.append(row)
        self._rows_box.addWidget(row)
        QWidget.setTabOrder(before, row)
        self._show_removable()
        return row

    def _remove(self, row: ConditionRow) -> None:
        self.rows.remove(row)
        self._rows_box.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._show_removable()

    def _show_removable(self) -> None:
        for row in self.rows:
            row.remove_button.setEnabled(len(self.rows) > 1)

    def _on_add(self) -> None:
        self._add().column.setFocus()
        self._on_change()

    def _on_removed(self) -> None:
        row = self.sender()
        if isinstance(row, ConditionRow) and len(self.rows) > 1:
            self._remove(row)
            self.adjustSize()
            self._on_change()

    # ---- telling of it

    def _on_change(self) -> None:
        """Tell of it now, or soon if that was done just before."""
        if self._is_showing:
            return
        if self._timer.isActive():
            self._is_waiting = True
        else:
            self.changed.emit()
            self._timer.start()

    def _send(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self.changed.emit()
            self._timer.start()

    def _on_preset(self, action: object) -> None:
        self.show_rule(self._offered[action.data()])  # type: ignore[attr-defined]
        self._on_change()

    def _on_apply(self) -> None:
        self._timer.stop()
        self._is_waiting = False
        self.applied.emit()

    # ---- the window

    def _connect(self) -> None:
        self.add_button.clicked.connect(self._on_add)
        self._menu.triggered.connect(self._on_preset)
        for combo in (self.combine, self.then_status, self.else_status, self.among_combo):
            combo.currentIndexChanged.connect(self._on_change)
        self.apply_button.clicked.connect(self._on_apply)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.presets)
        when = QHBoxLayout()
        when.addWidget(QLabel("Where"))
        when.addWidget(self.combine)
        when.addStretch(1)
        when.addWidget(self.add_button)
        then = QHBoxLayout()
        then.addWidget(QLabel("they become"))
        then.addWidget(self.then_status)
        then.addWidget(QLabel("  else"))
        then.addWidget(self.else_status)
        then.addStretch(1)
        then.addWidget(QLabel("among"))
        then.addWidget(self.among_combo)
        self._rows_box.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        for part in (head, when, self._rows_box, then):
            layout.addLayout(part)
        layout.addStretch(1)
        self.forecast.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.forecast.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.forecast)
        layout.addWidget(self.buttons)
        for button in (self.presets, self.add_button, self.close_button):
            button.setAutoDefault(False)
        self.apply_button.setDefault(True)
        self.setMinimumWidth(_WIDTH_PX)


def _combo(titles: dict[Combine, str] | dict[Among, str]) -> QComboBox:
    combo = QComboBox()
    for data, title in titles.items():
        combo.addItem(title, data)
    return combo


def _status_combo(*, leave: bool = False) -> QComboBox:
    combo = QComboBox()
    for status in STATUSES:
        combo.addItem(status_icon(status), status, status)
    if leave:
        combo.addItem("as they are", _LEAVE)
    return combo
