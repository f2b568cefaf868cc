"""Which files the user opens together, though napari hands them to a reader one by one.

Files that are dropped together, or given to ``viewer.open`` as a list, come one at a time, and
each becomes layers before the next is asked for. While they do, napari shows its progress over
the whole list, and there the others can be seen. A reader that learns of them opens the parts of
a recording when the first is asked for; nothing has to be taken out of the viewer again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from napari.utils import progress

from napari_isx.io.folders.grouping import series_of
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.layers.window_commands import run_beside

# By the progress over a list, so that nothing is remembered once all of it is open.
_together: Final[WeakKeyDictionary[Any, tuple[list[list[Path]], OpenFiles]]] = WeakKeyDictionary()


def parts_to_open(path: str, is_ours: Callable[[Path], bool]) -> tuple[list[Path], OpenFiles]:
    """The files to open when napari asks for one of those that the user opens together.

    That is all parts of the recording in order of time, when the first of them is asked for; none
    when a later one is, which is open by then; else the file alone. `path` is as napari spells
    it; `is_ours` says whether another file is an Inscopix file. What was looked at to find out is
    in the files that are returned.
    """
    opening = _opening(path)
    if opening is None:
        return [Path(path)], OpenFiles()
    paths = list(dict.fromkeys(Path(one) for one in opening.iterable))
    if opening not in _together:
        files = OpenFiles()
        look = partial(_series_of, paths, is_ours, files)
        _together[opening] = run_beside(look, "Looking at what belongs together"), files
    groups, files = _together[opening]
    parts = next((group for group in groups if Path(path) in group), [Path(path)])
    first = next(one for one in paths if one in parts)
    return parts if first == Path(path) else [], files


def _series_of(
    paths: list[Path], is_ours: Callable[[Path], bool], files: OpenFiles
) -> list[list[Path]]:
    return series_of([one for one in paths if is_ours(one)], files)


def files_to_come(path: str) -> list[Path]:
    """The Inscopix files that are still to be opened after `path`, one of several."""
    opening = _opening(path)
    if opening is None:
        return []
    paths = [Path(one) for one in opening.iterable]
    asked_for = set(paths[: paths.index(Path(path)) + 1])
    groups, _ = _together.get(opening, ([], None))
    return [one for group in groups if asked_for.isdisjoint(group) for one in group]


def _opening(path: str) -> Any | None:
    """The progress over the files that are being opened, `path` one of several; else None."""
    # There is no public way to it. Without it every file is opened alone.
    running = getattr(progress, "_all_instances", ())
    lists = [one for one in running if isinstance(getattr(one, "iterable", None), list)]
    opening = [one for one in lists if path in one.iterable]
    # The shortest: somebody's own progress around calls of ``viewer.open`` has all their files.
    innermost = min(opening, key=lambda one: len(one.iterable), default=None)
    return innermost if innermost is not None and len(innermost.iterable) > 1 else None
