"""The dock *Cells* in the window: table, filters, canvas, closing."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.window_data import NAMES, START
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMenu

from napari_isx import Spacing, Timing, write_cell_set
from napari_isx.analysis.cell_metrics.definitions import Metric
from napari_isx.app.docks import CellsDock
from napari_isx.docks.cells.decision_texts import ask_about_many
from napari_isx.docks.cells.table_model import CellTableModel, header_text
from napari_isx.docks.saving.window import prompts_of
from napari_isx.session.cell_table import CellTable

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
NoModifier = Qt.KeyboardModifier.NoModifier
Left = Qt.MouseButton.LeftButton


@pytest.fixture
def dock(hands):
    widget = CellsDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Cells", area="right")
    hands.viewer.window._qt_window.activateWindow()
    hands.settle()
    return widget


@pytest.fixture
def session(hands, dock, files, tmp_path):
    """Cells with their events; of a copy, as decisions are noted beside the file."""
    for name in ("movie", "cells", "events"):
        (tmp_path / f"{name}.isxd").write_bytes(files[name].read_bytes())
    hands.open(*(tmp_path / f"{name}.isxd" for name in ("movie", "cells", "events")))
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    return hands.coordinator.session


def click_row(hands, dock, row, modifier=NoModifier, double=False):
    view = dock.table
    at = view.visualRect(view.model().index(row, 1)).center()
    QTest.mouseClick(view.viewport(), Left, modifier, at)
    if double:
        QTest.mouseDClick(view.viewport(), Left, modifier, at)
    hands.settle()


def click_header(hands, dock, key):
    column = dock.table.model().column_of(key)
    header = dock.table.horizontalHeader()
    x = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    QTest.mouseClick(header.viewport(), Left, NoModifier, QPoint(x, header.height() // 2))
    hands.settle()


def shown(dock):
    return [NAMES[cell] for cell in dock.table.order]


def test_with_nothing_open_it_says_what_to_do(hands, dock):
    assert "Open a cell set" in dock.message
    assert not dock.table.isVisible()


def test_every_cell_has_a_row_with_status_and_measures(hands, dock, session):
    model = dock.table.model()
    assert model.rowCount() == 4
    first = [model.data(model.index(0, i)) for i in range(model.columnCount())]
    titles = [metric.key for metric in model.columns]
    row = dict(zip(titles, first, strict=True))
    assert (row["status"], row["name"], row["num_events"]) == ("accepted", "C0", "3")
    assert "…" not in first
    status = model.index(1, 0)
    assert not model.data(status, Qt.ItemDataRole.DecorationRole).isNull()
    number = model.index(0, titles.index("snr"))
    assert model.data(number, Qt.ItemDataRole.TextAlignmentRole) & int(Qt.AlignmentFlag.AlignRight)


def test_headers_tell_what_is_measured_and_where_it_is_from(dock, session):
    model = dock.table.model()
    horizontal, roles = Qt.Orientation.Horizontal, Qt.ItemDataRole
    for i, metric in enumerate(model.columns):
        assert model.headerData(i, horizontal, roles.ToolTipRole).startswith(metric.tooltip)
        font = model.headerData(i, horizontal, roles.FontRole)
        is_stored = metric.source == "stored" and metric.key != "name"
        assert (font is not None) == is_stored
        assert ("stored" in model.headerData(i, horizontal)) == is_stored
    stored = Metric("s", "Size, stored", "Width.", "stored", unit="px")
    assert header_text(stored) == "Size\nstored, px"


def test_a_click_selects_everywhere(hands, dock, session):
    click_row(hands, dock, 2)
    assert session.selected == (2,)
    assert hands.names_drawn == [NAMES[2]]
    assert len(hands.viewer.layers["Selected cells"].data) == 1
    click_row(hands, dock, 0, Ctrl)
    assert session.selected == (2, 0)
    click_row(hands, dock, 1)
    click_row(hands, dock, 3, Shift)
    assert sorted(session.selected) == [1, 2, 3]


def test_the_table_follows_the_canvas(hands, dock, session):
    hands.click_cell(3)
    assert dock.table.selected_cells == [3]
    hands.click_cell(0, Ctrl)
    assert dock.table.selected_cells == [0, 3]
    hands.dock.cells_picked.emit([1])
    assert dock.table.selected_cells == [1]


def test_a_trace_has_the_whole_plot_again_after_nothing_was_selected(hands, dock, session):
    plot, heights = hands.dock.plot, []
    for cells in ([0], [], [0]):
        session.select(session.group, cells)
        hands.settle()
        if cells:
            at = [plot.scene_position(0, 1.0, value).y() for value in (0.0, 1.0)]
            heights.append(at[0] - at[1])
    assert heights[1] == pytest.approx(heights[0], rel=0.1)


@pytest.fixture
def many(hands, dock, tmp_path):
    """A cell set with more rows than can be seen at once, the table in focus."""
    frame = np.zeros((8, 8), np.float32)
    frame[3:5, 3:5] = 1.0
    traces = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
    write_cell_set(
        tmp_path / "many.isxd",
        [frame] * 60,
        list(traces),
        names=[f"C{i:03}" for i in range(60)],
        timing=Timing.regular(20, 0.05, START),
        spacing=Spacing.regular((8, 8), 6.0),
    )
    hands.open(tmp_path / "many.isxd")
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    dock.table.setFocus()
    return hands.coordinator.session


NAVIGATION_KEYS = [
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Left, Qt.Key.Key_Right),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab),
]


@pytest.mark.parametrize("held", [NoModifier, Ctrl, Shift, Ctrl | Shift], ids=str)
@pytest.mark.parametrize("arranged", ["as the file has them", "sorted and filtered"])
def test_keys_never_part_the_current_row_from_the_selected(hands, dock, many, arranged, held):
    view = dock.table
    if arranged == "sorted and filtered":
        many.review.table.sort_by("name", ascending=False)
        dock.filters.text.setText("1")
        hands.settle()
        assert view.order != sorted(view.order)
    for key in NAVIGATION_KEYS:
        for start in (4, 30):
            many.select(many.group, [view.order[min(start, len(view.order) - 5)]])
            view.setFocus()
            QTest.keyClick(view, key, held)
            current = view.currentIndex()
            cell = view.order[current.row()]
            assert cell == many.selected[-1], key
            assert sorted(view.selected_cells) == sorted(many.selected), key
            assert view.viewport().rect().intersects(view.visualRect(current)), key


@pytest.mark.parametrize("held", [NoModifier, Ctrl], ids=str)
def test_home_and_end_select_the_first_and_last_row_shown(hands, dock, many, held):
    view = dock.table
    many.review.table.sort_by("name", ascending=False)
    dock.filters.text.setText("C01")
    hands.settle()
    assert len(view.order) == 10
    many.select(many.group, [view.order[4]])
    for key, row in ((Qt.Key.Key_End, 9), (Qt.Key.Key_Home, 0), (Qt.Key.Key_PageDown, None)):
        QTest.keyClick(view, key, held)
        row = min(view.num_visible_rows - 1, 9) if row is None else row
        assert many.selected == (view.order[row],)
    decided = many.selected[0]
    QTest.keyClick(view, Qt.Key.Key_R)
    hands.settle()
    assert many.group.curation.status(decided) == "rejected"
    assert many.group.curation.statuses.count("rejected") == 1


def test_shift_picks_from_where_the_selection_began(dock, many):
    keys, view = Qt.Key, dock.table
    many.select(many.group, [4])
    QTest.keyClick(view, keys.Key_Down)
    for key, wanted in (
        (keys.Key_Down, [5, 6]),
        (keys.Key_Down, [5, 6, 7]),
        (keys.Key_Up, [5, 6]),
        (keys.Key_Home, [5, 4, 3, 2, 1, 0]),
        (keys.Key_End, list(range(5, 60))),
    ):
        QTest.keyClick(view, key, Shift)
        assert list(many.selected) == wanted


def test_a_key_brings_what_is_selected_already_back_into_sight(dock, many):
    view = dock.table
    many.select(many.group, [59])
    view.verticalScrollBar().setValue(0)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert many.selected == (59,)
    assert view.viewport().rect().intersects(view.visualRect(view.currentIndex()))


def test_a_header_sorts_up_down_and_not(hands, dock, session):
    session.select(session.group, [0])
    click_header(hands, dock, "num_events")
    assert [session.review.table.text(cell, "num_events") for cell in dock.table.order] == [
        "0",
        "1",
        "2",
        "3",
    ]
    assert dock.table.selected_cells == [0]
    assert dock.table.currentIndex().row() == 3
    click_header(hands, dock, "num_events")
    assert shown(dock)[0] == "C0"
    click_header(hands, dock, "num_events")
    assert shown(dock) == NAMES
    assert dock.table.horizontalHeader().sortIndicatorSection() == -1


def test_columns_are_hidden_and_shown_again(hands, dock, session):
    columns = columns_menu(dock)
    columns["snr"].trigger()
    assert "snr" not in dock.table.shown_columns
    click_header(hands, dock, "num_events")
    assert "snr" not in dock.table.shown_columns
    columns["snr"].trigger()
    assert "snr" in dock.table.shown_columns
    assert columns["num_events"].text() == "Events"
    entries(dock.table.header_menu(dock.table.model().column_of("size")))[
        "Hide this column"
    ].trigger()
    assert "size" not in dock.table.shown_columns


def entries(menu):
    """What a menu offers, by its text."""
    return {action.text(): action for action in menu.actions() if action.text()}


def columns_menu(dock):
    menu = entries(dock.table.header_menu(0))["Choose columns"].menu()
    return {action.data(): action for action in menu.actions()}


def test_the_columns_that_decide_come_first_and_choice_and_order_are_remembered(
    hands, dock, session
):
    deciding = ["status", "name", "neighbor_correlation", "overlap", "skewness"]
    assert dock.table.shown_columns[:5] == deciding
    header = dock.table.horizontalHeader()
    size = header.visualIndex(dock.table.model().column_of("size"))
    header.moveSection(size, 2)
    columns_menu(dock)["skewness"].trigger()
    again = CellsDock(hands.viewer)
    wanted = [*deciding[:2], "size", *deciding[2:4]]
    assert again.table.shown_columns[:5] == dock.table.shown_columns[:5] == wanted
    assert "skewness" not in again.table.shown_columns
    again.deleteLater()


def test_a_right_click_offers_what_can_be_done_with_the_cells(hands, dock, session):
    dock.decisions.advance.trigger()
    click_row(hands, dock, 1)
    at = dock.table.visualRect(dock.table.model().index(2, 1)).center()
    QTest.mouseClick(dock.table.viewport(), Qt.MouseButton.RightButton, NoModifier, at)
    assert session.selected == (2,), "the row that was clicked"
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, dock.table.viewport().mapToGlobal(at)
    )
    QApplication.sendEvent(dock.table.viewport(), event)
    menu = next(one for one in dock.table.findChildren(QMenu) if one.isVisible())
    offered = entries(menu)
    assert list(offered) == [
        *("Accept this cell", "Set this cell undecided", "Reject this cell"),
        *("Center on the canvas", "Show trace", "Copy as text\tCtrl+C", "Choose columns"),
    ]
    offered["Accept this cell"].trigger()
    assert session.group.curation.status(2) == "accepted"
    offered["Center on the canvas"].trigger()
    camera = getattr(hands.viewer, "scene", hands.viewer).camera
    np.testing.assert_allclose(camera.center[-2:], hands.cell_um(2), atol=6)
    traces = hands.dock.parent()
    traces.hide()
    offered["Show trace"].trigger()
    hands.settle()
    assert traces.isVisible()
    menu.close()


def test_rows_are_copied_as_a_spreadsheet_takes_them(hands, dock, session):
    session.review.table.set_values({"skewness": [0.5, np.nan, 1234567.125, -1e-9]})
    session.select(session.group, [1, 2])
    for key in dock.table.shown_columns[3:]:
        if key != "skewness":
            dock.table.show_column(key, False)
    dock.table.show_column("neighbor_correlation", False)
    dock.table.setFocus()
    QTest.keyClick(dock.table, Qt.Key.Key_C, Ctrl)
    assert QApplication.clipboard().text() == (
        f"Status\tName\tSkewness\nundecided\t{NAMES[1]}\t\nrejected\t{NAMES[2]}\t1234567.125\n"
    )
    entries(dock.table.header_menu(0))["Copy table as text"].trigger()
    assert len(QApplication.clipboard().text().splitlines()) == 5


def test_a_low_and_narrow_dock_keeps_what_is_needed_most(hands, session):
    dock = CellsDock(hands.viewer)
    assert max(dock.minimumHeight(), dock.minimumSizeHint().height()) <= 200
    dock.setStyleSheet(hands.viewer.window._qt_window.styleSheet())
    dock.show()
    kept = (dock.table, dock.filters.text, *dock.decisions.buttons.values(), dock.save_button)
    left_out = (dock.filters.statuses, dock.display)
    for height in (640, 195):
        dock.resize(330, height)
        hands.settle()
        assert all(widget.isVisibleTo(dock) == (height > 200) for widget in left_out)
        for widget in (*kept, *(one for one in left_out if one.isVisibleTo(dock))):
            assert widget.isVisibleTo(dock)
            assert widget.height() >= widget.minimumSizeHint().height()
            assert widget.width() >= widget.minimumSizeHint().width()
            place = widget.mapTo(dock, widget.rect().bottomRight())
            assert dock.rect().contains(place), "all of it can be seen"
    dock.close()
    dock.deleteLater()


def test_rules_mark_in_the_table_what_they_would_change(dock, session):
    model = dock.table.model()
    session.review.table.propose({0: "rejected"})
    status = model.index(0, 0)
    assert model.data(status) == "→ rejected"
    assert model.data(status, Qt.ItemDataRole.FontRole).bold()
    assert "rejected if the rule is applied" in model.data(status, Qt.ItemDataRole.ToolTipRole)
    session.review.table.propose({})
    assert model.data(status) == "accepted"
    assert model.data(status, Qt.ItemDataRole.FontRole) is None


def test_duplicates_are_gone_through_by_keys(hands, dock, tmp_path):
    rows, cols = np.mgrid[:23, :31]
    prints = [
        np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / 18).astype(np.float32)
        for r, c in ((9, 9), (9, 10), (17, 24), (17, 25))
    ]
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 60)).astype(np.float32)
    write_cell_set(
        tmp_path / "twins.isxd",
        prints,
        [first, first, second, second],
        names=["A", "B", "C", "D"],
        timing=Timing.regular(60, 0.05, START),
        spacing=Spacing.regular((23, 31), 6.0),
    )
    hands.open(tmp_path / "twins.isxd")
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    session = hands.coordinator.session
    dock.duplicates_button.click()
    hands.settle()
    assert dock.duplicates.isVisible()
    assert not dock.table.isVisible()
    assert hands.names_drawn == ["A", "B"]
    assert dock.duplicates.buttons["first"].text() == "Keep A  1"
    hands.press(Qt.Key.Key_2, on=dock.duplicates.list)
    assert session.group.curation.statuses == ["rejected", "undecided", "undecided", "undecided"]
    assert hands.names_drawn == ["C", "D"]
    hands.press(Qt.Key.Key_3, on=hands.canvas)
    assert [pair.decision for pair in dock.duplicates.pairs] == ["keep B", "keep both"]
    hands.press(Qt.Key.Key_Z, Ctrl)
    hands.press(Qt.Key.Key_Z, Ctrl)
    assert [pair.decision for pair in dock.duplicates.pairs] == ["", ""]
    assert session.group.curation.unsaved == ()
    QTest.keyClick(dock.duplicates.list, Qt.Key.Key_Down)
    assert session.selected == (2, 3)
    dock.duplicates_button.click()
    assert dock.table.isVisible()


def test_filters_by_text_status_and_range(hands, dock, session):
    bar = dock.filters
    bar.text.setText("c")
    assert shown(dock) == ["C0", "C1", "<b>C3</b>"]
    bar.status_buttons["undecided"].click()
    hands.settle()
    assert shown(dock) == ["C0", "<b>C3</b>"]
    assert bar.status_buttons["accepted"].text() == "accepted\n2"
    assert bar.status_buttons["rejected"].text() == "rejected\n0 of 1"
    assert bar.status_buttons["undecided"].text() == "undecided\n1 hidden"
    (action,) = [a for a in bar.add_button.menu().actions() if a.data() == "num_events"]
    action.trigger()
    chosen = bar.ranges["num_events"]
    assert sum(chosen.histogram.counts) == 4
    chosen.slider.setValue((2.6, 3))
    hands.settle()
    assert chosen.range == (3, np.inf)
    assert chosen.low.text() == "3"
    assert shown(dock) == ["C0"]
    chosen.removed.emit()
    hands.settle()
    assert shown(dock) == ["C0", "<b>C3</b>"]
    bar.clear_button.click()
    assert shown(dock) == NAMES
    assert bar.text.text() == ""
    assert all(button.isChecked() for button in bar.status_buttons.values())


def test_a_drag_asks_for_few_filters_and_for_the_last(hands, dock, session):
    bar, asked = dock.filters, []
    (action,) = [a for a in bar.add_button.menu().actions() if a.data() == "num_events"]
    action.trigger()
    bar.filter_changed.connect(asked.append)
    for value in range(40):
        bar.ranges["num_events"].low.setText(str(value / 20))
        bar.ranges["num_events"]._on_typed()
    hands.settle()
    assert len(asked) < 10
    assert asked[-1].ranges["num_events"] == (1.95, np.inf)
    assert shown(dock) == ["C0", "<b>C3</b>"]


def test_where_no_cell_passes_it_says_so(hands, dock, session):
    dock.filters.text.setText("nobody")
    hands.settle()
    assert not dock.table.isVisible()
    dock.filters.clear_button.click()
    assert dock.table.isVisible()


def test_all_shown_rows_are_asked_about(hands, dock, session):
    dock.filters.text.setText("c")
    (reject,) = [a for a in dock.decisions.all_shown.actions() if a.data() == "rejected"]
    reject.trigger()
    question = prompts_of(hands.viewer).question
    assert question.headline.text() == "Reject the 3 cells shown?"
    assert question.cancel_button.isDefault()
    QTest.keyClick(question, Qt.Key.Key_Escape)
    assert session.review.num_unsaved == 0
    reject.trigger()
    button, _ = prompts_of(hands.viewer).question.buttons.buttons()
    assert button.text() == "&Reject the 3 cells shown"
    button.click()
    assert session.group.curation.statuses == ["rejected"] * 4
    dock.decisions.undo.click()
    assert session.group.curation.statuses == ["accepted", "undecided", "rejected", "accepted"]
    assert dock.decisions.note == "Undone: reject 3 cells"


def test_questions_say_how_many_would_change():
    def said(*values):
        return ask_about_many(*values, lambda: None)[1:3]

    assert said("rejected", "shown", 37, 12) == (
        "Reject the 37 cells shown?",
        "25 of them are already. This can be undone in one step.",
    )
    assert said("undecided", "shown", 1, 1)[0] == "Set the only cell shown undecided?"
    assert said("accepted", "selected", 12, 0) == (
        "Accept the 12 cells selected?",
        "All of them are already. Nothing would change.",
    )


def test_buttons_and_menu_decide(hands, dock, session):
    dock.decisions.advance.trigger()
    click_row(hands, dock, 1)
    dock.decisions.buttons["rejected"].click()
    assert session.group.curation.status(1) == "rejected"
    click_row(hands, dock, 1)
    entries(dock.table.row_menu())["Accept this cell"].trigger()
    assert session.group.curation.status(1) == "accepted"
    assert dock.filters.status_buttons["accepted"].text() == "accepted\n3"


def test_without_a_selection_nothing_can_be_decided(dock, session):
    assert not dock.decisions.buttons["accepted"].isEnabled()
    session.select(session.group, [0])
    assert dock.decisions.buttons["accepted"].isEnabled()


def test_a_double_click_zooms_to_the_cell(hands, dock, session):
    camera = getattr(hands.viewer, "scene", hands.viewer).camera
    click_row(hands, dock, 3, double=True)
    np.testing.assert_allclose(camera.center[-2:], hands.cell_um(3), atol=6)
    zoom = camera.zoom
    hands.viewer.reset_view()
    hands.settle()
    assert zoom > camera.zoom
    point = hands.canvas_point(*hands.cell_um(0))
    QTest.mouseClick(hands.canvas, Left, NoModifier, point)
    QTest.mouseDClick(hands.canvas, Left, NoModifier, point)
    hands.settle()
    assert session.selected == (0,)
    np.testing.assert_allclose(camera.center[-2:], hands.cell_um(0), atol=6)


def test_the_canvas_draws_only_filtered_cells(hands, dock, session):
    hands.viewer.layers["outlines · cells"].visible = False
    hands.viewer.layers["movie"].visible = False
    hands.viewer.layers["events"].visible = False
    before = hands.pixel_at(*hands.cell_um(3))
    dock.filters.text.setText("C0")
    dock.display.scope_picked.emit("filtered")
    after = hands.pixel_at(*hands.cell_um(3))
    assert before.max() > after.max() + 20
    assert hands.pixel_at(*hands.cell_um(0)).max() > after.max() + 20


def test_both_themes_have_their_colors(hands, dock, session):
    (action,) = [a for a in dock.filters.add_button.menu().actions() if a.data() == "size"]
    action.trigger()
    dark = dock.filters.ranges["size"].histogram._color.name()
    hands.viewer.theme = "light"
    hands.settle()
    assert dock.filters.ranges["size"].histogram._color.name() != dark


def test_two_sets_are_reviewed_side_by_side(hands, dock, session, files):
    hands.open(files["others"])
    dock.group_picked.emit(1)
    hands.settle()
    assert dock.table.model().rowCount() == 1
    assert hands.names_drawn == []
    dock.group_picked.emit(0)
    assert dock.table.model().rowCount() == 4


def test_an_empty_set_is_no_trouble(hands, dock, files):
    hands.open(files["empty"])
    hands.qtbot.waitUntil(lambda: dock.progress is None)
    assert dock.table.order == []
    assert dock._no_rows.text() == "There are no cells in this set."
    assert dock.filters.status_buttons["accepted"].text() == "accepted\n0"


def test_of_events_alone_nothing_is_offered_that_needs_their_cells(hands, dock, files):
    hands.open(files["events"])
    assert dock.table.shown_columns[0] == "name"
    assert not dock.display.isVisible()
    assert not dock.decisions.isVisible()
    hands.open(files["cells"])
    assert dock.display.isVisible()


def test_a_closed_dock_opens_again_as_it_was(hands, dock, session):
    dock.filters.text.setText("C0")
    session.select(session.group, [0])
    window = hands.viewer.window
    window.remove_dock_widget(dock)
    hands.settle()
    hands.coordinator.cells.decide("rejected")
    again = CellsDock(hands.viewer)
    window.add_dock_widget(again, name="Cells again", area="right")
    hands.settle()
    assert again.filters.text.text() == "C0"
    assert [NAMES[cell] for cell in again.table.order] == ["C0"]
    assert again.save_button.text() == "Save (1)"
    assert again.progress is None


def test_closing_the_file_empties_the_dock(hands, dock, session):
    hands.viewer.layers.clear()
    hands.settle()
    assert "Open a cell set" in dock.message
    assert dock.table.model().rowCount() == 0


def test_rows_of_thousands_of_cells_are_selected_in_runs():
    table = CellTable([f"C{i}" for i in range(5_000)])
    table.set_columns([Metric("x", "X", "Anything.")])
    table.set_values({"x": np.arange(5_000.0)})
    model = CellTableModel()
    model.show_table(table)
    assert len(model.selection_of(range(5_000))) == 1
    assert len(model.selection_of([0, 1, 2, 7, 9, 10])) == 3
    table.sort_by("x", ascending=False)
    model.show_rows()
    assert model.row_of(4_999) == 0
