"""Compressed movies: `isx` cannot open them in Python, so the format's formula is the judge."""

from __future__ import annotations

import io
import pickle
import struct
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.compressed_files import (
    COLS,
    ROWS,
    SHIFTS,
    TILES,
    all_codes,
    av_frame,
    avi,
    decoded,
    drawn,
    expected,
    isxc,
)
from helpers.recordings import header_words, rng, timing_info
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_isx
from napari_isx import IsxFileError, Movie, open_isx

av = pytest.importorskip("av")

HAS_INDEX = int(av.__version__.split(".")[0]) >= 17


@pytest.fixture
def lossless(tmp_path: Path) -> Path:
    path = tmp_path / "movie.isxc"
    frames = drawn(6)
    path.write_bytes(isxc(avi(frames), all_codes(6)))
    return path


def test_pixels_are_luma_times_a_power_of_two_for_each_tile(lossless: Path) -> None:
    with open_isx(lossless) as movie:
        assert isinstance(movie, Movie)
        assert (movie.shape, movie.dtype, movie.ndim, len(movie)) == ((6, ROWS, COLS), "u2", 3, 6)
        np.testing.assert_array_equal(movie[:], expected(np.array(drawn(6)), all_codes(6)))


def test_shifts_follow_the_formula_for_every_code() -> None:
    from napari_isx.io.movies import compressed

    want = [4 - int((code - 49) / 32) for code in range(256)]
    have = compressed._LEFT.astype(int) - compressed._RIGHT.astype(int)
    assert have.tolist() == want
    assert {code: want[code] for code in SHIFTS} == SHIFTS


CODECS = {
    "ffv1": {"codec": "ffv1"},
    "ffv1 gray, groups of 5": {"codec": "ffv1", "pixels": "gray", "gop": 5},
    "mjpeg": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "raw": {"codec": "rawvideo", "pixels": "gray"},
    "h264, groups of 7": {"codec": "libx264", "gop": 7, "bf": "0"},
    "h264 with frames that move": {
        "codec": "libx264", "gop": 7, "x264_params": "bframes=3:b-adapt=0",
    },
    "h264 with open groups": {
        "codec": "libx264", "gop": 7, "x264_params": "bframes=3:b-adapt=0:open-gop=1",
    },
    "h264 without keyframes after the first": {
        "codec": "libx264", "gop": 7, "x264_params": "bframes=0:intra-refresh=1",
    },
    "mpeg4 with frames that move": {"codec": "mpeg4", "gop": 7, "bf": "2"},
    "vp8 with hidden frames": {
        "codec": "libvpx", "gop": 7, "auto_alt_ref": "1", "lag_in_frames": "16",
    },
    "vp9": {"codec": "libvpx-vp9", "gop": 7},
}  # fmt: skip


@pytest.mark.parametrize("options", CODECS.values(), ids=CODECS)
def test_any_frame_of_any_codec_is_the_frame_with_that_number(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    count = 30
    video = avi(drawn(count), **options)
    truth = expected(decoded(video), all_codes(count))
    assert len(truth) == count
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(video, all_codes(count)))
    with open_isx(path) as movie:
        for i in [29, 0, 17, 16, 18, 7, 6, 8, 28, 3, *rng(2).integers(0, count, 20)]:
            np.testing.assert_array_equal(movie[i], truth[i], err_msg=f"frame {i}")
        np.testing.assert_array_equal(movie[::-4], truth[::-4])
        np.testing.assert_array_equal(movie[:], truth)


