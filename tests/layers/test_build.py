"""Which layers an opened file becomes."""

from __future__ import annotations

import numpy as np
import pytest
import recordings
from napari.components import ViewerModel
from napari.layers import Image
from scenes import make_cells, make_events, make_movie

from napari_isx import UnsupportedIsxError, write_image
from napari_isx.io.recording import Recording
from napari_isx.layers.build import layers_of
from napari_isx.layers.keys import RECORDING_KEY, recording_of


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (make_movie, ["image"]),
        (lambda path: write_image(path, np.eye(4, dtype=np.float32)), ["image"]),
        (make_cells, ["labels", "shapes"]),
        (make_events, ["points"]),
    ],
    ids=["movie", "image", "cells", "events"],
)
def test_every_layer_carries_its_file_its_units_and_its_axes(tmp_path, opened, make, kinds):
    make(tmp_path / "one.isxd")
    recording = opened(tmp_path / "one.isxd")
    layers = layers_of(recording)
    assert [kind for _, _, kind in layers] == kinds
    for _, kwargs, _ in layers:
        assert kwargs["metadata"][RECORDING_KEY] is recording
        assert kwargs["name"].startswith("one")
        assert kwargs["units"][-2:] == ("um", "um")
        assert kwargs["axis_labels"][-2:] == ("y", "x")
        assert len(kwargs["units"]) == len(kwargs["axis_labels"]) == len(kwargs["scale"])


def test_layers_of_one_recording_have_units_that_go_together(tmp_path, opened):
    """One layer with other units hides the scale bar's, and napari warns."""
    viewer = ViewerModel()
    for make in (make_movie, make_cells, make_events):
        for data in layers_of(opened(make(tmp_path / f"{make.__name__}.isxd"))):
            viewer._add_layer_from_data(*data)
    units = [[str(unit) for unit in layer.units] for layer in viewer.layers]
    flat = ["micrometer", "micrometer"]
    assert units == [["second", *flat], flat, flat, ["second", *flat]]


def test_a_kind_that_has_no_layers_is_told_by_name(tmp_path, opened):
    class Other(Recording):
        def _summary(self):
            return "something new"

    movie = opened(make_movie(tmp_path / "other.isxd", 3))
    with pytest.raises(UnsupportedIsxError, match=r"other\.isxd: .*Other.*open_isx"):
        layers_of(Other(movie._source))


def test_layers_of_others_show_no_file_of_ours():
    assert recording_of(Image(np.eye(3))) is None
    assert recording_of(Image(np.eye(3), metadata={RECORDING_KEY: "mine"})) is None


def test_every_small_file_becomes_layers_that_napari_takes(tmp_path, opened):
    viewer = ViewerModel()
    for path in recordings.every_kind(tmp_path).values():
        for data in layers_of(opened(path)):
            viewer._add_layer_from_data(*data)
    assert len(viewer.layers) >= 9
    assert all(recording_of(layer) is not None for layer in viewer.layers)
