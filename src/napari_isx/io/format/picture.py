"""Pictures that FFmpeg decodes: their luma, and what keeps a damaged one from taking all memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import av

Pixels = npt.NDArray[np.uint8]


class PictureError(ValueError):
    """The bytes are not a picture that can be decoded whole."""


def max_pixels(num_pixels: tuple[int, int]) -> int:
    """What FFmpeg may make room for, so that a picture cannot claim all memory.

    It is more than a picture has, since decoders pad.
    """
    return 4 * num_pixels[0] * num_pixels[1] + (1 << 20)


def luma_plane(frame: av.VideoFrame, num_pixels: tuple[int, int]) -> Pixels:
    """The luma of a decoded frame as a view on its memory, ``(H, W)``."""
    rows, cols = frame.height, frame.width
    if (rows, cols) != num_pixels:
        raise PictureError(f"it has {rows} x {cols} pixels, not {num_pixels[0]} x {num_pixels[1]}")
    parts = [part for part in frame.format.components if part.plane == 0]
    if len(parts) != 1 or not parts[0].is_luma or parts[0].bits != 8:
        raise PictureError(f"its pixels are {frame.format.name}, which has no plane of 8-bit luma")
    plane: Any = frame.planes[0]  # has a buffer, which its type does not say
    memory: Pixels = np.frombuffer(plane, np.uint8)
    return memory.reshape(-1, plane.line_size)[:rows, :cols]
