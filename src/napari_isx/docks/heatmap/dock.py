"""The dock *Heat map*: all cells at a glance, with the time and the selection of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QPointF, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QActionGroup, QContextMenuEvent, QKeyEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_isx.analysis.trace_heatmap import UNITS, Norm, Order, Shades
from napari_isx.docks.common.cell_actions import add_cell_actions
from napari_isx.docks.common.controls import small_combo
from napari_isx.docks.common.pages import Pages, pop_up
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.save_picture import add_picture_actions
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.visible_widget import SeenWidget
from napari_isx.docks.heatmap.plot import HeatMapPlot
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.timeline.time_text import time_text

_LEAST_PX: Final = (240, 100)
_PROGRESS_PX: Final = 120
_COMBO_PX: Final = 200
_COMPUTING: Final = "computing… %p%"
_NORM_TITLES: Final[dict[Norm, str]] = {"z": "z-score", "max": "of maximum"}


class HeatMapWidget(SeenWidget):
    """Shows what it is given and says what the user asked for; rows are cells, from the top.

    A click picks the cell and the time; a drag moves in time. The wheel with Ctrl zooms in time,
    with Shift in cells, alone it scrolls; the middle button moves the view, a double click or
    Home shows all.
    """

    cell_picked = Signal(int)  # the user pointed at this cell
    cell_decided = Signal(int, str)  # this cell is to have this status
    cell_centered = Signal(int)  # this cell is to be in the middle of the canvas
    order_picked = Signal(str)
    """How the cells are to be ordered: a key given to :meth:`show_orders`."""
    norm_picked = Signal(str)  # how cells are made comparable: "z" or "max"
    range_changed = Signal(float, float)
    """Another part of time is shown, in seconds, finer than the map has columns."""
    only_filtered_changed = Signal(bool)
    """Whether only the cells that the table shows are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._orders = small_combo("Order of the cells", "In which order the cells are shown", 9)
        self._norms = small_combo("Scale of the cells", "How cells are made comparable", 9)
        for combo in (self._orders, self._norms):
            combo.setMaximumWidth(_COMBO_PX)
        for norm, title in _NORM_TITLES.items():
            self._norms.addItem(title, norm)
            self._norms.setItemData(
                self._norms.count() - 1, UNITS[norm], Qt.ItemDataRole.ToolTipRole
            )
        self._filtered = QCheckBox("Only filtered")
        self._filtered.setToolTip("Show only the cells that the filter of the dock Cells lets pass")
        self._filtered.hide()
        self._progress = QProgressBar(minimum=0, maximum=100)
        self._progress.setFixedWidth(_PROGRESS_PX)
        self._progress.setFormat(_COMPUTING)
        self._progress.setAccessibleName("Computed so far")
        self._progress.hide()
        self._map = HeatMapPlot()
        self._pages = Pages(self._map, "Open a cell set to see all its traces here.")
        self._hover = QLabel(" ")
        self._hover.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lay_out()
        pass_keys_on(self)
        self._orders.activated.connect(self._on_order)
        self._norms.activated.connect(self._on_norm)
        self._filtered.clicked.connect(self.only_filtered_changed)
        self._map.cell_picked.connect(self.cell_picked)
        self._map.time_requested.connect(self.time_requested)
        self._map.range_changed.connect(self.range_changed)
        self._map.hovered.connect(self._hover.setText)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(480, 320)

    @property
    def message(self) -> str:
        """What stands in place of the map, empty while there is one."""
        return self._pages.message

    @property
    def hover_text(self) -> str:
        return str(self._hover.text()).strip()

    @property
    def canvas_viewport(self) -> QWidget:
        viewport: QWidget = self._map.viewport()
        return viewport

    def position_of(self, cell: int, time_s: float) -> QPointF:
        """Where a cell and a time are, in pixels of :attr:`canvas_viewport`."""
        return self._map.position_of(cell, time_s)

    def show_message(self, text: str) -> None:
        self._pages.show_message(text)
        self._hover.setText(" ")

    def show_progress(self, fraction: float | None) -> None:
        """Show how much was computed, 0 to 1; None when nothing is being computed."""
        self._progress.setVisible(fraction is not None)
        self._progress.setRange(0, 100)
        self._progress.setValue(round(100 * (fraction or 0.0)))

    def show_busy(self) -> None:
        """Show that something is being computed, nobody knows how long."""
        self._progress.setRange(0, 0)
        self._progress.show()

    def show_only_filtered(self, on: bool | None) -> None:
        """Show whether only filtered cells are shown; None where nothing filters."""
        self._filtered.setVisible(on is not None)
        self._filtered.setChecked(bool(on))

    def show_orders(self, orders: Sequence[tuple[str, str]], current: str) -> None:
        """Offer these orders: a key and a title each; one of the keys is chosen."""
        with QSignalBlocker(self._orders):
            self._orders.clear()
            for key, title in orders:
                self._orders.addItem(title, key)
            self._orders.setCurrentIndex(self._orders.findData(current))

    def show_norm(self, norm: Norm) -> None:
        self._norms.setCurrentIndex(self._norms.findData(norm))

    def show_cells(self, names: Sequence[str], statuses: Sequence[CellStatus | None]) -> None:
        """Name the cells; a map of others than before is shown with :meth:`show_map`."""
        self._map.set_cells(list(names), list(statuses))

    def show_map(self, shades: Shades, order: Order) -> None:
        """Draw a map, keeping the part of time that is shown if it lies in the same span.

        `shades` has a row for each cell in the cells' own order, rows of NaN for those not
        computed yet; `order` ``(n,)`` has the cells from the top, and may leave some out.
        """
        self._map.set_map(shades, order)
        self._pages.show_widget()

    def show_order(self, order: Order) -> None:
        """Order the cells of the map again: ``(n,)``, from the top."""
        self._map.set_order(order)

    def show_detail(self, shades: Shades | None) -> None:
        """Draw a part of the time with finer columns, until another part is shown."""
        self._map.set_detail(shades)

    def show_time(self, time_s: float) -> None:
        self._map.cursor.setValue(time_s)

    def show_selection(self, cells: Sequence[int]) -> None:
        self._map.set_selection(cells)

    def set_colors(self, colors: PlotColors) -> None:
        self._map.set_colors(colors)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Show all at Home, and leave the other keys to napari."""
        if event.key() == Qt.Key.Key_Home and not event.modifiers():
            self._map.show_all()
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer what can be done with the cell under the mouse."""
        point = self._map.mapFrom(self, event.pos())
        if not self.message and self._map.rect().contains(point):
            pop_up(self.map_menu(*self._map.place_at(point)), event)

    def map_menu(self, cell: int | None = None, time_s: float = 0.0) -> QMenu:
        """What can be done with a cell and a time, and with all of the map."""
        menu = QMenu(self)
        if cell is not None:
            name, shown = self._map.described(cell)
            menu.addAction(f"Select {name}").triggered.connect(lambda: self.cell_picked.emit(cell))
            add_cell_actions(menu, name, shown, cell, self.cell_centered, self.cell_decided)
            go_to = menu.addAction(f"Go to {time_text(time_s, self._map.end_s)}")
            go_to.triggered.connect(lambda: self.time_requested.emit(time_s))
            menu.addSeparator()
        for title, combo in (("Order", self._orders), ("Scale", self._norms)):
            choices = menu.addMenu(title)
            group = QActionGroup(choices)
            for place in range(combo.count()):
                choice = group.addAction(choices.addAction(combo.itemText(place)))
                choice.setCheckable(True)
                choice.setChecked(place == combo.currentIndex())
                choice.triggered.connect(
                    lambda _=False, combo=combo, place=place: self._choose(combo, place)
                )
        show_all = menu.addAction("Show all cells and all of the time")
        show_all.triggered.connect(self._map.show_all)
        menu.addSeparator()
        add_picture_actions(menu, self._map, "heat map")
        return menu

    def _choose(self, combo: QComboBox, place: int) -> None:
        combo.setCurrentIndex(place)
        combo.activated.emit(place)

    def _on_order(self) -> None:
        self.order_picked.emit(self._orders.currentData())

    def _on_norm(self) -> None:
        self.norm_picked.emit(self._norms.currentData())

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self._orders, 1)
        line.addWidget(self._norms)
        line.addWidget(self._filtered)
        line.addWidget(self._progress)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._hover)
        self.setMinimumSize(*_LEAST_PX)
