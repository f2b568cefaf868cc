"""One time on the slider and in the plots."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.clock_files import stamped_behavior
from helpers.scenes import make_cells, make_events, make_movie

from napari_isx.docks.common.shortcuts import COMMANDS

MOVIE_PERIOD_S, CELLS_PERIOD_S = 0.05, 0.1


@pytest.fixture
def movie(tmp_path):
    return make_movie(tmp_path / "movie.isxd", 40, MOVIE_PERIOD_S)


@pytest.fixture
def cells(tmp_path):
    return make_cells(tmp_path / "cells.isxd", num_samples=20, period_s=CELLS_PERIOD_S)


@pytest.fixture
def events(tmp_path):
    return make_events(tmp_path / "events.isxd", {"C0": [0.3, 0.512, 0.777, 1.2], "C1": [0.7]})


def frame_shown(stage):
    """The number of the frame on the canvas: all its pixels have it as their value."""
    (value,) = np.unique(stage.layer("movie")._data_view)
    return int(value)


@pytest.mark.parametrize("order", [("movie", "cells"), ("cells", "movie")])
def test_the_slider_moves_the_plots(stage, movie, cells, order):
    stage.open(*({"movie": movie, "cells": cells}[name] for name in order))
    stage.viewer.dims.set_point(0, 1.25)
    assert stage.view.time == (1.25, 25, 40)
    assert stage.session.cursor.time_s == 1.25
    assert frame_shown(stage) == 25


@pytest.mark.parametrize("time_s", [0.0, 0.1, 0.75, 1.95])
def test_the_plots_move_the_slider(stage, movie, cells, time_s):
    stage.open(movie, cells)
    stage.view.time_requested.emit(time_s)
    assert stage.viewer.dims.point[0] == pytest.approx(time_s)
    assert stage.view.time[:2] == (time_s, round(time_s / MOVIE_PERIOD_S))
    assert frame_shown(stage) == round(time_s / MOVIE_PERIOD_S)


@pytest.mark.parametrize(("asked", "shown"), [(-5.0, 0.0), (100.0, 39 * MOVIE_PERIOD_S)])
def test_the_time_stays_within_the_movie(stage, movie, cells, asked, shown):
    stage.open(movie, cells)
    stage.view.time_requested.emit(asked)
    assert stage.view.time[0] == pytest.approx(shown)
    assert stage.session.cursor.time_s == pytest.approx(stage.viewer.dims.point[0])


def test_a_step_of_the_slider_is_a_frame_of_the_movie(stage, movie, cells):
    stage.open(cells, movie)
    stage.viewer.dims.set_point(0, 0)
    for frame in range(1, 4):
        stage.viewer.dims._increment_dims_right(0)
        assert stage.view.time[1] == frame
        assert stage.view.time[0] == pytest.approx(frame * MOVIE_PERIOD_S)


def test_without_a_movie_the_cursor_moves_on_its_own(stage, cells):
    stage.open(cells)
    stage.view.time_requested.emit(0.7)
    assert stage.view.time == (0.7, 7, 20)
    stage.view.time_requested.emit(-3.0)
    assert stage.view.time == (0.0, 0, 20)
    assert stage.viewer.dims.ndim == 2


def test_without_a_movie_the_cursor_stays_where_it_is_when_other_layers_come(stage, cells):
    stage.open(cells)
    stage.view.time_requested.emit(0.7)
    stage.viewer.add_image(np.zeros((4, 5)), scale=(3, 3))
    assert stage.view.time[0] == 0.7


def test_with_nothing_open_there_is_no_frame(stage):
    assert stage.view.time == (0.0, None, 0)
    stage.view.time_requested.emit(2.0)
    assert stage.view.time == (0.0, None, 0)


def test_placed_events_have_a_slider_too(stage, cells, events):
    stage.open(cells, events)
    stage.viewer.dims.set_point(0, 0.7)
    assert stage.view.time[0] == pytest.approx(0.7)
    stage.view.time_requested.emit(0.3)
    assert stage.viewer.dims.point[0] == pytest.approx(0.3)


def test_the_slider_of_somebody_elses_stack_is_not_time(stage, cells):
    stage.open(cells)
    stage.viewer.add_image(np.zeros((9, 4, 5)))
    stage.view.time_requested.emit(0.7)
    stage.viewer.dims.set_point(0, 5)
    assert stage.view.time[0] == 0.7


def test_time_is_found_beside_somebody_elses_axes(stage, movie, cells):
    stage.open(movie, cells)
    stage.viewer.add_image(np.zeros((3, 40, 8, 9)), scale=(1, MOVIE_PERIOD_S, 3, 3))
    stage.view.time_requested.emit(1.0)
    assert stage.viewer.dims.point[1] == pytest.approx(1.0)
    assert frame_shown(stage) == 20
    stage.viewer.dims.set_point(0, 2)
    assert stage.view.time[0] == pytest.approx(1.0)


@pytest.mark.parametrize("with_movie", [True, False])
def test_stepping_through_events_reaches_every_one(stage, movie, cells, events, with_movie):
    stage.open(*([movie] if with_movie else []), cells, events)
    stage.session.select(stage.session.group, [0])
    stage.coordinator.time.go_to(0.0)
    times = []
    for _ in range(6):
        stage.coordinator.time.go_to_event(1)
        times.append(stage.view.time[0])
    assert times == pytest.approx([0.3, 0.512, 0.777, 1.2, 1.2, 1.2])
    for expected in (0.777, 0.512, 0.3, 0.3):
        stage.coordinator.time.go_to_event(-1)
        assert stage.view.time[0] == pytest.approx(expected)


def test_removing_the_movie_keeps_the_time(stage, movie, cells):
    stage.open(movie, cells)
    stage.view.time_requested.emit(1.25)
    stage.viewer.layers.remove("movie")
    assert stage.view.time == (pytest.approx(1.25), 13, 20)
    stage.view.time_requested.emit(0.5)
    assert stage.view.time[:2] == (0.5, 5)


def test_a_movie_that_comes_later_says_which_frame_it_is(stage, movie, cells):
    stage.open(cells)
    assert stage.view.time == (0.0, 0, 20)
    stage.open(movie)
    assert stage.view.time[2] == 40


def test_where_no_frame_is_there_is_no_number(stage, tmp_path, cells):
    path = make_movie(tmp_path / "movie.isxd", 20, MOVIE_PERIOD_S, dropped=[10])
    stage.open(path, make_events(tmp_path / "long.isxd", num_samples=60))
    for time_s, frame in ((0.45, 9), (0.5, None), (0.55, 11), (0.97, 19), (1.1, None)):
        stage.coordinator.time.go_to(time_s)
        assert stage.view.time == (pytest.approx(time_s), frame, 20)


def test_a_camera_alone_counts_its_frames(stage, tmp_path, movie):
    stage.open(stamped_behavior(tmp_path / "camera.isxb", np.arange(60) / 30))
    stage.coordinator.time.go_to(1.0)
    assert stage.view.time == (1.0, 30, 60)
    stage.open(movie)
    assert stage.view.time[2] == 40, "the microscope's frames come first"


def test_a_movie_begins_where_it_shows_something(stage, tmp_path):
    """napari begins in the middle, which is in the gap of a recording in two parts."""
    stage.open(make_movie(tmp_path / "movie.isxd", dropped=range(10, 32)))
    assert frame_shown(stage) == 9
    assert stage.view.time[1] == 9
    stage.viewer.dims.set_point(0, 1.0)
    stage.open(make_movie(tmp_path / "second.isxd", dropped=range(10, 32)))
    assert stage.view.time == (1.0, None, 40), "later the user's moment stays"


def test_channels_alone_begin_at_their_start(stage, tmp_path):
    stage.open(make_gpio(tmp_path / "box.gpio"))
    assert stage.viewer.dims.point[0] == stage.view.time[0] == 0.0
    COMMANDS["next_edge"].act(stage.coordinator)
    assert stage.session.cursor.time_s == pytest.approx(1.0)


def test_the_first_movie_shows_something_though_channels_came_before_it(stage, tmp_path):
    stage.open(
        make_gpio(tmp_path / "box.gpio"),
        make_movie(tmp_path / "movie.isxd", dropped=range(10)),
    )
    assert stage.view.time == (pytest.approx(0.5), 10, 40)
    assert frame_shown(stage) == 10


def test_what_is_left_has_a_time_within_it(stage, tmp_path, cells):
    stage.open(make_movie(tmp_path / "movie.isxd", 200))
    stage.coordinator.time.go_to(9.0)
    stage.viewer.layers.clear()
    assert stage.view.time == (0.0, None, 0)
    stage.open(cells)
    assert stage.view.time == (0.0, 0, 20)


def test_an_rgb_movie_has_the_same_time(stage, tmp_path, cells):
    stage.open(make_movie(tmp_path / "movie.isxd", 40, MOVIE_PERIOD_S, dtype="rgb"), cells)
    stage.view.time_requested.emit(1.0)
    assert stage.viewer.dims.point[0] == pytest.approx(1.0)
    assert frame_shown(stage) == 20


def test_a_dock_that_comes_late_is_told_the_time(stage, movie, cells):
    stage.open(movie, cells)
    stage.coordinator.time.go_to(1.0)
    assert stage.another_dock().time[:2] == (1.0, 20)
