"""Cell sets and event sets as tables, beside polars and `isx`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.cells_and_events import SMALL_FIELD
from benchmarks.files import Files
from benchmarks.measure import Row, isx, side_by_side, with_isx
from benchmarks.movies_out import added_mb
from napari_isx import CellSet, EventSet, export_cells, export_events, open_isx

_EVENT_CELLS = 20


def rows(files: Files) -> Iterator[Row]:
    """All lines about them."""
    yield from cells_as_csv(files)
    yield from events_as_csv(files)


def cells_as_csv(files: Files) -> Iterator[Row]:
    """All traces in the layout of Inscopix' software."""
    sizes = files.sizes
    path = files.cells(sizes.many_cells, sizes.samples, SMALL_FIELD)
    target = path.with_suffix(".csv")
    with open_isx(path) as cells:
        assert isinstance(cells, CellSet)
        traces = np.array(cells.traces)  # the file's pages are in memory, too, from now on
        columns = {"time": cells.timing.times_s}
        columns |= {f"C{i}": trace for i, trace in enumerate(traces)}
        frame = pl.DataFrame(columns)

        def ours() -> None:
            export_cells(cells, target, props=False, overwrite=True)

        what = f"cell set as CSV, {cells.num_cells:,} cells, {cells.timing.num_samples:,} samples"
        yield Row(f"memory beyond the traces: {what}", added_mb(ours), most=100, unit="MB")
        calls = {"ours": ours, "polars": lambda: frame.write_csv(target)}
        times = side_by_side(calls, sizes.few_rounds)
        yield Row(
            what,
            times["ours"],
            None,
            times["polars"],
            most_floor=3,
            note="floor: polars writing the same numbers in its own format, which differs; ours "
            "waits for the disk (fsync); isx cannot",
        )
    target.unlink()


def events_as_csv(files: Files) -> Iterator[Row]:
    """All events, a row for each sample, and a row for each event."""
    path = files.events(_EVENT_CELLS, 2_000)
    target, other = path.with_suffix(".csv"), path.with_suffix(".isx.csv")

    def ours(sparse: bool) -> None:
        with open_isx(path) as events, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # random events share samples
            assert isinstance(events, EventSet)
            export_events(events, target, sparse_output=sparse, overwrite=True)

    def theirs(sparse: bool) -> None:
        Path(other).unlink(missing_ok=True)
        isx.export_event_set_to_csv([str(path)], str(other), sparse_output=sparse)

    for sparse, row in ((True, "sample"), (False, "event")):
        calls = with_isx(
            {"ours": partial(ours, sparse)}, isx=lambda _, sparse=sparse: theirs(sparse)
        )
        times = side_by_side(calls, files.sizes.few_rounds)
        yield Row(
            f"events as CSV, a row for each {row}, {_EVENT_CELLS} cells with 2,000 each",
            times["ours"],
            times.get("isx"),
            None,
            most_isx=1,
            note="with opening",
        )