def test_frames_of_hevc_are_those_with_that_number(tmp_path: Path) -> None:
    """FFmpeg does not put HEVC into an AVI, so its packets go there under another name."""
    count, target = 30, io.BytesIO()
    try:
        encoder = av.CodecContext.create("libx265", "w")
    except av.FFmpegError:
        pytest.skip("this FFmpeg does not encode HEVC")
    encoder.height, encoder.width, encoder.pix_fmt = ROWS, COLS, "yuv420p"
    encoder.time_base = encoder.framerate = Fraction(1, 20)
    encoder.options = {"x265-params": "log-level=none:bframes=3:keyint=7:open-gop=0"}
    packets = []
    for i, luma in enumerate(drawn(count)):
        frame = av_frame(luma, "yuv420p")
        frame.pts = i
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    with av.open(target, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=20)
        stream.height, stream.width, stream.pix_fmt = ROWS, COLS, "yuvj420p"
        for i, packet in enumerate(packets):
            packet.stream, packet.pts, packet.dts = stream, i, i
            container.mux(packet)
    video = target.getvalue().replace(b"MJPG", b"HEVC")
    truth = expected(decoded(video), all_codes(count))
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(video, all_codes(count)))
    with open_isx(path) as movie:
        for i in [29, 0, 17, 15, 14, 13, 7, 6, 8, 28, 3]:
            np.testing.assert_array_equal(movie[i], truth[i], err_msg=f"frame {i}")
        if HAS_INDEX:
            assert movie._video._idle[0].starts.before(20) == 14


def test_an_index_that_lies_costs_time_and_not_the_right_frame(tmp_path: Path) -> None:
    """Two keyframes' entries exchanged: what the index says is not what comes."""
    video = avi(drawn(20), "libx264", gop=5, x264_params="bframes=0:scenecut=0:keyint=5")
    entries = video.rindex(b"idx1") + 8
    at, other = entries + 16 * 5, entries + 16 * 10
    damaged = bytearray(video)
    damaged[at : at + 16], damaged[other : other + 16] = (
        video[other : other + 16],
        video[at : at + 16],
    )
    truth = expected(decoded(bytes(damaged)), all_codes(20))
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(bytes(damaged), all_codes(20)))
    with open_isx(path) as movie:
        for i in (19, 6, 11, 0):
            try:
                np.testing.assert_array_equal(movie[i], truth[i], err_msg=f"frame {i}")
            except IsxFileError:
                continue


def test_the_last_frames_of_a_video_with_moved_ones_are_there(tmp_path: Path) -> None:
    """`isx` does not drain its decoder and loses them."""
    video = avi(drawn(9), "libx264", x264_params="bframes=3:b-adapt=0")
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(video, all_codes(9)))
    with open_isx(path) as movie:
        assert movie[8].any()
        np.testing.assert_array_equal(movie[8], expected(decoded(video), all_codes(9))[8])


def test_random_frames_start_at_the_nearest_keyframe(tmp_path: Path) -> None:
    if not HAS_INDEX:
        pytest.skip("before PyAV 17 the index of a video cannot be had")
    video = avi(drawn(60), "libx264", gop=10, x264_params="bframes=0:scenecut=0:keyint=10")
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(video, all_codes(60)))
    with open_isx(path) as movie:
        movie[57]
        (decoder,) = movie._video._idle
        assert [decoder.starts.before(i) for i in (0, 9, 10, 35, 59)] == [0, 0, 10, 30, 50]


@pytest.mark.parametrize("words", [0, 3, 8, 22])
def test_dropped_cropped_and_blank_samples_read_as_zeros(tmp_path: Path, words: int) -> None:
    """`isx` loses frames where there are dropped ones and no sensor words."""
    timing = timing_info(10, dropped=[0, 4], cropped=["6 - 7"], blank=[9])
    stored = [1, 2, 3, 5, 8]
    luma, codes = drawn(5), all_codes(5)
    sensor = rng(3).integers(0, 2**16, (5, words), "<u2")
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(avi(luma), codes, sensor, timing))
    want = np.zeros((10, ROWS, COLS), np.uint16)
    want[stored] = expected(np.array(luma), codes)
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie[:], want)
        assert np.flatnonzero(movie.timing.valid_mask).tolist() == stored


