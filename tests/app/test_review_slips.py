"""Slips at the keyboard: at the end of the list, with many cells or a pair, killed, undone."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import blob, make_cells, make_events
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_isx import Spacing, open_isx
from napari_isx.app.docks import CellsDock, HeatMapDock
from napari_isx.docks.saving.window import prompts_of
from napari_isx.session.decisions.curation import Curation

Ctrl = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key
NUM_CELLS = 60


@pytest.fixture
def path(tmp_path):
    grid = [(6 + 10 * row, 6 + 12 * col) for row in range(6) for col in range(10)]
    return make_cells(
        tmp_path / "sixty.isxd", centers=grid, spacing=Spacing.regular((70, 120), 3.0)
    )


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


def test_restored_undone_and_restored_again(hands, dock, path):
    """What a slip and Ctrl+Z made of the decisions of a killed window."""
    with open_isx(path) as cells:
        killed = Curation(cells)
        for cell in range(30):
            killed.decide([cell], "rejected")
        decided = killed.statuses
    hands.open(path)
    session, bar = hands.coordinator.session, prompts_of(hands.viewer).bar
    QTest.mouseClick(bar.restore_button, Qt.MouseButton.LeftButton)
    assert statuses(session) == decided
    session.select(session.group, [40])
    press(hands.canvas, Key.Key_U)
    press(hands.canvas, Key.Key_Z, Ctrl)
    assert statuses(session) == decided, "the key is taken back, and not the restore"
    assert session.selected == (40,)
    assert dock.decisions.note == "Undone: set undecided: C40, which changed nothing"
    press(hands.canvas, Key.Key_Z, Ctrl)
    assert set(statuses(session)) == {"undecided"}
    assert bar.isVisible()
    assert bar.text.startswith("30 decisions about sixty.isxd")
    hands.viewer.layers.clear()
    hands.settle()
    assert not bar.isVisible()
    hands.open(path)
    assert bar.text.startswith("30 decisions about sixty.isxd")
    QTest.mouseClick(bar.restore_button, Qt.MouseButton.LeftButton)
    assert statuses(hands.coordinator.session) == decided


def test_decisions_are_given_up_only_when_that_is_confirmed(hands, dock, path):
    with open_isx(path) as cells:
        Curation(cells).decide([3, 4], "rejected")
    hands.open(path)
    prompts = prompts_of(hands.viewer)
    for gives_up in (False, True):
        QTest.mouseClick(prompts.bar.never_button, Qt.MouseButton.LeftButton)
        assert prompts.question.headline.text() == "Give up 2 decisions about sixty.isxd?"
        assert prompts.question.cancel_button.isDefault()
        give_up, cancel = prompts.question.buttons.buttons()
        QTest.mouseClick(give_up if gives_up else cancel, Qt.MouseButton.LeftButton)
        hands.settle()
        assert prompts.bar.isVisible() == (not gives_up)
    with open_isx(path) as cells:
        assert Curation(cells).restorable is None


@pytest.mark.parametrize("only_undecided", [False, True])
def test_the_keys_stop_at_the_end_of_the_list(hands, dock, session, only_undecided):
    if only_undecided:
        for status in ("accepted", "rejected"):
            dock.filters.status_buttons[status].click()
    session.select(session.group, [57])
    dock.table.setFocus()
    for key in (Key.Key_A, Key.Key_A, Key.Key_A, Key.Key_R, Key.Key_R):
        press(dock.table, key)
    assert statuses(session)[57:] == ["accepted"] * 3
    assert session.selected == ()
    assert dock.decisions.note == "End of the list, 57 undecided left."
    assert dock.decisions.offer.text() == "Go through the 57"
    press(dock.table, Key.Key_Z, Ctrl)
    assert session.selected == (59,)
    press(dock.table, Key.Key_R)
    assert statuses(session)[59] == "rejected"
    dock.decisions.offer.click()
    assert session.selected == (0,)
    assert dock.table.order == list(range(57))
    assert not dock.filters.status_buttons["accepted"].isChecked()
    for _ in range(58):
        press(dock.table, Key.Key_R)
    assert statuses(session)[56:] == ["rejected", "accepted", "accepted", "rejected"]
    assert dock.decisions.note == "End of the list, every cell is decided."
    assert not dock.decisions.offer.isVisible()


@pytest.mark.parametrize("where", ["table", "list"])
def test_all_cells_are_decided_about_only_when_that_is_confirmed(hands, dock, session, where):
    widget = dock.table if where == "table" else hands.dock.cell_list
    widget.setFocus()
    press(widget, Key.Key_A, Ctrl)
    assert sorted(session.selected) == list(range(NUM_CELLS))
    press(widget, Key.Key_R)
    question = prompts_of(hands.viewer).question
    assert question.headline.text() == "Reject the 60 cells selected?"
    press(question, Key.Key_Return)
    assert set(statuses(session)) == {"undecided"}, "Return cancels"
    press(widget, Key.Key_R)
    prompts_of(hands.viewer).question.buttons.buttons()[0].click()
    assert set(statuses(session)) == {"rejected"}
    press(widget, Key.Key_Escape)
    assert session.selected == ()
    press(widget, Key.Key_Z, Ctrl)
    assert set(statuses(session)) == {"undecided"}


def test_of_a_suspected_pair_a_key_says_which_stays(hands, dock, tmp_path):
    shape = (23, 31)
    twins = [blob(shape, (9, 9), 4), blob(shape, (9, 10), 4), blob(shape, (18, 25), 3)]
    hands.open(make_cells(tmp_path / "twins.isxd", footprints=twins))
    hands.qtbot.waitUntil(lambda: dock.duplicates_button.isEnabled())
    session = hands.coordinator.session
    dock.duplicates_button.click()
    dock.duplicates.list.setCurrentItem(dock.duplicates.list.topLevelItem(0))
    assert session.selected == (0, 1)
    press(hands.canvas, Key.Key_R)
    question = prompts_of(hands.viewer).question
    assert question.headline.text() == "C0 and C1 may be one cell: which of them stays?"
    press(question, Key.Key_R)
    assert set(statuses(session)) == {"undecided"}
    press(question, Key.Key_2)
    assert statuses(session) == ["rejected", "undecided", "undecided"]
    assert session.selected == (1,)


@pytest.mark.parametrize("text", ["0.5", ""])
def test_return_in_a_limit_leads_to_the_rows(hands, dock, session, text):
    (action,) = [a for a in dock.filters.add_button.menu().actions() if a.data() == "size"]
    action.trigger()
    field = dock.filters.ranges["size"].low
    field.setFocus()
    QTest.keyClicks(field, "9")
    press(field, Key.Key_Backspace)
    QTest.keyClicks(field, text)
    press(field, Key.Key_Return)
    assert dock.table.hasFocus()
    limits = session.review.table.filtered_by.ranges
    assert limits == ({"size": (0.5, np.inf)} if text else {})
    press(dock.table, Key.Key_Down)
    press(dock.table, Key.Key_R)
    assert statuses(session)[0] == "rejected"


def test_an_emptied_limit_lifts_it(hands, dock, session):
    (action,) = [a for a in dock.filters.add_button.menu().actions() if a.data() == "size"]
    action.trigger()
    field = dock.filters.ranges["size"].low
    for text, expected in (("9000", []), ("", list(range(NUM_CELLS)))):
        field.setFocus()
        field.selectAll()
        press(field, Key.Key_Delete)
        QTest.keyClicks(field, text)
        press(field, Key.Key_Tab)
        hands.settle()
        assert dock.table.order == expected


def test_keys_go_by_the_heat_map_where_that_was_used_last(hands, dock, session):
    heat = HeatMapDock(hands.viewer)
    hands.viewer.window.add_dock_widget(heat, area="bottom")
    hands.qtbot.waitUntil(lambda: not hands.coordinator.heatmap.is_busy)
    dock.table.sort_requested.emit("name")
    dock.table.sort_requested.emit("name")
    session.select(session.group, [59])
    press(dock.table, Key.Key_R)
    assert session.selected == (58,), "as the table is sorted"
    heat.order_picked.emit("status")
    heat.cell_picked.emit(10)
    press(hands.canvas, Key.Key_R)
    assert session.selected == (11,), "as the rows of the heat map were"
    press(hands.canvas, Key.Key_Down)
    assert session.selected == (12,)
    press(dock.table, Key.Key_Down)
    assert session.selected == (11,)
    press(dock.table, Key.Key_R)
    assert session.selected == (10,), "the table was used last"


def test_keys_for_events_say_what_they_need(hands, dock, session, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr("napari_isx.viewer.time.show_info", told.append)
    press(hands.canvas, Key.Key_N)
    assert told.pop() == "Select a cell first: this key goes to its next or previous event."
    session.select(session.group, [0])
    press(hands.canvas, Key.Key_N)
    assert told.pop().startswith("These cells have no event set")
    press(hands.canvas, Key.Key_J)
    assert told.pop().startswith("No channels are open")
    hands.open(make_events(tmp_path / "events.isxd", {n: [0.3] for n in session.group.names}))
    for _ in range(2):
        press(hands.canvas, Key.Key_N)
    press(hands.canvas, Key.Key_N)
    assert told == ["The selected cell has no later event."], "said once, however long it is held"


def test_escape_and_a_click_beside_the_cells_deselect(hands, dock, session):
    for widget in (hands.canvas, dock.table, hands.dock.cell_list):
        for layer in ("cells · sixty", "outlines · sixty"):
            hands.viewer.layers.selection.active = hands.viewer.layers[layer]
            session.select(session.group, [5])
            widget.setFocus()
            press(widget, Key.Key_Escape)
            assert session.selected == ()
    session.select(session.group, [5])
    QTest.mouseClick(hands.canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert session.selected == ()
