"""Event sets (`.isxd`): the calcium events of each cell, with their amplitudes.

Two layouts exist. In the present one (footer ``fileType`` = 1) the payload is packets of 20
bytes in any order: u64 offset in microseconds from the start, u64 channel, f32 value. In the
old one (nVista 2) each channel has a JSON text at its own byte offset, a NUL, and packets of 16
bytes: u64 Unix time in microseconds, f32 value whose sign bit is an on/off state, u32 unused.
"""

from __future__ import annotations

import operator
from abc import abstractmethod
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING, Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.container import Footer
from napari_isx.io.errors import IsxFileError
from napari_isx.io.fields import Fields, Rational, parse_json_object
from napari_isx.io.recording import Recording
from napari_isx.io.signal import Signal
from napari_isx.io.source import FileSource
from napari_isx.io.timing import MAX_SAMPLES, Timing, read_start

if TYPE_CHECKING:
    import pandas as pd

PACKET: Final = np.dtype([("offset_us", "<u8"), ("channel", "<u8"), ("value", "<f4")])
V1_PACKET: Final = np.dtype([("time_us", "<u8"), ("value", "<f4"), ("unused", "<u4")])
METRIC_COLUMNS: Final = (
    "snr",
    "mad",
    "event_rate_hz",
    "amplitude_median",
    "amplitude_sd",
    "rise_median_s",
    "rise_sd_s",
    "decay_median_s",
    "decay_sd_s",
)
# Resolution that `isx` assumes where the first channel has no period of its own.
_IRREGULAR_PERIOD: Final = Rational(1, 1000)
_MAX_CHANNEL_HEADER_BYTES: Final = 64 << 10


class EventSet(Recording):
    """Events of cells.

    Attributes
    ----------
    num_cells : int
    names : list of str
    timing : Timing
        Of the traces in which the events were found; it has no missing samples.
    """

    names: list[str]
    timing: Timing

    @property
    def num_cells(self) -> int:
        """How many cells the file has events of, cells without any included."""
        return len(self.names)

    def events(self, cell: SupportsIndex | str) -> Signal:
        """The events of one cell, in order of time.

        Parameters
        ----------
        cell : int or str
            Index or name; a name that occurs more than once means its first cell.

        Raises
        ------
        IndexError, KeyError
            There is no such cell.
        """
        if isinstance(cell, str):
            if cell not in self.names:
                raise KeyError(f"{self.path.name} has no events of a cell {cell!r}")
            return self._signals[self.names.index(cell)]
        index = operator.index(cell)
        if not -self.num_cells <= index < self.num_cells:
            raise IndexError(f"cell {index} of {self.path.name}, which has {self.num_cells} cells")
        return self._signals[index]

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        """The trace metrics stored in the file, one row per cell, or None where it has none.

        NaN where undefined. ``snr`` is the median event amplitude over the median absolute
        deviation of the trace (``mad``).

        Raises
        ------
        IsxFileError
            The stored metrics are not nine values per cell.
        """
        entries = self.metadata.get("metrics")
        if entries is None:
            return None
        import pandas as pd

        if not isinstance(entries, list) or len(entries) != self.num_cells:
            self._footer.fields.fail("metrics", f"a list of {self.num_cells} entries")
        rows = [entry or [None] * len(METRIC_COLUMNS) for entry in entries]
        try:
            values = np.array(rows, np.float64).reshape(-1, len(METRIC_COLUMNS))
        except (ValueError, TypeError, OverflowError):
            self._footer.fields.fail("metrics", "a list of nine values per cell")
        return pd.DataFrame(values, columns=METRIC_COLUMNS)

    @cached_property
    @abstractmethod
    def _signals(self) -> list[Signal]:
        """The events of all cells, from one pass over the file."""

    def _summary(self) -> str:
        return f"events of {self.num_cells} cells over {self.timing.duration_s:.4g} s"


