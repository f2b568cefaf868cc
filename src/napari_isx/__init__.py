"""Inscopix miniscope recordings for Python and napari.

:func:`open_isx` opens any file and returns a :class:`Movie`, :class:`Image`,
:class:`BehaviorMovie`, :class:`CellSet`, :class:`EventSet`, :class:`VesselSet` or
:class:`GpioSet`. Importing this package imports nothing else until a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_isx.export.cells_csv import export_cells, export_contours
    from napari_isx.export.channels_csv import export_gpio, export_imu
    from napari_isx.export.events_csv import export_events
    from napari_isx.export.movies import export_movie
    from napari_isx.export.nwb.write import export_nwb
    from napari_isx.export.rois import export_rois
    from napari_isx.export.tidy import export_tidy
    from napari_isx.export.timestamps_csv import export_aligned_timestamps, export_timestamps
    from napari_isx.export.tracking_csv import export_tracking
    from napari_isx.export.vessels_csv import export_vessels
    from napari_isx.io.base.signal import Signal
    from napari_isx.io.base.spacing import Spacing
    from napari_isx.io.base.timing import Timing
    from napari_isx.io.behavior.behavior_movie import BehaviorMovie
    from napari_isx.io.behavior.write import write_behavior_movie
    from napari_isx.io.cells.cell_set import CellSet
    from napari_isx.io.cells.write import write_cell_set
    from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
    from napari_isx.io.events.event_set import EventSet
    from napari_isx.io.events.write import write_event_set
    from napari_isx.io.gpio.gpio_set import GpioSet
    from napari_isx.io.movies.base import Movie
    from napari_isx.io.movies.isxd import Image
    from napari_isx.io.movies.write import write_image, write_movie
    from napari_isx.io.open import open_isx
    from napari_isx.io.vessels.vessel_set import VesselSet
    from napari_isx.io.vessels.write import write_vessel_set

_HOME: Final = {
    "BehaviorMovie": "io.behavior.behavior_movie",
    "CellSet": "io.cells.cell_set",
    "EventSet": "io.events.event_set",
    "GpioSet": "io.gpio.gpio_set",
    "Image": "io.movies.isxd",
    "IsxFileError": "io.errors",
    "Movie": "io.movies.base",
    "Signal": "io.base.signal",
    "Spacing": "io.base.spacing",
    "Timing": "io.base.timing",
    "UnsupportedIsxError": "io.errors",
    "VesselSet": "io.vessels.vessel_set",
    "export_aligned_timestamps": "export.timestamps_csv",
    "export_cells": "export.cells_csv",
    "export_contours": "export.cells_csv",
    "export_events": "export.events_csv",
    "export_gpio": "export.channels_csv",
    "export_imu": "export.channels_csv",
    "export_movie": "export.movies",
    "export_nwb": "export.nwb.write",
    "export_rois": "export.rois",
    "export_tidy": "export.tidy",
    "export_timestamps": "export.timestamps_csv",
    "export_tracking": "export.tracking_csv",
    "export_vessels": "export.vessels_csv",
    "open_isx": "io.open",
    "write_behavior_movie": "io.behavior.write",
    "write_cell_set": "io.cells.write",
    "write_event_set": "io.events.write",
    "write_image": "io.movies.write",
    "write_movie": "io.movies.write",
    "write_vessel_set": "io.vessels.write",
}
"""The module in which each public name lives."""

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
    "export_aligned_timestamps",
    "export_cells",
    "export_contours",
    "export_events",
    "export_gpio",
    "export_imu",
    "export_movie",
    "export_nwb",
    "export_rois",
    "export_tidy",
    "export_timestamps",
    "export_tracking",
    "export_vessels",
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
        value = getattr(import_module(f"napari_isx.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'napari_isx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
