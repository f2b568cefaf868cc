"""Recordings made in parts, read as one: frames, traces, events, and what does not fit."""

from __future__ import annotations

import pickle
import time
import tracemalloc

import numpy as np
import pytest
from helpers import behavior_files, recordings
from helpers.everything import use_everything
from helpers.series_files import PERIOD, START, cells, events, movie, timing
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import (
    BehaviorMovie,
    EventSet,
    GpioSet,
    IsxFileError,
    Movie,
    Spacing,
    UnsupportedIsxError,
    open_isx,
    write_behavior_movie,
)
from napari_isx.io.gpio.write import channel_packets, write_gpio, write_imu


def isx_frames(isx, path):
    theirs = isx.Movie.read(str(path))
    frames = [theirs.get_frame_data(i) for i in range(theirs.timing.num_samples)]
    del theirs
    return frames


def test_frames_of_all_parts_equal_isx_and_frames_between_are_zeros(isx, tmp_path):
    first = movie(tmp_path / "a.isxd", 4, timing=timing(4, dropped=[2]))
    second = movie(tmp_path / "b.isxd", 3, 1.0, seed=2, timing=timing(3, 1.0, cropped=[(0, 0)]))
    with open_isx([second, first]) as series:
        assert isinstance(series, Movie)
        assert series.paths == (first, second)
        assert series.path == first
        assert (series.shape, series.dtype, series.ndim) == ((23, 3, 5), np.uint16, 3)
        assert series.timing.gaps == ((4, 19),)
        assert series.timing.dropped == (2,)
        assert series.timing.cropped == ((20, 20),)
        assert series.timing.num_valid == 5
        assert series.timing.start == START
        expected = np.zeros(series.shape, "u2")
        expected[:4] = isx_frames(isx, first)
        expected[20:] = isx_frames(isx, second)
        np.testing.assert_array_equal(series[:], expected)
        np.testing.assert_array_equal(list(series), expected)
        np.testing.assert_array_equal(series[-1], expected[-1])
        np.testing.assert_array_equal(series[21:1:-3], expected[21:1:-3])
        np.testing.assert_array_equal(series.to_dask(7).compute(), expected)
        assert series.timing.valid_mask.sum() == 5
        with pytest.raises(IndexError, match="23 frames"):
            series[23]


@settings(max_examples=40)
@given(
    parts=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 6),
            st.floats(-0.4, 0.4),
            st.sets(st.integers(0, 7), max_size=3),
        ),
        min_size=2,
        max_size=4,
    ),
    order=st.randoms(use_true_random=False),
)
def test_any_parts_lie_at_the_nearest_sample_of_the_first_ones_grid(tmp_path, parts, order):
    paths, expected, at = [], [], 0
    for number, (count, gap, shift, dropped) in enumerate(parts):
        at += gap if number else 0
        start_s = (at + (shift if gap and number else 0)) * PERIOD
        frames = recordings.pixels(count, 2, 3, seed=number)
        stored = [i for i in range(count) if i not in dropped]
        info = timing(count, start_s, dropped=dropped).to_json()
        path = tmp_path / f"{number}.isxd"
        paths.append(recordings.write_movie(path, frames[stored], timing=info))
        if count:
            expected += [None] * (at - len(expected))
            expected += [None if i in dropped else frames[i] for i in range(count)]
        at += count
    shuffled = list(paths)
    order.shuffle(shuffled)
    with open_isx(shuffled) as series:
        assert len(series) == len(expected)
        assert series.timing.valid_mask.tolist() == [frame is not None for frame in expected]
        for i, frame in enumerate(expected):
            np.testing.assert_array_equal(series[i], 0 if frame is None else frame)


def test_a_list_of_one_file_is_that_file_and_an_empty_one_an_error(tmp_path):
    path = movie(tmp_path / "a.isxd")
    with open_isx([path]) as one, open_isx(path) as same:
        assert type(one) is type(same)
    with pytest.raises(ValueError, match="no file"):
        open_isx([])


def test_timestamps_are_joined(tmp_path):
    counters = np.array([100, 50_100, 100_100, 150_100], "u8")
    first = movie(tmp_path / "a.isxd", timestamps_us=counters)
    second = movie(tmp_path / "b.isxd", start_s=0.3, timestamps_us=counters + np.uint64(300_000))
    third = movie(tmp_path / "c.isxd", start_s=0.6)
    with open_isx([first, second]) as series:
        assert series.has_timestamps
        times = series.timestamps_us
        assert times.dtype == np.uint64
        assert times.tolist() == [*counters, 0, 0, *(counters + np.uint64(300_000))]
    with open_isx([first, second, third]) as series:
        assert series.timestamps_us is None


