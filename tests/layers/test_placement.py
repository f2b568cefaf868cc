"""Where things lie in the world, through real napari layers."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import blob, make_cells, make_events, make_movie
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from napari_isx import Spacing, Timing
from napari_isx.layers.build import layers_of
from napari_isx.layers.events import place_events
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.layers.placement import placement, seconds_per_step


def test_the_center_of_the_first_pixel_is_half_a_pixel_from_the_edge():
    place = placement(Spacing.regular((3, 5), (4.0, 6.0), (10.0, -20.0)))
    assert place["scale"] == (4.0, 6.0)
    assert place["translate"] == (12.0, -17.0)
    assert (place["units"], place["axis_labels"]) == (("um", "um"), ("y", "x"))


def test_time_is_an_axis_of_seconds_before_them():
    place = placement(Spacing.regular((3, 5), 4.0), Timing.regular(9, 0.05))
    assert place["scale"] == (0.05, 4.0, 4.0)
    assert place["translate"] == (0.0, 2.0, 2.0)
    assert (place["units"], place["axis_labels"]) == (("s", "um", "um"), ("t", "y", "x"))


def test_a_still_image_without_a_period_has_a_scale_that_napari_can_show():
    from napari_isx.io.format.json_fields import Rational

    assert seconds_per_step(Timing(1, period=Rational(0, 1))) > 0


def test_pixels_and_layers_agree_on_the_world():
    spacing = Spacing.regular((5, 7), (4.0, 6.0), (10.0, -20.0))
    layer = Image(np.zeros(spacing.num_pixels), **placement(spacing))
    pixels = [(0, 0), (4, 6), (1.25, 3.5)]
    expected = [layer.data_to_world(pixel) for pixel in pixels]
    np.testing.assert_allclose(spacing.to_um(pixels), expected)
    assert spacing.to_um([]).shape == (0, 2)
    assert np.isnan(spacing.to_um([(np.nan, np.nan)])).all()


def downsample(image: np.ndarray, crop: tuple[int, int, int, int]) -> np.ndarray:
    """Cut top, left, bottom and right, then average 2 x 2 pixels; an odd rest is dropped."""
    top, left, bottom, right = crop
    cut = image[top : image.shape[0] - bottom, left : image.shape[1] - right]
    rows, cols = cut.shape[0] // 2, cut.shape[1] // 2
    return cut[: 2 * rows, : 2 * cols].reshape(rows, 2, cols, 2).mean(axis=(1, 3))


@pytest.fixture(
    params=[
        ((61, 87), (7, 10, 3, 0), (3.0, 3.0), (0.0, 0.0)),
        ((80, 44), (0, 0, 0, 0), (3.0, 3.0), (0.0, 0.0)),
        ((53, 70), (5, 3, 2, 9), (2.5, 4.0), (30.0, -12.5)),
    ],
    ids=["odd", "portrait", "oblong pixels at an offset"],
)
def pair(request, tmp_path, opened):
    """Layers of a movie and of a cell set from its cropped, 2x downsampled copy."""
    shape, crop, size, corner = request.param
    centers = [(20.0, 16.0), (33.3, 30.6), (21.5, 33.0)]  # rows and columns in the movie
    movie_path = make_movie(tmp_path / "m.isxd", 4, spacing=Spacing.regular(shape, size, corner))
    footprints = [downsample(blob(shape, center, 5.0), crop) for center in centers]
    edge = tuple(corner[i] + crop[i] * size[i] for i in range(2))
    spacing = Spacing.regular(footprints[0].shape, (2 * size[0], 2 * size[1]), edge)
    cells_path = make_cells(tmp_path / "c.isxd", footprints=footprints, spacing=spacing)
    viewer = ViewerModel()
    cells = opened(cells_path)
    for recording in (opened(movie_path), cells, opened(make_events(tmp_path / "e.isxd"))):
        for data in layers_of(recording):
            viewer._add_layer_from_data(*data)
    image, labels, shapes, points = viewer.layers
    assert [type(x) for x in viewer.layers] == [Image, Labels, Shapes, Points]
    place_events(points, points.metadata["napari_isx"], cells, labels.metadata[ROIS_KEY])
    return image, labels, shapes, points, np.array(centers)


def in_movie(image: Image, layer, points) -> np.ndarray:
    """Points of a layer in pixels of the movie."""
    worlds = [layer.data_to_world(point)[-2:] for point in points]
    return np.array([image.world_to_data((0, *world))[1:] for world in worlds])


def test_cells_lie_on_the_movie_they_were_cropped_and_downsampled_from(pair):
    image, labels, shapes, points, centers = pair
    for i, center in enumerate(centers):
        region = np.argwhere(labels.data == i + 1)
        assert np.abs(in_movie(image, labels, region).mean(axis=0) - center).max() <= 0.5
        outline = in_movie(image, shapes, shapes.data[i])
        middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
        assert np.abs(middle - center).max() < 0.5
    centroids = in_movie(image, labels, [roi.centroid for roi in labels.metadata[ROIS_KEY]])
    assert np.abs(centroids - centers).max() < 0.25
    events = in_movie(image, points, points.data)
    expected = centers[[int(name[1:]) for name in points.features["name"]]]
    assert len(events) == 3
    assert np.abs(events - expected).max() < 0.25


def test_a_point_of_the_movie_is_the_same_point_of_the_cells(pair):
    image, labels, _, _, centers = pair
    for i, center in enumerate(centers):
        world = image.data_to_world((0, *center))[1:]
        row, col = np.rint(labels.world_to_data(world)).astype(int)
        assert labels.data[row, col] == i + 1
        assert labels.get_value(world, world=True) == i + 1


def test_corners_of_fields_lie_where_the_file_says(pair):
    image, labels, *_ = pair
    for layer in (image, labels):
        spacing = layer.metadata["napari_isx"].spacing
        rows, cols = spacing.num_pixels
        top_left = layer.data_to_world((0, -0.5, -0.5)[-layer.ndim :])[-2:]
        np.testing.assert_allclose(top_left, spacing.top_left_um)
        bottom_right = layer.data_to_world((0, rows - 0.5, cols - 0.5)[-layer.ndim :])[-2:]
        height, width = spacing.pixel_size_um
        np.testing.assert_allclose(
            np.subtract(bottom_right, top_left), (rows * height, cols * width)
        )


@pytest.mark.real
def test_a_real_cell_set_lies_where_it_was_cropped_from(real_data, opened):
    cells = opened(real_data / "cellset_20cells_mixed_status.isxd")
    assert cells.spacing.pixel_size_um == (17.6, 17.6)
    assert cells.spacing.top_left_um == (633.6, 906.4)
    labels = Labels(np.zeros((52, 50), int), **placement(cells.spacing))
    # The movie it comes from has pixels of the same size and starts at the sensor's corner.
    parent = Image(np.zeros((200, 200)), **placement(Spacing.regular((200, 200), 17.6)))
    np.testing.assert_allclose(parent.world_to_data(labels.data_to_world((0, 0))), (36, 51.5))
    np.testing.assert_allclose(parent.world_to_data(labels.data_to_world((51, 49))), (87, 100.5))
    # On the full sensor, 17.6 um is a fraction of the pixels that it was binned from.
    sensor = Image(np.zeros((400, 400)), **placement(Spacing.regular((400, 400), 8.8)))
    np.testing.assert_allclose(sensor.world_to_data(labels.data_to_world((0, 0))), (72.5, 103.5))


@pytest.mark.real
def test_real_cells_have_their_stored_centers(real_data, opened):
    """The file's own metrics and our centroids agree, so rows and columns are not mixed up."""
    cells = opened(real_data / "cellset_20cells_mixed_status.isxd")
    labels = layers_of(cells)[0]
    rois = labels[1]["metadata"][ROIS_KEY]
    ours = np.array([roi.centroid for roi in rois])
    theirs = cells.metrics[["largest_component_center_y_px", "largest_component_center_x_px"]]
    off = np.abs(ours - theirs.to_numpy()).max(axis=1)
    assert np.isfinite(off).sum() > 10
    assert np.nanmedian(off) < 1
