"""A whole recording in one window: how much slower the slider gets."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.files import Files
from benchmarks.measure import Row, no_garbage_collection
from benchmarks.window import Window, has_screen

_CELLS = 100
_EVENTS = 30


def rows(files: Files) -> Iterator[Row]:
    """All lines about it."""
    if not has_screen():
        raise RuntimeError("there is no screen; `make bench` brings a virtual one")
    window = Window()
    yield step(window, files)
    window.close()


def step(window: Window, files: Files) -> Row:
    """A step of the slider with everything open, and with the movie alone."""
    sizes = files.sizes
    rest = (
        files.behavior(),
        files.cells(_CELLS, sizes.samples, sizes.field),
        files.events(_CELLS, _EVENTS),
        files.gpio(),
    )
    alone, together = [], []
    for _ in range(2):  # in turns, as the machine may get busier meanwhile
        window.open(files.movie())
        alone.append(steps(window, files))
        window.open(*rest)
        window.settle(2.0)
        together.append(steps(window, files))
        window.clear()
    return Row(
        f"a step of the slider: movie, behavior movie, {_CELLS} cells with events, GPIO",
        statistics.median(together),
        None,
        statistics.median(alone),
        most_floor=2,
        note="until drawn, the dock below it; floor: the movie alone in the same window",
    )


def steps(window: Window, files: Files) -> float:
    """The median time of a step, until it is drawn."""
    window.settle()
    dims, times = window.viewer.dims, []
    with no_garbage_collection():
        for frame in range(files.sizes.steps):
            start = time.perf_counter()
            wait = window.drawn()
            dims.set_current_step(0, 20 + frame)
            wait()
            times.append(time.perf_counter() - start)
    return statistics.median(times)
