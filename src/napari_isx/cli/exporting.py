"""Exporting one recording, or one session, into a folder; as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import napari_isx
from napari_isx.cli.finding import Source
from napari_isx.export.cells_csv import statuses_of, write_footprints
from napari_isx.export.file_names import short_name
from napari_isx.export.times import parts_of
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.format.atomic_write import replace, write_whole
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.vessels.vessel_set import VesselSet

Format = Literal["csv", "tidy", "tiff", "zarr", "mp4", "nwb", "rois"]
OF_SESSIONS: Final = ("tidy", "nwb")
"""Formats that need all recordings of a session at once."""
RECEIPTS: Final = ".napari-isx"
"""The folder of what was finished, and of what is being written, in that of the exports."""


@dataclass(frozen=True)
class Options:
    """What the command was asked for; see its help."""

    format: Format
    time_ref: str = "start"
    dense: bool = False
    parquet: bool = False
    movies: bool = False
    speed: float = 1.0
    metadata: str = ""
    overwrite: bool = False


@dataclass(frozen=True)
class ExportTask:
    """Recordings to export together, and where to."""

    sources: tuple[Source, ...]
    folder: Path
    options: Options = field(compare=False)

    @property
    def title(self) -> str:
        """What messages call it."""
        first = self.sources[0]
        is_session = self.options.format in OF_SESSIONS and len(self.sources) > 1
        return str(first.paths[0].parent) if is_session else first.title

    @property
    def receipt(self) -> Path:
        """Where it is noted that this was done, with these files and options."""
        stats = [(str(p.resolve()), os.stat(p)) for s in self.sources for p in s.paths]
        state: list[Any] = [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]
        options = asdict(self.options) | {"overwrite": False}
        digest = hashlib.sha256(json.dumps([state, options]).encode()).hexdigest()[:24]
        return self.folder / RECEIPTS / f"{digest}.json"

    @property
    def is_done(self) -> bool:
        """Whether it was finished before, and all that it wrote is still there."""
        try:
            names = json.loads(self.receipt.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return all((self.folder / name).exists() for name in names)


def export(task: ExportTask) -> list[str]:
    """Do a task; returns the names of what was written, none where nothing fits the format."""
    problem = next((source.problem for source in task.sources if source.problem), "")
    if problem:
        raise ValueError(problem)
    receipt = task.receipt
    draft = receipt.with_suffix(".part")
    shutil.rmtree(draft, ignore_errors=True)  # of a worker that was killed
    draft.mkdir(parents=True)
    try:
        with ExitStack() as stack:
            opened = [stack.enter_context(_open(source)) for source in task.sources]
            if task.options.format in ("nwb", "rois"):  # the others look for themselves
                for cells in (one for one in opened if isinstance(one, CellSet)):
                    statuses_of(parts_of(cells), None)  # warns of decisions that are not saved
            if task.options.format == "nwb":  # has links that are relative to its place
                names = _write_nwb(opened, task)
            else:
                _write(opened, draft, task.options)
                names = _put_in_place(draft, task)
        write_whole(receipt, json.dumps(names).encode())
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return names


def _open(source: Source) -> Recording:
    paths = list(source.paths)
    return napari_isx.open_isx(paths if len(paths) > 1 else paths[0])


def _write_nwb(opened: Sequence[Recording], task: ExportTask) -> list[str]:
    options = task.options
    name = f"{opened[0].title if len(opened) == 1 else task.sources[0].paths[0].parent.name}.nwb"
    exported = napari_isx.export_nwb(
        opened,
        task.folder / name,
        metadata=options.metadata or None,
        movies=options.movies,
        overwrite=options.overwrite,
    )
    for finding in exported.findings:
        warnings.warn(f"{name}: {finding}", stacklevel=1)
    return [name]


def _write(opened: Sequence[Recording], folder: Path, options: Options) -> None:
    if options.format == "tidy":
        tables = [one for one in opened if not isinstance(one, (VesselSet, Image))]
        if tables:
            napari_isx.export_tidy(tables, folder, format="parquet" if options.parquet else "csv")
        return
    for one in opened:
        base = folder / short_name(one)
        if options.format == "csv":
            _write_csv(one, base, options)
        elif options.format == "rois" and isinstance(one, CellSet):
            napari_isx.export_rois(one, base.with_name(f"{base.name}.zip"))
        elif options.format == "tiff" and isinstance(one, CellSet):
            write_footprints(one, base.with_name(f"{base.name}.tiff"), overwrite=False)
        elif options.format in ("tiff", "zarr", "mp4") and isinstance(one, Movie | BehaviorMovie):
            suffix = "tif" if options.format == "tiff" else options.format
            target = base.with_name(f"{base.name}.{suffix}")
            napari_isx.export_movie(one, target, speed=options.speed)


def _write_csv(one: Recording, base: Path, options: Options) -> None:
    """The tables that Inscopix' software would write."""
    table, time_ref = base.with_name(f"{base.name}.csv"), options.time_ref
    for_times: Any = "start" if time_ref == "tsc" else time_ref
    if isinstance(one, CellSet):
        napari_isx.export_cells(one, table, time_ref=for_times)
    elif isinstance(one, EventSet):
        props = base.with_name(f"{base.name}-props.csv")
        sparse = not options.dense
        napari_isx.export_events(one, table, props=props, sparse_output=sparse, time_ref=for_times)
    elif isinstance(one, GpioSet):
        napari_isx.export_gpio(one, table, time_ref=for_times)
    elif isinstance(one, VesselSet):
        napari_isx.export_vessels(one, table, time_ref=for_times)
    elif isinstance(one, BehaviorMovie) and one.tracking is not None:
        zones = base.with_name(f"{base.name}-zones.csv")
        napari_isx.export_tracking(one, table, zones=zones, time_ref=time_ref)  # type: ignore[arg-type]
    elif isinstance(one, (Movie, BehaviorMovie)) and one.timestamps_us is not None:
        napari_isx.export_timestamps(one, table, time_ref=time_ref)  # type: ignore[arg-type]


def _put_in_place(draft: Path, task: ExportTask) -> list[str]:
    names = sorted(path.name for path in draft.iterdir())
    there = next((name for name in names if (task.folder / name).exists()), None)
    if there is not None and not task.options.overwrite:
        reason = "it exists already: choose another folder, or pass --overwrite"
        raise FileExistsError(17, reason, str(task.folder / there))
    for name in names:
        target = task.folder / name
        if target.is_dir():
            shutil.rmtree(target)
        replace(draft / name, target)
    return names
