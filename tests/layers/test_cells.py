"""Cell sets as a Labels and a Shapes layer."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings
from helpers.scenes import FIELD, blob, make_cells
from napari.components import ViewerModel
from napari.layers import Labels, Shapes

from napari_isx import Spacing, Timing, open_isx
from napari_isx.layers.cells import (
    MAX_VISIBLE_CONTOURS,
    cell_features,
    cell_layers,
    show_statuses,
)
from napari_isx.layers.styles import STATUS_COLORS

STATUSES = ["accepted", "undecided", "rejected"]
COLORS = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]]


def shown(cells) -> tuple[ViewerModel, Labels, Shapes]:
    """A viewer with the layers of a cell set, and the layers."""
    viewer = ViewerModel()
    for data in cell_layers(cells):
        viewer._add_layer_from_data(*data)
    labels, shapes = viewer.layers
    assert (type(labels), type(shapes)) == (Labels, Shapes)
    return viewer, labels, shapes


def rgb(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.fixture
def cells(tmp_path, opened):
    return opened(make_cells(tmp_path / "my cells.isxd", statuses=STATUSES, colors=COLORS))


def test_cells_are_filled_and_outlined(cells):
    _, labels, shapes = shown(cells)
    assert (labels.name, shapes.name) == ("cells · my cells", "outlines · my cells")
    assert set(np.unique(labels.data)) == {0, 1, 2, 3}
    assert labels.data[5, 6] == 1
    assert labels.data[5, 20] == 2
    assert len(shapes.data) == 3
    assert set(shapes.shape_type) == {"path"}
    np.testing.assert_allclose(shapes.data[2].mean(axis=0), (16, 9), atol=0.3)
    assert shapes.visible
    for layer in (labels, shapes):
        assert layer.ndim == 2
        assert layer.metadata["napari_isx"] is cells
        assert len(layer.metadata["napari_isx_rois"]) == 3
        assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
        assert tuple(layer.axis_labels) == ("y", "x")


def test_names_and_statuses_show_when_hovering(cells):
    _, labels, shapes = shown(cells)
    for layer in (labels, shapes):
        assert list(layer.features["index"]) == [1, 2, 3]
        assert list(layer.features["name"]) == ["C0", "C1", "C2"]
        assert list(layer.features["status"]) == STATUSES
    place = labels.data_to_world((16, 9))
    hint = labels.get_status(place, world=True)["coordinates"]
    assert "name: C2" in hint
    assert "status: rejected" in hint


def test_stored_metrics_are_features(tmp_path, opened):
    path = recordings.write_cells(
        tmp_path / "c.isxd", 2, cellMetrics=[recordings.CELL_METRICS, {}], shape=(5, 7)
    )
    features = cell_features(opened(path), ["accepted", "rejected"])
    assert features["area_px"][0] == 12.5
    assert np.isnan(features["area_px"][1])
    assert list(features.columns[:3]) == ["index", "name", "status"]
    shown(opened(path))


def test_where_cells_overlap_the_heaviest_shows(tmp_path, opened):
    light, heavy = blob(FIELD, (8, 8), 3), 2 * blob(FIELD, (8, 11), 3)
    _, labels, _ = shown(opened(make_cells(tmp_path / "c.isxd", footprints=[heavy, light])))
    assert labels.data[8, 9] == 1
    assert labels.data[8, 6] == 2
    _, labels, _ = shown(opened(make_cells(tmp_path / "d.isxd", footprints=[light, heavy])))
    assert labels.data[8, 9] == 2


@pytest.mark.parametrize("nothing", [0.0, np.nan, -1.0])
def test_a_cell_without_pixels_keeps_its_place_in_the_table(tmp_path, opened, nothing):
    empty = np.full(FIELD, nothing, np.float32)
    footprints = [blob(FIELD, (5, 6)), empty, blob(FIELD, (16, 9))]
    _, labels, shapes = shown(opened(make_cells(tmp_path / "c.isxd", footprints=footprints)))
    assert set(np.unique(labels.data)) == {0, 1, 3}
    assert list(labels.features["name"]) == ["C0", "C1", "C2"]
    assert len(shapes.data) == 2
    assert list(shapes.features["index"]) == [1, 3]
    assert list(shapes.features["name"]) == ["C0", "C2"]


def test_not_a_number_in_a_footprint_hides_no_cell(tmp_path, opened):
    footprint = blob(FIELD, (5, 6))
    footprint[20, 20] = footprint[5, 8] = np.nan
    _, labels, shapes = shown(opened(make_cells(tmp_path / "c.isxd", footprints=[footprint])))
    assert labels.data[5, 6] == 1
    assert labels.data[20, 20] == labels.data[5, 8] == 0
    assert np.isfinite(shapes.data[0]).all()


@pytest.mark.parametrize("footprints", [[], [np.zeros(FIELD)] * 2], ids=["no cells", "all empty"])
def test_a_set_with_nothing_to_draw_has_its_layers_all_the_same(tmp_path, opened, footprints):
    path = make_cells(
        tmp_path / "c.isxd",
        footprints=footprints,
        spacing=Spacing.regular(FIELD, 3.0),
        timing=Timing.regular(20, 0.1),
    )
    cells = opened(path)
    _, labels, shapes = shown(cells)
    assert not labels.data.any()
    assert labels.data.shape == FIELD
    assert len(shapes.data) == 0
    assert shapes.ndim == 2
    assert len(labels.features) == len(footprints)
    show_statuses([labels, shapes], cells, cells.statuses, "file")


def test_very_many_contours_are_hidden_at_first(tmp_path, opened):
    count = 1200
    rng = np.random.default_rng(1)
    footprints = [blob((40, 50), center, 1) for center in rng.uniform(2, 38, (count, 2))]
    spacing = Spacing.regular((40, 50), 3.0)
    path = make_cells(tmp_path / "c.isxd", footprints=footprints, spacing=spacing, num_samples=2)
    with open_isx(path) as cells:
        (_, labels, _), (outlines, shapes, _) = cell_layers(cells)
    assert len(outlines) == count > MAX_VISIBLE_CONTOURS
    assert shapes["visible"] is False
    assert labels.get("visible", True)
    assert len(labels["features"]) == len(shapes["features"]) == count


def test_colors_say_the_status(cells):
    _, labels, shapes = shown(cells)
    for i, status in enumerate(STATUSES):
        np.testing.assert_allclose(
            shapes.edge_color[i], [*rgb(STATUS_COLORS[status]), 1], atol=0.01
        )
        np.testing.assert_allclose(
            labels.get_color(i + 1)[:3], rgb(STATUS_COLORS[status]), atol=0.01
        )
    assert (shapes.face_color[:, 3] == 0).all()


def test_decisions_and_the_files_colors_are_shown(cells):
    _, labels, shapes = shown(cells)
    show_statuses([labels, shapes], cells, ["rejected"] * 3, "status")
    for layer in (labels, shapes):
        assert list(layer.features["status"]) == ["rejected"] * 3
        assert list(layer.features["index"]) == [1, 2, 3]
    np.testing.assert_allclose(shapes.edge_color[0][:3], rgb(STATUS_COLORS["rejected"]), atol=0.01)
    np.testing.assert_allclose(labels.get_color(1)[:3], rgb(STATUS_COLORS["rejected"]), atol=0.01)
    show_statuses([labels, shapes], cells, ["rejected"] * 3, "file")
    np.testing.assert_allclose(shapes.edge_color[1], [0, 1, 0, 1])
    np.testing.assert_allclose(labels.get_color(3)[:3], [0, 0, 1])


def test_recoloring_keeps_to_the_cells_that_are_drawn(tmp_path, opened):
    footprints = [np.zeros(FIELD), blob(FIELD, (5, 6)), blob(FIELD, (16, 9))]
    cells = opened(make_cells(tmp_path / "c.isxd", footprints=footprints))
    _, labels, shapes = shown(cells)
    show_statuses([labels, shapes], cells, ["accepted", "rejected", "accepted"], "status")
    assert list(shapes.features["status"]) == ["rejected", "accepted"]
    np.testing.assert_allclose(shapes.edge_color[0][:3], rgb(STATUS_COLORS["rejected"]), atol=0.01)
