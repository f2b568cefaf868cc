"""The dock *Close-up* in a real window: what it shows, its threads, and closing in their midst."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest
from helpers.window_data import PERIOD_S
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QPushButton, QToolButton

from napari_isx import Spacing, Timing, write_movie
from napari_isx.app.docks import CloseUpDock
from napari_isx.docks.closeup.dock import CloseUpWidget
from napari_isx.io.movies.base import Movie
from napari_isx.viewer.debounce import Later

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def dock(hands):
    widget = CloseUpDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Close-up", area="right")
    hands.settle()
    return widget


@pytest.fixture
def session(hands, files):
    hands.open(files["movie"], files["cells"], files["events"])
    return hands.coordinator.session


@pytest.fixture
def slow(monkeypatch):
    """Every band of a frame takes a while, as on a network drive."""
    read = []
    read_rows = Movie.read_rows

    def slowly(self, i, *args, **kwargs):
        read.append(i)
        time.sleep(0.01)
        return read_rows(self, i, *args, **kwargs)

    monkeypatch.setattr(Movie, "read_rows", slowly)
    return read


def finish(hands):
    hands.qtbot.waitUntil(lambda: not hands.coordinator.closeup.is_busy, timeout=10_000)


def button(widget, text):
    found = [*widget.findChildren(QPushButton), *widget.findChildren(QToolButton)]
    return next(one for one in found if one.text() == text)


def combos(dock):
    return dock.findChildren(QComboBox)


def test_a_click_on_a_cell_shows_all_that_speaks_for_it(hands, session, dock):
    hands.click_cell(0)
    finish(hands)
    assert dock.footprint_panel.pixels.max() == pytest.approx(1)
    assert dock.image_panel.caption == "3 events"
    assert dock.image_panel.pixels.shape == dock.loop_panel.pixels.shape
    assert dock.loop_panel.is_running
    assert dock.movies == ["movie"]
    assert all(one.itemText(0) != "movie" or not one.isVisible() for one in combos(dock))


def test_the_arrow_keys_and_the_event_buttons(hands, session, dock):
    hands.click_cell(0)
    finish(hands)
    hands.coordinator.time.go_to(0.0)
    QTest.mouseClick(button(dock, "▶"), Left)
    assert session.cursor.time_s == pytest.approx(20 * PERIOD_S)
    hands.press(Qt.Key.Key_Down, on=dock.neighbor_plot.canvas_viewport)
    assert session.selected == (1,)
    finish(hands)
    assert dock.image_panel.caption == "1 event"
    assert button(dock, "▶").isEnabled()
    hands.press(Qt.Key.Key_Down)
    assert dock.image_panel.message == "This cell has no events"
    assert not button(dock, "▶").isEnabled()


def test_a_selection_that_runs_reads_nothing_until_it_rests(hands, session, dock, slow):
    group = session.groups[0]
    hands.click_cell(3)
    hands.qtbot.waitUntil(lambda: len(slow) > 2, timeout=20_000)
    for cell in (0, 1, 3, 1, 0):
        session.select(group, [cell])
        hands.qtbot.wait(20)
    hands.qtbot.wait(30)  # what ran before is told to end
    slow.clear()
    finish(hands)
    assert np.bincount(slow).max() == 2, "once for the image and once for the loop of one cell"
    assert dock.image_panel.caption == "3 events"


def test_a_hidden_dock_reads_nothing(hands, session, dock, slow):
    dock.parent().hide()
    session.select(session.groups[0], [0])
    hands.qtbot.wait(200)
    assert slow == []
    dock.parent().show()
    hands.qtbot.waitUntil(lambda: len(slow) > 0)
    dock.parent().hide()
    assert not hands.coordinator.closeup.is_busy
    hands.qtbot.wait(200)
    count = len(slow)
    hands.qtbot.wait(200)
    assert len(slow) == count


def test_closing_the_dock_ends_the_work(hands, session, dock, slow):
    hands.click_cell(0)
    hands.qtbot.waitUntil(lambda: len(slow) > 2, timeout=20_000)
    hands.viewer.window.remove_dock_widget(dock)
    hands.qtbot.wait(200)
    count = len(slow)
    hands.qtbot.wait(200)
    assert len(slow) == count
    hands.click_cell(1)
    assert hands.names_drawn == ["C1"]


def test_closing_files_in_the_midst_of_it(hands, session, dock, slow):
    hands.click_cell(0)
    hands.qtbot.waitUntil(lambda: len(slow) > 2, timeout=20_000)
    hands.viewer.window._qt_viewer.canvas._scene_canvas.set_current()
    hands.viewer.layers.remove("movie")
    hands.settle()
    assert "Open the movie" in dock.image_panel.message
    hands.viewer.layers.clear()
    hands.settle()
    assert not hands.coordinator.closeup.is_busy


def test_a_window_closed_in_the_midst_of_it_leaves_nothing(hands, session, dock, slow):
    hands.click_cell(0)
    # The fixtures look for what is left.
    hands.qtbot.waitUntil(lambda: len(slow) > 2, timeout=20_000)


def test_centering_moves_the_canvas(hands, session, dock):
    hands.click_cell(0)
    QTest.mouseClick(button(dock, "Center"), Left)
    camera = getattr(hands.viewer, "scene", hands.viewer).camera
    assert camera.center[-2:] == pytest.approx(hands.cell_um(0), abs=6)
    hands.settle()
    point = hands.canvas_point(*hands.cell_um(0))
    assert point.x() == pytest.approx(hands.canvas.width() / 2, abs=30)
    assert point.y() == pytest.approx(hands.canvas.height() / 2, abs=30)
    dock._always.click()
    hands.press(Qt.Key.Key_Down)
    assert camera.center[-2:] == pytest.approx(hands.cell_um(1), abs=6)


def test_a_second_movie_can_be_picked(hands, session, dock, tmp_path):
    path = tmp_path / "processed.isxd"
    timing = Timing.regular(200, PERIOD_S, session.recordings[0].timing.start)
    frames = (np.full((60, 70), i, np.float32) for i in range(200))
    write_movie(path, frames, timing=timing, spacing=Spacing.regular((60, 70), 6.0))
    hands.open(path)
    hands.click_cell(0)
    finish(hands)
    assert dock.movies == ["processed", "movie"]
    coarse = dock.image_panel.pixels.shape
    combo = next(one for one in combos(dock) if one.itemText(1) == "movie")
    assert combo.isVisible()
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Space)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(combo.view(), key)
    finish(hands)
    assert dock.image_panel.pixels.shape[0] > 1.5 * coarse[0]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_has_the_colors_of_the_theme(hands, session, dock, theme):
    hands.viewer.theme = theme
    hands.click_cell(0)
    finish(hands)
    corner = dock.neighbor_plot.canvas_viewport.grab().toImage().pixelColor(1, 1)
    assert (corner.lightness() < 128) == (theme == "dark")


def open_from_menu(hands, name):
    dock, _ = hands.viewer.window.add_plugin_dock_widget("napari-isx", name)
    hands.settle()
    return dock


def area_of(hands, dock):
    return hands.viewer.window._qt_window.dockWidgetArea(dock)


def test_it_leaves_a_table_on_the_right_its_rows(hands, session):
    cells = open_from_menu(hands, "Cells")
    height = cells.height()
    below = open_from_menu(hands, "Close-up")
    assert area_of(hands, cells) == Qt.DockWidgetArea.RightDockWidgetArea
    assert area_of(hands, below) == Qt.DockWidgetArea.BottomDockWidgetArea
    assert cells.height() > 0.8 * height


def test_nothing_of_it_is_cut_off_beside_a_heat_map(hands, session):
    hands.viewer.window.resize(1500, 850)
    open_from_menu(hands, "Cells")
    why = open_from_menu(hands, "Close-up").findChild(CloseUpWidget)
    open_from_menu(hands, "Heat map")
    session.select(session.group, [0])
    hands.settle()
    for panel in (why.footprint_panel, why.image_panel, why.loop_panel):
        picture, caption = panel._pages.geometry(), panel._caption.geometry()
        assert min(picture.width(), picture.height()) >= 50, (why.size(), why.is_wide)
        assert picture.bottom() < caption.top() or not panel._caption.isVisible()
        assert panel.mapTo(why, panel.rect().bottomRight()).y() < why.height()


def test_what_waits_outlives_its_timer(qtbot):
    """Where a script ends with its window open, Qt deletes timers before docks are hidden."""
    called = []
    later = Later(lambda: called.append(True), 54_321)
    later.request()
    (timer,) = [one for one in gc.get_objects() if isinstance(one, QTimer) and _waits(one)]
    timer.deleteLater()
    del timer
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    later.cancel()
    assert not called


def _waits(timer):
    try:
        return timer.interval() == 54_321
    except RuntimeError:  # another one that Qt has deleted
        return False
