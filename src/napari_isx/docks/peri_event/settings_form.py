"""The form with which window, threshold and test are set."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QSpinBox, QWidget

from napari_isx.docks.common.theme import WARNING_COLOR
from napari_isx.session.alignment import PulseRule
from napari_isx.session.responses import Settings

_NORMALIZE: Final = {
    "z over the whole recording": "recording",
    "z over the baselines": "baseline",
    "none: the trace's own units": None,
}


class SettingsForm(QWidget):
    """Says when the user has set something that can be; else what cannot."""

    settings_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = Settings()
        form = QFormLayout(self)
        self._edge = _combo(["rising", "falling"], "Which edges of a channel are events")
        self._threshold = _spin(0, 99, 50, 1, "%", "Above this part of its maximum a channel is on")
        self._hysteresis = _spin(
            0, 99, 10, 1, "%", "So far below the threshold, of the maximum, it is off again"
        )
        self._length = _spin(0, 3600, 0, 0.1, "s", "Shorter pulses are left out")
        self._pause = _spin(
            0, 3600, 0, 0.1, "s", "Pulses with shorter pauses between them are a train: one event"
        )
        self._window = [_spin(-600, 600, v, 0.5, "s", "What is drawn") for v in (-2, 2)]
        self._baseline = [_spin(-600, 600, v, 0.5, "s", "What is compared with") for v in (-1, 0)]
        self._response = [_spin(-600, 600, v, 0.5, "s", "What is compared") for v in (0, 1)]
        self._shuffles = QSpinBox(minimum=1, maximum=100_000, value=1000, singleStep=500)
        self._shuffles.setAccessibleName("Circular shifts")
        self._normalize = _combo(list(_NORMALIZE), "How traces are made comparable")
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setStyleSheet(f"color: {WARNING_COLOR}")
        rows = (
            ("Edge", self._edge), ("Threshold", self._threshold), ("Hysteresis", self._hysteresis),
            ("Shortest pulse", self._length), ("Longest pause in a train", self._pause),
            ("Window from", self._window[0]), ("Window to", self._window[1]),
            ("Baseline from", self._baseline[0]), ("Baseline to", self._baseline[1]),
            ("Response from", self._response[0]), ("Response to", self._response[1]),
            ("Circular shifts", self._shuffles), ("Normalize", self._normalize),
        )  # fmt: skip
        for title, control in rows:
            control.setAccessibleName(title)
            form.addRow(title, control)
            changed = control.activated if isinstance(control, QComboBox) else control.valueChanged
            changed.connect(self._on_changed)
        form.addRow(self._problem)

    def show_settings(self, settings: Settings) -> None:
        """Show these."""
        self._settings = settings
        rule = settings.rule
        values = (
            (self._threshold, 100 * rule.threshold), (self._hysteresis, 100 * rule.hysteresis),
            (self._length, rule.min_length_s), (self._pause, rule.max_pause_s),
            *zip(self._window, settings.window_s, strict=True),
            *zip(self._baseline, settings.baseline_s, strict=True),
            *zip(self._response, settings.response_s, strict=True),
            (self._shuffles, settings.shuffles),
        )  # fmt: skip
        for control, value in values:
            with QSignalBlocker(control):
                control.setValue(value)
        self._edge.setCurrentText(rule.edge)
        self._normalize.setCurrentIndex(list(_NORMALIZE.values()).index(settings.normalize))

    def _on_changed(self, _value: object = None) -> None:
        window, baseline, response = (
            (pair[0].value(), pair[1].value())
            for pair in (self._window, self._baseline, self._response)
        )
        problem = ""
        if any(not start < stop for start, stop in (window, baseline, response)):
            problem = "Each range ends after it starts."
        elif min(baseline[0], response[0]) < window[0] or max(baseline[1], response[1]) > window[1]:
            problem = "Baseline and response lie within the window."
        elif self._hysteresis.value() > self._threshold.value():
            problem = "The hysteresis is at most the threshold."
        self._problem.setText(problem)
        if problem:
            return
        rule = PulseRule(
            self._edge.currentText(), self._threshold.value() / 100,
            self._hysteresis.value() / 100, self._length.value(), self._pause.value(),
        )  # fmt: skip
        self._settings = replace(
            self._settings, rule=rule, window_s=window, baseline_s=baseline, response_s=response,
            shuffles=self._shuffles.value(), normalize=_NORMALIZE[self._normalize.currentText()],
        )  # fmt: skip
        self.settings_changed.emit(self._settings)


def _spin(
    low: float, high: float, value: float, step: float, suffix: str, tip: str
) -> QDoubleSpinBox:
    spin = QDoubleSpinBox(
        minimum=low, maximum=high, value=value, singleStep=step, decimals=2, suffix=f" {suffix}"
    )
    spin.setKeyboardTracking(False)
    spin.setToolTip(tip)
    return spin


def _combo(titles: list[str], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.addItems(titles)
    combo.setToolTip(tip)
    return combo
