"""Keys where they are meant for cells, and where they are not; real events of a real window."""

from __future__ import annotations

import shutil
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from app_model.types import OperatingSystem
from helpers.window_data import NAMES
from napari.layers import _layer_actions
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from vispy.util.keys import Key as VispyKey

from napari_isx.app import keys_card
from napari_isx.app.docks import CellsDock
from napari_isx.app.key_presets import use_preset
from napari_isx.docks.common import shortcuts
from napari_isx.docks.common.shortcuts import KEY_COMMANDS
from napari_isx.viewer.locked_layers import HINT

Key = Qt.Key
Ctrl = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier
NUM_CELLS = len(NAMES)


@pytest.fixture
def dock(hands):
    widget = CellsDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Cells", area="right")
    hands.viewer.window._qt_window.activateWindow()
    hands.settle()
    return widget


@pytest.fixture
def session(hands, dock, files, tmp_path):
    hands.open(shutil.copy(files["cells"], tmp_path / "cells.isxd"))
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    session = hands.coordinator.session
    session.group.curation.decide(range(NUM_CELLS), "undecided")
    session.select(session.group, [0])
    hands.canvas.setFocus()
    return session


def statuses(session):
    return session.group.curation.statuses


def press(hands, *keys, on=None):
    for key in keys:
        modifier = NONE
        if isinstance(key, tuple):
            key, modifier = key
        QTest.keyClick(on or hands.canvas, key, modifier)
        QApplication.processEvents()


def hold(widget, key, times, modifier=NONE):
    """Hold a key down, as X tells of it: presses and releases, all but the ends repeated."""
    for i in range(times):
        for kind, repeats in (
            (QEvent.Type.KeyPress, i > 0),
            (QEvent.Type.KeyRelease, i < times - 1),
        ):
            text = chr(key).lower() if 32 < key < 127 else ""
            QApplication.sendEvent(widget, QKeyEvent(kind, key, modifier, text, repeats))
    QApplication.processEvents()


def own_layer(viewer, kind):
    return {
        "shapes": lambda: viewer.add_shapes([np.eye(4)[:, :2] * 9]),
        "points": lambda: viewer.add_points([[3, 4]]),
        "labels": lambda: viewer.add_labels(np.ones((9, 9), int)),
        "image": lambda: viewer.add_image(np.eye(9)),
    }[kind]()


# ---- where letters decide


def test_with_a_layer_of_the_user_letters_are_not_for_cells(hands, session):
    for kind in ("shapes", "points", "labels", "image"):
        layer = own_layer(hands.viewer, kind)
        hands.viewer.layers.selection.active = layer
        session.group.curation.decide([3], "accepted")
        press(hands, Key.Key_R, Key.Key_A, Key.Key_U, (Key.Key_Z, Ctrl))
        assert statuses(session) == ["undecided"] * 3 + ["accepted"], kind
        assert session.selected == (0,)
        if kind == "shapes":
            assert str(layer.mode) == "add_rectangle"
        if kind == "points":
            assert layer.selected_data == {0}


def test_in_a_dock_of_ours_they_are_whatever_layer_is_active(hands, dock, session):
    for kind in ("shapes", "labels"):
        layer = own_layer(hands.viewer, kind)
        hands.viewer.layers.selection.active = layer
        for widget in (dock.table, hands.dock.plot.canvas_viewport, dock.decisions.undo):
            session.select(session.group, [0])
            widget.setFocus(Qt.FocusReason.MouseFocusReason)
            hands.qtbot.waitUntil(widget.hasFocus)
            press(hands, Key.Key_R, Key.Key_A, on=widget)
            assert statuses(session)[:3] == ["rejected", "accepted", "undecided"]
            press(hands, (Key.Key_Z, Ctrl), (Key.Key_Z, Ctrl), on=widget)
            assert statuses(session) == ["undecided"] * NUM_CELLS
        assert str(layer.mode) == "pan_zoom"


def test_with_a_layer_of_ours_they_are(hands, session):
    for name in ("outlines · cells", "cells", "Selected cells"):
        session.select(session.group, [0])
        hands.viewer.layers.selection.active = hands.viewer.layers[name]
        press(hands, Key.Key_R, Key.Key_A, Key.Key_R, (Key.Key_Z, Ctrl))
        assert statuses(session) == ["rejected", "accepted", "undecided", "undecided"], name
        press(hands, (Key.Key_Z, Ctrl), (Key.Key_Z, Ctrl))


