"""The layer list is the session: what opens, closes and goes away is followed."""

from __future__ import annotations

import gc
from itertools import permutations
from weakref import ref

import numpy as np
import pytest
from helpers.scenes import make_cells, make_events, make_movie
from napari.components import ViewerModel

from napari_isx.app.coordinator import Coordinator
from napari_isx.layers import events as layer_events


@pytest.fixture
def paths(tmp_path):
    return {
        "movie": make_movie(tmp_path / "movie.isxd"),
        "cells": make_cells(tmp_path / "cells.isxd"),
        "events": make_events(tmp_path / "events.isxd"),
        "others": make_cells(tmp_path / "others.isxd", centers=[(5, 6)], names=["X0"]),
    }


@pytest.mark.parametrize("order", list(permutations(["movie", "cells", "events"])), ids="-".join)
def test_events_find_their_cells_in_any_order(stage, paths, order):
    stage.open(*(paths[name] for name in order))
    points = stage.layer("events")
    assert len(points.data) == 0, "no cell is selected"
    stage.session.select(stage.session.group, [0, 1])
    world = np.array([points.data_to_world(point) for point in points.data])
    np.testing.assert_allclose(world[:, 0], [0.3, 1.2, 0.7])
    np.testing.assert_allclose(world[:, 1:], [(16.5, 19.5), (16.5, 19.5), (16.5, 61.5)], atol=0.01)
    assert stage.view.groups == (["cells"], 0)


def test_events_go_when_their_cells_go_and_come_back_with_them(stage, paths):
    _, events = stage.open(paths["cells"], paths["events"])
    stage.session.select(stage.session.group, [0, 1])
    stage.viewer.layers.remove("outlines · cells")
    assert len(stage.layer("events").data) == 3, "the cells are still open"
    stage.viewer.layers.remove("cells")
    assert len(stage.layer("events").data) == 0
    assert stage.view.groups == (["events"], 0)
    assert stage.layer("events").metadata["napari_isx"] is events
    stage.open(paths["cells"])
    stage.session.select(stage.session.group, [0, 1])
    assert len(stage.layer("events").data) == 3
    assert stage.view.groups == (["cells"], 0)


def test_events_of_other_cells_stay_away(stage, paths):
    stage.open(paths["others"], paths["events"])
    assert len(stage.layer("events").data) == 0
    assert stage.view.groups == (["others", "events"], 0)


def test_too_many_events_are_not_drawn_as_rings(stage, paths, monkeypatch):
    monkeypatch.setattr(layer_events, "MAX_POINTS", 1)
    stage.open(paths["events"], paths["cells"], paths["movie"])
    stage.view.cells_picked.emit([0])
    assert len(stage.layer("events").data) == 0
    np.testing.assert_allclose(stage.view.rows[0].event_times_s, [0.3, 1.2])


def test_the_dock_follows_what_is_open(stage, paths):
    assert stage.view.groups == ([], -1)
    stage.open(paths["movie"])
    assert stage.view.groups == ([], -1)
    stage.open(paths["cells"])
    assert stage.view.groups == (["cells"], 0)
    assert stage.view.names == ["C0", "C1", "C2"]
    stage.open(paths["others"])
    stage.view.cells_picked.emit([1])
    stage.open(paths["events"])
    assert stage.view.drawn == ["C1"]
    assert len(stage.view.rows[0].event_times_s) == 1
    for name in ("cells", "outlines · cells"):
        stage.viewer.layers.remove(name)
    # Of the cells that are closed, the events are still there, and so is the selection.
    assert stage.view.groups == (["others", "events"], 1)
    assert stage.view.drawn == ["C1"]
    assert len(stage.view.rows[0].values) == 0
    stage.viewer.layers.clear()
    assert stage.view.groups == ([], -1)


def test_names_and_order_of_layers_do_not_matter(stage, paths):
    stage.open(paths["movie"], paths["cells"], paths["events"])
    stage.view.cells_picked.emit([1])
    for i, layer in enumerate(list(stage.viewer.layers)):
        layer.name = f"renamed {i}"
    stage.viewer.layers.reverse()
    assert stage.view.drawn == ["C1"]
    stage.click((16.5, 19.5))
    assert stage.view.drawn == ["C0"]


