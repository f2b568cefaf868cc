"""The card of keys, and presets of other programs' keys."""

from __future__ import annotations

import json
import shutil

import pytest
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_isx.app.key_presets import PRESETS, current_preset, keys_of, use_preset
from napari_isx.app.key_presses import register_shortcuts
from napari_isx.app.keys_card import KeysCard
from napari_isx.docks.common.shortcuts import KEY_COMMANDS


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """A folder of our own; afterwards the keys are what they were."""
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))
    register_shortcuts()
    yield tmp_path / "user" / "settings" / "keys.json"
    get_settings().shortcuts.shortcuts = {
        name: keys
        for name, keys in get_settings().shortcuts.shortcuts.items()
        if not name.startswith("napari-isx:")
    }
    use_preset("napari-isx")


@pytest.fixture
def file(files, tmp_path):
    return shutil.copy(files["cells"], tmp_path / "cells.isxd")


def bound():
    return {name: command.keys for name, command in KEY_COMMANDS.items()}


def choose_in_editor(name, keys):
    """What napari's shortcut editor writes down."""
    shortcuts = get_settings().shortcuts
    shortcuts.shortcuts = {**shortcuts.shortcuts, f"napari-isx:{name}": keys}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_keys_for_commands_that_there_are_and_none_twice(name):
    assert PRESETS[name].keys.keys() <= KEY_COMMANDS.keys()
    use_preset(name)
    keys = [key for keys in bound().values() for key in keys]
    assert len(set(keys)) == len(keys)
    shortcuts = get_settings().shortcuts.shortcuts
    naparis = [
        str(key) for side in ("left", "right") for key in shortcuts[f"napari:increment_dims_{side}"]
    ]
    assert naparis
    assert not set(naparis) & set(keys)


def test_a_preset_is_remembered_but_not_in_naparis_settings(settings):
    before = dict(get_settings().shortcuts.shortcuts)
    use_preset("ciatah")
    assert current_preset() == "ciatah"
    assert json.loads(settings.read_text()) == "ciatah"
    assert bound()["accept"] == ["Up", "A"]
    assert dict(get_settings().shortcuts.shortcuts) == before
    settings.write_text('"gone"')
    assert current_preset() == "napari-isx"


def test_going_back_gives_all_keys_back():
    before = bound()
    for name in ("suite2p", "ciatah", "napari-isx"):
        use_preset(name)
    assert bound() == before
    assert bound()["flip"] == []


def test_what_the_user_chose_in_naparis_editor_stays():
    choose_in_editor("accept", ["G"])
    use_preset("ciatah")
    assert keys_of(KEY_COMMANDS["accept"]) == ["G"]
    assert bound()["accept"] == ["G"]
    assert bound()["reject"] == ["Down", "R"]
    choose_in_editor("undecide", ["Down"])
    use_preset("ciatah")
    assert bound()["undecide"] == ["Down"]
    assert bound()["reject"] == ["R"]  # the user gave its other key away


def test_keys_that_the_editor_only_copied_are_not_the_users():
    for name, command in KEY_COMMANDS.items():
        choose_in_editor(name, list(command.keys))
    use_preset("ciatah")
    assert bound()["accept"] == ["Up", "A"]


def test_keys_of_a_preset_work_in_the_window(hands, file):
    hands.open(file)
    session = hands.coordinator.session
    session.reviews.advance = False
    session.select(session.group, [1])
    use_preset("ciatah")
    hands.press(Qt.Key.Key_Down)
    assert session.group.curation.status(1) == "rejected"
    hands.press(Qt.Key.Key_Up)
    assert session.group.curation.status(1) == "accepted"
    hands.press(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert session.selected == (0,)
    use_preset("suite2p")
    hands.press(Qt.Key.Key_Up)
    assert session.group.curation.status(0) == "rejected"
    hands.press(Qt.Key.Key_Up)
    assert session.group.curation.status(0) == "accepted"
    use_preset("napari-isx")
    hands.press(Qt.Key.Key_Down)
    assert session.selected == (1,)
    session.group.curation.save()


def test_the_card_has_every_key_and_follows(viewer, qtbot):
    card = KeysCard()
    qtbot.addWidget(card)  # which deletes it
    card.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    card.show()
    texts = {text: keys for keys, text in card.lines}
    for command in KEY_COMMANDS.values():
        assert command.name == "flip" or texts[command.title]
    assert texts["One frame on"] == "→"
    card.preset.setCurrentIndex(card.preset.findData("suite2p"))
    card.preset.activated.emit(card.preset.currentIndex())
    assert current_preset() == "suite2p"
    assert ("↑", "Move the selected cells to the other side") in card.lines
    assert card.note.text() == PRESETS["suite2p"].note
    action_manager.unbind_shortcut(KEY_COMMANDS["accept"].action)
    assert ("", "Accept the selected cells") in card.lines
    QTest.keyClick(card, Qt.Key.Key_Escape)
    use_preset("napari-isx")  # nothing is shown in a closed card
    assert bound()["accept"] == ["A"]


def test_the_dock_names_the_keys_of_a_preset(hands, file):
    hands.open(file)
    assert hands.dock.keys_text.startswith("cells ↑ ↓ ")
    use_preset("suite2p")
    previous, following = (Shortcut(key).platform for key in ("Shift-Left", "Shift-Right"))
    assert hands.dock.keys_text.startswith(f"cells {previous} {following} ")
    action_manager.unbind_shortcut(KEY_COMMANDS["next_event"].action)
    action_manager.bind_shortcut(KEY_COMMANDS["next_event"].action, "G")
    assert " G " in hands.dock.keys_text


def test_the_card_of_the_window_is_opened_once(hands):
    hands.coordinator.dialogs.show_keys()
    hands.coordinator.dialogs.show_keys()
    (card,) = hands.viewer.window._qt_window.findChildren(KeysCard)
    card.close()
    hands.settle()
