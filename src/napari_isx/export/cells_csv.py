"""Cell sets as tables, pictures and contours, in the layouts of Inscopix' software."""

from __future__ import annotations

import json as json_format
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress, check_target
from napari_isx.export.file_names import column_names, unique_names
from napari_isx.export.text_table import Rows, quoted, write_rows
from napari_isx.export.times import TimeRef, base_of, check_time_ref, parts_of, times_s
from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.cells.series import CellSetSeries
from napari_isx.io.format.atomic_write import new_file, write_whole
from napari_isx.io.format.json_fields import Rational
from napari_isx.session.decisions.unsaved import unsaved_decisions

CONTOURS_FORMAT: Final = "napari-isx contours 1"
_METRICS: Final = {
    "CentroidX": "largest_component_center_x_px",
    "CentroidY": "largest_component_center_y_px",
    "NumComponents": "num_components",
    "Size": "largest_component_max_width_px",
}


def export_cells(
    cells: CellSet | Sequence[CellSet],
    csv: str | os.PathLike[str],
    *,
    tiff: str | os.PathLike[str] | None = None,
    props: str | os.PathLike[str] | Literal[False] | None = None,
    time_ref: TimeRef = "start",
    statuses: Sequence[CellStatus] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write traces, properties and footprints as Inscopix' desktop software does.

    The table of traces has a row for each sample, also missing ones, and a column for each cell,
    also rejected ones. Equal names, and names with commas, are changed there; the properties then
    have the cells' own names, and the names of their pictures where a file cannot be called so.

    Parameters
    ----------
    cells : CellSet, or a sequence of them
        One, a series, or its parts.
    csv : str or path-like
        For the traces.
    tiff : str or path-like, optional
        "cells.tiff" for the footprints: ``cells_C0.tiff`` and so on, float32, and
        ``cells_accepted-cells-map.tiff``, the sum of those that are not rejected, each scaled to
        a sum of 1.
    props : str or path-like, or False, optional
        For the properties; by default beside the traces, as ``<name>-props.csv``. False for none.
    time_ref : {"start", "unix"}
        Seconds from the start, or since 1970: in equal steps, as the file has them.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Of all cells, such as decisions that are not saved; those of the file by default.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The table of traces.

    Raises
    ------
    FileExistsError
        A file is there.
    OSError
        A file cannot be written.
    IsxFileError
        A file is broken, or the parts are not of one series.
    ValueError
        Not a status for each cell, an unknown `time_ref`, or no known start to count from.

    Warns
    -----
    UserWarning
        The journal beside the file has decisions that are not saved in it.
    """
    parts = parts_of(cells)
    check_time_ref(time_ref, parts, ("start", "unix"))
    found = statuses_of(parts, statuses)
    target = check_target(csv, overwrite, parts)
    names, files = column_names(parts[0].names), unique_names(parts[0].names)
    pictures = [] if tiff is None else _pictures(tiff, files)
    beside = None
    if props is not False:
        name = target.with_name(f"{target.stem}-props.csv") if props is None else Path(props)
        beside = check_target(name, overwrite, parts)
    for picture in pictures:
        check_target(picture, overwrite, parts)
    tables: list[tuple[int, Rows]] = []
    for part in parts:
        base = base_of(part.timing, parts[0].timing, time_ref)
        rows = partial(_rows, part.traces, base, part.timing.period)
        tables.append((part.timing.num_samples, rows))
    with new_file(target) as handle:
        handle.write(f"{', '.join([' ', *names])}\n".encode())
        handle.write(f"{', '.join(['Time(s)/Cell Status', *found])}\n".encode())
        write_rows(handle, tables, len(names), progress)
    if beside is not None:
        shown = files if pictures else parts[0].names
        write_whole(beside, properties(parts, names, shown, found).encode())
    for picture, image in zip(pictures, _images(parts[0], found), strict=False):
        write_picture(picture, image)
    return target


def export_contours(
    cells: CellSet,
    json: str | os.PathLike[str],
    *,
    threshold: float = 0.2,
    statuses: Sequence[CellStatus] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the outlines of all components of each cell as JSON.

    An object with ``format`` ("napari-isx contours 1"), ``threshold``, ``num_pixels`` (rows,
    columns), ``pixel_size_um`` and ``top_left_um`` (row, column), and ``cells``: of each its
    ``name``, ``status`` and ``contours``, the outline of each component as a list of [x, y] in
    pixels, where whole numbers are the middles of pixels.

    Parameters
    ----------
    cells : CellSet
    json : str or path-like
    threshold : float
        Where an outline runs, as a fraction of the footprint's peak.
    statuses, overwrite, progress
        As of :func:`export_cells`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Not a status for each cell, or a threshold that is not between 0 and 1.
    FileExistsError, OSError, IsxFileError
        As of :func:`export_cells`.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"the threshold must be between 0 and 1, not {threshold}")
    found = statuses_of([cells], statuses)
    target = check_target(json, overwrite, [cells])
    spacing = cells.spacing
    entries = []
    for i, (name, status) in enumerate(zip(cells.names, found, strict=True)):
        outlines = _outlines(cells.footprint(i), threshold)
        entries.append({"name": name, "status": status, "contours": outlines})
        if progress is not None:
            progress((i + 1) / cells.num_cells)
    document = {
        "format": CONTOURS_FORMAT,
        "threshold": threshold,
        "num_pixels": spacing.num_pixels,
        "pixel_size_um": spacing.pixel_size_um,
        "top_left_um": spacing.top_left_um,
        "cells": entries,
    }
    write_whole(target, json_format.dumps(document, ensure_ascii=False).encode())
    return target


def statuses_of(
    parts: Sequence[CellSet], statuses: Sequence[CellStatus] | None
) -> list[CellStatus]:
    """The statuses to write: those given, or the files', with a warning if there are others."""
    if statuses is not None:
        if len(statuses) != parts[0].num_cells:
            raise ValueError(f"{len(statuses)} statuses for {parts[0].num_cells} cells")
        return list(statuses)
    whole = parts[0] if len(parts) == 1 else CellSetSeries(parts)
    unsaved = unsaved_decisions(whole)
    if unsaved is not None:
        count = len(unsaved.cells)
        text = "a decision" if count == 1 else f"{count:,} decisions"
        warnings.warn(
            f"{whole.name}: the journal beside it has {text} not saved in the file, by "
            f"{', '.join(unsaved.users)}; the statuses written are the file's",
            stacklevel=3,
        )
    return whole.statuses


def properties(
    parts: Sequence[CellSet],
    names: Sequence[str],
    files: Sequence[str],
    statuses: Sequence[CellStatus],
) -> str:
    """The table of properties; see :func:`export_cells`."""
    cells = parts[0]
    columns: dict[str, list[Any]] = {"Name": list(names), "Status": list(statuses)}
    for color, values in zip("RGB", cells.colors.T.tolist(), strict=False):
        columns[f"Color{color}"] = values
    metrics = cells.metrics
    if metrics is not None:
        for head, metric in _METRICS.items():
            columns[head] = [f"{value:g}" for value in metrics[metric].tolist()]
    for number, part in enumerate(parts):
        active = part.metadata.get("CellActivity")
        if not isinstance(active, list) or len(active) != len(names):
            active = [True] * len(names)
        columns[f"ActiveSegment{number}"] = [int(bool(one)) for one in active]
    if list(names) != cells.names:
        columns["Original Name"] = [quoted(name) for name in cells.names]
    if list(files) != cells.names:
        columns["File Name"] = list(files)
    rows = [columns, *zip(*columns.values(), strict=True)]
    return "".join(f"{','.join(map(str, row))}\n" for row in rows)


def _rows(
    traces: npt.NDArray[np.float32], base: Rational, period: Rational, start: int, stop: int
) -> tuple[list[bytes], npt.NDArray[np.float32]]:
    heads = [b"%.16g" % t for t in times_s(base, period, range(start, stop))]
    return heads, traces[:, start:stop].T


def write_footprints(
    cells: CellSet,
    tiff: str | os.PathLike[str],
    *,
    statuses: Sequence[CellStatus] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write footprints and their map alone; see :func:`export_cells`."""
    pictures = _pictures(tiff, unique_names(cells.names))
    for picture in pictures:
        check_target(picture, overwrite, [cells])
    images = _images(cells, statuses_of(parts_of(cells), statuses))
    for done, (picture, image) in enumerate(zip(pictures, images, strict=True), 1):
        write_picture(picture, image)
        if progress is not None:
            progress(done / len(pictures))


def _pictures(tiff: str | os.PathLike[str], names: Sequence[str]) -> list[Path]:
    """The files of all footprints, and of their map."""
    base = Path(tiff)
    suffix = base.suffix or ".tiff"
    return [
        base.with_name(f"{base.stem}_{name}{suffix}") for name in (*names, "accepted-cells-map")
    ]


def _images(cells: CellSet, statuses: Sequence[CellStatus]) -> Iterator[npt.NDArray[np.float32]]:
    """All footprints, then the sum of those that are not rejected."""
    total = np.zeros(cells.spacing.num_pixels, np.float64)
    for i, status in enumerate(statuses):
        image = cells.footprint(i)
        yield image
        weight = np.maximum(image, 0)
        if status != "rejected" and weight.any():
            total += weight / weight.sum(dtype=np.float64)
    yield total.astype(np.float32)


def write_picture(path: Path, image: npt.NDArray[np.float32]) -> None:
    """Write a picture as Inscopix' software does: uncompressed, a strip for each row."""
    import tifffile

    with new_file(path) as handle:
        tifffile.imwrite(handle, image, rowsperstrip=1, metadata=None, software=False)


def _outlines(image: npt.NDArray[np.float32], threshold: float) -> list[list[list[float]]]:
    from skimage.measure import find_contours

    peak = float(image.max(initial=0.0))
    if peak <= 0 or not np.isfinite(peak):
        return []
    # A rim of zeros closes the outlines of what touches the edge.
    rows_cols = find_contours(np.pad(image, 1), threshold * peak)  # type: ignore[no-untyped-call]
    return [np.round(contour[:, ::-1] - 1, 4).tolist() for contour in rows_cols]
