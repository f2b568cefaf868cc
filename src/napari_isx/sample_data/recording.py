"""The sample recording: what microscope, box, head sensor and camera saw of the same minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.movies.write import write_movie
from napari_isx.sample_data.animal import simulate_walk
from napari_isx.sample_data.blood import write_vessels
from napari_isx.sample_data.box import BOX_LEAD_S, write_box, write_head
from napari_isx.sample_data.camera import write_camera
from napari_isx.sample_data.imaging import movie_spacing, noisy_traces, write_cells, write_events
from napari_isx.sample_data.neurons import simulate_neurons
from napari_isx.sample_data.plan import (
    PERIOD_S,
    RECORDING_UUID,
    START,
    Scene,
    pulse_onsets,
    random,
    session_json,
    tsc_us,
)
from napari_isx.sample_data.tissue import simulate_frames, simulate_tissue

FILES: Final = (
    "sample-recording.isxd",
    "sample-recording-CNMFE.isxd",
    "sample-recording-CNMFE-ED.isxd",
)
"""Movie, cell set and event set, named as IDPS names the results of its steps."""
COMPANION_FILES: Final = (
    "sample-recording.gpio",
    "sample-recording.imu",
    "sample-recording-behavior.isxb",
    "sample-recording-vessels.isxd",
)
"""Box, head sensor, camera, and the blood flow in the movie's vessels."""
SCENE: Final = Scene((216, 296), 600, 36, (12, 20), 27, dropped=(181, 182, 407))


def write_sample(folder: Path) -> None:
    """Simulate the recording and write its files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    scene, end_s = SCENE, SCENE.num_frames * PERIOD_S
    movie, cells, events, box, head, camera, vessels = (
        folder / name for name in FILES + COMPANION_FILES
    )
    onsets = pulse_onsets(random(1), end_s)
    neurons = simulate_neurons(random(2), scene, onsets)
    walk = simulate_walk(random(3), -BOX_LEAD_S, end_s + 1)
    # A number with which the vessels lie well apart.
    tissue = simulate_tissue(random(46), scene, walk.at(scene.times_s).effort)
    timing = Timing.regular(scene.num_frames, PERIOD_S, START, dropped=scene.dropped)
    session = session_json("Simulated recording", RECORDING_UUID)

    write_cells(cells, scene, neurons, noisy_traces(random(5), neurons), timing, session)
    write_events(events, neurons, timing, session)
    write_box(box, random(6), scene, onsets, session)
    write_head(head, random(7), scene, walk, session)
    total = np.zeros(scene.num_pixels)
    frames = simulate_frames(random(9), scene, tissue, neurons)
    with ThreadPoolExecutor(1) as beside:  # the two that take seconds, at the same time
        filmed = beside.submit(write_camera, camera, random(8), scene, walk, onsets, RECORDING_UUID)
        write_movie(
            movie,
            _summing(frames, timing, total),
            timing=timing,
            spacing=movie_spacing(scene),
            timestamps_us=tsc_us(scene.times_s),
            extra_properties=session,
        )
        filmed.result()
    mean = total / timing.num_valid
    write_vessels(vessels, random(10), scene, tissue.vessels, mean, session)


def _summing(
    frames: Iterable[npt.NDArray[np.uint16]], timing: Timing, total: npt.NDArray[np.float64]
) -> Iterator[npt.NDArray[np.uint16]]:
    """Pass frames on, and add those that are stored to a total."""
    for sample, frame in enumerate(frames):
        if timing.valid_mask[sample]:
            total += frame
        yield frame
