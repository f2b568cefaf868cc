"""Responses to events: the averages and tests of many cells, and the mean movie."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row, side_by_side
from napari_isx import CellSet, Movie, open_isx
from napari_isx.analysis import peri_event, response_map

_EVENTS, _SHUFFLES = 200, 1_000
_EVENTS_OF_A_MAP, _SECONDS_OF_A_MAP = 100, 4


def rows(files: Files) -> Iterator[Row]:
    """All lines about responses."""
    yield many_cells(files)
    yield mean_movie(files)


def many_cells(files: Files) -> Row:
    """Averages, effects and shifts of all cells of a large set."""
    sizes = files.sizes
    cells = open_isx(files.cells(sizes.many_cells, sizes.samples, sizes.field))
    assert isinstance(cells, CellSet)
    events_s = np.sort(np.random.default_rng(0).uniform(0, cells.timing.duration_s, _EVENTS))
    every = range(cells.num_cells)

    def ours() -> object:
        return peri_event(cells, events_s, cell_indices=every, shuffles=_SHUFFLES).p

    times = side_by_side({"ours": ours, "floor": lambda: cells.traces.sum()}, sizes.few_rounds)
    cells.close()
    return Row(
        f"responses of {sizes.many_cells:,} cells, {sizes.samples:,} samples, to {_EVENTS} events",
        times["ours"],
        floor=times["floor"],
        most=1,
        note=f"{_SHUFFLES:,} circular shifts; floor: one pass over the traces",
    )


def mean_movie(files: Files) -> Row:
    """The mean movie around events, beside reading the same frames."""
    sizes = files.sizes
    movie = open_isx(files.sparse_movie(sizes.huge_frames))
    assert isinstance(movie, Movie)
    half_s = min(_SECONDS_OF_A_MAP / 2, movie.timing.duration_s / 4)
    # One after the other, as trials are: each frame is needed for one event.
    events_s = np.linspace(half_s, movie.timing.duration_s - 2 * half_s, _EVENTS_OF_A_MAP)
    windows = {
        "window_s": (-half_s, half_s),
        "baseline_s": (-half_s / 2, 0),
        "response_s": (0, half_s / 2),
    }
    period_s = movie.timing.period_s
    reach = int(np.ceil(half_s / period_s))
    around = np.rint(events_s / period_s).astype(int)[:, None] + np.arange(-reach, reach + 1)
    frames = np.unique(around[(around >= 0).all(axis=1) & (around < len(movie)).all(axis=1)])
    frame = np.empty(movie.shape[1:], movie.dtype)

    def plain() -> None:
        for i in frames.tolist():
            movie.read_rows(i, 0, movie.shape[1], out=frame)

    calls = {"ours": lambda: response_map(movie, events_s, **windows).peak, "floor": plain}
    times = side_by_side(calls, sizes.few_rounds)
    movie.close()
    return Row(
        f"mean movie around {len(events_s)} events of {2 * half_s:g} s",
        times["ours"],
        floor=times["floor"],
        most_floor=1.5,
        note="floor: reading the frames that are in it, each once",
    )
