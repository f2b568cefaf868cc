"""Layers of ours cannot be edited, copies that the user makes can."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from helpers.scenes import make_cells, make_events, make_movie
from napari.layers import Image, Layer

from napari_isx.layers.keys import our_keys
from napari_isx.viewer.locked_layers import HINT

DRAWING = {"Shapes": "add_ellipse", "Labels": "paint", "Points": "add", "Image": "transform"}


def assert_locked(layer):
    assert not layer.editable, layer.name
    layer.mode = DRAWING[type(layer).__name__]
    assert layer.mode == "pan_zoom", layer.name
    assert layer.help == HINT


def copied(layer):
    """As napari's *Duplicate layer* makes it."""
    data, state, kind = layer.as_layer_data_tuple()
    return Layer.create(deepcopy(data), {**state, "name": f"{layer.name} copy"}, kind)


@pytest.fixture
def opened_all(stage, tmp_path):
    stage.open(
        make_movie(tmp_path / "movie.isxd"),
        make_cells(tmp_path / "cells.isxd"),
        make_events(tmp_path / "events.isxd"),
    )
    stage.session.select(stage.session.group, [0])
    return stage


def test_all_that_is_opened_is_locked_and_so_is_the_mark_of_the_selection(opened_all):
    layers = list(opened_all.viewer.layers)
    kinds = {type(layer).__name__ for layer in layers}
    assert kinds == {"Image", "Labels", "Shapes", "Points"}
    assert "Selected cells" in {layer.name for layer in layers}
    for layer in layers:
        assert_locked(layer)
    assert opened_all.viewer.help in ("", HINT)


def test_layers_stay_locked_when_they_are_redrawn_and_seen_from_all_sides(opened_all):
    viewer, session = opened_all.viewer, opened_all.session
    session.select(session.group, [1, 2])
    for layer in viewer.layers:
        assert_locked(layer)
    for ndisplay in (3, 2):
        viewer.dims.ndisplay = ndisplay
        session.select(session.group, [ndisplay - 2])
        for layer in viewer.layers:
            assert_locked(layer)
    contours = opened_all.layer("outlines · cells")
    contours.data = contours.data
    assert_locked(contours)
    contours.visible = False
    contours.visible = True
    assert_locked(contours)
    viewer.layers.remove(contours)
    viewer.layers.append(contours)
    assert_locked(contours)


def test_a_layer_of_others_is_left_alone(opened_all):
    shapes = opened_all.viewer.add_shapes()
    shapes.mode = "add_ellipse"
    assert shapes.editable
    assert shapes.mode == "add_ellipse"
    assert "add rectangles" in shapes.help


@pytest.mark.parametrize("name", ["outlines · cells", "cells", "Selected cells", "events"])
def test_a_copy_is_the_users(opened_all, name):
    viewer, session = opened_all.viewer, opened_all.session
    original = opened_all.layer(name)
    kept = dict(original.metadata)
    copy = viewer.add_layer(copied(original))
    assert copy.editable
    assert our_keys(copy) == set()
    assert "transform" in copy.help
    assert original.metadata == kept
    assert_locked(original)
    if name == "outlines · cells":
        copy.add([np.eye(3)[:, :2]], shape_type="polygon")
        copy.selected_data = {0}
        copy.remove_selected()
    session.group.curation.decide([0], "rejected")
    session.select(session.group, [2])
    viewer.layers.remove(copy)
    assert_locked(original)
    assert session.group.status(0) == "rejected"


def test_a_copy_of_a_movie_still_shows_the_movie_and_can_be_moved(opened_all):
    copy = opened_all.viewer.add_layer(copied(opened_all.layer("movie")))
    assert isinstance(copy, Image)
    assert our_keys(copy)
    copy.mode = "transform"
    assert copy.mode == "transform"


def test_cells_that_are_made_labels_by_napari_are_the_users(opened_all):
    contours = opened_all.layer("outlines · cells")
    data = contours.to_labels()
    made = opened_all.viewer.add_layer(Layer.create(data, contours._get_base_state(), "labels"))
    assert made.editable
    assert our_keys(made) == set()
