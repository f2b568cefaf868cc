"""What each kind of recording can be exported as, and about how large that becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from napari_isx.export.tidy import TidyFormat
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.vessels.vessel_set import VesselSet

# Bytes of a number as text, and of a pixel of a clip, as they usually are.
_TEXT: Final = 11
_ROW: Final = 90
_CLIP: Final = 0.05
_GIF: Final = 1.0


def _public(function: str) -> Callable[..., Any]:
    """A function of the package, imported when it is needed."""

    def write(recording: Recording, path: Path, **options: Any) -> Any:
        import napari_isx

        return getattr(napari_isx, function)(recording, path, **options)

    return write


def _footprints(cells: CellSet, path: Path, **options: Any) -> Sequence[str]:
    from napari_isx.export.cells_csv import write_footprints

    write_footprints(cells, path, **options)
    return [f"{cells.num_cells} pictures and the map of accepted cells, named after it"]


class Format(NamedTuple):
    """One thing that recordings of a kind can become."""

    key: str
    title: str
    interface: type[Recording]
    ending: str  # of the file's name, after that of the recording
    write: Callable[..., Any]  # the recording into a path, with options
    size: Callable[[Any], float]  # about how many bytes it takes
    has_range: bool = False  # whether a range of time can be taken


def _pixels(movie: Movie | BehaviorMovie) -> float:
    size = 1.0
    for length in movie.shape:
        size *= length
    return size


def _raw(movie: Movie | BehaviorMovie) -> float:
    return _pixels(movie) * movie.dtype.itemsize


def _samples(recording: Any) -> float:
    return float(recording.timing.num_samples)


def _packets(gpio: GpioSet) -> float:
    # A packet of 20 bytes becomes a line of 30; nothing is read for that.
    return 1.5 * sum(path.stat().st_size for path in gpio.paths if path.exists())


FORMATS: Final = (
    Format("tif", "ImageJ stack (.tif)", Movie, ".tif", _public("export_movie"), _raw, True),
    Format("ome", "OME-TIFF (.ome.tif)", Movie, ".ome.tif", _public("export_movie"), _raw, True),
    Format(
        *("zarr", "OME-Zarr (.zarr)", Movie, ".ome.zarr", _public("export_movie")),
        *(lambda m: 0.7 * _raw(m), True),
    ),
    Format(
        *("mp4", "Clip (.mp4)", Movie, ".mp4", _public("export_movie")),
        *(lambda m: _CLIP * _pixels(m), True),
    ),
    Format(
        *("gif", "Clip (.gif)", Movie, ".gif", _public("export_movie")),
        *(lambda m: _GIF * _pixels(m), True),
    ),
    Format(
        *("times", "Timestamps (.csv)", Movie, "-timestamps.csv", _public("export_timestamps")),
        lambda m: 25 * _samples(m),
    ),
    Format(
        *("camera", "Clip (.mp4)", BehaviorMovie, ".mp4", _public("export_movie")),
        *(lambda m: _CLIP * _pixels(m), True),
    ),
    Format(
        *("camera gif", "Clip (.gif)", BehaviorMovie, ".gif", _public("export_movie")),
        *(lambda m: _GIF * _pixels(m), True),
    ),
    Format(
        *("track", "Tracking (.csv)", BehaviorMovie, "-tracking.csv", _public("export_tracking")),
        lambda m: 90 * _samples(m),
    ),
    Format(
        *("traces", "Traces and properties (.csv)", CellSet, ".csv", _public("export_cells")),
        lambda c: _TEXT * _samples(c) * (c.num_cells + 1),
    ),
    Format(
        *("rois", "ImageJ ROIs (.zip)", CellSet, "-rois.zip", _public("export_rois")),
        lambda c: 700 * c.num_cells,
    ),
    Format(
        *("labels", "Label image (.tif)", CellSet, "-labels.tif", _public("export_rois")),
        lambda c: 2 * c.spacing.num_pixels[0] * c.spacing.num_pixels[1],
    ),
    Format(
        *("outlines", "Outlines (.csv)", CellSet, "-outlines.csv", _public("export_rois")),
        lambda c: 5000 * c.num_cells,
    ),
    Format(
        *("footprints", "Footprints and accepted map (.tif)", CellSet, ".tif", _footprints),
        lambda c: 4 * (c.num_cells + 1) * c.spacing.num_pixels[0] * c.spacing.num_pixels[1],
    ),
    Format(
        *("contours", "Contours of all components (.json)", CellSet, "-contours.json"),
        *(_public("export_contours"), lambda c: 600 * c.num_cells),
    ),
    Format(
        *("events", "Events (.csv)", EventSet, ".csv", _public("export_events")),
        lambda e: 3 * _samples(e) * (e.num_cells + 4),
    ),
    Format("gpio", "Channels (.csv)", GpioSet, "-gpio.csv", _public("export_gpio"), _packets),
    Format("imu", "Head movement (.csv)", GpioSet, "-imu.csv", _public("export_imu"), _packets),
    Format(
        *("vessels", "Traces (.csv)", VesselSet, ".csv", _public("export_vessels")),
        lambda v: 60 * _samples(v) * v.num_vessels,
    ),
)
"""All there are."""

NWB: Final = "nwb"
NWB_MOVIES: Final = "nwb movies"
NWB_MP4: Final = "nwb mp4"
TIDY: Final[Mapping[str, TidyFormat]] = {"tidy csv": "csv", "tidy parquet": "parquet"}
DECISIONS: Final = "decisions"
SESSION_TITLES: Final[Mapping[str, str]] = {
    NWB: "NWB file (.nwb)",
    NWB_MOVIES: "NWB: frames of movies",
    NWB_MP4: "NWB: behavior as MP4",
    "tidy csv": "Tidy tables (.csv)",
    "tidy parquet": "Tidy tables (.parquet)",
    DECISIONS: "Decision logs (.csv)",
}


def formats_of(recording: Recording) -> list[Format]:
    """What a recording can become."""
    found = [one for one in FORMATS if isinstance(recording, one.interface)]
    if isinstance(recording, GpioSet):
        found = [one for one in found if (one.key == "imu") == recording.is_imu]
    return found


def tidy_bytes(recordings: Sequence[Recording]) -> float:
    """About how large the tidy tables become as text, a row for each observation."""
    total = 0.0
    for one in recordings:
        if isinstance(one, CellSet):
            total += _ROW * _samples(one) * one.num_cells
        elif isinstance(one, GpioSet):
            total += 3 * _packets(one)
        elif isinstance(one, (Movie, BehaviorMovie)):
            total += _ROW * _samples(one)
    return total


def nwb_bytes(recordings: Sequence[Recording], picked: set[str]) -> float:
    """About how large an NWB file becomes, with the clip beside it."""
    total = 1e6
    for one in recordings:
        if isinstance(one, Movie) and NWB_MOVIES in picked:
            total += _raw(one)
        elif isinstance(one, BehaviorMovie) and NWB_MP4 in picked:
            total += _CLIP * _pixels(one)
        elif isinstance(one, CellSet):
            total += 3 * _samples(one) * one.num_cells
        elif isinstance(one, GpioSet):
            total += _packets(one) / 2
    return total
