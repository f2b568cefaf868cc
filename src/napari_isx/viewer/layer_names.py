"""Lets a set be called as the user calls its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_isx.layers.keys import SEPARATOR
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class LayerNames(Control):
    """Follows layers that are renamed: the other layers of their set, and the docks."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._kinds: WeakKeyDictionary[Layer, str] = WeakKeyDictionary()
        self._is_renaming = False

    def follow_layers(self) -> None:
        """Take over layers that were added."""
        for layer, _ in self.our_layers():
            if layer not in self._kinds:
                before, separator, _ = layer.name.partition(SEPARATOR)
                self._kinds[layer] = before + separator if separator else ""
                layer.events.name.connect(self._on_name)

    def _on_name(self, event: Any) -> None:
        renamed = event.source
        shown = next((one for layer, one in self.our_layers() if layer is renamed), None)
        group = next((one for one in self.session.groups if one.recording is shown), None)
        if group is None or shown is None or self._is_renaming:
            return
        group.chosen_title = renamed.name.removeprefix(self._kinds[renamed])
        self._is_renaming = True
        try:
            for layer in self.layers_of(shown):
                if layer is not renamed and self._kinds.get(layer):
                    layer.name = self._kinds[layer] + group.chosen_title
        finally:
            self._is_renaming = False
        self.session.groups_changed.emit()