def test_the_clock_may_drift_a_little(tmp_path):
    first = movie(tmp_path / "a.isxd", 100)
    nominal = movie(tmp_path / "b.isxd", 3, timing=timing(3, 4.998, period_s=PERIOD * 1.001))
    late = movie(tmp_path / "c.isxd", 3, timing=timing(3, 5.149))
    with open_isx([first, nominal, late]) as series:
        assert len(series) == 106
        assert not series.timing.gaps
        assert series.timing.period_s == PERIOD


def test_a_part_of_one_frame_has_no_period_to_differ_by(tmp_path):
    paths = []
    for name, count, info in (("a", 2, timing(2, -1)), ("b", 1, timing(1, 0, 0.7))):
        frames = recordings.pixels(count, 3, 5)
        path = tmp_path / f"{name}.isxd"
        paths.append(recordings.write_movie(path, frames, timing=info.to_json()))
    with open_isx(paths) as series:
        assert len(series) == 21


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"shape": (3, 6)}, "frame size is 3 x 6, but that of a.isxd is 3 x 5"),
        ({"code": 1}, "pixel type is float32, but that of a.isxd is uint16"),
        ({"code": 3}, "pixel type is uint8|number of colors"),
        ({"timing": timing(4, 9, 0.06)}, "period is 0.06 s"),
        ({"start_s": 0.14}, "begins 0.06 s before a.isxd has ended"),
        ({"spacing": Spacing.regular((3, 5), 6)}, r"pixel size in um is 6.0 x 6.0"),
        ({"spacing": Spacing.regular((3, 5), 3, (0, 9))}, r"top left corner in um is 0.0 x 9.0"),
    ],
)
def test_a_movie_that_does_not_fit_is_named_with_what_differs(tmp_path, other, message):
    first = movie(tmp_path / "a.isxd")
    third = movie(tmp_path / "c.isxd", start_s=20)
    second = movie(tmp_path / "b.isxd", **({"start_s": 9} | other))
    for paths in ([first, second, third], [third, second, first]):
        with pytest.raises(IsxFileError, match=message) as caught:
            open_isx(paths)
        assert caught.value.path == str(second)


def test_the_same_file_twice_is_no_series(tmp_path):
    for count in (1, 4):
        path = tmp_path / "a.isxd"
        frames = recordings.pixels(count, 3, 5)
        recordings.write_movie(path, frames, timing=timing(count).to_json())
        with pytest.raises(IsxFileError, match=r"before a\.isxd has ended"):
            open_isx([path, path])


def test_kinds_do_not_mix(tmp_path):
    first = movie(tmp_path / "a.isxd")
    second = cells(tmp_path / "b.isxd", start_s=9)
    with pytest.raises(IsxFileError, match=r"b\.isxd: it is of the kind cell set"):
        open_isx([first, second])
    image = recordings.write_movie(tmp_path / "i.isxd", recordings.pixels(1, 3, 5), type=4)
    with pytest.raises(UnsupportedIsxError, match="kind image"):
        open_isx([image, first])


def test_a_broken_part_closes_the_others(tmp_path):
    first = movie(tmp_path / "a.isxd")
    (tmp_path / "b.isxd").write_bytes(b"nothing")
    with pytest.raises(IsxFileError, match=r"b\.isxd"):
        open_isx([first, tmp_path / "b.isxd"])
    with pytest.raises(FileNotFoundError):
        open_isx([first, tmp_path / "missing.isxd"])


@pytest.mark.parametrize("make", [movie, cells, events])
@pytest.mark.parametrize("gap_s", [10**9, 10**11])
def test_a_gap_of_years_is_an_error_at_once(tmp_path, make, gap_s):
    first = make(tmp_path / "a.isxd", 100)
    second = make(tmp_path / "b.isxd", 100, 0)
    payload, footer = recordings.split(second)
    for info in [footer.get("timingInfo"), *footer.get("global times", [])]:
        start = (info or {}).get("start", info)
        if start:
            start["secsSinceEpoch"]["num"] += gap_s * start["secsSinceEpoch"]["den"]
    recordings.write(second, payload, footer)
    began = time.thread_time()
    with pytest.raises(IsxFileError, match=r"samples; .* are the most"):
        open_isx([first, second])
    assert time.thread_time() - began < 1


