"""Behavior movies that are damaged or lie: the error says so, soon and without making room."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.behavior_files import (
    COLS,
    JPEGS,
    ROWS,
    counters,
    encode,
    isxb,
    pictures,
    same_bits,
    session,
    timing_info,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_isx import IsxFileError, open_isx
from napari_isx.io.behavior import jpeg
from napari_isx.timeline.hardware_time import hardware_time


def with_number(path: Path, offset: int, value: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = value.to_bytes(8, "little")
    path.write_bytes(data)


def assert_refused(path: Path, finding: str) -> None:
    start = time.thread_time()
    with pytest.raises(IsxFileError, match=finding) as caught:
        open_isx(path)
    assert time.thread_time() - start < 1
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("offset", "value", "finding"),
    [
        (32, 10**18, "too many for a video"),
        (32, 11, "list of the 11 stored frames"),
        (32, 9, "list of the 9 stored frames"),
        (40, 10**18, "more than a recording has"),
        (40, 2**27, "should hold"),
        (40, 1, "should hold 11 frames, but its header counts only 10"),
        (48, 2**64 - 1, "its video should be"),
        (56, 10**12, "its video should be"),
        (56, 20, "too many for a video of 20 bytes"),
        (64, 10**12, "metadata should be"),
        (64, 0, "not valid JSON"),
        (72, 0, "metadata cannot have 0 bytes"),
        (80, 96, "not valid JSON"),
        (88, 10**12, "its session should be"),
        (88, 0, "session cannot have 0 bytes"),
        (88, 7, "not valid JSON"),
    ],
)
def test_a_header_that_lies_is_named(
    plain_isxb: Path, offset: int, value: int, finding: str
) -> None:
    with_number(plain_isxb, offset, value)
    assert_refused(plain_isxb, finding)


@pytest.mark.parametrize("size", [0, 1, 95, 96, 5000])
def test_a_file_cut_off_is_named(plain_isxb: Path, size: int) -> None:
    plain_isxb.write_bytes(plain_isxb.read_bytes()[:size])
    assert_refused(plain_isxb, r"too few|should be" if size else "not an Inscopix file but empty")


@pytest.mark.parametrize(
    ("description", "finding"),
    [
        ([], "JSON object"),
        ({}, "cameraName"),
        (session(cameraName=5), "cameraName"),
        (session(cameraName="other"), r"processingInterface\.other"),
        (session(rows=0), "height"),
        (session(rows=2**26, cols=2**26), "height"),
        (session(cols="64"), "width"),
        (session(spacingInfo={}), "numPixels"),
        (session(timingInfo={}), "numTimes"),
        (session(timingInfo=timing_info(11)), "should hold 11 frames"),
    ],
)
def test_a_session_that_lies_is_named(tmp_path: Path, description: Any, finding: str) -> None:
    assert_refused(isxb(tmp_path / "movie.isxb", description=description), finding)


@pytest.mark.parametrize(
    ("samples", "finding"),
    [
        ([{"fc": 5, "tsc": i} for i in range(10)], "no frame rate"),
        ([{"fc": i, "tsc": 10 - i} for i in range(10)], "no frame rate"),
        ([{"fc": i} for i in range(10)], "tsc"),
        ([{"tsc": i} for i in range(10)], "fc"),
        ([{"fc": i, "tsc": -i} for i in range(10)], "tsc"),
        ([5] * 10, "a list of objects"),
        ({}, "a list of objects"),
    ],
)
def test_metadata_that_lies_is_named(tmp_path: Path, samples: Any, finding: str) -> None:
    assert_refused(isxb(tmp_path / "movie.isxb", samples=samples), finding)


@pytest.mark.parametrize("broken", [0, 4, 9])
@pytest.mark.parametrize("entry", [{}, {"tsc": -1}, {"tsc": "soon"}, {"tsc": None}])
@pytest.mark.parametrize("processed", [False, True])
def test_one_broken_timestamp_leaves_the_rest_of_the_movie(
    tmp_path: Path, broken: int, entry: dict[str, Any], processed: bool
) -> None:
    whole = counters(10)
    samples = [{"fc": 100 + i, "tsc": tsc} for i, tsc in enumerate(whole)]
    samples[broken] = {"fc": 100 + broken, **entry}
    given = {"timingInfo": timing_info(10)} if processed else {}
    path = isxb(tmp_path / "m.isxb", samples=samples, description=session(**given))
    with open_isx(path) as movie, open_isx(isxb(tmp_path / "whole.isxb")) as truth:
        assert movie.clock_problems == (f"m.isxb: the time of frame {broken} is damaged",)
        assert movie.timestamps_us.tolist() == [
            0 if i == broken else tsc for i, tsc in enumerate(whole)
        ]
        assert all(same_bits(a, b) for a, b in zip(movie, truth, strict=True))
        if not processed:
            assert movie.timing.period_s == pytest.approx(truth.timing.period_s, rel=1e-3)
        true, found = hardware_time(truth), hardware_time(movie)
        assert found is not None
        last = [9 * movie.timing.period_s]
        expected = true.start_us / 1e6 + true.to_true_s([9 * truth.timing.period_s])
        assert found.start_us / 1e6 + found.to_true_s(last) == pytest.approx(expected, abs=0.02)


def test_many_broken_timestamps_are_counted(tmp_path: Path) -> None:
    samples = [{"fc": i, "tsc": 1000 * i} if i in (3, 7) else {"fc": i} for i in range(10)]
    with open_isx(isxb(tmp_path / "m.isxb", samples=samples)) as movie:
        assert movie.clock_problems == ("m.isxb: the time of frame 0 and of 7 more is damaged",)
        assert movie.timing.period_s == 0.001


def test_fewer_pictures_than_frames_are_an_error_where_they_are_missing(tmp_path: Path) -> None:
    """`isx` looks for them for ever."""
    samples = [{"fc": i, "tsc": 1000 * i} for i in range(10)]
    path = isxb(tmp_path / "movie.isxb", JPEGS[:7], samples=samples, stored=10)
    with open_isx(path) as movie:
        assert movie[6].any()
        start = time.thread_time()
        for i in (7, 9):
            with pytest.raises(IsxFileError, match="after 7 pictures"):
                movie[i]
        assert time.thread_time() - start < 1
        assert movie[0].any()


def test_a_last_picture_cut_off_is_an_error(tmp_path: Path) -> None:
    path = isxb(tmp_path / "movie.isxb", [*JPEGS[:2], JPEGS[2][:-40]])
    with open_isx(path) as movie:
        assert movie[1].any()
        with pytest.raises(IsxFileError, match="inside the one that starts at byte"):
            movie[2]


def test_a_picture_cut_off_is_an_error_and_the_next_ones_keep_their_numbers(tmp_path: Path) -> None:
    path = isxb(tmp_path / "cut.isxb", [JPEGS[0], JPEGS[1][:2000], JPEGS[2]])
    whole = isxb(tmp_path / "whole.isxb", JPEGS[:3])
    with open_isx(path) as movie, open_isx(whole) as truth:
        assert same_bits(movie[2], truth[2])
        with pytest.raises(IsxFileError, match=r"picture of frame 1 at byte [\d,]+ is damaged"):
            movie[1]
        assert same_bits(movie[0], truth[0])


def resized(picture: bytes, rows: int, cols: int) -> bytes:
    """A picture whose header claims another size."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + struct.pack(">HH", rows, cols) + picture[at + 4 :]


