"""Cell sets and event sets: all traces, all events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row, isx, side_by_side, with_isx
from napari_isx import CellSet, EventSet, open_isx

SMALL_FIELD = (64, 80)
_ISX_CELLS = 4


def rows(files: Files) -> Iterator[Row]:
    """All lines about cells and events."""
    yield all_traces(files, SMALL_FIELD)
    yield all_traces(files, files.sizes.field)
    yield all_events(files, 200)
    yield all_events(files, files.sizes.packets // files.sizes.cells)


def all_traces(files: Files, field: tuple[int, int]) -> Row:
    """Every trace of a cell set in one array."""
    sizes = files.sizes
    path = files.cells(sizes.cells, sizes.samples, field)
    cells = open_isx(path)
    assert isinstance(cells, CellSet)
    theirs = isx.CellSet.read(str(path)) if isx else None
    shape = (cells.num_cells, cells.timing.num_samples)

    def plain() -> np.ndarray:
        traces = np.empty(shape, "<f4")
        footprint_bytes = 4 * field[0] * field[1]
        with path.open("rb", buffering=0) as handle:
            for i, trace in enumerate(traces):
                handle.seek((i + 1) * footprint_bytes + i * trace.nbytes)
                handle.readinto(trace.data)
        return traces

    def of_isx() -> np.ndarray:
        traces = np.empty(shape, "<f4")
        for i, trace in enumerate(traces):
            trace[...] = theirs.get_cell_trace_data(i)
        return traces

    calls = with_isx(
        {"ours": lambda: np.array(cells.traces), "floor": plain}, isx=lambda _: of_isx()
    )
    times = side_by_side(calls, sizes.few_rounds)
    cells.close()
    rows, cols = field
    return Row(
        f"all traces, {shape[0]} cells of {rows} x {cols}, {shape[1]:,} samples",
        times["ours"],
        times.get("isx"),
        times["floor"],
        most_isx=1 / 1.5,
        note="into one new array; floor: one read of the system for each trace",
    )


def all_events(files: Files, per_cell: int) -> Row:
    """The events of every cell, opening included."""
    sizes = files.sizes
    path = files.events(sizes.cells, per_cell)
    num_read = min(_ISX_CELLS, sizes.cells)

    def ours() -> int:
        with open_isx(path) as events:
            assert isinstance(events, EventSet)
            return sum(len(events.events(i)) for i in range(events.num_cells))

    theirs = isx.EventSet.read(str(path)) if isx else None
    calls = with_isx(
        {"ours": ours, "floor": lambda: plain_read(path)},
        isx=lambda _: [theirs.get_cell_data(i) for i in range(num_read)],
    )
    times = side_by_side(calls, sizes.few_rounds)
    their_time = times.get("isx")
    return Row(
        f"all events, {sizes.cells} cells with {per_cell:,} each",
        times["ours"],
        None if their_time is None else their_time / num_read * sizes.cells,
        times["floor"],
        most_isx=1 / 100,
        note=f"isx measured on {num_read} cells and multiplied, as it reads the whole file for "
        f"each; ours with opening; floor: a read of the file into one array",
    )


def plain_read(path: Path) -> np.ndarray:
    """A whole file in a new array."""
    return np.fromfile(path, np.uint8)
