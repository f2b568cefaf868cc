"""The table of cells: what is shown, in which order, and where a decision leaves the user."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from helpers.scenes import make_cells
from psygnal import Signal

from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.io.base.names import natural_ranks
from napari_isx.session.cell_filter import CellFilter, histogram
from napari_isx.session.cell_table import CellTable
from napari_isx.session.decisions.curation import Curation

NAMES = ["C10", "C2", "b 1 left", "C1", "c2 LEFT"]
STATUSES = ["accepted", "undecided", "undecided", "rejected", "undecided"]
UNDECIDED = CellFilter(statuses=frozenset({"undecided"}))
SNR = Metric("snr", "SNR", "How strong.", format=".1f")
AREA = Metric("area", "Area", "How large.", unit="µm²", format=".0f")


class Decisions:
    """Statuses that change, as Curation has them."""

    changed: ClassVar[Signal] = Signal(tuple)

    def __init__(self, statuses):
        self.statuses = list(statuses)

    def decide(self, cells, status):
        for cell in cells:
            self.statuses[cell] = status
        self.changed.emit(tuple(cells))


@pytest.fixture
def decisions():
    return Decisions(STATUSES)


@pytest.fixture
def table(decisions):
    table = CellTable(NAMES, decisions)
    table.set_columns([SNR, AREA])
    table.set_values({"snr": [3.0, np.nan, 1.0, 3.0, np.inf]})
    return table


@pytest.fixture
def told(table):
    """What the table tells, in order."""
    told = []
    table.order_changed.connect(lambda: told.append("order"))
    table.columns_changed.connect(lambda: told.append("columns"))
    table.values_changed.connect(told.append)
    return told


def order(table):
    return table.order.tolist()


def test_it_starts_as_the_file_has_it(table):
    assert order(table) == [0, 1, 2, 3, 4]
    assert table.sorted_by is None
    assert table.filtered_by.is_open
    assert [column.key for column in table.columns] == ["status", "name", "snr", "area"]
    assert table.statuses == STATUSES
    assert len(table) == 5


@pytest.mark.parametrize(
    ("ascending", "expected"), [(True, [2, 0, 3, 1, 4]), (False, [0, 3, 2, 1, 4])]
)
def test_undefined_values_come_last_and_equal_ones_stay_in_order(table, ascending, expected):
    table.sort_by("snr", ascending)
    assert order(table) == expected
    assert table.sorted_by == ("snr", ascending)


def test_names_are_sorted_as_people_count(table):
    table.sort_by("name")
    assert order(table) == [2, 3, 1, 4, 0]
    table.sort_by("name", ascending=False)
    assert order(table) == [0, 4, 1, 3, 2]
    table.sort_by(None)
    assert order(table) == [0, 1, 2, 3, 4]


def test_numbers_in_names_can_be_of_any_kind_and_length():
    names = ["C" + "9" * 5000, "C010", "C9", "C10", "", "9C", "C\u0661\u0660", "²"]
    ranks = natural_ranks(names)
    assert ranks[2] < ranks[1] == ranks[3] < ranks[0]
    assert ranks[4] == 0
    assert len(set(ranks.tolist())) == 7


def test_statuses_are_sorted_from_accepted_to_rejected(table):
    table.sort_by("status")
    assert order(table) == [0, 1, 2, 4, 3]


def test_sorting_by_no_column_is_an_error(table):
    with pytest.raises(KeyError):
        table.sort_by("size")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", [0, 1, 2, 3, 4]), ("c1", [0, 3]), ("Left c", [4]), ("left 1", [2]), ("x", [])],
)
def test_each_word_must_be_in_the_name(table, text, expected):
    table.filter_by(CellFilter(text=text))
    assert order(table) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(1, 3, [0, 2, 3]), (1.5, None, [0, 3]), (None, 1, [2]), (None, None, [0, 1, 2, 3, 4])],
)
def test_ranges_include_their_ends_and_nothing_undefined(table, low, high, expected):
    table.filter_by(CellFilter().with_range("snr", low, high))
    assert order(table) == expected


def test_all_of_a_filter_must_be_met(table):
    chosen = CellFilter("c", frozenset({"accepted", "rejected"})).with_range("snr", 2)
    table.filter_by(chosen)
    assert order(table) == [0, 3]
    assert not chosen.is_open
    table.filter_by(chosen.with_range("snr"))
    assert order(table) == [0, 3]
    assert chosen.with_range("snr").ranges == {}


@pytest.mark.parametrize("limits", [(2, 1), (np.nan, 1), (1, np.nan)])
def test_a_range_without_values_is_refused(limits):
    with pytest.raises(ValueError, match="no value"):
        CellFilter().with_range("snr", *limits)


def test_counts_are_of_all_and_of_the_rows_shown(table):
    assert table.counts() == {"accepted": 1, "undecided": 3, "rejected": 1}
    table.filter_by(CellFilter(text="c1"))
    assert table.counts(filtered=True) == {"accepted": 1, "undecided": 0, "rejected": 1}
    assert table.counts() == {"accepted": 1, "undecided": 3, "rejected": 1}


def test_columns_that_are_not_computed_yet_hide_nothing(table, told):
    table.filter_by(CellFilter().with_range("area", 50))
    table.sort_by("area")
    assert order(table) == [0, 1, 2, 3, 4]
    assert table.values("area") is None
    assert told == []
    table.set_values({"area": [60, 40, 55, 10, 50]})
    assert told == ["area", "order"]
    assert order(table) == [4, 2, 0]


def test_values_that_rows_do_not_depend_on_leave_them(table, told):
    table.set_values({"area": [5, 4, 3, 2, 1]})
    assert told == ["area"]
    assert table.text(0, "area") == "5"


def test_other_columns_keep_the_values_of_those_that_stay(table, told):
    table.sort_by("snr")
    table.set_columns([AREA, SNR])
    assert told == ["order", "columns"]
    assert table.values("snr")[0] == 3
    table.set_columns([AREA])
    assert told == ["order", "columns", "columns", "order"]
    assert order(table) == [0, 1, 2, 3, 4]
    assert table.values("snr") is None


def test_values_must_fit(table):
    with pytest.raises(KeyError):
        table.set_values({"size": [1, 2, 3, 4, 5]})
    with pytest.raises(ValueError, match="5 cells"):
        table.set_values({"area": [1, 2]})


def test_values_and_order_handed_out_cannot_change_the_table(table):
    with pytest.raises(ValueError, match="read-only"):
        table.values("snr")[0] = 9
    table.order[:] = 0
    assert order(table) == [0, 1, 2, 3, 4]
    given = np.arange(5.0)
    table.set_values({"area": given})
    given[:] = 9
    assert table.values("area").tolist() == [0, 1, 2, 3, 4]


def test_texts_are_what_is_shown(table):
    shown = [table.text(1, column.key) for column in table.columns]
    assert shown == ["undecided", "C2", "", ""]
    assert table.text(4, "snr") == ""
    assert table.text(0, "snr") == "3.0"


def test_steps_follow_the_order(table):
    table.sort_by("snr")
    assert [table.step(cell, 1) for cell in (2, 0, 3, 1, 4)] == [0, 3, 1, 4, 4]
    assert [table.step(cell, -1) for cell in (2, 0, 3, 1, 4)] == [2, 2, 0, 3, 1]
    assert table.step(2, 3) == 1
    assert (table.step(None, 1), table.step(None, -1)) == (2, 4)
    assert [table.position_of(cell) for cell in range(5)] == [1, 3, 0, 2, 4]


def test_steps_from_a_cell_that_is_filtered_out_start_at_its_place(table):
    table.sort_by("snr")
    table.filter_by(CellFilter(text="c"))  # 0, 3, 1, 4
    assert table.position_of(2) is None
    assert (table.step(2, 1), table.step(2, -1)) == (0, 0)
    table.filter_by(CellFilter(text="c1"))  # 0, 3
    assert (table.step(1, 1), table.step(1, -1)) == (3, 3)
    assert (table.step(2, 2), table.step(1, -2)) == (3, 0)
    table.filter_by(CellFilter(text="nobody"))
    assert table.step(1, 1) is None
    assert table.position_of(1) is None


def test_reviewing_all_undecided_cells_visits_each_once(table, decisions):
    table.filter_by(UNDECIDED)
    table.sort_by("snr")
    cell, visited = table.step(None, 1), []
    while decisions.statuses.count("undecided"):
        table.select([cell])
        visited.append(cell)
        decisions.decide([cell], "accepted")
        assert table.position_of(cell) is not None
        cell = table.step(cell, 1)
    assert visited == [2, 1, 4]
    assert order(table) == [4]  # the last one stays under the hand
    table.select([])
    assert order(table) == []


def test_a_decided_cell_keeps_its_row_until_another_is_selected(table, decisions, told):
    table.filter_by(UNDECIDED)
    table.select([1])
    told.clear()
    decisions.decide([1], "rejected")
    assert told == ["status"]
    assert order(table) == [1, 2, 4]
    assert table.text(1, "status") == "rejected"
    assert table.counts(filtered=True) == {"accepted": 0, "undecided": 2, "rejected": 1}
    table.select([table.step(1, 1)])
    assert told == ["status", "order"]
    assert order(table) == [2, 4]


def test_a_decided_cell_keeps_its_row_when_sorted_by_status(table, decisions):
    table.sort_by("status")
    table.select([1])
    decisions.decide([1], "rejected")
    assert order(table) == [0, 1, 2, 4, 3]
    assert table.step(1, 1) == 2
    table.select([2])
    assert order(table) == [0, 2, 4, 1, 3]


def test_changing_the_filter_or_the_sorting_lets_rows_go_at_once(table, decisions):
    table.filter_by(UNDECIDED)
    table.select([1])
    decisions.decide([1], "rejected")
    table.sort_by("name")
    assert order(table) == [2, 4]
    decisions.decide([1], "undecided")
    assert order(table) == [2, 4]
    table.filter_by(UNDECIDED)
    assert order(table) == [2, 1, 4]


def test_cells_that_are_not_selected_come_and_go_at_once(table, decisions):
    table.filter_by(UNDECIDED)
    table.select([2])
    decisions.decide([1, 2, 4], "rejected")  # in bulk
    assert order(table) == [2]
    table.select([0])
    assert order(table) == []
    decisions.decide([1, 2, 4], "undecided")  # undone
    assert order(table) == [1, 2, 4]


def test_going_back_to_a_decided_cell_by_undo_shows_it_again(table, decisions):
    table.filter_by(UNDECIDED)
    table.select([1])
    decisions.decide([1], "accepted")
    table.select([2])
    decisions.decide([1], "undecided")
    table.select([1])
    assert order(table) == [1, 2, 4]


def test_changes_that_change_nothing_are_not_told(table, decisions, told):
    table.select([1])
    decisions.decide([1], "undecided")
    table.filter_by(CellFilter())
    table.sort_by("snr")
    table.sort_by("snr")
    assert told == ["order"]


def test_cells_without_decisions_have_no_status():
    table = CellTable(["a", "b"])
    assert [column.key for column in table.columns] == ["name"]
    assert table.statuses is None
    table.filter_by(UNDECIDED)
    assert order(table) == [0, 1]
    assert table.counts() == {"accepted": 0, "undecided": 0, "rejected": 0}


def test_a_set_without_cells_has_no_rows():
    table = CellTable([], Decisions([]))
    table.set_columns([SNR])
    table.set_values({"snr": []})
    for key in ("snr", "name", "status"):
        table.sort_by(key)
    table.filter_by(CellFilter("x").with_range("snr", 1))
    assert order(table) == []
    assert table.step(None, 1) is None
    assert table.counts(filtered=True) == {"accepted": 0, "undecided": 0, "rejected": 0}


def test_it_follows_the_decisions_of_a_curation(tmp_path, opened):
    cells = opened(make_cells(tmp_path / "cells.isxd"))
    curation = Curation(cells)
    table = CellTable(cells.names, curation)
    curation.decide([1], "accepted")
    assert table.statuses == ["undecided", "accepted", "undecided"]
    assert table.counts() == {"accepted": 1, "undecided": 2, "rejected": 0}


def test_a_table_that_is_no_longer_used_is_let_go_of(decisions):
    CellTable(NAMES, decisions)
    assert len(decisions.changed) <= 1
    decisions.decide([0], "rejected")
    assert len(decisions.changed) == 0


def test_a_histogram_counts_all_finite_values():
    values = np.array([0.0, 1.0, 2.5, 10.0, np.nan, np.inf])
    counts, edges = histogram(values, 5)
    assert counts.tolist() == [2, 1, 0, 0, 1]
    np.testing.assert_allclose(edges, [0, 2, 4, 6, 8, 10])


def test_whole_numbers_have_a_bin_each():
    counts, edges = histogram(np.array([1.0, 1.0, 3.0, np.nan]))
    assert counts.tolist() == [2, 0, 1]
    assert edges.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert len(histogram(np.arange(1000.0))[0]) == 32


@pytest.mark.parametrize(
    "values",
    [
        [],
        [np.nan],
        [0.5],
        [0.5, 0.5],
        [1.0, np.nextafter(1.0, 2.0)],
        [-1.7e308, 1.7e308],
        [5e-324, 1e-323, 0.0],
        [1e300],
        [-1e308, 0.5],
    ],
)
def test_any_values_have_a_histogram(values):
    counts, edges = histogram(np.array(values, float))
    assert counts.sum() == np.count_nonzero(np.isfinite(values))
    assert len(edges) == len(counts) + 1
    assert (np.diff(edges) > 0).all()
