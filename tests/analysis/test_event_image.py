"""The mean image around events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import series_files
from helpers.scenes import FIELD, START, blob, make_movie
from hypothesis import given
from hypothesis import strategies as st

from napari_isx import IsxFileError, Spacing, Timing, open_isx, write_movie
from napari_isx.analysis import event_image as module
from napari_isx.analysis.event_image import (
    MAX_FRAMES_PER_SIDE,
    Window,
    crop_around,
    event_image,
    extent_um,
    frames_at,
    largest_events,
    whole_field,
)
from napari_isx.analysis.rois import cut_roi

WINDOW = Window(np.array([-3, -2]), np.array([0, 1]))


def last(*args, **kwargs):
    *_, image = event_image(*args, **kwargs)
    return image


def at(*frames):
    return np.array(frames, np.int64), np.ones(len(frames))


def noise_movie(path: Path, dtype=np.uint16, num_frames=40, **timing) -> np.ndarray:
    """A movie of noise, and all its frames."""
    rng = np.random.default_rng(4)
    frames = rng.integers(0, 256, (num_frames, *FIELD)).astype(dtype)
    when = Timing.regular(num_frames, 0.05, START, **timing)
    write_movie(path, frames, timing=when, spacing=Spacing.regular(FIELD, 3.0))
    return frames


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_it_is_the_mean_of_the_frames_around(tmp_path, opened, dtype):
    frames = noise_movie(tmp_path / "m.isxd", dtype)
    image = last(opened(tmp_path / "m.isxd"), *at(10, 30), window=WINDOW)
    after, before = frames[[10, 11, 30, 31]].mean(axis=0), frames[[7, 8, 27, 28]].mean(axis=0)
    np.testing.assert_allclose(image.after, after, rtol=1e-6)
    np.testing.assert_allclose(image.before, before, rtol=1e-6)
    np.testing.assert_allclose(image.difference, after - before, atol=1e-4)
    assert image.after.dtype == np.float32
    assert (image.num_events, image.num_events_known, image.num_frames) == (2, 2, 8)
    assert image.is_complete


def test_a_crop_is_cut_from_the_whole(tmp_path, opened):
    frames = noise_movie(tmp_path / "m.isxd")
    movie = opened(tmp_path / "m.isxd")
    crop = slice(4, 11), slice(20, 31)
    image = last(movie, *at(10), window=WINDOW, crop=crop)
    np.testing.assert_allclose(image.after, frames[10:12, 4:11, 20:31].mean(axis=0))
    assert last(movie, *at(10), window=WINDOW).after.shape == FIELD


def test_of_a_crop_no_other_rows_are_read(tmp_path, opened, monkeypatch):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    read, read_rows = [], type(movie).read_rows

    def noted(self, i, start, stop, out=None):
        read.append((i, start, stop))
        return read_rows(self, i, start, stop, out)

    monkeypatch.setattr(type(movie), "read_rows", noted)
    last(movie, *at(10, 11, 10), window=WINDOW, crop=(slice(4, 6), slice(0, 3)))
    assert read == [(i, 4, 6) for i in (7, 8, 9, 10, 11, 12)], "each once, in order"


def test_frames_near_several_events_count_once(tmp_path, opened):
    frames = noise_movie(tmp_path / "m.isxd")
    image = last(opened(tmp_path / "m.isxd"), *at(20, 21), window=WINDOW)
    np.testing.assert_allclose(image.after, frames[[20, 21, 22]].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(image.before, frames[[17, 18, 19]].mean(axis=0), rtol=1e-6)
    assert image.num_frames == 6


def test_a_frame_after_any_event_is_no_baseline(tmp_path, opened):
    frames = noise_movie(tmp_path / "m.isxd")
    movie = opened(tmp_path / "m.isxd")
    image = last(movie, np.array([18, 20]), np.array([1.0, 5.0]), window=WINDOW, max_events=1)
    assert image.num_events == 1
    np.testing.assert_allclose(image.before, frames[17])
    closest = last(movie, *at(17, 20), window=Window(np.array([-3, -2]), np.array([0, 1, 2])))
    assert closest.before is not None, "frames 14 and 15 are before both"
    crowded = last(movie, *at(*range(40)), window=WINDOW)
    assert (crowded.before, crowded.difference) == (None, None)
    np.testing.assert_allclose(crowded.after, frames.mean(axis=0), rtol=1e-6)


def test_missing_frames_and_those_beyond_the_ends_are_left_out(tmp_path, opened):
    frames = noise_movie(tmp_path / "m.isxd", dropped=[11], cropped=[(27, 28)])
    movie = opened(tmp_path / "m.isxd")
    image = last(movie, *at(0, 10, 30, 39), window=WINDOW)
    needed = [0, 1, 10, 30, 31, 39]
    np.testing.assert_allclose(image.after, movie[:][needed].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(image.before, movie[:][[7, 8, 36, 37]].mean(axis=0), rtol=1e-6)
    assert image.num_frames == 10
    assert frames.shape == movie.shape


def test_only_the_largest_events_are_averaged(tmp_path, opened):
    frames = noise_movie(tmp_path / "m.isxd")
    movie = opened(tmp_path / "m.isxd")
    when, amplitudes = np.array([5, 15, 25, 35, 99]), np.array([1.0, 9.0, np.nan, 4.0, 99.0])
    image = last(movie, when, amplitudes, window=WINDOW, max_events=2)
    np.testing.assert_allclose(image.after, frames[[15, 16, 35, 36]].mean(axis=0), rtol=1e-6)
    assert (image.num_events, image.num_events_known) == (2, 4), "one is after the movie's end"
    assert largest_events(amplitudes, 9).tolist() == [4, 1, 3, 0, 2], "NaN comes last"


@pytest.mark.parametrize("frames", [[], [-1, 40, 1000]])
def test_without_events_there_is_no_image(tmp_path, opened, frames):
    image = last(opened(make_movie(tmp_path / "m.isxd")), *at(*frames))
    assert (image.after, image.before, image.num_events, image.num_frames) == (None, None, 0, 0)
    assert image.is_complete


def test_it_grows_until_it_is_complete(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(module, "_PARTIAL_EVERY_S", 0.0)
    noise_movie(tmp_path / "m.isxd")
    images = list(event_image(opened(tmp_path / "m.isxd"), *at(10, 30), window=WINDOW))
    assert [image.num_frames for image in images] == list(range(9))
    assert [image.is_complete for image in images] == [False] * 8 + [True]
    assert images[0].after is None
    assert images[1].difference is None, "only a frame before the event is in it"
    assert not np.array_equal(images[3].after, images[-1].after), "each has an image of its own"


def test_colors_are_averaged(tmp_path, opened):
    image = last(opened(make_movie(tmp_path / "m.isxd", dtype="rgb")), *at(10), window=WINDOW)
    np.testing.assert_allclose(image.after, np.full(FIELD, 10.5))


def test_a_series_is_read_across_its_gap(tmp_path):
    parts = [series_files.movie(tmp_path / f"{i}.isxd", 4, i, seed=i) for i in (0, 1)]
    with open_isx(parts) as series:
        gap = np.flatnonzero(~series.timing.valid_mask)
        image = last(series, *at(3, int(gap[-1])), window=WINDOW)
        taken = [3, int(gap[-1]) + 1]
        np.testing.assert_allclose(image.after, series[:][taken].mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("most", [6, 5])
def test_many_bright_frames_do_not_overflow(monkeypatch, most):
    monkeypatch.setattr(module, "_FRAMES_PER_SUM", most)
    total = module._Sum((2, 2), np.dtype(np.uint16), 6)
    for value in (65_535, 65_535, 1, 3, 5, 7):
        total.add(np.full((2, 2), value, np.uint16))
    np.testing.assert_allclose(total.mean(), (2 * 65_535 + 16) / 6)


def test_a_file_that_was_cut_short_is_an_error(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    movie.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        last(movie, *at(10))


def test_the_window_goes_by_seconds():
    window = Window.of_seconds(0.1, before_s=0.3, rise_s=0.2, after_s=0.4)
    assert window.before.tolist() == [-4, -3, -2]
    assert window.after.tolist() == [0, 1, 2, 3]
    slow = Window.of_seconds(2.0)
    assert (slow.before.tolist(), slow.after.tolist()) == ([-1], [0]), "a frame each at least"
    fast = Window.of_seconds(0.001)
    assert len(fast.before) == len(fast.after) == MAX_FRAMES_PER_SIDE
    assert (fast.after[0], fast.after[-1]) == (0, 499)
    assert (fast.before[0], fast.before[-1]) == (-699, -200)
    with pytest.raises(ValueError, match="above 0 s"):
        Window.of_seconds(0)


@given(st.floats(0.0005, 3), st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
def test_a_baseline_is_before_and_the_rest_after(period_s, before_s, rise_s, after_s):
    window = Window.of_seconds(period_s, before_s, rise_s, after_s)
    assert window.before.max() < 0 <= window.after.min()
    for side in (window.before, window.after):
        assert 1 <= len(side) <= MAX_FRAMES_PER_SIDE
        assert (np.diff(side) > 0).all()


def test_frames_are_found_by_time():
    times = np.array([10.0, 10.1, 10.2, 10.5, 10.6])
    wanted = [10.04, 10.06, 10.34, 10.36, 10.6, 9.9, 10.7, 9.0, 12.0, np.nan]
    assert frames_at(wanted, times).tolist() == [0, 1, 2, 3, 4, 0, 4, -1, -1, -1]
    assert frames_at([10.0, 10.4], np.empty(0)).tolist() == [-1, -1]
    assert frames_at([10.0, 10.4], np.array([10.0])).tolist() == [0, -1]
    assert frames_at([], times).tolist() == []


def test_the_crop_lies_around_the_cell_in_the_movies_pixels():
    roi = cut_roi(np.pad(np.ones((4, 6), np.float32), ((10, 10), (20, 20))))
    cells = Spacing.regular((24, 46), 6.0, (30.0, 60.0))
    movie = Spacing.regular((400, 400), 3.0)
    rows, cols = crop_around(roi, cells, movie)
    # The cell covers 90 to 114 um down and 180 to 216 um across; the square has sides of 108 um.
    assert (rows.start, rows.stop) == (16, 52)
    assert (cols.start, cols.stop) == (48, 84)
    assert extent_um((rows, cols), movie) == (48.0, 144.0, 108.0, 108.0)


def test_a_crop_ends_at_the_movies_edges():
    roi = cut_roi(blob((20, 20), (0, 19)))
    grid = Spacing.regular((20, 20), 3.0)
    rows, cols = crop_around(roi, grid, grid)
    assert (rows.start, cols.stop) == (0, 20)
    elsewhere = Spacing.regular((20, 20), 3.0, (500.0, 0.0))
    assert crop_around(roi, grid, elsewhere) is None
    assert crop_around(cut_roi(np.zeros((20, 20), np.float32)), grid, grid) is None


def test_the_whole_field_is_all_of_it(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd"))
    assert whole_field(movie) == (slice(0, 23), slice(0, 31))
    assert extent_um(whole_field(movie), movie.spacing) == (0.0, 0.0, 69.0, 93.0)
