"""The simulated animal: how it walks about its arena, which camera and head sensor both see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_isx.sample_data.plan import Floats

ARENA_PX: Final = (240, 320)
"""Rows and columns of the camera's picture; a pixel is about 1.5 mm."""
LEFT_ZONE_PX: Final = (40.0, 72.0, 112.0, 168.0)
"""Left, top, right and bottom of a rectangle."""
RIGHT_ZONE_PX: Final = (246.0, 120.0, 42.0)
"""Column and row of the middle of a circle, and its radius."""
RUN_PX_S: Final = 110.0

_STEP_S: Final = 0.02
_TURN_RAD_S: Final = 4.5
_INERTIA_S: Final = 0.25
_NEAR_PX: Final = 28.0
# Where it likes to go next, as parts of the picture: row, column.
_PLACES: Final = ((0.5, 0.22), (0.5, 0.77), (0.25, 0.5), (0.76, 0.42), (0.74, 0.72), (0.3, 0.3))
_LIKING: Final = (0.32, 0.32, 0.09, 0.09, 0.09, 0.09)


@dataclass(frozen=True, eq=False)
class Walk:
    """Where the animal is, every 20 ms.

    `times_s`: ``(n,)`` seconds from the movie's first frame; negative before. `rows`, `cols`:
    ``(n,)`` of the middle of its body in the camera's picture. `heading_rad`: ``(n,)`` from the
    column axis towards rows; goes on over full turns. `speed_px_s`: ``(n,)``.
    """

    times_s: Floats
    rows: Floats
    cols: Floats
    heading_rad: Floats
    speed_px_s: Floats

    def at(self, times_s: Floats) -> Walk:
        """The same walk at other times."""
        values = (self.rows, self.cols, self.heading_rad, self.speed_px_s)
        return Walk(times_s, *(np.interp(times_s, self.times_s, v) for v in values))

    @property
    def effort(self) -> Floats:
        """``(n,)``: how hard it runs, from 0 to 1."""
        effort: Floats = np.clip(self.speed_px_s / RUN_PX_S, 0, 1)
        return effort


def simulate_walk(rng: np.random.Generator, first_s: float, last_s: float) -> Walk:
    """Let the animal run from place to place, with rests between."""
    times = np.arange(first_s, last_s, _STEP_S)
    row, col = np.array(_PLACES[3]) * ARENA_PX
    heading, speed, rest_s = 0.3, 0.0, 1.0
    goal, pace = np.array([row, col]), 0.0
    path = np.empty((len(times), 4))
    for step in range(len(times)):
        to_row, to_col = goal[0] - row, goal[1] - col
        if rest_s > 0:
            rest_s -= _STEP_S
            pace = 0.0
            if rest_s <= 0:
                place = np.array(_PLACES[rng.choice(len(_PLACES), p=_LIKING)])
                goal = place * ARENA_PX + rng.uniform(-10, 10, 2)
                pace = RUN_PX_S * rng.uniform(0.5, 1.0)
        elif np.hypot(to_row, to_col) < _NEAR_PX:
            rest_s = float(rng.choice([0.1, 1.2, 3.0])) * rng.uniform(0.7, 1.3)
        else:
            error = (np.arctan2(to_row, to_col) - heading + np.pi) % (2 * np.pi) - np.pi
            heading += float(np.clip(3 * error, -_TURN_RAD_S, _TURN_RAD_S)) * _STEP_S
        speed += (pace - speed) * _STEP_S / _INERTIA_S
        row += speed * np.sin(heading) * _STEP_S
        col += speed * np.cos(heading) * _STEP_S
        path[step] = row, col, heading, speed
    return Walk(times, *path.T)
