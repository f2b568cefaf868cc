"""Event sets as a Points layer, with the events at the centroids of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi
from napari_isx.io.base.names import places_of
from napari_isx.io.base.signal import Signal
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.layers.keys import RECORDING_KEY, LayerData
from napari_isx.layers.placement import seconds_per_step
from napari_isx.layers.styles import EVENT_COLOR
from napari_isx.timeline.hardware_time import HardwareTime

if TYPE_CHECKING:
    from napari.layers import Points

MAX_POINTS: Final = 100_000
"""More events than this are not drawn on the canvas, which they would make unusable."""

_DEFAULT_SIZE_UM: Final = 30.0


def events_layer(events: EventSet) -> LayerData:
    """An empty Points layer ``(t, y, x)`` that carries an event set.

    See :func:`place_events`, which fills it, once the cell set is open too.
    """
    return (
        np.empty((0, 3)),  # not None: napari leaves that out of sample data
        {
            "name": events.title,
            "ndim": 3,
            "visible": False,  # until it has points: napari draws what is visible at each step
            "metadata": {RECORDING_KEY: events},
            "scale": (seconds_per_step(events.timing), 1.0, 1.0),
            "units": ("s", "um", "um"),
            "axis_labels": ("t", "y", "x"),
            "symbol": "disc",
            "face_color": "transparent",
            "border_color": EVENT_COLOR,
            "border_width": 0.12,
            "size": _DEFAULT_SIZE_UM,
        },
        "points",
    )


def place_events(
    layer: Points,
    events: EventSet,
    cells: CellSet,
    rois: list[Roi],
    hardware: HardwareTime | None = None,
) -> bool:
    """Put each event at its time and at the centroid of its cell.

    Cells without pixels have no place, so their events are left out. Features are the cell's
    name and the event's amplitude.

    `rois`: of the cells. `hardware`: of the movie that the cells were found in, where it is known.
    Returns whether they were placed; False where there are more than ``MAX_POINTS``.
    """
    import pandas as pd

    centroids = cells.spacing.to_um([roi.centroid for roi in rois])
    placed = [
        (cells.names[cell], events.events(i), centroids[cell])
        for i, cell in enumerate(places_of(events.names, cells.names))
        if cell is not None and np.isfinite(centroids[cell]).all()
    ]
    if sum(len(signal) for _, signal, _ in placed) > MAX_POINTS:
        clear_events(layer)
        return False
    step_s = seconds_per_step(events.timing)
    rows = [
        np.column_stack(
            [_true_s(signal, hardware) / step_s, np.broadcast_to(place, (len(signal), 2))]
        )
        for _, signal, place in placed
    ]
    if not len(layer.data):
        layer.visible = bool(rows)
    layer.data = np.concatenate(rows) if rows else np.empty((0, 3))
    layer.features = pd.DataFrame(
        {
            "name": [name for name, signal, _ in placed for _ in range(len(signal))],
            "amplitude": [value for _, signal, _ in placed for value in signal.values],
        }
    )
    layer.size = _point_size_um(cells, rois)
    layer.face_color, layer.border_color = "transparent", EVENT_COLOR
    return True


def clear_events(layer: Points) -> None:
    """Take all points away; the layer keeps the event set."""
    import pandas as pd

    if len(layer.data):
        layer.visible = False
        layer.data = np.empty((0, 3))
        layer.features = pd.DataFrame()


def _true_s(signal: Signal, hardware: HardwareTime | None) -> npt.NDArray[np.float64]:
    return signal.times_s if hardware is None else hardware.to_true_s(signal.times_s)


def _point_size_um(cells: CellSet, rois: list[Roi]) -> float:
    """Somewhat larger than a typical cell, so that the ring goes round it."""
    areas = [roi.area_px for roi in rois if not roi.is_empty]
    if not areas:
        return _DEFAULT_SIZE_UM
    pixel_um = float(np.sqrt(np.prod(cells.spacing.pixel_size_um)))
    return 1.5 * pixel_um * float(np.sqrt(np.median(areas)))
