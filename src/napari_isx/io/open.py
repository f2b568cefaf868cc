"""Opening any Inscopix file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.schedule import UNFIT_ADVICE
from napari_isx.io.errors import IsxFileError, NotInscopixError, UnsupportedIsxError
from napari_isx.io.format.container import read_footer
from napari_isx.io.format.source import FileSource
from napari_isx.io.kinds import KINDS, kind_of, kind_of_suffix, own_suffixes
from napari_isx.io.legacy.readers import LEGACY, open_legacy
from napari_isx.io.not_inscopix import explain, explain_missing, explain_suffix

_ADVICE: Final = (
    "The file itself is sound as far as this was looked at. See the project's page for the kinds "
    "that are read, and open an issue there if you need this one."
)


def open_isx(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Recording:
    """Open an Inscopix file, or a series of them; what is returned depends on what it holds.

    Parameters
    ----------
    path : str or path-like, or a sequence of them
        The file, or the parts of one recording in any order. Only descriptions are read.
        Beside Inscopix' own formats (`.isxd`, `.isxc`, `.isxb`, `.gpio`, `.imu`) it may be a
        recording of nVista 1 or 2 or nVoke 1 (`.xml`, `.hdf5`, `.h5`, `.tif`, `.tiff`, `.raw`).
        A TIFF or HDF5 file is tried even where nothing in it is Inscopix', and numbered files
        beside it (`rec.tif`, `rec-001.tif`) are read with it. If there is an `.xml`, open that: it
        alone has the times, and the frames that were dropped.

    Returns
    -------
    Movie, Image, BehaviorMovie, CellSet, EventSet, VesselSet or GpioSet
        Of several parts, one object over all of them, of the same class: samples are counted
        on from the first part, and those between two parts are missing (``timing.gaps``).
        There are no series of images and vessel sets.

    Raises
    ------
    IsxFileError
        A file is broken, or is no part of the series that the others make.
    UnsupportedIsxError
        The file is of a kind that this version does not read.
    OSError
        A file is missing or may not be read.
    ValueError
        An empty sequence.
    """
    if isinstance(path, (str, os.PathLike)):
        return _open_file(path)
    if not path:
        raise ValueError("there is no file to open in an empty sequence of paths")
    parts: list[Recording] = []
    try:
        parts.extend(_open_file(one) for one in path)
    except BaseException:
        for part in parts:
            part.close()
        raise
    return as_one(parts)


def as_one(parts: Sequence[Recording]) -> Recording:
    """Make one recording of the opened parts; they are closed where that cannot be."""
    try:
        whole = without_pieces(parts)
        for part in parts:
            if part not in whole:
                part.close()
        return whole[0] if len(whole) == 1 else join(whole)
    except BaseException:
        for part in parts:
            part.close()
        raise


def _open_file(path: str | os.PathLike[str]) -> Recording:
    try:
        source = FileSource(path)
    except FileNotFoundError as error:
        raise explain_missing(path) or error from None
    return open_source(source)


def open_source(source: FileSource) -> Recording:
    """Open what a file holds, as :func:`open_isx`; the file is closed where that fails."""
    suffix = source.path.suffix.lower()
    try:
        return _open_source(source, suffix)
    except BaseException as error:
        instead = _instead(error, source, suffix)
        source.close()
        if instead is not None:
            raise instead from None
        raise


def _open_source(source: FileSource, suffix: str) -> Recording:
    # Its header proves little, and its packets are read when they are asked for.
    if suffix == ".gpio" and (foreign := explain(source)) is not None:
        raise foreign
    if (kind := kind_of_suffix(suffix)) is not None:
        return kind.suffixes[suffix](source)
    if suffix in LEGACY:
        return open_legacy(source)
    footer = read_footer(source)
    reader = next((k.isxd[footer.kind] for k in KINDS if footer.kind in k.isxd), None)
    if reader is None:
        name = footer.kind.name.lower().replace("_", " ")
        raise UnsupportedIsxError(
            source.path, f"it is a {name} file, a kind this version does not read", _ADVICE
        )
    return reader(source, footer)


def _instead(error: BaseException, source: FileSource, suffix: str) -> NotInscopixError | None:
    """What a file is instead of what its name says, if that is why it cannot be opened."""
    if suffix not in own_suffixes() or not isinstance(error, IsxFileError):
        return None
    if isinstance(error, (UnsupportedIsxError, NotInscopixError)):
        return None
    try:
        return explain_suffix(source, suffix) or explain(source)
    except (IsxFileError, OSError):  # it is being changed, or its disk fails
        return None


def description_of(recording: Recording) -> dict[str, object]:
    """What has to be the same in all parts of a series."""
    kind = kind_of(recording)
    return {} if kind is None or kind.series is None else kind.series._describe(recording)


def join(parts: Sequence[Recording]) -> Recording:
    """Make a series of recordings, in any order; it closes them.

    Raises IsxFileError: a part does not fit the others. Names the part and what differs;
    UnsupportedIsxError: there are no series of this kind.
    """
    kind = kind_of(parts[0])
    if kind is None or kind.series is None:
        raise UnsupportedIsxError(
            parts[0].place,
            f"it is of the kind {parts[0].kind}, which cannot be part of a series",
            UNFIT_ADVICE,
        )
    for part in parts[1:]:
        if not isinstance(part, kind.interface):
            raise IsxFileError(
                part.place,
                f"it is of the kind {part.kind}, but {parts[0].name} is of the kind {kind.name}, "
                f"so they are not parts of one series",
                UNFIT_ADVICE,
            )
    make: Callable[[Sequence[Recording]], Recording] = kind.series
    return make(parts)


def without_pieces(recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings whose own file none of the others reads: an `.xml` reads its `.tif` files."""
    pieces = {path for one in recordings for path in one.paths if path != one.path}
    return [one for one in recordings if one.path not in pieces]
