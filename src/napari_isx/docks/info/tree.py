"""The rows of the dock *Recording info*."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtWidgets import QMenu, QStyledItemDelegate, QTreeWidget, QTreeWidgetItem, QWidget

from napari_isx.docks.common.list_keys import (
    MOVING_KEYS,
    CopyKey,
    MovingKeys,
    copy_to_clipboard,
)
from napari_isx.session.file_info.account import Info

_WHOLE_ROLE: Final = int(Qt.ItemDataRole.UserRole)
_BREAKABLE: Final = re.compile(r"[/\\_-](?=\w{3})")
_MAX_TIP: Final = 2000
_INDENT_PX: Final = 14
_MARGINS_PX: Final = 16


class _Wrapped(QStyledItemDelegate):
    """Rows as high as their text needs in its column; Qt's own are one line high."""

    def displayText(self, value: Any, locale: Any) -> str:  # noqa: ARG002, N802
        return _BREAKABLE.sub(lambda found: found[0] + "\N{ZERO WIDTH SPACE}", str(value))

    def sizeHint(self, option: Any, index: Any) -> QSize:  # noqa: N802
        indent = 2 * _INDENT_PX * (index.column() == 0)
        option.rect = QRect(0, 0, max(self.parent().columnWidth(index.column()) - indent, 1), 1)
        return super().sizeHint(option, index) + QSize(0, 4)


class InfoTree(CopyKey, MovingKeys, QTreeWidget):
    """Sections with rows of label and text, that can be filtered and copied."""

    own_keys = MOVING_KEYS | {Qt.Key.Key_Left, Qt.Key.Key_Right}

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIndentation(_INDENT_PX)
        self.setWordWrap(True)
        self.setItemDelegate(_Wrapped(self))
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._words: list[str] = []
        self._labels_px = 0
        self._collapsed: set[str] = set()

    def show_info(self, info: Info) -> None:
        """Show what another file says; what is collapsed and filtered stays so."""
        self._remember_collapsed()
        place = self.verticalScrollBar().value()
        self.clear()
        bold = self.font()
        bold.setBold(True)
        for title, rows in info.sections.items():
            section = QTreeWidgetItem(self, [title])
            section.setFont(0, bold)
            section.setFirstColumnSpanned(True)
            for row in rows:
                item = QTreeWidgetItem(section, [row.label, row.text])
                item.setData(1, _WHOLE_ROLE, row.whole_text)
                # What looks like markup is none.
                item.setToolTip(0, html.escape(row.label))
                item.setToolTip(1, f"<qt>{html.escape(row.whole_text[:_MAX_TIP])}</qt>")
                for column in (0, 1):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignTop)
        labels = (row.label for rows in info.sections.values() for row in rows)
        self._labels_px = max(map(self.fontMetrics().horizontalAdvance, labels), default=0)
        self._show_rows()
        self._share_width()
        self.verticalScrollBar().setValue(place)

    def filter(self, words: str) -> None:
        """Show only rows that have all the words, or whose section has them."""
        self._remember_collapsed()
        self._words = words.casefold().split()
        self._show_rows()

    def selected_text(self) -> str:
        lines = []
        for section, rows in self._sections():
            if section.isSelected():
                lines.append(section.text(0))
            chosen = (row for row in rows if row.isSelected() and not row.isHidden())
            lines += [f"{row.text(0)}\t{row.data(1, _WHOLE_ROLE)}" for row in chosen]
        return "\n".join(lines)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        menu, item = QMenu(self), self.itemAt(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if item is not None and item.parent() is not None:
            copy_value = partial(copy_to_clipboard, item.data(1, _WHOLE_ROLE))
            menu.addAction("Copy value").triggered.connect(copy_value)
        menu.addAction("Copy selected rows").triggered.connect(self.copy_selected)
        menu.addSeparator()
        menu.addAction("Expand all").triggered.connect(self.expandAll)
        menu.addAction("Collapse all").triggered.connect(self.collapseAll)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Make labels as wide as they are, but not wider than half of the tree."""
        width = self._labels_px + 2 * _INDENT_PX + _MARGINS_PX
        self.header().resizeSection(0, min(width, self.viewport().width() // 2))
        self.scheduleDelayedItemsLayout()  # texts wrap elsewhere now

    def _sections(self) -> Iterator[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]]:
        for i in range(self.topLevelItemCount()):
            top = self.topLevelItem(i)
            yield top, [top.child(j) for j in range(top.childCount())]

    def _remember_collapsed(self) -> None:
        """Note which sections the user has closed; the filter opens all that it shows."""
        for section, _ in self._sections() if not self._words else ():
            note = self._collapsed.discard if section.isExpanded() else self._collapsed.add
            note(section.text(0))

    def _show_rows(self) -> None:
        for section, rows in self._sections():
            title = section.text(0)
            for row in rows:
                text = f"{title} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in text for word in self._words))
            section.setHidden(all(row.isHidden() for row in rows))
            section.setExpanded(bool(self._words) or title not in self._collapsed)