@pytest.mark.parametrize("words", [8, 22])
def test_timestamps_come_from_the_sensor_words(tmp_path: Path, words: int) -> None:
    counters = [10**12 + 50_123 * i + i**2 for i in range(4)]
    sensor = np.array([header_words(c, seed=c % 97)[1280 - words : 1280] for c in counters])
    path = tmp_path / "movie.isxc"
    timing = timing_info(6, dropped=[1, 4])
    path.write_bytes(isxc(avi(drawn(4)), all_codes(4), sensor, timing))
    with open_isx(path) as movie:
        assert movie.timestamps_us.tolist() == [counters[0], 0, *counters[1:3], 0, counters[3]]
        assert movie.timing.period == (counters[3] - counters[0], 5 * 10**6)


@pytest.mark.parametrize(
    ("words", "version"), [(7, "1.3.0"), (0, "1.3.0"), (8, "1.1.0"), (8, None)]
)
def test_without_counter_or_new_software_there_are_no_timestamps(
    tmp_path: Path, words: int, version: str | None
) -> None:
    sensor = rng(3).integers(0, 2**16, (4, words), "<u2")
    path = tmp_path / "movie.isxc"
    session = {"extraProperties": {"producer": {"version": version}}}
    path.write_bytes(isxc(avi(drawn(4)), all_codes(4), sensor, timing_info(4), **session))
    with open_isx(path) as movie:
        assert movie.timestamps_us is None
        period = timing_info(4)["period"]
        assert movie.timing.period == (period["num"], period["den"])


def test_it_describes_itself_as_any_movie_does(lossless: Path) -> None:
    with open_isx(lossless) as movie:
        assert movie.metadata["dataType"] == 0
        assert movie.acquisition_info == {"Animal ID": "m1"}
        assert movie.spacing.num_pixels == (ROWS, COLS)
        assert Fraction(*movie.timing.start_s) == Fraction(1_600_000_000_123, 1000)
        assert "6 frames of 48 x 64" in repr(movie)


def test_threads_read_the_same_frames(lossless: Path) -> None:
    wrong: list[int] = []
    with open_isx(lossless) as movie:
        truth = movie[:]

        def read(seed: int) -> None:
            for i in rng(seed).integers(0, 6, 40).tolist():
                wrong.extend([] if np.array_equal(movie[i], truth[i]) else [i])

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_dask_and_pickle_read_by_path(lossless: Path) -> None:
    with open_isx(lossless) as movie:
        stack = movie.to_dask()
        np.testing.assert_array_equal(stack.compute(scheduler="threads"), movie[:])
        with pickle.loads(pickle.dumps(movie)) as copy:
            np.testing.assert_array_equal(copy[3], movie[3])
        del stack


def test_reading_after_closing_is_an_error(lossless: Path) -> None:
    movie = open_isx(lossless)
    movie[0]
    movie.close()
    with pytest.raises(ValueError, match="closed"):
        movie[1]


def test_nothing_is_written(lossless: Path) -> None:
    before = lossless.read_bytes()
    with open_isx(lossless) as movie:
        movie[:]
    assert lossless.read_bytes() == before
    assert [p.name for p in lossless.parent.iterdir()] == ["movie.isxc"]


def with_number(data: bytes, offset: int, value: int, form: str = "<Q") -> bytes:
    return data[:offset] + struct.pack(form, value) + data[offset + struct.calcsize(form) :]


@pytest.mark.parametrize(
    ("offset", "form", "value", "finding"),
    [
        (32, "<Q", 0, "0 tiles"),
        (32, "<Q", 2**63, "tiles"),
        (32, "<Q", TILES + 1, "not 7 tiles"),
        (40, "<Q", 23, "23 sensor words"),
        (40, "<Q", 4, "metadata of 6 frames"),
        (72, "<Q", 2**62, "its video should be"),
        (80, "<Q", 2**64 - 1, "its video should be"),
        (96, "<I", 0, "tiles of 16 x 0"),
        (96, "<I", 2**32 - 1, "do not fill"),
        (100, "<I", 24, "not 6 tiles of 24 x 32"),
        (104, "<Q", 10**15, "its metadata should be"),
        (104, "<Q", 1, "metadata of 6 frames"),
        (120, "<Q", 10**15, "its session should be"),
        (120, "<Q", 136, "not valid JSON"),
        (128, "<Q", 0, "not valid JSON"),
    ],
)
def test_a_header_that_lies_is_named(
    lossless: Path, offset: int, form: str, value: int, finding: str
) -> None:
    lossless.write_bytes(with_number(lossless.read_bytes(), offset, value, form))
    with pytest.raises(IsxFileError, match=finding) as caught:
        open_isx(lossless)
    assert "movie.isxc" in str(caught.value)


