"""The close-up of the selected cell, without a window: what is shown, read, kept and given up."""

from __future__ import annotations

import gc
import time
from weakref import ref

import numpy as np
import pytest
from helpers.scenes import make_cells, make_events, make_movie
from psygnal import Signal
from qtpy.QtWidgets import QApplication

from napari_isx import Spacing
from napari_isx.docks.closeup import controller as module
from napari_isx.io.movies.base import Movie

# Of the canvas of a viewer without a window; of a cell, from its first to its last pixel; and of
# the field of `make_cells`.
HEIGHT_PX, SIZE_UM, FIELD_UM = 600, 18, 66


class Panel:
    def __init__(self):
        self.message = ""

    def show_message(self, text):
        self.message = text


class CloseUp:
    """Stands for the dock."""

    time_requested = Signal(float)
    event_step_requested = Signal(int)
    center_requested = Signal()
    always_center_changed = Signal(bool)
    movie_picked = Signal(int)
    shown_changed = Signal()

    def __init__(self):
        self.is_shown = True
        self.footprint_panel, self.image_panel, self.loop_panel = Panel(), Panel(), Panel()
        self.text, self.name, self.status, self.row = "", "", None, None
        self.movies, self.time, self.always, self.colors = ([], -1), None, None, []
        self.forget()

    def forget(self):
        self.footprint = self.image = self.loop = self.place = None

    def objectName(self):  # noqa: N802
        return ""

    def show(self, on):
        self.is_shown = on
        self.shown_changed.emit()

    def show_no_cell(self, text):
        self.text, self.name = text, ""

    def show_cell(self, name, status, row, note):
        self.text, self.name, self.status, self.row = "", name, status, row
        self.note = note
        self.forget()

    def show_status(self, name, status):
        assert name == self.name
        self.status = status

    def show_movies(self, titles, current, *, is_sure):
        assert (current >= 0) or not is_sure
        self.movies = list(titles), current

    def show_place(self, extent, contour_um, neighbors=()):
        self.place, self.neighbors = extent, list(neighbors)

    def show_waveforms(self, shown):
        self.waveforms = shown

    def show_neighbors(self, rows, span_s):
        self.rows = [row.name for row in rows]

    def show_footprint(self, weights, extent):
        self.footprint = weights

    def show_event_image(self, image, extent):
        self.image = image

    def show_loop(self, loop, extent):
        self.loop = loop

    def show_time(self, time_s):
        self.time = time_s

    def show_always_center(self, on):
        self.always = on

    def set_colors(self, colors):
        self.colors.append(colors)


@pytest.fixture
def paths(tmp_path):
    return {
        "movie": make_movie(tmp_path / "movie.isxd"),
        "cells": make_cells(tmp_path / "cells.isxd"),
        "events": make_events(tmp_path / "events.isxd"),
    }


@pytest.fixture
def control(stage):
    return stage.coordinator.closeup


@pytest.fixture
def dock(stage, control):
    view = CloseUp()
    control.attach(view)
    return view


@pytest.fixture
def reads(monkeypatch):
    """How often rows of a movie were read."""
    counted = []
    read_rows = Movie.read_rows

    def counting(self, i, *args, **kwargs):
        counted.append(self.path.stem)
        return read_rows(self, i, *args, **kwargs)

    monkeypatch.setattr(Movie, "read_rows", counting)
    return counted


def finish(control):
    """Wait for what runs in other threads, as it does where a Qt application is."""
    end = time.monotonic() + 20
    while control.is_busy:
        assert time.monotonic() < end
        QApplication.processEvents()
        time.sleep(0.002)


def select(stage, control, *cells):
    stage.session.select(stage.session.groups[0], cells)
    finish(control)


def test_it_shows_the_cell_selected_last(stage, control, dock, paths):
    assert "Open a cell set" in dock.text
    stage.open(*paths.values())
    assert "Select a cell" in dock.text
    select(stage, control, 1, 0)
    assert (dock.name, dock.status) == ("C0", "undecided")
    np.testing.assert_allclose(dock.row.event_times_s, [0.3, 1.2])
    assert dock.image.is_complete
    assert len(dock.loop.clips) == 1
    assert dock.footprint.max() == pytest.approx(1)
    assert dock.place is not None


def test_it_follows_time_decisions_and_theme(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 0)
    image = dock.image
    stage.coordinator.time.go_to(1.0)
    assert dock.time == pytest.approx(1.0)
    stage.session.group.curation.decide([0], "accepted")
    assert dock.status == "accepted"
    assert dock.image is image, "the pictures are the same"
    stage.viewer.theme = "light"
    assert dock.colors[-1] != dock.colors[0]


def test_its_buttons_go_to_the_events_of_the_cell_that_is_shown(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 1, 0)
    stage.coordinator.time.go_to(0.0)
    for step, time_s in ((1, 0.3), (1, 1.2), (1, 1.2), (-1, 0.3), (-1, 0.3)):
        dock.event_step_requested.emit(step)
        assert stage.session.cursor.time_s == pytest.approx(time_s)
    dock.time_requested.emit(0.5)
    assert stage.session.cursor.time_s == pytest.approx(0.5)


