"""What is decided about cells."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from helpers import recordings
from helpers.scenes import make_cells

from napari_isx import IsxFileError, open_isx, write_cell_set
from napari_isx.session.decisions.conflicts import SaveConflict
from napari_isx.session.decisions.curation import Curation

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
    assert not curation.unsaved


def test_one_decision_about_several_cells_is_told_once(changes):
    curation, told = changes
    curation.decide([1, 2], "accepted")
    assert told == [["accepted"] * 3]
    assert curation.unsaved


def test_a_decision_that_changes_nothing_is_not_told(changes):
    curation, told = changes
    curation.decide([0], "accepted")
    curation.decide([], "rejected")
    assert told == []
    assert not curation.unsaved


def test_changing_ones_mind_back_is_as_good_as_saved(changes):
    curation, told = changes
    curation.decide([0], "rejected")
    curation.decide([0], "accepted")
    assert len(told) == 2
    assert not curation.unsaved


def test_the_list_handed_out_is_a_copy(cells):
    curation = Curation(cells)
    curation.statuses[0] = "rejected"
    assert curation.status(0) == "accepted"


def test_the_file_has_decisions_only_once_they_are_saved(cells):
    curation = Curation(cells)
    curation.decide([1], "rejected")
    assert cells.statuses == STATUSES
    curation.save()
    assert not curation.unsaved
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
    assert curation.unsaved


def test_cells_that_do_not_exist_and_unknown_statuses_are_refused_before_anything(changes):
    curation, told = changes
    with pytest.raises(IndexError, match=r"cell 3 of cells\.isxd, which has 3 cells"):
        curation.decide([0, 3], "rejected")
    with pytest.raises(ValueError, match="unknown status 'good'"):
        curation.decide_many({0: "rejected", 1: "good"})
    curation.decide([-1], "accepted")
    assert told == [["accepted", "undecided", "accepted"]]


def test_the_cells_that_changed_are_told(cells):
    curation, told = Curation(cells), []
    curation.changed.connect(lambda changed: told.append(changed))
    curation.decide([0, 1, 2], "rejected")
    curation.undo()
    curation.decide_many({2: "accepted", 1: "undecided", 0: "rejected"})
    assert told == [(0, 1), (0, 1), (2, 0)]


def test_undo_and_redo_of_every_decision(changes):
    curation, told = changes
    states = [curation.statuses]
    for i in range(300):
        curation.decide([i % 3, (i + 1) % 3], ["rejected", "accepted", "undecided"][i // 3 % 3])
        states.append(curation.statuses)
    num_changes = sum(a != b for a, b in itertools.pairwise(states))
    assert 199 <= num_changes < 300
    for state in states[-2::-1]:
        assert curation.undo_text
        curation.undo()
        assert curation.statuses == state
    assert not curation.undo_text
    assert curation.undo_text == ""
    curation.undo()
    for state in states[1:]:
        assert curation.redo_text
        curation.redo()
        assert curation.statuses == state
    assert not curation.redo_text
    assert curation.redo_text == ""
    curation.redo()
    assert len(told) == 3 * num_changes


def test_a_new_decision_ends_redo(cells):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    curation.decide([1], "rejected")
    curation.undo()
    curation.decide([1], "undecided")  # which it is
    assert curation.undo_text == "set undecided: C1, which changed nothing"
    assert curation.redo_text
    curation.undo()
    assert curation.statuses == ["rejected", "undecided", "rejected"]
    assert curation.undo_text == "reject C0"
    curation.decide([1], "accepted")
    assert not curation.redo_text
    curation.undo()
    assert curation.statuses == ["rejected", "undecided", "rejected"]


@pytest.mark.parametrize(
    ("statuses", "how", "note", "text"),
    [
        ({0: "rejected"}, "key", "", "reject C0"),
        ({1: "accepted", 2: "accepted"}, "bulk", "", "accept 2 cells"),
        ({0: "undecided"}, "click", "", "set undecided: C0"),
        ({0: "rejected", 1: "rejected"}, "rule", "SNR < 3", "reject 2 cells by rule SNR < 3"),
        ({0: "rejected", 1: "accepted"}, "rule", "SNR", "decide 2 cells by rule SNR"),
    ],
)
def test_what_undo_says_it_would_do(cells, statuses, how, note, text):
    curation = Curation(cells)
    curation.decide_many(statuses, how, note)
    assert curation.undo_text == text
    curation.undo()
    assert curation.redo_text == text


def test_saving_is_told_and_undone_decisions_are_unsaved_again(cells):
    curation, told = Curation(cells), []
    curation.saved.connect(lambda: told.append(curation.unsaved))
    curation.decide([1], "rejected")
    assert curation.unsaved == (1,)
    curation.save()
    assert told == [()]
    assert curation.unsaved == ()
    curation.undo()
    assert curation.unsaved == (1,)


def save_elsewhere(isx, path, statuses):
    """As IDPS does, with its own package where there is one."""
    theirs = isx.CellSet.read(str(path), read_only=False)
    for i, status in enumerate(statuses):
        theirs.set_cell_status(i, status)
    theirs.flush()
    del theirs


@pytest.fixture
def recorded(tmp_path):
    """Cells in a footer with the spaces and keys that isx itself writes."""
    path = recordings.write_cells(tmp_path / "cells.isxd", 3)
    with open_isx(path) as opened:
        assert opened.statuses == STATUSES
        yield opened


def test_a_file_that_another_program_changed_is_not_saved_over_unasked(isx, recorded):
    cells, curation = recorded, Curation(recorded)
    curation.decide([0], "rejected")
    curation.decide([2], "undecided")
    save_elsewhere(isx, cells.path, ["undecided", "rejected", "undecided"])
    before = cells.path.read_bytes()
    with pytest.raises(SaveConflict, match="2 cells have another status in the file") as caught:
        curation.save()
    assert cells.path.read_bytes() == before
    assert caught.value.differences == (
        (0, "C0", "accepted", "undecided", "rejected"),
        (1, "Zelle ä", "undecided", "rejected", "undecided"),
    )
    assert [d.is_ours_decided for d in caught.value.differences] == [True, False]
    assert curation.statuses == ["rejected", "undecided", "undecided"]
    curation.take_theirs(caught.value)
    assert curation.undo_text == "take from the file: Zelle ä"
    curation.save(over=caught.value)
    with open_isx(cells.path) as again:
        assert again.statuses == ["rejected", "rejected", "undecided"] == curation.statuses
    curation.save()


def test_only_what_a_person_saw_is_written_over(cells):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    with open_isx(cells.path) as other:
        other.save_statuses(["undecided", "undecided", "rejected"])
        with pytest.raises(SaveConflict) as seen:
            curation.save()
        other.save_statuses(["undecided", "accepted", "rejected"])  # while the dialog is open
    with pytest.raises(SaveConflict, match="2 cells") as again:
        curation.save(over=seen.value)
    curation.save(over=again.value)
    with open_isx(cells.path) as saved:
        assert saved.statuses == curation.statuses == ["rejected", "undecided", "rejected"]


def test_the_other_window_can_have_its_way_altogether(cells):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    with open_isx(cells.path) as other:
        other.save_statuses(["undecided", "rejected", "rejected"])
    with pytest.raises(SaveConflict) as caught:
        curation.save()
    curation.take_theirs(caught.value, decided_here=True)
    curation.save(over=caught.value)
    with open_isx(cells.path) as again:
        assert again.statuses == ["undecided", "rejected", "rejected"]


def test_a_file_that_was_changed_as_we_did_is_no_conflict(cells):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    with open_isx(cells.path) as other:
        other.save_statuses(curation.statuses)
    curation.save()
    assert not curation.unsaved


def test_a_file_that_was_replaced_is_left_alone(cells, tmp_path):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    other = make_cells(tmp_path / "new.isxd", names=["x", "y", "z"])
    other.replace(cells.path)
    before = cells.path.read_bytes()
    for over in (None, SaveConflict(cells.path, "")):
        with pytest.raises(IsxFileError, match="not the file that was opened"):
            curation.save(over=over)
    assert cells.path.read_bytes() == before
    assert curation.status(0) == "rejected"


def test_other_cells_that_only_have_the_same_names_are_left_alone(cells, tmp_path):
    """As when cells were extracted anew, and as many were found."""
    curation = Curation(cells)
    curation.decide([0], "rejected")
    curation.save()
    other = tmp_path / "new.isxd"
    write_cell_set(
        other,
        cells.footprints,
        cells.traces[::-1],
        names=cells.names,
        statuses=cells.statuses,
        timing=cells.timing,
        spacing=cells.spacing,
    )
    other.replace(cells.path)
    before = cells.path.read_bytes()
    curation.decide([1], "rejected")
    seen = SaveConflict(cells.path, "")
    for write in (curation.save, partial(curation.save, over=seen), curation.restore_previous_save):
        with pytest.raises(IsxFileError, match="other cells by now"):
            write()
    assert cells.path.read_bytes() == before
    assert curation.statuses == ["rejected"] * 3


def test_the_last_save_is_taken_back_and_that_too(isx, cells):
    curation = Curation(cells)
    curation.decide([0, 1, 2], "rejected")
    curation.save()
    curation.decide([1], "accepted")
    curation.restore_previous_save()
    assert curation.statuses == STATUSES
    assert not curation.unsaved
    theirs = isx.CellSet.read(str(cells.path))
    assert [theirs.get_cell_status(i) for i in range(3)] == STATUSES
    del theirs
    assert curation.undo_text == "take from the file: 2 cells"
    curation.undo()
    assert curation.statuses == ["rejected", "accepted", "rejected"]
    curation.restore_previous_save()
    assert curation.statuses == ["rejected"] * 3
    with open_isx(cells.path) as again:
        assert again.statuses == ["rejected"] * 3
        assert Curation(again).restorable is None


def test_with_nothing_saved_there_is_nothing_to_take_back(cells):
    curation = Curation(cells)
    curation.decide([0], "rejected")
    with pytest.raises(IsxFileError, match="no earlier statuses are kept"):
        curation.restore_previous_save()
    assert curation.status(0) == "rejected"


def test_a_set_without_cells_is_no_trouble(tmp_path):
    path = recordings.write_cells(tmp_path / "none.isxd", 0)
    with open_isx(path) as cells:
        curation = Curation(cells)
        curation.decide([], "rejected")
        curation.save()
        assert curation.restorable is None
        assert not curation.unsaved


def test_a_set_that_was_closed_can_still_be_decided_about_and_saved(tmp_path):
    path = make_cells(tmp_path / "cells.isxd", statuses=STATUSES)
    with open_isx(path) as cells:
        curation = Curation(cells)
    curation.decide([1], "rejected")
    curation.save()
    with open_isx(path) as cells:
        assert cells.statuses == ["accepted", "rejected", "rejected"]
