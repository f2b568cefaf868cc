"""The dock *Recording info*: what the selected file knows of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.info.controller import InfoControl
from napari_isx.docks.info.tree import InfoTree, copy_to_clipboard
from napari_isx.session.file_info.account import Info

if TYPE_CHECKING:
    from napari.viewer import Viewer

_NOTHING_OPEN: Final = (
    "Open an Inscopix file to see here what it knows of animal, microscope and time."
)
_FILTERS: Final = ("Text (*.txt)", "JSON (*.json)")
_MARGIN_PX: Final = 8
_WIDTH_PX: Final = 380


class InfoWidget(QWidget):
    """Shows what it is told and says what the user asked for.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The viewer whose recordings are told of.
    """

    recording_picked = Signal(int)
    """Another file, by its place in the list."""
    save_requested = Signal(str)
    """The account shown is wanted as this file."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._info: Info | None = None
        self._files = QComboBox()
        self._files.setToolTip("The file that is told of; it follows the selected layer")
        self._files.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._files.setMinimumContentsLength(12)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Filter: exposure, dropped, …")
        self._search.setClearButtonEnabled(True)
        self._tree = InfoTree()
        self._message = QLabel(_NOTHING_OPEN, alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._note = QLabel()
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setWordWrap(True)
        self._note.hide()
        self._buttons = [
            self._button("Copy as text", "Put all of it on the clipboard", self.copy_text),
            self._button("Copy as JSON", "Likewise, with whole lists", self.copy_json),
            self._button("Save…", "Write it as text or JSON", self.ask_where_to_save),
        ]
        self._lay_out()
        self._files.activated.connect(self.recording_picked)
        self._search.textChanged.connect(self._tree.filter)
        self.show_recordings([], -1)
        self.show_info(None)

        from napari_isx.app.coordinator import Coordinator

        viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        coordinator = Coordinator.of(viewer)
        self._control = InfoControl(viewer, coordinator.session, self)
        coordinator.view.make_room()

    @property
    def tree(self) -> InfoTree:
        """The rows."""
        return self._tree

    @property
    def info(self) -> Info | None:
        """What is shown."""
        return self._info

    @property
    def files(self) -> QComboBox:
        """The list of open files."""
        return self._files

    @property
    def search(self) -> QLineEdit:
        """The words that rows are filtered by."""
        return self._search

    @property
    def note(self) -> str:
        """What was said last of copying and saving."""
        return str(self._note.text())

    def show_recordings(self, titles: Sequence[str], current: int) -> None:
        """Offer these files, with one of them chosen; -1 for none."""
        with QSignalBlocker(self._files):
            self._files.clear()
            self._files.addItems(list(titles))
            self._files.setCurrentIndex(current)
        self._files.setEnabled(len(titles) > 1)

    def show_info(self, info: Info | None) -> None:
        """Show an account, or that there is none."""
        if info is None or self._info is None or info.title != self._info.title:
            self.show_note("")
        self._info = info
        self._pages.setCurrentIndex(0 if info is None else 1)
        for widget in (self._files, self._search, *self._buttons):
            widget.setVisible(info is not None)
        if info is not None:
            self._tree.show_info(info)

    def show_note(self, text: str) -> None:
        """Say what became of copying or saving."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def copy_text(self) -> None:
        """Put the account on the clipboard as text."""
        if self._info is not None:
            copy_to_clipboard(self._info.to_text())
            self.show_note("Copied as text.")

    def copy_json(self) -> None:
        """Put the account on the clipboard as JSON."""
        if self._info is not None:
            copy_to_clipboard(self._info.to_json())
            self.show_note("Copied as JSON.")

    def ask_where_to_save(self) -> None:
        """Let the user choose a file; the wish to save is said when he has."""
        if self._info is None:
            return
        dialog = QFileDialog(self, "Save recording info")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(_FILTERS))
        dialog.setDefaultSuffix("txt")
        dialog.filterSelected.connect(self._on_filter)
        dialog.fileSelected.connect(self.save_requested)
        dialog.selectFile(f"{Path(self._info.title.partition(',')[0]).stem}_info")
        dialog.open()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for most texts in one line."""
        return QSize(_WIDTH_PX, super().sizeHint().height())

    def _on_filter(self, name_filter: str) -> None:
        dialog = self.findChild(QFileDialog)
        if dialog is not None:
            dialog.setDefaultSuffix("json" if name_filter == _FILTERS[1] else "txt")

    def _button(self, text: str, tip: str, act: Any) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        # Else napari puts an empty space below.
        policy = QSizePolicy.Policy.Expanding
        self._pages.setSizePolicy(policy, policy)
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._tree)
        buttons = QHBoxLayout()
        for button in self._buttons:
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(_MARGIN_PX,) * 4)
        layout.setSpacing(_MARGIN_PX)
        layout.addWidget(self._files)
        layout.addWidget(self._search)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._note)
        layout.addLayout(buttons)
