"""What a file knows of itself: every kind, every odd value, as text and as JSON."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise

import numpy as np
import pytest
from helpers import behavior_files, gpio_files, recordings, series_files
from helpers.clock_files import stamped_gpio, stamped_movie
from hypothesis import given
from hypothesis import strategies as st

from napari_isx import open_isx, write_vessel_set
from napari_isx.session.file_info.account import describe, save_info
from napari_isx.session.file_info.words import (
    as_json,
    as_words,
    duration,
    runs_in_words,
    runs_of,
    size,
)
from napari_isx.timeline.clock import Clock

SESSION = {
    "animal": {"id": "M-042", "sex": "f", "weight": 24.5, "description": ""},
    "microscope": {
        "exp": 33,
        "gain": 7,
        "type": "NVista3",
        "led": {"exPower": 0.9, "ogPower": "off"},
        "customMetadata": {"Virus": "AAV9", "Aim (deg)": 4},
    },
    "name": "open field",
    "idps": {
        "spatialDownsampling": 2,
        "mc_padding": True,
        "cellset": {"method": "cnmfe", "units": "dF over noise", "type": "analog"},
        "someNewStep": {"sigma": 1.5},
    },
}


def rows(info, title):
    """Label and text of each row of a section."""
    return {row.label: row.text for row in info.sections.get(title, ())}


def titles(info):
    return list(info.sections)


def strict(text):
    """JSON without what Python adds to it."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def movie(tmp_path, opened):
    timing = recordings.timing_info(
        60, dropped=[3, 4, 20, 99], cropped=["7 - 9", "58 - 70"], blank=[11]
    )
    frames = recordings.pixels(51, 3, 5)
    path = recordings.write_movie(
        tmp_path / "m.isxd", frames, timing=timing, extraProperties=SESSION
    )
    return opened(path)


def test_sections_come_in_their_order(movie):
    info = describe(movie, Clock([movie]).placed(movie))
    assert titles(info) == ["File", "Acquisition", "Processing", "Pixels", "Timing", "Clock"]
    assert info.title == "m.isxd"


def test_the_file(movie):
    found = rows(describe(movie), "File")
    assert found["Kind"] == "Movie"
    assert found["Name"] == "m.isxd"
    assert found["Folder"] == str(movie.path.parent)
    assert found["Size"] == size(movie.path.stat().st_size)


def test_acquisition_is_ordered_and_units_stand_with_the_values(movie):
    found = rows(describe(movie), "Acquisition")
    assert list(found.items()) == [
        ("Animal ID", "M-042"),
        ("Animal Sex", "f"),
        ("Animal Weight", "24.5"),
        ("Animal Description", "\N{EN DASH}"),
        ("Session Name", "open field"),
        ("Microscope Type", "NVista3"),
        ("Exposure Time", "33 ms"),
        ("Microscope Gain", "7"),
        ("Microscope EX LED Power", "0.9 mW/mm²"),
        ("Microscope OG LED Power (mw/mm^2)", "off"),
        ("Aim (deg)", "4"),
        ("Virus", "AAV9"),
    ]


def test_processing_is_what_the_file_says_and_said_once(movie):
    found = rows(describe(movie), "Processing")
    assert found == {
        "Cell Identification Method": "cnmfe",
        "Motion correction padding": "yes",
        "Trace Units": "dF over noise",
        "Spatial downsampling": "2",
        "Trace type": "analog",
        "someNewStep.sigma": "1.5",
        "Written by": "isxcore 1.9.6",
        "File version": "1",
    }


def test_pixels(movie):
    assert rows(describe(movie), "Pixels") == {
        "Rows x columns": "3 x 5",
        "Pixel type": "uint16",
        "Pixel height x width": "6 x 17.6 µm on the sensor",
        "Field height x width": "18 x 88 µm",
        "Top left corner": "-12 µm from the top, 906.4 µm from the left",
    }


def test_timing_says_which_samples_are_missing(movie):
    dash = "\N{EN DASH}"
    assert rows(describe(movie), "Timing") == {
        "Start": "2020-09-13 07:26:40.123 UTC-05:00",
        "Sampling rate": "20 Hz",
        "Period": "50 ms",
        "Duration": "3 s",
        "Samples": "60",
        "Valid": "51 of 60",
        "Dropped": f"3: 3{dash}4, 20",  # 99 is behind the end
        "Cropped": f"5: 7{dash}9, 58{dash}59",
        "Blank": "1: 11",
        "Hardware timestamps": "no",
    }


