"""Channels of all that is open: what they are, which are shown, and their edges."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import GPIO, make_gpio, make_imu, make_tracked
from helpers.clock_files import stamped_gpio, stamped_movie
from helpers.scenes import make_cells, make_movie

from napari_isx.session.channel import Channel, channels_of
from napari_isx.session.channel_list import ChannelList
from napari_isx.session.session import Session
from napari_isx.timeline.clock import Clock


def named(channels) -> dict[str, Channel]:
    return {channel.name: channel for channel in channels}


def names(channels) -> list[str]:
    return [channel.name for channel in channels]


@pytest.fixture
def gpio(tmp_path, opened):
    return opened(make_gpio(tmp_path / "box.gpio"))


@pytest.fixture
def imu(tmp_path, opened):
    return opened(make_imu(tmp_path / "head.imu"))


@pytest.fixture
def channels(gpio) -> ChannelList:
    followed = ChannelList()
    followed.follow([gpio])
    return followed


def channel(values, kind="held", times_s=None) -> Channel:
    values = np.array(values, np.float32)
    times_s = np.arange(len(values), dtype=float) if times_s is None else np.array(times_s)
    return Channel("X", object(), kind, "", times_s, values)


def test_channels_of_a_box_are_told_when_they_change(gpio):
    found = named(channels_of(gpio))
    assert {name: one.kind for name, one in found.items() if name in GPIO} == {
        "Digital GPI 0": "digital",
        "GPIO-1": "held",
        "BNC Trigger Input": "digital",
        "BNC Sync Output": "digital",
        "EX-LED": "held",
        "OG-LED": "held",
        "Frame Count": "held",
    }
    for name in ("Digital GPI 0", "GPIO-1", "EX-LED", "BNC Sync Output"):
        times_s, values = GPIO[name]
        np.testing.assert_allclose(found[name].times_s, times_s)
        np.testing.assert_allclose(found[name].values, values)
        assert found[name].num_changes == len(values) - 1
    assert (found["GPIO-1"].units, found["EX-LED"].units) == ("counts", "mW/mm²")
    assert found["Digital GPI 0"].units == ""
    assert (found["OG-LED"].is_constant, found["OG-LED"].only_value) == (True, 0.0)
    assert found["GPIO-1"].only_value is None


def test_channels_of_the_head_are_sampled_regularly(imu):
    found = named(channels_of(imu))
    assert (found["Acc x"].kind, found["Acc x"].units) == ("dense", "g")
    assert (found["Ori yaw"].units, found["Mag x"].units) == ("rad", "counts")
    assert len(found["Acc x"].values) == 300
    assert found["Acc z"].is_constant
    assert (found["Mag x"].is_constant, found["Mag x"].only_value) == (True, None), "no values"


def test_other_recordings_have_no_channels(tmp_path, opened):
    assert channels_of(opened(make_movie(tmp_path / "m.isxd", 3))) == []
    assert channels_of(opened(make_cells(tmp_path / "c.isxd"))) == []


def zone(number, event, **more):
    return {"id": number, "name": f"z{number}", "event": event, **more}


def test_a_zone_is_a_line_that_is_on_while_the_animal_is_inside(tmp_path, opened):
    reported = [
        [],
        [zone(7, "e", trig="softTrig-2")],
        [zone(7, "o")],
        None,
        [zone(7, "x")],
        [],
        [zone(8, "e")],
    ]
    movie = opened(
        make_tracked(tmp_path / "b.isxb", reported, dropped=[2], names={7: "left", 9: "never"})
    )
    found = named(channels_of(movie))
    assert list(found) == ["Zone left", "Zone never", "Zone z8", "softTrig-2"]
    period = movie.timing.period_s

    def told(name):
        return dict(
            zip(
                np.rint(found[name].times_s / period).astype(int).tolist(),
                found[name].values.tolist(),
                strict=True,
            )
        )

    # Samples 0 to 7: sample 2 was dropped, and in sample 4 no animal was found.
    assert told("Zone left") == pytest.approx(
        {0: 0, 1: 1, 2: np.nan, 3: 1, 4: np.nan, 5: 0}, nan_ok=True
    )
    assert told("Zone z8") == pytest.approx(
        {0: 0, 2: np.nan, 3: 0, 4: np.nan, 5: 0, 7: 1}, nan_ok=True
    )
    assert found["Zone never"].is_constant
    assert told("softTrig-2")[1] == 1
    assert found["Zone left"].kind == "digital"
    assert found["Zone left"].edges_s.tolist() == pytest.approx([period])


def test_a_movie_without_a_tracker_has_no_zones(tmp_path, opened):
    assert channels_of(opened(make_tracked(tmp_path / "b.isxb", [None, None]))) == []


def test_what_is_lost_is_a_value_of_its_own(tmp_path, opened):
    gpio = opened(make_gpio(tmp_path / "lost.gpio", lost_at_s=3.0))
    found = named(channels_of(gpio))["Digital GPI 0"]
    assert np.isnan(found.values).sum() == 1
    assert found.num_changes == 4


def test_edges_of_a_line_are_its_changes():
    edges = channel([0, 1, 0, 1], "digital", [0, 1, 2, 5]).edges_s
    assert edges.tolist() == [1, 2, 5]


def test_what_changed_while_data_were_lost_has_no_time():
    edges = channel([0, np.nan, 1, 0, np.nan, 0], "digital").edges_s
    assert edges.tolist() == [3]


def test_levels_of_a_lamp_are_edges_and_the_noise_of_a_voltage_is_none():
    assert channel([0, 0.4, 0.8, 0]).edges_s.tolist() == [1, 2, 3]
    rng = np.random.default_rng(1)
    square = np.repeat([0, 1, 0, 1, 0], 200) * 5000
    noisy = channel(square + rng.normal(0, 300, 1000))
    assert len(np.unique(noisy.values)) > 900
    assert noisy.edges_s.tolist() == [200, 400, 600, 800]


def test_edges_of_little():
    assert len(channel([]).edges_s) == 0
    assert len(channel([1]).edges_s) == 0
    assert len(channel([], "dense").edges_s) == 0
    assert len(channel([np.nan, np.nan], "dense").edges_s) == 0
    assert len(channel([3, np.inf, 3]).edges_s) == 0


def test_what_changes_comes_first_and_is_shown(channels):
    assert names(channels)[:6] == [
        *("Digital GPI 0", "GPIO-1", "BNC Trigger Input", "EX-LED"),
        *("BNC Sync Output", "Frame Count"),
    ]
    assert names(channels.shown) == ["Digital GPI 0", "GPIO-1", "BNC Trigger Input", "EX-LED"]
    assert all(one.is_constant for one in list(channels)[6:])


def test_of_many_channels_the_first_are_shown_and_some_of_each_file(tmp_path, opened, imu):
    many = {f"Digital GPI {i}": ([0, 1], [0, 1]) for i in range(8)}
    many |= {f"GPIO-{i}": ([0, 1], [0, 160]) for i in range(1, 5)}
    many |= {"EX-LED": ([0, 1], [0, 1])}
    channels = ChannelList()
    channels.follow([opened(make_gpio(tmp_path / "many.gpio", many))])
    assert names(channels.shown) == [*(f"Digital GPI {i}" for i in range(8)), *list(many)[8:12]]
    channels.follow([channels[0].recording, imu])
    assert names(channels.shown)[12:] == ["Acc x", "Acc y", "Ori yaw"]


def test_what_the_user_chose_stays_while_the_file_is_open(channels, gpio, imu):
    first, last = channels[0], list(channels)[-1]
    channels.show([first], False)
    channels.show([last])
    channels.reorder([len(channels) - 1, *range(len(channels) - 1)])
    order = list(channels)
    assert order[0] is last
    channels.follow([gpio, imu])
    assert list(channels)[: len(order)] == order
    assert first not in channels.shown
    assert channels.shown[0] is last
    channels.follow([imu])
    assert {one.recording for one in channels} == {imu}
    channels.follow([gpio, imu])
    assert named(channels)["Digital GPI 0"] in channels.shown, "a file that is opened again"


def test_an_order_of_some_leaves_the_others_behind_their_neighbors(channels):
    before = list(channels)
    channels.reorder([3, 0, 2])
    assert list(channels) == [before[3], *before[4:], before[0], before[1], before[2]]


def test_only_changing_channels_can_be_listed(channels):
    assert channels.listed == list(range(6))
    channels.show([channels[7]])
    assert channels.listed == [*range(6), 7], "what is shown is listed"
    channels.only_changing = False
    assert channels.listed == list(range(len(channels)))


def test_it_tells_once_of_what_changed(channels, gpio):
    told = []
    channels.changed.connect(lambda: told.append("changed"))
    channels.selection_changed.connect(lambda: told.append("selection"))
    channels.follow([gpio])
    channels.show(channels.shown)
    channels.reorder(range(len(channels)))
    channels.select([])
    channels.only_changing = True
    assert told == []
    channels.select([channels[0], channels[0]])
    assert channels.selected == (channels[0],)
    channels.show([channels[0]], False)
    assert told == ["selection", "changed"]
    channels.follow([])
    assert told[2:] == ["changed", "selection"]
    assert channels.selected == ()


def test_a_broken_file_is_told_of_and_the_others_are_there(gpio, tmp_path, opened):
    broken = opened(make_imu(tmp_path / "broken.imu"))
    broken.path.write_bytes(b"")
    channels = ChannelList()
    channels.follow([broken, gpio])
    assert list(channels.problems) == ["broken.imu"]
    assert {one.recording for one in channels} == {gpio}
    channels.follow([gpio])
    assert channels.problems == {}


def steps(channels, clock, now_s, direction):
    seen = []
    while (time_s := channels.edge_time_s(direction, now_s, clock)) is not None:
        seen.append(time_s)
        now_s = time_s
    return seen


def test_edges_are_stepped_through_like_events(channels, gpio):
    clock = Clock([gpio])
    line, voltage = channels[0], channels[1]
    channels.select([line])
    assert steps(channels, clock, -1.0, 1) == pytest.approx([1, 2, 5, 5.001])
    assert steps(channels, clock, 9.0, -1) == pytest.approx([5.001, 5, 2, 1])
    channels.select([line, voltage])
    assert steps(channels, clock, 0.0, 1) == pytest.approx([0.5, 1, 2, 3, 5, 5.001])
    channels.select([])
    assert steps(channels, clock, 0.0, 1) == pytest.approx([1, 2, 4, 5, 5.001])
    channels.show(channels.shown, False)
    assert steps(channels, clock, 0.0, 1) == []


def test_edges_have_session_times(tmp_path, opened):
    movie = opened(stamped_movie(tmp_path / "m.isxd", 2 + np.arange(40) * 0.05))
    box = opened(stamped_gpio(tmp_path / "g.gpio", np.array([2.5, 3.0]), start_s=2.5, first_s=2.5))
    session = Session()
    session.show([movie, box])
    assert session.edge_time_s(1) == pytest.approx(1.0)
    session.cursor.move_to(1.0)
    assert session.edge_time_s(1) is None
    session.cursor.move_to(1.5)
    assert session.edge_time_s(-1) == pytest.approx(1.0)
