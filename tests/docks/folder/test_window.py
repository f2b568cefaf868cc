"""Folders and parts of recordings dropped on a real window, and the dialog that asks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import tifffile
from helpers.scenes import make_cells, make_movie
from helpers.window_data import START
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QDateTime, QLocale, QMimeData, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from superqt import QElidingLabel

from napari_isx import Timing, write_movie
from napari_isx.docks.folder.dialog import FolderDialog
from napari_isx.io.folders.scan import find_recordings
from napari_isx.io.folders.summary import Found, num_recordings


@pytest.fixture
def folder(files, tmp_path):
    """A recording folder; its two movies do not go together."""
    place = tmp_path / "mouse 12"
    (place / "processed").mkdir(parents=True)
    shutil.copy(files["movie"], place / "rec.isxd")
    shutil.copy(files["movie"], place / "processed" / "rec-PP.isxd")
    shutil.copy(files["cells"], place / "processed" / "cells.isxd")
    shutil.copy(files["events"], place / "processed" / "events.isxd")
    (place / "broken.isxd").write_bytes(b"nothing")
    return place


@pytest.fixture
def parts(tmp_path):
    paths = []
    for part in (1, 2):
        paths.append(tmp_path / f"rec-{part}.isxd")
        timing = Timing.regular(30, 0.1, START + timedelta(seconds=4 * part))
        frames = (np.full((20, 30), part, np.uint16) for _ in range(30))
        write_movie(paths[-1], frames, timing=timing)
    return paths


class Answers:
    """Answers the dialogs that come up while something is dropped, and keeps what they asked."""

    def __init__(self, reader="Inscopix ISX", act=FolderDialog.accept):
        self.reader = reader
        self.act = act
        self.asked = []
        self._timer = QTimer()
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self):
        self._timer.stop()

    def _look(self):
        dialog = QApplication.activeModalWidget()
        if dialog is None or not dialog.isVisible():
            return
        self.asked.append(type(dialog).__name__)
        if isinstance(dialog, QtReaderDialog):
            for button in dialog.reader_btn_group.buttons():
                button.setChecked(button.text() == self.reader)
            dialog.accept()
        else:
            self.act(dialog)


def drop(hands, paths, answers=None):
    """Drop files on the canvas of a running window, as the system's file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    done = []

    def run():
        hands.viewer.window._qt_viewer.dropEvent(event)
        done.append(True)

    QTimer.singleShot(0, run)
    hands.qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    if answers is not None:
        answers.stop()
    hands.settle()
    hands.settle()


def kinds(hands):
    ours = [layer for layer in hands.viewer.layers if "napari_isx" in layer.metadata]
    return [type(layer) for layer in ours]


# Folders


def test_a_dropped_folder_asks_and_opens_what_is_checked(hands, folder):
    answers = Answers()
    drop(hands, [folder], answers)
    # The first is napari's: its own reader takes every folder too.
    assert answers.asked == ["QtReaderDialog", "FolderDialog"]
    assert kinds(hands) == [Image, Labels, Shapes, Points]
    assert hands.viewer.layers[0].name == "rec-PP"
    assert hands.dock.isVisible()


def test_another_choice_is_opened(hands, folder):
    def choose(dialog):
        dialog.none_button.click()
        item = dialog.tree.findItems("rec.isxd", Qt.MatchFlag.MatchExactly)[0]
        item.setCheckState(0, Qt.CheckState.Checked)
        QTest.keyClick(dialog.tree, Qt.Key.Key_Return)

    drop(hands, [folder], Answers(act=choose))
    assert [layer.name for layer in hands.viewer.layers] == ["rec"]


def test_a_cancelled_folder_opens_nothing_and_says_nothing(hands, folder):
    before = len(notification_manager.records)
    answers = Answers(act=lambda dialog: QTest.keyClick(dialog.tree, Qt.Key.Key_Escape))
    drop(hands, [folder], answers)
    assert answers.asked == ["QtReaderDialog", "FolderDialog"]
    assert len(hands.viewer.layers) == 0
    assert len(notification_manager.records) == before


def test_the_only_recording_of_a_dropped_folder_opens_at_once(hands, files, tmp_path):
    (tmp_path / "one").mkdir()
    shutil.copy(files["movie"], tmp_path / "one" / "rec.isxd")
    answers = Answers()
    drop(hands, [tmp_path / "one"], answers)
    assert answers.asked == ["QtReaderDialog"]
    assert kinds(hands) == [Image]


