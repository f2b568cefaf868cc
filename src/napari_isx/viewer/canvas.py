"""Cells on the canvas: picking them, marking them, and coloring them by what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from napari.layers import Image as ImageLayer
from napari.layers import Labels, Points, Shapes
from psygnal import Signal

from napari_isx.analysis.rois import cells_at
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.cells import renew_thumbnails, show_statuses
from napari_isx.layers.keys import ROIS_KEY, recording_of
from napari_isx.layers.styles import ColorBy
from napari_isx.session.groups import CellGroup
from napari_isx.session.session import Session
from napari_isx.viewer.clicks import Click, Clicks
from napari_isx.viewer.control import Control
from napari_isx.viewer.debounce import Later
from napari_isx.viewer.event_points import EventPoints
from napari_isx.viewer.selection_outline import SelectionOutline

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Point = tuple[float, float]

_RINGS_MS: Final = 100
_PICTURES: Final = (Movie, Image, VesselSet)


@dataclass(eq=False)
class Look:
    """How the cells of one group are drawn.

    Attributes
    ----------
    color_by : {"status", "file", "values"}
    values : numpy.ndarray or None
        ``(n_cells,)``: what they are colored by.
    shown : numpy.ndarray or None
        ``(n_cells,)``: which are drawn; all, if None.
    statuses : sequence of str or None
        What they would be, while the user considers it; what they are, if None.
    """

    color_by: ColorBy = "status"
    values: npt.NDArray[np.float64] | None = None
    shown: npt.NDArray[np.bool_] | None = None
    statuses: Sequence[CellStatus] | None = None


class CanvasControl(Control):
    """The layers of cell sets and event sets."""

    hovered: ClassVar[Signal] = Signal(list)
    """Names of the cells under the mouse, the heaviest first; emitted when they change."""
    menu_requested: ClassVar[Signal] = Signal()
    """A right click on a cell, which is selected now: what can be done with it?"""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._events = EventPoints()
        self._outline = SelectionOutline()
        self._looks: WeakKeyDictionary[CellGroup, Look] = WeakKeyDictionary()
        # Rings wait while keys run through the cells.
        self._rings = Later(self._place_events, _RINGS_MS)
        self._is_showing = False
        self._may_add_layer = True
        self._under_mouse: list[str] = []
        Clicks(viewer, self._on_click)
        viewer.mouse_move_callbacks.append(self._on_move)
        session.groups_changed.connect(self._place_events)
        session.selection_changed.connect(self._on_selection)
        session.statuses_changed.connect(self.show_statuses)
        session.settled.statuses_changed.connect(self._renew_thumbnails)

    def follow_layers(self) -> None:
        """Take over layers that were added, and let go of those that are gone."""
        for layer, _ in self.our_layers():
            if isinstance(layer, Labels):
                layer.events.selected_label.connect(self._on_selected_label)
            elif isinstance(layer, Shapes) and ROIS_KEY in layer.metadata:
                layer.events.visible.connect(self._on_visible)
        self._place_events()
        self.show_selection(may_add_layer=False)

    def _place_events(self) -> None:
        viewer, session = self._viewer_ref(), self.session
        if viewer is not None:
            self._events.place(
                viewer.layers, session.groups, session.clock, session.group, session.selected
            )

    def put_below_cells(self, event: Any) -> None:
        """Put a movie or an image that was added below what is drawn over such pictures.

        The picture that vessels were drawn on goes below movies too, which it would hide. So the
        order in which files are opened makes no difference; what the user moves later stays
        where it is.
        """
        added, layers = event.value, self.viewer.layers
        shown = recording_of(added)
        if not isinstance(added, ImageLayer) or not isinstance(shown, _PICTURES):
            return
        index = layers.index(added)
        overlays = (
            i
            for i, other in enumerate(layers[:index])
            if recording_of(other) is not None
            and (
                isinstance(other, Labels | Shapes | Points)
                or (isinstance(shown, VesselSet) and isinstance(recording_of(other), Movie))
            )
        )
        lowest = next(overlays, None)
        if lowest is not None:
            layers.move(index, lowest)

    def look_of(self, group: CellGroup) -> Look:
        """How the cells of a group are drawn; call :meth:`show_statuses` after changing it."""
        return self._looks.setdefault(group, Look())

    def show_statuses(self, group: CellGroup) -> None:
        """Recolor the cells of a group."""
        if group.curation is None or group.cells is None:
            return
        look, layers = self.look_of(group), self.layers_of(group.cells)
        statuses = look.statuses or group.curation.statuses
        with self._showing():  # new colors make napari emit a change of the selected label
            show_statuses(layers, group.cells, statuses, look.color_by, look.values, look.shown)

    def _renew_thumbnails(self, group: CellGroup) -> None:
        renew_thumbnails(self.layers_of(group.cells))

    def show_selection(self, *, may_add_layer: bool) -> None:
        """Mark the selected cells.

        Parameters
        ----------
        may_add_layer : bool
            Not while layers are being removed; see :meth:`SelectionOutline.show`.
        """
        if self._is_showing:  # the mark is a layer, and adding it leads back here
            return
        group = self.session.group
        layers = self.layers_of(group.cells) if group is not None else []
        with self._showing():
            self._outline.show(
                self.viewer, layers, self.session.selected, may_add_layer=may_add_layer
            )

    @contextmanager
    def adding_nothing(self) -> Iterator[None]:
        """For while a layer is removed, as the selection may change with that."""
        self._may_add_layer = False
        try:
            yield
        finally:
            self._may_add_layer = True

    def _on_selection(self) -> None:
        self._rings.request()
        self.show_selection(may_add_layer=self._may_add_layer)

    def _on_selected_label(self, event: Any) -> None:
        label = int(event.source.selected_label)
        group = self._group_of(event.source)
        if not self._is_showing and group is not None and 0 < label <= len(group.names):
            self.session.select(group, [label - 1], on_canvas=True)

    def _on_click(self, click: Click) -> None:
        """Select the heaviest cell at a place, or at the same place again the next one there.

        Where there is none, no cell is selected any more.
        """
        group, found = self.found_at(click.position_um)
        if click.is_right:
            if group is not None:
                if group is not self.session.group or found[0] not in self.session.selected:
                    self.session.select(group, [found[0]], on_canvas=True)
                self.menu_requested.emit()
            return
        if group is None:
            if not click.adds and not click.has_tool:
                self.session.deselect()
            return
        if click.adds:
            self.session.toggle(group, found[0], on_canvas=True)
            return
        turn = 0
        if click.is_same_place and group is self.session.group and len(self.session.selected) == 1:
            (selected,) = self.session.selected
            turn = (found.index(selected) + 1) % len(found) if selected in found else 0
        self.session.select(group, [found[turn]], on_canvas=True)

    def found_at(self, position_um: Point) -> tuple[CellGroup | None, list[int]]:
        """The topmost group with cells drawn at a place in the world, and these, heaviest first."""
        for layer in reversed(self.viewer.layers):
            group = self._group_of(layer)
            if group is None or not layer.visible or ROIS_KEY not in layer.metadata:
                continue
            found = cells_at(layer.metadata[ROIS_KEY], *layer.world_to_data(position_um))
            shown = self.look_of(group).shown
            found = [cell for cell in found if shown is None or shown[cell]]
            if found:
                return group, found
        return None, []

    def _on_move(self, viewer: ViewerModel, event: Any) -> None:
        """Name the cells under the mouse."""
        names: list[str] = []
        if viewer.dims.ndisplay == 2 and self.session.groups:
            group, found = self.found_at((event.position[-2], event.position[-1]))
            names = [group.names[cell] for cell in found] if group is not None else []
        if names != self._under_mouse:
            self._under_mouse = names
            self.hovered.emit(names)

    def _on_visible(self, event: Any) -> None:
        group = self._group_of(event.source)
        if group is not None and event.source.visible and not self._is_showing:
            self.show_statuses(group)

    def _group_of(self, layer: Layer) -> CellGroup | None:
        recording = recording_of(layer)
        if recording is None:
            return None
        return next((group for group in self.session.groups if group.cells is recording), None)

    @contextmanager
    def _showing(self) -> Iterator[None]:
        """What the layers emit meanwhile is our doing, not the user's."""
        self._is_showing = True
        try:
            yield
        finally:
            self._is_showing = False
