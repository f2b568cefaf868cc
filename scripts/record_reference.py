"""Record what `isx` reads from files, for tests where it is not installed.

Run ``python scripts/record_reference.py [folder of real recordings]`` where it is. The values go
to ``tests/reference``: shapes, checksums of decoded arrays, and timing, but no recording.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import isx
import numpy as np

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from helpers import recordings  # noqa: E402
from helpers.behavior_files import encode, isxb, session  # noqa: E402
from helpers.samples import checksum, write_samples  # noqa: E402


def timing(recording: Any) -> dict[str, Any]:
    found = recording.timing
    return {
        "num_samples": found.num_samples,
        "period_s": found.period.secs_float,
        "start": found.start.to_datetime().isoformat(),
        "dropped": [int(i) for i in found.dropped],
        "blank": [int(i) for i in found.blank],
    }


def movie(recording: Any) -> dict[str, Any]:
    samples = range(recording.timing.num_samples)
    try:
        timestamps = [recording.get_frame_timestamp(i) for i in samples]
    except Exception:  # noqa: BLE001 - isx raises a bare Exception
        timestamps = None
    return {
        "frames": checksum(np.array([recording.get_frame_data(i) for i in samples])),
        "num_pixels": list(recording.spacing.num_pixels),
        "timestamps_us": timestamps,
    }


def cell_set(recording: Any) -> dict[str, Any]:
    cells = range(recording.num_cells)
    return {
        "names": [recording.get_cell_name(i) for i in cells],
        "statuses": [recording.get_cell_status(i) for i in cells],
        "footprints": [checksum(recording.get_cell_image_data(i)) for i in cells],
        "traces": [checksum(recording.get_cell_trace_data(i)) for i in cells],
        "num_pixels": list(recording.spacing.num_pixels),
    }


def event_set(recording: Any) -> dict[str, Any]:
    events = [recording.get_cell_data(i) for i in range(recording.num_cells)]
    return {
        "names": [recording.get_cell_name(i) for i in range(recording.num_cells)],
        "offsets_us": [checksum(offsets) for offsets, _ in events],
        "values": [checksum(values) for _, values in events],
    }


KINDS = {
    0: (isx.Movie, movie),
    4: (isx.Movie, movie),
    1: (isx.CellSet, cell_set),
    5: (isx.EventSet, event_set),
}


def describe(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    footer = json.loads(data[-9 - int.from_bytes(data[-8:], "little") : -9])
    reader, values = KINDS[footer["type"]]
    recording = reader.read(str(path))
    return {
        "timing": timing(recording),
        "acquisition_info": recording.get_acquisition_info() or {},
        **values(recording),
    }


def record(paths: list[Path], name: str) -> None:
    values = {path.name: describe(path) for path in sorted(paths)}
    text = json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True)
    (TESTS / "reference" / name).write_text(text + "\n", encoding="utf-8")


def record_behavior(folder: Path) -> None:
    """One picture of a camera, as bytes, for encoders differ, and as `isx` decodes it."""
    shades = (
        recordings.rng(7).normal(0, 3, (128, 192, 3))
        + np.hypot(*np.ogrid[-40:88, -96:96])[..., np.newaxis]
    )
    jpeg = encode(shades.clip(0, 255).astype(np.uint8), quality=70)
    path = isxb(folder / "m.isxb", [jpeg] * 2, description=session(128, 192))
    luma = isx.Movie.read(str(path)).get_frame_data(0)
    target = TESTS / "reference" / "behavior.npz"
    np.savez_compressed(target, jpeg=np.frombuffer(jpeg, np.uint8), luma=luma)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record_behavior(Path(folder))
        record(write_samples(Path(folder)), "synthetic.json")
    if len(sys.argv) > 1:
        record(list(Path(sys.argv[1]).glob("*.isxd")), "real.json")