def test_a_long_gap_takes_no_memory(tmp_path):
    first = movie(tmp_path / "a.isxd", 10)
    second = movie(tmp_path / "b.isxd", 10, 4 * 86_400)
    tracemalloc.start()
    try:
        with open_isx([first, second]) as series:
            assert len(series) == 4 * 86_400 * 20 + 10
            assert not series[10**6].any()
            assert series[len(series) - 1].any()
            assert series.timing.sample_at(1e6) == len(series) - 1
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_event_offsets_count_from_the_first_part(isx, tmp_path):
    first = events(tmp_path / "a.isxd", 100)
    second = events(tmp_path / "b.isxd", 40, 7.0123, offsets=(10, 1_950_000))
    with open_isx([second, first]) as series:
        assert isinstance(series, EventSet)
        assert series.names == ["a", "b"]
        assert series.num_cells == 2
        assert series.timing.num_samples == 180
        assert series.timing.gaps == ((100, 139),)
        assert series.metrics is None
        for cell in (0, "b"):
            signal = series.events(cell)
            assert signal.offsets_us.tolist() == [0, 50_000, 7_012_310, 8_962_300]
            assert signal.values.tolist() == [1, 2, 1, 2]
    theirs = isx.EventSet.read(str(second))
    offsets, values = theirs.get_cell_data(0)
    assert (offsets + 7_012_300).tolist() == signal.offsets_us[2:].tolist()
    assert values.tolist() == signal.values[2:].tolist()
    del theirs
    other = events(tmp_path / "c.isxd", 40, 20, names=("a", "c"))
    with pytest.raises(IsxFileError, match="name of cell 1 is 'c'"):
        open_isx([first, other])


def test_gpio_channels_end_in_nan_before_a_gap(tmp_path):
    parts = [
        (0.0, {"GPIO-1": ([0, 500_000], [16, 32])}),
        (0.5009, {"GPIO-2": ([0, 400_000], [48, 64])}),
        (3.0, {"GPIO-1": ([0, 100_000], [80, 96]), "GPIO-2": ([100_000], [0])}),
    ]
    paths = []
    for i, (start_s, channels) in enumerate(parts):
        paths.append(tmp_path / f"{i}.gpio")
        packets = channel_packets(channels, first_tsc_us=10**6 * (i + 1))
        write_gpio(paths[-1], packets, timing=timing(0, start_s))
    with open_isx(paths[::-1]) as series:
        assert isinstance(series, GpioSet)
        assert series.channel_names == ["GPIO-1", "GPIO-2"]
        assert series.channel_units == ["counts", "counts"]
        assert series.channel_dense == [False, False]
        assert series.first_tsc_us == 10**6
        one, two = series.channel("GPIO-1"), series.channel(1)
        assert one.offsets_us.tolist() == [0, 500_000, 901_900, 3_000_000, 3_100_000]
        np.testing.assert_array_equal(one.values, [16, 32, np.nan, 80, 96])
        assert two.offsets_us.tolist() == [500_900, 900_900, 901_900, 3_100_000]
        np.testing.assert_array_equal(two.values, [48, 64, np.nan, 0])
        assert series.timing.gaps == ((902, 2999),)


def test_imu_recordings_are_joined_and_no_gpio_set(tmp_path):
    paths = []
    for i in range(2):
        paths.append(tmp_path / f"{i}.imu")
        counts = np.full((5, 3), 16384 * (1 - 2 * i), "i2")
        write_imu(paths[-1], counts, counts, timing=timing(5, i, 0.02))
    with open_isx(paths) as series:
        acceleration = series.channel("Acc x")
        np.testing.assert_array_equal(
            acceleration.values, np.float32([1] * 5 + [np.nan] + [-1] * 5)
        )
        assert acceleration.offsets_us[5:7].tolist() == [100_000, 1_000_000]
        assert series.channel_units[0] == "g"
    gpio = tmp_path / "late.gpio"
    write_gpio(gpio, channel_packets({"GPIO-1": ([0], [16])}), timing=timing(0, 9))
    with pytest.raises(IsxFileError, match="kind is a GPIO set"):
        open_isx([paths[0], gpio])


