"""All that is opened stays in view, until the user zooms or pans."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.clock_files import stamped_behavior
from helpers.scenes import make_cells, make_movie


@pytest.fixture
def camera(stage):
    return stage.coordinator.view.camera


def test_what_is_added_comes_into_view(stage, camera, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"))
    zoom, center = camera.zoom, camera.center
    stage.open(stamped_behavior(tmp_path / "b.isxb", [0.0, 0.1, 0.2]))
    assert camera.zoom < zoom
    assert camera.center[2] > center[2]


def test_what_the_user_looks_at_stays(stage, camera, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"))
    camera.center, camera.zoom = (0, 12.0, 20.0), 30.0
    stage.open(stamped_behavior(tmp_path / "b.isxb", [0.0, 0.1, 0.2]))
    assert camera.center[-2:] == (12.0, 20.0)
    assert camera.zoom == 30.0
    stage.viewer.layers.remove("behavior · b")
    assert camera.zoom == 30.0


def test_a_view_that_the_user_fitted_is_fitted_again(stage, camera, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"))
    camera.zoom = 50.0
    stage.viewer.reset_view()
    zoom = camera.zoom
    stage.open(stamped_behavior(tmp_path / "b.isxb", [0.0, 0.1, 0.2]))
    assert camera.zoom < zoom


def test_nothing_of_somebody_elses_is_moved(stage, camera, tmp_path):
    stage.viewer.add_image(np.zeros((5, 500)))
    camera.zoom = 17.0
    stage.open(make_cells(tmp_path / "cells.isxd"))
    assert camera.zoom == 17.0
