"""The dock *Recording info*: what the selected file says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.file_dialog import save_dialog
from napari_isx.docks.common.list_keys import copy_to_clipboard
from napari_isx.docks.info.tree import InfoTree
from napari_isx.session.file_info.account import Info

_NOTHING_OPEN: Final = (
    "Open an Inscopix file to see here what it says of animal, microscope and time."
)
_MARGIN_PX: Final = 4
_WIDTH_PX: Final = 330


class InfoWidget(QWidget):
    """Shows an `info`, or that there is none, and emits what the user asks for."""

    recording_picked = Signal(int)
    """Another file, by its place in the list."""
    save_requested = Signal(str)
    """What is shown is wanted as this file."""

    def __init__(self) -> None:
        super().__init__()
        self.info: Info | None = None
        self.files, self.search = QComboBox(), QLineEdit()
        self.tree, self.note = InfoTree(), QLabel(wordWrap=True)
        self.files.setToolTip("The file that is described; it follows the selected layer")
        self.files.setAccessibleName("File that is described")
        self.files.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.files.setMinimumContentsLength(12)
        self.search.setPlaceholderText("Filter: exposure, dropped, …")
        self.search.setAccessibleName("Filter of rows")
        self.search.setClearButtonEnabled(True)
        self.tree.setAccessibleName("What the file says")
        self.tree.setMinimumHeight(60)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self._lay_out()
        self.files.activated.connect(self.recording_picked)
        self.search.textChanged.connect(self.tree.filter)
        self.show_note("")

    def show_recordings(self, titles: Sequence[str], current: int) -> None:
        """Offer these files, with one of them chosen; -1 for none."""
        with QSignalBlocker(self.files):
            self.files.clear()
            self.files.addItems(list(titles))
            self.files.setCurrentIndex(current)
        self.files.setEnabled(len(titles) > 1)

    def show_info(self, info: Info | None) -> None:
        """Show what a file says, or that none is open."""
        if info is None or self.info is None or info.title != self.info.title:
            self.show_note("")
        self.info = info
        self._pages.setCurrentIndex(0 if info is None else 1)
        for widget in (self.files, self.search, self._buttons):
            widget.setVisible(info is not None)
        if info is not None:
            self.tree.show_info(info)

    def show_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def copy_text(self) -> None:
        if self.info is not None:
            copy_to_clipboard(self.info.to_text())
            self.show_note("Copied as text.")

    def copy_json(self) -> None:
        if self.info is not None:
            copy_to_clipboard(self.info.to_json())
            self.show_note("Copied as JSON.")

    def ask_where_to_save(self) -> None:
        """Let the user choose a file, which is emitted."""
        if self.info is not None:
            proposed = Path(f"{Path(self.info.title.partition(',')[0]).stem}_info")
            filters = ("Text (*.txt)", "JSON (*.json)")
            dialog = save_dialog(self, "Save recording info", proposed, *filters)
            dialog.fileSelected.connect(self.save_requested)
            dialog.open()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(_WIDTH_PX, super().sizeHint().height())

    def _lay_out(self) -> None:
        message = QLabel(_NOTHING_OPEN, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._pages, self._buttons = QStackedWidget(), QWidget()
        # Else napari puts an empty space below.
        self._pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._pages.addWidget(message)
        self._pages.addWidget(self.tree)
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        for text, tip, act in (
            ("Copy as text", "Put all of it on the clipboard", self.copy_text),
            ("Copy as JSON", "Likewise, with whole lists", self.copy_json),
            ("Save…", "Write it as text or JSON", self.ask_where_to_save),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(act)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(_MARGIN_PX,) * 4)
        layout.setSpacing(_MARGIN_PX)
        for widget in (self.files, self.search, self._pages, self.note, self._buttons):
            layout.addWidget(widget)
