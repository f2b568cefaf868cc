"""What belongs to no layer of a viewer holds no file, whatever napari keeps of the layers."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from napari.layers import Labels, Shapes

ROUNDS = 20


def open_files(folder: Path) -> list[str]:
    return [f.path for f in psutil.Process().open_files() if f.path.startswith(str(folder))]


@pytest.mark.timeout(600)
def test_opening_and_clearing_again_and_again_holds_nothing(hands, files):
    folder = files["movie"].parent
    paths = [files[name] for name in ("movie", "cells", "events", "others")]
    hands.open(*paths)
    rss = []
    for _ in range(ROUNDS):
        hands.viewer.window._qt_viewer.canvas._scene_canvas.set_current()
        hands.viewer.layers.clear()
        hands.settle()
        assert open_files(folder) == []
        rss.append(psutil.Process().memory_info().rss)
        hands.open(*paths)
        assert len(open_files(folder)) == len(paths)
    # The first rounds fill caches of napari, Qt and the allocator.
    assert rss[-1] - rss[4] < (ROUNDS - 5) * 8 << 20


def test_a_layer_that_comes_back_holds_its_file_again_and_can_be_used(hands, files):
    hands.open(files["movie"], files["cells"])
    folder = files["movie"].parent
    ours = [layer for layer in hands.viewer.layers if isinstance(layer, (Labels, Shapes))][:2]
    for layer in ours:
        hands.viewer.window._qt_viewer.canvas._scene_canvas.set_current()
        hands.viewer.layers.remove(layer)
    hands.settle()
    assert open_files(folder) == [str(files["movie"])]
    hands.viewer.layers.append(ours[0])
    hands.settle()
    assert sorted(open_files(folder)) == sorted([str(files["movie"]), str(files["cells"])])
    hands.click_cell(1)
    assert hands.names_drawn == ["C1"]