def test_a_start_that_was_never_set_is_said_to_be_none(tmp_path, opened):
    timing = recordings.timing_info(4, seconds=(30, 1))
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(4, 3, 5), timing=timing)
    assert "which is no real date" in rows(describe(opened(path)), "Timing")["Start"]


def test_long_lists_are_cut_in_the_text_and_whole_in_the_json(tmp_path, opened):
    dropped = list(range(1, 200, 2))
    path = recordings.write_movie(
        tmp_path / "m.isxd",
        recordings.pixels(100, 3, 5),
        timing=recordings.timing_info(200, dropped=dropped),
    )
    info = describe(opened(path))
    text = rows(info, "Timing")["Dropped"]
    assert text.startswith("100: 1, 3, 5, ")
    assert text.endswith("37, 39, … and 80 more")
    assert strict(info.to_json())["Timing"]["Dropped"] == dropped


def test_the_clock_says_how_and_where_a_file_was_placed(tmp_path, opened):
    early = opened(series_files.movie(tmp_path / "a.isxd", 4))
    late = opened(series_files.movie(tmp_path / "b.isxd", 4, start_s=2.5))
    found = rows(describe(late, Clock([early, late]).placed(late)), "Clock")
    assert found == {
        "Placed": "by its start time",
        "Starts at": "2.5 s of the session",
        "Ends at": "2.7 s of the session",
    }


def test_departure_is_that_of_frames_against_the_hardware(tmp_path, opened):
    taken = 2 + np.arange(100) * 0.05
    taken[40:60] += 0.012
    movie = opened(stamped_movie(tmp_path / "m.isxd", taken))
    found = rows(describe(movie, Clock([movie]).placed(movie)), "Clock")
    assert found["Frames off hardware time"] == "at most 12 ms"
    even = opened(stamped_movie(tmp_path / "even.isxd", 2 + np.arange(9) * 0.05))
    found = rows(describe(even, Clock([even]).placed(even)), "Clock")
    assert found["Frames off hardware time"] == "below 0.001 ms"


def test_a_cell_set(tmp_path, opened):
    path = recordings.write_cells(
        tmp_path / "c.isxd", 5, CellStatuses=[0, 0, 1, 2, 2], extraProperties=SESSION
    )
    info = describe(opened(path))
    found = rows(info, "Cells")
    assert {label: found[label] for label in list(found)[:4]} == {
        "Cells": "5",
        "Accepted in the file": "2",
        "Undecided in the file": "1",
        "Rejected in the file": "2",
    }
    assert found["Unit of traces"] == "dF over noise"
    assert found["Stored metrics"] == "no"
    assert rows(info, "Pixels")["Pixel type"] == "float32"
    assert rows(info, "File")["Kind"] == "Cell set"


def test_an_event_set_counts_events_without_reading_them(tmp_path, opened):
    path = recordings.write_events(
        tmp_path / "e.isxd", ["a", "b"], recordings.some_packets(9, 2), numSamples=[4, 5]
    )
    events = opened(path)
    found = rows(describe(events), "Cells")
    assert found == {"Cells": "2", "Events": "9", "Stored metrics": "no"}
    assert "_signals" not in vars(events)


def test_a_vessel_set(tmp_path, opened):
    write_vessel_set(
        tmp_path / "v.isxd",
        "vessel diameter",
        np.ones((4, 6)),
        [[[0, 0], [3, 3]]] * 2,
        np.ones((2, 8)),
        statuses=["accepted", "rejected"],
    )
    info = describe(opened(tmp_path / "v.isxd"))
    found = rows(info, "Vessels")
    assert (found["Vessels"], found["Accepted in the file"]) == ("2", "1")
    assert found["Measured"] == "vessel diameter"
    assert rows(info, "Processing")["Vessel Set Type"] == "vessel diameter"
    assert rows(info, "Processing")["Vessels with Clipping Error"] == "none"


def test_a_gpio_file_lists_its_channels(tmp_path, opened):
    path = stamped_gpio(tmp_path / "g.gpio", np.array([0.5, 1.0, 2.0]), start_s=0.5)
    info = describe(opened(path))
    assert rows(info, "File")["Kind"] == "GPIO recording"
    assert rows(info, "Channels")["Digital GPI 0"] == "3 values · on change"
    found = rows(info, "Timing")
    assert found["Clock rate"] == "1000 Hz"
    assert "Dropped" not in found
    value = strict(info.to_json())["Channels"]["Digital GPI 0"]
    assert value == {"unit": None, "values": 3, "sampled regularly": False}


