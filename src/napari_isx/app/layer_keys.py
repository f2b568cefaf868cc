"""Keys of decisions, on layers that have other uses for them.

napari asks the active layer first, and Shapes and Points take A and R, Labels takes Ctrl+Z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from napari.layers import Labels
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import coerce_keybinding

from napari_isx.app.shortcuts import KEY_COMMANDS, KeyCommand
from napari_isx.session.session import Session
from napari_isx.viewer.clicks import PICKING_MODES
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

# Tools of other people's layers with which nothing is drawn or chosen.
_LOOKING_MODES: Final = frozenset({"pan_zoom", "transform"})
_PREFIX: Final = "napari_isx"  # of all metadata keys of ours
_STEPS: Final = frozenset({"undo", "redo"})


class LayerKeys(Control):
    """Lets the active layer pass the keys of decisions on, as long as nothing is drawn in it.

    On other people's layers only while cells are selected, and their undo stays theirs.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._layer: ref[Layer] | None = None
        self._bound: dict[Any, Any] = {}  # what the layer had there itself
        self._wanted: tuple[Any, ...] = ()
        viewer.layers.selection.events.active.connect(self.follow)
        session.selection_changed.connect(self._on_selection)
        action_manager.events.shortcut_changed.connect(self.follow)
        self.follow()

    def follow(self, event: object = None) -> None:  # noqa: ARG002
        """Bind the keys to the layer that is active now, and to that alone."""
        viewer = self._viewer_ref()
        if viewer is None:
            return
        layer = viewer.layers.selection.active
        before = self._layer() if self._layer is not None else None
        if layer is not before:
            self._bind(before, ())
            for one, connect in ((before, False), (layer, True)):
                if one is not None and hasattr(one.events, "mode"):
                    change = one.events.mode.connect if connect else one.events.mode.disconnect
                    change(self.follow)
            self._layer = ref(layer) if layer is not None else None
        wanted = self._commands_for(layer) if layer is not None else []
        self._bind(layer, tuple((key, one) for one in wanted for key in one.keys))

    def _on_selection(self) -> None:
        self.follow()

    def _commands_for(self, layer: Layer) -> list[KeyCommand]:
        decisions = [one for one in KEY_COMMANDS.values() if one.is_decision]
        mode = str(getattr(layer, "mode", "pan_zoom"))
        if any(str(key).startswith(_PREFIX) for key in layer.metadata):
            return decisions if mode in PICKING_MODES else []
        if mode not in _LOOKING_MODES or not self.session.selected:
            return []
        undoes_itself = isinstance(layer, Labels)
        return [one for one in decisions if not (undoes_itself and one.name in _STEPS)]

    def _bind(self, layer: Layer | None, wanted: tuple[tuple[str, KeyCommand], ...]) -> None:
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if layer is None:
            self._bound = {}
            return
        for key, own in self._bound.items():
            if own is None:
                layer.keymap.pop(key, None)
            else:
                layer.keymap[key] = own
        self._bound = {}
        for key, command in wanted:
            binding = coerce_keybinding(key)
            self._bound[binding] = layer.keymap.get(binding)
            layer.keymap[binding] = _passing_on(command, self._viewer_ref)


def _passing_on(
    command: KeyCommand, viewer_ref: Callable[[], ViewerModel | None]
) -> Callable[[Layer], None]:
    def press(layer: Layer) -> None:  # noqa: ARG001
        viewer = viewer_ref()
        if viewer is not None:
            command(viewer)

    return press
