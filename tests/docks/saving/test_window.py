"""A real window that asks: what to restore, whose statuses stay, what becomes of the rest."""

from __future__ import annotations

import os
import shutil
import threading

import pytest
from helpers.window_data import STATUSES
from napari._qt.dialogs.confirm_close_dialog import ConfirmCloseDialog
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog

from napari_isx import open_isx
from napari_isx.app import commands
from napari_isx.app.docks import CellsDock
from napari_isx.app.keys_card import KeysCard
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.docks.rules.dialog import RulesDialog
from napari_isx.docks.saving.window import prompts_of
from napari_isx.io.cells.isxd import IsxdCellSet
from napari_isx.session.decisions import journal_file
from napari_isx.session.decisions.curation import Curation


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))


@pytest.fixture
def path(files, tmp_path):
    return shutil.copy(files["cells"], tmp_path / "cells.isxd")


@pytest.fixture
def curation(hands, path):
    hands.open(path)
    return hands.coordinator.session.group.curation


# No fixtures, as these would keep the window alive when the test is over.


def window_of(hands):
    return hands.viewer.window._qt_window


def question(hands):
    """The dialog that waits for an answer."""
    return prompts_of(hands.viewer).question


def buttons(hands):
    return {b.text().replace("&", ""): b for b in question(hands).buttons.buttons()}


def press(hands, text):
    buttons(hands)[text].click()


def in_file(path):
    with open_isx(path) as cells:
        return cells.statuses


def decide_elsewhere(path, decisions, *, save=False):
    with open_isx(path) as cells:
        curation = Curation(cells)
        curation.decide_many(decisions)
        if save:
            curation.save()


def close_by_hand(hands):
    """Close the window as its user does, while the application runs."""
    # Its fixture closes it again.
    window_of(hands).setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    QTimer.singleShot(0, window_of(hands).close)
    hands.settle()


def is_saved(hands):
    return lambda: not hands.coordinator.saving.is_saving


# Restoring


def test_the_bar_restores_what_a_killed_window_left(hands, path):
    decide_elsewhere(path, {0: "rejected", 1: "accepted"})
    hands.open(path)
    bar = prompts_of(hands.viewer).bar
    assert bar.isVisible()
    assert bar.text.startswith("2 decisions about cells.isxd")
    assert "C0: accepted" in bar.restore_button.toolTip()
    assert not bar.rest_button.isVisible()
    QTest.mouseClick(bar.restore_button, Qt.MouseButton.LeftButton)
    hands.settle()
    assert hands.coordinator.session.group.curation.statuses[:2] == ["rejected", "accepted"]
    assert not bar.isVisible()


def test_the_bar_can_be_put_off_by_keys_and_comes_back_with_the_file(hands, path):
    decide_elsewhere(path, {0: "rejected"})
    hands.open(path)
    bar = prompts_of(hands.viewer).bar
    bar.later_button.setFocus()
    QTest.keyClick(bar.later_button, Qt.Key.Key_Space)
    hands.settle()
    assert not bar.isVisible()
    hands.viewer.layers.clear()
    hands.open(path)
    assert bar.isVisible()
    bar.never_button.click()
    press(hands, "Give them up")
    hands.viewer.layers.clear()
    hands.open(path)
    assert not bar.isVisible()


def test_a_name_that_looks_like_markup_is_text(hands, path):
    decide_elsewhere(path, {3: "rejected"})
    hands.open(path)
    assert "&lt;b&gt;C3" in prompts_of(hands.viewer).bar.restore_button.toolTip()


def test_there_is_no_bar_without_anything_to_restore(hands, curation):
    assert not prompts_of(hands.viewer).bar.isVisible()


# Saving


def test_isx_reads_what_the_window_saved(hands, curation, path, isx):
    curation.decide([0, 1], "rejected")
    hands.coordinator.saving.save()
    hands.qtbot.waitUntil(is_saved(hands))
    cells = isx.CellSet.read(str(path))
    assert [cells.get_cell_status(i) for i in range(4)] == ["rejected"] * 3 + ["accepted"]


