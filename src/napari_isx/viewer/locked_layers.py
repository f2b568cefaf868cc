"""Keeps napari's tools from changing what our layers show of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from napari.layers import Labels, Points, Shapes

from napari_isx.layers.keys import our_keys, recording_of
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

HINT: Final = "shows a file, which nothing drawn here would change; to edit a copy, duplicate it"


class LockedLayers(Control):
    """Layers of ours, in which no tool works; copies that the user makes are the user's."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._locked: WeakSet[Layer] = WeakSet()

    def follow_layers(self) -> None:
        """Lock layers of ours that were added, and let copies of them go."""
        for layer in self.viewer.layers:
            if layer in self._locked or not our_keys(layer):
                continue
            if self._is_copy(layer):
                if isinstance(layer, Labels | Points | Shapes):  # a movie's goes on reading it
                    for key in our_keys(layer):
                        del layer.metadata[key]
                continue
            self._locked.add(layer)
            # napari makes a layer editable whenever it gets other data or another dimension,
            # and tells of its tools whenever it is added or its mode changes.
            layer.events.editable.connect(self._lock)
            layer.events.help.connect(self._lock)
            layer.editable, layer.help = False, HINT

    def is_locked(self, layer: Layer | None) -> bool:
        """Whether tools do nothing in a layer."""
        return layer in self._locked

    def _is_copy(self, layer: Layer) -> bool:
        """Whether a layer was made from a locked one, by whatever command of napari's."""
        return any(
            type(other) is type(layer)
            and our_keys(other) == our_keys(layer)
            and recording_of(other) is recording_of(layer)
            for other in self._locked.intersection(self.viewer.layers)
        )

    def _lock(self, event: Any) -> None:
        layer = event.source
        if layer.editable:
            layer.editable = False
        if layer.help != HINT:
            layer.help = HINT
