"""The page *Clip* of the dock *Export*: what a clip shows, of which time, how fast, how large."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.export.video import Quality

CANVAS: Final = "canvas"
SIDE_BY_SIDE: Final = "side by side"
_WHAT: Final = {
    CANVAS: "The canvas, as it is seen",
    SIDE_BY_SIDE: "Field and behavior, with traces below",
}
_QUALITIES: Final[dict[Quality, str]] = {
    "small": "Small file",
    "good": "Good",
    "best": "Best picture",
}
_MP4: Final = "MP4 (*.mp4)"
_GIF: Final = "GIF (*.gif)"


class ClipPage(QWidget):
    """Says what clip the user wants."""

    clip_requested = Signal(str)
    """A clip is wanted as this file."""
    where_requested = Signal()
    """Where the clip is to be saved is to be asked."""
    cancel_requested = Signal()
    now_requested = Signal(str)
    """The time that is shown is wanted as the "start" or the "end"."""

    def __init__(self) -> None:
        super().__init__()
        self.what, self.quality = QComboBox(), QComboBox()
        for key, text in _WHAT.items():
            self.what.addItem(text, key)
        for name, text in _QUALITIES.items():
            self.quality.addItem(text, name)
        self.quality.setCurrentIndex(1)
        self.start, self.end = QDoubleSpinBox(), QDoubleSpinBox()
        for box in (self.start, self.end):
            box.setRange(-1e7, 1e7)
            box.setDecimals(2)
            box.setSuffix(" s")
        self.start_button, self.end_button = QPushButton("Now"), QPushButton("Now")
        self.speed, self.height_box = QDoubleSpinBox(), QSpinBox()
        self.speed.setRange(0.05, 1000)
        self.speed.setValue(1)
        self.speed.setSuffix(" x")
        self.height_box.setRange(0, 4320)
        self.height_box.setSingleStep(120)
        self.height_box.setSpecialValueText("as on the screen")
        self.height_box.setSuffix(" px")
        self.stamp_box, self.bar_box = QCheckBox("Time stamp"), QCheckBox("Scale bar")
        self.stamp_box.setChecked(True)
        self.length = QLabel()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.save_button, self.cancel_button = QPushButton("Save clip…"), QPushButton("Cancel")
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self._lay_out()
        self._connect()
        self.show_progress(None)

    @property
    def shows_canvas(self) -> bool:
        """Whether it is the canvas that is wanted."""
        return bool(self.what.currentData() == CANVAS)

    @property
    def span_s(self) -> tuple[float, float]:
        """Session times."""
        return float(self.start.value()), float(self.end.value())

    @property
    def picked_quality(self) -> Quality:
        """Of MP4."""
        quality: Quality = self.quality.currentData()
        return quality

    def show_span(self, start_s: float, end_s: float) -> None:
        """Propose a span of time."""
        self.start.setValue(start_s)
        self.end.setValue(end_s)

    def show_progress(self, fraction: float | None) -> None:
        """Say how much is done; None while nothing is made."""
        self.progress.setVisible(fraction is not None)
        self.cancel_button.setVisible(fraction is not None)
        self.save_button.setVisible(fraction is None)
        self.progress.setValue(round(1000 * (fraction or 0)))

    def show_message(self, text: str) -> None:
        """Say what became of it."""
        self.message.setText(text)

    def ask_for_file(self, proposed: str) -> QFileDialog:
        """Let the user choose where to."""
        from pathlib import Path

        dialog = save_dialog(self, "Save the clip", Path(proposed), _MP4, _GIF)
        dialog.fileSelected.connect(self.clip_requested)
        dialog.open()
        return dialog

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Shows", self.what)
        for title, box, button in (
            ("From", self.start, self.start_button),
            ("To", self.end, self.end_button),
        ):
            row = QHBoxLayout()
            row.addWidget(box, 1)
            row.addWidget(button)
            form.addRow(title, row)
        form.addRow("Speed", self.speed)
        form.addRow("Height", self.height_box)
        form.addRow("Quality", self.quality)
        form.addRow("", self.stamp_box)
        form.addRow("", self.bar_box)
        form.addRow("", self.length)
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(self.cancel_button)
        bottom.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addStretch(1)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.save_button.clicked.connect(self.where_requested)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.start_button.clicked.connect(self._on_start)
        self.end_button.clicked.connect(self._on_end)
        self.what.currentIndexChanged.connect(self._on_changed)
        for box in (self.start, self.end, self.speed):
            box.valueChanged.connect(self._on_changed)

    def _on_start(self) -> None:
        self.now_requested.emit("start")

    def _on_end(self) -> None:
        self.now_requested.emit("end")

    def _on_changed(self, *_: object) -> None:
        self.stamp_box.setEnabled(self.shows_canvas)
        self.bar_box.setEnabled(self.shows_canvas)
        start_s, end_s = self.span_s
        lasts_s = (end_s - start_s) / float(self.speed.value())
        self.length.setText(f"The clip lasts {lasts_s:.1f} s." if lasts_s > 0 else "")
