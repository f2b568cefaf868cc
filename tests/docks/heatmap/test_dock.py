"""The dock *Heat map* alone: what it shows, and what it asks for."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.qt_input import choose, pixels_of, press_is_taken, shown, wheel, without_name
from qtpy.QtCore import QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox

from napari_isx.analysis.trace_heatmap import HeatMap, shade
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.heatmap.dock import HeatMapWidget

NAMES = ["C0", "C1", "C2", "C3"]
STATUSES = ["accepted", "undecided", "rejected", None]
LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def heat(num_columns=50, start_s=0.0, column_s=0.2) -> HeatMap:
    values = np.arange(4 * num_columns, dtype=np.float32).reshape(4, -1) % num_columns
    values[2] = np.nan
    ones = np.ones(4)
    return HeatMap(values, 0 * ones, ones, ones * num_columns, start_s, column_s, 4)


@pytest.fixture
def dock(qtbot) -> HeatMapWidget:
    view = HeatMapWidget()
    view.show_cells(NAMES, STATUSES)
    view.show_map(shade(heat()), np.arange(4))
    return shown(view, qtbot)


def color_at(view: HeatMapWidget, cell: int, time_s: float) -> np.ndarray:
    at = view.position_of(cell, time_s)
    pixels = pixels_of(view.canvas_viewport)
    ratio = pixels.shape[1] / view.canvas_viewport.width()
    return pixels[round(at.y() * ratio), round(at.x() * ratio)]


def click(view: HeatMapWidget, cell: int, time_s: float) -> None:
    QTest.mouseClick(view.canvas_viewport, LEFT, pos=view.position_of(cell, time_s).toPoint())


def test_a_message_stands_in_for_the_map(qtbot):
    view = shown(HeatMapWidget(), qtbot)
    assert "Open a cell set" in view.message
    view.show_map(shade(heat()), np.arange(4))
    assert view.message == ""
    view.show_message("This set has no cells.")
    assert view.message == "This set has no cells."


def test_a_brighter_color_is_a_higher_value_and_gaps_have_another(dock):
    low, high = color_at(dock, 1, 0.5), color_at(dock, 1, 9.5)
    gap = color_at(dock, 2, 5.1)
    assert high.sum() > low.sum() + 100
    assert np.ptp(gap) < 30, "gray"


def test_a_click_picks_the_cell_and_the_time(dock, qtbot):
    times = []
    dock.time_requested.connect(times.append)
    with qtbot.waitSignal(dock.cell_picked) as picked:
        click(dock, 1, 7.0)
    assert picked.args == [1]
    assert times == [pytest.approx(7.0, abs=0.1)]


def test_an_order_moves_the_rows(dock, qtbot):
    before = dock.position_of(0, 5.0).y()
    dock.show_order(np.array([3, 2, 0]))
    assert dock.position_of(0, 5.0).y() > before
    with qtbot.waitSignal(dock.cell_picked) as picked:
        click(dock, 3, 2.0)
    assert picked.args == [3]
    assert np.ptp(color_at(dock, 2, 5.1)) < 30, "the row of gaps went with it"


def test_a_drag_moves_in_time_and_picks_no_cell(dock, qtbot):
    cells, times = [], []
    dock.cell_picked.connect(cells.append)
    dock.time_requested.connect(times.append)
    start, stop = (dock.position_of(1, t).toPoint() for t in (2.0, 8.0))
    port = dock.canvas_viewport
    QTest.mousePress(port, LEFT, pos=start)
    for part in (0.3, 0.6, 1.0):
        QTest.mouseMove(port, start + (stop - start) * part)
        qtbot.wait(30)
    QTest.mouseRelease(port, LEFT, pos=stop)
    assert times[-1] == pytest.approx(8.0, abs=0.2)
    assert cells == []


def test_hovering_tells_cell_status_time_and_value(dock, qtbot):
    def hover(cell, time_s):
        QTest.mouseMove(dock.canvas_viewport, dock.position_of(cell, time_s).toPoint())
        qtbot.wait(50)
        return dock.hover_text

    assert hover(0, 5.1).startswith("C0  ✓ accepted")
    assert "25.00 SD from the mean" in dock.hover_text
    assert "no data" in hover(2, 5.1)
    assert hover(3, 3.0).startswith("C3  ·"), "no status"


def test_selected_rows_are_framed_and_marked(dock, qtbot):
    plain = pixels_of(dock.canvas_viewport)
    dock.show_selection([1])
    qtbot.wait(50)
    changed = np.flatnonzero((pixels_of(dock.canvas_viewport) != plain).any(axis=(1, 2)))
    top = dock.position_of(1, 0.0).y()
    height = dock.position_of(1, 0.0).y() - dock.position_of(0, 0.0).y()
    assert len(changed)
    assert top - height / 2 - 3 <= changed.min() < changed.max() <= top + height / 2 + 3
    dock.show_selection([])
    qtbot.wait(50)
    assert (pixels_of(dock.canvas_viewport) == plain).all()


def test_the_cursor_is_where_the_time_is(dock, qtbot):
    dock.show_time(0.0)
    qtbot.wait(50)
    plain = pixels_of(dock.canvas_viewport)
    dock.show_time(6.0)
    qtbot.wait(50)
    columns = np.flatnonzero((pixels_of(dock.canvas_viewport) != plain).any(axis=(0, 2)))
    assert dock.position_of(0, 6.0).x() == pytest.approx(columns.max(), abs=3)


def test_orders_and_norms_are_picked(dock, qtbot):
    dock.show_orders([("file", "as in the file"), ("snr", "by SNR")], "snr")
    orders, norms = dock.findChildren(QComboBox)
    assert orders.currentText() == "by SNR"
    with qtbot.waitSignal(dock.order_picked) as picked:
        orders.setFocus()
        choose(orders, Qt.Key.Key_Up)
    assert picked.args == ["file"]
    with qtbot.waitSignal(dock.norm_picked) as picked:
        norms.setFocus()
        choose(norms, Qt.Key.Key_Down)
    assert picked.args == ["max"]
    dock.show_norm("z")
    assert norms.currentData() == "z"


def test_zooming_asks_for_finer_columns_and_shows_them(dock, qtbot):
    at = dock.position_of(1, 5.0)
    with qtbot.waitSignal(dock.range_changed, timeout=2000) as asked:
        for _ in range(3):
            wheel(dock.canvas_viewport, at, CTRL, qtbot)
    start, stop = asked.args
    assert 0 < start < 5 < stop < 10
    fine = heat(1000, start, (stop - start) / 1000)
    fine.values[:] = 0
    fine.values[1] = 1000
    dock.show_detail(shade(fine, limits=(0.0, 1000.0)))
    qtbot.wait(50)
    middle = (start + stop) / 2
    assert color_at(dock, 1, middle + 0.3).sum() > color_at(dock, 3, middle).sum() + 100


def test_the_wheel_with_shift_zooms_in_cells(dock, qtbot):
    height = dock.position_of(1, 5.0).y() - dock.position_of(0, 5.0).y()
    at = dock.position_of(1, 5.0)
    wheel(dock.canvas_viewport, at, SHIFT, qtbot)
    higher = dock.position_of(1, 5.0).y() - dock.position_of(0, 5.0).y()
    assert higher > 1.02 * height


def test_progress_is_shown_while_it_lasts(dock):
    from qtpy.QtWidgets import QProgressBar

    bar = dock.findChild(QProgressBar)
    assert not bar.isVisible()
    dock.show_progress(0.4)
    assert bar.isVisible()
    assert bar.text() == "computing… 40%"
    dock.show_progress(None)
    assert not bar.isVisible()


def test_keys_pass_through_the_map(dock, qtbot):
    assert not press_is_taken(dock.canvas_viewport, Qt.Key.Key_A)


def test_the_filter_can_be_followed(dock, qtbot):
    from qtpy.QtWidgets import QCheckBox

    (box,) = dock.findChildren(QCheckBox)
    assert not box.isVisible()
    dock.show_only_filtered(False)
    assert box.isVisible()
    with qtbot.waitSignal(dock.only_filtered_changed) as picked:
        box.click()
    assert picked.args == [True]
    dock.show_only_filtered(None)
    assert not box.isVisible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_follows_the_theme(dock, qtbot, theme):
    dock.set_colors(plot_colors(theme))
    qtbot.wait(50)
    background = pixels_of(dock.canvas_viewport)[-2, 2]
    assert (background.mean() < 128) == (theme == "dark")


def test_it_says_whether_it_is_seen(dock):
    said = []
    dock.shown_changed.connect(lambda: said.append(dock.is_shown))
    dock.hide()
    dock.show()
    assert said == [False, True]


def test_the_wheel_alone_scrolls_the_cells_and_a_double_click_shows_all(dock, qtbot):
    port = dock.canvas_viewport
    for modifier in (SHIFT, SHIFT, CTRL):
        wheel(port, dock.position_of(0, 5.0), modifier, qtbot)
    before = dock.position_of(0, 5.0).y()
    wheel(port, QPointF(100, 100), Qt.KeyboardModifier.NoModifier, qtbot, turn=-120)
    assert dock.position_of(0, 5.0).y() < before
    for _ in range(50):
        wheel(port, QPointF(100, 100), Qt.KeyboardModifier.NoModifier, qtbot, turn=-480)
    assert dock._map._view.viewRange()[1][1] == pytest.approx(4), "never beyond the last cell"
    for click in (QTest.mouseClick, QTest.mouseDClick, QTest.mouseRelease):
        click(port, LEFT, pos=port.rect().center())
    assert dock._map._view.viewRange()[1] == pytest.approx([0, 4])
    assert dock._map._view.viewRange()[0] == pytest.approx([0, 10])


def test_its_menu_is_about_the_cell_and_the_map(dock, qtbot):
    dock.show_orders([("file", "File order"), ("snr", "SNR")], "file")
    menu = dock.map_menu(0, 7.0)
    actions = {action.text(): action for action in menu.actions()}
    assert not actions["Accept C0"].isEnabled(), "it is"
    asked = []
    for signal in (dock.cell_picked, dock.cell_decided, dock.cell_centered, dock.time_requested):
        signal.connect(lambda *args: asked.append(args))
    for name in ("Select C0", "Reject C0", "Center the canvas on C0", "Go to 7.00 s"):
        actions[name].trigger()
    assert asked == [(0,), (0, "rejected"), (0,), (7.0,)]
    orders = {action.text(): action for action in actions["Order"].menu().actions()}
    assert orders["File order"].isChecked()
    with qtbot.waitSignal(dock.order_picked) as picked:
        orders["SNR"].trigger()
    assert picked.args == ["snr"]
    assert {"Save picture…", "Copy picture", "Show all cells and all of the time"} <= set(actions)
    assert not any(name.startswith(("Accept", "Select")) for name in texts(dock.map_menu()))


def texts(menu):
    return [action.text() for action in menu.actions()]


def test_every_control_has_a_name_and_little_height_is_enough(dock):
    dock.show_only_filtered(False)
    dock.show_progress(0.5)
    assert without_name(dock) == []
    assert dock.minimumHeight() <= 120