@pytest.mark.parametrize("order", [1, -1], ids=["first to last", "last to first"])
def test_nothing_is_added_while_layers_are_removed(stage, paths, tmp_path, order):
    # Which takes the events over, with the selection, when the first ones go.
    heir = make_cells(tmp_path / "heir.isxd")
    stage.open(paths["cells"], paths["events"], heir, paths["others"])
    stage.session.select(stage.session.groups[0], [1])
    added = []
    stage.viewer.layers.events.inserted.connect(lambda event: added.append(event.value.name))
    stage.viewer.layers.remove("Selected cells")
    for layer in list(stage.viewer.layers)[::order]:
        stage.viewer.layers.remove(layer)
    assert added == []


def test_layers_of_others_change_nothing(stage, paths):
    stage.open(paths["cells"])
    stage.view.cells_picked.emit([1])
    stage.viewer.add_image(np.zeros((5, 6)))
    stage.viewer.add_labels(np.ones((90, 90), int), name="theirs")
    stage.viewer.add_points([[1, 2]])
    stage.layer("theirs").selected_label = 3
    assert stage.view.drawn == ["C1"]
    stage.viewer.layers.remove("theirs")
    assert stage.view.drawn == ["C1"]


def test_opening_the_first_cells_is_announced(stage, paths):
    told = []
    stage.coordinator.opened.connect(lambda: told.append(True))
    stage.open(paths["movie"])
    assert told == []
    stage.open(paths["cells"])
    stage.open(paths["others"], paths["events"])
    assert told == [True]


def test_a_dock_that_comes_late_shows_what_is_open(stage, paths):
    stage.open(paths["cells"], paths["events"])
    stage.view.cells_picked.emit([2, 1])
    late = stage.another_dock()
    assert late.groups == (["cells"], 0)
    assert late.names == ["C0", "C1", "C2"]
    assert late.drawn == ["C2", "C1"]
    assert late.keys
    late.cells_picked.emit([0])
    assert stage.view.drawn == late.drawn == ["C0"]


def test_a_dock_that_qt_has_deleted_is_left_alone(stage, paths):
    stage.open(paths["movie"], paths["cells"])
    late = stage.another_dock()
    late.alive = False
    stage.view.cells_picked.emit([0])
    stage.coordinator.time.go_to(1.0)
    assert late.selected == []
    assert stage.view.time[0] == pytest.approx(1.0)


def test_docks_follow_the_theme(stage):
    assert len(stage.view.colors) == 1
    stage.viewer.theme = "light"
    stage.viewer.theme = "dark"
    _, light, dark = stage.view.colors
    assert light != dark


def test_cells_that_were_open_before_are_found(opened, paths):
    from napari_isx.layers.build import layers_of

    viewer = ViewerModel()
    for data in layers_of(opened(paths["cells"])):
        viewer._add_layer_from_data(*data)
    assert Coordinator.find(viewer) is None
    assert Coordinator.of(viewer).session.groups[0].title == "cells"


def test_every_viewer_has_one_coordinator_of_its_own(stage, paths):
    other = ViewerModel()
    assert Coordinator.of(stage.viewer) is stage.coordinator is Coordinator.find(stage.viewer)
    assert Coordinator.of(other) is not stage.coordinator
    stage.open(paths["cells"])
    assert Coordinator.of(other).session.groups == []


def test_nothing_keeps_a_viewer_and_its_layers_alive(stage, paths):
    stage.open(paths["movie"], paths["cells"], paths["events"])
    stage.click((16.5, 19.5))
    stage.coordinator.time.go_to(0.7)
    stage.session.group.curation.decide([0], "accepted")
    gone = {
        "viewer": ref(stage.viewer),
        "coordinator": ref(stage.coordinator),
        "session": ref(stage.session),
        "view": ref(stage.view),
        "labels": ref(stage.layer("cells")),
    }
    stage.__dict__.clear()
    gc.collect()
    assert [name for name, reference in gone.items() if reference() is not None] == []


def test_a_closed_dock_is_not_kept_alive(stage, paths):
    stage.open(paths["cells"])
    late = ref(stage.another_dock())
    stage.view.cells_picked.emit([0])
    gc.collect()
    assert late() is None
    stage.view.cells_picked.emit([1])
    assert stage.view.drawn == ["C1"]


def test_removed_layers_are_not_kept_alive(stage, paths):
    stage.open(paths["cells"], paths["events"])
    stage.view.cells_picked.emit([0])
    layers = [ref(layer) for layer in stage.viewer.layers]
    stage.viewer.layers.selection.clear()  # napari itself keeps the layer that was chosen last
    stage.viewer.layers.clear()
    gc.collect()
    assert [layer() for layer in layers if layer() is not None] == []
