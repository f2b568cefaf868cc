"""Movies and images of the microscope (`.isxd`): frames, read by offset.

A stored frame is its pixels, row by row. Raw recordings of the nVista 3 family have two sensor
lines before and two after the pixels of each frame, always 2 x 1280 words of 16 bits whatever
the frame's width. Only valid samples are stored.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.acquisition import at
from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import Footer, IsxKind
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.format.source import FileSource

if TYPE_CHECKING:
    from napari_isx.io.movies.planes import Interleaving

LINES_BYTES: Final = 2 * 1280 * 2
"""Size of the sensor lines before, and of those after, each frame of a raw movie."""
# Two days at 48 Hz. Missing frames take no bytes, so a damaged file could claim any number.
MAX_FRAMES: Final = 1 << 23
TSC_WORD: Final = 1272
"""First of the eight header words that carry the hardware counter."""
COLOR_WORD: Final = 1256
"""Header word of the id of the colour that a frame shows."""
EFOCUS_WORD: Final = 1270
"""First of the two header words that carry the electronic focus."""
_PART_SHIFTS: Final = np.arange(0, 64, 16, dtype=np.uint64)
RGB_CODE: Final = 3
PIXEL_TYPES: Final[dict[int, np.dtype[Any]]] = {
    0: np.dtype("<u2"),
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    RGB_CODE: np.dtype("u1"),
}
"""The footer's ``dataType`` and the type of one pixel, or of one colour of it."""


