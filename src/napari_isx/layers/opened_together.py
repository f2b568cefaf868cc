"""Which files the user opens together, though napari hands them to a reader one by one.

Files that are dropped together, or given to ``viewer.open`` as a list, come one at a time, and
each becomes layers before the next is asked for. While they do, napari shows its progress over
the whole list, and there the others can be seen. A reader that learns of them opens the parts of
a recording when the first is asked for; nothing has to be taken out of the viewer again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from napari.utils import progress

from napari_isx.io.folders.grouping import series_of

# By the progress over a list, so that nothing is remembered once all of it is open.
_series: Final[WeakKeyDictionary[Any, list[list[Path]]]] = WeakKeyDictionary()


def parts_to_open(path: str, is_ours: Callable[[Path], bool]) -> list[Path]:
    """The files to open when napari asks for one of those that the user opens together.

    Parameters
    ----------
    path : str
        The file, as napari spells it.
    is_ours : callable
        Whether another file is an Inscopix file.

    Returns
    -------
    list of Path
        All parts of the recording in order of time, when the first of them is asked for; none
        when a later one is, which is open by then; else the file alone.
    """
    opening = _opening(path)
    if opening is None:
        return [Path(path)]
    paths = list(dict.fromkeys(Path(one) for one in opening.iterable))
    if opening not in _series:
        _series[opening] = series_of([one for one in paths if is_ours(one)])
    parts = next((group for group in _series[opening] if Path(path) in group), [Path(path)])
    first = next(one for one in paths if one in parts)
    return parts if first == Path(path) else []


def files_to_come(path: str) -> list[Path]:
    """The Inscopix files that are still to be opened after `path`, one of several."""
    opening = _opening(path)
    if opening is None:
        return []
    paths = [Path(one) for one in opening.iterable]
    asked_for = set(paths[: paths.index(Path(path)) + 1])
    groups = _series.get(opening, [])
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
