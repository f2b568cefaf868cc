"""What is decided about cells."""

from __future__ import annotations

import pytest
from scenes import make_cells

from napari_isx import open_isx
from napari_isx.session.curation import Curation

STATUSES = ["accepted", "undecided", "rejected"]


@pytest.fixture
def cells(tmp_path):
    with open_isx(make_cells(tmp_path / "cells.isxd", statuses=STATUSES)) as opened:
        yield opened


@pytest.fixture
def changes(cells):
    """A curation, and a list that grows with each change it tells of."""
    curation, told = Curation(cells), []
    curation.changed.connect(lambda: told.append(curation.statuses))
    return curation, told


def test_it_starts_with_what_the_file_says(cells):
    curation = Curation(cells)
    assert curation.statuses == STATUSES
    assert [curation.status(i) for i in range(3)] == STATUSES
    assert curation.is_saved


def test_one_decision_about_several_cells_is_told_once(changes):
    curation, told = changes
    curation.decide([1, 2], "accepted")
    assert told == [["accepted"] * 3]
    assert not curation.is_saved


def test_a_decision_that_changes_nothing_is_not_told(changes):
    curation, told = changes
    curation.decide([0], "accepted")
    curation.decide([], "rejected")
    assert told == []
    assert curation.is_saved


def test_changing_ones_mind_back_is_as_good_as_saved(changes):
    curation, told = changes
    curation.decide([0], "rejected")
    curation.decide([0], "accepted")
    assert len(told) == 2
    assert curation.is_saved


def test_the_list_handed_out_is_a_copy(cells):
    curation = Curation(cells)
    curation.statuses[0] = "rejected"
    assert curation.status(0) == "accepted"


def test_the_file_has_decisions_only_once_they_are_saved(cells):
    curation = Curation(cells)
    curation.decide([1], "rejected")
    assert cells.statuses == STATUSES
    curation.save()
    assert curation.is_saved
    with open_isx(cells.path) as again:
        assert again.statuses == ["accepted", "rejected", "rejected"]


def test_decisions_stay_when_saving_fails(cells, monkeypatch):
    curation = Curation(cells)
    curation.decide([1], "rejected")

    def fail(statuses):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cells, "save_statuses", fail)
    with pytest.raises(PermissionError):
        curation.save()
    assert curation.status(1) == "rejected"
    assert not curation.is_saved
