"""What keys do in a viewer's window while they are meant for cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.components import ViewerModel
from napari.layers import Labels, Points, Shapes
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import _vispy2appmodel
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QApplication, QWidget

from napari_isx.app.coordinator import Coordinator
from napari_isx.app.key_presets import keys_of
from napari_isx.docks.common.passing_keys import is_ours, is_typing
from napari_isx.docks.common.shortcuts import KEY_COMMANDS, Command, key_text
from napari_isx.layers.keys import our_keys

if TYPE_CHECKING:
    from app_model.types import KeyBinding
    from napari.layers import Layer
    from napari.viewer import Viewer


def register_shortcuts() -> None:
    """Tell napari of the commands with keys. May be called again."""
    for command in KEY_COMMANDS.values():
        if command.action in action_manager._actions:
            continue
        action_manager.register_action(
            command.action, _answer(command), command.description, ViewerModel
        )
        for key in keys_of(command):
            action_manager.bind_shortcut(command.action, key)


def _answer(command: Command) -> Callable[[ViewerModel], None]:
    def answer(viewer: ViewerModel) -> None:
        press(command, viewer)

    return answer


def press(command: Command, viewer: ViewerModel) -> None:
    """Do what a key is for, or say why not."""
    coordinator = Coordinator.find(viewer)
    if coordinator is None or is_typing():
        return
    if not command.decides or is_for_cells(viewer):
        command.act(coordinator)
    elif coordinator.session.selected:
        keys = "/".join(map(key_text, command.keys))
        show_info(
            f"{keys} does nothing to cells here: select a layer of the cells, or click in a dock."
        )


def is_for_cells(viewer: ViewerModel) -> bool:
    """Whether the keys of decisions can be meant for nothing but cells."""
    active = viewer.layers.selection.active
    return is_ours(QApplication.focusWidget()) or (active is not None and bool(our_keys(active)))


class KeyPresses(QObject):
    """Takes the keys of our commands before napari asks the active layer what to do with them.

    Shapes and Points have uses of their own for A and R, Labels for Ctrl+Z. The layers of others
    keep them, unless the focus is in a dock of ours. In our own layers, which cannot be edited,
    all that napari's tools would do at keys is held back.

    napari sends keys that are held down to some commands or to all, depending on its version, and
    tells none of them. So this looks at the event itself.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        canvas = viewer.window._qt_viewer.canvas
        super().__init__(canvas.native)  # which takes it along
        self._viewer_ref, self._canvas = ref(viewer), canvas.native
        # All ways to napari's own answer to a key lead through this.
        events = canvas._scene_canvas.events
        events.key_press.connect(self._on_press)
        events.key_release.connect(self._on_release)
        self._released: tuple[object, int] | None = None
        QApplication.instance().focusChanged.connect(self._on_focus)

    @classmethod
    def take(cls, viewer: Viewer) -> None:
        """Take the keys of a viewer's window. May be called again."""
        if viewer.window._qt_viewer.canvas.native.findChild(cls) is None:
            cls(viewer)

    def _on_press(self, event: Any) -> None:
        viewer = self._viewer_ref()
        if viewer is None or event.key is None or is_typing():
            return
        key = _vispy2appmodel(event)
        command, active = _command_at(key), viewer.layers.selection.active
        has_use = _has_use_for(active, key)
        if (active is not None and key in active.keymap) or (not has_use and key in viewer.keymap):
            return  # a script has another use for it
        if command is None:
            is_taken = has_use and _is_drawn(active)
        else:
            is_taken = not has_use or is_for_cells(viewer)
        if is_taken:
            event.handled = event.blocked = True
            if command is not None and (command.repeats or not self._is_held_down(event)):
                press(command, viewer)

    def _on_release(self, event: Any) -> None:
        self._released = (event.key, event.native.timestamp()) if event.native else None

    def _is_held_down(self, event: Any) -> bool:
        """Whether a key was pressed before and not let go of since.

        X tells of a key that is held down as let go of and pressed again in the same millisecond.
        Where the second half comes late, Qt takes it for a press of its own.
        """
        native = event.native
        return native is not None and bool(
            native.isAutoRepeat()
            or (native.timestamp() and self._released == (event.key, native.timestamp()))
        )

    def _on_focus(self, old: QWidget | None) -> None:
        """Give a dock of ours the focus back that a message of napari's takes when it goes.

        What is being typed there would go on as keys of decisions, or as those of a tool.
        """
        if old is not None and is_ours(old) and QApplication.focusWidget() is self._canvas:
            messages = self._canvas.findChildren(NapariQtNotification)
            if any(one.isVisible() and one not in one._instances for one in messages):
                old.setFocus()


def _command_at(key: KeyBinding) -> Command | None:
    """Our command that napari knows a key for, if nobody has bound the key to something else."""
    bound, actions = ViewerModel.class_keymap.get(key), action_manager._actions
    known = (one for one in KEY_COMMANDS.values() if one.action in actions)
    return next((one for one in known if actions[one.action].injected is bound), None)


def _is_drawn(layer: Layer | None) -> bool:
    """Whether a layer of ours is of a kind that napari lets people draw in."""
    return isinstance(layer, Labels | Points | Shapes) and bool(our_keys(layer))


def _has_use_for(layer: Layer | None, key: KeyBinding) -> bool:
    return any(key in getattr(kind, "class_keymap", ()) for kind in type(layer).__mro__)
