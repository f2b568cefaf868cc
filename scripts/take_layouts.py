"""Pictures of the window with all docks on the screens that people have: take_layouts.py FOLDER."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import napari
from napari.settings import get_settings
from stage import open_sample, settle

SIZES = ((1280, 720), (1366, 768), (1600, 1000))
DOCKS = ("Traces", "Cells", "Close-up", "Heat map", "Recording info")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        os.environ["NAPARI_ISX_DATA"] = own
        get_settings(Path(own) / "napari.yaml").application.gui_notification_level = "error"
        for size in SIZES:
            take(folder, size)


def take(folder: Path, size: tuple[int, int]) -> None:
    """The window with each dock in front, from the sample recording."""
    viewer = napari.Viewer(title="napari")
    window = viewer.window._qt_window
    open_sample(viewer, size=size)
    docks = [viewer.window.add_plugin_dock_widget("napari-isx", name)[0] for name in DOCKS]
    settle(3.0)
    print(f"{size}: window {window.width()} x {window.height()}")
    for name, dock in zip(DOCKS, docks, strict=True):
        dock.show()
        dock.raise_()
        settle(1.0)
        window.grab().save(
            str(folder / f"{size[0]}x{size[1]}-{name.lower().replace(' ', '-')}.png")
        )
    viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
