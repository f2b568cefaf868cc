"""Event sets as a Points layer."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings
from helpers.scenes import FIELD, blob, make_cells, make_events
from napari.components import ViewerModel

from napari_isx import Spacing
from napari_isx.analysis.rois import cut_rois
from napari_isx.layers import events as events_module
from napari_isx.layers.events import clear_events, events_layer, place_events


def shown(viewer, events):
    """The layer of an event set, in a viewer."""
    (points,) = viewer._add_layer_from_data(*events_layer(events))
    return points


def place(points, cells) -> bool:
    rois = cut_rois(cells, cells.spacing.num_pixels)
    return place_events(points, points.metadata["napari_isx"], cells, rois)


def worlds(points) -> np.ndarray:
    return np.array([points.data_to_world(point) for point in points.data])


@pytest.fixture
def cells(tmp_path, opened):
    spacing = Spacing.regular(FIELD, (4.0, 6.0), (10.0, 20.0))
    return opened(make_cells(tmp_path / "cells.isxd", spacing=spacing))


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def points(viewer, tmp_path, opened):
    return shown(viewer, opened(make_events(tmp_path / "my events.isxd")))


def test_the_layer_is_empty_and_carries_the_file(points):
    assert points.name == "events · my events"
    assert points.data.shape == (0, 3)
    assert points.metadata["napari_isx"].names == ["C0", "C1", "C2"]
    np.testing.assert_allclose(points.scale, (0.1, 1, 1))
    assert [str(unit) for unit in points.units] == ["second", "micrometer", "micrometer"]
    assert tuple(points.axis_labels) == ("t", "y", "x")


def test_it_is_hidden_without_points_which_would_be_sliced_at_each_step(points, cells):
    assert not points.visible
    place(points, cells)
    assert points.visible
    points.visible = False  # by the user
    place(points, cells)
    assert not points.visible
    clear_events(points)
    place(points, cells)
    assert points.visible


def test_events_lie_at_their_time_and_their_cell(points, cells):
    assert place(points, cells)
    np.testing.assert_allclose(worlds(points)[:, 0], [0.3, 1.2, 0.7])
    first = (10 + 5.5 * 4, 20 + 6.5 * 6)
    second = (10 + 5.5 * 4, 20 + 20.5 * 6)
    np.testing.assert_allclose(worlds(points)[:, 1:], [first, first, second], atol=0.01)
    assert list(points.features["name"]) == ["C0", "C0", "C1"]
    assert list(points.features["amplitude"]) == [1, 2, 1]


def test_an_event_is_shown_in_its_frame_and_in_no_other(viewer, points, cells):
    place(points, cells)
    for time_s, count in ((0.7, 1), (0.6, 0), (0.8, 0)):
        viewer.dims.set_point(0, time_s)
        assert len(points._view_data) == count


def test_rings_are_within_the_cells_and_as_large_as_their_events(points, cells):
    place(points, cells)
    whole_um = 2 * np.sqrt(cut_rois(cells, FIELD)[0].area_px * 4 * 6 / np.pi)
    assert list(points.features["amplitude"]) == [1, 2, 1]
    np.testing.assert_allclose(points.size, [0.7 * whole_um, whole_um, whole_um], rtol=1e-3)
    assert (points.face_color[:, 3] == 0).all()
    assert (points.border_color[:, 3] == 1).all()
    assert len(np.unique(points.border_color, axis=0)) == 1


def test_only_the_events_of_the_shown_cells_are_drawn(points, cells):
    rois = cut_rois(cells, cells.spacing.num_pixels)
    assert place_events(points, points.metadata["napari_isx"], cells, rois, None, {1})
    assert list(points.features["name"]) == ["C1"]
    assert place_events(points, points.metadata["napari_isx"], cells, rois, None, set())
    assert len(points.data) == 0


def test_clearing_takes_all_away_but_the_file(points, cells):
    place(points, cells)
    clear_events(points)
    assert points.data.shape == (0, 3)
    assert len(points.features) == 0
    assert points.metadata["napari_isx"].num_cells == 3
    assert place(points, cells)
    assert len(points.data) == 3


def test_placing_again_does_not_double(points, cells):
    place(points, cells)
    place(points, cells)
    assert len(points.data) == len(points.features) == 3


def test_cells_without_pixels_have_no_place_for_events(tmp_path, opened, points):
    footprints = [np.zeros(FIELD), blob(FIELD, (5, 20)), np.full(FIELD, np.nan)]
    place(points, opened(make_cells(tmp_path / "c.isxd", footprints=footprints)))
    assert list(points.features["name"]) == ["C1"]
    assert np.isfinite(points.data).all()
    place(points, opened(make_cells(tmp_path / "d.isxd", footprints=[np.zeros(FIELD)] * 3)))
    assert points.data.shape == (0, 3)


def test_events_of_cells_that_the_set_does_not_have_are_left_out(viewer, tmp_path, opened, cells):
    points = shown(viewer, opened(make_events(tmp_path / "e.isxd", {"X": [0.1], "C2": [0.2, 0.5]})))
    assert place(points, cells)
    assert list(points.features["name"]) == ["C2", "C2"]


def test_names_that_occur_twice_go_by_their_place_among_their_like(viewer, tmp_path, opened):
    cells = opened(make_cells(tmp_path / "c.isxd", names=["A", "B", "A"]))
    path = make_events(tmp_path / "e.isxd", {"0": [0.1], "1": [0.3], "2": [0.5]})
    recordings.edit(path, **{"channel list": ["A", "A", "A"]})
    points = shown(viewer, opened(path))
    assert place(points, cells)
    np.testing.assert_allclose(worlds(points)[:, 0], [0.1, 0.3])
    np.testing.assert_allclose(
        worlds(points)[:, 1:], [(5.5 * 3, 6.5 * 3), (16.5 * 3, 9.5 * 3)], atol=0.01
    )


def test_too_many_events_are_not_drawn(points, cells, monkeypatch):
    assert place(points, cells)
    monkeypatch.setattr(events_module, "MAX_POINTS", 2)
    assert not place(points, cells)
    assert points.data.shape == (0, 3)
    monkeypatch.setattr(events_module, "MAX_POINTS", 3)
    assert place(points, cells)
