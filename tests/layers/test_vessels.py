"""Vessel sets as an Image and a Shapes layer, and which vessel is where."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes

from napari_isx import Spacing, Timing, write_vessel_set
from napari_isx.layers.styles import STATUS_COLORS
from napari_isx.layers.vessels import (
    nearest_vessel,
    vessel_layers,
    vessel_lines,
)

ROWS, COLS = 40, 60
LINES = [[(5, 10), (45, 10)], [(50, 2), (50, 38)], [(3, 30), (3, 30)]]  # x, y
BOXES = [[(10, 10), (30, 10), (30, 20), (10, 20)], [(40, 5), (50, 15), (45, 20), (35, 10)]]
STATUSES = ["accepted", "undecided", "rejected"]
COLORS = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 0]]


def make_vessels(path, kind="vessel diameter", lines=None, **kwargs):
    lines = (LINES if kind == "vessel diameter" else BOXES) if lines is None else lines
    image = np.arange(ROWS * COLS, dtype=np.float32).reshape(ROWS, COLS)
    count = len(lines)
    kwargs = {
        "statuses": STATUSES[:count],
        "colors": COLORS[:count] if count else None,
        "spacing": Spacing.regular((ROWS, COLS), (3.0, 4.0), (30.0, 12.0)),
    } | kwargs
    traces = [np.zeros(5, np.float32)] * count
    write_vessel_set(path, kind, image, lines, traces, timing=Timing.regular(5, 0.5), **kwargs)
    return path


def shown(vessels) -> tuple[Image, Shapes]:
    viewer = ViewerModel()
    for data in vessel_layers(vessels):
        viewer._add_layer_from_data(*data)
    image, shapes = viewer.layers
    assert (type(image), type(shapes)) == (Image, Shapes)
    return image, shapes


def rgb(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.fixture
def vessels(tmp_path, opened):
    return opened(make_vessels(tmp_path / "my vessels.isxd"))


@pytest.fixture
def boxes(tmp_path, opened):
    return opened(make_vessels(tmp_path / "boxes.isxd", "rbc velocity"))


def test_lines_lie_on_the_projection(vessels):
    image, shapes = shown(vessels)
    assert (image.name, shapes.name) == ("my vessels", "vessels · my vessels")
    np.testing.assert_array_equal(image.data, vessels.image)
    for layer in (image, shapes):
        assert layer.metadata["napari_isx"] is vessels
        assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
        assert tuple(layer.axis_labels) == ("y", "x")
    assert shapes.shape_type == ["line"] * 3
    # Rows before columns, from the middle of one pixel to that of another.
    np.testing.assert_array_equal(shapes.data[0], [(10, 5), (10, 45)])
    place = shapes.data_to_world(shapes.data[0][1])
    np.testing.assert_allclose(place, (30 + 10.5 * 3, 12 + 45.5 * 4))
    assert image.get_value(place, world=True) == image.data[10, 45]


def test_boxes_are_closed(boxes):
    _, shapes = shown(boxes)
    assert shapes.shape_type == ["path"] * 2
    np.testing.assert_array_equal(
        shapes.data[0], [(10, 10), (10, 30), (20, 30), (20, 10), (10, 10)]
    )


def test_statuses_show_in_color_and_in_width(vessels):
    _, shapes = shown(vessels)
    assert list(shapes.features["index"]) == [1, 2, 3]
    assert list(shapes.features["name"]) == ["V0", "V1", "V2"]
    assert list(shapes.features["status"]) == STATUSES
    np.testing.assert_allclose(
        shapes.edge_color[:, :3], [rgb(STATUS_COLORS[s]) for s in STATUSES], atol=1e-6
    )
    assert (shapes.edge_color[:, 3] == 1).all()
    assert shapes.edge_width == sorted(shapes.edge_width, reverse=True)
    assert len(set(shapes.edge_width)) == 3


def test_a_set_without_vessels_has_an_empty_layer(tmp_path, opened):
    empty = opened(make_vessels(tmp_path / "e.isxd", lines=[]))
    image, shapes = shown(empty)
    assert not image.data.any()
    assert (shapes.ndim, shapes.nshapes) == (2, 0)
    assert vessel_lines(empty) == []


def test_lines_are_read_as_rows_and_columns(boxes):
    first, second = vessel_lines(boxes)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, [(10, 10), (10, 30), (20, 30), (20, 10)])
    assert second.shape == (4, 2)


@pytest.mark.parametrize(
    ("place", "reach", "expected"),
    [
        ((10, 20), 0, 0),  # on the line
        ((12, 20), 2, 0),
        ((12, 20), 1.9, None),
        ((10, 48), 3.1, 1),  # the end of the first is 3 away, the second 2
        ((10, 47), 3.1, 0),
        ((0, 50), 3, 1),  # beyond the end
        ((13, 1), 4.9, None),  # 3 below and 4 before the end
        ((13, 1), 5.1, 0),
        ((33, 7), 5.1, 2),  # a line without length
        ((33, 7), 4.9, None),
    ],
)
def test_the_nearest_line_in_reach_is_found(vessels, place, reach, expected):
    assert nearest_vessel(vessel_lines(vessels), *place, reach) == expected


@pytest.mark.parametrize(
    ("place", "reach", "expected"),
    [
        ((15, 20), 0, 0),  # inside
        ((15, 33), 3, 0),
        ((15, 33), 2.9, None),
        ((12.5, 42.5), 0, 1),  # inside the slanted one
        ((18, 36), 3, None),  # in its bounding box, not in it
        ((15, 8), 2, 0),  # the side that closes the box
    ],
)
def test_a_place_in_a_box_is_the_vessels(boxes, place, reach, expected):
    assert nearest_vessel(vessel_lines(boxes), *place, reach) == expected


def test_no_vessel_is_near_where_there_are_none():
    assert nearest_vessel([], 1, 2, 1e9) is None
