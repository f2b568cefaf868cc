"""Behavior movies as layers: beside the microscope's field, with zones and the animal's box."""

from __future__ import annotations

import time

import numpy as np
import pytest
from helpers.scenes import make_cells, make_events, make_movie
from napari.components import ViewerModel
from napari.layers import Image, Shapes

from napari_isx import IsxFileError, Spacing, Timing, write_behavior_movie, write_image
from napari_isx.io.behavior.jpeg import JpegIndex
from napari_isx.layers.behavior import (
    behavior_layer,
    behavior_layers,
    beside,
    box_layer,
    field_of,
    place_beside,
    show_box,
    zone_outline,
    zones_layer,
)
from napari_isx.layers.build import layers_of
from napari_isx.layers.keys import BOX_KEY
from napari_isx.layers.styles import BOX_COLOR, ZONE_COLORS

ROWS, COLS = 48, 64
SQUARE = [[10, 4], [30, 4], [30, 24], [10, 24]]


def zone(name: str, kind: str, coordinates, enable: bool = True, **properties: float):
    geometry = {"type": kind, "coordinates": coordinates, "properties": properties}
    return {
        "id": 1_705_077_750_976,
        "name": name,
        "description": f"the {name}",
        "enable": enable,
        "geometry": geometry,
    }


def tracked(zones):
    return {"trackingInterface": [{"cameraName": "camera-1", "zones": zones}]}


def make_behavior(path, count=4, *, spacing=None, zones=None, boxes=None, **timing):
    """Every frame is brighter than the one before it; `boxes` are those of its first frames."""
    spacing = spacing or Spacing.regular((ROWS, COLS), 3.0)
    boxes = [None] * count if boxes is None else [*boxes, *[None] * (count - len(boxes))]
    write_behavior_movie(
        path,
        (np.full(spacing.num_pixels, min(20 * i, 255), np.uint8) for i in range(count)),
        timing=Timing.regular(count, 0.04, **timing),
        spacing=spacing,
        trackers=[box and {"box": box, "conf": 90} for box in boxes],
        session=tracked(zones) if zones is not None else None,
    )
    return path


def shown(layers, viewer=None) -> tuple[ViewerModel, list]:
    viewer = viewer or ViewerModel()
    added = [layer for data in layers for layer in viewer._add_layer_from_data(*data)]
    return viewer, added


def world(layer, points) -> np.ndarray:
    return np.array([layer.data_to_world(point) for point in points])


