"""The behavior camera in NWB: its movie as a file beside, the animal's track, zones and visits."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hdmf.common import DynamicTable, VectorData, VectorIndex
from pynwb.behavior import Position, SpatialSeries
from pynwb.epoch import TimeIntervals
from pynwb.event import TimestampVectorData
from pynwb.image import ImageSeries

from napari_isx.export.nwb.ophys import add_events
from napari_isx.export.nwb.session import NwbSession
from napari_isx.export.video import new_video
from napari_isx.io.base.series import Series
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking, ZoneVisit

_FRAME = "Pixels of the camera's picture, from its top left corner, x to the right and y down."


def add_behavior(session: NwbSession, movie: BehaviorMovie, mp4: Path | None, nwb: Path) -> None:
    """Add a behavior movie by the path of its file, or of the clip of it, with its tracking."""
    info = movie.acquisition_info
    camera = str(info.get("Camera Name") or "camera")
    serial = str(info.get("Camera Serial Number") or "")
    device = session.nwbfile.devices.get(camera) or session.nwbfile.create_device(
        name=session.name(camera), description=f"nVision behavior camera (Serial: {serial or '?'})"
    )
    parts = movie.parts if isinstance(movie, Series) else (movie,)
    files = [mp4] if mp4 is not None else list(movie.paths)
    counts = [part.timing.num_valid for part in parts]
    if files and movie.timing.num_valid:
        if mp4 is None:
            session.note(
                f"{movie.name} is linked as it is, and plays in no other program: have an MP4 made "
                f"beside the NWB file if it is to be looked at"
            )
        starts = [0] if mp4 is not None else np.cumsum([0, *counts[:-1]]).tolist()
        valid_s = movie.timing.times_s[movie.timing.valid_mask]
        session.nwbfile.add_acquisition(
            ImageSeries(
                name=session.name(f"BehaviorVideo_{camera}"),
                description=f"{movie.name}: the frames that it holds, dropped ones left out.",
                unit="n.a.",
                external_file=[_relative(file, nwb, session) for file in files],
                format="external",
                starting_frame=starts,
                device=device,
                dimension=[movie.shape[2], movie.shape[1]],
                **session.times(movie, valid_s),
            )
        )
    if movie.tracking is not None:
        _add_tracking(session, movie, movie.tracking)


def write_clip(session: NwbSession, movie: BehaviorMovie, path: Path) -> None:
    """Write a behavior movie as MP4, a picture for each frame that it holds."""
    rate = Fraction(movie.timing.sampling_rate_hz).limit_denominator(1001)
    with new_video(path, rate) as video:
        for sample in np.flatnonzero(movie.timing.valid_mask).tolist():
            picture = movie.read_color_frame(sample)
            video.add(picture)
            if session.on_bytes is not None:
                session.on_bytes(picture.nbytes)


def _relative(file: Path, nwb: Path, session: NwbSession) -> str:
    try:
        return Path(os.path.relpath(file, nwb.parent)).as_posix()
    except ValueError:  # on another drive of Windows
        session.note(f"{file} is on another drive than the NWB file, so its path is absolute")
        return str(file)


def _add_tracking(session: NwbSession, movie: BehaviorMovie, tracking: Tracking) -> None:
    module = session.module("behavior", "The animal's track, and the zones it was in")
    times = session.times(movie, movie.timing.times_s)
    boxes = tracking.boxes
    if movie.timing.num_samples and np.isfinite(boxes).any():
        centers = (boxes[:, :2] + boxes[:, 2:]) / 2
        track = SpatialSeries(
            name="AnimalCenter",
            description="The center of the box around the animal; NaN where it was not found.",
            data=centers,
            reference_frame=_FRAME,
            unit="pixels",
            **times,
        )
        module.add(Position(name=session.name("Position"), spatial_series=track))
        about = f"Left, top, right and bottom of the box around the animal. {_FRAME}"
        module.add(session.series("AnimalBox", boxes, "pixels", about, **times))
        about = "How sure the tracker is."
        module.add(
            session.series("TrackingConfidence", tracking.confidence, "percent", about, **times)
        )
    for problem in tracking.problems:
        session.note(f"{movie.name}: {problem}")
    if tracking.zones:
        module.add(_zones(session, tracking))
    if tracking.visits:
        _add_visits(session, movie, tracking.visits)


def _zones(session: NwbSession, tracking: Tracking) -> Any:
    zones = tracking.zones
    corners = [[(float(x), float(y)) for x, y in zone.vertices] for zone in zones]
    x = VectorData(
        name="x",
        description=f"x of its corners, of an ellipse its center. {_FRAME}",
        data=[x for zone in corners for x, _ in zone],
    )
    y = VectorData(
        name="y", description="y likewise.", data=[y for zone in corners for _, y in zone]
    )
    ends = np.cumsum([len(zone) for zone in corners]).tolist()
    plain = {
        "zone_id": ("Its id.", [zone.id for zone in zones]),
        "zone_name": ("Its name.", [zone.name for zone in zones]),
        "zone_description": ("What is said of it.", [zone.description for zone in zones]),
        "enabled": ("Whether it was in use.", [zone.enabled for zone in zones]),
        "shape": ("rectangle, polygon or ellipse.", [zone.shape for zone in zones]),
        "major_axis": ("Of an ellipse, in pixels.", [zone.axes_px[0] for zone in zones]),
        "minor_axis": ("Of an ellipse, in pixels.", [zone.axes_px[1] for zone in zones]),
        "angle": ("Of an ellipse, in degrees.", [zone.angle_deg for zone in zones]),
    }
    columns = [VectorData(name=n, description=about, data=d) for n, (about, d) in plain.items()]
    columns += [x, VectorIndex(name="x_index", data=ends, target=x)]
    columns += [y, VectorIndex(name="y_index", data=ends, target=y)]
    return DynamicTable(
        name=session.name("Zones"), description="Areas drawn on the picture.", columns=columns
    )


def _add_visits(session: NwbSession, movie: BehaviorMovie, visits: tuple[ZoneVisit, ...]) -> None:
    """Each frame in which a zone was reported, and each stay of the animal in a zone."""
    placed, period_s = session.placed(movie), movie.timing.period_s
    times_s = placed.to_session_s(np.array([visit.sample for visit in visits]) * period_s)
    reported = {
        "frame": ("The camera's frame, from 0.", [visit.sample for visit in visits]),
        "zone_id": ("The zone's id, its low 32 bits.", [visit.zone_id for visit in visits]),
        "zone_name": ("Its name.", [visit.name for visit in visits]),
        "event": ("entry, occupied or exit.", [visit.event for visit in visits]),
        "trigger": ("What was sent; empty for nothing.", [visit.trigger for visit in visits]),
    }
    about = "Seconds from the start of the session."
    columns: list[Any] = [TimestampVectorData(name="timestamp", description=about, data=times_s)]
    columns += [VectorData(name=n, description=a, data=d) for n, (a, d) in reported.items()]
    add_events(session, "zone_events", "Frames in which the tracker reported a zone.", columns)
    stays = sorted(_stays(visits))
    if not stays:
        return
    table = TimeIntervals(
        name=session.name("zone_visits"),
        description="When the animal was in a zone, from its first to its last frame there.",
    )
    table.add_column("zone_name", "The zone's name.")
    table.add_column("zone_id", "Its id, its low 32 bits.")
    for first, last, zone_id, name in stays:
        start_s, stop_s = placed.to_session_s(np.array([first, last + 1]) * period_s).tolist()
        table.add_row(start_time=start_s, stop_time=stop_s, zone_name=name, zone_id=zone_id)
    session.nwbfile.add_time_intervals(table)


def _stays(visits: tuple[ZoneVisit, ...]) -> list[tuple[int, int, int, str]]:
    """First and last frame of each stay in a zone, without the frame of the exit."""
    stays: list[tuple[int, int, int, str]] = []
    begun: dict[int, tuple[int, int, str]] = {}
    for visit in visits:
        before = begun.get(visit.zone_id)
        is_on = before is not None and visit.event != "entry"
        if before is not None and not is_on:
            stays.append((before[0], before[1], visit.zone_id, before[2]))
        if visit.event == "exit":
            if before is not None:
                stays.append((before[0], before[1], visit.zone_id, before[2]))
            begun.pop(visit.zone_id, None)
        else:
            first = before[0] if before is not None and is_on else visit.sample
            begun[visit.zone_id] = (first, visit.sample, visit.name)
    stays += [(first, last, zone_id, name) for zone_id, (first, last, name) in begun.items()]
    return stays
