"""Asking what to open of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from napari.utils.theme import get_theme
from qtpy.QtCore import QDateTime, QLocale, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_isx.docks.common.theme import WARNING_COLOR
from napari_isx.io.errors import IsxFileError
from napari_isx.io.folders.scan import joined_by_hand
from napari_isx.io.folders.summary import Found, num_recordings

_COLUMNS: Final = ("Name", "Kind", "Contents", "Animal", "Recorded", "Size")
_NAME, _KIND, _CONTENTS, _ANIMAL, _RECORDED, _SIZE = range(len(_COLUMNS))
_MAX_NAME_PX: Final = 440
_MAX_CONTENTS_PX: Final = 460
_MIN_ROWS, _MAX_ROWS = 4, 18
_SCREEN_SHARE: Final = 0.9
# napari styles no check boxes in lists, and the system's are hardly visible on its dark theme.
_LIST_STYLE: Final = """
QTreeWidget::item {{ padding: 4px 6px 4px 2px; }}
QTreeWidget::indicator {{ width: 14px; height: 14px; padding: 1px; border-radius: 2px; }}
QTreeWidget::indicator:unchecked {{ background: {theme.primary}; }}
QTreeWidget::indicator:checked {{
    background: {theme.current}; image: url("theme_{theme.id}:/check.svg");
}}
QTreeWidget::indicator:disabled {{ background: transparent; }}
"""


class FolderDialog(QDialog):
    """The recordings found in a folder, each with a check box.

    `finds`: in the order in which they are listed; the selected ones are checked. `parent`: the
    window, whose style is followed. `theme_name`: the theme of napari that the window has.
    """

    def __init__(
        self,
        folder: Path,
        finds: Sequence[Found],
        parent: QWidget | None = None,
        theme_name: str = "dark",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open recordings")
        self._folder = folder
        self._finds = list(finds)

        where = QElidingLabel(f"{_counted(finds)} found in {folder}")
        where.setElideMode(Qt.TextElideMode.ElideMiddle)
        where.setToolTip(str(folder))
        self.tree = self._make_tree()
        self.tree.setStyleSheet(_LIST_STYLE.format(theme=get_theme(theme_name)))
        self.summary = QLabel()
        self.series = QCheckBox("Open as &one series")
        self.series.setToolTip(
            "Join the ticked files of each kind, plane and color, whatever their names are"
        )
        self._joined: list[Found] = []
        self.why_not = QLabel()
        self.why_not.setWordWrap(True)
        self.why_not.setStyleSheet(f"color: {WARNING_COLOR}")
        self.why_not.hide()
        self.all_button = QPushButton("Select &all")
        self.none_button = QPushButton("Select &none")
        for button in (self.all_button, self.none_button):
            button.setAutoDefault(False)
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Open | choices.Cancel)
        self.open_button = self.buttons.button(choices.Open)
        self.open_button.setDefault(True)

        bottom = QHBoxLayout()
        bottom.addWidget(self.all_button)
        bottom.addWidget(self.none_button)
        bottom.addWidget(self.series)
        bottom.addSpacing(12)
        bottom.addWidget(self.summary, 1)
        bottom.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(where)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.why_not)
        layout.addLayout(bottom)

        self.all_button.clicked.connect(self._check_all)
        self.none_button.clicked.connect(self._check_none)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.tree.itemChanged.connect(self._on_item)
        self.series.toggled.connect(self._show_summary)
        self._show_summary()
        self._fit()
        self.tree.setFocus()

    @property
    def chosen(self) -> list[Found]:
        """What to open: the checked finds in order, or the series that the user makes of them."""
        return self._joined if self.series.isChecked() else self._checked

    @property
    def _checked(self) -> list[Found]:
        return [found for found, item in self._rows() if _is_checked(item)]

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderLabels(_COLUMNS)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        # Names differ at their ends.
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        tree.headerItem().setTextAlignment(_SIZE, right)
        for found in self._finds:
            item = QTreeWidgetItem(self._texts(found))
            item.setTextAlignment(_SIZE, right)
            item.setCheckState(_NAME, _state(found.selected))
            item.setToolTip(_NAME, "\n".join(map(str, found.paths)))
            item.setToolTip(
                _CONTENTS, _joined_text(found.problem or found.description, found.processing)
            )
            changed = QDateTime.fromSecsSinceEpoch(int(found.modified_s))
            when = QLocale.system().toString(changed, QLocale.FormatType.ShortFormat)
            item.setToolTip(_RECORDED, f"The file was last changed: {when}")
            if found.problem is not None:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            tree.addTopLevelItem(item)
        tree.setColumnHidden(_ANIMAL, not any(found.animal for found in self._finds))
        tree.setColumnHidden(_RECORDED, not any(found.recorded for found in self._finds))
        selected = (i for i, found in enumerate(self._finds) if found.selected)
        tree.setCurrentItem(tree.topLevelItem(next(selected, 0)))
        return tree

    def _texts(self, found: Found) -> list[str]:
        name = _relative(found.path, self._folder)
        if len(found.paths) > 1:
            name += f" and {len(found.paths) - 1} more"
        last_step = found.processing.rpartition(", ")[2]
        return [
            name,
            found.kind,
            f"⚠ {found.problem}" if found.problem else _joined_text(found.description, last_step),
            found.animal,
            found.recorded,
            _size_text(found.size_bytes),
        ]

    def _fit(self) -> None:
        """Take the room that the list needs, within reason."""
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_CONTENTS, QHeaderView.ResizeMode.Stretch)
        for column, most in ((_NAME, _MAX_NAME_PX), (_CONTENTS, _MAX_CONTENTS_PX)):
            self.tree.resizeColumnToContents(column)
            header.resizeSection(column, min(header.sectionSize(column) + 12, most))
        others = (_KIND, _ANIMAL, _RECORDED, _SIZE)
        for column in others:
            self.tree.resizeColumnToContents(column)
            header.resizeSection(column, header.sectionSize(column) + 12)
        contents = min(self.tree.sizeHintForColumn(_CONTENTS) + 24, _MAX_CONTENTS_PX)
        besides = sum(header.sectionSize(c) for c in (_NAME, *others))
        rows = min(max(len(self._finds), _MIN_ROWS), _MAX_ROWS)
        row_px = max(self.tree.sizeHintForRow(0), self.fontMetrics().height() + 4)
        frame = 2 * self.tree.frameWidth()
        scroll_bar = self.tree.verticalScrollBar().sizeHint().width()
        width = besides + contents + frame + scroll_bar
        height = rows * row_px + header.sizeHint().height() + frame
        around = self.sizeHint() - self.tree.sizeHint()
        screen = self.screen().availableGeometry()
        self.resize(
            min(width + 40, int(screen.width() * _SCREEN_SHARE)),
            min(height + around.height() + 4, int(screen.height() * _SCREEN_SHARE)),
        )

    def _rows(self) -> list[tuple[Found, QTreeWidgetItem]]:
        return [(found, self.tree.topLevelItem(i)) for i, found in enumerate(self._finds)]

    def _check_all(self) -> None:
        self._check(checked=True)

    def _check_none(self) -> None:
        self._check(checked=False)

    def _check(self, *, checked: bool) -> None:
        for found, item in self._rows():
            if found.problem is None:
                item.setCheckState(_NAME, _state(checked))

    def _on_item(self, item: QTreeWidgetItem, column: int) -> None:  # noqa: ARG002
        self._show_summary()

    def _join(self, chosen: Sequence[Found]) -> str:
        """Make series of what is checked; say why where it cannot be."""
        try:
            self._joined = joined_by_hand(chosen)
        except (IsxFileError, OSError) as error:
            return f"Not one series. {error}"
        if chosen and len(self._joined) == len(chosen):
            return "Not one series. Tick at least two files of one kind, plane and color."
        return ""

    def _show_summary(self) -> None:
        chosen = self._checked
        problem = self._join(chosen) if self.series.isChecked() else ""
        self.why_not.setText(problem)
        self.why_not.setVisible(bool(problem))
        size = _size_text(sum(found.size_bytes for found in chosen))
        can_any = any(found.problem is None for found in self._finds)
        nothing = (
            "Nothing selected" if can_any else "None of these can be opened: hover to read why"
        )
        self.summary.setText(f"{len(chosen)} selected, {size}" if chosen else nothing)
        self.open_button.setEnabled(bool(chosen) and not problem)
        for button in (self.all_button, self.none_button):
            button.setEnabled(can_any)


def ask_what_to_open(
    folder: Path, finds: Sequence[Found], parent: QWidget, theme_name: str
) -> list[Found]:
    """Let the user choose; nothing where the user cancels."""
    dialog = FolderDialog(folder, finds, parent, theme_name)
    accepted = dialog.exec()
    chosen = dialog.chosen if accepted else []
    dialog.deleteLater()
    return chosen


def _counted(finds: Sequence[Found]) -> str:
    """How many recordings there are, and in how many files."""
    files, recordings = sum(len(found.paths) for found in finds), num_recordings(finds)
    text = "1 recording" if recordings == 1 else f"{recordings:,} recordings"
    return text if files == recordings else f"{text} in {files:,} files"


def _joined_text(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _relative(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _size_text(num_bytes: int) -> str:
    return str(QLocale().formattedDataSize(num_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat))


def _state(checked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked


def _is_checked(item: QTreeWidgetItem) -> bool:
    return bool(item.checkState(_NAME) == Qt.CheckState.Checked)
