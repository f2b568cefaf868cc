"""Which files are parts of one recording."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from napari_isx.io.base.provenance import (
    IMAGED,
    SAME_SESSION_S,
    Provenance,
    name_without_place,
    name_without_start,
)
from napari_isx.io.base.recording import Recording
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.cells.series import differing_footprints
from napari_isx.io.errors import IsxFileError
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.io.kinds import kind_of
from napari_isx.io.movies.base import Movie
from napari_isx.io.open import description_of, join, without_pieces

_NUMBERED: Final = re.compile(
    r"(?P<head>.*?)(?:[-_. ]+|[-_. ]*(?:part|pt)[-_. ]*)(?P<number>\d{1,4})"
    r"(?P<tail>(?:[-_. ]+[a-z]+)*)",
    re.IGNORECASE,
)
"""A part's name: head, separator, number, and letters that processing adds: "rec_002-BP-MC"."""
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _File:
    path: Path
    recording: Recording
    alike: Hashable
    uuid: Hashable
    name: str


def series_of(
    paths: Iterable[str | os.PathLike[str]], files: OpenFiles | None = None
) -> list[list[Path]]:
    """Find which of several files, opened together, are parts of one recording.

    Parts hold the same kind of data, alike in all that :func:`~napari_isx.open_isx` asks of a
    series, of the same focal plane, color, animal and instrument as far as they and their names
    say. They follow one another with at most 12 hours between. Besides,

    - cell sets have the same footprints, whatever their names are;
    - others have the same recording UUID; or, where they have none, the same name in the same
      folder but for one number at its end: ``rec.isxd``, ``rec-001.isxd``; ``rec_part1-MC.isxd``,
      ``rec_part2-MC.isxd``; ``rec_trig_0-efocus_400-PP.isxd``, ``rec_trig_1-efocus_400-PP.isxd``;
    - movies and event sets named by their starts (``2021-06-28-23-34-09_video.isxd``) are joined
      where the cell sets of the same times are.

    Or one of them reads the others: an `.xml` its `.tif` files, ``rec.tif`` the files that go on
    from it.

    `paths`: files of any kind. Only their descriptions are read, and the footprints of a few cells;
    of `.gpio` files that could belong together all. `files`: has those that are open by then.
    Returns every path once, in the order of the first of each group; within a group in order of
    time. Files that belong to no other, or cannot be opened, are alone.
    """
    given = [Path(path) for path in paths]
    with nullcontext(files) if files is not None else OpenFiles() as held:
        opened = _opened(given, held)
        apart = _without_pieces(opened)
        groups = [group for cluster in _clusters(apart, _alike) for group in _series(cluster)]
        groups += _with_cells(apart, groups)
        return _in_order(given, _with_pieces(groups, opened))


def by_hand(paths: Sequence[Path], files: OpenFiles | None = None) -> list[list[Path]]:
    """Make a series of the files of each kind, focal plane and color, as the user says so.

    Returns in order of time within each series. Files that are the only ones of their kind, or
    cannot be opened, are alone.
    Raises IsxFileError: files cannot be joined. Says which, and why.
    """
    with nullcontext(files) if files is not None else OpenFiles() as held:
        opened = _opened(paths, held)
        groups = []
        for cluster in _clusters(_without_pieces(opened), _imaged):
            if len(cluster) > 1:
                series = join([file.recording for file in cluster])
                groups.append(_ordered(cluster, series))
        return _in_order(paths, _with_pieces(groups, opened))


def _opened(paths: Iterable[Path], files: OpenFiles) -> list[_File]:
    opened = []
    for path in paths:
        try:
            opened.append(_described(path, files.look(path)))
        except Exception:  # noqa: BLE001
            continue  # whatever it is, opening the file on its own says so, and of this one alone
    return opened


def _described(path: Path, recording: Recording) -> _File:
    facts = dict(Provenance.of(recording).facts)
    uuid = facts.pop("Recording UUID", None)
    alike = kind_of(recording), repr(sorted((k, sorted(v)) for k, v in facts.items()))
    name = name_without_place(path.stem)
    return _File(path, recording, (*alike, repr(description_of(recording))), uuid, name)


def _alike(file: _File) -> Hashable:
    return file.alike


def _imaged(file: _File) -> Hashable:
    """The kind of a file, its focal plane and its color."""
    facts = Provenance.of(file.recording).facts
    return file.recording.kind, *(facts.get(key) for key in IMAGED)


def _series(files: Sequence[_File]) -> list[list[_File]]:
    """The series among files that are alike."""
    kind = kind_of(files[0].recording)
    if len(files) < 2 or kind is None or kind.series is None:
        return []
    found = []
    for group in _same_source(files):
        known = isinstance(group[0].recording, CellSet) or group[0].uuid is not None
        whole = _fitting(group) if known else None
        # A recording may be there twice, as it was and processed.
        named = [] if whole else [_fitting(part) for part in _named_alike(group)]
        found += [series for series in (whole, *named) if series]
    return found


