"""Frames of a video inside a file, by number, through PyAV.

FFmpeg can start decoding at keyframes only, and what it then gives has no reliable number. So
decoding starts only at keyframes whose number is certain, and frames are counted from there:

* packets and frames must be one to one, or only the first frame is certain;
* where frames never change their order, every keyframe is;
* H.264 and HEVC call more than that a keyframe; the IDR pictures among them are certain, because
  no frame is moved past one;
* of other codecs that move frames, only the first is.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Generator, Iterable
from contextlib import suppress
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.picture import PictureError, luma_plane, max_pixels
from napari_isx.io.format.source import Block, FileSource

_MAX_IDLE: Final = 4

_NAL: Final = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
# Codec -> the kinds of its units that hold pixels, and of those the kinds of an IDR picture.
_IDR_KINDS: Final = {
    "h264": (range(1, 6), (5,)),
    "hevc": (range(32), (19, 20)),
}
_IDR_PROBE_BYTES: Final = 1 << 16
_CHUNK_HEADER_BYTES: Final = 8


class AviVideo:
    """An AVI video at some place in a file, decoded frame by frame, from any thread.

    It must have so many frames of so many rows and columns.
    """

    def __init__(
        self, source: FileSource, block: Block, num_pixels: tuple[int, int], num_frames: int
    ) -> None:
        self._source, self._block = source, block
        self._num_pixels, self._num_frames = num_pixels, num_frames
        # Decoders at rest, each where it stopped. Taking one out is atomic: no lock is needed.
        self._idle: list[_Decoder] = []
        self._starts: _Starts | None = None

    def luma(self, frame: int) -> npt.NDArray[np.uint8]:
        """``(H, W)``: a frame, a view on the decoder's memory.

        What it costs is the way from the last certain keyframe. Raises `IsxFileError` where the
        video is damaged, or ends before the frame.
        """
        import av

        try:
            decoder = self._take(frame) or self._open()
            picture = luma_plane(decoder.decode(frame), self._num_pixels)
        except (av.FFmpegError, PictureError) as error:
            raise IsxFileError(
                self._source.path, f"frame {frame:,} of its video cannot be decoded ({error})"
            ) from None
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(decoder)
        else:
            decoder.close()
        return picture

    def close(self) -> None:
        """Give the decoders back."""
        while self._idle:
            self._idle.pop().close()

    def _take(self, frame: int) -> _Decoder | None:
        """The decoder at rest that has the shortest way to a frame."""
        for decoder in sorted(self._idle, key=lambda d: (d.at > frame, -d.at)):
            with suppress(ValueError):  # another thread took it
                self._idle.remove(decoder)
                return decoder
        return None

    def _open(self) -> _Decoder:
        window = _Window(self._source, self._block)
        decoder = _Decoder(window, {"max_pixels": str(max_pixels(self._num_pixels))})
        if self._starts is None:
            self._starts = _Starts(decoder.stream, window, self._num_frames)
        decoder.starts = self._starts
        return decoder


class _Decoder:
    """One FFmpeg demuxer and decoder, and the number of the frame it will give next."""

    starts: _Starts

    def __init__(self, window: _Window, options: dict[str, str]) -> None:
        self._window, self._options = window, options
        self._open()

    def decode(self, frame: int) -> Any:
        """Decode on from where it is, or from a keyframe, whichever is nearer."""
        start = self.starts.before(frame)
        if not start <= self.at <= frame:
            self._go_to(start)
        for picture in self._frames:
            self.at += 1
            if self.at > frame:
                if picture.is_corrupt:
                    raise PictureError("FFmpeg marks it as damaged")
                return picture
        raise PictureError(f"the video ends after {self.at:,} frames")

    def close(self) -> None:
        self._frames.close()
        self._container.close()

    def _open(self) -> None:
        import av

        self._window.seek(0)
        # Nobody reads the tags, which may be in any encoding; PyAV 19 always lets them be.
        is_old = int(av.__version__.partition(".")[0]) < 19
        tags: dict[str, Any] = {"metadata_errors": "replace"} if is_old else {}
        # The format is given, because others can make FFmpeg open further files.
        self._container = av.open(self._window, format="avi", **tags)
        self.stream = next(iter(self._container.streams.video), None)
        if self.stream is None or self.stream.codec_context is None:
            self._container.close()
            raise PictureError("it has no video stream of a codec that is known here")
        self.stream.codec_context.options = self._options
        self._frames, self.at = _decode_all(self._container.demux(self.stream)), 0

    def _go_to(self, start: int) -> None:
        self._frames.close()
        if start > 0:
            timestamp = self.starts.keys[start][0]
            self._container.seek(timestamp, stream=self.stream)
            packets = self._container.demux(self.stream)
            first = next(packets)
            if first.dts == timestamp:
                self._frames, self.at = _decode_all(chain([first], packets)), start
                return
            self.starts.certain[start] = False  # the index lied
        self._container.close()
        self._open()


def _decode_all(packets: Iterable[Any]) -> Generator[Any, None, None]:
    # The last packet is empty, and makes the decoder give what it still holds.
    for packet in packets:
        yield from packet.decode()


class _Starts:
    """The keyframes, of which those may be certain at which decoding may start."""

    def __init__(self, stream: Any, window: _Window, num_frames: int) -> None:
        self._window = window
        # Before PyAV 17 the index cannot be had, and every way starts at the first frame.
        entries = list(getattr(stream, "index_entries", ()))
        self._codec = stream.codec_context.name
        one_to_one = len(entries) == num_frames and all(entry.size for entry in entries)
        one_to_one &= all(a.pos < b.pos for a, b in pairwise(entries))
        self.keys: dict[int, tuple[int, int, int]] = {}  # timestamp, place, size
        if one_to_one and (self._codec in _IDR_KINDS or not stream.codec_context.has_b_frames):
            keys = ((i, entry) for i, entry in enumerate(entries) if entry.is_keyframe)
            self.keys = {i: (entry.timestamp, entry.pos, entry.size) for i, entry in keys}
        self._order = list(self.keys)
        self.certain: dict[int, bool] = {}

    def before(self, frame: int) -> int:
        """The last frame to start at for decoding a frame."""
        for key in reversed(self._order[: bisect_right(self._order, frame)]):
            if key not in self.certain:
                self.certain[key] = self._codec not in _IDR_KINDS or self._is_idr(key)
            if self.certain[key]:
                return key
        return 0

    def _is_idr(self, key: int) -> bool:
        """Whether the first unit with pixels in a packet is of an IDR picture."""
        _, at, size = self.keys[key]
        chunk = self._window.peek(at, _CHUNK_HEADER_BYTES + min(size, _IDR_PROBE_BYTES))
        if int.from_bytes(chunk[4:_CHUNK_HEADER_BYTES], "little") != size:
            return False
        with_pixels, idr = _IDR_KINDS[self._codec]
        for match in _NAL.finditer(chunk, _CHUNK_HEADER_BYTES):
            byte = match[1][0]
            kind = byte & 31 if self._codec == "h264" else byte >> 1 & 63
            if kind in with_pixels:
                return kind in idr
        return False


class _Window(io.RawIOBase):
    """A part of a file that looks like a file of its own."""

    def __init__(self, source: FileSource, block: Block) -> None:
        super().__init__()
        self._source, self._block, self._at = source, block, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._at, self._block.size)[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        data = self.peek(self._at, self._block.size if size < 0 else size)
        self._at += len(data)
        return data

    def peek(self, at: int, size: int) -> bytes:
        """The bytes at a place, fewer where the window ends."""
        size = max(min(size, self._block.size - at), 0)
        return self._source.read(self._block.offset + at, size) if size else b""
