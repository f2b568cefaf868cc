"""Simulated tissue: glow, vessels with blood in them, light, and the movie of it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.sample_data.neurons import Neurons
from napari_isx.sample_data.plan import PERIOD_S, PIXEL_UM, Floats, Scene

_COUNTS_PER_UNIT: Final = 9.0  # brightness of a neuron of weight 1 at an amplitude of 1
_THICKNESS_PX: Final = (5.0, 3.2, 2.2)
_SPEED_UM_S: Final = (240.0, -170.0, 110.0)  # negative: to the left
_SPECK_PX: Final = 5.0
_SPECK_COUNTS: Final = 22.0
_USUAL_ROWS: Final = 272


@dataclass(frozen=True, eq=False)
class Vessel:
    """A vessel that wanders across the field from left to right.

    `middle`: ``(cols,)`` row of its middle in each column. `thickness_px`: distance from its middle
    at which it has become fainter by 1/e. `velocity_um_s`: ``(num_frames,)`` of the blood along it;
    negative to the left.
    """

    middle: Floats
    thickness_px: float
    velocity_um_s: Floats

    def band(self, rows: int) -> Floats:
        """``(rows, cols)``: how much of the vessel is in each pixel, from 0 to 1."""
        distance = np.arange(rows)[:, None] - self.middle
        inside: Floats = np.exp(-((distance / self.thickness_px) ** 2))
        return inside

    def slope(self, col: int) -> float:
        """Rows per column, in the middle of a box about a column."""
        return float(self.middle[col + 8] - self.middle[col - 8]) / 16


@dataclass(frozen=True, eq=False)
class Tissue:
    """What is there besides neurons.

    `light`: ``(rows, cols)``: 1 in the middle, falling off to the edges. `background`: ``(rows,
    cols)`` counts. `texture`: ``(rows, cols)`` of the neuropil that comes and goes.
    """

    light: Floats
    background: Floats
    texture: Floats
    vessels: list[Vessel]


def simulate_tissue(rng: np.random.Generator, scene: Scene, effort: npt.ArrayLike) -> Tissue:
    """Lay vessels under an uneven glow.

    `effort`: how hard the animal runs in each frame, from 0 to 1; blood flows faster then.
    """
    shape = scene.num_pixels
    vessels = [
        Vessel(_wander(rng, shape, i), thickness, speed * _pulsation(rng, scene, effort))
        for i, (thickness, speed) in enumerate(zip(_THICKNESS_PX, _SPEED_UM_S, strict=True))
    ]
    glow = 900 + 130 * _smooth_noise(rng, shape, 40.0) + 45 * _smooth_noise(rng, shape, 6.0)
    for vessel in vessels:
        glow *= 1 - 0.42 * vessel.band(shape[0])
    light = _illumination(shape)
    return Tissue(light, 120 + glow * light, _smooth_noise(rng, shape, 60.0), vessels)


def simulate_frames(
    rng: np.random.Generator, scene: Scene, tissue: Tissue, neurons: Neurons
) -> Iterator[npt.NDArray[np.uint16]]:
    """Make the movie frame by frame: ``(H, W)`` 12-bit counts in uint16."""
    shape = scene.num_pixels
    somata = [_cut(footprint) for footprint in neurons.footprints(shape)]
    calcium = (_COUNTS_PER_UNIT * neurons.activity).astype(np.float32)
    light = tissue.light.astype(np.float32)
    texture = tissue.texture.astype(np.float32)
    still = tissue.background.astype(np.float32)
    # Cells are never quite dark, and brightest where the light is.
    _add(still, somata, light, _COUNTS_PER_UNIT * rng.uniform(2, 7, len(somata)))
    blood = [_Blood(rng, vessel, light) for vessel in tissue.vessels]
    for frame in range(scene.num_frames):
        seconds = frame * PERIOD_S
        glow = np.float32(1 + 0.012 * np.sin(seconds / 1.7) + 0.008 * np.sin(seconds / 0.31))
        neuropil = 18 * np.float32(np.sin(seconds / 2.9)) * texture
        mean = still * glow + neuropil * light
        _add(mean, somata, light, calcium[:, frame])
        for stream in blood:
            stream.add_to(mean, frame)
        # Shot noise of some thousand photoelectrons is normal for all purposes.
        noisy = mean + rng.standard_normal(shape, np.float32) * np.sqrt(mean) * np.float32(0.55)
        yield np.clip(noisy, 0, 4095).astype(np.uint16)


Cut = tuple[slice, slice, npt.NDArray[np.float32]]


def _cut(footprint: npt.NDArray[np.float32]) -> Cut:
    """The rows and columns in which a footprint is, and the footprint there."""
    rows, cols = (np.flatnonzero(footprint.any(axis=axis)) for axis in (1, 0))
    place = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    return *place, footprint[place]


def _add(
    picture: npt.NDArray[np.float32],
    somata: Iterable[Cut],
    light: npt.NDArray[np.float32],
    counts: npt.ArrayLike,
) -> None:
    """Add cells to a picture, as bright as the light makes them."""
    for (rows, cols, soma), brightness in zip(somata, np.asarray(counts, "f4"), strict=True):
        picture[rows, cols] += brightness * soma * light[rows, cols]


class _Blood:
    """Specks that move along a vessel as fast as its blood."""

    _STEPS = 4  # of the pattern in each pixel

    def __init__(
        self, rng: np.random.Generator, vessel: Vessel, light: npt.NDArray[np.float32]
    ) -> None:
        band = vessel.band(len(light))
        self._pixels = np.nonzero(band > 0.05)
        self._depth = (_SPECK_COUNTS * band * light)[self._pixels].astype(np.float32)
        steps = np.hypot(1, np.gradient(vessel.middle))
        self._along = np.cumsum(steps)[self._pixels[1]]
        self._moved = np.cumsum(vessel.velocity_um_s) * PERIOD_S / PIXEL_UM
        length = (1, int(2 * steps.sum()) * self._STEPS)
        self._pattern = _smooth_noise(rng, length, _SPECK_PX * self._STEPS)[0].astype(np.float32)

    def add_to(self, mean: npt.NDArray[np.float32], frame: int) -> None:
        """Darken and brighten the vessel in a picture of a frame."""
        place = np.rint((self._along - self._moved[frame]) * self._STEPS).astype(np.int64)
        mean[self._pixels] += self._depth * self._pattern[place % len(self._pattern)]


def _wander(rng: np.random.Generator, shape: tuple[int, int], place: int) -> Floats:
    """The row of a vessel's middle in each column; each vessel has its third of the field."""
    rows, cols = shape
    x = np.arange(cols)
    size = rows / _USUAL_ROWS
    waves = sum(
        size * rng.uniform(3, 11) * np.sin(x / cols * 2 * np.pi * k + rng.uniform(0, 6))
        for k in (1, 2, 3)
    )
    middle = (place + rng.uniform(0.35, 0.65)) / 3 * rows
    wandering: Floats = middle + rng.uniform(-0.35, 0.35) * (x - cols / 2) + waves
    return wandering


def _pulsation(rng: np.random.Generator, scene: Scene, effort: npt.ArrayLike) -> Floats:
    """How much faster or slower than on average blood flows in each frame."""
    slow = 0.12 * np.sin(2 * np.pi * scene.times_s / rng.uniform(9, 14) + rng.uniform(0, 6))
    factor: Floats = 0.9 + slow + 0.35 * np.asarray(effort)
    return factor


def _illumination(shape: tuple[int, int]) -> Floats:
    """Light from a lens: 1 in the middle, falling off to the edges."""
    rows, cols = shape
    y, x = np.ogrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
    fall_off: Floats = np.exp(-0.55 * (y**2 + x**2) ** 1.4)
    return fall_off


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale_px: float) -> Floats:
    """Random texture with features of about a size, of mean 0 and deviation 1."""
    frequencies = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    spectrum = np.fft.rfft2(rng.standard_normal(shape))
    spectrum *= np.exp(-2 * (np.pi * frequencies * scale_px / 2) ** 2)
    texture = np.fft.irfft2(spectrum, shape)
    scaled: Floats = (texture - texture.mean()) / texture.std()
    return scaled
