"""Which events are drawn and counted with which cells, in every order of opening."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from helpers.scenes import make_cells, make_events, make_movie

from napari_isx.layers.keys import layer_name

STEM = "2021-10-21-11-57-27_video-efocus_{:04d}-PP-CNMFE"


def plane(folder, efocus, times_s):
    """The cell set and the event set of one focal plane."""
    more = {"extra_properties": {"idps": {"efocus": efocus}}}
    cells = make_cells(folder / f"{STEM.format(efocus)}.isxd", **more)
    events = make_events(folder / f"{STEM.format(efocus)}-ED.isxd", {"C0": times_s}, **more)
    return cells, events


@pytest.fixture
def planes(tmp_path):
    a = plane(tmp_path, 400, [0.3])
    b = plane(tmp_path, 700, [0.5, 0.9])
    return {"a": a[0], "a events": a[1], "b": b[0], "b events": b[1]}


def drawn(stage):
    """The times of the events that are drawn of the first cell, for each set."""
    found = {}
    for i, title in enumerate(stage.view.groups[0]):
        stage.view.group_picked.emit(i)
        stage.view.cells_picked.emit([0])
        (row,) = stage.view.rows
        found[title] = np.round(row.event_times_s, 3).tolist()
    return found


@pytest.mark.parametrize("order", list(permutations(["a", "a events", "b", "b events"])))
def test_events_of_a_plane_are_drawn_with_its_cells_whatever_was_opened_first(stage, planes, order):
    stage.open(*(planes[name] for name in order))
    assert drawn(stage) == {STEM.format(400): [0.3], STEM.format(700): [0.5, 0.9]}
    assert (stage.view.event_choices[0], stage.view.event_words.text) == ([], "")
    for group in stage.session.groups:
        assert group.events.acquisition_info == group.cells.acquisition_info


@pytest.mark.parametrize("closed", ["a", "a events"])
def test_closing_and_opening_again_pairs_them_again(stage, planes, closed):
    stage.open(*planes.values())
    a, b = planes["a"].stem, planes["b"].stem
    for kind in ("cells", "outlines") if closed == "a" else ("events",):
        stage.viewer.layers.remove(layer_name(kind, planes[closed].stem))
    left = {planes["a events"].stem: [0.3]} if closed == "a" else {a: []}
    assert drawn(stage) == {b: [0.5, 0.9], **left}
    stage.open(planes[closed])
    assert drawn(stage) == {a: [0.3], b: [0.5, 0.9]}


def test_of_two_event_sets_the_user_chooses_which_is_drawn_and_counted(stage, tmp_path):
    cells = make_cells(tmp_path / "cells.isxd")
    strict = make_events(tmp_path / "events_strict.isxd", {"C0": [0.3], "C1": [], "C2": []})
    lax = make_events(tmp_path / "events_lax.isxd", {"C0": [0.3, 0.7], "C1": [0.1], "C2": []})
    stage.open(cells, strict)
    assert stage.view.event_choices == ([], 1), "there is no choice yet"
    stage.open(lax)
    assert stage.view.groups == (["cells"], 0)
    assert stage.view.event_choices == (["events_strict", "events_lax"], 1)
    assert stage.view.event_words.text == "events of events_strict"
    assert drawn(stage) == {"cells": [0.3]}

    def rings():
        stage.session.select(stage.session.groups[0], [0, 1, 2])
        names = ("events · events_strict", "events · events_lax")
        return [len(stage.layer(name).data) for name in names]

    assert rings() == [1, 0], "on the canvas as in the plot"

    review = stage.session.review
    before = review.version
    stage.view.events_picked.emit(2)
    assert stage.view.event_choices == (["events_strict", "events_lax"], 2)
    assert stage.view.event_words.text == "events of events_lax"
    assert drawn(stage) == {"cells": [0.3, 0.7]}
    assert rings() == [0, 3]
    assert stage.session.review is review
    assert review.group.events.path == lax
    assert review.version == before + 1, "what was counted of other events is out of date"

    stage.view.events_picked.emit(0)
    assert stage.view.event_choices == (["events_strict", "events_lax"], 0)
    assert stage.view.event_words.text == "no events drawn"
    assert drawn(stage) == {"cells": []}
    assert rings() == [0, 0]

    stage.view.events_picked.emit(2)
    stage.viewer.layers.remove("events · events_lax")
    assert drawn(stage) == {"cells": [0.3]}
    assert stage.view.event_choices == ([], 1)
    stage.open(lax)
    assert drawn(stage) == {"cells": [0.3]}, "what is drawn does not change by itself"


@pytest.mark.parametrize("order", list(permutations(["one", "two", "spikes"])))
def test_where_nothing_tells_two_cell_sets_apart_the_user_is_asked(stage, tmp_path, order):
    paths = {
        "one": make_cells(tmp_path / "one.isxd"),
        "two": make_cells(tmp_path / "two.isxd", centers=[(15, 6), (15, 20), (6, 9)]),
        "spikes": make_events(tmp_path / "spikes.isxd"),
    }
    stage.open(*(paths[name] for name in order))
    assert set(stage.view.groups[0]) == {"one", "two", "spikes"}
    assert drawn(stage) == {"one": [], "two": [], "spikes": [0.3, 1.2]}
    assert len(stage.layer("events · spikes").data) == 0
    two = stage.view.groups[0].index("two")
    stage.view.group_picked.emit(two)
    assert stage.view.event_choices == (["spikes"], -1)
    assert stage.view.event_words.is_serious
    assert "spikes: of these cells or of others?" in stage.view.event_words.text
    assert "one or two" in stage.view.event_words.details.replace("two or one", "one or two")
    stage.view.events_picked.emit(1)
    assert drawn(stage) == {"one": [], "two": [0.3, 1.2]}
    stage.session.select(stage.session.groups[two], [0, 1, 2])
    assert len(stage.layer("events · spikes").data) == 3
    stage.view.group_picked.emit(two)
    assert stage.view.event_choices == (["spikes"], 1)
    assert not stage.view.event_words.is_serious


def test_vessels_and_cells_without_events_have_no_choice(stage, tmp_path):
    stage.open(make_cells(tmp_path / "cells.isxd"), make_movie(tmp_path / "m.isxd"))
    assert (stage.view.event_choices[0], stage.view.event_words.text) == ([], "")
