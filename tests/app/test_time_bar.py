"""Playing by napari's own button and keys, and the bar below the slider, in a real window."""

from __future__ import annotations

import time

import pytest
from helpers.window_data import NUM_FRAMES, PERIOD_S
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_isx.app.time_bar import TimeBar
from napari_isx.viewer.playback import speed_text


@pytest.fixture
def bar(hands, files):
    hands.open(files["movie"], files["cells"])
    hands.coordinator.time.go_to(0.0)
    hands.settle()
    return hands.viewer.window._qt_window.findChild(TimeBar)


def play_button(hands):
    (slider,) = [one for one in hands.viewer.window._qt_viewer.dims.slider_widgets if not one.axis]
    return slider.play_button


def click(hands, widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    hands.settle()


def test_napari_own_button_and_key_play_as_recorded(hands, bar):
    fps = get_settings().application.playback_fps
    playback, session = hands.coordinator.playback, hands.coordinator.session
    click(hands, play_button(hands))
    since, from_s = time.monotonic(), session.cursor.time_s

    def is_in_step():
        return abs(session.cursor.time_s - from_s - (time.monotonic() - since)) < 0.5

    hands.qtbot.wait(1500)
    hands.qtbot.waitUntil(is_in_step, timeout=9000)
    assert play_button(hands).property("playing") == "True"
    click(hands, play_button(hands))
    assert not playback.is_playing
    assert play_button(hands).property("playing") == "False"
    for is_playing in (True, False):
        hands.viewer.window._toggle_play()
        hands.qtbot.waitUntil(lambda wanted=is_playing: playback.is_playing == wanted)
    hands.press(Qt.Key.Key_K)
    assert playback.is_playing
    hands.press(Qt.Key.Key_K)
    assert play_button(hands).parent().fps == pytest.approx(1 / PERIOD_S)
    assert get_settings().application.playback_fps == fps


def test_the_bar_says_and_sets_speed_and_range(hands, bar):
    playback = hands.coordinator.playback
    assert bar.isVisible()
    assert bar.speed.currentText() == speed_text(1)
    hands.press(Qt.Key.Key_Period)
    assert (playback.speed, bar.speed.currentText()) == (2.0, speed_text(2))
    bar.speed.setCurrentIndex(bar.speed.findText(speed_text(0.25)))
    bar.speed.activated.emit(bar.speed.currentIndex())
    assert playback.speed == 0.25
    hands.coordinator.time.go_to(2.0)
    hands.press(Qt.Key.Key_I)
    hands.coordinator.time.go_to(4.0)
    hands.press(Qt.Key.Key_O)
    assert bar.range.text() == "2.00 to 4.05 s"
    assert bar.buttons["loop"].isChecked()
    bar.range.menu().actions()[-1].trigger()
    assert bar.range.text() == "All of it"
    click(hands, bar.buttons["loop"])
    assert not playback.is_looping
    assert playback.range_s == (0.0, pytest.approx(NUM_FRAMES * PERIOD_S))


def test_a_speed_of_napari_own_settings_is_taken_over(hands, bar):
    play_button(hands).parent().fps = 40.0
    assert hands.coordinator.playback.speed == pytest.approx(2.0)


def test_the_bar_is_there_once_and_for_what_has_time(hands, bar):
    assert len(hands.viewer.window._qt_window.findChildren(TimeBar)) == 1
    assert not bar.buttons["next"].isVisible(), "there is one part only"
    hands.viewer.window._qt_viewer.canvas._scene_canvas.set_current()
    hands.viewer.layers.clear()
    hands.settle()
    assert not bar.isVisible()
