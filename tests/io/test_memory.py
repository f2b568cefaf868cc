"""Movies, cell sets and event sets in memory are like those of files, and are written as these."""

from __future__ import annotations

import pickle

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from dask.base import tokenize

from napari_isx import (
    CellSet,
    EventSet,
    Movie,
    Spacing,
    Timing,
    open_isx,
    write_cell_set,
    write_event_set,
    write_movie,
)
from napari_isx.io.cells.cell_set import METRIC_COLUMNS
from napari_isx.io.events.event_set import METRIC_COLUMNS as EVENT_METRIC_COLUMNS

TIMING = Timing.regular(9, 0.1, dropped=[2, 3])
SPACING = Spacing.regular((4, 6), 6.0, (12.0, 30.0))
RNG = np.random.default_rng(0)
FOOTPRINTS = RNG.random((3, 4, 6)).astype(np.float32)
TRACES = RNG.normal(size=(3, 9)).astype(np.float32)
CELLS = {
    "timing": TIMING,
    "spacing": SPACING,
    "names": ["a", "b", "a"],
    "statuses": ["accepted", "rejected", "undecided"],
    "colors": [[255, 0, 0, 255], [0, 255, 0, 255], [1, 2, 3, 4]],
    "metrics": pd.DataFrame([range(9), [np.nan] * 9, range(9, 18)], columns=METRIC_COLUMNS),
    "extra_properties": {"idps": {"cellset": {"units": "dF over noise"}}, "animal": {"id": "m1"}},
}
EVENTS = {"a": ([100_000, 300_000], [1.5, 2.5]), "b": ([], [])}


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.uint8])
def test_a_movie_reads_as_its_file_does(tmp_path, dtype):
    frames = RNG.integers(0, 200, (9, 4, 6)).astype(dtype)
    movie = Movie.from_array(frames, timing=TIMING, spacing=SPACING)
    write_movie(tmp_path / "m.isxd", movie, timing=movie.timing, spacing=movie.spacing)
    with open_isx(tmp_path / "m.isxd") as file:
        assert movie.shape == file.shape
        assert movie.dtype == file.dtype
        assert (movie.timing, movie.spacing) == (file.timing, file.spacing)
        assert np.array_equal(movie[:], file[:])
        assert not movie[2].any()  # dropped
        assert np.array_equal(movie.to_dask(4).compute(), file[:])
        assert np.array_equal(movie.read_rows(5, 1, 3), file.read_rows(5, 1, 3))
    assert movie.path is None
    assert movie.paths == ()
    assert movie.timestamps_us is None
    assert movie.planes == []
    assert "movie in memory" in repr(movie)


def test_a_color_movie():
    frames = RNG.integers(0, 255, (3, 4, 6, 3)).astype(np.uint8)
    assert np.array_equal(Movie.from_array(frames)[1], frames[1])


def test_a_dask_movie_is_computed_frame_by_frame():
    computed = []

    def block(block_id):
        computed.append(block_id[0])
        return np.full((1, 4, 6), block_id[0], np.uint16)

    lazy = da.map_blocks(
        block, chunks=((1,) * 9, (4,), (6,)), dtype=np.uint16, meta=np.empty((0,) * 3, np.uint16)
    )
    movie = Movie.from_array(lazy)
    assert computed == []
    assert movie[[7, 3]][:, 0, 0].tolist() == [7, 3]
    assert sorted(computed) == [3, 7]


@pytest.mark.parametrize(
    ("frames", "options"),
    [
        (np.zeros((4, 6), np.uint16), {}),
        (np.zeros((0, 4, 6), np.uint16), {}),
        (np.zeros((9, 0, 6), np.uint16), {}),
        (np.zeros((9, 4, 6), np.int64), {}),
        (np.zeros((9, 4, 6, 3), np.uint16), {}),
        (np.zeros((8, 4, 6), np.uint16), {"timing": TIMING}),
        (np.zeros((9, 4, 7), np.uint16), {"spacing": SPACING}),
    ],
)
def test_what_is_no_movie_is_a_value_error(frames, options):
    with pytest.raises(ValueError, match=r"frames|movie"):
        Movie.from_array(frames, **options)


def test_a_cell_set_reads_as_its_file_does(tmp_path):
    cells = CellSet.from_arrays(FOOTPRINTS, TRACES, **CELLS)
    write_cell_set(tmp_path / "c.isxd", FOOTPRINTS, TRACES, **CELLS)
    with open_isx(tmp_path / "c.isxd") as file:
        for name in ("names", "statuses", "num_cells", "timing", "spacing", "acquisition_info"):
            assert getattr(cells, name) == getattr(file, name), name
        for name in ("footprints", "traces", "colors"):
            assert np.array_equal(getattr(cells, name), getattr(file, name)), name
        pd.testing.assert_frame_equal(cells.metrics, file.metrics)
        assert cells.trace_units == file.trace_units == "dF over noise"
        for i in (0, -1):
            assert np.array_equal(cells.footprint(i), file.footprint(i))
            assert np.array_equal(cells.trace(i), file.trace(i))
        with pytest.raises(IndexError):
            cells.trace(3)
    assert cells.path is None


