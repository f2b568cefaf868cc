"""Makes the pictures of README and docs, from the sample recording, on a virtual screen.

Settings, sample and journals are in a temporary folder: nothing of the person who runs this is
seen in a picture, and nothing is left behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from napari.settings import get_settings
from PIL import Image, ImageOps
from stage import (
    decide_elsewhere,
    find_widget,
    open_dock,
    open_sample,
    settle,
    settle_until,
    zoom_to_movie,
)

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtGui import QPixmap
    from qtpy.QtWidgets import QWidget

    from napari_isx.app.coordinator import Coordinator
    from napari_isx.docks.cells.dock import CellsWidget
    from napari_isx.io.cells.cell_set import CellStatus
    from napari_isx.session.groups import CellGroup

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MAX_BYTES = 300_000
RATER, OTHER_RATER = "anna", "ben"
CELL, DOUBTFUL_CELL = 1, 23
CHANNELS = ("Digital GPI 0", "GPIO-1", "Ori yaw")
UNSAVED: dict[int, CellStatus] = {2: "rejected", 5: "rejected", 12: "accepted"}
OF_OTHER_RATER: dict[int, CellStatus] = {
    2: "rejected",
    5: "accepted",
    12: "accepted",
    14: "accepted",
    16: "rejected",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = {
            "NAPARI_ISX_DATA": str(folder / "data"),
            "LOGNAME": RATER,
            "TZ": "UTC",
        }
        settings = get_settings(folder / "napari.yaml")
        settings.application.gui_notification_level = "error"  # others cover the canvas
        with patch.dict(os.environ, ours):
            take_all(folder)


def take_all(folder: Path) -> None:
    from napari_isx import sample_data

    sample = folder / "sample"
    sample_data.write_sample(sample)
    cells = sample / sample_data.FILES[1]
    of_other_rater = folder / OTHER_RATER / cells.name
    of_other_rater.parent.mkdir()
    shutil.copy(cells, of_other_rater)
    with patch.object(sample_data, "sample_folder", lambda: sample):
        with new_viewer() as viewer:
            take_window(viewer)
        decide_in_another_process(RATER, cells, UNSAVED)
        decide_in_another_process(OTHER_RATER, of_other_rater, OF_OTHER_RATER)
        journal = next(of_other_rater.parent.glob("*.jsonl"))
        with new_viewer() as viewer:
            take_review(viewer, journal)


@contextmanager
def new_viewer() -> Iterator[Viewer]:
    import napari

    viewer = napari.Viewer(title="napari")
    yield viewer
    viewer.close()


def decide_in_another_process(user: str, cells: Path, statuses: Mapping[int, CellStatus]) -> None:
    """Decide as somebody whose window ended without saving."""
    with (
        patch.dict(os.environ, {"LOGNAME": user}),
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        pool.submit(decide_elsewhere, cells, statuses).result()


# ---- the window and the dock Traces


def take_window(viewer: Viewer) -> None:
    from qtpy.QtCore import Qt

    coordinator = open_sample(viewer, cells=(CELL,))
    show_channels(coordinator, CHANNELS)
    save_window(viewer, "window")
    show_channels(coordinator, ())
    coordinator.session.select(coordinator.session.groups[0], (1, 7, 9))
    coordinator.time.go_to_event(1)
    save_window(viewer, "three-cells")
    coordinator.session.select(coordinator.session.groups[0], (CELL,))
    show_channels(coordinator, CHANNELS)
    take_traces(viewer, coordinator)
    dock, info = open_dock(viewer, "Recording info")
    viewer.window._qt_window.resizeDocks([dock], [440], Qt.Orientation.Horizontal)
    info.tree.topLevelItem(0).setExpanded(False)  # the folder is nobody's
    save(dock, "recording-info")
    dock.hide()
    take_responses(viewer, coordinator)


def take_responses(viewer: Viewer, coordinator: Coordinator) -> None:
    control = coordinator.responses
    coordinator.session.select(coordinator.session.groups[0], (CELL,))
    dock, responses = open_dock(viewer, "Responses")
    control.responses.pick(CHANNELS[0])
    settle_until(lambda: control.computed is not None and not control.is_busy)
    save(dock, "responses")
    control.responses.keep("tone")
    control.responses.pick("Zone left (zone)")
    settle_until(lambda: not control.is_busy)
    save(dock, "responses-sets")
    control.responses.look_at(control.responses.choices[0])
    responses.show_epochs_instead(True)
    settle_until(lambda: not control.is_busy)
    save(dock, "epochs")
    responses.show_epochs_instead(False)
    control.responses.forget(control.responses.choices[0])


def take_traces(viewer: Viewer, coordinator: Coordinator) -> None:
    from qtpy.QtWidgets import QTabWidget

    from napari_isx.docks.traces.dock import TracesWidget
    from napari_isx.session.groups import VesselGroup

    traces = find_widget(viewer, TracesWidget)
    tabs = traces.findChild(QTabWidget)
    tabs.setCurrentIndex(1)
    save(traces, "channels")
    tabs.setCurrentIndex(0)
    save_tooltip(traces.clock_line, "clock")
    show_channels(coordinator, ())
    vessels = next(one for one in coordinator.session.groups if isinstance(one, VesselGroup))
    coordinator.session.select(vessels, (0,))
    save(traces, "vessels")


def show_channels(coordinator: Coordinator, names: Sequence[str]) -> None:
    channels = coordinator.session.channels
    channels.show(list(channels), False)
    channels.show([one for one in channels if one.name in names])
    settle()


# ---- the review


def take_review(viewer: Viewer, journal: Path) -> None:
    from qtpy.QtCore import Qt

    from napari_isx.docks.traces.dock import TracesWidget

    coordinator = open_sample(viewer, cells=(DOUBTFUL_CELL,), size=(1060, 700))
    group = coordinator.session.groups[0]
    window = viewer.window._qt_window
    save_picture(window.grab().copy(0, 0, window.width(), 150), "restore")
    coordinator.saving.restore(group)
    window.resize(1500, 920)
    cells_dock, cells = open_dock(viewer, "Cells")
    closeup_dock, _ = open_dock(viewer, "Close-up")
    window.resizeDocks([closeup_dock], [900], Qt.Orientation.Horizontal)
    settle_until(lambda: cells.progress is None)
    sort_by_event_rate(coordinator, cells)
    zoom_to_movie(viewer)
    settle_until(lambda: not coordinator.closeup.is_busy)
    settle(2.0)
    save_window(viewer, "review")
    save(closeup_dock, "close-up")
    closeup_dock.close()
    take_rules(viewer, coordinator)
    take_cells(coordinator, cells_dock, cells)
    take_raters(coordinator, journal)
    take_keys(viewer, coordinator)
    find_widget(viewer, TracesWidget).parent().hide()
    take_heat_map(viewer, coordinator, group)


def sort_by_event_rate(coordinator: Coordinator, cells: CellsWidget) -> None:
    table = coordinator.session.review.table
    table.sort_by("event_rate")
    cells.table.show_sorting(table.sorted_by)


def take_cells(coordinator: Coordinator, dock: QWidget, cells: CellsWidget) -> None:
    from napari_isx.session.cell_filter import CellFilter

    table = coordinator.session.review.table
    chosen = CellFilter().with_range("snr", 8.0, None)
    cells.filters.show_filter(chosen, {"snr": table.values("snr")})
    cells.filters.filter_changed.emit(chosen)
    coordinator.cells.display.show_scope("filtered")
    coordinator.cells.display.color_by("event_rate")
    save(dock, "cells")
    cells.filters.clear()
    coordinator.cells.display.show_scope("all")
    coordinator.cells.display.color_by("status")


def take_rules(viewer: Viewer, coordinator: Coordinator) -> None:
    from napari_isx.session.rules import Rule

    coordinator.dialogs.show_rules()
    dialog: Any = coordinator.rules.view
    ranges = {"event_rate": (-inf, 0.06), "snr": (-inf, 3.0)}
    dialog.show_rule(Rule(ranges, "any", "rejected"))
    coordinator.rules.preview()
    save_screen(viewer, "rules")
    dialog.close()
    settle()


def take_raters(coordinator: Coordinator, journal: Path) -> None:
    coordinator.dialogs.show_raters()
    dialog: Any = coordinator.raters.view
    coordinator.raters.add_journal(str(journal))
    settle_until(lambda: dialog.table.rowCount() > 0)
    dialog.resize(620, 460)
    save(dialog, "raters")
    dialog.close()
    settle()


def take_keys(viewer: Viewer, coordinator: Coordinator) -> None:
    from napari_isx.app.keys_card import KeysCard

    coordinator.dialogs.show_keys()
    settle()
    card = find_widget(viewer, KeysCard)
    save(card, "keys")
    card.close()
    settle()


def take_heat_map(viewer: Viewer, coordinator: Coordinator, group: CellGroup) -> None:
    dock, heat_map = open_dock(viewer, "Heat map")
    coordinator.session.select(group, (CELL,))
    settle_until(lambda: not coordinator.heatmap.is_busy)
    heat_map.order_picked.emit("status")
    settle_until(lambda: not coordinator.heatmap.is_busy)
    save(dock, "heat-map")


# ---- pictures


def save_window(viewer: Viewer, name: str) -> None:
    save(viewer.window._qt_window, name)


def save(widget: QWidget, name: str) -> None:
    settle(1.0)
    save_picture(widget.grab(), name)


def save_screen(viewer: Viewer, name: str) -> None:
    """Save a window and the dialogs over it."""
    settle(1.0)
    window = viewer.window._qt_window
    area = window.frameGeometry()
    screen = window.screen()
    save_picture(screen.grabWindow(0, area.x(), area.y(), area.width(), area.height()), name)


def save_tooltip(widget: QWidget, name: str) -> None:
    from qtpy.QtCore import QPoint
    from qtpy.QtWidgets import QApplication, QToolTip

    QToolTip.showText(widget.mapToGlobal(QPoint(0, -200)), widget.toolTip(), widget)
    settle()
    shown = [one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel")]
    save_picture(shown[-1].grab(), name)
    QToolTip.hideText()


def save_picture(pixmap: QPixmap, name: str) -> None:
    """Save a picture, where it has to be smaller without the finest shades."""
    path = IMAGES / f"{name}.png"
    pixmap.save(str(path))
    with Image.open(path) as picture:
        full = picture.convert("RGB")
    for bits in (8, 7, 6, 5):
        ImageOps.posterize(full, bits).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            return
    raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
