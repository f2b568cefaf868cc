"""Names of layers: told apart when they are cut, and followed by the docks."""

from __future__ import annotations

import pytest
from helpers.scenes import make_cells, make_events, make_movie

from napari_isx.layers.keys import layer_name


@pytest.mark.parametrize(
    ("kind", "title", "expected"),
    [
        ("vessels", "sample", "vessels · sample"),
        ("cells", "2014_09_12_14_33_19-PP-BP-ICA", "cells PP-BP-ICA · 2014_09_12_14_33_19"),
        ("", "recording_20160706_132714-PP-MC", "PP-MC · recording_20160706_132714"),
        ("", "2020-04-16-15-37-11_video", "video · 2020-04-16-15-37-11"),
        ("GPIO", "2020-04-16-15-37-11_gpio", "GPIO · 2020-04-16-15-37-11"),
        ("", "movie", "movie"),
        ("cells", "cells", "cells"),
    ],
)
def test_what_tells_layers_apart_comes_first(kind, title, expected):
    assert layer_name(kind, title) == expected


def test_the_docks_call_a_set_as_the_user_calls_its_layer(stage, tmp_path):
    stage.open(make_cells(tmp_path / "day1.isxd"), make_cells(tmp_path / "day2.isxd"))
    assert stage.view.groups[0] == ["day1", "day2"]
    stage.layer("cells · day1").name = "cells · before surgery"
    assert stage.view.groups[0] == ["before surgery", "day2"]
    assert stage.layer("outlines · before surgery")
    stage.layer("outlines · day2").name = "after"
    assert stage.view.groups[0] == ["before surgery", "after"]
    assert stage.layer("cells · after")
    stage.open(make_movie(tmp_path / "movie.isxd"))
    assert stage.view.groups[0] == ["before surgery", "after"]


def test_a_renamed_movie_renames_no_set(stage, tmp_path):
    stage.open(make_movie(tmp_path / "movie.isxd"), make_cells(tmp_path / "day1.isxd"))
    stage.layer("movie").name = "raw"
    assert stage.view.groups[0] == ["day1"]


def test_there_is_no_layer_of_selected_cells_without_any(stage, tmp_path):
    stage.open(make_cells(tmp_path / "cells.isxd"))
    names = [layer.name for layer in stage.viewer.layers]
    assert "Selected cells" not in names
    stage.session.select(stage.session.group, [1])
    assert "Selected cells" in [layer.name for layer in stage.viewer.layers]
    stage.session.deselect()
    assert [layer.name for layer in stage.viewer.layers] == names


def test_rings_are_those_of_the_selected_cells(stage, tmp_path):
    cells = make_cells(tmp_path / "cells.isxd")
    stage.open(cells, make_events(tmp_path / "spikes.isxd", {"C0": [0.3, 0.7], "C1": [0.5]}))
    rings = stage.layer("events · spikes")
    assert len(rings.data) == 0
    stage.session.select(stage.session.group, [1])
    assert list(rings.features["name"]) == ["C1"]
    stage.session.select(stage.session.group, [1, 0])
    assert sorted(rings.features["name"]) == ["C0", "C0", "C1"]
    stage.session.deselect()
    assert len(rings.data) == 0
