"""All layers and plots on one clock, whatever their rates and starts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from helpers.clock_files import stamped_behavior, stamped_gpio, stamped_movie
from helpers.scenes import START, make_cells, make_events, make_movie

from napari_isx import Movie, Timing
from napari_isx.docks.closeup.movie_choice import fitting_movies

EVEN = np.arange(100) * 0.05


def frame_shown(stage, name):
    """The number of the frame on the canvas: all its pixels have it as their value."""
    (value,) = np.unique(stage.layer(name)._data_view)
    return int(value)


@pytest.fixture
def late_cells(tmp_path):
    timing = Timing.regular(20, 0.1, START + timedelta(seconds=3))
    return make_cells(tmp_path / "late.isxd", timing=timing)


def test_files_open_at_their_times(stage, tmp_path, late_cells):
    stage.open(late_cells, make_movie(tmp_path / "movie.isxd"))
    stage.session.select(stage.session.group, [0])
    assert stage.view.rows[0].times_s[0] == 3.0
    assert stage.layer("movie").translate[0] == 0
    assert tuple(stage.viewer.dims.range[0])[:2] == pytest.approx((0, 4.9))


def test_the_moment_stays_when_an_earlier_file_is_opened(stage, tmp_path):
    stage.open(stamped_movie(tmp_path / "movie.isxd", 2 + EVEN))
    stage.viewer.dims.set_point(0, 1.25)
    assert frame_shown(stage, "movie") == 25
    (box,) = stage.open(stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 3.0]), start_s=0.5))
    assert stage.session.cursor.time_s == pytest.approx(2.75)
    assert stage.viewer.dims.point[0] == pytest.approx(2.75)
    assert frame_shown(stage, "movie") == 25
    assert box in stage.session.clock
    stage.viewer.layers.remove("GPIO · g")
    assert stage.session.cursor.time_s == pytest.approx(1.25)
    assert frame_shown(stage, "movie") == 25


def test_every_frame_of_every_camera_is_shown_at_its_time(stage, tmp_path):
    taken = 2.73 + np.arange(180) / 30 * 1.0001
    stage.open(
        stamped_movie(tmp_path / "movie.isxd", 2 + EVEN),
        stamped_behavior(tmp_path / "camera.isxb", taken, start_s=9.9),
    )
    for frame in (0, 3, 50, 99):
        stage.coordinator.time.go_to(frame * 0.05)
        assert frame_shown(stage, "movie") == frame
    for frame in (0, 1, 60, 90, 179):
        stage.coordinator.time.go_to(taken[frame] - 2)
        assert frame_shown(stage, "behavior · camera") == pytest.approx(frame, abs=2)  # JPEG
        assert (
            stage.session.clock.placed(stage.session.recordings[1]).sample_at(
                stage.viewer.dims.point[0]
            )
            == frame
        )


@pytest.mark.parametrize("make", ["drift", "stall"])
def test_the_slider_shows_the_right_frame_of_a_drifting_movie(stage, tmp_path, make):
    """Two hours of a camera that is a second late in the middle, or stalls without saying so."""
    i = np.arange(3000)
    taken = 2.4 * i
    if make == "drift":
        taken = taken + 30 * np.sin(np.pi * i / i[-1])
    else:
        taken[1000:] += 60.0
    stage.open(stamped_movie(tmp_path / "movie.isxd", taken, shape=(1, 2)))
    for frame in (0, 500, 999, 1000, 1001, 1499, 1500, 2500, 2999):
        stage.coordinator.time.go_to(taken[frame])
        off_s = abs(taken[frame_shown(stage, "movie")] - taken[frame])
        assert off_s <= 2.5, "the nearest on a grid of its period"
        assert stage.view.time[1] == frame


def test_the_slider_spans_the_session(stage, tmp_path):
    stage.open(
        stamped_movie(tmp_path / "movie.isxd", 2 + EVEN),
        stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 30.5]), start_s=0.5),
    )
    start, stop, step = stage.viewer.dims.range[0]
    assert 0 <= start < 0.05
    assert stop == pytest.approx(30.0, abs=0.01)
    assert step == pytest.approx(0.05)
    stage.coordinator.time.go_to(20.0)
    assert stage.viewer.dims.point[0] == pytest.approx(20.0)
    assert stage.view.time[1:] == (None, 100), "the movie is over"


def test_steps_of_the_slider_fall_on_frames(stage, tmp_path):
    stage.open(
        stamped_movie(tmp_path / "movie.isxd", 2.013 + EVEN),
        stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 3.0]), start_s=0.5),
    )
    stage.coordinator.time.go_to(1.513)
    for frame in range(5):
        assert stage.view.time[:2] == (pytest.approx(1.513 + frame * 0.05), frame)
        stage.viewer.dims._increment_dims_right(0)


def test_the_slider_of_a_recording_without_pixels_is_its_time(stage, tmp_path):
    stage.open(stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 3.0]), start_s=0.5, first_s=0.5))
    start, stop, _ = stage.viewer.dims.range[0]
    assert (start, stop) == (0, pytest.approx(2.5, abs=0.01))


def test_events_on_the_canvas_are_at_true_times(stage, tmp_path):
    taken = EVEN.copy()
    taken[40:] += 2.5
    events = make_events(tmp_path / "events.isxd", num_samples=20)
    movie = stamped_movie(tmp_path / "movie.isxd", taken, uuid=None)
    stage.open(make_cells(tmp_path / "cells.isxd"), events, movie)
    points = stage.layer("events")
    period = stage.session.recordings[2].timing.period_s
    stage.session.select(stage.session.group, [0, 1])
    expected = np.interp([0.3, 1.2, 0.7], np.arange(100) * period, taken)
    world = np.array([points.data_to_world(point)[0] for point in points.data])
    np.testing.assert_allclose(world, expected, atol=1e-6)
    stage.session.select(stage.session.group, [0])
    np.testing.assert_allclose(stage.view.rows[0].event_times_s, expected[:2], atol=1e-6)
    stage.session.select(stage.session.group, [0, 1])
    stage.viewer.layers.remove("movie")
    world = np.array([points.data_to_world(point)[0] for point in points.data])
    np.testing.assert_allclose(world, [0.3, 1.2, 0.7], atol=1e-6)


def two_days(folder):
    """A movie, cells, events and a GPIO box of each of two days and animals."""
    paths = []
    for day, animal in ((0, "M1"), (3, "M2")):
        later_s = 86_400 * day
        timing = Timing.regular(100, 0.05, START + timedelta(seconds=later_s))
        extra = {"animal": {"id": animal}, "processingInterface": {"recordingUUID": animal}}
        movie = stamped_movie(folder / f"{animal}.isxd", later_s + EVEN, uuid=animal)
        cells = make_cells(folder / f"{animal}_cells.isxd", timing=timing, extra_properties=extra)
        changes = later_s + np.array([1.0, 3.0])
        box = stamped_gpio(folder / f"{animal}.gpio", changes, later_s, later_s, uuid=animal)
        paths += [movie, cells, box]
    return paths


def test_days_follow_one_another_in_all_that_lives_on_the_clock(stage, tmp_path):
    stage.open(*two_days(tmp_path))
    placed = stage.session.clock.all_placed
    assert [one.offset_s for one in placed if one.recording.path.suffix == ".isxd"] == [0] * 4
    assert stage.viewer.dims.range[0].stop == pytest.approx(4.95)
    second = stage.session.groups[1]
    stage.session.select(second, [0])
    channel = next(one for one in stage.session.channels if one.recording.path.name == "M2.gpio")
    stage.session.channels.show([channel], True)
    stage.view.arrangement_picked.emit("in turn")
    assert stage.view.clock.cuts == stage.session.clock.cuts
    assert stage.view.clock.cuts[0][:2] == (5, 6)
    assert stage.layer("M2").translate[0] == 6
    assert stage.viewer.dims.range[0].stop == pytest.approx(10.95)
    assert stage.view.rows[0].times_s[0] == pytest.approx(6)
    place = stage.session.channels.shown.index(channel)
    row = stage.view.channel_rows[place]
    assert row.times_s[np.flatnonzero(np.diff(row.values)) + 1][0] == pytest.approx(9, abs=0.01)
    stage.coordinator.time.go_to(7.5)
    assert frame_shown(stage, "M2") == 30
    assert stage.view.time == (pytest.approx(7.5), 30, 100)
    stage.coordinator.time.go_to(5.5)
    assert stage.view.time[1] is None, "in the cut there is no frame"


def test_the_moment_stays_when_days_are_arranged_anew(stage, tmp_path):
    stage.open(*two_days(tmp_path))
    stage.view.arrangement_picked.emit("in turn")
    stage.coordinator.time.go_to(7.5)
    stage.view.arrangement_picked.emit("together")
    assert stage.viewer.dims.point[0] == pytest.approx(1.5)
    assert stage.viewer.dims.range[0].stop == pytest.approx(4.95)
    assert frame_shown(stage, "M2") == 30
    assert not stage.view.clock.cuts


def test_the_arrangement_is_kept_when_more_is_opened_or_closed(stage, tmp_path):
    paths = two_days(tmp_path)
    stage.open(*paths[:4])
    stage.view.arrangement_picked.emit("in turn")
    stage.open(paths[4])
    assert stage.session.clock.placed(stage.session.recordings[-1]).offset_s == 6
    stage.viewer.layers.remove("GPIO · M1")
    assert stage.session.clock.arrangement == "in turn"


def test_a_movie_of_another_day_does_not_show_the_cells(stage, tmp_path):
    stage.open(*two_days(tmp_path))
    second, clock = stage.session.groups[1], stage.session.clock
    movies = [one for one in stage.session.recordings if isinstance(one, Movie)]
    assert [one.movie.path.name for one in fitting_movies(second, movies, clock)] == ["M2.isxd"]
