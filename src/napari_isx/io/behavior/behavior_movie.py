"""Behavior movies: what every one of them can do, of one file or of several."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.frames import FrameSequence, frames_to_dask
from napari_isx.io.behavior.tracking import Tracking
from napari_isx.io.format.picture import Pixels

if TYPE_CHECKING:
    import dask.array as da


class BehaviorMovie(FrameSequence[np.uint8]):
    """A behavior camera's movie: frames by number, decoded when they are asked for.

    ``movie[i]``, ``movie[a:b:c]`` and iteration give the luma of frames, as the camera stored
    it; samples without a frame read as zeros, and ``timing.valid_mask`` says which they are.
    :meth:`read_color_frame` and ``to_dask(color=True)`` give color.

    Attributes
    ----------
    timing : Timing
        With the mean period between the first and last hardware timestamp. Of a movie of fewer
        than two frames, which has none, the period is 50 ms.
    spacing : Spacing
        Nominal: 3 um for each of the camera's pixels, unless processing wrote another.
    shape : tuple of int
        ``(T, H, W)``.
    dtype : numpy.dtype
        uint8.
    """

    dtype = np.dtype("u1")
    kind: ClassVar[str] = "behavior movie"

    def read_color_frame(self, i: int) -> Pixels:
        """Read one frame in color.

        Parameters and errors are those of :meth:`read_frame`.

        Returns
        -------
        numpy.ndarray
            ``(H, W, 3)`` uint8: red, green, blue; zeros where the sample has no frame.
        """
        picture = self._decode(self._sample(i), color=True)
        return np.zeros((*self.shape[1:], 3), self.dtype) if picture is None else picture

    def to_dask(self, frames_per_chunk: int = 1, *, color: bool = False) -> da.Array:
        """Return the movie as a lazy dask array that decodes frames when they are needed.

        Parameters
        ----------
        frames_per_chunk : int
            1 suits viewing: one step decodes one frame.
        color : bool
            Whether to decode the colors.

        Returns
        -------
        dask.array.Array
            ``(T, H, W)``, or ``(T, H, W, 3)`` in color. It pickles by the file's path, so the
            workers of a cluster read the file themselves; it keeps the movie open while it
            lives.
        """
        if not color:
            return super().to_dask(frames_per_chunk)
        return frames_to_dask(_ColorFrames(self), frames_per_chunk)

    @property
    @abstractmethod
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None without metadata.

        0 for samples without a frame, and where a frame's is damaged, as ``clock_problems`` say.
        """

    @property
    @abstractmethod
    def tracking(self) -> Tracking | None:
        """Where the animal was and the zones it was in, or None of a movie not tracked.

        Its ``problems`` name what of it is damaged and left out.
        """

    def _read_into(self, sample: int, frame: Pixels) -> None:
        picture = self._decode(sample)
        frame[...] = 0 if picture is None else picture

    @abstractmethod
    def _decode(self, sample: int, *, color: bool = False) -> Pixels | None:
        """Decode the picture of a sample; None where it has none."""

    def _summary(self) -> str:
        size = " x ".join(map(str, self.shape[1:]))
        return f"{len(self):,} frames of {size} at {self.timing.sampling_rate_hz:.4g} Hz"


class _ColorFrames:
    """A behavior movie as a source of color frames."""

    def __init__(self, movie: BehaviorMovie) -> None:
        self._movie = movie
        self.shape = (*movie.shape, 3)
        self.dtype = movie.dtype

    def __getitem__(self, index: slice) -> Pixels:
        samples = range(*index.indices(len(self._movie)))
        frames = np.empty((len(samples), *self.shape[1:]), self.dtype)
        for frame, sample in zip(frames, samples, strict=True):
            frame[...] = self._movie.read_color_frame(sample)
        return frames

    def __reduce__(self) -> tuple[type[_ColorFrames], tuple[BehaviorMovie]]:
        return _ColorFrames, (self._movie,)

    def __dask_tokenize__(self) -> object:
        return "color", self._movie.__dask_tokenize__()
