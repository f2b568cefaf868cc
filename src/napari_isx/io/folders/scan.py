"""The recordings in a folder, and which of them to open unless the user wishes otherwise."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from napari_isx.io.base.names import natural_key
from napari_isx.io.base.provenance import SAME_SESSION_S
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.errors import IsxFileError
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.folders.grouping import by_hand, series_of
from napari_isx.io.folders.open_files import OpenFiles
from napari_isx.io.folders.summary import (
    GPIO,
    IMAGE,
    IMU,
    LEGACY_SUFFIXES,
    MOVIE,
    Allowance,
    Found,
    describe,
    describe_series,
    place_in_lists,
)
from napari_isx.io.kinds import own_suffixes
from napari_isx.io.legacy.detect import is_first_piece, is_legacy
from napari_isx.io.legacy.tiff import TIFF
from napari_isx.io.vessels.vessel_set import VesselSet

_log = logging.getLogger(__name__)

SUFFIXES: Final = own_suffixes()
"""Of files that are Inscopix' whatever is in them."""

_MAX_DEPTH: Final = 3
# A listing of these takes some tenths of a second; more is no recording folder.
_MAX_ENTRIES: Final = 50_000
# Each may read a megabyte or two.
_MAX_LEGACY_LOOKS: Final = 100
_ALLOWANCE_BYTES: Final = 16 << 20
_NUMBERING: Final = re.compile(r"[\W\d_]+|part|pt")