def test_a_folder_of_pictures_is_left_to_napari(hands, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(3):
        tifffile.imwrite(pictures / f"{i}.tif", np.full((8, 9), i, np.uint8))
    drop(hands, [pictures], Answers(reader="napari builtins"))
    assert [layer.source.reader_plugin for layer in hands.viewer.layers] == ["napari"]


def test_a_dropped_picture_asks_nothing(hands, tmp_path):
    picture = tmp_path / "recording.tif"
    tifffile.imwrite(picture, np.zeros((8, 9), np.uint8))
    answers = Answers()
    drop(hands, [picture], answers)
    assert answers.asked == []
    assert [layer.source.reader_plugin for layer in hands.viewer.layers] == ["napari"]


def test_a_script_with_a_window_that_does_not_run_yet_is_not_asked(hands, folder):
    hands.viewer.open(str(folder), plugin="napari-isx")
    hands.settle()
    assert kinds(hands) == [Image, Labels, Shapes, Points]


# Parts


def test_parts_dropped_together_are_one_layer(hands, parts, files):
    drop(hands, [parts[1], files["cells"], parts[0]])
    assert kinds(hands) == [Image, Labels, Shapes]
    (movie,) = [layer for layer in hands.viewer.layers if isinstance(layer, Image)]
    assert movie.metadata["napari_isx"].paths == tuple(parts)
    assert movie.data.shape == (70, 20, 30)


def test_parts_dropped_one_after_another_stay_apart(hands, parts):
    for part in parts:
        drop(hands, [part])
    assert [layer.name for layer in hands.viewer.layers] == ["rec-1", "rec-2"]


# The dialog


def finds(folder, count=3):
    kinds = ("movie", "cell set", "GPIO")
    return [
        Found(
            (folder / f"rec-{i}.isxd",),
            kinds[i * 3 // count],
            1_500_000,
            1.7e9,
            "1,200 frames of 800 x 1280 uint16 at 20 Hz",
            "preprocessed, motion corrected",
            selected=i == 0,
            start_s=1.7e9,
            recorded="2023-11-14 22:13",
            animal="M7",
        )
        for i in range(count)
    ]


def broken(folder):
    return Found((folder / "broken.isxd",), "unknown", 7, problem="7 bytes are too few")


@pytest.fixture
def show(qtbot, tmp_path):
    def shown(listed) -> FolderDialog:
        dialog = FolderDialog(tmp_path, listed)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog

    return shown


def row(dialog, i):
    return [dialog.tree.topLevelItem(i).text(column) for column in range(6)]


def test_the_dialog_says_what_was_found(show, tmp_path):
    part = tmp_path / "sub" / "a.isxd"
    series = Found((part, tmp_path / "sub" / "b.isxd"), "movie", 2_000_000_000, 0.0, "70 frames")
    dialog = show([*finds(tmp_path), series, broken(tmp_path)])
    assert row(dialog, 0)[:3] == [
        *("rec-0.isxd", "movie"),
        "1,200 frames of 800 x 1280 uint16 at 20 Hz · motion corrected",
    ]
    assert row(dialog, 0)[3:5] == ["M7", "2023-11-14 22:13"]
    assert row(dialog, 0)[5].replace(",", ".") == "1.5 MB"
    day = QDateTime.fromSecsSinceEpoch(1_700_000_000).date()  # where this runs
    short = QLocale.system().toString(day, QLocale.FormatType.ShortFormat)
    assert short in dialog.tree.topLevelItem(0).toolTip(4)
    assert row(dialog, 3)[0] == str(Path("sub", "a.isxd")) + " and 1 more"
    assert row(dialog, 3)[5].replace(",", ".") == "2.0 GB"
    assert dialog.tree.topLevelItem(3).toolTip(0).splitlines() == list(map(str, series.paths))
    assert row(dialog, 4)[2] == "⚠ 7 bytes are too few"


def test_the_dialog_counts_recordings_and_shows_no_column_that_is_empty(show, tmp_path):
    make_movie(tmp_path / "m.isxd")
    make_cells(tmp_path / "c.isxd")
    assert num_recordings(find_recordings(tmp_path)) == 1
    other = replace(finds(tmp_path)[0], start_s=1.7e9 + 86_400)
    assert num_recordings([*finds(tmp_path), other]) == 2
    dialog = show([*finds(tmp_path), other])
    (label,) = dialog.findChildren(QElidingLabel)
    assert label.text().startswith("2 recordings in 4 files found in ")
    assert not dialog.tree.isColumnHidden(3)
    assert show([broken(tmp_path)]).tree.isColumnHidden(3)


def test_the_dialog_sums_what_is_checked(show, tmp_path):
    listed = [*finds(tmp_path), broken(tmp_path)]
    dialog = show(listed)
    assert dialog.chosen == listed[:1]
    assert dialog.summary.text().replace(",0", ".0").startswith("1 selected, 1")
    dialog.all_button.click()
    assert dialog.chosen == listed[:3]
    assert "3 selected, 4" in dialog.summary.text()
    dialog.none_button.click()
    assert dialog.chosen == []
    assert dialog.summary.text() == "Nothing selected"


def test_the_dialog_says_so_where_nothing_can_be_opened(show, tmp_path):
    dialog = show([broken(tmp_path), broken(tmp_path)])
    assert dialog.summary.text().startswith("None of these can be opened")
    assert not dialog.open_button.isEnabled()
    assert not dialog.all_button.isEnabled()
    tips = [dialog.tree.topLevelItem(0).toolTip(column) for column in range(6)]
    assert any("7 bytes are too few" in tip for tip in tips)
    assert not dialog.open_button.isEnabled()


def test_the_dialog_is_used_by_keys(show, tmp_path):
    dialog = show(finds(tmp_path))
    assert dialog.focusWidget() is dialog.tree
    QTest.keyClick(dialog.tree, Qt.Key.Key_Space)
    assert dialog.chosen == []
    QTest.keyClick(dialog.tree, Qt.Key.Key_Return)  # there is nothing to open
    assert dialog.isVisible()
    QTest.keyClick(dialog.tree, Qt.Key.Key_Down)
    QTest.keyClick(dialog.tree, Qt.Key.Key_Space)
    assert [found.path.name for found in dialog.chosen] == ["rec-1.isxd"]
    QTest.keyClick(dialog.tree, Qt.Key.Key_Return)
    assert dialog.result() == FolderDialog.DialogCode.Accepted


def test_what_is_broken_cannot_be_checked(show, tmp_path):
    dialog = show([broken(tmp_path), *finds(tmp_path, 3)])
    item = dialog.tree.topLevelItem(0)
    dialog.tree.setCurrentItem(item)
    at = dialog.tree.visualItemRect(item).center()
    QTest.mouseClick(dialog.tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.keyClick(dialog.tree, Qt.Key.Key_Space)
    assert dialog.tree.topLevelItem(0).checkState(0) == Qt.CheckState.Unchecked


@pytest.mark.parametrize("count", [3, 300])
def test_the_dialog_fits_the_list_and_the_screen(show, tmp_path, count):
    dialog = show(finds(tmp_path, count))
    screen = dialog.screen().availableGeometry()
    assert dialog.width() <= screen.width()
    assert dialog.height() <= screen.height()
    scrolls = dialog.tree.verticalScrollBar().maximum() > 0
    assert scrolls == (count > 100)
    assert dialog.tree.horizontalScrollBar().maximum() == 0
    metrics = dialog.tree.fontMetrics()
    for column in range(6):
        text = row(dialog, count - 1)[column]
        assert metrics.horizontalAdvance(text) < dialog.tree.columnWidth(column)


# Series made by hand


@pytest.fixture
def unnumbered(tmp_path):
    """Two movies after one another, whose names do not say that they are parts."""
    place = tmp_path / "session"
    place.mkdir()
    for i, name in enumerate(("baseline", "test")):
        timing = Timing.regular(30, 0.1, START + timedelta(seconds=4 * i))
        frames = (np.full((20, 30), i, np.uint16) for _ in range(30))
        write_movie(place / f"{name}.isxd", frames, timing=timing)
    return place


def tick_all_as_one_series(dialog):
    QTest.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    dialog.series.setFocus()
    QTest.keyClick(dialog.series, Qt.Key.Key_Space)
    dialog.accept()


def test_what_the_user_ticks_opens_as_one_series(hands, unnumbered):
    drop(hands, [unnumbered], Answers(act=tick_all_as_one_series))
    (layer,) = hands.viewer.layers
    recording = layer.metadata["napari_isx"]
    assert [path.stem for path in recording.paths] == ["baseline", "test"]


def test_a_series_that_cannot_be_says_why_and_opens_nothing(qtbot, unnumbered):
    shutil.copy(unnumbered / "test.isxd", unnumbered / "copy.isxd")
    dialog = FolderDialog(unnumbered, find_recordings(unnumbered))
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClick(dialog.series, Qt.Key.Key_Space)
    assert "Tick at least two files" in dialog.why_not.text()
    assert not dialog.open_button.isEnabled()
    QTest.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    assert "begins 3 s before" in dialog.why_not.text()
    assert dialog.why_not.isVisible()
    assert not dialog.open_button.isEnabled()
    row = next(i for i, found in enumerate(dialog._finds) if found.path.stem == "copy")
    dialog.tree.topLevelItem(row).setCheckState(0, Qt.CheckState.Unchecked)
    assert not dialog.why_not.isVisible()
    assert dialog.open_button.isEnabled()
    (series,) = dialog.chosen
    assert [path.stem for path in series.paths] == ["baseline", "test"]
    QTest.keyClick(dialog.series, Qt.Key.Key_Space)
    assert [len(found.paths) for found in dialog.chosen] == [1, 1]


def test_a_stack_is_one_series_or_says_why_not(hands, unnumbered):
    paths = [str(unnumbered / f"{name}.isxd") for name in ("test", "baseline")]
    (layer,) = hands.viewer.open(paths, stack=True, plugin="napari-isx")
    assert len(layer.metadata["napari_isx"].paths) == 2
    hands.viewer.layers.clear()
    shutil.copy(paths[0], unnumbered / "copy.isxd")
    layers = hands.viewer.open(
        [*paths, str(unnumbered / "copy.isxd")], stack=True, plugin="napari-isx"
    )
    assert len(layers) == 3
    told = notification_manager.records[-1].message
    assert told.startswith("Not opened as one series.")
    assert "before" in told
