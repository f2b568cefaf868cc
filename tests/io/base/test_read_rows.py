"""Some rows of a frame, of every kind of movie, are those of the whole frame."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from helpers import behavior_files, recordings, series_files
from helpers.scenes import make_movie

from napari_isx import IsxFileError, Movie, open_isx
from napari_isx.io.format.source import FileSource

MICROSCOPE = {
    "multiplane": {
        "enabled": True,
        "activePlanes": 2,
        "planes": {f"plane-{i}": {"enabled": True, "focus": 100 * i} for i in (1, 2)},
    }
}


def gapped(path: Path, code: int = 0) -> Path:
    timing = recordings.timing_info(8, dropped=[2], blank=[5])
    return recordings.write_movie(path, recordings.pixels(6, 5, 4, code), code, timing=timing)


def raw(path: Path) -> Path:
    return recordings.write_raw_movie(path, recordings.pixels(3, 5, 4), [5, 6, 7])


def compressed(path: Path) -> Path:
    """Two frames of one tile, to the format's table."""
    av = pytest.importorskip("av")
    video = io.BytesIO()
    try:
        with av.open(video, "w", format="avi") as container:
            stream = container.add_stream("ffv1", rate=20)
            stream.height, stream.width, stream.pix_fmt = 16, 32, "gray"
            for luma in recordings.rng().integers(0, 256, (2, 16, 32)).astype(np.uint8):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(luma, "gray")))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        pytest.skip(f"this FFmpeg does not encode ffv1: {error}")
    data, codes = video.getvalue(), bytes([49, 81])
    footer = {
        "type": 0,
        "dataType": 0,
        "timingInfo": recordings.timing_info(2),
        "spacingInfo": recordings.spacing_info(16, 32),
    }
    text = json.dumps(footer).encode()
    at = 136 + len(data)
    header = struct.pack("<QQq4Q", 1, 1, 0, 1, 1, 0, 2)
    header += struct.pack("<4H2I2Q", 1, 1, 1, 0, 32, 16, len(data), 136)
    header += struct.pack("<4H2I2Q", 2, 0, 0, 0, 32, 16, 2, at)
    header += struct.pack("<2Q", at + 2, len(text))
    path.write_bytes(header + data + codes + text)
    return path


def all_rows_agree(movie) -> None:
    height = movie.shape[1]
    for sample in range(len(movie)):
        frame = movie.read_frame(sample)
        for start in range(height + 1):
            for stop in range(start, height + 1):
                rows = movie.read_rows(sample, start, stop)
                assert rows.dtype == movie.dtype
                assert rows.shape == (stop - start, *movie.shape[2:])
                assert rows.tobytes() == frame[start:stop].tobytes()


@pytest.mark.parametrize("code", [0, 1, 2])
def test_of_plain_movies_with_missing_frames(tmp_path, opened, code):
    movie = opened(gapped(tmp_path / "m.isxd", code))
    all_rows_agree(movie)
    assert not movie.read_rows(2, 1, 3).any()
    assert movie.read_rows(-1, 1, 3).tobytes() == movie[7][1:3].tobytes()


def test_of_frames_between_sensor_lines(tmp_path, opened):
    all_rows_agree(opened(raw(tmp_path / "m.isxd")))


def test_of_color(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", 3, dtype="rgb"))
    assert movie.read_rows(1, 4, 9).shape == (5, 31, 3)
    np.testing.assert_array_equal(movie.read_rows(2, 4, 9), 2)


def test_of_a_series_and_the_gap_in_it(tmp_path, opened):
    paths = [series_files.movie(tmp_path / f"{i}.isxd", 3, i, seed=i) for i in (0, 1)]
    with open_isx(paths) as series:
        assert series.timing.gaps
        all_rows_agree(series)


def test_of_planes(tmp_path, opened):
    footer = {"producer": {"version": "1.3.0"}, "microscope": MICROSCOPE}
    frames = recordings.pixels(6, 5, 4)
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, extraProperties=footer))
    assert len(movie.planes) == 2
    for first, plane in enumerate(movie.planes):
        all_rows_agree(plane)
        np.testing.assert_array_equal(plane.read_rows(1, 1, 3), frames[first + 2][1:3])


