"""Checks an installed wheel: write a recording, open it in napari through the plugin, draw it."""

from __future__ import annotations

import sys
from pathlib import Path

import napari
import npe2

import napari_isx
from napari_isx.sample_data import FILES, write_sample


def main(folder: Path) -> None:
    if "site-packages" not in napari_isx.__file__:
        raise SystemExit(f"not the installed package: {napari_isx.__file__}")
    npe2.PluginManager.instance().discover()
    manifest = npe2.PluginManager.instance().get_manifest("napari-isx")
    write_sample(folder)
    viewer = napari.Viewer()
    viewer.open([str(folder / name) for name in FILES], plugin="napari-isx")
    names = [type(layer).__name__ for layer in viewer.layers]
    if names != ["Image", "Labels", "Shapes", "Points"]:
        raise SystemExit(f"unexpected layers: {names}")
    pixels = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    if pixels.std() < 5:
        raise SystemExit("nothing was drawn")
    viewer.close()
    print(f"{manifest.display_name} {napari_isx.__version__} opened {', '.join(FILES)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
