"""Keys that users of other programs have in their fingers, as one choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from napari.settings import get_settings
from napari.utils.action_manager import action_manager

from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.shortcuts import KEY_COMMANDS, Command, normal

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


def current_preset() -> str:
    """The name of the preset that was chosen last."""
    name = recall(_SETTING)
    return name if isinstance(name, str) and name in PRESETS else DEFAULT


def keys_of(command: Command, preset: str | None = None) -> list[str]:
    """The keys a command should have: the user's own, else those of the preset.

    napari's shortcut editor can write down all keys when one is changed, so only what no preset
    has is taken for the user's own.

    Parameters
    ----------
    command : Command
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
    remember(_SETTING, name)
    # All are let go of before any is bound, as letting go frees the key, whoever has it by then.
    known = [one for one in KEY_COMMANDS.values() if one.action in action_manager._actions]
    wanted = {one: keys_of(one, name) for one in known}
    changing = [one for one in known if one.keys != wanted[one]]
    for command in changing:
        action_manager.unbind_shortcut(command.action)
    for command in changing:
        for key in wanted[command]:
            action_manager.bind_shortcut(command.action, key)


def _preset_keys(command: Command, preset: str) -> list[str]:
    own = () if command.key is None else (command.key,)
    return normal(PRESETS[preset].keys.get(command.name, own))


def _chosen_by_user(command: Command) -> list[str] | None:
    """The keys that the user bound in napari's shortcut editor, if any."""
    chosen = get_settings().shortcuts.shortcuts
    if command.action not in chosen:
        return None
    own = normal(chosen[command.action])
    return None if any(own == _preset_keys(command, preset) for preset in PRESETS) else own


def _belongs_to_another(key: str, command: Command) -> bool:
    """Whether the user gave a key to another command of ours."""
    others = (one for one in KEY_COMMANDS.values() if one is not command)
    return any(key in (_chosen_by_user(one) or ()) for one in others)
