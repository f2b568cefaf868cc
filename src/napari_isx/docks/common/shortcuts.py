"""All commands of the plugin in one table: what the command palette offers, and what has a key.

`scripts/make_manifest.py` writes the manifest from it. npe2 manifests have key bindings too, but
napari does not read them yet; its action manager is what the shortcut editor shows, and what
remembers how the user rebound a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from app_model.types import KeyBinding, KeyCode, KeyMod
from napari.utils.action_manager import action_manager
from napari.utils.interactions import JOINCHAR
from napari.utils.key_bindings import coerce_keybinding

DECIDE: Final = "Decide"
_KEPT: Final = frozenset({"mark", "exclude_trial"})
_ONCE: Final = frozenset(
    {
        *("accept", "reject", "undecide", "flip", "keep_first", "keep_second", "keep_both"),
        *("play", "loop", "mark", "exclude_trial"),
    }
)


class Command(NamedTuple):
    """A command.

    Attributes
    ----------
    group : str
        What its keys are for; empty where it is only in the palette, not in the shortcut editor.
    name : str
        As in the manifest, without the plugin's name.
    act : callable
        What it does, given the viewer's `Coordinator`.
    key : int, optional
        Unless the user chose others.
    """

    group: str
    name: str
    title: str
    act: Callable[[Any], object]
    key: int | None = None

    @property
    def action(self) -> str:
        """The name napari's action manager knows it by."""
        return f"napari-isx:{self.name}"

    @property
    def description(self) -> str:
        """What the shortcut editor says, among the commands of others."""
        return f"Inscopix: {self.title[0].lower()}{self.title[1:]}"

    @property
    def decides(self) -> bool:
        """Whether it changes what is kept: its keys work only where they are meant for us."""
        return self.group == DECIDE or self.name in _KEPT

    @property
    def repeats(self) -> bool:
        """Whether a key that is held down does it again and again.

        With the switch to move on, that of a decision would run through all cells.
        """
        return self.name not in _ONCE

    @property
    def keys(self) -> list[str]:
        """The keys it is bound to now, as napari writes them."""
        return normal(action_manager._shortcuts.get(self.action, ()))


def normal(keys: Iterable[KeyBinding | int | str]) -> list[str]:
    """Keys as napari writes them: one spelling for each."""
    return [str(coerce_keybinding(key)) for key in keys]


def _flip(coordinator: Any) -> None:
    group, selected = coordinator.session.group, coordinator.session.selected
    if group is not None and selected:
        is_in = group.status(selected[-1]) == "accepted"
        coordinator.cells.decide("rejected" if is_in else "accepted")


_KEY, _SHIFT, _CONTROL = KeyCode, KeyMod.Shift, KeyMod.CtrlCmd  # the Command key on a Mac
SAVE_KEY: Final = _CONTROL | _KEY.KeyS
"""What saves in our docks, by Qt's own means; elsewhere it saves napari's layers."""

