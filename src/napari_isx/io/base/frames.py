"""What all movies have in common: frames by number, one by one, in slices or as a lazy stack."""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, SupportsIndex, TypeVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.source import array_to_fill

if TYPE_CHECKING:
    import dask.array as da

P = TypeVar("P", bound=np.generic)
T = TypeVar("T")
_READERS: Final = 16


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
        """Number of axes: 3, or 4 for color."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[npt.NDArray[P]]:
        return (self.read_frame(i) for i in range(len(self)))

    def __getitem__(self, index: Any) -> npt.NDArray[P]:
        """Read what a NumPy array of this shape would give for an index, as a new array.

        Only frames that the index asks for are read, and of them only the rows where one slice
        of rows is asked for.

        Raises
        ------
        IndexError
            NumPy would refuse the index.
        """
        if isinstance(index, SupportsIndex) and not isinstance(index, (bool, np.ndarray)):
            return self.read_frame(operator.index(index))
        samples, within = split_index(index, self.shape)
        if samples is None:
            return self._gather(index)
        rows = range(*within[0].indices(self.shape[1])) if within else range(self.shape[1])
        start, stop = (min(rows), max(rows) + 1) if rows else (0, 0)
        inside = (_moved(rows, start), *within[1:])
        sample_list = samples.ravel().tolist()
        part = np.empty((stop - start, *self.shape[2:]), self.dtype)
        cut = part[inside].shape
        result = np.empty((len(sample_list), *cut), self.dtype)
        for target, sample in zip(result, sample_list, strict=True):
            direct = cut == part.shape and rows.step > 0
            self._read_rows_into(sample, start, target if direct else part)
            if not direct:
                target[...] = part[inside]
        return result.reshape(*samples.shape, *cut)

    def _gather(self, index: Any) -> npt.NDArray[P]:
        """Read single pixels, and whatever else NumPy's fancy indexing can ask for."""
        axes = np.ogrid[tuple(slice(size) for size in self.shape)]
        # Zero-stride arrays of coordinates: NumPy itself says which pixel goes where.
        places = [np.broadcast_to(axis, self.shape)[index] for axis in axes]
        samples, which = np.unique(places[0], return_inverse=True)
        frames = np.empty((len(samples), *self.shape[1:]), self.dtype)
        for frame, sample in zip(frames, samples.tolist(), strict=True):
            self._read_into(sample, frame)
        picked: npt.NDArray[P] = frames[(which.reshape(places[0].shape), *places[1:])]
        return picked

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
        IsxFileError
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
            raise IndexError(f"frame {i} of {self.name}, which has {len(self):,} frames")
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


def split_index(
    index: Any, shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.intp] | None, list[slice]]:
    """Take an index apart into samples and what is cut out of every frame.

    `index`: as NumPy takes it. `shape`: of the movie.
    Returns `samples`: the samples in order, in the shape that they have in the result; None where
    the index is of another form than samples, then slices. `within`: for the axes of a frame, as
    far as the index names them.
    Raises IndexError: numPy would refuse the index of samples.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    whole = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(whole) == 1:
        missing = len(shape) - len(parts) + 1
        parts[whole[0] : whole[0] + 1] = [slice(None)] * max(missing, 0)
    if not parts:
        parts = [slice(None)]
    first, *within = parts
    is_plain = all(isinstance(part, slice) for part in within)
    if len(parts) > len(shape) or first is None or isinstance(first, bool) or not is_plain:
        return None, []
    samples = np.arange(shape[0])
    if isinstance(first, slice):
        return samples[first], within
    chosen = np.asarray(first)
    if chosen.size == 0 and chosen.dtype == np.float64:
        chosen = chosen.astype(np.intp)  # an empty list
    if chosen.ndim == 0 or (chosen.dtype == np.bool_ and chosen.ndim > 1):
        return None, []
    return samples[chosen], within


def in_threads(read: Callable[[int], T], places: Iterable[int]) -> list[T]:
    """What `read` gives for each place, read by several threads at a time.

    On a share it is the answer to each small read that takes long, and not the reading.
    """
    wanted = [int(place) for place in places]
    if len(wanted) < _READERS:
        return [read(place) for place in wanted]
    share = -(-len(wanted) // _READERS)
    parts = [wanted[i : i + share] for i in range(0, len(wanted), share)]
    with ThreadPoolExecutor(_READERS) as pool:
        found = pool.map(lambda part: [read(place) for place in part], parts)
        return [value for part in found for value in part]


def _moved(rows: range, start: int) -> slice:
    """The same rows of a block that begins at `start`."""
    if not rows:
        return slice(0, 0)
    stop = rows[-1] - start + (1 if rows.step > 0 else -1)
    return slice(rows[0] - start, stop if stop >= 0 else None, rows.step)


class FrameSource(Protocol):
    """What a stack is made from; it has to pickle and to give dask its identity."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames first."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""

    def __getitem__(self, index: Any, /) -> npt.NDArray[Any]: ...
    def __dask_tokenize__(self) -> object: ...


def frames_to_dask(frames: FrameSource, frames_per_chunk: int) -> da.Array:
    """Return a dask array that reads `frames_per_chunk` frames at a time.

    The name is given, because dask would hash the data to find one; the blocks are made by
    number, because dask would copy an array it is handed.

    Raises ValueError: `frames_per_chunk` is less than 1.
    """
    import dask.array as da
    from dask.base import tokenize

    if frames_per_chunk < 1:
        raise ValueError(f"frames_per_chunk must be at least 1, not {frames_per_chunk}")
    count, *frame_shape = frames.shape
    whole, rest = divmod(count, frames_per_chunk)
    sizes = (frames_per_chunk,) * whole + ((rest,) if rest or not count else ())
    return da.map_blocks(  # type: ignore[no-untyped-call, no-any-return]
        partial(_read_block, frames, frames_per_chunk),
        chunks=(sizes, *((size,) for size in frame_shape)),
        dtype=frames.dtype,
        meta=np.empty((0,) * len(frames.shape), frames.dtype),
        name=f"isx-frames-{tokenize(frames, frames_per_chunk)}",
    )


def _read_block(
    frames: FrameSource, frames_per_chunk: int, block_id: tuple[int, ...]
) -> npt.NDArray[Any]:
    first = block_id[0] * frames_per_chunk
    return frames[first : first + frames_per_chunk]