def test_the_usual_key_saves_in_our_docks_and_is_naparis_elsewhere(hands, curation, path):
    dock = CellsDock(hands.viewer)
    hands.viewer.window.add_dock_widget(dock, name="Cells")
    hands.settle()
    curation.decide([0], "rejected")
    for widget, saves in ((hands.viewer.window._qt_viewer, False), (dock.table, True)):
        widget.setFocus()
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            key = QKeyEvent(kind, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
            key.ignore()
            if kind == QEvent.Type.ShortcutOverride:
                QApplication.sendEvent(widget, key)
                assert key.isAccepted() == saves
            elif saves:
                QApplication.sendEvent(widget, key)
        hands.qtbot.waitUntil(is_saved(hands))
        assert (in_file(path)[0] == "rejected") == saves


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("Mine where I decided", ["rejected", "undecided", "accepted", "accepted"]),
        ("Take theirs", ["undecided", "undecided", "accepted", "accepted"]),
        ("Overwrite", ["rejected", "undecided", "rejected", "accepted"]),
        ("Cancel", ["undecided", "undecided", "accepted", "accepted"]),
    ],
)
def test_a_conflict_is_shown_and_settled(hands, curation, path, button, expected):
    curation.decide([0], "rejected")
    decide_elsewhere(path, {0: "undecided", 2: "accepted"}, save=True)
    hands.coordinator.saving.save()
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    dialog = question(hands)
    assert dialog.windowTitle() == "The file changed"
    table = [[dialog.table.item(row, c).text() for c in range(4)] for row in range(2)]
    assert table == [
        ["C0", "✓ accepted", "? undecided", "✗ rejected  (you decided)"],
        ["Zelle ß", "✗ rejected", "✓ accepted", "✗ rejected"],
    ]
    press(hands, button)
    hands.qtbot.waitUntil(is_saved(hands))
    hands.settle()
    assert in_file(path) == expected
    assert question(hands) is None


def test_escape_leaves_a_conflict_as_it_is(hands, curation, path):
    curation.decide([0], "rejected")
    decide_elsewhere(path, {0: "undecided"}, save=True)
    hands.coordinator.saving.save()
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    assert "Mine where I decided" not in buttons(hands)  # it would be the same as overwriting
    QTest.keyClick(question(hands), Qt.Key.Key_Escape)
    hands.settle()
    assert in_file(path)[0] == "undecided"
    assert curation.status(0) == "rejected"


def test_the_last_save_is_taken_back_after_a_question(hands, curation, path):
    hands.coordinator.dialogs.restore_previous()
    assert question(hands) is None  # there is nothing to go back to, which is told
    curation.decide([0], "rejected")
    hands.coordinator.saving.save()
    hands.qtbot.waitUntil(is_saved(hands))
    for button, expected in (("Cancel", "rejected"), ("Restore", "accepted")):
        hands.coordinator.dialogs.restore_previous()
        assert question(hands).windowTitle() == "Restore previous statuses"
        press(hands, button)
        hands.qtbot.waitUntil(is_saved(hands))
        hands.settle()
        assert in_file(path)[0] == curation.status(0) == expected


def test_the_log_is_exported_where_the_dialog_says(hands, curation, tmp_path):
    curation.decide([0], "rejected")
    hands.coordinator.dialogs.export()
    for dialog in window_of(hands).findChildren(QFileDialog):
        dialog.selectFile(str(tmp_path / "log.csv"))
        dialog.accept()
    hands.qtbot.waitUntil((tmp_path / "log.csv").exists)
    hands.settle()
    assert "C0,accepted,rejected,key" in (tmp_path / "log.csv").read_text("utf-8-sig")


def test_the_palette_has_all_of_it(hands, curation, path):
    curation.decide([0], "rejected")
    commands.save_decisions()
    hands.qtbot.waitUntil(is_saved(hands))
    assert in_file(path)[0] == "rejected"
    commands.restore_previous_statuses()
    assert question(hands).windowTitle() == "Restore previous statuses"
    question(hands).reject()
    commands.export_decisions()
    for show in (commands.decide_by_rules, commands.compare_raters, commands.show_keys):
        show()
    shown = {type(one) for one in window_of(hands).findChildren(QDialog) if one.isVisible()}
    assert {QFileDialog, RulesDialog, RatersDialog, KeysCard} <= shown
    for dialog in window_of(hands).findChildren(QDialog):
        dialog.close()
    hands.settle()


