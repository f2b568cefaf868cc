"""What our writers write, `isx` and we read back equal; what `isx` writes, we read equal."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from napari_isx import (
    Image,
    Movie,
    Signal,
    Spacing,
    Timing,
    open_isx,
    write_cell_set,
    write_event_set,
    write_image,
    write_movie,
)
from napari_isx.io.cells.cell_set import METRIC_COLUMNS as CELL_METRIC_COLUMNS
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.io.events.event_set import METRIC_COLUMNS

SESSION = {"unknown": {"id": "Mäuschen"}, "name": "細胞", "x": [1, None, {"y": 2.5}]}
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
spacings = st.builds(
    lambda size, corner: {"pixel_size_um": size, "top_left_um": corner},
    st.tuples(*[st.decimals("0.001", 1000, places=3).map(float)] * 2),
    st.tuples(*[st.decimals(-5000, 5000, places=3).map(float)] * 2),
)
starts = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
periods = st.fractions(Fraction(1, 1000), 5, max_denominator=10**5)


@st.composite
def timings(draw, count: int) -> Timing:
    index = st.integers(0, max(count - 1, 0))
    gaps = st.lists(index, max_size=3, unique=True) if count else st.just([])
    ranges = st.lists(st.tuples(index, index).map(sorted).map(tuple), max_size=2)
    return Timing.regular(
        count,
        draw(periods),
        draw(starts),
        dropped=draw(gaps),
        cropped=draw(ranges) if count else (),
        blank=draw(gaps),
    )


def assert_timing_equals_isx(ours: Timing, theirs, gaps: bool = True) -> None:
    assert ours.num_samples == theirs.num_samples
    assert ours.period_s == theirs.period.secs_float
    assert ours.start.replace(tzinfo=None) == theirs.start.to_datetime()
    if gaps:
        assert list(ours.dropped) == list(theirs.dropped)
        assert list(ours.blank) == list(theirs.blank)


@given(st.data())
@settings(max_examples=80)
def test_movies_come_back_equal(isx, tmp_path, data):
    dtype = data.draw(st.sampled_from(["<u2", "<f4", "u1"]))
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5)))
    frames = data.draw(nps.arrays(dtype, shape))
    timing = data.draw(timings(shape[0]))
    spacing = Spacing.regular(shape[1:], **data.draw(spacings))
    path = tmp_path / "m.isxd"
    write_movie(path, frames, timing=timing, spacing=spacing, extra_properties=SESSION)
    expected = frames.copy()
    expected[~timing.valid_mask] = 0
    with open_isx(path) as movie:
        assert isinstance(movie, Movie if shape[0] > 1 else Image)
        read = movie[:] if shape[0] > 1 else movie.data[np.newaxis]
        assert read.tobytes() == expected.tobytes()
        assert read.dtype == expected.dtype
        assert movie.spacing == spacing
        assert movie.metadata["extraProperties"] == SESSION
        if shape[0] > 1:
            assert movie.timing == timing
    theirs = isx.Movie.read(str(path))
    read = np.array([theirs.get_frame_data(i) for i in range(shape[0])])
    assert read.tobytes() == expected.tobytes()
    assert_timing_equals_isx(timing, theirs.timing)
    assert theirs.get_acquisition_info()["Session Name"] == "細胞"
    del theirs


@given(st.lists(st.integers(0, 2**63 - 1), min_size=2, max_size=6), st.data())
@settings(max_examples=40)
def test_timestamps_come_back_equal(isx, tmp_path, counters, data):
    frames = recordings.pixels(len(counters), 3, 5)
    timing = data.draw(timings(len(counters)))
    path = tmp_path / "m.isxd"
    write_movie(path, frames, timing=timing, timestamps_us=counters)
    expected = np.where(timing.valid_mask, np.array(counters, np.uint64), np.uint64(0))
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie.timestamps_us, expected)
        theirs = isx.Movie.read(str(path))
        read = [theirs.get_frame_timestamp(i) for i in range(len(counters))]
        assert read == expected.tolist()
        assert_timing_equals_isx(movie.timing, theirs.timing)
        del theirs


@pytest.mark.parametrize("version", ["1.0.9", None, 3])
def test_timestamps_are_readable_whatever_the_session_says(tmp_path, version):
    session = {"producer": {"version": version, "versionBE": "1.0"}, "name": "s"}
    path = tmp_path / "m.isxd"
    frames = recordings.pixels(2, 3, 5)
    write_movie(path, frames, timestamps_us=[5, 9], extra_properties=session)
    with open_isx(path) as movie:
        assert movie.timestamps_us.tolist() == [5, 9]
        assert movie.metadata["extraProperties"]["producer"]["versionBE"] == "1.0"
    assert session["producer"]["version"] == version


def test_a_newer_recording_software_stays(tmp_path):
    session = {"producer": {"version": "1.8.0"}}
    path = tmp_path / "m.isxd"
    frames = recordings.pixels(2, 3, 5)
    write_movie(path, frames, timestamps_us=[5, 9], extra_properties=session)
    with open_isx(path) as movie:
        assert movie.metadata["extraProperties"] == session


def test_color_and_single_pictures_come_back_equal(isx, tmp_path):
    frames = recordings.pixels(2, 3, 5, 3)
    write_movie(tmp_path / "rgb.isxd", frames)
    with open_isx(tmp_path / "rgb.isxd") as movie:
        np.testing.assert_array_equal(movie[:], frames)
    picture = recordings.pixels(1, 3, 5, 1)[0]
    write_image(tmp_path / "i.isxd", picture, spacing=Spacing.regular((3, 5), 6))
    with open_isx(tmp_path / "i.isxd") as image:
        assert image.data.tobytes() == picture.tobytes()
        assert image.spacing.pixel_size_um == (6, 6)
    theirs = isx.Image.read(str(tmp_path / "i.isxd"))
    assert theirs.get_data().tobytes() == picture.tobytes()
    del theirs


@given(st.data())
@settings(max_examples=60)
def test_cell_sets_come_back_equal(isx, tmp_path, data):
    count = data.draw(st.integers(0, 4))
    rows, cols, samples = data.draw(st.tuples(*[st.integers(1, 5)] * 3))
    footprints = data.draw(nps.arrays("<f4", (count, rows, cols)))
    traces = data.draw(nps.arrays("<f4", (count, samples)))
    many = {"min_size": count, "max_size": count}
    given_names = data.draw(st.lists(names, **many))
    statuses = data.draw(st.lists(st.sampled_from(STATUSES), **many))
    colors = data.draw(nps.arrays("u1", (count, 4)))
    lengths = st.floats(-1, 1e6)
    numbers = st.just(np.nan) | st.integers(-5, 5000).map(float) | lengths
    table = np.concatenate(
        [
            data.draw(nps.arrays("f8", (count, 5), elements=numbers)),
            data.draw(nps.arrays("f8", (count, 4), elements=lengths)),
        ],
        axis=1,
    )
    table[data.draw(nps.arrays(bool, count))] = np.nan
    metrics = pd.DataFrame(table, columns=CELL_METRIC_COLUMNS)
    timing = data.draw(timings(samples))
    spacing = Spacing.regular((rows, cols), **data.draw(spacings))
    path = tmp_path / "c.isxd"
    write_cell_set(
        path,
        footprints,
        traces,
        names=given_names,
        statuses=statuses,
        colors=colors,
        metrics=metrics,
        timing=timing,
        spacing=spacing,
        extra_properties=SESSION,
    )
    with open_isx(path) as cells:
        assert cells.footprints.tobytes() == footprints.tobytes()
        assert cells.traces.tobytes() == traces.tobytes()
        assert (cells.names, cells.statuses) == (given_names, statuses)
        np.testing.assert_array_equal(cells.colors, colors)
        pd.testing.assert_frame_equal(cells.metrics, metrics)
        assert (cells.timing, cells.spacing) == (timing, spacing)
        assert cells.metadata["extraProperties"] == SESSION
    theirs = isx.CellSet.read(str(path))
    assert theirs.num_cells == count
    for i in range(count):
        assert theirs.get_cell_name(i) == given_names[i]
        assert theirs.get_cell_status(i) == statuses[i]
        assert theirs.get_cell_image_data(i).tobytes() == footprints[i].tobytes()
        assert theirs.get_cell_trace_data(i).tobytes() == traces[i].tobytes()
    assert_timing_equals_isx(timing, theirs.timing)
    del theirs


@given(st.data())
@settings(max_examples=80)
def test_event_sets_come_back_equal(isx, tmp_path, data):
    count = data.draw(st.integers(0, 4))
    given_names = data.draw(st.lists(names, min_size=count, max_size=count, unique=True))
    events = {}
    for name in given_names:
        offsets = sorted(data.draw(st.sets(st.integers(0, 10**10), max_size=8)))
        values = data.draw(nps.arrays("<f4", len(offsets)))
        events[name] = (
            Signal(np.array(offsets, np.uint64), values)
            if data.draw(st.booleans())
            else (offsets, values)
        )
    numbers = st.just(np.nan) | st.floats(allow_nan=False, allow_infinity=False)
    metrics = pd.DataFrame(
        data.draw(nps.arrays("f8", (count, 9), elements=numbers)), columns=METRIC_COLUMNS
    )
    period, start = data.draw(periods), data.draw(starts)
    timing = Timing.regular(data.draw(st.integers(0, 10**6 if count else 1000)), period, start)
    path = tmp_path / "e.isxd"
    write_event_set(path, events, timing=timing, metrics=metrics, extra_properties=SESSION)
    with open_isx(path) as read:
        assert read.names == given_names
        for name, signal in events.items():
            offsets, values = (
                (signal.offsets_us, signal.values) if isinstance(signal, Signal) else signal
            )
            np.testing.assert_array_equal(read.events(name).offsets_us, offsets)
            assert read.events(name).values.tobytes() == values.tobytes()
        pd.testing.assert_frame_equal(read.metrics, metrics)
        if count:  # a file without cells does not say its period
            assert read.timing == timing
        assert read.metadata["extraProperties"] == SESSION
        theirs = isx.EventSet.read(str(path))
        if count:
            assert_timing_equals_isx(timing, theirs.timing, gaps=False)
        for i, name in enumerate(given_names):
            offsets, values = theirs.get_cell_data(i)
            ours = read.events(name)
            np.testing.assert_array_equal((ours.offsets_us / 1e6 * 1e6).astype("u8"), offsets)
            assert values.tobytes() == ours.values.tobytes()
        del theirs


@pytest.mark.parametrize("hours", [1, 24, 72])
@pytest.mark.parametrize("period_s", [0.1, 1 / 30, 0.049962, 0.033333333, 1e-3])
def test_long_event_sets_keep_their_number_of_samples(isx, tmp_path, hours, period_s):
    start = datetime(2024, 8, 26, 10, 8, 40, 278_123, UTC)
    timing = Timing.regular(int(hours * 3600 / period_s), period_s, start)
    path = tmp_path / "e.isxd"
    write_event_set(path, {"a": ([5], [1])}, timing=timing)
    with open_isx(path) as events:
        assert events.timing == timing
    theirs = isx.EventSet.read(str(path))
    assert_timing_equals_isx(timing, theirs.timing, gaps=False)
    del theirs


def test_movies_that_isx_writes_are_read_equal(isx, tmp_path):
    timing = isx.Timing(
        num_samples=7,
        period=isx.Duration.from_msecs(33),
        start=isx.Time(),
        dropped=[1],
        cropped=[[3, 4]],
        blank=[6],
    )
    for code, dtype in enumerate((np.uint16, np.float32)):  # isx writes no others
        frames = recordings.pixels(7, 3, 5, code)
        path = tmp_path / f"{dtype.__name__}.isxd"
        theirs = isx.Movie.write(str(path), timing, isx.Spacing(num_pixels=(3, 5)), dtype)
        for i in range(7):
            if i in (0, 2, 5):
                theirs.set_frame_data(i, frames[i])
        theirs.flush()
        del theirs
        with open_isx(path) as movie:
            assert movie.timing.valid_mask.nonzero()[0].tolist() == [0, 2, 5]
            frames[[1, 3, 4, 6]] = 0
            assert movie[:].tobytes() == frames.tobytes()
            assert movie.timing.period_s == 0.033
            assert movie.spacing.pixel_size_um == (3, 3)


def test_images_that_isx_writes_are_read_equal(isx, tmp_path):
    picture = recordings.pixels(1, 3, 5, 1)[0]
    spacing = isx.Spacing(num_pixels=(3, 5))
    theirs = isx.Image.write(str(tmp_path / "i.isxd"), spacing, np.float32, picture)
    del theirs
    with open_isx(tmp_path / "i.isxd") as image:
        assert isinstance(image, Image)
        assert image.data.tobytes() == picture.tobytes()
        assert image.spacing.num_pixels == (3, 5)


def test_cell_and_event_sets_that_isx_writes_are_read_equal(isx, tmp_path):
    timing = isx.Timing(num_samples=11, period=isx.Duration.from_msecs(50))
    footprints, traces = recordings.cell_arrays(3, 3, 7, 11)
    path = tmp_path / "c.isxd"
    theirs = isx.CellSet.write(str(path), timing, isx.Spacing(num_pixels=(3, 7)))
    for i, name in enumerate(("ä", "", "細胞")):
        theirs.set_cell_data(i, footprints[i], traces[i], name)
    theirs.flush()
    del theirs
    with open_isx(path) as cells:
        assert cells.names == ["ä", "C1", "細胞"]
        assert cells.statuses == ["undecided"] * 3
        assert cells.footprints.tobytes() == footprints.tobytes()
        assert cells.traces.tobytes() == traces.tobytes()
        assert cells.colors.tolist() == [[255] * 4] * 3
    path = tmp_path / "e.isxd"
    theirs = isx.EventSet.write(str(path), timing, ["ä", "b", "細胞"])
    offsets = np.array([0, 100_000, 249_999], np.uint64)
    values = np.array([1.5, 2.5, -3], np.float32)
    theirs.set_cell_data(0, offsets, values)
    theirs.set_cell_data(2, offsets[:1], values[:1])
    theirs.flush()
    del theirs
    with open_isx(path) as events:
        assert events.names == ["ä", "b", "細胞"]
        assert events.events("ä").offsets_us.tolist() == offsets.tolist()
        assert events.events("ä").values.tolist() == values.tolist()
        assert [len(events.events(i)) for i in (1, 2)] == [0, 1]
        assert events.timing.num_samples == 11


@pytest.mark.parametrize("num_cells", [1, 40])
def test_isx_can_save_statuses_in_what_was_written_here(isx, tmp_path, num_cells):
    """It writes its footer over the old one and does not shorten the file."""
    path = tmp_path / "cells.isxd"
    footprints = np.ones((num_cells, 4, 5), np.float32)
    traces = np.zeros((num_cells, 6), np.float32)
    write_cell_set(path, footprints, traces)
    theirs = isx.CellSet.read(str(path), read_only=False)
    theirs.set_cell_status(0, "accepted")
    theirs.flush()
    del theirs
    with open_isx(path) as cells:
        assert cells.statuses == ["accepted"] + ["undecided"] * (num_cells - 1)
