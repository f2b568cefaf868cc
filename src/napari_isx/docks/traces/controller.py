"""What the docks with traces show, and what is done of that which is asked for there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari.utils.action_manager import action_manager
from napari.utils.notifications import show_warning

from napari_isx.docks.common.background import Work
from napari_isx.docks.common.shortcuts import keys_in_words
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.common.trace_plot import MAX_ROWS
from napari_isx.docks.common.views import Views
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.movies.base import Movie
from napari_isx.session.event_words import NOTHING, event_words
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.session.plot_rows import bounds, trace_rows
from napari_isx.session.session import Session
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.cell_display import CellsDisplay
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.traces.dock import TracesWidget

Span = tuple[float, float]


class TracesControl(Control):
    """The docks that show the traces of the selected cells.

    `display` colors the cells on the canvas; `centering` moves the camera.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        display: CellsDisplay,
        centering: CenteringControl,
    ) -> None:
        super().__init__(viewer, session)
        self._display, self._centering = display, centering
        self._views: Views[TracesWidget] = Views()
        self._listed: CellGroup | None = None  # whose cells the docks list
        self._drawn: list[int] = []  # the cell of each row
        self._is_same_scale = self._is_clock_time = False
        self._ranges: WeakKeyDictionary[CellSet, Span] = WeakKeyDictionary()
        self._measuring: Work[Span | None] = Work(self._on_range, self._on_failure)
        viewer.events.theme.connect(self._on_theme)
        session.groups_changed.connect(self._on_groups)
        session.settled.selection_changed.connect(self._on_selection)
        session.settled.statuses_changed.connect(self._on_statuses)
        session.recordings_changed.connect(self._show_clock_time)
        session.cursor.moved.connect(self.show_time)
        display.changed.connect(self._show_coloring)
        action_manager.events.shortcut_changed.connect(self.show_keys)

    def attach(self, view: TracesWidget) -> None:
        self._views.add(view)
        view.group_picked.connect(self._pick_group)
        view.cells_picked.connect(self._pick_cells)
        view.coloring_picked.connect(self._display.color_all)
        view.events_picked.connect(self._pick_events)
        view.same_scale_picked.connect(self._pick_scale)
        view.clock_time_picked.connect(self._pick_clock_time)
        view.row_decided.connect(self._decide_row)
        view.row_picked.connect(self._pick_row)
        view.row_centered.connect(self._center_row)
        view.set_colors(plot_colors(self.viewer.theme))
        self.show_keys()
        self._on_groups()
        self._show_clock_time()
        self.show_time()

    def show_keys(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.show_keys(keys_in_words())

    def show_time(self, time_s: float | None = None) -> None:
        """Show the time, and the frame of the first movie or else the sample of the traces."""
        time_s = self.session.cursor.time_s
        clock, shown = self.session.clock, self._counted()
        timed = clock.placed(shown) if shown is not None else None
        count = timed.timing.num_samples if timed is not None else 0
        frame = timed.shown_at(time_s) if timed is not None else None
        for view in self._views:
            view.show_time(time_s, frame, count)

    def _counted(self) -> Recording | None:
        """Whose frames are counted: the microscope's, else a camera's, else the samples."""
        opened = [one for _, one in self.our_layers()]
        now_s, clock = self.session.cursor.time_s, self.session.clock
        for kind in (Movie, BehaviorMovie):
            movies = [one for one in opened if isinstance(one, kind)]
            if movies:
                # Of those that follow one another the one that runs now.
                shown = (one for one in movies if clock.placed(one).shown_at(now_s) is not None)
                return next(shown, movies[0])
        group = self.session.group
        return group.recording if group is not None else None

    def renew(self) -> None:
        if self.session.group is not None:
            self._show_traces(self.session.group)
        self.show_time()

    def _pick_group(self, place: int) -> None:
        self.session.select(self.session.groups[place], ())

    def _pick_events(self, place: int) -> None:
        group = self.session.group
        if group is not None:
            choices = [None, *group.choices.certain, *group.choices.possible]
            self.session.pick_events(group, choices[place])

    def _pick_cells(self, cells: list[int]) -> None:
        if self.session.group is not None:
            self.session.select(self.session.group, cells)

    def _pick_row(self, row: int) -> None:
        self._pick_cells([self._drawn[row]])

    def _decide_row(self, row: int, status: CellStatus) -> None:
        if self.session.review is not None:
            self.session.review.decide([self._drawn[row]], status, "click")

    def _center_row(self, row: int) -> None:
        self._centering.show(self._drawn[row])

    def _pick_scale(self, is_same: bool) -> None:
        self._is_same_scale = is_same
        self._show_scale()

    def _pick_clock_time(self, on: bool) -> None:
        self._is_clock_time = on
        self._show_clock_time()

    def _show_scale(self) -> None:
        """Draw all cells between the same values, which are found first where they are unknown."""
        group = self.session.group
        cells = group.cells if group is not None and self._is_same_scale else None
        known = self._ranges.get(cells) if cells is not None else None
        self._measuring.cancel()
        for view in self._views:
            view.show_scale(known, is_same=self._is_same_scale)
        if cells is not None and known is None:
            self._measuring.start(partial(_common_range, cells))

    def _on_range(self, found: Span | None) -> None:
        cells = self.session.group.cells if self.session.group is not None else None
        if found is not None and cells is not None:
            self._ranges[cells] = found
            for view in self._views:
                view.show_scale(found, is_same=self._is_same_scale)

    def _on_failure(self, text: str) -> None:
        self._is_same_scale = False
        self._show_scale()
        show_warning(f"No common scale was found.\n{text}")

    def _show_clock_time(self) -> None:
        start = self.session.clock.start
        for view in self._views:
            shown = start if self._is_clock_time else None
            view.show_clock_time(shown, is_known=start is not None)

    def _on_theme(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.set_colors(plot_colors(self.viewer.theme))

    def _on_groups(self) -> None:
        if not self.session.groups:
            for view in self._views:
                view.show_groups([], -1)
                view.show_event_choices([], -1, NOTHING)
        self._listed = None
        self._on_selection()

    def _on_selection(self) -> None:
        group = self.session.group
        if group is not None:
            self._list_cells(group)
            self._show_traces(group)
        self.show_time()

    def _on_statuses(self, group: CellGroup) -> None:
        if group is self.session.group:
            drawn = [group.status(i) for i in self._drawn]
            for view in self._views:
                view.show_statuses(_statuses(group), drawn)

    def _list_cells(self, group: CellGroup) -> None:
        """List the cells of a group, unless the docks list them already."""
        if group is not self._listed:
            self._listed = group
            for view in self._views:
                view.show_groups(
                    [one.title for one in self.session.groups], self.session.groups.index(group)
                )
                view.show_cells(group.names, _statuses(group), group.item)
            self._show_event_choices(group)
            self._show_coloring()
            self._show_scale()

    def _show_event_choices(self, group: CellGroup) -> None:
        choices = [*group.choices.certain, *group.choices.possible]
        place = choices.index(group.events) + 1 if group.events in choices else 0
        words = event_words(group, self.session.groups)
        titles = [one.title for one in choices] if words.text else []
        for view in self._views:
            view.show_event_choices(titles, -1 if group.has_open_question else place, words)

    def _show_coloring(self) -> None:
        if self.session.group is not None:
            coloring = self._display.coloring_of(self.session.group)
            for view in self._views:
                view.show_coloring(coloring)

    def _show_traces(self, group: CellGroup) -> None:
        """Draw the cells selected last, or say why they cannot be drawn."""
        selected, clock = self.session.selected, self.session.clock
        drawn = selected[-MAX_ROWS // (2 if isinstance(group, VesselGroup) else 1) :]
        try:
            rows = [(i, row) for i in drawn for row in trace_rows(group, i, clock)]
        except (OSError, ValueError) as error:  # the file was closed, cut short, or is out of reach
            for view in self._views:
                view.show_error(f"The traces cannot be read.\n{error}")
            return
        self._drawn = [i for i, _ in rows]
        counts = len(group.names), len(drawn)
        for view in self._views:
            view.show_selection(selected, [row for _, row in rows], *counts, clock.span_s)


def _statuses(group: CellGroup) -> list[CellStatus | None]:
    return [group.status(i) for i in range(len(group.names))]


def _common_range(cells: CellSet) -> Iterator[Span | None]:
    """The lowest and highest value of all cells, after as many times None as there are cells."""
    found: list[Span] = []
    for i in range(cells.num_cells):
        trace = cells.trace(i)
        if cells.timing.num_valid < len(trace):
            trace = trace[cells.timing.valid_mask]
        one = bounds(trace)
        found += [one] if one is not None else []
        yield None
    if found:
        low, high = min(low for low, _ in found), max(high for _, high in found)
        yield (low, high) if high > low else (low - 0.5, high + 0.5)
