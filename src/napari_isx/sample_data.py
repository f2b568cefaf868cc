"""*File > Open Sample*: a simulated one-photon recording, with its cells and their events.

Nothing in it was recorded. Neurons with calcium transients lie under a bright, vignetted and
slowly breathing background with vessels, seen through shot noise. The cell set is what an
analysis would have made of a cropped and 2x downsampled copy of the movie: most footprints right,
some of them doubtful or wrong, with all three statuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells import CellStatus
from napari_isx.io.open import open_isx
from napari_isx.io.spacing import Spacing
from napari_isx.io.timing import Timing
from napari_isx.io.write import write_cell_set, write_event_set, write_movie

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_isx.layers.keys import LayerData

FILES: Final = (
    "sample-recording.isxd",
    "sample-recording-CNMFE.isxd",
    "sample-recording-CNMFE-ED.isxd",
)
"""Movie, cell set and event set, named as IDPS names the results of its steps."""

# Part of the folder's name: another number makes the files anew.
_VERSION: Final = 1

_SHAPE: Final = (272, 368)
_NUM_FRAMES: Final = 600
_PERIOD_S: Final = 0.1
_DROPPED: Final = (181, 182, 407)
_PIXEL_UM: Final = 3.0
_CROP: Final = (16, 24)  # pixels cut from each edge before cells were looked for
_NUM_NEURONS: Final = 36
_RADIUS_PX: Final = 5.5
_DECAY_S: Final = 0.9
_RISE_S: Final = 0.15
_COUNTS_PER_UNIT: Final = 9.0  # brightness of a neuron of weight 1 at an amplitude of 1
_SEED: Final = 20


@dataclass(frozen=True, eq=False)
class Neurons:
    """The simulated truth.

    Attributes
    ----------
    centers : numpy.ndarray
        ``(n, 2)`` rows and columns in the movie.
    shapes : numpy.ndarray
        ``(n, 3)`` radius across and along in pixels, angle in radians.
    activity : numpy.ndarray
        ``(n, num_frames)`` calcium, about 0 to 20 times the noise.
    spikes : list of (numpy.ndarray, numpy.ndarray)
        Frame and amplitude of each event of each neuron.
    """

    centers: npt.NDArray[np.float64]
    shapes: npt.NDArray[np.float64]
    activity: npt.NDArray[np.float64]
    spikes: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]


def make_sample_recording() -> list[LayerData]:
    """Return the layers of the sample recording; its files are made on first use.

    Raises
    ------
    OSError
        The cache folder cannot be written.
    """
    from napari_isx.layers.build import layers_of
    from napari_isx.layers.window import announce_recordings

    folder = sample_folder()
    if not all((folder / name).exists() for name in FILES):
        write_sample(folder)
    announce_recordings()
    return [data for name in FILES for data in layers_of(open_isx(folder / name))]


def sample_folder() -> Path:
    """Where the sample's files are kept: the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("napari-isx") / f"sample-{_VERSION}"


