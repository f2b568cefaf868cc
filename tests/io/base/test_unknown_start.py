"""Files whose start time cannot be: all they hold is read, and the start is unknown."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from helpers import behavior_files, compressed_files, gpio_files, recordings, series_files

from napari_isx import IsxFileError, Timing, open_isx
from napari_isx.io.cells.write import write_cell_set
from napari_isx.io.events.write import write_event_set
from napari_isx.io.movies.write import write_movie

DAY_S = 86_400
BAD_TIMES = {
    "microseconds for milliseconds": {
        "secsSinceEpoch": recordings.rational(1_552_924_579_082_155, 1000),
        "utcOffset": 0,
    },
    "before the year 1": recordings.time_info((-(10**12), 1)),
    "garbage": recordings.time_info((-(2**63), 7), 2**31),
    "denominator 0": recordings.time_info((1_600_000_000, 0)),
    "denominator negative": recordings.time_info((1_600_000_000, -1)),
    "out of all range": recordings.time_info((10**40, 1)),
    "texts": {"secsSinceEpoch": {"num": "1", "den": "x"}},
    "a number": 1_600_000_000,
    "null": None,
    "a list": [1, 2],
    "empty": {},
}


@pytest.fixture(params=BAD_TIMES.values(), ids=BAD_TIMES)
def bad(request):
    return request.param


def pixels_or_traces(recording):
    return recording.traces if hasattr(recording, "traces") else recording[:]


def edited(path, key, start):
    """The file with another start in its footer's timing; its bytes, as it was."""
    payload, footer = recordings.split(path)
    footer[key]["start"] = start
    recordings.write(path, payload, footer)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["movie", "raw", "rgb", "cells"])
def test_what_a_file_holds_does_not_depend_on_its_start(tmp_path, kind, bad):
    path = recordings.every_kind(tmp_path)[kind]
    with open_isx(path) as sound:
        expected, timing = np.array(pixels_or_traces(sound)), sound.timing
    edited(path, "timingInfo", bad)
    with open_isx(path) as far:
        np.testing.assert_array_equal(pixels_or_traces(far), expected)
        assert far.timing.start is None
        assert far.timing.num_samples == timing.num_samples
        np.testing.assert_array_equal(far.timing.valid_mask, timing.valid_mask)


def test_an_image_with_a_bad_start(tmp_path, bad):
    path = recordings.every_kind(tmp_path)["image"]
    edited(path, "timingInfo", bad)
    with open_isx(path) as image:
        assert image.data.any()


def test_saving_leaves_the_bytes_of_the_start_alone(tmp_path, bad):
    path = recordings.write_cells(tmp_path / "cells.isxd")
    before = edited(path, "timingInfo", bad)
    with open_isx(path) as cells:
        statuses = cells.statuses
        cells.save_statuses(["rejected"] * cells.num_cells)
    after = path.read_bytes()
    differing = np.flatnonzero(np.frombuffer(before, "u1") != np.frombuffer(after, "u1"))
    assert len(before) == len(after)
    assert 0 < len(differing) <= len(statuses)
    assert recordings.split(path)[1]["timingInfo"]["start"] == bad


@pytest.mark.parametrize("offset", [DAY_S, -DAY_S, 2**40, "east", 3.5])
def test_an_impossible_utc_offset_leaves_the_start_in_utc(tmp_path, offset):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5))
    edited(path, "timingInfo", {**recordings.time_info(), "utcOffset": offset})
    with open_isx(path) as movie:
        assert movie.timing.start.timestamp() == 1_600_000_000.123
        assert movie.timing.start.utcoffset().total_seconds() == 0


def events_with(path, start, end):
    packets = recordings.packets([(250_000, 0, 3.0), (1_950_000, 0, 4.0)])
    steps = {"signalSteps": [recordings.rational(1, 20)], "global times": [start, end]}
    return recordings.write_events(path, ["a"], packets, **steps)


def test_events_last_until_the_last_of_them_where_start_and_end_say_nothing(tmp_path, bad):
    if not isinstance(bad, dict):
        return  # the footer's list has objects
    with open_isx(events_with(tmp_path / "e.isxd", bad, bad | {"secsSinceEpoch": 0})) as events:
        assert events.timing.start is None
        assert events.timing.num_samples == 40
        np.testing.assert_array_equal(events.events(0).offsets_us, [250_000, 1_950_000])


def test_a_start_and_end_that_are_no_dates_still_tell_how_long_it_was(tmp_path):
    start, end = (recordings.time_info((1_552_924_579_082 + s, 1)) for s in (0, 30))
    with open_isx(events_with(tmp_path / "e.isxd", start, end)) as events:
        assert (events.timing.start, events.timing.num_samples) == (None, 600)