def _without_pieces(files: Sequence[_File]) -> list[_File]:
    """Files without those that another one reads: an `.xml`'s `.tif` files."""
    whole = without_pieces([file.recording for file in files])
    return [file for file in files if file.recording in whole]


def _with_pieces(groups: Iterable[list[_File]], files: Sequence[_File]) -> list[list[Path]]:
    """The paths of each group, and of each file alone, with those that are read with them."""
    grouped = [[file.path for file in group] for group in groups]
    known = {path for group in grouped for path in group}
    alone = [[file.path] for file in _without_pieces(files) if file.path not in known]
    found = []
    for group in (*grouped, *alone):
        read = {path for f in files if f.path in group for path in f.recording.paths}
        pieces = [f.path for f in files if f.recording.path in read and f.path not in group]
        found.append([*group, *pieces])
    return [group for group in found if len(group) > 1]


def _same_source(files: Sequence[_File]) -> list[list[_File]]:
    """Files with the same footprints, of cells; else of the same recording, or of no known one."""
    if not isinstance(files[0].recording, CellSet):
        return _clusters(files, lambda file: file.uuid)
    groups: list[list[_File]] = []
    for file in files:
        pairs = (([one[0].recording, file.recording], one) for one in groups)
        same = (one for cells, one in pairs if differing_footprints(cells) is None)  # type: ignore[arg-type]
        group = next(same, None)
        if group is None:
            groups.append([file])
        else:
            group.append(file)
    return groups


def _with_cells(files: Sequence[_File], groups: Sequence[list[_File]]) -> list[list[_File]]:
    """The series of movies and event sets that go with a series of cell sets, part by part."""
    joined = {id(file) for group in groups for file in group}
    left = [file for file in files if id(file) not in joined]
    left = [file for file in left if isinstance(file.recording, Movie | EventSet)]
    found = []
    for cells in (group for group in groups if isinstance(group[0].recording, CellSet)):
        for cluster in _clusters(left, lambda file: (file.alike, name_without_start(file.name))):
            mine = [file for file in cluster if any(_same_part(file, part) for part in cells)]
            series = _fitting(mine)
            if series is not None:
                found.append(series)
                left = [file for file in left if file not in series]
    return found


def _same_part(file: _File, part: _File) -> bool:
    """Whether a file is of the time of a part, and may be of its source."""
    ours, theirs = file.recording.timing, part.recording.timing  # type: ignore[attr-defined]
    tolerance_s = 2 * max(ours.period_s, theirs.period_s)
    apart_s = ours.starts_after_s(theirs)
    if (
        apart_s is None
        or abs(apart_s) > tolerance_s
        or abs(ours.duration_s - theirs.duration_s) > tolerance_s
    ):
        return False
    return not Provenance.of(file.recording).contradiction(Provenance.of(part.recording))


def _fitting(files: Sequence[_File]) -> list[_File] | None:
    """The files in order of time, or None where they do not make a series."""
    if len(files) < 2:
        return None
    try:
        series = join([file.recording for file in files])
    except IsxFileError:
        return None
    timing = series.timing  # type: ignore[attr-defined]
    if any((last - first + 1) * timing.period_s > SAME_SESSION_S for first, last in timing.gaps):
        return None
    return _ordered(files, series)


def _ordered(files: Sequence[_File], series: Recording) -> list[_File]:
    """The files of a series in order of time."""
    by_recording = {id(file.recording): file for file in files}
    return [by_recording[id(part)] for part in series.parts]  # type: ignore[attr-defined]


def _named_alike(files: Sequence[_File]) -> list[list[_File]]:
    """Files whose names are those of parts of one recording."""
    whole = {id(f): (f.path.parent, f.path.suffix.lower(), f.name, "") for f in files}
    numbered = {}
    for file in files:
        match = _NUMBERED.fullmatch(file.name)
        if match:
            numbered[id(file)] = (*whole[id(file)][:2], match["head"], match["tail"])

    def key(file: _File) -> Hashable:
        # The first part may have no number, and a number of another meaning at its end.
        own = whole[id(file)]
        return own if own in numbered.values() else numbered.get(id(file), own)

    return _clusters(files, key)


def _clusters(items: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Items with equal keys, in order of the first of each."""
    clusters: dict[Hashable, list[T]] = {}
    for item in items:
        clusters.setdefault(key(item), []).append(item)
    return list(clusters.values())


def _in_order(given: Sequence[Path], groups: Sequence[list[Path]]) -> list[list[Path]]:
    """All paths, those of no group alone."""
    group_of = {path: i for i, group in enumerate(groups) for path in group}
    ordered, listed = [], set()
    for path in given:
        group = group_of.get(path)
        if group is None:
            ordered.append([path])
        elif group not in listed:
            listed.add(group)
            ordered.append(groups[group])
    return ordered