def test_channels_of_gpio_in_isxd_are_counted_by_the_footer(tmp_path, opened):
    path = recordings.write_events(
        tmp_path / "g.isxd", ["EX-LED"], recordings.some_packets(9, 1), type=3, numSamples=[9]
    )
    gpio = opened(path)
    assert rows(describe(gpio), "Channels")["EX-LED"] == "9 values · mW/mm² · on change"
    assert "_signals" not in vars(gpio)


def test_a_behavior_movie_has_its_camera(tmp_path, opened):
    path = behavior_files.isxb(tmp_path / "b.isxb", dropped=[2])
    info = describe(opened(path))
    assert rows(info, "Acquisition")["Camera Name"] == "top"
    assert rows(info, "Timing")["Dropped"] == "1: 2"
    assert "of the camera" in rows(info, "Pixels")["Pixel height x width"]


def test_a_series_lists_its_parts_and_its_gaps(tmp_path):
    paths = [series_files.movie(tmp_path / f"p{i}.isxd", 4, start_s=i * 0.5) for i in range(2)]
    with open_isx(paths) as series:
        info = describe(series)
    assert info.title == "p0.isxd and 1 more part"
    found = rows(info, "File")
    assert found["Kind"] == "Movie, a series of 2 parts"
    assert found["Part 2"].startswith("p1.isxd · 2024-05-06 07:08:09.500 UTC")
    assert found["Size"] == size(sum(path.stat().st_size for path in paths))
    assert rows(info, "Timing")["In gaps"] == "6: 4\N{EN DASH}9"


def test_planes_of_one_file_have_titles_of_their_own(tmp_path, opened):
    planes = {f"plane-{i}": {"enabled": True, "focus": 100 * i} for i in (1, 2)}
    extra = {"microscope": {"multiplane": {"enabled": True, "planes": planes}}}
    path = recordings.write_movie(
        tmp_path / "m.isxd", recordings.pixels(6, 3, 5), extraProperties=extra
    )
    infos = [describe(plane) for plane in opened(path).planes]
    assert [info.title for info in infos] == ["m.isxd, efocus 100", "m.isxd, efocus 200"]
    assert rows(infos[1], "Acquisition")["Electronic focus"] == "200"


def test_every_kind_can_be_told_of_and_saved(tmp_path, opened):
    kinds = recordings.every_kind(tmp_path)
    for path in kinds.values():
        recording = opened(path)
        clock = Clock([recording])
        info = describe(recording, clock.placed(recording) if recording in clock else None)
        assert "Not readable" not in info.to_text()
        assert strict(info.to_json())["File"]["Name"] == path.name


def test_a_closed_file_is_told_of_as_far_as_it_is_known(movie):
    movie.close()
    assert rows(describe(movie), "Timing")["Samples"] == "60"


def test_a_file_that_is_gone_has_no_size(movie):
    movie.path.unlink()
    assert rows(describe(movie), "File")["Size"] == "cannot be told"


def test_what_cannot_be_read_is_said_and_the_rest_is_told(tmp_path, opened):
    path = gpio_files.write(tmp_path / "g.gpio", bytes(64))
    info = describe(opened(path))
    assert "no GPIO packet" in rows(info, "Timing")["Not readable"]
    assert rows(info, "File")["Name"] == "g.gpio"


def test_large_gpio_files_are_not_read_for_this(tmp_path, opened):
    path = tmp_path / "g.gpio"
    path.write_bytes(gpio_files.header() + bytes(3 << 20))
    gpio = opened(path)
    info = describe(gpio)
    assert rows(info, "Timing") == {"Samples": "not read yet"}
    assert rows(info, "Channels") == {"Channels": "not read yet"}


HOSTILE = {
    "nested": {"a": [{"b": None}] * 3, "c": float("nan")},
    "huge": "x" * 10**6,
    "list": list(range(10**5)),
    "none": None,
    "lines": "a\nb\t\0c\u202e",
    "half a character": "\ud83d",
    "markup": "<img src=x>",
    "infinite": float("-inf"),
    "1e400 (ms)": "nan",
    "": {},
}


