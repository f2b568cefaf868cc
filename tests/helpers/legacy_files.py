"""Recordings of older systems, made to their descriptions: tables of what `isx` accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile

SYNC = bytes([0x55] * 6 + [0x5D])
ATTRIBUTES = {
    "width": 9,
    "height": 5,
    "left": 4,
    "top": 6,
    "downsample": 2,
    "fps": "15.02",
    "frames": 9,
    "record_start": "Jun 19, 2014 02:35:22.234000 PM",
    "dropped": "[3, 5]",
}


def write_tif(path: Path, frames: np.ndarray, **kwargs: Any) -> Path:
    tifffile.imwrite(path, frames, **{"photometric": "minisblack", **kwargs})
    return path


def write_pages(path: Path, frames: np.ndarray) -> Path:
    """A TIFF with each frame beside its description, as a camera writes it."""
    with tifffile.TiffWriter(path) as writer:
        for frame in frames:
            writer.write(frame, contiguous=False, photometric="minisblack")
    return path


def write_hdf5(path: Path, **datasets: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file[name] = data
    return path


def nvista_datasets(frames: np.ndarray) -> dict[str, Any]:
    """Frames, their times, and up to 15 words of four samples of four lines for each."""
    random = np.random.RandomState(3)
    return {
        "images": frames,
        "timeStamp": 1_500_000_000.25 + np.arange(len(frames)) * 0.1,
        "anc_data": random.randint(0, 1 << 16, (len(frames), 15)).astype("u2"),
        "anc_data_count": random.randint(8, 16, len(frames)).astype("i4"),
    }


def xml(parts: Mapping[str, int], prolog: str = "", **attributes: Any) -> str:
    """A description of a recording; an attribute that is None is left out."""
    rows = "\n".join(
        f'<attr name="{name}">{value}</attr>'
        for name, value in (ATTRIBUTES | attributes).items()
        if value is not None
    )
    files = "\n".join(f'<file frames="{count}">{name}</file>' for name, count in parts.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{prolog}<recording name="r">\n'
        f"<attrs>\n{rows}\n</attrs>\n<decompressed>\n{files}\n</decompressed>\n</recording>\n"
    )


def write_xml(path: Path, parts: Mapping[str, int], **kwargs: Any) -> Path:
    path.write_text(xml(parts, **kwargs), encoding="utf-8")
    return path


def write_recording(folder: Path, frames: np.ndarray) -> Path:
    """An `.xml` with two `.tif` parts."""
    half = len(frames) // 2
    write_tif(folder / "r.tif", frames[:half])
    write_tif(folder / "r-001.tif", frames[half:])
    return write_xml(folder / "r.xml", {"r.tif": half, "r-001.tif": len(frames) - half})


def packet(channel: int, counter: int, on: bool, time_us: int) -> bytes:
    """One of nVoke's packets of a digital line: 1 to 4 GPIO, 5 sync, 6 trigger."""
    return bytes([channel, 11, counter % 256, 0x80 * on]) + _time(time_us)


def led_packet(channel: int, power: int, on: bool, time_us: int) -> bytes:
    """One of an LED, 8 to 10, with its power in tenths, 0 to 511."""
    return bytes([channel, 13, 0, power >> 1, (power & 1) << 4 | on, 0x59]) + _time(time_us)


def analog_packet(samples: Iterable[int], scale: int, time_us: int) -> bytes:
    """Ten samples of the analog input, of a full scale in tenths."""
    head = bytes([7, 32, 0, scale & 0x80, scale & 0x7F])
    return head + np.asarray(samples, ">u2").tobytes() + _time(time_us)


def _time(time_us: int) -> bytes:
    seconds, rest = divmod(time_us, 1_000_000)
    return seconds.to_bytes(4, "big") + rest.to_bytes(3, "big")


def stream(rows: Iterable[tuple[int, bool, int]]) -> bytes:
    """A GPIO stream of (channel, on, time in microseconds), a sync before each fourth packet."""
    counters: dict[int, int] = {}
    data = b""
    for i, (channel, on, time_us) in enumerate(rows):
        counter = counters.get(channel, 0)
        counters[channel] = counter + 1
        data += SYNC * (i % 4 == 0) + packet(channel, counter, on, time_us)
    return data + SYNC


def some_stream(count: int = 20) -> bytes:
    """Two channels, switched at irregular times."""
    start_us = 1_500_000_000_250_000
    return stream((1 + i % 2, i % 3 == 0, start_us + i * 1_000_000 + i**3) for i in range(count))
