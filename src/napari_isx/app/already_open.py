"""A file that is opened while it is open: its layers are selected, or it is reloaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import napari
from napari.utils.notifications import show_info
from qtpy.QtWidgets import QMessageBox

from napari_isx.io.base.recording import Recording
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.layers.keys import recording_of


def show_open_files(paths: Sequence[Path]) -> bool:
    """Select the layers of files that are open in the current window.

    Where the files changed on the disk, the user may have them reloaded.

    Returns
    -------
    bool
        False where they are not open, or not any more: they are to be opened.
    """
    viewer, wanted = napari.current_viewer(), {path.absolute() for path in paths}
    if viewer is None:
        return False
    shown = [(layer, recording_of(layer)) for layer in viewer.layers]
    found = [(layer, one) for layer, one in shown if one is not None and wanted <= {*one.paths}]
    if not found:
        return False
    layers, recording = [layer for layer, _ in found], found[0][1]
    if _has_changed(recording) and _wants_reload(recording, viewer.window._qt_window):
        # Removing layers while the canvas' context is not current can crash under Mesa.
        viewer.window._qt_viewer.canvas._scene_canvas.set_current()
        for layer in layers:
            viewer.layers.remove(layer)
        return False
    viewer.layers.selection = set(layers)
    show_info(f"{recording.name} is open already: its layers are selected.")
    return True


def _has_changed(recording: Recording) -> bool:
    """Whether its files are others than those that were opened, but for statuses saved in them."""
    if isinstance(recording, CellSet):
        return any(_size(source.path) != source.size for source in recording._sources)
    return not all(source.is_current for source in recording._sources)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _wants_reload(recording: Recording, window: QMessageBox | None) -> bool:
    buttons = QMessageBox.StandardButton
    text = f"{recording.name} has changed on the disk since it was opened. Reload it?"
    answer = QMessageBox.question(window, "Open again", text, buttons.Yes | buttons.No)
    return bool(answer == buttons.Yes)
