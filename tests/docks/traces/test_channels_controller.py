"""GPIO, IMU and zones in the dock, and what the dock says of the clock."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from weakref import ref

import numpy as np
import pytest
from helpers.channel_files import make_gpio, make_imu, make_tracked
from helpers.clock_files import stamped_behavior, stamped_gpio, stamped_movie
from helpers.scenes import make_cells, make_movie
from helpers.vessel_files import make_vessels
from napari.utils.notifications import notification_manager

from napari_isx import Timing, write_movie
from napari_isx.docks.common.shortcuts import COMMANDS

SHOWN = ["Digital GPI 0", "GPIO-1", "BNC Trigger Input", "EX-LED"]
EVEN = np.arange(100) * 0.05


@pytest.fixture
def gpio(tmp_path):
    return make_gpio(tmp_path / "box.gpio")


def listed(view):
    return [item.name for item in view.channels]


def place_of(view, name):
    return next(item.place for item in view.channels if item.name == name)


def test_channels_are_shown_without_any_cells(stage, gpio):
    told = []
    stage.coordinator.opened.connect(lambda: told.append(True))
    stage.open(gpio)
    assert told == [True], "the dock is offered"
    assert stage.view.groups == ([], -1)
    assert stage.view.drawn_channels == SHOWN
    assert stage.view.num_channels_shown == 4
    assert listed(stage.view) == [*SHOWN, "BNC Sync Output", "Frame Count"]
    stage.viewer.layers.clear()
    assert (stage.view.drawn_channels, stage.view.channels) == ([], [])


def test_zones_of_a_tracked_animal_are_channels(stage, tmp_path):
    zone = {"id": 1, "name": "left", "event": "e"}
    stage.open(make_tracked(tmp_path / "b.isxb", [[], [zone], []]))
    assert stage.view.drawn_channels == ["Zone left"]
    assert stage.coordinator.has_something_to_show


def test_channels_stay_below_cells_that_are_selected(stage, gpio, tmp_path):
    stage.open(gpio, make_cells(tmp_path / "cells.isxd"))
    stage.view.cells_picked.emit([1])
    assert stage.view.drawn == ["C1"]
    assert stage.view.drawn_channels == SHOWN


def test_what_is_listed_says_what_it_is(stage, gpio):
    stage.open(gpio)
    stage.view.only_changing_picked.emit(False)
    assert not stage.view.only_changing
    items = {item.name: item for item in stage.view.channels}
    assert (items["EX-LED"].kind, items["EX-LED"].is_shown) == ("held", True)
    assert items["EX-LED"].tip.splitlines() == [
        "EX-LED: stored when it changes, in mW/mm²",
        "1 change",
        "box.gpio",
    ]
    assert "never changes: 0" in items["OG-LED"].tip
    assert items["OG-LED"].is_constant
    assert not items["OG-LED"].is_shown


def test_channels_are_hidden_shown_and_reordered(stage, gpio):
    stage.open(gpio)
    view = stage.view
    view.channels_toggled.emit([place_of(view, "GPIO-1"), place_of(view, "EX-LED")], False)
    assert view.drawn_channels == ["Digital GPI 0", "BNC Trigger Input"]
    view.channels_toggled.emit([place_of(view, "Frame Count")], True)
    assert view.drawn_channels == ["Digital GPI 0", "BNC Trigger Input", "Frame Count"]
    order = [item.place for item in view.channels]
    view.channels_ordered.emit([order[-1], *order[:-1]])
    assert view.drawn_channels == ["Frame Count", "Digital GPI 0", "BNC Trigger Input"]
    assert listed(view)[0] == "Frame Count"
    view.channels_toggled.emit([place_of(view, name) for name in listed(view)], False)
    assert view.drawn_channels == []


def test_hiding_a_channel_leaves_the_rows_of_the_others_alone(stage, gpio):
    stage.open(gpio)
    before = stage.view.channel_rows
    stage.view.channels_toggled.emit([place_of(stage.view, "GPIO-1")], False)
    assert [id(row) for row in stage.view.channel_rows] == [
        id(row) for row in before if row.name != "GPIO-1"
    ]


def test_rows_move_when_an_earlier_file_moves_the_clock(stage, tmp_path):
    stage.open(stamped_gpio(tmp_path / "g.gpio", np.array([2.5, 3.0]), start_s=2.5, first_s=2.5))
    assert stage.view.channel_rows[0].times_s[0] == pytest.approx(0)
    stage.open(stamped_movie(tmp_path / "m.isxd", 2 + EVEN))
    assert stage.view.channel_rows[0].times_s[0] == pytest.approx(0.5)


def test_j_steps_from_edge_to_edge(stage, gpio, tmp_path):
    stage.open(gpio, make_movie(tmp_path / "movie.isxd", 200))
    stage.view.channels_picked.emit([place_of(stage.view, "Digital GPI 0")])
    assert stage.view.picked_channels == [place_of(stage.view, "Digital GPI 0")]
    stage.viewer.dims.set_point(0, 0.0)
    seen = []
    for key in ["next_edge"] * 5 + ["previous_edge"] * 4:
        COMMANDS[key].act(stage.coordinator)
        seen.append(stage.session.cursor.time_s)
    assert seen == pytest.approx([1, 2, 5, 5.001, 5.001, 5, 2, 1, 1])
    assert stage.viewer.dims.point[0] == pytest.approx(1.0)


def test_j_steps_through_zones_and_lines_where_none_is_picked(stage, tmp_path):
    stage.open(make_imu(tmp_path / "h.imu"))
    before = stage.session.cursor.time_s
    COMMANDS["next_edge"].act(stage.coordinator)
    assert stage.session.cursor.time_s == before, "head movement has no edges"


def test_a_file_whose_channels_cannot_be_read_is_told_of_once(stage, tmp_path, monkeypatch):
    from napari_isx.io.gpio.gpio_set import GpioSet

    def fails(self, channel):
        raise OSError("the disk is gone")

    monkeypatch.setattr(GpioSet, "channel", fails)
    before = len(notification_manager.records)
    stage.open(make_imu(tmp_path / "h.imu"), make_movie(tmp_path / "movie.isxd"))
    (message,) = [record.message for record in notification_manager.records[before:]]
    assert "h.imu" in message
    assert "the disk is gone" in message
    assert stage.view.drawn_channels == []


def test_a_dock_that_comes_late_shows_channels_and_clock(stage, gpio):
    stage.open(gpio)
    stage.view.channels_picked.emit([1])
    late = stage.another_dock()
    assert late.drawn_channels == SHOWN
    assert listed(late) == listed(stage.view)
    assert late.picked_channels == [1]
    assert late.clock == stage.view.clock


def test_what_was_made_of_closed_files_is_not_kept_alive(stage, gpio, tmp_path):
    stage.open(gpio, make_vessels(tmp_path / "flow.isxd"))
    stage.view.channels_picked.emit([0])
    stage.view.cells_picked.emit([0])
    gone = [ref(one) for one in (*stage.session.channels, *stage.session.groups)]
    gone += [ref(row) for row in stage.view.channel_rows]
    assert len(gone) > 10
    stage.viewer.layers.clear()
    assert stage.session.channels.selected == ()
    stage.view.channel_rows, stage.view.rows = [], []
    gc.collect()
    assert [one() for one in gone if one() is not None] == []


def test_how_well_files_line_up_is_a_number(stage, tmp_path):
    stage.open(stamped_movie(tmp_path / "movie.isxd", 2 + EVEN))
    stage.open(stamped_behavior(tmp_path / "camera.isxb", 2 + np.arange(150) / 30))
    words = stage.view.clock
    assert words.text.startswith("aligned to ")
    assert words.text.endswith(" ms")
    assert not words.is_serious
    assert "movie.isxd" in words.details
    assert "by the hardware counter" in words.details


def test_over_half_a_frame_is_a_warning_in_words(stage, tmp_path):
    taken = EVEN.copy()
    taken[50:] += 1.0
    (raw,) = stage.open(stamped_movie(tmp_path / "raw.isxd", taken, uuid=None))
    assert not stage.view.clock.is_serious
    stage.open(make_movie(tmp_path / "processed.isxd", 100, raw.timing.period_s))
    words = stage.view.clock
    assert words.is_serious
    assert words.text == "⚠ 481 ms apart, over half a frame"
    assert words.details.startswith("raw.isxd and processed.isxd are up to 481 ms apart (at ")


def test_a_movie_alone_is_compared_with_its_own_timestamps(stage, tmp_path):
    taken = EVEN.copy()
    taken[50:] += 1.0
    stage.open(stamped_movie(tmp_path / "raw.isxd", taken))
    assert stage.view.clock.text.startswith("frames on time to ")
    stage.open(make_imu(tmp_path / "h.imu"))
    assert stage.view.clock.text.endswith(" ms · by start times")


def test_channels_alone_line_up_with_nothing(stage, gpio):
    stage.open(gpio)
    assert stage.view.clock.text == ""


def test_files_that_were_not_compared_are_counted(stage, tmp_path):
    stage.open(
        stamped_movie(tmp_path / "movie.isxd", 2 + EVEN),
        stamped_behavior(tmp_path / "camera.isxb", 2 + np.arange(150) / 30),
        make_imu(tmp_path / "h.imu"),
    )
    assert stage.view.clock.text.endswith(" ms · 1 file by start time alone")
    unknown = Timing.regular(4, 0.05, datetime(1970, 1, 1, tzinfo=UTC))
    write_movie(tmp_path / "m.isxd", np.zeros((4, 3, 5), np.uint16), timing=unknown)
    stage.open(tmp_path / "m.isxd")
    assert stage.view.clock.text.endswith(
        " ms · 1 file by start time alone · ⚠ 1 file without start time, from 0 s"
    )
    assert stage.view.clock.is_serious
    stage.viewer.layers.remove("IMU · h")
    assert stage.view.clock.text.endswith(" ms · ⚠ 1 file without start time, from 0 s")


def test_without_hardware_time_it_is_the_start_times(stage, tmp_path):
    assert stage.view.clock.text == ""
    stage.open(make_movie(tmp_path / "movie.isxd"))
    assert stage.view.clock.text == ""
    stage.open(make_cells(tmp_path / "cells.isxd"))
    assert stage.view.clock.text == "by start times"
    assert "cells.isxd: from 0.000 s, by its start time" in stage.view.clock.details
