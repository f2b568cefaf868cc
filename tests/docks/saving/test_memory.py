"""Cells in memory are reviewed as those of a file are; the same steps over both."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer

from napari_isx import CellSet, EventSet, Movie, Timing, open_isx, write_cell_set
from napari_isx.layers.build import layers_of

RNG = np.random.default_rng(4)
ROWS, COLS = np.mgrid[:40, :50]
FOOTPRINTS = [np.exp(-((ROWS - 10 - 8 * i) ** 2 + (COLS - 12 - 9 * i) ** 2) / 8) for i in range(4)]
TRACES = RNG.normal(size=(4, 60)).astype(np.float32)
TIMING = Timing.regular(60, 0.1)
OPTIONS = {"timing": TIMING, "names": ["a", "b", "c", "d"], "statuses": ["undecided"] * 4}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))
    return tmp_path / "user" / "journals"


def in_memory(traces=TRACES):
    return CellSet.from_arrays(FOOTPRINTS, traces, **OPTIONS)


@pytest.fixture(params=["file", "memory"])
def cells(request, tmp_path):
    if request.param == "memory":
        return in_memory()
    write_cell_set(tmp_path / "cells.isxd", FOOTPRINTS, TRACES, **OPTIONS)
    return open_isx(tmp_path / "cells.isxd")


def show(viewer, *recordings):
    for recording in recordings:
        for data in layers_of(recording):
            viewer.add_layer(Layer.create(*data))


def test_cells_are_shown_decided_undone_and_saved(stage, cells):
    show(stage.viewer, cells)
    group, reviewed = stage.session.group, stage.coordinator.cells
    assert group.cells is cells
    assert group.names == OPTIONS["names"]
    stage.session.select(group, [1])
    reviewed.decide("rejected")
    reviewed.decide("accepted")
    assert group.curation.statuses.count("undecided") == 2
    reviewed.undo()
    assert group.curation.statuses == ["undecided", "rejected", "undecided", "undecided"]
    assert cells.statuses == ["undecided"] * 4
    assert group.curation.is_journaled
    group.curation.save()
    assert cells.statuses == ["undecided", "rejected", "undecided", "undecided"]
    assert group.curation.unsaved == ()
    group.curation.restore_previous_save()
    assert cells.statuses == ["undecided"] * 4
    cells.close()


def test_events_and_a_movie_in_memory_go_with_cells_in_memory(stage):
    frames = RNG.integers(0, 99, (60, 40, 50)).astype(np.uint16)
    events = EventSet.from_arrays({"b": ([1_000_000], [5.0])}, timing=TIMING)
    show(stage.viewer, Movie.from_array(frames, timing=TIMING), in_memory(), events)
    (group,) = stage.session.groups
    assert group.events is events
    assert group.events_of(1).values.tolist() == [5.0]


def test_equal_cells_get_their_decisions_back_and_others_do_not(stage, folder):
    cells = in_memory()
    show(stage.viewer, cells)
    stage.session.group.curation.decide([2], "accepted")
    (journal,) = folder.iterdir()
    assert journal.name.startswith("memory-")
    stage.viewer.layers.clear()
    show(stage.viewer, in_memory(TRACES + 1))
    assert stage.coordinator.saving.offers == []
    stage.viewer.layers.clear()
    show(stage.viewer, in_memory())
    (offer,) = stage.coordinator.saving.offers
    stage.coordinator.saving.restore(offer.group)
    assert stage.session.group.curation.statuses[2] == "accepted"


def test_saving_as_a_file_keeps_everything(stage, tmp_path):
    cells = in_memory()
    show(stage.viewer, cells)
    curation = stage.session.group.curation
    curation.decide([0, 3], "rejected")
    curation.save_copy(tmp_path / "mine.isxd")
    with open_isx(tmp_path / "mine.isxd") as file:
        assert file.statuses == cells.statuses == ["rejected", "undecided", "undecided", "rejected"]
        assert np.array_equal(file.traces, cells.traces)
        assert np.array_equal(file.footprints, cells.footprints)
        assert file.names == cells.names
    assert curation.unsaved == ()


def test_a_window_asks_for_a_file(hands, tmp_path):
    from qtpy.QtWidgets import QFileDialog

    cells = in_memory()
    show(hands.viewer, cells)
    group, saving = hands.coordinator.session.group, hands.coordinator.saving
    group.curation.decide([1], "accepted")
    told = []
    saving.save(done=told.append)
    (dialog,) = hands.viewer.window._qt_window.findChildren(QFileDialog)
    dialog.reject()
    assert told == [False]
    assert cells.statuses == ["undecided"] * 4
    saving.save(done=told.append)
    dialog = hands.viewer.window._qt_window.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(tmp_path / "mine.isxd"))
    hands.qtbot.waitUntil(lambda: told == [False, True], timeout=20_000)
    dialog.done(1)
    with open_isx(tmp_path / "mine.isxd") as file:
        assert file.statuses == ["undecided", "accepted", "undecided", "undecided"]
    hands.viewer.layers.clear()
