"""The mean movie around events."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_isx import Movie, Timing, open_isx, write_movie
from napari_isx.analysis import response_map


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_it_is_the_mean_of_the_frames_around_events(tmp_path, dtype):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 60000, size=(200, 5, 7)).astype(dtype)
    timing = Timing.regular(200, 0.1, dropped=[50, 58])
    write_movie(tmp_path / "m.isxd", frames, timing=timing)
    events_s = [5.2, 6.0, 12.0, 0.1, 30.0]
    with open_isx(tmp_path / "m.isxd") as movie:
        result = response_map(movie, events_s)
    nan = frames.astype(float)
    nan[[50, 58]] = np.nan
    windows = np.array([nan[i - 20 : i + 21] for i in (52, 60, 120)])
    mean = np.nanmean(windows, axis=0)
    average = mean - mean[10:21].mean(axis=0)
    np.testing.assert_allclose(result.average, average, atol=0.05)
    np.testing.assert_allclose(result.peak, average[20:31].max(axis=0), atol=0.05)
    np.testing.assert_allclose(result.lags_s, np.arange(-20, 21) * 0.1)
    assert result.kept_events.tolist() == [0, 1, 2]
    assert result.left_out == {3: "edge", 4: "edge"}
    needed = {i for event in (52, 60, 120) for i in range(event - 20, event + 21)} - {50, 58}
    assert result.num_frames == len(needed)


def test_a_frame_is_read_once_however_many_events_are_near(monkeypatch):
    movie = Movie.from_array(np.ones((100, 3, 4), np.uint16), timing=Timing.regular(100, 0.1))
    read = []
    original = type(movie).read_rows
    monkeypatch.setattr(
        type(movie),
        "read_rows",
        lambda self, i, *rest, **more: read.append(i) or original(self, i, *rest, **more),
    )
    response_map(movie, [4.0, 4.1, 4.2])
    assert sorted(read) == sorted(2 * list(set(read))), (
        "once for the upper half and once for the lower"
    )


def test_without_events_it_is_nan_and_no_warning():
    movie = Movie.from_array(np.ones((100, 3, 4), np.uint16), timing=Timing.regular(100, 0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = response_map(movie, [])
    assert np.isnan(result.average).all()
    assert np.isnan(result.peak).all()
    assert result.average.shape == (41, 3, 4)


def test_what_cannot_be_is_named():
    movie = Movie.from_array(np.ones((100, 3, 4), np.uint16), timing=Timing.regular(100, 0.1))
    with pytest.raises(ValueError, match="events_s has no time"):
        response_map(movie, [np.nan])
    with pytest.raises(ValueError, match="baseline_s"):
        response_map(movie, [1.0], baseline_s=(-9, 0))
