"""Writing a session as NWB."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_isx.export.common import Progress, check_target, needed
from napari_isx.export.nwb.metadata import (
    found_metadata,
    identifier,
    joined,
    missing,
    read_metadata,
)
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.format.atomic_write import partial_file
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.groups import event_choices

if TYPE_CHECKING:
    from napari_isx.analysis.epochs import EpochActivity
    from napari_isx.analysis.event_responses import PeriEvent
    from napari_isx.export.nwb.ophys import Microscope
    from napari_isx.export.nwb.session import NwbSession

    Results = Mapping[str, PeriEvent | EpochActivity]


class ExportedNwb(NamedTuple):
    """What became of a session.

    Attributes
    ----------
    path : Path
    findings : tuple of str
        What the file lacks, or leaves out, in parts of sentences; empty where nothing is.
    clips : tuple of Path
        MP4 files beside it.
    """

    path: Path
    findings: tuple[str, ...]
    clips: tuple[Path, ...] = ()


def export_nwb(
    recordings: Recording | Iterable[Recording],
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    movies: bool = False,
    compress: bool = False,
    behavior_mp4: bool = False,
    statuses: Mapping[CellSet, Sequence[CellStatus]] | None = None,
    responses: Mapping[CellSet, Results] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ExportedNwb:
    """Write what was recorded in one session, and made of it, as one NWB file (extra ``nwb``).

    All times are seconds from the start of the session, by the hardware's counter where files
    have it. Names are those that neuroconv gives.

    Parameters
    ----------
    recordings : Recording or iterable of Recording
        Of one animal on one day: movies, cell sets, event sets, vessel sets, GPIO, IMU, behavior
        movies, images. Events are linked to the cells that they were found in, and decisions are
        taken from the journal beside the cell set.
    path : str or path-like
        Its suffix is ``.nwb``.
    metadata : mapping, or path of a YAML file, optional
        What files do not know, by sections: ``NWBFile`` (experimenter, institution, keywords
        ...), ``Subject`` (species, sex, age ...) and ``ImagingPlane`` (indicator, location,
        excitation_lambda, emission_lambda). It counts for more than what files say.
    movies : bool
        Whether the frames of movies are written too. They are read one by one.
    compress : bool
        Whether frames are packed (gzip 1 with shuffle), which takes several times as long.
    behavior_mp4 : bool
        Whether a behavior movie is written as MP4 beside the NWB file, and that is linked. By
        default its own file is linked, by a relative path.
    statuses : mapping of CellSet to sequence of str, optional
        Decisions that are not saved; those of the files by default.
    responses : mapping of CellSet to mapping of str to PeriEvent or EpochActivity, optional
        What :func:`napari_isx.analysis.peri_event` and :func:`napari_isx.analysis.epoch_activity`
        found of the cells of a set, by the name of the events or epochs.
    overwrite : bool
        Whether a file that is there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export, and nothing is left.

    Returns
    -------
    ExportedNwb
        The file, and what it lacks for DANDI or leaves out.

    Raises
    ------
    ValueError
        Recordings of several sessions, metadata that mean nothing, or another suffix.
    OSError
        The file cannot be written, or is there.
    ImportError
        The extra is not installed.
    """
    opened = [recordings] if isinstance(recordings, Recording) else list(recordings)
    target = Path(path)
    if target.suffix.lower() != ".nwb":
        raise ValueError(f"{target.name}: NWB files end in .nwb")
    if not opened:
        raise ValueError("there is nothing to write into an NWB file")
    check_target(target, overwrite, opened)
    pynwb = needed("NWB", "pynwb", "napari-isx[nwb]")
    import h5py

    from napari_isx.export.nwb.session import NwbSession

    known = joined(found_metadata(opened), read_metadata(metadata))
    parts = _apart(opened)
    clips = _clips(parts, target) if behavior_mp4 else {}
    for clip in clips.values():
        check_target(clip, overwrite, opened)
    total = _bytes_to_write(parts, movies, bool(clips))
    written = 0

    def on_bytes(count: int) -> None:
        nonlocal written
        written += count
        if progress is not None:
            progress(min(written / total, 0.99))

    session = NwbSession(parts, known, on_bytes)
    has_pictures = any(isinstance(one, (CellSet, Movie)) for one in parts)
    session.findings += missing(known, has_pictures=has_pictures)
    session.nwbfile = _new_file(pynwb, session, opened)
    made: list[Path] = []
    try:
        for movie, clip in clips.items():
            from napari_isx.export.nwb.behavior import write_clip

            write_clip(session, movie, clip)
            made.append(clip)
        _add_all(session, parts, target, clips, movies, compress, statuses or {}, responses or {})
        with (
            partial_file(target) as partial,
            h5py.File(partial, "w") as file,
            pynwb.NWBHDF5IO(file=file, mode="w") as io,
        ):
            io.write(session.nwbfile)
    except BaseException:
        for clip in made:
            clip.unlink(missing_ok=True)
        raise
    if progress is not None:
        progress(1.0)
    return ExportedNwb(target, tuple(session.findings), tuple(made))


def _apart(recordings: Sequence[Recording]) -> list[Recording]:
    """Recordings, with interleaved movies as their planes."""
    parts: list[Recording] = []
    for one in recordings:
        planes = one.planes if isinstance(one, Movie) else []
        parts += planes or [one]
    return parts


def _clips(parts: Iterable[Recording], target: Path) -> dict[BehaviorMovie, Path]:
    movies = [one for one in parts if isinstance(one, BehaviorMovie) and one.timing.num_valid]
    return {movie: target.with_name(f"{target.stem}_{movie.title}.mp4") for movie in movies}


def _bytes_to_write(parts: Iterable[Recording], movies: bool, clips: bool) -> int:
    """What the pieces that are counted will sum up to, at least 1."""
    total = 1
    for one in parts:
        if isinstance(one, CellSet):
            total += 4 * one.num_cells * one.timing.num_samples
        elif isinstance(one, Movie) and movies:
            total += _size(one.shape) * one.dtype.itemsize
        elif isinstance(one, BehaviorMovie) and clips:
            total += 3 * _size(one.shape)
    return total


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _new_file(pynwb: Any, session: NwbSession, recordings: Sequence[Recording]) -> Any:
    from importlib.metadata import version

    about = dict(session.metadata["NWBFile"])
    about.pop("session_start_time", None)
    names = ", ".join(one.name for one in recordings)
    described = about.pop("session_description", "") or f"Inscopix recording: {names}"
    subject = session.metadata["Subject"]
    nwbfile = pynwb.NWBFile(
        session_description=described,
        identifier=identifier(recordings),
        session_start_time=session.start,
        was_generated_by=[("napari-isx", version("napari-isx"))],
        source_script="napari_isx.export_nwb",
        source_script_file_name="napari_isx",
        **about,
    )
    if subject:
        nwbfile.subject = pynwb.file.Subject(**subject)
    return nwbfile


def _add_all(
    session: NwbSession,
    parts: Sequence[Recording],
    target: Path,
    clips: Mapping[BehaviorMovie, Path],
    movies: bool,
    compress: bool,
    statuses: Mapping[CellSet, Sequence[CellStatus]],
    found: Mapping[CellSet, Results],
) -> None:
    from napari_isx.export.nwb import behavior, channels, ophys

    microscope = ophys.Microscope(session)
    for one in parts:
        match one:
            case Movie() if movies:
                ophys.add_movie(session, microscope, one, compress)
            case Movie():
                session.note(f"the frames of {one.name} are not in the NWB file")
            case BehaviorMovie():
                behavior.add_behavior(session, one, clips.get(one), target)
            case GpioSet() if one.is_imu:
                channels.add_imu(session, one)
            case GpioSet():
                channels.add_gpio(session, one)
            case VesselSet():
                ophys.add_vessels(session, one)
            case Image():
                ophys.add_picture(session, one.title, one.data)
    _add_cells(session, microscope, parts, statuses, found)


def _add_cells(
    session: NwbSession,
    microscope: Microscope,
    parts: Sequence[Recording],
    statuses: Mapping[CellSet, Sequence[CellStatus]],
    found: Mapping[CellSet, Results],
) -> None:
    """Add cell sets, each with the events that were found in it."""
    from napari_isx.export.nwb import ophys, responses, review

    cell_sets = [one for one in parts if isinstance(one, CellSet)]
    event_sets = [one for one in parts if isinstance(one, EventSet)]
    linked: set[EventSet] = set()
    for cells, choices in zip(cell_sets, event_choices(cell_sets, event_sets), strict=True):
        shown = list(statuses.get(cells, cells.statuses))
        if len(shown) != cells.num_cells:
            raise ValueError(f"{len(shown)} statuses for {cells.num_cells} cells of {cells.name}")
        journal = review.find_journal(session, cells)
        review.note_unsaved(session, cells, journal, shown)
        own = choices.certain
        decided = review.last_decisions(journal, cells.num_cells)
        table = ophys.add_cells(session, microscope, cells, own[0] if own else None, shown, decided)
        review.add_review(session, cells, journal, table)
        responses.add_responses(session, cells, found.get(cells, {}), table)
        for events in own:
            ophys.add_cell_events(session, events, cells, table)
        linked |= set(own)
    for events in event_sets:
        if events not in linked:
            ophys.add_cell_events(session, events, None, None)
            if cell_sets:
                session.note(f"of which cell set the events of {events.name} are is not certain")
