"""Which movie the cells of a set are looked at in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from helpers.scenes import FIELD, START, make_cells, make_events, make_movie

from napari_isx import Spacing, Timing, write_movie
from napari_isx.docks.closeup.movie_choice import fitting_movies
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock


def movie(path: Path, late_s: float = 0.0, top_left=(0, 0), info=None) -> Path:
    write_movie(
        path,
        np.zeros((20, *FIELD), np.uint16),
        timing=Timing.regular(20, 0.1, START + timedelta(seconds=late_s)),
        spacing=Spacing.regular(FIELD, 3.0, top_left),
        extra_properties=info,
    )
    return path


@pytest.fixture
def fitting(tmp_path, opened):
    """Names of the movies that fit the cells, of those given, and what contradicts them."""

    def find(cells, *paths):
        source, movies = opened(cells), [opened(path) for path in paths]
        is_cells = hasattr(source, "footprint")
        group = CellGroup(source if is_cells else None, None if is_cells else source)
        clock = Clock([source, *movies])
        found = fitting_movies(group, movies, clock)
        return [f"{one.movie.path.stem} {one.contradiction}".strip() for one in found]

    return find


def test_of_equal_ones_the_last_is_first(tmp_path, fitting):
    cells = make_cells(tmp_path / "c.isxd")
    paths = [movie(tmp_path / f"{name}.isxd") for name in "ab"]
    assert fitting(cells, *paths) == ["b", "a"]


def test_one_that_started_with_the_cells_is_before_one_that_runs_meanwhile(tmp_path, fitting):
    cells = make_cells(tmp_path / "c.isxd")
    paths = [movie(tmp_path / "same.isxd"), movie(tmp_path / "later.isxd", 1.0)]
    assert fitting(cells, *paths) == ["same", "later"]


def test_one_of_another_time_or_place_does_not_fit(tmp_path, fitting):
    cells = make_cells(tmp_path / "c.isxd")
    paths = [
        movie(tmp_path / "over.isxd", 10.0),
        movie(tmp_path / "beside.isxd", top_left=(0, 31 * 3.0)),
        movie(tmp_path / "corner.isxd", top_left=(22 * 3.0, 30 * 3.0)),
    ]
    assert fitting(cells, *paths) == ["corner"]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("ours", "theirs", "contradiction"),
    [
        ({"idps": {"efocus": 300}}, {"idps": {"efocus": 700}}, "efocus 700 and not 300"),
        ({"idps": {"channel": "green"}}, {"idps": {"channel": "red"}}, "channel red and not green"),
        (
            {"processingInterface": {"recordingUUID": "u-1"}},
            {"processingInterface": {"recordingUUID": "u-2"}},
            "recording UUID u-2 and not u-1",
        ),
    ],
)
def test_one_that_the_cells_cannot_be_of_is_the_last(
    tmp_path, fitting, order, ours, theirs, contradiction
):
    cells = make_cells(tmp_path / "c.isxd", extra_properties=ours)
    paths = [
        movie(tmp_path / "right.isxd", info=ours),
        movie(tmp_path / "unknown.isxd", late_s=0.5),
        movie(tmp_path / "wrong.isxd", info=theirs),
    ]
    assert fitting(cells, *paths[::order]) == ["right", "unknown", f"wrong {contradiction}"]


@pytest.mark.parametrize("order", [1, -1])
def test_the_one_that_the_cells_are_named_after_is_first(tmp_path, fitting, order):
    cells = make_cells(tmp_path / "rec-PP-MC-CNMFE.isxd")
    paths = [movie(tmp_path / f"{name}.isxd") for name in ("rec", "rec-PP-MC-DFF", "rec-PP-MC")]
    assert fitting(cells, *paths[::order]) == ["rec-PP-MC", "rec-PP-MC-DFF", "rec"]


def test_for_events_alone_time_decides(tmp_path, fitting):
    events = make_events(tmp_path / "e.isxd")
    path = movie(tmp_path / "m.isxd", top_left=(900, 900))
    assert fitting(events, path) == ["m"]


def test_without_a_file_nothing_fits(tmp_path, opened):
    one = opened(make_movie(tmp_path / "m.isxd"))
    assert fitting_movies(CellGroup(None, None), [one], Clock([one])) == []
