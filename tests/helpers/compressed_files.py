"""Compressed movies made from the format's table, and what their pixels must be."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from helpers.recordings import rng, spacing_info, timing_info

av = pytest.importorskip("av")

ROWS, COLS, TILE = 48, 64, (16, 32)
TILES = (ROWS // TILE[0]) * (COLS // TILE[1])
# Codes at the ends of the ranges that share a shift, and that shift.
SHIFTS = {
    17: 5,
    18: 4,
    49: 4,
    80: 4,
    81: 3,
    113: 2,
    145: 1,
    176: 1,
    177: 0,
    208: 0,
    209: -1,
    255: -2,
}


def drawn(count: int = 30) -> list[np.ndarray]:
    """Frames with content that moves, so that codecs predict one from another."""
    y, x = np.mgrid[:ROWS, :COLS]
    waves = (80 + 2 * i + 30 * np.sin((x + 3 * i) / 5) + 20 * np.cos(y / 7) for i in range(count))
    return [np.clip(wave, 0, 255).astype(np.uint8) for wave in waves]


def avi(
    frames: Sequence[np.ndarray],
    codec: str = "ffv1",
    pixels: str = "yuv420p",
    gop: int = 0,
    **options: str,
) -> bytes:
    target = io.BytesIO()
    try:
        with av.open(target, "w", format="avi") as container:
            stream = container.add_stream(codec, rate=20)
            stream.height, stream.width = frames[0].shape
            stream.pix_fmt = pixels
            stream.options = {key.replace("_", "-"): value for key, value in options.items()}
            if gop:
                stream.codec_context.gop_size = gop
            for luma in frames:
                container.mux(stream.encode(av_frame(luma, pixels)))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        pytest.skip(f"this FFmpeg does not encode {codec}: {error}")
    return target.getvalue()


def av_frame(luma: np.ndarray, pixels: str) -> Any:
    frame = av.VideoFrame(luma.shape[1], luma.shape[0], pixels)
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    plane = frame.planes[0]
    memory = np.zeros((plane.buffer_size // plane.line_size, plane.line_size), np.uint8)
    memory[: luma.shape[0], : luma.shape[1]] = luma
    plane.update(memory.tobytes())
    return frame


def decoded(video: bytes) -> np.ndarray:
    """All frames of a video in order, as FFmpeg gives them from the first on."""
    with av.open(io.BytesIO(video), format="avi") as container:
        return np.array(
            [
                frame.to_ndarray(format="gray8")
                if frame.format.name == "gray"
                else frame.to_ndarray()[: frame.height]
                for frame in container.decode(video=0)
            ]
        )


def isxc(
    video: bytes,
    codes: np.ndarray,
    words: np.ndarray | None = None,
    timing: dict[str, Any] | None = None,
    tile: tuple[int, int] = TILE,
    **changes: Any,
) -> bytes:
    """A file to the format's table: `codes` (n, tiles) and `words` (n, k) of stored frames."""
    count = len(codes)
    words = np.empty((count, 0), "<u2") if words is None else words.astype("<u2")
    metadata = b"".join(w.tobytes() + c.tobytes() for w, c in zip(words, codes, strict=True))
    footer = {
        "type": 0,
        "dataType": 0,
        "timingInfo": timing or timing_info(count),
        "spacingInfo": spacing_info(ROWS, COLS),
        "extraProperties": {"producer": {"version": "1.3.0"}, "animal": {"id": "m1"}},
    } | changes
    session = json.dumps(footer).encode()
    at = 136 + len(video)
    header = struct.pack("<QQq", 1, 1, 0)
    header += struct.pack("<4Q", 1, codes.shape[1], words.shape[1], count)
    header += struct.pack("<4H2I2Q", 1, 1, 1, 0, COLS, ROWS, len(video), 136)
    header += struct.pack("<4H2I2Q", 2, 0, 0, 0, tile[1], tile[0], len(metadata), at)
    header += struct.pack("<2Q", at + len(metadata), len(session))
    return header + video + metadata + session


def all_codes(count: int, seed: int = 1) -> np.ndarray:
    return rng(seed).choice(list(SHIFTS), (count, TILES)).astype(np.uint8)


def expected(luma: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The formula, pixel by pixel: p * 2**s, without its fraction."""
    frames = np.zeros(luma.shape, np.uint16)
    for frame, picture, tiles in zip(frames, luma, codes, strict=True):
        for t, code in enumerate(tiles.tolist()):
            y, x = divmod(t, COLS // TILE[1])
            part = np.s_[y * TILE[0] : (y + 1) * TILE[0], x * TILE[1] : (x + 1) * TILE[1]]
            frame[part] = np.floor(picture[part] * 2.0 ** SHIFTS[code])
    return frames
