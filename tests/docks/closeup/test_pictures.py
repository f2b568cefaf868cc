"""What is read of one cell, in what order, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.scenes import FIELD, blob, make_cells, make_events, make_movie

from napari_isx import Spacing
from napari_isx.analysis.rois import cut_rois
from napari_isx.docks.closeup import pictures as module
from napari_isx.docks.closeup.pictures import read_pictures, subject_of
from napari_isx.session.groups import CellGroup
from napari_isx.session.plot_rows import trace_row
from napari_isx.timeline.clock import Clock


class Scene:
    """Files that are open together, and what is known of their cells."""

    def __init__(self, opened, cells: Path | None, events: Path | None, movie: Path | None) -> None:
        self.cells, self.events, self.movie = (
            opened(path) if path is not None else None for path in (cells, events, movie)
        )
        recordings = [one for one in (self.cells, self.events, self.movie) if one is not None]
        self.clock, self.group = Clock(recordings), CellGroup(self.cells, self.events)

    def subject(self, cell: int = 0):
        rois = cut_rois(self.cells, self.cells.spacing.num_pixels) if self.cells else None
        placed = self.clock.placed(self.movie) if self.movie is not None else None
        row = trace_row(self.group, cell, self.clock)
        return subject_of(self.group, cell, rois[cell] if rois else None, row, placed)


@pytest.fixture
def paths(tmp_path):
    return {
        "cells": make_cells(tmp_path / "cells.isxd"),
        "events": make_events(tmp_path / "events.isxd"),
        "movie": make_movie(tmp_path / "movie.isxd"),
    }


def test_footprint_image_and_loop_come_one_after_another(opened, paths):
    scene = Scene(opened, **paths)
    subject = scene.subject()
    steps = list(read_pictures(subject))
    assert [step.footprint is not None for step in steps] == [True] * len(steps)
    assert steps[0].image is None
    assert steps[-1].loop is not None
    last = steps[-1]
    assert not last.is_broken
    # Every frame has its number as brightness: the mean of those from 0.3 s and 1.2 s on.
    assert last.image.is_complete
    frames = [*range(6, 16), *range(24, 34)]
    np.testing.assert_allclose(last.image.after, np.mean(frames))
    rows, cols = subject.footprint_crop
    np.testing.assert_array_equal(last.footprint, scene.cells.footprint(0)[rows, cols])
    assert last.num_bytes == sum(clip.nbytes for clip in last.loop.pixels) > 0


def test_the_footprint_is_known_before_it_is_read(opened, paths):
    scene = Scene(opened, paths["cells"], None, None)
    for cell in range(3):
        subject = scene.subject(cell)
        known = subject.known_footprint
        whole = scene.cells.footprint(cell)[subject.footprint_crop]
        mask = whole > 0.2 * whole.max()
        assert known.shape == whole.shape
        np.testing.assert_array_equal(known[mask], whole[mask])


def test_of_a_cell_at_the_edge_too(tmp_path, opened):
    for i, center in enumerate([(0, 0), (22, 30), (0, 30)]):
        path = make_cells(tmp_path / f"{i}.isxd", centers=[center])
        scene = Scene(opened, path, None, None)
        subject = scene.subject()
        whole = scene.cells.footprint(0)[subject.footprint_crop]
        mask = whole > 0.2 * whole.max()
        np.testing.assert_array_equal(subject.known_footprint[mask], whole[mask])


def test_the_place_is_that_of_the_sensor(tmp_path, opened, paths):
    spacing = Spacing.regular(FIELD, 6.0, (12.0, 30.0))
    paths["cells"] = make_cells(tmp_path / "c.isxd", centers=[(3, 4)], spacing=spacing)
    subject = Scene(opened, **paths).subject()
    top, left, height, width = subject.place_um
    center = 12 + 3.5 * 6, 30 + 4.5 * 6
    np.testing.assert_allclose(subject.contour_um.mean(axis=0), center, atol=2)
    assert top < center[0] < top + height
    assert left < center[1] < left + width
    np.testing.assert_allclose(subject.movie_um, subject.place_um, atol=18)


def test_a_missing_movie_is_named(opened, paths):
    subject = Scene(opened, **(paths | {"movie": None})).subject()
    assert "Open the movie" in subject.no_movie
    (only,) = read_pictures(subject)
    assert only.footprint is not None
    assert only.image is only.loop is None


def test_events_alone_show_the_whole_field(opened, paths):
    subject = Scene(opened, None, paths["events"], paths["movie"]).subject()
    assert "Open the cell set" in subject.no_footprint
    assert subject.place_um == (0.0, 0.0, 23 * 3.0, 31 * 3.0)
    assert len(subject.contour_um) == 0
    *_, last = read_pictures(subject)
    assert last.image.after.shape == FIELD
    assert last.footprint is None


def test_a_cell_without_events_or_pixels_or_outside_the_movie(tmp_path, opened, paths):
    footprints = [blob(FIELD, (5, 6)), np.zeros(FIELD, np.float32), blob(FIELD, (5, 20))]
    paths["cells"] = make_cells(tmp_path / "c.isxd", footprints=footprints)
    paths["events"] = make_events(tmp_path / "e.isxd", {"C0": [], "C1": [0.3], "C2": [0.3]})
    paths["movie"] = make_movie(tmp_path / "m.isxd", spacing=Spacing.regular((23, 8), 3.0))
    scene = Scene(opened, **paths)
    assert scene.subject(0).no_movie == "This cell has no events"
    empty = scene.subject(1)
    assert "no pixels" in empty.no_footprint
    assert "no pixels" in empty.no_movie
    assert empty.place_um is None
    assert list(read_pictures(empty)) == []
    assert scene.subject(2).no_movie == "This cell lies outside m.isxd"


def test_events_that_the_movie_does_not_show_are_told(tmp_path, opened, paths):
    paths["movie"] = make_movie(tmp_path / "m.isxd", num_frames=2)
    *_, last = read_pictures(Scene(opened, **paths).subject())
    assert last.image.num_events == 0
    assert "while the movie runs" in last.loop


def test_a_movie_that_was_cut_short_is_told_and_the_footprint_stays(opened, paths):
    scene = Scene(opened, **paths)
    subject = scene.subject()
    scene.movie.path.write_bytes(b"")
    *_, last = read_pictures(subject)
    assert last.footprint is not None
    assert "movie.isxd" in last.image
    assert "movie.isxd" in last.loop
    assert last.is_broken


def test_a_file_closed_meanwhile_is_told(opened, paths):
    scene = Scene(opened, **paths)
    pictures = read_pictures(scene.subject())
    next(pictures)
    scene.movie.close()
    *_, last = pictures
    assert "closed" in last.image


def test_a_cell_set_cut_short_does_not_keep_the_movie_from_being_read(opened, paths):
    scene = Scene(opened, **paths)
    subject = scene.subject()
    scene.cells.path.write_bytes(b"")
    *_, last = read_pictures(subject)
    assert "cells.isxd" in last.footprint
    assert last.image.is_complete
    assert last.loop is not None


def test_of_huge_cells_fewer_clips_are_kept(opened, paths, monkeypatch):
    subject = Scene(opened, **paths).subject()
    *_, last = read_pictures(subject)
    monkeypatch.setattr(module, "_MAX_LOOP_BYTES", 1)
    *_, less = read_pictures(subject)
    events = [sum(len(clip.events) for clip in one.loop.clips) for one in (last, less)]
    assert events == [2, 1]
