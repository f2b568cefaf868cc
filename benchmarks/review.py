"""Reviewing cells: measuring them, and the table they are in."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row, no_garbage_collection, side_by_side
from benchmarks.window import Window, has_screen
from napari_isx import CellSet, EventSet, open_isx
from napari_isx.analysis.cell_metrics.compute import compute_metrics
from napari_isx.analysis.cell_metrics.definitions import Metric, metrics_of
from napari_isx.analysis.rois import cut_rois
from napari_isx.app.docks import CellsDock, CloseUpDock, HeatMapDock, InfoDock
from napari_isx.session.cell_filter import CellFilter
from napari_isx.session.cell_table import CellTable
from napari_isx.session.settled import Settled

_ROWS = 5_000
_EVENTS_PER_CELL = 200
# *Traces* opens by itself.
_DOCKS: dict[str, Any] = {
    "Cells": CellsDock,
    "Close-up": CloseUpDock,
    "Recording info": InfoDock,
    "Heat map": HeatMapDock,
}


def rows(files: Files) -> Iterator[Row]:
    """All lines about reviewing."""
    yield all_metrics(files)
    yield sorting_and_filtering()
    if has_screen():
        yield from reviewing(files)
        for num_cells in files.sizes.reviewed_cells:
            yield from with_all_docks(files, num_cells)


def all_metrics(files: Files) -> Row:
    """Every measure of every cell, footprints cut out before as the layers have them."""
    sizes = files.sizes
    cells = open_isx(files.cells(sizes.many_cells, sizes.samples, sizes.field))
    events = open_isx(files.events(sizes.many_cells, _EVENTS_PER_CELL))
    assert isinstance(cells, CellSet)
    assert isinstance(events, EventSet)
    measured = cut_rois(cells, cells.spacing.num_pixels)

    def ours() -> float:
        for roi in measured:
            roi.__dict__.pop("contour", None)  # or it would be there from the last time
        return sum(len(step.columns) for step in compute_metrics(cells, events, measured))

    def plain() -> list[np.ndarray]:
        return [cells.trace(i) for i in range(cells.num_cells)]

    times = side_by_side({"ours": ours, "floor": plain}, sizes.few_rounds)
    num_columns = len(metrics_of(cells, events))
    cells.close()
    events.close()
    return Row(
        f"{num_columns} metrics of {sizes.many_cells:,} cells, {sizes.samples:,} samples",
        times["ours"],
        floor=times["floor"],
        most=5,
        note="footprints cut out, as the layers have them; floor: reading all traces",
    )


def sorting_and_filtering() -> Row:
    """The table of cells, sorted by another column and filtered by text and a range."""
    rng = np.random.default_rng(4)
    table = CellTable([f"C{i}" for i in range(_ROWS)])
    metrics = [Metric(f"m{i}", f"Metric {i}", "Noise.") for i in range(12)]
    table.set_columns(metrics)
    table.set_values({metric.key: rng.normal(size=_ROWS) for metric in metrics})
    keys = ["name", *(metric.key for metric in metrics)]

    def ours() -> None:
        key = random.choice(keys)
        table.sort_by(key, random.random() < 0.5)
        table.filter_by(CellFilter(text=str(random.randrange(10))).with_range(keys[-1], -1, 1))

    return Row(
        f"table of {_ROWS:,} cells, sorted and filtered",
        side_by_side({"ours": ours}, 20)["ours"],
        most=0.1,
        note="without drawing it",
    )


def reviewing(files: Files) -> Iterator[Row]:
    """What is felt while reviewing, with the docks open: until the window is drawn anew."""
    from napari_isx.app.coordinator import Coordinator

    sizes = files.sizes
    window = Window()
    window.open(
        files.cells(sizes.many_cells, sizes.samples, sizes.field),
        files.events(sizes.many_cells, _EVENTS_PER_CELL),
    )
    dock = CellsDock(window.viewer)
    window.viewer.window.add_dock_widget(dock, name="Cells", area="right")
    while dock.progress is not None:
        window.settle(0.1)
    window.settle(1.0)
    coordinator = Coordinator.of(window.viewer)
    session, cells = coordinator.session, coordinator.cells
    session.reviews.advance = False
    session.select(session.group, [0])
    statuses = ("accepted", "rejected", "undecided")
    decided = iter(statuses * sizes.steps)
    changes: dict[str, tuple[Callable[[], object], float]] = {
        "decision on a cell": (lambda: cells.decide(next(decided)), 30e-3),
        "another cell selected": (lambda: _select_another(session), 50e-3),
        "table sorted": (lambda: session.review.table.sort_by(*_order(session)), 100e-3),
        "table filtered, canvas too": (lambda: _filter(session), 100e-3),
    }
    for work, (change, limit_s) in changes.items():
        if "canvas" in work:
            cells.display.show_scope("filtered")
        ours, drawn, redraw = _cost(window, dock, change, max(sizes.steps // 3, 1))
        yield Row(
            f"{work}, {sizes.many_cells:,} cells",
            ours,
            most=limit_s,
            note="journal, table, traces and canvas brought in line, and the table painted; until "
            f"the window shows it {1e3 * drawn:.0f} ms, where redrawing the canvas alone takes "
            f"{1e3 * redraw:.0f} ms",
        )
    window.close()


def with_all_docks(files: Files, num_cells: int) -> Iterator[Row]:
    """Main-thread time of a decision that moves on, and of a selection, with every dock open."""
    from napari_isx.app.coordinator import Coordinator

    sizes = files.sizes
    window = Window()
    window.open(
        files.movie(),
        files.cells(num_cells, sizes.samples, sizes.field),
        files.events(num_cells, _EVENTS_PER_CELL),
    )
    docks = {name: kind(window.viewer) for name, kind in _DOCKS.items()}
    for name, dock in docks.items():
        area = "bottom" if name == "Heat map" else "right"
        window.viewer.window.add_dock_widget(dock, name=name, area=area)
    coordinator = Coordinator.of(window.viewer)
    session, cells = coordinator.session, coordinator.cells
    while docks["Cells"].progress is not None or coordinator.heatmap.is_busy:
        window.settle(0.1)
    session.select(session.group, [0])
    window.settle(1.0)
    decided = iter(("accepted", "rejected", "undecided") * sizes.steps)
    changes: dict[str, Callable[[], object]] = {
        "decision on a cell, next selected": lambda: cells.decide(next(decided)),
        "another cell selected": lambda: _select_another(session),
    }
    for work, change in changes.items():
        rounds = max(sizes.steps // 3, 1)
        done_s, later_s, canvas_s = _main_thread_cost(window, session.settled, change, rounds)
        yield Row(
            f"{work}, {num_cells:,} cells, all docks open",
            done_s,
            most=50e-3,
            note="main-thread time of the change and of all painting within 100 ms, drawing of "
            f"the canvas apart, which takes {1e3 * canvas_s:.0f} ms; what waits until the keys "
            f"pause takes {1e3 * later_s:.0f} ms",
        )
    window.close()


def _main_thread_cost(
    window: Window, settled: Settled, change: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Main-thread seconds of a change until painted, of what waits, and of drawing the canvas."""
    times = []
    settled.wait = _wait  # however slow the machine is, the keys have not paused yet
    with no_garbage_collection():
        for _ in range(rounds):
            window.settle(0.5)
            start, drawn = time.thread_time(), window.canvas_s
            change()
            _process(window, 0.1)
            done, drawn_first = time.thread_time(), window.canvas_s - drawn
            settled.pass_on()
            _process(window, 0.4)
            later, drawn_all = time.thread_time(), window.canvas_s - drawn
            first_s = done - start - drawn_first
            times.append((first_s, later - done - (drawn_all - drawn_first), drawn_first))
    first_s, later_s, canvas_s = np.median(times, axis=0).tolist()
    return first_s, later_s, canvas_s