# Closing


def test_closing_without_decisions_asks_nothing(hands, curation):
    close_by_hand(hands)
    assert not window_of(hands).isVisible()


def test_cancel_keeps_the_window(hands, curation, path):
    curation.decide([0, 1], "rejected")
    close_by_hand(hands)
    assert window_of(hands).isVisible()
    dialog = question(hands)
    assert dialog.windowTitle() == "Decisions are not saved"
    assert "2 decisions about cells.isxd" in dialog.text.text()
    close_by_hand(hands)  # asking again leads to the same question
    assert question(hands) is dialog
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    hands.settle()
    assert window_of(hands).isVisible()
    assert question(hands) is None
    assert in_file(path) == STATUSES


def test_saving_closes_the_window_when_the_file_has_it(hands, curation, path):
    curation.decide([0, 1], "rejected")
    close_by_hand(hands)
    QTest.keyClick(question(hands), Qt.Key.Key_Return)
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert in_file(path) == ["rejected"] * 3 + ["accepted"]


def test_not_saving_closes_and_the_next_opening_offers_it(hands, curation, path):
    curation.decide([0], "rejected")
    close_by_hand(hands)
    press(hands, "Don't save")
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert in_file(path) == STATUSES
    with open_isx(path) as cells:
        found = Curation(cells).restorable
        assert [(one.cell, one.decided) for one in found.cells] == [(0, "rejected")]


def test_a_save_that_fails_keeps_the_window(hands, curation, monkeypatch):
    def fail(cells, statuses):
        raise OSError(28, "No space left on device")

    curation.decide([0], "rejected")
    monkeypatch.setattr(IsxdCellSet, "save_statuses", fail)
    close_by_hand(hands)
    press(hands, "Save")
    hands.qtbot.waitUntil(is_saved(hands))
    hands.settle()
    assert window_of(hands).isVisible()
    assert curation.unsaved == (0,)


def test_a_conflict_while_closing_keeps_the_window_until_it_is_settled(hands, curation, path):
    curation.decide([0], "rejected")
    decide_elsewhere(path, {0: "undecided"}, save=True)
    close_by_hand(hands)
    press(hands, "Save")
    hands.qtbot.waitUntil(lambda: getattr(question(hands), "table", None) is not None)
    assert window_of(hands).isVisible()
    press(hands, "Overwrite")
    hands.qtbot.waitUntil(is_saved(hands))
    assert in_file(path)[0] == "rejected"
    close_by_hand(hands)
    assert not window_of(hands).isVisible()


@pytest.fixture
def held(monkeypatch):
    """Statuses that are not written before it is set."""
    go_on, save = threading.Event(), IsxdCellSet.save_statuses
    monkeypatch.setattr(
        IsxdCellSet, "save_statuses", lambda *args: (go_on.wait(60), save(*args))[1]
    )
    yield go_on
    go_on.set()


def test_the_window_waits_for_a_save_that_is_on_its_way(hands, curation, path, held):
    curation.decide([0], "rejected")
    hands.coordinator.saving.save()
    curation.decide([1], "rejected")  # while the file is written
    close_by_hand(hands)
    press(hands, "Save")
    hands.settle()
    assert window_of(hands).isVisible()
    held.set()
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert in_file(path)[:2] == ["rejected", "rejected"]


def test_the_window_waits_for_a_copy_that_is_on_its_way(hands, curation, tmp_path, monkeypatch):
    go_on, copy = threading.Event(), Curation.save_copy
    monkeypatch.setattr(Curation, "save_copy", lambda *args: (go_on.wait(60), copy(*args))[1])
    saving = hands.coordinator.saving
    saving.save_as(hands.coordinator.session.group, tmp_path / "copy.isxd")
    close_by_hand(hands)
    assert window_of(hands).isVisible()
    go_on.set()
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert in_file(tmp_path / "copy.isxd") == STATUSES


def test_saving_again_while_the_file_is_written_saves_the_rest(hands, curation, path, held):
    curation.decide([0], "rejected")
    hands.coordinator.saving.save()
    curation.decide([1], "rejected")
    hands.coordinator.saving.save()
    held.set()
    hands.qtbot.waitUntil(lambda: in_file(path)[:2] == ["rejected", "rejected"])
    hands.qtbot.waitUntil(is_saved(hands))


