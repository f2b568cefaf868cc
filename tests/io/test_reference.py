"""Equality with `isx` where it is not installed, by values that were recorded where it is.

`scripts/record_reference.py` made the values.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.behavior_files import isxb, session
from helpers.samples import checksum, write_samples

from napari_isx import CellSet, EventSet, Image, open_isx
from napari_isx.io.base.recording import Recording

REFERENCE = Path(__file__).parents[1] / "reference"
SYNTHETIC = json.loads((REFERENCE / "synthetic.json").read_text(encoding="utf-8"))
REAL = json.loads((REFERENCE / "real.json").read_text(encoding="utf-8"))


def timing(recording: Recording) -> dict[str, Any]:
    found = recording.timing
    return {
        "num_samples": found.num_samples,
        "period_s": found.period_s,
        "start": found.start.replace(tzinfo=None).isoformat(),
        "dropped": list(found.dropped),
        "blank": list(found.blank),
    }


def describe(recording: Recording) -> dict[str, Any]:
    """What `isx` was asked for, from our objects."""
    info = {"acquisition_info": recording.acquisition_info}
    if isinstance(recording, Image):
        frames = recording.data[np.newaxis]
        return info | {
            "frames": checksum(frames),
            "num_pixels": list(recording.spacing.num_pixels),
        }
    info["timing"] = timing(recording)
    if isinstance(recording, CellSet):
        return info | {
            "names": recording.names,
            "statuses": recording.statuses,
            "footprints": [checksum(image) for image in recording.footprints],
            "traces": [checksum(trace) for trace in recording.traces],
            "num_pixels": list(recording.spacing.num_pixels),
        }
    if isinstance(recording, EventSet):
        events = [recording.events(i) for i in range(recording.num_cells)]
        # isx takes offsets to seconds and back, which loses a microsecond now and then.
        through_floats = [(e.offsets_us / 1e6 * 1e6).astype(np.uint64) for e in events]
        return info | {
            "names": recording.names,
            "offsets_us": [checksum(offsets) for offsets in through_floats],
            "values": [checksum(e.values) for e in events],
        }
    timestamps = recording.timestamps_us
    return info | {
        "frames": checksum(recording[:]),
        "num_pixels": list(recording.spacing.num_pixels),
        "timestamps_us": None if timestamps is None else timestamps.tolist(),
    }


def assert_equals_reference(path: Path, expected: dict[str, Any]) -> None:
    with open_isx(path) as recording:
        described = describe(recording)
    assert described == {key: value for key, value in expected.items() if key in described}
    assert len(described) >= 3


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, Path]:
    return {path.name: path for path in write_samples(tmp_path_factory.mktemp("samples"))}


@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_files_equal_what_isx_read(samples, name):
    assert_equals_reference(samples[name], SYNTHETIC[name])


def test_no_sample_is_without_recorded_values(samples):
    assert samples.keys() == SYNTHETIC.keys()


def test_a_camera_picture_is_what_isx_read_but_for_the_rounding_of_other_processors(tmp_path):
    """FFmpeg decodes on ARM with other instructions: 0.06 % of pixels there are off by 1."""
    pytest.importorskip("av")
    with np.load(REFERENCE / "behavior.npz") as recorded:
        jpeg, luma = recorded["jpeg"].tobytes(), recorded["luma"]
    path = isxb(tmp_path / "m.isxb", [jpeg] * 2, description=session(*luma.shape))
    with open_isx(path) as movie:
        off = movie[1] - luma.astype(int)
    if platform.machine().lower() in ("x86_64", "amd64"):
        assert not off.any()
    else:
        assert np.abs(off).max() <= 1
        assert (off != 0).mean() < 0.002


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_real_files_equal_what_isx_read(real_data, name):
    assert_equals_reference(real_data / name, REAL[name])
