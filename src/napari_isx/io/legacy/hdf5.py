"""Frames, times and digital lines in an HDF5 file of nVista's.

Datasets: ``images`` (frames, rows, columns), ``timeStamp`` (f64, Unix seconds of each frame),
``anc_data`` (u16) and ``anc_data_count``. Beside each frame is room for 15 words of ``anc_data``,
of which its count are used. A word is four samples at 1 kHz, the first in the lowest bits; the
bits of a sample are the states of the lines IO1, IO2, sync and trigger.
"""

from __future__ import annotations

from math import floor, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import MAX_PACKET_BYTES, Channels
from napari_isx.io.base.recording import FileRecording
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import MAX_FRAMES, Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.legacy.piece import check_movie, not_ours, refusing

if TYPE_CHECKING:
    import h5py

HDF5: Final = frozenset({".hdf5", ".h5"})
_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_MAX_CHUNK_BYTES: Final = 1 << 30
_MAX_PERIOD_MS: Final = 86_400_000
_FRAME_WORDS: Final = 15
_SAMPLE_US: Final = 1000


class Hdf5Piece:
    """An HDF5 file of frames. Its library lets one thread in at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_hdf5(path)
        try:
            with refusing(path, "HDF5"):
                images = _dataset(self._file, "images")
                if images is None:
                    raise IsxFileError(path, "it has no dataset called images with its frames")
                self.shape: tuple[int, ...] = images.shape
                self.dtype = check_movie(path, images.shape, images.dtype)
                if prod(images.chunks or ()) * self.dtype.itemsize > _MAX_CHUNK_BYTES:
                    raise IsxFileError(path, "its frames lie in blocks too large to be read")
                self._images = images
        except BaseException:
            self._file.close()
            raise

    def read_into(self, index: int, frame: npt.NDArray[Any]) -> None:
        with refusing(self.path, "HDF5"):
            self._images.read_direct(frame, np.s_[index])

    def close(self) -> None:
        self._file.close()


class LineSet(FileRecording, GpioSet):
    """The digital lines beside the frames; by its path alone it would be a movie."""

    def __init__(self, source: FileSource, lines: Channels) -> None:
        super().__init__(source)
        self._channels = lines

    @classmethod
    def open_file(cls, source: FileSource) -> Self:
        lines = _read_lines(source.path)
        if lines is None:
            source.fail("it has no digital lines beside its frames")
        return cls(source, lines)


def _lines(words: npt.NDArray[np.uint16], start_s: float) -> Channels:
    start = Rational(floor(start_s * 1_000_000), 1_000_000)

    def read() -> list[Signal]:
        samples = (words[:, None] >> np.arange(0, 16, 4, dtype=np.uint16)).reshape(-1)
        offsets_us = np.arange(len(samples), dtype=np.uint64) * np.uint64(_SAMPLE_US)
        return [Signal(offsets_us, (samples >> i & 1).astype(np.float32)) for i in range(4)]

    timing = Timing(4 * len(words), Rational(_SAMPLE_US, 1_000_000), start)
    return Channels(["IO1", "IO2", "sync", "trigger"], [True] * 4, timing, read)


def open_lines(path: Path) -> LineSet | None:
    """Open the digital lines of a file, or return None where it has none."""
    lines = _read_lines(path)
    return None if lines is None else LineSet(FileSource(path), lines)


def _read_lines(path: Path) -> Channels | None:
    with open_hdf5(path) as file:
        words = _numbers(path, file, "anc_data", MAX_PACKET_BYTES // 2)
        counts = _numbers(path, file, "anc_data_count", MAX_FRAMES)
        times = _numbers(path, file, "timeStamp", MAX_FRAMES)
    if words is None or counts is None:
        return None
    if times is None or not _is_start(times):
        raise IsxFileError(path, "its digital lines have no times: there are none of the frames")
    if words.dtype.kind not in "iu" or words.dtype.itemsize != 2 or len(words) % _FRAME_WORDS:
        raise IsxFileError(path, "its digital lines should be 15 words of 16 bits for each frame")
    rows = words.astype("<u2").reshape(-1, _FRAME_WORDS)[: min(len(counts), len(times))]
    counts = counts[: len(rows)]
    if np.any(counts < 0) or np.any(counts > _FRAME_WORDS):
        raise IsxFileError(path, "a frame should have 0 to 15 words of digital lines")
    used = rows[np.arange(_FRAME_WORDS) < counts[:, None]]
    return _lines(used, float(times[0]))


def read_times(path: Path) -> tuple[Rational | None, Rational | None]:
    """Period and start in seconds, as `isx` has them: to the millisecond and to the second."""
    with open_hdf5(path) as file:
        times = _numbers(path, file, "timeStamp", MAX_FRAMES)
    if times is None or not _is_start(times):
        return None, None
    # By one frame too many, which is a fault of isx and so the time that its users know.
    mean_ms = 1000 * float(times[-1] - times[0]) / len(times)
    period = Rational(floor(mean_ms + 0.5), 1000) if 0.5 <= mean_ms < _MAX_PERIOD_MS else None
    return period, Rational(int(times[0]), 1)


def open_hdf5(path: Path) -> h5py.File:
    """Open an HDF5 file, without the lock by which the library keeps others from writing."""
    source = FileSource(path)
    try:
        if not is_hdf5(source):
            raise not_ours(path, "an HDF5 file")
    finally:
        source.close()
    import h5py

    with refusing(path, "HDF5"):
        return h5py.File(path, "r", locking=False)


def is_hdf5(source: FileSource) -> bool:
    """Whether a file has the signature of HDF5."""
    start = source.read(0, min(source.size, 2048 + len(_SIGNATURE)))
    return any(start.startswith(_SIGNATURE, at) for at in (0, 512, 1024, 2048))


def _dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """A dataset in this file and no other, or None."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return None
    found = file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        return None
    return found


def _numbers(path: Path, file: h5py.File, name: str, most: int) -> npt.NDArray[Any] | None:
    """A short dataset of numbers, in one row; None where there is none."""
    with refusing(path, "HDF5"):
        found = _dataset(file, name)
        if found is None:
            return None
        if found.dtype.kind not in "iuf" or found.size > most:
            raise IsxFileError(path, f"its {name} should be at most {most:,} numbers")
        return np.asarray(found[()]).reshape(-1)


def _is_start(times: npt.NDArray[Any]) -> bool:
    """Whether times begin with one that people may have; a NaN is none."""
    return len(times) > 0 and bool(abs(times[0]) < 2**33)
