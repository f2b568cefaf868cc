"""What is felt in a real window: steps of the slider, the dock, big cell sets, memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cells_and_events import SMALL_FIELD
from benchmarks.files import Files
from benchmarks.measure import Row, no_garbage_collection, side_by_side
from benchmarks.reading import map_frames
from napari_isx import CellSet, Movie, open_isx

_PATIENCE_S = 20.0


def rows(files: Files) -> Iterator[Row]:
    """All lines about the window."""
    if not has_screen():
        raise RuntimeError("there is no screen; `make bench` brings a virtual one")
    yield memory(files)
    window = Window()
    yield slider_step(window, files)
    yield following(window, files)
    yield from switching(window, files, files.sizes.samples, limit_s=16e-3)
    yield from switching(window, files, files.sizes.many_samples, limit_s=33e-3)
    yield many_cells(window, files)
    window.close()


def has_screen() -> bool:
    """Whether a window can be shown."""
    needs_display = sys.platform.startswith("linux")
    return not needs_display or any(os.environ.get(k) for k in ("DISPLAY", "WAYLAND_DISPLAY"))


class Window:
    """A napari window, and when its parts have been drawn."""

    def __init__(self) -> None:
        from napari import Viewer
        from qtpy.QtWidgets import QApplication

        self.process_events = QApplication.processEvents
        self.viewer = Viewer()
        self.viewer.window.resize(1400, 900)
        self._canvas = self.viewer.window._qt_viewer.canvas
        self.draws = 0
        self.canvas_s = 0.0
        """Main-thread time that drawing the canvas took so far."""
        self._canvas._scene_canvas.events.draw.connect(self._before_draw, position="first")
        self._canvas._scene_canvas.events.draw.connect(self._on_draw, position="last")
        self._paints: PaintCounter | None = None
        self._words: Any = None
        self.settle(1.0)

    def settle(self, seconds: float = 0.3) -> None:
        """Let the window do what is due."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.process_events()

    def drawn(self, *, canvas: bool = True, plot: bool = False) -> Callable[[], None]:
        """Start waiting; what is returned waits until these parts have been drawn anew."""
        draws = self.draws
        paints = self._paints.count if self._paints is not None else 0

        def wait() -> None:
            end = time.monotonic() + _PATIENCE_S
            while (canvas and self.draws == draws) or (
                plot and self._paints is not None and self._paints.count == paints
            ):
                self.process_events()
                if time.monotonic() > end:
                    raise TimeoutError("the window does not draw what was changed")

        return wait

    def redraw_canvas(self) -> None:
        """Draw the canvas anew, with nothing changed."""
        wait = self.drawn()
        self._canvas._scene_canvas.update()
        wait()

    def redraw_word(self) -> None:
        """Draw a line of text of the dock anew."""
        assert self._words is not None
        self._words.repaint()
        self.process_events()

    def open(self, *paths: Path) -> None:
        """Open files as a drop on the window does, and wait for the canvas."""
        wait = self.drawn()
        self.viewer.open([str(path) for path in paths], plugin="napari-isx")
        wait()

    def clear(self) -> None:
        """Close all layers."""
        # Removing layers while the canvas' context is not current can crash under Mesa.
        self._canvas._scene_canvas.set_current()
        self.viewer.layers.clear()
        self.settle()

    def dock(self) -> Any:
        """The dock, watched from now on."""
        from qtpy.QtWidgets import QLabel

        from napari_isx.docks.traces.dock import TracesWidget

        self.settle(1.0)
        (dock,) = self.viewer.window._qt_window.findChildren(TracesWidget)
        self._words = dock.findChildren(QLabel)[-1]
        if self._paints is None:
            self._paints = paint_counter(dock.plot.canvas_viewport)
        return dock

    def close(self) -> None:
        self.clear()
        self.viewer.close()

    def _before_draw(self, event: object) -> None:  # noqa: ARG002
        self._draw_began_s = time.thread_time()

    def _on_draw(self, event: object) -> None:  # noqa: ARG002
        self.draws += 1
        self.canvas_s += time.thread_time() - self._draw_began_s


