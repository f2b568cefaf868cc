"""Compressed movies of the microscope (`.isxc`): a video, and per frame how bright each tile is.

======  ====  =====================================================================
offset  type  meaning
======  ====  =====================================================================
0       24 B  start time, as in the session
24      u64   version of the format
32      u64   tiles per frame n, 1 to 1000
40      u64   sensor words per frame k, 0 to 22
48      u64   frames
56      32 B  video: u16 type, compressed, codec, reserved; u32 width, height;
              u64 size, offset
88      32 B  metadata, likewise; width and height are those of a tile
120     u64   session: offset, then size
======  ====  =====================================================================

The video is a complete AVI; FFmpeg finds its codec itself. The metadata of a stored frame is k
sensor words (u16), the last ones of the line before the pixels in an uncompressed movie, then a
code (u8) for each tile, tiles row by row. A pixel is ``p * 2**s`` of the video's 8-bit luma p,
with ``s = 4 - trunc((code - 49) / 32)`` of its tile. The session is the footer of a movie.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.container import MAX_FOOTER_BYTES, parse_footer
from napari_isx.io.format.source import Block, FileSource
from napari_isx.io.movies.avi import AviVideo
from napari_isx.io.movies.planes import InterleavedMovie

HEADER: Final = struct.Struct("<24x4Q4H2I2Q4H2I2Q2Q")
_MAX_TILES: Final = 1000
_MAX_WORDS: Final = 22
_LINE_WORDS: Final = 1280

_SHIFTS: Final = np.array([4 - int((code - 49) / 32) for code in range(256)])
_LEFT: Final = np.maximum(_SHIFTS, 0).astype(np.uint16)
_RIGHT: Final = np.maximum(-_SHIFTS, 0).astype(np.uint16)
"""Shifts of a tile by its code; only codes above 208 shift to the right."""


class CompressedMovie(InterleavedMovie):
    """A movie that was compressed on the microscope; nothing is decompressed to disk.

    It reads like any :class:`Movie`. A frame costs the decoding of all frames from the last
    keyframe of its video on, reading in order that of one. Needs PyAV.
    """

    def __init__(self, source: FileSource) -> None:
        header = _read_header(source)
        text = source.read(header.session.offset, header.session.size).partition(b"\0")[0]
        super().__init__(source)
        self._footer = parse_footer(source, text, header.session.offset)
        fields = self._footer.fields
        if fields.integer("dataType", default=0) != 0:
            fields.fail("dataType", "0: compressed movies are uint16")
        self.dtype = np.dtype("<u2")
        self.spacing = Spacing.from_fields(fields.child("spacingInfo"))
        self.timing = Timing.from_fields(fields.child("timingInfo"))
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels)
        self._tile = height, width = header.tile
        rows, cols = self.spacing.num_pixels
        if not height or not width or rows % height or cols % width:
            source.fail(f"tiles of {height} x {width} pixels do not fill {rows} x {cols}")
        self._grid = rows // height, cols // width  # tiles above and beside each other
        if self._grid[0] * self._grid[1] != header.tiles:
            source.fail(
                f"{rows} x {cols} pixels have not {header.tiles} tiles of {height} x {width}"
            )
        self._words = header.words
        self._metadata_at = header.metadata.offset
        self._stride = 2 * header.words + header.tiles
        expected = self._stride * self.timing.num_valid
        if header.metadata.size != expected:
            self._source.fail(
                f"the metadata of {self.timing.num_valid:,} frames should take {expected:,} "
                f"bytes, but has {header.metadata.size:,}"
            )
        self._video = AviVideo(source, header.video, self.spacing.num_pixels, self.timing.num_valid)
        if self.has_timestamps:
            self.timing = self._measured_timing()

    @property
    def metadata(self) -> dict[str, Any]:
        return self._footer.values

    def close(self) -> None:
        super().close()
        self._video.close()

    def _forget(self) -> None:
        super()._forget()
        self._video.close()

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        stored = self.timing.stored_index(sample)
        if stored is None:
            frame[...] = 0
            return
        at = self._metadata_at + stored * self._stride + 2 * self._words
        codes = np.empty(self._grid, np.uint8)
        self._source.read_into(at, codes)
        (down, across), (height, width) = self._grid, self._tile
        luma = self._video.luma(stored)
        tiles = frame.reshape(down, height, across, width)
        tiles[...] = luma.reshape(tiles.shape)
        tiles <<= _LEFT[codes][:, None, :, None]
        if (_SHIFTS[codes] < 0).any():
            tiles >>= _RIGHT[codes][:, None, :, None]

    def _word_at(self, stored: int, word: int) -> int:
        words_end = self._metadata_at + stored * self._stride + 2 * self._words
        return words_end - 2 * (_LINE_WORDS - word)

    def _has_word(self, word: int) -> bool:
        return _LINE_WORDS - self._words <= word < _LINE_WORDS


class _Header(NamedTuple):
    tiles: int
    words: int
    tile: tuple[int, int]
    video: Block
    metadata: Block
    session: Block


def _read_header(source: FileSource) -> _Header:
    if source.size < HEADER.size:
        source.fail(f"{source.size} bytes are too few for a compressed movie")
    _, tiles, words, _, *rest = HEADER.unpack(source.read(0, HEADER.size))
    if not 1 <= tiles <= _MAX_TILES or words > _MAX_WORDS:
        source.fail(
            f"its header gives each frame {tiles:,} tiles and {words:,} sensor words; there "
            f"can be 1 to {_MAX_TILES} and at most {_MAX_WORDS}"
        )
    blocks = [Block(rest[7], rest[6]), Block(rest[15], rest[14]), Block(*rest[16:])]
    for what, block in zip(("video", "metadata", "session"), blocks, strict=True):
        source.check(block, what)
    if blocks[2].size > MAX_FOOTER_BYTES:
        source.fail(f"its session of {blocks[2].size:,} bytes is too long")
    return _Header(tiles, words, (rest[13], rest[12]), *blocks)
