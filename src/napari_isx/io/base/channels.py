"""Channels in a `.isxd` file: what event sets, GPIO sets and IMU recordings share.

Two layouts exist. In the present one (footer ``fileType`` = 1) the payload is packets of 20
bytes in any order: u64 offset in microseconds from the start, u64 channel, f32 value. In the
old one (nVista 2) each channel has a JSON text at its own byte offset, a NUL, and packets of 16
bytes: u64 Unix time in microseconds, f32 value whose sign bit is an on/off state, u32 unused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, gcd, lcm
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.names import numbered
from napari_isx.io.base.schedule import Schedule
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import MAX_SAMPLES, Timing, read_seconds, read_start
from napari_isx.io.format.container import Footer, IsxKind
from napari_isx.io.format.json_fields import Fields, Rational, parse_json_object
from napari_isx.io.format.source import FileSource

PACKET: Final = np.dtype([("offset_us", "<u8"), ("channel", "<u8"), ("value", "<f4")])
V1_PACKET: Final = np.dtype([("time_us", "<u8"), ("value", "<f4"), ("unused", "<u4")])
# Resolution that `isx` assumes where the first channel has no period of its own.
IRREGULAR_PERIOD: Final = Rational(1, 1000)
# Over a day at 20 kHz. No array is made of ticks, so that there may be more than samples.
MAX_TICKS: Final = 2**31 - 1
# Packets are read at once. A day of nine channels at 100 Hz has three quarters of this.
MAX_PACKET_BYTES: Final = 1 << 31
_PACKETS_AT_ONCE: Final = 1 << 20
_MAX_CHANNEL_HEADER_BYTES: Final = 64 << 10
# Analog channels without a count run to the end of the file, over one another.
_MAX_OVERLAP: Final = 16


@dataclass(eq=False)
class Channels:
    """Named channels on one clock, without missing samples; all are read in one pass.

    Dense ones are sampled regularly; of the others it is told when they change.
    """

    names: list[str]
    dense: list[bool]
    timing: Timing
    read: Callable[[], list[Signal]]


def open_channels(source: FileSource, footer: Footer) -> Channels:
    """Read which channels a `.isxd` file of either layout has, and its timing."""
    is_present = footer.fields.integer("fileType", 0, 1, default=0) == 1
    return (_packet_channels if is_present else _timestamped_channels)(source, footer)


def channel_index(names: Sequence[str], channel: SupportsIndex | str, what: str) -> int:
    """Where a channel stands that a caller named by index, perhaps from the end, or by name.

    A name that occurs more than once means its first channel. An IndexError or KeyError says
    `what` there is not: "cell of rest.isxd".
    """
    if isinstance(channel, str):
        if channel not in names:
            raise KeyError(f"no {what} is named {channel!r}")
        return names.index(channel)
    index = operator.index(channel)
    if not -len(names) <= index < len(names):
        raise IndexError(f"there is no {what} at {index}, only {len(names)}")
    return index


def _packet_channels(source: FileSource, footer: Footer) -> Channels:
    """Channels in the present layout."""
    fields, num_bytes = footer.fields, footer.payload_bytes
    fields.integer("fileVersion", 1)
    if num_bytes > MAX_PACKET_BYTES:
        source.fail(
            f"its channels should take no more than {MAX_PACKET_BYTES:,} bytes, "
            f"but there are {num_bytes:,}"
        )
    if num_bytes % PACKET.itemsize:
        # Bytes that are missing at the front would shift the parts of every packet.
        source.fail(
            f"its data should be packets of {PACKET.itemsize} bytes, but "
            f"{num_bytes:,} bytes are no whole number of these"
        )
    count = num_bytes // PACKET.itemsize
    names = fields.strings("channel list")
    steps = fields.rationals("signalSteps")
    types = fields.integers("signalTypes", 0, 2**64 - 1)
    for key in ("startOffsets", "numSamples"):
        fields.integers(key, 0, 2**64 - 1)
    if len(steps) != len(names):
        fields.fail("signalSteps", f"one period for each of the {len(names)} channels")
    dense = [types[i : i + 1] == [1] for i in range(len(names))]
    times = fields.objects("global times")
    if len(times) != 2:
        fields.fail("global times", "a start and an end")
    regular = [step for step in steps if step.num]
    irregular = not regular or steps[0].num == 0
    period = IRREGULAR_PERIOD if irregular else min(regular, key=lambda s: Fraction(*s))
    most = MAX_SAMPLES if footer.kind is IsxKind.EVENT_SET else MAX_TICKS

    def packets(first: int, number: int) -> npt.NDArray[Any]:
        found = np.empty(number, PACKET)
        source.read_into(first * PACKET.itemsize, found)
        return found

    def last_s() -> Fraction:
        # Of a long file a part at a time.
        firsts = range(0, count, _PACKETS_AT_ONCE)
        parts = (packets(i, min(_PACKETS_AT_ONCE, count - i)) for i in firsts)
        return Fraction(max((int(p["offset_us"].max()) for p in parts), default=0), 1_000_000)

    timing = timing_between(times[0].values, times[1].values, period, most, last_s)
    return Channels(names, dense, timing, lambda: split_packets(packets(0, count), len(names)))


def _timestamped_channels(source: FileSource, footer: Footer) -> Channels:
    """Channels in the old layout, which has Unix times."""
    fields = footer.fields
    offsets = fields.child("channel offsets")
    # Sorted by bytes, as `isx` has them; code points sort alike in UTF-8.
    names = sorted(offsets.values)
    places = [offsets.integer(name, 0, footer.payload_bytes - 1) for name in names]
    analog = fields.boolean("analog", default="GPIO4_AI" in names)
    timing = Timing.from_fields(fields.child("timing info"))

    def read() -> list[Signal]:
        found: list[npt.NDArray[Any]] = []
        room = _MAX_OVERLAP * footer.payload_bytes
        for offset in places:
            packets = _read_packets(source, offset, footer.payload_bytes, runs_on=analog)
            # Thousands of channels that claim the same bytes would fill the memory.
            room -= packets.nbytes
            if room < 0:
                fields.fail("channel offsets", "places of channels that lie apart")
            found.append(packets)
        if timing.start_s is not None:
            start_us = max(floor(Fraction(*timing.start_s) * 1_000_000), 0)
        else:  # as far as anybody can tell, it started with the first of them
            firsts = (int(one["time_us"].min()) for one in found if len(one))
            start_us = min(firsts, default=0)
        return [_decoded(packets, np.uint64(start_us), analog=analog) for packets in found]

    return Channels(names, [analog] * len(names), timing, read)


def _read_packets(source: FileSource, offset: int, end: int, *, runs_on: bool) -> npt.NDArray[Any]:
    """The packets of one channel; without a count they may run on to the end."""
    head = source.read(offset, min(_MAX_CHANNEL_HEADER_BYTES, end - offset))
    text, closing, _ = head.partition(b"\0")
    if not closing:
        source.fail(f"the channel header at byte {offset:,} has no end")
    header = Fields(source.path, parse_json_object(source.path, text, "channel header"))
    count = header.integer("Number of Packets")
    first = offset + len(text) + 1
    if runs_on and count == 0:
        count = (end - first) // V1_PACKET.itemsize
    if first + count * V1_PACKET.itemsize > end:
        header.fail("Number of Packets", "no more than the file has room for")
    packets = np.empty(count, V1_PACKET)
    source.read_into(first, packets)
    return packets


def _decoded(packets: npt.NDArray[Any], start_us: np.uint64, *, analog: bool) -> Signal:
    magnitude = np.abs(packets["value"])
    on = np.signbit(packets["value"]).astype(np.float32)
    with np.errstate(invalid="ignore"):  # infinity that is switched off is NaN, as in `isx`
        values = magnitude if analog else np.where(magnitude == 0, on, magnitude * on)
    # `isx` lets a time before the start wrap round to half a million years; 0 is nearer.
    offsets = np.maximum(packets["time_us"], start_us) - start_us
    return in_order(offsets, np.asarray(values, np.float32))


def split_packets(packets: npt.NDArray[Any], num_channels: int) -> list[Signal]:
    """Sort ``(n,)`` of ``PACKET`` into one signal per channel, without those of channels beyond.

    Of packets with the same channel and time the last in the file counts.
    """
    channel = packets["channel"]
    small = np.minimum(channel, num_channels).astype(
        np.uint16 if num_channels < 65536 else np.uint32
    )
    order = np.argsort(small, kind="stable")  # radix sort for 16 bits
    bounds = np.searchsorted(small[order], np.arange(num_channels + 1))
    offsets, values = packets["offset_us"][order], packets["value"][order]
    return [in_order(offsets[a:b], values[a:b]) for a, b in pairwise(bounds)]


def in_order(offsets: npt.NDArray[np.uint64], values: npt.NDArray[np.float32]) -> Signal:
    """A signal that rises in time; of equal times the last value counts."""
    if np.any(offsets[1:] <= offsets[:-1]):
        order = np.argsort(offsets, kind="stable")
        offsets, values = offsets[order], values[order]
        last = np.append(offsets[1:] != offsets[:-1], True)
        offsets, values = offsets[last], values[last]
    for array in (offsets, values):
        array.flags.writeable = False
    return Signal(offsets, values)


def timing_between(
    start: object, end: object, period: Rational, most: int, last_s: Callable[[], Fraction]
) -> Timing:
    """The timing of a file that states its start and end, but not how many samples it has.

    Start and end, which are as :func:`read_start` takes them, may be no dates, and be as far apart
    as they should. Where they cannot be, or not so near (for there are at the `most` so many
    samples), the recording lasts until the last of what it holds, as `last_s` finds it.
    """
    first, last = read_seconds(start), read_seconds(end)
    count = -1 if first is None or last is None else sample_count(first, last, period)
    (start_s, utc_offset_s), (end_s, _) = read_start(start), read_start(end)
    is_possible = 0 <= count <= most
    if not is_possible and end_s is not None:
        start_s = None  # two dates that contradict each other
    if not is_possible or start_s is None:
        lasts = min(floor(last_s() / Fraction(*period)) + 1, most)
        count = max(lasts, count) if is_possible else lasts
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


def series_channels(parts: Sequence[Channels], placed: Schedule, *, mark_gaps: bool) -> Channels:
    """The channels of several parts, in order of time, as if they were of one file.

    A channel is found in another part by its name; of channels with the same name the first
    belongs to the first, and so on. Which channels a part has may differ, as a `.gpio` file
    has those that changed while it was recorded. With `mark_gaps` a NaN stands where a part ends
    and no other follows at once, so that a value that holds until the next one does not hold on
    through the gap. A channel is dense if it is in the first part that has it. Offsets are from
    the start of the first part.
    """
    keys: dict[tuple[str, int], bool] = {}
    for part in parts:
        for key, dense in zip(numbered(part.names), part.dense, strict=True):
            keys.setdefault(key, dense)

    def read() -> list[Signal]:
        pieces: dict[tuple[str, int], list[Signal]] = {key: [] for key in keys}
        for i, part in enumerate(parts):
            start_us, end_us = placed.offsets_us[i], placed.ends_us[i]
            for key, signal in zip(numbered(part.names), part.read(), strict=True):
                offsets = signal.offsets_us + np.uint64(start_us)
                pieces[key].append(Signal(offsets, signal.values))
            for signals in pieces.values() if mark_gaps and placed.gap_follows(i) else ():
                signals += _end_mark(signals, end_us)
        return [_concatenated(signals) for signals in pieces.values()]

    return Channels([name for name, _ in keys], list(keys.values()), placed.timing, read)


def _end_mark(signals: Sequence[Signal], end_us: int) -> list[Signal]:
    """A NaN behind what a channel has so far; none where it has nothing yet."""
    if not signals or not len(signals[-1]) or np.isnan(signals[-1].values[-1]):
        return []
    at = max(end_us, int(signals[-1].offsets_us[-1]) + 1)
    return [Signal(np.array([at], np.uint64), np.array([np.nan], np.float32))]


def _concatenated(signals: Sequence[Signal]) -> Signal:
    if len(signals) == 1:
        return signals[0]
    return in_order(
        np.concatenate([np.empty(0, np.uint64), *(signal.offsets_us for signal in signals)]),
        np.concatenate([np.empty(0, np.float32), *(signal.values for signal in signals)]),
    )