def test_what_was_read_is_kept_for_some_cells(stage, control, dock, paths, reads, monkeypatch):
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    stage.open(*paths.values())
    for cell in (0, 1, 0):
        select(stage, control, cell)
    count = len(reads)
    assert dock.loop is not None
    select(stage, control, 1)
    assert len(reads) == count
    select(stage, control, 2)
    select(stage, control, 0)
    assert len(reads) > count, "it was the oldest"


def test_another_clock_reads_anew(stage, control, dock, paths, reads, tmp_path):
    stage.open(*paths.values())
    select(stage, control, 0)
    count = len(reads)
    stage.open(make_cells(tmp_path / "others.isxd", names=["X0", "X1", "X2"]))
    finish(control)
    assert len(reads) > count
    assert dock.image.is_complete


def test_nothing_is_read_while_nobody_sees_it(stage, control, dock, paths, reads):
    stage.open(*paths.values())
    dock.show(False)
    select(stage, control, 0)
    stage.coordinator.time.go_to(1.0)
    assert reads == []
    assert dock.name == ""
    dock.show(True)
    finish(control)
    assert dock.name == "C0"
    assert dock.time == pytest.approx(1.0)
    assert dock.loop is not None


def test_without_a_movie_it_says_what_to_open_and_shows_it_when_it_is(stage, control, dock, paths):
    stage.open(paths["cells"], paths["events"])
    select(stage, control, 0)
    assert dock.footprint is not None
    assert "Open the movie" in dock.image_panel.message
    assert "Open the movie" in dock.loop_panel.message
    stage.open(paths["movie"])
    finish(control)
    assert dock.image.is_complete
    assert dock.loop is not None


def test_of_several_movies_the_topmost_seen_is_taken_or_the_picked_one(
    stage, control, dock, paths, tmp_path, reads
):
    stage.open(*paths.values(), make_movie(tmp_path / "raw.isxd"))
    select(stage, control, 0)
    assert dock.movies == (["raw", "movie"], 0)
    assert set(reads) == {"raw"}
    stage.layer("raw").visible = False
    select(stage, control, 1)
    assert dock.movies == (["movie", "raw"], 0)
    dock.movie_picked.emit(1)
    finish(control)
    assert dock.movies == (["movie", "raw"], 1)
    reads.clear()
    select(stage, control, 0, 1)
    select(stage, control, 0)
    assert set(reads) <= {"raw"}
    stage.viewer.layers.remove("raw")
    finish(control)
    assert dock.movies == (["movie"], 0)
    assert dock.image is not None


def test_a_movie_that_the_cells_cannot_be_of_is_read_only_where_picked(
    stage, control, dock, tmp_path, reads
):
    def plane(efocus):
        return {"extra_properties": {"idps": {"efocus": efocus}}}

    stage.open(
        make_cells(tmp_path / "cells.isxd", **plane(400)),
        make_events(tmp_path / "events.isxd", **plane(400)),
        make_movie(tmp_path / "deep-efocus_700.isxd"),
    )
    select(stage, control, 0)
    deep = "deep-efocus_700 (⚠ efocus 700 and not 400)"
    assert dock.movies == ([deep], -1)
    assert "What is open has efocus 700 and not 400" in dock.image_panel.message
    assert (reads, dock.image) == ([], None)
    dock.movie_picked.emit(0)
    finish(control)
    assert dock.movies == ([deep], 0)
    assert dock.image.is_complete
    stage.open(make_movie(tmp_path / "rec-efocus_400.isxd"))
    finish(control)
    assert dock.movies == (["rec-efocus_400", deep], 1), "the pick stays"
    stage.viewer.layers.remove("deep-efocus_700")
    finish(control)
    assert dock.movies == (["rec-efocus_400"], 0)


def test_a_movie_that_was_cut_short_is_told(stage, control, dock, paths):
    movie, *_ = stage.open(*paths.values())
    movie.path.write_bytes(b"")
    select(stage, control, 0)
    assert "movie.isxd" in dock.image_panel.message
    assert "movie.isxd" in dock.loop_panel.message
    assert dock.footprint is not None


def test_a_cell_set_that_was_closed_is_told(stage, control, dock, paths):
    _, cells, _ = stage.open(*paths.values())
    cells.close()
    select(stage, control, 0)
    assert dock.text.startswith("The trace cannot be read.\n")
    assert "closed" in dock.text


def test_centering_shows_the_cell_and_its_surroundings(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 0)
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    camera.zoom = 0.5
    before = camera.center, camera.zoom
    select(stage, control, 1)
    assert (camera.center, camera.zoom) == before, "only if it is wished"
    dock.center_requested.emit()
    assert camera.center[-2:] == pytest.approx((16.5, 61.5), abs=1.6)
    assert HEIGHT_PX / camera.zoom == pytest.approx(FIELD_UM), "8 cells are more than the field"