def write_sample(folder: Path) -> None:
    """Simulate the recording and write its files into a folder.

    Raises
    ------
    OSError
        The folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(_SEED)
    neurons = simulate_neurons(rng)
    timing = Timing.regular(
        _NUM_FRAMES, _PERIOD_S, datetime(2026, 3, 2, 14, 5, tzinfo=UTC), dropped=_DROPPED
    )
    session = {
        "name": "Simulated recording",
        "animal": {
            "id": "S-01",
            "species": "simulated",
            "sex": "-",
            "dob": "",
            "weight": 0,
            "description": "not an animal",
        },
        "microscope": {
            "type": "simulated",
            "serial": "0",
            "focus": 0,
            "gain": 4,
            "exp": 50,
            "led": {"exPower": 0.8, "ogPower": 0.0},
        },
    }
    _write_cells_and_events(folder, neurons, timing, session, rng)
    counters = 1_000_000 + np.rint(np.arange(_NUM_FRAMES) * _PERIOD_S * 1e6).astype(np.uint64)
    write_movie(
        folder / FILES[0],
        simulate_frames(neurons, rng),
        timing=timing,
        spacing=Spacing.regular(_SHAPE, _PIXEL_UM),
        timestamps_us=counters,
        extra_properties=session,
    )


def simulate_neurons(rng: np.random.Generator) -> Neurons:
    """Place neurons and let them fire, some in pairs that overlap."""
    rows, cols = _SHAPE
    margin = 34
    centers: list[npt.NDArray[np.float64]] = []
    while len(centers) < _NUM_NEURONS:
        if centers and len(centers) % 6 == 5:  # an overlapping neighbour of the last one
            candidate = centers[-1] + rng.choice([-1, 1], 2) * rng.uniform(5, 7, 2)
        else:
            candidate = rng.uniform((margin, margin), (rows - margin, cols - margin))
            if any(np.hypot(*(candidate - other)) < 2.6 * _RADIUS_PX for other in centers):
                continue
        centers.append(candidate)
    shapes = np.column_stack(
        [
            rng.uniform(0.8, 1.1, _NUM_NEURONS) * _RADIUS_PX,
            rng.uniform(1.0, 1.4, _NUM_NEURONS) * _RADIUS_PX,
            rng.uniform(0, np.pi, _NUM_NEURONS),
        ]
    )
    seconds = np.arange(0, 8, _PERIOD_S)
    kernel = np.exp(-seconds / _DECAY_S) - np.exp(-seconds / _RISE_S)
    kernel /= kernel.max()
    spikes, activity = [], []
    for rate_hz in rng.gamma(2.0, 0.05, _NUM_NEURONS) + 0.03:
        frames = np.flatnonzero(rng.random(_NUM_FRAMES - 10) < rate_hz * _PERIOD_S)
        frames = frames[np.diff(frames, prepend=-10) > 4]
        amplitudes = rng.lognormal(2.2, 0.35, len(frames))
        train = np.zeros(_NUM_FRAMES)
        train[frames] = amplitudes
        activity.append(np.convolve(train, kernel)[:_NUM_FRAMES])
        spikes.append((frames, amplitudes))
    return Neurons(np.array(centers), shapes, np.array(activity), spikes)


def simulate_frames(neurons: Neurons, rng: np.random.Generator) -> Iterator[npt.NDArray[np.uint16]]:
    """Make the movie frame by frame: ``(H, W)`` 12-bit counts in uint16."""
    background = _background(rng)
    texture = _smooth_noise(rng, 60.0)
    soma = np.array(
        [_soma(_SHAPE, c, s) for c, s in zip(neurons.centers, neurons.shapes, strict=True)]
    )
    soma_pixels = soma.reshape(len(soma), -1).astype(np.float32)
    light = _illumination().astype(np.float32)
    # Cells are never quite dark, and brightest where the light is.
    resting = _COUNTS_PER_UNIT * (rng.uniform(2, 7, len(soma)) @ soma_pixels).reshape(_SHAPE)
    still = (background + resting * light).astype(np.float32)
    for frame in range(_NUM_FRAMES):
        seconds = frame * _PERIOD_S
        glow = 1 + 0.012 * np.sin(seconds / 1.7) + 0.008 * np.sin(seconds / 0.31)
        neuropil = 18 * np.sin(seconds / 2.9) * texture
        cells = _COUNTS_PER_UNIT * (neurons.activity[:, frame].astype(np.float32) @ soma_pixels)
        mean = still * glow + (neuropil + cells.reshape(_SHAPE)) * light
        # Shot noise of some thousand photoelectrons is normal for all purposes.
        noisy = mean + rng.standard_normal(_SHAPE, np.float32) * np.sqrt(mean) * 0.55
        yield np.clip(noisy, 0, 4095).astype(np.uint16)


def _write_cells_and_events(
    folder: Path,
    neurons: Neurons,
    timing: Timing,
    session: Mapping[str, object],
    rng: np.random.Generator,
) -> None:
    """Write what an analysis of the movie, cropped and 2x downsampled, would have found."""
    (top, left), (rows, cols) = _CROP, _SHAPE
    field = ((rows - 2 * top) // 2, (cols - 2 * left) // 2)
    centers = (neurons.centers - (top, left) + 0.5) / 2 - 0.5
    names = [f"C{i:02d}" for i in range(len(centers))]
    num_events = np.array([len(frames) for frames, _ in neurons.spikes])
    statuses: list[CellStatus] = [
        "rejected" if count < 3 else "undecided" if count < 5 else "accepted"
        for count in num_events
    ]
    scaled = neurons.shapes * (0.5, 0.5, 1)
    footprints = [_soma(field, c, s) for c, s in zip(centers, scaled, strict=True)]
    traces = neurons.activity + rng.standard_normal(neurons.activity.shape)
    traces[:, list(timing.dropped)] = np.nan
    processed = {
        **session,
        "idps": {
            "cellset": {"method": "cnmfe", "type": "analog", "units": "dF over noise"},
            "spatialDownsampling": 2,
            "temporalDownsampling": 1,
        },
    }
    write_cell_set(
        folder / FILES[1],
        footprints,
        traces,
        names=names,
        statuses=statuses,
        colors=_colors(len(names)),
        timing=timing,
        spacing=Spacing.regular(field, 2 * _PIXEL_UM, (top * _PIXEL_UM, left * _PIXEL_UM)),
        extra_properties=processed,
    )
    delay_us = int(2 * _PERIOD_S * 1e6)  # from the spike to the peak
    write_event_set(
        folder / FILES[2],
        {
            name: ((frames * _PERIOD_S * 1e6).round().astype(np.uint64) + delay_us, amplitudes)
            for name, (frames, amplitudes) in zip(names, neurons.spikes, strict=True)
        },
        timing=Timing(timing.num_samples, timing.period, timing.start_s, timing.utc_offset_s),
        extra_properties=processed,
    )


def _soma(
    num_pixels: tuple[int, int], center: npt.NDArray[np.float64], shape: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """A cell body out of focus: ``(rows, cols)``, 1 at its centre, 0 far from it."""
    across, along, angle = shape
    row, col = np.ogrid[: num_pixels[0], : num_pixels[1]]
    y, x = row - center[0], col - center[1]
    u = (np.cos(angle) * y + np.sin(angle) * x) / across
    v = (np.cos(angle) * x - np.sin(angle) * y) / along
    distance2 = u**2 + v**2
    body = np.exp(-(distance2**1.3))
    return np.where(distance2 < 5, body, 0).astype(np.float32)


def _background(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Glow of the tissue, darker at the edges and under vessels."""
    glow = 900 + 130 * _smooth_noise(rng, 40.0) + 45 * _smooth_noise(rng, 6.0)
    for thickness in (5.0, 3.2, 2.2):
        glow *= 1 - 0.42 * _vessel(rng, thickness)
    return 120 + glow * _illumination()