def test_of_two_dates_that_contradict_each_other_none_is_believed(tmp_path):
    start, end = recordings.time_info(), recordings.time_info((1_599_999_999_000, 1000))
    with open_isx(events_with(tmp_path / "e.isxd", start, end)) as events:
        assert (events.timing.start, events.timing.num_samples) == (None, 40)
    with open_isx(events_with(tmp_path / "f.isxd", start, BAD_TIMES["denominator 0"])) as events:
        assert events.timing.start.year == 2020
        assert events.timing.num_samples == 40


def test_old_events_count_from_the_first_where_the_start_is_unknown(tmp_path, bad):
    path = recordings.every_kind(tmp_path)["old events"]
    payload, footer = recordings.split(path)
    footer["timing info"]["start"] = bad
    recordings.write(path, payload, footer)
    with open_isx(path) as events:
        assert events.timing.start is None
        np.testing.assert_array_equal(events.events("b").offsets_us, [0, 500_000])
        np.testing.assert_array_equal(events.events("a").offsets_us, [1_500_000])


@pytest.mark.parametrize("start", [(5, 0), (1_200_000_000_000, 1), (2**64 - 1, 3)])
def test_a_gpio_header_with_a_bad_start(tmp_path, start):
    stream = gpio_files.random_stream(3, 50)
    with (
        open_isx(gpio_files.write(tmp_path / "a.gpio", stream, {}, start=start)) as bad,
        open_isx(gpio_files.write(tmp_path / "b.gpio", stream, {}, utc_offset=90_000)) as east,
    ):
        assert bad.timing.start is None
        assert east.timing.start.utcoffset().total_seconds() == 0
        assert bad.channel_names == east.channel_names
        for name in bad.channel_names:
            np.testing.assert_array_equal(bad.channel(name).values, east.channel(name).values)


@pytest.mark.parametrize(("at", "code", "number"), [(16, "Q", 2**64 - 1), (16, "Q", 10**17)])
def test_a_behavior_movie_with_a_bad_start(tmp_path, at, code, number):
    path = behavior_files.isxb(tmp_path / "b.isxb")
    data = bytearray(path.read_bytes())
    struct.pack_into(f"<{code}", data, at, number)
    path.write_bytes(data)
    with open_isx(path) as movie:
        assert movie.timing.start is None
        assert movie[3].any()


def test_a_behavior_movie_with_a_bad_utc_offset(tmp_path):
    path = behavior_files.isxb(tmp_path / "b.isxb")
    data = bytearray(path.read_bytes())
    struct.pack_into("<q", data, 24, 2**62)
    path.write_bytes(data)
    with open_isx(path) as movie:
        assert movie.timing.start.timestamp() == 1_700_000_000.123
        assert movie.timing.utc_offset_s == 0


def test_a_compressed_movie_with_a_bad_start(tmp_path, bad):
    count = 5
    codes = compressed_files.all_codes(count)
    timing = {**recordings.timing_info(count), "start": bad}
    video = compressed_files.avi(compressed_files.drawn(count))
    path = tmp_path / "m.isxc"
    path.write_bytes(compressed_files.isxc(video, codes, timing=timing))
    with open_isx(path) as movie:
        assert movie.timing.start is None
        assert movie[count - 1].any()


def test_a_part_of_unknown_start_opens_alone_and_a_series_names_it(tmp_path):
    parts = [series_files.movie(tmp_path / f"m_{i}.isxd", start_s=i) for i in range(2)]
    edited(parts[1], "timingInfo", BAD_TIMES["garbage"])
    with pytest.raises(IsxFileError, match=r"m_1\.isxd: it does not say when it started"):
        open_isx(parts)
    from napari_isx.io.folders.grouping import series_of

    assert series_of(parts) == [[parts[0]], [parts[1]]]


def test_what_is_made_of_an_unknown_start_states_the_epoch(tmp_path):
    timing = Timing(6, start_s=None)
    frames = recordings.pixels(6, 3, 5)
    write_movie(tmp_path / "m.isxd", frames, timing=timing)
    traces = np.zeros((1, 6), np.float32)
    write_cell_set(tmp_path / "c.isxd", frames[:1].astype(np.float32), traces, timing=timing)
    write_event_set(tmp_path / "e.isxd", {"a": ([], [])}, timing=timing)
    for name in ("m", "c", "e"):
        with open_isx(tmp_path / f"{name}.isxd") as copy:
            assert copy.timing.start.timestamp() == 0
            assert copy.timing.num_samples == 6
