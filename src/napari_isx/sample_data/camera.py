"""Writing the simulated behavior movie: the animal seen from above, and what a tracker found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.write import write_behavior_movie
from napari_isx.sample_data.animal import ARENA_PX, LEFT_ZONE_PX, RIGHT_ZONE_PX, Walk
from napari_isx.sample_data.plan import (
    PERIOD_S,
    START,
    Floats,
    Scene,
    in_pulse,
    tsc_us,
)

CAMERA_DELAY_S: Final = 0.7
"""How long after the microscope the camera starts, by the hardware counter."""
CAMERA_CLOCK_ERROR_S: Final = -0.08
"""What the clock on the wall of the camera's computer is ahead of the microscope's."""
CAMERA_PERIOD_S: Final = 0.05003
"""The camera is meant to take 20 frames a second, and runs a little slow."""

_DROPPED: Final = (311, 312, 873)
_QUALITY: Final = 75
_NAME: Final = "camera-1"
_ZONES: Final = ((1, "left"), (2, "right"))
_LAMP_PX: Final = (9.0, 160.0, 3.5)  # row, column, radius
_WALL_PX: Final = 16
_CORNER_PX: Final = 16
_BODY_PX: Final = (19.5, 11.0)
_HEAD_PX: Final = (10.0, 7.0)
_PATCH_PX: Final = 42  # on each side of the animal, without its tail


def write_camera(
    path: Path,
    rng: np.random.Generator,
    scene: Scene,
    walk: Walk,
    onsets_s: Floats,
    uuid: str,
) -> None:
    """Write the movie that a camera above the arena takes."""
    count = int((scene.num_frames * PERIOD_S - CAMERA_DELAY_S) / CAMERA_PERIOD_S)
    times = CAMERA_DELAY_S + np.arange(count) * CAMERA_PERIOD_S
    counters = tsc_us(times)
    counters[1:-1] += rng.integers(-300, 300, count - 2)  # frames come at uneven times
    start = START + timedelta(seconds=CAMERA_DELAY_S + CAMERA_CLOCK_ERROR_S)
    moves = walk.at(times)
    write_behavior_movie(
        path,
        _frames(moves, walk, in_pulse(times, onsets_s)),
        timing=Timing.regular(count, CAMERA_PERIOD_S, start, dropped=_DROPPED),
        timestamps_us=counters,
        trackers=_trackers(rng, moves),
        session=_session(uuid),
        quality=_QUALITY,
    )


def _frames(
    moves: Walk, walk: Walk, lamp_on: npt.NDArray[np.bool_]
) -> Iterator[npt.NDArray[np.uint8]]:
    """``(H, W)`` uint8: the arena, the animal in it, and a lamp that shows the stimulus."""
    dark = _arena()
    row, col = np.ogrid[: ARENA_PX[0], : ARENA_PX[1]]
    lamp = np.hypot(row - _LAMP_PX[0], col - _LAMP_PX[1])
    glare = 160 * np.exp(-((lamp / 11) ** 2)) + 200 * (lamp < _LAMP_PX[2])
    lit = np.clip(dark + glare, 0, 250)
    tails = _tails(moves.times_s, walk)
    places = np.column_stack([moves.rows, moves.cols, moves.heading_rad]).tolist()
    for is_on, (at_row, at_col, heading), tail in zip(lamp_on, places, tails, strict=True):
        frame = (lit if is_on else dark).copy()
        _draw_animal(frame, at_row, at_col, heading, tail)
        yield frame.astype(np.uint8)


def _arena() -> npt.NDArray[np.float32]:
    """A bright floor with a wall around it; two zones are a shade darker.

    Every picture stores it again, so that its edges are those of the blocks of 8 pixels that a
    JPEG has, where they can be.
    """
    rows, cols = ARENA_PX
    row, col = (axis + 0.5 for axis in np.ogrid[:rows, :cols])
    # Distance from the wall of an arena with round corners; negative inside.
    down = np.maximum(np.abs(row - rows / 2) - (rows / 2 - _WALL_PX - _CORNER_PX), 0)
    right = np.maximum(np.abs(col - cols / 2) - (cols / 2 - _WALL_PX - _CORNER_PX), 0)
    outside = np.hypot(down, right) - _CORNER_PX
    left, top, far, bottom = LEFT_ZONE_PX
    square = np.maximum(
        np.abs(row - (top + bottom) / 2) - (bottom - top) / 2,
        np.abs(col - (left + far) / 2) - (far - left) / 2,
    )
    circle = np.hypot(col - RIGHT_ZONE_PX[0], row - RIGHT_ZONE_PX[1]) - RIGHT_ZONE_PX[2]
    floor = 203 - 22 * (np.clip(0.5 - square, 0, 1) + np.clip(0.5 - circle, 0, 1))
    picture = floor + (72 - floor) * np.clip(0.5 + outside, 0, 1)
    return np.asarray(picture, np.float32)


def _tails(times_s: Floats, walk: Walk) -> npt.NDArray[np.float64]:
    """``(n, points, 2)``: rows and columns of points along the tail, which trails behind."""
    points = np.arange(1, 14)
    # A tail goes where the rump was.
    before = [np.maximum(times_s - ago, walk.times_s[0]) for ago in points * 0.045]
    bends = [walk.at(times).heading_rad for times in before]
    now = walk.at(times_s)
    wave = 0.25 * np.sin(2.1 * times_s[:, None] - 0.35 * points) * points / 6
    backwards = np.array(bends).T + wave + np.pi
    rump = np.column_stack([now.rows, now.cols])[:, None]
    rear = np.column_stack([np.sin(now.heading_rad), np.cos(now.heading_rad)])[:, None]
    steps = 3.0 * np.stack([np.sin(backwards), np.cos(backwards)], axis=-1)
    return rump - rear * (_BODY_PX[0] - 2) + np.cumsum(steps, axis=1)


def _draw_animal(
    frame: npt.NDArray[np.float32], row: float, col: float, heading: float, tail: Floats
) -> None:
    """Draw a dark animal into a frame, with soft edges."""
    top, left = max(int(row) - _PATCH_PX, 0), max(int(col) - _PATCH_PX, 0)
    patch = frame[top : int(row) + _PATCH_PX, left : int(col) + _PATCH_PX]
    y = np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None]
    x = np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :]
    cos, sin = float(np.cos(heading)), float(np.sin(heading))
    along = (x - col) * cos + (y - row) * sin
    across = (y - row) * cos - (x - col) * sin
    body = _ellipse(along, across, _BODY_PX)
    head = _ellipse(along - 22, across, _HEAD_PX)
    ears = np.hypot(along - 18, np.abs(across) - 6.5) - 3.6
    for distance, shade in ((body, 46), (head, 52), (ears, 70)):
        inner = shade + 26 * np.clip(-distance / 10, 0, 1)  # the back catches the light
        patch += (inner - patch) * np.clip(0.5 - distance / 2, 0, 1)
    for point, (tail_row, tail_col) in enumerate(tail):
        _draw_dot(frame, tail_row, tail_col, 2.2 - 0.11 * point, 84)
    # The microscope on its head.
    _draw_dot(frame, row + 21 * sin, col + 21 * cos, 3.6, 150)


def _draw_dot(
    frame: npt.NDArray[np.float32], row: float, col: float, radius: float, shade: float
) -> None:
    reach = int(radius) + 3
    top, left = max(int(row) - reach, 0), max(int(col) - reach, 0)
    patch = frame[top : int(row) + reach, left : int(col) + reach]
    y = np.arange(top, top + patch.shape[0])[:, None]
    x = np.arange(left, left + patch.shape[1])
    inside = np.clip(radius + 0.5 - np.hypot(y - row, x - col), 0, 1)
    patch += ((shade - patch) * inside).astype(np.float32)


def _ellipse(along: Floats, across: Floats, axes: tuple[float, float]) -> Floats:
    """About the distance from an ellipse's edge, negative inside."""
    radius = np.sqrt((along / axes[0]) ** 2 + (across / axes[1]) ** 2)
    distance: Floats = (radius - 1) * min(axes)
    return distance


