"""The dock: selection, time, keys, closing; all through the real window's events."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.qt_input import wheel as turn_wheel
from helpers.qt_input import without_name
from helpers.window_data import NAMES, NUM_FRAMES, PERIOD_S
from napari.utils.action_manager import action_manager
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QColor, QContextMenuEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractItemView, QApplication

from napari_isx.app.commands import show_traces
from napari_isx.docks.common.theme import plot_colors

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
Left = Qt.MouseButton.LeftButton


@pytest.fixture
def session(hands, files):
    """A movie, its cells and their events, open."""
    hands.open(files["movie"], files["cells"], files["events"])
    return hands.coordinator.session


def plot_point(hands, time_s, value=0.0, row=0):
    """Where a time is, on the widget of the plot that takes the mouse."""
    plot = hands.dock.plot
    at = plot.scene_position(row, time_s, value).toPoint()
    return plot.canvas_viewport.mapFrom(plot, at)


def click_list(hands, cell, modifier=Qt.KeyboardModifier.NoModifier):
    cells = hands.dock.cell_list
    rect = cells.visualRect(cells.model().index(cell))
    QTest.mouseClick(cells.viewport(), Left, modifier, rect.center())
    hands.settle()


def plot_pixels(hands):
    """What is drawn of the plot: rows, columns, RGB."""
    image = hands.dock.plot.grab().toImage()
    rows = [
        [QColor(image.pixel(x, y)).getRgb()[:3] for x in range(0, image.width(), 2)]
        for y in range(0, image.height(), 2)
    ]
    return np.array(rows, int)


class Painted(QObject):
    """How much of a widget was painted anew."""

    height_px = 0

    def eventFilter(self, watched, event):  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            self.height_px += event.region().boundingRect().height()
        return False


def has_color(pixels, color, tolerance=30):
    wanted = QColor(color).getRgb()[:3]
    return bool((np.abs(pixels - wanted).max(axis=-1) < tolerance).any())


def test_a_click_on_a_cell_shows_its_trace_and_events(hands, session):
    hands.click_cell(0)
    (row,) = hands.dock.plot.rows
    assert (row.name, row.status, row.units) == ("C0", "accepted", "dF over noise")
    np.testing.assert_allclose(row.event_times_s, [1.0, 3.0, 7.5])
    assert hands.dock.cell_list.selectedIndexes()[0].row() == 0


def test_a_decision_paints_the_titles_alone(hands, session):
    session.select(session.group, [1, 0])
    hands.settle()
    painted, heights_px = Painted(), []
    hands.dock.plot.canvas_viewport.installEventFilter(painted)
    for status in ("undecided", "accepted", "rejected"):
        painted.height_px = 0
        session.group.curation.decide([0, 3], status)
        hands.qtbot.waitUntil(lambda: painted.height_px > 0)
        heights_px.append(painted.height_px)
    assert [row.status for row in hands.dock.plot.rows] == ["undecided", "rejected"]
    assert "✗ rejected" in hands.dock.plot._rows[1].title
    # Not of each: the window may still be busy with what was before.
    assert min(heights_px) < 40
    session.group.curation.undo()
    hands.settle()
    assert hands.dock.plot.rows[1].status == "accepted"


def test_trace_events_and_cursor_are_drawn(hands, session):
    hands.click_cell(0)
    colors = plot_colors("dark")
    pixels = plot_pixels(hands)
    for color in (colors.trace, colors.events, colors.cursor):
        assert has_color(pixels, color)


def test_invalid_samples_are_gaps(hands, session):
    hands.click_cell(0)
    values = hands.dock.plot.rows[0].values
    assert np.flatnonzero(np.isnan(values)).tolist() == [100, 101]


def test_a_click_beside_the_cells_selects_none(hands, session):
    hands.click_cell(0)
    hands.click(60, 360)
    assert hands.names_drawn == []


def test_a_drag_on_the_canvas_selects_nothing(hands, session):
    hands.drag(hands.cell_um(0), hands.cell_um(1))
    assert hands.names_drawn == []


def test_control_and_shift_add_cells_and_stack_their_traces(hands, session):
    hands.click_cell(0)
    hands.click_cell(2, Ctrl)
    hands.click_cell(3, Shift)
    assert hands.names_drawn == ["C0", "Zelle ß", "<b>C3</b>"]
    assert len(hands.viewer.layers["Selected cells"].data) == 3
    hands.click_cell(2, Ctrl)
    assert hands.names_drawn == ["C0", "<b>C3</b>"]


def test_stacked_traces_have_one_time_axis(hands, session):
    hands.click_cell(0)
    hands.click_cell(1, Ctrl)
    ends = [plot_point(hands, NUM_FRAMES * PERIOD_S, row=row).x() for row in (0, 1)]
    assert ends[0] == pytest.approx(ends[1], abs=1)


@pytest.mark.parametrize("mode", ["pan_zoom", "transform", "pick", "paint", "fill", "erase"])
def test_a_click_selects_in_every_tool_but_the_painting_ones(hands, session, mode):
    labels = hands.viewer.add_labels(np.zeros((48, 60), int), units=("um", "um"))
    hands.viewer.layers.selection.active = labels
    labels.mode = mode
    hands.click_cell(1)
    drawing = mode in {"paint", "fill", "erase"}
    assert hands.names_drawn == ([] if drawing else ["C1"])


def test_the_list_selects_on_the_canvas(hands, session):
    click_list(hands, 2)
    assert hands.names_drawn == ["Zelle ß"]
    click_list(hands, 0, Ctrl)
    assert hands.names_drawn == ["Zelle ß", "C0"]
    assert len(hands.viewer.layers["Selected cells"].data) == 2


def test_the_label_spinbox_of_napari_selects_too(hands, session):
    hands.viewer.layers["cells"].selected_label = 2
    hands.settle()
    assert hands.names_drawn == ["C1"]


def test_up_and_down_step_through_the_cells_from_canvas_list_and_plot(hands, session):
    plot = hands.dock.plot
    hands.click_cell(0)
    for focus in (hands.canvas, hands.dock.cell_list, plot.canvas_viewport):
        focus.setFocus()
        hands.press(Qt.Key.Key_Down, on=focus)
        assert hands.names_drawn == ["C1"]
        hands.press(Qt.Key.Key_Up, on=focus)
        assert hands.names_drawn == ["C0"]
    hands.press(Qt.Key.Key_Up)
    assert hands.names_drawn == ["C0"]


@pytest.mark.parametrize("where", ["canvas", "list", "plot"])
def test_n_works_wherever_the_focus_is(hands, session, where):
    hands.click_cell(0)
    focus = {
        "canvas": hands.canvas,
        "list": hands.dock.cell_list,
        "plot": hands.dock.plot.canvas_viewport,
    }[where]
    hands.viewer.dims.set_point(0, 0.0)
    hands.press(Qt.Key.Key_N, on=focus)
    assert hands.viewer.dims.point[0] == pytest.approx(1.0)


def test_the_cursor_follows_the_slider(hands, session):
    hands.viewer.dims.set_point(0, 2.5)
    hands.settle()
    assert hands.dock.time_text == f"2.50 s · frame 50 of {NUM_FRAMES}"
    hands.press(Qt.Key.Key_Right)
    assert hands.dock.time_text.startswith("2.55 s · frame 51")


def test_a_click_on_the_plot_moves_the_slider(hands, session):
    hands.click_cell(0)
    QTest.mouseClick(hands.dock.plot.canvas_viewport, Left, pos=plot_point(hands, 4.0))
    hands.settle()
    assert hands.viewer.dims.point[0] == pytest.approx(4.0, abs=0.05)


def test_a_drag_on_the_plot_scrubs(hands, session):
    hands.click_cell(0)
    viewport = hands.dock.plot.canvas_viewport
    QTest.mousePress(viewport, Left, pos=plot_point(hands, 1.0))
    seen = []
    for time_s in (2.0, 3.0, 5.0, 6.0):
        QTest.mouseMove(viewport, plot_point(hands, time_s))
        hands.settle()
        seen.append(hands.viewer.dims.point[0])
    QTest.mouseRelease(viewport, Left, pos=plot_point(hands, 6.0))
    hands.settle()
    assert seen == sorted(seen)
    assert hands.viewer.dims.point[0] == pytest.approx(6.0, abs=0.05)


def test_n_and_shift_n_go_from_event_to_event(hands, session):
    hands.click_cell(0)
    hands.viewer.dims.set_point(0, 0.0)
    seen = []
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 4 + (Shift,) * 3:
        hands.press(Qt.Key.Key_N, modifier)
        seen.append(round(hands.viewer.dims.point[0], 6))
    assert seen == [1.0, 3.0, 7.5, 7.5, 3.0, 1.0, 1.0]


def test_without_a_movie_the_cursor_has_a_time_of_its_own(hands, files):
    hands.open(files["cells"])
    hands.click_cell(0)
    QTest.mouseClick(hands.dock.plot.canvas_viewport, Left, pos=plot_point(hands, 4.0))
    hands.settle()
    assert hands.coordinator.session.cursor.time_s == pytest.approx(4.0, abs=0.05)
    frame = hands.coordinator.session.group.timing.sample_at(
        hands.coordinator.session.cursor.time_s
    )
    assert f"frame {frame} of" in hands.dock.time_text


def test_events_alone_can_be_looked_at(hands, files):
    hands.open(files["events"])
    hands.press(Qt.Key.Key_Down)
    (row,) = hands.dock.plot.rows
    assert (row.name, len(row.values), len(row.event_values)) == ("C0", 0, 3)
    hands.viewer.dims.set_point(0, 0.0)
    hands.press(Qt.Key.Key_N)
    assert hands.coordinator.session.cursor.time_s == pytest.approx(1.0)


def test_another_cell_keeps_the_zoom(hands, session):
    hands.click_cell(0)
    plot = hands.dock.plot
    before = plot.view_range_s
    point = plot_point(hands, 5.0)
    QTest.mouseMove(plot.canvas_viewport, point)
    wheel(hands, plot.canvas_viewport, point)
    zoomed = plot.view_range_s
    assert zoomed[1] - zoomed[0] < 0.9 * (before[1] - before[0])
    hands.click_cell(1)
    assert plot.view_range_s == pytest.approx(zoomed)


def test_the_view_turns_the_page_when_the_cursor_leaves_it(hands, session):
    hands.click_cell(0)
    plot = hands.dock.plot
    for _ in range(5):
        wheel(hands, plot.canvas_viewport, plot_point(hands, 1.0))
    hands.viewer.dims.set_point(0, 8.0)
    hands.settle()
    start, stop = plot.view_range_s
    assert start <= 8.0 <= stop


def wheel(hands, widget, point):
    """Turn the mouse wheel by one notch, with Ctrl."""
    turn_wheel(widget, point, Ctrl, hands.qtbot, 120)
    hands.settle()


def test_a_right_click_on_a_row_offers_what_can_be_done_with_its_cell(hands, session):
    session.select(session.group, [0, 1])
    hands.settle()
    at = hands.dock.plot.mapTo(hands.dock, hands.dock.plot.scene_position(0, 5.0, 0.0).toPoint())
    asked = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, hands.dock.mapToGlobal(at), Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(hands.dock, asked)
    menu = QApplication.activePopupWidget()
    actions = {action.text(): action for action in menu.actions()}
    assert any(name.startswith("Go to 5.0") for name in actions)
    assert {"Same scale for all cells", "Time of day", "Save picture…", "Copy picture"} <= {
        *actions
    }
    assert not actions["Accept C0"].isEnabled(), "it is accepted"
    actions["Reject C0"].trigger()
    menu.close()
    assert session.group.status(0) == "rejected"
    assert session.selected == (0, 1)


def test_the_dock_says_how_many_of_the_selected_cells_are_drawn(hands, session):
    rows = hands.dock.plot.rows
    hands.dock.show_selection([0, 1, 2], rows, 4, 2, (0.0, 10.0))
    assert hands.dock.note_text == "3 of 4 cells · 2 of 3 drawn"
    assert without_name(hands.dock) == []
    assert hands.dock.minimumHeight() <= 150, "which the window asks for"


def test_the_plot_follows_the_theme(hands, session):
    hands.click_cell(0)
    dark = plot_pixels(hands).mean()
    hands.viewer.theme = "light"
    hands.settle()
    pixels = plot_pixels(hands)
    assert pixels.mean() > dark + 100
    assert has_color(pixels, plot_colors("light").trace)


def test_names_are_text_not_markup(hands, session):
    click_list(hands, 3)
    assert hands.names_drawn == ["<b>C3</b>"]
    assert "&lt;b&gt;C3" in hands.dock.plot._rows[0].title


def test_a_closed_dock_stays_closed_and_can_be_asked_for(hands, session, files):
    hands.click_cell(1)
    hands.dock.parent().destroyOnClose()
    hands.settle()
    assert hands.docks == []
    hands.open(files["others"])
    hands.click_cell(3)
    assert hands.docks == []
    show_traces()
    hands.settle()
    assert hands.names_drawn == ["<b>C3</b>"]
    hands.viewer.dims.set_point(0, 3.0)
    hands.settle()
    assert hands.dock.time_text.startswith("3.00 s")


def test_a_hidden_dock_is_not_shown_again(hands, session, files):
    hands.dock.parent().hide()
    hands.open(files["others"])
    assert not hands.dock.isVisible()


def test_the_dock_lies_below_the_canvas(hands, session):
    area = hands.viewer.window._qt_window.dockWidgetArea(hands.dock.parent())
    assert area == Qt.DockWidgetArea.BottomDockWidgetArea


def test_the_plugins_menu_makes_no_second_dock(hands, session):
    hands.viewer.window.add_plugin_dock_widget("napari-isx", "Traces")
    hands.settle()
    assert len(hands.docks) == 1


def test_commands_are_in_the_palette_and_keys_in_the_shortcut_editor(hands, session):
    from napari._app_model import get_app_model
    from napari._qt.widgets.qt_command_palette import QCommandPalette
    from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor

    palette = get_app_model().commands
    for name in ("show_traces", "next_cell", "previous_cell", "next_event", "previous_event"):
        assert f"napari-isx.{name}" in palette
    assert QCommandPalette is not None
    editor = ShortcutEditor()
    hands.qtbot.addWidget(editor)
    listed = editor.key_bindings_strs[editor.VIEWER_KEYBINDINGS]
    assert "napari-isx:next_cell" in listed


def test_commands_act_on_the_current_window(hands, session):
    from napari._app_model import get_app_model

    run = get_app_model().commands.execute_command
    run("napari-isx.next_cell").result()
    run("napari-isx.next_cell").result()
    assert hands.names_drawn == ["C1"]
    run("napari-isx.previous_cell").result()
    hands.viewer.dims.set_point(0, 0.0)
    run("napari-isx.next_event").result()
    assert hands.viewer.dims.point[0] == pytest.approx(1.0)


def test_keys_can_be_rebound(hands, session):
    old = action_manager.unbind_shortcut("napari-isx:next_cell")
    action_manager.bind_shortcut("napari-isx:next_cell", "G")
    try:
        hands.press(Qt.Key.Key_Down)
        assert hands.names_drawn == []
        hands.press(Qt.Key.Key_G)
        assert hands.names_drawn == ["C0"]
    finally:
        action_manager.unbind_shortcut("napari-isx:next_cell")
        for key in old:
            action_manager.bind_shortcut("napari-isx:next_cell", key)


def test_the_list_takes_more_than_one_cell(hands, session):
    assert hands.dock.cell_list.selectionMode() == QAbstractItemView.SelectionMode.ExtendedSelection
    assert hands.dock.cell_list.model().rowCount() == len(NAMES)


def test_keys_with_ctrl_leave_the_current_row_of_the_list_where_the_selection_is(hands, files):
    hands.open(files["cells"])
    cells = hands.dock.cell_list
    hands.coordinator.session.select(hands.coordinator.session.group, [1])
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_Down):
        before = cells.currentIndex().row()
        hands.press(key, Qt.KeyboardModifier.ControlModifier, on=cells)
        assert cells.currentIndex().row() == before
        assert [index.row() for index in cells.selectedIndexes()] == [1]