@pytest.mark.parametrize("size", [0, 1, 135, 136, 2000])
def test_a_file_cut_off_is_named(lossless: Path, size: int) -> None:
    lossless.write_bytes(lossless.read_bytes()[:size])
    with pytest.raises(IsxFileError, match=r"movie\.isxc"):
        open_isx(lossless)


def test_a_video_with_fewer_frames_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(avi(drawn(4)), all_codes(6)))
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie[3], expected(np.array(drawn(4)), all_codes(6)[:4])[3])
        with pytest.raises(IsxFileError, match=r"frame 4 of its video .* ends after 4 frames"):
            movie[4]
        np.testing.assert_array_equal(movie[0], expected(np.array(drawn(1)), all_codes(6)[:1])[0])


def test_a_video_of_another_size_is_named(tmp_path: Path) -> None:
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(avi([frame[:32] for frame in drawn(4)]), all_codes(4)))
    with open_isx(path) as movie, pytest.raises(IsxFileError, match="32 x 64 pixels, not 48 x 64"):
        movie[0]


def test_a_video_without_luma_is_named(tmp_path: Path) -> None:
    target = io.BytesIO()
    with av.open(target, "w", format="avi") as container:
        stream = container.add_stream("ffv1", rate=20)
        stream.height, stream.width, stream.pix_fmt = ROWS, COLS, "bgr0"
        frame = av.VideoFrame.from_ndarray(np.zeros((ROWS, COLS, 3), np.uint8)).reformat(
            format="bgr0"
        )
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(target.getvalue(), all_codes(1)))
    with open_isx(path) as movie, pytest.raises(IsxFileError, match="no plane of 8-bit luma"):
        movie[0]


@pytest.mark.parametrize("video", [b"", b"RIFF", b"\xff" * 500, b"#EXTM3U\nfile:/etc/passwd\n"])
def test_bytes_that_are_no_video_are_named(tmp_path: Path, video: bytes) -> None:
    path = tmp_path / "movie.isxc"
    path.write_bytes(isxc(video, all_codes(1)))
    with open_isx(path) as movie, pytest.raises(IsxFileError, match="cannot be decoded"):
        movie[0]


VIDEOS = [avi(drawn(5), "mjpeg", "yuvj420p"), avi(drawn(5))]


@settings(max_examples=150)
@given(st.data())
def test_any_damage_gives_frames_or_the_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = isxc(VIDEOS[data.draw(st.integers(0, 1))], all_codes(5))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            at = data.draw(
                st.integers(0, min(len(damaged), 400) - 1) | st.integers(0, len(damaged) - 1)
            )
            damaged[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("fuzz") / "movie.isxc"
    path.write_bytes(damaged)
    try:
        with open_isx(path) as movie:
            for i in (4, 0):
                assert movie[i].shape == (ROWS, COLS)
    except (IsxFileError, IndexError):
        pass


def test_movies_are_what_the_public_names_say() -> None:
    assert napari_isx.Movie is Movie


def test_tags_in_any_encoding_are_no_matter(tmp_path: Path) -> None:
    video = avi(drawn(6))
    at = video.index(b"ISFT") + 8
    tagged = video[:at] + "µ".encode("latin-1") + video[at + 1 :]
    paths = [tmp_path / "plain.isxc", tmp_path / "tagged.isxc"]
    for path, content in zip(paths, (video, tagged), strict=True):
        path.write_bytes(isxc(content, all_codes(6)))
    with open_isx(paths[0]) as plain, open_isx(paths[1]) as movie:
        np.testing.assert_array_equal(movie[:], plain[:])
