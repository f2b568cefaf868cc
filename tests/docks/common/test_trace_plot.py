"""Rows of traces: wheel, zoom, values, heights, and how the time is written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from helpers.qt_input import pixels_of, press_is_taken, shown, wheel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest

from napari_isx.docks.common.canvas import TimeAxis
from napari_isx.docks.common.trace_plot import MAX_ROWS, TracePlot
from napari_isx.session.plot_rows import TraceRow

NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SPAN_S = (0.0, 100.0)


def row(name="C0", height=1.0, **kwargs):
    times = np.arange(1000) / 10
    return TraceRow(name, None, times, height * np.sin(times).astype(np.float32), **kwargs)


@pytest.fixture
def plot(qtbot):
    widget = TracePlot()
    widget.show_rows([row("C0"), row("C1", 10.0)], SPAN_S)
    widget.show_channels([row("GPIO-1")], SPAN_S)
    return shown(widget, qtbot, 600, 160)


def turn(plot, qtbot, modifier, turn=240, time_s=50.0, number=1):
    at = plot.scene_position(number, time_s, 0.0).toPoint()
    wheel(
        plot.canvas_viewport, QPointF(plot.canvas_viewport.mapFrom(plot, at)), modifier, qtbot, turn
    )


def values(plot, number=1):
    low, high = plot._rows[number].view.viewRange()[1]
    return high - low


def test_the_wheel_scrolls_the_rows_and_zooms_nothing(plot, qtbot):
    plot.resize(600, 110)
    qtbot.wait(50)
    bar = plot._scroll.verticalScrollBar()
    bar.setValue(0)
    assert bar.maximum() > 0
    before = plot.view_range_s, values(plot)
    turn(plot, qtbot, NONE, -120)
    assert bar.value() > 0
    assert (plot.view_range_s, values(plot)) == before


def test_ctrl_and_the_wheel_zoom_time_about_the_mouse(plot, qtbot):
    height = values(plot)
    for _ in range(3):
        turn(plot, qtbot, CTRL, time_s=30.0)
    start, stop = plot.view_range_s
    assert stop - start < 90
    assert (30 - start) / (stop - start) == pytest.approx(0.3, abs=0.02)
    assert values(plot) == height
    assert {tuple(one.view.viewRange()[0]) for one in plot._rows} == {(start, stop)}


def test_shift_and_the_wheel_zoom_the_values_of_a_row(plot, qtbot):
    heights = values(plot, 0), values(plot, 1)
    turn(plot, qtbot, SHIFT)
    assert values(plot, 1) < heights[1]
    assert values(plot, 0) == heights[0]
    assert plot.view_range_s == SPAN_S
    for _ in range(5):
        turn(plot, qtbot, SHIFT, -480)
    assert values(plot, 1) == pytest.approx(heights[1]), "never beyond the values"


def test_nothing_beyond_the_session_is_shown(plot, qtbot):
    for _ in range(5):
        turn(plot, qtbot, CTRL, -480)
    assert plot.view_range_s == pytest.approx(SPAN_S)
    plot.show_range(-50, 0)
    assert plot.view_range_s == pytest.approx((0, 50))
    plot.show_range(90, 140)
    assert plot.view_range_s == pytest.approx((50, 100))
    plot.show_time(20.0)
    assert plot.view_range_s == pytest.approx((17.5, 67.5)), "it turns the page"
    plot.show_time(99.0)
    assert plot.view_range_s == pytest.approx((50, 100))
    assert plot._axis.range == pytest.approx((50, 100))


@pytest.mark.parametrize("how", ["double click", "home"])
def test_all_of_the_time_is_shown_again(plot, qtbot, how):
    plot.show_range(10, 20)
    turn(plot, qtbot, SHIFT, time_s=15.0)
    height = values(plot)
    if how == "home":
        for widget in (plot.canvas_viewport, plot._scroll):
            for key in (Qt.Key.Key_A, Qt.Key.Key_Down):
                assert not press_is_taken(widget, key)
        QTest.keyClick(plot.canvas_viewport, Qt.Key.Key_Home)
    else:
        for click in (QTest.mouseClick, QTest.mouseDClick, QTest.mouseRelease):
            click(plot.canvas_viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 60))
    assert plot.view_range_s == pytest.approx(SPAN_S)
    assert values(plot) > height


def test_the_row_of_the_cell_selected_last_is_the_highest(plot, qtbot):
    heights = [one.plot.size().height() for one in plot._rows]
    assert heights[1] == max(heights)
    assert heights[1] > 1.3 * heights[0]


def test_the_cell_selected_last_is_scrolled_to(plot, qtbot):
    plot.show_rows([row(f"C{i}") for i in range(MAX_ROWS)], SPAN_S)
    qtbot.wait(100)
    place = plot._cells[-1].plot.geometry()
    top = plot._scroll.verticalScrollBar().value()
    assert top <= place.top()
    assert place.bottom() <= top + plot._scroll.viewport().height()


def test_the_value_at_the_cursor_stands_in_each_row_in_sight(plot):
    plot.show_time(3.14)
    assert plot._rows[0].value_text == f"{np.sin(3.1):.4g}"
    assert plot._rows[1].value_text == f"{10 * np.sin(3.1):.4g}"
    plot.show_time(500.0)
    assert plot._rows[0].value_text == ""


def test_a_value_is_that_of_the_sample_that_is_shown():
    times = np.array([0.0, 1.0, 2.0])
    line = TraceRow("C0", None, times, np.array([5, np.nan, 7], np.float32))
    asked = (-0.5, 0.0, 0.99, 1.5, 2.0, 2.9, 3.1)
    assert [line.value_at(t) for t in asked] == [None, 5, 5, None, 7, 7, None]
    steps = TraceRow("G", None, times, np.array([0, 1, 1], np.float32), style="digital")
    assert [steps.value_at(t) for t in (0.5, 1.5, 2.0, 2.5)] == [0, 1, 1, None]
    assert TraceRow("no trace").value_at(1.0) is None


def test_all_cells_can_have_one_scale(plot):
    assert values(plot, 0) < values(plot, 1) / 5
    plot.show_value_range((-20.0, 20.0))
    assert values(plot, 0) == values(plot, 1) > 40
    assert values(plot, 2) < 5, "not channels"
    plot.show_rows([row("C2")], SPAN_S)
    assert values(plot, 0) > 40
    plot.show_value_range(None)
    assert values(plot, 0) < 5


def test_the_cursor_is_one_line_through_all_rows(plot, qtbot):
    plot.show_time(20.0)
    qtbot.wait(50)
    before = pixels_of(plot)
    plot.show_time(70.0)
    qtbot.wait(50)
    changed = (pixels_of(plot) != before).any(axis=2)
    columns = np.flatnonzero(changed.sum(axis=0) > 60)
    places = [plot.scene_position(0, time_s, 0).x() for time_s in (20.0, 70.0)]
    assert columns.min() == pytest.approx(places[0], abs=3)
    assert columns.max() == pytest.approx(places[1], abs=3)


def test_rows_and_times_are_found_under_the_mouse(plot):
    for number in (0, 1, 2):
        at = plot.scene_position(number, 40.0, 0.0).toPoint()
        place, time_s = plot.place_at(at)
        assert place == number
        assert time_s == pytest.approx(40, abs=0.3)
    assert plot.place_at(QPoint(300, 5_000))[0] is None


def ticks(axis, start_s, stop_s, size=600):
    ((step, offset),) = axis.tickSpacing(start_s, stop_s, size)
    first = np.ceil((start_s - offset) / step) * step + offset
    return axis.tickStrings(np.arange(first, stop_s + 1e-9, step).tolist(), 1.0, step)


def test_the_axis_counts_seconds_minutes_and_hours(qapp):
    axis = TimeAxis()
    axis.show_span(100.0)
    assert (axis.title, ticks(axis, 0, 100)) == ("Time (s)", ["0", "20", "40", "60", "80", "100"])
    assert ticks(axis, 1, 1.4) == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    axis.show_span(600.0)
    shown = ["00:00", "02:00", "04:00", "06:00", "08:00", "10:00"]
    assert (axis.title, ticks(axis, 0, 600)) == ("min:s", shown)
    axis.show_span(7200.0)
    assert axis.title == "h:min:s"
    assert ticks(axis, 3500, 3650)[:2] == ["0:58:30", "0:59:00"]


def test_the_axis_has_the_time_of_day_on_demand(plot):
    start = datetime(2026, 3, 1, 14, 3, 20, tzinfo=timezone(timedelta(hours=-5)))
    plot.show_clock_time(start)
    assert "UTC-05:00" in plot._axis_title.text
    assert ticks(plot._axis, 0, 600) == ["14:04:00", "14:06:00", "14:08:00", "14:10:00", "14:12:00"]
    plot.show_clock_time(None)
    assert plot._axis_title.text == "Time (s)"