def to_rgb(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


# The pictures.


def test_a_behavior_movie_is_a_lazy_layer_in_grey(tmp_path, opened):
    spacing = Spacing.regular((ROWS, COLS), 3.0, (30.0, 12.0))
    movie = opened(make_behavior(tmp_path / "my animal.isxb", spacing=spacing))
    data, kwargs, kind = behavior_layer(movie)
    assert kwargs["cache"] is False
    viewer, (layer,) = shown([(data, kwargs, kind)])
    assert type(layer) is Image
    assert layer.name == "behavior · my animal"
    assert layer.data.chunks[0] == (1,) * 4
    assert layer.data.dtype == np.uint8
    assert layer.colormap.name == "gray"
    assert tuple(layer.contrast_limits) == (0, 255)
    np.testing.assert_allclose(layer.scale, (0.04, 3, 3))
    np.testing.assert_allclose(layer.translate, (0, 31.5, 13.5))
    assert [str(unit) for unit in layer.units] == ["second", "micrometer", "micrometer"]
    assert tuple(layer.axis_labels) == ("t", "y", "x")
    assert layer.metadata["napari_isx"] is movie
    viewer.dims.set_point(0, 0.08)
    np.testing.assert_allclose(layer._data_view, 40, atol=1)


def test_a_movie_that_was_not_tracked_has_pictures_alone(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb"))
    assert len(behavior_layers(movie)) == 1
    assert zones_layer(movie) is None
    assert box_layer(movie) is None


def test_opening_looks_at_the_first_picture_only(tmp_path, opened, monkeypatch):
    located = []
    locate = JpegIndex.locate
    monkeypatch.setattr(JpegIndex, "locate", lambda self, i: located.append(i) or locate(self, i))
    movie = opened(make_behavior(tmp_path / "m.isxb", 9, dropped=[0, 1]))
    behavior_layers(movie)
    assert located == [0]


def test_a_movie_of_dropped_frames_opens(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb", 2, dropped=[0, 1]))
    _, (layer,) = shown(behavior_layers(movie))
    assert not layer._data_view.any()


def test_a_first_picture_that_cannot_be_decoded_is_told_when_the_file_is_opened(tmp_path, opened):
    path = make_behavior(tmp_path / "m.isxb")
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xc0")  # the size of the picture stands behind it
    data[at + 5 : at + 9] = b"\0\x03\0\x03"
    path.write_bytes(data)
    with pytest.raises(IsxFileError, match=r"m\.isxb: the picture of frame 0"):
        behavior_layers(opened(path))


# Zones.


def test_zones_in_use_are_outlined_where_they_were_drawn(tmp_path, opened):
    zones = [
        zone("nest {0}", "rectangle", SQUARE),
        zone("off", "polygon", SQUARE, enable=False),
        zone("", "polygon", [[0, 0], [64, 0], [64, 48]]),
    ]
    spacing = Spacing.regular((ROWS, COLS), (3.0, 4.0), (30.0, 12.0))
    movie = opened(make_behavior(tmp_path / "m.isxb", zones=zones, spacing=spacing))
    viewer, (picture, layer) = shown(behavior_layers(movie))
    assert type(layer) is Shapes
    assert layer.name == "zones · m"
    assert layer.metadata["napari_isx"] is movie
    assert BOX_KEY not in layer.metadata
    assert list(layer.features["name"]) == ["nest {0}", ""]
    assert list(layer.features["description"]) == ["the nest {0}", "the "]
    assert list(layer.features["id"]) == [1_705_077_750_976] * 2
    assert list(layer.text.values) == ["nest {0}", ""]
    assert (layer.face_color[:, 3] == 0).all()
    assert (layer.edge_color[:, 3] == 1).all()
    assert len(np.unique(layer.edge_color, axis=0)) == 2
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
    # Corner (64, 48) of the tracker is the lower right edge of the picture.
    corners = world(layer, layer.data[1])
    np.testing.assert_allclose(corners, [(30, 12), (30, 12 + 64 * 4), (30 + 48 * 3, 12 + 64 * 4)])
    low, high = picture.extent.world[:, 1:]
    half = picture.extent.step[1:] / 2
    np.testing.assert_allclose(corners[::2], [low - half, high + half])
    assert viewer.dims.ndim == 3


@pytest.mark.parametrize(
    ("angle", "right", "lowest"),
    [
        (0, (20 - 0.5, 30 + 10 - 0.5), (20 + 4 - 0.5, 30 - 0.5)),
        (90, (20 - 0.5, 30 + 4 - 0.5), (20 + 10 - 0.5, 30 - 0.5)),
        # Its long axis goes from the upper left to the lower right.
        (45, None, None),
    ],
)
def test_an_ellipse_has_its_axes_and_its_angle(tmp_path, opened, angle, right, lowest):
    ellipse = zone("water", "ellipse", [[30, 20]], majorAxis=20, minorAxis=8, angle=angle)
    movie = opened(make_behavior(tmp_path / "m.isxb", zones=[ellipse]))
    outline = zone_outline(movie.tracking.zones[0])
    assert outline.shape == (48, 2)
    np.testing.assert_allclose(outline.mean(axis=0), (19.5, 29.5))
    if right is not None:
        np.testing.assert_allclose(outline[outline[:, 1].argmax()], right, atol=1e-9)
        np.testing.assert_allclose(outline[outline[:, 0].argmax()], lowest, atol=1e-9)
    else:
        distance = np.hypot(*(outline - (19.5, 29.5)).T)
        assert (distance.min(), distance.max()) == pytest.approx((4, 10))
        tip = outline[distance.argmax()] - (19.5, 29.5)
        assert tip[0] == pytest.approx(tip[1])
    _, (_, layer) = shown(behavior_layers(movie))
    assert layer.nshapes == 1


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("polygon", []),
        ("polygon", [[1, 2], [3, 4]]),
        ("rectangle", [[1, 1], [1, 1], [2, 2], [2, 2]]),
        ("ellipse", []),
        ("ellipse", [[5, 5]]),  # without axes
        ("polygon", [[1e300, 0], [0, 1e300], [1, 1]]),
        ("polygon", [[float("nan"), 0], [0, 1], [1, 1]]),
    ],
)
def test_a_zone_without_an_area_is_not_drawn(tmp_path, opened, kind, coordinates):
    zones = [zone("bad", kind, coordinates), zone("good", "polygon", SQUARE)]
    movie = opened(make_behavior(tmp_path / "m.isxb", zones=[]))
    session = dict(movie._description) | tracked(zones)
    movie._description = session  # JSON has no NaN, but Python reads it
    _, (_, layer) = shown(behavior_layers(movie))
    assert list(layer.features["name"]) == ["good"]


def test_more_zones_than_colors_take_turns(tmp_path, opened):
    count = len(ZONE_COLORS) + 2
    zones = [zone(f"Z{i}", "polygon", np.add(SQUARE, i).tolist()) for i in range(count)]
    movie = opened(make_behavior(tmp_path / "m.isxb", zones=zones))
    _, (_, layer) = shown(behavior_layers(movie))
    np.testing.assert_array_equal(layer.edge_color[0], layer.edge_color[len(ZONE_COLORS)])
    assert len(np.unique(layer.edge_color, axis=0)) == len(ZONE_COLORS)


def test_only_zones_that_are_off_make_no_layer(tmp_path, opened):
    movie = opened(
        make_behavior(tmp_path / "m.isxb", zones=[zone("off", "polygon", SQUARE, enable=False)])
    )
    assert len(behavior_layers(movie)) == 1


# The box.


def test_the_box_follows_the_samples(tmp_path, opened):
    boxes = [[10, 5, 30, 25], None, [12.5, 6, 32, 26]]
    path = make_behavior(tmp_path / "m.isxb", 5, boxes=boxes, dropped=[1])
    movie = opened(path)
    viewer, (_, layer) = shown(behavior_layers(movie))
    assert layer.name == "animal · m"
    assert layer.metadata[BOX_KEY] is True
    assert layer.nshapes == 0
    show_box(layer, movie, 0)
    np.testing.assert_array_equal(
        layer.data[0], [(4.5, 9.5), (4.5, 29.5), (24.5, 29.5), (24.5, 9.5)]
    )
    np.testing.assert_allclose(world(layer, layer.data[0])[0], (5 * 3, 10 * 3))
    width, color = layer.edge_width[0], layer.edge_color[0].copy()
    assert width == pytest.approx(0.5)
    for sample, count in ((1, 0), (2, 1), (3, 0), (0, 1), (4, 0), (2, 1), (-1, 0), (99, 0)):
        show_box(layer, movie, sample)
        assert layer.nshapes == count
    show_box(layer, movie, 2)
    assert layer.data[0].min() == 5.5
    assert layer.edge_width == [width]
    np.testing.assert_array_equal(layer.edge_color, [color])
    assert (layer.face_color[:, 3] == 0).all()
    assert viewer.layers[-1] is layer


def test_the_same_box_is_not_drawn_again(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb", boxes=[[1.1, 2.2, 3.3, 4.7]] * 2))
    _, (_, layer) = shown(behavior_layers(movie))
    drawn = []
    layer.events.set_data.connect(drawn.append)
    show_box(layer, movie, 0)
    count = len(drawn)
    assert count
    show_box(layer, movie, 1)
    assert len(drawn) == count


def test_boxes_that_cannot_be_drawn_are_left_out(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb", boxes=[[1e300, 2, 3, 4], [0, 0, 0, 0]]))
    _, (_, layer) = shown(behavior_layers(movie))
    show_box(layer, movie, 0)
    assert layer.nshapes == 0
    show_box(layer, movie, 1)
    assert layer.nshapes == 1


def test_the_box_follows_in_the_3d_view_too(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "a.isxb", boxes=[[1, 2, 11, 22], [2, 2, 12, 22]]))
    viewer, (_, box) = shown(behavior_layers(movie))
    show_box(box, movie, 0)
    viewer.dims.ndisplay = 3
    for sample in (1, 3, 0):  # another one, none, one again
        show_box(box, movie, sample)
        assert len(box.data) == (sample < 2)
    viewer.dims.ndisplay = 2
    np.testing.assert_array_equal(box.data[0][0], [1.5, 0.5])
    assert box.edge_color[0, :3] == pytest.approx(to_rgb(BOX_COLOR))


def test_moving_the_box_is_quick(tmp_path, opened):
    boxes = [[i, i, i + 10, i + 10] for i in range(20)]
    movie = opened(make_behavior(tmp_path / "m.isxb", 20, boxes=boxes))
    _, (_, layer) = shown(behavior_layers(movie))
    took = []
    for sample in range(20):
        start = time.thread_time()
        show_box(layer, movie, sample)
        took.append(time.thread_time() - start)
    assert min(took) < 0.005


# The place.

FIELD_UM = (100.0, 200.0, 2500.0, 4040.0)  # 2400 um high and 3840 wide


def test_a_picture_stands_beside_the_field_as_high_as_that():
    scale, translate = beside(Spacing.regular((1080, 1920), 3.0), FIELD_UM)
    step = 2400 / 1080
    np.testing.assert_allclose(scale, (step, step))
    # The gap is 5 % of the field; napari wants the center of the first pixel.
    np.testing.assert_allclose(translate, (100 + step / 2, 4040 + 192 + step / 2))


def test_pixels_that_are_not_square_keep_their_form():
    scale, translate = beside(Spacing.regular((10, 20), (2.0, 5.0)), (0, 0, 100, 40))
    np.testing.assert_allclose(scale, (10, 25))
    np.testing.assert_allclose(translate, (5, 40 + 2 + 12.5))


def test_a_second_picture_stands_beside_the_first():
    _, translate = beside(Spacing.regular((10, 20), 3.0), (0, 0, 100, 40), right_um=242)
    np.testing.assert_allclose(translate, (5, 242 + 2 + 5))


def test_without_a_field_a_picture_keeps_its_own_place():
    spacing = Spacing.regular((10, 20), (2.0, 5.0), (30.0, 40.0))
    assert beside(spacing, None) == ((2, 5), (31, 42.5))
    # A second one does not lie on it.
    assert beside(spacing, None, right_um=140) == ((2, 5), (31, 140 + 5 + 2.5))


def test_all_layers_of_a_movie_are_placed_and_those_of_others_stay(tmp_path, opened):
    zones = [zone("all", "polygon", [[0, 0], [64, 0], [64, 48], [0, 48]])]
    first = opened(make_behavior(tmp_path / "a.isxb", zones=zones, boxes=[[0, 0, 64, 48]]))
    second = opened(make_behavior(tmp_path / "b.isxb"))
    viewer, (micro,) = shown(
        layers_of(opened(make_movie(tmp_path / "m.isxd", spacing=Spacing.regular((20, 30), 6.0))))
    )
    _, (picture, outlines, box) = shown(behavior_layers(first), viewer)
    _, (other,) = shown(behavior_layers(second), viewer)
    show_box(box, first, 0)
    before = micro.extent.world.copy()
    field = field_of(viewer.layers)
    assert field == (0, 0, 120, 180)
    right = place_beside(viewer.layers, first, field)
    assert right == pytest.approx(180 + 9 + 160)
    assert place_beside(viewer.layers, second, field, right) == pytest.approx(right + 9 + 160)
    edges = [(0, 189), (120, 349)]
    for layer in (outlines, box):
        corners = world(layer, layer.data[0])
        np.testing.assert_allclose([corners.min(axis=0), corners.max(axis=0)], edges)
    half = picture.extent.step[1:] / 2
    low, high = picture.extent.world[:, 1:]
    np.testing.assert_allclose([low - half, high + half], edges)
    np.testing.assert_allclose(picture.scale[0], 0.04)
    np.testing.assert_allclose(other.translate[1:], (1.25, 349 + 9 + 1.25))
    np.testing.assert_array_equal(micro.extent.world, before)


def test_the_time_of_a_layer_is_left_alone(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb"))
    _, (layer,) = shown(behavior_layers(movie))
    layer.translate = (7.5, *layer.translate[1:])
    place_beside([layer], movie, (0, 0, 100, 100))
    np.testing.assert_allclose(layer.translate, (7.5, 100 / 96, 105 + 100 / 96))


def test_what_is_in_place_is_not_placed_again(tmp_path, opened):
    movie = opened(make_behavior(tmp_path / "m.isxb", zones=[zone("z", "polygon", SQUARE)]))
    viewer, layers = shown(behavior_layers(movie))
    seen = []
    for layer in layers:
        layer.events.scale.connect(seen.append)
        layer.events.translate.connect(seen.append)
    place_beside(viewer.layers, movie, None)
    assert not seen
    place_beside(viewer.layers, movie, (1 / 3, 0.1, 100.7, 77.7))
    count = len(seen)
    assert count
    place_beside(viewer.layers, movie, (1 / 3, 0.1, 100.7, 77.7))
    assert len(seen) == count


def test_the_field_is_that_of_the_microscope_alone(tmp_path, opened):
    assert field_of([]) is None
    viewer, _ = shown(layers_of(opened(make_behavior(tmp_path / "b.isxb"))))
    viewer.add_image(np.zeros((900, 900)))
    shown(layers_of(opened(make_events(tmp_path / "e.isxd"))), viewer)
    assert field_of(viewer.layers) is None
    cells = make_cells(tmp_path / "c.isxd", spacing=Spacing.regular((23, 31), 3.0, (30.0, 60.0)))
    shown(layers_of(opened(cells)), viewer)
    assert field_of(viewer.layers) == (30, 60, 30 + 23 * 3, 60 + 31 * 3)
    write_image(tmp_path / "i.isxd", np.zeros((5, 40), np.float32))
    shown(layers_of(opened(tmp_path / "i.isxd")), viewer)
    assert field_of(viewer.layers) == (0, 0, 99, 153)


# Real recordings.


@pytest.mark.real
def test_a_real_recording_has_its_zones_and_its_animal(real_data, opened):
    movie = opened(real_data / "behavior_1920x1080_part0.isxb")
    _, (picture, zones, box) = shown(layers_of(movie))
    assert picture.data.shape == (10, 1080, 1920)
    assert len(zones.data) == 4
    assert zones.features["name"][0] == "ZONE#1 rectangle"
    # The two ellipses were drawn side by side, one flat and one upright.
    (top, left), (bottom, right) = zones.data[3].min(axis=0), zones.data[3].max(axis=0)
    assert bottom - top == pytest.approx(293.76, abs=1)
    assert right - left == pytest.approx(98.17, abs=1)
    show_box(box, movie, 9)
    visit = movie.tracking.visits[-1]
    assert visit.sample == 9
    animal, nest = box.data[0], zones.data[0]
    assert (animal.mean(axis=0) > nest.min(axis=0)).all()
    assert (animal.mean(axis=0) < nest.max(axis=0)).all()
