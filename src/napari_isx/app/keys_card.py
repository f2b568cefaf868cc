"""A card with all keys as they are bound now, and the choice of presets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from app_model.types import KeyMod
from napari.utils.action_manager import action_manager
from napari.utils.theme import get_theme
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_isx.app.key_presets import PRESETS, current_preset, use_preset
from napari_isx.docks.common.shortcuts import DECIDE, KEY_COMMANDS, SAVE_KEY, key_text

Line = tuple[str, str]
"""Keys, and what they do."""

_NAPARIS: Final = (
    ("napari:increment_dims_left", "One frame back"),
    ("napari:increment_dims_right", "One frame on"),
    ("napari:hold_for_pan_zoom", "Hold to move the view with any tool"),
    ("napari:toggle_selected_visibility", "Show or hide the selected layers"),
    ("napari:reset_view", "Show all of it"),
    ("napari:select_layer_above", "Select the layer above"),
    ("napari:select_layer_below", "Select the layer below"),
)
_MOUSE: Final = (
    ("Click", "Select the cell; again at the same place, the one below it"),
    ("Click beside the cells", "Select none"),
    ("Shift or {} + Click", "Add the cell to the selection, or take it out"),
    ("Double-click", "Zoom to the cell"),
    ("Click in a plot", "Go to that time"),
)
_SAVING: Final = "Save the decisions (with the focus in one of our docks)"
_NO_KEY: Final = "no key"
_NOTE_WIDTH_PX: Final = 380
_COLUMNS: Final = 2
_SIZE_PX: Final = (1_000, 620)
_STYLE: Final = """
QLabel[isKey="true"] {{
    background: {theme.primary}; border: 1px solid {theme.secondary}; border-radius: 3px;
    padding: 1px 6px;
}}
QLabel[isKey="false"] {{ color: {theme.secondary}; }}
"""


class KeysCard(QDialog):
    """All keys, by what they are for; it follows when one is bound again.

    Parameters
    ----------
    parent : QWidget, optional
        The window, whose style is followed.
    theme_name : str
        The theme of napari that the window has.
    """

    def __init__(self, parent: QWidget | None = None, theme_name: str = "dark") -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.preset = QComboBox(accessibleName="Keys as in")
        for name, preset in PRESETS.items():
            self.preset.addItem(preset.title, name)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setMinimumWidth(_NOTE_WIDTH_PX)
        # A small screen has no room for all keys at once.
        self._scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Close)
        self.buttons.button(choices.Close).setIcon(QIcon())
        self._lay_out()
        self.set_theme(theme_name)
        self.preset.activated.connect(self._on_preset)
        self.buttons.rejected.connect(self.reject)
        action_manager.events.shortcut_changed.connect(self._on_shortcut)
        self.show_keys()
        self.resize(*_SIZE_PX)

    @property
    def lines(self) -> list[Line]:
        """All that is on the card."""
        return [line for _, lines in _groups() for line in lines]

    def set_theme(self, theme_name: str) -> None:
        """Follow a theme."""
        self.setStyleSheet(_STYLE.format(theme=get_theme(theme_name)))

    def show_keys(self) -> None:
        """Show the keys as they are bound now."""
        name = current_preset()
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(name))
        self.note.setText(PRESETS[name].note)
        card = _card()
        self._scroll.setWidget(card)
        width = card.sizeHint().width() + self._scroll.verticalScrollBar().sizeHint().width()
        self._scroll.setMinimumWidth(width)

    def done(self, result: int) -> None:
        """Close, by whatever key or button."""
        action_manager.events.shortcut_changed.disconnect(self._on_shortcut)
        super().done(result)

    def _on_preset(self) -> None:
        with action_manager.events.shortcut_changed.blocker(self._on_shortcut):
            use_preset(str(self.preset.currentData()))
        self.show_keys()

    def _on_shortcut(self, event: object = None) -> None:  # noqa: ARG002
        self.show_keys()

    def _lay_out(self) -> None:
        choice = QHBoxLayout()
        label = QLabel("&Keys as in")
        label.setBuddy(self.preset)
        choice.addWidget(label)
        choice.addWidget(self.preset)
        choice.addSpacing(12)
        choice.addWidget(self.note, 1)
        hint = QLabel(
            "Each key can be changed in File > Preferences > Shortcuts, under Viewer; what you "
            "choose there stays whatever is chosen here."
        )
        hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(choice)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(hint)
        layout.addWidget(self.buttons)


def _groups() -> Iterator[tuple[str, list[Line]]]:
    """What the keys are for, and the keys."""
    control = key_text(KeyMod.CtrlCmd)
    fixed = {
        DECIDE: [(key_text(SAVE_KEY), _SAVING)],
        "Cells": [(what.format(control), text) for what, text in _MOUSE],
    }
    for title in dict.fromkeys(one.group for one in KEY_COMMANDS.values()):
        commands = [one for one in KEY_COMMANDS.values() if one.group == title]
        lines = [(_in_words(one.keys), one.title) for one in commands if one.keys or one.key]
        yield title, [*lines, *fixed.get(title, [])]
    bound = action_manager._shortcuts
    known = [(action, text) for action, text in _NAPARIS if action in action_manager._actions]
    yield "napari's own", [(_in_words(bound.get(action, [])), text) for action, text in known]


def _card() -> QWidget:
    card = QWidget()
    columns = QHBoxLayout(card)
    columns.setContentsMargins(0, 0, 0, 0)
    columns.setSpacing(28)
    forms = [QFormLayout() for _ in range(_COLUMNS)]
    for form in forms:
        form.setVerticalSpacing(4)
        columns.addLayout(form, 1)
    groups = list(_groups())
    for place, (title, lines) in enumerate(groups):
        form = forms[place * _COLUMNS // len(groups)]
        form.addRow(QLabel(f"<b>{title}</b>"))
        for keys, text in lines:
            cap = QLabel(keys or _NO_KEY)
            cap.setProperty("isKey", "true" if keys else "false")
            form.addRow(cap, QLabel(text))
        form.addRow(QLabel())
    return card


def _in_words(keys: Iterable[str]) -> str:
    return " or ".join(map(key_text, keys))
