"""The channels in the docks, and how well all that is open lines up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari.utils.notifications import show_warning

from napari_isx.docks.common.trace_plot import MAX_CHANNELS
from napari_isx.docks.common.views import Views
from napari_isx.docks.traces.channel_list import ChannelItem
from napari_isx.session.channel import Channel, ChannelKind
from napari_isx.session.plot_rows import TraceRow, channel_row
from napari_isx.session.session import Session
from napari_isx.timeline.report import clock_words
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.traces.dock import TracesWidget

_KINDS: Final[dict[ChannelKind, str]] = {
    "digital": "digital",
    "held": "stored when it changes",
    "dense": "sampled regularly",
}


class ChannelsControl(Control):
    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._views: Views[TracesWidget] = Views()
        self._clock = session.clock
        self._words = clock_words(session.clock)
        self._rows: dict[Channel, TraceRow] = {}  # by the clock
        self._warned: dict[str, str] = {}
        session.channels.changed.connect(self._on_channels)
        session.channels.selection_changed.connect(self._on_selection)
        session.recordings_changed.connect(self._on_recordings)

    def attach(self, view: TracesWidget) -> None:
        self._views.add(view)
        view.channels_toggled.connect(self._toggle)
        view.channels_ordered.connect(self.session.channels.reorder)
        view.channels_picked.connect(self._pick)
        view.only_changing_picked.connect(self._list_only_changing)
        view.channel_row_hidden.connect(self._hide_row)
        self._on_channels()
        self._on_selection()
        view.show_clock(self._words)

    def _toggle(self, places: list[int], shown: bool) -> None:
        channels = self.session.channels
        channels.show([channels[place] for place in places], shown)

    def _hide_row(self, row: int) -> None:
        self.session.channels.show([self.session.channels.shown[row]], shown=False)

    def _pick(self, places: list[int]) -> None:
        channels = self.session.channels
        channels.select([channels[place] for place in places])

    def _list_only_changing(self, only: bool) -> None:
        self.session.channels.only_changing = only

    def _on_recordings(self) -> None:
        self._words = clock_words(self.session.clock)
        for view in self._views:
            view.show_clock(self._words)
        self._show_rows()
        problems = self.session.channels.problems
        for name in problems.keys() - self._warned.keys():
            show_warning(f"The channels of {name} cannot be read.\n{problems[name]}")
        self._warned = dict(problems)

    def _on_channels(self) -> None:
        channels = self.session.channels
        shown = set(channels.shown)
        items = [
            _item(place, channels[place], channels[place] in shown) for place in channels.listed
        ]
        for view in self._views:
            view.show_channel_list(items, len(channels), channels.only_changing)
        self._on_selection()
        self._show_rows()

    def _on_selection(self) -> None:
        channels = list(self.session.channels)
        places = [channels.index(one) for one in self.session.channels.selected if one in channels]
        for view in self._views:
            view.show_channel_selection(places)

    def _show_rows(self) -> None:
        """Draw the channels that are shown; those that were drawn before need no work."""
        clock, shown = self.session.clock, self.session.channels.shown
        if clock is not self._clock:
            self._clock, self._rows = clock, {}
        drawn = shown[:MAX_CHANNELS]
        self._rows = {one: self._rows.get(one) or channel_row(one, clock) for one in drawn}
        for view in self._views:
            view.show_channels(list(self._rows.values()), len(shown), clock.span_s)


def _item(place: int, channel: Channel, is_shown: bool) -> ChannelItem:
    units = f", in {channel.units}" if channel.units else ""
    if channel.only_value is not None:
        changes = f"never changes: {channel.only_value:g}"
    elif channel.is_constant:
        changes = "has no values"
    else:
        changes = f"{channel.num_changes:,} change{'s' if channel.num_changes > 1 else ''}"
    return ChannelItem(
        place,
        channel.name,
        channel.recording.name,
        channel.kind,
        f"{channel.name}: {_KINDS[channel.kind]}{units}\n{changes}\n{channel.recording.name}",
        is_shown,
        channel.is_constant,
    )
