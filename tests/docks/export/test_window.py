"""The dock *Export* in a real window: files with progress, and clips of what is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.utils import progress as bars
from qtpy.QtCore import QTimer

from napari_isx.app.docks import ExportDock

av = pytest.importorskip("av")


@pytest.fixture
def dock(hands, files):
    hands.open(files["movie"], files["cells"])
    _, widget = hands.viewer.window.add_plugin_dock_widget("napari-isx", "Export")
    hands.settle()
    return widget


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def film(hands, dock, path: Path) -> None:
    dock.clip.clip_requested.emit(str(path))
    hands.qtbot.waitUntil(lambda: not hands.coordinator.clips.is_running, timeout=60_000)


def test_a_clip_of_the_canvas_shows_what_is_seen(hands, dock, tmp_path):
    assert isinstance(dock, ExportDock)
    session, overlay = hands.coordinator.session, hands.viewer.canvas.overlays.text
    session.cursor.move_to(0.5)
    hands.coordinator.time.go_to(0.5)
    dock.clip.show_span(1.0, 1.3)
    dock.clip.quality.setCurrentIndex(2)
    path = tmp_path / "clip.mp4"
    film(hands, dock, path)
    assert dock.clip.message.text() == "clip.mp4 is written, as H.264 (libx264)."
    shown = pictures(path)
    assert len(shown) == 6  # 20 Hz
    hands.coordinator.time.go_to(1.0)
    seen = hands.canvas_pixels()[..., :3]
    rows, cols = (min(a, b) for a, b in zip(shown[0].shape, seen.shape, strict=True) if a != 3)
    # The time stamp is in the corner at the top.
    middle = np.s_[rows // 3 : rows * 2 // 3, cols // 3 : cols * 2 // 3]
    differs = np.abs(shown[0][middle].astype(float) - seen[middle].astype(float))
    assert np.median(differs) < 12
    assert (shown[0][: rows // 6, : cols // 4] > 150).any()
    assert not overlay.visible
    assert session.cursor.time_s == pytest.approx(1.0)


def test_a_canceled_clip_leaves_nothing(hands, dock, tmp_path):
    dock.clip.show_span(0.0, 5.0)
    dock.clip.clip_requested.emit(str(tmp_path / "clip.mp4"))
    hands.qtbot.wait(300)
    dock.clip.cancel_button.click()
    hands.qtbot.waitUntil(lambda: not hands.coordinator.clips.is_running, timeout=60_000)
    assert list(tmp_path.iterdir()) == []
    assert "Canceled" in dock.clip.message.text()
    assert not bars._all_instances


def test_no_part_of_a_clip_stays_where_the_window_is_closed(hands, dock, tmp_path):
    dock.clip.show_span(0.0, 5.0)
    dock.clip.clip_requested.emit(str(tmp_path / "clip.mp4"))
    hands.qtbot.waitUntil(lambda: any(tmp_path.iterdir()))
    hands.viewer.close()
    hands.qtbot.waitUntil(lambda: not any(tmp_path.iterdir()))


def test_a_canvas_that_changes_while_it_is_filmed_is_said(hands, dock, tmp_path):
    dock.clip.show_span(0.0, 5.0)
    dock.clip.clip_requested.emit(str(tmp_path / "clip.mp4"))
    hands.qtbot.waitUntil(lambda: dock.clip.progress.value() > 10)
    hands.viewer.window._qt_window.resize(700, 500)
    hands.qtbot.waitUntil(lambda: not hands.coordinator.clips.is_running)
    assert list(tmp_path.iterdir()) == []
    assert "The canvas changed its size" in dock.clip.message.text()


def test_a_cursor_that_somebody_moves_is_not_what_is_filmed(hands, dock, tmp_path):
    path = tmp_path / "clip.mp4"
    dock.clip.quality.setCurrentIndex(2)
    dock.clip.stamp_box.setChecked(False)
    dock.clip.show_span(1.0, 1.5)
    film(hands, dock, path)
    expected = pictures(path)
    mover = QTimer()
    mover.timeout.connect(lambda: hands.coordinator.time.go_to(3.0))
    mover.start(1)
    film(hands, dock, path)
    mover.stop()
    found = pictures(path)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 1


def test_field_and_traces_side_by_side(hands, dock, tmp_path):
    hands.coordinator.session.select(hands.coordinator.session.groups[0], [0, 2])
    dock.clip.what.setCurrentIndex(1)
    dock.clip.show_span(1.0, 2.0)
    dock.clip.speed.setValue(2)
    dock.clip.height_box.setValue(120)
    film(hands, dock, tmp_path / "clip.mp4")
    shown = pictures(tmp_path / "clip.mp4")
    assert len(shown) == 20  # 40 pictures a second, for half a second
    assert shown[0].shape[0] == 120 + 2 * 48
    strip = shown[0][124:216].astype(int)
    assert (strip.max(axis=2) > 120).sum() > 100  # the two lines, and the cursor
    assert np.abs(shown[0].astype(int) - shown[-1].astype(int)).max() > 50
    film(hands, dock, tmp_path / "clip.gif")
    assert "as GIF" in dock.clip.message.text()


def test_what_is_no_clip_is_refused(hands, dock, tmp_path):
    dock.clip.show_span(2.0, 1.0)
    dock.clip.clip_requested.emit(str(tmp_path / "clip.mp4"))
    assert "has no time" in dock.clip.message.text()
    dock.clip.show_span(1.0, 2.0)
    dock.clip.clip_requested.emit(str(tmp_path / "clip.avi"))
    assert ".mp4 or a .gif" in dock.clip.message.text()
    assert list(tmp_path.iterdir()) == []


def test_files_are_written_while_the_window_lives_on(hands, dock, tmp_path):
    dock.show_folder(str(tmp_path))
    for place in range(dock.tree.topLevelItemCount()):
        item = dock.tree.topLevelItem(place)
        for row in range(item.childCount()):
            child = item.child(row)
            if child.text(0).startswith(("ImageJ ROIs", "OME-TIFF")):
                child.setCheckState(0, child.checkState(0).__class__.Checked)
    dock.export_button.click()
    assert dock.cancel_button.isVisible()
    hands.qtbot.waitUntil(lambda: not hands.coordinator.export.is_running, timeout=30_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells-rois.zip", "movie.ome.tif"]
    assert dock.export_button.isVisible()
    assert not dock.cancel_button.isVisible()


def test_menus_of_the_docks_lead_to_it(hands, files):
    hands.open(files["movie"], files["cells"])
    window = hands.viewer.window._qt_window
    assert not window.findChildren(ExportDock)
    _, cells = hands.viewer.window.add_plugin_dock_widget("napari-isx", "Cells")
    hands.settle()
    cells.tools["files"].trigger()
    hands.settle()
    (dock,) = window.findChildren(ExportDock)
    assert dock.isVisible()