def test_without_an_active_layer_they_are_not_and_the_user_hears_why(hands, session):
    from napari.utils.notifications import notification_manager

    hands.viewer.layers.selection.clear()
    notification_manager.records.clear()
    press(hands, Key.Key_R)
    assert statuses(session) == ["undecided"] * NUM_CELLS
    (said,) = notification_manager.records
    assert said.message.startswith("R does nothing to cells here")
    session.select(session.group, [])
    press(hands, Key.Key_R)
    assert len(notification_manager.records) == 1  # nobody can have meant a cell


def test_what_a_script_binds_stays_its_own(hands, session):
    calls = []
    hands.viewer.bind_key("R", lambda viewer: calls.append("viewer"))
    hands.viewer.layers.selection.active = hands.viewer.layers["cells"]
    press(hands, Key.Key_R)
    contours = hands.viewer.layers["outlines · cells"]
    contours.bind_key("U", lambda layer: calls.append("layer"))
    hands.viewer.layers.selection.active = contours
    press(hands, Key.Key_U)
    assert calls == ["viewer", "layer"]
    assert statuses(session) == ["undecided"] * NUM_CELLS


def test_a_message_that_goes_does_not_take_the_focus_out_of_a_dock(hands, dock, session):
    """Else what is typed there goes on deciding about cells."""
    from napari._qt.dialogs.qt_notification import NapariQtNotification

    for widget in (dock.filters.text, dock.table):
        message = NapariQtNotification("Something happened", "info", parent=hands.canvas)
        message.show()
        widget.setFocus()
        hands.qtbot.waitUntil(widget.hasFocus)
        message.close()
        QApplication.processEvents()
        assert widget.hasFocus()
    hands.canvas.setFocus()
    QApplication.processEvents()
    assert hands.canvas.hasFocus()


# ---- keys that are held down


def test_a_key_that_is_held_down_decides_once(hands, dock, session):
    for widget in (hands.canvas, dock.table):
        widget.setFocus()
        session.select(session.group, [0])
        hold(widget, Key.Key_A, 12)
        assert statuses(session) == ["accepted", "undecided", "undecided", "undecided"]
        hold(widget, Key.Key_R, 3)
        hold(widget, Key.Key_R, 3)
        assert statuses(session) == ["accepted", "rejected", "rejected", "undecided"]
        session.group.curation.decide(range(NUM_CELLS), "undecided")


@pytest.mark.parametrize("preset", ["ciatah", "suite2p"])
def test_so_do_arrows_that_decide(hands, session, preset):
    use_preset(preset)  # napari repeats arrows whatever they do
    try:
        hold(hands.canvas, Key.Key_Up, 12)
    finally:
        use_preset("napari-isx")
    assert statuses(session) == ["accepted", "undecided", "undecided", "undecided"]


def test_a_key_that_was_pressed_elsewhere_and_is_still_held_decides_nothing(hands, session):
    for _ in range(4):
        QApplication.sendEvent(
            hands.canvas, QKeyEvent(QEvent.Type.KeyPress, Key.Key_R, NONE, "r", True)
        )
    assert statuses(session) == ["undecided"] * NUM_CELLS


def test_a_held_key_that_qt_does_not_recognise_decides_once_too(hands, session):
    """X tells of it as let go of and pressed again at the same time."""
    events = hands.viewer.window._qt_viewer.canvas._scene_canvas.events
    for tell, time_ms in (
        *((events.key_press, 100), (events.key_release, 130)),
        *((events.key_press, 130), (events.key_release, 160)),
        *((events.key_press, 161), (events.key_release, 190)),
    ):
        native = SimpleNamespace(timestamp=partial(int, time_ms), isAutoRepeat=bool)
        tell(native=native, key=VispyKey("R"), text="r", modifiers=())
    assert statuses(session) == ["rejected", "rejected", "undecided", "undecided"]


def test_steps_do_repeat(hands, session):
    hold(hands.canvas, Key.Key_Down, 3)
    assert session.selected == (3,)
    press(hands, Key.Key_R)
    session.select(session.group, [0])
    press(hands, Key.Key_A)
    hold(hands.canvas, Key.Key_Z, 2, Ctrl)
    assert statuses(session) == ["undecided"] * NUM_CELLS


# ---- the keys of a Mac


