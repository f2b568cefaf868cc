"""Reviewing with the keyboard alone, wherever the focus is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from helpers.scenes import make_cells
from napari.utils.action_manager import action_manager
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QSpinBox

from napari_isx import Spacing, open_isx
from napari_isx.app.docks import CellsDock, CloseUpDock, HeatMapDock

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key
NUM_CELLS = 100
KEYS = {"accepted": Key.Key_A, "rejected": Key.Key_R, "undecided": Key.Key_U}


@pytest.fixture(scope="module")
def grid():
    """Places of 100 cells in a field of 120 x 120 pixels."""
    return [(6 + 12 * row, 6 + 12 * col) for row in range(10) for col in range(10)]


@pytest.fixture
def path(tmp_path, grid):
    spacing = Spacing.regular((120, 120), 3.0)
    return make_cells(tmp_path / "hundred.isxd", centers=grid, spacing=spacing)


@pytest.fixture
def dock(hands):
    widget = CellsDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Cells", area="right")
    hands.viewer.window._qt_window.activateWindow()
    hands.settle()
    return widget


@pytest.fixture
def session(hands, dock, path):
    hands.open(path)
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    return hands.coordinator.session


def press(widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(widget, key, modifier)
    QApplication.processEvents()


def statuses(session):
    return session.group.curation.statuses


def wait_until_saved(hands, dock):
    hands.qtbot.waitUntil(lambda: dock.save_button.text() == "Saved", timeout=5000)


def test_a_hundred_cells_and_back_and_forth_and_saved(hands, dock, session, path, isx):
    """Decide on all, undo all, redo all, save, and read what the file has then."""
    chosen = random.Random(1).choices(list(KEYS), k=NUM_CELLS)
    chosen[0] = "accepted"
    dock.table.setFocus()
    press(dock.table, Key.Key_Down)
    for status in chosen:
        press(dock.table, KEYS[status])
    assert statuses(session) == chosen
    assert session.selected == ()
    for _ in range(NUM_CELLS):
        press(hands.canvas, Key.Key_Z, Ctrl)
    assert statuses(session) == ["undecided"] * NUM_CELLS
    assert session.selected == (0,)
    assert not dock.decisions.undo.isEnabled()
    press(hands.canvas, Key.Key_Z, Ctrl)
    for _ in range(NUM_CELLS):
        press(dock.table, Key.Key_Z, Ctrl | Shift)
    assert statuses(session) == chosen
    assert not dock.decisions.redo.isEnabled()
    assert dock.save_button.text() == f"Save ({NUM_CELLS - chosen.count('undecided')})"
    press(dock.table, Key.Key_S, Ctrl)
    wait_until_saved(hands, dock)
    hands.viewer.layers.clear()
    hands.settle()
    with open_isx(path) as again:
        assert again.statuses == chosen
    theirs = isx.CellSet.read(str(path))
    assert [theirs.get_cell_status(i) for i in range(theirs.num_cells)] == chosen


def test_control_s_is_ours_in_our_dock_only(hands, dock, session, monkeypatch):
    monkeypatch.setattr(
        "napari._qt.qt_viewer.QtViewer._save_layers_dialog", lambda viewer, selected=False: None
    )
    session.select(session.group, [0])
    press(hands.canvas, Key.Key_A)
    hands.canvas.setFocus()
    press(hands.canvas, Key.Key_S, Ctrl)
    hands.settle()
    assert dock.save_button.text() == "Save (1)"
    dock.filters.text.setFocus()
    press(dock.filters.text, Key.Key_S, Ctrl)
    wait_until_saved(hands, dock)


def test_up_and_down_follow_filter_and_order(hands, dock, session):
    dock.filters.text.setText("C1")
    dock.table.sort_requested.emit("name")
    dock.table.sort_requested.emit("name")
    seen = []
    for _ in range(4):
        press(hands.canvas, Key.Key_Down)
        seen.append(session.group.names[session.selected[0]])
    assert seen == ["C19", "C18", "C17", "C16"]
    press(dock.table, Key.Key_Up)
    assert session.group.names[session.selected[0]] == "C17"


def test_with_the_filter_undecided_no_cell_is_skipped(hands, dock, session):
    for status in ("accepted", "rejected"):
        dock.filters.status_buttons[status].click()
    press(hands.canvas, Key.Key_Down)
    for _ in range(5):
        press(hands.canvas, Key.Key_R)
    assert statuses(session)[:6] == ["rejected"] * 5 + ["undecided"]
    assert dock.table.order[0] == 5
    assert session.selected == (5,)


def test_without_the_switch_a_decision_stays_at_its_cell(hands, dock, session):
    dock.decisions.advance.trigger()
    session.select(session.group, [3])
    press(hands.canvas, Key.Key_A)
    press(hands.canvas, Key.Key_R)
    assert session.selected == (3,)
    assert statuses(session)[3] == "rejected"


@pytest.mark.parametrize("where", ["canvas", "table", "plot", "list", "button", "window"])
def test_keys_work_wherever_the_focus_is(hands, dock, session, where):
    widget = {
        "canvas": lambda: hands.canvas,
        "table": lambda: dock.table,
        "plot": lambda: hands.dock.plot.canvas_viewport,
        "list": lambda: hands.dock.cell_list,
        "button": lambda: dock.decisions.buttons["accepted"],
        "window": lambda: hands.viewer.window._qt_window,
    }[where]()
    session.select(session.group, [10])
    widget.setFocus()
    press(widget, Key.Key_R)
    assert statuses(session)[10] == "rejected"
    assert session.selected == (11,)
    press(widget, Key.Key_Z, Ctrl)
    assert statuses(session)[10] == "undecided"
    assert session.selected == (10,)


@pytest.mark.parametrize("where", ["button", "switch", "list", "slider", "heat map", "close-up"])
def test_keys_work_after_a_click_on_a_control(hands, dock, session, where):
    """The focus stays there: arrows must not lead away from it, letters not choose anything."""
    if where == "slider":
        (action,) = [a for a in dock.filters.add_button.menu().actions() if a.data() == "area"]
        action.trigger()
        dock.filters.ranges["area"].show_values(np.arange(100.0))
    control = {
        "button": lambda: dock.decisions.undo,
        "switch": lambda: dock.filters.status_buttons["accepted"],
        "list": lambda: dock.display.colors,
        "slider": lambda: dock.filters.ranges["area"].slider,
        "heat map": lambda: in_dock(hands, HeatMapDock).findChildren(QComboBox)[0],
        "close-up": lambda: in_dock(hands, CloseUpDock).findChildren(QCheckBox)[0],
    }[where]()
    session.group.curation.decide([0], "rejected")
    session.select(session.group, [11])
    control.setFocus(Qt.FocusReason.MouseFocusReason)
    hands.qtbot.waitUntil(control.hasFocus)
    chosen = control.currentIndex() if isinstance(control, QComboBox) else None
    press(control, Key.Key_Down)
    press(QApplication.focusWidget() or control, Key.Key_A)
    assert statuses(session)[12] == "accepted"
    assert session.selected == (13,)
    assert chosen is None or control.currentIndex() == chosen


def in_dock(hands, kind):
    widget = kind(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, area="bottom")
    hands.settle()
    return widget


def test_return_leads_from_the_name_to_the_rows(hands, dock, session):
    dock.filters.text.setFocus()
    QTest.keyClicks(dock.filters.text, "C07")
    press(dock.filters.text, Key.Key_Return)
    assert dock.table.hasFocus()
    press(dock.table, Key.Key_Down)
    press(dock.table, Key.Key_R)
    assert statuses(session)[7] == "rejected"


def test_typing_decides_nothing(hands, dock, session):
    session.select(session.group, [5])
    text = dock.filters.text
    text.setFocus()
    hands.qtbot.waitUntil(lambda: QApplication.focusWidget() is text)
    for key in (Key.Key_C, Key.Key_A, Key.Key_R, Key.Key_U):
        press(text, key)
    assert text.text().lower() == "caru"
    press(text, Key.Key_Down)
    press(text, Key.Key_Z, Ctrl)
    assert text.text() == ""
    assert session.selected == (5,)
    assert set(statuses(session)) == {"undecided"}


@pytest.mark.parametrize("make", [QSpinBox, QLineEdit])
def test_typing_in_docks_of_others_decides_nothing(hands, dock, session, make):
    field = make()
    hands.viewer.window.add_dock_widget(field, name="Theirs")
    session.select(session.group, [5])
    field.setFocus()
    hands.qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    hands.qtbot.waitUntil(field.hasFocus)
    for key in (Key.Key_A, Key.Key_R, Key.Key_U, Key.Key_Up, Key.Key_Down):
        press(field, key)
    assert session.selected == (5,)
    assert set(statuses(session)) == {"undecided"}


def test_limits_of_a_range_are_typed_without_deciding(hands, dock, session):
    session.select(session.group, [5])
    dock.filters.range_added.emit("size")
    (action,) = [a for a in dock.filters.add_button.menu().actions() if a.data() == "size"]
    action.trigger()
    low = dock.filters.ranges["size"].low
    hands.qtbot.waitUntil(low.hasFocus)
    for key in (Key.Key_1, Key.Key_A, Key.Key_R, Key.Key_2):
        press(low, key)
    press(low, Key.Key_Return)
    assert low.text() == "12.0"
    assert session.review.table.filtered_by.ranges["size"] == (12.0, np.inf)
    assert set(statuses(session)) == {"undecided"}
    assert session.selected == (5,)


def test_a_rebound_key_works_and_is_named(hands, dock, session):
    action = "napari-isx:accept"
    session.select(session.group, [0])
    assert dock.decisions.buttons["accepted"].text().endswith("A")
    before = action_manager.unbind_shortcut(action)
    try:
        action_manager.bind_shortcut(action, "G")
        assert dock.decisions.buttons["accepted"].text().endswith("G")
        press(hands.canvas, Key.Key_A)
        assert statuses(session)[0] == "undecided"
        press(hands.canvas, Key.Key_G)
        assert statuses(session)[0] == "accepted"
    finally:
        action_manager.unbind_shortcut(action)
        for key in before:
            action_manager.bind_shortcut(action, key)
    assert dock.decisions.buttons["accepted"].text().endswith("A")
