"""Restoring, saving and conflicts, in a viewer without a window."""

from __future__ import annotations

import csv

import pytest
from helpers.scenes import make_cells
from napari.utils.notifications import notification_manager

from napari_isx import open_isx
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.session.decisions.curation import Curation

STATUSES = ["accepted", "undecided", "rejected"]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))


@pytest.fixture
def path(tmp_path):
    return make_cells(tmp_path / "cells.isxd", statuses=STATUSES)


@pytest.fixture
def said():
    """What was told since the test began."""
    before = len(notification_manager.records)
    return lambda: [record.message for record in list(notification_manager.records)[before:]]


def decide_elsewhere(path, decisions, *, save=False):
    """What another window does."""
    with open_isx(path) as cells:
        curation = Curation(cells)
        for cell, status in decisions.items():
            curation.decide([cell], status)
        if save:
            curation.save()


def in_file(path):
    with open_isx(path) as cells:
        return cells.statuses


@pytest.fixture
def saving(stage):
    return stage.coordinator.saving


@pytest.fixture
def curation(stage, path):
    stage.open(path)
    return stage.session.group.curation


# Restoring


def test_decisions_of_a_window_that_ended_are_offered(stage, saving, path):
    decide_elsewhere(path, {0: "rejected", 1: "accepted"})
    told = []
    saving.offers_changed.connect(lambda: told.append(len(saving.offers)))
    stage.open(path)
    (offer,) = saving.offers
    assert told[-1] == 1
    assert offer.text.startswith("2 decisions about cells.isxd by ")
    assert "are not in the file." in offer.text
    assert offer.details == "C0: accepted → rejected\nC1: undecided → accepted"
    assert stage.session.group.curation.statuses == STATUSES


def test_what_is_restored_can_be_undone_and_is_not_in_the_file_yet(stage, saving, path, said):
    decide_elsewhere(path, {0: "rejected", 1: "accepted"})
    stage.open(path)
    group = stage.session.group
    saving.restore(group)
    assert group.curation.statuses == ["rejected", "accepted", "rejected"]
    assert saving.offers == []
    assert in_file(path) == STATUSES
    assert said()[-1].startswith("2 decisions about cells.isxd restored.")
    group.curation.undo()
    assert group.curation.statuses == STATUSES


def test_what_is_put_off_is_offered_again_when_it_is_asked_for(stage, saving, path):
    decide_elsewhere(path, {0: "rejected"})
    stage.open(path)
    saving.postpone(stage.session.group)
    assert saving.offers == []
    saving.offer_again()
    saving.restore(saving.offers[0].group)
    assert stage.session.group.curation.status(0) == "rejected"


def test_what_is_put_off_is_offered_at_the_next_opening_and_what_is_dismissed_is_not(
    stage, saving, path
):
    decide_elsewhere(path, {0: "rejected"})
    for act, num_offers in ((saving.postpone, 1), (saving.dismiss, 1), (None, 0)):
        stage.open(path)
        assert len(saving.offers) == num_offers
        if act is not None:
            act(stage.session.group)
        stage.viewer.layers.clear()


def test_only_what_did_not_change_in_the_file_can_be_restored(stage, saving, path):
    decide_elsewhere(path, {0: "rejected", 1: "accepted"})
    with open_isx(path) as cells:
        cells.save_statuses(["undecided", "undecided", "rejected"])
    stage.open(path)
    assert "1 of these cells got another status there since." in saving.offers[0].text
    assert "C0: undecided → rejected (changed in the file since)" in saving.offers[0].details
    saving.restore(stage.session.group, conflicting=False)
    assert stage.session.group.curation.statuses == ["undecided", "accepted", "rejected"]


def test_an_offer_goes_with_its_file(stage, saving, path):
    decide_elsewhere(path, {0: "rejected"})
    stage.open(path)
    stage.viewer.layers.clear()
    assert saving.offers == []


# Saving


def test_saving_writes_the_file_and_says_how_to_go_back(saving, curation, path, said):
    curation.decide([1, 2], "accepted")
    told = []
    saving.saved.connect(told.append)
    done = []
    saving.save(done=done.append)
    assert in_file(path) == ["accepted"] * 3
    assert done == [True]
    assert [group.curation for group in told] == [curation]
    assert "2 decisions saved in cells.isxd" in said()[-1]
    assert "Restore previous statuses" in said()[-1]
    assert path.with_name(path.name + JOURNAL_SUFFIX).exists()


def test_there_may_be_nothing_to_save(stage, saving, path, said):
    saving.save()
    assert said() == ["No cell set is open, so there are no decisions."]
    stage.open(path)
    saving.save()
    assert said()[-1] == "cells.isxd has all decisions already."
    assert not path.with_name(path.name + JOURNAL_SUFFIX).exists()


def test_all_sets_are_saved_one_after_another(stage, saving, path, tmp_path):
    other = make_cells(tmp_path / "other.isxd", statuses=STATUSES[::-1])
    stage.open(path, other)
    for group in stage.session.groups:
        group.curation.decide([1], "accepted")
    assert [one.text for one in saving.unsaved] == [
        "1 decision about cells.isxd",
        "1 decision about other.isxd",
    ]
    done = []
    saving.save_all(done.append)
    assert done == [True]
    assert saving.unsaved == []
    assert in_file(path)[1] == in_file(other)[1] == "accepted"


