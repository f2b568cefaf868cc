"""The review of a set: table, decisions and measures together, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import blob, make_cells, make_events

from napari_isx import open_isx
from napari_isx.analysis.rois import cut_rois
from napari_isx.session.cell_filter import CellFilter
from napari_isx.session.session import Session

CENTERS = [(5, 6), (5, 20), (16, 9), (16, 22), (10, 14)]
NAMES = ["C0", "C1", "C2", "C3", "C4"]


@pytest.fixture
def cells(tmp_path, opened):
    return opened(make_cells(tmp_path / "cells.isxd", centers=CENTERS))


@pytest.fixture
def session(cells):
    made = Session()
    made.show([cells])
    return made


@pytest.fixture
def review(session):
    return session.review


def measure(review, cells):
    for piece in review.measuring(cut_rois(cells, cells.spacing.num_pixels))():
        review.take(piece)


def names(session):
    return [session.group.names[cell] for cell in session.selected]


def test_a_group_has_one_review_for_its_life(session, review, cells):
    assert session.reviews.of(session.group) is review
    assert review.table.names == NAMES
    assert review.curation is session.group.curation
    session.show([])
    assert session.review is None
    session.show([cells])
    assert session.review is not review


def test_stepping_follows_sorting_and_filter(session, review, cells):
    measure(review, cells)
    review.table.sort_by("name", ascending=False)
    session.step_cell(1)
    assert names(session) == ["C4"]
    session.step_cell(1)
    assert names(session) == ["C3"]
    review.table.filter_by(CellFilter(text="c").with_range("size", high=0.0))
    session.step_cell(1)
    assert names(session) == ["C3"], "no row is shown"
    review.table.filter_by(CellFilter(text="1"))
    session.step_cell(1)
    assert names(session) == ["C1"]
    session.step_cell(-1)
    assert names(session) == ["C1"], "it is the only row"


def test_a_decision_is_about_the_selected_cells(session, review):
    session.select(session.group, [1, 3])
    review.decide_selected("accepted")
    assert review.curation.statuses == [
        "undecided",
        "accepted",
        "undecided",
        "accepted",
        "undecided",
    ]
    assert session.selected == (1, 3)
    assert review.counts() == {"accepted": 2, "undecided": 3, "rejected": 0}
    assert review.num_unsaved == 2
    session.select(session.group, [])
    review.decide_selected("rejected")
    assert review.counts()["rejected"] == 0


def test_a_decision_moves_on_when_that_is_asked_for(session, review):
    session.select(session.group, [0])
    review.decide_selected("accepted", advance=True)
    assert session.selected == (1,)
    session.select(session.group, [1, 2])
    review.decide_selected("accepted", advance=True)
    assert session.selected == (1, 2), "of several cells it is not known which is next"


def test_moving_on_goes_to_the_row_that_was_seen_below(session, review):
    review.table.filter_by(CellFilter(statuses=frozenset({"undecided"})))
    session.step_cell(1)
    for expected in ("C1", "C2", "C3", "C4"):
        review.decide_selected("accepted", advance=True)
        assert names(session) == [expected]
    assert review.counts(filtered=True) == {"accepted": 0, "undecided": 1, "rejected": 0}


def test_all_shown_rows_are_decided_in_one_step(session, review):
    review.decide([4], "accepted")
    review.table.filter_by(CellFilter(statuses=frozenset({"undecided"})))
    review.decide_shown("rejected")
    assert review.curation.statuses == ["rejected"] * 4 + ["accepted"]
    review.undo()
    assert review.curation.statuses == ["undecided"] * 4 + ["accepted"]


def test_after_the_last_row_no_cell_is_selected(session, review):
    ended = []
    review.ended.connect(lambda: ended.append(session.selected))
    session.select(session.group, [4])
    review.decide_selected("accepted", advance=True)
    review.decide_selected("rejected", advance=True)
    assert review.curation.status(4) == "accepted", "the next key decides nothing"
    assert ended == [()]
    session.step_cell(-1)
    assert names(session) == ["C4"], "one row back is the last one"
    review.undo()
    assert session.selected == (4,)


def test_with_undecided_cells_alone_the_list_ends_too(session, review):
    ended = []
    review.ended.connect(lambda: ended.append(len(review.table.order)))
    review.decide([1], "rejected")
    review.table.filter_by(CellFilter(statuses=frozenset({"undecided"})))
    session.select(session.group, [3])
    for expected in ([4], []):
        review.decide_selected("accepted", advance=True)
        assert list(session.selected) == expected
    assert ended == [2]
    review.show_undecided()
    assert names(session) == ["C0"]
    for expected in ([2], []):
        review.decide_selected("accepted", advance=True)
        assert list(session.selected) == expected
    assert ended == [2, 0]


def test_what_is_undecided_is_shown_within_the_filter_if_possible(session, review):
    review.decide([0, 1], "accepted")
    review.table.filter_by(CellFilter("2"))
    review.show_undecided()
    assert review.table.filtered_by == CellFilter("2", frozenset({"undecided"}))
    review.decide_selected("rejected", advance=True)
    review.show_undecided()
    assert review.table.filtered_by == CellFilter(statuses=frozenset({"undecided"}))
    assert names(session) == ["C3"]


def test_undo_and_redo_return_to_where_one_was(session, review):
    session.select(session.group, [2])
    review.decide_selected("accepted", advance=True)
    review.decide([0, 1], "rejected", "bulk")
    session.select(session.group, [4])
    review.undo()
    assert session.selected == (3,), "where one was when the cells were decided about"
    review.undo()
    assert session.selected == (2,)
    assert review.curation.statuses == ["undecided"] * 5
    review.redo()
    assert session.selected == (3,), "the next key decides about the next cell"
    review.redo()
    assert session.selected == (4,)
    assert review.redo() is None
    assert review.counts() == {"accepted": 1, "undecided": 2, "rejected": 2}


def test_undoing_a_big_step_selects_none_of_it(tmp_path, opened):
    path = make_cells(tmp_path / "many.isxd", footprints=[blob((23, 31), (9, 9))] * 30)
    session = Session()
    session.show([opened(path)])
    review = session.review
    review.decide_shown("accepted")
    review.undo()
    assert session.selected == ()
    session.select(session.group, [7])
    review.curation.decide_many(dict.fromkeys(range(30), "rejected"), "rule", "Area > 3")
    review.undo()
    assert session.selected == (7,)
    assert review.num_unsaved == 0


def test_undo_takes_back_the_last_key_even_if_that_changed_nothing(session, review):
    session.select(session.group, [1])
    review.decide_selected("accepted", advance=True)
    session.select(session.group, [0])
    review.decide_selected("undecided", advance=True)
    assert session.selected == (1,)
    assert review.undo().text == "set undecided: C0, which changed nothing"
    assert session.selected == (0,)
    assert review.curation.status(1) == "accepted"
    review.undo()
    assert review.curation.status(1) == "undecided"
    assert session.selected == (1,)


def test_the_next_cell_is_that_of_the_view_that_was_used_last(session, review):
    order = np.array([4, 0, 2, 1])
    review.order = lambda: order
    session.select(session.group, [4])
    for expected in ([0], [2], [1], []):
        review.decide_selected("accepted", advance=True)
        assert list(session.selected) == expected
    session.step_cell(1)
    assert session.selected == (4,)
    session.step_cell(-1)
    assert session.selected == (4,)
    session.select(session.group, [3])
    session.step_cell(1)
    assert session.selected == (4,), "it has no row there, so it goes by the table"
    order = order[:0]
    session.select(session.group, [0])
    session.step_cell(1)
    assert session.selected == (1,), "nobody sees the other view any more"


def test_two_cells_that_may_be_one_are_known_as_a_pair(tmp_path, opened):
    shape = (23, 31)
    twins = [blob(shape, (9, 9), 4), blob(shape, (9, 10), 4), blob(shape, (18, 25), 3)]
    cells = opened(make_cells(tmp_path / "twins.isxd", footprints=twins))
    session = Session()
    session.show([cells])
    review = session.review
    measure(review, cells)
    for selected, is_pair in (([1, 0], True), ([0, 2], False), ([0, 1, 2], False), ([0], False)):
        session.select(session.group, selected)
        assert (review.suspected_pair is not None) == is_pair
    (pair,) = review.duplicates
    assert (review.decision_about(pair), review.next_open_pair()) == ("", 0)
    review.keep(pair, "second")
    assert review.curation.statuses == ["rejected", "undecided", "undecided"]
    assert (review.decision_about(pair), review.next_open_pair()) == ("keep C1", None)
    review.decide([1], "rejected")
    assert review.decision_about(pair) == "keep none"
    review.keep(pair, "both")
    assert review.curation.statuses == ["undecided"] * 3
    assert review.decision_about(pair) == "keep both"
    review.undo()
    assert review.decision_about(pair) == "keep none"
    review.redo()
    assert review.decision_about(pair) == "keep both"


def test_columns_are_there_at_once_and_their_values_later(session, review, cells):
    keys = [metric.key for metric in review.table.columns]
    assert keys[:2] == ["status", "name"]
    assert {"size", "area", "overlap", "peak_snr"} <= set(keys)
    assert review.table.values("size") is None
    assert review.fraction == 0
    told = []
    review.progressed.connect(told.append)
    measure(review, cells)
    assert told == sorted(told)
    assert review.fraction == told[-1] == 1
    for metric in review.table.columns[2:]:
        assert review.table.values(metric.key) is not None, metric.key


def test_events_that_arrive_bring_columns_and_are_measured_anew(session, review, cells, tmp_path):
    measure(review, cells)
    area = review.table.values("area")
    rates = {"C0": [0.3, 1.2], "C1": [0.7], "C2": []}
    with open_isx(make_events(tmp_path / "events.isxd", rates)) as events:
        session.show([cells, events])
        assert session.review is review
        assert review.fraction == 0
        assert review.table.values("num_events") is None
        assert review.table.values("area") is area, "it does not go by events"
        measure(review, cells)
        np.testing.assert_array_equal(review.table.values("num_events")[:3], [2, 1, 0])
        session.show([cells])
        assert review.fraction == 0
        assert "num_events" not in review.table.titles


def test_other_events_leave_no_values_of_those_before(session, review, cells, tmp_path):
    for folder, times in (("one", [0.3]), ("two", [0.3, 0.5])):
        (tmp_path / folder).mkdir()
        make_events(tmp_path / folder / "events.isxd", {"C0": times})
    with (
        open_isx(tmp_path / "one" / "events.isxd") as one,
        open_isx(tmp_path / "two" / "events.isxd") as two,
    ):
        session.show([cells, one])
        measure(review, cells)
        assert review.table.values("num_events")[0] == 1
        session.show([cells, one, two])
        assert review.table.values("num_events")[0] == 1
        session.pick_events(review.group, two)
        assert review.table.values("num_events") is None
        measure(review, cells)
        assert review.table.values("num_events")[0] == 2


def test_suspected_duplicates_come_with_the_measures(tmp_path, opened):
    shape = (23, 31)
    twins = [blob(shape, (9, 9), 4), blob(shape, (9, 10), 4), blob(shape, (18, 25), 3)]
    cells = opened(make_cells(tmp_path / "twins.isxd", footprints=twins))
    session = Session()
    session.show([cells])
    review = session.review
    assert review.duplicates == []
    changes = []
    review.duplicates_changed.connect(lambda: changes.append(1))
    measure(review, cells)
    (pair,) = review.duplicates
    assert (pair.first, pair.second) == (0, 1)
    assert pair.overlap > 0.5
    assert pair.correlation == pytest.approx(1)
    assert changes == [1]


def test_events_alone_are_listed_but_not_decided_about(tmp_path, opened):
    session = Session()
    session.show([opened(make_events(tmp_path / "events.isxd"))])
    review = session.review
    assert review.curation is None
    session.step_cell(1)
    review.decide_selected("accepted")
    review.decide_shown("accepted")
    review.undo()
    review.redo()
    assert review.num_unsaved == 0
    assert review.table.statuses is None
    for piece in review.measuring([])():
        review.take(piece)
    np.testing.assert_array_equal(review.table.values("num_events"), [2, 1, 0])


def test_the_table_of_another_group_keeps_its_order(tmp_path, opened, cells):
    other = opened(make_cells(tmp_path / "others.isxd", centers=[(5, 6), (9, 9)]))
    session = Session()
    session.show([cells, other])
    first, second = (session.reviews.of(group) for group in session.groups)
    first.table.sort_by("name", ascending=False)
    session.select(session.groups[1], [0])
    session.step_cell(1)
    assert (session.group, session.selected) == (session.groups[1], (1,))
    second.decide_selected("rejected")
    assert first.num_unsaved == 0
    first.decide_selected("accepted")
    assert first.num_unsaved == 0, "its cells are not the selected ones"
