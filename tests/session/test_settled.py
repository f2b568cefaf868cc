"""What waits until the keys pause, and what does not."""

from __future__ import annotations

import pytest
from helpers.scenes import make_cells

from napari_isx import open_isx
from napari_isx.session.session import Session


@pytest.fixture
def session(tmp_path):
    names = ["a", "b", "c"]
    with open_isx(
        make_cells(tmp_path / "c.isxd", names=names, statuses=["undecided"] * 3)
    ) as cells:
        session = Session()
        session.show([cells])
        session.select(session.group, [0])
        yield session


@pytest.fixture
def heard(session):
    """What is heard at once, and what docks that wait hear."""
    now, later = [], []
    session.selection_changed.connect(lambda: now.append(session.selected))
    session.statuses_changed.connect(lambda: now.append("statuses"))
    session.settled.selection_changed.connect(lambda: later.append(session.selected))
    session.settled.statuses_changed.connect(lambda: later.append("statuses"))
    return now, later


def test_decisions_that_move_on_are_passed_on_once_when_the_keys_pause(session, heard):
    now, later = heard
    requests = []
    session.settled.wait = lambda: requests.append(1)
    for _ in range(2):
        session.review.decide_selected("rejected", advance=True)
    assert now == ["statuses", (1,), "statuses", (2,)]
    assert later == []
    assert len(requests) == 4
    session.settled.pass_on()
    assert later == ["statuses", (2,)]
    session.settled.pass_on()
    assert len(later) == 2


def test_what_is_selected_otherwise_is_passed_on_at_once_with_what_waited(session, heard):
    _, later = heard
    session.settled.wait = lambda: None
    session.review.decide_selected("rejected", advance=True)
    session.review.undo()
    assert later == []
    session.select(session.group, [2])
    assert later == ["statuses", (2,)]


def test_without_anything_that_waits_all_is_passed_on_at_once(session, heard):
    now, later = heard
    session.review.decide_selected("accepted", advance=True)
    assert now == later == ["statuses", (1,)]
