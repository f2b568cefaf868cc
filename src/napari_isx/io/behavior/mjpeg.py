"""Finding the pictures in a video that is nothing but JPEG files in a row.

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
"""

from __future__ import annotations

import os
import re
import threading
from array import array
from typing import Final

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.source import FileSource

MIN_PICTURE_BYTES: Final = 27
"""No JPEG is smaller: start, one frame and one scan header of one colour, end."""

_START, _END, _TEMPORARY = 0xD8, 0xD9, 0x01
_PICTURE: Final = re.compile(rb"\xff\xd8")
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Frame headers are C0 to CF, but for a Huffman table, a reserved code and arithmetic coding.
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_CHUNK_BYTES: Final = 4 << 20
# A progressive picture has a few dozen segments. The limit keeps made-up files from using time.
_MAX_MARKERS: Final = 4096


class JpegIndex:
    """Where each picture of the video is, found when it is first asked for.

    The walk goes as far as the picture wanted and stays there, so a video is read through once
    at most, at about the speed of the disk. Nothing is decoded.

    Parameters
    ----------
    source : FileSource
    start, stop : int
        The video's first byte and the one after its last.
    """

    def __init__(self, source: FileSource, start: int, stop: int) -> None:
        self._source = source
        self._start, self._stop = start, stop
        self._reset()

    def locate(self, picture: int) -> tuple[int, int]:
        """Return a picture's offset in the file and its size.

        Raises
        ------
        IsxFileError
            The video ends before that picture does.
        """
        if picture >= len(self._ends):
            if self._pid != os.getpid():
                # Forked while another thread was walking: its lock will never be given back.
                self._reset()
            with self._lock:
                while picture >= len(self._ends):
                    self._add_next()
        start = self._starts[picture]
        return start, self._ends[picture] - start

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._starts, self._ends = array("Q"), array("Q")
        self._at = self._window_at = self._start
        self._window = b""

    def _add_next(self) -> None:
        start = self._find(_PICTURE, self._at)
        end = None if start is None else self._find_end(start)
        if start is None or end is None:
            number = len(self._ends)
            where = "" if start is None else f", inside the one that starts at byte {start:,}"
            raise IsxFileError(
                self._source.path,
                f"the video should go on, but ends at byte {self._stop:,} after {number:,} "
                f"pictures{where}",
            )
        self._at = end
        self._starts.append(start)
        self._ends.append(end)

    def _find_end(self, start: int) -> int | None:
        """The byte after a picture, or None where the video ends before."""
        at: int | None = start + 2
        for _ in range(_MAX_MARKERS):
            # A segment is followed by a marker at once; looking for it also passes over
            # compressed data, fill bytes and damage.
            at = self._find(_MARKER, at or 0)
            if at is None:
                return None
            marker = self._take(at + 1, 1)[0]
            if marker == _END:
                return at + 2
            if marker == _START:
                return at  # the picture was cut off, and here is the next one
            at += 2
            if marker != _TEMPORARY:
                at += max(2, int.from_bytes(self._take(at, 2), "big"))
            if at > self._stop:
                return None
        raise IsxFileError(
            self._source.path,
            f"the picture at byte {start:,} has more than {_MAX_MARKERS:,} segments",
        )

    def _find(self, pattern: re.Pattern[bytes], at: int) -> int | None:
        """Where two bytes that match come next, or None where the video ends before."""
        while at + 2 <= self._stop:
            self._show(at, 2)
            match = pattern.search(self._window, at - self._window_at)
            if match:
                return self._window_at + match.start()
            at = self._window_at + len(self._window) - 1  # its last byte may be a first half
        return None

    def _take(self, at: int, size: int) -> bytes:
        if at + size > self._stop:
            return bytes(size)
        self._show(at, size)
        return self._window[at - self._window_at : at - self._window_at + size]

    def _show(self, at: int, size: int) -> None:
        """Have the window on the video contain the bytes."""
        if not self._window_at <= at <= self._window_at + len(self._window) - size:
            self._window = self._source.read(at, min(_CHUNK_BYTES, self._stop - at))
            self._window_at = at


def picture_size(jpeg: bytes) -> tuple[int, int] | None:
    """The rows and columns that a JPEG's frame header gives, or None without one.

    Bytes of a frame header from its marker on: FF Cn, u16 length, u8 bits, u16 rows, u16 columns.
    """
    at = 2
    for _ in range(_MAX_MARKERS):
        match = _MARKER.search(jpeg, at)
        if match is None or match.end() + 7 > len(jpeg):
            return None
        at = match.end()
        if jpeg[at - 1] in _FRAME_HEADERS:
            rows, cols = jpeg[at + 3 : at + 5], jpeg[at + 5 : at + 7]
            return int.from_bytes(rows, "big"), int.from_bytes(cols, "big")
        if jpeg[at - 1] in (_END, 0xDA):
            return None
        if jpeg[at - 1] not in (_START, _TEMPORARY):
            at += int.from_bytes(jpeg[at : at + 2], "big")
    return None
