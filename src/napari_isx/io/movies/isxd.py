"""Movies and images of the microscope (`.isxd`): frames, read by offset.

A stored frame is its pixels, row by row. Raw recordings of the nVista 3 family have two sensor
lines before and two after the pixels of each frame, always 2 x 1280 words of 16 bits whatever
the frame's width. Only valid samples are stored.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import IsxdRecording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import MAX_FRAMES, Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import Footer, IsxKind
from napari_isx.io.format.source import FileSource
from napari_isx.io.movies.base import LINES_BYTES, PIXEL_TYPES, RGB_CODE
from napari_isx.io.movies.planes import InterleavedMovie


class IsxdMovie(IsxdRecording, InterleavedMovie):
    """A movie in a `.isxd` file; see :class:`Movie`."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        fields = footer.fields
        code = fields.integer("dataType")
        if code not in PIXEL_TYPES:
            fields.fail("dataType", "a pixel type (0 uint16, 1 float32, 2 uint8, 3 RGB)")
        self.dtype = PIXEL_TYPES[code]
        self.spacing = Spacing.from_fields(fields.child("spacingInfo"))
        self.timing = Timing.from_fields(fields.child("timingInfo"))
        if self.timing.num_samples > MAX_FRAMES:
            fields.child("timingInfo").fail("numTimes", f"at most {MAX_FRAMES:,} frames")
        colors = (3,) if code == RGB_CODE else ()
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels, *colors)

        version = fields.integer("fileVersion", default=0)
        self._has_lines = version >= 1 and fields.boolean("hasFrameHeaderFooter")
        self._pixels_at = LINES_BYTES if self._has_lines else 0
        self._frame_bytes = int(np.prod(self.shape[1:])) * self.dtype.itemsize
        self._row_bytes = self._frame_bytes // self.shape[1]
        self._stride = self._frame_bytes + 2 * self._pixels_at
        expected = self.timing.num_valid * self._stride
        if footer.payload_bytes < expected:
            raise IsxFileError(
                self.path,
                f"it should hold {self.timing.num_valid:,} frames of {self._stride:,} bytes, "
                f"but its {footer.payload_bytes:,} bytes of data hold only "
                f"{footer.payload_bytes // self._stride:,}",
            )
        if self.has_timestamps:
            self.timing = self._measured_timing()

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        stored = self.timing.stored_index(sample)
        if stored is None:
            frame[...] = 0
        else:
            self._source.read_into(stored * self._stride + self._pixels_at, frame)

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[Any]) -> None:
        stored = self.timing.stored_index(sample)
        if stored is None:
            rows[...] = 0
        else:
            at = stored * self._stride + self._pixels_at + start * self._row_bytes
            self._source.read_into(at, rows)

    def _word_at(self, stored: int, word: int) -> int:
        """Where in the file a word of the sensor line before a stored frame is."""
        return stored * self._stride + 2 * word

    def _has_word(self, word: int) -> bool:
        """Whether the file keeps that word of the sensor line."""
        return self._has_lines and 0 <= word < LINES_BYTES // 2


class Image(IsxdRecording):
    """A single picture: a projection, a snapshot, or a movie of one frame.

    Attributes
    ----------
    spacing : Spacing
    """

    kind: ClassVar[str] = "image"

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self._movie = IsxdMovie(source, footer)
        if len(self._movie) != 1:
            raise IsxFileError(self.path, f"an image has one frame, but it has {len(self._movie)}")
        self.spacing = self._movie.spacing

    @property
    def shape(self) -> tuple[int, ...]:
        """``(H, W)``, or ``(H, W, 3)`` for color."""
        return self._movie.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint16, float32 or uint8."""
        return self._movie.dtype

    @property
    def data(self) -> npt.NDArray[Any]:
        """The picture, a new array: ``(H, W)``, or ``(H, W, 3)`` for color."""
        return self._movie.read_frame(0)

    def _summary(self) -> str:
        return f"{' x '.join(map(str, self.shape))} {self.dtype.name}"


def open_movie_or_image(source: FileSource, footer: Footer) -> IsxdMovie | Image:
    """Open a file of the two kinds that hold frames.

    The kind "image" is given to every movie of at most one frame; one with more is read as the
    movie it is.
    """
    if footer.kind is IsxKind.IMAGE:
        num_frames = footer.fields.child("timingInfo").integer("numTimes")
        if num_frames <= 1:
            return Image(source, footer)
    return IsxdMovie(source, footer)
