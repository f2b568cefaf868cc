"""What a file with frames of nVista's has to be, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.spacing import MAX_PIXELS
from napari_isx.io.errors import IsxFileError, UnsupportedIsxError

FOREIGN_ADVICE: Final = (
    "If it is a recording all the same, it is damaged: copy it again from where it was recorded."
)
PLAIN_ADVICE: Final = (
    "Save it again as uncompressed uint16 or float32 with one gray channel; napari's own reader "
    "may open it as it is."
)
_PIXEL_TYPES: Final = tuple(map(np.dtype, ("u1", "<u2", "<f4")))


class Piece(Protocol):
    """One file of frames: ``(frames, rows, columns)`` of a little-endian type."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read_into(self, index: int, frame: npt.NDArray[Any]) -> None:
        """Fill an array with a frame."""

    def close(self) -> None:
        """Give the file back."""


def check_movie(path: Path, shape: Sequence[int], dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Refuse what is no movie that can be shown; return its type in little-endian order."""
    little = dtype.newbyteorder("<")
    if len(shape) != 3 or little not in _PIXEL_TYPES:
        raise UnsupportedIsxError(
            path, f"it holds {dtype} of {tuple(shape)}, which is no movie", PLAIN_ADVICE
        )
    if not 1 <= shape[1] * shape[2] <= MAX_PIXELS:
        raise IsxFileError(path, f"no frame has {shape[1]:,} x {shape[2]:,} pixels")
    return little


def not_ours(path: Path, what: str, advice: str = FOREIGN_ADVICE) -> IsxFileError:
    """The error for a file that is not `what` its suffix says."""
    finding = f"it is not an Inscopix file as far as its content says: it is not {what}"
    return IsxFileError(path, finding, advice)


@contextmanager
def refusing(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a library does about a broken file into our error."""
    try:
        yield
    except IsxFileError:
        raise
    except Exception as error:
        text = str(error).partition("\n")[0][:200] or type(error).__name__
        raise IsxFileError(path, f"it is no sound {what} file ({text})") from error
