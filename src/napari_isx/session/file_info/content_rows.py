"""What a file holds: cells, vessels or channels, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.series import Series
from napari_isx.io.cells.cell_set import STATUSES, CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.file_info.file_rows import NOT_READ, is_cheap, is_read, is_small
from napari_isx.session.file_info.words import (
    NOTHING,
    Row,
    as_words,
    count_row,
    counted,
    first_rows,
    row,
)


def content_title(recording: Recording) -> str:
    """The heading of :func:`content_rows`."""
    return _CONTENT[recording.kind][0] if recording.kind in _CONTENT else "Content"


def content_rows(recording: Recording) -> Iterator[Row]:
    """The cells, vessels or channels, counted; nothing of pictures."""
    if recording.kind in _CONTENT:
        yield from _CONTENT[recording.kind][1](recording)


def _cell_rows(cells: CellSet) -> Iterator[Row]:
    yield from _status_rows("Cells", cells)
    yield row("Stored metrics", cells.metadata.get("cellMetrics") is not None)
    yield from _name_rows(cells)


def _vessel_rows(vessels: VesselSet) -> Iterator[Row]:
    yield from _status_rows("Vessels", vessels)
    yield row("Measured", vessels.vessel_type)
    yield row("Correlation maps", vessels.has_correlations)
    yield from _name_rows(vessels)


def _status_rows(title: str, labelled: CellSet | VesselSet) -> Iterator[Row]:
    statuses = labelled.statuses
    yield count_row(title, len(statuses))
    for status in STATUSES:
        yield count_row(f"{status.capitalize()} in the file", statuses.count(status))


def _name_rows(labelled: CellSet | VesselSet) -> Iterator[Row]:
    yield row("Unit of traces", labelled.trace_units)
    yield row("Names", labelled.names)


def _event_rows(events: EventSet) -> Iterator[Row]:
    yield count_row("Cells", events.num_cells)
    counts = _stored_counts(events, events.num_cells)
    if counts is not None:
        yield count_row("Events", sum(counts))
    yield row("Stored metrics", events.metadata.get("metrics") is not None)


def _channel_rows(gpio: GpioSet) -> Iterator[Row]:
    if not is_cheap(gpio):
        yield row("Channels", None, NOT_READ)
        return
    names, units = gpio.channel_names, gpio.channel_units
    yield count_row("Channels", len(names))
    counts = _value_counts(gpio)
    rows = []
    for name, unit, dense, count in zip(names, units, gpio.channel_dense, counts, strict=True):
        value = {"unit": unit or None, "values": count, "sampled regularly": dense}
        words = ("" if count is None else counted(count, "value"), unit, "on change" * (not dense))
        rows.append(row(as_words(name), value, " · ".join(filter(None, words)) or NOTHING))
    yield from first_rows(rows, "channels")


def _value_counts(gpio: GpioSet) -> list[int] | list[None]:
    """How many values each channel has, where that need not be read first."""
    stored = _stored_counts(gpio, gpio.num_channels)
    if stored is not None:
        return stored
    at_hand = "_signals" in vars(gpio) or is_read(gpio)
    # Not from older files, which another process reads.
    is_quick = is_small(gpio) and gpio.place.suffix.lower() in (".isxd", ".imu")
    if at_hand or is_quick:
        return [len(gpio.channel(i)) for i in range(gpio.num_channels)]
    return [None] * gpio.num_channels


def _stored_counts(recording: Recording, count: int) -> list[int] | None:
    """The footer's own numbers of packets, if it has them."""
    counts = recording.metadata.get("numSamples")
    if isinstance(recording, Series) or not isinstance(counts, list) or len(counts) != count:
        return None
    return counts if all(type(each) is int and each >= 0 for each in counts) else None


_CONTENT: Final[dict[str, tuple[str, Callable[[Any], Iterator[Row]]]]] = {
    CellSet.kind: ("Cells", _cell_rows),
    VesselSet.kind: ("Vessels", _vessel_rows),
    EventSet.kind: ("Cells", _event_rows),
    GpioSet.kind: ("Channels", _channel_rows),
}
"""The heading and the rows of each kind in the table of kinds that is no picture."""
