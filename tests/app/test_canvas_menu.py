"""A right click on a cell on the canvas."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMenu

from napari_isx.app.layout import WindowLayout


def right_click(hands, at):
    point = hands.canvas_point(*at)
    QTest.mouseMove(hands.canvas, point)
    QTest.mouseClick(hands.canvas, Qt.MouseButton.RightButton, pos=point)
    hands.settle()
    menu = QApplication.activePopupWidget()
    return menu if isinstance(menu, QMenu) else None


def choose(hands, menu, text):
    (action,) = [one for one in menu.actions() if one.text().partition("\t")[0] == text]
    action.trigger()
    menu.close()
    hands.settle()


def test_it_offers_what_can_be_done_with_the_cell(hands, files):
    hands.open(files["movie"], files["cells"])
    zoom = hands.viewer.scene.camera.zoom
    session = hands.coordinator.session
    menu = right_click(hands, hands.cell_um(1))
    assert session.selected == (1,)
    texts = [one.text().partition("\t")[0] for one in menu.actions() if one.text()]
    assert texts == [
        *("C1", "Accept", "Reject", "Undecided"),
        *("Center", "Show the trace", "Show the close-up"),
    ]
    assert menu.actions()[2].text() == "Accept\tA"
    choose(hands, menu, "Reject")
    assert session.group.status(1) == "rejected"
    session.select(session.group, [0, 1])
    menu = right_click(hands, hands.cell_um(1))
    assert session.selected == (0, 1), "of several selected cells none is let go of"
    choose(hands, menu, "Accept")
    assert [session.group.status(cell) for cell in (0, 1)] == ["accepted", "accepted"]
    assert hands.viewer.scene.camera.zoom == zoom
    choose(hands, right_click(hands, hands.cell_um(2)), "Center")
    assert hands.viewer.scene.camera.center[-2:] == pytest.approx(hands.cell_um(2), abs=6)
    choose(hands, right_click(hands, hands.cell_um(2)), "Show the close-up")
    assert "Close-up" in [one.widget().title for one in WindowLayout.of(hands.viewer).docks]


def test_a_drag_of_the_right_button_zooms_and_opens_nothing(hands, files):
    hands.open(files["movie"], files["cells"])
    zoom = hands.viewer.scene.camera.zoom
    start = hands.canvas_point(*hands.cell_um(1))
    button = Qt.MouseButton.RightButton
    QTest.mousePress(hands.canvas, button, pos=start)
    for step in (10, 20, 30):
        at = hands.canvas.mapToGlobal(start)
        at.setY(at.y() - step)
        QTest.mouseMove(hands.canvas, hands.canvas.mapFromGlobal(at))
        hands.settle()
    QTest.mouseRelease(hands.canvas, button, pos=hands.canvas.mapFromGlobal(at))
    hands.settle()
    assert QApplication.activePopupWidget() is None
    assert hands.coordinator.session.selected == ()
    assert hands.viewer.scene.camera.zoom != zoom


def test_beside_the_cells_there_is_no_menu(hands, files):
    hands.open(files["movie"], files["cells"])
    assert right_click(hands, (60, 360)) is None
