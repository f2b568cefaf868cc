"""The dock *Traces*: cells and channels, what is drawn of them, and the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.docks.common.placing import Placing
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.traces.cell_list import CellList
from napari_isx.docks.traces.channel_list import ChannelItem, ChannelPanel
from napari_isx.docks.traces.clock_label import ClockLine
from napari_isx.docks.traces.correlation_maps import CorrelationMaps
from napari_isx.docks.traces.plot import MAX_CHANNELS, MAX_ROWS, TracePlot
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.layers.styles import ColorBy
from napari_isx.session.plot_rows import TraceRow
from napari_isx.timeline.report import ClockWords

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
_HEIGHT_PX: Final = 280


class TracesWidget(QWidget):
    """Shows what it is given and says what the user asked for."""

    group_picked = Signal(int)
    """Another set of cells, by its place in the list of sets."""
    events_picked = Signal(int)
    """Other events of these cells, by their place in the list of event sets; 0 for none."""
    cells_picked = Signal(list)
    """These cells of the set, and no others."""
    time_requested = Signal(float)
    """A time in seconds."""
    coloring_picked = Signal(str)
    """What the cells on the canvas are colored by: "status" or "file"."""
    channels_toggled = Signal(list, bool)
    """These channels, by their places, are to be shown or hidden."""
    channels_ordered = Signal(list)
    """The listed channels in this order of their places."""
    channels_picked = Signal(list)
    """These channels, and no others."""
    only_changing_picked = Signal(bool)
    """Whether only channels that change are to be listed."""
    arrangement_picked = Signal(str)
    """How files of other days or animals are to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._groups = QComboBox()
        self._groups.setToolTip("Which set of cells is shown")
        self._events = QComboBox()
        self._events.setToolTip("Which events are drawn and counted for these cells")
        self._events.setPlaceholderText("⚠ Choose events")
        self._events.setMinimumContentsLength(8)
        self._events.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._list = CellList()
        self._channels = ChannelPanel()
        self._tabs = QTabWidget()
        self._plot = TracePlot()
        self._maps = CorrelationMaps()
        self._item = "cell"
        self._error = ""
        self._num_channels = self._num_listed = 0
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._plot)
        self._time = QLabel()
        self._time.setToolTip(
            "Session time: seconds since the earliest open recording started; and the frame shown"
        )
        self._note = QLabel()
        self._events_note = ClockLine()
        self._channels_note = QLabel()
        self._clock = ClockLine()
        self._coloring = QComboBox()
        self._coloring.addItem("Color by status", "status")
        self._coloring.addItem("Color by file", "file")
        self._coloring.addItem("Color by a column", "values")
        # Which one is chosen in the dock Cells.
        self._coloring.model().item(self._coloring.count() - 1).setEnabled(False)
        self._coloring.setToolTip("How the cells are colored on the canvas")
        self._keys = QLabel()
        Placing(self, _place)
        self._lay_out()

        self._groups.activated.connect(self.group_picked)
        self._events.activated.connect(self.events_picked)
        self._list.cells_picked.connect(self.cells_picked)
        self._plot.time_requested.connect(self.time_requested)
        self._coloring.activated.connect(self._on_coloring)
        self._channels.list.channels_toggled.connect(self.channels_toggled)
        self._channels.list.channels_ordered.connect(self.channels_ordered)
        self._channels.list.channels_picked.connect(self.channels_picked)
        self._channels.only_changing_picked.connect(self.only_changing_picked)
        self._clock.arrangement_picked.connect(self.arrangement_picked)
        self.show_groups([], -1)
        self.show_channel_list([], 0, only_changing=True)

    @property
    def plot(self) -> TracePlot:
        """The traces."""
        return self._plot

    @property
    def cell_list(self) -> CellList:
        """The list of cells."""
        return self._list

    @property
    def channel_panel(self) -> ChannelPanel:
        """The list of channels, with its buttons."""
        return self._channels

    @property
    def maps(self) -> CorrelationMaps:
        """The correlation maps, hidden where there are none."""
        return self._maps

    @property
    def clock_line(self) -> ClockLine:
        """What the dock says of how the files line up."""
        return self._clock

    @property
    def time_text(self) -> str:
        """What the dock says of the time."""
        return str(self._time.text())

    @property
    def event_choice(self) -> QComboBox:
        """Which events are drawn, hidden where there is no choice."""
        return self._events

    @property
    def events_text(self) -> str:
        """What the dock says of the events that are drawn."""
        return str(self._events_note.text())

    @property
    def coloring(self) -> QComboBox:
        """What the cells on the canvas are colored by."""
        return self._coloring

    @property
    def keys_text(self) -> str:
        """What the dock says of the keys."""
        return str(self._keys.text())

    @property
    def message(self) -> str:
        """What stands in place of the traces, empty while there are any."""
        return "" if self._pages.currentWidget() is self._plot else str(self._message.text())

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells or vessels, with one of them chosen; -1 for none."""
        with QSignalBlocker(self._groups):
            self._groups.clear()
            self._groups.addItems(list(titles))
            self._groups.setCurrentIndex(current)
        self._groups.setVisible(len(titles) > 1)
        self._coloring.setEnabled(bool(titles))
        if not titles:
            self.show_cells([], [], "cell")
            self._note.setText("")
            self._error = ""
            self._plot.show_rows([], (0.0, 0.0))
        self._show_tabs()
        self._show_page()

    def show_event_choices(self, titles: Sequence[str], current: int, words: ClockWords) -> None:
        """Offer these event sets, where there is a choice, and say which is drawn.

        Parameters
        ----------
        titles : sequence of str
            Of the event sets; "no events" comes before them.
        current : int
            The place of the one that is drawn, 0 for none, -1 while the user has to choose.
        words : ClockWords
            The same for the line at the bottom.
        """
        with QSignalBlocker(self._events):
            self._events.clear()
            self._events.addItems(["No events", *(f"Events: {title}" for title in titles)])
            self._events.setCurrentIndex(current)
        for place, title in enumerate(titles, 1):
            self._events.setItemData(place, title, Qt.ItemDataRole.ToolTipRole)
        self._events.setVisible(bool(titles))
        self._events_note.show_words(words)

    def show_cells(
        self, names: Sequence[str], statuses: Sequence[CellStatus | None], item: str
    ) -> None:
        """List these cells, or whatever each of them is called."""
        self._item = item
        self._list.set_cells(names, statuses)
        self._tabs.setTabText(_CELLS_TAB, f"{item.capitalize()}s")

    def show_statuses(
        self, statuses: Sequence[CellStatus | None], drawn: Sequence[CellStatus | None]
    ) -> None:
        """Show the same cells with other statuses.

        Parameters
        ----------
        statuses : sequence of str or None
            Of all cells.
        drawn : sequence of str or None
            Of those whose traces are drawn.
        """
        self._list.set_statuses(statuses)
        self._plot.show_statuses(drawn)

    def show_coloring(self, what: ColorBy) -> None:
        """Tell what the cells on the canvas are colored by; "values" are those of a column."""
        self._coloring.setCurrentIndex(self._coloring.findData(what))

    def show_selection(
        self,
        cells: Sequence[int],
        rows: Sequence[TraceRow],
        num_cells: int,
        span_s: tuple[float, float],
    ) -> None:
        """Mark the selected cells and draw their traces.

        Parameters
        ----------
        cells : sequence of int
            All selected cells.
        rows : sequence of TraceRow
            What is drawn: the first of them.
        num_cells : int
            How many there are to select from.
        span_s : (float, float)
            Session times at which the first recording starts and the last ends.
        """
        self._list.show_selection(cells)
        self._error = ""
        self._plot.show_rows(rows, span_s)
        hint = _NO_SELECTION if num_cells else "This set has no {item}s."
        self._message.setText(hint.format(item=self._item))
        note = f"{len(cells)} of {num_cells} {self._item}s"
        if len(rows) > MAX_ROWS:
            note += f", {MAX_ROWS} traces drawn"
        self._note.setText(note if cells else "")
        self._show_page()

    def show_channel_list(
        self, items: Sequence[ChannelItem], num_channels: int, only_changing: bool
    ) -> None:
        """List these channels, of so many that there are."""
        self._num_channels, self._num_listed = num_channels, len(items)
        self._channels.list.show_items(items)
        self._channels.show_only_changing(only_changing)
        self._show_tabs()
        self._show_page()

    def show_channel_selection(self, places: Sequence[int]) -> None:
        """Mark the selected channels in the list."""
        self._channels.list.show_selection(places)

    def show_channels(
        self, rows: Sequence[TraceRow], num_shown: int, span_s: tuple[float, float]
    ) -> None:
        """Draw these channels below the cells.

        Parameters
        ----------
        rows : sequence of TraceRow
            What is drawn: the first of them.
        num_shown : int
            How many there should be.
        span_s : (float, float)
            As for cells.
        """
        self._plot.show_channels(rows, span_s)
        left_out = num_shown > MAX_CHANNELS
        self._channels_note.setText(
            f"{MAX_CHANNELS} of {num_shown} channels drawn" if left_out else ""
        )
        self._show_page()

    def show_maps(self, title: str, maps: npt.NDArray[np.float32] | None) -> None:
        """Draw the correlation maps of a sample, or none."""
        self._maps.show_maps(title, maps)

    def show_clock(self, words: ClockWords) -> None:
        """Say how well the files line up."""
        self._clock.show_words(words)
        self._plot.show_cuts(words.cuts)

    def show_error(self, text: str) -> None:
        """Say why there is no trace."""
        self._error = text
        self._message.setText(text)
        self._show_page()

    def show_time(self, time_s: float, frame: int | None, num_frames: int) -> None:
        """Move the cursor, and write the time and the frame.

        Parameters
        ----------
        time_s : float
        frame : int or None
            None where there is none at this time.
        num_frames : int
            Of all; 0 where nothing that is open has frames.
        """
        self._plot.show_time(time_s)
        shown = "no frame" if frame is None else f"frame {frame} of {num_frames}"
        self._time.setText(f"{time_s:.2f} s" + (f" · {shown}" if num_frames else ""))

    def show_keys(self, text: str) -> None:
        """Name the keys that work."""
        self._keys.setText(text)

    def set_colors(self, colors: PlotColors) -> None:
        """Follow another theme."""
        self._plot.set_colors(colors)
        self._maps.set_colors(colors)

    def _show_page(self) -> None:
        """Show the plot where there is something to draw, else why not."""
        drawn = bool(self._plot.rows or self._plot.channels) and not self._error
        if not self._groups.count():
            without_list = _ALL_CONSTANT if self._num_channels else _NO_CELLS
            self._message.setText(_NO_CHANNELS if self._num_listed else without_list)
        self._pages.setCurrentWidget(self._plot if drawn else self._message)

    def _show_tabs(self) -> None:
        """Have tabs only where there are both cells and channels."""
        has_channels = self._num_channels > 0
        has_cells = self._groups.count() > 0 or not has_channels
        self._tabs.setTabVisible(_CELLS_TAB, has_cells)
        self._tabs.setTabVisible(_CHANNELS_TAB, has_channels)
        self._tabs.tabBar().setVisible(has_cells and has_channels)

    def _on_coloring(self) -> None:
        self.coloring_picked.emit(self._coloring.currentData())

    def _lay_out(self) -> None:
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._groups, self._events, self._list, self._coloring):
            left_layout.addWidget(widget)
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(left, "Cells")
        self._tabs.addTab(self._channels, "Channels")
        right = QWidget()
        right_layout = QHBoxLayout(right)
        right_layout.setContentsMargins(0, 0, 0, 0)
        right_layout.addWidget(self._pages, 1)
        right_layout.addWidget(self._maps)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._tabs)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LIST_WIDTH_PX, 10 * _LIST_WIDTH_PX])
        splitter.setChildrenCollapsible(False)
        line = QHBoxLayout()
        line.addWidget(self._time)
        line.addSpacing(16)
        for label in (self._note, self._events_note, self._channels_note, self._clock):
            # Lines that elide take what room there is.
            line.addWidget(label, 8 * isinstance(label, ClockLine))
            line.addSpacing(16)
        line.addStretch(1)
        line.addWidget(self._keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(splitter, 1)
        layout.addLayout(line)
        self.setMinimumHeight(150)


def _place(dock: QDockWidget, window: QMainWindow) -> None:
    """Move below the canvas, where a time axis has room; napari docks plugins on the right."""
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resizeDocks([dock], [_HEIGHT_PX], Qt.Orientation.Vertical)
