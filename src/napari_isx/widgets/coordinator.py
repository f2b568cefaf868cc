"""Connects one viewer, its session and the docks that show it.

Views and models do not know each other: a view says what the user asked for, the coordinator
acts on the session or the viewer, and tells the views what to show. It needs no window: a
`ViewerModel` will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol
from weakref import WeakKeyDictionary, WeakSet, ref

from napari.layers import Image, Labels, Points
from psygnal import Signal

from napari_isx.io.cells import CellStatus
from napari_isx.io.events import EventSet
from napari_isx.io.movie import Movie
from napari_isx.io.recording import Recording
from napari_isx.layers.cells import show_statuses
from napari_isx.layers.keys import ROIS_KEY, recording_of
from napari_isx.layers.styles import ColorBy
from napari_isx.rois import cells_at
from napari_isx.session.groups import CellGroup
from napari_isx.session.plotdata import TraceRow, trace_row
from napari_isx.session.session import Session
from napari_isx.widgets.event_points import EventPoints
from napari_isx.widgets.highlight import SelectionOutline
from napari_isx.widgets.plot import MAX_ROWS, PlotColors
from napari_isx.widgets.shortcuts import keys_in_words
from napari_isx.widgets.theme import plot_colors

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

# Tools in which a click picks a cell; in the others it draws.
_PICKING_MODES: Final = frozenset({"pan_zoom", "transform", "pick", "select", "direct"})
_CLICK_SLOP_PX: Final = 4


class TracesView(Protocol):
    """What the coordinator asks of a dock; see `TracesWidget`."""

    group_picked: Any
    cells_picked: Any
    time_requested: Any
    coloring_picked: Any

    def objectName(self) -> str:  # noqa: N802
        """Qt's name of the widget; fails when Qt has deleted it."""

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells."""

    def show_cells(self, names: Sequence[str], statuses: Sequence[CellStatus | None]) -> None:
        """List these cells."""

    def show_statuses(self, statuses: Sequence[CellStatus | None]) -> None:
        """List the same cells with other statuses."""

    def show_selection(
        self, cells: Sequence[int], rows: Sequence[TraceRow], num_cells: int, duration_s: float
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


class Coordinator:
    """Acts for one viewer. Get it with :meth:`of`."""

    cells_opened: ClassVar[Signal] = Signal()
    """Cells are open in the viewer where none were before."""

    _all: ClassVar[WeakKeyDictionary[ViewerModel, Coordinator]] = WeakKeyDictionary()

    def __init__(self, viewer: ViewerModel) -> None:
        # Not the viewer itself: the registry would keep both alive for ever.
        self._viewer_ref = ref(viewer)
        self.session = Session()
        self._events = EventPoints()
        self._outline = SelectionOutline()
        # Weakly: a closed dock has no other owner, and has to go.
        self._known_views: WeakSet[TracesView] = WeakSet()
        self._color_by: ColorBy = "status"
        self._is_showing = False
        self._listed: CellGroup | None = None  # whose cells the docks list

        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)
        viewer.dims.events.point.connect(self._on_dims)
        viewer.dims.events.range.connect(self._on_range)
        viewer.events.theme.connect(self._on_theme)
        viewer.mouse_drag_callbacks.append(self._on_mouse)
        self.session.groups_changed.connect(self._on_groups)
        self.session.selection_changed.connect(self._on_selection)
        self.session.statuses_changed.connect(self._on_statuses)
        self.session.cursor.moved.connect(self._on_cursor)
        self._on_layers()
        self._on_dims()

    @classmethod
    def of(cls, viewer: ViewerModel) -> Coordinator:
        """The coordinator of a viewer, made on first use."""
        viewer = getattr(viewer, "__wrapped__", viewer)  # napari hands plugins a proxy
        if viewer not in cls._all:
            cls._all[viewer] = cls(viewer)
        return cls._all[viewer]

    @classmethod
    def find(cls, viewer: ViewerModel) -> Coordinator | None:
        """The coordinator of a viewer, or None where nothing of ours was opened in it."""
        return cls._all.get(getattr(viewer, "__wrapped__", viewer))

    def attach(self, view: TracesView) -> None:
        """Let a dock show this session until it is destroyed."""
        self._known_views.add(view)
        view.group_picked.connect(self._pick_group)
        view.cells_picked.connect(self._pick_cells)
        view.time_requested.connect(self.go_to)
        view.coloring_picked.connect(self.color_by)
        view.set_colors(plot_colors(self._viewer.theme))
        view.show_keys(keys_in_words())
        self._on_groups()
        self._show_time()

    def go_to(self, time_s: float) -> None:
        """Show another time: on the slider where there is one, else on the plots alone."""
        axis = self._time_axis()
        if axis is None:
            group = self.session.group
            end_s = group.timing.duration_s if group is not None else 0.0
            self.session.cursor.move_to(min(max(time_s, 0.0), end_s))
        else:
            self._viewer.dims.set_point(axis, time_s)

    def go_to_event(self, direction: int) -> None:
        """Show the next (1) or previous (-1) event of the selected cells, if there is one."""
        time_s = self.session.event_time_s(direction)
        if time_s is not None:
            self.go_to(time_s)

    def color_by(self, what: ColorBy) -> None:
        """Colour all cells on the canvas by their status, or as the file has them."""
        self._color_by = what
        for group in self.session.groups:
            self._on_statuses(group)

    @property
    def _viewer(self) -> ViewerModel:
        viewer = self._viewer_ref()
        if viewer is None:
            raise ReferenceError("the viewer is gone")
        return viewer

    @property
    def _views(self) -> list[TracesView]:
        return [view for view in self._known_views if _is_alive(view)]

    def _layers_of(self, recording: Recording | None) -> list[Layer]:
        """Layers that show a recording, the topmost last."""
        if recording is None:
            return []
        return [layer for layer in self._viewer.layers if recording_of(layer) is recording]

    def _time_axis(self) -> int | None:
        """The viewer's axis of seconds, or None while nothing of ours has one."""
        return int(self._viewer.dims.ndim) - 3 if self._timed_layers() else None

    def _timed_layers(self) -> list[Layer]:
        """Our layers with an axis of seconds."""
        layers = (layer for layer in self._viewer.layers if recording_of(layer) is not None)
        return [layer for layer in layers if isinstance(layer, Image | Points) and layer.ndim == 3]

    def _on_range(self, event: object = None) -> None:  # noqa: ARG002
        """Let the slider span the event sets that are open, where there is no movie.

        napari would let it span the events themselves, and 512 s where no event has a place.
        """
        timed = self._timed_layers()
        if not timed or any(isinstance(layer, Image) for layer in timed):
            return
        sets = (recording_of(layer) for layer in timed)
        timings = [events.timing for events in sets if isinstance(events, EventSet)]
        end_s = max(timing.duration_s - timing.period_s for timing in timings)
        step_s = min(timing.period_s for timing in timings)
        axis = int(self._viewer.dims.ndim) - 3
        self._viewer.dims.set_range(axis, (0.0, max(end_s, step_s), step_s))

    # What happens in the viewer

    def _on_layers(self, event: object = None) -> None:  # noqa: ARG002
        recordings = (recording_of(layer) for layer in self._viewer.layers)
        opened = {id(recording): recording for recording in recordings if recording is not None}
        had_cells = bool(self.session.groups)
        self.session.show(opened.values())
        for layer in self._viewer.layers:
            if isinstance(layer, Labels) and recording_of(layer) is not None:
                layer.events.selected_label.connect(self._on_selected_label)
        self._events.place(self._viewer.layers, self.session.groups)
        self._show_on_canvas(may_add_layer=False)
        self._on_range()
        self._on_dims()
        self._show_time()  # the frame is that of another movie now, even at the same time
        if self.session.groups and not had_cells:
            self.cells_opened.emit()

    def _on_dims(self, event: object = None) -> None:  # noqa: ARG002
        axis = self._time_axis()
        if axis is not None:
            self.session.cursor.move_to(float(self._viewer.dims.point[axis]))

    def _on_theme(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.set_colors(plot_colors(self._viewer.theme))

    def _on_selected_label(self, event: Any) -> None:
        label = int(event.source.selected_label)
        group = self._group_of(event.source)
        if not self._is_showing and group is not None and 0 < label <= len(group.names):
            self.session.select(group, [label - 1])

    def _on_mouse(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Select the cell under a click; leave drags to the tools."""
        active = viewer.layers.selection.active
        mode = str(getattr(active, "mode", "pan_zoom"))
        if event.button != 1 or viewer.dims.ndisplay != 2 or mode not in _PICKING_MODES:
            return
        start, position, modifiers = event.pos, event.position, set(event.modifiers)
        yield
        while event.type == "mouse_move":
            if max(abs(a - b) for a, b in zip(event.pos, start, strict=True)) > _CLICK_SLOP_PX:
                return
            yield
        self._pick_at(position[-2:], add=bool(modifiers & {"Shift", "Control"}))

    def _pick_at(self, position_um: Sequence[float], add: bool) -> None:
        """Select the cell at a place in the world, of the topmost set that has one there."""
        for layer in reversed(self._viewer.layers):
            group = self._group_of(layer)
            if group is None or not layer.visible or ROIS_KEY not in layer.metadata:
                continue
            found = cells_at(layer.metadata[ROIS_KEY], *layer.world_to_data(position_um))
            if found:
                if add:
                    self.session.toggle(group, found[0])
                else:
                    self.session.select(group, found[:1])
                return

    # What the user asked for in a dock

    def _pick_group(self, place: int) -> None:
        self.session.select(self.session.groups[place], ())

    def _pick_cells(self, cells: list[int]) -> None:
        if self.session.group is not None:
            self.session.select(self.session.group, cells)

    # What changed in the session

    def _on_groups(self) -> None:
        if not self.session.groups:
            for view in self._views:
                view.show_groups([], -1)
        self._listed = None
        self._on_selection()

    def _on_selection(self) -> None:
        self._show_on_canvas(may_add_layer=True)
        group = self.session.group
        if group is not None:
            self._list_cells(group)
            self._show_traces(group)
        self._show_time()

    def _on_statuses(self, group: CellGroup) -> None:
        if group.curation is not None and group.cells is not None:
            layers = self._layers_of(group.cells)
            with self._showing():  # new colours make napari emit a change of the selected label
                show_statuses(layers, group.cells, group.curation.statuses, self._color_by)
        if group is self.session.group:
            for view in self._views:
                view.show_statuses(_statuses(group))
            self._show_traces(group)

    def _on_cursor(self, time_s: float) -> None:  # noqa: ARG002
        self._show_time()

    # What is shown

    def _group_of(self, layer: Layer) -> CellGroup | None:
        recording = recording_of(layer)
        if recording is None:
            return None
        return next((group for group in self.session.groups if group.cells is recording), None)

    def _list_cells(self, group: CellGroup) -> None:
        """List the cells of a group, unless the docks list them already."""
        if group is not self._listed:
            self._listed = group
            for view in self._views:
                view.show_groups(
                    [one.title for one in self.session.groups], self.session.groups.index(group)
                )
                view.show_cells(group.names, _statuses(group))

    def _show_traces(self, group: CellGroup) -> None:
        """Draw the selected cells, or say why they cannot be drawn."""
        selected = self.session.selected
        try:
            rows = [trace_row(group, i) for i in selected[:MAX_ROWS]]
        except (OSError, ValueError) as error:  # the file was closed, cut short, or is out of reach
            for view in self._views:
                view.show_error(f"The traces cannot be read.\n{error}")
            return
        for view in self._views:
            view.show_selection(selected, rows, len(group.names), group.timing.duration_s)

    def _show_time(self) -> None:
        time_s = self.session.cursor.time_s
        movies = (recording_of(layer) for layer in self._viewer.layers)
        timing = next((movie.timing for movie in movies if isinstance(movie, Movie)), None)
        if timing is None and self.session.group is not None:
            timing = self.session.group.timing
        frame = timing.sample_at(time_s) if timing is not None and timing.num_samples else None
        for view in self._views:
            view.show_time(time_s, frame, timing.num_samples if timing is not None else 0)

    def _show_on_canvas(self, *, may_add_layer: bool) -> None:
        """Mark the selected cells."""
        if self._is_showing:  # the mark is a layer, and adding it leads back here
            return
        group = self.session.group
        layers = self._layers_of(group.cells) if group is not None else []
        with self._showing():
            self._outline.show(
                self._viewer, layers, self.session.selected, may_add_layer=may_add_layer
            )

    @contextmanager
    def _showing(self) -> Iterator[None]:
        """What the layers emit meanwhile is our doing, not the user's."""
        self._is_showing = True
        try:
            yield
        finally:
            self._is_showing = False


def _statuses(group: CellGroup) -> list[CellStatus | None]:
    return [group.status(i) for i in range(len(group.names))]


def _is_alive(view: TracesView) -> bool:
    """Whether Qt still has the widget behind the Python object."""
    try:
        view.objectName()
    except RuntimeError:
        return False
    return True