def _trackers(rng: np.random.Generator, moves: Walk) -> list[dict[str, Any] | None]:
    """What a tracker found in each frame; it loses the animal now and then."""
    cos, sin = np.cos(moves.heading_rad), np.sin(moves.heading_rad)
    middle = np.column_stack([moves.cols + 6.5 * cos, moves.rows + 6.5 * sin])
    half = np.column_stack([np.hypot(26 * cos, 11 * sin), np.hypot(26 * sin, 11 * cos)])
    boxes = np.column_stack([middle - half, middle + half])
    boxes = np.round(boxes + rng.normal(0, 0.8, boxes.shape), 1)
    confidence = np.round(98 - 9 * moves.effort + rng.normal(0, 0.6, len(boxes)), 1)
    lost = np.isin(np.arange(len(boxes)) // 4, rng.integers(0, len(boxes) // 4, 3))
    inside = {zone: _inside(zone, moves) for zone, _ in _ZONES}
    stored = [i for i in range(len(boxes)) if i not in _DROPPED]
    trackers: list[dict[str, Any] | None] = [None] * len(boxes)
    was_in: set[int] = set()
    for i in stored:
        if lost[i]:
            continue
        is_in = {zone for zone, _ in _ZONES if inside[zone][i]}
        visits = [
            {"id": zone, "name": name, "event": _event(zone in was_in, zone in is_in)}
            for zone, name in _ZONES
            if zone in is_in | was_in
        ]
        found = {"box": boxes[i].tolist(), "conf": float(confidence[i])}
        trackers[i] = {**found, "zones": visits} if visits else found
        was_in = is_in
    return trackers


def _inside(zone: int, moves: Walk) -> npt.NDArray[np.bool_]:
    """Whether the animal's middle is in a zone."""
    if zone == 1:
        left, top, right, bottom = LEFT_ZONE_PX
        across = (moves.cols > left) & (moves.cols < right)
        return across & (moves.rows > top) & (moves.rows < bottom)
    col, row, radius = RIGHT_ZONE_PX
    near: npt.NDArray[np.bool_] = np.hypot(moves.cols - col, moves.rows - row) < radius
    return near


def _event(was_in: bool, is_in: bool) -> str:
    return ("o" if was_in else "e") if is_in else "x"


def _session(uuid: str) -> dict[str, Any]:
    """The session as the camera's computer writes it."""
    rows, cols = ARENA_PX
    camera = {
        "cameraAlias": "top",
        "cameraSerial": "simulated",
        "recordFov": {"width": cols, "height": rows, "originx": 0, "originy": 0},
    }
    miniscope = {"system": {"sessionName": "Simulated recording", "systemSerial": "0"}}
    behavior = {
        "system": {"sessionName": "Simulated arena"},
        "software": {"behaviorIdas": "0"},
        "paired": True,
        "synced": True,
    }
    miniscope["software"] = {"miniscopeIdas": "0"}
    return {
        "cameraName": _NAME,
        "userInterface": {"animal": {"id": "S-01", "species": "simulated"}},
        "processingInterface": {
            "recordingUUID": uuid,
            _NAME: camera,
            "system": {"behavior": behavior, "miniscope": miniscope},
        },
        "trackingInterface": [
            {
                "cameraName": _NAME,
                "enable": True,
                "trackingArea": {"scale": 1},
                "zones": _zone_entries(),
            }
        ],
    }


def _zone_entries() -> list[dict[str, Any]]:
    left, top, right, bottom = LEFT_ZONE_PX
    col, row, radius = RIGHT_ZONE_PX
    geometries: list[dict[str, Any]] = [
        {
            "type": "rectangle",
            "coordinates": [[left, top], [right, top], [right, bottom], [left, bottom]],
        },
        {
            "type": "ellipse",
            "coordinates": [[col, row]],
            "properties": {"majorAxis": 2 * radius, "minorAxis": 2 * radius, "angle": 0},
        },
    ]
    colors = ([0, 114, 178, 1], [230, 159, 0, 1])
    return [
        {
            "id": zone,
            "enable": True,
            "name": name,
            "description": f"simulated, {geometry['type']}",
            "geometry": geometry,
            "inColor": {"borderColor": color},
            "outColor": {"borderColor": color},
        }
        for (zone, name), geometry, color in zip(_ZONES, geometries, colors, strict=True)
    ]
