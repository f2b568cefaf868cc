"""What is open and selected, as one model."""

from __future__ import annotations

import pytest
from helpers.channel_files import make_gpio
from helpers.scenes import make_cells, make_events, make_movie
from helpers.vessel_files import make_vessels

from napari_isx.session.session import Session


class Told:
    """A session, and what it told, in order."""

    def __init__(self) -> None:
        self.session, self.log = Session(), []
        self.session.groups_changed.connect(self._groups)
        self.session.selection_changed.connect(self._selection)
        self.session.statuses_changed.connect(self._statuses)

    def _groups(self):
        self.log.append("groups")

    def _selection(self):
        self.log.append("selection")

    def _statuses(self, group):
        self.log.append(group)

    def news(self) -> list:
        log, self.log = self.log, []
        return log


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def session(told) -> Session:
    return told.session


@pytest.fixture
def cells(tmp_path, opened):
    return opened(make_cells(tmp_path / "cells.isxd"))


@pytest.fixture
def events(tmp_path, opened):
    return opened(make_events(tmp_path / "events.isxd"))


@pytest.fixture
def others(tmp_path, opened):
    return opened(make_cells(tmp_path / "others.isxd", centers=[(3, 3)], names=["X"]))


def test_nothing_is_open_at_first(session):
    assert (session.groups, session.group, session.selected) == ([], None, ())
    session.step_cell(1)
    assert session.event_time_s(1) is None
    assert session.selected == ()


def test_opening_cells_shows_them_with_none_selected(told, session, cells):
    session.show([cells])
    assert session.group is session.groups[0]
    assert session.group.cells is cells
    assert session.selected == ()
    assert told.news() == ["selection", "groups"]


def test_showing_the_same_again_tells_nothing(told, session, cells, events):
    session.show([cells, events])
    told.news()
    session.show([events, cells])
    assert told.news() == []


def test_movies_are_no_cells(told, session, tmp_path, opened):
    session.show([opened(make_movie(tmp_path / "m.isxd", 3))])
    assert session.groups == []
    assert told.news() == []


def test_the_selection_outlives_other_files(told, session, cells, events, others):
    session.show([cells])
    session.select(session.group, [2, 0])
    group = session.group
    for recordings in ([cells, others], [others, cells], [others, cells, events], [cells]):
        told.news()
        session.show(recordings)
        assert session.group is group
        assert session.selected == (2, 0)
        assert "selection" not in told.news()


def test_decisions_outlive_other_files(session, cells, events, others):
    session.show([cells])
    session.group.curation.decide([1], "rejected")
    session.show([others, cells, events])
    assert session.groups[1].curation.status(1) == "rejected"


def test_events_that_come_later_join_their_cells(told, session, cells, events):
    session.show([cells])
    group = session.group
    told.news()
    session.show([cells, events])
    assert told.news() == ["groups"]
    assert session.groups == [group]
    assert group.events is events
    session.show([cells])
    assert group.events is None


def test_events_alone_become_their_cells_when_these_open(session, cells, events):
    session.show([events])
    assert session.group.cells is None
    session.show([events, cells])
    assert [(g.cells, g.events) for g in session.groups] == [(cells, events)]
    assert session.group is session.groups[0]


def test_closing_the_shown_cells_shows_the_next_with_none_selected(told, session, cells, others):
    session.show([cells, others])
    session.select(session.groups[0], [1])
    told.news()
    session.show([others])
    assert session.group.cells is others
    assert session.selected == ()
    assert told.news() == ["selection", "groups"]
    session.show([])
    assert (session.groups, session.group) == ([], None)


def test_selecting_tells_once_and_keeps_the_order(told, session, cells):
    session.show([cells])
    told.news()
    session.select(session.group, [2, 0, 2])
    assert session.selected == (2, 0)
    session.select(session.group, [2, 0])
    assert told.news() == ["selection"]


def test_selecting_in_another_group_goes_there(told, session, cells, others):
    session.show([cells, others])
    session.select(session.groups[0], [0])
    told.news()
    session.select(session.groups[1], [0])
    assert session.group.cells is others
    assert told.news() == ["selection"]


def test_toggling_adds_and_takes_out(session, cells):
    session.show([cells])
    session.toggle(session.group, 1)
    session.toggle(session.group, 0)
    assert session.selected == (1, 0)
    session.toggle(session.group, 1)
    assert session.selected == (0,)
    session.toggle(session.group, 0)
    assert session.selected == ()


def test_toggling_in_another_group_leaves_the_first(session, cells, others):
    session.show([cells, others])
    session.select(session.groups[0], [0, 1])
    session.toggle(session.groups[1], 0)
    assert session.group.cells is others
    assert session.selected == (0,)


