"""A viewer without a window, its coordinator, a dock that only remembers, and a mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from psygnal import Signal

from napari_isx.app.coordinator import Coordinator
from napari_isx.docks.common import background
from napari_isx.docks.saving import controller as saving
from napari_isx.io.base.recording import Recording
from napari_isx.layers.build import layers_of
from napari_isx.viewer import debounce

try:
    from napari.utils.interactions import ReadOnlyWrapper
except ImportError:
    from napari.utils._proxies import ReadOnlyWrapper


class View:
    """Stands for the dock: it emits what a user would ask for, and remembers what it is told."""

    group_picked = Signal(int)
    cells_picked = Signal(list)
    time_requested = Signal(float)
    coloring_picked = Signal(str)
    events_picked = Signal(int)
    channels_toggled = Signal(list, bool)
    channels_ordered = Signal(list)
    channels_picked = Signal(list)
    only_changing_picked = Signal(bool)
    same_scale_picked = Signal(bool)
    clock_time_picked = Signal(bool)
    row_decided = Signal(int, str)
    row_picked = Signal(int)
    row_centered = Signal(int)
    channel_row_hidden = Signal(int)
    arrangement_picked = Signal(str)
    threshold_dragged = Signal(float)

    def __init__(self) -> None:
        self.alive = True
        self.groups: tuple[list[str], int] = ([], -1)
        self.names: list[str] = []
        self.statuses: list[str | None] = []
        self.drawn_statuses: list[str | None] = []
        self.coloring = ""
        self.selected: list[int] = []
        self.rows: list[Any] = []
        self.error = ""
        self.time: tuple[float, int | None, int] | None = None
        self.colors: list[Any] = []
        self.keys = ""
        self.item = ""
        self.channels: list[Any] = []
        self.only_changing = False
        self.picked_channels: list[int] = []
        self.channel_rows: list[Any] = []
        self.num_channels_shown = 0
        self.clock: Any = None
        self.maps: Any = None
        self.maps_title = ""
        self.maps_shown = 0

    def objectName(self) -> str:  # noqa: N802
        if not self.alive:
            raise RuntimeError("wrapped C/C++ object has been deleted")
        return ""

    def show_marks(self, times_s, threshold):
        self.marks = list(times_s), threshold

    def show_groups(self, titles, current):
        self.groups = (list(titles), current)

    def show_event_choices(self, titles, current, words):
        self.event_choices, self.event_words = (list(titles), current), words

    def show_cells(self, names, statuses, item):
        self.names, self.statuses, self.item = list(names), list(statuses), item

    def show_statuses(self, statuses, drawn):
        self.statuses, self.drawn_statuses = list(statuses), list(drawn)

    def show_coloring(self, what):
        self.coloring = what

    def show_selection(self, cells, rows, num_cells, num_drawn, span_s):
        self.selected, self.rows, self.error = list(cells), list(rows), ""
        self.num_drawn = num_drawn
        assert num_cells == len(self.names)
        assert span_s[1] >= span_s[0]

    def show_error(self, text):
        self.error = text

    def show_time(self, time_s, frame, num_frames):
        assert self.alive, "a dock that Qt has deleted was shown something"
        self.time = (time_s, frame, num_frames)

    def show_keys(self, text):
        self.keys = text

    def set_colors(self, colors):
        self.colors.append(colors)

    def show_channel_list(self, items, num_channels, only_changing):
        assert len(items) <= num_channels
        self.channels, self.only_changing = list(items), only_changing

    def show_channel_selection(self, places):
        self.picked_channels = list(places)

    def show_channels(self, rows, num_shown, span_s):
        self.channel_rows, self.num_channels_shown = list(rows), num_shown
        assert span_s[1] >= span_s[0]

    def show_scale(self, value_range, *, is_same):
        self.scale = value_range, is_same

    def show_clock_time(self, start, *, is_known):
        self.clock_time = start, is_known

    def show_clock(self, words):
        self.clock = words

    def show_maps(self, title, maps):
        self.maps_title, self.maps = title, maps
        self.maps_shown += 1

    @property
    def drawn_channels(self) -> list[str]:
        """Names of the channels that are drawn."""
        return [row.name for row in self.channel_rows]

    @property
    def drawn(self) -> list[str]:
        """Names of the cells whose traces are drawn."""
        return [row.name for row in self.rows]


@dataclass
class MouseEvent:
    """What napari's callbacks get of the mouse."""

    type: str
    position: tuple[float, ...]
    pos: np.ndarray
    button: int = 1
    modifiers: list[str] = field(default_factory=list)
    is_dragging: bool = False
    view_direction: Any = None
    up_direction: Any = None
    dims_displayed: list[int] = field(default_factory=lambda: [0, 1])
    handled: bool = False


class Stage:
    """A viewer with its coordinator and one dock."""

    def __init__(self, opened: Callable[[Path], Recording]) -> None:
        self.viewer = ViewerModel()
        self._opened = opened
        self.coordinator = Coordinator.of(self.viewer)
        self.session = self.coordinator.session
        self.view = self.another_dock()

    def another_dock(self) -> View:
        view = View()
        self.coordinator.attach(view)
        return view

    def open(self, *paths: Path) -> list[Recording]:
        recordings = [self._opened(path) for path in paths]
        for recording in recordings:
            for data in layers_of(recording):
                self.viewer._add_layer_from_data(*data)
        return recordings

    def layer(self, name: str) -> Any:
        return self.viewer.layers[name]

    def click(
        self,
        position_um: tuple[float, float],
        modifiers: tuple[str, ...] = (),
        button: int = 1,
        moved_px: float = 0.0,
    ) -> None:
        """Press, move and release the mouse, as the canvas tells the viewer of it."""
        hidden = tuple(self.viewer.dims.point[: self.viewer.dims.ndim - 2])
        for kind, callbacks, shift in (
            ("mouse_press", mouse_press_callbacks, 0.0),
            ("mouse_move", mouse_move_callbacks, moved_px),
            ("mouse_release", mouse_release_callbacks, moved_px),
        ):
            event = MouseEvent(
                kind,
                (*hidden, *position_um),
                np.array([5 * position_um[1] + shift, 5 * position_um[0]]),
                button,
                list(modifiers),
                is_dragging=kind == "mouse_move",
            )
            callbacks(self.viewer, ReadOnlyWrapper(event, exceptions=("handled",)))

    def hover(self, position_um: tuple[float, float]) -> None:
        """Move the mouse without a button."""
        hidden = tuple(self.viewer.dims.point[: self.viewer.dims.ndim - 2])
        event = MouseEvent("mouse_move", (*hidden, *position_um), np.zeros(2), 0)
        mouse_move_callbacks(self.viewer, ReadOnlyWrapper(event, exceptions=("handled",)))


class _NoApplication:
    """What Qt says where there is none, as in a process that no window was made in before."""

    @staticmethod
    def instance() -> None:
        return None


@pytest.fixture
def stage(opened, monkeypatch) -> Stage:
    for module in (background, debounce, saving):
        monkeypatch.setattr(module, "QApplication", _NoApplication)
    return Stage(opened)
