"""Agreement of two raters, held against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_isx.session import raters
from napari_isx.session.decisions.entries import CellSetIdentity
from napari_isx.session.raters import Rater

A, U, R = "accepted", "undecided", "rejected"
NAMES = ["C0", "C1", "C2", "C3", "C4"]


def compare(names, a, b):
    cells = CellSetIdentity("cells.isxd", tuple(names))
    return raters.compare(Rater("a", cells, a), Rater("b", cells, b))


def test_three_kinds_of_answers_by_hand():
    # Three of five... four agree: p = 0.8. By chance 2/5 * 3/5 + 2/5 * 1/5 + 1/5 * 1/5 = 0.36,
    # so kappa is 0.44 / 0.64 = 0.6875, as scikit-learn's documentation has it for these answers.
    found = compare(NAMES, [R, A, R, U, A], [R, A, R, U, R])
    assert found.n == 5
    assert "They agree about 4 of 5 cells (80.0%)" in found.text
    assert found.kappa == pytest.approx(0.6875)
    assert found.disagreements.to_dict("records") == [{"cell": 4, "name": "C4", "a": A, "b": R}]
    assert found.queue == [4]


def test_two_kinds_of_answers_by_hand():
    # The textbook table 20, 5 / 10, 15: p = 0.7, by chance 0.5, kappa 0.4.
    a = [A] * 25 + [R] * 25
    b = [A] * 20 + [R] * 5 + [A] * 10 + [R] * 15
    found = compare([str(i) for i in range(50)], a, b)
    assert found.kappa == pytest.approx(0.4)
    assert found.confusion.to_numpy().tolist() == [[20, 0, 5], [0, 0, 0], [10, 0, 15]]
    assert found.confusion.loc[A, R] == 5
    assert found.confusion.loc[R, A] == 10
    assert found.queue == list(range(20, 35))


def test_raters_who_disagree_more_than_chance_have_a_negative_kappa():
    assert compare(NAMES[:2], [A, R], [R, A]).kappa == -1


def test_full_agreement_on_several_statuses_is_a_kappa_of_1():
    found = compare(NAMES[:3], [A, U, R], [A, U, R])
    assert found.kappa == 1
    assert found.queue == []
    assert found.disagreements.columns.tolist() == ["cell", "name", "a", "b"]


def test_full_agreement_on_one_status_says_nothing_beyond_chance():
    found = compare(NAMES, [A] * 5, [A] * 5)
    assert "5 of 5 cells (100.0%)" in found.text
    assert np.isnan(found.kappa)


def test_one_rater_who_always_says_the_same_is_no_better_than_chance():
    assert compare(NAMES, [A] * 5, [A, A, R, R, U]).kappa == 0


def test_without_cells_there_is_nothing_to_say():
    found = compare([], [], [])
    assert found.n == 0
    assert found.text == "There are no cells to compare."
    assert np.isnan(found.kappa)
    assert found.queue == []
    assert found.confusion.to_numpy().tolist() == [[0, 0, 0]] * 3


def test_cells_of_one_name_are_two_cells():
    assert compare(["A", "A"], [A, R], [A, A]).queue == [1]
