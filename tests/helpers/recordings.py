"""Tiny recordings, made byte by byte from the format's tables and not by the package's writers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

UNICODE_NAMES = ["C0", "Zelle ä", "細胞 2", "ячейка", "🔬 five", "e\u0301 six", "C6"]
LINE_WORDS = 2560
DTYPES = {0: "<u2", 1: "<f4", 2: "u1", 3: "u1"}
PACKET = np.dtype([("offset_us", "<u8"), ("channel", "<u8"), ("value", "<f4")])
V1_PACKET = np.dtype([("time_us", "<u8"), ("value", "<f4"), ("unused", "<u4")])


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(seed: int) -> np.random.RandomState:
    """Random values that are the same with every version of NumPy, as recorded ones have to be."""
    return np.random.RandomState(seed)


def container(payload: bytes, footer: Mapping[str, Any] | bytes, indent: int | None = 4) -> bytes:
    if not isinstance(footer, bytes):
        separators = (",", ":") if indent is None else None
        text = json.dumps(
            footer, indent=indent, sort_keys=True, separators=separators, ensure_ascii=False
        )
        footer = text.encode()
    return payload + footer + b"\0" + len(footer).to_bytes(8, "little")


def write(path: Path, payload: bytes, footer: Mapping[str, Any] | bytes, **kwargs: Any) -> Path:
    path.write_bytes(container(payload, footer, **kwargs))
    return path


def split(path: Path) -> tuple[bytes, dict[str, Any]]:
    """A file's payload and its decoded footer."""
    data = path.read_bytes()
    length = int.from_bytes(data[-8:], "little")
    return data[: -9 - length], json.loads(data[-9 - length : -9])


def edit(path: Path, **changes: Any) -> Path:
    """Replace keys of a file's footer."""
    payload, footer = split(path)
    return write(path, payload, footer | changes)


def rational(num: int, den: int = 1) -> dict[str, int]:
    return {"num": num, "den": den}


def time_info(seconds: tuple[int, int] = (1_600_000_000_123, 1000), utc_offset: int = -18_000):
    return {"secsSinceEpoch": rational(*seconds), "utcOffset": utc_offset}


def timing_info(
    num_times: int,
    period: tuple[int, int] = (1, 20),
    dropped: Iterable[int] = (),
    cropped: Iterable[str] = (),
    blank: Iterable[int] = (),
    **start: Any,
) -> dict[str, Any]:
    return {
        "numTimes": num_times,
        "period": rational(*period),
        "start": time_info(**start),
        "dropped": list(dropped),
        "cropped": list(cropped),
        "blank": list(blank),
    }


def spacing_info(rows: int, cols: int) -> dict[str, Any]:
    return {
        "numPixels": {"x": cols, "y": rows},
        "pixelSize": {"x": rational(176, 10), "y": rational(6)},
        "topLeft": {"x": rational(9064, 10), "y": rational(-12)},
    }


def pixels(count: int, rows: int, cols: int, code: int = 0, seed: int = 7) -> np.ndarray:
    shape = (count, rows, cols, 3) if code == 3 else (count, rows, cols)
    if code == 1:
        values = noise(seed).standard_normal(shape).astype("<f4")
        values.flat[:2] = np.nan, -0.0
        return values
    return noise(seed).randint(1, np.iinfo(DTYPES[code]).max, shape, DTYPES[code])


