"""Reading bytes at an offset: from many threads, without a buffer, without a leaked handle."""

from __future__ import annotations

import io
import mmap
import os
import stat
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError

# One read(2) moves at most about 2 GiB on Linux and fails above that on macOS.
_MAX_READ_BYTES: Final = 1 << 30
_HAS_PREADV: Final = hasattr(os, "preadv")
_OPEN_FLAGS: Final = ("BINARY", "CLOEXEC", "NONBLOCK")

P = TypeVar("P", bound=np.generic)


class Block(NamedTuple):
    """A stretch of a file, as its header tells of one."""

    offset: int
    size: int


class FileSource:
    """A file, opened read-only, from which bytes are taken by offset.

    Reads carry their own offset (``preadv``; a lock around seek and read where the system has
    no such call), so any number of threads may read at once. The handle is closed by
    :meth:`close`, after reads that are under way, or when the object is garbage-collected. The
    path is stored absolute, so that it means the same in another process.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(path))
        self._fd = _open(self.path)
        self._close = weakref.finalize(self, os.close, self._fd)
        self._closed = self._is_put_away = False
        # One entry for each read under way. Appending and popping are atomic, so that a fork
        # cannot catch a lock held.
        self._reads: list[None] = []
        self._retired: list[weakref.finalize[[int], FileSource]] = []
        self._lock = threading.Lock()
        status = os.fstat(self._fd)
        if stat.S_ISDIR(status.st_mode):
            self.close()
            raise IsADirectoryError(21, "Is a directory", str(self.path))
        self.size = status.st_size
        """Bytes in the file when it was opened."""
        self.modified_ns = status.st_mtime_ns

    @property
    def closed(self) -> bool:
        """Whether the handle has been given back."""
        return self._closed

    def close(self) -> None:
        """Give the handle back; reading afterwards is an error. May be called twice.

        A read under way in another thread ends first, lest the handle's number goes to another
        file while it is used.
        """
        self._closed = True
        self._retired.append(self._close)
        self._close_retired()

    @property
    def is_current(self) -> bool:
        """Whether the file of this name is still the one that was opened, unchanged."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.modified_ns)

    def put_away(self) -> None:
        """Give the handle back until :meth:`take_out`; a read in between opens the file for itself.

        So nothing holds the file, and whoever still has the object can go on reading.
        """
        if self._closed or self._is_put_away:
            return
        status = os.fstat(self._fd)
        self._version = status.st_size, status.st_mtime_ns
        self._is_put_away = True
        self._retired.append(self._close)
        self._close_retired()

    def take_out(self) -> None:
        """Hold the file open again; where it is gone or another, reading tells."""
        if self._closed or not self._is_put_away:
            return
        try:
            self._fd = self._reopen()
        except (OSError, IsxFileError):
            return
        self._close = weakref.finalize(self, os.close, self._fd)
        self._is_put_away = False

    def _reopen(self) -> int:
        """A handle on the file that was put away."""
        fd = _open(self.path)
        status = os.fstat(fd)
        if (status.st_size, status.st_mtime_ns) == self._version:
            return fd
        os.close(fd)
        raise IsxFileError(
            self.path, "it was changed since its layers were removed", "Open it again"
        )

    def read_into(self, offset: int, target: npt.NDArray[Any]) -> None:
        """Fill a C-contiguous array with the bytes at an offset.

        Raises
        ------
        IsxFileError
            The file ends before the array is full: it changed after it was opened.
        ValueError
            The source is closed.
        """
        view = target.reshape(-1).view(np.uint8).data
        done = 0
        while done < len(view):
            count = self._read_once(offset + done, view[done : done + _MAX_READ_BYTES])
            if count == 0:
                raise IsxFileError(
                    self.path,
                    f"the file ends at byte {offset + done:,}, inside the block of "
                    f"{len(view):,} bytes at {offset:,}: it was shortened after it was opened",
                )
            done += count

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset`; raises as :meth:`read_into` does."""
        target = np.empty(size, np.uint8)
        self.read_into(offset, target)
        return target.tobytes()

    def fail(self, finding: str, *advice: str) -> NoReturn:
        """Raise the error for a file that is broken so; see :class:`IsxFileError`."""
        raise IsxFileError(self.path, finding, *advice)

    def check(self, block: Block, what: str) -> None:
        """Refuse a file that ends before one of its blocks, which `what` names, does."""
        if block.offset + block.size > self.size:
            raise IsxFileError(
                self.path,
                f"its {what} should be {block.size:,} bytes from byte {block.offset:,} on, "
                f"but the file ends at byte {self.size:,}",
            )

    def memmap(
        self, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: npt.DTypeLike
    ) -> npt.NDArray[Any]:
        """Return a read-only strided view on the file's bytes, mapped, not read.

        The mapping has a handle of its own, which lives as long as the array and its views. Raises
        as :meth:`read_into` does.
        """
        if self.closed:
            raise ValueError(f"{self.path.name} is closed")
        if 0 in shape:
            return np.empty(shape, dtype)
        end = offset + np.dtype(dtype).itemsize
        end += sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        try:
            with self._handle() as fd:
                mapped = mmap.mmap(fd, end - start, access=mmap.ACCESS_READ, offset=start)
        except ValueError:
            raise IsxFileError(
                self.path,
                f"the file ends before byte {end:,}: it was shortened after it was opened",
            ) from None
        return np.ndarray(shape, dtype, mapped, offset - start, strides)

    def _read_once(self, offset: int, view: memoryview) -> int:
        with self._handle() as fd:
            if _HAS_PREADV:
                return os.preadv(fd, [view], offset)
            with self._lock:
                os.lseek(fd, offset, os.SEEK_SET)
                with io.FileIO(fd, closefd=False) as handle:
                    return handle.readinto(view) or 0

    @contextmanager
    def _handle(self) -> Iterator[int]:
        """The handle, which is not given back meanwhile."""
        self._reads.append(None)
        try:
            if self._closed:
                raise ValueError(f"{self.path.name} is closed")
            if self._is_put_away:
                fd = self._reopen()
                try:
                    yield fd
                finally:
                    os.close(fd)
            else:
                yield self._fd
        finally:
            self._reads.pop()
            self._close_retired()

    def _close_retired(self) -> None:
        """Close the handles that are not to be used any more, if no read is under way."""
        retired = tuple(self._retired)  # before looking: who begins to read now uses another
        if retired and not self._reads:
            for close in retired:
                close()
                with suppress(ValueError):  # another thread was first
                    self._retired.remove(close)


def _open(path: Path) -> int:
    # Without O_NONBLOCK, opening a pipe waits for someone to write into it.
    flags = os.O_RDONLY | sum(getattr(os, f"O_{name}", 0) for name in _OPEN_FLAGS)
    return os.open(path, flags)


def array_to_fill(
    out: npt.NDArray[P] | None, shape: tuple[int, ...], dtype: np.dtype[P]
) -> npt.NDArray[P]:
    """The array that a caller wants filled, or a new one; ValueError for one that does not fit."""
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"{shape} of {dtype} do not fit into an array of {out.shape} {out.dtype}"
            + ("" if out.flags.c_contiguous else " that is not C-contiguous")
        )
    return out