def is_ours(path: Path) -> bool:
    """Whether a file is Inscopix': by its name, and where that is not enough by its content."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix in LEGACY_SUFFIXES and is_legacy(path))


def has_recordings(folder: Path) -> bool:
    """Whether a folder, or one in it, holds an Inscopix file; False where it cannot be read."""
    try:
        return any(True for _ in _recording_files(folder))
    except OSError:
        return False


def find_recordings(folder: Path, files: OpenFiles | None = None) -> list[Found]:
    """Find the Inscopix recordings in a folder and in those below it.

    Only descriptions are read. Hidden files are passed over, and so are subfolders that may not
    be read or are more than three levels down.

    `files`: in which those that were looked at stay open.
    Returns by kind and name. Parts of one recording are one find, where that is known without
    decoding them: `.gpio` files, and long behavior movies beyond the first, stand alone. What
    cannot be opened is among them, with its problem.
    Raises OSError: the folder is missing or may not be read.
    Selected are one movie (see :func:`pick_movie`), because movies lie over one another; every
    behavior movie, vessel set, cell set, event set, GPIO and IMU file, because the clock brings
    them together; and no image, as one would lie over the movie, unless there is nothing else. What
    the files or their names show to be of another recording, focal plane, color, animal or
    microscope than the movie, or of another day, is not selected. Of a `.gpio` or `.imu` file and
    the `.isxd` file that Inscopix' software made of it, the original.
    """
    allowance = Allowance(_ALLOWANCE_BYTES)
    with nullcontext(files) if files is not None else OpenFiles() as held:
        described = {path: describe(path, allowance, held) for path in _recording_files(folder)}
        finds = _without_listed(_joined(described, held))
    finds.sort(key=lambda found: (place_in_lists(found.kind), natural_key(str(found.path))))
    return _with_selection(finds)


def joined_by_hand(finds: Sequence[Found]) -> list[Found]:
    """Make series of finds of the same kind, focal plane and color, as the user says so.

    Raises IsxFileError: some cannot be joined. Says which, and why.
    """
    by_path = {path: found for found in finds for path in found.paths}
    joined = []
    with OpenFiles() as files:
        for paths in by_hand(list(by_path), files):
            parts = list(dict.fromkeys(by_path[path] for path in paths))
            joined.append(parts[0] if len(parts) == 1 else describe_series(parts, files))
    return joined


def pick_movie(movies: Sequence[Found]) -> Found | None:
    """The movie to open first: the newest processed one, or the newest if none is processed.

    New is what was changed last. But where another movie's name goes on from the name of the
    newest, as Inscopix' software names what it makes of a movie (rec-PP, rec-PP-MC), that one is
    taken, for copying a folder mixes up the times of its files.
    """
    processed = [movie for movie in movies if movie.processing]
    newest = max(processed or movies, key=lambda movie: movie.modified_s, default=None)
    if newest is None:
        return None
    further = [movie for movie in processed if _goes_on(movie.path.stem, newest.path.stem)]
    return max(further, key=lambda movie: len(movie.path.stem), default=newest)


def _goes_on(stem: str, start: str) -> bool:
    return stem.startswith(start) and stem[len(start) : len(start) + 1] in {"-", "_"}


def _with_selection(finds: Sequence[Found]) -> list[Found]:
    sound = [found for found in finds if found.problem is None]
    movie = pick_movie([found for found in sound if found.kind == MOVIE])
    only_images = all(found.kind == IMAGE for found in sound)
    converted = _converted(sound)
    others = _of_other_sources(sound, movie) if movie is not None else {}
    notes = {**others, **converted}

    def selected(found: Found) -> bool:
        if found.problem is not None or found.paths in converted:
            return False
        if found.kind == MOVIE:
            return found is movie
        if found.paths in others:
            return False
        return found.kind != IMAGE or only_images

    return [
        replace(
            found,
            selected=selected(found),
            processing=notes.get(found.paths, found.processing),
        )
        for found in finds
    ]


def _of_other_sources(finds: Iterable[Found], movie: Found) -> dict[tuple[Path, ...], str]:
    """Which finds do not go with a movie, and what to say of it."""
    notes = {}
    for found in finds:
        if found.provenance is None or movie.provenance is None:
            continue
        against = found.provenance.contradiction(movie.provenance)
        # Cameras and inputs have clocks of their own, which may never have been set.
        is_made_of_a_movie = found.kind in {CellSet.kind, EventSet.kind, VesselSet.kind}
        if is_made_of_a_movie and not against and None not in (found.start_s, movie.start_s):
            apart_s = abs(found.start_s - movie.start_s)  # type: ignore[operator]
            against = "of another day than the movie" if apart_s > SAME_SESSION_S else ""
        if against and found.kind != MOVIE:
            notes[found.paths] = against
    return notes


def _converted(finds: Iterable[Found]) -> dict[tuple[Path, ...], str]:
    """Which finds hold what another holds, and what to say of it."""
    originals = {}
    for found in finds:
        path = found.path
        if found.kind in {GPIO, IMU} and path.suffix.lower() != ".isxd":
            names = {path.stem, f"{path.name.partition('.')[0]}_{path.suffix[1:].lower()}"}
            originals.update({name.casefold(): path.name for name in names})
    return {
        found.paths: f"converted from {originals[found.path.stem.casefold()]}"
        for found in finds
        if found.kind in {GPIO, IMU}
        and found.path.suffix.lower() == ".isxd"
        and found.path.stem.casefold() in originals
    }


def _joined(described: Mapping[Path, Found], files: OpenFiles) -> list[Found]:
    """The finds, those that are parts of one recording as one.

    Only those are looked at again that may be parts.
    """
    keys = {path: _series_keys(found) for path, found in described.items()}
    shared = Counter(key for of_file in keys.values() for key in of_file)
    parts = dict.fromkeys(p for p, mine in keys.items() if any(shared[key] > 1 for key in mine))
    finds = [found for path, found in described.items() if path not in parts]
    for paths in series_of(parts, files):
        together = [described[path] for path in paths]
        try:
            finds += [describe_series(together, files)] if len(paths) > 1 else together
        except (IsxFileError, OSError):  # one changed while it was looked at
            finds += together
    return finds


def _series_keys(found: Found) -> set[Hashable]:
    """What a file has in common with others that may be parts of the same recording.

    That is the recording's UUID, or what remains of a name without what numbers its part; cell
    sets are known by their cells.
    """
    path = found.path
    is_legacy_file = path.suffix.lower() in LEGACY_SUFFIXES
    if found.problem is not None or found.may_be_part or found.kind == IMAGE or is_legacy_file:
        return set()
    if found.kind == CellSet.kind:
        return {found.kind}
    keys: set[Hashable] = {(found.kind, path.parent, _NUMBERING.sub("", path.stem.casefold()))}
    if found.provenance is not None and "Recording UUID" in found.provenance.facts:
        keys.add((found.kind, found.provenance.facts["Recording UUID"]))
    return keys


def _without_listed(finds: Sequence[Found]) -> list[Found]:
    """Finds without the files that another one stands for."""
    listed = {path for found in finds for path in found.stands_for}
    return [found for found in finds if found.path not in listed]


def _recording_files(folder: Path) -> Iterator[Path]:
    """The files that are ours, each once, though links may lead to it."""
    visited = set()
    looks = 0
    for path, real in _files(folder):
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES | LEGACY_SUFFIXES:
            continue
        if suffix in TIFF and not is_first_piece(path):
            continue
        if suffix not in SUFFIXES:
            looks += 1
            if looks == _MAX_LEGACY_LOOKS + 1:
                _log.warning(
                    "%s: no more than %d files that may be older recordings are looked into",
                    folder,
                    _MAX_LEGACY_LOOKS,
                )
            if looks > _MAX_LEGACY_LOOKS or not is_ours(path):
                continue
        if real not in visited:
            visited.add(real)
            yield path


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """All files in a folder and below it, the nearest first, and where links to them lead.

    Raises OSError: the folder itself cannot be listed.
    """
    queue = deque([(folder, 0)])
    visited = set()
    left = _MAX_ENTRIES
    while queue:
        place, depth = queue.popleft()
        real = os.path.realpath(place)
        if real in visited:  # a link back up
            continue
        visited.add(real)
        try:
            entries = _entries(place, left)
        except OSError:
            if depth == 0:
                raise
            continue
        for entry in entries:
            if not _is_folder(entry):
                is_link = entry.is_symlink()
                own = os.path.join(real, entry.name)
                yield Path(entry.path), os.path.realpath(own) if is_link else own
            elif depth < _MAX_DEPTH:
                queue.append((Path(entry.path), depth + 1))
        left -= len(entries)
        if left <= 0:
            _log.warning("%s: only the first %d entries are looked at", folder, _MAX_ENTRIES)
            return


def _entries(folder: Path, limit: int) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as listing:
        visible = (entry for entry in listing if not entry.name.startswith("."))
        return sorted(islice(visible, limit), key=lambda entry: natural_key(entry.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to where nobody may look
        return False
