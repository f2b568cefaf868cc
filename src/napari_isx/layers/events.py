"""Event sets as a Points layer, with the events at the centroids of their cells."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi
from napari_isx.io.base.names import places_of
from napari_isx.io.base.signal import Signal
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.layers.keys import RECORDING_KEY, LayerData, layer_name
from napari_isx.layers.placement import seconds_per_step
from napari_isx.layers.styles import EVENT_COLOR
from napari_isx.timeline.hardware_time import HardwareTime

if TYPE_CHECKING:
    from napari.layers import Points

MAX_POINTS: Final = 100_000
"""More events than this are not drawn on the canvas, which they would make unusable."""

_DEFAULT_SIZE_UM: Final = 30.0
# Of the cell: the ring of its smallest events.
_LEAST_SHARE: Final = 0.4


def events_layer(events: EventSet) -> LayerData:
    """An empty Points layer ``(t, y, x)`` that carries an event set.

    See :func:`place_events`, which fills it, once the cell set is open too.
    """
    return (
        np.empty((0, 3)),  # not None: napari leaves that out of sample data
        {
            "name": layer_name("events", events.title),
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
    shown: Collection[int] | None = None,
) -> bool:
    """Put each event at its time and at the centroid of its cell, as a ring within the cell.

    A cell's largest event has the largest ring. Cells without pixels have no place, so their
    events are left out. Features are the cell's name and the event's amplitude.

    `rois`: of the cells. `hardware`: of the movie that the cells were found in, where it is known.
    `shown`: the cells whose events are drawn, or all.
    Returns whether they were placed; False where there are more than ``MAX_POINTS``.
    """
    import pandas as pd

    centroids = cells.spacing.to_um([roi.centroid for roi in rois])
    placed = [
        (cell, events.events(i))
        for i, cell in enumerate(places_of(events.names, cells.names))
        if cell is not None and np.isfinite(centroids[cell]).all()
        if shown is None or cell in shown
    ]
    if sum(len(signal) for _, signal in placed) > MAX_POINTS:
        clear_events(layer)
        return False
    step_s = seconds_per_step(events.timing)
    rows = [
        np.column_stack(
            [
                _true_s(signal, hardware) / step_s,
                np.broadcast_to(centroids[cell], (len(signal), 2)),
            ]
        )
        for cell, signal in placed
    ]
    if not len(layer.data):
        layer.visible = any(map(len, rows))
    layer.data = np.concatenate(rows) if rows else np.empty((0, 3))
    layer.features = pd.DataFrame(
        {
            "name": [cells.names[cell] for cell, signal in placed for _ in range(len(signal))],
            "amplitude": [value for _, signal in placed for value in signal.values],
        }
    )
    sizes = [_ring_sizes_um(signal, rois[cell], cells) for cell, signal in placed]
    layer.size = np.concatenate(sizes) if any(map(len, sizes)) else _DEFAULT_SIZE_UM
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


def _ring_sizes_um(signal: Signal, roi: Roi, cells: CellSet) -> npt.NDArray[np.float64]:
    """Diameters by amplitude, the largest as wide as a circle of the cell's area."""
    whole_um = 2 * np.sqrt(roi.area_px * np.prod(cells.spacing.pixel_size_um) / np.pi)
    values = np.nan_to_num(np.asarray(signal.values, np.float64)).clip(0)
    share = values / (values.max(initial=0) or 1.0)
    sizes: npt.NDArray[np.float64] = whole_um * (_LEAST_SHARE + (1 - _LEAST_SHARE) * share)
    return sizes
