"""The rows of the dock *Recording info*."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from qtpy.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
)
from qtpy.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_isx.session.file_info.account import Info, InfoEntry
from napari_isx.session.file_info.words import json_text

_ENTRY_ROLE: Final = int(Qt.ItemDataRole.UserRole)
_BREAKABLE: Final = re.compile(r"[/\\_-](?=\w{3})")
_MAY_BREAK: Final = "\N{ZERO WIDTH SPACE}"
_TREE_KEYS: Final = frozenset(
    {
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right),
        *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    }
)
_MAX_TIP: Final = 2000
_TEXT_MARGIN_PX: Final = 4
_PADDING_PX: Final = 2


class _Wrapped(QStyledItemDelegate):
    """Rows as high as their text needs in the width of its column, with room above and below."""

    def displayText(self, value: Any, locale: Any) -> str:  # noqa: ARG002, N802
        """Let long file names be broken, too."""
        return _BREAKABLE.sub(lambda found: found[0] + _MAY_BREAK, str(value))

    def sizeHint(  # noqa: N802
        self,
        option: Any,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,
    ) -> QSize:
        """Size of a cell of the tree."""
        tree = self.parent()
        text = self.displayText(index.data() or "", None)
        width = tree.columnWidth(index.column()) - 2 * _TEXT_MARGIN_PX
        if index.column() == 0:
            if not index.parent().isValid():  # a heading has both columns
                return QSize(width, tree.fontMetrics().height() + 4 * _PADDING_PX)
            width -= 2 * tree.indentation()
        room = QRect(0, 0, max(width, 1), 1 << 16)
        found = tree.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), text)
        return QSize(width, found.height() + 2 * _PADDING_PX)


class InfoTree(QTreeWidget):
    """Sections with rows of label and text, that can be filtered and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderLabels(["", "Value"])
        self.setHeaderHidden(True)
        self.setRootIsDecorated(True)
        self.setIndentation(14)
        self.setWordWrap(True)
        self.setItemDelegate(_Wrapped(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        self._words = ""
        self._labels_px = 0
        self._collapsed: set[str] = set()
        self.itemCollapsed.connect(self._on_collapsed)
        self.itemExpanded.connect(self._on_expanded)
        self.customContextMenuRequested.connect(self._show_menu)

    def show_info(self, info: Info) -> None:
        """Show another account; what is collapsed and filtered stays so."""
        place = self.verticalScrollBar().value()
        self.clear()
        bold = self.font()
        bold.setBold(True)
        for section in info.sections:
            top = QTreeWidgetItem([section.title])
            top.setFont(0, bold)
            self.addTopLevelItem(top)
            top.setFirstColumnSpanned(True)
            for entry in section.entries:
                top.addChild(_item(entry))
            top.setExpanded(section.title not in self._collapsed)
        self.filter(self._words)
        labels = (entry.label for section in info.sections for entry in section.entries)
        widest = max(map(self.fontMetrics().horizontalAdvance, labels), default=0)
        self._labels_px = widest + 2 * self.indentation() + 4 * _TEXT_MARGIN_PX
        self._share_width()
        self.verticalScrollBar().setValue(place)

    def filter(self, words: str) -> None:
        """Show only rows that have all the words, or whose section has them."""
        self._words = words
        wanted = words.casefold().split()
        for top in self._sections():
            whole = _has_all(top.text(0), wanted)
            rows = [top.child(i) for i in range(top.childCount())]
            shown = [whole or _has_all(f"{row.text(0)} {row.text(1)}", wanted) for row in rows]
            for row, is_shown in zip(rows, shown, strict=True):
                row.setHidden(not is_shown)
            top.setHidden(not any(shown))
            if wanted and any(shown) and not top.isExpanded():
                with QSignalBlocker(self):  # not the user's doing, so not to be remembered
                    top.setExpanded(True)
            elif not wanted:
                top.setExpanded(top.text(0) not in self._collapsed)

    def selected_text(self) -> str:
        """The selected rows, a line for each."""
        lines = []
        for top in self._sections():
            rows = [top.child(i) for i in range(top.childCount())]
            if top.isSelected():
                lines.append(top.text(0))
            chosen = (row for row in rows if row.isSelected() and not row.isHidden())
            lines += [f"{row.text(0)}\t{_whole_text(row)}" for row in chosen]
        return "\n".join(lines)

    def copy_selected(self) -> None:
        """Put the selected rows on the clipboard; what is there stays, where none is selected."""
        text = self.selected_text()
        if text:
            copy_to_clipboard(text)

    def event(self, event: QEvent) -> bool:
        """Keep the key for copying, which napari has a command for, while this has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_copy(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move and copy; all other keys are napari's, also letters, which Qt would search."""
        if _is_copy(event):
            self.copy_selected()
        elif event.key() in _TREE_KEYS or event.matches(QKeySequence.StandardKey.SelectAll):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _sections(self) -> list[QTreeWidgetItem]:
        return [self.topLevelItem(i) for i in range(self.topLevelItemCount())]

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Share the width anew."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Make labels as wide as they are, but not wider than half of the tree."""
        self.header().resizeSection(0, min(self._labels_px, self.viewport().width() // 2))
        self.scheduleDelayedItemsLayout()  # texts wrap elsewhere now

    def _on_collapsed(self, item: QTreeWidgetItem) -> None:
        self._collapsed.add(item.text(0))

    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        self._collapsed.discard(item.text(0))

    def _copy(self, text: str, checked: bool = False) -> None:  # noqa: ARG002
        copy_to_clipboard(text)

    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if item is not None and item.parent() is not None:
            copy_value = menu.addAction("Copy value")
            copy_value.triggered.connect(partial(self._copy, _whole_text(item)))
        menu.addAction("Copy selected rows").triggered.connect(self.copy_selected)
        menu.addSeparator()
        menu.addAction("Expand all").triggered.connect(self.expandAll)
        menu.addAction("Collapse all").triggered.connect(self.collapseAll)
        menu.popup(self.viewport().mapToGlobal(at))


def _item(entry: InfoEntry) -> QTreeWidgetItem:
    item = QTreeWidgetItem([entry.label, entry.text])
    item.setData(1, _ENTRY_ROLE, _whole(entry))
    top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
    for column in (0, 1):
        item.setTextAlignment(column, top)
    tip = item.data(1, _ENTRY_ROLE)[:_MAX_TIP]
    item.setToolTip(0, html.escape(entry.label))
    item.setToolTip(1, f"<qt>{html.escape(tip)}</qt>")  # what looks like markup is none
    return item


def _whole(entry: InfoEntry) -> str:
    """What is copied of a row: lists that are cut on the screen are whole."""
    if isinstance(entry.value, str) and not entry.unit:
        return entry.value
    if isinstance(entry.value, (list, dict)) and "…" in entry.text:
        return json_text(entry.value)
    return entry.text


def _whole_text(item: QTreeWidgetItem) -> str:
    return str(item.data(1, _ENTRY_ROLE))


def _has_all(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _is_copy(event: Any) -> bool:
    return bool(event.matches(QKeySequence.StandardKey.Copy))


def copy_to_clipboard(text: str) -> None:
    """Put a text on the clipboard."""
    QGuiApplication.clipboard().setText(text)