def _wait() -> None:
    """Until `Settled.pass_on` is called."""


def _process(window: Window, seconds: float) -> None:
    """Let the window do what is due; mostly asleep, so that looking for it costs little."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        window.process_events()
        time.sleep(2e-3)


def _cost(
    window: Window, dock: Any, change: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Seconds of a change and painting the table, of all until drawn, and of a bare redraw.

    Without a graphics card the canvas is drawn on the CPU, which takes longer than the change.
    """
    times = []
    with no_garbage_collection():
        for _ in range(rounds):
            window.settle(0.05)
            start = time.perf_counter()
            change()
            changed = time.perf_counter()
            dock.table.viewport().grab()
            painted = time.perf_counter()
            window.process_events()
            window.process_events()
            drawn = time.perf_counter() - painted
            again = time.perf_counter()
            window.redraw_canvas()
            redraw = time.perf_counter() - again
            times.append((painted - start, changed - start + drawn, redraw))
    ours, drawn, redraw = np.median(times, axis=0).tolist()
    return ours, drawn, redraw


def _select_another(session: Any) -> None:
    others = random.sample(range(len(session.group.names)), 2)
    session.select(session.group, [next(i for i in others if i not in session.selected)])


def _order(session: Any) -> tuple[str, bool]:
    return random.choice([m.key for m in session.review.table.columns]), random.random() < 0.5


def _filter(session: Any) -> None:
    session.review.table.filter_by(CellFilter(text=str(random.randrange(10))))
