"""The dock *Responses* in a real window: from a folder to responding cells by mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.scenes import START
from qtpy.QtCore import QPointF, Qt
from qtpy.QtTest import QTest

from napari_isx import Timing, write_cell_set

Left = Qt.MouseButton.LeftButton
TRIALS_S = np.arange(4, 56, 4.0) + np.random.default_rng(1).uniform(0, 1.5, 13)


@pytest.fixture
def folder(tmp_path):
    """Twelve cells apart from each other, of which the first three respond to a line."""
    footprints = np.zeros((12, 40, 60))
    for cell in range(12):
        row, col = 5 + 12 * (cell // 4), 6 + 14 * (cell % 4)
        footprints[cell, row : row + 5, col : col + 5] = 1
    traces = np.random.default_rng(0).normal(size=(12, 1200))
    for trial in np.rint(TRIALS_S / 0.05).astype(int):
        traces[:3, trial + 1 : trial + 21] += 2
    timing = Timing.regular(1200, 0.05, START)
    path = tmp_path / "session"
    path.mkdir()
    write_cell_set(path / "cells.isxd", footprints, traces, statuses=["accepted"] * 12,
                   timing=timing)  # fmt: skip
    edges = np.column_stack([TRIALS_S, TRIALS_S + 0.5]).ravel()
    line = ([0, *edges], [0, *([1, 0] * len(TRIALS_S))])
    make_gpio(path / "box.gpio", {"Digital GPI 0": line}, end_s=60)
    return path


def test_three_gestures_from_a_folder_to_the_cells_that_respond(hands, folder):
    hands.open(folder)
    _, dock = hands.viewer.window.add_plugin_dock_widget("napari-isx", "Responses")
    hands.settle()
    control = hands.coordinator.responses
    channels = hands.dock.channel_panel.list
    (item,) = channels.findItems("Digital GPI 0", Qt.MatchFlag.MatchExactly)
    hands.dock._tabs.setCurrentIndex(1)
    QTest.mouseClick(channels.viewport(), Left, pos=channels.visualItemRect(item).center())
    hands.qtbot.waitUntil(lambda: control.computed is not None and not control.is_busy)
    found = control.computed.result
    assert {0, 1, 2} <= set(found.cell_indices[found.q < 0.05].tolist())
    assert dock.message == ""
    top = int(found.cell_indices[control._order[0]])
    assert top in (0, 1, 2)
    plot = dock.panels._maps[0]
    scene_at = plot.view.mapViewToScene(QPointF(0, 0.5))
    at = dock.panels.mapFromScene(scene_at)
    QTest.mouseClick(dock.panels.viewport(), Left, pos=at)
    hands.qtbot.waitUntil(lambda: hands.coordinator.session.selected == (top,))
    dock._trials.click()
    hands.settle()
    at = dock.panels.mapFromScene(dock.panels._curve_view.mapViewToScene(QPointF(0, 2.5)))
    QTest.mouseClick(dock.panels.viewport(), Left, pos=at)
    playback = hands.coordinator.playback
    hands.qtbot.waitUntil(lambda: playback.loop_s is not None)
    assert playback.loop_s == pytest.approx((TRIALS_S[2] - 2, TRIALS_S[2] + 2), abs=2e-3)
    playback.pause()


def test_the_dock_fits_beside_the_canvas_of_a_laptop(hands, folder):
    hands.viewer.window.resize(1280, 720)
    hands.open(folder)
    _, dock = hands.viewer.window.add_plugin_dock_widget("napari-isx", "Responses")
    hands.settle()
    window = hands.viewer.window._qt_window
    for buttons in ((dock._sets, dock._epochs, dock._trials), (dock._epochs,)):
        assert (window.width(), window.height()) == (1280, 720)
        for button in buttons:
            assert button.isVisible()
            assert dock.rect().contains(button.geometry())
        dock._epochs.click()
        hands.settle()
