"""The channels of all that is open: which are shown, in which order, and where they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final

import numpy as np
from psygnal import Signal

from napari_isx.io.base.recording import Recording
from napari_isx.session.channel import Channel, channels_of
from napari_isx.session.cursor import next_time_s
from napari_isx.timeline.clock import Clock

_SHOWN_AT_FIRST: Final = 12
_SHOWN_OF_EACH_FILE: Final = 3
# The resolution of the hardware counters: what is nearer to the cursor than this is now.
_NOW_S: Final = 1e-6


class ChannelList:
    """All channels, as the user has ordered them.

    Those of a file come together, the changing ones first, by what people look for: inputs,
    voltages, trigger, outputs, LEDs, zones of the animal, then acceleration, orientation and
    magnetic field. Hidden at first are channels that never change, and those that only count or
    mark frames: their count, and the sync output. Of the others as many are shown as make twelve
    with those of the other files, and at least three of each file. What the user changes stays
    while the file is open.
    """

    changed: ClassVar[Signal] = Signal()
    """There are other channels, in another order, or others are shown."""
    selection_changed: ClassVar[Signal] = Signal()
    """Others are selected."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}
        """Why the channels of a file cannot be read, by its name."""
        self._channels: list[Channel] = []
        self._shown: set[Channel] = set()
        self._selected: tuple[Channel, ...] = ()
        self._only_changing = True
        self._recordings: list[Recording] = []

    def __len__(self) -> int:
        return len(self._channels)

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels)

    def __getitem__(self, place: int) -> Channel:
        return self._channels[place]

    @property
    def shown(self) -> list[Channel]:
        """The channels that are drawn, from top to bottom."""
        return [channel for channel in self._channels if channel in self._shown]

    @property
    def selected(self) -> tuple[Channel, ...]:
        """The selected channels."""
        return self._selected

    @property
    def only_changing(self) -> bool:
        """Whether only channels that change are listed."""
        return self._only_changing

    @only_changing.setter
    def only_changing(self, only: bool) -> None:
        if only != self._only_changing:
            self._only_changing = only
            self.changed.emit()

    @property
    def listed(self) -> list[int]:
        """The places of the channels that are listed."""
        return [
            place
            for place, channel in enumerate(self._channels)
            if not (self._only_changing and channel.is_constant) or channel in self._shown
        ]

    def follow(self, recordings: Iterable[Recording]) -> None:
        """Take over what is open now."""
        opened = list(recordings)
        before, known = list(self._channels), {id(one) for one in self._recordings}
        self._recordings = opened
        still_open = {id(one) for one in opened}
        self._channels = [one for one in self._channels if id(one.recording) in still_open]
        self._shown.intersection_update(self._channels)
        for recording in opened:
            if id(recording) not in known:
                self._add(recording)
        names = {one.name for one in opened}
        self.problems = {name: why for name, why in self.problems.items() if name in names}
        if self._channels != before:
            self.changed.emit()
            self.select([c for c in self._selected if c in self._channels])

    def show(self, channels: Iterable[Channel], shown: bool = True) -> None:
        """Show channels, or hide them."""
        wanted = self._shown | set(channels) if shown else self._shown - set(channels)
        if wanted != self._shown:
            self._shown = wanted
            self.changed.emit()

    def reorder(self, places: Sequence[int]) -> None:
        """Bring channels, by the places they have now, into this order.

        Those that are left out stay behind the one they are behind now.
        """
        moved, order = set(places), list(places)
        for place in range(len(self._channels)):
            if place not in moved:
                order.insert(order.index(place - 1) + 1 if place else 0, place)
        channels = [self._channels[place] for place in order]
        if channels != self._channels:
            self._channels = channels
            self.changed.emit()

    def select(self, channels: Iterable[Channel]) -> None:
        """Select channels, and no others."""
        chosen = tuple(dict.fromkeys(channels))
        if chosen != self._selected:
            self._selected = chosen
            self.selection_changed.emit()

    def edge_time_s(self, direction: int, now_s: float, clock: Clock) -> float | None:
        """The session time of the next (1) or previous (-1) rising or falling edge, or None.

        Of the selected channels; of all digital ones that are shown if none is selected.
        """
        stepped = self._selected or [one for one in self.shown if one.kind == "digital"]
        found = [_next_edge_s(channel, direction, now_s, clock) for channel in stepped]
        times = [time_s for time_s in found if time_s is not None]
        return (min if direction > 0 else max)(times, default=None)

    def _add(self, recording: Recording) -> None:
        try:
            channels = channels_of(recording)
        except (OSError, ValueError) as error:  # damaged, closed or out of reach
            self.problems[recording.name] = str(error)
            return
        channels.sort(key=lambda channel: (channel.is_constant, channel.interest))
        wanted = [one for one in channels if not (one.is_constant or one.is_of_frames)]
        room = max(_SHOWN_AT_FIRST - len(self._shown), _SHOWN_OF_EACH_FILE)
        self._channels += channels
        self._shown.update(wanted[:room])


def _next_edge_s(channel: Channel, direction: int, now_s: float, clock: Clock) -> float | None:
    """The session time of a channel's edge nearest to now on one side, by a search in order."""
    placed, times_s = clock.placed(channel.recording), channel.edges_s
    # Placing all of a million edges takes longer than a key may; those next to now are enough.
    own_s = placed.from_session_s(now_s)
    at = int(np.searchsorted(times_s, own_s))
    near_s = placed.to_session_s(times_s[max(at - 2, 0) : at + 2])
    return next_time_s(near_s, direction, now_s, _NOW_S)
