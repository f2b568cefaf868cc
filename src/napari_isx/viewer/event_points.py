"""Keeps the rings of events on the selected cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from weakref import WeakKeyDictionary, WeakSet

from napari.layers import Layer, Points

from napari_isx.io.events.event_set import EventSet
from napari_isx.layers.events import clear_events, place_events
from napari_isx.layers.keys import ROIS_KEY, recording_of
from napari_isx.session.groups import CellGroup
from napari_isx.timeline.clock import Clock


class EventPoints:
    """Places the events of the selected cells, and clears those of all others.

    (All of them would hide the cells, and slow every step of the slider.)
    """

    def __init__(self) -> None:
        # The cells whose places, and the clock whose times the events of a layer have.
        self._placed: WeakKeyDictionary[Layer, tuple[object, ...]] = WeakKeyDictionary()
        self._hidden: WeakSet[Layer] = WeakSet()  # by the user

    def place(
        self,
        layers: Sequence[Layer],
        groups: Iterable[CellGroup],
        clock: Clock,
        selected_of: CellGroup | None,
        selected: Collection[int],
    ) -> None:
        """Bring the Points layers of event sets in line with what is open and selected.

        Parameters
        ----------
        layers : sequence of Layer
            All layers of the viewer.
        groups : iterable of CellGroup
            Which events belong to which cells.
        clock : Clock
            When the events were.
        selected_of : CellGroup or None
        selected : collection of int
            The selected cells of that group.
        """
        # Rings of a set that is not the chosen one would be taken for what is drawn and counted.
        group_of = {id(group.events): group for group in groups if group.events is not None}
        for layer in layers:
            events = recording_of(layer)
            if not isinstance(layer, Points) or not isinstance(events, EventSet):
                continue
            group = group_of.get(id(events))
            cells = group.cells if group is not None and group is selected_of else None
            if cells is None or not selected:
                if self._placed.pop(layer, None) is not None:
                    self._note_hidden(layer)
                    clear_events(layer)
                continue
            hardware = clock.placed(events).hardware
            wanted = cells, hardware, tuple(selected)
            if self._placed.get(layer) == wanted:
                continue
            if layer in self._placed:
                self._note_hidden(layer)
            self._placed[layer] = wanted
            rois = next(
                one.metadata[ROIS_KEY]
                for one in layers
                if recording_of(one) is cells and ROIS_KEY in one.metadata
            )
            place_events(layer, events, cells, rois, hardware, set(selected))
            if layer in self._hidden:
                layer.visible = False

    def _note_hidden(self, layer: Layer) -> None:
        """Remember whether the user hides the rings, while there are none to be seen."""
        if len(layer.data) and not layer.visible:
            self._hidden.add(layer)
        else:
            self._hidden.discard(layer)
