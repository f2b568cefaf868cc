"""Frames in a TIFF file: its pages are found by tifffile, and read by their offsets."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
from napari_isx.io.format.source import FileSource
from napari_isx.io.legacy.piece import PLAIN_ADVICE, check_movie, not_ours, refusing

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage

TIFF: Final = frozenset({".tif", ".tiff"})
_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

Spans = list[tuple[int, int]]
"""Offsets and sizes of what makes a frame."""


class TiffPiece:
    """A TIFF file of uncompressed gray pages, all alike."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source = FileSource(path)
        try:
            if not is_tiff(self._source):
                raise not_ours(path, "a TIFF file")
            from tifffile import TiffFile

            with refusing(path, "TIFF"), TiffFile(path) as tif:
                rows, cols, dtype = _first_page(path, tif)
                self._spans = _spans(self._source, tif, rows * cols * dtype.itemsize)
                self._swapped = tif.byteorder == ">" and dtype.itemsize > 1
            self.shape: tuple[int, ...] = (len(self._spans), rows, cols)
            self.dtype = check_movie(path, self.shape, dtype)
        except BaseException:
            self._source.close()
            raise

    def read_into(self, index: int, frame: npt.NDArray[Any]) -> None:
        data, at = frame.reshape(-1).view(np.uint8), 0
        for offset, size in self._spans[index]:
            self._source.read_into(offset, data[at : at + size])
            at += size
        if self._swapped:
            frame.byteswap(inplace=True)

    def close(self) -> None:
        self._source.close()


def is_tiff(source: FileSource) -> bool:
    """Whether a file starts as TIFF files do."""
    return source.size >= 8 and source.read(0, 4) in _STARTS


def _first_page(path: Path, tif: TiffFile) -> tuple[int, int, np.dtype[Any]]:
    """Rows, columns and type of the first page, which has to be plain."""
    if not tif.pages:
        raise IsxFileError(path, "it has no page")
    page: Any = tif.pages.first
    if page.compression != 1:
        raise UnsupportedIsxError(path, "its pixels are compressed", PLAIN_ADVICE)
    if page.samplesperpixel != 1 or page.is_tiled or page.imagedepth != 1:
        raise UnsupportedIsxError(path, "its pixels have colors, or lie in tiles", PLAIN_ADVICE)
    if page.dtype is None or page.bitspersample != 8 * page.dtype.itemsize:
        raise UnsupportedIsxError(path, f"its pixels have {page.bitspersample} bits", PLAIN_ADVICE)
    return page.imagelength, page.imagewidth, page.dtype


def _spans(source: FileSource, tif: TiffFile, frame_bytes: int) -> list[Spans]:
    """Where the bytes of each frame are."""
    pages: Any = tif.pages
    pages.set_keyframe(0)
    pages.useframes = True  # of the other pages, no more is read than where they are
    spans, places = [], set[int]()
    for page in pages:
        if page.offset in places:
            source.fail(f"its page {len(places):,} leads back to an earlier one")
        places.add(page.offset)
        spans.append(_joined(page, frame_bytes))
    if _next_page(source, tif, pages[-1]):
        source.fail(f"it ends inside page {len(pages):,}")
    # Above 4 GB ImageJ describes one frame, and the others follow it.
    series: Any = tif.series[0] if len(spans) == 1 else None
    if series is not None and series.dataoffset is not None:
        count = series.size * series.dtype.itemsize // frame_bytes
        spans = [[(series.dataoffset + i * frame_bytes, frame_bytes)] for i in range(count)]
    for i, parts in enumerate(spans):
        if sum(size for _, size in parts) != frame_bytes:
            source.fail(f"frame {i:,} has not the size of the first")
        if max(map(sum, parts)) > source.size:
            source.fail(f"frame {i:,} lies beyond the file's end at byte {source.size:,}")
    return spans


def _joined(page: TiffPage | TiffFrame, frame_bytes: int) -> Spans:
    """The strips of a page, neighbors as one, and the last without what fills it up."""
    spans: Spans = []
    left = frame_bytes
    for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True):
        size = min(size, left)
        left -= size
        if spans and sum(spans[-1]) == offset:
            spans[-1] = spans[-1][0], spans[-1][1] + size
        else:
            spans.append((offset, size))
    return spans


def _next_page(source: FileSource, tif: TiffFile, page: TiffPage | TiffFrame) -> int:
    """Where the page after the last is said to be: 0 in a file that is whole."""
    tiff = tif.tiff
    (tags,) = struct.unpack(tiff.tagnoformat, source.read(page.offset, tiff.tagnosize))
    end = page.offset + tiff.tagnosize + tags * tiff.tagsize
    (after,) = struct.unpack(tiff.offsetformat, source.read(end, tiff.offsetsize))
    return int(after)
