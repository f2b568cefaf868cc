"""The synthetic files whose values under `isx` are recorded in `tests/reference/synthetic.json`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from helpers import recordings
from helpers.recordings import (
    pixels,
    timing_info,
    write_cells,
    write_events,
    write_movie,
    write_raw_movie,
)


def write_samples(folder: Path) -> list[Path]:
    """Write all of them; their names are the keys of the recorded values."""
    sessions = {"name": "細胞", "idps": {"efocus": 70_000}}
    gaps = timing_info(20, (1001, 30_000), [1, 19], ["4 - 6", "7", "9"], [5, 11])
    gaps_in_raw = timing_info(9, dropped=[0, 4], blank=[8])
    counters = [2**40 + 50_003 * i for i in (1, 2, 3, 5, 6, 7)]
    channels = {
        "b": recordings.v1_packets([1_600_000_001_000_000, 1_600_000_000_500_000], [-1.5, 2]),
        "a": recordings.v1_packets([1_600_000_002_000_000], [-0.0]),
    }
    names = recordings.UNICODE_NAMES
    return [
        write_movie(folder / "uint16.isxd", pixels(5, 3, 7)),
        write_movie(folder / "float32.isxd", pixels(5, 9, 2, 1), 1),
        write_movie(folder / "uint8.isxd", pixels(5, 3, 7, 2), 2),
        write_movie(folder / "gaps.isxd", pixels(12, 3, 7), timing=gaps),
        write_movie(folder / "session.isxd", pixels(2, 1, 1), extraProperties=sessions),
        write_raw_movie(folder / "raw.isxd", pixels(6, 3, 7), counters, timing=gaps_in_raw),
        write_raw_movie(folder / "raw_float32.isxd", pixels(3, 3, 7, 1), [9, 8, 7], 1),
        write_raw_movie(folder / "raw_1.1.0.isxd", pixels(3, 3, 7), [1, 2, 3], version="1.1.0"),
        write_movie(folder / "image.isxd", pixels(1, 4, 9, 1), 1, type=4),
        *(write_cells(folder / f"cells_{v}.isxd", version=v) for v in range(6)),
        write_cells(folder / "no_cells.isxd", 0),
        write_events(folder / "events.isxd", names, recordings.some_packets(3000, 6)),
        write_events(
            folder / "events_irregular.isxd", ["a"], recordings.some_packets(9, 1), step=(0, 1)
        ),
        write_events(
            folder / "events_fraction.isxd",
            ["a", "b"],
            recordings.some_packets(9, 2),
            step=(603_240_466, 12_074_000_000),
        ),
        recordings.write_v1_events(folder / "old_events.isxd", channels),
        recordings.write_v1_events(folder / "old_analog.isxd", channels, analog=True),
    ]


def checksum(array: np.ndarray) -> dict[str, Any]:
    """What is recorded of an array."""
    data = np.ascontiguousarray(array)
    return {
        "shape": list(data.shape),
        "dtype": data.dtype.name,
        "sha256": hashlib.sha256(data.tobytes()).hexdigest(),
    }
