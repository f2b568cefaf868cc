"""Events of both layouts, against `isx` and against a plain reimplementation of its rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import EventSet, IsxFileError, Signal, open_isx

START_US = 1_600_000_000_123_000


def isx_events(isx, path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """All events by name, which is how `isx` looks them up."""
    theirs = isx.EventSet.read(str(path))
    names = [theirs.get_cell_name(i) for i in range(theirs.num_cells)]
    events = {name: theirs.get_cell_data(names.index(name)) for name in names}
    del theirs
    return events


def through_floats(offsets_us: np.ndarray) -> np.ndarray:
    """What `isx` makes of offsets: seconds and back, which loses a microsecond now and then."""
    return (offsets_us / 1e6 * 1e6).astype(np.uint64)


def assert_equals_isx(isx, path: Path) -> None:
    theirs = isx_events(isx, path)
    with open_isx(path) as events:
        assert list(dict.fromkeys(events.names)) == list(theirs)
        for name, (offsets, values) in theirs.items():
            ours = events.events(name)
            np.testing.assert_array_equal(through_floats(ours.offsets_us), offsets)
            assert ours.values.tobytes() == values.tobytes()


@pytest.mark.parametrize("count", [0, 1, 2, 40, 5000])
@pytest.mark.parametrize("indent", [4, None])
def test_random_packets_equal_isx(isx, tmp_path, count, indent):
    names = recordings.UNICODE_NAMES
    data = recordings.some_packets(count, len(names) - 1)
    path = recordings.write_events(tmp_path / "e.isxd", names, data)
    assert_equals_isx(isx, path)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.floats(width=32)), max_size=30),
    st.integers(1, 3),
)
@settings(max_examples=60)
def test_few_packets_with_many_ties_equal_isx(isx, tmp_path, rows, channels):
    data = recordings.packets((t, c, v) for t, c, v in rows if c < channels)
    path = recordings.write_events(tmp_path / "e.isxd", ["a", "b", "c"][:channels], data)
    assert_equals_isx(isx, path)


def test_of_equal_offsets_the_last_in_the_file_counts(tmp_path):
    data = recordings.packets([(5, 0, 1), (3, 0, 2), (5, 1, 9), (5, 0, 3), (3, 0, 4)])
    path = recordings.write_events(tmp_path / "e.isxd", ["a", "b"], data)
    with open_isx(path) as events:
        signal = events.events("a")
        assert isinstance(signal, Signal)
        assert signal.offsets_us.tolist() == [3, 5]
        assert signal.values.tolist() == [4, 3]
        assert signal.times_s.tolist() == [3e-6, 5e-6]
        assert (signal.offsets_us.dtype, signal.values.dtype) == (np.uint64, np.float32)
        assert len(signal) == 2


def test_events_by_index_name_and_numpy_integer(tmp_path):
    path = recordings.write_events(
        tmp_path / "e.isxd", ["a", "ä"], recordings.packets([(1, 0, 1), (2, 1, 2)])
    )
    with open_isx(path) as events:
        assert isinstance(events, EventSet)
        assert events.num_cells == 2
        assert repr(events) == "<EventSet 'e.isxd': events of 2 cells over 100 s>"
        for key in ("ä", 1, -1, np.uint8(1)):
            assert events.events(key).offsets_us.tolist() == [2]
        for index in (2, -3, 2**70):
            with pytest.raises(IndexError, match="2"):
                events.events(index)
        with pytest.raises(KeyError, match="b"):
            events.events("b")


def test_signals_cannot_be_written_into(tmp_path):
    data = recordings.packets([(1, 0, 1), (2, 0, 2)])
    with open_isx(recordings.write_events(tmp_path / "e.isxd", ["a"], data)) as events:
        for array in (events.events(0).offsets_us, events.events(0).values):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_packets_of_unlisted_channels_are_left_out(tmp_path):
    rows = [(1, 0, 1), (2, 2, 2), (3, 2**64 - 1, 3), (4, 1, 4)]
    path = recordings.write_events(tmp_path / "e.isxd", ["a", "b"], recordings.packets(rows))
    with open_isx(path) as events:
        assert [events.events(i).offsets_us.tolist() for i in range(2)] == [[1], [4]]


@pytest.mark.parametrize("part", [slice(None, -1), slice(1, None), slice(-13)])
def test_bytes_that_are_no_whole_packets_are_an_error(tmp_path, part):
    data = recordings.some_packets(9, 2)
    path = recordings.write_events(tmp_path / "e.isxd", ["a", "b"], data)
    payload, footer = recordings.split(path)
    recordings.write(path, payload[part], footer)
    with pytest.raises(IsxFileError, match="packets of 20 bytes"):
        open_isx(path)


def test_a_set_without_cells(tmp_path):
    with open_isx(recordings.write_events(tmp_path / "e.isxd", [], recordings.packets([]))) as e:
        assert e.num_cells == 0
        with pytest.raises(IndexError):
            e.events(0)


def test_offsets_are_exact_beyond_what_floats_hold(tmp_path):
    offsets = [2**53 + 1, 2**63 + 3, 2**64 - 1]
    data = recordings.packets((offset, 0, 1) for offset in offsets)
    with open_isx(recordings.write_events(tmp_path / "e.isxd", ["a"], data)) as events:
        assert events.events(0).offsets_us.tolist() == offsets


def test_more_channels_than_16_bits_can_number(tmp_path):
    names = [f"{i}" for i in range(70_000)]
    data = recordings.packets([(9, 69_999, 1), (8, 65_536, 2), (7, 0, 3)])
    with open_isx(recordings.write_events(tmp_path / "e.isxd", names, data)) as events:
        found = [events.events(i).offsets_us.tolist() for i in (0, 1, 65_536, 69_999)]
    assert found == [[7], [], [8], [9]]


def test_stored_metrics_become_a_table(tmp_path):
    metrics = [[1, None, *range(3, 10)], {}, None]
    path = recordings.write_events(
        tmp_path / "e.isxd", ["a", "b", "c"], recordings.packets([]), metrics=metrics
    )
    with open_isx(path) as events:
        table = events.metrics
    assert list(table.columns[:3]) == ["snr", "mad", "event_rate_hz"]
    assert table.shape == (3, 9)
    assert table.loc[0, "snr"] == 1
    assert table.loc[0, "decay_sd_s"] == 9
    assert np.isnan(table.loc[0, "mad"])
    assert table.loc[1:].isna().all(axis=None)


def test_no_metrics_are_none_and_metrics_of_no_cells_are_empty(tmp_path):
    none = recordings.write_events(tmp_path / "e.isxd", ["a"], recordings.packets([]))
    with open_isx(none) as events:
        assert events.metrics is None
    empty = recordings.write_events(tmp_path / "f.isxd", [], recordings.packets([]), metrics=[])
    with open_isx(empty) as events:
        assert events.metrics.shape == (0, 9)


@pytest.mark.parametrize(
    "metrics",
    [
        [[1] * 9] * 8,
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [[1] * 8] * 9,
        [[[1, 2, 3]] * 3] * 9,
        [{"snr": 1}] * 9,
        [["x"] * 9] * 9,
        [[10**4000] * 9] * 9,
        "text",
        5,
    ],
)
def test_metrics_of_another_form_are_an_error(tmp_path, metrics):
    names = [f"C{i}" for i in range(9)]
    path = recordings.write_events(
        tmp_path / "e.isxd", names, recordings.packets([]), metrics=metrics
    )
    with open_isx(path) as events, pytest.raises(IsxFileError, match="metrics"):
        _ = events.metrics


V1_TIMES = st.integers(0, 10**8).map(lambda us: START_US + us)
V1_ROWS = st.lists(
    st.tuples(V1_TIMES, st.sampled_from([0.0, -0.0, 1.5, -1.5, 7.25, -3.0])), max_size=12
)


@given(st.dictionaries(st.sampled_from(["b", "a", "ä", "GPIO4_AI", "B"]), V1_ROWS), st.booleans())
@settings(max_examples=60)
def test_the_old_layout_equals_isx(isx, tmp_path, channels, analog):
    data = {
        name: recordings.v1_packets(*zip(*rows, strict=True))
        for name, rows in channels.items()
        if rows
    }
    if not data:
        return
    path = recordings.write_v1_events(tmp_path / "e.isxd", data, analog)
    theirs = isx_events(isx, path)
    with open_isx(path) as events:
        assert events.names == list(theirs) == sorted(data, key=str.encode)
        for name, (offsets, values) in theirs.items():
            ours = events.events(name)
            # isx goes through seconds since the epoch, where a float has a quarter microsecond.
            assert np.all(np.abs(ours.offsets_us.astype(np.int64) - offsets.astype(np.int64)) <= 1)
            assert ours.values.tobytes() == values.tobytes()


def test_old_logical_channels_have_states_and_analog_ones_magnitudes(tmp_path):
    times = [START_US + i for i in range(4)]
    data = {"x": recordings.v1_packets(times, [0.0, -0.0, 2.5, -2.5])}
    for analog, expected in ((False, [0, 1, 0, 2.5]), (True, [0, 0, 2.5, 2.5])):
        path = recordings.write_v1_events(tmp_path / "e.isxd", data, analog)
        with open_isx(path) as events:
            assert events.events("x").values.tolist() == expected
            assert events.events("x").offsets_us.tolist() == [0, 1, 2, 3]


def test_an_old_analog_channel_without_count_runs_to_the_end(tmp_path):
    data = {"GPIO4_AI": recordings.v1_packets([START_US, START_US + 5], [1, -2])}
    path = recordings.write_v1_events(tmp_path / "e.isxd", data, analog=None, count=0)
    with open_isx(path) as events:
        assert events.events(0).values.tolist() == [1, 2]


def test_an_old_event_before_the_start_is_at_the_start(tmp_path):
    data = {"x": recordings.v1_packets([START_US - 7, START_US + 7], [-1, -2])}
    with open_isx(recordings.write_v1_events(tmp_path / "e.isxd", data)) as events:
        assert events.events("x").offsets_us.tolist() == [0, 7]


def test_the_old_layout_has_its_timing_as_movies_have(tmp_path):
    data = {"x": recordings.v1_packets([START_US], [-1])}
    with open_isx(recordings.write_v1_events(tmp_path / "e.isxd", data)) as events:
        assert events.timing.num_samples == 1000
        assert events.timing.period == (1, 10)
        assert events.metrics is None
        assert events.acquisition_info == {}


@pytest.mark.parametrize("count", [3, 2**60])
def test_an_old_channel_that_claims_more_packets_than_there_is_room_for(tmp_path, count):
    data = {"x": recordings.v1_packets([START_US], [-1])}
    path = recordings.write_v1_events(tmp_path / "e.isxd", data, count=count)
    with open_isx(path) as events, pytest.raises(IsxFileError, match="Number of Packets"):
        events.events("x")


def test_old_channels_that_share_their_bytes_are_not_multiplied(tmp_path):
    data = {"x": recordings.v1_packets(range(START_US, START_US + 20_000), np.ones(20_000))}
    path = recordings.write_v1_events(tmp_path / "e.isxd", data)
    recordings.edit(path, **{"channel offsets": {f"{i}": 0 for i in range(1000)}})
    with open_isx(path) as events, pytest.raises(IsxFileError, match="channel offsets"):
        events.events(0)


def test_infinity_in_an_old_logical_channel_is_that_of_isx_and_no_warning(isx, tmp_path):
    data = recordings.v1_packets([START_US, START_US + 5], [np.inf, -np.inf])
    path = recordings.write_v1_events(tmp_path / "e.isxd", {"a": data})
    assert_equals_isx(isx, path)
