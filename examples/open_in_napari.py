"""Open a movie with its cells and events in napari, and go to the first event.

python open_in_napari.py [file ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

import napari

import napari_isx


def main(paths: list[Path]) -> napari.Viewer:
    viewer = napari.Viewer()
    viewer.open([str(path) for path in paths], plugin="napari-isx")
    for layer in viewer.layers:
        recording = layer.metadata.get("napari_isx")  # the opened file of this layer
        if isinstance(recording, napari_isx.EventSet):
            times_s = [recording.events(i).times_s for i in range(recording.num_cells)]
            viewer.dims.set_point(0, min(times[0] for times in times_s if len(times)))
    return viewer


if __name__ == "__main__":
    if len(sys.argv) > 1:
        files = [Path(name) for name in sys.argv[1:]]
    else:
        from napari_isx.sample_data import FILES, write_sample

        folder = Path("sample")
        write_sample(folder)
        files = [folder / name for name in FILES]
    main(files)
    napari.run()
