"""A whole recording in one window: how much slower the slider gets."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.files import Files
from benchmarks.measure import Row, no_garbage_collection
from benchmarks.window import Window, has_screen
from napari_isx import open_isx
from napari_isx.layers.build import layers_of

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
    """A step of the slider with everything open, and with the two movies as plain layers."""
    sizes = files.sizes
    rest = (
        files.behavior(),
        files.cells(_CELLS, sizes.samples, sizes.field),
        files.events(_CELLS, _EVENTS),
        files.gpio(),
    )
    alone, together = [], []
    for _ in range(2):  # in turns, as the machine may get busier meanwhile
        show_plain(window, files)
        alone.append(steps(window, files))
        window.clear()
        window.open(files.movie(), *rest)
        for dock in ("Cells", "Close-up", "Heat map"):
            window.viewer.window.add_plugin_dock_widget("napari-isx", dock)
        window.settle(2.0)
        together.append(steps(window, files))
        window.clear()
    return Row(
        f"a step of the slider: movie, behavior movie, {_CELLS} cells with events, GPIO",
        statistics.median(together),
        None,
        statistics.median(alone),
        most_floor=1.2,
        note="until drawn, all docks open; floor: the two movies as plain layers, the same window",
    )


def show_plain(window: Window, files: Files) -> None:
    """Show movie and behavior movie beside each other as layers that are nobody's."""
    wait, right = window.drawn(), 0.0
    for path in (files.movie(), files.behavior()):
        data, kwargs, _ = layers_of(open_isx(path))[0]
        look = {key: value for key, value in kwargs.items() if key != "metadata"}
        layer = window.viewer.add_image(data, **look)
        layer.translate = (0, layer.translate[1], right)
        right = float(layer.extent.world[1][2])
    window.viewer.reset_view()
    wait()


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
