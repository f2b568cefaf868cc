"""The dock *Export*: a checklist of what is open, with formats, destination and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.export.clip_page import ClipPage

_ROLE: Final = Qt.ItemDataRole.UserRole
_MOST_S: Final = 1e7
_MESSAGE_PX, _TREE_PX = 130, 200
# napari's own boxes are as dark as what they lie on.
_LIST_STYLE: Final = "QTreeWidget::indicator:unchecked { border: 1px solid #808080; }"
_NOTHING: Final = "Open recordings to export them: drop files on the window, or use File > Open."


class Choice(NamedTuple):
    """A format of an item: its key, its title, how large it becomes, and whether it is wanted."""

    key: str
    title: str
    size: str
    wanted: bool


class Item(NamedTuple):
    """Something that is open, with the formats that it can have."""

    name: str
    kind: str
    choices: Sequence[Choice]


class ExportWidget(QWidget):
    """Shows what can be exported, and says what the user wants."""

    picked = Signal()
    """Something else is wanted: see :attr:`wanted`."""
    export_requested = Signal()
    cancel_requested = Signal()
    details_requested = Signal()
    """What an NWB file says of the animal is to be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What is open", "About"])
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.folder_edit = QLineEdit()
        self.folder_edit.setToolTip("Where the files are written")
        self.folder_button = QPushButton("Folder…")
        self.first, self.last = _seconds("from the start"), _seconds("to the end")
        self.overwrite_box = QCheckBox("Replace files that are there")
        self.shown_box = QCheckBox("Decisions as shown, saved or not")
        self.shown_box.setChecked(True)
        self.details_button = QPushButton("NWB details…")
        self.details_button.setToolTip("What only you know of animal and experiment")
        self.estimate = QLabel()
        self.export_button = QPushButton("Export")
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.message = QPlainTextEdit()
        self.message.setReadOnly(True)
        self.message.setMaximumBlockCount(500)
        self.message.setMaximumHeight(_MESSAGE_PX)
        self.tree.setMinimumHeight(_TREE_PX)
        self.tree.setStyleSheet(_LIST_STYLE)
        self.clip = ClipPage()
        self._lay_out()
        self._connect()
        self.show_progress(None)
        self.show_items([])

    @property
    def wanted(self) -> list[tuple[int, str]]:
        """Places of items and keys of formats that are checked."""
        found = []
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            for row in range(item.childCount()):
                child = item.child(row)
                if child.checkState(0) == Qt.CheckState.Checked:
                    found.append((place, str(child.data(0, _ROLE))))
        return found

    @property
    def folder(self) -> str:
        """Where to."""
        return str(self.folder_edit.text()).strip()

    @property
    def span_s(self) -> tuple[float, float] | None:
        """The session times between which movies are exported; None for all."""
        first, last = float(self.first.value()), float(self.last.value())
        return None if not first and not last else (first, last or _MOST_S)

    def show_items(self, items: Sequence[Item]) -> None:
        """Show what is open."""
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for item in items:
                top = QTreeWidgetItem([item.name, item.kind])
                top.setFlags(top.flags() | Qt.ItemFlag.ItemIsAutoTristate)
                self.tree.addTopLevelItem(top)
                for choice in item.choices:
                    child = QTreeWidgetItem([choice.title, choice.size])
                    child.setData(0, _ROLE, choice.key)
                    wanted = Qt.CheckState.Checked if choice.wanted else Qt.CheckState.Unchecked
                    child.setCheckState(0, wanted)
                    top.addChild(child)
            self.tree.expandAll()
        self.export_button.setEnabled(bool(items))
        if not items:
            self.show_message(_NOTHING)
        elif self.message.toPlainText() == _NOTHING:
            self.show_message("")

    def show_folder(self, folder: str) -> None:
        """Propose a folder."""
        self.folder_edit.setText(folder)

    def show_estimate(self, text: str) -> None:
        """Say how much it becomes."""
        self.estimate.setText(text)

    def show_message(self, text: str) -> None:
        """Say what became of it."""
        self.message.setPlainText(text)
        self.message.setVisible(bool(text))

    def show_progress(self, fraction: float | None) -> None:
        """Say how much is done; None while nothing is written."""
        self.bar.setVisible(fraction is not None)
        self.cancel_button.setVisible(fraction is not None)
        self.export_button.setVisible(fraction is None)
        self.bar.setValue(round(1000 * (fraction or 0)))

    def ask_for_folder(self) -> QFileDialog:
        """Let the user choose where to."""
        dialog = QFileDialog(self, "Export into", self.folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.fileSelected.connect(self.show_folder)
        dialog.open()
        return dialog

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self.folder_edit, 1)
        where.addWidget(self.folder_button)
        span = QHBoxLayout()
        span.addWidget(QLabel("Movies"))
        span.addWidget(self.first)
        span.addWidget(self.last)
        span.addStretch(1)
        boxes = QVBoxLayout()
        boxes.addWidget(self.shown_box)
        boxes.addWidget(self.overwrite_box)
        bottom = QHBoxLayout()
        bottom.addWidget(self.details_button)
        bottom.addStretch(1)
        bottom.addWidget(self.cancel_button)
        bottom.addWidget(self.export_button)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(self.tree, 3)
        for part in (span, boxes, where):
            layout.addLayout(part)
        for widget in (self.estimate, self.bar, self.message):
            layout.addWidget(widget)
        layout.addLayout(bottom)
        self.estimate.setWordWrap(True)
        self.tabs = QTabWidget()
        self.tabs.addTab(page, "Files")
        self.tabs.addTab(self.clip, "Clip")
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.tabs)

    def _connect(self) -> None:
        self.tree.itemChanged.connect(self._on_item)
        self.folder_edit.textChanged.connect(self._on_item)
        self.first.valueChanged.connect(self._on_item)
        self.last.valueChanged.connect(self._on_item)
        self.folder_button.clicked.connect(self.ask_for_folder)
        self.export_button.clicked.connect(self.export_requested)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.details_button.clicked.connect(self.details_requested)

    def _on_item(self, *_: object) -> None:
        self.picked.emit()


def _seconds(special: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0, _MOST_S)
    box.setDecimals(2)
    box.setSuffix(" s")
    box.setSpecialValueText(special)
    box.setToolTip("In session time, as the slider shows it")
    return box
