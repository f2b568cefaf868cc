"""Which event set belongs to which cell set, and whose events are whose."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings
from helpers.scenes import START, make_cells, make_events
from helpers.vessel_files import make_vessels

from napari_isx import IsxFileError, Timing
from napari_isx.session.groups import (
    CellGroup,
    EventChoices,
    VesselGroup,
    event_choices,
    likely_cell_sets,
)


@pytest.fixture
def cells(tmp_path, opened):
    return opened(make_cells(tmp_path / "cells.isxd"))


@pytest.fixture
def events(tmp_path, opened):
    return opened(make_events(tmp_path / "events.isxd"))


def test_events_belong_to_the_set_with_their_names_and_times(cells, events):
    assert likely_cell_sets(events, [cells]) == [cells]
    assert event_choices([cells], [events]) == [((events,), ())]


def test_events_of_some_of_the_cells_belong_to_the_set(cells, tmp_path, opened):
    some = opened(make_events(tmp_path / "e.isxd", {"C1": [0.4]}))
    assert likely_cell_sets(some, [cells]) == [cells]


def test_of_two_fitting_sets_the_one_with_fewer_other_cells_is_meant(cells, tmp_path, opened):
    two = opened(make_cells(tmp_path / "two.isxd", centers=[(5, 6), (5, 20)]))
    of_two = opened(make_events(tmp_path / "e.isxd", {"C0": [0.1], "C1": [0.4]}))
    assert likely_cell_sets(of_two, [cells, two]) == [two]
    assert likely_cell_sets(of_two, [two, cells]) == [two]


def test_an_unknown_name_makes_events_those_of_other_cells(cells, tmp_path, opened):
    others = opened(make_events(tmp_path / "e.isxd", {"C0": [0.1], "D7": [0.4]}))
    assert likely_cell_sets(others, [cells]) == []
    assert event_choices([cells], [others]) == [((), ())]


def test_events_of_no_cell_stand_alone(cells, tmp_path, opened):
    nobody = opened(make_events(tmp_path / "e.isxd", {}))
    assert likely_cell_sets(nobody, [cells]) == []


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
    assert likely_cell_sets(events, [cells]) == ([cells] if belongs else [])


def test_all_event_sets_of_a_cell_set_are_offered(cells, events, tmp_path, opened):
    newer = opened(make_events(tmp_path / "newer.isxd"))
    assert event_choices([cells], [events, newer]) == [((events, newer), ())]


IDPS = [
    ({"idps": {"efocus": 400}}, {"idps": {"efocus": 700}}),
    ({"idps": {"channel": "green"}}, {"idps": {"channel": "red"}}),
    ({"animal": {"id": "m1"}}, {"animal": {"id": "m2"}}),
    (
        {"processingInterface": {"recordingUUID": "u-1"}},
        {"processingInterface": {"recordingUUID": "u-2"}},
    ),
    ({"microscope": {"serial": "s1"}}, {"microscope": {"serial": "s2"}}),
]


@pytest.fixture
def two_of_each(tmp_path, opened):
    """Cell sets and event sets with equal names and times, in pairs that the files tell of."""

    def make(names, infos=(None, None), starts=(START, START)):
        cells, events = [], []
        for (cell_name, event_name), info, start in zip(names, infos, starts, strict=True):
            timing = Timing.regular(20, 0.1, start)
            more = {"timing": timing, "extra_properties": info}
            cells.append(opened(make_cells(tmp_path / f"{cell_name}.isxd", **more)))
            events.append(opened(make_events(tmp_path / f"{event_name}.isxd", **more)))
        return cells, events

    return make


def check_pairs(cells, events):
    """Each event set belongs to the cell set in its own place, however they are ordered."""
    for order in ((0, 1), (1, 0)):
        for event_order in ((0, 1), (1, 0)):
            choices = event_choices([cells[i] for i in order], [events[i] for i in event_order])
            assert choices == [((events[i],), ()) for i in order]
    for i in (0, 1):
        assert likely_cell_sets(events[i], [cells[i]]) == [cells[i]]


@pytest.mark.parametrize("infos", IDPS)
def test_what_the_files_say_of_their_source_pairs_them(two_of_each, infos):
    cells, events = two_of_each([("a", "x"), ("b", "y")], infos)
    check_pairs(cells, events)
    for i in (0, 1):
        assert likely_cell_sets(events[i], [cells[1 - i]]) == [], "of another source"


@pytest.mark.parametrize("infos", IDPS)
def test_a_file_that_says_nothing_goes_by_what_the_other_says(two_of_each, infos):
    cells, events = two_of_each([("a", "x"), ("b", "y")], (infos[0], None))
    assert likely_cell_sets(events[0], cells) == [cells[0]]
    assert likely_cell_sets(events[0], cells[::-1]) == [cells[0]]


@pytest.mark.parametrize(
    "names",
    [
        [
            ("rec-efocus_0400-CNMFE", "rec-efocus_0400-CNMFE-ED"),
            ("rec-efocus_0700-CNMFE", "rec-efocus_700_spikes"),
        ],
        [("rec-green", "green_events"), ("rec-red", "red_events")],
        [("day1_cells", "day1_events"), ("day2_cells", "day2_events")],
        [("cells_m1", "events_m1"), ("cells_m2", "events_m2")],
        [("rec-CNMFE", "rec-CNMFE-ED"), ("rec-CNMFE-manual", "rec-CNMFE-manual-ED")],
    ],
)
def test_names_pair_files_that_say_nothing(two_of_each, names):
    check_pairs(*two_of_each(names))


def test_a_parent_that_the_file_names_counts_for_more_than_its_own_name(two_of_each):
    parents = [{"parents": ["C:\\data\\b.isxd"]}, {"input": {"cellSet": "/x/a.isxd"}}]
    cells, _ = two_of_each([("a", "a_events"), ("b", "b_events")])
    swapped = two_of_each([("c", "a_2"), ("d", "b_2")], parents)[1]
    assert [likely_cell_sets(one, cells) for one in swapped] == [[cells[1]], [cells[0]]]


def test_the_exact_start_pairs_planes_that_begin_within_a_frame(two_of_each):
    later = START.replace(microsecond=50_000)
    check_pairs(*two_of_each([("a", "x"), ("b", "y")], starts=(START, later)))


def test_where_nothing_tells_two_apart_both_are_possible(two_of_each):
    cells, events = two_of_each([("a", "x"), ("b", "y")])
    assert event_choices(cells, events) == [((), tuple(events))] * 2
    assert event_choices(cells[:1], events) == [(tuple(events), ())]


def test_events_of_the_accepted_cells_alone_are_those_of_the_set_that_accepted_them(
    tmp_path, opened
):
    centers = [(5, 6), (5, 20), (16, 9)]
    some = ["accepted", "rejected", "accepted"]
    other = ["rejected", "accepted", "accepted"]
    a, b = (
        opened(make_cells(tmp_path / f"{name}.isxd", centers, statuses=statuses))
        for name, statuses in (("a", some), ("b", other))
    )
    events = opened(make_events(tmp_path / "e.isxd", {"C0": [0.1], "C2": [0.4]}))
    assert likely_cell_sets(events, [a, b]) == likely_cell_sets(events, [b, a]) == [a]
    c = opened(make_cells(tmp_path / "c.isxd", centers))
    d = opened(make_cells(tmp_path / "d.isxd", [*centers, (20, 20)]))
    assert likely_cell_sets(events, [c, d]) == [c, d], "fewer other cells are no evidence"


def test_a_cell_set_of_several_planes_has_the_events_of_each(tmp_path, opened):
    path = make_cells(tmp_path / "c.isxd")
    recordings.edit(path, efocusValues=[400, 700])
    cells = opened(path)
    for efocus, expected in ((400, [cells]), (700, [cells]), (900, [])):
        info = {"idps": {"efocus": efocus}}
        events = opened(make_events(tmp_path / f"e{efocus}.isxd", extra_properties=info))
        assert likely_cell_sets(events, [cells]) == expected


def test_drawn_is_what_the_user_picked_and_else_what_was_drawn_before(
    cells, events, tmp_path, opened
):
    lax = opened(make_events(tmp_path / "lax.isxd"))
    group = CellGroup(cells, None)
    group.offer(EventChoices((lax,)))
    group.offer(EventChoices((events, lax)))
    assert group.events is lax, "what is drawn does not change when another file is opened"
    group.pick_events(events)
    group.offer(EventChoices((events, lax)))
    assert group.events is events
    group.offer(EventChoices((lax,)))
    assert group.events is lax
    group.offer(EventChoices((lax, events)))
    assert group.events is lax, "a pick of a file that was closed is forgotten"
    group.pick_events(None)
    group.offer(EventChoices((lax, events)))
    assert group.events is None


def test_events_that_may_be_of_other_cells_are_drawn_only_where_picked(cells, events):
    group = CellGroup(cells, None)
    group.offer(EventChoices((events,)))
    group.offer(EventChoices((), (events,)))
    assert (group.events, group.has_open_question) == (None, True)
    group.pick_events(events)
    group.offer(EventChoices((), (events,)))
    assert (group.events, group.has_open_question) == (events, False)
    group.pick_events(None)
    group.offer(EventChoices((), (events,)))
    assert (group.events, group.has_open_question) == (None, False)


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
    path = make_events(folder / "e.isxd", {str(i): [time] for i, (_, time) in enumerate(entries)})
    return recordings.edit(path, **{"channel list": [name for name, _ in entries]})


def test_a_file_that_was_cut_short_is_an_error_and_not_a_hang(cells):
    cells.path.write_bytes(b"")
    with pytest.raises(IsxFileError, match="shortened"):
        CellGroup(cells, None).cells.trace(0)
