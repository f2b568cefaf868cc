"""What all movies have in common: frames by number, one by one, in slices or as a lazy stack."""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, SupportsIndex, TypeVar, overload

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.lazy import frames_to_dask
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.source import array_to_fill

if TYPE_CHECKING:
    import dask.array as da

P = TypeVar("P", bound=np.generic)


class FrameSequence(Recording, Generic[P]):
    """A recording of frames. What a frame is and where it comes from, subclasses say.

    Attributes
    ----------
    shape : tuple of int
        Samples first, then the axes of a frame.
    dtype : numpy.dtype
    timing : Timing
    spacing : Spacing
    """

    shape: tuple[int, ...]
    dtype: np.dtype[P]
    timing: Timing
    spacing: Spacing

    @property
    def ndim(self) -> int:
        """Number of axes: 3, or 4 for colour."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[npt.NDArray[P]]:
        return (self.read_frame(i) for i in range(len(self)))

    @overload
    def __getitem__(self, index: SupportsIndex) -> npt.NDArray[P]: ...
    @overload
    def __getitem__(self, index: slice) -> npt.NDArray[P]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> npt.NDArray[P]:
        if not isinstance(index, slice):
            return self.read_frame(operator.index(index))
        samples = range(*index.indices(len(self)))
        frames = np.empty((len(samples), *self.shape[1:]), self.dtype)
        for frame, sample in zip(frames, samples, strict=True):
            self._read_into(sample, frame)
        return frames

    def read_frame(self, i: int) -> npt.NDArray[P]:
        """Read one frame; of a behavior movie its luma.

        Parameters
        ----------
        i : int
            Sample index; negative counts from the end.

        Returns
        -------
        numpy.ndarray
            ``(H, W)`` or ``(H, W, 3)``, a new array; zeros where the sample is invalid.

        Raises
        ------
        IndexError
            There is no such sample.
        IsxFileError
            The frame is missing in the file, or its picture is damaged.
        """
        frame = np.empty(self.shape[1:], self.dtype)
        self._read_into(self._sample(i), frame)
        return frame

    def read_rows(
        self, i: int, start: int, stop: int, out: npt.NDArray[P] | None = None
    ) -> npt.NDArray[P]:
        """Read some rows of a frame: no more than these where frames lie row by row in the file.

        Parameters
        ----------
        i : int
            Sample index; negative counts from the end.
        start, stop : int
            First row, and the one after the last.
        out : numpy.ndarray, optional
            A C-contiguous array of the rows' shape and the movie's type to read into; a new one
            by default.

        Returns
        -------
        numpy.ndarray
            ``(stop - start, W)`` or ``(stop - start, W, 3)``: `out`, or the new array; zeros
            where the sample is invalid.

        Raises
        ------
        IndexError
            There is no such sample, or there are no such rows.
        ValueError
            `out` is of another shape, type or order.
        IsxFileError, UnsupportedIsxError
            As :meth:`read_frame`.
        """
        if not 0 <= start <= stop <= self.shape[1]:
            raise IndexError(f"rows {start} to {stop} of frames with {self.shape[1]:,} rows")
        rows = array_to_fill(out, (stop - start, *self.shape[2:]), self.dtype)
        self._read_rows_into(self._sample(i), start, rows)
        return rows

    def to_dask(self, frames_per_chunk: int = 1) -> da.Array:
        """Return the movie as a lazy dask array that reads frames when they are needed.

        Parameters
        ----------
        frames_per_chunk : int
            1 suits viewing: one step reads one frame. For computing over the whole movie,
            chunks of about 64 MB are several times faster.

        Returns
        -------
        dask.array.Array
            Shape and dtype of the movie. It pickles by the file's path, so the workers of a
            cluster read the file themselves; it keeps the movie open while it lives.
        """
        return frames_to_dask(self, frames_per_chunk)

    def _sample(self, i: int) -> int:
        """The sample that an index means, which may count from the end."""
        sample = i + len(self) if i < 0 else i
        if not 0 <= sample < len(self):
            raise IndexError(f"frame {i} of {self.path.name}, which has {len(self):,} frames")
        return sample

    @abstractmethod
    def _read_into(self, sample: int, frame: npt.NDArray[P]) -> None:
        """Fill an array of a frame's shape and type, with zeros where the sample is invalid."""

    def _read_rows_into(self, sample: int, start: int, rows: npt.NDArray[P]) -> None:
        """Fill an array with a frame's rows from `start` on; here by way of the whole frame."""
        if rows.shape[0] == self.shape[1]:
            self._read_into(sample, rows)
        else:
            frame = np.empty(self.shape[1:], self.dtype)
            self._read_into(sample, frame)
            rows[...] = frame[start : start + len(rows)]
