"""The dock *Recording info*: following the viewer, filtering, copying and saving."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QContextMenuEvent, QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu

from napari_isx.app.docks import InfoDock

Ctrl = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(hands):
    """The dock, in the window."""
    widget = InfoDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Recording info", area="right")
    hands.settle()
    QGuiApplication.clipboard().clear()
    return widget


def shown_rows(panel):
    """Labels of the rows that can be seen, by section."""
    tree = panel.tree
    tops = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    return {
        top.text(0): [
            top.child(i).text(0) for i in range(top.childCount()) if not top.child(i).isHidden()
        ]
        for top in tops
        if not top.isHidden()
    }


def row(panel, section, label):
    tree = panel.tree
    tops = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    (top,) = [top for top in tops if top.text(0) == section]
    (found,) = [top.child(i) for i in range(top.childCount()) if top.child(i).text(0) == label]
    return found


def clipboard():
    return QGuiApplication.clipboard().text()


def titles(panel):
    return [panel.files.itemText(i) for i in range(panel.files.count())]


def activate(hands, name):
    hands.viewer.layers.selection.active = hands.viewer.layers[name]
    hands.settle()


def test_with_nothing_open_it_says_what_to_do(hands, panel):
    assert panel.info is None
    assert not panel.tree.isVisible()
    assert not panel.search.isVisible()
    panel.copy_text()
    panel.ask_where_to_save()
    assert clipboard() == ""


def test_it_tells_of_a_file_that_is_opened(hands, panel, files):
    hands.open(files["movie"])
    assert panel.tree.isVisible()
    assert row(panel, "File", "Kind").text(1) == "Movie"
    assert row(panel, "Timing", "Dropped").text(1) == "2: 100\N{EN DASH}101"
    assert row(panel, "Clock", "Placed").text(1) == "by its start time"


def test_all_there_is_stays_in_view_beside_the_dock(hands, files):
    hands.open(files["movie"])
    edges_um = ((0.0, 0.0), (360.0, 420.0))
    assert all(hands.canvas.rect().contains(hands.canvas_point(*edge)) for edge in edges_um)
    hands.viewer.window.add_dock_widget(InfoDock(hands.viewer), area="right")
    hands.qtbot.wait(400)
    assert all(hands.canvas.rect().contains(hands.canvas_point(*edge)) for edge in edges_um)


def test_it_tells_of_what_was_open_before(hands, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "movie")
    panel = InfoDock(hands.viewer)
    hands.viewer.window.add_dock_widget(panel)
    hands.settle()
    assert panel.info.title == "movie.isxd"
    assert titles(panel) == ["movie.isxd", "cells.isxd"]


def test_it_follows_the_active_layer(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "movie")
    assert panel.info.title == panel.files.currentText() == "movie.isxd"
    activate(hands, "cells")
    assert panel.info.title == panel.files.currentText() == "cells.isxd"
    assert row(panel, "Cells", "Cells").text(1) == "4"


def test_a_layer_of_somebody_else_changes_nothing(hands, panel, files):
    hands.open(files["movie"])
    hands.viewer.add_layer(Image(np.eye(3)))
    hands.settle()
    assert panel.info.title == "movie.isxd"


def test_a_file_can_be_picked(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "cells")
    panel.files.setFocus()
    QTest.keyClick(panel.files, Qt.Key.Key_Up)
    assert panel.info.title == panel.files.currentText() == "movie.isxd"


def test_another_file_takes_the_place_of_one_that_is_closed(hands, panel, files):
    hands.open(files["movie"], files["events"])
    activate(hands, "movie")
    hands.viewer.layers.remove("movie")
    hands.settle()
    assert panel.info.title == "events.isxd"
    assert titles(panel) == ["events.isxd"]
    hands.viewer.layers.clear()
    hands.settle()
    assert panel.info is None
    assert titles(panel) == []


def test_picking_does_not_end_when_another_file_is_opened(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "movie")
    hands.viewer.layers.selection.clear()
    hands.open(files["events"])
    assert titles(panel) == ["movie.isxd", "cells.isxd", "events.isxd"]
    assert panel.info.title == panel.files.currentText()


def test_rows_are_filtered_by_label_text_and_section(hands, panel, files):
    hands.open(files["movie"])
    QTest.keyClicks(panel.search, "DROP")
    assert shown_rows(panel) == {"Timing": ["Dropped"]}
    panel.search.setText("uint16")
    assert shown_rows(panel) == {"Pixels": ["Pixel type"]}
    panel.search.setText("hz sampling")
    assert shown_rows(panel) == {"Timing": ["Sampling rate"]}
    panel.search.setText("pixels")
    assert len(shown_rows(panel)["Pixels"]) == 5
    panel.search.setText("nothing has this")
    assert shown_rows(panel) == {}
    panel.search.clear()
    assert set(shown_rows(panel)) == {"File", "Processing", "Pixels", "Timing", "Clock"}


def test_the_filter_stays_for_the_next_file(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    panel.search.setText("kind")
    activate(hands, "movie")
    assert shown_rows(panel) == {"File": ["Kind"]}


def test_a_collapsed_section_stays_so_but_for_the_filter(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "movie")
    row(panel, "File", "Kind").parent().setExpanded(False)
    activate(hands, "cells")
    file_section = row(panel, "File", "Kind").parent()
    assert not file_section.isExpanded()
    panel.search.setText("kind")
    assert file_section.isExpanded()
    panel.search.clear()
    assert not file_section.isExpanded()


def test_what_the_menu_collapses_stays_so_for_the_next_file(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    activate(hands, "movie")
    panel.tree.collapseAll()
    activate(hands, "cells")
    assert not row(panel, "File", "Kind").parent().isExpanded()
    panel.tree.expandAll()
    activate(hands, "movie")
    assert row(panel, "File", "Kind").parent().isExpanded()


def test_ctrl_c_copies_the_selected_rows(hands, panel, files):
    hands.open(files["movie"])
    row(panel, "File", "Name").setSelected(True)
    row(panel, "Timing", "Samples").setSelected(True)
    panel.tree.setFocus()
    hands.settle()
    hands.press(Qt.Key.Key_C, Ctrl, on=panel.tree)
    assert clipboard() == f"Name\tmovie.isxd\nSamples\t{hands.viewer.layers[0].data.shape[0]}"


def test_copying_with_no_row_selected_keeps_the_clipboard(hands, panel, files):
    hands.open(files["movie"])
    QGuiApplication.clipboard().setText("mine")
    panel.tree.clearSelection()
    panel.tree.copy_selected()
    assert clipboard() == "mine"


def test_letters_are_left_to_napari(hands, panel, files):
    hands.open(files["movie"], files["cells"], files["events"])
    hands.coordinator.session.select(hands.coordinator.session.groups[0], [0])
    panel.tree.setFocus()
    hands.settle()
    hands.press(Qt.Key.Key_N, on=panel.tree)
    assert hands.coordinator.session.cursor.time_s > 0


def test_the_context_menu_copies_a_value(hands, panel, files):
    hands.open(files["movie"])
    item = row(panel, "File", "Folder")
    panel.tree.scrollToItem(item)
    place = panel.tree.visualItemRect(item).center()
    everywhere = panel.tree.viewport().mapToGlobal(place)
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(panel.tree.viewport(), QContextMenuEvent(reason, place, everywhere))
    menu = panel.tree.findChild(QMenu)
    names = [action.text() for action in menu.actions() if action.text()]
    assert names == ["Copy value", "Copy selected rows", "Expand all", "Collapse all"]
    menu.actions()[0].trigger()
    assert clipboard() == str(files["movie"].parent)
    menu.close()


def test_all_can_be_copied_as_text_and_as_json(hands, panel, files):
    hands.open(files["movie"])
    panel.copy_text()
    assert clipboard() == panel.info.to_text()
    assert panel.note.text() == "Copied as text."
    panel.copy_json()
    assert json.loads(clipboard())["Timing"]["Dropped"] == [100, 101]


def ask(hands, panel, path, name_filter=None):
    """Type a file into the dialog that asks where to save."""
    panel.ask_where_to_save()
    hands.settle()
    dialog = panel.findChild(QFileDialog)
    if name_filter is not None:
        dialog.filterSelected.emit(name_filter)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    line.setText(str(path))
    QTest.keyClick(line, Qt.Key.Key_Return)
    hands.settle()


@pytest.mark.parametrize(
    ("name", "name_filter", "written"),
    [
        ("a.txt", None, "a.txt"),
        ("a", None, "a.txt"),
        ("b.json", None, "b.json"),
        ("b", "JSON (*.json)", "b.json"),
    ],
)
def test_saving(hands, panel, files, tmp_path, name, name_filter, written):
    hands.open(files["movie"])
    ask(hands, panel, tmp_path / name, name_filter)
    text = (tmp_path / written).read_text(encoding="utf-8")
    assert text == (panel.info.to_json() if "json" in written else panel.info.to_text())
    assert panel.note.text() == f"Saved as {written}."


def test_what_hinders_saving_is_told_in_a_sentence(hands, panel, files, tmp_path):
    hands.open(files["movie"])
    panel.save_requested.emit(str(tmp_path / "nowhere" / "a.txt"))
    assert panel.note.text() == "a.txt could not be written: No such file or directory."
    panel.save_requested.emit(str(tmp_path / "a.csv"))
    assert "choose a name that ends in .txt or .json" in panel.note.text()


def test_markup_in_a_file_is_shown_as_it_is(hands, panel, tmp_path):
    from helpers import recordings

    extra = {"name": "<img src='x'>\N{GREEK SMALL LETTER MU}"}
    path = recordings.write_movie(
        tmp_path / "m.isxd", recordings.pixels(2, 3, 5), extraProperties=extra
    )
    hands.open(path)
    item = row(panel, "Acquisition", "Session Name")
    assert item.text(1) == extra["name"]
    assert "<img" not in item.toolTip(1)


def test_long_texts_get_as_many_lines_as_they_need(hands, panel, tmp_path):
    from helpers import recordings

    extra = {"name": "word " * 50, "animal": {"id": "M1"}}
    path = recordings.write_movie(
        tmp_path / "m.isxd", recordings.pixels(2, 3, 5), extraProperties=extra
    )
    hands.open(path)
    heights = [
        panel.tree.visualItemRect(row(panel, "Acquisition", label)).height()
        for label in ("Animal ID", "Session Name")
    ]
    assert heights[1] > 3 * heights[0]


def test_a_panel_that_is_gone_hears_no_more(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    hands.viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    activate(hands, "movie")
    hands.viewer.layers.clear()  # would raise in what it had connected
    hands.settle()


def test_two_panels_are_independent(hands, panel, files):
    hands.open(files["movie"], files["cells"])
    other = InfoDock(hands.viewer)
    hands.viewer.window.add_dock_widget(other)
    activate(hands, "movie")
    other.recording_picked.emit(1)
    assert (panel.info.title, other.info.title) == ("movie.isxd", "cells.isxd")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_is_readable_in_both_themes(hands, panel, files, theme):
    hands.viewer.theme = theme
    hands.open(files["movie"])
    image = panel.tree.viewport().grab().toImage()
    grays = [
        image.pixelColor(x, y).lightness()
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    ]
    assert max(grays) - min(grays) > 120
