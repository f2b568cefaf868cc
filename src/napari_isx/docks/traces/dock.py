"""The dock *Traces*: cells and channels, what is drawn of them, and the time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QAction, QContextMenuEvent, QResizeEvent
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.cell_actions import add_cell_actions
from napari_isx.docks.common.controls import ElidingLabel, small_button, small_combo
from napari_isx.docks.common.pages import Pages, pop_up
from napari_isx.docks.common.save_picture import add_picture_actions
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.trace_plot import MAX_CHANNELS, TracePlot
from napari_isx.docks.traces.cell_list import CellList
from napari_isx.docks.traces.channel_list import ChannelItem, ChannelPanel
from napari_isx.docks.traces.clock_label import ClockLine
from napari_isx.docks.traces.correlation_maps import CorrelationMaps
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.layers.styles import ColorBy
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.report import ClockWords
from napari_isx.timeline.time_text import time_text
from napari_isx.viewer.slider_marks import MarkedTimes

_NO_CELLS: Final = (
    "Open a cell set, an event set or vessels (.isxd), GPIO or IMU to see traces here:\n"
    "drop the file on the window, or use File > Open."
)
_NO_CHANNELS: Final = "Tick a channel in the list to see it here."
_ALL_CONSTANT: Final = (
    "None of these channels ever changes.\nUntick “Only changing” below the list to see them."
)
_NO_SELECTION: Final = "Click a {item} on the canvas or in the list, or press Down."
_CELLS_TAB, _CHANNELS_TAB = 0, 1
_LIST_WIDTH_PX: Final = 180
_MORE_PX: Final = 36
_LEAST_PX: Final = (320, 100)
# In a lower dock the list has the room of what is chosen less often.
_LOW_PX: Final = 200
_NARROW_PX: Final = 900  # narrower ones have no room for the keys


class TracesWidget(QWidget):
    """Shows what it is given and says what the user asked for."""

    group_picked = Signal(int)  # another set of cells, by its place in the list of sets
    events_picked = Signal(int)
    """Other events of these cells, by their place in the list of event sets; 0 for none."""
    cells_picked = Signal(list)  # these cells of the set, and no others
    time_requested = Signal(float)  # A time in seconds
    coloring_picked = Signal(str)  # what the cells on the canvas are colored by: "status" or "file"
    same_scale_picked = Signal(bool)  # whether all cells are drawn between the same values
    clock_time_picked = Signal(bool)  # whether times of day are written instead of session time
    row_decided = Signal(int, str)  # the cell drawn in this row is to have this status
    row_picked = Signal(int)  # the cell drawn in this row is to be selected alone
    row_centered = Signal(int)  # the cell drawn in this row is to be in the middle of the canvas
    channel_row_hidden = Signal(int)
    """The channel drawn in this row, of those of channels, is to be hidden."""
    channels_toggled = Signal(list, bool)
    """These channels, by their places, are to be shown or hidden."""
    channels_ordered = Signal(list)  # the listed channels in this order of their places
    channels_picked = Signal(list)  # these channels, and no others
    only_changing_picked = Signal(bool)  # whether only channels that change are to be listed
    threshold_dragged = Signal(float)  # the level of the channel that responses are aligned to
    arrangement_picked = Signal(str)  # how files of other days or animals are to be shown

    def __init__(self) -> None:
        super().__init__()
        self._groups = small_combo("Set of cells", "Which set of cells is shown")
        self.event_choice = small_combo(
            "Events", "Which events are drawn and counted for these cells"
        )
        self.event_choice.setPlaceholderText("⚠ Choose events")
        self.cell_list = CellList()
        self.channel_panel = ChannelPanel()
        self._tabs = QTabWidget(documentMode=True)
        self.plot = TracePlot()
        self.maps = CorrelationMaps()
        self._item = "cell"
        self._error = self._hint = ""
        self._num_channels = self._num_listed = 0
        self._end_s = 0.0
        self._pages = Pages(self.plot)
        self._time = QLabel()
        self._time.setToolTip(
            "Session time: since the earliest open recording started; and the frame shown"
        )
        self._note = ElidingLabel()
        self._events_note = ClockLine()
        self._channels_note = ElidingLabel()
        self.clock_line = ClockLine()
        self.coloring = small_combo("Color by", "What the cells on the canvas are colored by")
        self.coloring.addItem("Color by status", "status")
        self.coloring.addItem("Color by file", "file")
        self.coloring.addItem("Color by a column", "values")
        # Which one is chosen in the dock Cells.
        self.coloring.model().item(self.coloring.count() - 1).setEnabled(False)
        self._keys = ElidingLabel()
        self._same_scale = QAction("Same scale for all cells", self, checkable=True)
        self._same_scale.setToolTip("From the lowest to the highest value of any cell of the set")
        self._clock_time = QAction("Time of day", self, checkable=True)
        self._more = small_button("⋯", "What can be done with the plot")
        self._more.setMinimumWidth(_MORE_PX)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(QMenu(self._more))
        self._lay_out()
        self._connect()
        self.show_groups([], -1)
        self.show_channel_list([], 0, only_changing=True)

    def _connect(self) -> None:
        self._groups.activated.connect(self.group_picked)
        self.event_choice.activated.connect(self.events_picked)
        self.cell_list.cells_picked.connect(self.cells_picked)
        self.plot.time_requested.connect(self.time_requested)
        self.plot.threshold_dragged.connect(self.threshold_dragged)
        self.coloring.activated.connect(self._on_coloring)
        self._same_scale.triggered.connect(self.same_scale_picked)
        self._clock_time.triggered.connect(self.clock_time_picked)
        self._more.menu().aboutToShow.connect(self._fill_more)
        channels = self.channel_panel.list
        channels.channels_toggled.connect(self.channels_toggled)
        channels.channels_ordered.connect(self.channels_ordered)
        channels.channels_picked.connect(self.channels_picked)
        self.channel_panel.only_changing_picked.connect(self.only_changing_picked)
        self.clock_line.arrangement_picked.connect(self.arrangement_picked)

    @property
    def time_text(self) -> str:
        return str(self._time.text())

    @property
    def events_text(self) -> str:
        return self._events_note.text()

    @property
    def note_text(self) -> str:
        return str(self._note.text())

    @property
    def keys_text(self) -> str:
        return str(self._keys.text())

    @property
    def message(self) -> str:
        """What stands in place of the traces, empty while there are any."""
        return self._pages.message

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells or vessels, with one of them chosen; -1 for none."""
        _fill(self._groups, titles, current)
        self.coloring.setEnabled(bool(titles))
        if not titles:
            self.show_cells([], [], "cell")
            self._note.setText("")
            self._error = ""
            self.plot.show_rows([], (0.0, 0.0))
        self._show_controls()
        self._show_tabs()
        self._show_page()

    def show_event_choices(self, titles: Sequence[str], current: int, words: ClockWords) -> None:
        """Offer these event sets after "no events", and say which is drawn.

        `current` is the place of the one drawn, 0 for none, -1 while the user has to choose.
        """
        offered = ["No events", *(f"Events: {title}" for title in titles)] if titles else []
        _fill(self.event_choice, offered, current)
        for place, title in enumerate(titles, 1):
            self.event_choice.setItemData(place, title, Qt.ItemDataRole.ToolTipRole)
        self._events_note.show_words(words)
        self._show_controls()

    def show_cells(
        self, names: Sequence[str], statuses: Sequence[CellStatus | None], item: str
    ) -> None:
        """List these cells, or whatever each of them is called."""
        self._item = item
        self.cell_list.set_cells(names, statuses)
        self._tabs.setTabText(_CELLS_TAB, f"{item.capitalize()}s")

    def show_statuses(
        self, statuses: Sequence[CellStatus | None], drawn: Sequence[CellStatus | None]
    ) -> None:
        """Show other statuses: of all cells, and of those whose traces are drawn."""
        self.cell_list.set_statuses(statuses)
        self.plot.show_statuses(drawn)

    def show_coloring(self, what: ColorBy) -> None:
        """Say what the cells on the canvas are colored by; "values" are those of a column."""
        self.coloring.setCurrentIndex(self.coloring.findData(what))

    def show_selection(
        self,
        cells: Sequence[int],
        rows: Sequence[TraceRow],
        num_cells: int,
        num_drawn: int,
        span_s: tuple[float, float],
    ) -> None:
        """Mark all selected cells, of so many, and draw the traces of the last of them.

        `span_s` is the session times at which the first recording starts and the last ends.
        """
        self.cell_list.show_selection(cells)
        self._error = ""
        self._end_s = span_s[1]
        self.plot.show_rows(rows, span_s)
        hint = _NO_SELECTION if num_cells else "This set has no {item}s."
        self._hint = hint.format(item=self._item)
        note = f"{len(cells)} of {num_cells} {self._item}s"
        if num_drawn < len(cells):
            note += f" · {num_drawn} of {len(cells)} drawn"
        self._note.setText(note if cells else "")
        self._show_page()

    def show_channel_list(
        self, items: Sequence[ChannelItem], num_channels: int, only_changing: bool
    ) -> None:
        self._num_channels, self._num_listed = num_channels, len(items)
        self.channel_panel.list.show_items(items)
        self.channel_panel.show_only_changing(only_changing)
        self._show_tabs()
        self._show_page()

    def show_channel_selection(self, places: Sequence[int]) -> None:
        self.channel_panel.list.show_selection(places)

    def show_channels(
        self, rows: Sequence[TraceRow], num_shown: int, span_s: tuple[float, float]
    ) -> None:
        """Draw these channels, the first of so many, below the cells."""
        self._end_s = span_s[1]
        self.plot.show_channels(rows, span_s)
        left_out = num_shown > MAX_CHANNELS
        self._channels_note.setText(
            f"{MAX_CHANNELS} of {num_shown} channels drawn" if left_out else ""
        )
        self._show_page()

    def show_scale(self, value_range: tuple[float, float] | None, *, is_same: bool) -> None:
        """Draw all cells between these values, once they are known, or each between its own."""
        self._same_scale.setChecked(is_same)
        self.plot.show_value_range(value_range)

    def show_clock_time(self, start: datetime | None, *, is_known: bool) -> None:
        """Write times of day of a session that started then; None: session time."""
        self._clock_time.setChecked(start is not None)
        self._clock_time.setEnabled(is_known)
        self.plot.show_clock_time(start)

    def show_marks(
        self, marked: Sequence[MarkedTimes], threshold: tuple[int, float] | None
    ) -> None:
        """Mark what responses are aligned to, and a value of a channel, by its place."""
        self.plot.show_marks(marked, threshold)

    def show_maps(self, title: str, maps: npt.NDArray[np.float32] | None) -> None:
        self.maps.show_maps(title, maps)

    def show_clock(self, words: ClockWords) -> None:
        self.clock_line.show_words(words)
        self.plot.show_cuts(words.cuts)

    def show_error(self, text: str) -> None:
        self._error = text
        self._show_page()

    def show_time(self, time_s: float, frame: int | None, num_frames: int) -> None:
        """Move the cursor, and write the time and the frame, None where there is none, of all."""
        self.plot.show_time(time_s)
        shown = "no frame" if frame is None else f"frame {frame} of {num_frames}"
        text = time_text(time_s, self._end_s) + (f" · {shown}" if num_frames else "")
        # Of a fixed size, so that Qt does not lay the window out again at each step of the slider.
        self._time.setText(text)
        needed = self._time.sizeHint()
        if needed.width() > self._time.minimumWidth():
            self._time.setFixedSize(needed)

    def show_keys(self, text: str) -> None:
        self._keys.setText(text)
        self._keys.setToolTip(text)

    def set_colors(self, colors: PlotColors) -> None:
        self.plot.set_colors(colors)
        self.maps.set_colors(colors)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer what can be done with the row under the mouse."""
        point = self.plot.mapFrom(self, event.pos())
        if not self.message and self.plot.rect().contains(point):
            pop_up(self.plot_menu(*self.plot.place_at(point)), event)

    def plot_menu(self, row: int | None = None, time_s: float | None = None) -> QMenu:
        """What can be done with a row of the plot, channels last, at a time, and with all of it."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        num_cells = len(self.plot.rows)
        if row is not None and row < num_cells:
            self._add_cell_actions(menu, row)
        elif row is not None:
            hide = menu.addAction(f"Hide {self.plot.channels[row - num_cells].name}")
            hide.triggered.connect(lambda: self.channel_row_hidden.emit(row - num_cells))
        menu.addSeparator()
        if time_s is not None:
            go_to = menu.addAction(f"Go to {time_text(time_s, self._end_s)}")
            go_to.triggered.connect(lambda: self.time_requested.emit(time_s))
        self._add_plot_actions(menu)
        return menu

    def _add_cell_actions(self, menu: QMenu, row: int) -> None:
        shown = self.plot.rows[row]
        if len(self.plot.rows) > 1:
            only = menu.addAction(f"Select {shown.name} alone")
            only.triggered.connect(lambda: self.row_picked.emit(row))
        if self._item == "cell":
            signals = self.row_centered, self.row_decided
            add_cell_actions(menu, shown.name, shown.status, row, *signals)

    def _add_plot_actions(self, menu: QMenu) -> None:
        show_all = menu.addAction("Show all of the time")
        show_all.setToolTip("Also by a double click or Home")
        show_all.triggered.connect(self.plot.show_all)
        menu.addAction(self._same_scale)
        menu.addAction(self._clock_time)
        menu.addSeparator()
        add_picture_actions(menu, self.plot, "traces")

    def _fill_more(self) -> None:
        self._more.menu().clear()
        self._add_plot_actions(self._more.menu())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._show_controls()

    def _show_controls(self) -> None:
        is_low = self.height() < _LOW_PX
        self._groups.setVisible(self._groups.count() > 1)
        self.event_choice.setVisible(
            self.event_choice.count() > 0
            and not (is_low and self._groups.count() > 1 and self.event_choice.currentIndex() >= 0)
        )
        self.coloring.setVisible(not is_low)
        self._keys.setVisible(self.width() >= _NARROW_PX)

    def _show_page(self) -> None:
        """Show the plot where there is something to draw, else why not."""
        without_list = _ALL_CONSTANT if self._num_channels else _NO_CELLS
        without_cells = _NO_CHANNELS if self._num_listed else without_list
        if (self.plot.rows or self.plot.channels) and not self._error:
            self._pages.show_widget()
        else:
            hint = self._hint if self._groups.count() else without_cells
            self._pages.show_message(self._error or hint)

    def _show_tabs(self) -> None:
        """Have tabs only where there are both cells and channels."""
        has_channels = self._num_channels > 0
        has_cells = self._groups.count() > 0 or not has_channels
        self._tabs.setTabVisible(_CELLS_TAB, has_cells)
        self._tabs.setTabVisible(_CHANNELS_TAB, has_channels)
        self._tabs.tabBar().setVisible(has_cells and has_channels)

    def _on_coloring(self) -> None:
        self.coloring_picked.emit(self.coloring.currentData())

    def _lay_out(self) -> None:
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(2)
        for widget in (self._groups, self.event_choice, self.cell_list, self.coloring):
            left_layout.addWidget(widget)
        self._tabs.addTab(left, "Cells")
        self._tabs.addTab(self.channel_panel, "Channels")
        right = QWidget()
        right_layout = QHBoxLayout(right)
        right_layout.setContentsMargins(0, 0, 0, 0)
        right_layout.addWidget(self._pages, 1)
        right_layout.addWidget(self.maps)
        splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        splitter.addWidget(self._tabs)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LIST_WIDTH_PX, 10 * _LIST_WIDTH_PX])
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addWidget(self._time)
        # Lines that elide take what room there is.
        for label in (self._note, self._events_note, self._channels_note, self.clock_line):
            line.addWidget(label, 8 * isinstance(label, ClockLine))
        line.addStretch(1)
        line.addWidget(self._keys)
        line.addWidget(self._more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 2)
        layout.setSpacing(2)
        layout.addWidget(splitter, 1)
        layout.addLayout(line)
        self.setMinimumSize(*_LEAST_PX)


def _fill(combo: QComboBox, titles: Sequence[str], current: int) -> None:
    with QSignalBlocker(combo):
        combo.clear()
        combo.addItems(list(titles))
        combo.setCurrentIndex(current)
