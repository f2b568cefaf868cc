"""Movies: what every movie of the microscope can do, and movies in memory."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.acquisition import at
from napari_isx.io.base.frames import FrameSequence, in_threads
from napari_isx.io.base.recording import FileRecording, MemoryRecording
from napari_isx.io.base.spacing import Spacing, check_shape
from napari_isx.io.base.timing import MAX_FRAMES, Timing
from napari_isx.io.format.json_fields import Rational

if TYPE_CHECKING:
    import dask.array as da

# Size of the sensor lines before, and of those after, each frame of a raw movie; and in those
# before it the words of the hardware counter (8), the color's id (1) and the focus (2).
LINES_BYTES: Final = 2 * 1280 * 2
TSC_WORD: Final = 1272
COLOR_WORD: Final = 1256
EFOCUS_WORD: Final = 1270
_PART_SHIFTS: Final = np.arange(0, 64, 16, dtype=np.uint64)
RGB_CODE: Final = 3
PIXEL_TYPES: Final[dict[int, np.dtype[Any]]] = {
    0: np.dtype("<u2"),
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    RGB_CODE: np.dtype("u1"),
}
"""The footer's ``dataType`` and the type of one pixel, or of one color of it."""


class Movie(FrameSequence[Any]):
    """A movie: frames by number, as NumPy arrays or as a lazy dask stack.

    ``movie[i]``, ``movie[a:b:c]``, lists, masks, cuts in space and iteration read frames, as of
    a NumPy array; dropped, cropped and blank ones read as zeros, and ``timing.valid_mask`` says
    which they are.

    Attributes
    ----------
    timing : Timing
        With the period that the hardware timestamps imply, where the file has them.
    spacing : Spacing
    shape : tuple of int
        ``(T, H, W)``, with a fourth axis of 3 for color.
    dtype : numpy.dtype
        uint16, float32 or uint8.
    """

    kind: ClassVar[str] = "movie"

    @staticmethod
    def from_array(
        frames: npt.ArrayLike | da.Array,
        *,
        timing: Timing | None = None,
        spacing: Spacing | None = None,
    ) -> MemoryMovie:
        """Make a movie of an array.

        Parameters
        ----------
        frames : array-like or dask.array.Array
            ``(T, H, W)`` of uint16, float32 or uint8, or ``(T, H, W, 3)`` of uint8, with a frame
            for *every* sample. It is not copied; a dask array is computed frame by frame, when
            frames are read.
        timing : Timing, optional
            Default: samples 50 ms apart.
        spacing : Spacing, optional
            Default: 3 um pixels at the origin.

        Raises
        ------
        ValueError
            No frames, frames of unsupported shape or type, or a number of frames or pixels that
            does not fit `timing` or `spacing`.
        """
        return MemoryMovie(frames, timing, spacing)

    @property
    def has_timestamps(self) -> bool:
        """Whether every frame carries the hardware counter."""
        return False

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None without one.

        0 for invalid samples. Reading takes one small read per frame.
        """
        if not self.has_timestamps:
            return None
        counters, valid = np.zeros(len(self), np.uint64), self.timing.valid_mask
        counters[valid] = in_threads(self._counter_us, np.flatnonzero(valid))
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
        return 0 if self.timing.stored_index(sample) is None else self._counter_us(sample)

    def _counter_us(self, sample: int) -> int:
        """The hardware counter of a valid sample, where there is one."""
        raise NotImplementedError

    @property
    def planes(self) -> list[Movie]:
        """The focal planes or colors that are interleaved in a raw recording, each as a movie.

        Empty where the file holds one plane, or one that was already taken apart from the
        others. The planes read this movie's file, and end when it is closed.

        Raises
        ------
        IsxFileError
            The file's description of its planes is broken, or its frames do not follow it.
        """
        return []

    def _summary(self) -> str:
        size = " x ".join(map(str, self.shape[1:3]))
        color = " RGB" if self.ndim == 4 else ""
        rate = self.timing.sampling_rate_hz
        return f"{len(self):,} frames of {size}{color} {self.dtype.name} at {rate:.4g} Hz"


class RawMovie(FileRecording, Movie):
    """A movie in one file, whose frames may have the sensor lines in which the counter is."""

    @property
    def has_timestamps(self) -> bool:
        """Whether every frame carries the hardware counter.

        So it is where frames have sensor lines and the recording software is 1.1.1 or newer.
        """
        version = at(self._session(), "producer.version")
        return self._has_word(TSC_WORD) and gives_timestamps(version)

    @abstractmethod
    def _has_word(self, word: int) -> bool:
        """Whether the file keeps that word of the sensor line."""

    @abstractmethod
    def _word_at(self, stored: int, word: int) -> int:
        """Where in the file a word of the sensor line before a stored frame is."""

    def _counter_us(self, sample: int) -> int:
        """Each of its words carries a byte above 4 unused bits.

        Bits that do not belong there run into the neighboring bytes, as in `isx`.
        """
        stored = self.timing.stored_index(sample) or 0
        data = self._source.read(self._word_at(stored, TSC_WORD), 16)
        low, high = np.frombuffer(data, "<u2").astype(np.uint64).reshape(4, 2).T
        parts = ((high << np.uint64(4)) | (low >> np.uint64(4))) << _PART_SHIFTS
        return int(np.bitwise_or.reduce(parts))

    def _header_number(self, stored: int, word: int, count: int) -> int:
        """A little-endian number of `count` bytes, of which each word carries one."""
        words = np.frombuffer(self._source.read(self._word_at(stored, word), 2 * count), "<u2")
        return int.from_bytes((words >> 4).astype(np.uint8).tobytes(), "little")

    def _measured_timing(self) -> Timing:
        """The timing with the mean period between the first and last hardware timestamp."""
        ends = self.timing.first_and_last_valid()
        if ends is None or ends[1] - ends[0] <= 1:
            return self.timing
        elapsed_us = self._counter_us(ends[1]) - self._counter_us(ends[0])
        if elapsed_us <= 0:
            return self.timing
        return self.timing.with_period(Rational(elapsed_us, (ends[1] - ends[0]) * 1_000_000))


class MemoryMovie(MemoryRecording, Movie):
    """A movie without a file; see :meth:`Movie.from_array`."""

    def __init__(self, frames: Any, timing: Timing | None, spacing: Spacing | None) -> None:
        super().__init__("movie in memory")
        self._frames = array = frames if hasattr(frames, "dask") else np.asarray(frames)
        self.shape, self.dtype = tuple(map(int, array.shape)), array.dtype
        if len(self.shape) < 3 or not 0 < self.shape[0] <= MAX_FRAMES:
            raise ValueError(f"a movie has 1 to {MAX_FRAMES:,} frames, not shape {self.shape}")
        pixel_code(self.shape[1:], self.dtype)
        self.timing = timing or Timing(self.shape[0])
        if self.timing.num_samples != self.shape[0]:
            raise ValueError(f"{self.shape[0]} frames for {self.timing.num_samples} samples")
        rows, cols = self.shape[1:3]
        self.spacing = spacing or Spacing((rows, cols))
        check_shape("frames", self.shape[1:3], self.spacing)

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return type(self).__name__, self._frames, repr(self.timing)

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        is_valid = self.timing.stored_index(sample) is not None
        frame[...] = np.asarray(self._frames[sample]) if is_valid else 0


def pixel_code(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """The number that files have for such frames; ValueError where there are no such movies."""
    if len(shape) == 3 and shape[2] == 3 and dtype == np.uint8:
        return RGB_CODE
    codes = {dtype: code for code, dtype in PIXEL_TYPES.items() if code != RGB_CODE}
    if len(shape) != 2 or dtype not in codes:
        raise ValueError(
            f"frames must be (H, W) of uint16, float32 or uint8, or (H, W, 3) of uint8, "
            f"not {shape} of {dtype}"
        )
    return codes[dtype]


def gives_timestamps(version: object) -> bool:
    """Whether a recording software of this version, 1.1.1 or newer, stamps its frames."""
    if not isinstance(version, str):
        return False
    parts = version.partition("-")[0].split(".")[:3]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return False
    return [*map(int, parts), 0, 0][:3] >= [1, 1, 1]
