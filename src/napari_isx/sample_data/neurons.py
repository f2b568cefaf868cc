"""Simulated neurons: where they lie, when they fire, and what an analysis would find of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.sample_data.plan import PERIOD_S, Floats, Scene, in_pulse

RESPONSIVE: Final = (1, 4, 8, 13, 18, 22, 27, 33)
"""Neurons that follow the stimulus, where there is one."""

_RADIUS_PX: Final = 5.5
_DECAY_S: Final = 0.9
_RISE_S: Final = 0.15
_RESPONSE_HZ: Final = 0.4
_RELIABILITY: Final = 0.95  # of a response right after the stimulus went on
_MIN_FRAMES_APART: Final = 5


@dataclass(frozen=True, eq=False)
class Neurons:
    """The simulated truth.

    `centers`: ``(n, 2)`` rows and columns in the movie. `shapes`: ``(n, 3)`` radius across and
    along in pixels, angle in radians. `activity`: ``(n, num_frames)`` calcium, about 0 to 20 times
    the noise. `spikes`: frame and amplitude of each event of each neuron.
    """

    centers: Floats
    shapes: Floats
    activity: Floats
    spikes: list[tuple[npt.NDArray[np.int64], Floats]]

    @property
    def names(self) -> list[str]:
        """As an analysis names them."""
        return [f"C{i:02d}" for i in range(len(self.centers))]

    @property
    def statuses(self) -> list[CellStatus]:
        """As a person would decide: the fewer events, the more doubtful."""
        counts = [len(frames) for frames, _ in self.spikes]
        return ["rejected" if n < 3 else "undecided" if n < 5 else "accepted" for n in counts]

    def footprints(
        self, num_pixels: tuple[int, int], top_left: tuple[int, int] = (0, 0), downsampling: int = 1
    ) -> npt.NDArray[np.float32]:
        """``(n, rows, cols)``: all neurons on a part of the movie, perhaps downsampled."""
        centers = (self.centers - top_left + 0.5) / downsampling - 0.5
        shapes = self.shapes / (downsampling, downsampling, 1)
        somata = zip(centers, shapes, strict=True)
        return np.array([_soma(num_pixels, center, shape) for center, shape in somata])


def simulate_neurons(rng: np.random.Generator, scene: Scene, onsets_s: Floats) -> Neurons:
    """Place neurons and let them fire, some in pairs that overlap, some at a stimulus.

    `onsets_s`: when the stimulus goes on; may be empty.
    """
    count = scene.num_neurons
    centers = _place(rng, scene)
    shapes = np.column_stack(
        [
            rng.uniform(0.8, 1.1, count) * _RADIUS_PX,
            rng.uniform(1.0, 1.4, count) * _RADIUS_PX,
            rng.uniform(0, np.pi, count),
        ]
    )
    seconds = np.arange(0, 8, PERIOD_S)
    kernel = np.exp(-seconds / _DECAY_S) - np.exp(-seconds / _RISE_S)
    kernel /= kernel.max()
    spikes: list[tuple[npt.NDArray[np.int64], Floats]] = []
    activity = []
    for neuron, rate_hz in enumerate(rng.gamma(2.0, 0.05, count) + 0.03):
        onsets = onsets_s if neuron in RESPONSIVE else np.empty(0)
        frames = _fire(rng, scene, rate_hz if not onsets.size else 0.04, onsets)
        amplitudes = rng.lognormal(2.2, 0.35, len(frames))
        train = np.zeros(scene.num_frames)
        train[frames] = amplitudes
        activity.append(np.convolve(train, kernel)[: scene.num_frames])
        spikes.append((frames, amplitudes))
    return Neurons(centers, shapes, np.array(activity), spikes)


def _place(rng: np.random.Generator, scene: Scene) -> Floats:
    (rows, cols), margin = scene.num_pixels, scene.margin_px
    centers: list[Floats] = []
    while len(centers) < scene.num_neurons:
        if centers and len(centers) % 6 == 5:  # an overlapping neighbor of the last one
            candidate = centers[-1] + rng.choice([-1, 1], 2) * rng.uniform(5, 7, 2)
        else:
            candidate = rng.uniform((margin, margin), (rows - margin, cols - margin))
            if any(np.hypot(*(candidate - other)) < 2.6 * _RADIUS_PX for other in centers):
                continue
        centers.append(candidate)
    return np.array(centers)


def _fire(
    rng: np.random.Generator, scene: Scene, rate_hz: float, onsets_s: Floats
) -> npt.NDArray[np.int64]:
    """The frames at which a neuron fires: by chance, and more at a stimulus."""
    rates_hz = rate_hz + _RESPONSE_HZ * in_pulse(scene.times_s, onsets_s)
    fires = rng.random(scene.num_frames) < rates_hz * PERIOD_S
    reliable = onsets_s[rng.random(len(onsets_s)) < _RELIABILITY]
    fires[np.rint(reliable / PERIOD_S).astype(int) + rng.integers(0, 2, len(reliable))] = True
    fires[-10:] = False  # an event without its transient would look like a mistake
    frames: list[int] = []
    for frame in np.flatnonzero(fires).tolist():
        if not frames or frame - frames[-1] >= _MIN_FRAMES_APART:
            frames.append(frame)
    return np.array(frames, np.int64)


def _soma(num_pixels: tuple[int, int], center: Floats, shape: Floats) -> npt.NDArray[np.float32]:
    """A cell body out of focus: ``(rows, cols)``, 1 at its center, 0 far from it."""
    across, along, angle = shape
    row, col = np.ogrid[: num_pixels[0], : num_pixels[1]]
    y, x = row - center[0], col - center[1]
    u = (np.cos(angle) * y + np.sin(angle) * x) / across
    v = (np.cos(angle) * x - np.sin(angle) * y) / along
    distance2 = u**2 + v**2
    body = np.exp(-(distance2**1.3))
    return np.where(distance2 < 5, body, 0).astype(np.float32)