@pytest.mark.parametrize(
    ("selected", "step", "expected"),
    [
        ([], 1, 0),
        ([], -1, 2),
        ([0], 1, 1),
        ([0], -1, 0),
        ([2], 1, 2),
        ([2], -1, 1),
        ([0], 10, 2),
        ([2, 0], 1, 1),  # from the last selected
    ],
)
def test_stepping_through_cells_stops_at_the_ends(session, cells, selected, step, expected):
    session.show([cells])
    session.select(session.group, selected)
    session.step_cell(step)
    assert session.selected == (expected,)


def test_a_set_without_cells_has_none_to_step_to(session, tmp_path, opened, cells):
    empty = opened(
        make_cells(
            tmp_path / "empty.isxd", footprints=[], timing=cells.timing, spacing=cells.spacing
        )
    )
    session.show([empty])
    session.step_cell(1)
    session.step_cell(-1)
    assert session.selected == ()


def walk(session, direction):
    """Times of all events that are reached by stepping."""
    times = []
    while (time_s := session.event_time_s(direction)) is not None:
        times.append(time_s)
        session.cursor.move_to(time_s)
        assert len(times) < 20, "it goes round in circles"
    return times


def test_stepping_through_events_reaches_each_of_the_selected_cells(session, cells, events):
    session.show([cells, events])
    session.select(session.group, [0, 1, 2])
    assert walk(session, 1) == [0.3, 0.7, 1.2]
    assert walk(session, -1) == [0.7, 0.3]
    session.select(session.group, [1])
    session.cursor.move_to(2.0)
    assert walk(session, -1) == [0.7]
    session.select(session.group, [2])
    assert walk(session, -1) == []


def test_half_a_sample_round_the_cursor_is_now(session, cells, events):
    session.show([cells, events])
    session.select(session.group, [0])
    session.cursor.move_to(0.26)
    assert session.event_time_s(1) == 1.2
    assert session.event_time_s(-1) is None
    session.cursor.move_to(0.24)
    assert session.event_time_s(1) == 0.3


def test_without_selected_cells_or_events_there_is_nowhere_to_go(session, cells, events):
    session.show([cells])
    session.select(session.group, [0])
    assert session.event_time_s(1) is None
    session.show([cells, events])
    session.select(session.group, [])
    assert session.event_time_s(1) is None


def test_events_alone_can_be_selected_and_stepped_through(session, events):
    session.show([events])
    session.step_cell(1)
    assert walk(session, 1) == [0.3, 1.2]


def test_decisions_are_told_with_their_group(told, session, cells, others):
    session.show([cells, others])
    told.news()
    session.groups[1].curation.decide([0], "accepted")
    assert told.news() == [session.groups[1]]
    session.groups[0].curation.decide([0, 1], "accepted")
    assert told.news() == [session.groups[0]]


def test_sessions_do_not_hear_each_other(told, cells):
    Session().show([cells])
    assert told.news() == []
    assert told.session.groups == []


def test_cells_selected_by_their_events_stay_selected_when_their_set_opens(session, cells, events):
    session.show([events])
    session.select(session.group, [2, 0])
    names = [session.group.names[i] for i in session.selected]
    session.show([events, cells])
    assert session.group.cells is cells
    assert [session.group.names[i] for i in session.selected] == names
    session.show([])
    assert (session.group, session.selected) == (None, ())


def test_vessels_come_after_cells_and_keep_their_selection(told, session, cells, tmp_path, opened):
    vessels = opened(make_vessels(tmp_path / "flow.isxd"))
    session.show([vessels])
    session.select(session.group, [1])
    group = session.group
    session.show([vessels, cells])
    assert [one.title for one in session.groups] == ["cells", "flow"]
    assert (session.group, session.selected) == (group, (1,))
    told.news()
    session.show([cells, vessels])
    assert told.news() == []
    session.show([cells])
    assert session.group.cells is cells


def test_cells_are_looked_at_before_vessels_until_the_user_chooses(
    told, session, cells, others, tmp_path, opened
):
    vessels = opened(make_vessels(tmp_path / "flow.isxd"))
    session.show([vessels])
    assert session.group.recording is vessels
    told.news()
    session.show([vessels, cells])
    assert session.group.cells is cells
    assert "selection" in told.news()
    session.show([vessels, cells, others])
    assert session.group.cells is cells, "the first set of cells"
    session.select(session.groups[-1], ())
    session.show([others, vessels])
    assert session.group.recording is vessels


def test_channels_are_those_of_what_is_open(session, cells, tmp_path, opened):
    gpio = opened(make_gpio(tmp_path / "box.gpio"))
    session.show([gpio, cells])
    assert {channel.recording for channel in session.channels} == {gpio}
    session.show([cells])
    assert len(session.channels) == 0
    assert session.edge_time_s(1) is None