def test_decisions_that_no_disk_has_are_told_of(hands, curation, monkeypatch):
    monkeypatch.setattr(type(curation), "is_journaled", False)
    curation.decide([0], "rejected")
    close_by_hand(hands)
    assert "lost" in question(hands).text.text()
    question(hands).reject()


def test_naparis_own_question_is_not_asked_as_well(hands, curation, monkeypatch):
    asked = []
    monkeypatch.setattr(ConfirmCloseDialog, "exec_", lambda self: asked.append(self))
    curation.decide([0], "rejected")
    close_by_hand(hands)
    press(hands, "Don't save")
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert asked == []


def test_a_script_that_closes_its_viewer_is_not_held_up(hands, curation):
    curation.decide([0], "rejected")
    window_of(hands).setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    window_of(hands).close()  # no event loop runs: nobody could answer
    assert not window_of(hands).isVisible()


# Disks that are slow


@pytest.fixture
def hanging(monkeypatch):
    """A disk that answers no sync before it is told to."""
    answer, fsync = threading.Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (answer.wait(60), fsync(handle)))
    monkeypatch.setattr(journal_file, "PATIENCE_S", 0.01)
    yield answer
    answer.set()


def test_the_window_says_what_is_not_on_the_disk_and_closes_when_it_is(
    hands, curation, path, hanging
):
    waiting = prompts_of(hands.viewer).waiting
    curation.decide([0], "rejected")
    curation.decide([1], "rejected")
    hands.qtbot.waitUntil(waiting.isVisible)
    assert waiting.text() == "2 decisions not yet on the disk"
    close_by_hand(hands)
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    assert "lost" in question(hands).text.text()
    press(hands, "Don't save")
    hands.qtbot.waitUntil(
        lambda: getattr(question(hands), "windowTitle", str)() == "Decisions are not on the disk"
    )
    assert window_of(hands).isVisible()
    hanging.set()
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    with open_isx(path) as cells:
        assert [one.cell for one in Curation(cells).restorable.cells] == [0, 1]


def test_decisions_about_a_removed_layer_are_waited_for_too(hands, curation, path, hanging):
    curation.decide([0], "rejected")
    hands.qtbot.waitUntil(prompts_of(hands.viewer).waiting.isVisible)
    hands.viewer.layers.clear()
    hands.settle()
    assert hands.coordinator.saving.num_waiting == 1
    close_by_hand(hands)
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    assert question(hands).headline.text() == "1 decision is not on the disk yet."
    assert window_of(hands).isVisible()
    hanging.set()
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())
    assert hands.coordinator.saving._left == []
    with open_isx(path) as cells:
        assert [one.cell for one in Curation(cells).restorable.cells] == [0]


def test_a_window_can_be_closed_on_a_disk_that_does_not_answer(hands, curation, hanging):
    curation.decide([0], "rejected")
    curation.undo()  # nothing is unsaved, and the disk has none of it
    close_by_hand(hands)
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    assert question(hands).headline.text() == "2 decisions are not on the disk yet."
    QTest.keyClick(question(hands), Qt.Key.Key_Escape)
    hands.settle()
    assert window_of(hands).isVisible()
    close_by_hand(hands)
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    press(hands, "Close and lose them")
    hands.qtbot.waitUntil(lambda: not window_of(hands).isVisible())


def test_a_set_that_may_not_be_written_offers_a_copy(hands, curation, path, tmp_path, monkeypatch):
    def refuse(cells, statuses):
        raise PermissionError(13, "Permission denied")

    curation.decide([0], "rejected")
    monkeypatch.setattr(IsxdCellSet, "save_statuses", refuse)
    hands.coordinator.saving.save()
    hands.qtbot.waitUntil(lambda: question(hands) is not None)
    assert "may not be written" in question(hands).text.text()
    press(hands, "Save a copy…")
    (dialog,) = window_of(hands).findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "copy.isxd"))
    dialog.done(1)
    hands.qtbot.waitUntil(is_saved(hands))
    assert in_file(tmp_path / "copy.isxd") == curation.statuses
    assert in_file(path) == STATUSES
    assert curation.unsaved == (0,)
