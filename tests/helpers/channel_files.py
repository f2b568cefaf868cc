"""GPIO, IMU and tracked behavior of known content, for tests of channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers import behavior_files
from helpers.scenes import START
from napari_isx import Timing
from napari_isx.io.base.signal import Signal
from napari_isx.io.gpio.write import Packet, channel_packets, write_gpio, write_imu

GPIO: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {
    "Digital GPI 0": ([0, 1, 2, 5, 5.001], [0, 1, 0, 1, 0]),
    "GPIO-1": ([0, 0.5, 3], [160, 1600, 320]),
    "BNC Trigger Input": ([0, 4], [0, 1]),
    "BNC Sync Output": ([0, 0.1, 0.2, 0.3], [1, 0, 1, 0]),
    "EX-LED": ([0, 1.5], [0, 0.8]),
    "OG-LED": ([0], [0]),
    "Frame Count": ([0.1, 0.3], [1, 2]),
}
"""Seconds and values of the changes of each channel; the file ends at 6 s."""


def make_gpio(
    path: Path,
    channels: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    lost_at_s: float | None = None,
    end_s: float = 6.0,
) -> Path:
    """A `.gpio` file whose packets may have a loss right before a time."""
    signals = {
        name: Signal(np.rint(np.array(times) * 1e6).astype(np.uint64), np.array(values, np.float32))
        for name, (times, values) in (GPIO if channels is None else channels).items()
    }
    packets = channel_packets(signals)
    last = next(packet for packet in reversed(packets) if packet.type != 0x400B)
    packets.append(last._replace(tsc_us=round(end_s * 1e6)))
    timing = Timing.regular(0, 0.001, START)
    write_gpio(path, packets, timing=timing)
    if lost_at_s is not None:
        _lose(path, packets, lost_at_s)
    return path


def _lose(path: Path, packets: Sequence[Packet], time_s: float) -> None:
    """Let the sequence numbers jump at the first packet from a time on."""
    numbered, number = [], 0
    for packet in packets:
        if packet.tsc_us >= time_s * 1e6 and number < 1000:
            number += 1000
        numbered.append(packet.encode(number))
        number += 1
    path.write_bytes(path.read_bytes()[:48] + b"".join(numbered))


def make_imu(path: Path, num_samples: int = 300, **timing: Any) -> Path:
    """Acceleration and orientation that change, at 50 Hz."""
    ramp = np.arange(num_samples)[:, None] * np.array([1, 2, 0])
    write_imu(path, ramp, ramp * 3, timing=Timing.regular(num_samples, 0.02, START, **timing))
    return path


def make_tracked(
    path: Path,
    zones: Sequence[Sequence[dict[str, Any]] | None],
    dropped: Sequence[int] = (),
    names: Mapping[int, str] | None = None,
) -> Path:
    """A behavior movie of so many stored frames, with the zones reported in each.

    None means that the tracker found no animal.
    """
    samples = []
    for i, reported in enumerate(zones):
        sample: dict[str, Any] = {"fc": 100 + i, "tsc": 10**9 + 50_000 * i}
        if reported is not None:
            sample["tracker"] = {"box": [1, 2, 11, 12], "conf": 90, "zones": list(reported)}
        samples.append(sample)
    geometry = {"type": "rectangle", "coordinates": [[0, 0], [9, 0], [9, 9], [0, 9]]}
    tracking = {
        "cameraName": "camera-1",
        "zones": [
            {"id": number, "name": name, "enable": True, "geometry": geometry}
            for number, name in (names or {}).items()
        ],
    }
    return behavior_files.isxb(
        path,
        [behavior_files.JPEGS[0]] * len(zones),
        dropped=dropped,
        num_dropped=len(dropped),
        samples=samples,
        description=behavior_files.session(trackingInterface=[tracking]),
    )
