"""One condition of a rule: a column, and limits that are typed or dragged on its histogram."""

from __future__ import annotations

from typing import Final, Literal, cast

import numpy as np
from qtpy.QtCore import QLocale, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QDoubleRangeSlider, QDoubleSlider

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.common.histogram import Histogram
from napari_isx.session.cell_table import CellTable
from napari_isx.session.rules import Condition, Op

_Sign = Literal["<", ">", "=", "between"]
_SIGNS: Final[dict[_Sign, str]] = {"<": "<", ">": ">", "=": "=", "between": "between"}
_STEPS: Final = 200
_COLUMN_PX: Final = 150
_LIMIT_PX: Final = 64


class ConditionRow(QWidget):
    """Says which values of a column are meant."""

    changed = Signal()
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: CellTable | None = None
        self._extent = (0.0, 1.0)
        self.column = QComboBox()
        self.column.setMinimumWidth(_COLUMN_PX)
        self.column.setAccessibleName("Column")
        self.sign = QComboBox()
        self.sign.setAccessibleName("Comparison")
        for sign, title in _SIGNS.items():
            self.sign.addItem(title, sign)
        self.low, self.high = _limit("Limit"), _limit("Upper limit")
        self._and = QLabel("and")
        self.histogram = Histogram()
        self.slider = QDoubleSlider(Qt.Orientation.Horizontal)  # type: ignore[no-untyped-call]
        self.sliders = QDoubleRangeSlider(Qt.Orientation.Horizontal)  # type: ignore[no-untyped-call]
        self.remove_button = QToolButton()
        self.remove_button.setText("✕")
        self.remove_button.setAutoRaise(True)
        self.remove_button.setToolTip("Remove this condition")
        self._lay_out()
        self.setFocusProxy(self.column)
        self.column.currentIndexChanged.connect(self._on_column)
        self.sign.currentIndexChanged.connect(self._on_sign)
        self.low.textEdited.connect(self._on_typed)
        self.high.textEdited.connect(self._on_typed)
        self.slider.valueChanged.connect(self._on_slider)
        self.sliders.valueChanged.connect(self._on_sliders)
        self.remove_button.clicked.connect(self.removed)
        self._show_sign()

    @property
    def key(self) -> str:
        """The column's key; empty without columns."""
        return str(self.column.currentData() or "")

    @property
    def condition(self) -> Condition | None:
        """What is asked, or None while a limit is missing."""
        low, high = _number(self.low.text()), _number(self.high.text())
        sign = self._sign
        if not self.key or low is None or (sign == "between" and high is None):
            return None
        if sign == "<":
            return Condition(self.key, "<", None, low)
        if sign == ">":
            return Condition(self.key, ">", low)
        if sign == "=" or high is None:
            return Condition(self.key, "between", low, low)
        return Condition(self.key, "between", min(low, high), max(low, high))

    def show_condition(self, condition: Condition) -> None:
        """Show a condition, to be changed."""
        low, high = condition.low, condition.high
        sign: Op | Literal["="] = condition.op
        if condition.op == "between" and low == high:
            sign = "="
        first = high if condition.op == "<" else low
        for widget, place in (
            (self.column, self.column.findData(condition.column)),
            (self.sign, self.sign.findData(sign)),
        ):
            with QSignalBlocker(widget):
                widget.setCurrentIndex(place)
        self.low.setText(_text(first))
        self.high.setText(_text(high))
        self._show_sign()
        self.show_values()

    def show_table(self, table: CellTable | None) -> None:
        """Offer the columns of a table."""
        self._table = table
        key = self.key
        metrics = [m for m in table.columns if m.kind != "text"] if table is not None else []
        with QSignalBlocker(self.column):
            self.column.clear()
            for place, metric in enumerate(metrics):
                self.column.addItem(metric.header, metric.key)
                self.column.setItemData(place, metric.tooltip, Qt.ItemDataRole.ToolTipRole)
            known = self.column.findData(key)
            self.column.setCurrentIndex(max(known, 0) if metrics else -1)
        self.show_values()

    def show_values(self) -> None:
        """Show how the column's values are distributed."""
        values = self._table.values(self.key) if self._table is not None else None
        finite = np.empty(0) if values is None else values[np.isfinite(values)]
        self.histogram.show_values(finite)
        has_extent = len(finite) > 0 and bool(finite.min() < finite.max())
        for slider in (self.slider, self.sliders):
            slider.setEnabled(has_extent)
        if has_extent:
            self._extent = float(finite.min()), float(finite.max())
            for slider in (self.slider, self.sliders):
                with QSignalBlocker(slider):
                    slider.setRange(*self._extent)
                    slider.setSingleStep(self._step)
        self._show_limits()

    @property
    def _sign(self) -> _Sign:
        return cast("_Sign", self.sign.currentData())

    @property
    def _metric(self) -> Metric | None:
        columns = self._table.columns if self._table is not None else []
        return next((metric for metric in columns if metric.key == self.key), None)

    @property
    def _step(self) -> float:
        metric = self._metric
        if metric is not None and metric.kind == "integer":
            return 1.0
        return (self._extent[1] - self._extent[0]) / _STEPS

    def _show_sign(self) -> None:
        is_between = self._sign == "between"
        self._and.setVisible(is_between)
        self.high.setVisible(is_between)
        self._sliders.setCurrentWidget(self.sliders if is_between else self.slider)

    def _show_limits(self) -> None:
        """Let histogram and slider follow what is typed."""
        low, high = _number(self.low.text()), _number(self.high.text())
        ends = {
            "<": (-np.inf, low),
            ">": (low, np.inf),
            "=": (low, low),
            "between": (low, high),
        }[self._sign]
        known = [end for end in ends if end is not None]
        if len(known) == 2:
            self.histogram.show_range((min(known), max(known)))
        values = np.clip([low or 0.0, high or 0.0], *self._extent)
        with QSignalBlocker(self.slider):
            self.slider.setValue(float(values[0]))
        with QSignalBlocker(self.sliders):
            self.sliders.setValue((float(values.min()), float(values.max())))

    def _on_column(self) -> None:
        self.begin()
        self.changed.emit()

    def begin(self) -> None:
        """Begin in the middle of the column's values."""
        values = self._table.values(self.key) if self._table is not None else None
        if values is not None and np.isfinite(values).any():
            finite = values[np.isfinite(values)]
            low, high = np.percentile(finite, (25, 75))
            middle = float(np.median(finite))
            is_between = self._sign == "between"
            self.low.setText(_text(self._rounded(low if is_between else middle)))
            self.high.setText(_text(self._rounded(high)))
        self.show_values()

    def _on_sign(self) -> None:
        if self._sign == "between" and _number(self.high.text()) is None:
            self.high.setText(_text(self._extent[1]))
        self._show_sign()
        self._show_limits()
        self.changed.emit()

    def _on_typed(self) -> None:
        self._show_limits()
        self.changed.emit()

    def _on_slider(self, value: float) -> None:
        self._drag(value)

    def _on_sliders(self, values: tuple[float, float]) -> None:
        self._drag(*values)

    def _drag(self, low: float, high: float | None = None) -> None:
        self.low.setText(_text(self._rounded(low)))
        if high is not None:
            self.high.setText(_text(self._rounded(high)))
        self._show_limits()
        self.changed.emit()

    def _rounded(self, value: float) -> float:
        """To what a step of the slider can tell apart."""
        if self._step <= 0:
            return float(value)
        return float(round(value, max(int(np.ceil(-np.log10(self._step))), 0)))

    def _lay_out(self) -> None:
        self._sliders = QStackedWidget()
        self._sliders.addWidget(self.slider)
        self._sliders.addWidget(self.sliders)
        self._sliders.setFixedHeight(self.sliders.sizeHint().height())
        picture = QVBoxLayout()
        picture.setSpacing(0)
        picture.addWidget(self.histogram)
        picture.addWidget(self._sliders)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.column, self.sign, self.low, self._and, self.high):
            layout.addWidget(widget)
        layout.addLayout(picture, 1)
        layout.addWidget(self.remove_button)


def _limit(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setFixedWidth(_LIMIT_PX)
    field.setAccessibleName(name)
    validator = QDoubleValidator(field)
    validator.setLocale(QLocale.c())
    field.setValidator(validator)
    return field


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
