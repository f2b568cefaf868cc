"""Which layers an opened file becomes."""

from __future__ import annotations

from napari_isx.io.cells import CellSet
from napari_isx.io.errors import UnsupportedIsxError
from napari_isx.io.events import EventSet
from napari_isx.io.movie import Image, Movie
from napari_isx.io.recording import Recording
from napari_isx.layers.cells import cell_layers
from napari_isx.layers.events import events_layer
from napari_isx.layers.images import image_layer, movie_layer
from napari_isx.layers.keys import LayerData


def layers_of(recording: Recording) -> list[LayerData]:
    """Return the layer data tuples of an opened file.

    Raises
    ------
    UnsupportedIsxError
        No layer is defined for this kind of file.
    """
    match recording:
        case Movie():
            return [movie_layer(recording)]
        case Image():
            return [image_layer(recording)]
        case CellSet():
            return cell_layers(recording)
        case EventSet():
            return [events_layer(recording)]
    raise UnsupportedIsxError(
        recording.path,
        f"napari cannot show a {type(recording).__name__} yet",
        "napari_isx.open_isx opens it in Python.",
    )