def _illumination() -> npt.NDArray[np.float64]:
    """Light from a lens: 1 in the middle, falling off to the edges."""
    rows, cols = _SHAPE
    y, x = np.ogrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
    fall_off: npt.NDArray[np.float64] = np.exp(-0.55 * (y**2 + x**2) ** 1.4)
    return fall_off


def _vessel(rng: np.random.Generator, thickness: float) -> npt.NDArray[np.float64]:
    """A wandering dark band across the field, from 0 to 1."""
    rows, cols = _SHAPE
    x = np.arange(cols)
    waves = sum(
        rng.uniform(4, 14) * np.sin(x / cols * 2 * np.pi * k + rng.uniform(0, 6)) for k in (1, 2, 3)
    )
    middle = rng.uniform(0.15, 0.85) * rows + rng.uniform(-0.5, 0.5) * (x - cols / 2) + waves
    distance = np.arange(rows)[:, None] - middle
    band: npt.NDArray[np.float64] = np.exp(-((distance / thickness) ** 2))
    return band


def _smooth_noise(rng: np.random.Generator, scale_px: float) -> npt.NDArray[np.float64]:
    """Random texture with features of about a size, of mean 0 and deviation 1."""
    frequencies = np.hypot(np.fft.fftfreq(_SHAPE[0])[:, None], np.fft.rfftfreq(_SHAPE[1]))
    spectrum = np.fft.rfft2(rng.standard_normal(_SHAPE))
    spectrum *= np.exp(-2 * (np.pi * frequencies * scale_px / 2) ** 2)
    texture = np.fft.irfft2(spectrum, _SHAPE)
    scaled: npt.NDArray[np.float64] = (texture - texture.mean()) / texture.std()
    return scaled


def _colors(count: int) -> npt.NDArray[np.uint8]:
    """A colour per cell, round the colour wheel."""
    hue = np.arange(count)[:, None] / count * 2 * np.pi + np.array([0, -2, 2]) * np.pi / 3
    rgb = np.rint(140 + 110 * np.cos(hue))
    return np.column_stack([rgb, np.full(count, 255)]).astype(np.uint8)
