"""What writers refuse, and what they leave behind when something goes wrong: nothing."""

from __future__ import annotations

import os
import tracemalloc
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from helpers import recordings

from napari_isx import (
    Spacing,
    Timing,
    open_isx,
    write_behavior_movie,
    write_cell_set,
    write_event_set,
    write_image,
    write_movie,
    write_vessel_set,
)
from napari_isx.io.cells.cell_set import METRIC_COLUMNS as CELL_METRIC_COLUMNS
from napari_isx.io.events.event_set import METRIC_COLUMNS

FRAMES = recordings.pixels(3, 4, 7)
FOOTPRINTS, TRACES = recordings.cell_arrays(3, 4, 7, 11)
TIMING = Timing(11)


class Interrupted(BaseException):
    """As a key press is: no Exception."""


def broken_off(items, error):
    yield from items
    raise error


def table(columns, rows, value=1.0):
    return pd.DataFrame(np.full((rows, len(columns)), value), columns=columns)


@pytest.fixture(params=["new", "existing"])
def target(request, tmp_path):
    """A target that is not there, or holds what must stay; checked afterwards."""
    path = tmp_path / "target.isxd"
    if request.param == "existing":
        path.write_bytes(b"what was there")
    yield path
    left = [p.name for p in tmp_path.iterdir()]
    assert left == (["target.isxd"] if request.param == "existing" else [])
    assert not left or path.read_bytes() == b"what was there"


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        ([], {}, "at least one frame"),
        ([FRAMES[0], FRAMES[1, 1:]], {}, "frame 1"),
        ([FRAMES[0], FRAMES[1].astype("f4")], {}, "frame 1"),
        (FRAMES.astype("f8"), {}, "float64"),
        (FRAMES.astype(">u2"), {}, ">u2|uint16"),
        (FRAMES.astype("i2"), {}, "int16"),
        (FRAMES.astype(bool), {}, "bool"),
        (FRAMES[0], {}, r"\(7,\)"),
        (np.zeros((2, 3, 4, 4), "u1"), {}, r"\(3, 4, 4\)"),
        (np.zeros((2, 3, 4, 3), "u2"), {}, r"\(3, 4, 3\)"),
        (FRAMES[:, :0], {}, "have none"),
        (FRAMES[:, :, :0], {}, "have none"),
        (FRAMES, {"timing": Timing(4)}, "3 frames for 4 samples"),
        (FRAMES, {"timing": Timing(2)}, "more frames"),
        (FRAMES, {"spacing": Spacing((7, 4))}, "pixels"),
        (FRAMES, {"timestamps_us": [1, 2]}, "more frames"),
        (FRAMES, {"timestamps_us": [1, 2, 3, 4]}, "4 timestamps"),
        (FRAMES, {"timestamps_us": 5}, "timestamps"),
        (FRAMES, {"timestamps_us": [[1], [2], [3]]}, "timestamps"),
        (FRAMES, {"timestamps_us": [1, -2, 3]}, "timestamps"),
        (FRAMES, {"timestamps_us": [1, 2.5, 3]}, "timestamps"),
        (FRAMES, {"timestamps_us": [1, np.nan, 3]}, "timestamps"),
        (FRAMES, {"timestamps_us": [1, 2, 2**64]}, "timestamps"),
        (FRAMES, {"extra_properties": {"x": float("nan")}}, "JSON"),
        (FRAMES, {"extra_properties": {"x": float("inf")}}, "JSON"),
    ],
)
def test_movies_that_do_not_fit_are_a_value_error(target, frames, options, message):
    with pytest.raises(ValueError, match=message):
        write_movie(target, frames, **options)


def test_an_endless_movie_is_refused_at_once(target):
    def endless():
        while True:
            yield FRAMES[0]

    with pytest.raises(ValueError, match="more frames"):
        write_movie(target, endless(), timing=Timing(5, dropped=(3,)))


