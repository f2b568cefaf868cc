"""Which files are parts of one recording."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from napari_isx.io.base.recording import Recording
from napari_isx.io.errors import IsxFileError
from napari_isx.io.join import description_of, join, kind_of, without_pieces
from napari_isx.io.open import open_isx

# Recordings of different days may have the same name and number, and are looked at one by one.
_MAX_GAP_S: Final = 12 * 3600
_NUMBERED: Final = re.compile(
    r"(?P<head>.*?)(?:[-_. ]+|[-_. ]*(?:part|pt)[-_. ]*)(?P<number>\d{1,4})"
    r"(?P<tail>(?:[-_. ]+[a-z]+)*)",
    re.IGNORECASE,
)
"""A part's name: head, separator, number, and letters that processing adds: "rec_002-BP-MC"."""
_OF_ONE_SESSION: Final = ("Animal ID", "Microscope Serial Number", "Camera Serial Number")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _File:
    path: Path
    recording: Recording
    alike: Hashable
    uuid: object


def series_of(paths: Iterable[str | os.PathLike[str]]) -> list[list[Path]]:
    """Tell which of several files, opened together, are parts of one recording.

    Parts hold the same kind of data, alike in all that :func:`~napari_isx.open_isx` asks of a
    series, from the same animal and instrument as far as they say. They follow one another with
    at most 12 hours between. And they have the same recording UUID; or, where they have none,
    the same name in the same folder but for one number at its end: ``rec.isxd``,
    ``rec-001.isxd``; ``rec_part1-MC.isxd``, ``rec_part2-MC.isxd``. Or one of them reads the
    others: an `.xml` its `.tif` files, ``rec.tif`` the files that go on from it.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files of any kind. Only their descriptions are read; of `.gpio` files that could belong
        together all.

    Returns
    -------
    list of list of Path
        Every path once, in the order of the first of each group; within a group in order of
        time. Files that belong to no other, or cannot be opened, are alone.
    """
    given = [Path(path) for path in paths]
    with ExitStack() as stack:
        files = []
        for path in given:
            try:
                recording = stack.enter_context(open_isx(path))
                files.append(_described(path, recording))
            except (IsxFileError, OSError):
                continue  # opening it on its own says what is wrong
        whole = without_pieces([file.recording for file in files])
        apart = [file for file in files if file.recording in whole]
        clusters = _clusters(apart, [file.alike for file in apart])
        groups = [group for cluster in clusters for group in _series(cluster)]
        groups = [_with_pieces(group, files) for group in [*groups, *_alone(apart, groups)]]
        groups = [group for group in groups if len(group) > 1]
    return _in_order(given, groups)


def _described(path: Path, recording: Recording) -> _File:
    info = recording.acquisition_info
    session = tuple(str(info.get(key)) for key in _OF_ONE_SESSION)
    alike = kind_of(recording), session, repr(description_of(recording))
    return _File(path, recording, alike, info.get("Recording UUID"))


def _series(files: Sequence[_File]) -> list[list[Path]]:
    """The series among files that are alike."""
    if len(files) < 2 or kind_of(files[0].recording) is None:
        return []
    found = []
    for group in _clusters(files, [str(f.uuid) for f in files]):
        whole = _fitting(group) if group[0].uuid is not None else None
        # A recording may be there twice, as it was and processed.
        named = [] if whole else [_fitting(part) for part in _clusters(group, _name_keys(group))]
        found += [series for series in (whole, *named) if series]
    return found


def _alone(files: Sequence[_File], groups: Sequence[list[Path]]) -> list[list[Path]]:
    """A group of its own for each file that is in none."""
    grouped = {path for group in groups for path in group}
    return [[file.path] for file in files if file.path not in grouped]


def _with_pieces(group: list[Path], files: Sequence[_File]) -> list[Path]:
    """A group, and those of the files that are read with one of it: an `.xml`'s `.tif` files."""
    read = {path for file in files if file.path in group for path in file.recording.paths}
    return [*group, *(f.path for f in files if f.recording.path in read and f.path not in group)]


def _fitting(files: Sequence[_File]) -> list[Path] | None:
    """The paths in order of time, or None where the files do not make a series."""
    if len(files) < 2:
        return None
    try:
        series = join([file.recording for file in files])
    except IsxFileError:
        return None
    timing = series.timing  # type: ignore[attr-defined]
    if any((last - first + 1) * timing.period_s > _MAX_GAP_S for first, last in timing.gaps):
        return None
    paths = {id(file.recording): file.path for file in files}
    return [paths[id(part)] for part in series.parts]  # type: ignore[attr-defined]


def _name_keys(files: Sequence[_File]) -> list[Hashable]:
    """What the names of parts of one recording have in common."""
    whole = [(f.path.parent, f.path.suffix.lower(), f.path.stem, "") for f in files]
    numbered = []
    for folder, suffix, stem, _ in whole:
        match = _NUMBERED.fullmatch(stem)
        numbered.append((folder, suffix, match["head"], match["tail"]) if match else None)
    # The first part may have no number, and a number of another meaning at its end.
    return [w if n is None or w in numbered else n for w, n in zip(whole, numbered, strict=True)]


def _clusters(items: Sequence[T], keys: Sequence[Hashable]) -> list[list[T]]:
    """Items with equal keys, in order of the first of each."""
    clusters: dict[Hashable, list[T]] = {}
    for item, key in zip(items, keys, strict=True):
        clusters.setdefault(key, []).append(item)
    return list(clusters.values())


def _in_order(given: Sequence[Path], groups: Sequence[list[Path]]) -> list[list[Path]]:
    """All paths, those of no group alone."""
    group_of = {path: i for i, group in enumerate(groups) for path in group}
    ordered, seen = [], set()
    for path in given:
        group = group_of.get(path)
        if group is None:
            ordered.append([path])
        elif group not in seen:
            seen.add(group)
            ordered.append(groups[group])
    return ordered
