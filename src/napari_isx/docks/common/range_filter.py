"""A range of one column, dragged on its histogram or typed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QLocale, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QDoubleValidator, QKeyEvent, QValidator
from qtpy.QtWidgets import QGridLayout, QLabel, QLineEdit, QToolButton, QWidget
from superqt import QDoubleRangeSlider

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.docks.common.histogram import Histogram
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.theme import PlotColors
from napari_isx.session.cell_filter import Range, round_limit

_STEPS: Final = 200
_LIMIT_PX: Final = 58
_OPEN: Final = (-np.inf, np.inf)


class RangeFilter(QWidget):
    """Which values of a column are let through."""

    changed = Signal()  # the user chose another range
    entered = Signal()  # the user is done with a limit
    removed = Signal()  # the user does not want the filter any more

    def __init__(self, metric: Metric, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.metric = metric
        self._range: Range = _OPEN
        self._extent = (0.0, 1.0)
        self._title = QLabel(metric.header)
        self._title.setToolTip(metric.tooltip)
        self._remove = QToolButton()
        self._remove.setText("✕")
        self._remove.setAutoRaise(True)
        self._remove.setToolTip("Remove this range")
        self.histogram = Histogram()
        self.slider = QDoubleRangeSlider(Qt.Orientation.Horizontal)  # type: ignore[no-untyped-call]
        self.slider.setAccessibleName(f"Range of {metric.title}")
        self.low, self.high = _limit("lowest"), _limit("highest")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setHorizontalSpacing(4)
        layout.setVerticalSpacing(0)
        layout.addWidget(self._title, 0, 0, 1, 2)
        layout.addWidget(self._remove, 0, 2, alignment=Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.low, 1, 0, 2, 1)
        layout.addWidget(self.histogram, 1, 1)
        layout.addWidget(self.slider, 2, 1)
        layout.addWidget(self.high, 1, 2, 2, 1)
        layout.setColumnStretch(1, 1)
        self.slider.valueChanged.connect(self._on_slider)
        for field in (self.low, self.high):
            field.editingFinished.connect(self._on_typed)
            field.returnPressed.connect(self._on_return)
        self._remove.clicked.connect(self.removed)
        pass_keys_on(self)
        self.show_values(None)

    @property
    def range(self) -> Range:
        """Lowest and highest value; infinite where it is open."""
        return self._range

    def show_values(self, values: npt.NDArray[np.float64] | None) -> None:
        """Show what there is to choose from; None while it is being computed."""
        finite = np.empty(0) if values is None else values[np.isfinite(values)]
        self.histogram.show_values(finite)
        has_extent = len(finite) > 0 and bool(finite.min() < finite.max())
        self.slider.setEnabled(has_extent)
        self._title.setText(self.metric.header if len(finite) else f"{self.metric.header}: …")
        if has_extent:
            self._extent = float(finite.min()), float(finite.max())
            with QSignalBlocker(self.slider):
                self.slider.setRange(*self._extent)
                step = (self._extent[1] - self._extent[0]) / _STEPS
                self.slider.setSingleStep(1.0 if self.metric.kind == "integer" else step)
        self.show_range(self._range)

    def show_range(self, limits: Range) -> None:
        self._range = limits
        low, high = np.clip(limits, *self._extent)
        with QSignalBlocker(self.slider):
            self.slider.setValue((float(low), float(high)))
        self.slider.update()
        for field, limit, end in zip((self.low, self.high), limits, self._extent, strict=True):
            field.setText(self._text(limit))
            field.setPlaceholderText(self.metric.text(end) if self.slider.isEnabled() else "")
        self.histogram.show_range(limits)

    def set_colors(self, colors: PlotColors) -> None:
        self.histogram.set_colors(colors)

    def _text(self, value: float) -> str:
        """As in the table, or as a number where that has not all digits; empty for no limit."""
        if np.isinf(value):
            return ""
        value = round_limit(value)
        text = self.metric.text(value)
        return text if float(text.replace(",", "")) == value else f"{value:.6g}"

    def _on_slider(self, values: tuple[float, float]) -> None:
        ends = zip(values, self._extent, _OPEN, strict=True)
        low, high = (limitless if value == end else value for value, end, limitless in ends)
        if self.metric.kind == "integer":
            low, high = np.ceil(low), np.floor(high)
        elif np.isfinite([low, high]).any():
            low, high = self._rounded(low), self._rounded(high)
        self._choose(low, max(low, high))

    def _rounded(self, value: float) -> float:
        """To what a step of the slider can tell apart."""
        if np.isinf(value):
            return value
        digits = int(np.ceil(-np.log10((self._extent[1] - self._extent[0]) / _STEPS)))
        return round(value, digits)

    def _on_typed(self) -> None:
        fields = zip((self.low, self.high), self._range, _OPEN, strict=True)
        low, high = (
            # A limit can have more digits than are shown.
            limit if field.text() == self._text(limit) else _number(field.text(), otherwise)
            for field, limit, otherwise in fields
        )
        self._choose(min(low, high), max(low, high))

    def _on_return(self) -> None:
        self._on_typed()
        self.entered.emit()

    def _choose(self, low: float, high: float) -> None:
        if (low, high) != self._range:
            self.show_range((low, high))
            self.changed.emit()


class _LimitValidator(QDoubleValidator):
    """Takes numbers as Python writes them, and an empty field."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())

    def validate(self, text: str | None, place: int) -> Any:
        if not text:
            return QValidator.State.Acceptable, "", place
        return super().validate(text, place)


class _LimitField(QLineEdit):
    """Keeps Return, with which a dialog would press its default button, to itself."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        super().keyPressEvent(event)
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


def _limit(which: str) -> QLineEdit:
    field = _LimitField()
    field.setFixedWidth(_LIMIT_PX)
    field.setToolTip(f"The {which} value that is let through; empty for no limit")
    field.setAccessibleName(f"{which} value")
    field.setValidator(_LimitValidator(field))
    return field


def _number(text: str, otherwise: float) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return otherwise
    return value if np.isfinite(value) else otherwise
