"""Pictures of a video that is nothing but JPEG files in a row: where each is, and what it shows.

No table says where each picture starts, so the bytes have to be walked:

=====================  ==============================================================
bytes                  meaning
=====================  ==============================================================
FF D8                  a picture starts
FF 01, FF D0 ... D7    markers without content
FF xx, u16 n           a segment, n bytes from its length (big-endian) on
FF DA, u16 n           likewise; then compressed data, in which FF 00, FF FF and the
                       restart markers FF D0 ... D7 end nothing
FF D9                  the picture ends
=====================  ==============================================================

Segments are skipped by their length, so a thumbnail inside one is not taken for a picture.
Bytes between pictures are ignored.

FFmpeg decodes, and gives the luma plane as it is stored, without a way over RGB. The FFmpeg 3.1.4
inside `isx` 2.1.0 computes with MMX instructions, which FFmpeg has since given up because they
round otherwise: of a camera's real pictures about 3 of a million pixels are lower by 1 there, of
those that libjpeg made none was found. Without these instructions that FFmpeg too has our values.
"""

from __future__ import annotations

import os
import re
import threading
from array import array
from typing import Any, Final

import numpy as np

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.picture import PictureError, Pixels, luma_plane, max_pixels
from napari_isx.io.format.source import FileSource

# No JPEG is smaller: start, one frame and one scan header of one color, end.
MIN_PICTURE_BYTES: Final = 27

_START, _END, _TEMPORARY = 0xD8, 0xD9, 0x01
_PICTURE: Final = re.compile(rb"\xff\xd8")
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_CHUNK_BYTES: Final = 4 << 20
# A progressive picture has a few dozen segments. The limit keeps made-up files from using time.
_MAX_MARKERS: Final = 4096


class JpegDecoder:
    """Decodes pictures of one size, from any thread; the threads run side by side.

    Its methods raise :class:`PictureError` where a picture is damaged or of another size; to one
    of another size no memory is given.
    """

    def __init__(self, num_pixels: tuple[int, int]) -> None:
        self._num_pixels = num_pixels
        # Without "explode", what is damaged is painted over with what looks likely.
        self._options = {"err_detect": "explode", "max_pixels": str(max_pixels(num_pixels))}
        # Decoders at rest. Popping and appending are atomic, so threads need no lock.
        self._idle: list[Any] = []

    def luma(self, jpeg: bytes) -> Pixels:
        """``(H, W)``: the luma plane, a view on the decoder's memory."""
        return luma_plane(self._decode(jpeg), self._num_pixels)

    def rgb(self, jpeg: bytes) -> Pixels:
        """``(H, W, 3)``: red, green, blue."""
        frame = self._decode(jpeg)
        luma_plane(frame, self._num_pixels)  # for its checks
        colors: Pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        return colors

    def _decode(self, jpeg: bytes) -> Any:
        import av

        try:
            decoder: Any = self._idle.pop()
        except IndexError:
            decoder = av.CodecContext.create("mjpeg", "r")
            decoder.options = self._options
        try:
            frames = decoder.decode(av.Packet(jpeg))
        except (av.FFmpegError, ValueError) as error:
            raise PictureError(f"FFmpeg cannot decode it ({error})") from None
        if not frames:
            raise PictureError("FFmpeg finds no picture in it")
        self._idle.append(decoder)
        return frames[0]


class JpegIndex:
    """Where each picture of the video from byte `start` to `stop` is, found when first asked for.

    The walk goes as far as the picture wanted and stays there, so a video is read through once
    at most, at about the speed of the disk. Nothing is decoded.
    """

    def __init__(self, source: FileSource, start: int, stop: int) -> None:
        self._source, self._start, self._stop = source, start, stop
        self._reset()

    def locate(self, picture: int) -> tuple[int, int]:
        """A picture's offset in the file and its size."""
        if picture >= len(self._ends):
            if self._pid != os.getpid():
                # Forked while another thread was walking: its lock will never be given back.
                self._reset()
            with self._lock:
                while picture >= len(self._ends):
                    start, end = self._next()
                    self._starts.append(start)
                    self._ends.append(end)
        return self._starts[picture], self._ends[picture] - self._starts[picture]

    def _reset(self) -> None:
        self._pid, self._lock = os.getpid(), threading.Lock()
        self._starts, self._ends = array("Q"), array("Q")
        self._window, self._window_at = b"", self._start

    def _next(self) -> tuple[int, int]:
        """Where the next picture starts and ends."""
        start = self._find(_PICTURE, self._ends[-1] if self._ends else self._start)
        end = None if start is None else self._end_of(start)
        if start is None or end is None:
            where = "" if start is None else f", inside the one that starts at byte {start:,}"
            self._source.fail(
                f"the video should go on, but ends at byte {self._stop:,} after "
                f"{len(self._ends):,} pictures{where}"
            )
        return start, end

    def _end_of(self, start: int) -> int | None:
        """The byte after a picture, or None where the video ends before."""
        at = start + 2
        for _ in range(_MAX_MARKERS):
            # A segment is followed by a marker at once; looking for it also passes over
            # compressed data, fill bytes and damage.
            found = self._find(_MARKER, at)
            if found is None:
                return None
            marker = self._window[found + 1 - self._window_at]
            if marker in (_END, _START):  # or it was cut off, and here is the next one
                return found + 2 * (marker == _END)
            at = found + 2
            if marker != _TEMPORARY and at + 2 <= self._stop:
                self._show(at)
                i = at - self._window_at
                at += max(2, int.from_bytes(self._window[i : i + 2], "big"))
        finding = f"the picture at byte {start:,} has more than {_MAX_MARKERS:,} segments"
        raise IsxFileError(self._source.path, finding)

    def _find(self, pattern: re.Pattern[bytes], at: int) -> int | None:
        """Where two bytes that match come next, or None where the video ends before."""
        while at + 2 <= self._stop:
            self._show(at)
            match = pattern.search(self._window, at - self._window_at)
            if match:
                return self._window_at + match.start()
            at = self._window_at + len(self._window) - 1  # its last byte may be a first half
        return None

    def _show(self, at: int) -> None:
        """Have the window on the video contain two bytes."""
        if not self._window_at <= at <= self._window_at + len(self._window) - 2:
            self._window = self._source.read(at, min(_CHUNK_BYTES, self._stop - at))
            self._window_at = at
