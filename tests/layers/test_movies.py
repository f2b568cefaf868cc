"""Movies and images as Image layers: lazy, placed, and with sensible contrast."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings
from helpers.scenes import FIELD, make_movie
from napari.components import ViewerModel

from napari_isx import Image, Spacing, open_isx, write_image
from napari_isx.io.format.source import FileSource
from napari_isx.layers.movies import image_layer, movie_layer


@pytest.fixture
def reads(monkeypatch) -> list[int]:
    """The size of every read of a file."""
    sizes: list[int] = []
    read_into = FileSource.read_into

    def counting(self, offset, target):
        sizes.append(target.nbytes)
        read_into(self, offset, target)

    monkeypatch.setattr(FileSource, "read_into", counting)
    return sizes


def shown(data) -> tuple[ViewerModel, object]:
    """A viewer with a layer made of layer data, and the layer."""
    viewer = ViewerModel()
    (layer,) = viewer._add_layer_from_data(*data)
    return viewer, layer


def test_a_movie_is_a_lazy_layer_in_seconds_and_micrometers(tmp_path, opened):
    spacing = Spacing.regular(FIELD, (3.0, 4.0), (30.0, 12.0))
    movie = opened(make_movie(tmp_path / "my movie.isxd", 40, 0.05, spacing))
    viewer, layer = shown(movie_layer(movie))
    assert layer.name == "my movie"
    assert layer.data.chunks[0] == (1,) * 40
    np.testing.assert_allclose(layer.scale, (0.05, 3, 4))
    np.testing.assert_allclose(layer.translate, (0, 31.5, 14))
    assert [str(unit) for unit in layer.units] == ["second", "micrometer", "micrometer"]
    assert tuple(layer.axis_labels) == ("t", "y", "x")
    assert layer.metadata["napari_isx"] is movie
    viewer.dims.set_point(0, 0.65)
    assert np.unique(layer._data_view).tolist() == [13]


def test_napari_does_not_cache_what_the_system_caches(tmp_path, opened):
    data = movie_layer(opened(make_movie(tmp_path / "m.isxd")))
    assert data[2] == "image"
    assert data[1]["cache"] is False
    _, layer = shown(data)
    with layer.dask_optimized_slicing() as (_, cache):
        assert cache is None


def sparse_movie(path, count, rows, cols):
    """A movie whose payload is a hole in the file."""
    frame = np.zeros((1, rows, cols), "<u2")
    footer = recordings.movie_footer(frame, timing=recordings.timing_info(count))
    try:
        with path.open("wb") as handle:
            handle.seek(count * frame.nbytes)
            handle.write(recordings.container(b"", footer))
    except OSError as error:
        pytest.skip(f"no sparse files here: {error}")
    if getattr(path.stat(), "st_blocks", 1 << 40) * 512 > 1 << 30:
        path.unlink()
        pytest.skip("no sparse files here")
    return path


def test_opening_a_movie_of_70_gb_reads_a_few_frames(tmp_path, reads):
    path = sparse_movie(tmp_path / "m.isxd", 34_180, 800, 1280)
    try:
        with open_isx(path) as movie:
            data = movie_layer(movie)
            frame_bytes = 800 * 1280 * 2
            assert reads.count(frame_bytes) == 5
            assert sum(reads) < 6 * frame_bytes
            viewer, layer = shown(data)
            assert reads.count(frame_bytes) <= 5 + 3, "napari slices the first frame a few times"
            assert layer.data.shape == (34_180, 800, 1280)
            before = len(reads)
            viewer.dims.set_point(0, 1234.5)
            assert reads[before:] == [frame_bytes], "a step reads one frame, once"
    finally:
        path.unlink()


def test_contrast_comes_from_frames_over_the_whole_movie(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", 41))
    assert movie_layer(movie)[1]["contrast_limits"] == (0, 40)


def test_invalid_frames_do_not_count_for_contrast(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", 40, dropped=[0, 1], cropped=[(37, 39)]))
    assert movie_layer(movie)[1]["contrast_limits"] == (2, 36)


# napari itself divides by the number of frames.
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.parametrize("count", [0, 2])
def test_a_movie_with_nothing_valid_in_it_opens(tmp_path, opened, count):
    frames = recordings.pixels(0, 3, 5)
    timing = recordings.timing_info(count, dropped=range(count))
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, timing=timing))
    data, kwargs, kind = movie_layer(movie)
    assert kwargs["contrast_limits"] == (0, 1)
    _, layer = shown((data, kwargs, kind))
    assert layer.data.shape == (count, 3, 5)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.uint8])
def test_a_movie_of_one_frame_opens(tmp_path, opened, dtype):
    frames = recordings.pixels(1, 3, 5, {np.uint16: 0, np.float32: 1, np.uint8: 2}[dtype])
    code = {np.uint16: 0, np.float32: 1, np.uint8: 2}[dtype]
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, code))
    _, layer = shown(movie_layer(movie))
    assert layer.data.shape == (1, 3, 5)
    np.testing.assert_array_equal(layer._data_view, frames[0])
    assert layer.contrast_limits[1] > layer.contrast_limits[0]


def test_a_color_movie_has_its_own_colors(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", 40, dtype="rgb"))
    viewer, layer = shown(movie_layer(movie))
    assert layer.rgb
    assert layer.ndim == 3
    assert tuple(layer.axis_labels) == ("t", "y", "x")
    viewer.dims.set_point(0, 1.0)
    assert layer._data_view.shape == (*FIELD, 3)
    assert np.unique(layer._data_view).tolist() == [20]


def test_a_narrow_movie_is_not_mistaken_for_color(tmp_path, opened):
    movie = opened(make_movie(tmp_path / "m.isxd", 5, spacing=Spacing.regular((9, 3), 3.0)))
    _, layer = shown(movie_layer(movie))
    assert not layer.rgb
    assert layer.data.shape == (5, 9, 3)
    path = tmp_path / "i.isxd"
    write_image(path, np.zeros((9, 3), np.uint16))
    assert not shown(image_layer(opened(path)))[1].rgb


def test_frames_with_nan_have_contrast_from_the_other_pixels(tmp_path, opened):
    frames = recordings.pixels(3, 30, 50, 1)
    frames[0], frames[1, :, ::2], frames[2, 0, 0] = np.nan, np.nan, np.inf
    movie = opened(recordings.write_movie(tmp_path / "m.isxd", frames, 1))
    _, layer = shown(movie_layer(movie))
    assert np.isfinite(layer.contrast_limits).all()
    low, high = layer.contrast_limits
    usual = frames[np.isfinite(frames)]
    assert usual.min() <= low < np.median(usual) < high <= usual.max()


def test_an_image_is_a_layer_without_time(tmp_path, opened):
    data = np.arange(12, dtype=np.float32).reshape(3, 4)
    path = tmp_path / "mean.isxd"
    write_image(path, data, spacing=Spacing.regular((3, 4), 6.0, (12.0, 0.0)))
    image = opened(path)
    assert isinstance(image, Image)
    _, layer = shown(image_layer(image))
    np.testing.assert_array_equal(layer.data, data)
    assert layer.name == "mean"
    np.testing.assert_allclose(layer.translate, (15, 3))
    assert tuple(layer.axis_labels) == ("y", "x")
    assert layer.metadata["napari_isx"] is image


def test_a_color_image_has_its_own_colors(tmp_path, opened):
    data = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    write_image(tmp_path / "i.isxd", data)
    _, layer = shown(image_layer(opened(tmp_path / "i.isxd")))
    assert layer.rgb
    assert layer.ndim == 2
    np.testing.assert_array_equal(layer.data, data)
