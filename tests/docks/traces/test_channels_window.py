"""Channels, vessels and the clock in the dock, in a real window."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from helpers.channel_files import make_gpio, make_imu
from helpers.scenes import START, make_cells
from helpers.vessel_files import BOXES, PIXEL_UM, make_vessels
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QCheckBox, QToolButton

from napari_isx import Timing
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.common.trace_row import ValueAxis
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.layers.keys import recording_of

Left = Qt.MouseButton.LeftButton
Ctrl = Qt.KeyboardModifier.ControlModifier
SHOWN = ["Digital GPI 0", "GPIO-1", "BNC Trigger Input", "EX-LED"]


@pytest.fixture
def gpio(tmp_path):
    return make_gpio(tmp_path / "box.gpio")


def drawn(hands):
    return [row.name for row in hands.dock.plot.channels]


def channel_list(hands):
    return hands.dock.channel_panel.list


def texts(hands):
    listed = channel_list(hands)
    return [listed.item(row).text() for row in range(listed.count())]


def item_of(hands, name):
    listed = channel_list(hands)
    return next(
        listed.item(row) for row in range(listed.count()) if listed.item(row).text() == name
    )


def click_channel(hands, name, modifier=Qt.KeyboardModifier.NoModifier):
    listed = channel_list(hands)
    rect = listed.visualItemRect(item_of(hands, name))
    QTest.mouseClick(listed.viewport(), Left, modifier, rect.center())
    hands.settle()


def tick(hands, name):
    """Click on the box before a name."""
    from qtpy.QtWidgets import QStyle, QStyleOptionViewItem

    listed = channel_list(hands)
    item = item_of(hands, name)
    option = QStyleOptionViewItem()
    listed.initViewItemOption(option)
    option.rect = listed.visualItemRect(item)
    option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    where = QStyle.SubElement.SE_ItemViewItemCheckIndicator
    box = listed.style().subElementRect(where, option, listed)
    QTest.mouseClick(listed.viewport(), Left, pos=box.center())
    hands.settle()


def test_gpio_alone_offers_the_dock_with_its_channels(hands, gpio):
    hands.open(gpio)
    assert drawn(hands) == SHOWN
    assert hands.dock.message == ""
    assert texts(hands) == [*SHOWN, "BNC Sync Output", "Frame Count"]
    assert channel_list(hands).isVisible()
    assert not hands.dock._tabs.tabBar().isVisible(), "there are no cells to have a tab for"


def test_cells_and_channels_have_tabs(hands, gpio, files):
    hands.open(files["cells"])
    assert not hands.dock._tabs.tabBar().isVisible()
    hands.open(gpio)
    bar = hands.dock._tabs.tabBar()
    assert bar.isVisible()
    assert [bar.tabText(i) for i in range(bar.count())] == ["Cells", "Channels"]
    assert drawn(hands) == SHOWN
    hands.click_cell(0)
    assert hands.names_drawn == ["C0"]
    assert drawn(hands) == SHOWN
    layers = hands.viewer.layers
    layers.remove(next(one for one in layers if isinstance(recording_of(one), GpioSet)))
    hands.settle()
    assert not bar.isVisible()
    assert hands.dock.cell_list.isVisible()
    assert drawn(hands) == []


def test_a_tick_shows_and_hides(hands, gpio):
    hands.open(gpio)
    tick(hands, "GPIO-1")
    assert drawn(hands) == ["Digital GPI 0", "BNC Trigger Input", "EX-LED"]
    tick(hands, "Frame Count")
    assert drawn(hands) == ["Digital GPI 0", "BNC Trigger Input", "EX-LED", "Frame Count"]
    for name in drawn(hands):
        tick(hands, name)
    assert drawn(hands) == []
    assert "Tick a channel" in hands.dock.message
    tick(hands, "EX-LED")
    assert hands.dock.message == ""


def test_a_tick_in_a_selection_means_all_of_it(hands, gpio):
    hands.open(gpio)
    click_channel(hands, "GPIO-1")
    click_channel(hands, "EX-LED", Ctrl)
    item_of(hands, "GPIO-1").setCheckState(Qt.CheckState.Unchecked)
    hands.settle()
    assert drawn(hands) == ["Digital GPI 0", "BNC Trigger Input"]
    assert item_of(hands, "EX-LED").checkState() == Qt.CheckState.Unchecked


def test_constant_channels_are_listed_on_demand(hands, gpio):
    hands.open(gpio)
    box = hands.dock.channel_panel.findChild(QCheckBox)
    assert box.isChecked()
    assert "OG-LED" not in texts(hands)
    box.click()
    assert item_of(hands, "OG-LED").font().italic()
    assert "never changes: 0" in item_of(hands, "OG-LED").toolTip()
    assert item_of(hands, "OG-LED").checkState() == Qt.CheckState.Unchecked


def test_where_no_channel_changes_the_dock_says_how_to_see_them(hands, tmp_path):
    hands.open(make_gpio(tmp_path / "still.gpio", {"EX-LED": ([0], [0])}))
    assert texts(hands) == []
    assert "Untick" in hands.dock.message
    hands.dock.channel_panel.findChild(QCheckBox).click()
    assert texts(hands) == ["EX-LED"]
    assert hands.dock.message == "Tick a channel in the list to see it here."


def test_buttons_move_the_selected_channels(hands, gpio):
    hands.open(gpio)
    up, down = hands.dock.channel_panel.findChildren(QToolButton)
    click_channel(hands, "EX-LED")
    up.click()
    assert drawn(hands) == ["Digital GPI 0", "GPIO-1", "EX-LED", "BNC Trigger Input"]
    assert item_of(hands, "EX-LED").isSelected()
    up.click()
    up.click()
    up.click()
    assert drawn(hands)[0] == "EX-LED"
    down.click()
    assert drawn(hands)[:2] == ["Digital GPI 0", "EX-LED"]


def test_a_dragged_channel_goes_where_it_is_dropped(hands, gpio):
    hands.open(gpio)
    listed = channel_list(hands)
    click_channel(hands, "EX-LED")
    mime = listed.mimeData(listed.selectedItems())
    top = listed.visualItemRect(listed.item(0)).topLeft()

    class Drop(QDropEvent):
        def source(self):
            return listed

    drop = Drop(QPointF(top), Qt.DropAction.MoveAction, mime, Left, Qt.KeyboardModifier.NoModifier)
    listed.dropEvent(drop)
    hands.settle()
    assert drawn(hands) == ["EX-LED", "Digital GPI 0", "GPIO-1", "BNC Trigger Input"]
    assert texts(hands)[0] == "EX-LED"
    assert len(texts(hands)) == 6
    assert drop.dropAction() == Qt.DropAction.IgnoreAction, "else Qt removes the row"


def test_channels_are_listed_by_file(hands, gpio, tmp_path):
    hands.open(gpio, make_imu(tmp_path / "head.imu"))
    assert texts(hands)[0] == "box.gpio"
    assert texts(hands)[7] == "head.imu"
    assert item_of(hands, "head.imu").flags() == Qt.ItemFlag.ItemIsEnabled
    listed = channel_list(hands)
    click_channel(hands, "Acc x")
    listed.drop_selected(1)
    hands.settle()
    assert drawn(hands)[0] == "Acc x"
    assert texts(hands)[:3] == ["head.imu", "Acc x", "box.gpio"]


def test_j_steps_through_the_picked_channel_wherever_the_focus_is(hands, gpio):
    hands.open(gpio)
    click_channel(hands, "Digital GPI 0")
    cursor = hands.coordinator.session.cursor
    hands.coordinator.time.go_to(0.0)
    seen = []
    for focus in (hands.canvas, channel_list(hands), hands.dock.plot.canvas_viewport):
        focus.setFocus()
        hands.press(Qt.Key.Key_J, on=focus)
        seen.append(cursor.time_s)
    assert seen == pytest.approx([1, 2, 5])
    hands.press(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    assert cursor.time_s == pytest.approx(2)


def test_long_names_of_files_take_no_room_from_the_channels(hands, gpio, tmp_path):
    hands.open(gpio, make_imu(tmp_path / f"{'a long name of ' * 5}head.imu"))
    assert not channel_list(hands).horizontalScrollBar().isVisible()
    assert channel_list(hands).visualItemRect(item_of(hands, "GPIO-1")).left() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_names_of_files_can_be_read_and_not_selected(hands, gpio, tmp_path, theme):
    hands.open(gpio, make_imu(tmp_path / "head.imu"))
    hands.viewer.theme = theme
    hands.settle()
    listed, header = channel_list(hands), item_of(hands, "box.gpio")
    image = listed.viewport().grab(listed.visualItemRect(header)).toImage()
    shades = [
        QColor(image.pixel(x, y)).lightness()
        for x in range(image.width())
        for y in range(image.height())
    ]
    assert max(shades) - min(shades) > 100
    click_channel(hands, "Digital GPI 0")
    click_channel(hands, "box.gpio")
    assert not header.isSelected()


def test_one_press_reaches_an_edge_between_two_steps_of_the_slider(hands, tmp_path, files):
    edges_s = [1.011, 2.029, 3.024]
    line = {"Digital GPI 0": ([0, *edges_s], [0, 1, 0, 1])}
    hands.open(files["movie"], make_gpio(tmp_path / "box.gpio", line))
    hands.coordinator.time.go_to(0.0)
    for expected in (*edges_s, edges_s[-1]):
        hands.press(Qt.Key.Key_J)
        assert hands.coordinator.session.cursor.time_s == pytest.approx(expected)
    for expected in (edges_s[1], edges_s[0]):
        hands.press(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
        assert hands.coordinator.session.cursor.time_s == pytest.approx(expected)
        assert hands.viewer.dims.point[0] == pytest.approx(expected)


def plot_pixels(hands):
    image = hands.dock.plot.canvas_viewport.grab().toImage()
    return np.array(
        [
            [QColor(image.pixel(x, y)).getRgb()[:3] for x in range(image.width())]
            for y in range(image.height())
        ],
        int,
    )


def viewport_point(hands, row, time_s, value):
    plot = hands.dock.plot
    return plot.canvas_viewport.mapFrom(plot, plot.scene_position(row, time_s, value).toPoint())


def lit(hands, pixels, row, time_s, value):
    """Whether a line is drawn within a pixel or two of a place."""
    at = viewport_point(hands, row, time_s, value)
    background = np.array(QColor(plot_colors("dark").background).getRgb()[:3])
    around = pixels[at.y() - 2 : at.y() + 3, at.x() - 2 : at.x() + 3]
    return bool((np.abs(around - background).max(axis=-1) > 60).any())


def test_steps_are_drawn_as_steps_and_lost_data_as_gaps(hands, tmp_path):
    line = {"Digital GPI 0": ([0, 1, 4], [0, 1, 0]), "GPIO-1": ([0, 2.2, 3.5], [160, 640, 320])}
    hands.open(make_gpio(tmp_path / "lost.gpio", line, lost_at_s=3.5))
    assert drawn(hands)[0] == "Digital GPI 0"
    hands.coordinator.time.go_to(5.9)
    hands.settle()
    pixels = plot_pixels(hands)
    assert lit(hands, pixels, 0, 0.5, 0)
    assert lit(hands, pixels, 0, 0.97, 0)
    assert not lit(hands, pixels, 0, 0.9, 0.5), "no slope before the edge"
    assert lit(hands, pixels, 0, 1.0, 0.5)
    assert lit(hands, pixels, 0, 0.5 + 1, 1)
    values = hands.dock.plot.channels[0].values
    assert np.isnan(values).any()
    lost = hands.dock.plot.channels[0].times_s[np.flatnonzero(np.isnan(values))[0]]
    back = hands.dock.plot.channels[0].times_s[np.flatnonzero(np.isnan(values))[0] + 1]
    assert back - lost > 0.1
    middle = (lost + back) / 2
    assert not lit(hands, pixels, 0, middle, 0)
    assert not lit(hands, pixels, 0, middle, 1)
    assert lit(hands, pixels, 0, 5.5, 0), "held until the recording ends"


def test_cells_and_channels_zoom_together(hands, gpio, files):
    hands.open(files["cells"], gpio)
    hands.click_cell(0)
    plot = hands.dock.plot
    assert plot.view_range_s == pytest.approx((0, 10.0))
    plot._channels[1].view.setXRange(2, 3, padding=0)
    hands.settle()
    assert {tuple(row.view.viewRange()[0]) for row in plot._rows} == {(2.0, 3.0)}
    assert plot.view_range_s == (2.0, 3.0)
    ends = [viewport_point(hands, row, 2.5, 0).x() for row in range(5)]
    assert max(ends) - min(ends) <= 1
    hands.click_cell(1)
    hands.click_cell(2, Ctrl)
    assert {tuple(row.view.viewRange()[0]) for row in plot._rows} == {(2.0, 3.0)}


def test_many_rows_scroll_below_an_axis_that_stays(hands, gpio, files, tmp_path):
    hands.open(files["cells"], gpio, make_imu(tmp_path / "head.imu"))
    hands.click_cell(0)
    plot = hands.dock.plot
    rows = sum(row.height_px for row in plot._rows)
    assert plot._canvas.height() >= rows > plot._scroll.viewport().height()
    assert plot._axis_canvas.isVisible()
    assert plot._axis_canvas.width() == plot._scroll.viewport().width()
    assert all(row.plot.size().height() >= row.height_px for row in plot._rows)
    assert plot._rows[-1].plot.sceneBoundingRect().bottom() <= plot._canvas.height()


@pytest.mark.parametrize("height_px", [30, 44, 300])
@pytest.mark.parametrize(("low", "high"), [(-1.2, 1.7), (0, 120_000), (24.99, 25.013), (-5, 6)])
def test_labels_of_values_have_room(qapp, low, high, height_px):
    ((spacing, _),) = ValueAxis().tickSpacing(low, high, height_px)
    count = (high - low) / spacing
    assert height_px / count >= 14
    assert 0.6 < count <= 6


def test_a_click_on_a_channel_moves_the_time(hands, gpio):
    hands.open(gpio)
    QTest.mouseClick(hands.dock.plot.canvas_viewport, Left, pos=viewport_point(hands, 1, 4.0, 500))
    hands.settle()
    assert hands.coordinator.session.cursor.time_s == pytest.approx(4.0, abs=0.05)


def test_vessels_are_selected_on_the_canvas_and_show_their_maps(hands, tmp_path):
    hands.open(make_vessels(tmp_path / "flow.isxd", units="um/s"))
    assert hands.dock._tabs.tabText(0) == "Vessels"
    x, y = np.mean(BOXES[1], axis=0)
    hands.click((y + 0.5) * PIXEL_UM, (x + 0.5) * PIXEL_UM)
    assert hands.names_drawn == ["V1", "V1 direction"]
    assert hands.dock.maps.isVisible()
    assert hands.dock.maps.title == "V1, sample 0"
    hands.coordinator.time.go_to(1.5)
    hands.settle()
    assert hands.dock.maps.title == "V1, sample 3"
    np.testing.assert_allclose([one[0, 0] for one in hands.dock.maps.maps], [130, 131, 132])
    levels = {tuple(image.levels) for image in hands.dock.maps._images}
    assert levels == {(130.0, 132.5)}, "one scale for all three"
    hands.viewer.layers.remove("vessels · flow")
    hands.viewer.layers.remove("flow")
    hands.settle()
    assert not hands.dock.maps.isVisible()
    assert hands.dock.message


def test_the_dock_says_how_files_line_up(hands, files):
    hands.open(files["movie"])
    hands.open(files["cells"])
    assert hands.dock.clock_line.text() == "by start times"
    assert "cells.isxd: from 0.000 s, by its start time" in hands.dock.clock_line.toolTip()
    assert hands.dock.clock_line.isVisible()


def test_days_are_arranged_in_the_dock_and_cuts_are_marked(hands, tmp_path):
    for day in (0, 3):
        timing = Timing.regular(20, 0.1, START + timedelta(days=day))
        hands.open(make_cells(tmp_path / f"day{day}.isxd", timing=timing))
    hands.settle()
    line = hands.dock.clock_line
    assert line.text() == "⚠ 3 days apart, on top of each other · by start times"
    assert line.arrangement.isVisible()
    session = hands.coordinator.session
    session.select(session.groups[1], [0, 1])
    hands.settle()
    assert not cut_marks(hands)
    line.arrangement.setFocus()
    QTest.keyClick(line.arrangement, Qt.Key.Key_Down)
    hands.settle()
    assert line.text() == "3 days apart, one after the other · by start times"
    first, second = cut_marks(hands)
    assert first == second == (2, 3)
    lines = [line for row in hands.dock.plot._rows for line in cut_lines(row)]
    labels = [child.format for line in lines for child in line.childItems()]
    assert labels == ["3 days cut"]
    assert hands.dock.plot.rows[0].times_s[0] == 3
    QTest.keyClick(line.arrangement, Qt.Key.Key_Up)
    hands.settle()
    assert not cut_marks(hands)
    hands.viewer.layers.remove("cells · day3")
    hands.viewer.layers.remove("outlines · day3")
    hands.settle()
    assert not line.arrangement.isVisible()


def cut_marks(hands):
    return [item.getRegion() for row in hands.dock.plot._rows for item in row._cut_items]


def cut_lines(row):
    return [line for item in row._cut_items for line in item.lines]