def test_behavior_movies_are_joined_with_their_tracking(tmp_path):
    tracker = {"box": [1, 2, 3, 4], "conf": 90, "zones": {"id": 7, "name": "z", "event": "e"}}
    frames = recordings.rng(3).integers(0, 256, (3, 16, 64), np.uint8)
    paths = []
    for i in range(2):
        paths.append(tmp_path / f"{i}.isxb")
        trackers = [None, tracker, None] if i else None
        write_behavior_movie(paths[-1], frames, timing=timing(3, i * 0.25), trackers=trackers)
    with open_isx(paths) as series, open_isx(paths[1]) as second:
        assert isinstance(series, BehaviorMovie)
        assert series.shape == (8, 16, 64)
        np.testing.assert_array_equal(series[5:], second[:])
        np.testing.assert_array_equal(series.read_color_frame(5), second.read_color_frame(0))
        assert not series[3:5].any()
        assert series.to_dask(color=True)[6].compute().any()
        assert series.timestamps_us[3:5].tolist() == [0, 0]
        assert series.tracking.visits[0].sample == 6
        assert np.isnan(series.tracking.confidence[:6]).all()
        assert series.tracking.boxes[6].tolist() == [1, 2, 3, 4]
    with open_isx([paths[0]]) as one:
        assert one.tracking is None
    behavior_files.isxb(tmp_path / "other.isxb")
    with pytest.raises(IsxFileError, match="frame size"):
        open_isx([paths[0], tmp_path / "other.isxb"])


def every_series(folder):
    write_imu(folder / "a.imu", np.ones((5, 3), "i2"), np.ones((5, 3), "i2"), timing=timing(5))
    write_imu(folder / "b.imu", np.ones((5, 3), "i2"), np.ones((5, 3), "i2"), timing=timing(5, 9))
    behavior = folder / "a.isxb", folder / "b.isxb"
    for i, path in enumerate(behavior):
        frames = np.full((3, 8, 64), 100, "u1")
        write_behavior_movie(path, frames, timing=timing(3, i))
    return {
        "MovieSeries": [movie(folder / "m1.isxd"), movie(folder / "m2.isxd", start_s=1)],
        "BehaviorMovieSeries": behavior,
        "CellSetSeries": [cells(folder / "c1.isxd"), cells(folder / "c2.isxd", start_s=1)],
        "EventSetSeries": [events(folder / "e1.isxd", 10), events(folder / "e2.isxd", 10, 1)],
        "GpioSetSeries": [folder / "a.imu", folder / "b.imu"],
    }


def test_every_series_opens_pickles_prints_and_closes(tmp_path):
    for name, paths in every_series(tmp_path).items():
        with open_isx(paths) as series:
            use_everything(series)
            assert repr(series).startswith(f"<{name} '{paths[0].name}' and 1 more part: ")
            with pickle.loads(pickle.dumps(series)) as again, open_isx(paths[0]) as first:
                assert type(again) is type(series)
                assert again.paths == series.paths == tuple(paths)
                assert again.metadata == first.metadata
                assert again.acquisition_info == first.acquisition_info
                assert again.__dask_tokenize__() == series.__dask_tokenize__()
            assert not series.closed
        assert series.closed
        assert all(part.closed for part in series.parts)
        assert repr(series).endswith(", closed>")
        series.close()


def test_a_stack_of_a_series_pickles_by_path(tmp_path):
    paths = every_series(tmp_path)["MovieSeries"]
    with open_isx(paths) as series:
        stack = series.to_dask(3)
        assert stack.name != open_isx(paths[0]).to_dask(3).name
        again = pickle.loads(pickle.dumps(stack))
        np.testing.assert_array_equal(again.compute(scheduler="synchronous"), series[:])


@pytest.mark.real
def test_a_real_series_of_behavior_movies(isx, real_data):
    pytest.importorskip("av")
    paths = [real_data / f"behavior_1920x1080_part{i}.isxb" for i in (0, 1)]
    with open_isx(paths[::-1]) as series:
        assert series.shape == (20, 1080, 1920)
        assert not series.timing.gaps
        assert (np.diff(series.timestamps_us.astype(int)) > 20_000).all()
        expected = [frame for path in paths for frame in isx_frames(isx, path)]
        for i in (0, 9, 10, 19):  # isx rounds a few pixels down
            np.testing.assert_allclose(series[i].astype(int), expected[i], atol=1)


@pytest.mark.real
def test_real_files_that_do_not_fit_are_named(real_data):
    movie_path = real_data / "movie_128x128x34_part3.isxd"
    cell_path = real_data / "cellset_20cells_mixed_status.isxd"
    with pytest.raises(IsxFileError, match="kind") as caught:
        open_isx([movie_path, cell_path])
    assert caught.value.path == str(cell_path)
