"""The dock *Cells*: what it is told, and what is done of what it asks for; without a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.scenes import blob, make_cells, make_events, make_movie
from psygnal import Signal

from napari_isx import Spacing
from napari_isx.docks.common import background as work
from napari_isx.session.cell_filter import CellFilter

CENTERS = [(5, 6), (5, 20), (16, 9)]


class Table:
    num_visible_rows = 3

    cells_picked = Signal(list)
    cell_opened = Signal(int)
    traces_requested = Signal()
    step_requested = Signal(int)
    sort_requested = Signal(str)
    sorting_picked = Signal(object)
    status_requested = Signal(str)

    def show_sorting(self, sorted_by):
        self.told["sorting"] = sorted_by


class Filters:
    filter_changed = Signal(object)
    range_added = Signal(str)
    rules_requested = Signal()


class Display:
    scope_picked = Signal(str)
    style_picked = Signal(str)
    color_picked = Signal(str)


class Decisions:
    decided = Signal(str)
    shown_decided = Signal(str)
    undo_requested = Signal()
    redo_requested = Signal()
    advance_changed = Signal(bool)
    advance_on_canvas_changed = Signal(bool)
    offer_taken = Signal()

    def show_steps(self, undo, redo, num_unsaved):
        self.told["steps"] = (undo, redo, num_unsaved)

    def show_advance(self, on, on_canvas):
        self.told["advance"] = (on, on_canvas)


class Duplicates:
    pair_picked = Signal(int)
    kept = Signal(str)
    next_requested = Signal()


class CellsDock:
    """It emits what a user would ask for, and remembers what it is told."""

    group_picked = Signal(int)
    raters_requested = Signal()
    keys_requested = Signal()
    export_requested = Signal()
    save_requested = Signal()
    duplicates_toggled = Signal(bool)

    def __init__(self) -> None:
        self.table, self.filters, self.display = Table(), Filters(), Display()
        self.decisions, self.duplicates = Decisions(), Duplicates()
        self.told: dict[str, Any] = {}
        self.table.told = self.decisions.told = self.told
        self.num_rows_shown = 0
        self.is_at_duplicates = False

    def objectName(self) -> str:  # noqa: N802
        return ""

    def show_groups(self, titles, current):
        self.told["groups"] = (list(titles), current)

    def show_message(self, text):
        self.told["message"] = text
        self.told.pop("table", None)

    def show_table(self, table, values):
        self.told["table"] = table

    def show_rows(self):
        self.num_rows_shown += 1

    def show_values(self, key, values):
        self.told[f"values of {key}"] = values

    def show_statuses(self, cells, *, proposed=False):
        self.told["changed"] = tuple(cells)

    def show_selection(self, cells):
        self.told["selected"] = tuple(cells)

    def show_counts(self, counts, shown):
        self.told["counts"] = (tuple(counts.values()), tuple(shown.values()))

    def show_note(self, text, offer=""):
        self.told["note"] = (text, offer)

    def show_keys(self, keys):
        self.told["keys"] = keys

    def show_progress(self, fraction):
        self.told["progress"] = fraction

    def show_duplicates(self, pairs, current):
        self.told["pairs"], self.told["pair"] = list(pairs), current

    def show_display(self, scope, style, color):
        self.told["display"] = (scope, style, color)

    def show_legend(self, colors, low, high):
        self.told["legend"] = (None if colors is None else len(colors), low, high)

    def set_colors(self, colors):
        self.told["theme"] = colors


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch):
    """Work is done where it is started, also where other tests have made a Qt application."""
    monkeypatch.setattr(work.QApplication, "instance", lambda: None)


@pytest.fixture
def dock(stage):
    made = CellsDock()
    stage.coordinator.cells.attach(made)
    return made


@pytest.fixture
def paths(tmp_path):
    shape = (23, 31)
    twins = [blob(shape, (9, 9), 4), blob(shape, (9, 10), 4), blob(shape, (18, 25), 3)]
    return {
        "movie": make_movie(tmp_path / "movie.isxd"),
        "cells": make_cells(tmp_path / "cells.isxd", statuses=["accepted"] * 2 + ["rejected"]),
        "events": make_events(tmp_path / "events.isxd"),
        "twins": make_cells(tmp_path / "twins.isxd", footprints=twins),
    }


def labels_of(stage, name="cells"):
    """Alpha of each cell in the label image."""
    layer = stage.layer(name)
    count = len(stage.session.group.names)
    return [float(layer.colormap.map(np.array([i + 1]))[0][3]) for i in range(count)]


def test_it_follows_what_is_open(stage, dock, paths):
    assert dock.told["groups"] == ([], -1)
    stage.open(paths["cells"])
    assert dock.told["groups"] == (["cells"], 0)
    assert dock.told["table"] is stage.session.review.table
    assert dock.told["counts"] == ((2, 0, 1), (2, 0, 1))
    assert dock.told["progress"] == 1
    stage.viewer.layers.clear()
    assert dock.told["groups"] == ([], -1)


def test_cells_are_measured_when_a_dock_shows_them(stage, paths):
    stage.open(paths["cells"])
    assert stage.session.review.fraction == 0
    stage.coordinator.cells.attach(CellsDock())
    assert stage.session.review.fraction == 1


def test_they_are_measured_anew_with_events_and_without(stage, dock, paths):
    stage.open(paths["cells"])
    assert stage.session.review.table.values("num_events") is None
    stage.open(paths["events"])
    np.testing.assert_array_equal(stage.session.review.table.values("num_events"), [2, 1, 0])
    stage.viewer.layers.remove("events")
    assert "num_events" not in stage.session.review.table.titles
    assert stage.session.review.fraction == 1


def test_a_file_that_is_cut_short_is_told_once(stage, dock, paths, monkeypatch):
    told = []
    monkeypatch.setattr("napari_isx.docks.cells.measuring.show_warning", told.append)

    def broken(*files):
        raise OSError("cells.isxd is 3 bytes long.")
        yield

    monkeypatch.setattr("napari_isx.session.review.compute_metrics", broken)
    stage.open(paths["cells"])
    assert told == ["The cells cannot be measured.\ncells.isxd is 3 bytes long."]
    assert dock.told["progress"] == 1


def test_one_selection(stage, dock, paths):
    stage.open(paths["cells"])
    dock.table.cells_picked.emit([2, 1])
    assert stage.session.selected == (2, 1)
    assert dock.told["selected"] == (2, 1)
    stage.session.select(stage.session.group, [0])
    assert dock.told["selected"] == (0,)
    dock.table.step_requested.emit(1)
    assert stage.session.selected == (1,)


def test_a_column_sorts_up_then_down_then_not(stage, dock, paths):
    stage.open(paths["cells"])
    table = stage.session.review.table
    for wanted in (("name", True), ("name", False), None, ("name", True)):
        dock.table.sort_requested.emit("name")
        assert table.sorted_by == dock.told["sorting"] == wanted
    dock.table.sort_requested.emit("size")
    assert table.sorted_by == ("size", True)


def test_decisions_move_on_unless_switched_off(stage, dock, paths):
    stage.open(paths["cells"])
    stage.session.select(stage.session.group, [0])
    dock.decisions.decided.emit("rejected")
    assert stage.session.selected == (1,)
    dock.decisions.advance_changed.emit(False)
    dock.table.status_requested.emit("undecided")
    assert stage.session.selected == (1,)
    assert stage.session.group.curation.statuses == ["rejected", "undecided", "rejected"]
    assert dock.told["counts"] == ((0, 1, 2), (0, 1, 2))
    assert dock.told["steps"][2] == 2
    assert "C1" in dock.told["steps"][0]


def test_a_decision_colors_the_canvas_once(stage, dock, paths):
    stage.open(paths["cells"])
    stage.session.select(stage.session.group, [0])
    colored = []
    stage.layer("cells").events.colormap.connect(lambda event: colored.append(event))
    dock.decisions.decided.emit("rejected")
    assert len(colored) == 1


def test_undo_and_redo(stage, dock, paths):
    stage.open(paths["cells"])
    stage.session.select(stage.session.group, [1, 2])
    dock.decisions.decided.emit("undecided")
    assert dock.told["counts"][0] == (1, 2, 0)
    stage.session.select(stage.session.group, [0])
    dock.decisions.undo_requested.emit()
    assert dock.told["counts"][0] == (2, 0, 1)
    assert dock.told["note"] == ("Undone: set undecided: 2 cells", "")
    assert stage.session.selected == (1, 2)
    dock.decisions.redo_requested.emit()
    assert dock.told["counts"][0] == (1, 2, 0)
    assert dock.told["steps"][1] == ""
    assert stage.session.selected == (0,)
    for told in ("Undone: set undecided: 2 cells", "Nothing to undo"):
        dock.decisions.undo_requested.emit()
        assert dock.told["note"] == (told, "")


@pytest.fixture
def asked(stage):
    """Questions that were asked."""
    questions = []
    stage.coordinator.cells.asked.connect(questions.append)
    return questions


def test_more_cells_than_can_be_seen_are_asked_about(stage, dock, paths, asked):
    stage.open(paths["cells"])
    curation = stage.session.group.curation
    dock.table.num_visible_rows = 2
    dock.table.cells_picked.emit([0, 1, 2])
    dock.decisions.decided.emit("rejected")
    (question,) = asked
    assert question.headline == "Reject the 3 cells selected?"
    assert curation.unsaved == ()
    question.answers[0].act()
    assert curation.statuses == ["rejected"] * 3
    assert stage.session.selected == (0, 1, 2)
    dock.table.cells_picked.emit([0, 1])
    dock.decisions.decided.emit("accepted")
    assert len(asked) == 1
    assert curation.statuses == ["accepted", "accepted", "rejected"]


def test_without_a_table_as_many_as_have_traces_are_not_asked_about(stage, tmp_path, asked):
    stage.open(make_cells(tmp_path / "many.isxd", footprints=[blob((23, 31), (9, 9))] * 25))
    for count in (24, 25):
        stage.session.select(stage.session.group, range(count))
        stage.coordinator.cells.decide("rejected")
    assert stage.session.group.curation.statuses.count("rejected") == 24
    assert [question.title for question in asked] == ["All selected rows"]


def test_of_a_suspected_pair_never_both_are_rejected(stage, dock, paths, asked):
    stage.open(paths["twins"])
    curation = stage.session.group.curation
    dock.duplicates.pair_picked.emit(0)
    for decide in (dock.decisions.decided.emit, dock.table.status_requested.emit):
        decide("rejected")
        assert set(curation.statuses) == {"undecided"}
    stage.coordinator.cells.decide("rejected")
    assert len(asked) == 3
    question = asked[0]
    assert "Key 1 keeps C0 and rejects C1; key 2 keeps C1 and rejects C0." in question.text
    assert [answer.key for answer in question.answers] == ["1", "2"]
    question.answers[1].act()
    assert curation.statuses == ["rejected", "undecided", "undecided"]
    assert stage.session.selected == (1,)
    curation.undo()
    dock.duplicates.pair_picked.emit(0)
    question.answers[0].act()
    assert curation.statuses == ["undecided", "rejected", "undecided"]
    dock.duplicates.pair_picked.emit(0)
    dock.decisions.decided.emit("accepted")
    assert curation.statuses[:2] == ["accepted"] * 2


def test_the_end_of_the_list_is_told_and_what_is_left_is_offered(stage, dock, paths):
    stage.open(paths["twins"])
    group = stage.session.group
    stage.session.select(group, [2])
    dock.decisions.decided.emit("rejected")
    assert stage.session.selected == ()
    assert dock.told["note"] == ("End of the list, 2 undecided left.", "Go through the 2")
    dock.decisions.offer_taken.emit()
    assert stage.session.selected == (0,)
    assert dock.told["table"].filtered_by == CellFilter(statuses=frozenset({"undecided"}))
    assert dock.told["note"] == ("", "")
    for _ in range(2):
        dock.decisions.decided.emit("rejected")
    assert dock.told["note"] == ("End of the list, every cell is decided.", "")


def test_a_key_without_a_cell_says_what_it_needs(stage, dock, paths, monkeypatch):
    told = []
    monkeypatch.setattr("napari_isx.docks.cells.controller.show_info", told.append)
    stage.open(paths["cells"])
    stage.coordinator.cells.decide("rejected")
    assert told == ["No cell is selected: click one, or press Down, to decide about it."]
    assert stage.session.group.curation.undo_text == ""


def test_whether_decisions_move_on_after_a_click_on_the_canvas_is_a_setting(stage, dock, paths):
    stage.open(paths["movie"], paths["cells"])
    place = tuple(3.0 * np.array(CENTERS[0]))
    stage.click(place)
    assert stage.session.selected == (0,)
    dock.decisions.decided.emit("undecided")
    assert stage.session.selected == (0,), "where one works is the canvas"
    dock.decisions.advance_on_canvas_changed.emit(True)
    assert dock.told["advance"] == (True, True)
    dock.decisions.decided.emit("rejected")
    assert stage.session.selected == (1,)
    dock.decisions.decided.emit("rejected")
    assert stage.session.selected == (2,), "it was not clicked"
    another = CellsDock()
    dock.decisions.advance_on_canvas_changed.emit(False)
    stage.coordinator.cells.attach(another)
    assert another.told["advance"] == (True, False)


def test_all_shown_are_those_that_pass_the_filters(stage, dock, paths, asked):
    stage.open(paths["cells"])
    dock.filters.filter_changed.emit(CellFilter(text="2"))
    assert dock.num_rows_shown > 0
    assert dock.told["counts"] == ((2, 0, 1), (0, 0, 1))
    dock.decisions.shown_decided.emit("accepted")
    assert stage.session.group.curation.unsaved == ()
    asked[0].answers[0].act()
    assert stage.session.group.curation.statuses == ["accepted"] * 3


def test_saving(stage, dock, paths):
    stage.open(paths["cells"])
    stage.coordinator.session.review.decide_shown("rejected")
    dock.save_requested.emit()
    assert dock.told["steps"][2] == 0
    assert stage.session.group.cells.statuses_in_file() == ["rejected"] * 3


def test_saving_that_fails_keeps_the_decisions(stage, dock, paths, monkeypatch):
    told = []
    monkeypatch.setattr("napari_isx.docks.saving.controller.show_error", told.append)
    stage.open(paths["cells"])
    stage.coordinator.session.review.decide_shown("rejected")
    curation = stage.session.group.curation

    def fail(self, over=None):
        raise OSError("The disk is full.")

    monkeypatch.setattr(type(curation), "save", fail)
    dock.save_requested.emit()
    assert "The disk is full." in told[0]
    assert dock.told["steps"][2] == 2


@pytest.mark.parametrize("name", ["rules", "raters", "export"])
def test_tools_are_asked_for_once_cells_are_open(stage, dock, paths, name):
    heard = []
    getattr(stage.coordinator.cells, f"{name}_requested").connect(lambda *g: heard.append(g))
    asked = getattr(dock.filters if name == "rules" else dock, f"{name}_requested")
    asked.emit()
    assert heard == [], "nothing is open"
    stage.open(paths["cells"])
    asked.emit()
    assert heard == [() if name == "export" else (dock,)]


def test_the_canvas_shows_all_filtered_or_selected_cells(stage, dock, paths):
    stage.open(paths["cells"])
    dock.filters.filter_changed.emit(CellFilter(text="1"))
    assert all(labels_of(stage))
    dock.display.scope_picked.emit("filtered")
    assert np.array(labels_of(stage)).astype(bool).tolist() == [False, True, False]
    assert dock.told["display"][0] == "filtered"
    dock.filters.filter_changed.emit(CellFilter(text="0"))
    assert np.array(labels_of(stage)).astype(bool).tolist() == [True, False, False]
    dock.display.scope_picked.emit("selected")
    stage.session.select(stage.session.group, [2])
    assert np.array(labels_of(stage)).astype(bool).tolist() == [False, False, True]
    edges = stage.layer("outlines · cells").edge_color[:, 3]
    assert edges.astype(bool).tolist() == [False, False, True]
    dock.display.scope_picked.emit("all")
    assert all(labels_of(stage))


@pytest.mark.parametrize(
    ("style", "labels", "shapes"),
    [("filled", True, False), ("contours", False, True), ("both", True, True)],
)
def test_cells_are_filled_or_outlined(stage, dock, paths, style, labels, shapes):
    stage.open(paths["cells"])
    dock.display.style_picked.emit(style)
    assert stage.layer("cells").visible == labels
    assert stage.layer("outlines · cells").visible == shapes
    assert dock.told["display"][1] == style


def test_the_dock_follows_layers_that_are_hidden(stage, dock, paths):
    stage.open(paths["cells"])
    stage.layer("cells").visible = False
    assert dock.told["display"][1] == "contours"
    stage.layer("outlines · cells").visible = False
    assert dock.told["display"][1] is None


def test_cells_are_colored_by_a_column(stage, dock, paths):
    stage.open(paths["cells"])
    by_status = stage.layer("outlines · cells").edge_color.copy()
    dock.display.color_picked.emit("skewness")
    look = stage.coordinator.canvas.look_of(stage.session.group)
    assert look.color_by == "values"
    dock.display.color_picked.emit("size")
    assert dock.told["legend"][0] == 9
    assert dock.told["legend"][2].endswith("µm")
    assert not np.allclose(stage.layer("outlines · cells").edge_color, by_status)
    dock.display.color_picked.emit("file")
    assert look.color_by == "file"
    assert dock.told["legend"] == (None, "", "")
    dock.display.color_picked.emit("status")
    np.testing.assert_allclose(stage.layer("outlines · cells").edge_color, by_status)


def test_coloring_in_the_other_dock_is_followed(stage, dock, paths):
    stage.open(paths["cells"])
    dock.display.color_picked.emit("size")
    stage.view.coloring_picked.emit("file")
    assert dock.told["display"][2] == "file"
    assert dock.told["legend"] == (None, "", "")
    stage.view.coloring_picked.emit("status")
    assert dock.told["display"][2] == "status"


def test_the_other_dock_follows_the_coloring_here(stage, dock, paths):
    stage.open(paths["cells"], paths["twins"])
    assert stage.view.coloring == "status"
    dock.display.color_picked.emit("file")
    assert stage.view.coloring == "file"
    dock.display.color_picked.emit("size")
    assert stage.view.coloring == "values"
    assert stage.another_dock().coloring == "values"
    dock.group_picked.emit(1)
    assert stage.view.coloring == "status", "each set has its own"
    dock.group_picked.emit(0)
    assert stage.view.coloring == "values"


def test_a_column_that_is_gone_colors_nothing(stage, dock, paths):
    stage.open(paths["cells"], paths["events"])
    dock.display.color_picked.emit("num_events")
    assert dock.told["display"][2] == "num_events"
    stage.viewer.layers.remove("events")
    assert dock.told["display"][2] == "status"
    assert stage.coordinator.canvas.look_of(stage.session.group).color_by == "status"


def test_zooming_brings_a_cell_to_the_middle(stage, dock, tmp_path):
    spacing = Spacing.regular((60, 80), 3.0)
    cells = make_cells(tmp_path / "wide.isxd", centers=CENTERS, spacing=spacing)
    stage.open(cells)
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    dock.table.cell_opened.emit(2)
    np.testing.assert_allclose(camera.center[-2:], (49.5, 28.5), atol=1)
    stage.session.select(stage.session.group, [2])
    opened = camera.center, camera.zoom
    camera.center, camera.zoom = (0.0, 0.0, 0.0), 1.0
    stage.coordinator.closeup._centering.center()
    assert (camera.center, camera.zoom) == opened, "wherever it is asked for"


def test_suspected_duplicates_are_listed_and_selected(stage, dock, paths):
    stage.open(paths["twins"])
    (pair,) = dock.told["pairs"]
    assert (pair.first, pair.second) == ("C0", "C1")
    dock.duplicates.pair_picked.emit(0)
    assert stage.session.selected == (0, 1)
    assert stage.view.drawn == ["C0", "C1"]


def pairs_of(dock):
    return [(pair.decision, pair.statuses) for pair in dock.told["pairs"]]


def test_a_pair_is_shown_whole(stage, dock, tmp_path):
    spacing = Spacing.regular((60, 80), 3.0)
    twins = [blob((60, 80), (20, 20), 3), blob((60, 80), (20, 22), 3)]
    stage.open(make_cells(tmp_path / "wide.isxd", footprints=twins, spacing=spacing))
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    dock.duplicates.pair_picked.emit(0)
    np.testing.assert_allclose(camera.center[-2:], (61.5, 64.5), atol=1)
    dock.table.cell_opened.emit(0)
    np.testing.assert_allclose(camera.center[-2:], (61.5, 61.5), atol=1)


@pytest.mark.parametrize(
    ("kept", "decision", "statuses"),
    [
        ("first", "keep C0", ("undecided", "rejected")),
        ("second", "keep C1", ("rejected", "undecided")),
        ("both", "keep both", ("undecided", "undecided")),
    ],
)
def test_one_step_decides_which_of_a_pair_is_kept(stage, dock, paths, kept, decision, statuses):
    stage.open(paths["twins"])
    dock.is_at_duplicates = True
    dock.duplicates_toggled.emit(True)
    assert stage.session.selected == (0, 1), "the first open pair is picked"
    dock.duplicates.kept.emit(kept)
    assert pairs_of(dock) == [(decision, statuses)]
    assert dock.told["note"] == ("Every suspected pair is decided.", "")
    stage.session.deselect()
    dock.decisions.undo_requested.emit()
    assert pairs_of(dock) == [("", ("undecided", "undecided"))]
    assert stage.session.selected == (0, 1)
    said = decision if kept != "both" else "keep C0 and C1"
    assert dock.told["steps"][:2] == ("", said)
    assert dock.told["note"][0].startswith(f"Undone: {said}")
    dock.decisions.redo_requested.emit()
    assert pairs_of(dock) == [(decision, statuses)]


def test_a_kept_cell_is_not_rejected_any_more_and_an_accepted_one_stays(stage, dock, paths):
    stage.open(paths["twins"])
    curation = stage.session.group.curation
    curation.decide_many({0: "rejected", 1: "accepted"})
    dock.duplicates.pair_picked.emit(0)
    stage.coordinator.cells.keep("first")
    assert curation.statuses[:2] == ["undecided", "rejected"]
    curation.decide([0], "accepted")
    stage.session.select(stage.session.group, [0, 1])
    stage.coordinator.cells.keep("first")
    assert curation.statuses[:2] == ["accepted", "rejected"]
    entry = [one for one in curation.journal_entries() if one.kind == "decided"][1]
    assert (entry.how, entry.note) == ("key", "suspected duplicate: keep C0")


def test_keys_for_a_pair_say_what_they_need(stage, dock, paths):
    stage.open(paths["twins"])
    stage.session.select(stage.session.group, [2])
    stage.coordinator.cells.keep("first")
    assert dock.told["note"][0].startswith("Pick a pair of suspected duplicates first")
    assert stage.session.group.curation.unsaved == ()


def test_next_goes_round_the_open_pairs(stage, dock, tmp_path):
    shape = (23, 31)
    three = [blob(shape, (9, 9), 4), blob(shape, (9, 10), 4), blob(shape, (10, 9), 4)]
    stage.open(make_cells(tmp_path / "three.isxd", footprints=three))
    assert len(dock.told["pairs"]) == 3
    dock.is_at_duplicates = True
    dock.duplicates_toggled.emit(True)
    first = stage.session.selected
    dock.duplicates.kept.emit("both")
    assert stage.session.selected != first
    assert [bool(pair.decision) for pair in dock.told["pairs"]] == [True, False, False]
    dock.duplicates.kept.emit("both")
    dock.duplicates.next_requested.emit()
    assert dock.told["pair"] == 2


def test_a_decision_repaints_only_the_cells_that_changed(stage, dock, paths):
    stage.open(paths["cells"])
    stage.session.select(stage.session.group, [0])
    dock.decisions.decided.emit("rejected")
    assert dock.told["changed"] == (0,)
    stage.session.review.decide([0, 1, 2], "rejected")
    assert dock.told["changed"] == (1,)
    stage.session.review.table.propose({2: "accepted"})
    assert dock.told["changed"] == (2,)


def test_a_header_menu_sorts_and_traces_are_asked_for(stage, dock, paths):
    stage.open(paths["cells"])
    heard = []
    stage.coordinator.cells.traces_requested.connect(lambda: heard.append(True))
    for wanted in (("size", False), ("size", True), None):
        dock.table.sorting_picked.emit(wanted)
        assert stage.session.review.table.sorted_by == dock.told["sorting"] == wanted
    dock.table.traces_requested.emit()
    assert heard == [True]


def test_sets_of_one_name_are_told_apart_by_their_folders(stage, dock, paths, tmp_path):
    for folder in ("mouse-1/day", "mouse-2/day"):
        (tmp_path / folder).mkdir(parents=True)
        stage.open(make_cells(tmp_path / folder / "cells.isxd"))
    assert dock.told["groups"][0] == ["cells · mouse-1/day", "cells · mouse-2/day"]
    stage.open(paths["twins"])
    assert dock.told["groups"][0][2] == "twins"


def test_two_sets_each_have_their_own(stage, dock, paths):
    stage.open(paths["cells"], paths["twins"])
    dock.table.sort_requested.emit("name")
    dock.display.color_picked.emit("size")
    dock.group_picked.emit(1)
    assert dock.told["groups"] == (["cells", "twins"], 1)
    assert dock.told["table"].sorted_by is None
    assert dock.told["display"][2] == "status"
    stage.coordinator.session.review.decide_shown("rejected")
    dock.group_picked.emit(0)
    assert dock.told["counts"][0] == (2, 0, 1)
    assert dock.told["table"].sorted_by == ("name", True)
    assert dock.told["display"][2] == "size"


def test_a_decision_about_a_cell_that_the_filters_hide_is_said(stage, dock, paths):
    stage.open(paths["cells"])
    group, review = stage.session.group, stage.session.review
    stage.session.select(group, [1])
    review.table.filter_by(CellFilter(text=group.names[0]))
    stage.coordinator.cells.decide("rejected")
    assert group.status(1) == "rejected"
    text, _ = dock.told["note"]
    assert text == f"{group.names[1]}: rejected, in a row that the filters hide"
    review.table.filter_by(CellFilter())
    stage.session.select(group, [1])
    stage.coordinator.cells.decide("accepted")
    assert dock.told["note"][0] == ""
