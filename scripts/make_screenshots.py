"""Makes the pictures of README and docs, from the sample recording, on a virtual screen."""

from __future__ import annotations

from pathlib import Path

import napari
from stage import open_sample, settle

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    viewer = napari.Viewer(title="napari")
    coordinator = open_sample(viewer, cells=(1,))
    take(viewer, "window.png")
    coordinator.session.select(coordinator.session.groups[0], (1, 7, 9))
    coordinator.go_to_event(1)
    take(viewer, "three-cells.png")
    viewer.close()


def take(viewer: napari.Viewer, name: str) -> None:
    settle(1.0)
    viewer.window.screenshot(str(IMAGES / name), canvas_only=False, flash=False)


if __name__ == "__main__":
    main()