def test_odd_acquisition_values_break_nothing(movie):
    movie.acquisition_info = HOSTILE
    info = describe(movie)
    found = rows(info, "Acquisition")
    assert found["nested"] == '{"a": [{"b": null}, {"b": null}, {"b": null}], "c": null}'
    assert found["huge"].endswith("x… (1,000,000 characters)")
    assert len(found["list"]) < 400
    assert found["lines"] == "a b \ufffdc\ufffd"
    assert all("\n" not in text for text in found.values())
    values = strict(info.to_json())
    assert values["acquisition_info"]["list"] == HOSTILE["list"]
    assert values["acquisition_info"]["infinite"] is None
    info.to_json().encode("utf-8")
    info.to_text().encode("utf-8")


def test_very_many_values_are_cut_on_the_screen_alone(movie):
    movie.acquisition_info = {f"key {i:05d}": i for i in range(20_000)}
    info = describe(movie)
    found = rows(info, "Acquisition")
    assert len(found) == 201
    assert found["More"] == "19,800 more entries, which the JSON has"
    assert len(strict(info.to_json())["acquisition_info"]) == 20_000


def test_equal_labels_are_kept_apart_in_the_json(tmp_path, opened):
    path = recordings.write_events(
        tmp_path / "g.isxd", ["x", "x"], recordings.some_packets(4, 2), type=3
    )
    channels = strict(describe(opened(path)).to_json())["Channels"]
    assert list(channels) == ["Channels", "x", "x 2"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_any_value_has_words_and_json(value):
    words = as_words(value)
    assert words
    assert "\n" not in words
    assert len(words) < 400
    text = json.dumps(as_json(value), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")


def test_values_that_json_does_not_have():
    when = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    found = as_json({1: when, "array": np.array([1.5, np.nan]), "set": {1}})
    assert found == {"1": "2024-05-06T07:08:09+00:00", "array": [1.5, None], "set": "{1}"}


def test_depth_has_an_end():
    value = []
    for _ in range(500):
        value = [value]
    assert as_json(value)
    assert as_words(value)


@given(st.lists(st.integers(0, 60)), st.integers(1, 50))
def test_runs_are_the_samples_each_once(samples, count):
    runs = runs_of(samples, count)
    found = [i for first, last in runs for i in range(first, last + 1)]
    assert found == sorted({i for i in samples if i < count})
    assert all(b[0] - a[1] > 1 for a, b in pairwise(runs))


def test_no_runs_are_none():
    assert runs_in_words([]) == "none"


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (1024, "1 KiB"), (10**9, "953.7 MiB")],
)
def test_sizes(num_bytes, text):
    assert size(num_bytes) in {text, text.replace("953.7", "954")}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.5 s"), (60, "60 s (1 min 0 s)"), (7325, "7325 s (2 h 2 min 5 s)")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_text_is_aligned(movie):
    lines = describe(movie).to_text().splitlines()
    assert lines[0] == "m.isxd"
    (kind,) = [line for line in lines if line.startswith("  Kind ")]
    (rate,) = [line for line in lines if line.startswith("  Sampling rate ")]
    assert kind.index("Movie") == rate.index("20 Hz")


@pytest.mark.parametrize("suffix", [".txt", ".json", ".JSON"])
def test_saving(movie, tmp_path, suffix):
    target = tmp_path / f"info{suffix}"
    target.write_text("old")
    info = describe(movie)
    save_info(info, target)
    expected = info.to_text() if suffix == ".txt" else info.to_json()
    assert target.read_text(encoding="utf-8") == expected
    assert not list(tmp_path.glob("*.part"))


def test_a_recording_is_not_overwritten(movie):
    before = movie.path.read_bytes()
    with pytest.raises(ValueError, match=r"ends in \.txt or \.json"):
        save_info(describe(movie), movie.path)
    assert movie.path.read_bytes() == before


def test_an_interrupted_save_leaves_the_old_file(movie, tmp_path, monkeypatch):
    target = tmp_path / "info.txt"
    target.write_text("old")

    def full(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_info(describe(movie), target)
    assert target.read_text() == "old"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.real
def test_real_files(real_data, opened):
    for path in sorted(real_data.glob("*.isx*")):
        info = describe(opened(path))
        assert strict(info.to_json())["File"]["Name"] == path.name
        assert "Not readable" not in info.to_text()
    cells = describe(opened(real_data / "cellset_20cells_mixed_status.isxd"))
    found = rows(cells, "Cells")
    assert [found[f"{s} in the file"] for s in ("Accepted", "Undecided", "Rejected")] == [
        "9",
        "6",
        "5",
    ]
    assert rows(cells, "Processing")["Cell Identification Method"] == "pca-ica"
