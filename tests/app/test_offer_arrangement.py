"""The question how other days are to be shown, which nobody has to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.scenes import START, make_cells
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_isx import Timing
from napari_isx.app import commands


@pytest.fixture
def days(tmp_path):
    paths = []
    for day in (0, 3):
        timing = Timing.regular(20, 0.1, START + timedelta(days=day))
        paths.append(make_cells(tmp_path / f"day{day}.isxd", timing=timing))
    return paths


def questions():
    windows = QApplication.instance().topLevelWidgets()
    return [one for one in windows if isinstance(one, QMessageBox) and one.isVisible()]


def test_a_script_is_asked_nothing(hands, days):
    hands.viewer.open(days, plugin="napari-isx")
    hands.settle()
    assert not questions()
    assert hands.dock.clock_line.text().startswith("⚠ 3 days apart, on top of each other")


@pytest.mark.parametrize(
    ("answer", "offset_s"), [("One after the other", 3), ("On top of each other", 0)]
)
def test_a_running_window_asks_once_and_goes_on(hands, days, monkeypatch, answer, offset_s):
    monkeypatch.setattr(commands, "_is_watched", lambda: True)
    hands.viewer.open(days, plugin="napari-isx")
    hands.settle()
    (box,) = questions()
    assert not box.isModal()
    assert box.text() == "Recordings of different sittings are open: 3 days apart."
    next(one for one in box.buttons() if one.text() == answer).click()
    hands.settle()
    assert not questions()
    clock = hands.coordinator.session.clock
    assert clock.all_placed[1].offset_s == offset_s


def test_recordings_of_one_day_need_no_question(hands, days, monkeypatch):
    monkeypatch.setattr(commands, "_is_watched", lambda: True)
    hands.viewer.open(days[0], plugin="napari-isx")
    hands.settle()
    assert not questions()