class PacketEventSet(EventSet):
    """Events in the present layout."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        fields = footer.fields
        fields.integer("fileVersion", 1)
        self.names = fields.strings("channel list")
        steps = fields.rationals("signalSteps")
        for key in ("signalTypes", "startOffsets", "numSamples"):
            fields.integers(key, 0, 2**64 - 1)
        if len(steps) != self.num_cells:
            fields.fail("signalSteps", f"one period for each of the {self.num_cells} channels")
        self.timing = _packet_timing(fields, steps)

    @cached_property
    def _signals(self) -> list[Signal]:
        packets = np.empty(self._footer.payload_bytes // PACKET.itemsize, PACKET)
        self._source.read_into(0, packets)
        return split_packets(packets, self.num_cells)


class TimestampedEventSet(EventSet):
    """Events in the old layout, which has Unix times."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        fields = footer.fields
        offsets = fields.child("channel offsets")
        # Sorted by bytes, as `isx` has them; code points sort alike in UTF-8.
        self.names = sorted(offsets.values)
        self._offsets = [offsets.integer(name, 0, footer.payload_bytes - 1) for name in self.names]
        self._analog = fields.boolean("analog", default="GPIO4_AI" in self.names)
        self.timing = Timing.from_fields(fields.child("timing info"))

    @cached_property
    def _signals(self) -> list[Signal]:
        return [self._read_channel(offset) for offset in self._offsets]

    def _read_channel(self, offset: int) -> Signal:
        payload = self._footer.payload_bytes
        head = self._source.read(offset, min(_MAX_CHANNEL_HEADER_BYTES, payload - offset))
        text, closing, _ = head.partition(b"\0")
        if not closing:
            raise IsxFileError(self.path, f"the channel header at byte {offset:,} has no end")
        header = Fields(self.path, parse_json_object(self.path, text, "channel header"))
        count = header.integer("Number of Packets")
        first = offset + len(text) + 1
        if self._analog and count == 0:
            count = (payload - first) // V1_PACKET.itemsize
        if first + count * V1_PACKET.itemsize > payload:
            header.fail("Number of Packets", "no more than the file has room for")
        packets = np.empty(count, V1_PACKET)
        self._source.read_into(first, packets)
        return self._decode(packets)

    def _decode(self, packets: npt.NDArray[Any]) -> Signal:
        magnitude = np.abs(packets["value"])
        on = np.signbit(packets["value"]).astype(np.float32)
        values = magnitude if self._analog else np.where(magnitude == 0, on, magnitude * on)
        start_us = np.uint64(max(floor(Fraction(*self.timing.start_s) * 1_000_000), 0))
        # `isx` lets a time before the start wrap round to half a million years; 0 is nearer.
        offsets = np.maximum(packets["time_us"], start_us) - start_us
        return _in_order(offsets, np.asarray(values, np.float32))


def open_event_set(source: FileSource, footer: Footer) -> EventSet:
    """Open an event set of either layout."""
    current = footer.fields.integer("fileType", 0, 1, default=0) == 1
    return (PacketEventSet if current else TimestampedEventSet)(source, footer)


def split_packets(packets: npt.NDArray[Any], num_channels: int) -> list[Signal]:
    """Sort packets into one signal per channel, in one pass over the file's order.

    Of packets with the same channel and time the last in the file counts.

    Parameters
    ----------
    packets : numpy.ndarray
        ``(n,)`` of ``PACKET``, in the file's order.
    num_channels : int
        Packets of channels beyond are left out.
    """
    channel = packets["channel"]
    small = np.minimum(channel, num_channels).astype(
        np.uint16 if num_channels < 65536 else np.uint32
    )
    order = np.argsort(small, kind="stable")  # radix sort for 16 bits
    bounds = np.searchsorted(small[order], np.arange(num_channels + 1))
    offsets, values = packets["offset_us"][order], packets["value"][order]
    return [_in_order(offsets[a:b], values[a:b]) for a, b in pairwise(bounds)]


def _in_order(offsets: npt.NDArray[np.uint64], values: npt.NDArray[np.float32]) -> Signal:
    """A signal that rises in time; of equal times the last value counts."""
    if np.any(offsets[1:] <= offsets[:-1]):
        order = np.argsort(offsets, kind="stable")
        offsets, values = offsets[order], values[order]
        last = np.append(offsets[1:] != offsets[:-1], True)
        offsets, values = offsets[last], values[last]
    for array in (offsets, values):
        array.flags.writeable = False
    return Signal(offsets, values)


def _packet_timing(fields: Fields, steps: list[Rational]) -> Timing:
    """The timing of a packet file, which states its start and end but not its samples."""
    times = fields.objects("global times")
    if len(times) != 2:
        fields.fail("global times", "a start and an end")
    (start_s, utc_offset_s), (end_s, _) = (read_start(time) for time in times)
    regular = [step for step in steps if step.num]
    irregular = not regular or steps[0].num == 0
    period = _IRREGULAR_PERIOD if irregular else min(regular, key=lambda s: Fraction(*s))
    count = sample_count(start_s, end_s, period)
    if not 0 <= count <= MAX_SAMPLES:
        fields.fail("global times", "an end after the start, and not years after it")
    return Timing(count, period, start_s, utc_offset_s)


def sample_count(start: Rational, end: Rational, period: Rational) -> int:
    """How many samples a start and an end mean, as `isx` counts them."""
    return ceil(_quotient(_difference(end, start), period))


def _difference(end: Rational, start: Rational) -> Rational:
    """End minus start over their common denominator, not reduced."""
    if end.den == start.den:
        return Rational(end.num - start.num, end.den)
    common = lcm(end.den, start.den)
    return Rational(end.num * (common // end.den) - start.num * (common // start.den), common)


def _quotient(span: Rational, period: Rational) -> float:
    """Span over period, rounded where `isx` rounds, so that the sample count is the same.

    That is: both terms of the fraction become float64 before they are divided.
    """
    if span.den == period.den:
        return float(span.num) / float(period.num)
    if period.num == 1:
        return float(span.num * period.den) / float(span.den)
    a, b = gcd(span.num, span.den), gcd(period.num, period.den)
    num, den = (span.num // a) * (period.den // b), (span.den // a) * (period.num // b)
    return float(num) / float(den)