@pytest.mark.parametrize("size", [(65535, 65535), (0, 0), (ROWS, COLS + 64), (ROWS - 1, COLS)])
def test_a_picture_of_another_size_is_not_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    path = isxb(tmp_path / "movie.isxb", [JPEGS[0], resized(JPEGS[1], *size)])
    with open_isx(path) as movie:
        movie[0]
        said = "it has 47 x 64 pixels, not 48 x 64" if size[0] == 47 else "FFmpeg cannot decode it"
        with pytest.raises(IsxFileError, match=said):
            movie[1]


def test_a_whole_picture_of_another_size_is_an_error(tmp_path: Path) -> None:
    with open_isx(isxb(tmp_path / "m.isxb", [JPEGS[0], encode(pictures(1, 48, 128)[0])])) as movie:
        with pytest.raises(IsxFileError, match="it has 48 x 128 pixels, not 48 x 64"):
            movie[1]
        assert movie[0].any()


def test_a_second_size_behind_the_first_makes_no_room(tmp_path: Path) -> None:
    header = JPEGS[1].index(b"\xff\xc0")
    length = 2 + int.from_bytes(JPEGS[1][header + 2 : header + 4], "big")
    bomb = resized(JPEGS[1], 65535, 65535)[header : header + length]
    scan = JPEGS[1].index(b"\xff\xda")
    path = isxb(tmp_path / "movie.isxb", [JPEGS[0], JPEGS[1][:scan] + bomb + JPEGS[1][scan:]])
    with open_isx(path) as movie:
        with pytest.raises(IsxFileError, match="is damaged"):
            movie[1]
        assert movie[0].any()