class Movie(FrameSequence[Any]):
    """A movie: frames by number, as NumPy arrays or as a lazy dask stack.

    ``movie[i]``, ``movie[a:b:c]`` and iteration read frames; dropped, cropped and blank ones
    read as zeros, and ``timing.valid_mask`` tells which they are.

    Attributes
    ----------
    timing : Timing
        With the period that the hardware timestamps imply, where the file has them.
    spacing : Spacing
    shape : tuple of int
        ``(T, H, W)``, with a fourth axis of 3 for colour.
    dtype : numpy.dtype
        uint16, float32 or uint8.
    """

    # Those that compress their frames, or read them from other movies, leave it at None.
    _row_bytes: int | None = None

    kind: ClassVar[str] = "movie"

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
        colours = (3,) if code == RGB_CODE else ()
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels, *colours)

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

    @property
    def has_timestamps(self) -> bool:
        """Whether every frame carries the hardware counter.

        So it is where frames have sensor lines and the recording software is 1.1.1 or newer.
        """
        if not self._has_lines:
            return False
        return gives_timestamps(at(self._session(), "producer.version"))

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None without one.

        0 for invalid samples. Reading takes one small read per frame.
        """
        if not self.has_timestamps:
            return None
        counters = np.zeros(len(self), np.uint64)
        counters[self.timing.valid_mask] = [
            self._counter_us(stored) for stored in range(self.timing.num_valid)
        ]
        counters.flags.writeable = False
        return counters

    def timestamp_us(self, i: int) -> int | None:
        """Read the hardware counter of one frame in microseconds.

        Parameters
        ----------
        i : int
            Sample index; negative counts from the end.

        Returns
        -------
        int or None
            As in ``timestamps_us``: 0 for an invalid sample, None where there are none.

        Raises
        ------
        IndexError
            There is no such sample.
        """
        sample = self._sample(i)
        if not self.has_timestamps:
            return None
        stored = self.timing.stored_index(sample)
        return 0 if stored is None else self._counter_us(stored)

    @property
    def planes(self) -> list[Movie]:
        """The focal planes or colours that a raw recording has by turns, each as a movie.

        Empty where the file holds one plane, or one that was already taken apart from the
        others. The planes read this movie's file, and end when it is closed.

        Raises
        ------
        IsxFileError
            The file's description of its planes is broken, or its frames do not follow it.
        """
        from napari_isx.io.movies.planes import planes_of  # its planes are movies

        return planes_of(self)

    @cached_property
    def _interleaving(self) -> Interleaving | None:
        from napari_isx.io.movies.planes import find_interleaving

        return find_interleaving(self)

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        stored = self.timing.stored_index(sample)
        if stored is None:
            frame[...] = 0
        else:
            self._source.read_into(stored * self._stride + self._pixels_at, frame)

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[Any]) -> None:
        stored = self.timing.stored_index(sample)
        if self._row_bytes is None:
            super()._read_rows_into(sample, start, rows)
        elif stored is None:
            rows[...] = 0
        else:
            at = stored * self._stride + self._pixels_at + start * self._row_bytes
            self._source.read_into(at, rows)

    def _counter_us(self, stored: int) -> int:
        """The hardware counter of a stored frame: each word carries a byte above 4 unused bits.

        Bits that do not belong there run into the neighbouring bytes, as in `isx`.
        """
        data = self._source.read(self._word_at(stored, TSC_WORD), 16)
        low, high = np.frombuffer(data, "<u2").astype(np.uint64).reshape(4, 2).T
        parts = ((high << np.uint64(4)) | (low >> np.uint64(4))) << _PART_SHIFTS
        return int(np.bitwise_or.reduce(parts))

    def _word_at(self, stored: int, word: int) -> int:
        """Where in the file a word of the sensor line before a stored frame is."""
        return stored * self._stride + 2 * word

    def _has_word(self, word: int) -> bool:
        """Whether the file keeps that word of the sensor line."""
        return self._has_lines and 0 <= word < LINES_BYTES // 2

    def _header_number(self, stored: int, word: int, count: int) -> int:
        """A little-endian number of `count` bytes, of which each word carries one."""
        words = np.frombuffer(self._source.read(self._word_at(stored, word), 2 * count), "<u2")
        return int.from_bytes((words >> 4).astype(np.uint8).tobytes(), "little")

    def _measured_timing(self) -> Timing:
        """The timing with the mean period between the first and last hardware timestamp."""
        ends = self.timing.first_and_last_valid()
        if ends is None or ends[1] - ends[0] <= 1:
            return self.timing
        elapsed_us = self._counter_us(self.timing.num_valid - 1) - self._counter_us(0)
        if elapsed_us <= 0:
            return self.timing
        return self.timing.with_period(Rational(elapsed_us, (ends[1] - ends[0]) * 1_000_000))

    def _summary(self) -> str:
        size = " x ".join(map(str, self.shape[1:3]))
        colour = " RGB" if self.ndim == 4 else ""
        rate = self.timing.sampling_rate_hz
        return f"{len(self):,} frames of {size}{colour} {self.dtype.name} at {rate:.4g} Hz"


class Image(Recording):
    """A single picture: a projection, a snapshot, or a movie of one frame.

    Attributes
    ----------
    spacing : Spacing
    """

    kind: ClassVar[str] = "image"

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self._movie = Movie(source, footer)
        if len(self._movie) != 1:
            raise IsxFileError(self.path, f"an image has one frame, but it has {len(self._movie)}")
        self.spacing = self._movie.spacing

    @property
    def shape(self) -> tuple[int, ...]:
        """``(H, W)``, or ``(H, W, 3)`` for colour."""
        return self._movie.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint16, float32 or uint8."""
        return self._movie.dtype

    @property
    def data(self) -> npt.NDArray[Any]:
        """The picture, read anew: ``(H, W)``, or ``(H, W, 3)`` for colour."""
        return self._movie.read_frame(0)

    def _summary(self) -> str:
        return f"{' x '.join(map(str, self.shape))} {self.dtype.name}"


def open_movie_or_image(source: FileSource, footer: Footer) -> Movie | Image:
    """Open a file of the two kinds that hold frames.

    The kind "image" is given to every movie of at most one frame; one with more is read as the
    movie it is.
    """
    if footer.kind is IsxKind.IMAGE:
        num_frames = footer.fields.child("timingInfo").integer("numTimes")
        if num_frames <= 1:
            return Image(source, footer)
    return Movie(source, footer)


def gives_timestamps(version: object) -> bool:
    """Whether a recording software of this version, 1.1.1 or newer, stamps its frames."""
    if not isinstance(version, str):
        return False
    parts = version.partition("-")[0].split(".")[:3]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return False
    return [*map(int, parts), 0, 0][:3] >= [1, 1, 1]
