"""Open napari with the sample recording, a cell selected, its trace and events in the dock.

On a virtual screen (see `with-screen.sh`) it writes `demo.png` and ends.
"""

from __future__ import annotations

import os
from pathlib import Path

import napari
from stage import open_sample

ON_VIRTUAL_SCREEN = bool(os.environ.get("NAPARI_ISX_VIRTUAL_SCREEN"))


def main() -> None:
    viewer = napari.Viewer()
    open_sample(viewer)
    if ON_VIRTUAL_SCREEN:
        target = Path("demo.png")
        viewer.window.screenshot(str(target), canvas_only=False, flash=False)
        viewer.close()
        print(f"There is no screen, so napari was opened on a virtual one: see {target.resolve()}")
    else:
        napari.run()


if __name__ == "__main__":
    main()
