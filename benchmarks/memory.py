"""``python -m benchmarks.memory MOVIE FRAMES``: shows frames of a movie in a window of its own.

Prints how many megabytes the process took at most beyond the empty window.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psutil

from benchmarks.window import Window


def main(path: Path, num_frames: int) -> None:
    process = psutil.Process()
    window = Window()
    before = process.memory_info().rss
    window.open(path)
    highest = process.memory_info().rss
    viewer = window.viewer
    movie = viewer.layers[0].metadata["napari_isx"]
    for i in range(num_frames):
        wait = window.drawn()
        viewer.dims.set_point(0, movie.timing.times_s[(i + 1) * len(movie) // (num_frames + 1)])
        wait()
        highest = max(highest, process.memory_info().rss)
    window.close()
    print(json.dumps({"added_mb": (highest - before) / 1e6}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
