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
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.picture import PictureError, luma_plane, max_pixels
from napari_isx.io.format.source import FileSource

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

    Parameters
    ----------
    source : FileSource
    start, size : int
        The video's bytes in the file.
    num_pixels : (int, int)
        Rows, columns that it must have.
    num_frames : int
        Frames that it must have.
    """

    def __init__(
        self,
        source: FileSource,
        start: int,
        size: int,
        num_pixels: tuple[int, int],
        num_frames: int,
    ) -> None:
        self._source, self._start, self._size = source, start, size
        self._num_pixels, self._num_frames = num_pixels, num_frames
        # Decoders at rest, each where it stopped. Taking one out is atomic: no lock is needed.
        self._idle: list[_Decoder] = []
        self._starts: _Starts | None = None

    def luma(self, frame: int) -> npt.NDArray[np.uint8]:
        """Decode a frame; what it costs is the way from the last certain keyframe.

        Parameters
        ----------
        frame : int
            From 0 on.

        Returns
        -------
        numpy.ndarray
            ``(H, W)``, a view on the decoder's memory.

        Raises
        ------
        IsxFileError
            The video is damaged, or ends before the frame.
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
        ranked = sorted(self._idle, key=lambda d: (d.at > frame, -d.at))
        for decoder in ranked:
            try:
                self._idle.remove(decoder)
            except ValueError:  # another thread took it
                continue
            return decoder
        return None

    def _open(self) -> _Decoder:
        window = _Window(self._source, self._start, self._size)
        decoder = _Decoder(window, self._num_pixels)
        if self._starts is None:
            self._starts = _Starts(decoder.stream, window, self._num_frames)
        decoder.starts = self._starts
        return decoder


class _Decoder:
    """One FFmpeg demuxer and decoder, and the number of the frame it will give next."""

    starts: _Starts

    def __init__(self, window: _Window, num_pixels: tuple[int, int]) -> None:
        self._window = window
        self._options = {"max_pixels": str(max_pixels(num_pixels))}
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
        # The format is given, because others can make FFmpeg open further files.
        self._container = av.open(self._window, format="avi", **_any_tags(av.__version__))
        self.stream = next(iter(self._container.streams.video), None)
        if self.stream is None or self.stream.codec_context is None:
            self._container.close()
            raise PictureError("it has no video stream of a codec that is known here")
        self.stream.codec_context.options = self._options
        self._frames = _decode_all(self._container.demux(self.stream))
        self.at = 0

    def _go_to(self, start: int) -> None:
        self._frames.close()
        if start == 0:
            self._container.close()
            self._open()
            return
        timestamp = self.starts.timestamp(start)
        self._container.seek(timestamp, stream=self.stream)
        packets = self._container.demux(self.stream)
        first = next(packets)
        if first.dts != timestamp:  # the index lied
            self.starts.forget(start)
            self._go_to(0)
            return
        self._frames = _decode_all(chain([first], packets))
        self.at = start


def _decode_all(packets: Iterable[Any]) -> Generator[Any, None, None]:
    # The last packet is empty, and makes the decoder give what it still holds.
    for packet in packets:
        yield from packet.decode()


class _Starts:
    """The frames at which decoding may start."""

    def __init__(self, stream: Any, window: _Window, num_frames: int) -> None:
        self._window = window
        # Before PyAV 17 the index cannot be had, and every way starts at the first frame.
        entries = list(getattr(stream, "index_entries", ()))
        self._codec = stream.codec_context.name
        moves_frames = bool(stream.codec_context.has_b_frames)
        one_to_one = len(entries) == num_frames and all(entry.size for entry in entries)
        one_to_one &= all(a.pos < b.pos for a, b in pairwise(entries))
        self._keys: list[int] = []
        if one_to_one and (not moves_frames or self._codec in _IDR_KINDS):
            self._keys = [i for i, entry in enumerate(entries) if entry.is_keyframe]
        self._entries = {i: (e.timestamp, e.pos, e.size) for i in self._keys if (e := entries[i])}
        self._certain: dict[int, bool] = {}

    def before(self, frame: int) -> int:
        """The last frame to start at for decoding a frame."""
        for at in range(bisect_right(self._keys, frame) - 1, -1, -1):
            key = self._keys[at]
            if key not in self._certain:
                self._certain[key] = self._codec not in _IDR_KINDS or self._is_idr(key)
            if self._certain[key]:
                return key
        return 0

    def forget(self, key: int) -> None:
        """Do not start there again."""
        self._certain[key] = False

    def timestamp(self, key: int) -> int:
        return int(self._entries[key][0])

    def _is_idr(self, key: int) -> bool:
        """Whether the first unit with pixels in a packet is of an IDR picture."""
        _, at, size = self._entries[key]
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

    def __init__(self, source: FileSource, start: int, size: int) -> None:
        super().__init__()
        self._source, self._start, self._size = source, start, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._at, self._size)[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        rest = max(self._size - self._at, 0)
        data = self.peek(self._at, rest if size < 0 else size)
        self._at += len(data)
        return data

    def peek(self, at: int, size: int) -> bytes:
        """The bytes at a place, fewer where the window ends."""
        size = max(min(size, self._size - at), 0)
        return self._source.read(self._start + at, size) if size else b""


def _any_tags(pyav_version: str) -> dict[str, Any]:
    """What lets a video have tags in any encoding, as nobody reads them; PyAV 19 always does."""
    return {"metadata_errors": "replace"} if int(pyav_version.partition(".")[0]) < 19 else {}
