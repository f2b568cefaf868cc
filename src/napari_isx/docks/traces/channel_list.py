"""The list of channels: which are shown, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from qtpy.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QDropEvent,
    QFont,
    QIcon,
    QPainter,
    QPen,
    QPixmap,
    QPolygonF,
)
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.controls import small_button
from napari_isx.docks.common.list_keys import MOVING_KEYS, MovingKeys
from napari_isx.session.channel import ChannelKind

_PLACE: Final = Qt.ItemDataRole.UserRole
# Between the text colors of dark and light themes.
_ICON_COLOR: Final = "#8A94A6"
_ICON_PX: Final = 14
_LEAST_PX: Final = 24
# Corners of what a channel looks like, x and y from 0 at the top left to 1.
_SHAPES: Final[dict[ChannelKind, tuple[tuple[float, float], ...]]] = {
    "digital": ((0, 0.8), (0.25, 0.8), (0.25, 0.2), (0.7, 0.2), (0.7, 0.8), (1, 0.8)),
    "held": ((0, 0.8), (0.3, 0.8), (0.3, 0.45), (0.65, 0.45), (0.65, 0.15), (1, 0.15)),
    "dense": ((0, 0.6), (0.15, 0.2), (0.4, 0.8), (0.6, 0.3), (0.8, 0.7), (1, 0.4)),
}


class ChannelItem(NamedTuple):
    """A channel as it is listed: its place among all channels, and what else there is to say."""

    place: int
    name: str
    file: str
    kind: ChannelKind
    tip: str
    is_shown: bool
    is_constant: bool


class ChannelList(MovingKeys, QListWidget):
    """A list in which channels are ticked, picked with Ctrl and Shift, and dragged."""

    channels_toggled = Signal(list, bool)
    """The user wants these channels, by their places, shown or hidden."""
    channels_ordered = Signal(list)
    """The user wants the listed channels in this order of their places."""
    channels_picked = Signal(list)  # the user picked these channels, and no others

    own_keys = MOVING_KEYS | {Qt.Key.Key_Space}

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[ChannelItem] = []
        self._icons = {kind: _icon(kind) for kind in _SHAPES}
        self.setAccessibleName("Channels")
        self.setMinimumHeight(_LEAST_PX)
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(self._on_item)
        self.itemSelectionChanged.connect(self._on_selection)

    @property
    def order(self) -> list[int]:
        """The places of the listed channels, from top to bottom."""
        return [item.place for item in self._items]

    def row_of(self, place: int) -> int:
        """The row of the list in which a channel is; the names of files have rows too."""
        rows = (row for row in range(self.count()) if self.item(row).data(_PLACE) == place)
        return next(rows)

    def show_items(self, items: Sequence[ChannelItem]) -> None:
        """List these channels, with the file's name above those of each where there are more."""
        if list(items) == self._items:
            return
        scrolled, selected = self.verticalScrollBar().value(), self._selected_places()
        with QSignalBlocker(self):
            if [item[:5] for item in items] != [item[:5] for item in self._items]:
                self._fill(items)
                self.show_selection(selected)
            self._items = list(items)
            states = {item.place: item.is_shown for item in items}
            for row in range(self.count()):
                place = self.item(row).data(_PLACE)
                if place is not None:
                    self.item(row).setCheckState(_check_state(states[place]))
        self.verticalScrollBar().setValue(scrolled)

    def show_selection(self, places: Sequence[int]) -> None:
        with QSignalBlocker(self):
            for row in range(self.count()):
                self.item(row).setSelected(self.item(row).data(_PLACE) in places)

    def move_selected(self, step: int) -> None:
        """Ask for the selected channels one place further down (1) or up (-1)."""
        selected, order = set(self._selected_places()), self.order
        rows = range(1, len(order)) if step < 0 else range(len(order) - 2, -1, -1)
        for row in rows:
            other = row + step
            if order[row] in selected and order[other] not in selected:
                order[row], order[other] = order[other], order[row]
        self._ask_for(order)

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        """Ask for the order that the drop means; what is listed changes when it is granted."""
        if event is None or event.source() is not self:
            return
        # Qt would move its rows itself, and delete them where they were.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        at = event.position().toPoint() if hasattr(event, "position") else event.pos()
        self.drop_selected(self._row_below(at.y()))

    def drop_selected(self, row: int) -> None:
        """Ask for the selected channels in front of what is in a row now."""
        selected = [place for place in self.order if place in self._selected_places()]
        behind = {
            place
            for below in range(row, self.count())
            if (place := self.item(below).data(_PLACE)) is not None
        }
        staying = [place for place in self.order if place not in selected]
        first = [place for place in staying if place not in behind]
        self._ask_for([*first, *selected, *(place for place in staying if place in behind)])

    def _row_below(self, y: int) -> int:
        """The row that a drop at this height goes in front of."""
        middles = (self.visualItemRect(self.item(row)).center().y() for row in range(self.count()))
        return sum(middle < y for middle in middles)

    def _ask_for(self, order: list[int]) -> None:
        if order != self.order:
            self.channels_ordered.emit(order)

    def _selected_places(self) -> list[int]:
        return [item.data(_PLACE) for item in self.selectedItems()]

    def _fill(self, items: Sequence[ChannelItem]) -> None:
        self.clear()
        has_files = len({item.file for item in items}) > 1
        file = None
        for item in items:
            if has_files and item.file != file:
                header = QListWidgetItem(item.file, self)
                # Not disabled, as napari's light theme writes that in gray on gray.
                header.setFlags(Qt.ItemFlag.ItemIsEnabled)
                header.setFont(_with(header.font(), bold=True))
                header.setToolTip(item.file)
            file = item.file
            self.addItem(self._listed(item))

    def _listed(self, item: ChannelItem) -> QListWidgetItem:
        row = QListWidgetItem(self._icons[item.kind], item.name)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsDragEnabled
        row.setFlags(flags)
        row.setData(_PLACE, item.place)
        row.setToolTip(item.tip)
        if item.is_constant:
            row.setFont(_with(row.font(), italic=True))
        return row

    def _on_item(self, item: QListWidgetItem) -> None:
        """A tick was set; of several selected channels it means all."""
        place, selected = item.data(_PLACE), self._selected_places()
        shown = item.checkState() == Qt.CheckState.Checked
        self.channels_toggled.emit(selected if place in selected else [place], shown)

    def _on_selection(self) -> None:
        self.channels_picked.emit(self._selected_places())


