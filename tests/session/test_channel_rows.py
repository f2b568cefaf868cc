"""What is drawn of channels and of vessels."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.channel_files import make_gpio, make_imu
from helpers.clock_files import stamped_gpio, stamped_movie
from helpers.vessel_files import make_vessels
from hypothesis import given
from hypothesis import strategies as st

from napari_isx import Timing
from napari_isx.session.channel import Channel, channels_of
from napari_isx.session.groups import VesselGroup
from napari_isx.session.plot_rows import channel_row, thin_steps, trace_rows
from napari_isx.timeline.clock import Clock


def row_of(recording, name):
    (channel,) = (one for one in channels_of(recording) if one.name == name)
    return channel_row(channel, Clock([recording]))


def test_a_value_is_held_until_the_recording_ends(tmp_path, opened):
    gpio = opened(make_gpio(tmp_path / "g.gpio"))
    row = row_of(gpio, "Digital GPI 0")
    assert (row.name, row.units, row.style, row.status) == ("Digital GPI 0", "", "digital", None)
    np.testing.assert_allclose(row.times_s, [0, 1, 2, 5, 5.001, 6.0], atol=2e-3)
    assert row.values.tolist() == [0, 1, 0, 1, 0, 0]
    assert row.times_s[-1] == pytest.approx(gpio.timing.duration_s)
    row = row_of(gpio, "GPIO-1")
    assert (row.units, row.style) == ("counts", "steps")


def test_dense_channels_end_with_their_last_sample(tmp_path, opened):
    imu = opened(make_imu(tmp_path / "h.imu", dropped=[7, 8]))
    row = row_of(imu, "Acc x")
    assert (row.units, row.style) == ("g", "line")
    assert len(row.values) == 300
    assert np.flatnonzero(np.isnan(row.values)).tolist() == [7, 8]
    np.testing.assert_allclose(row.times_s, np.arange(300) * 0.02, atol=1e-6)


def test_channels_are_in_session_time(tmp_path, opened):
    movie = opened(stamped_movie(tmp_path / "m.isxd", 2 + np.arange(40) * 0.05))
    box = opened(stamped_gpio(tmp_path / "g.gpio", np.array([2.5, 3.0]), start_s=2.5, first_s=2.5))
    (channel,) = (one for one in channels_of(box) if not one.is_constant)
    row = channel_row(channel, Clock([movie, box]))
    np.testing.assert_allclose(row.times_s[:2], [0.5, 1.0], atol=1e-6)


def test_a_channel_without_values_draws_nothing(tmp_path, opened):
    imu = opened(make_imu(tmp_path / "h.imu"))
    channel = Channel("X", imu, "digital", "", np.empty(0), np.empty(0, np.float32))
    row = channel_row(channel, Clock([imu]))
    assert len(row.times_s) == len(row.values) == 0
    assert [len(part) for part in thin_steps(row.times_s, row.values, 0.0, 1.0, 10)] == [0, 0]


def value_at(times, values, at):
    """What steps show at a time: that of the last corner up to it."""
    place = np.searchsorted(times, at, "right") - 1
    return values[place] if place >= 0 else np.nan


def test_few_steps_are_drawn_exactly():
    times, values = np.array([0.0, 1, 2, 3]), np.array([5, np.nan, 7, 7], np.float32)
    at, corners = thin_steps(times, values, -1.0, 4.0, 100)
    assert at.tolist() == [0, 1, 1, 2, 2, 3, 3]
    np.testing.assert_array_equal(corners, np.float32([5, 5, np.nan, np.nan, 7, 7, 7]))


def test_of_a_part_the_value_that_is_held_at_its_start_is_drawn():
    times, values = np.array([0.0, 10, 20]), np.array([1, 2, 2], np.float32)
    at, corners = thin_steps(times, values, 4.0, 5.0, 100)
    assert at[0] <= 4
    assert at[-1] >= 5
    assert value_at(at, corners, 4.5) == 1


changes = st.lists(
    st.tuples(
        st.one_of(st.floats(1e-5, 0.02), st.floats(0.5, 3)),
        st.sampled_from([0.0, 1.0, 2.5, float("nan")]),
    ),
    min_size=1,
    max_size=300,
)


@given(changes, st.integers(1, 30))
def test_thinned_out_no_pulse_vanishes_and_no_gap_is_bridged(told, num_bins):
    gaps, levels = zip(*told, strict=True)
    times, values = np.cumsum(gaps), np.array(levels, np.float32)
    start, stop = float(times[0]), float(times[-1]) + 1e-3
    at, corners = thin_steps(times, values, start, stop, num_bins)
    assert np.all(np.diff(at) >= 0)
    assert len(at) <= 8 * num_bins + 16
    known = values[np.isfinite(values)]
    assert set(corners[np.isfinite(corners)]) <= set(known)
    pixel = (stop - start) / num_bins
    for i, (time, value) in enumerate(zip(times, values, strict=True)):
        if np.isfinite(value):  # extremes and what is between them, near its place
            near = (at >= time - pixel) & (at <= time + pixel)
            shown = corners[near]
            shown = shown[np.isfinite(shown)]
            assert len(shown)
            assert shown.min() <= value <= shown.max()
        elif i + 1 < len(times) and times[i + 1] - time > 2 * pixel:
            middle = (time + times[i + 1]) / 2
            assert np.isnan(value_at(at, corners, middle))


def test_a_line_that_toggles_fills_its_bins():
    times = np.arange(100_000) * 1e-3
    values = (np.arange(100_000) % 2).astype(np.float32)
    at, corners = thin_steps(times, values, 0.0, 100.0, 500)
    assert len(at) < 5000
    assert corners.reshape(-1, 4)[:, 1:3].tolist() == [[0, 1]] * (len(at) // 4)


def test_one_short_pulse_in_a_long_recording_is_seen():
    times = np.concatenate([np.arange(20_000) * 0.1, [2000.0, 2000.0001, 4000.0]])
    values = np.concatenate([np.tile([0, 0.5], 10_000), [9, 0, 0]]).astype(np.float32)
    at, corners = thin_steps(times, values, 0.0, 4000.0, 300)
    assert corners.max() == 9
    assert at[corners == 9] == pytest.approx([2000.0] * (corners == 9).sum(), abs=0.1)


def test_steps_do_not_shimmer_when_they_are_moved():
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.exponential(0.01, 50_000))
    values = rng.normal(size=50_000).astype(np.float32)
    first = set(zip(*(a.tolist() for a in thin_steps(times, values, 50, 350, 100)), strict=True))
    then = set(zip(*(a.tolist() for a in thin_steps(times, values, 51, 351, 100)), strict=True))
    assert len(first & then) > 0.95 * len(first)


@pytest.mark.parametrize(
    ("kind", "units", "also", "also_units"),
    [("vessel diameter", "um", "V1 center", ""), ("rbc velocity", "um/s", "V1 direction", "deg")],
)
def test_a_vessel_has_two_rows(tmp_path, opened, kind, units, also, also_units):
    vessels = opened(make_vessels(tmp_path / "v.isxd", kind, units=units))
    group = VesselGroup(vessels)
    first, second = trace_rows(group, 1, Clock([vessels]))
    assert (first.name, first.status, first.units) == ("V1", "undecided", units)
    assert (second.name, second.status, second.units) == (also, None, also_units)
    np.testing.assert_array_equal(first.values, vessels.trace(1))
    extra = vessels.center_trace(1) if kind == "vessel diameter" else vessels.direction_trace(1)
    np.testing.assert_array_equal(second.values, extra)
    np.testing.assert_allclose(first.times_s, np.arange(6) * 0.5)


def test_of_vessels_too_invalid_samples_are_gaps_and_unknown_units_are_empty(tmp_path, opened):
    timing = Timing.regular(6, 0.5, dropped=[2])
    vessels = opened(make_vessels(tmp_path / "v.isxd", "vessel diameter", timing=timing))
    rows = trace_rows(VesselGroup(vessels), 0, Clock([vessels]))
    assert [np.flatnonzero(np.isnan(row.values)).tolist() for row in rows] == [[2], [2]]
    assert rows[0].units == ""


def test_an_old_vessel_set_has_one_row(tmp_path, opened):
    vessels = opened(make_vessels(tmp_path / "v.isxd", "vessel diameter", is_old=True))
    assert len(trace_rows(VesselGroup(vessels), 0, Clock([vessels]))) == 1
