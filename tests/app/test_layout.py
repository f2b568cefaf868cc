"""Where our docks are in a window, and that they stay there."""

from __future__ import annotations

from base64 import b64encode

import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QToolBar

from napari_isx.app.docks import CellsDock, TracesDock
from napari_isx.app.layout import WindowLayout
from napari_isx.docks.common.settings import recall

TITLES = ("Traces", "Cells", "Close-up", "Heat map", "Recording info")
LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea


def window(hands):
    return hands.viewer.window._qt_window


def dock_of(hands, title):
    (found,) = [one for one in WindowLayout.of(hands.viewer).docks if one.widget().title == title]
    return found


def open_all(hands, files, size):
    hands.viewer.window.resize(*size)
    hands.open(files["movie"], files["cells"])
    for title in TITLES:
        WindowLayout.of(hands.viewer).show(title)
        hands.settle()
    hands.qtbot.wait(300)


def use_menu(hands, title):
    """Choose a dock in the menu *Plugins*."""
    command = {"Traces": "make_traces_widget", "Cells": "make_cells_widget"}[title]
    get_app_model().commands.execute_command(f"napari-isx.{command}").result()
    hands.settle()


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768)], ids=str)
def test_all_docks_fit_a_laptop_with_canvas_slider_and_status(hands, files, size):
    open_all(hands, files, size)
    main, viewer = window(hands), hands.viewer.window._qt_viewer
    assert (main.width(), main.height()) == size
    slider, status = viewer.dims, main.statusBar()
    for widget, least in ((hands.canvas, (300, 200)), (slider, (300, 15)), (status, (300, 10))):
        corner = widget.mapTo(main, widget.rect().bottomRight())
        assert widget.isVisible()
        assert corner.x() < size[0]
        assert corner.y() < size[1]
        assert widget.width() >= least[0]
        assert widget.height() >= least[1]
    for title in TITLES:
        dock = dock_of(hands, title)
        dock.raise_()
        hands.settle()
        assert (main.width(), main.height()) == size
        assert main.rect().contains(dock.geometry())


def test_docks_below_are_beside_the_left_column_and_those_of_a_side_are_tabs(hands, files):
    open_all(hands, files, (1280, 720))
    main = window(hands)
    dock_of(hands, "Traces").raise_()
    hands.settle()
    columns = [one for one in main.findChildren(QDockWidget) if main.dockWidgetArea(one) == LEFT]
    right_px = max(one.geometry().right() for one in columns if one.isVisible())
    assert dock_of(hands, "Traces").geometry().left() > right_px
    tabs = {one.widget().title for one in main.tabifiedDockWidgets(dock_of(hands, "Traces"))}
    assert tabs == {"Close-up", "Heat map"}
    assert [one.widget().title for one in main.tabifiedDockWidgets(dock_of(hands, "Cells"))] == [
        "Recording info"
    ]


def test_the_menu_has_the_dock_that_opened_by_itself(hands, files):
    hands.open(files["cells"])
    traces = dock_of(hands, "Traces")
    assert traces.isVisible()
    use_menu(hands, "Traces")
    assert not traces.isVisible()
    use_menu(hands, "Traces")
    assert traces.isVisible()
    assert len(window(hands).findChildren(TracesDock)) == 1


def test_a_dock_that_a_script_opened_is_the_one_of_the_menu(hands, files):
    use_menu(hands, "Cells")
    hands.viewer.window.add_plugin_dock_widget("napari-isx", "Cells")
    hands.settle()
    assert len(window(hands).findChildren(CellsDock)) == 1
    use_menu(hands, "Cells")
    assert not dock_of(hands, "Cells").isVisible()


def test_docks_are_laid_out_again(hands, files):
    open_all(hands, files, (1280, 720))
    cells, traces = dock_of(hands, "Cells"), dock_of(hands, "Traces")
    cells.setFloating(True)
    window(hands).addDockWidget(LEFT, traces)
    hands.settle()
    WindowLayout.of(hands.viewer).lay_out()
    hands.settle()
    assert not cells.isFloating()
    assert window(hands).dockWidgetArea(cells) == RIGHT
    assert window(hands).dockWidgetArea(traces) == Qt.DockWidgetArea.BottomDockWidgetArea
    assert traces.isVisible()
    assert cells.isVisible()


def test_the_next_window_has_the_docks_as_they_were(hands, files, make_napari_viewer, qtbot):
    hands.open(files["cells"])
    WindowLayout.of(hands.viewer).show("Cells")
    hands.settle()
    window(hands).addDockWidget(LEFT, dock_of(hands, "Cells"))
    qtbot.waitUntil(lambda: "Cells" in (recall("layout") or {}).get("docks", ()), timeout=9000)
    hands.settle()
    WindowLayout.of(hands.viewer)._save()
    other = make_napari_viewer(show=True)
    other.window.resize(1200, 850)
    other.open(str(files["cells"]), plugin="napari-isx")
    layout = WindowLayout.of(other)

    def is_as_before():
        docks = {one.widget().title: one for one in layout.docks}
        area = other.window._qt_window.dockWidgetArea
        return set(docks) == {"Traces", "Cells"} and area(docks["Cells"]) == LEFT

    qtbot.waitUntil(is_as_before, timeout=9000)
    docks = {one.widget().title: one for one in layout.docks}
    assert docks["Traces"].isVisible()
    other.window._qt_viewer.canvas._scene_canvas.set_current()


def test_a_layout_of_a_larger_window_makes_no_window_larger(hands, files):
    open_all(hands, files, (1600, 1000))
    state = b64encode(bytes(window(hands).saveState())).decode()
    hands.viewer.window.resize(1280, 720)
    hands.settle()
    size = window(hands).size()
    WindowLayout.of(hands.viewer)._restore(state, size)
    hands.qtbot.wait(300)
    assert (size.width(), size.height()) == (1280, 720)
    assert window(hands).size() == size


def test_a_layout_brings_no_bar_back_and_hides_none(hands, files, qtbot):
    hands.open(files["cells"])
    layout, main = WindowLayout.of(hands.viewer), window(hands)
    bar = QToolBar()
    bar.setObjectName("offer")
    main.addToolBar(bar)
    bar.hide()
    hands.settle()
    state = b64encode(bytes(main.saveState())).decode()
    bar.show()
    size = main.size()
    layout._restore(state, size)
    assert bar.isVisible()
    assert main.size() == size
    main.removeToolBar(bar)


def test_laying_out_makes_no_window_larger(hands, files):
    hands.viewer.window.resize(1280, 720)
    hands.open(files["movie"], files["cells"])
    layout = WindowLayout.of(hands.viewer)
    for title in ("Cells", "Close-up", "Heat map"):
        layout.show(title)
    hands.settle()
    size = window(hands).size()
    layout.lay_out()
    hands.settle()
    assert window(hands).size() == size
