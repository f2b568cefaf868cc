"""The dialog of rules, put together by keys and mouse."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from helpers.scenes import make_cells
from helpers.window_data import STATUSES
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_isx import open_isx
from napari_isx.analysis.cell_metrics.definitions import metrics_of
from napari_isx.app.docks import CellsDock
from napari_isx.docks.rules.dialog import RulesDialog
from napari_isx.session.cell_table import CellTable
from napari_isx.session.decisions.curation import Curation
from napari_isx.session.rules import PRESETS, Rule, above

AREAS = [10.0, 20.0, 30.0]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))


@pytest.fixture
def table(tmp_path):
    with open_isx(make_cells(tmp_path / "cells.isxd")) as cells:
        made = CellTable(cells.names, Curation(cells))
        made.set_columns(metrics_of(cells, None))
        made.set_values({"area": AREAS, "num_components": [1, 1, 2]})
        yield made


@pytest.fixture
def dialog(qtbot, table):
    shown = RulesDialog()
    qtbot.addWidget(shown)  # which deletes it
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    shown.show_table("cells", table)
    shown.show_rule(Rule({"area": above(15)}, "all", "accepted", "rejected"))
    shown.show()
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)
    return shown


def retype(field, text):
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


@pytest.mark.parametrize(
    "rule",
    [
        Rule({"area": above(15)}, "all", "accepted", "rejected"),
        Rule({"area": (-np.inf, 1.5e-7)}, "any", "rejected", None),
        Rule(
            {"num_components": (1.0, 1.0), "circularity": (0.25, 0.75)},
            "any",
            "undecided",
            "accepted",
        ),
    ],
)
def test_it_shows_a_rule_as_it_is(dialog, rule):
    dialog.show_rule(rule)
    assert dialog.rule == rule


def test_a_limit_is_typed(dialog, qtbot):
    told = []
    dialog.changed.connect(lambda: told.append(dialog.rule))
    area = dialog.ranges.filters["area"]
    retype(area.low, "25")
    QTest.keyClick(area.low, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: bool(told) and told[-1].ranges == {"area": (25.0, np.inf)})
    retype(area.low, "")
    QTest.keyClick(area.low, Qt.Key.Key_Delete)
    QTest.keyClick(area.low, Qt.Key.Key_Tab)
    assert dialog.rule is None, "it has no limit"


def test_return_in_a_limit_previews_and_applies_nothing(dialog, qtbot):
    told, applied = [], []
    dialog.changed.connect(lambda: told.append(dialog.rule.ranges))
    dialog.applied.connect(lambda: applied.append(True))
    dialog.show_forecast("2 accepted → rejected.", 2)
    area = dialog.ranges.filters["area"]
    retype(area.low, "25")
    QTest.keyClick(area.low, Qt.Key.Key_Return)
    assert told == [{"area": (25.0, np.inf)}]
    assert applied == []
    assert dialog.apply_button.hasFocus()
    QTest.keyClick(dialog.apply_button, Qt.Key.Key_Return)
    assert applied == [True]


@pytest.mark.parametrize("limits", [above(0), above(3), (1234.0, np.inf), (1 / 3, 2 / 3)])
def test_a_field_that_is_left_as_it_is_changes_no_limit(dialog, limits):
    rule = Rule({"area": limits})
    dialog.show_rule(rule)
    area = dialog.ranges.filters["area"]
    for field in (area.low, area.high):
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_End)
        QTest.keyClick(field, Qt.Key.Key_Tab)
    assert dialog.rule == rule
    assert area.low.text() == {above(0): "0", above(3): "3"}.get(limits, area.low.text())


def test_a_limit_is_dragged_and_the_last_place_counts(dialog, qtbot):
    told = []
    dialog.changed.connect(lambda: told.append(dialog.rule))
    area = dialog.ranges.filters["area"]
    for value in np.linspace(10, 25, 200):
        area.slider.setValue((value, 28.0))
    qtbot.wait(100)
    assert told[-1].ranges == {"area": (25.0, 28.0)}
    assert len(told) < 50  # told at once, and then as often as the canvas can follow
    assert float(area.low.text()) == 25
    retype(area.high, "11")  # the other way round is meant the same
    QTest.keyClick(area.high, Qt.Key.Key_Tab)
    assert dialog.rule.ranges == {"area": (11.0, 25.0)}


def test_conditions_come_and_go(dialog, qtbot):
    told = []
    dialog.changed.connect(lambda: told.append(dialog.rule))
    menu = dialog.ranges.add_button.menu()
    assert "area" not in [action.data() for action in menu.actions()]
    (components,) = [a for a in menu.actions() if a.data() == "num_components"]
    components.trigger()
    added = dialog.ranges.filters["num_components"]
    assert added.histogram.counts == [2, 1]
    qtbot.waitUntil(lambda: told == [None])
    retype(added.high, "1")
    QTest.keyClick(added.high, Qt.Key.Key_Tab)
    assert dialog.rule.ranges == {"area": above(15), "num_components": (-np.inf, 1.0)}
    dialog.ranges.filters["area"].removed.emit()
    assert dialog.rule.ranges == {"num_components": (-np.inf, 1.0)}
    added.removed.emit()
    assert dialog.rule is None


def test_only_presets_with_known_columns_are_offered(dialog, table):
    mine = Rule({"area": (-np.inf, 3.0)})
    dialog.show_rules([mine], PRESETS)
    texts = [action.text() for action in dialog._menu.actions() if not action.isSeparator()]
    assert texts[0] == mine.text(table.columns)
    assert "Components = 1 → accepted, else rejected" in texts
    assert not any(text.startswith("SNR") for text in texts)  # there are no events
    dialog._menu.actions()[1].trigger()
    assert dialog.rule == mine


def test_it_applies_only_what_changes_something(dialog):
    told = []
    dialog.applied.connect(lambda: told.append(True))
    dialog.show_forecast("No change.")
    dialog.apply_button.click()
    assert told == []
    dialog.show_forecast("2 accepted → rejected.", 2)
    assert dialog.apply_button.text() == "&Apply to 2 cells"
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert told == [True]
    assert dialog.isVisible()


@pytest.mark.parametrize("how", ["escape", "button", "window"])
def test_it_tells_once_that_it_is_closed(dialog, qtbot, how):
    told = []
    dialog.closed.connect(lambda: told.append(True))
    if how == "escape":
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    elif how == "button":
        dialog.close_button.click()
    else:
        dialog.close()
    qtbot.wait(50)
    assert told == [True]


def test_without_a_table_there_is_nothing_to_choose(dialog):
    dialog.show_table("", None)
    assert dialog.rule is None
    assert not dialog.ranges.add_button.isEnabled()


def test_the_canvas_of_the_window_follows_and_is_left_as_it_was(hands, files, tmp_path):
    hands.open(shutil.copy(files["cells"], tmp_path / "cells.isxd"))
    session = hands.coordinator.session
    session.review.table.set_values({"area": [10.0, 20.0, 30.0, 40.0]})
    before = hands.pixel_at(*hands.cell_um(0))
    hands.coordinator.dialogs.show_rules()
    hands.settle()
    (dialog,) = hands.viewer.window._qt_window.findChildren(RulesDialog)
    hands.coordinator.dialogs.show_rules()  # the same again
    assert len(hands.viewer.window._qt_window.findChildren(RulesDialog)) == 1
    dialog.show_rule(Rule({"area": (-np.inf, 25.0)}, "all", "rejected", "accepted"))
    dialog.changed.emit()
    assert not np.array_equal(hands.pixel_at(*hands.cell_um(0)), before)
    assert session.group.curation.statuses == STATUSES
    dialog.close()
    assert np.array_equal(hands.pixel_at(*hands.cell_um(0)), before)
    assert hands.coordinator.rules.view is None


def test_the_rule_of_the_window_is_applied_and_undone(hands, files, tmp_path):
    hands.open(shutil.copy(files["cells"], tmp_path / "cells.isxd"))
    session = hands.coordinator.session
    session.review.table.set_values({"area": [10.0, 20.0, 30.0, 40.0]})
    hands.coordinator.dialogs.show_rules()
    (dialog,) = hands.viewer.window._qt_window.findChildren(RulesDialog)
    dialog.show_rule(Rule({"area": (-np.inf, 25.0)}))
    dialog.changed.emit()
    assert "1 accepted → rejected" in dialog.forecast.text()
    assert "1 undecided → rejected" in dialog.forecast.text()
    dialog.apply_button.click()
    assert session.group.curation.statuses == ["rejected"] * 3 + ["accepted"]
    hands.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.group.curation.statuses == STATUSES
    dialog.close()


def test_the_dialog_goes_with_the_dock_it_was_asked_from(hands, files, tmp_path):
    hands.open(shutil.copy(files["cells"], tmp_path / "cells.isxd"))
    dock = CellsDock(hands.viewer)
    hands.viewer.window.add_dock_widget(dock, name="Cells")
    hands.settle()
    dock.filters.rules_button.click()
    (dialog,) = hands.viewer.window._qt_window.findChildren(RulesDialog)
    dialog.show_rule(Rule({"area": above(0)}, "all", "rejected"))
    hands.qtbot.waitUntil(lambda: hands.coordinator.session.review.fraction == 1)
    dialog.changed.emit()
    group = hands.coordinator.session.group
    assert hands.coordinator.canvas.look_of(group).statuses == ["rejected"] * 4
    hands.viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    del dock
    hands.settle()
    assert hands.coordinator.canvas.look_of(group).statuses is None
    assert hands.coordinator.rules.view is None
