"""Writing a simulated movie, and the cells and events an analysis would have found in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.write import write_cell_set
from napari_isx.io.events.write import write_event_set
from napari_isx.sample_data.neurons import Neurons
from napari_isx.sample_data.plan import PERIOD_S, PIXEL_UM, Floats, Scene

_DOWNSAMPLING: Final = 2
_RISE_FRAMES: Final = 2  # from the spike to the peak


def movie_spacing(scene: Scene) -> Spacing:
    """The grid of the movie."""
    return Spacing.regular(scene.num_pixels, PIXEL_UM)


def noisy_traces(rng: np.random.Generator, neurons: Neurons) -> Floats:
    """``(n, num_frames)``: what is measured of the activity, in units of its noise."""
    traces: Floats = neurons.activity + rng.standard_normal(neurons.activity.shape)
    return traces


def write_cells(
    path: Path,
    scene: Scene,
    neurons: Neurons,
    traces: npt.ArrayLike,
    timing: Timing,
    session: Mapping[str, Any],
) -> None:
    """Write what an analysis of the movie, cropped and 2x downsampled, would have found."""
    (top, left), (rows, cols) = scene.crop, scene.num_pixels
    field = ((rows - 2 * top) // _DOWNSAMPLING, (cols - 2 * left) // _DOWNSAMPLING)
    measured = np.array(traces)
    measured[:, list(timing.dropped)] = np.nan
    top_left_um = (top * PIXEL_UM, left * PIXEL_UM)
    write_cell_set(
        path,
        neurons.footprints(field, scene.crop, _DOWNSAMPLING),
        measured,
        names=neurons.names,
        statuses=neurons.statuses,
        colors=_colors(len(neurons.names)),
        timing=timing,
        spacing=Spacing.regular(field, _DOWNSAMPLING * PIXEL_UM, top_left_um),
        extra_properties=_processed(session),
    )


def write_events(
    path: Path, neurons: Neurons, timing: Timing, session: Mapping[str, Any], first_frame: int = 0
) -> None:
    """Write the events of the frames that a timing is of, the first one of which is given."""
    events = {}
    for name, (frames, amplitudes) in zip(neurons.names, neurons.spikes, strict=True):
        samples = frames + _RISE_FRAMES - first_frame
        inside = (samples >= 0) & (samples < timing.num_samples)
        offsets_us = (samples[inside] * PERIOD_S * 1e6).round().astype(np.uint64)
        events[name] = (offsets_us, amplitudes[inside])
    whole = Timing(timing.num_samples, timing.period, timing.start_s, timing.utc_offset_s)
    write_event_set(path, events, timing=whole, extra_properties=_processed(session))


def _processed(session: Mapping[str, Any]) -> dict[str, Any]:
    """The session after an analysis."""
    return {
        **session,
        "idps": {
            "cellset": {"method": "cnmfe", "type": "analog", "units": "dF over noise"},
            "spatialDownsampling": _DOWNSAMPLING,
            "temporalDownsampling": 1,
        },
    }


def _colors(count: int) -> npt.NDArray[np.uint8]:
    """A color per cell, round the color wheel."""
    hue = np.arange(count)[:, None] / count * 2 * np.pi + np.array([0, -2, 2]) * np.pi / 3
    rgb = np.rint(140 + 110 * np.cos(hue))
    return np.column_stack([rgb, np.full(count, 255)]).astype(np.uint8)
