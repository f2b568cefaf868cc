"""The dock *Close-up*: the selected cell, its events and its neighbors from near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QContextMenuEvent, QResizeEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from napari_isx.analysis.event_clips import Loop
from napari_isx.analysis.event_image import EventImage, Extent
from napari_isx.analysis.event_waveforms import Waveforms
from napari_isx.docks.closeup.neighbors import Neighbor
from napari_isx.docks.closeup.panels import (
    EventImagePanel,
    LoopPanel,
    Picture,
    WaveformPanel,
    cut_label,
)
from napari_isx.docks.common.controls import ElidingLabel, small_button, small_combo
from napari_isx.docks.common.pages import Pages, pop_up
from napari_isx.docks.common.passing_keys import pass_keys_on
from napari_isx.docks.common.save_picture import add_picture_actions
from napari_isx.docks.common.symbols import SYMBOLS
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.trace_plot import TracePlot
from napari_isx.docks.common.visible_widget import SeenWidget
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.plot_rows import NO_ROW, TraceRow

WINDOW_S: Final = 20.0
"""How much time the traces of neighbors show at first; Ctrl and the wheel change it."""

_LEAST_PX: Final = (280, 110)
# What panels have besides pictures, and the column of waveforms compared with the others.
_BARS_PX: Final = 30
_COLUMNS: Final = 4.5
_Arrangement: TypeAlias = (
    "tuple[tuple[tuple[int, int, int, int], ...], tuple[int, ...], tuple[int, ...]]"
)
# Row, column, and how many of both, of pictures, waveforms and neighbors; how rows and columns
# share the room.
_ROW: Final = (
    tuple((0, column, 1, 1) for column in range(5)),
    (1, 0, 0),
    (4, 4, 4, 5, 7),
)
_WIDE: Final = (
    ((0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 2, 1), (0, 3, 1, 1), (1, 3, 1, 1)),
    (5, 4, 0),
    (4, 4, 4, 6, 0),
)
_TALL: Final = (
    ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2)),
    (4, 4, 3),
    (1, 1, 0, 0, 0),
)
# From this width for its height on there is room for all in one row.
_LONG: Final = 3.5
# Lower ones, with pictures in pairs those half as low, have no room for what is below the pictures.
_LOW_PX: Final = 210
_NO_CELL: Final = "Select a cell to see the evidence for it."
_NO_NEIGHBORS: Final = "No other cell is near this one"


class CloseUpWidget(SeenWidget):
    """Shows the cell that was selected last, and says what the user asked for."""

    event_step_requested = Signal(int)  # to the next event, 1, or the previous one, -1
    center_requested = Signal()  # bring the cell to the middle of the canvas
    always_center_changed = Signal(bool)  # whether to do so for every cell that is selected
    movie_picked = Signal(int)  # another movie, by its place in the list

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = cut_label()
        self._count = QLabel()
        self._count.setToolTip("The last event up to now, and how many the cell has")
        self._previous = small_button("◀", "Previous event of the cell")
        self._next = small_button("▶", "Next event of the cell")
        tip = "Bring the cell to the middle of the canvas"
        self._center = small_button("Center", "Center the cell on the canvas", tip)
        self._always = QCheckBox("Always")
        self._always.setAccessibleName("Always center the selected cell")
        self._always.setToolTip("Bring every cell that is selected to the middle of the canvas")
        self._movies = small_combo("Movie", "The movie that the pictures are taken from")
        self._movies.setPlaceholderText("⚠ Choose a movie")
        self._movies.hide()
        self._note = ElidingLabel()
        self._note.hide()
        self._row = NO_ROW
        self._time_s = 0.0
        self.footprint_panel = Picture("Footprint", "The cell's weights, as its file has them")
        self.image_panel = EventImagePanel()
        self.loop_panel = LoopPanel()
        self.waveform_panel = WaveformPanel()
        self.neighbor_plot = TracePlot()
        self._neighbor_pages = Pages(self.neighbor_plot, _NO_NEIGHBORS)
        self._lay_out()
        pass_keys_on(self)
        self._previous.clicked.connect(self._on_previous)
        self._next.clicked.connect(self._on_next)
        self._center.clicked.connect(self.center_requested)
        self._always.clicked.connect(self.always_center_changed)
        self._movies.activated.connect(self.movie_picked)
        self.neighbor_plot.time_requested.connect(self.time_requested)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(420, 520)

    @property
    def movies(self) -> list[str]:
        return [self._movies.itemText(i) for i in range(self._movies.count())]

    @property
    def note(self) -> str:
        """What is said of where the events come from, empty where they are those of a file."""
        return str(self._note.text()) if self._note.isVisibleTo(self) else ""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return self.footprint_panel, self.image_panel, self.loop_panel

    @property
    def is_wide(self) -> bool:
        """Whether the pictures stand in one row."""
        return self._arrangement is not _TALL

    def show_no_cell(self, text: str = _NO_CELL) -> None:
        self._pages.show_message(text)
        self.loop_panel.show_message("")

    def show_cell(self, name: str, status: CellStatus | None, row: TraceRow, note: str) -> None:
        """Show another cell: its events now, and its pictures as they come.

        `note` says where the events come from, where that is no event set.
        """
        self._pages.show_widget()
        self.show_status(name, status)
        self._row = row
        self._note.setText(note)
        self._note.setToolTip(note)
        self._note.setVisible(bool(note))
        self._show_count()
        for button in (self._previous, self._next):
            button.setEnabled(len(row.event_times_s) > 0)
        for panel in (*self.pictures, self.waveform_panel):
            panel.show_waiting()

    def show_status(self, name: str, status: CellStatus | None) -> None:
        words = f"  {SYMBOLS[status]} {status}" if status is not None else ""
        self._title.setText(f"{name}{words}")
        self._title.setToolTip(f"{name}{words}")

    def show_movies(self, titles: Sequence[str], current: int, *, is_sure: bool) -> None:
        """Offer these movies, with one of them chosen, or none: -1.

        Nothing is offered where there is only one, and it is sure to be the right one.
        """
        if list(titles) != self.movies:
            self._movies.clear()
            self._movies.addItems(list(titles))
        self._movies.setCurrentIndex(current)
        self._movies.setVisible(len(titles) > int(is_sure))

    def show_place(
        self,
        extent: Extent,
        contour_um: npt.NDArray[np.float64],
        neighbors: Sequence[Neighbor] = (),
    ) -> None:
        """Show this part of the field in all pictures, with the outlines of the cells in it."""
        for panel in self.pictures:
            panel.show_place(extent, contour_um, neighbors)
        self.footprint_panel.set_caption(f"{extent[2]:.0f} x {extent[3]:.0f} µm")

    def show_waveforms(self, shown: Waveforms | None) -> None:
        """Show the trace around all events; None where there is no trace, or no event."""
        if shown is None or not len(shown.values):
            self.waveform_panel.show_message("No event, or no trace")
        else:
            self.waveform_panel.show_waveforms(shown, self._row.units)

    def show_neighbors(self, rows: Sequence[TraceRow], span_s: tuple[float, float]) -> None:
        """Draw the traces of the neighbors, and of the cell itself below them; none alone."""
        window = self.neighbor_plot.view_range_s
        was_shown = bool(self.neighbor_plot.rows)
        self.neighbor_plot.show_rows(rows, span_s)
        width_s = window[1] - window[0] if was_shown else WINDOW_S
        self.neighbor_plot.show_range(self._time_s - width_s / 2, self._time_s + width_s / 2)
        if len(rows) > 1:
            self._neighbor_pages.show_widget()
        else:
            self._neighbor_pages.show_message(_NO_NEIGHBORS)

    def show_footprint(self, weights: npt.NDArray[np.float32], extent: Extent) -> None:
        """Show the footprint ``(h, w)``, or a part of it."""
        self.footprint_panel.show_pixels(weights, extent, (0.0, float(weights.max(initial=1e-9))))

    def show_event_image(self, image: EventImage, extent: Extent) -> None:
        self.image_panel.show_image(image, extent)

    def show_loop(self, loop: Loop, extent: Extent) -> None:
        """Play these clips; a longer loop of the same clips goes on where it was."""
        self.loop_panel.show_loop(loop, extent)

    def show_time(self, time_s: float) -> None:
        self._time_s = time_s
        self.neighbor_plot.show_time(time_s)
        self._show_count()

    def show_always_center(self, on: bool) -> None:
        self._always.setChecked(on)

    def set_colors(self, colors: PlotColors) -> None:
        self.neighbor_plot.set_colors(colors)
        self.waveform_panel.set_colors(colors)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer what can be done with the cell and its pictures."""
        if not self._pages.message:
            pop_up(self.cell_menu(), event)

    def cell_menu(self) -> QMenu:
        """What can be done with the cell and its pictures."""
        menu = QMenu(self)
        menu.addAction("Center the cell on the canvas").triggered.connect(self.center_requested)
        for title, button in (("Next event", self._next), ("Previous event", self._previous)):
            step = menu.addAction(title)
            step.setEnabled(button.isEnabled())
            step.triggered.connect(button.click)
        menu.addSeparator()
        add_picture_actions(menu, self._content, self._row.name or "close-up")
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        # Pictures stand in one row or in pairs, whichever makes them larger.
        width, height = self.width(), self.height() - _BARS_PX
        wide = min(width / _COLUMNS, height - _BARS_PX) >= min(width / 2, height / 2 - _BARS_PX)
        is_long = wide and self.width() > _LONG * self.height()
        arrangement = _ROW if is_long else _WIDE if wide else _TALL
        if arrangement is not self._arrangement:
            self._arrange(arrangement)
        has_room = self.height() >= (_LOW_PX if wide else 2 * _LOW_PX)
        for panel in (*self.pictures, self.waveform_panel):
            panel.show_caption(has_room)
        self._neighbor_pages.setVisible(has_room or is_long)

    def _arrange(self, arrangement: _Arrangement) -> None:
        while self._grid.count():
            self._grid.takeAt(0)
        self._arrangement = arrangement
        places, rows, columns = arrangement
        panels = (*self.pictures, self.waveform_panel, self._neighbor_pages)
        for panel, place in zip(panels, places, strict=True):
            self._grid.addWidget(panel, *place)
        for row, stretch in enumerate(rows):
            self._grid.setRowStretch(row, stretch)
        for column, stretch in enumerate(columns):
            self._grid.setColumnStretch(column, stretch)

    def _show_count(self) -> None:
        times = self._row.event_times_s
        number = int(np.searchsorted(times, self._time_s + 1e-6, "right"))
        self._count.setText(f"{number} / {len(times)}" if len(times) else "no events")

    def _on_previous(self) -> None:
        self.event_step_requested.emit(-1)

    def _on_next(self) -> None:
        self.event_step_requested.emit(1)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self._title, 1)
        for widget in (self._previous, self._count, self._next, self._center, self._always):
            line.addWidget(widget)
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        self._content = QWidget()
        content = QVBoxLayout(self._content)
        content.setContentsMargins(4, 2, 4, 2)
        content.setSpacing(2)
        content.addLayout(line)
        content.addWidget(self._note)
        content.addWidget(self._movies)
        content.addLayout(self._grid, 1)
        self._pages = Pages(self._content, _NO_CELL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._arrange(_TALL)
        # The least of any arrangement, so that a dock can go from one to the other.
        self.setMinimumSize(*_LEAST_PX)
