"""All commands of the plugin in one table: what the command palette offers, and what has a key.

A test compares the manifest with it. npe2 manifests have key bindings too, but napari does not read
them yet; its action manager is what the shortcut editor shows, and what remembers how the user
rebound a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from app_model.types import KeyBinding, KeyCode, KeyMod
from napari.utils.action_manager import action_manager
from napari.utils.interactions import JOINCHAR
from napari.utils.key_bindings import coerce_keybinding

_PREFIX: Final = "Inscopix: "


class Command(NamedTuple):
    """A command.

    Attributes
    ----------
    name : str
        As in the manifest, without the plugin's name.
    title : str
        As in the command palette.
    act : callable
        What it does, given the viewer's `Coordinator`.
    default_keys : tuple of int or str, optional
        Its keys, unless the user chose others; None if it is not in the shortcut editor.
    repeats : bool
        Whether a key that is held down does it again and again.
    decides : bool
        Whether it changes decisions. Its keys work only where they are meant for cells.
    """

    name: str
    title: str
    act: Callable[[Any], object]
    default_keys: tuple[int | str, ...] | None = None
    repeats: bool = False
    decides: bool = False

    @property
    def action(self) -> str:
        """The name napari's action manager knows it by."""
        return f"napari-isx:{self.name}"

    @property
    def description(self) -> str:
        """What the shortcut editor says, among the commands of others."""
        return f"{_PREFIX}{self.title[0].lower()}{self.title[1:]}"

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


SAVE_KEY: Final = KeyMod.CtrlCmd | KeyCode.KeyS
"""What saves in our docks, by Qt's own means; elsewhere it saves napari's layers."""

_A, _R, _U, _N, _J = KeyCode.KeyA, KeyCode.KeyR, KeyCode.KeyU, KeyCode.KeyN, KeyCode.KeyJ
_UNDO: Final = KeyMod.CtrlCmd | KeyCode.KeyZ  # which is the Command key of a Mac
_REDO: Final = KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ
_SHIFT: Final = KeyMod.Shift

_Row: TypeAlias = tuple[str, str, Callable[[Any], object], tuple[int, ...] | None]

_DECISIONS: Final[tuple[_Row, ...]] = (
    ("accept", "Accept the selected cells", lambda it: it.cells.decide("accepted"), (_A,)),
    ("reject", "Reject the selected cells", lambda it: it.cells.decide("rejected"), (_R,)),
    (
        "undecide",
        "Set the selected cells undecided",
        lambda it: it.cells.decide("undecided"),
        (_U,),
    ),
    ("flip", "Move the selected cells to the other side", _flip, ()),
)
_STEPS: Final[tuple[_Row, ...]] = (
    ("undo", "Undo the last decision", lambda it: it.cells.undo(), (_UNDO,)),
    ("redo", "Redo the decision", lambda it: it.cells.redo(), (_REDO,)),
)
_MOVES: Final[tuple[_Row, ...]] = (
    ("next_cell", "Select the next cell", lambda it: it.session.step_cell(1), (KeyCode.DownArrow,)),
    (
        "previous_cell",
        "Select the previous cell",
        lambda it: it.session.step_cell(-1),
        (KeyCode.UpArrow,),
    ),
    ("next_event", "Go to the next event", lambda it: it.time.go_to_event(1), (_N,)),
    (
        "previous_event",
        "Go to the previous event",
        lambda it: it.time.go_to_event(-1),
        (_SHIFT | _N,),
    ),
    ("next_edge", "Go to the next edge of a channel", lambda it: it.time.go_to_edge(1), (_J,)),
    (
        "previous_edge",
        "Go to the previous edge of a channel",
        lambda it: it.time.go_to_edge(-1),
        (_SHIFT | _J,),
    ),
)
_OTHERS: Final[tuple[_Row, ...]] = (
    ("deselect", "Select no cells", lambda it: it.session.deselect(), (KeyCode.Escape,)),
    ("save_decisions", "Save decisions into the cell set", lambda it: it.saving.save(), None),
    (
        "restore_decisions",
        "Restore decisions that were not saved",
        lambda it: it.saving.offer_again(),
        None,
    ),
    (
        "restore_previous_statuses",
        "Restore previous statuses",
        lambda it: it.dialogs.restore_previous(),
        None,
    ),
    ("export_decisions", "Export decisions as CSV", lambda it: it.dialogs.export(), None),
    ("decide_by_rules", "Decide by rules", lambda it: it.dialogs.show_rules(), None),
    ("compare_raters", "Compare raters", lambda it: it.dialogs.show_raters(), None),
    ("show_keys", "Show the keys", lambda it: it.dialogs.show_keys(), None),
)

# No decision repeats: with the switch to move on, a key held down would run through all cells.
COMMANDS: Final = {
    command.name: command
    for command in (
        *(Command(*one, decides=True) for one in _DECISIONS),
        *(Command(*one, decides=True, repeats=True) for one in _STEPS),
        *(Command(*one, repeats=True) for one in _MOVES),
        *(Command(*one) for one in _OTHERS),
    )
}
KEY_COMMANDS: Final = {
    name: command for name, command in COMMANDS.items() if command.default_keys is not None
}


def key_text(key: KeyBinding | int | str) -> str:
    """A key, or a modifier alone, as this platform writes it."""
    return str(coerce_keybinding(key).to_text(use_symbols=True, joinchar=JOINCHAR))


def key_texts() -> dict[str, str]:
    """The keys of all commands as they are bound now, for people; empty for none."""
    return {
        name: "/".join(key_text(key) for key in command.keys)
        for name, command in KEY_COMMANDS.items()
    }


def keys_in_words() -> str:
    """The keys as they are bound now, for the dock."""
    keys = {name: text or "-" for name, text in key_texts().items()}
    return (
        f"cells {keys['previous_cell']} {keys['next_cell']}   "
        f"events {keys['previous_event']} {keys['next_event']}   "
        f"edges {keys['previous_edge']} {keys['next_edge']}"
    )