def movie_footer(
    frames: np.ndarray, code: int = 0, timing: Mapping[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    footer = {
        "type": 0,
        "fileVersion": 1,
        "dataType": code,
        "hasFrameHeaderFooter": False,
        "timingInfo": timing or timing_info(len(frames)),
        "spacingInfo": spacing_info(*frames.shape[1:3]),
        "extraProperties": None,
        "producer": {"name": "isxcore", "version": [1, 9, 6]},
    }
    return footer | changes


def write_movie(path: Path, frames: np.ndarray, code: int = 0, **kwargs: Any) -> Path:
    """A plain movie; `frames` are the stored ones."""
    return write(path, frames.tobytes(), movie_footer(frames, code, **kwargs))


def header_words(tsc: int, seed: int = 3) -> np.ndarray:
    """Sensor words with noise in all that is not the counter, also in its unused bits."""
    words = noise(seed).randint(0, 2**16, LINE_WORDS, "<u2")
    counter = np.frombuffer(int(tsc).to_bytes(8, "little"), "u1").astype("<u2")
    words[1272:1280] = counter << 4
    return words


def write_raw_movie(
    path: Path,
    frames: np.ndarray,
    counters: Sequence[int],
    code: int = 0,
    version: object = "1.3.0",
    **kwargs: Any,
) -> Path:
    """A movie with sensor lines around each stored frame."""
    lines_after = noise(5).randint(0, 2**16, LINE_WORDS, "<u2").tobytes()
    payload = b"".join(
        header_words(tsc, seed=i).tobytes() + frame.tobytes() + lines_after
        for i, (frame, tsc) in enumerate(zip(frames, counters, strict=True))
    )
    extra = {"producer": {"version": version}}
    footer = movie_footer(frames, code, hasFrameHeaderFooter=True, extraProperties=extra, **kwargs)
    return write(path, payload, footer)


def cell_arrays(count: int, rows: int, cols: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    footprints = noise(11).standard_normal((count, rows, cols)).astype("<f4")
    traces = noise(12).standard_normal((count, samples)).astype("<f4")
    if traces.size:
        traces.flat[-1] = np.nan
    return footprints, traces


def cell_footer(
    count: int, rows: int, cols: int, samples: int, version: int = 5, **changes: Any
) -> dict[str, Any]:
    """The footer of a cell set with the keys that its version has, and no others."""
    since = {
        "CellNames": (0, [UNICODE_NAMES[i % 7] + ("" if i < 7 else f" {i}") for i in range(count)]),
        "CellStatuses": (0, [i % 3 for i in range(count)]),
        "isRoiSet": (0, False),
        "CellActivity": (1, [True] * count),
        "CellColors": (2, [0xFF000000 + 0x010203 * i % 2**24 for i in range(count)]),
        "SizeGlobalCS": (3, 0),
        "Matches": (3, []),
        "PairScores": (3, []),
        "CentroidDistances": (3, []),
        "cellMetrics": (4, None),
        "extraProperties": (5, {"idps": {"cellset": {"method": "cnmfe", "units": "dF over F"}}}),
        "efocusValues": (5, [0]),
    }
    footer = {
        "type": 1,
        "dataType": "float",
        "fileVersion": version,
        "timingInfo": timing_info(samples),
        "spacingInfo": spacing_info(rows, cols),
    }
    return footer | {k: v for k, (first, v) in since.items() if first <= version} | changes


def write_cells(
    path: Path,
    count: int = 5,
    shape: tuple[int, int] = (3, 7),
    samples: int = 11,
    indent: int | None = 4,
    **kwargs: Any,
) -> Path:
    footprints, traces = cell_arrays(count, *shape, samples)
    records = (f.tobytes() + t.tobytes() for f, t in zip(footprints, traces, strict=True))
    footer = cell_footer(count, *shape, samples, **kwargs)
    return write(path, b"".join(records), footer, indent=indent)


def packets(rows: Iterable[tuple[int, int, float]]) -> np.ndarray:
    return np.array(list(rows), PACKET)


def event_footer(
    names: Sequence[str],
    step: tuple[int, int] = (1, 10),
    end: tuple[int, int] = (1_600_000_100_123, 1000),
    **changes: Any,
) -> dict[str, Any]:
    count = len(names)
    footer = {
        "type": 5,
        "fileType": 1,
        "fileVersion": 2,
        "channel list": list(names),
        "signalTypes": [0] * count,
        "signalSteps": [rational(*step)] * count,
        "startOffsets": [0] * count,
        "numSamples": [0] * count,
        "global times": [time_info(), time_info(end)],
        "metrics": None,
        "extraProperties": None,
    }
    return footer | changes


def write_events(path: Path, names: Sequence[str], data: np.ndarray, **kwargs: Any) -> Path:
    return write(path, data.tobytes(), event_footer(names, **kwargs))


def some_packets(count: int, channels: int, span_us: int = 10**8, seed: int = 21) -> np.ndarray:
    """Packets in no order, some with equal offsets, some NaN, some of unlisted channels."""
    random = noise(seed)
    data = np.empty(count, PACKET)
    data["offset_us"] = random.randint(0, span_us, count)
    data["offset_us"][count // 2 :] = random.choice(data["offset_us"], count - count // 2)
    data["channel"] = random.randint(0, channels, count)
    data["value"] = random.standard_normal(count)
    data["value"][random.random_sample(count) < 0.01] = np.nan
    return data


def v1_channel(name: str, data: np.ndarray, count: int | None = None) -> bytes:
    header = {
        "channel": name,
        "mode": "Output Manual Mode",
        "GPIO Trigger/Follow": "",
        "Number of Packets": len(data) if count is None else count,
    }
    return json.dumps(header).encode() + b"\0" + data.tobytes()


def write_v1_events(
    path: Path,
    channels: Mapping[str, np.ndarray],
    analog: bool | None = False,
    count: int | None = None,
    **changes: Any,
) -> Path:
    """Events in the old layout; channels lie in the given order."""
    payload, offsets = b"", {}
    for name, data in channels.items():
        offsets[name] = len(payload)
        payload += v1_channel(name, data, count)
    footer: dict[str, Any] = {
        "type": 5,
        "fileVersion": 1,
        "dataType": 1,
        "channel offsets": offsets,
        "timing info": timing_info(1000, (1, 10)),
    }
    if analog is None:
        footer["fileVersion"] = 0
    else:
        footer["analog"] = analog
    return write(path, payload, footer | changes)


def v1_packets(times_us: Sequence[int], values: Sequence[float]) -> np.ndarray:
    data = np.zeros(len(times_us), V1_PACKET)
    data["time_us"], data["value"] = times_us, values
    return data


def every_kind(folder: Path) -> dict[str, Path]:
    """One small file of each kind and layout."""
    frames = pixels(4, 3, 5)
    return {
        "movie": write_movie(
            folder / "movie.isxd", frames, timing=timing_info(6, dropped=[1], cropped=["3"])
        ),
        "raw": write_raw_movie(folder / "raw.isxd", frames, [100, 50_100, 99_000, 160_003]),
        "rgb": write_movie(folder / "rgb.isxd", pixels(2, 3, 5, 3), 3),
        "image": write_movie(folder / "image.isxd", pixels(1, 5, 3, 1), 1, type=4),
        "cells": write_cells(folder / "cells.isxd", cellMetrics=[CELL_METRICS, {}, {}, {}, {}]),
        "no cells": write_cells(folder / "no_cells.isxd", 0),
        "events": write_events(
            folder / "events.isxd",
            UNICODE_NAMES[:3],
            some_packets(20, 3),
            metrics=[[1.5] * 9, {}, [None] * 9],
        ),
        "old events": write_v1_events(
            folder / "old_events.isxd",
            {
                "b": v1_packets([1_600_000_001_000_000, 1_600_000_000_500_000], [-1.5, 2]),
                "a": v1_packets([1_600_000_002_000_000], [-0.0]),
            },
        ),
    }


CELL_METRICS = [2, {"x": 3, "y": 4}, {"x": 3, "y": -(2**63)}, 12.5, 7.25, 5.5, 3.5]
