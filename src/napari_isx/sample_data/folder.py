"""Where the samples' files are kept, and how they get there whole."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

# Part of the folders' names: another number makes the files again.
_VERSION: Final = 3
_FORSAKEN_AFTER_S: Final = 3600.0


def sample_folder(sample: str = "recording") -> Path:
    """Where a sample's files are kept: in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("napari-isx") / f"sample-{sample}-{_VERSION}"


def ensure(folder: Path, names: Sequence[str], write: Callable[[Path], None]) -> None:
    """Have a sample's files made where they are missing.

    They are written into a folder beside, which takes this one's name when they are complete: a
    run that is cut off leaves nothing behind that looks like a sample.

    `names`: of all files. `write`: writes all files into a folder.
    Raises OSError: the cache folder cannot be written.
    """
    if all((folder / name).exists() for name in names):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_forsaken(folder)
    making = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
    try:
        write(making)
        try:
            making.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            # Others are there already; a cell set among them may have decisions saved in it.
            for name in names:
                if not (folder / name).exists():
                    (making / name).replace(folder / name)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _prefix(folder: Path) -> str:
    return f".{folder.name}-making-"


def _clear_forsaken(folder: Path) -> None:
    """Remove what runs that were killed have left; a younger one may still be going on."""
    for left in folder.parent.glob(f"{_prefix(folder)}*"):
        if time.time() - left.stat().st_mtime > _FORSAKEN_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
