"""Frames, pixel types, missing samples and images, bit for bit as `isx` reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import Image, IsxFileError, Movie, Timing, open_isx, write_movie

CODES = [pytest.param(0, id="uint16"), pytest.param(1, id="float32"), pytest.param(2, id="uint8")]


def isx_movie(isx, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """All frames and the valid-samples mask as `isx` has them."""
    movie = isx.Movie.read(str(path))
    frames = np.array([movie.get_frame_data(i) for i in range(movie.timing.num_samples)])
    mask = movie.timing.get_valid_samples_mask()
    del movie
    return frames, mask


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(3, 7), (1, 1), (9, 2)])
def test_plain_frames_equal_isx(isx, tmp_path, code, shape):
    frames = recordings.pixels(5, *shape, code)
    path = recordings.write_movie(tmp_path / "m.isxd", frames, code)
    with open_isx(path) as movie:
        assert isinstance(movie, Movie)
        assert same_bits(movie[:], frames)
        assert same_bits(movie[:], isx_movie(isx, path)[0])
        assert movie.shape == (5, *shape)
        assert movie.ndim == 3
        assert len(movie) == 5


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("cols", [7, 1280])
def test_sensor_lines_are_skipped_whatever_the_width(tmp_path, code, cols):
    frames = recordings.pixels(3, 4, cols, code)
    path = recordings.write_raw_movie(tmp_path / "m.isxd", frames, [5, 6, 7], code)
    with open_isx(path) as movie:
        assert same_bits(movie[:], frames)


@pytest.mark.parametrize("code", CODES)
def test_frames_between_sensor_lines_equal_isx(isx, tmp_path, code):
    frames = recordings.pixels(3, 4, 7, code)
    path = recordings.write_raw_movie(tmp_path / "m.isxd", frames, [5, 6, 7], code)
    assert same_bits(isx_movie(isx, path)[0], frames)


def test_color_frames_have_a_fourth_axis(tmp_path):
    frames = recordings.pixels(3, 4, 7, 3)
    with open_isx(recordings.write_movie(tmp_path / "m.isxd", frames, 3)) as movie:
        assert movie.shape == (3, 4, 7, 3)
        assert movie.ndim == 4
        assert same_bits(movie[:], frames)
        assert same_bits(movie.to_dask(2).compute(), frames)
        assert "RGB" in repr(movie)


def test_file_version_0_has_no_sensor_lines_whatever_it_says(isx, tmp_path):
    frames = recordings.pixels(3, 4, 7)
    path = recordings.write_movie(tmp_path / "m.isxd", frames, fileVersion=0)
    recordings.edit(path, hasFrameHeaderFooter=True)
    with open_isx(path) as movie:
        assert same_bits(movie[:], frames)
    assert same_bits(isx_movie(isx, path)[0], frames)


def test_unused_bytes_after_the_last_frame_are_tolerated(isx, tmp_path):
    frames = recordings.pixels(3, 4, 7)
    footer = recordings.movie_footer(frames)
    path = recordings.write(tmp_path / "m.isxd", frames.tobytes() + b"unused", footer)
    with open_isx(path) as movie:
        assert same_bits(movie[:], isx_movie(isx, path)[0])


def sample_lists(count: int) -> st.SearchStrategy[dict]:
    index = st.integers(0, count - 1)
    ranges = st.tuples(index, index).map(sorted)
    form = st.sampled_from(["{} - {}", "{}-{}", "{} -{}"])
    texts = st.tuples(form, ranges).map(
        lambda pair: str(pair[1][0]) if pair[1][0] == pair[1][1] else pair[0].format(*pair[1])
    )
    unique = st.lists(index, max_size=8, unique=True)
    return st.fixed_dictionaries(
        {"dropped": unique, "cropped": st.lists(texts, max_size=4), "blank": unique}
    )


@given(sample_lists(12))
@settings(max_examples=150)
def test_missing_samples_read_as_zeros_as_in_isx(isx, tmp_path, lists):
    frames = recordings.pixels(12, 3, 5)
    timing = recordings.timing_info(12, **lists)
    path = recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing)
    with open_isx(path) as movie:
        ours, mask, valid = movie[:], movie.timing.valid_mask, movie.timing.num_valid
        one_by_one = np.array(list(movie))
    theirs, their_mask = isx_movie(isx, path)
    assert same_bits(ours, theirs)
    assert same_bits(one_by_one, theirs)
    assert valid == mask.sum()
    np.testing.assert_array_equal(mask, theirs.any(axis=(1, 2)))
    if lists["dropped"] and not lists["blank"]:
        np.testing.assert_array_equal(mask, their_mask)


@given(sample_lists(9), st.data())
@settings(max_examples=100)
def test_indexing_equals_numpy(tmp_path, lists, data):
    timing = recordings.timing_info(9, **lists)
    stored = recordings.pixels(9, 3, 5)
    path = recordings.write_movie(tmp_path / "m.isxd", stored, timing=timing)
    ends = st.none() | st.integers(-12, 12)
    steps = st.none() | st.integers(-4, 4).filter(bool)
    part = slice(data.draw(ends), data.draw(ends), data.draw(steps))
    index = data.draw(st.integers(-9, 8))
    with open_isx(path) as movie:
        array = movie[:]
        assert same_bits(movie[part], array[part])
        assert same_bits(movie[index], array[index])
        assert same_bits(movie[np.int16(index)], array[index])
        assert same_bits(movie.read_frame(index), array[index])


@pytest.mark.parametrize("index", [4, -5, 10**30])
def test_no_such_frame_is_an_index_error(tmp_path, index):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5))
    with open_isx(path) as movie, pytest.raises(IndexError, match="4 frames"):
        movie[index]


REFUSED = [1.0, "0", [0, 4], (0, 3), [[0.5]], (0, 0, 0, 0), np.zeros(3, bool), (..., 0, ...), [-5]]


@pytest.mark.parametrize("index", REFUSED, ids=str)
def test_what_numpy_refuses_is_an_index_error(tmp_path, index):
    frames = recordings.pixels(4, 3, 5)
    with pytest.raises(IndexError):
        frames[index]
    path = recordings.write_movie(tmp_path / "m.isxd", frames)
    with open_isx(path) as movie, pytest.raises(IndexError):
        movie[index]


INDICES = [
    *([0, 5, 2], [-1, -1], [], [[0, 1], [2, 3]], np.array([1, 3]), np.int8(4), range(2, 5)),
    *((), ..., None, True, False, (..., 0), (3, ...), (2, 1), (2, 1, 3), (0, slice(1, 3))),
    *(np.s_[3:9, 10:20, ::2], np.s_[3:9, ::-1], np.s_[:, 2:1], np.s_[::-2, 1:6:2, ::-1]),
    *(
        np.s_[[0, 5], 3:6],
        np.s_[[0, 5], ..., 2],
        np.s_[[0, 1], [2, 3]],
        np.s_[2:4, 1],
        np.s_[:, None],
    ),
    *(
        np.s_[[0, 5], 1, 2],
        np.s_[[0, 5], :, [1, 2]],
        np.s_[4, [1, 2]],
        np.s_[1:1],
        np.s_[:, -1:0:-2],
    ),
    np.arange(12) % 3 == 0,
    np.indices((12, 7, 9)).sum(axis=0) % 4 == 0,
    [bool(i % 2) for i in range(12)],
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indices_give_what_numpy_gives(tmp_path, index):
    frames = recordings.pixels(12, 7, 9)
    frames[[4, 7]] = 0
    timing = Timing.regular(12, 0.05, dropped=[4, 7])
    write_movie(tmp_path / "m.isxd", frames, timing=timing)
    expected = frames[index]
    for movie in (open_isx(tmp_path / "m.isxd"), Movie.from_array(frames, timing=timing)):
        with movie:
            found = movie[index]
            assert found.shape == expected.shape
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)


def test_only_the_rows_that_are_asked_for_are_read(tmp_path, monkeypatch):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(6, 100, 8))
    with open_isx(path) as movie:
        read = []
        whole = movie._source.read_into
        monkeypatch.setattr(
            movie._source, "read_into", lambda at, out: (read.append(out.nbytes), whole(at, out))
        )
        movie[[1, 4], 10:20, ::2]
        assert read == [10 * 8 * 2] * 2


def test_frames_are_new_and_writable(tmp_path):
    frames = recordings.pixels(2, 3, 5)
    with open_isx(recordings.write_movie(tmp_path / "m.isxd", frames)) as movie:
        first = movie[0]
        first[...] = 0
        assert same_bits(movie[0], frames[0])


def test_a_movie_without_frames_is_empty(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(0, 3, 5))
    with open_isx(path) as movie:
        assert movie.shape == (0, 3, 5)
        assert movie[:].shape == (0, 3, 5)
        assert list(movie) == []
        assert movie.timing.valid_mask.shape == (0,)
        with pytest.raises(IndexError):
            movie[0]


def test_a_movie_of_missing_frames_only_is_zeros(isx, tmp_path):
    timing = recordings.timing_info(3, cropped=["0 - 2"])
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(0, 3, 5), timing=timing)
    with open_isx(path) as movie:
        assert not movie[:].any()
        assert same_bits(movie[:], isx_movie(isx, path)[0])


@pytest.mark.parametrize("code", CODES)
def test_an_image_is_one_frame(isx, tmp_path, code):
    frames = recordings.pixels(1, 4, 7, code)
    path = recordings.write_movie(tmp_path / "i.isxd", frames, code, type=4)
    with open_isx(path) as image:
        assert isinstance(image, Image)
        assert same_bits(image.data, frames[0])
        assert image.shape == (4, 7)
        assert image.spacing.num_pixels == (4, 7)
    theirs = isx.Image.read(str(path))
    assert same_bits(theirs.get_data(), frames[0])
    assert theirs.spacing.num_pixels == (4, 7)
    del theirs


def test_a_movie_of_one_frame_stays_a_movie(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(1, 4, 7))
    with open_isx(path) as movie:
        assert isinstance(movie, Movie)


def test_more_frames_than_an_image_has_are_a_movie(tmp_path):
    frames = recordings.pixels(2, 4, 7)
    with open_isx(recordings.write_movie(tmp_path / "m.isxd", frames, type=4)) as movie:
        assert isinstance(movie, Movie)
        assert same_bits(movie[:], frames)


def test_an_image_without_a_frame_is_broken(tmp_path):
    path = recordings.write_movie(tmp_path / "i.isxd", recordings.pixels(0, 4, 7), type=4)
    with pytest.raises(IsxFileError, match="one frame"):
        open_isx(path)


def test_metadata_repr_and_context(tmp_path):
    path = recordings.write_movie(tmp_path / "Ünï 細胞.isxd", recordings.pixels(2, 4, 7))
    with open_isx(str(path)) as movie:
        assert movie.path == path
        assert movie.metadata == recordings.split(path)[1]
        assert movie.acquisition_info == {}
        assert repr(movie) == "<Movie 'Ünï 細胞.isxd': 2 frames of 4 x 7 uint16 at 20 Hz>"
        assert not movie.closed
    assert movie.closed
    assert "closed" in repr(movie)
    with pytest.raises(ValueError, match="closed"):
        movie[0]
    movie.close()
