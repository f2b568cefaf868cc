"""Lazy dask stacks over anything that reads frames."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import dask.array as da


class FrameSource(Protocol):
    """What a stack is made from; it has to pickle and to tell dask its identity."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames first."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""

    def __getitem__(self, index: slice, /) -> npt.NDArray[Any]: ...
    def __dask_tokenize__(self) -> object: ...


def frames_to_dask(frames: FrameSource, frames_per_chunk: int) -> da.Array:
    """Return a dask array that reads `frames_per_chunk` frames at a time.

    The name is given, because dask would hash the data to find one; the blocks are made by
    number, because dask would copy an array it is handed.

    Raises
    ------
    ValueError
        `frames_per_chunk` is less than 1.
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