class ChannelPanel(QWidget):
    """The list of channels, and what can be done with it."""

    only_changing_picked = Signal(bool)
    """Whether the user wants only channels that change to be listed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ChannelList()
        self._only_changing = QCheckBox("Only changing")
        self._only_changing.setToolTip("List only channels that change")
        self._only_changing.toggled.connect(self.only_changing_picked)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._only_changing, 1)
        for text, step, tip in (("▲", -1, "up"), ("▼", 1, "down")):
            button = small_button(text, f"Move the selected channels {tip}")
            button.setProperty("step", step)
            button.clicked.connect(self._move)
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.list)
        layout.addLayout(line)

    def show_only_changing(self, only: bool) -> None:
        with QSignalBlocker(self._only_changing):
            self._only_changing.setChecked(only)

    def _move(self) -> None:
        self.list.move_selected(int(self.sender().property("step")))


def _with(font: QFont, *, bold: bool = False, italic: bool = False) -> QFont:
    font.setBold(bold)
    font.setItalic(italic)
    return font


def _check_state(shown: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked


def _icon(kind: ChannelKind) -> QIcon:
    pixmap = QPixmap(2 * _ICON_PX, 2 * _ICON_PX)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(_ICON_COLOR), 1.4))
    area = QRectF(1, 1, _ICON_PX - 2, _ICON_PX - 2)
    corners = [
        QPointF(area.left() + x * area.width(), area.top() + y * area.height())
        for x, y in _SHAPES[kind]
    ]
    painter.drawPolyline(QPolygonF(corners))
    painter.end()
    return QIcon(pixmap)
