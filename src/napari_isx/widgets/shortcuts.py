"""Keys of our commands, in napari's shortcut editor.

npe2 manifests have key bindings, but napari does not read them yet; its action manager is what
the shortcut editor shows, and what remembers how the user rebound a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut

if TYPE_CHECKING:
    from napari_isx.widgets.coordinator import Coordinator


class KeyCommand(NamedTuple):
    """A command with a key.

    Attributes
    ----------
    name : str
        As in the manifest, without the plugin's name.
    key : str
        Unless the user chose another.
    description : str
        For the shortcut editor.
    act : callable
        What it does.
    """

    name: str
    key: str
    description: str
    act: Callable[[Coordinator], None]

    @property
    def action(self) -> str:
        """The name napari's action manager knows it by."""
        return f"napari-isx:{self.name}"

    def __call__(self, viewer: ViewerModel) -> None:
        """Do it in a viewer, if anything of ours is open in it."""
        from napari_isx.widgets.coordinator import Coordinator

        coordinator = Coordinator.find(viewer)
        if coordinator is not None:
            self.act(coordinator)


def _next_cell(coordinator: Coordinator) -> None:
    coordinator.session.step_cell(1)


def _previous_cell(coordinator: Coordinator) -> None:
    coordinator.session.step_cell(-1)


def _next_event(coordinator: Coordinator) -> None:
    coordinator.go_to_event(1)


def _previous_event(coordinator: Coordinator) -> None:
    coordinator.go_to_event(-1)


KEY_COMMANDS: Final = {
    command.name: command
    for command in (
        KeyCommand("next_cell", "Down", "Inscopix: select the next cell", _next_cell),
        KeyCommand("previous_cell", "Up", "Inscopix: select the previous cell", _previous_cell),
        KeyCommand("next_event", "N", "Inscopix: go to the next event", _next_event),
        KeyCommand(
            "previous_event", "Shift-N", "Inscopix: go to the previous event", _previous_event
        ),
    )
}


def register_shortcuts() -> None:
    """Tell napari of the commands with keys. May be called again."""
    for command in KEY_COMMANDS.values():
        if command.action in action_manager._actions:
            continue
        action_manager.register_action(
            command.action, command.__call__, command.description, ViewerModel, repeatable=True
        )
        for key in _keys(command):
            action_manager.bind_shortcut(command.action, key)


def keys_in_words() -> str:
    """The keys as they are bound now, for the dock."""
    keys = {name: _key_text(command) for name, command in KEY_COMMANDS.items()}
    return (
        f"cells {keys['previous_cell']} {keys['next_cell']}   "
        f"events {keys['previous_event']} {keys['next_event']}"
    )


def _keys(command: KeyCommand) -> list[str]:
    """The user's keys for a command, or ours where he has chosen none."""
    chosen = get_settings().shortcuts.shortcuts
    return [str(key) for key in chosen.get(command.action, [command.key])]


def _key_text(command: KeyCommand) -> str:
    return "/".join(Shortcut(key).platform for key in _keys(command)) or "-"
