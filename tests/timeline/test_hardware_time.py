"""When frames were really taken, and stacks in equal steps of true time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from helpers.clock_files import COUNTER_US, stamped_behavior, stamped_gpio, stamped_movie

from napari_isx.timeline.frame_grid import samples_in_time, to_dask_in_time
from napari_isx.timeline.hardware_time import hardware_time


def stalled(count=200, at=80, by_s=3.3):
    """20 Hz, but for a stall of the camera that nobody counted."""
    taken = np.arange(count) * 0.05
    taken[at:] += by_s
    return taken


def slowing(count=400):
    """A camera that gets slower all the time: half a second late in the middle."""
    i = np.arange(count)
    return i * 0.05 + 1e-5 * i**2 * 1.7


def test_timestamps_one_by_one_are_those_of_the_array(tmp_path, opened):
    movie = opened(stamped_movie(tmp_path / "m.isxd", stalled(30, 9), dropped=[4, 9]))
    assert [movie.timestamp_us(i) for i in range(30)] == movie.timestamps_us.tolist()
    assert movie.timestamp_us(4) == 0
    assert movie.timestamp_us(-1) == movie.timestamps_us[-1]
    with pytest.raises(IndexError, match="frame 30"):
        movie.timestamp_us(30)


def test_a_series_has_the_timestamps_of_its_parts(tmp_path, opened):
    paths = [
        stamped_movie(tmp_path / f"m{k}.isxd", 10.0 * k + np.arange(20) * 0.05) for k in range(2)
    ]
    series = opened(paths)
    found = [series.timestamp_us(i) for i in range(len(series))]
    assert found == series.timestamps_us.tolist()
    assert 0 in found


@pytest.mark.parametrize("taken", [stalled(), slowing(), np.arange(90) * 0.05], ids=str)
def test_time_is_known_to_an_eighth_of_a_frame_everywhere(tmp_path, opened, taken):
    movie = opened(stamped_movie(tmp_path / "m.isxd", taken))
    time = hardware_time(movie)
    assert time.start_us == COUNTER_US
    true_s = time.to_true_s(movie.timing.times_s)
    np.testing.assert_allclose(true_s, taken, atol=movie.timing.period_s / 8)
    np.testing.assert_allclose(time.to_nominal_s(true_s), movie.timing.times_s, atol=1e-9)


def test_few_timestamps_of_a_long_even_movie_are_read(tmp_path, opened, monkeypatch):
    movie = opened(stamped_movie(tmp_path / "m.isxd", np.arange(5000) * 0.05, shape=(1, 2)))
    read = []
    real = type(movie).timestamp_us
    monkeypatch.setattr(
        type(movie), "timestamp_us", lambda self, i: read.append(i) or real(self, i)
    )
    assert hardware_time(movie).deviation_s < 1e-6
    assert len(read) == 33


def test_a_stall_in_a_long_movie_is_found(tmp_path, opened):
    taken = stalled(5000, at=3456, by_s=0.4)
    movie = opened(stamped_movie(tmp_path / "m.isxd", taken, shape=(1, 2)))
    true_s = hardware_time(movie).to_true_s(movie.timing.times_s)
    np.testing.assert_allclose(true_s, taken, atol=movie.timing.period_s / 8)


def test_time_before_the_first_valid_frame_runs_evenly(tmp_path, opened):
    movie = opened(stamped_movie(tmp_path / "m.isxd", np.arange(40) * 0.05, dropped=[0, 1, 39]))
    time = hardware_time(movie)
    assert time.start_us == COUNTER_US
    np.testing.assert_allclose(time.to_true_s(movie.timing.times_s), np.arange(40) * 0.05)


def test_a_counter_that_runs_backwards_is_not_relied_on(tmp_path, opened):
    taken = np.arange(30) * 0.05
    taken[11] = 0.2
    assert hardware_time(opened(stamped_movie(tmp_path / "m.isxd", taken))) is None


def test_a_counter_that_started_anew_between_parts_is_not_relied_on(tmp_path, opened):
    first = stamped_movie(tmp_path / "a.isxd", np.arange(20) * 0.05)
    second = stamped_movie(tmp_path / "b.isxd", 900 + np.arange(20) * 0.05, start_s=10)
    assert hardware_time(opened([first, second])) is None


def test_files_without_a_counter_have_none(tmp_path, opened):
    from helpers.scenes import make_cells, make_movie

    assert hardware_time(opened(make_movie(tmp_path / "m.isxd"))) is None
    assert hardware_time(opened(make_cells(tmp_path / "c.isxd"))) is None


def test_gpio_times_are_the_counters_own(tmp_path, opened):
    box = opened(stamped_gpio(tmp_path / "b.gpio", np.array([1.5, 2.0, 2.5]), 0.0))
    time = hardware_time(box)
    assert time.start_us == COUNTER_US + 1_500_000
    assert time.to_true_s([0.25, 7.0]).tolist() == [0.25, 7.0]


@pytest.mark.parametrize("make", [stamped_movie, stamped_behavior])
def test_an_uneven_movie_becomes_a_stack_of_moments(tmp_path, opened, make):
    taken = stalled()
    movie = opened(make(tmp_path / ("m.isxd" if make is stamped_movie else "m.isxb"), taken))
    period = movie.timing.period_s
    stack = to_dask_in_time(movie)
    shown = pickle.loads(pickle.dumps(stack)).compute()
    assert len(shown) == round(taken[-1] / period) + 1
    for step, frame in enumerate(shown):
        away = np.abs(taken - step * period)
        if away.min() > period:
            assert not frame.any(), "nobody was looking during the stall"
        else:
            expected = movie.read_frame(int(away.argmin()))
            np.testing.assert_array_equal(frame, expected)


def test_an_even_movie_is_its_own_stack(tmp_path, opened):
    jitter = np.random.default_rng(1).uniform(-0.02, 0.02, 60)
    jitter[[0, -1]] = 0
    movie = opened(stamped_movie(tmp_path / "m.isxd", np.arange(60) * 0.05 + jitter))
    np.testing.assert_array_equal(to_dask_in_time(movie)[:, 0, 0].compute(), np.arange(60))


def test_the_nearest_frame_is_found_for_every_moment(tmp_path, opened):
    rng = np.random.default_rng(4)
    taken = np.cumsum(rng.uniform(0.01, 0.2, 300))
    taken -= taken[0]
    movie = opened(stamped_movie(tmp_path / "m.isxd", taken))
    time = hardware_time(movie)
    samples = samples_in_time(movie.timing, time)
    steps = np.arange(len(samples)) * movie.timing.period_s
    shown = samples >= 0
    nearest = np.abs(taken[None] - steps[:, None]).min(axis=1)
    away = np.abs(taken[samples[shown]] - steps[shown])
    np.testing.assert_allclose(away, nearest[shown], atol=1e-5)
    assert (nearest[~shown] > movie.timing.period_s - 1e-5).all()
