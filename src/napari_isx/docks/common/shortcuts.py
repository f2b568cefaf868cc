"""All commands of the plugin in one table: what the command palette offers, and what has a key.

A test compares the manifest with it. npe2 manifests have key bindings too, but napari does not read
them yet; its action manager is what the shortcut editor shows, and what remembers how the user
rebound a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from app_model.types import KeyBinding, KeyCode, KeyMod
from napari.utils.action_manager import action_manager
from napari.utils.interactions import JOINCHAR
from napari.utils.key_bindings import coerce_keybinding

DECIDE: Final = "Decide"
_ONCE: Final = frozenset({"accept", "reject", "undecide", "flip"})


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
        """Whether it changes decisions: its keys work only where they are meant for cells."""
        return self.group == DECIDE

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
    """Keys as napari writes them, whoever wrote them: one spelling for each."""
    return [str(coerce_keybinding(key)) for key in keys]


def _flip(coordinator: Any) -> None:
    group, selected = coordinator.session.group, coordinator.session.selected
    if group is not None and selected:
        is_in = group.status(selected[-1]) == "accepted"
        coordinator.cells.decide("rejected" if is_in else "accepted")


def _group(group: str, *rows: tuple[Any, ...]) -> dict[str, Command]:
    return {row[0]: Command(group, *row) for row in rows}


_A, _R, _U, _N, _J = KeyCode.KeyA, KeyCode.KeyR, KeyCode.KeyU, KeyCode.KeyN, KeyCode.KeyJ
_UP, _DOWN = KeyCode.UpArrow, KeyCode.DownArrow
_UNDO: Final = KeyMod.CtrlCmd | KeyCode.KeyZ  # with the Command key on a Mac
_REDO: Final = KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ
_SHIFT: Final = KeyMod.Shift
SAVE_KEY: Final = KeyMod.CtrlCmd | KeyCode.KeyS
"""What saves in our docks, by Qt's own means; elsewhere it saves napari's layers."""

KEY_COMMANDS: Final = {
    **_group(
        DECIDE,
        ("accept", "Accept the selected cells", lambda c: c.cells.decide("accepted"), _A),
        ("reject", "Reject the selected cells", lambda c: c.cells.decide("rejected"), _R),
        ("undecide", "Set the selected cells undecided", lambda c: c.cells.decide("undecided"), _U),
        ("flip", "Move the selected cells to the other side", _flip),
        ("undo", "Undo the last decision", lambda c: c.cells.undo(), _UNDO),
        ("redo", "Redo the decision", lambda c: c.cells.redo(), _REDO),
    ),
    **_group(
        "Cells",
        ("next_cell", "Select the next cell", lambda c: c.session.step_cell(1), _DOWN),
        ("previous_cell", "Select the previous cell", lambda c: c.session.step_cell(-1), _UP),
        ("deselect", "Select no cells", lambda c: c.session.deselect(), KeyCode.Escape),
    ),
    **_group(
        "Time",
        ("next_event", "Go to the next event", lambda c: c.time.go_to_event(1), _N),
        (
            *("previous_event", "Go to the previous event"),
            *(lambda c: c.time.go_to_event(-1), _SHIFT | _N),
        ),
        ("next_edge", "Go to the next edge of a channel", lambda c: c.time.go_to_edge(1), _J),
        (
            *("previous_edge", "Go to the previous edge of a channel"),
            *(lambda c: c.time.go_to_edge(-1), _SHIFT | _J),
        ),
    ),
}
COMMANDS: Final = {
    **KEY_COMMANDS,
    **_group(
        "",
        ("save_decisions", "Save decisions into the cell set", lambda c: c.saving.save()),
        (
            *("restore_decisions", "Restore decisions that were not saved"),
            lambda c: c.saving.offer_again(),
        ),
        (
            *("restore_previous_statuses", "Restore previous statuses"),
            lambda c: c.dialogs.restore_previous(),
        ),
        ("export_decisions", "Export decisions as CSV", lambda c: c.dialogs.export()),
        ("decide_by_rules", "Decide by rules", lambda c: c.dialogs.show_rules()),
        ("compare_raters", "Compare raters", lambda c: c.dialogs.show_raters()),
        ("show_keys", "Show the keys", lambda c: c.dialogs.show_keys()),
    ),
}


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
