"""Fixtures: a real napari window, small recordings to open in it, and hands to use it with."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari import Viewer
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtTest import QTest

from helpers.window_data import (
    CENTERS,
    EVENT_FRAMES,
    NAMES,
    NUM_FRAMES,
    PERIOD_S,
    START,
    STATUSES,
)
from napari_isx import Spacing, Timing, write_cell_set, write_event_set, write_movie
from napari_isx.app.coordinator import Coordinator
from napari_isx.docks.traces.dock import TracesWidget


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A movie, a cell set from it (cropped, 2x downsampled), its events, and a second set."""
    folder = tmp_path_factory.mktemp("recording")
    rng = np.random.default_rng(3)
    timing = Timing.regular(NUM_FRAMES, PERIOD_S, START, dropped=[100, 101])
    write_movie(
        folder / "movie.isxd",
        (rng.integers(80, 120, (120, 140)).astype(np.uint16) for _ in range(NUM_FRAMES)),
        timing=timing,
        spacing=Spacing.regular((120, 140), 3.0),
    )
    rows, cols = np.mgrid[:48, :60]
    footprints = [np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / 18) for r, c in CENTERS]
    traces = rng.normal(size=(4, NUM_FRAMES))
    for cell, frames in EVENT_FRAMES.items():
        traces[cell, frames] += 9
    spacing = Spacing.regular((48, 60), 6.0, (24.0, 30.0))
    extra = {"idps": {"cellset": {"units": "dF over noise"}}}
    write_cell_set(
        folder / "cells.isxd",
        footprints,
        traces,
        names=NAMES,
        statuses=STATUSES,
        timing=timing,
        spacing=spacing,
        extra_properties=extra,
        colors=[[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [9, 9, 9, 255]],
    )
    write_cell_set(
        folder / "others.isxd",
        footprints[:1],
        traces[:1],
        names=["X0"],
        timing=timing,
        spacing=spacing,
    )
    plain = Timing.regular(NUM_FRAMES, PERIOD_S, START)
    write_event_set(
        folder / "events.isxd",
        {
            name: (
                np.array(EVENT_FRAMES[i], np.uint64) * 50_000,
                np.full(len(EVENT_FRAMES[i]), 9.0),
            )
            for i, name in enumerate(NAMES)
        },
        timing=plain,
    )
    write_cell_set(folder / "empty.isxd", [], [], timing=timing, spacing=spacing)
    return {path.stem: path for path in folder.iterdir()}


_tested: list[str] = []


@pytest.fixture(autouse=True)
def deleted_widgets_are_gone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Qt delete what a closed window had, before it is looked for what was left open."""
    if "qapp" not in request.fixturenames:  # a test without a window
        yield
        return
    qapp = request.getfixturevalue("qapp")
    # What earlier windows brought stays, as napari keeps menus, themes and contexts of closed
    # ones: it need not be gone through after every test. Not before a next test begins, when
    # nothing of the last one is left that would still go.
    if _tested:
        gc.collect()
        gc.freeze()
    _tested.append(request.node.name)
    yield
    request.node.funcargs.clear()
    for _ in range(3):
        gc.collect()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qapp.processEvents()


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Viewer], qtbot: Any) -> Iterator[Viewer]:
    """A napari window on the screen."""
    shown = make_napari_viewer(show=True)
    shown.window.resize(1200, 850)
    qtbot.wait(50)
    yield shown
    # Layers are removed one by one when a viewer closes; under Mesa that needs the canvas' context.
    if hasattr(shown.window, "_qt_window"):  # not closed by the test
        shown.window._qt_viewer.canvas._scene_canvas.set_current()


class Hands:
    """What a user does in the window, as mouse and key events of the real widgets."""

    def __init__(self, viewer: Viewer, qtbot: Any) -> None:
        self.viewer = viewer
        self.qtbot = qtbot

    @property
    def coordinator(self) -> Coordinator:
        return Coordinator.of(self.viewer)

    @property
    def docks(self) -> list[TracesWidget]:
        """The docks on the screen."""
        return self.viewer.window._qt_window.findChildren(TracesWidget)

    @property
    def dock(self) -> TracesWidget:
        (dock,) = self.docks
        return dock

    @property
    def names_drawn(self) -> list[str]:
        """Cells whose traces are drawn."""
        return [] if self.dock.message else [row.name for row in self.dock.plot.rows]

    def open(self, *paths: Path) -> None:
        self.viewer.open([str(path) for path in paths], plugin="napari-isx")
        self.settle()

    def settle(self) -> None:
        """Let the window do what is due, also what waits until the keys pause."""
        coordinator = Coordinator.find(self.viewer)
        if coordinator is not None:
            coordinator.session.settled.pass_on()
        self.qtbot.wait(100)

    def canvas_point(self, y_um: float, x_um: float) -> QPoint:
        """Where a place in the world is on the canvas widget."""
        view = self.viewer.window._qt_viewer.canvas.view
        at = view.scene.node_transform(view.canvas.scene).map([x_um, y_um, 0, 1])
        return QPoint(round(at[0] / at[3]), round(at[1] / at[3]))

    def cell_um(self, cell: int) -> tuple[float, float]:
        """The center of a cell in the world."""
        row, col = CENTERS[cell]
        return 24.0 + (row + 0.5) * 6, 30.0 + (col + 0.5) * 6

    def click_cell(self, cell: int, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self.click(*self.cell_um(cell), modifier=modifier)

    def click(self, y: float, x: float, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        point = self.canvas_point(y, x)
        QTest.mouseMove(self.canvas, point)
        QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, modifier, point)
        self.settle()

    def drag(self, start: tuple[float, float], stop: tuple[float, float]) -> None:
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=self.canvas_point(*start))
        QTest.mouseMove(self.canvas, self.canvas_point(*stop))
        self.settle()
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=self.canvas_point(*stop))
        self.settle()

    def press(
        self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier, on: Any = None
    ) -> None:
        QTest.keyClick(on or self.canvas, key, modifier)
        self.settle()

    @property
    def canvas(self) -> Any:
        return self.viewer.window._qt_viewer.canvas.native

    def canvas_pixels(self) -> np.ndarray:
        """What is drawn on the canvas: rows, columns, RGBA."""
        self.settle()
        return self.viewer.screenshot(canvas_only=True, flash=False)

    def pixel_at(self, y_um: float, x_um: float) -> np.ndarray:
        """The color drawn at a place in the world."""
        point, pixels = self.canvas_point(y_um, x_um), self.canvas_pixels()
        return pixels[point.y(), point.x(), :3].astype(int)


@pytest.fixture
def hands(viewer: Viewer, qtbot: Any) -> Hands:
    return Hands(viewer, qtbot)
