"""Behavior movies beside the microscope's field."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.clock_files import UUID, counters_us
from helpers.scenes import START, make_movie

from napari_isx import Spacing, Timing, write_behavior_movie

PERIOD_S = 0.1
BOXES = [[4.0 + i, 6.0, 10.0 + i, 11.0] for i in range(20)]


@pytest.fixture
def arena(tmp_path):
    write_behavior_movie(
        tmp_path / "arena.isxb",
        (np.full((16, 64), 10 * i, np.uint8) for i in range(20)),
        timing=Timing.regular(20, PERIOD_S, START.replace(second=1)),
        timestamps_us=counters_us(np.arange(20) * PERIOD_S),
        trackers=[{"box": box, "conf": 99.0} for box in BOXES],
        session={
            "cameraName": "camera-1",
            "processingInterface": {"recordingUUID": UUID},
        },
    )
    return tmp_path / "arena.isxb"


def extent(layer):
    """Edges of the picture; napari counts from the centers of pixels."""
    low, high = layer.extent.world[:, -2:]
    return (*(low - layer.scale[-2:] / 2), *(high + layer.scale[-2:] / 2))


@pytest.mark.parametrize("movie_first", [True, False])
def test_the_picture_stands_right_of_the_field_at_its_height(stage, tmp_path, arena, movie_first):
    spacing = Spacing.regular((20, 30), 4.0, (12.0, 8.0))
    movie = make_movie(tmp_path / "movie.isxd", spacing=spacing)
    stage.open(*([movie, arena] if movie_first else [arena, movie]))
    top, left, bottom, right = extent(stage.layer("behavior · arena"))
    assert (top, bottom) == pytest.approx((12, 92))
    assert left == pytest.approx(8 + 120 * 1.05)
    assert right - left == pytest.approx(80 * 64 / 16)
    stage.viewer.layers.remove("movie")
    assert extent(stage.layer("behavior · arena"))[2] == pytest.approx(48), "its own size again"


def test_two_cameras_stand_next_to_each_other(stage, tmp_path, arena):
    second = tmp_path / "second.isxb"
    second.write_bytes(arena.read_bytes())
    stage.open(make_movie(tmp_path / "movie.isxd"), arena, second)
    first = extent(stage.layer("behavior · arena"))
    assert extent(stage.layer("behavior · second"))[1] > first[3]


def test_the_box_follows_the_animal_in_session_time(stage, tmp_path, arena):
    stage.open(make_movie(tmp_path / "movie.isxd", 100), arena)
    box = stage.layer("animal · arena")
    offset_s = stage.session.clock.placed(stage.session.recordings[1]).offset_s
    assert offset_s == 1.0
    for sample in (0, 7, 19):
        stage.viewer.dims.set_point(0, offset_s + sample * PERIOD_S)
        (corners,) = box.data
        assert corners[:, 1].min() == pytest.approx(BOXES[sample][0] - 0.5)
    for time_s in (0.0, 4.0):
        stage.viewer.dims.set_point(0, time_s)
        assert len(box.data) == 0, "the camera was not running"