def test_a_full_disk_is_told_of_and_the_decisions_stay(saving, curation, monkeypatch, said, path):
    curation.decide([1], "accepted")

    def fail(statuses):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(curation._cells, "save_statuses", fail)
    done = []
    saving.save_all(done.append)
    assert done == [False]
    (text,) = said()
    assert "the disk is full" in text
    assert f"Your decisions are kept in {curation.journal_path}." in text
    assert curation.journal_path.parent == path.parent
    assert curation.unsaved == (1,)
    assert not saving.is_saving


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("keep_mine", ["rejected", "accepted", "accepted"]),
        ("take_theirs", ["undecided", "accepted", "accepted"]),
        ("overwrite", ["rejected", "accepted", "rejected"]),
        ("cancel", ["undecided", "undecided", "accepted"]),
    ],
)
def test_a_file_that_changed_is_asked_about(saving, curation, path, answer, expected):
    asked = []
    saving.conflict_found.connect(lambda group, conflict: asked.append((group, conflict)))
    curation.decide([0], "rejected")
    curation.decide([1], "accepted")
    with open_isx(path) as cells:
        cells.save_statuses(["undecided", "undecided", "accepted"])
    done = []
    saving.save(done=done.append)
    assert done == [False]
    assert in_file(path) == ["undecided", "undecided", "accepted"]
    ((group, conflict),) = asked
    assert [(d.name, d.in_file, d.is_ours_decided) for d in conflict.differences] == [
        ("C0", "undecided", True),
        ("C2", "accepted", False),
    ]
    if answer == "overwrite":
        saving.save(group, over=conflict)
    elif answer != "cancel":
        getattr(saving, answer)(group, conflict)
    assert in_file(path) == expected
    assert len(asked) == 1


def test_the_last_save_can_be_taken_back_and_that_too(saving, curation, path):
    assert saving.previous_save() is None
    curation.decide([0], "rejected")
    saving.save()
    assert saving.previous_save() is not None
    saving.restore_previous()
    assert in_file(path) == curation.statuses == STATUSES
    saving.restore_previous()
    assert in_file(path)[0] == curation.status(0) == "rejected"


def test_the_log_is_a_table(saving, curation, tmp_path, said):
    curation.decide([0], "rejected")
    curation.decide_many(dict.fromkeys([1, 2], "accepted"), "rule", "SNR > 3 → accepted")
    saving.export(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["to"], row["how"]) for row in rows] == [
        ("C0", "rejected", "key"),
        ("C1", "accepted", "rule"),
        ("C2", "accepted", "rule"),
    ]
    assert said()[-1] == "3 decisions written into log.csv."


def test_a_log_that_cannot_be_written_is_told_of(saving, curation, tmp_path, said):
    curation.decide([0], "rejected")
    saving.export(tmp_path / "nowhere" / "log.csv")
    assert said()[-1].startswith("log.csv was not written: ")


# Leaving


def test_removing_the_layers_says_that_the_journal_has_the_decisions(stage, curation, said):
    curation.decide([0, 1], "rejected")
    for layer in list(stage.viewer.layers):
        assert not any("journal" in text for text in said())
        stage.viewer.layers.remove(layer)
    (text,) = [text for text in said() if "journal" in text]
    assert text.startswith("2 decisions about cells.isxd are not in the file.")


def test_it_is_not_said_that_the_journal_is_beside_the_file_where_it_is_not(
    stage, curation, path, said
):
    path.with_name(f"{path.name}.decisions.jsonl").mkdir()
    curation.decide([0], "rejected")
    assert curation.journal_path.parent != path.parent
    for layer in list(stage.viewer.layers):
        stage.viewer.layers.remove(layer)
    (text,) = [text for text in said() if "1 decision about" in text]
    assert "beside" not in text


def test_removing_layers_with_everything_saved_says_nothing(stage, saving, curation, said):
    curation.decide([0], "rejected")
    saving.save()
    before = said()
    stage.viewer.layers.clear()
    assert said() == before


def test_what_the_journal_tells_is_told_once(saving, curation, said):
    for _ in range(2):
        curation.said.emit("notice", "It is elsewhere.")
        curation.said.emit("trouble", "It is nowhere.")
    assert said() == ["It is elsewhere.", "It is nowhere."]


def test_a_journal_about_other_cells_is_not_passed_over_in_silence(stage, path, tmp_path, said):
    decide_elsewhere(path, {0: "rejected"})
    (journal,) = tmp_path.glob(f"*{JOURNAL_SUFFIX}")
    before = journal.read_bytes()
    path.unlink()
    make_cells(path, names=["X0", "X1", "X2"], statuses=STATUSES)
    stage.open(path)
    (text,) = [one for one in said() if "about other cells" in one]
    assert text.startswith("The journal found beside cells.isxd is about other cells")
    assert "not offered here" in text
    assert journal.read_bytes() == before
    assert stage.session.group.curation.statuses == STATUSES
