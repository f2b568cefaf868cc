"""Opening files in a real window, and what is drawn of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import numpy as np
import pytest
from helpers.window_data import NAMES, NUM_FRAMES, PERIOD_S, START
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QDropEvent

from napari_isx import Timing, write_cell_set
from napari_isx.layers.styles import STATUS_COLORS


def only(hands, kind):
    """The one layer of a kind that shows a file."""
    ours = [layer for layer in hands.viewer.layers if "napari_isx" in layer.metadata]
    (layer,) = [layer for layer in ours if type(layer) is kind]
    return layer


def test_movie_cells_and_events_become_four_layers_and_a_dock(hands, files):
    hands.open(files["movie"], files["cells"], files["events"])
    assert [type(layer) for layer in hands.viewer.layers] == [Image, Labels, Shapes, Points]
    assert hands.dock.isVisible()
    assert "Click a cell" in hands.dock.message


@pytest.mark.parametrize("order", list(permutations(["movie", "cells", "events"])), ids="-".join)
def test_events_find_their_cells_in_any_order(hands, files, order):
    hands.open(*(files[name] for name in order))
    points = only(hands, Points)
    hands.coordinator.session.select(hands.coordinator.session.group, [0, 1, 2, 3])
    hands.qtbot.waitUntil(lambda: len(points.data) == 6)
    world = np.array([points.data_to_world(at) for at in points.data])
    first = world[points.features["name"] == "C0"]
    np.testing.assert_allclose(first[:, 0], [1.0, 3.0, 7.5])
    np.testing.assert_allclose(first[:, 1:], [hands.cell_um(0)] * 3, atol=0.5)
    assert list(points.features["amplitude"]) == [9.0] * 6


def test_cells_lie_on_the_movie_and_show_their_status(hands, files):
    hands.open(files["movie"], files["cells"])
    only(hands, Shapes).visible = False
    plain = hands.pixel_at(60, 360)
    blue = hands.pixel_at(*hands.cell_um(0))  # accepted, sky blue
    red = hands.pixel_at(*hands.cell_um(2))  # rejected, vermilion, hardly filled
    assert np.ptp(plain) == 0
    assert blue[2] > blue[0] + 40
    assert 0 < red[0] - red[2] < 40


def test_contours_have_the_color_of_the_status(hands, files):
    hands.open(files["cells"])
    only(hands, Labels).visible = False
    edge = only(hands, Shapes).data_to_world(only(hands, Shapes).data[1][0])
    expected = [int(STATUS_COLORS["undecided"][i : i + 2], 16) for i in (1, 3, 5)]
    pixels = hands.canvas_pixels()[..., :3].astype(int)
    at = hands.canvas_point(*edge)
    around = pixels[at.y() - 3 : at.y() + 4, at.x() - 3 : at.x() + 4].reshape(-1, 3)
    assert np.abs(around - expected).max(axis=1).min() < 40


def test_the_selected_cell_is_outlined(hands, files):
    hands.open(files["movie"], files["cells"])
    white = (hands.canvas_pixels()[..., :3].min(axis=2) > 240).sum()
    hands.click_cell(2)
    assert (hands.canvas_pixels()[..., :3].min(axis=2) > 240).sum() > white + 50
    assert hands.viewer.layers.selection.active is not hands.viewer.layers["Selected cells"]
    assert only(hands, Labels).selected_label == 3


def test_the_outline_can_be_deleted_and_comes_back(hands, files):
    hands.open(files["cells"])
    hands.click_cell(0)
    hands.viewer.window._qt_viewer.canvas._scene_canvas.set_current()
    hands.viewer.layers.remove("Selected cells")
    hands.settle()
    assert hands.names_drawn == ["C0"]
    hands.click_cell(1)
    assert len(hands.viewer.layers["Selected cells"].data) == 1


def test_hovering_tells_name_and_status(hands, files):
    hands.open(files["cells"])
    labels = only(hands, Labels)
    status = labels.get_status(hands.cell_um(2), world=True)
    assert "name: Zelle ß" in status["coordinates"]
    assert "status: rejected" in status["coordinates"]


def test_the_files_own_colors_can_be_chosen(hands, files):
    hands.open(files["cells"])
    coloring = hands.dock.coloring
    assert not coloring.model().item(coloring.findData("values")).isEnabled()
    coloring.setCurrentIndex(coloring.findData("file"))
    coloring.activated.emit(coloring.currentIndex())
    np.testing.assert_allclose(only(hands, Shapes).edge_color[1], [0, 1, 0, 1])
    assert hands.pixel_at(*hands.cell_um(0))[0] > 60
    hands.coordinator.cells.display.color_by("snr")
    assert coloring.currentText() == "Color by a column"
    hands.coordinator.cells.display.color_by("status")
    assert coloring.currentText() == "Color by status"
    np.testing.assert_allclose(only(hands, Shapes).edge_color[1][:2], [0.94, 0.89], atol=0.01)


def test_a_decision_recolors_the_cell_everywhere(hands, files):
    hands.open(files["cells"])
    hands.click_cell(1)
    hands.coordinator.session.group.curation.decide([1], "rejected")
    hands.settle()
    assert only(hands, Labels).features["status"][1] == "rejected"
    assert only(hands, Shapes).features["status"][1] == "rejected"
    assert hands.dock.plot.rows[0].status == "rejected"
    assert hands.dock.cell_list.model().data(hands.dock.cell_list.model().index(1)) == "✗  C1"


def test_the_slider_has_seconds(hands, files):
    hands.open(files["movie"])
    assert hands.viewer.dims.range[0] == (0, (NUM_FRAMES - 1) * PERIOD_S, PERIOD_S)
    hands.viewer.dims.set_point(0, 2.5)
    hands.settle()
    movie = only(hands, Image)
    expected = movie.metadata["napari_isx"].read_frame(50)
    np.testing.assert_array_equal(movie._data_view, expected)


def test_two_recordings_at_once_keep_their_cells_apart(hands, files):
    hands.open(files["cells"], files["others"])
    assert [group.title for group in hands.coordinator.session.groups] == ["cells", "others"]
    hands.click_cell(0)  # both sets have a cell here, and the later one lies on top
    assert hands.names_drawn == ["X0"]
    hands.click_cell(1)
    assert hands.names_drawn == ["C1"]


def test_the_whole_field_stays_in_view_when_the_dock_takes_its_place(hands, files):
    in_event_loop(hands, lambda: drop(hands, [files["movie"]]))
    hands.viewer.reset_view()
    in_event_loop(hands, lambda: drop(hands, [files["cells"]]))
    hands.qtbot.wait(300)
    canvas = hands.canvas
    for corner in ((0, 0), (360, 420)):
        point = hands.canvas_point(*corner)
        assert 0 <= point.x() <= canvas.width()
        assert 0 <= point.y() <= canvas.height()


def test_a_set_without_cells_says_so(hands, files):
    hands.open(files["empty"])
    assert "no cells" in hands.dock.message
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_N)


def test_renamed_reordered_and_removed_layers_are_followed(hands, files):
    hands.open(files["movie"], files["cells"], files["events"])
    hands.click_cell(0)
    for layer in list(hands.viewer.layers):
        layer.name = f"my {layer.name}"
    hands.viewer.layers.reverse()
    hands.click_cell(1)
    assert hands.names_drawn == ["C1"]
    canvas = hands.viewer.window._qt_viewer.canvas._scene_canvas
    for kind in (Labels, Shapes):
        for layer in [one for one in hands.viewer.layers if type(one) is kind]:
            canvas.set_current()
            hands.viewer.layers.remove(layer)
            hands.settle()
    assert [group.title for group in hands.coordinator.session.groups] == ["events"]
    assert len(only(hands, Points).data) == 0
    assert hands.names_drawn == ["C1"]
    hands.press(Qt.Key.Key_Down)
    assert hands.names_drawn == [NAMES[2]]


def drop(hands, paths):
    """Drop files on the canvas, as the system's file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    hands.viewer.window._qt_viewer.dropEvent(event)
    hands.settle()