def test_saving_statuses_changes_memory_and_can_be_taken_back():
    cells = CellSet.from_arrays(FOOTPRINTS, TRACES, **CELLS)
    before = cells.statuses
    cells.save_statuses(["rejected"] * 3)
    assert cells.statuses == cells.statuses_in_file() == ["rejected"] * 3
    cells.restore_previous_statuses()
    assert cells.statuses == before
    cells.restore_previous_statuses()
    assert cells.statuses == ["rejected"] * 3
    with pytest.raises(ValueError, match="2 statuses for 3 cells"):
        cells.save_statuses(["rejected"] * 2)


def test_arrays_in_memory_are_copies_that_nobody_changes():
    given = FOOTPRINTS.copy()
    cells = CellSet.from_arrays(given, TRACES)
    given[:] = 0
    assert cells.footprints.any()
    assert cells.names == ["C0", "C1", "C2"]
    with pytest.raises(ValueError, match="read-only"):
        cells.traces[0] = 0


@pytest.mark.parametrize(
    "options",
    [
        {"names": ["a"]},
        {"statuses": ["good"] * 3},
        {"colors": [[1, 2, 3]]},
        {"timing": Timing(4)},
        {"spacing": Spacing((5, 6))},
        {"metrics": CELLS["metrics"][:2]},
        {"metrics": CELLS["metrics"].replace(0.0, np.inf)},
    ],
    ids=lambda options: next(iter(options)),
)
def test_what_no_file_can_hold_is_refused_in_the_same_words(tmp_path, options):
    with pytest.raises(ValueError) as in_memory:  # noqa: PT011
        CellSet.from_arrays(FOOTPRINTS, TRACES, **options)
    with pytest.raises(ValueError) as in_file:  # noqa: PT011
        write_cell_set(tmp_path / "c.isxd", FOOTPRINTS, TRACES, **options)
    assert str(in_memory.value) == str(in_file.value)
    assert not (tmp_path / "c.isxd").exists()


def test_a_set_without_cells_needs_timing_and_spacing():
    with pytest.raises(ValueError, match="timing and spacing"):
        CellSet.from_arrays([], [])
    cells = CellSet.from_arrays([], [], timing=TIMING, spacing=SPACING)
    assert cells.footprints.shape == (0, 4, 6)
    assert cells.traces.shape == (0, 9)


def test_an_event_set_reads_as_its_file_does(tmp_path):
    metrics = pd.DataFrame([range(9), [np.nan] * 9], columns=EVENT_METRIC_COLUMNS)
    options = {"timing": Timing(9), "metrics": metrics, "extra_properties": {"name": "s"}}
    events = EventSet.from_arrays(EVENTS, **options)
    write_event_set(tmp_path / "e.isxd", EVENTS, **options)
    with open_isx(tmp_path / "e.isxd") as file:
        for name in ("names", "num_cells", "acquisition_info"):
            assert getattr(events, name) == getattr(file, name), name
        assert events.timing.num_samples == file.timing.num_samples
        pd.testing.assert_frame_equal(events.metrics, file.metrics, check_dtype=False)
        for name in EVENTS:
            assert np.array_equal(events.events(name).times_s, file.events(name).times_s)
            assert np.array_equal(events.events(name).values, file.events(name).values)
    with pytest.raises(KeyError):
        events.events("c")


def test_events_in_any_order_come_out_in_order_of_time():
    events = EventSet.from_arrays({"a": ([300, 100, 300], [1, 2, 3])}, timing=Timing(9))
    assert events.events(0).offsets_us.tolist() == [100, 300]
    assert events.events(0).values.tolist() == [2, 3]


def made():
    return [
        Movie.from_array(np.arange(48, dtype=np.uint16).reshape(2, 4, 6)),
        CellSet.from_arrays(FOOTPRINTS, TRACES, **CELLS),
        EventSet.from_arrays(EVENTS, timing=Timing(9)),
    ]


@pytest.mark.parametrize("place", range(3))
def test_they_pickle_by_content_and_dask_knows_them(place):
    one, twin = made()[place], made()[place]
    again = pickle.loads(pickle.dumps(one))
    assert again.name == one.name
    assert again.path is None
    assert tokenize(one) == tokenize(twin) == tokenize(again)
    if isinstance(one, CellSet):
        assert again.statuses == one.statuses
        assert np.array_equal(again.traces, one.traces)
    one.name = "mine"
    assert one.title == "mine"
    with one:
        pass
    assert one.closed
