"""Which layers an opened file becomes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.cells.series import CellSetSeries, differing_footprints
from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.legacy.readers import LegacyMovie
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.layers.behavior import behavior_layer, behavior_layers
from napari_isx.layers.cells import cell_layers
from napari_isx.layers.channels import channels_layer
from napari_isx.layers.events import events_layer
from napari_isx.layers.keys import LayerData
from napari_isx.layers.movies import image_layer, movie_layer, plane_layers
from napari_isx.layers.vessels import vessel_layers


def layers_of(recording: Recording) -> list[LayerData]:
    """Return the layer data tuples of an opened file, or of a series.

    Where the pictures are sound but what the file says about its planes or its tracking is
    broken, napari shows a warning, and the layers are those of the pictures alone. It also does
    where a GPIO file does not say how fast its clock ran.

    Raises IsxFileError: what a layer needs is broken; UnsupportedIsxError: no layer is defined for
    this kind of file.
    """
    make = LAYERS.get(recording.kind)
    if make is None:
        raise UnsupportedIsxError(
            recording.place,
            f"napari cannot show a {type(recording).__name__} yet",
            "napari_isx.open_isx opens it in Python.",
        )
    _warn_of_clock(recording)
    return make(recording)


def _movie_layers(movie: Movie) -> list[LayerData]:
    """One layer of each plane or color that a movie has interleaved, or one of the movie."""
    try:
        planes = movie.planes
    except IsxFileError as error:
        _warn(_in_words(error), "The frames of all its planes are shown interleaved.")
        planes = []
    layers = plane_layers(planes) or [movie_layer(movie)]
    channels = movie.open_gpio() if isinstance(movie, LegacyMovie) else None
    return layers if channels is None else [*layers, channels_layer(channels)]


def _warn_of_clock(recording: Recording) -> None:
    for problem in recording.clock_problems:
        _warn(problem, "Times may be off.")


def _behavior_layers(movie: BehaviorMovie) -> list[LayerData]:
    try:
        tracking = movie.tracking
    except IsxFileError as error:
        _warn(_in_words(error), "The movie is shown without its tracking.")
        return [behavior_layer(movie)]
    for problem in tracking.problems if tracking is not None else ():
        _warn(f"{movie.name}: {problem}", "The rest of the tracking is shown.")
    return behavior_layers(movie)


def _warn_of_other_cells(series: CellSetSeries) -> None:
    differing = differing_footprints(series.parts)
    if differing is not None:
        part, name = differing
        _warn(
            f"{part.name}: its cell {name} lies elsewhere than in {series.name}",
            "Shown as one series they may be different cells under one name.",
        )


def _in_words(error: IsxFileError) -> str:
    return f"{Path(error.path).name}: {error.finding}"


def _warn(finding: str, consequence: str) -> None:
    from napari.utils.notifications import show_warning

    show_warning(f"{finding}. {consequence}")


def _cell_layers(cells: CellSet) -> list[LayerData]:
    if isinstance(cells, CellSetSeries):
        _warn_of_other_cells(cells)
    return cell_layers(cells)


LAYERS: Final[dict[str, Callable[[Any], list[LayerData]]]] = {
    Movie.kind: _movie_layers,
    Image.kind: lambda image: [image_layer(image)],
    BehaviorMovie.kind: _behavior_layers,
    CellSet.kind: _cell_layers,
    EventSet.kind: lambda events: [events_layer(events)],
    VesselSet.kind: vessel_layers,
    GpioSet.kind: lambda gpio: [channels_layer(gpio)],
}
"""The layers of each kind in the table of kinds."""
