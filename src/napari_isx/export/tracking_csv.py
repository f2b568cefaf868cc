"""What the tracker of a behavior movie found, as tables that `isx` writes byte for byte."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from napari_isx.export.common import Progress, check_target
from napari_isx.export.text_table import quoted
from napari_isx.export.times import TimeRef, check_time_ref, parts_of
from napari_isx.export.timestamps_csv import (
    FRAME_COLUMNS,
    TIME_REFS,
    timestamp_text,
    timestamps_of,
    unit_of,
)
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking, Zone, ZoneVisit
from napari_isx.io.format.atomic_write import write_whole

_BOX: Final = (
    "Bounding Box Left,Bounding Box Top,Bounding Box Right,Bounding Box Bottom,"
    "Bounding Box Center X,Bounding Box Center Y,Confidence,"
    "Zone ID,Zone Name,Zone Event,Zone Trigger"
)
_AXES: Final = "Major Axis, Minor Axis, Angle"
_WORDS: Final = {"occupied": "occupying"}


def export_tracking(
    movie: BehaviorMovie | Sequence[BehaviorMovie],
    csv: str | os.PathLike[str],
    *,
    zones: str | os.PathLike[str] | None = None,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write where the animal was in each frame, and in which zones, as `isx` does.

    Byte for byte as ``isx.export_nvision_movie_tracking_frame_data_to_csv`` and
    ``isx.export_nvision_movie_tracking_zone_data_to_csv``, but that names with commas and quotes
    are quoted, and zones are also found where the session calls the camera by its name.

    Parameters
    ----------
    movie : BehaviorMovie, or a sequence of them
        One, a series, or its parts.
    csv : str or path-like
        A row for each frame.
    zones : str or path-like, optional
        A second table, of the zones of the first part, in pixels.
    time_ref : {"start", "unix", "tsc"}
        Seconds from the first frame, seconds since 1970, or the hardware counter in microseconds.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The table of frames.

    Raises
    ------
    FileExistsError
        A file is there.
    OSError
        A file cannot be written.
    IsxFileError
        A file is broken, or the parts are not of one series.
    ValueError
        A movie has no timestamps, an unknown `time_ref`, or no known start to count from.
    """
    parts = parts_of(movie)
    check_time_ref(time_ref, parts, TIME_REFS)
    target = check_target(csv, overwrite, parts)
    beside = None if zones is None else check_target(zones, overwrite, parts)
    lines = [f"{FRAME_COLUMNS} {unit_of(time_ref)},{_BOX}\n"]
    as_text = timestamp_text(parts[0], time_ref)
    number_text: Callable[[float], str] = "{:g}".format if time_ref == "tsc" else "{:.6f}".format
    frame = 0
    for number, part in enumerate(parts):
        stamps, valid = timestamps_of(part).tolist(), part.timing.valid_mask.tolist()
        found = _found(part.tracking, len(part), number_text)
        for local, (stamp, is_valid) in enumerate(zip(stamps, valid, strict=True)):
            time = as_text(stamp) if is_valid else ""
            lines.append(f"{frame},{number},{local},{time},{found[local]}\n")
            frame += 1
        if progress is not None:
            progress((number + 1) / len(parts))
    write_whole(target, "".join(lines).encode())
    if beside is not None:
        tracking = parts[0].tracking
        write_whole(beside, zone_table(tracking.zones if tracking else ()).encode())
    return target


def zone_table(zones: Sequence[Zone]) -> str:
    """The zones that were drawn, in pixels of the camera's picture."""
    most = max((len(zone.vertices) for zone in zones), default=0)
    corners = [f"{axis} {i}" for i in range(most) for axis in "XY"]
    lines = [",".join(["ID,Enabled,Name,Description,Type", *corners, _AXES])]
    for zone in zones:
        places = [f"{value:g}" for value in zone.vertices.ravel().tolist()]
        is_ellipse = zone.shape == "ellipse"
        axes = [f"{value:g}" if is_ellipse else "" for value in (*zone.axes_px, zone.angle_deg)]
        texts = [quoted(text) for text in (zone.name, zone.description, zone.shape)]
        padding = [""] * (2 * most - len(places))
        lines.append(
            ",".join([str(zone.id), str(int(zone.enabled)), *texts, *places, *padding, *axes])
        )
    return "".join(f"{line}\n" for line in lines)


def _found(tracking: Tracking | None, count: int, text: Callable[[float], str]) -> list[str]:
    """The last fields of each frame; empty ones where nothing was found."""
    if tracking is None:
        return ["," * _BOX.count(",")] * count
    visits: defaultdict[int, list[ZoneVisit]] = defaultdict(list)
    for visit in tracking.visits:
        visits[visit.sample].append(visit)
    boxes = tracking.boxes.astype(np.float32)
    centers = (boxes[:, :2] + boxes[:, 2:]) / np.float32(2)
    numbers = np.column_stack([boxes, centers, tracking.confidence.astype(np.float32)])
    rows = []
    for sample, row in enumerate(numbers.tolist()):
        fields = ["" if value != value else text(value) for value in row]  # NaN
        rows.append(",".join([*fields, *_zone_fields(visits.get(sample, []))]))
    return rows


def _zone_fields(visits: Sequence[ZoneVisit]) -> list[str]:
    """Id, name, event and trigger, in quotes where there are several zones."""
    fields = zip(
        *((str(v.zone_id), v.name, _WORDS.get(v.event, v.event), v.trigger) for v in visits),
        strict=True,
    )
    if len(visits) > 1:
        return [f'"{",".join(texts).replace(chr(34), chr(34) * 2)}"' for texts in fields]
    return [quoted(text) for (text,) in fields] if visits else [""] * 4
