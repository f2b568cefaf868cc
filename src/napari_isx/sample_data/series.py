"""The sample series: one recording in two parts, with their cells and events."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from napari_isx.io.base.timing import Timing
from napari_isx.io.movies.write import write_movie
from napari_isx.sample_data.imaging import movie_spacing, noisy_traces, write_cells, write_events
from napari_isx.sample_data.neurons import simulate_neurons
from napari_isx.sample_data.plan import PERIOD_S, START, Scene, random, session_json, tsc_us
from napari_isx.sample_data.tissue import simulate_frames, simulate_tissue

PART_FRAMES: Final = 200
GAP_FRAMES: Final = 50
"""Nothing was recorded for 5 s."""
SERIES_FILES: Final = (
    "sample-series.isxd",
    "sample-series-001.isxd",
    "sample-series-CNMFE.isxd",
    "sample-series-001-CNMFE.isxd",
    "sample-series-CNMFE-ED.isxd",
    "sample-series-001-CNMFE-ED.isxd",
)
"""Both parts of the movie, of the cell set and of the event set."""
_UUID: Final = "SIM-20260302-160500-S01"
_LATER: Final = timedelta(hours=2)
_SCENE: Final = Scene((136, 184), 2 * PART_FRAMES + GAP_FRAMES, 12, (8, 12), 22)


def write_series(folder: Path) -> None:
    """Simulate the recording and write its parts into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = _SCENE
    neurons = simulate_neurons(random(21), scene, np.empty(0))
    tissue = simulate_tissue(random(22), scene, np.zeros(scene.num_frames))
    traces = noisy_traces(random(23), neurons)
    frames = simulate_frames(random(24), scene, tissue, neurons)
    session = session_json("Simulated series", _UUID)
    made = 0
    for part, first in enumerate((0, PART_FRAMES + GAP_FRAMES)):
        movie, cells, events = (folder / name for name in SERIES_FILES[part::2])
        span = slice(first, first + PART_FRAMES)
        start = START + _LATER + timedelta(seconds=first * PERIOD_S)
        timing = Timing.regular(PART_FRAMES, PERIOD_S, start)
        write_movie(
            movie,
            islice(frames, first - made, first - made + PART_FRAMES),
            timing=timing,
            spacing=movie_spacing(scene),
            timestamps_us=tsc_us(_LATER.total_seconds() + scene.times_s[span]),
            extra_properties=session,
        )
        made = first + PART_FRAMES
        write_cells(cells, scene, neurons, traces[:, span], timing, session)
        write_events(events, neurons, timing, session, first)
