"""Playing as recorded, going through parts, and looping."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.clock_files import stamped_behavior
from helpers.scenes import make_cells, make_movie

from napari_isx.viewer import playback as module
from napari_isx.viewer.playback import SPEEDS

PERIOD_S = 0.05


@pytest.fixture(autouse=True)
def paused_at_the_end(stage):
    """Where another test has made an application, its timer would go on without the files."""
    yield
    stage.coordinator.playback.pause()


@pytest.fixture
def wall(monkeypatch):
    """The clock on the wall, which the test moves."""

    class Wall:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    clock = Wall()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def player(stage, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd", 200, PERIOD_S))
    stage.coordinator.time.go_to(0.0)
    return stage.coordinator.playback


@pytest.fixture
def trials(stage, tmp_path):
    """Three trials of 2 s each, 8 s apart."""
    gaps = [*range(40, 200), *range(240, 400)]
    stage.open(make_movie(tmp_path / "movie.isxd", 440, PERIOD_S, dropped=gaps))
    stage.coordinator.time.go_to(0.0)
    return stage.coordinator.playback


def after(player, wall, seconds):
    """Let time go by, and draw once."""
    wall.now_s += seconds
    player.advance()
    return player.session.cursor.time_s


@pytest.mark.parametrize("speed", SPEEDS)
def test_time_goes_by_the_clock_on_the_wall(player, wall, speed):
    player.set_speed(speed)
    player.play()
    assert after(player, wall, 0.5) == pytest.approx(0.5 * speed, abs=PERIOD_S / 2)


def test_frames_are_left_out_where_drawing_is_slow(player, wall):
    player.play()
    shown = [after(player, wall, 0.3) for _ in range(5)]
    assert shown == pytest.approx([0.3, 0.6, 0.9, 1.2, 1.5])


def test_it_goes_on_from_where_the_user_went(player, wall):
    player.play()
    after(player, wall, 1.0)
    player.session.cursor.move_to(5.0)
    assert after(player, wall, 0.5) == pytest.approx(5.5)


def test_another_speed_goes_on_from_here(player, wall):
    player.play()
    after(player, wall, 1.0)
    player.step_speed(1)
    assert player.speed == 2
    assert after(player, wall, 1.0) == pytest.approx(3.0)
    for _ in SPEEDS:
        player.step_speed(1)
    assert player.speed == SPEEDS[-1]


def test_it_stops_at_the_end_and_begins_again(player, wall):
    player.play()
    assert after(player, wall, 60) == pytest.approx(199 * PERIOD_S)
    assert not player.is_playing
    player.play()
    assert after(player, wall, 0.5) == pytest.approx(0.5)


def test_a_pause_stays_where_it_is(player, wall):
    player.toggle()
    after(player, wall, 1.0)
    player.toggle()
    assert after(player, wall, 1.0) == pytest.approx(1.0)


def test_a_range_is_looped_over(stage, player, wall):
    stage.coordinator.time.go_to(2.0)
    player.loop_from()
    stage.coordinator.time.go_to(2.95)
    player.loop_to()
    assert player.loop_s == pytest.approx((2.0, 3.0))
    stage.coordinator.time.go_to(7.0)
    player.play()
    assert player.session.cursor.time_s == pytest.approx(2.0)
    assert after(player, wall, 0.9) == pytest.approx(2.9)
    assert after(player, wall, 0.1) == pytest.approx(2.0)
    assert after(player, wall, 0.5) == pytest.approx(2.5)
    player.toggle_loop()
    assert after(player, wall, 2.0) == pytest.approx(4.5)


def test_all_of_it_is_looped_over(player, wall):
    player.toggle_loop()
    player.play()
    assert after(player, wall, 10.0) == pytest.approx(0.0)
    assert player.is_playing


def test_parts_are_where_frames_are(trials):
    expected = [(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)]
    assert [one for span in trials.parts for one in span] == pytest.approx(
        [one for span in expected for one in span]
    )


def test_the_empty_time_between_trials_is_not_played(trials, wall):
    trials.play()
    assert after(trials, wall, 1.9) == pytest.approx(1.9)
    assert after(trials, wall, 0.2) == pytest.approx(10.0)
    assert after(trials, wall, 0.5) == pytest.approx(10.5)


def test_keys_go_from_trial_to_trial(stage, trials):
    shown = []
    for step in (1, 1, 1, -1, -1, -1):
        trials.go_to_part(step)
        shown.append(stage.session.cursor.time_s)
    assert shown == pytest.approx([10, 20, 20, 10, 0, 0])
    stage.coordinator.time.go_to(11.5)
    trials.go_to_part(-1)
    assert stage.session.cursor.time_s == pytest.approx(10)
    assert trials.part == 1


def test_a_trial_is_looped_over(stage, trials, wall):
    stage.coordinator.time.go_to(11.0)
    trials.loop_part()
    trials.play()
    assert after(trials, wall, 0.9) == pytest.approx(11.9)
    assert after(trials, wall, 0.1) == pytest.approx(10.0)


def test_a_dropped_frame_makes_no_parts(stage, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd", 200, PERIOD_S, dropped=[20, 50, 51]))
    assert len(stage.coordinator.playback.parts) == 1


def test_steps_are_those_of_the_movie_never_of_a_channel(stage, tmp_path):
    gpio = make_gpio(tmp_path / "box.gpio")
    stage.open(gpio)
    assert stage.viewer.dims.range[0].step >= 0.02
    stage.open(make_cells(tmp_path / "cells.isxd", num_samples=20, period_s=0.1))
    assert stage.viewer.dims.range[0].step == pytest.approx(0.1)
    stage.open(make_movie(tmp_path / "movie.isxd", 40, PERIOD_S))
    assert stage.viewer.dims.range[0].step == pytest.approx(PERIOD_S)


def test_steps_are_the_microscopes_where_a_camera_is_faster(stage, tmp_path):
    stage.open(stamped_behavior(tmp_path / "camera.isxb", np.arange(60) / 60))
    assert stage.viewer.dims.range[0].step == pytest.approx(1 / 30, rel=0.01)
    stage.open(make_movie(tmp_path / "movie.isxd", 40, PERIOD_S))
    assert stage.viewer.dims.range[0].step == pytest.approx(PERIOD_S)


def test_nothing_to_play_plays_nothing(stage):
    stage.coordinator.playback.toggle()
    assert not stage.coordinator.playback.is_playing