def test_on_a_mac_undo_and_redo_are_on_the_command_key_and_all_texts_say_so(
    hands, dock, session, monkeypatch
):
    monkeypatch.setattr("app_model.types._constants._CURRENT", OperatingSystem.MACOS)
    monkeypatch.setattr(shortcuts, "JOINCHAR", "")  # as napari has it there
    use_preset("napari-isx")
    try:
        press(hands, Key.Key_R)
        press(hands, (Key.Key_Z, Qt.KeyboardModifier.MetaModifier))  # Qt's name for Control there
        assert statuses(session)[0] == "rejected"
        press(hands, (Key.Key_Z, Ctrl))  # and for Command
        assert statuses(session)[0] == "undecided"
        press(hands, (Key.Key_Z, Ctrl | Qt.KeyboardModifier.ShiftModifier))
        assert statuses(session)[0] == "rejected"
        assert "(⌘Z)" in dock.decisions.undo.toolTip()
        assert "(⌘S)" in dock.save_button.toolTip()
        texts = [keys for _, lines in keys_card._groups() for keys, _ in lines]
        assert {"⌘Z", "⇧⌘Z", "⌘S", "Shift or ⌘ + Click"} <= set(texts)
    finally:
        monkeypatch.undo()
        use_preset("napari-isx")


# ---- layers of ours cannot be edited


def test_no_key_of_a_tool_does_anything_in_contours(hands, session):
    contours = hands.viewer.layers["outlines · cells"]
    hands.viewer.layers.selection.active = contours
    before = [shape.copy() for shape in contours.data]
    tools = (Key.Key_E, Key.Key_T, Key.Key_L, Key.Key_P, Key.Key_S, Key.Key_D, Key.Key_3)
    for status, key in (("accepted", Key.Key_A), ("rejected", Key.Key_R)):
        for tool in (
            *tools,
            (Key.Key_A, Ctrl),
            Key.Key_Delete,
            Key.Key_Backspace,
            (Key.Key_V, Ctrl),
        ):
            press(hands, tool)
        press(hands, key)
        assert status in statuses(session)
    assert statuses(session) == ["accepted", "rejected", "undecided", "undecided"]
    hands.drag(hands.cell_um(0), hands.cell_um(3))
    assert str(contours.mode) == "pan_zoom"
    assert contours.selected_data == set()
    assert len(contours.data) == len(before)
    assert all(map(np.array_equal, contours.data, before))


def test_nothing_is_painted_in_the_cells(hands, session):
    cells = hands.viewer.layers["cells"]
    hands.viewer.layers.selection.active = cells
    before = cells.data.copy()
    for tool in (Key.Key_P, Key.Key_F, Key.Key_E, Key.Key_M, Key.Key_X, Key.Key_2):
        press(hands, tool)
        hands.drag(hands.cell_um(0), hands.cell_um(3))
        hands.click_cell(1)
    assert np.array_equal(cells.data, before)
    assert session.selected == (1,)
    press(hands, Key.Key_R)
    assert statuses(session)[1] == "rejected"


def test_napari_offers_no_tool(hands, session):
    contours = hands.viewer.layers["outlines · cells"]
    hands.viewer.layers.selection.active = contours
    controls = hands.viewer.window._qt_viewer.controls.widgets[contours]
    assert hands.viewer.help == HINT
    buttons = (controls.ellipse_button, controls.delete_button, controls.transform_button)
    assert not any(button.isEnabled() for button in buttons)
    for ndisplay in (3, 2):
        hands.viewer.dims.ndisplay = ndisplay
        hands.settle()
        assert not any(button.isEnabled() for button in buttons)
        assert hands.viewer.help == HINT


def test_a_duplicate_can_be_edited_and_changes_nothing_of_ours(hands, session):
    contours = hands.viewer.layers["outlines · cells"]
    hands.viewer.layers.selection.active = contours
    _layer_actions._duplicate_layer(hands.viewer.layers)
    hands.settle()
    copy = hands.viewer.layers["outlines · cells copy"]
    hands.viewer.layers.selection.active = copy
    press(hands, (Key.Key_A, Ctrl), Key.Key_Delete)
    assert len(copy.data) == 0
    press(hands, Key.Key_R)
    assert str(copy.mode) == "add_rectangle"
    assert len(contours.data) == NUM_CELLS
    assert statuses(session) == ["undecided"] * NUM_CELLS


def test_marks_and_excluded_trials_are_as_careful_as_decisions():
    careful = {name for name, command in KEY_COMMANDS.items() if command.decides}
    assert {"accept", "undo", "mark", "exclude_trial"} <= careful
    assert "next_trial" not in careful
