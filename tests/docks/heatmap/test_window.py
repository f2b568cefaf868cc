"""The dock *Heat map* in a real window: clicks, cursor, zooming, threads."""

from __future__ import annotations

import time

import numpy as np
import pytest
from helpers.scenes import make_cells
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QDockWidget, QMainWindow

from napari_isx.app.docks import HeatMapDock
from napari_isx.io.cells.cell_set import CellSet

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def dock(hands):
    widget = HeatMapDock(hands.viewer)
    hands.viewer.window.add_dock_widget(widget, name="Heat map")
    hands.settle()
    return widget


@pytest.fixture
def session(hands, files):
    hands.open(files["movie"], files["cells"], files["events"])
    return hands.coordinator.session


def finish(hands):
    hands.qtbot.waitUntil(lambda: not hands.coordinator.heatmap.is_busy, timeout=10_000)
    hands.settle()


def click(dock, cell, time_s):
    QTest.mouseClick(dock.canvas_viewport, Left, pos=dock.position_of(cell, time_s).toPoint())


def pick(combo, key):
    combo.setCurrentIndex(combo.findData(key))
    combo.activated.emit(combo.currentIndex())


def test_it_stands_below_the_canvas(hands, dock, session):
    finish(hands)
    window = hands.viewer.window._qt_window
    assert isinstance(window, QMainWindow)
    assert isinstance(dock.parent(), QDockWidget)
    assert window.dockWidgetArea(dock.parent()) == Qt.DockWidgetArea.BottomDockWidgetArea
    assert dock.canvas_viewport.height() > 120
    assert dock.canvas_viewport.width() > 300


def test_a_click_selects_the_cell_and_goes_to_the_time(hands, dock, session):
    finish(hands)
    click(dock, 2, 7.0)
    assert session.selected == (2,)
    assert session.cursor.time_s == pytest.approx(7.0, abs=0.1)
    assert hands.names_drawn == ["Zelle ß"]


def test_orders_move_the_rows(hands, dock, session):
    finish(hands)
    orders = dock.findChildren(QComboBox)[0]
    pick(orders, "first event")
    finish(hands)
    places = [dock.position_of(cell, 1.0).y() for cell in (3, 0, 1, 2)]
    assert places == sorted(places)
    pick(orders, "status")
    places = [dock.position_of(cell, 1.0).y() for cell in (0, 3, 1, 2)]
    assert places == sorted(places)


def test_a_smaller_set_of_another_length_is_shown_in_place_of_a_larger_one(
    hands, dock, session, tmp_path
):
    finish(hands)
    hands.open(make_cells(tmp_path / "few.isxd", num_samples=50))
    finish(hands)
    session.select(session.groups[1], [2])
    finish(hands)
    click(dock, 1, 1.0)
    assert (session.group, session.selected) == (session.groups[1], (1,))
    session.select(session.groups[0], [3])
    finish(hands)
    click(dock, 3, 7.0)
    assert (session.group, session.selected) == (session.groups[0], (3,))


def test_the_map_of_one_set_is_not_shown_under_the_names_of_another(hands, dock, session):
    """Rows can be ordered anew while the traces of the other set are still being read."""
    finish(hands)
    dock.show_cells([f"D{i}" for i in range(9)], ["undecided"] * 9)
    dock.show_order(np.arange(9))
    QTest.mouseMove(dock.canvas_viewport, dock.position_of(8, 5.0).toPoint())
    hands.settle()
    assert dock.hover_text == ""


def test_zooming_reads_a_part_finely(hands, dock, session, monkeypatch):
    finish(hands)
    asked = []
    dock.range_changed.connect(lambda *span: asked.append(span))
    at = dock.position_of(1, 5.0)
    for _ in range(4):
        QApplication.sendEvent(
            dock.canvas_viewport,
            QWheelEvent(
                at,
                QPointF(dock.canvas_viewport.mapToGlobal(at.toPoint())),
                QPoint(0, 0),
                QPoint(0, 240),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.ControlModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            ),
        )
    hands.qtbot.waitUntil(lambda: asked != [])
    finish(hands)
    start, stop = asked[-1]
    assert 0 < start < 5 < stop < 10
    assert dock.message == ""


def test_a_window_closed_while_traces_are_read_leaves_nothing(hands, dock, files, monkeypatch):
    read = []
    trace = CellSet.trace

    def slowly(self, i):
        read.append(i)
        time.sleep(0.5)
        return trace(self, i)

    monkeypatch.setattr(CellSet, "trace", slowly)
    hands.viewer.open([str(files["cells"])], plugin="napari-isx")
    hands.qtbot.waitUntil(lambda: len(read) > 1)
    assert hands.coordinator.heatmap.is_busy


def test_closing_the_dock_in_the_midst_of_it(hands, dock, session):
    hands.viewer.window.remove_dock_widget(dock)
    hands.settle()
    assert not hands.coordinator.heatmap.is_busy
    hands.click_cell(1)
    assert hands.names_drawn == ["C1"]
