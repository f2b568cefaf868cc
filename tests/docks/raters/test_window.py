"""Comparing raters, and deciding about what they see differently."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from helpers.scenes import make_cells
from helpers.window_data import NAMES, STATUSES
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_isx import open_isx, write_cell_set
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.session.decisions.curation import Curation
from napari_isx.session.raters import kappa_text, raters_of

THEIRS = ["rejected", "undecided", "accepted", "undecided"]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))


def journal(path, statuses):
    """The journal of somebody who decided about the cells of a file."""
    with open_isx(path) as cells:
        curation = Curation(cells)
        curation.decide_many(dict(enumerate(statuses)))
        return curation.journal_path


@pytest.fixture
def theirs(files, tmp_path):
    (tmp_path / "theirs").mkdir()
    return journal(shutil.copy(files["cells"], tmp_path / "theirs" / "cells.isxd"), THEIRS)


@pytest.fixture
def path(files, tmp_path):
    return shutil.copy(files["cells"], tmp_path / "cells.isxd")


def same_names(path, folder):
    """Other cells, whose names are the same."""
    with open_isx(path) as cells:
        other = folder / "other.isxd"
        write_cell_set(other, cells.footprints, cells.traces[::-1], names=cells.names)
    return other


def show(hands, *journals):
    """Open the dialog and journals in it."""
    hands.coordinator.dialogs.show_raters()
    (dialog,) = hands.viewer.window._qt_window.findChildren(RatersDialog)
    for one in journals:
        count = dialog.b.count()
        dialog.journal_chosen.emit(str(one))
        hands.qtbot.waitUntil(lambda count=count: dialog.b.count() > count)
    return dialog


def rows(dialog):
    table = dialog.table
    shown = [c for c in range(4) if not table.isColumnHidden(c)]
    return [[table.item(row, c).text() for c in shown] for row in range(table.rowCount())]


def test_the_decisions_here_are_compared_with_a_journal(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    assert rows(dialog) == [
        [NAMES[0], "accepted", "rejected", "accepted"],
        [NAMES[2], "rejected", "accepted", "rejected"],
        [NAMES[3], "accepted", "undecided", "accepted"],
    ]
    confusion = [[dialog.confusion.item(r, c).text() for c in (1, 2, 3)] for r in range(3)]
    assert confusion == [["0", "1", "1"], ["0", "1", "0"], ["1", "0", "0"]]
    # 1 of 4 agree; by chance (2 * 1 + 1 * 2 + 1 * 1) / 16 do: kappa = (4 - 5) / (16 - 5).
    assert "They agree about 1 of 4 cells (25.0%)." in dialog.message.text()
    assert "κ = -0.09: no better than chance" in dialog.message.text()
    assert dialog.place.text() == "3 disagreements"
    dialog.close()


def test_copies_of_one_name_decided_by_one_account_are_two_raters(
    hands, path, theirs, files, tmp_path
):
    """As on a computer of the lab, where each works on a copy in a folder of his own."""
    (tmp_path / "third").mkdir()
    copy = shutil.copy(files["cells"], tmp_path / "third" / "cells.isxd")
    third = journal(copy, ["undecided"] * 4)
    hands.open(path)
    dialog = show(hands, theirs, third)
    titles = [dialog.b.itemText(i) for i in range(dialog.b.count())]
    assert len(set(titles)) == 3
    assert "third" in dialog.b.currentText()
    assert {row[2] for row in rows(dialog)} == {"undecided"}
    dialog.close()


def test_a_journal_that_went_on_is_read_again(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    with open_isx(theirs.with_name("cells.isxd")) as cells:
        Curation(cells).decide(range(4), "undecided", "bulk")
    dialog.journal_chosen.emit(str(theirs))
    hands.qtbot.waitUntil(lambda: {row[2] for row in rows(dialog)} == {"undecided"})
    assert dialog.b.count() == 2
    dialog.close()


def test_deciding_in_the_queue_moves_on(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    session = hands.coordinator.session
    QTest.mouseClick(dialog.next_button, Qt.MouseButton.LeftButton)
    assert session.selected == (0,)
    assert dialog.place.text() == "1 of 3"
    hands.press(Qt.Key.Key_R, on=dialog.table)  # keys work with the focus in the dialog too
    assert session.group.curation.status(0) == "rejected"
    assert session.selected == (2,)
    assert rows(dialog)[0][3] == "rejected"
    hands.press(Qt.Key.Key_A)
    assert session.selected == (3,)
    hands.press(Qt.Key.Key_U)
    assert session.selected == ()
    assert dialog.message.text() == "That was the last disagreement."
    assert session.group.curation.statuses == THEIRS
    assert not dialog.next_button.isEnabled()
    dialog.close()


def test_the_last_disagreement_does_not_lead_on_into_the_table(hands, path, files, tmp_path):
    (tmp_path / "other").mkdir()
    copy = shutil.copy(files["cells"], tmp_path / "other" / "cells.isxd")
    hands.open(path)
    dialog = show(hands, journal(copy, ["rejected", *STATUSES[1:]]))
    session = hands.coordinator.session
    dialog.next_button.click()
    hands.press(Qt.Key.Key_R, on=dialog.table)
    assert session.group.curation.status(0) == "rejected"
    assert session.selected == ()
    hands.press(Qt.Key.Key_R)  # once more
    assert session.group.curation.statuses[1:] == list(STATUSES[1:])
    dialog.close()


def test_undo_does_not_move_on_and_other_cells_neither(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    session = hands.coordinator.session
    dialog.next_button.click()
    hands.press(Qt.Key.Key_R)
    hands.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.selected == (0,)
    session.select(session.group, [1])
    hands.press(Qt.Key.Key_A)
    assert dialog.place.text() == "2 of 3"
    dialog.close()


def test_a_row_is_picked_by_mouse_and_keys(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    at = dialog.table.visualItemRect(dialog.table.item(1, 0)).center()
    QTest.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert hands.coordinator.session.selected == (2,)
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    assert hands.coordinator.session.selected == (3,)
    dialog.previous_button.click()
    assert hands.coordinator.session.selected == (2,)
    dialog.close()


def test_two_journals_are_compared_without_their_cells(hands, theirs, files, tmp_path):
    (tmp_path / "third").mkdir()
    third = journal(shutil.copy(files["cells"], tmp_path / "third" / "c.isxd"), ["accepted"] * 4)
    dialog = show(hands, theirs, third)
    assert dialog.a.count() == 2
    assert len(rows(dialog)) == 3
    assert rows(dialog)[0] == [NAMES[0], "rejected", "accepted"]
    dialog.next_button.click()
    assert "Open the cell set" in dialog.message.text()
    dialog.close()


def test_other_cells_are_refused_with_a_sentence(hands, path, tmp_path):
    hands.open(path)
    other = journal(make_cells(tmp_path / "other.isxd"), ["accepted", "rejected", "accepted"])
    dialog = show(hands, other)
    assert "cannot be compared" in dialog.message.text()
    assert "one has 4 cells, the other 3" in dialog.message.text()
    assert rows(dialog) == []
    assert not dialog.csv_button.isEnabled()
    dialog.close()


def test_cells_of_another_recording_with_the_same_names_are_refused(hands, path, tmp_path):
    """As the names are C0, C1 and so on in most sets."""
    hands.open(path)
    other = same_names(path, tmp_path)
    dialog = show(hands, journal(other, ["rejected"] * 4))
    assert "they have the same names, but not the same traces" in dialog.message.text()
    assert rows(dialog) == []
    dialog.close()


def test_a_disagreement_leads_to_its_own_cells_not_to_others_of_the_same_names(
    hands, path, theirs, files, tmp_path
):
    (tmp_path / "third").mkdir()
    third = journal(shutil.copy(files["cells"], tmp_path / "third" / "c.isxd"), ["accepted"] * 4)
    hands.open(same_names(path, tmp_path))
    dialog = show(hands, theirs, third)
    dialog.a.setCurrentIndex(1)
    dialog.a.activated.emit(1)
    dialog.next_button.click()
    assert "Open the cell set" in dialog.message.text()
    assert hands.coordinator.session.selected == ()
    hands.open(path)
    dialog.next_button.click()
    session = hands.coordinator.session
    assert (session.group.recording.name, len(session.selected)) == ("cells.isxd", 1)
    dialog.close()


def test_what_is_no_journal_is_refused_with_a_sentence(hands, path, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    hands.open(path)
    hands.coordinator.dialogs.show_raters()
    (dialog,) = hands.viewer.window._qt_window.findChildren(RatersDialog)
    dialog.journal_chosen.emit(str(tmp_path / "notes.txt"))
    hands.qtbot.waitUntil(lambda: "not a journal" in dialog.message.text())
    dialog.close()


def test_the_table_is_saved(hands, path, theirs, tmp_path):
    hands.open(path)
    dialog = show(hands, theirs)
    chooser = dialog.ask_for_csv()
    assert isinstance(chooser, QFileDialog)
    chooser.selectFile(str(tmp_path / "table.csv"))
    chooser.accept()
    hands.settle()
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["name"].tolist() == [NAMES[0], NAMES[2], NAMES[3]]
    assert table["Decisions here"].tolist() == [STATUSES[0], STATUSES[2], STATUSES[3]]
    dialog.csv_chosen.emit(str(tmp_path / "nowhere" / "table.csv"))
    assert "could not be written" in dialog.message.text()
    dialog.close()


def test_closing_the_set_leaves_nothing_to_compare(hands, path, theirs):
    hands.open(path)
    dialog = show(hands, theirs)
    hands.viewer.layers.clear()
    hands.settle()
    assert dialog.a.count() == 1
    assert rows(dialog) == []
    dialog.close()


def test_each_rater_of_a_journal_can_be_chosen(files, tmp_path, monkeypatch):
    path = shutil.copy(files["cells"], tmp_path / "both.isxd")
    for user, status in (("ana", "rejected"), ("ben", "accepted")):
        monkeypatch.setattr("getpass.getuser", lambda user=user: user)
        place = journal(path, [status] * 4)
    raters = raters_of(place)
    assert [one.title for one in raters] == [
        "ana (both.isxd.decisions.jsonl)",
        "ben (both.isxd.decisions.jsonl)",
        "everyone (both.isxd.decisions.jsonl)",
    ]
    assert set(raters[0].statuses) == {"rejected"}
    assert set(raters[1].statuses) == {"accepted"}
    # Two were accepted in the file, so that ben had no decision to take about them.
    assert list(raters[2].statuses) == ["rejected", "accepted", "accepted", "rejected"]


@pytest.mark.parametrize(
    ("kappa", "words"),
    [
        (-0.2, "no better than chance"),
        (0.1, "slight"),
        (0.4, "fair"),
        (0.41, "moderate"),
        (1.0, "almost perfect"),
        (float("nan"), "undefined"),
    ],
)
def test_kappa_is_explained(kappa, words):
    assert words in kappa_text(kappa)
