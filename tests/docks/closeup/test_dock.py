"""The dock *Close-up* alone: what it shows, and what it asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.qt_input import choose, press_is_taken, shown, without_name
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton, QToolButton

from napari_isx.analysis.event_clips import Clip, ClipEvent, Loop
from napari_isx.analysis.event_image import EventImage
from napari_isx.analysis.event_waveforms import waveforms
from napari_isx.docks.closeup.dock import CloseUpWidget
from napari_isx.docks.closeup.neighbors import Neighbor
from napari_isx.docks.common.theme import plot_colors
from napari_isx.session.plot_rows import TraceRow

EXTENT = (0.0, 0.0, 60.0, 60.0)
OUTLINE = np.array([[20.0, 20], [20, 40], [40, 40], [40, 20], [20, 20]])
LEFT = Qt.MouseButton.LeftButton


def row(num_events=3) -> TraceRow:
    times = np.arange(1000) / 10
    values = np.sin(times).astype(np.float32)
    values[300:320] = np.nan
    events = np.array([20.0, 50.0, 80.0])[:num_events]
    amplitudes = np.array([3, 2, 1], np.float32)[:num_events]
    return TraceRow("C1", "accepted", times, values, events, amplitudes, "dF over noise")


def image(num_frames=10, before=True, **kwargs) -> EventImage:
    after = np.arange(400, dtype=np.float32).reshape(20, 20)
    counts = {"num_events": 3, "num_events_known": 3} | kwargs
    return EventImage(
        after if num_frames else None,
        after.T if before else None,
        **counts,
        num_frames=num_frames,
        num_frames_needed=10,
    )


def loop(num_clips=2) -> Loop:
    clips = (
        Clip(10, 20, (ClipEvent(0, 12, 3.0),)),
        Clip(40, 44, (ClipEvent(1, 41, 2.0),)),
    )[:num_clips]
    frames = np.arange(100, dtype=np.uint16)[:, None, None] * np.ones((20, 20), np.uint16)
    return Loop(
        clips,
        tuple(frames[clip.start : clip.stop] for clip in clips),
        (0.0, 100.0),
        np.arange(100) / 10,
        np.array([1.2, 4.1]),
        0.1,
    )


@pytest.fixture
def dock(qtbot) -> CloseUpWidget:
    view = shown(CloseUpWidget(), qtbot, 420, 520)
    view.show_cell("C1", "accepted", row(), "")
    view.show_place(EXTENT, OUTLINE)
    qtbot.wait(50)
    return view


def button(view, text) -> Any:
    kinds = (QPushButton, QToolButton)
    return next(b for kind in kinds for b in view.findChildren(kind) if b.text() == text)


def texts(view) -> list[str]:
    return [label.text() for label in view.findChildren(QLabel) if label.isVisible()]


def test_without_a_cell_it_says_what_to_do(qtbot):
    view = shown(CloseUpWidget(), qtbot)
    assert texts(view) == ["Select a cell to see the evidence for it."]
    view.show_cell("C1", "accepted", row(), "")
    assert "C1  ✓ accepted" in texts(view)
    view.show_no_cell("Several cells are selected.")
    assert texts(view) == ["Several cells are selected."]


def test_pictures_wait_for_what_is_read(dock):
    panels = [dock.footprint_panel, dock.image_panel, dock.loop_panel]
    dock.show_footprint(np.eye(20, dtype=np.float32), EXTENT)
    dock.show_event_image(image(), EXTENT)
    dock.show_loop(loop(), EXTENT)
    assert all(panel.pixels is not None for panel in panels)
    dock.show_cell("C2", None, row(0), "")
    assert all(panel.pixels is None and not panel.message for panel in panels)
    assert not dock.loop_panel.is_running
    assert "no events" in texts(dock)
    assert not button(dock, "◀").isEnabled()
    dock.loop_panel.show_message("There is no movie")
    assert dock.loop_panel.message == "There is no movie"


def test_several_movies_can_be_picked(dock, qtbot):
    dock.show_movies(["raw"], 0, is_sure=True)
    (combo,) = [one for one in dock.findChildren(QComboBox) if one.itemText(0) == "raw"]
    assert not combo.isVisible()
    dock.show_movies(["raw", "processed"], 0, is_sure=True)
    assert combo.isVisible()
    with qtbot.waitSignal(dock.movie_picked) as picked:
        combo.setFocus()
        choose(combo, Qt.Key.Key_Down)
    assert picked.args == [1]
    dock.show_movies(["raw", "processed"], 0, is_sure=True)
    assert combo.currentText() == "raw"
    dock.show_movies(["other (⚠ efocus 700 and not 400)"], -1, is_sure=False)
    assert combo.isVisible()
    assert combo.currentText() == ""
    dock.show_movies([], -1, is_sure=False)
    assert not combo.isVisible()


def test_buttons_ask_for_what_they_say(dock, qtbot):
    for text, step in (("◀", -1), ("▶", 1)):
        with qtbot.waitSignal(dock.event_step_requested) as asked:
            QTest.mouseClick(button(dock, text), LEFT)
        assert asked.args == [step]
    with qtbot.waitSignal(dock.center_requested):
        QTest.mouseClick(button(dock, "Center"), LEFT)
    dock.show_always_center(True)
    changes = []
    dock.always_center_changed.connect(changes.append)
    dock._always.click()
    assert changes == [False]


def test_the_event_image_shows_difference_or_mean(dock, qtbot):
    dock.show_event_image(image(), EXTENT)
    np.testing.assert_array_equal(dock.image_panel.pixels, image().difference)
    assert dock.image_panel.caption == "3 events"
    combo = dock.image_panel.findChild(QComboBox)
    combo.setFocus()
    choose(combo, Qt.Key.Key_Down)
    assert dock.image_panel.kind == "after"
    np.testing.assert_array_equal(dock.image_panel.pixels, image().after)
    dock.show_event_image(image(4, num_events_known=250), EXTENT)
    assert dock.image_panel.caption == "3 of 250 events · 40%"


def test_a_missing_event_image_is_explained(dock):
    dock.show_event_image(image(before=False), EXTENT)
    assert "no frame before them" in dock.image_panel.message
    combo = dock.image_panel.findChild(QComboBox)
    combo.setCurrentIndex(1)
    assert dock.image_panel.message == "", "the mean is there all the same"
    dock.show_event_image(image(0, num_events=0), EXTENT)
    assert "while the movie runs" in dock.image_panel.message
    combo.setCurrentIndex(0)
    assert "while the movie runs" in dock.image_panel.message


def test_the_loop_plays_pauses_and_goes_on_when_it_grows(dock, qtbot):
    dock.show_loop(loop(1), EXTENT)
    panel = dock.loop_panel
    assert panel.is_running
    assert panel.caption == "-0.2 s · event at 1.2 s, 3"
    qtbot.waitUntil(lambda: panel.pixels[0, 0] > 12, timeout=3000)
    QTest.mouseClick(button(dock, "❚❚"), LEFT)
    assert not panel.is_running
    at = panel.caption
    dock.show_loop(loop(2), EXTENT)
    assert panel.caption == at
    assert not panel.is_running
    qtbot.wait(150)
    assert panel.caption == at


def test_the_loop_rests_while_nobody_sees_it(dock, qtbot):
    dock.show_loop(loop(), EXTENT)
    dock.hide()
    assert not dock.loop_panel.is_running
    dock.show()
    assert dock.loop_panel.is_running
    dock.show_cell("C3", None, row(), "")
    assert not dock.loop_panel.is_running


def test_another_speed_is_that_much_faster(dock, qtbot):
    dock.show_loop(loop(), EXTENT)
    speed = dock.loop_panel.findChild(QComboBox)
    assert [speed.itemText(i) for i in range(speed.count())] == ["1x", "2x", "4x"]
    speed.setFocus()
    choose(speed, Qt.Key.Key_End)
    assert dock.loop_panel._player.speed == 4


@pytest.mark.parametrize(
    ("size", "wide"),
    [((420, 520), False), ((420, 900), False), ((1200, 300), True), ((700, 280), True)],
)
def test_it_fits_the_dock_on_either_side(dock, qtbot, size, wide):
    dock.show_footprint(np.eye(20, dtype=np.float32), EXTENT)
    dock.show_event_image(image(), EXTENT)
    dock.show_loop(loop(), EXTENT)
    dock.resize(*size)
    qtbot.wait(100)
    assert (dock.width(), dock.height()) == size
    assert dock.is_wide == wide
    panels = [dock.footprint_panel, dock.image_panel, dock.loop_panel]
    pictures = [panel._canvas for panel in panels]
    assert len({picture.height() for picture in pictures}) == 1
    assert all(min(picture.width(), picture.height()) >= 96 for picture in pictures)
    corners = [panel.mapTo(dock, panel.rect().bottomRight()) for panel in panels]
    assert all(corner.x() < size[0] and corner.y() < size[1] for corner in corners)


def test_keys_pass_through_the_pictures(dock):
    dock.show_event_image(image(), EXTENT)
    assert not press_is_taken(dock.neighbor_plot.canvas_viewport, Qt.Key.Key_A)
    assert not press_is_taken(dock.image_panel._canvas.viewport(), Qt.Key.Key_A)


def test_it_counts_the_events_up_to_now(dock):
    dock.show_time(50.0)
    assert "2 / 3" in texts(dock)
    dock.show_time(49.9)
    assert "1 / 3" in texts(dock)


def test_waveforms_are_drawn_over_each_other_with_their_mean(dock):
    shown_row = row()
    cut = waveforms(shown_row.times_s, shown_row.values, shown_row.event_times_s)
    dock.show_waveforms(cut)
    np.testing.assert_array_equal(dock.waveform_panel.mean, np.nanmean(cut.values, axis=0))
    assert dock.waveform_panel.caption == "3 events and their mean"
    x, y = dock.waveform_panel._each.getData()
    assert np.isnan(y).sum() == 3 + np.isnan(cut.values).sum(), "a gap after each"
    assert (x[0], np.nanmax(x)) == pytest.approx((-1, 2))
    dock.show_waveforms(None)
    assert dock.waveform_panel.message == "No event, or no trace"


def test_of_many_waveforms_a_part_is_drawn_and_said(dock):
    shown_row = row()
    dock.show_waveforms(waveforms(shown_row.times_s, shown_row.values, shown_row.times_s[:900]))
    assert dock.waveform_panel.caption.startswith("180 of 900 events and their mean")


def test_neighbors_are_outlined_and_their_traces_drawn_above_the_cells(dock):
    near = Neighbor(3, "#E69F00", OUTLINE + 15)
    dock.show_place(EXTENT, OUTLINE, [near])
    assert dock.footprint_panel.num_outlines == 2
    other = TraceRow("C3", "rejected", row().times_s, row().values, color=near.color)
    dock.show_time(50.0)
    dock.show_neighbors([other, row()], (0.0, 100.0))
    assert [one.name for one in dock.neighbor_plot.rows] == ["C3", "C1"]
    assert dock.neighbor_plot.isVisible()
    assert dock.neighbor_plot.view_range_s == pytest.approx((40, 60)), "20 s around now"
    assert dock.neighbor_plot._rows[0]._trace.opts["pen"].color().name() == near.color.lower()
    dock.show_place(EXTENT, OUTLINE)
    assert dock.footprint_panel.num_outlines == 1
    dock.show_neighbors([row()], (0.0, 100.0))
    assert not dock.neighbor_plot.isVisible()
    assert "No other cell is near this one" in texts(dock)


def test_it_says_where_events_come_from_that_are_in_no_file(dock):
    assert dock.note == ""
    dock.show_cell("C1", None, row(), "Peaks of the trace, as no event set is open")
    assert dock.note == "Peaks of the trace, as no event set is open"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_follows_the_theme(dock, theme):
    dock.set_colors(plot_colors(theme))
    corner = dock.neighbor_plot.canvas_viewport.backgroundRole()
    assert corner is not None
    brush = dock.neighbor_plot._canvas.backgroundBrush().color()
    assert (brush.lightness() < 128) == (theme == "dark")


def test_its_menu_goes_to_events_and_saves_pictures(dock, qtbot):
    actions = {action.text(): action for action in dock.cell_menu().actions()}
    with qtbot.waitSignal(dock.event_step_requested) as asked:
        actions["Next event"].trigger()
    assert asked.args == [1]
    with qtbot.waitSignal(dock.center_requested):
        actions["Center the cell on the canvas"].trigger()
    assert {"Save picture…", "Copy picture"} <= set(actions)


def test_every_control_has_a_name_and_little_height_is_enough(dock):
    dock.show_movies(["raw", "processed"], 0, is_sure=True)
    assert without_name(dock) == []
    assert dock.minimumHeight() <= 120
