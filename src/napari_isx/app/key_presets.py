"""Keys that users of other programs have in their fingers, as one choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import coerce_keybinding

from napari_isx.app.shortcuts import KEY_COMMANDS, KeyCommand
from napari_isx.docks.common.settings import recall, remember

if TYPE_CHECKING:
    from napari_isx.app.coordinator import Coordinator

_SETTING: Final = "keys"


@dataclass(frozen=True)
class KeyPreset:
    """A choice of keys.

    Attributes
    ----------
    title : str
    note : str
        How it differs from the program that it is named after.
    keys : mapping
        By the command's name; others keep their own.
    """

    title: str
    note: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


PRESETS: Final = {
    "napari-isx": KeyPreset(
        "napari-isx",
        "Letters are the first ones of the decisions; ↑ and ↓ go through the table as it is "
        "sorted and filtered.",
    ),
    "suite2p": KeyPreset(
        "suite2p",
        "As there, ↑ moves a cell to the other side: accepted becomes rejected, all else "
        "accepted. There ← and → go through the cells; here they are napari's, for the time, so "
        "hold Shift with them. In the table itself ↑ and ↓ move between rows.",
        {
            "flip": ("Up",),
            "next_cell": ("Shift-Right",),
            "previous_cell": ("Shift-Left",),
        },
    ),
    "ciatah": KeyPreset(
        "CIAtah",
        "As there, ↑ is good and ↓ is bad (A and R work too). There ← and → go through the cells; "
        "here they are napari's, for the time, so hold Shift with them. In the table itself ↑ and "
        "↓ move between rows.",
        {
            "accept": ("Up", "A"),
            "reject": ("Down", "R"),
            "next_cell": ("Shift-Right",),
            "previous_cell": ("Shift-Left",),
        },
    ),
}
DEFAULT: Final = "napari-isx"


def _flip(coordinator: Coordinator) -> None:
    group, selected = coordinator.session.group, coordinator.session.selected
    if group is not None and selected:
        is_in = group.status(selected[-1]) == "accepted"
        coordinator.cells.decide("rejected" if is_in else "accepted")


FLIP: Final = KeyCommand(
    "flip", "", "Inscopix: move the selected cells to the other side", _flip, False
)
"""What only a preset has a key for."""


def current_preset() -> str:
    """The name of the preset that was chosen last."""
    name = recall(_SETTING)
    return name if isinstance(name, str) and name in PRESETS else DEFAULT


def keys_of(command: KeyCommand, preset: str | None = None) -> list[str]:
    """The keys a command should have: the user's own, else those of the preset.

    napari's shortcut editor can write down all keys when one is changed, so only what no preset
    has is taken for the user's own.

    Parameters
    ----------
    command : KeyCommand
    preset : str, optional
        The one chosen last, by default.
    """
    own = _chosen_by_user(command)
    if own is not None:
        return own
    keys = _preset_keys(command, preset or current_preset())
    return [key for key in keys if not _belongs_to_another(key, command)]


def use_preset(name: str) -> None:
    """Bind the keys of a preset, here and in every window from now on.

    napari's settings are not touched, and keys that the user chose in its shortcut editor stay.

    Raises
    ------
    KeyError
        There is no such preset.
    """
    PRESETS[name]  # before anything changes
    register_flip()
    remember(_SETTING, name)
    commands = [*KEY_COMMANDS.values(), FLIP]
    # All are let go of before any is bound, as letting go frees the key, whoever has it by then.
    changing = [one for one in commands if one.action in action_manager._actions]
    wanted = {one.name: keys_of(one, name) for one in changing}
    changing = [one for one in changing if not _same(one.keys, wanted[one.name])]
    for command in changing:
        action_manager.unbind_shortcut(command.action)
    for command in changing:
        for key in wanted[command.name]:
            action_manager.bind_shortcut(command.action, key)


def register_flip() -> None:
    """Tell napari of the command that only presets have a key for. May be called again."""
    if FLIP.action not in action_manager._actions:
        action_manager.register_action(
            FLIP.action, FLIP.__call__, FLIP.description, ViewerModel, repeatable=FLIP.repeatable
        )
        for key in keys_of(FLIP):
            action_manager.bind_shortcut(FLIP.action, key)


def _preset_keys(command: KeyCommand, preset: str) -> list[str]:
    default = (command.key,) if command.key else ()
    return list(PRESETS[preset].keys.get(command.name, default))


def _chosen_by_user(command: KeyCommand) -> list[str] | None:
    """The keys that the user bound in napari's shortcut editor, if any."""
    chosen = get_settings().shortcuts.shortcuts
    if command.action not in chosen:
        return None
    own = [str(key) for key in chosen[command.action]]
    known = (_preset_keys(command, preset) for preset in PRESETS)
    return None if any(_same(own, keys) for keys in known) else own


def _belongs_to_another(key: str, command: KeyCommand) -> bool:
    """Whether the user gave a key to another command of ours."""
    others = (one for one in (*KEY_COMMANDS.values(), FLIP) if one.name != command.name)
    return any(_same_key(key, own) for one in others for own in _chosen_by_user(one) or ())


def _same(keys: list[str], others: list[str]) -> bool:
    return len(keys) == len(others) and all(map(_same_key, keys, others))


def _same_key(key: str, other: str) -> bool:
    return bool(coerce_keybinding(key) == coerce_keybinding(other))