def test_ffmpeg_makes_no_room_for_more_than_was_asked_for(pyav) -> None:
    """Also where a size should get past the check before it."""
    large = encode(np.zeros((1500, 1500, 3), np.uint8))
    assert jpeg.JpegDecoder((1500, 1500)).luma(large).shape == (1500, 1500)
    with pytest.raises(jpeg.PictureError, match="FFmpeg cannot decode it"):
        jpeg.JpegDecoder((16, 16)).luma(large)


def test_pictures_without_luma_are_named(tmp_path: Path) -> None:
    target = io.BytesIO()
    Image.new("CMYK", (COLS, ROWS)).save(target, "JPEG")
    with open_isx(isxb(tmp_path / "m.isxb", [JPEGS[0], target.getvalue()])) as movie:
        with pytest.raises(IsxFileError, match="is damaged"):
            movie[1]
        with pytest.raises(IsxFileError, match="is damaged"):
            movie.read_color_frame(1)


@pytest.mark.parametrize("filler", [b"\xff\x01", b"\xff\xe0\x00\x02", b"\xff\xd8\xff\xd9", b"\xff"])
def test_made_up_markers_do_not_take_long(tmp_path: Path, filler: bytes) -> None:
    video = b"\xff\xd8" + filler * (8_000_000 // len(filler))
    path = isxb(tmp_path / "m.isxb", [video], description=session(timingInfo=timing_info(1)))
    start = time.thread_time()
    with open_isx(path) as movie, pytest.raises(IsxFileError):
        movie[0]
    assert time.thread_time() - start < 1


@settings(max_examples=120)
@given(data=st.data())
def test_any_damage_gives_frames_or_the_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "movie.isxb"
    samples = [{"fc": i, "tsc": i * 1000, "tracker": {"box": [1, 2, 3, 4]}} for i in range(3)]
    whole = isxb(path, JPEGS[:3], samples=samples).read_bytes()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        places = st.integers(0, 95) | st.integers(0, len(whole) - 1) | st.integers(96, 800)
        damaged[data.draw(places)] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(whole)))
        del damaged[at : at + data.draw(st.integers(0, 5000))]
    path.write_bytes(damaged)
    try:
        with open_isx(path) as movie:
            assert isinstance(movie.acquisition_info, dict)
            for i in range(min(len(movie), 4)):
                try:
                    assert movie[i].shape == movie.shape[1:]
                    assert movie.read_color_frame(i).shape == (*movie.shape[1:], 3)
                except IsxFileError:
                    continue
            assert movie.timestamps_us is None or len(movie.timestamps_us) == len(movie)
            assert movie.tracking is None or len(movie.tracking.boxes) == len(movie)
    except IsxFileError:
        pass


def test_a_tracker_that_says_it_has_no_box_has_none(tmp_path: Path) -> None:
    trackers = [{"box": None, "conf": None, "zones": None}, {"box": [1, 2, 3, 4], "conf": 50}]
    samples = [{"fc": i, "tsc": i * 1000, "tracker": t} for i, t in enumerate(trackers)]
    with open_isx(isxb(tmp_path / "m.isxb", JPEGS[:2], samples=samples)) as movie:
        np.testing.assert_array_equal(movie.tracking.boxes, [[np.nan] * 4, [1, 2, 3, 4]])
        np.testing.assert_array_equal(movie.tracking.confidence, [np.nan, 50])


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(-300, -18_000), (-18_000, -18_000), (840, 50_400), (19_800, 19_800), (-3600, -3600)],
)
def test_an_offset_from_utc_in_seconds_is_known_by_its_size(
    tmp_path: Path, written: int, seconds: int
) -> None:
    path = isxb(tmp_path / "m.isxb")
    with_number(path, 24, written % 2**64)
    with open_isx(path) as movie:
        assert movie.timing.utc_offset_s == seconds
