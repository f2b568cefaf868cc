"""What traces are aligned to, in session time."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio
from helpers.clock_files import stamped_gpio, stamped_movie
from helpers.scenes import make_cells, make_events

from napari_isx import CellSet, Timing, open_isx
from napari_isx.session.alignment import (
    Alignment,
    PulseRule,
    cell_events,
    channel_events,
    own_times_s,
    part_starts,
    read_event_table,
    unique_name,
)
from napari_isx.session.channel import channels_of
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock


def channel(recording, name):
    return next(one for one in channels_of(recording) if one.name == name)


def test_edges_of_a_channel(tmp_path, opened):
    gpio = opened(make_gpio(tmp_path / "g.gpio"))
    clock, line = Clock([gpio]), channel(gpio, "Digital GPI 0")
    rising = channel_events(line, PulseRule(), clock)
    assert rising.name == "Digital GPI 0 rising"
    np.testing.assert_allclose(rising.times_s, [1, 5], atol=2e-3)
    np.testing.assert_allclose(rising.stops_s, [2, 5.001], atol=2e-3)
    falling = channel_events(line, PulseRule("falling", min_length_s=0.1), clock)
    np.testing.assert_allclose(falling.times_s, [2], atol=2e-3)
    assert falling.stops_s is None
    assert "falling edges at 50 % of the maximum (hysteresis 10 %)" in falling.source
    voltage = channel_events(channel(gpio, "GPIO-1"), PulseRule(threshold=0.15), clock)
    np.testing.assert_allclose(voltage.times_s, [0.5], atol=2e-3)
    trigger = channel_events(channel(gpio, "BNC Trigger Input"), PulseRule(), clock)
    np.testing.assert_allclose(trigger.times_s, [4], atol=2e-3)
    assert trigger.stops_s is None, "it is on when the recording ends"


def test_events_are_in_session_time_and_back(tmp_path, opened):
    movie = opened(stamped_movie(tmp_path / "m.isxd", 2 + np.arange(40) * 0.05))
    box = opened(stamped_gpio(tmp_path / "g.gpio", np.array([2.5, 3.0]), start_s=2.5, first_s=2.5))
    clock = Clock([movie, box])
    line = next(one for one in channels_of(box) if not one.is_constant)
    found = channel_events(line, PulseRule(), clock)
    later_s = found.times_s[0]
    assert 0.5 <= later_s <= 1.0
    np.testing.assert_allclose(
        own_times_s(found.times_s, clock.placed(box)), found.times_s - 0.5, atol=1e-6
    )


def test_events_of_a_cell_and_starts_of_parts(tmp_path, opened):
    cells, events = (
        opened(make_cells(tmp_path / "c.isxd")),
        opened(make_events(tmp_path / "e.isxd")),
    )
    group = CellGroup(cells, events)
    clock = Clock([cells, events])
    found = cell_events(group, 0, clock)
    assert found.name == "Events of C0"
    np.testing.assert_allclose(found.times_s, [0.3, 1.2])
    assert part_starts(cells, clock).times_s.tolist() == [0]


def test_parts_of_a_series(tmp_path):
    start = Timing.regular(0, 1.0).start.replace(year=2026)
    paths = []
    for i, later_s in enumerate((0, 10, 20)):
        timing = Timing.regular(20, 0.1, start.replace(second=later_s))
        paths.append(make_cells(tmp_path / f"c-00{i}.isxd", timing=timing))
    with open_isx(paths) as series:
        assert isinstance(series, CellSet)
        parts = part_starts(series, Clock([series]))
        assert parts.times_s.tolist() == [0, 10, 20]
        assert list(parts.epochs) == ["Part 1", "Part 2", "Part 3"]
        np.testing.assert_allclose(parts.epochs["Part 3"], [(20, 22)])


@pytest.mark.parametrize(
    ("text", "times", "labels", "stops"),
    [
        ("time,label\n2,b\n1,a\n", [1, 2], ("a", "b"), None),
        ("Time (s), State\n1.5, x\n", [1.5], (), None),
        ("start,stop,label\n1,2,\n3,4,b\n", [1, 3], ("", "b"), [2, 4]),
        ("0.5\n0.7\n", [0.5, 0.7], (), None),
        ("0.5,go\n0.7,no go\n", [0.5, 0.7], ("go", "no go"), None),
        ("time\n", [], (), None),
    ],
)
def test_tables_of_events(tmp_path, text, times, labels, stops):
    path = tmp_path / "lick.csv"
    path.write_text(text)
    table = read_event_table(path)
    assert (table.name, table.times_s.tolist(), table.labels) == ("lick", times, labels)
    assert (None if table.stops_s is None else table.stops_s.tolist()) == stops


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("when,what\n1,a\n", "has no column called time or start. Its columns are: when, what"),
        ("time\n1\nnever\n", "Event 2 of t.csv has no time: 'never'"),
        ("start,stop\n3,2\n", "Event 1 of t.csv stops before it starts"),
        ("", "is no table of events"),
        ("\x00\x01\x02", "t.csv"),
    ],
)
def test_tables_that_cannot_be_are_named(tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_event_table(path)


def test_tables_by_the_clock_of_a_file_or_of_the_hardware(tmp_path, opened):
    path = tmp_path / "t.csv"
    movie = opened(stamped_movie(tmp_path / "m.isxd", 2 + np.arange(40) * 0.05))
    box = opened(stamped_gpio(tmp_path / "g.gpio", np.array([2.5, 3.0]), start_s=2.5, first_s=2.5))
    cells = opened(make_cells(tmp_path / "c.isxd"))
    clock = Clock([movie, box])
    path.write_text("time\n0.25\n")
    assert read_event_table(path, "file", clock.placed(box)).times_s == pytest.approx([0.75])
    path.write_text(f"time\n{clock.placed(movie).hardware.start_us + 750_000}\n")
    hardware = read_event_table(path, "hardware", clock.placed(movie))
    assert hardware.times_s == pytest.approx([0.75])
    with pytest.raises(ValueError, match=r"c\.isxd has no hardware counter"):
        read_event_table(path, "hardware", Clock([cells]).placed(cells))
    with pytest.raises(ValueError, match="choose which of the open files"):
        read_event_table(path, "file")


def test_conditions_and_names():
    table = Alignment("a", np.array([2.0, 1.0, 3.0]), ("x", "y", "x"))
    assert table.labels == ("y", "x", "x")
    assert table.conditions == ["y", "x"]
    assert unique_name("lick", ["lick", "lick 2"]) == "lick 3"
