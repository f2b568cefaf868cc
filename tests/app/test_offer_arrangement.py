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


def test_an_open_question_follows_what_is_open(hands, tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "_is_watched", lambda: True)

    def open_(animal, day):
        path = tmp_path / f"{animal} day {day}.isxd"
        timing = Timing.regular(20, 0.1, START + timedelta(days=day))
        make_cells(path, timing=timing, extra_properties={"animal": {"id": animal}})
        hands.viewer.open(path, plugin="napari-isx")
        hands.settle()
        return list(hands.viewer.layers[-2:])

    open_("m1", 1)
    day_2 = open_("m1", 2)
    (box,) = questions()
    assert box.text().endswith(": 24 h apart.")
    open_("m2", 1)  # at a time when something is open already
    assert questions() == [box]
    assert box.text().endswith(": 2 animals (m1, m2), 24 h apart.")
    open_("m2", 5)
    assert box.text().endswith(": 2 animals (m1, m2), up to 4 days apart.")
    hands.viewer.layers.remove(hands.viewer.layers[-1])
    hands.viewer.layers.remove(hands.viewer.layers[-1])
    hands.settle()
    assert box.text().endswith(": 2 animals (m1, m2), 24 h apart.")
    for layer in day_2:
        hands.viewer.layers.remove(layer)
    hands.settle()
    assert not questions()


def test_a_choice_in_the_dock_answers_the_question(hands, days, monkeypatch):
    monkeypatch.setattr(commands, "_is_watched", lambda: True)
    hands.viewer.open(days, plugin="napari-isx")
    hands.settle()
    assert len(questions()) == 1
    hands.dock.clock_line.arrangement_picked.emit("in turn")
    hands.settle()
    assert not questions()


def test_recordings_of_one_day_need_no_question(hands, days, monkeypatch):
    monkeypatch.setattr(commands, "_is_watched", lambda: True)
    hands.viewer.open(days[0], plugin="napari-isx")
    hands.settle()
    assert not questions()
