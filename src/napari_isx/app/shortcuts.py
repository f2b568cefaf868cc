"""Keys of our commands, in napari's shortcut editor.

npe2 manifests have key bindings, but napari does not read them yet; its action manager is what
the shortcut editor shows, and what remembers how the user rebound a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from napari.components import ViewerModel
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

if TYPE_CHECKING:
    from napari_isx.app.coordinator import Coordinator


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
    repeatable : bool
        Whether a key that is held down does it again and again.
    is_decision : bool
        Whether it decides or takes back: its key comes before those of layers.
    """

    name: str
    key: str
    description: str
    act: Callable[[Coordinator], None]
    repeatable: bool = True
    is_decision: bool = False

    @property
    def action(self) -> str:
        """The name napari's action manager knows it by."""
        return f"napari-isx:{self.name}"

    @property
    def keys(self) -> list[str]:
        """The keys it is bound to now, as napari writes them."""
        return [str(key) for key in action_manager._shortcuts.get(self.action, [])]

    def __call__(self, viewer: ViewerModel) -> None:
        """Do it at a key, unless the user is typing."""
        if not _is_typing():
            self.run(viewer)

    def run(self, viewer: ViewerModel) -> None:
        """Do it in a viewer, if anything of ours is open in it."""
        from napari_isx.app.coordinator import Coordinator

        coordinator = Coordinator.find(viewer)
        if coordinator is not None:
            self.act(coordinator)


def _next_cell(coordinator: Coordinator) -> None:
    coordinator.session.step_cell(1)


def _previous_cell(coordinator: Coordinator) -> None:
    coordinator.session.step_cell(-1)


def _next_event(coordinator: Coordinator) -> None:
    coordinator.time.go_to_event(1)


def _previous_event(coordinator: Coordinator) -> None:
    coordinator.time.go_to_event(-1)


def _next_edge(coordinator: Coordinator) -> None:
    coordinator.time.go_to_edge(1)


def _previous_edge(coordinator: Coordinator) -> None:
    coordinator.time.go_to_edge(-1)


def _accept(coordinator: Coordinator) -> None:
    coordinator.cells.decide("accepted")


def _reject(coordinator: Coordinator) -> None:
    coordinator.cells.decide("rejected")


def _undecide(coordinator: Coordinator) -> None:
    coordinator.cells.decide("undecided")


def _undo(coordinator: Coordinator) -> None:
    coordinator.cells.undo()


def _redo(coordinator: Coordinator) -> None:
    coordinator.cells.redo()


def _deselect(coordinator: Coordinator) -> None:
    coordinator.session.deselect()


_DECISIONS: Final = (
    # Not repeatable: with the switch to move on, a key held down would run through all cells.
    KeyCommand("accept", "A", "Inscopix: accept the selected cells", _accept, False, True),
    KeyCommand("reject", "R", "Inscopix: reject the selected cells", _reject, False, True),
    KeyCommand(
        "undecide", "U", "Inscopix: set the selected cells undecided", _undecide, False, True
    ),
    KeyCommand("undo", "Control-Z", "Inscopix: undo the last decision", _undo, True, True),
    KeyCommand("redo", "Control-Shift-Z", "Inscopix: redo the decision", _redo, True, True),
    KeyCommand("deselect", "Escape", "Inscopix: select no cells", _deselect, False, True),
)

KEY_COMMANDS: Final = {
    command.name: command
    for command in (
        *_DECISIONS,
        KeyCommand("next_cell", "Down", "Inscopix: select the next cell", _next_cell),
        KeyCommand("previous_cell", "Up", "Inscopix: select the previous cell", _previous_cell),
        KeyCommand("next_event", "N", "Inscopix: go to the next event", _next_event),
        KeyCommand(
            "previous_event", "Shift-N", "Inscopix: go to the previous event", _previous_event
        ),
        KeyCommand("next_edge", "J", "Inscopix: go to the next edge of a channel", _next_edge),
        KeyCommand(
            "previous_edge",
            "Shift-J",
            "Inscopix: go to the previous edge of a channel",
            _previous_edge,
        ),
    )
}


def register_shortcuts() -> None:
    """Tell napari of the commands with keys. May be called again."""
    from napari_isx.app.key_presets import keys_of, register_flip

    for command in KEY_COMMANDS.values():
        if command.action in action_manager._actions:
            continue
        action_manager.register_action(
            command.action,
            command.__call__,
            command.description,
            ViewerModel,
            repeatable=command.repeatable,
        )
        for key in keys_of(command):
            action_manager.bind_shortcut(command.action, key)
    register_flip()


def key_texts() -> dict[str, str]:
    """The keys of all commands as they are bound now, for people; empty for none."""
    return {
        name: "/".join(Shortcut(key).platform for key in command.keys)
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


def _is_typing() -> bool:
    """Whether keys are text at this moment: in a field, a list's editor or the console."""
    focused = QApplication.focusWidget() if QApplication.instance() is not None else None
    return isinstance(focused, QLineEdit | QAbstractSpinBox | QTextEdit | QPlainTextEdit) or (
        isinstance(focused, QComboBox) and focused.isEditable()
    )
