"""Saving where the file changed meanwhile: what differs, so that a person can choose."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.errors import IsxFileError

_GONE: Final = "the file is gone: its drive may be disconnected, or its folder renamed"
_LOCKED: Final = "the file or its folder may not be written"
_FULL: Final = "the disk is full"
_CAUSES: Final = {
    errno.ENOENT: _GONE,
    errno.ENOTDIR: _GONE,
    errno.ESTALE: _GONE,
    errno.EACCES: _LOCKED,
    errno.EPERM: _LOCKED,
    errno.EROFS: _LOCKED,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
}


class Difference(NamedTuple):
    """A cell that has another status in the file than when the file was opened."""

    cell: int
    name: str
    opened: CellStatus
    """In the file when that was opened, or last saved from here."""
    in_file: CellStatus
    ours: CellStatus
    """What saving would give it."""

    @property
    def is_ours_decided(self) -> bool:
        """Whether it was decided here too, so that one of two decisions has to yield."""
        return self.ours != self.opened


class SaveConflict(IsxFileError):  # noqa: N818 - it asks a question
    """Nothing was saved, because the file has other statuses than when it was opened.

    `differences` are the cells for which the file would lose what it says now.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        finding: str,
        advice: str = "Nothing was saved.",
        differences: Sequence[Difference] = (),
    ) -> None:
        super().__init__(path, finding, advice)
        self.differences = tuple(differences)


def find_differences(
    names: Sequence[str],
    opened: Sequence[CellStatus],
    in_file: Sequence[CellStatus],
    ours: Sequence[CellStatus],
) -> tuple[Difference, ...]:
    """Cells whose status in the file changed since it was opened, and not as we have them."""
    return tuple(
        Difference(i, *values)
        for i, values in enumerate(zip(names, opened, in_file, ours, strict=True))
        if values[2] not in (values[1], values[3])
    )


def explained(error: OSError, path: Path) -> OSError:
    """The same error, in words that say what became of the decisions."""
    cause = _CAUSES.get(error.errno or 0) or error.strerror or str(error)
    text = f"{path.name} was not saved: {cause}. No decision is lost; save again when it is mended."
    return OSError(error.errno or errno.EIO, text, str(path))
