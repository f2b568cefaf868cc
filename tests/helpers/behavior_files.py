"""Behavior movies made byte by byte from the format's table, and how to compare them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from helpers import recordings
from napari_isx import BehaviorMovie, open_isx

ROWS, COLS = 48, 64  # `isx` takes widths that are multiples of 64


def pictures(count: int, rows: int = ROWS, cols: int = COLS) -> list[np.ndarray]:
    return list(recordings.rng(9).integers(0, 256, (count, rows, cols, 3), np.uint8))


def encode(picture: np.ndarray, **options: Any) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "JPEG", **({"quality": 92} | options))
    return target.getvalue()


JPEGS = [encode(picture) for picture in pictures(10)]


def counters(count: int) -> list[int]:
    return [163_957_519_943 + 33_341 * i + i * i for i in range(count)]


def session(rows: int = ROWS, cols: int = COLS, **changes: Any) -> dict[str, Any]:
    field = {"width": cols, "height": rows, "originx": 5, "originy": 7}
    camera = {"recordFov": field, "cameraAlias": "top", "cameraSerial": "KTM"}
    return {"cameraName": "camera-1", "processingInterface": {"camera-1": camera}} | changes


def isxb(
    path: Path,
    jpegs: Sequence[bytes] = JPEGS,
    *,
    dropped: Sequence[int] | None = None,
    samples: Sequence[dict[str, Any]] | None = None,
    description: object = None,
    stored: int | None = None,
    num_dropped: int | None = None,
    between: bytes = b"",
    metadata: bool = True,
) -> Path:
    """A file to the format's table."""
    video = between.join(jpegs)
    if samples is None:
        samples = [{"fc": 100 + i, "tsc": tsc} for i, tsc in enumerate(counters(len(jpegs)))]
    values: dict[str, Any] = {"samples": samples}
    if dropped is not None:
        values["droppedFrames"] = list(dropped)
    frames = json.dumps(values).encode() if metadata else b""
    text = json.dumps(session() if description is None else description).encode()
    at = 96 + len(video)
    header = struct.pack(
        "<3Qq8Q",
        *(100, 96, 1_700_000_000_123, -300),
        len(jpegs) if stored is None else stored,
        len(dropped or ()) if num_dropped is None else num_dropped,
        *(96, len(video), at, len(frames), at + len(frames), len(text)),
    )
    path.write_bytes(header + video + frames + text)
    return path


def timing_info(count: int, **lists: Any) -> dict[str, Any]:
    return recordings.timing_info(count, period=(1, 25), utc_offset=7200, **lists)


FORMS = {
    "4:2:0": {"subsampling": 2},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 3},
    "a thumbnail": {"exif": b"Exif\0\0" + encode(pictures(1, 16, 16)[0])},
    "a comment with an end marker": {"comment": b"\xff\xd9 and a start \xff\xd8\xff\xe0"},
    "lowest quality": {"quality": 1},
    "highest quality": {"quality": 100},
}


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def assert_equals_isx(isx, path: Path) -> None:
    """Frames, timestamps, timing and spacing, all bit for bit."""
    theirs = isx.Movie.read(str(path))
    with open_isx(path) as ours:
        assert isinstance(ours, BehaviorMovie)
        timing = theirs.timing
        assert ours.timing.num_samples == timing.num_samples
        assert tuple(ours.timing.dropped) == tuple(timing.dropped)
        assert ours.timing.period_s == timing.period.secs_float
        assert ours.timing.start.replace(tzinfo=None) == timing.start.to_datetime()
        assert ours.spacing.num_pixels == theirs.spacing.num_pixels
        for i in range(len(ours)):
            assert same_bits(ours[i], theirs.get_frame_data(i)), f"frame {i}"
            assert ours.timestamps_us[i] == theirs.get_frame_timestamp(i)
    del theirs
