"""Which event set belongs to which cell set, and whose events are whose."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.scenes import START, make_cells, make_events
from helpers.vessel_files import make_vessels

from napari_isx import IsxFileError, Timing
from napari_isx.session.groups import CellGroup, VesselGroup, best_cell_set, group_cells


@pytest.fixture
def cells(tmp_path, opened):
    return opened(make_cells(tmp_path / "cells.isxd"))


@pytest.fixture
def events(tmp_path, opened):
    return opened(make_events(tmp_path / "events.isxd"))


def test_events_belong_to_the_set_with_their_names_and_times(cells, events):
    assert best_cell_set(events, [cells]) is cells
    assert group_cells([cells], [events]) == [(cells, events)]


def test_events_of_some_of_the_cells_belong_to_the_set(cells, tmp_path, opened):
    some = opened(make_events(tmp_path / "e.isxd", {"C1": [0.4]}))
    assert best_cell_set(some, [cells]) is cells


def test_of_two_fitting_sets_the_one_with_fewer_other_cells_is_meant(cells, tmp_path, opened):
    two = opened(make_cells(tmp_path / "two.isxd", centers=[(5, 6), (5, 20)]))
    of_two = opened(make_events(tmp_path / "e.isxd", {"C0": [0.1], "C1": [0.4]}))
    assert best_cell_set(of_two, [cells, two]) is two
    assert best_cell_set(of_two, [two, cells]) is two


def test_an_unknown_name_makes_events_those_of_other_cells(cells, tmp_path, opened):
    others = opened(make_events(tmp_path / "e.isxd", {"C0": [0.1], "D7": [0.4]}))
    assert best_cell_set(others, [cells]) is None
    assert group_cells([cells], [others]) == [(cells, None), (None, others)]


def test_events_of_no_cell_stand_alone(cells, tmp_path, opened):
    nobody = opened(make_events(tmp_path / "e.isxd", {}))
    assert best_cell_set(nobody, [cells]) is None


@pytest.mark.parametrize(
    ("timing", "belongs"),
    [
        (Timing.regular(20, 0.1, START), True),
        (Timing.regular(21, 0.1, START), True),  # an event set does not keep its end exactly
        (Timing.regular(23, 0.1, START), False),
        (Timing.regular(20, 0.1, START.replace(microsecond=150_000)), True),
        (Timing.regular(20, 0.1, START.replace(microsecond=250_000)), False),
        (Timing.regular(20, 0.1, START.replace(hour=1)), False),
    ],
)
def test_events_belong_only_to_cells_of_the_same_time(events, tmp_path, opened, timing, belongs):
    cells = opened(make_cells(tmp_path / "c.isxd", timing=timing))
    assert (best_cell_set(events, [cells]) is cells) is belongs


def test_of_two_event_sets_for_one_cell_set_the_last_opened_counts(cells, events, tmp_path, opened):
    newer = opened(make_events(tmp_path / "newer.isxd"))
    assert group_cells([cells], [events, newer]) == [(cells, newer)]


def test_pairs_come_in_the_order_of_the_cell_sets_and_lone_events_last(
    cells, events, tmp_path, opened
):
    late = Timing.regular(20, 0.1, START.replace(hour=5))
    second = opened(make_cells(tmp_path / "c.isxd", timing=late))
    lone = opened(make_events(tmp_path / "e.isxd", {"X": [0.1]}))
    pairs = group_cells([second, cells], [lone, events])
    assert pairs == [(second, None), (cells, events), (None, lone)]


def test_a_group_is_named_after_its_cells(cells, events):
    group = CellGroup(cells, events)
    assert (group.title, group.names) == ("cells", ["C0", "C1", "C2"])
    assert group.timing is cells.timing
    assert group.status(0) == "undecided"


def test_a_group_of_events_alone_has_no_statuses(events):
    group = CellGroup(None, events)
    assert (group.title, group.names) == ("events", ["C0", "C1", "C2"])
    assert group.timing is events.timing
    assert group.curation is None
    assert group.status(0) is None


def test_vessels_are_a_group_without_events_and_decisions(tmp_path, opened):
    vessels = opened(make_vessels(tmp_path / "flow.isxd"))
    group = VesselGroup(vessels)
    assert (group.title, group.names, group.item) == ("flow", ["V0", "V1"], "vessel")
    assert (group.recording, group.timing) == (vessels, vessels.timing)
    assert [group.status(i) for i in (0, 1)] == ["accepted", "undecided"]
    assert (group.curation, group.cells, group.events_of(0)) == (None, None, None)


def test_events_go_by_name_and_not_by_place(cells, tmp_path, opened):
    swapped = opened(make_events(tmp_path / "e.isxd", {"C2": [0.9], "C0": [0.1, 0.2]}))
    group = CellGroup(cells, swapped)
    np.testing.assert_allclose(group.events_of(0).times_s, [0.1, 0.2])
    np.testing.assert_allclose(group.events_of(2).times_s, [0.9])
    assert group.events_of(1) is None
    assert CellGroup(cells, None).events_of(0) is None


def test_names_that_occur_twice_go_by_their_place_among_their_like(tmp_path, opened):
    cells = opened(make_cells(tmp_path / "c.isxd", names=["A", "B", "A"]))
    events = opened(twice_named(tmp_path, [("A", 0.1), ("A", 0.3), ("B", 0.2)]))
    group = CellGroup(cells, events)
    assert [group.events_of(i).times_s.tolist() for i in range(3)] == [[0.1], [0.2], [0.3]]
    only_one = CellGroup(cells, opened(twice_named(tmp_path, [("A", 0.1)])))
    assert only_one.events_of(0).times_s.tolist() == [0.1]
    assert only_one.events_of(2) is None


def twice_named(folder, entries):
    """An event set with an event for each entry; names may occur more than once."""
    from helpers import recordings

    path = make_events(folder / "e.isxd", {str(i): [time] for i, (_, time) in enumerate(entries)})
    return recordings.edit(path, **{"channel list": [name for name, _ in entries]})


def test_a_file_that_was_cut_short_is_an_error_and_not_a_hang(cells):
    cells.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        CellGroup(cells, None).cells.trace(0)
