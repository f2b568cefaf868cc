"""What the docks with traces show, and what is done of that which is asked for there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from napari.utils.action_manager import action_manager

from napari_isx.docks.common.shortcuts import keys_in_words
from napari_isx.docks.common.theme import PlotColors, plot_colors
from napari_isx.docks.common.views import View, Views
from napari_isx.docks.traces.plot import MAX_ROWS
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.io.movies.base import Movie
from napari_isx.layers.styles import ColorBy
from napari_isx.session.event_words import NOTHING, event_words
from napari_isx.session.groups import CellGroup
from napari_isx.session.plot_rows import TraceRow, trace_rows
from napari_isx.session.session import Session
from napari_isx.timeline.report import ClockWords
from napari_isx.viewer.cell_display import CellsDisplay
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

Span = tuple[float, float]


class TracesView(View, Protocol):
    """What is asked of a dock; see `TracesWidget`."""

    group_picked: Any
    cells_picked: Any
    time_requested: Any
    coloring_picked: Any
    events_picked: Any

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells or vessels."""

    def show_event_choices(self, titles: Sequence[str], current: int, words: ClockWords) -> None:
        """Offer these event sets, and say which is drawn."""

    def show_cells(
        self, names: Sequence[str], statuses: Sequence[CellStatus | None], item: str
    ) -> None:
        """List these cells or vessels."""

    def show_statuses(
        self, statuses: Sequence[CellStatus | None], drawn: Sequence[CellStatus | None]
    ) -> None:
        """Show the same cells with other statuses."""

    def show_coloring(self, what: ColorBy) -> None:
        """Tell what the cells on the canvas are colored by."""

    def show_selection(
        self, cells: Sequence[int], rows: Sequence[TraceRow], num_cells: int, span_s: Span
    ) -> None:
        """Mark and draw the selected cells."""

    def show_error(self, text: str) -> None:
        """Say why there is no trace."""

    def show_time(self, time_s: float, frame: int | None, num_frames: int) -> None:
        """Show the time."""

    def show_keys(self, text: str) -> None:
        """Name the keys."""

    def set_colors(self, colors: PlotColors) -> None:
        """Follow a theme."""


class TracesControl(Control):
    """The docks that show the traces of the selected cells.

    Parameters
    ----------
    viewer : ViewerModel
    session : Session
    display : CellsDisplay
        That colors the cells on the canvas.
    """

    def __init__(self, viewer: ViewerModel, session: Session, display: CellsDisplay) -> None:
        super().__init__(viewer, session)
        self._display = display
        self._views: Views[TracesView] = Views()
        self._listed: CellGroup | None = None  # whose cells the docks list
        viewer.events.theme.connect(self._on_theme)
        session.groups_changed.connect(self._on_groups)
        session.selection_changed.connect(self._on_selection)
        session.statuses_changed.connect(self._on_statuses)
        session.cursor.moved.connect(self.show_time)
        display.changed.connect(self._show_coloring)
        action_manager.events.shortcut_changed.connect(self.show_keys)

    def attach(self, view: TracesView) -> None:
        """Let a dock show this session until it is destroyed."""
        self._views.add(view)
        view.group_picked.connect(self._pick_group)
        view.cells_picked.connect(self._pick_cells)
        view.coloring_picked.connect(self._display.color_all)
        view.events_picked.connect(self._pick_events)
        view.set_colors(plot_colors(self.viewer.theme))
        self.show_keys()
        self._on_groups()
        self.show_time()

    def show_keys(self, event: object = None) -> None:  # noqa: ARG002
        """Name the keys as they are bound now."""
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
        """Draw again what the clock has moved."""
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
            drawn = [group.status(i) for i in self.session.selected[:MAX_ROWS]]
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
        """Draw the selected cells, or say why they cannot be drawn."""
        selected, clock = self.session.selected, self.session.clock
        try:
            rows = [row for i in selected[:MAX_ROWS] for row in trace_rows(group, i, clock)]
        except (OSError, ValueError) as error:  # the file was closed, cut short, or is out of reach
            for view in self._views:
                view.show_error(f"The traces cannot be read.\n{error}")
            return
        for view in self._views:
            view.show_selection(selected, rows, len(group.names), clock.span_s)


def _statuses(group: CellGroup) -> list[CellStatus | None]:
    return [group.status(i) for i in range(len(group.names))]
