"""What opening keeps the window from: on a slow disk, and a session of the real size."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.files import PERIOD_S, Files
from benchmarks.measure import Row
from benchmarks.together import steps
from benchmarks.window import Window, has_screen
from napari_isx import open_isx
from napari_isx.io.base.recording import Recording
from napari_isx.layers.build import layers_of
from napari_isx.sample_data import COMPANION_FILES, FILES, write_sample

_DELAY_S = 0.005


def rows(files: Files) -> Iterator[Row]:
    """All lines about it."""
    if not has_screen():
        raise RuntimeError("there is no screen; `make bench` brings a virtual one")
    window = Window()
    yield from sample(window, files)
    yield from figure(window, files)
    yield from session(window, files)
    window.close()


def sample(window: Window, files: Files) -> Iterator[Row]:
    """The sample, its disk as fast as it is, and with 5 ms for each call."""
    import pytest

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from helpers.slow_disk import slow_disk

    folder = files.folder / "sample"
    write_sample(folder)
    paths = [folder / name for name in FILES + COMPANION_FILES]
    beats(lambda: window.open(*paths))  # what is done once
    window.clear()
    block_s, _ = beats(lambda: window.open(*paths))
    yield Row("opening the sample: the longest block of the window", block_s, most=0.25)
    window.clear()
    with slow_disk(folder, pytest.MonkeyPatch(), _DELAY_S) as disk:
        block_s, open_s = beats(lambda: window.open(*paths))
    note = f"{disk.count} calls, {disk.main_thread_calls} of them in the window's thread"
    yield Row("the same at 5 ms for each call to the disk", block_s, most=0.25, note=note)
    yield Row("until the sample is drawn, 5 ms for each call", open_s)
    window.clear()


def figure(window: Window, files: Files) -> Iterator[Row]:
    """From a dropped folder to the cells that respond: open it, open the dock, pick a channel."""
    from qtpy.QtCore import QTimer

    from napari_isx.app.coordinator import Coordinator

    folder = files.folder / "sample"

    def opened() -> None:
        confirm = QTimer(interval=50)
        confirm.timeout.connect(press_return)  # what is to be opened of the folder
        confirm.start()
        window.viewer.open(str(folder), plugin="napari-isx")
        confirm.stop()

    begun = time.perf_counter()
    beats(opened)
    control = Coordinator.of(window.viewer).responses

    def looked_for() -> None:
        window.viewer.window.add_plugin_dock_widget("napari-isx", "Responses")

    def answered() -> None:
        until(lambda: control.responses.sources())
        titles = [one.title for one in control.responses.sources()]
        control.responses.pick(next(one for one in titles if one.startswith("Digital")))
        until(lambda: control.computed is not None and not control.is_busy)

    dock_s, _ = beats(looked_for)
    block_s, _ = beats(answered)
    found = int((control.computed.result.q < 0.05).sum())
    taken_s = time.perf_counter() - begun
    yield Row("from a dropped folder to responding cells", taken_s, most=60, note=f"{found} cells")
    yield Row("its longest block as the dock opens", dock_s)
    yield Row("its longest block until the figure stands", block_s, most=0.1)

    def again() -> None:
        rule = replace(control.responses.settings.rule, edge="falling")
        control.responses.settings = replace(control.responses.settings, rule=rule)
        until(lambda: not control.is_busy)

    block_s, _ = beats(again)
    yield Row("the longest block as another edge is looked at", block_s, most=0.1)
    window.viewer.window.remove_dock_widget("all")
    window.clear()


def press_return() -> None:
    """Take what the dialog on the screen proposes."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    if (dialog := QApplication.activeModalWidget()) is not None:
        QTest.keyClick(dialog, Qt.Key.Key_Return)


def until(is_done: Callable[[], object]) -> None:
    """Let the window live on until something is so."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer(interval=20)
    timer.timeout.connect(lambda: is_done() and loop.quit())
    timer.start()
    loop.exec()
    timer.stop()


def session(window: Window, files: Files) -> Iterator[Row]:
    """Two hours at 20 Hz with 2,000 cells, a behavior movie and GPIO."""
    sizes = files.sizes
    frames, cells = sizes.session_frames, sizes.session_cells
    paths = (
        files.sparse_movie(frames),
        files.behavior(),
        files.cells(cells, frames, sizes.field),
        files.gpio(sizes.session_packets),
    )
    what = f"{frames * PERIOD_S / 3600:.2g} h, {cells:,} cells, {sizes.session_packets:,} packets"
    with ExitStack() as stack:
        opened = [stack.enter_context(open_isx(path)) for path in paths]
        napari_s = sum(added(window, recording) for recording in opened)
        window.settle()
        window.clear()
    block_s, open_s = beats(lambda: window.open(*paths))
    note = "floor: napari adding the same layers, without anything of ours"
    yield Row(
        f"opening {what}: the longest block", block_s, None, napari_s, most_floor=2, note=note
    )
    yield Row(f"until {what} are drawn", open_s)
    window.settle(2.0)
    yield Row(f"a step of the slider: {what}", steps(window, files))
    window.clear()


def added(window: Window, recording: Recording) -> float:
    """How long napari takes to add a file's layers, as if they were somebody else's."""
    taken = 0.0
    for data, kwargs, kind in layers_of(recording):
        add = getattr(window.viewer, f"add_{kind}")
        start = time.perf_counter()
        add(data, **{key: value for key, value in kwargs.items() if key != "metadata"})
        taken += time.perf_counter() - start
    return taken


def beats(work: Callable[[], object]) -> tuple[float, float]:
    """Do something in a running window: its longest block, and how long all of it took."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, beat = QEventLoop(), QTimer(interval=2)
    heard: list[float] = []
    taken: list[float] = []

    def run() -> None:
        start = time.perf_counter()
        heard.append(start)
        work()
        taken.append(time.perf_counter() - start)
        QTimer.singleShot(300, loop.quit)

    beat.timeout.connect(lambda: heard.append(time.perf_counter()))
    beat.start()
    QTimer.singleShot(0, run)
    loop.exec()
    beat.stop()
    return longest(heard), taken[0]


def longest(times: Sequence[Any]) -> float:
    """The longest time between two."""
    return max(later - earlier for earlier, later in pairwise(times))
