"""The dock *Traces*: the cells, the traces and events of the selected ones, and the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_isx.io.cells import CellStatus
from napari_isx.session.plotdata import TraceRow
from napari_isx.widgets.cell_list import CellList
from napari_isx.widgets.plot import MAX_ROWS, PlotColors, TracePlot

if TYPE_CHECKING:
    from napari.viewer import Viewer

_NO_CELLS: Final = (
    "Open a cell set or an event set (.isxd) to see traces here:\n"
    "drop the file on the window, or use File > Open."
)
_NO_SELECTION: Final = "Click a cell on the canvas or in the list, or press Down."
_LIST_WIDTH_PX: Final = 150
_HEIGHT_PX: Final = 280


class TracesWidget(QWidget):
    """Shows what it is told and says what the user asked for; it holds no state of its own.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The viewer whose recordings are shown.
    """

    group_picked = Signal(int)
    """Another set of cells, by its place in the list of sets."""
    cells_picked = Signal(list)
    """These cells of the set, and no others."""
    time_requested = Signal(float)
    """A time in seconds."""
    coloring_picked = Signal(str)
    """What the cells on the canvas are coloured by: "status" or "file"."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._groups = QComboBox()
        self._groups.setToolTip("Which set of cells is shown")
        self._list = CellList()
        self._plot = TracePlot()
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._plot)
        self._time = QLabel()
        self._time.setToolTip("Time since the start of the recording, and the frame shown")
        self._note = QLabel()
        self._coloring = QComboBox()
        self._coloring.addItem("Color by status", "status")
        self._coloring.addItem("Color by file", "file")
        self._coloring.setToolTip("How the cells are coloured on the canvas")
        self._keys = QLabel()
        self._placed = False
        self._place_timer = QTimer(self, singleShot=True)
        self._place_timer.timeout.connect(self._place)
        self._lay_out()

        self._groups.activated.connect(self.group_picked)
        self._list.cells_picked.connect(self.cells_picked)
        self._plot.time_requested.connect(self.time_requested)
        self._coloring.activated.connect(self._on_coloring)
        self.show_groups([], -1)

        from napari_isx.widgets.coordinator import Coordinator

        Coordinator.of(napari_viewer).attach(self)

    @property
    def plot(self) -> TracePlot:
        """The traces."""
        return self._plot

    @property
    def cell_list(self) -> CellList:
        """The list of cells."""
        return self._list

    @property
    def time_text(self) -> str:
        """What the dock says of the time."""
        return str(self._time.text())

    @property
    def message(self) -> str:
        """What stands in place of the traces, empty while there are any."""
        return "" if self._pages.currentWidget() is self._plot else str(self._message.text())

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells, with one of them chosen; -1 for none."""
        with QSignalBlocker(self._groups):
            self._groups.clear()
            self._groups.addItems(list(titles))
            self._groups.setCurrentIndex(current)
        self._groups.setVisible(len(titles) > 1)
        self._coloring.setEnabled(bool(titles))
        if not titles:
            self.show_cells([], [])
            self._show_message(_NO_CELLS)

    def show_cells(self, names: Sequence[str], statuses: Sequence[CellStatus | None]) -> None:
        """List these cells."""
        self._list.set_cells(names, statuses)

    def show_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        """List the same cells with other statuses."""
        self._list.set_statuses(statuses)

    def show_selection(
        self, cells: Sequence[int], rows: Sequence[TraceRow], num_cells: int, duration_s: float
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
        duration_s : float
            Of the recording.
        """
        self._list.show_selection(cells)
        if not cells:
            self._show_message(_NO_SELECTION if num_cells else "This set has no cells.")
            self._note.setText("")
            return
        self._pages.setCurrentWidget(self._plot)
        self._plot.show_rows(rows, duration_s)
        note = f"{len(cells)} of {num_cells} cells"
        self._note.setText(f"{note}, {MAX_ROWS} drawn" if len(cells) > MAX_ROWS else note)

    def show_error(self, text: str) -> None:
        """Say why there is no trace."""
        self._show_message(text)

    def show_time(self, time_s: float, frame: int | None, num_frames: int) -> None:
        """Move the cursor, and write the time and the frame."""
        self._plot.show_time(time_s)
        of = f" · frame {frame} of {num_frames}" if frame is not None else ""
        self._time.setText(f"{time_s:.2f} s{of}")

    def show_keys(self, text: str) -> None:
        """Name the keys that work."""
        self._keys.setText(text)

    def set_colors(self, colors: PlotColors) -> None:
        """Follow another theme."""
        self._plot.set_colors(colors)

    def _show_message(self, text: str) -> None:
        self._message.setText(text)
        self._pages.setCurrentWidget(self._message)

    def _on_coloring(self) -> None:
        self.coloring_picked.emit(self._coloring.currentData())

    def _lay_out(self) -> None:
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._groups, self._list, self._coloring):
            left_layout.addWidget(widget)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(self._pages)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LIST_WIDTH_PX, 10 * _LIST_WIDTH_PX])
        splitter.setChildrenCollapsible(False)
        line = QHBoxLayout()
        line.addWidget(self._time)
        line.addSpacing(16)
        line.addWidget(self._note)
        line.addStretch(1)
        line.addWidget(self._keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(splitter, 1)
        layout.addLayout(line)
        self.setMinimumHeight(150)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Move below the canvas, where a time axis has room; napari docks plugins on the right."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            # Not now: Qt is in the middle of laying the dock out, and crashes when it moves.
            self._place_timer.start()

    def _place(self) -> None:
        dock, window = self.parent(), self.window()
        if isinstance(dock, QDockWidget) and isinstance(window, QMainWindow):
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
            window.resizeDocks([dock], [_HEIGHT_PX], Qt.Orientation.Vertical)
