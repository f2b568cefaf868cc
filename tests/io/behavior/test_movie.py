"""Behavior movies: what `isx` reads from the same bytes, and what is right where it is not."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import recordings
from helpers.behavior_files import (
    COLS,
    FORMS,
    JPEGS,
    ROWS,
    assert_equals_isx,
    counters,
    encode,
    isxb,
    pictures,
    same_bits,
    session,
    timing_info,
)
from PIL import Image

from napari_isx import Spacing, Timing, open_isx
from napari_isx.io.behavior import jpeg


def test_frames_and_description_equal_isx(isx, pyav, plain_isxb: Path) -> None:
    assert_equals_isx(isx, plain_isxb)


@pytest.mark.parametrize("dropped", [[0], [3, 5], [0, 1, 11, 12]])
def test_dropped_samples_equal_isx(isx, pyav, tmp_path: Path, dropped: list[int]) -> None:
    path = isxb(tmp_path / "movie.isxb", dropped=dropped)
    assert_equals_isx(isx, path)
    with open_isx(path) as movie:
        assert np.flatnonzero(~movie.timing.valid_mask).tolist() == dropped
        assert not movie[dropped[0]].any()
        assert movie.timestamps_us[dropped[0]] == 0


@pytest.mark.parametrize("options", FORMS.values(), ids=FORMS)
def test_every_form_of_jpeg_equals_isx(isx, pyav, tmp_path: Path, options: dict[str, Any]) -> None:
    jpegs = [encode(picture, **options) for picture in pictures(4)]
    assert_equals_isx(isx, isxb(tmp_path / "movie.isxb", jpegs))


def test_bytes_between_pictures_are_passed_over(isx, pyav, tmp_path: Path) -> None:
    assert_equals_isx(isx, isxb(tmp_path / "movie.isxb", between=b"filler\xff\xff\x00"))


@pytest.mark.parametrize(
    "timing",
    [timing_info(10), timing_info(8), timing_info(12, dropped=[1, 4])],
    ids=["all", "fewer than stored", "dropped"],
)
@pytest.mark.parametrize("metadata", [True, False])
def test_timing_of_the_session_replaces_the_recorders(
    isx, pyav, tmp_path: Path, timing: dict[str, Any], metadata: bool
) -> None:
    """The metadata of the frames is not even needed."""
    description = session(timingInfo=timing)
    path = isxb(tmp_path / "movie.isxb", description=description, metadata=metadata)
    if metadata:
        assert_equals_isx(isx, path)
    with open_isx(path) as movie:
        assert movie.timing == Timing.from_fields(fields(path, timing))
        assert (movie.timestamps_us is None) is not metadata
        assert movie[2].any()


def fields(path: Path, values: dict[str, Any]):
    from napari_isx.io.format.json_fields import Fields

    return Fields(path, values)


def test_cropped_and_blank_samples_of_the_session_are_zeros(isx, tmp_path: Path) -> None:
    """`isx` returns a stored frame for them, or fails."""
    timing = timing_info(15, dropped=[0], cropped=["3 - 5"], blank=[8])
    path = isxb(tmp_path / "movie.isxb", description=session(timingInfo=timing))
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as ours:
        empty = [0, 3, 4, 5, 8]
        assert np.flatnonzero(~ours.timing.valid_mask).tolist() == empty
        assert not any(ours[i].any() for i in empty)
        assert theirs.get_frame_data(8).any()
        valid = np.flatnonzero(ours.timing.valid_mask)
        for i in valid.tolist():
            difference = ours[i].astype(int) - theirs.get_frame_data(i)
            assert np.abs(difference).max() <= 1
        assert ours.timestamps_us[valid].tolist() == counters(10)
        assert not ours.timestamps_us[empty].any()
    del theirs


def test_spacing_of_the_session_replaces_the_cameras(isx, pyav, tmp_path: Path) -> None:
    description = session(ROWS * 2, COLS, spacingInfo=recordings.spacing_info(ROWS, COLS))
    path = isxb(tmp_path / "movie.isxb", description=description)
    assert_equals_isx(isx, path)
    with open_isx(path) as movie:
        assert movie.spacing.pixel_size_um == (6.0, 17.6)


def test_what_the_recorder_says_without_them(plain_isxb: Path) -> None:
    with open_isx(plain_isxb) as movie:
        assert (movie.shape, movie.dtype, movie.ndim) == ((10, ROWS, COLS), np.uint8, 3)
        assert movie.spacing == Spacing.regular((ROWS, COLS), 3, (7, 5))
        first, last = counters(10)[0], counters(10)[-1]
        assert movie.timing.period == (last - first, 9 * 10**6)
        assert Fraction(*movie.timing.start_s) == Fraction(1_700_000_000_123, 1000)
        assert movie.timing.utc_offset_s == -300 * 60
        assert movie.metadata == session()
        assert repr(movie).startswith("<BehaviorMovie 'movie.isxb': 10 frames of 48 x 64 at 29.99")


def test_gaps_of_the_frame_counter_lengthen_no_movie_but_count_in_the_period(
    isx, pyav, tmp_path: Path
) -> None:
    samples = [{"fc": 3 * i, "tsc": tsc} for i, tsc in enumerate(counters(10))]
    path = isxb(tmp_path / "movie.isxb", samples=samples)
    assert_equals_isx(isx, path)
    with open_isx(path) as movie:
        assert len(movie) == 10
        assert movie.timing.period == (counters(10)[-1] - counters(10)[0], 27 * 10**6)


def test_a_movie_of_one_frame_has_a_period(isx, tmp_path: Path) -> None:
    """`isx` divides by no time at all."""
    path = isxb(tmp_path / "movie.isxb", JPEGS[:1])
    theirs = isx.Movie.read(str(path))
    with pytest.raises(ZeroDivisionError):
        theirs.timing.period.secs_float  # noqa: B018
    del theirs
    with open_isx(path) as movie:
        assert movie.timing.period_s == 0.05
        assert movie.timestamps_us.tolist() == counters(1)


def test_gray_pictures_are_read_though_isx_refuses_them(isx, tmp_path: Path) -> None:
    gray = [picture[:, :, 0] for picture in pictures(2)]
    path = isxb(tmp_path / "movie.isxb", [encode(picture, quality=100) for picture in gray])
    theirs = isx.Movie.read(str(path))
    with pytest.raises(Exception, match=r"unsupported frame format|get_frame_data"):
        theirs.get_frame_data(0)
    del theirs
    with open_isx(path) as movie:
        assert np.abs(movie[1].astype(int) - gray[1]).max() <= 3
        assert same_bits(movie.read_color_frame(1)[:, :, 2], movie[1])


def test_any_width_is_read(tmp_path: Path) -> None:
    """`isx` wants multiples of 64."""
    pixels = [np.full((17, 35, 3), value, np.uint8) for value in (10, 200)]
    path = tmp_path / "movie.isxb"
    isxb(path, [encode(p) for p in pixels], description=session(17, 35))
    with open_isx(path) as movie:
        assert movie.shape == (2, 17, 35)
        assert (movie[0] == 10).all()
        assert (movie[1] == 200).all()


# Decoders.


def test_luma_is_not_made_from_colors(tmp_path: Path) -> None:
    """A luma of 0 with strong color: from red, green and blue it would come back brighter."""
    flat = (Image.new("L", (COLS, ROWS), value) for value in (0, 255, 255))
    target = io.BytesIO()
    Image.merge("YCbCr", tuple(flat)).save(target, "JPEG", quality=100)
    path = isxb(tmp_path / "movie.isxb", [target.getvalue()] * 2)
    with open_isx(path) as movie:
        assert not movie[0].any()


def test_colors_are_the_pictures(tmp_path: Path) -> None:
    colors = [(200, 30, 40), (20, 180, 60), (25, 35, 210)]
    flat = [np.full((ROWS, COLS, 3), color, np.uint8) for color in colors]
    path = isxb(tmp_path / "movie.isxb", [encode(p) for p in flat], dropped=[1])
    with open_isx(path) as movie:
        stack = movie.to_dask(color=True)
        assert stack.shape == (4, ROWS, COLS, 3)
        frames = stack.compute()
        for sample, color in zip((0, 2, 3), colors, strict=True):
            assert np.abs(frames[sample].astype(int) - color).max() <= 3
            assert same_bits(movie.read_color_frame(sample), frames[sample])
        assert not frames[1].any()
        assert stack.name != movie.to_dask().name
        again = pickle.loads(pickle.dumps(stack))
        assert same_bits(again[2].compute(), frames[2])
        del stack, again


# Access.


def test_indexing_is_that_of_a_movie(plain_isxb: Path) -> None:
    with open_isx(plain_isxb) as movie:
        whole = movie[:]
        assert whole.shape == movie.shape
        assert same_bits(movie[-1], whole[9])
        assert same_bits(movie[8:1:-3], whole[8:1:-3])
        assert same_bits(np.array(list(movie)), whole)
        assert same_bits(movie.to_dask(3).compute(scheduler="threads"), whole)
        assert movie.read_frame(2).flags.writeable
        for i in (10, -11):
            with pytest.raises(IndexError, match="which has 10 frames"):
                movie[i]
        with pytest.raises(IndexError):
            movie[1.0]


def test_a_frame_costs_one_read_and_one_picture(
    plain_isxb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_isx(plain_isxb) as movie:
        movie[9]
        reads: list[tuple[int, int]] = []
        read = movie._source.read

        def count(offset: int, size: int) -> bytes:
            reads.append((offset, size))
            return read(offset, size)

        monkeypatch.setattr(movie._source, "read", count)
        movie[3]
        assert reads == [(96 + sum(map(len, JPEGS[:3])), len(JPEGS[3]))]


def test_opening_reads_no_picture(plain_isxb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("it looked for pictures")

    monkeypatch.setattr(jpeg.JpegIndex, "locate", fail)
    with open_isx(plain_isxb) as movie:
        assert repr(movie)
        assert len(movie.timestamps_us) == 10


@pytest.mark.parametrize("chunk", [2, 3, 64, 1000])
def test_pictures_are_found_wherever_the_reading_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(jpeg, "_CHUNK_BYTES", chunk)
    jpegs = [encode(p, **o) for p, o in zip(pictures(9, 16, 16), FORMS.values(), strict=True)]
    path = isxb(tmp_path / "m.isxb", jpegs, between=b"\0\xff", description=session(16, 16))
    with open_isx(path) as movie:
        at = 96
        for i, picture in enumerate(jpegs):
            assert movie._index.locate(i) == (at, len(picture))
            at += len(picture) + 2


def test_threads_read_the_same_frames(plain_isxb: Path) -> None:
    wrong: list[int] = []
    with open_isx(plain_isxb) as movie:
        truth = movie[:]
    with open_isx(plain_isxb) as movie:  # whose pictures are not found yet

        def read(seed: int) -> None:
            for i in recordings.rng(seed).integers(0, 10, 60).tolist():
                wrong.extend([] if same_bits(movie[i], truth[i]) else [i])

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


# In a process of its own: what else the tests have loaded may not survive a fork, as isx does not.
FORKING = """
import os, signal, sys
from napari_isx import open_isx
movie = open_isx(sys.argv[1])
movie._index._lock.acquire()  # as another thread would that is looking for a picture
child = os.fork()
if child == 0:
    signal.alarm(20)
    os._exit(0 if movie._index.locate(4)[1] == int(sys.argv[2]) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_though_another_thread_was_looking(plain_isxb: Path) -> None:
    arguments = [plain_isxb, str(len(JPEGS[4]))]
    subprocess.run([sys.executable, "-c", FORKING, *arguments], check=True, timeout=60)


def test_it_pickles_by_its_path_and_closes(plain_isxb: Path) -> None:
    movie = open_isx(plain_isxb)
    with pickle.loads(pickle.dumps(movie)) as again:
        assert same_bits(again[5], movie[5])
    movie.close()
    with pytest.raises(ValueError, match="closed"):
        movie[0]


# Real recordings.


@pytest.mark.real
@pytest.mark.parametrize("part", [0, 1])
def test_real_recordings_equal_isx(isx, pyav, real_data: Path, part: int) -> None:
    """All exactly but a few of a million pixels, which the MMX code in `isx` rounds down.

    Its FFmpeg 3.1.4, told to use none (`av_force_cpu_flags(0)`), gives exactly our values.
    """
    path = real_data / f"behavior_1920x1080_part{part}.isxb"
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as ours:
        assert ours.shape == (10, 1080, 1920)
        assert ours.acquisition_info == theirs.get_acquisition_info()
        assert ours.timing.period_s == theirs.timing.period.secs_float
        assert ours.timing.start.replace(tzinfo=None) == theirs.timing.start.to_datetime()
        assert ours.timing.period == (26_707_995, 801_000_000)
        for i in range(10):
            difference = ours[i].astype(int) - theirs.get_frame_data(i)
            assert difference.min() >= 0
            assert difference.max() <= 1
            assert np.count_nonzero(difference) <= 12
            assert ours.timestamps_us[i] == theirs.get_frame_timestamp(i)
    del theirs