@pytest.mark.parametrize(
    ("footprints", "traces", "options", "message"),
    [
        (FOOTPRINTS, TRACES[:2], {}, "shorter"),
        (FOOTPRINTS[:2], TRACES, {}, "longer"),
        ([], [], {}, "without cells"),
        ([], [], {"timing": TIMING}, "without cells"),
        ([FOOTPRINTS[0], FOOTPRINTS[1, 1:]], TRACES[:2], {}, "pixels"),
        (FOOTPRINTS, [TRACES[0], TRACES[1], TRACES[2, 1:]], {}, "cell 2"),
        (FOOTPRINTS[0], TRACES, {}, "2 axes"),
        (FOOTPRINTS, TRACES[..., np.newaxis], {}, "trace 1"),
        (FOOTPRINTS, TRACES, {"timing": Timing(10)}, "10 samples"),
        (FOOTPRINTS, TRACES, {"spacing": Spacing((7, 4))}, "pixels"),
        (FOOTPRINTS, TRACES, {"names": ["a", "b"]}, "CellNames"),
        (FOOTPRINTS, TRACES, {"names": []}, "CellNames"),
        (FOOTPRINTS, TRACES, {"names": ["a", "b", 3]}, "text"),
        (FOOTPRINTS, TRACES, {"statuses": ["accepted"]}, "CellStatuses"),
        (FOOTPRINTS, TRACES, {"statuses": ["accepted"] * 2 + ["maybe"]}, "maybe"),
        (FOOTPRINTS, TRACES, {"colors": np.zeros((2, 4))}, "colors"),
        (FOOTPRINTS, TRACES, {"colors": np.zeros((4, 3))}, "colors"),
        (FOOTPRINTS, TRACES, {"colors": np.full((3, 4), 0.5)}, "colors"),
        (FOOTPRINTS, TRACES, {"colors": np.full((3, 4), -1)}, "colors"),
        (FOOTPRINTS, TRACES, {"metrics": table(CELL_METRIC_COLUMNS, 2)}, "cellMetrics"),
        (FOOTPRINTS, TRACES, {"metrics": table(CELL_METRIC_COLUMNS, 3, np.inf)}, "finite"),
        (
            FOOTPRINTS,
            TRACES,
            {"metrics": table(CELL_METRIC_COLUMNS, 3).assign(area_px=np.nan)},
            "undefined",
        ),
    ],
)
def test_cells_that_do_not_fit_are_a_value_error(target, footprints, traces, options, message):
    with pytest.raises(ValueError, match=message):
        write_cell_set(target, footprints, traces, **options)


@pytest.mark.parametrize(
    ("events", "options", "message"),
    [
        ({"a": ([1, 2], [1])}, {}, "a: "),
        ({"a": ([[1]], [[1]])}, {}, "a: "),
        ({"a": ([-1], [1])}, {}, "a: "),
        ({"a": ([0.5], [1])}, {}, "a: "),
        ({"a": (["x"], [1])}, {}, ""),
        ({3: ([1], [1])}, {}, "text"),
        ({"a": ([1], [1])}, {"metrics": table(METRIC_COLUMNS, 2)}, "metrics"),
        ({"a": ([1], [1])}, {"metrics": table(METRIC_COLUMNS, 1, np.inf)}, "JSON"),
    ],
)
def test_events_that_do_not_fit_are_a_value_error(target, events, options, message):
    with pytest.raises(ValueError, match=message or "x"):
        write_event_set(target, events, timing=TIMING, **options)


@pytest.mark.parametrize("error", [RuntimeError("x"), Interrupted(), OSError(28, "full")])
def test_an_iterator_that_fails_leaves_nothing(target, error):
    with pytest.raises(type(error)):
        write_movie(target, broken_off(FRAMES, error))
    with pytest.raises(type(error)):
        write_cell_set(target, broken_off(FOOTPRINTS, error), TRACES)


def test_what_is_no_json_leaves_nothing(target):
    with pytest.raises(TypeError):
        write_image(target, FRAMES[0], extra_properties={"x": object()})


def test_a_disk_that_fails_leaves_nothing(target, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_movie(target, FRAMES)


def test_a_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_movie(tmp_path / "missing" / "m.isxd", FRAMES)


def test_an_existing_target_is_replaced(tmp_path):
    path = tmp_path / "m.isxd"
    path.write_bytes(b"old")
    write_movie(path, FRAMES)
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie[:], FRAMES)
    assert [p.name for p in tmp_path.iterdir()] == ["m.isxd"]


def test_a_movie_can_be_rewritten_from_itself(tmp_path):
    path = tmp_path / "m.isxd"
    write_movie(path, FRAMES)
    with open_isx(path) as movie:
        write_movie(path, (frame + np.uint16(1) for frame in movie), timing=movie.timing)
    with open_isx(path) as movie:
        np.testing.assert_array_equal(movie[:], FRAMES + np.uint16(1))


