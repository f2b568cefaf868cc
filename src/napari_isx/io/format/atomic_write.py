"""Files that are on the disk as a whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

# What Windows calls it: access denied, and a violation of sharing or of a lock.
_HELD_OPEN: Final = (5, 32, 33)


@contextlib.contextmanager
def new_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to fill, which takes the target's place if nothing goes wrong.

    It is then complete and safe from a power cut; otherwise what was there is there still.
    """
    with partial_file(path) as partial, partial.open("wb") as handle:
        yield handle


@contextlib.contextmanager
def partial_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The path of a file for others to make, which takes the target's place as above."""
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    try:
        yield partial
        with partial.open("r+b") as handle:
            os.fsync(handle.fileno())
        replace(partial, target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_folder(target.parent)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, which is gone then.

    Windows refuses that while a program has either open, as those that look for viruses, copy
    to a cloud or make an index do for a moment with every new file; so it is tried for a second.
    """
    for pause_s in (0.05, 0.1, 0.2, 0.4, None):
        try:
            os.replace(source, target)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD_OPEN:
                raise
            if pause_s is None:
                reason = "another program has it open: close it there, and try again"
                raise PermissionError(error.errno, reason, str(target)) from None
            time.sleep(pause_s)
        else:
            return


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
