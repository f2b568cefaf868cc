"""The napari reader: which paths are ours, and the layers they become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_isx.io.errors import IsxFileError
from napari_isx.io.open import open_isx

if TYPE_CHECKING:
    from napari_isx.layers.keys import LayerData

SUFFIXES: Final = frozenset({".isxd", ".isxc"})

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData] | list[tuple[None]]] | None:
    """Return a reader for paths that are all Inscopix files, else None.

    Looks at names only, so that a broken file of ours is not passed on to other readers, which
    would say something less helpful about it.
    """
    paths = _as_list(path)
    ours = all(Path(p).suffix.lower() in SUFFIXES and not Path(p).is_dir() for p in paths)
    return read if paths and ours else None


def read(path: Paths) -> list[LayerData] | list[tuple[None]]:
    """Open files and return their layers, in order.

    Of several files ("open as stack"), the parts of one recording become one layer.

    In a running window a broken file becomes one clear notification, and the others are opened
    all the same.

    Raises
    ------
    IsxFileError
        A file is broken or of a kind that is not read, and there is no window to say so in.
    OSError
        A file is missing or may not be read.
    """
    from napari_isx.io.series_groups import series_of
    from napari_isx.layers.build import layers_of
    from napari_isx.layers.window import announce_recordings, tell_of_broken_file

    layers: list[LayerData] = []
    for parts in series_of(_as_list(path)):
        try:
            layers += layers_of(open_isx(parts))
        except IsxFileError as error:
            if not tell_of_broken_file(str(error)):
                raise
    announce_recordings()
    return layers or [(None,)]


def _as_list(path: Paths) -> list[str]:
    return [path] if isinstance(path, str) else list(path)
