"""Which events are looked at, which are excluded, and what is computed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.clock_files import stamped_movie
from helpers.scenes import START, make_cells, make_events, make_movie

from napari_isx import Timing, write_cell_set
from napari_isx.analysis import peri_event
from napari_isx.session.responses import Responses, Settings
from napari_isx.session.session import Session


@pytest.fixture
def session(tmp_path, opened):
    rng = np.random.default_rng(0)
    write_cell_set(
        tmp_path / "cells.isxd",
        np.ones((3, 4, 5)),
        rng.normal(size=(3, 200)).astype(np.float32),
        statuses=["accepted", "rejected", "accepted"],
        timing=Timing.regular(200, 0.05, START),
    )
    gpio = make_gpio(
        tmp_path / "g.gpio",
        {"Digital GPI 0": ([0, 3, 3.5, 5, 5.5, 9.9], [0, 1, 0, 1, 0, 1])},
        end_s=10,
    )
    model = Session()
    model.show([opened(tmp_path / "cells.isxd"), opened(gpio)])
    return model


@pytest.fixture
def responses(session):
    return Responses(session)


def compute(responses):
    reason, steps = responses.computing()
    assert reason == ""
    (computed,) = steps()
    return computed


def test_each_empty_state_says_what_to_do(session, responses, opened, tmp_path):
    empty = Responses(Session())
    assert "Open a cell set" in empty.computing()[0]
    assert "Choose above" in responses.computing()[0]
    responses.pick("Digital GPI 0")
    responses.settings = Settings(
        rule=responses.settings.rule.__class__(min_length_s=99, edge="falling")
    )
    assert "has no event" in responses.computing()[0]
    session.show([opened(make_cells(tmp_path / "alone.isxd"))])
    assert "Open a GPIO file" in responses.computing()[0]


def test_a_channel_is_aligned_to(session, responses):
    assert [one.title for one in responses.sources()] == ["Digital GPI 0"]
    responses.pick_channel(session.channels[0])
    computed = compute(responses)
    cells = session.group.cells
    expected = peri_event(cells, computed.alignment.times_s)
    np.testing.assert_array_equal(computed.result.mean, expected.mean)
    np.testing.assert_allclose(computed.alignment.times_s, [3, 5, 9.9], atol=2e-3)
    assert computed.result.cell_indices.tolist() == [0, 2]
    assert computed.result.left_out == {2: "edge"}
    assert computed.kept.tolist() == [0, 1]


def test_decisions_that_are_not_saved_choose_the_cells(session, responses):
    responses.pick("Digital GPI 0")
    session.group.curation.decide([1], "accepted")
    assert compute(responses).result.cell_indices.tolist() == [0, 1, 2]


def test_a_trial_is_excluded_and_taken_in_again(responses):
    responses.pick("Digital GPI 0")
    heard = []
    responses.changed.connect(lambda: heard.append(1))
    alignment = responses.alignment()
    responses.exclude(alignment, 0, "artifact")
    assert responses.reason(alignment, 0) == "artifact"
    computed = compute(responses)
    assert computed.kept.tolist() == [1]
    assert len(computed.alignment) == 3
    responses.exclude(alignment, 0)
    assert compute(responses).kept.tolist() == [0, 1]
    assert len(heard) == 2


def test_marks_are_sources_and_can_be_taken_back(responses):
    responses.mark(4.0)
    responses.mark(6.0)
    assert [one.title for one in responses.sources()] == ["Digital GPI 0", "Marks"]
    responses.pick("Marks")
    assert compute(responses).alignment.times_s.tolist() == [4, 6]
    responses.mark(4.1)
    assert compute(responses).alignment.times_s.tolist() == [6], "the mark there is taken away"
    responses.undo_mark()
    assert compute(responses).alignment.times_s.tolist() == [4, 6]


def test_a_table_is_read_and_looked_at(responses, tmp_path):
    path = tmp_path / "lick.csv"
    path.write_text("time,label\n4,left\n6,right\n")
    responses.read_table(path)
    responses.read_table(path)
    assert [one.title for one in responses.sources()] == ["Digital GPI 0", "lick", "lick 2"]
    assert responses.picked == "lick 2"
    computed = compute(responses)
    assert computed.alignment.conditions == ["left", "right"]
    assert (computed.difference.first, computed.difference.second) == ("left", "right")
    effects = computed.result.effects
    np.testing.assert_allclose(computed.difference.difference, effects[0] - effects[1])


def test_events_of_the_selected_cell_and_files_that_go(session, responses, opened, tmp_path):
    cells = session.recordings[0]
    events = opened(
        make_events(tmp_path / "e.isxd", {"C0": [3.0], "C1": [], "C2": [4]}, timing=cells.timing)
    )
    session.show([*session.recordings, events])
    session.select(session.group, [2])
    assert "Events of C2" in [one.title for one in responses.sources()]
    responses.pick("Events of C2")
    assert compute(responses).alignment.times_s.tolist() == [4]
    session.select(session.group, [0])
    assert responses.picked == "Events of C2", "the responses of the others to them are looked at"
    assert [one.title for one in responses.sources()][1:] == ["Events of C2", "Events of C0"]
    session.show([opened(make_movie(tmp_path / "m.isxd"))])
    assert responses.sources() == []


def test_events_of_another_day_are_not_those_of_the_cells(session, responses, opened, tmp_path):
    later = Timing.regular(200, 0.05, START.replace(day=START.day + 2))
    other = make_cells(tmp_path / "later.isxd", timing=later)
    session.show([*session.recordings, opened(other)])
    session.select(session.groups[1], [0])
    assert "Digital GPI 0" not in [one.title for one in responses.sources()]
    responses.pick_channel(session.channels[0])
    assert "was recorded on another day" in responses.computing()[0]
    session.select(session.groups[0], [0])
    assert compute(responses).kept.tolist() == [0, 1]


def test_a_table_moves_with_its_file_and_goes_with_it(session, responses, opened, tmp_path):
    path = tmp_path / "lick.csv"
    path.write_text("time,label\n4,left\n6,right\n")
    cells = session.recordings[0]
    responses.read_table(path)
    responses.exclude(responses.alignment(), 0)
    earlier = Timing.regular(200, 0.05, START - timedelta(seconds=5))
    session.show([*session.recordings, opened(make_cells(tmp_path / "early.isxd", timing=earlier))])
    alignment = responses.alignment()
    own_s = session.clock.placed(cells).to_session_s(np.array([4.0, 6.0]))
    assert own_s[0] == pytest.approx(9)
    np.testing.assert_allclose(alignment.times_s, own_s)
    assert [responses.reason(alignment, i) for i in range(2)] == ["by hand", None]
    session.show([opened(make_movie(tmp_path / "alone.isxd"))])
    assert responses.sources() == []


def test_an_excluded_trial_of_one_file_is_not_that_of_another(session, responses, opened, tmp_path):
    responses.pick("Digital GPI 0")
    responses.exclude(responses.alignment(), 0)
    gpio = {"Digital GPI 0": ([0, 3, 3.5, 5, 5.5, 9.9], [0, 1, 0, 1, 0, 1])}
    other = opened(make_gpio(tmp_path / "other.gpio", gpio, end_s=10))
    first = session.recordings
    session.show([first[0], other])
    assert responses.reason(responses.alignment(), 0) is None
    session.show(first)
    assert responses.reason(responses.alignment(), 0) == "by hand"


def test_the_clocks_of_a_table_are_those_of_the_cells_day(session, responses, opened, tmp_path):
    movie = opened(stamped_movie(tmp_path / "stamped.isxd", np.arange(40) * 0.05))
    later = Timing.regular(200, 0.05, START.replace(day=START.day + 2))
    other = opened(make_cells(tmp_path / "later.isxd", timing=later))
    session.show([*session.recordings, movie, other])
    session.select(session.groups[0], [0])
    clocks = responses.table_clocks()
    assert clocks["microseconds of the hardware of stamped.isxd"] == ("hardware", movie)
    assert clocks["seconds from the start of stamped.isxd"] == ("file", movie)
    assert "microseconds of the hardware of cells.isxd" not in clocks
    assert not any("later" in one for one in clocks)


def falling(responses):
    rule = replace(responses.settings.rule, edge="falling")
    responses.settings = replace(responses.settings, rule=rule)


def test_kept_sets_stand_beside_the_events_that_are_looked_at(responses):
    responses.pick("Digital GPI 0")
    assert responses.proposed_name == "Digital GPI 0 rising"
    responses.keep("on")
    falling(responses)
    responses.keep("off")
    responses.mark(4.0)
    responses.pick("Marks")
    _, steps = responses.computing()
    computed = list(steps())
    assert [one.alignment.name for one in computed] == ["Marks", "on", "off"]
    assert [one.is_beside for one in computed] == [False, True, True]
    np.testing.assert_allclose(computed[1].alignment.times_s, [3, 5, 9.9])
    np.testing.assert_allclose(computed[2].alignment.times_s, [3.5, 5.5])
    responses.look_at(responses.choices[0])
    assert responses.settings.rule.edge == "rising"
    assert [one.name for one in responses.alignments()] == ["on", "off"]


def test_kept_sets_are_renamed_and_removed(responses):
    responses.pick("Digital GPI 0")
    for name in ("tone", "tone", "  "):
        responses.keep(name)
    assert [one.name for one in responses.choices] == ["tone", "tone 2"]
    responses.rename(responses.choices[1], "tone")
    assert [one.name for one in responses.choices] == ["tone", "tone 2"]
    responses.rename(responses.choices[0], "light")
    assert [one.name for one in responses.choices] == ["light", "tone 2"]
    responses.forget(responses.choices[1])
    assert [one.name for one in responses.alignments()] == ["light"]


def test_a_trial_that_is_left_out_is_left_out_of_the_kept_set_too(responses):
    responses.pick("Digital GPI 0")
    responses.exclude(responses.alignment(), 1)
    responses.keep("on")
    responses.mark(4.0)
    responses.pick("Marks")
    _, steps = responses.computing()
    assert list(steps())[1].events.tolist() == [0, 2]


def test_a_kept_set_waits_for_its_file(session, responses):
    responses.pick("Digital GPI 0")
    responses.keep("on")
    cells, gpio = session.recordings
    session.show([cells])
    assert responses.closed_choices == ["on"]
    session.show([cells, gpio])
    assert responses.closed_choices == []


def test_a_channel_is_the_same_whatever_it_is_called(session, responses, opened, tmp_path):
    responses.pick("Digital GPI 0")
    responses.exclude(responses.alignment(), 0)
    line = {"Digital GPI 0": ([0, 1, 2], [0, 1, 0])}
    folders = [tmp_path / name for name in ("day", "night")]
    for folder in folders:
        folder.mkdir()
    others = [opened(make_gpio(folder / "g.gpio", line, end_s=10)) for folder in folders]
    session.show([*session.recordings, *others[:1]])
    assert responses.picked == f"Digital GPI 0 ({tmp_path.name}/g)"
    np.testing.assert_allclose(responses.alignment().times_s, [3, 5, 9.9])
    assert responses.reason(responses.alignment(), 0) == "by hand"
    session.show([*session.recordings, *others[1:]])
    titles = [one.title for one in responses.sources()]
    assert {"Digital GPI 0 (day/g)", "Digital GPI 0 (night/g)"} <= set(titles)
    responses.pick("Digital GPI 0 (night/g)")
    np.testing.assert_allclose(responses.alignment().times_s, [1.0])
    clocks = list(responses.table_clocks())
    assert "seconds from the start of day/g.gpio" in clocks


def epochs_of(responses):
    reason, steps = responses.computing_epochs()
    assert reason == ""
    (computed,) = steps()
    return computed


def test_a_channel_that_is_on_at_the_end_lasts_until_then(session, responses):
    responses.pick("Digital GPI 0")
    computed = epochs_of(responses)
    spans = computed.alignment.epochs["Digital GPI 0"]
    np.testing.assert_allclose(spans, [(3, 3.5), (5, 5.5), (9.9, 10)], atol=2e-3)
    falling(responses)
    again = epochs_of(responses)
    np.testing.assert_array_equal(again.result.effect, computed.result.effect)
    cells = session.group.cells
    is_on = np.zeros(200, bool)
    for start, stop in ((60, 70), (100, 110), (198, 200)):
        is_on[start:stop] = True
    expected = [cells.traces[[0, 2]][:, chosen].mean(axis=1) for chosen in (is_on, ~is_on)]
    np.testing.assert_allclose(computed.result.mean, expected, rtol=1e-6)
    np.testing.assert_allclose(computed.result.duration_s, [1.1, 8.9])


def test_marks_in_pairs_and_tables_are_epochs(responses, tmp_path):
    for time_s in (1.0, 2.0, 6.0, 7.5, 9.0):
        responses.mark(time_s)
    responses.pick("Marks")
    np.testing.assert_allclose(responses.alignment().epochs["Marks"], [(1, 2), (6, 7.5)])
    table = tmp_path / "states.csv"
    table.write_text("start,stop,label\n0,2,rest\n2,5,run\n6,8,rest\n")
    responses.read_table(table)
    computed = epochs_of(responses)
    assert computed.result.labels == ("rest", "run", "the rest")
    np.testing.assert_allclose(computed.result.duration_s, [4, 3, 3])


def test_rates_of_events_in_epochs(session, responses, opened, tmp_path):
    times_s = {"C0": [3.1, 3.2, 8.0], "C1": [], "C2": [5.2]}
    events = make_events(tmp_path / "cells-ED.isxd", times_s, num_samples=200, period_s=0.05)
    session.show([*session.recordings, opened(events)])
    assert session.group.events is not None
    responses.pick("Digital GPI 0")
    rates = epochs_of(responses).result.event_rate_hz
    np.testing.assert_allclose(rates, [[2 / 1.1, 1 / 1.1], [1 / 8.9, 0]])
