"""*File > Open Sample*: a simulated one-photon recording with all that was recorded beside it.

Nothing in it was recorded. Neurons with calcium transients lie under a bright, vignetted and
slowly breathing background with vessels, seen through shot noise. The cell set is what an
analysis would have made of a cropped and 2x downsampled copy of the movie: most footprints right,
some of them doubtful or wrong, with all three statuses. In the same minute a box recorded a
stimulus that some of the cells follow, a sensor the movements of the head, and a camera the
animal in its arena; all but the sensor share a hardware counter. The other sample is a recording
in two parts.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_isx.sample_data.folder import ensure, sample_folder
from napari_isx.sample_data.recording import COMPANION_FILES, FILES, write_sample
from napari_isx.sample_data.series import SERIES_FILES, write_series

if TYPE_CHECKING:
    from napari_isx.layers.keys import LayerData

__all__ = [
    "COMPANION_FILES",
    "FILES",
    "SERIES_FILES",
    "make_sample_recording",
    "make_sample_series",
    "sample_folder",
    "write_sample",
    "write_series",
]


def make_sample_recording() -> list[LayerData]:
    """Return the layers of the sample recording; its files are made on first use."""
    from napari_isx.layers.window_commands import announce_recordings, run_beside

    folder, names = sample_folder(), FILES + COMPANION_FILES
    run_beside(partial(ensure, folder, names, write_sample), "Simulating the sample recording")
    announce_recordings()
    groups = [[folder / name] for name in names]
    layers = run_beside(partial(_layers_of, groups), "Opening the sample recording")
    for data, kwargs, kind in layers:
        # The mean of the movie, on which the vessels were measured, would hide movie and cells.
        if kind == "image" and np.ndim(data) == 2:
            kwargs["visible"] = False
    return layers


def make_sample_series() -> list[LayerData]:
    """Return the layers of the sample series, one recording in two parts, made on first use."""
    from napari_isx.io.folders.grouping import series_of
    from napari_isx.layers.window_commands import announce_recordings, run_beside

    folder = sample_folder("series")
    run_beside(partial(ensure, folder, SERIES_FILES, write_series), "Simulating the sample series")
    announce_recordings()
    groups = series_of(folder / name for name in SERIES_FILES)
    return run_beside(partial(_layers_of, groups), "Opening the sample series")


def _layers_of(groups: list[list[Path]]) -> list[LayerData]:
    from napari_isx.io.open import open_isx
    from napari_isx.layers.build import layers_of

    return [data for parts in groups for data in layers_of(open_isx(parts))]