class PaintCounter:
    """Counts how often a widget was painted."""

    count = 0


def paint_counter(widget: Any) -> PaintCounter:
    """Watch a widget's painting."""
    from qtpy.QtCore import QEvent, QObject

    class Filter(QObject, PaintCounter):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, ARG002
            self.count += event.type() == QEvent.Type.Paint
            return False

    counter = Filter(widget)
    widget.installEventFilter(counter)
    return counter


def slider_step(window: Window, files: Files) -> Row:
    """A step of the slider until the canvas is drawn, beside a plain memory-mapped layer."""
    from napari_isx.layers.movies import movie_layer

    path = files.movie()
    movie = open_isx(path)
    assert isinstance(movie, Movie)
    data, kwargs, _ = movie_layer(movie)
    viewer = window.viewer
    plain = {key: value for key, value in kwargs.items() if key not in ("metadata", "name")}
    layers = {
        "ours": viewer.add_image(data, **kwargs),
        "floor": viewer.add_image(map_frames(path, movie), name="memory map", **plain),
    }

    def steps(name: str) -> float:
        for other, layer in layers.items():
            layer.visible = other == name
        window.settle(0.2)
        return _median_time(partial(_step, window, movie), files.sizes.steps // 5)

    turns = [(name, steps(name)) for _ in range(5) for name in random.sample(list(layers), 2)]
    times = {name: float(np.median([t for n, t in turns if n == name])) for name in layers}
    window.clear()
    movie.close()
    return Row(
        "one random frame in a window, until drawn",
        times["ours"],
        None,
        times["floor"],
        most_floor=1.6,
        note="floor: the same Image layer over a plain memory map, in the same window; "
        "turns of one visible layer each",
    )


def following(window: Window, files: Files) -> Row:
    """What the dock does at a step of the slider."""
    coordinator, _ = _show_cells(window, files, files.sizes.samples)
    end_s = coordinator.session.clock.span_s[1]
    cost = dock_cost(
        window, lambda: coordinator.session.cursor.move_to(random.uniform(0, end_s)), files
    )
    window.clear()
    return Row(
        f"dock: following the slider, {files.sizes.samples:,} samples",
        cost.work,
        most=5e-3,
        note=cost.note("from the time's change until the plot is painted", canvas=False),
    )


def switching(window: Window, files: Files, num_samples: int, limit_s: float) -> Iterator[Row]:
    """Another cell: everything that shows it, and the plot alone."""
    from napari_isx.session.plot_rows import trace_row

    coordinator, dock = _show_cells(window, files, num_samples)
    group = coordinator.session.group
    num_cells = len(group.names)

    def select() -> None:
        cell = _another(coordinator.session.selected, num_cells)
        coordinator.session.select(group, [cell])

    def show() -> None:
        row = trace_row(group, random.randrange(num_cells), coordinator.session.clock)
        dock.plot.show_rows([row], coordinator.session.clock.span_s)

    cost = dock_cost(window, select, files)
    yield Row(
        f"dock: switching cell, {num_samples:,} samples",
        cost.work,
        most=limit_s,
        note=cost.note("list, outline on the canvas and plot changed, the plot painted"),
    )
    cost = dock_cost(window, show, files)
    yield Row(
        "the same, the plot alone",
        cost.work,
        most=limit_s,
        note=cost.note("trace read, plot changed and painted", canvas=False),
    )
    window.clear()


class Cost(NamedTuple):
    """Seconds of a change: its own work and painting, all until drawn, and a bare redraw."""

    work: float
    drawn: float
    redraw: float

    def note(self, what: str, *, canvas: bool = True) -> str:
        """The measurement in words."""
        alone = "the canvas alone" if canvas else "one word of the dock"
        return (
            f"{what}; until the window shows it {1e3 * self.drawn:.0f} ms, "
            f"where redrawing {alone} takes {1e3 * self.redraw:.0f} ms"
        )


def dock_cost(window: Window, change: Callable[[], object], files: Files) -> Cost:
    """Measure a change that the dock shows.

    A screen without a graphics card draws canvas and window on the CPU, which takes longer than
    anything the dock does. So the work and the painting of the plot count; the rest is told.
    """
    viewport = window.dock().plot.canvas_viewport
    change()
    times = []
    with no_garbage_collection():
        for _ in range(files.sizes.steps):
            draws, wait = window.draws, window.drawn(canvas=False, plot=True)
            start = time.perf_counter()
            change()
            changed = time.perf_counter()
            viewport.grab()
            painted = time.perf_counter()
            wait()
            window.process_events()
            drawn = time.perf_counter() - painted
            canvas_changed = window.draws > draws
            redraw = _timed(window.redraw_canvas if canvas_changed else window.redraw_word)
            times.append((painted - start, changed - start + drawn, redraw))
    return Cost(*np.median(times, axis=0).tolist())


def _show_cells(window: Window, files: Files, num_samples: int) -> tuple[Any, Any]:
    """Open cells beside a movie, select one of them, and return coordinator and dock."""
    from napari_isx.app.coordinator import Coordinator

    num_cells = 8 if num_samples > files.sizes.samples else files.sizes.cells
    window.open(files.cells(num_cells, num_samples, SMALL_FIELD))
    dock = window.dock()
    coordinator = Coordinator.of(window.viewer)
    coordinator.session.select(coordinator.session.groups[0], [0])
    window.settle()
    return coordinator, dock


def many_cells(window: Window, files: Files) -> Row:
    """Opening a big cell set in the window until it is drawn."""
    sizes = files.sizes
    path = files.cells(sizes.many_cells, sizes.samples, sizes.field)
    window.open(files.cells(8, sizes.many_samples, SMALL_FIELD))  # imports what it needs
    window.clear()
    _read_footprints(path)
    seconds, floors = [], []
    for _ in range(max(sizes.few_rounds // 2, 1)):
        floors.append(_timed(partial(_read_footprints, path)))
        seconds.append(_timed(partial(window.open, path)))
        window.clear()
    rows, cols = sizes.field
    return Row(
        f"cell set of {sizes.many_cells:,} cells, {rows} x {cols}, until drawn",
        float(np.median(seconds)),
        None,
        float(np.median(floors)),
        most=3.0,
        note="from opening the file until its layers are drawn, once it is in the system's "
        "cache; floor: reading all footprints into one buffer",
    )


def memory(files: Files) -> Row:
    """What a viewer takes more after opening a huge movie and going through its frames."""
    path = files.sparse_movie(files.sizes.huge_frames)
    command = [sys.executable, "-m", "benchmarks.memory", str(path)]
    done = subprocess.run(
        [*command, str(files.sizes.scrubbed_frames)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    return Row(
        f"memory: a movie of {path.stat().st_size / 1e9:.0f} GB opened, "
        f"{files.sizes.scrubbed_frames} frames shown",
        json.loads(done.stdout.splitlines()[-1])["added_mb"],
        most=300,
        unit="MB",
        note="the highest resident size on the way, less that of the empty window; "
        "in a process of its own",
    )


def _step(window: Window, movie: Movie) -> None:
    dims = window.viewer.dims
    axis = dims.ndim - 3
    frame = _another([movie.timing.sample_at(dims.point[axis])], len(movie))
    wait = window.drawn()
    dims.set_point(axis, movie.timing.times_s[frame])
    wait()


def _another(shown: Sequence[int], count: int) -> int:
    """One at random that is not shown: nothing is drawn where nothing changes."""
    while (other := random.randrange(count)) in shown:
        pass
    return other


def _median_time(call: Callable[[], object], rounds: int) -> float:
    return side_by_side({"": call}, rounds)[""]


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _read_footprints(path: Path) -> None:
    cells = open_isx(path)
    assert isinstance(cells, CellSet)
    rows, cols = cells.spacing.num_pixels
    buffer = np.empty((rows, cols), "<f4")
    skip = 4 * cells.timing.num_samples
    with path.open("rb", buffering=0) as handle:
        for i in range(cells.num_cells):
            handle.seek(i * (buffer.nbytes + skip))
            handle.readinto(buffer.data)
    cells.close()
