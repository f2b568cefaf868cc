"""The napari reader: which paths are ours, and the layers they become."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.io.cells.save_statuses import JOURNAL_SUFFIX as STATUSES_SUFFIX
from napari_isx.io.cells.status_backups import OLD_SUFFIX
from napari_isx.io.errors import IsxFileError, unexpected
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.io.folders.scan import find_recordings, has_recordings, is_ours

if TYPE_CHECKING:
    from napari_isx.io.folders.summary import Found
    from napari_isx.layers.keys import LayerData

_log = logging.getLogger(__name__)

Paths = str | Sequence[str]

_MOST_NAMED: Final = 5
_SIDE_SUFFIXES: Final = (JOURNAL_SUFFIX, STATUSES_SUFFIX, OLD_SUFFIX)


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData] | list[tuple[None]]] | None:
    """Return a reader for Inscopix files, or for folders with such files in them, else None.

    Looks at names where they are enough, so that a broken file of ours is not passed on to other
    readers, which would say something less helpful about it. What decisions about cells leave
    beside a cell set is claimed too, and ignored: napari opens nothing of several files if one of
    them is nobody's.
    """
    paths = [Path(one) for one in _as_list(path) if one]
    folders = [os.path.isdir(one) for one in paths]
    claims = has_recordings if any(folders) else _is_claimed
    one_sort = len(set(folders)) == 1  # all folders, or all files
    return read if one_sort and all(map(claims, paths)) else None


def read(path: Paths) -> list[LayerData] | list[tuple[None]]:
    """Open files, or what the user chooses of folders, and return their layers, in order.

    Of several files that napari asks for one by one, the parts of one recording become one layer.
    Those given as a list ("open as stack") are joined whatever their names are.

    In a running window each file that is broken or cannot be read becomes one clear notification,
    and the others are opened all the same; what is open already is selected. Without one the
    error says what it keeps from opening.

    Raises IsxFileError: a file is broken or of a kind that is not read, and there is no window to
    say so in; OSError: a file is missing or may not be read.
    """
    from napari_isx.layers.window_commands import (
        announce_recordings,
        run_beside,
        show_open_files,
    )

    layers: list[LayerData] = []
    with _reporting(path), OpenFiles() as own:
        recordings, files = _recordings(path, own)
        for parts in recordings:
            others = [one for group in recordings if group is not parts for one in group]
            with _reporting(parts[0], [*others, *_to_come(path)]):
                if show_open_files(parts):
                    continue
                load = partial(_layers_in, files, parts)
                layers += run_beside(load, f"Opening {parts[0].name}")
    if layers:
        announce_recordings()
    return layers or [(None,)]


@contextmanager
def _reporting(path: Paths | Path, others: Sequence[Path] = ()) -> Iterator[None]:
    """Show in a running window what is wrong with a file; without one, raise it.

    What is raised has a note on the others that are not opened because of it.
    """
    from napari_isx.layers.window_commands import report_broken_file

    try:
        yield
    except Exception as error:
        if not isinstance(error, (IsxFileError, OSError)):
            _log.exception("unexpected, while opening %s", path)
        if not report_broken_file(_in_words(error, path)):
            if others:
                error.add_note(_not_opened(others))
            raise


def _not_opened(files: Sequence[Path]) -> str:
    names = ", ".join(one.name for one in files[:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    return f"Because of it these were not opened either: {names}{more}. Leave it out to open them."


def _in_words(error: Exception, path: Paths | Path) -> str:
    if isinstance(error, IsxFileError):
        return str(error)
    if not isinstance(error, OSError):
        first = path if isinstance(path, (str, Path)) else path[0]
        return f"{os.path.basename(first)} cannot be opened: {unexpected(error)}. (File: {first})"
    if error.filename is None:
        return str(error)
    name = os.path.basename(error.filename)
    return (
        f"{name}: it cannot be opened ({error.strerror}). Look whether it is still there and may "
        f"be read. (File: {error.filename})"
    )


def _layers_in(files: OpenFiles, parts: Sequence[Path]) -> list[LayerData]:
    from napari_isx.layers.build import layers_of

    return layers_of(files.take(parts))


def _recordings(path: Paths, own: OpenFiles) -> tuple[list[list[Path]], OpenFiles]:
    """The recordings to open, each as its parts, and the files that are open by then."""
    from napari_isx.layers.opened_together import parts_to_open

    paths = [one for one in _as_list(path) if not _is_side_file(Path(one))]
    folders = [Path(one) for one in paths if os.path.isdir(one)]
    if folders:
        return [parts for folder in folders for parts in _chosen(folder, own)], own
    if not paths:
        return [], own
    if not isinstance(path, str):
        return _stacked([Path(one) for one in paths], own), own
    parts, files = parts_to_open(path, _is_file_of_ours)
    return [parts] if parts else [], files


def _to_come(path: Paths) -> list[Path]:
    """The files that napari asks for later, of those that are opened together."""
    from napari_isx.layers.opened_together import files_to_come

    return files_to_come(path) if isinstance(path, str) else []


def _stacked(paths: Sequence[Path], files: OpenFiles) -> list[list[Path]]:
    """What the user opens as a stack, as a series of each kind; if it is none, say why."""
    from napari.utils.notifications import show_warning

    from napari_isx.io.folders.grouping import by_hand, series_of

    try:
        return by_hand(paths, files)
    except IsxFileError as error:
        show_warning(f"Not opened as one series. {error}")
        return series_of(paths, files)


def _chosen(folder: Path, files: OpenFiles) -> list[list[Path]]:
    """What to open of a folder: the only recording in it, or those that the user chooses."""
    from napari_isx.layers.window_commands import choose_recordings, run_beside

    finds = run_beside(partial(find_recordings, folder, files), f"Looking into {folder.name}")
    chosen = finds if len(finds) == 1 else choose_recordings(folder, finds)
    return _joined(chosen or [], files)


def _joined(finds: Iterable[Found], files: OpenFiles) -> list[list[Path]]:
    """The parts of each find; those that the list could not join are joined now."""
    from napari_isx.io.folders.grouping import series_of

    finds = list(finds)
    alone = [one.path for one in finds if len(one.paths) == 1 and one.may_be_part]
    together = series_of(alone, files) if len(alone) > 1 else [[path] for path in alone]
    joined = {parts[0]: parts for parts in together}
    groups = [list(one.paths) for one in finds if one.path not in alone or one.path in joined]
    return [joined.get(parts[0], parts) for parts in groups]


def _is_file_of_ours(path: Path) -> bool:
    return not os.path.isdir(path) and is_ours(path)


def _is_side_file(path: Path) -> bool:
    """Whether a file is one that decisions about cells leave beside a cell set."""
    return path.name.endswith(_SIDE_SUFFIXES)


def _is_claimed(path: Path) -> bool:
    return _is_file_of_ours(path) or _is_side_file(path)


def _as_list(path: Paths) -> list[str]:
    return [path] if isinstance(path, str) else list(path)
