"""Vessel sets as tables and pictures, in the layouts of Inscopix' desktop software."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from napari_isx.export.cells_csv import write_picture
from napari_isx.export.common import Progress, check_target
from napari_isx.export.file_names import column_names
from napari_isx.export.text_table import quoted
from napari_isx.export.times import TimeRef, base_of, check_time_ref, times_s
from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.vessels.vessel_set import VesselSet

_VELOCITY: Final = "Index,Time (s),Velocity (um/s),Direction (deg)"
_DIAMETER: Final = "Index,Time (s),Diameter (um),Center (um)"


def export_vessels(
    vessels: VesselSet,
    csv: str | os.PathLike[str],
    *,
    lines: str | os.PathLike[str] | None = None,
    tiff: str | os.PathLike[str] | None = None,
    time_ref: TimeRef = "start",
    statuses: Sequence[CellStatus] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write what was measured in vessels: a row for each vessel and sample.

    The columns of velocities are those of Inscopix' desktop software, without its four columns of
    errors, which are not in the file. Those of diameters, for which no example was at hand, are
    named alike.

    Parameters
    ----------
    vessels : VesselSet
    csv : str or path-like
        For the traces.
    lines : str or path-like, optional
        For the places where vessels were measured, in pixels; by default beside the traces, as
        ``<name>-lines.csv``.
    tiff : str or path-like, optional
        For the picture on which they were drawn, float32.
    time_ref : {"start", "unix"}
        Seconds from the start, or since 1970.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Of all vessels; those of the file by default.
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
        A file is broken.
    ValueError
        Not a status for each vessel, an unknown `time_ref`, or no known start to count from.
    """
    check_time_ref(time_ref, [vessels], ("start", "unix"))
    found = list(vessels.statuses if statuses is None else statuses)
    if len(found) != vessels.num_vessels:
        raise ValueError(f"{len(found)} statuses for {vessels.num_vessels} vessels")
    target = check_target(csv, overwrite, [vessels])
    second = target.with_name(f"{target.stem}-lines.csv") if lines is None else Path(lines)
    check_target(second, overwrite, [vessels])
    if tiff is not None:
        check_target(tiff, overwrite, [vessels])
    names = column_names(vessels.names)
    timing = vessels.timing
    base = base_of(timing, timing, time_ref)
    times = [f"{t:.16g}" for t in times_s(base, timing.period, range(timing.num_samples))]
    is_velocity = vessels.vessel_type == "rbc velocity"
    with new_file(target) as handle, new_file(second) as of_lines:  # both, or neither
        columns = _VELOCITY if is_velocity else _DIAMETER
        handle.write(f"Vessel ID,Vessel Status,{columns}\n".encode())
        for i, (name, status) in enumerate(zip(names, found, strict=True)):
            rest = vessels.direction_trace(i) if is_velocity else vessels.center_trace(i)
            others = [""] * len(times) if rest is None else [f"{x:.7g}" for x in rest.tolist()]
            rows = enumerate(zip(times, vessels.trace(i).tolist(), others, strict=True))
            text = "".join(f"{name},{status},{n},{t},{v:.7g},{x}\n" for n, (t, v, x) in rows)
            handle.write(text.encode())
            if progress is not None:
                progress((i + 1) / len(names))
        of_lines.write(_line_table(vessels, names, found).encode())
        if tiff is not None:
            write_picture(Path(tiff), vessels.image)
    return target


def _line_table(vessels: VesselSet, names: Sequence[str], statuses: Sequence[CellStatus]) -> str:
    num_points = 4 if vessels.vessel_type == "rbc velocity" else 2
    heads = ["Name", "Status", "ColorR", "ColorG", "ColorB"]
    heads += [f"Point{axis}{i}" for i in range(num_points) for axis in "XY"]
    rows: list[list[Any]] = [
        [name, status, *color[:3], *vessels.line(i).ravel().tolist()]
        for i, (name, status, color) in enumerate(
            zip(names, statuses, vessels.colors.tolist(), strict=True)
        )
    ]
    if list(names) != vessels.names:
        heads.append("Original Name")
        rows = [[*row, quoted(name)] for row, name in zip(rows, vessels.names, strict=True)]
    return "".join(f"{','.join(map(str, row))}\n" for row in [heads, *rows])