def test_of_compressed_movies(tmp_path, opened):
    movie = opened(compressed(tmp_path / "m.isxc"))
    assert movie[0].any()
    all_rows_agree(movie)


def test_of_behavior_movies(tmp_path, opened):
    pytest.importorskip("av")
    movie = opened(behavior_files.isxb(tmp_path / "m.isxb"))
    np.testing.assert_array_equal(movie.read_rows(1, 3, 7), movie.read_frame(1)[3:7])


def test_they_are_read_into_an_array(tmp_path, opened):
    movie = opened(gapped(tmp_path / "m.isxd"))
    rows = np.full((2, 4), 9, np.uint16)
    assert movie.read_rows(4, 1, 3, out=rows) is rows
    np.testing.assert_array_equal(rows, movie[4][1:3])
    movie.read_rows(2, 1, 3, out=rows)
    assert not rows.any(), "the frame is missing"


def test_no_more_than_the_rows_is_read(tmp_path, opened, monkeypatch):
    movie = opened(gapped(tmp_path / "m.isxd"))
    sizes = []
    read_into = FileSource.read_into

    def counted(self, offset, target):
        sizes.append(target.nbytes)
        read_into(self, offset, target)

    monkeypatch.setattr(FileSource, "read_into", counted)
    movie.read_rows(0, 1, 3)
    assert sizes == [2 * 4 * 2]


def test_no_more_than_the_rows_is_read_of_series_and_planes(tmp_path, opened, monkeypatch):
    paths = [series_files.movie(tmp_path / f"{i}.isxd", 3, i, seed=i) for i in (0, 1)]
    footer = {"producer": {"version": "1.3.0"}, "microscope": MICROSCOPE}
    frames = recordings.pixels(6, 5, 4)
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, extraProperties=footer))
    sizes = []
    read_into = FileSource.read_into

    def counted(self, offset, target):
        sizes.append(target.nbytes)
        read_into(self, offset, target)

    with open_isx(paths) as series:
        planes = movie.planes
        monkeypatch.setattr(FileSource, "read_into", counted)
        for one in (series, planes[1]):
            sizes.clear()
            rows = one.read_rows(0, 1, 3)
            assert sizes == [rows.nbytes]


def test_rows_of_a_closed_plane(tmp_path, opened):
    footer = {"producer": {"version": "1.3.0"}, "microscope": MICROSCOPE}
    frames = recordings.pixels(6, 5, 4)
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, extraProperties=footer))
    plane = movie.planes[0]
    plane.close()
    with pytest.raises(ValueError, match="closed"):
        plane.read_rows(0, 1, 3)


@pytest.mark.parametrize("rows", [(-1, 2), (3, 2), (0, 6)])
def test_rows_that_are_not_there(tmp_path, opened, rows):
    movie = opened(gapped(tmp_path / "m.isxd"))
    with pytest.raises(IndexError, match="frames with 5 rows"):
        movie.read_rows(0, *rows)
    with pytest.raises(IndexError, match="frame 8"):
        movie.read_rows(8, 0, 1)


@pytest.mark.parametrize(
    "out",
    [np.empty((3, 4), np.uint16), np.empty((2, 4), np.float32), np.empty((2, 8), "<u2")[:, ::2]],
)
def test_an_array_that_does_not_fit(tmp_path, opened, out):
    movie = opened(gapped(tmp_path / "m.isxd"))
    with pytest.raises(ValueError, match="do not fit"):
        movie.read_rows(0, 1, 3, out=out)


def test_a_file_that_was_cut_short_or_closed(tmp_path, opened):
    movie = opened(gapped(tmp_path / "m.isxd"))
    assert isinstance(movie, Movie)
    movie.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        movie.read_rows(0, 1, 3)
    movie.close()
    with pytest.raises(ValueError, match="closed"):
        movie.read_rows(0, 1, 3)