def test_eight_times_the_cell_is_shown(stage, control, dock, tmp_path):
    footprint = np.zeros((70, 90))
    footprint[20:25, 30:34] = 1  # cut out with a pixel around it
    spacing = Spacing.regular(footprint.shape, 3.0)
    stage.open(make_cells(tmp_path / "wide.isxd", footprints=[footprint], spacing=spacing))
    select(stage, control, 0)
    dock.center_requested.emit()
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    assert HEIGHT_PX / camera.zoom == pytest.approx(8 * SIZE_UM)


def test_of_a_small_cell_no_less_than_60_um_are_shown(stage, control, dock, tmp_path):
    footprint = np.zeros((23, 31))
    footprint[5, 6] = 1
    stage.open(make_cells(tmp_path / "dot.isxd", footprints=[footprint]))
    select(stage, control, 0)
    dock.center_requested.emit()
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    assert HEIGHT_PX / camera.zoom == pytest.approx(60)


def test_always_centering_leaves_the_zoom_to_the_user(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 0)
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    dock.always_center_changed.emit(True)
    assert dock.always is True
    assert camera.center[-2:] == pytest.approx((16.5, 19.5), abs=1.6)
    zoom = camera.zoom
    select(stage, control, 1)
    assert camera.center[-2:] == pytest.approx((16.5, 61.5), abs=1.6)
    assert camera.zoom == pytest.approx(zoom)
    camera.zoom = 2 * zoom
    select(stage, control, 2)
    assert camera.center[-2:] == pytest.approx((49.5, 28.5), abs=1.6)
    assert camera.zoom == pytest.approx(2 * zoom)
    dock.always_center_changed.emit(False)
    select(stage, control, 0)
    assert camera.center[-2:] == pytest.approx((49.5, 28.5), abs=1.6)


def test_a_click_on_the_canvas_does_not_move_it(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 1)
    dock.always_center_changed.emit(True)
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    before = camera.center
    stage.click((16.5, 19.5))
    assert stage.session.selected == (0,)
    assert camera.center == before
    select(stage, control, 2)
    assert camera.center != before, "the button is up again"


def test_opening_a_file_does_not_move_the_canvas(stage, control, dock, paths, tmp_path):
    stage.open(*paths.values())
    select(stage, control, 1)
    dock.always_center_changed.emit(True)
    camera = getattr(stage.viewer, "scene", stage.viewer).camera
    camera.center = (0.0, 1.0, 2.0)
    stage.open(make_cells(tmp_path / "others.isxd"))
    finish(control)
    assert camera.center[-2:] == (1.0, 2.0)


def test_closed_files_are_let_go(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 0)
    stage.viewer.layers.clear()
    finish(control)
    assert "Open a cell set" in dock.text
    assert control._shown is None
    assert not control._kept


def test_a_dock_that_is_gone_is_not_kept(stage, control, dock, paths):
    stage.open(*paths.values())
    late = CloseUp()
    control.attach(late)
    select(stage, control, 0)
    assert late.name == "C0"
    gone = ref(late)
    del late
    gc.collect()
    assert gone() is None


def test_waveforms_and_neighbors_are_there_at_once(stage, control, dock, paths):
    stage.open(*paths.values())
    select(stage, control, 0)
    assert len(dock.waveforms.values) == 2
    assert dock.rows[-1] == "C0"
    assert [stage.session.group.names[one.cell] for one in dock.neighbors] == dock.rows[:-1]


def test_without_an_event_set_the_peaks_of_the_trace_are_taken(stage, control, dock, tmp_path):
    traces = np.random.default_rng(0).normal(size=(3, 20)).astype(np.float32)
    traces[0, [5, 15]] = 50
    stage.open(
        make_cells(tmp_path / "cells.isxd", traces=traces), make_movie(tmp_path / "movie.isxd")
    )
    select(stage, control, 0)
    np.testing.assert_allclose(dock.row.event_times_s, [0.5, 1.5])
    assert dock.note == (
        "Peaks of the trace, 4 SD of the noise above the median (scipy.signal.find_peaks), "
        "as no event set is open"
    )
    assert dock.image.num_events == 2
    assert len(dock.waveforms.values) == 2
    stage.coordinator.time.go_to(0.0)
    dock.event_step_requested.emit(1)
    assert stage.session.cursor.time_s == pytest.approx(0.5)
    stage.open(make_events(tmp_path / "foreign.isxd", {"X9": [0.3]}))
    finish(control)
    assert "foreign does not fit: 1 of its 1 cells, such as X9, are not in cells" in dock.note
    stage.open(make_events(tmp_path / "events.isxd"))
    finish(control)
    assert dock.note == ""
    np.testing.assert_allclose(dock.row.event_times_s, [0.3, 1.2])
