"""Decoding JPEG pictures with what is installed: PyAV if it is there, else Pillow.

Both give the luma plane as it is stored, full range 0 to 255, without a way over RGB. They round
differently: Pillow differs from PyAV by 1 in about 2 of 100 pixels.

PyAV has the values of FFmpeg's reference decoder. The FFmpeg 3.1.4 inside `isx` 2.1.0 computes
with MMX instructions, which FFmpeg has since given up because they round otherwise: of a
camera's real pictures about 3 of a million pixels are lower by 1 there, of those that libjpeg
made none was found. Without these instructions that FFmpeg too has the values of PyAV.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import UnsupportedIsxError

if TYPE_CHECKING:
    import av
    from PIL import Image

Pixels = npt.NDArray[np.uint8]

_NO_DECODER_ADVICE: Final = (
    "Install a decoder with: pip install 'napari-isx[video]'. (Pillow, which napari itself "
    "needs, does too.)"
)


class PictureError(ValueError):
    """The bytes are not a JPEG that can be decoded whole."""


class JpegDecoder(Protocol):
    """What decodes pictures of one size; it may be called from several threads at once.

    Both methods raise :class:`PictureError` where the picture is damaged or of another size.
    """

    def luma(self, jpeg: bytes) -> Pixels:
        """``(H, W)``: the luma plane, perhaps a view on the decoder's memory."""

    def rgb(self, jpeg: bytes) -> Pixels:
        """``(H, W, 3)``: red, green, blue."""


def jpeg_decoder(path: str | os.PathLike[str], num_pixels: tuple[int, int]) -> JpegDecoder:
    """Return the best decoder that is installed.

    Parameters
    ----------
    path : str or path-like
        The file the pictures are from, for the message.
    num_pixels : (int, int)
        Rows, columns. No picture of another size is decoded, nor memory given to it.

    Raises
    ------
    UnsupportedIsxError
        Neither PyAV nor Pillow is installed.
    """
    for make in (AvDecoder, PillowDecoder):
        try:
            return make(num_pixels)
        except ImportError:
            continue
    raise UnsupportedIsxError(path, "no decoder for its pictures is installed", _NO_DECODER_ADVICE)


class AvDecoder:
    """FFmpeg's decoder, through PyAV; decoding lets other threads run."""

    def __init__(self, num_pixels: tuple[int, int]) -> None:
        import av

        self._av = av
        self._num_pixels = num_pixels
        # Without "explode", what is damaged is painted over with what looks likely.
        self._options = {"err_detect": "explode", "max_pixels": str(max_pixels(num_pixels))}
        # Decoders at rest. Popping and appending are atomic, so threads need no lock.
        self._idle: list[Any] = []

    def luma(self, jpeg: bytes) -> Pixels:
        """``(H, W)``: the luma plane."""
        return luma_plane(self._decode(jpeg), self._num_pixels)

    def rgb(self, jpeg: bytes) -> Pixels:
        """``(H, W, 3)``: red, green, blue."""
        frame = self._decode(jpeg)
        luma_plane(frame, self._num_pixels)  # for its checks
        colors: Pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        return colors

    def _decode(self, jpeg: bytes) -> Any:
        try:
            decoder = self._idle.pop()
        except IndexError:
            decoder = self._av.CodecContext.create("mjpeg", "r")
            decoder.options = self._options
        try:
            frames = decoder.decode(self._av.Packet(jpeg))
        except (self._av.FFmpegError, ValueError) as error:
            raise PictureError(f"FFmpeg cannot decode it ({error})") from None
        if not frames:
            raise PictureError("FFmpeg finds no picture in it")
        self._idle.append(decoder)
        return frames[0]


class PillowDecoder:
    """libjpeg's decoder, through Pillow."""

    def __init__(self, num_pixels: tuple[int, int]) -> None:
        from PIL import Image

        self._image = Image
        self._num_pixels = num_pixels

    def luma(self, jpeg: bytes) -> Pixels:
        """``(H, W)``: the luma plane."""
        return self._decode(jpeg, "L")

    def rgb(self, jpeg: bytes) -> Pixels:
        """``(H, W, 3)``: red, green, blue."""
        return self._decode(jpeg, "RGB")

    def _decode(self, jpeg: bytes, mode: str) -> Pixels:
        try:
            with self._image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
                self._check(image)
                image.draft(mode, None)
                return np.asarray(image if image.mode == mode else image.convert(mode))
        except (OSError, SyntaxError, ValueError, self._image.DecompressionBombError) as error:
            raise PictureError(f"Pillow cannot decode it ({error})") from None

    def _check(self, image: Image.Image) -> None:
        cols, rows = image.size
        if (rows, cols) != self._num_pixels or image.mode not in ("L", "RGB"):
            raise PictureError(f"it is {rows} x {cols} {image.mode}")


def max_pixels(num_pixels: tuple[int, int]) -> int:
    """What FFmpeg may make room for, so that a picture cannot claim all memory.

    It is more than a picture has, since decoders pad.
    """
    return 4 * num_pixels[0] * num_pixels[1] + (1 << 20)


def luma_plane(frame: av.VideoFrame, num_pixels: tuple[int, int]) -> Pixels:
    """The luma of a decoded frame as a view on its memory, ``(H, W)``.

    Raises
    ------
    PictureError
        The frame has another size, or its first plane is not 8-bit luma.
    """
    rows, cols = frame.height, frame.width
    if (rows, cols) != num_pixels:
        raise PictureError(f"it has {rows} x {cols} pixels, not {num_pixels[0]} x {num_pixels[1]}")
    parts = [part for part in frame.format.components if part.plane == 0]
    if len(parts) != 1 or not parts[0].is_luma or parts[0].bits != 8:
        raise PictureError(f"its pixels are {frame.format.name}, which has no plane of 8-bit luma")
    plane: Any = frame.planes[0]  # has a buffer, which its type does not say
    memory: Pixels = np.frombuffer(plane, np.uint8)
    return memory.reshape(-1, plane.line_size)[:rows, :cols]
