"""Files that are on the disk as a whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def new_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to fill, which takes the target's place if nothing goes wrong.

    It is then complete and safe from a power cut; otherwise what was there is there still.

    Raises
    ------
    OSError
        It cannot be written.
    """
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    try:
        with partial.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_folder(target.parent)


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Put a file in place at once; see :func:`new_file`."""
    with new_file(path) as handle:
        handle.write(data)


def sync_folder(folder: Path) -> None:
    """Make a new name durable, where a folder can be synced: not on Windows, nor on every share."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