def in_event_loop(hands, act):
    """Do something as a running window would: from within its event loop."""
    done = []

    def run():
        act()
        done.append(True)

    QTimer.singleShot(0, run)
    hands.qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    hands.settle()


def test_files_dropped_together_all_open(hands, files):
    in_event_loop(hands, lambda: drop(hands, [files["events"], files["movie"], files["cells"]]))
    assert {type(layer) for layer in hands.viewer.layers} == {Image, Labels, Shapes, Points}
    assert hands.dock.isVisible()


def test_a_broken_file_is_told_in_a_sentence_and_the_others_open(hands, files, tmp_path):
    broken = tmp_path / "broken.isxd"
    broken.write_bytes(files["cells"].read_bytes()[:-100])
    before = len(notification_manager.records)
    in_event_loop(hands, lambda: drop(hands, [broken, files["movie"]]))
    messages = [record.message for record in notification_manager.records[before:]]
    assert len(messages) == 1
    assert messages[0].startswith("broken.isxd: ")
    assert "copy it again" in messages[0]
    assert [layer.name for layer in hands.viewer.layers] == ["movie"]


def test_a_broken_file_raises_in_a_script(hands, files, tmp_path):
    broken = tmp_path / "broken.isxd"
    broken.write_bytes(files["movie"].read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"broken\.isxd: "):
        hands.viewer.open(str(broken), plugin="napari-isx")


def test_a_file_that_vanishes_leaves_a_message_and_no_crash(hands, files, tmp_path):
    path = tmp_path / "cells.isxd"
    path.write_bytes(files["cells"].read_bytes())
    hands.open(path)
    path.write_bytes(b"")
    hands.click_cell(1)
    assert "cannot be read" in hands.dock.message


def test_stacking_several_files_opens_each(hands, files):
    hands.viewer.open([str(files["movie"]), str(files["cells"])], stack=True, plugin="napari-isx")
    hands.settle()
    assert len(hands.viewer.layers) == 3


def test_parts_of_a_recording_opened_as_a_stack_are_one_set_of_cells(hands, tmp_path):
    footprint = np.zeros((20, 30), np.float32)
    footprint[5:9, 10:15] = 1
    for part, start_s in ((1, 0), (2, 15)):
        write_cell_set(
            tmp_path / f"cells-{part}.isxd",
            [footprint],
            [np.full(100, part, np.float32)],
            timing=Timing.regular(100, 0.1, START + timedelta(seconds=start_s)),
        )
    paths = [str(tmp_path / f"cells-{part}.isxd") for part in (2, 1)]
    hands.viewer.open(paths, stack=True, plugin="napari-isx")
    hands.press(Qt.Key.Key_Down)
    assert [type(layer) for layer in hands.viewer.layers[:2]] == [Labels, Shapes]
    (row,) = hands.dock.plot.rows
    assert len(row.values) == 250
    assert np.isnan(row.values[100:150]).all()
    assert (row.values[0], row.values[-1]) == (1, 2)