def test_frames_and_cells_are_taken_one_by_one(tmp_path):
    frame = np.zeros((500, 500), "<u2")
    footprint, trace = np.zeros((500, 500), "<f4"), np.zeros(1000, "<f4")
    tracemalloc.start()
    try:
        write_movie(tmp_path / "m.isxd", (frame.copy() for _ in range(60)))
        cells = range(40)
        write_cell_set(
            tmp_path / "c.isxd", (footprint.copy() for _ in cells), (trace.copy() for _ in cells)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * footprint.nbytes
    assert (tmp_path / "m.isxd").stat().st_size > 60 * frame.nbytes


def test_defaults(tmp_path):
    write_movie(tmp_path / "m.isxd", FRAMES)
    with open_isx(tmp_path / "m.isxd") as movie:
        assert movie.timing == Timing(3)
        assert movie.timing.period_s == 0.05
        assert movie.spacing == Spacing((4, 7))
        assert movie.timestamps_us is None
        assert movie.acquisition_info == {}
    many = np.zeros((11, 1, 2)), np.zeros((11, 3))
    write_cell_set(tmp_path / "c.isxd", *many)
    with open_isx(tmp_path / "c.isxd") as cells:
        assert cells.names[:2] == ["C00", "C01"]
        assert cells.names[-1] == "C10"
        assert cells.statuses == ["undecided"] * 11
        assert cells.colors.tolist() == [[255] * 4] * 11
        assert cells.metrics is None
        assert cells.timing == Timing(3)
    write_event_set(tmp_path / "e.isxd", {"a": ([], [])}, timing=TIMING)
    with open_isx(tmp_path / "e.isxd") as events:
        assert len(events.events("a")) == 0
        assert events.metrics is None
        assert events.timing == TIMING


def test_a_session_may_be_any_mapping(tmp_path):
    session = MappingProxyType({"name": "s"})
    write_image(tmp_path / "i.isxd", FRAMES[0], extra_properties=session)
    write_cell_set(tmp_path / "c.isxd", FOOTPRINTS, TRACES, extra_properties=session)
    write_event_set(tmp_path / "e.isxd", {}, timing=TIMING, extra_properties=session)
    for path in tmp_path.iterdir():
        with open_isx(path) as recording:
            assert recording.acquisition_info == {"Session Name": "s"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timestamps_us": [-1, 0, 1]}, "whole numbers from 0"),
        ({"timestamps_us": [0, 1.5, 3]}, "whole numbers from 0"),
        ({"trackers": [{"box": [float("nan")] * 4}] * 3}, "JSON"),
    ],
)
def test_behavior_that_nobody_could_read_is_a_value_error(target, options, message):
    with pytest.raises(ValueError, match=message):
        write_behavior_movie(target, np.zeros((3, 16, 64), np.uint8), **options)


@pytest.mark.parametrize("line", [[[0, 1.5], [2, 3]], [[np.nan, 0], [1, 1]]])
def test_a_vessel_between_pixels_is_a_value_error(target, line):
    with pytest.raises(ValueError, match="from pixel to pixel"):
        write_vessel_set(target, "vessel diameter", FRAMES[0], [np.array(line)], [TRACES[0]])


def test_colors_that_are_no_numbers_are_a_value_error(target):
    with pytest.raises(ValueError, match="from 0 to 255"):
        write_cell_set(target, FOOTPRINTS, TRACES, colors=np.full((3, 4), np.nan))


def test_numbers_may_be_those_of_numpy(tmp_path):
    missing = np.array([1, 2])
    timing = Timing.regular(
        np.int64(5), np.float32(0.5), dropped=missing[:1], blank=missing[1:], cropped=[missing + 2]
    )
    spacing = Spacing.regular(
        (np.int64(4), np.int32(7)), np.float32(2.5), (np.float32(-0.5), np.int16(3))
    )
    frames = recordings.pixels(5, 4, 7)
    write_movie(tmp_path / "m.isxd", frames, timing=timing, spacing=spacing)
    with open_isx(tmp_path / "m.isxd") as movie:
        assert (
            movie.timing
            == timing
            == Timing.regular(5, 0.5, dropped=[1], blank=[2], cropped=[(3, 4)])
        )
        assert movie.spacing == spacing == Spacing.regular((4, 7), 2.5, (-0.5, 3))
        np.testing.assert_array_equal(movie[0], frames[0])
