"""The heat map and the pictures that speak for a cell: what they show, and what they ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QPushButton, QToolButton

from napari_isx.analysis.event_clips import Clip, ClipEvent, Loop
from napari_isx.analysis.event_image import EventImage
from napari_isx.analysis.trace_heatmap import HeatMap, shade
from napari_isx.docks.closeup.view import WhyView
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.heatmap.view import HeatMapView
from napari_isx.session.plot_rows import TraceRow

NAMES = ["C0", "C1", "C2", "C3"]
STATUSES = ["accepted", "undecided", "rejected", None]
EXTENT = (0.0, 0.0, 60.0, 60.0)
OUTLINE = np.array([[20.0, 20], [20, 40], [40, 40], [40, 20], [20, 20]])
LEFT = Qt.MouseButton.LeftButton


def heat(num_columns=50, start_s=0.0, column_s=0.2) -> HeatMap:
    values = np.arange(4 * num_columns, dtype=np.float32).reshape(4, -1) % num_columns
    values[2] = np.nan
    ones = np.ones(4)
    return HeatMap(values, 0 * ones, ones, ones * num_columns, start_s, column_s, 4)


def shown(widget, qtbot, width=420, height=420):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.wait(50)
    return widget


@pytest.fixture
def heat_view(qtbot) -> HeatMapView:
    view = HeatMapView()
    view.show_cells(NAMES, STATUSES)
    view.show_map(shade(heat()), np.arange(4))
    return shown(view, qtbot)


def drawn(view: HeatMapView) -> np.ndarray:
    """What is on the screen: rows, columns, RGB."""
    image = (
        view.canvas_viewport.grab()
        .toImage()
        .convertToFormat(view.canvas_viewport.grab().toImage().Format.Format_RGB888)
    )
    bits = image.constBits()
    if hasattr(bits, "setsize"):
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def color_at(view: HeatMapView, cell: int, time_s: float) -> np.ndarray:
    at = view.position_of(cell, time_s)
    pixels = drawn(view)
    ratio = pixels.shape[1] / view.canvas_viewport.width()
    return pixels[round(at.y() * ratio), round(at.x() * ratio)]


def click(view: HeatMapView, cell: int, time_s: float) -> None:
    QTest.mouseClick(view.canvas_viewport, LEFT, pos=view.position_of(cell, time_s).toPoint())


def wheel(widget, at: QPointF, modifier: Any, qtbot) -> None:
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    qtbot.wait(50)


def test_a_message_stands_in_for_the_map(qtbot):
    view = shown(HeatMapView(), qtbot)
    assert "Open a cell set" in view.message
    view.show_map(shade(heat()), np.arange(4))
    assert view.message == ""
    view.show_message("This set has no cells.")
    assert view.message == "This set has no cells."


def test_a_brighter_color_is_a_higher_value_and_gaps_have_another(heat_view):
    low, high = color_at(heat_view, 1, 0.5), color_at(heat_view, 1, 9.5)
    gap = color_at(heat_view, 2, 5.1)
    assert high.sum() > low.sum() + 100
    assert np.ptp(gap) < 30, "gray"


def test_a_click_picks_the_cell_and_the_time(heat_view, qtbot):
    times = []
    heat_view.time_requested.connect(times.append)
    with qtbot.waitSignal(heat_view.cell_picked) as picked:
        click(heat_view, 1, 7.0)
    assert picked.args == [1]
    assert times == [pytest.approx(7.0, abs=0.1)]


def test_an_order_moves_the_rows(heat_view, qtbot):
    before = heat_view.position_of(0, 5.0).y()
    heat_view.show_order(np.array([3, 2, 0]))
    assert heat_view.position_of(0, 5.0).y() > before
    with qtbot.waitSignal(heat_view.cell_picked) as picked:
        click(heat_view, 3, 2.0)
    assert picked.args == [3]
    assert np.ptp(color_at(heat_view, 2, 5.1)) < 30, "the row of gaps went with it"


def test_a_drag_moves_in_time_and_picks_no_cell(heat_view, qtbot):
    cells, times = [], []
    heat_view.cell_picked.connect(cells.append)
    heat_view.time_requested.connect(times.append)
    start, stop = (heat_view.position_of(1, t).toPoint() for t in (2.0, 8.0))
    port = heat_view.canvas_viewport
    QTest.mousePress(port, LEFT, pos=start)
    for part in (0.3, 0.6, 1.0):
        QTest.mouseMove(port, start + (stop - start) * part)
        qtbot.wait(30)
    QTest.mouseRelease(port, LEFT, pos=stop)
    assert times[-1] == pytest.approx(8.0, abs=0.2)
    assert cells == []


def test_hovering_tells_cell_status_time_and_value(heat_view, qtbot):
    def hover(cell, time_s):
        QTest.mouseMove(heat_view.canvas_viewport, heat_view.position_of(cell, time_s).toPoint())
        qtbot.wait(50)
        return heat_view.hover_text

    assert hover(0, 5.1).startswith("C0  ✓ accepted")
    assert "25.00 SD from the mean" in heat_view.hover_text
    assert "no data" in hover(2, 5.1)
    assert hover(3, 3.0).startswith("C3  ·"), "no status"


def test_selected_rows_are_framed_and_marked(heat_view, qtbot):
    plain = drawn(heat_view)
    heat_view.show_selection([1])
    qtbot.wait(50)
    changed = np.flatnonzero((drawn(heat_view) != plain).any(axis=(1, 2)))
    top = heat_view.position_of(1, 0.0).y()
    height = heat_view.position_of(1, 0.0).y() - heat_view.position_of(0, 0.0).y()
    assert len(changed)
    assert top - height / 2 - 3 <= changed.min() < changed.max() <= top + height / 2 + 3
    heat_view.show_selection([])
    qtbot.wait(50)
    assert (drawn(heat_view) == plain).all()


def test_the_cursor_is_where_the_time_is(heat_view, qtbot):
    heat_view.show_time(0.0)
    qtbot.wait(50)
    plain = drawn(heat_view)
    heat_view.show_time(6.0)
    qtbot.wait(50)
    columns = np.flatnonzero((drawn(heat_view) != plain).any(axis=(0, 2)))
    assert heat_view.position_of(0, 6.0).x() == pytest.approx(columns.max(), abs=3)


def test_orders_and_norms_are_picked(heat_view, qtbot):
    heat_view.show_orders([("file", "as in the file"), ("snr", "by SNR")], "snr")
    orders, norms = heat_view.findChildren(QComboBox)
    assert orders.currentText() == "by SNR"
    with qtbot.waitSignal(heat_view.order_picked) as picked:
        orders.setFocus()
        choose(orders, Qt.Key.Key_Up)
    assert picked.args == ["file"]
    with qtbot.waitSignal(heat_view.norm_picked) as picked:
        norms.setFocus()
        choose(norms, Qt.Key.Key_Down)
    assert picked.args == ["max"]
    heat_view.show_norm("z")
    assert norms.currentData() == "z"


def test_zooming_asks_for_finer_columns_and_shows_them(heat_view, qtbot):
    at = heat_view.position_of(1, 5.0)
    with qtbot.waitSignal(heat_view.range_changed, timeout=2000) as asked:
        for _ in range(3):
            wheel(heat_view.canvas_viewport, at, Qt.KeyboardModifier.NoModifier, qtbot)
    start, stop = asked.args
    assert 0 < start < 5 < stop < 10
    fine = heat(1000, start, (stop - start) / 1000)
    fine.values[:] = 0
    fine.values[1] = 1000
    heat_view.show_detail(shade(fine, limits=(0.0, 1000.0)))
    qtbot.wait(50)
    middle = (start + stop) / 2
    assert color_at(heat_view, 1, middle + 0.3).sum() > color_at(heat_view, 3, middle).sum() + 100


def test_the_wheel_with_shift_zooms_in_cells(heat_view, qtbot):
    height = heat_view.position_of(1, 5.0).y() - heat_view.position_of(0, 5.0).y()
    at = heat_view.position_of(1, 5.0)
    wheel(heat_view.canvas_viewport, at, Qt.KeyboardModifier.ShiftModifier, qtbot)
    higher = heat_view.position_of(1, 5.0).y() - heat_view.position_of(0, 5.0).y()
    assert higher > 1.02 * height


def test_progress_is_shown_while_it_lasts(heat_view):
    from qtpy.QtWidgets import QProgressBar

    bar = heat_view.findChild(QProgressBar)
    assert not bar.isVisible()
    heat_view.show_progress(0.4)
    assert bar.isVisible()
    assert bar.text() == "computing… 40%"
    heat_view.show_progress(None)
    assert not bar.isVisible()


def test_keys_pass_through_the_map(heat_view, qtbot):
    assert not press_is_taken(heat_view.canvas_viewport, Qt.Key.Key_A)


def choose(combo, key) -> None:
    """By keys: open the list, go to another title, and take it."""
    QTest.keyClick(combo, Qt.Key.Key_Space)
    for pressed in (key, Qt.Key.Key_Return):
        QTest.keyClick(combo.view(), pressed)


def press_is_taken(widget, key) -> bool:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QKeyEvent

    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "a")
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


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
def why(qtbot) -> WhyView:
    view = shown(WhyView(), qtbot, 420, 520)
    view.show_cell("C1", "accepted", row())
    view.show_place(EXTENT, OUTLINE)
    qtbot.wait(50)
    return view


def button(view, text) -> Any:
    kinds = (QPushButton, QToolButton)
    return next(b for kind in kinds for b in view.findChildren(kind) if b.text() == text)


def texts(view) -> list[str]:
    from qtpy.QtWidgets import QLabel

    return [label.text() for label in view.findChildren(QLabel) if label.isVisible()]


def test_without_a_cell_it_says_what_to_do(qtbot):
    view = shown(WhyView(), qtbot)
    assert texts(view) == ["Select a cell to see the evidence for it."]
    view.show_cell("C1", "accepted", row())
    assert "C1  ✓ accepted" in texts(view)
    view.show_no_cell("Several cells are selected.")
    assert texts(view) == ["Several cells are selected."]


def test_pictures_wait_for_what_is_read(why):
    panels = [why.footprint_panel, why.image_panel, why.loop_panel]
    why.show_footprint(np.eye(20, dtype=np.float32), EXTENT)
    why.show_event_image(image(), EXTENT)
    why.show_loop(loop(), EXTENT)
    assert all(panel.pixels is not None for panel in panels)
    why.show_cell("C2", None, row(0))
    assert all(panel.pixels is None and not panel.message for panel in panels)
    assert not why.loop_panel.is_running
    assert "no events" in texts(why)
    assert not button(why, "◀").isEnabled()
    why.loop_panel.show_message("There is no movie")
    assert why.loop_panel.message == "There is no movie"


def test_several_movies_can_be_picked(why, qtbot):
    why.show_movies(["raw"], 0, is_sure=True)
    (combo,) = [one for one in why.findChildren(QComboBox) if one.itemText(0) == "raw"]
    assert not combo.isVisible()
    why.show_movies(["raw", "processed"], 0, is_sure=True)
    assert combo.isVisible()
    with qtbot.waitSignal(why.movie_picked) as picked:
        combo.setFocus()
        choose(combo, Qt.Key.Key_Down)
    assert picked.args == [1]
    why.show_movies(["raw", "processed"], 0, is_sure=True)
    assert combo.currentText() == "raw"
    why.show_movies(["other (⚠ efocus 700 and not 400)"], -1, is_sure=False)
    assert combo.isVisible()
    assert combo.currentText() == ""
    why.show_movies([], -1, is_sure=False)
    assert not combo.isVisible()


def test_they_tell_whether_they_are_seen(why, heat_view):
    for view in (why, heat_view):
        told = []
        view.shown_changed.connect(lambda view=view, told=told: told.append(view.is_shown))
        assert view.is_shown
        view.hide()
        view.show()
        assert told == [False, True]


def test_the_filter_can_be_followed(heat_view, qtbot):
    from qtpy.QtWidgets import QCheckBox

    (box,) = heat_view.findChildren(QCheckBox)
    assert not box.isVisible()
    heat_view.show_only_filtered(False)
    assert box.isVisible()
    with qtbot.waitSignal(heat_view.only_filtered_changed) as picked:
        box.click()
    assert picked.args == [True]
    heat_view.show_only_filtered(None)
    assert not box.isVisible()


def test_the_window_stays_around_the_time(why):
    why.show_time(50.0)
    assert why.window_range_s == pytest.approx((40.0, 60.0))
    assert "2 / 3" in texts(why)
    why.show_time(49.9)
    assert "1 / 3" in texts(why)


def test_buttons_ask_for_what_they_say(why, qtbot):
    for text, step in (("◀", -1), ("▶", 1)):
        with qtbot.waitSignal(why.event_step_requested) as asked:
            QTest.mouseClick(button(why, text), LEFT)
        assert asked.args == [step]
    with qtbot.waitSignal(why.center_requested):
        QTest.mouseClick(button(why, "Center"), LEFT)
    why.show_always_center(True)
    changes = []
    why.always_center_changed.connect(changes.append)
    why._always.click()
    assert changes == [False]


def test_a_click_on_a_trace_asks_for_its_time(why, qtbot):
    why.show_time(50.0)
    qtbot.wait(50)
    with qtbot.waitSignal(why.time_requested) as asked:
        at = QPoint(why.trace_viewport.width() * 3 // 4, why.trace_viewport.height() // 2)
        QTest.mouseClick(why.trace_viewport, LEFT, pos=at)
    assert 50 < asked.args[0] < 60
    with qtbot.waitSignal(why.time_requested) as asked:
        QTest.mouseClick(why.trace_viewport, LEFT, pos=QPoint(at.x(), 15))
    assert 60 < asked.args[0] < 80, "in the whole trace the same place is another time"


def test_the_event_image_shows_difference_or_mean(why, qtbot):
    why.show_event_image(image(), EXTENT)
    np.testing.assert_array_equal(why.image_panel.pixels, image().difference)
    assert why.image_panel.caption == "3 events"
    combo = why.image_panel.findChild(QComboBox)
    combo.setFocus()
    choose(combo, Qt.Key.Key_Down)
    assert why.image_panel.kind == "after"
    np.testing.assert_array_equal(why.image_panel.pixels, image().after)
    why.show_event_image(image(4, num_events_known=250), EXTENT)
    assert why.image_panel.caption == "3 of 250 events · 40%"


def test_a_missing_event_image_is_explained(why):
    why.show_event_image(image(before=False), EXTENT)
    assert "no frame before them" in why.image_panel.message
    combo = why.image_panel.findChild(QComboBox)
    combo.setCurrentIndex(1)
    assert why.image_panel.message == "", "the mean is there all the same"
    why.show_event_image(image(0, num_events=0), EXTENT)
    assert "while the movie runs" in why.image_panel.message
    combo.setCurrentIndex(0)
    assert "while the movie runs" in why.image_panel.message


def test_the_loop_plays_pauses_and_goes_on_when_it_grows(why, qtbot):
    why.show_loop(loop(1), EXTENT)
    panel = why.loop_panel
    assert panel.is_running
    assert panel.caption.startswith("event 1.2 s · 3\nat 1.00 s (-0.2)")
    qtbot.waitUntil(lambda: panel.pixels[0, 0] > 12, timeout=3000)
    QTest.mouseClick(button(why, "❚❚"), LEFT)
    assert not panel.is_running
    at = panel.caption
    why.show_loop(loop(2), EXTENT)
    assert panel.caption == at
    assert not panel.is_running
    qtbot.wait(150)
    assert panel.caption == at


def test_the_loop_rests_while_nobody_sees_it(why, qtbot):
    why.show_loop(loop(), EXTENT)
    why.hide()
    assert not why.loop_panel.is_running
    why.show()
    assert why.loop_panel.is_running
    why.show_cell("C3", None, row())
    assert not why.loop_panel.is_running


def test_another_speed_is_that_much_faster(why, qtbot):
    why.show_loop(loop(), EXTENT)
    speed = why.loop_panel.findChild(QComboBox)
    assert [speed.itemText(i) for i in range(speed.count())] == ["1x", "2x", "4x"]
    speed.setFocus()
    choose(speed, Qt.Key.Key_End)
    assert why.loop_panel._player.speed == 4


@pytest.mark.parametrize(
    ("size", "wide"), [((420, 520), False), ((420, 900), False), ((1200, 300), True)]
)
def test_it_fits_the_dock_on_either_side(why, qtbot, size, wide):
    why.show_footprint(np.eye(20, dtype=np.float32), EXTENT)
    why.show_event_image(image(), EXTENT)
    why.show_loop(loop(), EXTENT)
    why.resize(*size)
    qtbot.wait(100)
    assert (why.width(), why.height()) == size
    assert why.is_wide == wide
    panels = [why.footprint_panel, why.image_panel, why.loop_panel]
    pictures = [panel._canvas for panel in panels]
    assert len({picture.height() for picture in pictures}) == 1
    assert all(min(picture.width(), picture.height()) >= 96 for picture in pictures)
    corners = [panel.mapTo(why, panel.rect().bottomRight()) for panel in panels]
    assert all(corner.x() < size[0] and corner.y() < size[1] for corner in corners)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_they_follow_the_theme(why, heat_view, qtbot, theme):
    colors = plot_colors(theme)
    why.set_colors(colors)
    heat_view.set_colors(colors)
    qtbot.wait(50)
    background = drawn(heat_view)[-2, 2]
    assert (background.mean() < 128) == (theme == "dark")


def test_keys_pass_through_the_pictures(why):
    why.show_event_image(image(), EXTENT)
    assert not press_is_taken(why.trace_viewport, Qt.Key.Key_A)
    assert not press_is_taken(why.image_panel._canvas.viewport(), Qt.Key.Key_A)
