"""Saving layers of ours by napari: what is offered, what is written, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from helpers.recordings import packets, pixels, timing_info, write_cells, write_events, write_movie
from napari.components import ViewerModel

from napari_isx import open_isx
from napari_isx.layers.build import layers_of
from napari_isx.layers.cells import show_statuses
from napari_isx.writer import _WRITERS, SaveError


@pytest.fixture
def viewer(discovered) -> ViewerModel:
    return ViewerModel()


def add(viewer: ViewerModel, opened, path: Path):
    recording = opened(path)
    for data in layers_of(recording):
        viewer._add_layer_from_data(*data)
    return recording


def save(viewer: ViewerModel, path: Path, layer: int = -1) -> list[str]:
    viewer.layers.selection = {viewer.layers[layer]}
    return viewer.layers.save(str(path), selected=True, plugin="napari-isx")


def test_a_movie(viewer, opened, tmp_path):
    gaps = timing_info(6, dropped=[1], cropped=["3"])
    movie = add(viewer, opened, write_movie(tmp_path / "m.isxd", pixels(4, 3, 5), timing=gaps))
    save(viewer, tmp_path / "copy.isxd")
    with open_isx(tmp_path / "copy.isxd") as copy:
        np.testing.assert_array_equal(copy[:], movie[:])
        assert copy.timing == movie.timing
        assert copy.spacing == movie.spacing
    save(viewer, tmp_path / "m.ome.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "m.ome.tif"), movie[:])
    with pytest.raises(SaveError, match="choose another name"):
        save(viewer, tmp_path / "m.isxd")


def test_cells_with_decisions_as_shown(viewer, opened, tmp_path):
    cells = add(viewer, opened, write_cells(tmp_path / "c.isxd", 5))
    shown = ["rejected"] * 5
    show_statuses(list(viewer.layers), cells, shown, "status")
    for layer in (0, 1):
        save(viewer, tmp_path / f"copy{layer}.isxd", layer)
        with open_isx(tmp_path / f"copy{layer}.isxd") as copy:
            assert copy.statuses == shown
            assert copy.names == cells.names
            np.testing.assert_array_equal(copy.footprints, cells.footprints)
            np.testing.assert_array_equal(copy.traces, cells.traces)
    save(viewer, tmp_path / "c.traces.csv", 0)
    table = pd.read_csv(tmp_path / "c.traces.csv", header=[0, 1])
    assert table.shape == (11, 6)
    save(viewer, tmp_path / "c.outlines.csv", 0)
    assert set(pd.read_csv(tmp_path / "c.outlines.csv")["status"]) == {"rejected"}


def test_events_and_channels(viewer, opened, tmp_path):
    data = packets([(100_000, 0, 1.5), (300_000, 1, 2.5)])
    events = add(viewer, opened, write_events(tmp_path / "e.isxd", ["a", "b"], data))
    save(viewer, tmp_path / "copy.isxd")
    with open_isx(tmp_path / "copy.isxd") as copy:
        assert copy.names == events.names
        assert copy.events("b").values.tolist() == [2.5]
    save(viewer, tmp_path / "e.events.csv")
    assert (tmp_path / "e.events.csv").read_text().startswith("Time (s), a, b")


def test_several_layers_as_nwb(viewer, opened, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    add(viewer, opened, write_movie(tmp_path / "m.isxd", pixels(11, 3, 7)))
    cells = add(viewer, opened, write_cells(tmp_path / "c.isxd", 5))
    viewer.layers.save(str(tmp_path / "s.nwb"), plugin="napari-isx")
    with pynwb.NWBHDF5IO(str(tmp_path / "s.nwb"), "r") as io:
        table = io.read().processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        assert table["roi_name"][:].tolist() == cells.names


def test_a_layer_that_is_not_ours_is_refused(viewer, tmp_path):
    viewer.add_image(np.zeros((3, 4)), name="mine")
    with pytest.raises(SaveError, match="the layer 'mine' shows no Inscopix file"):
        save(viewer, tmp_path / "a.isxd")
    assert list(tmp_path.iterdir()) == []


def test_a_movie_is_no_table_of_cells(viewer, opened, tmp_path):
    add(viewer, opened, write_movie(tmp_path / "m.isxd", pixels(4, 3, 5)))
    with pytest.raises(SaveError, match=r"this layer is saved as \.isxd"):
        save(viewer, tmp_path / "m.vessels.csv")


def test_plain_tables_and_tiffs_stay_naparis(viewer, opened, tmp_path):
    from npe2 import PluginManager

    manager = PluginManager.instance()
    for types, name in ((["image"], "a.tif"), (["points"], "a.csv"), (["labels"], "a.tif")):
        writer, _ = manager.get_writer(name, types)
        assert writer.plugin_name == "napari"
    for types, name in ((["image"], "a.ome.tif"), (["labels"], "a.traces.csv")):
        writer, _ = manager.get_writer(name, types)
        assert writer.plugin_name == "napari-isx"


def test_what_the_manifest_offers_is_what_there_is(discovered):
    from npe2 import PluginManager

    manifest = PluginManager.instance().get_manifest("napari-isx")
    offered = {e for w in manifest.contributions.writers for e in w.filename_extensions}
    assert offered == {ending for formats in _WRITERS.values() for ending in formats} | {".nwb"}