_CELLS, _TIME, _PLAY = "Cells", "Time", "Play"
# fmt: off
_TABLE: Final = (
    Command(DECIDE, "accept", "Accept the selected cells",
            lambda c: c.cells.decide("accepted"), _KEY.KeyA),
    Command(DECIDE, "reject", "Reject the selected cells",
            lambda c: c.cells.decide("rejected"), _KEY.KeyR),
    Command(DECIDE, "undecide", "Set the selected cells undecided",
            lambda c: c.cells.decide("undecided"), _KEY.KeyU),
    Command(DECIDE, "flip", "Move the selected cells to the other side", _flip),
    Command(DECIDE, "keep_first", "Keep the first duplicate",
            lambda c: c.cells.keep("first"), _KEY.Digit1),
    Command(DECIDE, "keep_second", "Keep the second duplicate",
            lambda c: c.cells.keep("second"), _KEY.Digit2),
    Command(DECIDE, "keep_both", "Keep both duplicates",
            lambda c: c.cells.keep("both"), _KEY.Digit3),
    Command(DECIDE, "next_pair", "Go to the next open pair",
            lambda c: c.cells.next_pair(), _KEY.Digit4),
    Command(DECIDE, "undo", "Undo the last decision",
            lambda c: c.cells.undo(), _CONTROL | _KEY.KeyZ),
    Command(DECIDE, "redo", "Redo the decision",
            lambda c: c.cells.redo(), _CONTROL | _SHIFT | _KEY.KeyZ),
    Command(_CELLS, "next_cell", "Select the next cell",
            lambda c: c.session.step_cell(1), _KEY.DownArrow),
    Command(_CELLS, "previous_cell", "Select the previous cell",
            lambda c: c.session.step_cell(-1), _KEY.UpArrow),
    Command(_CELLS, "deselect", "Select no cells", lambda c: c.session.deselect(), _KEY.Escape),
    Command(_TIME, "next_event", "Go to the next event",
            lambda c: c.time.go_to_event(1), _KEY.KeyN),
    Command(_TIME, "previous_event", "Go to the previous event",
            lambda c: c.time.go_to_event(-1), _SHIFT | _KEY.KeyN),
    Command(_TIME, "next_edge", "Go to the next edge of a channel",
            lambda c: c.time.go_to_edge(1), _KEY.KeyJ),
    Command(_TIME, "previous_edge", "Go to the previous edge of a channel",
            lambda c: c.time.go_to_edge(-1), _SHIFT | _KEY.KeyJ),
    Command(_TIME, "next_part", "Go to the next part or trial",
            lambda c: c.playback.go_to_part(1), _KEY.KeyG),
    Command(_TIME, "previous_part", "Go to the start of the part or trial, then of the one before",
            lambda c: c.playback.go_to_part(-1), _SHIFT | _KEY.KeyG),
    Command(_TIME, "mark", "Mark this time, or take its mark away",
            lambda c: c.responses.mark(), _KEY.KeyM),
    Command(_TIME, "next_trial", "Go to the next trial, and loop over it",
            lambda c: c.responses.step_trial(1), _KEY.KeyT),
    Command(_TIME, "previous_trial", "Go to the previous trial, and loop over it",
            lambda c: c.responses.step_trial(-1), _SHIFT | _KEY.KeyT),
    Command(_TIME, "exclude_trial", "Leave the trial out of the responses",
            lambda c: c.responses.exclude_trial(), _KEY.KeyX),
    Command(_PLAY, "play", "Play or pause", lambda c: c.playback.toggle(), _KEY.KeyK),
    Command(_PLAY, "slower", "Play slower", lambda c: c.playback.step_speed(-1), _KEY.Comma),
    Command(_PLAY, "faster", "Play faster", lambda c: c.playback.step_speed(1), _KEY.Period),
    Command(_PLAY, "loop", "Turn looping on or off", lambda c: c.playback.toggle_loop(), _KEY.KeyL),
    Command(_PLAY, "loop_from", "Loop from here", lambda c: c.playback.loop_from(), _KEY.KeyI),
    Command(_PLAY, "loop_to", "Loop to here", lambda c: c.playback.loop_to(), _KEY.KeyO),
    Command("", "loop_part", "Loop over this part or trial", lambda c: c.playback.loop_part()),
    Command("", "undo_mark", "Undo the last change of a mark",
            lambda c: c.responses.responses.undo_mark()),
    Command("", "save_decisions", "Save decisions into the cell set", lambda c: c.saving.save()),
    Command("", "restore_decisions", "Restore decisions that were not saved",
            lambda c: c.saving.offer_again()),
    Command("", "restore_previous_statuses", "Restore previous statuses",
            lambda c: c.dialogs.restore_previous()),
    Command("", "export_decisions", "Export decisions as CSV", lambda c: c.dialogs.export()),
    Command("", "decide_by_rules", "Decide by rules", lambda c: c.dialogs.show_rules()),
    Command("", "compare_raters", "Compare raters", lambda c: c.dialogs.show_raters()),
    Command("", "show_keys", "Show the keys", lambda c: c.dialogs.show_keys()),
)
# fmt: on
COMMANDS: Final = {one.name: one for one in _TABLE}
KEY_COMMANDS: Final = {one.name: one for one in _TABLE if one.group}


def key_text(key: KeyBinding | int | str) -> str:
    """A key, or a modifier alone, as this platform writes it."""
    return str(coerce_keybinding(key).to_text(use_symbols=True, joinchar=JOINCHAR))


def key_texts() -> dict[str, str]:
    """The keys of all commands as they are bound now, for people; empty for none."""
    return {name: "/".join(map(key_text, one.keys)) for name, one in KEY_COMMANDS.items()}


def keys_in_words() -> str:
    """The keys as they are bound now, for the dock."""
    keys = {name: text or "-" for name, text in key_texts().items()}
    return "   ".join(
        f"{what}s {keys[f'previous_{what}']} {keys[f'next_{what}']}"
        for what in ("cell", "event", "edge")
    )
