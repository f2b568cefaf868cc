"""Rules, previewed on the canvas of a viewer without a window and then applied."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers.scenes import make_cells
from psygnal import Signal

from napari_isx.docks.rules.controller import remembered_rules
from napari_isx.session.rules import PRESETS, Rule, above

STATUSES = ["accepted", "undecided", "rejected"]
LARGE = Rule({"area": above(15)}, "all", "accepted", "rejected")


class Dialog:
    """Stands for the dialog."""

    changed = Signal()
    applied = Signal()
    closed = Signal()

    def __init__(self):
        self.rule = None
        self.among = "all"
        self.table = None
        self.forecast, self.num_changes = "", 0
        self.offered = ()
        self.colors = None

    def objectName(self):  # noqa: N802
        return ""

    def show_table(self, title, table):
        self.table = table

    def show_values(self, key):
        pass

    def show_rules(self, remembered, presets):
        self.offered = (list(remembered), list(presets))

    def show_rule(self, rule):
        self.rule = rule

    def show_forecast(self, text, num_changes=0):
        self.forecast, self.num_changes = text, num_changes

    def set_colors(self, colors):
        self.colors = colors

    def choose(self, rule, among="all"):
        self.rule, self.among = rule, among
        self.changed.emit()


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))
    return tmp_path / "user" / "settings" / "rules.json"


@pytest.fixture
def group(stage, tmp_path):
    stage.open(make_cells(tmp_path / "cells.isxd", statuses=STATUSES))
    table = stage.session.review.table
    table.set_values({"area": [10.0, 20.0, np.nan]})
    return stage.session.group


@pytest.fixture
def dialog(stage, group):
    shown = Dialog()
    stage.coordinator.rules.attach(shown)
    return shown


def drawn(stage):
    """The colors of the contours."""
    return [tuple(np.round(color, 2)) for color in stage.layer("outlines · cells").edge_color]


def test_a_rule_is_seen_before_it_is_applied(stage, group, dialog):
    before = drawn(stage)
    dialog.choose(LARGE)
    after = drawn(stage)
    assert after[0] == before[2]  # as a rejected cell
    assert after[1] == before[0]
    assert after[2] == before[2]
    assert group.curation.statuses == STATUSES
    assert dialog.num_changes == 2
    assert dialog.forecast == (
        "1 accepted → rejected, 1 undecided → accepted; 1 of 3 stay as they are "
        "(1 of them has no value to go by)."
    )


def test_the_table_marks_what_would_change(stage, group, dialog):
    table, marked = stage.session.review.table, []
    table.proposed_changed.connect(marked.append)
    dialog.choose(LARGE)
    assert table.proposed == {0: "rejected", 1: "accepted"}
    group.curation.decide([1], "accepted")
    assert table.proposed == {0: "rejected"}
    dialog.closed.emit()
    assert table.proposed == {}
    assert marked[-2:] == [(1,), (0,)]


def test_applying_is_one_step_with_the_rule_as_its_note(stage, group, dialog):
    dialog.choose(LARGE)
    dialog.applied.emit()
    assert group.curation.statuses == ["rejected", "accepted", "rejected"]
    entry = [one for one in group.curation.journal_entries() if one.kind == "decided"][-1]
    assert (entry.how, entry.note) == ("rule", "Area > 15 µm² → accepted, else rejected")
    assert dialog.num_changes == 0
    stage.coordinator.cells.undo()
    assert group.curation.statuses == STATUSES
    assert dialog.num_changes == 2


def test_closing_takes_the_preview_away(stage, group, dialog):
    before = drawn(stage)
    dialog.choose(LARGE)
    assert drawn(stage) != before
    dialog.closed.emit()
    assert drawn(stage) == before
    assert stage.coordinator.canvas.look_of(group).statuses is None
    group.curation.decide([1], "accepted")
    assert drawn(stage)[1] == before[0]


def test_a_file_that_is_closed_takes_its_preview_with_it(stage, group, dialog):
    dialog.choose(LARGE)
    stage.viewer.layers.clear()
    assert stage.coordinator.canvas.look_of(group).statuses is None
    assert dialog.table is None
    assert dialog.num_changes == 0


def test_another_set_is_previewed_and_the_first_let_go(stage, group, dialog, tmp_path):
    stage.open(make_cells(tmp_path / "other.isxd", statuses=["undecided"] * 3))
    dialog.choose(LARGE)
    other = stage.session.groups[1]
    stage.session.select(other, ())
    assert stage.coordinator.canvas.look_of(group).statuses is None
    assert "still being computed" in dialog.forecast
    stage.session.review.table.set_values({"area": [20.0, 20.0, 10.0]})
    assert stage.coordinator.canvas.look_of(other).statuses == ["accepted", "accepted", "rejected"]


def test_a_rule_may_be_about_some_cells_only(stage, group, dialog):
    dialog.choose(LARGE, "undecided")
    assert dialog.num_changes == 1
    table = stage.session.review.table
    table.filter_by(table.filtered_by.with_range("area", None, 12.0))
    dialog.choose(LARGE, "shown")
    assert dialog.forecast.startswith("1 accepted → rejected; 0 of 1 stay")
    table.filter_by(table.filtered_by.with_range("area", None, None))
    assert dialog.num_changes == 2
    dialog.applied.emit()
    assert group.curation.statuses == ["rejected", "accepted", "rejected"]


def test_decisions_meanwhile_change_the_preview(stage, group, dialog):
    dialog.choose(LARGE)
    stage.session.select(group, [2])
    stage.session.review.decide_selected("accepted")
    assert stage.coordinator.canvas.look_of(group).statuses == ["rejected", "accepted", "accepted"]


def test_no_rule_previews_nothing_and_applies_nothing(stage, group, dialog):
    dialog.choose(LARGE)
    dialog.choose(None)
    assert stage.coordinator.canvas.look_of(group).statuses is None
    dialog.applied.emit()
    dialog.choose(Rule({"no_such_column": above(1)}))
    assert dialog.forecast == "Nothing is known here of no_such_column."
    dialog.applied.emit()
    assert group.curation.statuses == STATUSES


def test_rules_are_remembered_the_latest_first(stage, group, dialog, settings):
    small = Rule({"area": (-np.inf, 15.0)})
    for rule in (LARGE, small, LARGE):
        dialog.choose(rule)
        dialog.applied.emit()
    assert remembered_rules() == [LARGE, small]
    assert dialog.offered == ([LARGE, small], list(PRESETS))
    again = Dialog()
    stage.coordinator.rules.attach(again)
    assert again.rule == LARGE
    settings.write_text(json.dumps([{"ranges": 3}, LARGE.to_json()]))
    assert remembered_rules() == [LARGE]
    settings.write_text("{")
    assert remembered_rules() == []


def test_the_first_rule_is_one_whose_columns_are_there(stage, group, dialog):
    # There are no events, so there is no SNR and no event rate.
    assert dialog.rule == Rule({"peak_snr": above(3)}, "all", "accepted", "rejected")
