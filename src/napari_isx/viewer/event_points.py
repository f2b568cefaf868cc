"""Keeps the Points of event sets at the centroids of their cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

from napari.layers import Layer, Points
from napari.utils.notifications import show_info

from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.layers.events import MAX_POINTS, clear_events, place_events
from napari_isx.layers.keys import ROIS_KEY, recording_of
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.hardware_time import HardwareTime


class EventPoints:
    """Places events when their cell set opens, and clears them when it closes."""

    def __init__(self) -> None:
        # The cells whose places, and the clock whose times the events of a layer have.
        self._placed: WeakKeyDictionary[Layer, tuple[CellSet, HardwareTime | None]] = (
            WeakKeyDictionary()
        )

    def place(self, layers: Sequence[Layer], groups: Iterable[CellGroup], clock: Clock) -> None:
        """Bring all Points layers of event sets in line with what is open.

        Parameters
        ----------
        layers : sequence of Layer
            All layers of the viewer.
        groups : iterable of CellGroup
            Which events belong to which cells.
        clock : Clock
            When the events were.
        """
        # Rings of a set that is not the chosen one would be taken for what is drawn and counted.
        cells_of = {id(group.events): group.cells for group in groups if group.events is not None}
        for layer in set(self._placed) - set(layers):
            del self._placed[layer]
        for layer in layers:
            events = recording_of(layer)
            if not isinstance(layer, Points) or not isinstance(events, EventSet):
                continue
            cells = cells_of.get(id(events))
            if cells is None:
                if self._placed.pop(layer, None) is not None:
                    clear_events(layer)
                continue
            hardware = clock.placed(events).hardware
            if self._placed.get(layer) == (cells, hardware):
                continue
            self._placed[layer] = (cells, hardware)
            rois = next(
                one.metadata[ROIS_KEY]
                for one in layers
                if recording_of(one) is cells and ROIS_KEY in one.metadata
            )
            if not place_events(layer, events, cells, rois, hardware):
                show_info(
                    f"{layer.name}: more than {MAX_POINTS:,} events are not drawn on the canvas; "
                    "the Traces dock shows those of the selected cells."
                )
