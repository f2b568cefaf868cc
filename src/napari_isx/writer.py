"""What npe2 calls to save layers of ours: as what their names end in. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import napari_isx
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.keys import RECORDING_KEY
from napari_isx.layers.window_commands import run_beside

LayerTuple = tuple[Any, Mapping[str, Any], str]
_Write = Callable[[Path, Any, Mapping[str, Any]], None]


class SaveError(RuntimeError):
    """A sentence for the user; napari takes a ValueError for a name that nobody knows."""


def write_layer(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:  # noqa: ARG001
    """Save what a layer shows; the file dialog has asked whether to replace a file.

    Raises
    ------
    SaveError
        It is no layer of ours, or cannot be written as that.
    """
    try:
        run_beside(partial(_write_layer, path, meta), f"Saving {Path(path).name}")
    except ValueError as error:
        raise SaveError(str(error)) from error
    return [path]


def _write_layer(path: str, meta: Mapping[str, Any]) -> None:
    target, recording = Path(path), _recording(path, meta)
    endings = {
        ending: write
        for kind, formats in _WRITERS.items()
        if isinstance(recording, kind)
        for ending, write in formats.items()
    }
    name = target.name.lower()
    found = next((ending for ending in endings if name.endswith(ending)), None)
    if found is None:
        raise ValueError(f"{target.name}: this layer is saved as {', '.join(endings)}")
    if any(target.exists() and target.samefile(own) for own in recording.paths):
        raise ValueError(f"{target.name} is the file that this layer shows: choose another name")
    endings[found](target, recording, meta)


def write_nwb(path: str, layers: Sequence[LayerTuple]) -> list[str]:
    """Save what layers show as one NWB file.

    Raises
    ------
    SaveError
        A layer is not of ours, or they are of several sessions.
    """
    try:
        recordings = {id(one): one for one in (_recording(path, meta) for _, meta, _ in layers)}
        shown = {
            one: statuses
            for _, meta, _ in layers
            if isinstance(one := _recording(path, meta), CellSet)
            if (statuses := _statuses(one, meta)) is not None
        }
        write = partial(napari_isx.export_nwb, statuses=shown, overwrite=True)
        run_beside(partial(write, recordings.values(), path), f"Saving {Path(path).name}")
    except ValueError as error:
        raise SaveError(str(error)) from error
    return [path]


def _recording(path: str, meta: Mapping[str, Any]) -> Recording:
    found = meta.get("metadata", {}).get(RECORDING_KEY)
    if not isinstance(found, Recording):
        raise ValueError(  # noqa: TRY004
            f"{Path(path).name}: the layer {meta.get('name')!r} shows no Inscopix file, so save it "
            f"as another kind of file"
        )
    return found


def _statuses(cells: CellSet, meta: Mapping[str, Any]) -> list[Any] | None:
    """Decisions as the layer shows them, saved or not; None where it does not have all."""
    features = meta.get("features")
    if features is None or len(features) != cells.num_cells or "status" not in features:
        return None
    return list(features["status"])


def _export(function: str) -> _Write:
    """A public function as a writer; of cells with the statuses that are shown."""

    def write(path: Path, recording: Any, meta: Mapping[str, Any]) -> None:
        more: dict[str, Any] = {}
        if isinstance(recording, CellSet):
            more["statuses"] = _statuses(recording, meta)
        getattr(napari_isx, function)(recording, path, overwrite=True, **more)

    return write


def _extra(recording: Recording) -> Any:
    return recording.metadata.get("extraProperties")


def _movie_copy(path: Path, movie: Movie, _: Mapping[str, Any]) -> None:
    frames: Iterator[Any] = iter(movie)
    napari_isx.write_movie(
        path,
        frames,
        timing=movie.timing,
        spacing=movie.spacing,
        timestamps_us=movie.timestamps_us,
        extra_properties=_extra(movie),
    )


def _cells_copy(path: Path, cells: CellSet, meta: Mapping[str, Any]) -> None:
    napari_isx.write_cell_set(
        path,
        (cells.footprint(i) for i in range(cells.num_cells)),
        (cells.trace(i) for i in range(cells.num_cells)),
        names=cells.names,
        statuses=_statuses(cells, meta) or cells.statuses,
        colors=cells.colors,
        metrics=cells.metrics,
        timing=cells.timing,
        spacing=cells.spacing,
        extra_properties=_extra(cells),
    )


def _events_copy(path: Path, events: EventSet, _: Mapping[str, Any]) -> None:
    if len(set(events.names)) < events.num_cells:
        raise ValueError(f"{path.name}: several cells of {events.name} have one name")
    napari_isx.write_event_set(
        path,
        {name: events.events(i) for i, name in enumerate(events.names)},
        timing=events.timing,
        metrics=events.metrics,
        extra_properties=_extra(events),
    )


_MOVIES: Final = _export("export_movie")
_ROIS: Final = _export("export_rois")
_WRITERS: Final[dict[type[Recording], dict[str, _Write]]] = {
    Movie: {
        ".isxd": _movie_copy,
        **dict.fromkeys((".ome.tif", ".ome.zarr", ".mp4", ".gif"), _MOVIES),
        ".timestamps.csv": _export("export_timestamps"),
    },
    BehaviorMovie: {
        **dict.fromkeys((".ome.tif", ".ome.zarr", ".mp4", ".gif"), _MOVIES),
        ".timestamps.csv": _export("export_timestamps"),
    },
    CellSet: {
        ".isxd": _cells_copy,
        ".traces.csv": _export("export_cells"),
        **dict.fromkeys((".rois.zip", ".labels.tif", ".outlines.csv"), _ROIS),
    },
    EventSet: {".isxd": _events_copy, ".events.csv": _export("export_events")},
    GpioSet: {".gpio.csv": _export("export_gpio")},
    VesselSet: {".vessels.csv": _export("export_vessels")},
}
"""What writes each kind, by the ends of names."""
