"""What all exporters share: looking at the target first, and progress.

Files are written with :func:`napari_isx.io.format.atomic_write.new_file`, and packages that may be
missing are imported with :func:`napari_isx.io.base.optional.needed`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from napari_isx.io.base.optional import MissingExtraError as MissingExtraError
from napari_isx.io.base.optional import needed as needed
from napari_isx.io.base.recording import Recording

Progress = Callable[[float], None]
"""Called with the fraction done, 0 to 1; an exception that it raises stops the export."""


def check_target(
    path: str | os.PathLike[str], overwrite: bool, recordings: Iterable[Recording] = ()
) -> Path:
    """See that a file can be written there, before any work is done for it.

    Parameters
    ----------
    path : str or path-like
    overwrite : bool
        Whether a file that is there may be replaced.
    recordings : iterable of Recording
        What is exported, whose own files are never replaced.

    Raises
    ------
    FileExistsError
        There is a file, or it is one of those that are exported.
    IsADirectoryError, FileNotFoundError
        There is a folder of that name, or no folder to write it into.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder has this name, choose another", str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(target.parent))
    if not target.exists():
        return target
    if not overwrite:
        reason = "it exists already: choose another name, or allow to overwrite it"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    sources = (source for one in recordings for source in one.paths)
    if any(source.exists() and target.samefile(source) for source in sources):
        reason = "it is exported itself, and never overwritten: choose another name"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    return target
