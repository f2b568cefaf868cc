"""Opening any Inscopix file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.errors import UnsupportedIsxError
from napari_isx.io.events.event_set import open_event_set
from napari_isx.io.format.container import Footer, IsxKind, read_footer
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import open_gpio_file, open_gpio_set
from napari_isx.io.gpio.imu import open_imu_file
from napari_isx.io.join import join, without_pieces
from napari_isx.io.legacy.readers import open_legacy
from napari_isx.io.movies.compressed import CompressedMovie
from napari_isx.io.movies.isxd import open_movie_or_image
from napari_isx.io.vessels.vessel_set import VesselSet

_READERS: Final[dict[IsxKind, Callable[[FileSource, Footer], Recording]]] = {
    IsxKind.MOVIE: open_movie_or_image,
    IsxKind.IMAGE: open_movie_or_image,
    IsxKind.CELL_SET: CellSet,
    IsxKind.EVENT_SET: open_event_set,
    IsxKind.GPIO: open_gpio_set,
    IsxKind.IMU: open_gpio_set,
    IsxKind.VESSEL_SET: VesselSet,
}
"""Kinds of `.isxd` file that are read; a new kind is a new row here."""

_SUFFIX_READERS: Final[dict[str, Callable[[FileSource], Recording]]] = {
    ".gpio": open_gpio_file,
    ".imu": open_imu_file,
    ".isxb": BehaviorMovie,
    ".isxc": CompressedMovie,
    **dict.fromkeys((".xml", ".hdf5", ".h5", ".tif", ".tiff", ".raw"), open_legacy),
}
"""Formats of their own, by suffix in lower case."""

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
        alone tells times, and the frames that were dropped.

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
    suffix = Path(path).suffix.lower()
    source = FileSource(path)
    try:
        if suffix in _SUFFIX_READERS:
            return _SUFFIX_READERS[suffix](source)
        footer = read_footer(source)
        reader = _READERS.get(footer.kind)
        if reader is None:
            kind = footer.kind.name.lower().replace("_", " ")
            raise UnsupportedIsxError(
                path, f"it is a {kind} file, a kind this version does not read", _ADVICE
            )
        return reader(source, footer)
    except BaseException:
        source.close()
        raise
