"""Inscopix miniscope recordings for Python and napari.

:func:`open_isx` opens any file and returns a :class:`Movie`, :class:`Image`,
:class:`BehaviorMovie`, :class:`CellSet`, :class:`EventSet`, :class:`VesselSet` or
:class:`GpioSet`. Importing this package imports nothing else until a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_isx.io.behavior import BehaviorMovie
    from napari_isx.io.cells import CellSet
    from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
    from napari_isx.io.events import EventSet
    from napari_isx.io.gpio import GpioSet
    from napari_isx.io.movie import Image, Movie
    from napari_isx.io.open import open_isx
    from napari_isx.io.signal import Signal
    from napari_isx.io.spacing import Spacing
    from napari_isx.io.timing import Timing
    from napari_isx.io.vessels import VesselSet
    from napari_isx.io.write import write_cell_set, write_event_set, write_image, write_movie
    from napari_isx.io.write_behavior import write_behavior_movie
    from napari_isx.io.write_vessels import write_vessel_set

_HOME: Final = {
    "BehaviorMovie": "behavior",
    "CellSet": "cells",
    "EventSet": "events",
    "GpioSet": "gpio",
    "Image": "movie",
    "IsxFileError": "errors",
    "Movie": "movie",
    "Signal": "signal",
    "Spacing": "spacing",
    "Timing": "timing",
    "UnsupportedIsxError": "errors",
    "VesselSet": "vessels",
    "open_isx": "open",
    "write_behavior_movie": "write_behavior",
    "write_cell_set": "write",
    "write_event_set": "write",
    "write_image": "write",
    "write_movie": "write",
    "write_vessel_set": "write_vessels",
}
"""The module of `napari_isx.io` in which each public name lives."""

__all__ = [
    "BehaviorMovie",
    "CellSet",
    "EventSet",
    "GpioSet",
    "Image",
    "IsxFileError",
    "Movie",
    "Signal",
    "Spacing",
    "Timing",
    "UnsupportedIsxError",
    "VesselSet",
    "open_isx",
    "write_behavior_movie",
    "write_cell_set",
    "write_event_set",
    "write_image",
    "write_movie",
    "write_vessel_set",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-isx")
    if name in _HOME:
        value = getattr(import_module(f"napari_isx.io.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'napari_isx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
