"""The packets of a `.gpio` file: from 32-bit words to the changes of each channel.

A packet is a header of four words and a payload, all little-endian:

======  ==================================================================
word    meaning
======  ==================================================================
0       sync word, 0x0000AA55
1       type, 0x40xx; see ``PacketType``
2       sequence number, rising by 1 modulo 2**32; a jump means lost packets
3       words of payload
4, 5    high and low half of the hardware counter TSC, in microseconds
6       frame count
7 ...   data; see ``_PACKETS``
======  ==================================================================

Waveform packets have no counter. Anything else between two packets is skipped. Sync words within
a packet's payload are data.

The whole stream is decoded in a few passes of NumPy per line instead of packet by packet. The
order of events, which decides on channel numbers, comes out of packet numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import in_order
from napari_isx.io.base.signal import Signal

Words = npt.NDArray[np.uint32]

SYNC_WORD: Final = 0x0000AA55
HEADER_WORDS: Final = 4
_FAMILY: Final = 0x40  # the type's upper bytes
_WORD: Final = 0xFFFFFFFF


class PacketType(IntEnum):
    """What a packet reports; see ``_PACKETS`` for its data."""

    ALL = 0x4001
    GPIO = 0x4002
    GPIO_1 = 0x4003
    GPIO_2 = 0x4004
    GPIO_3 = 0x4005
    GPIO_4 = 0x4006
    DIGITAL_IN = 0x4007
    EX_LED = 0x4008
    OG_LED = 0x4009
    DI_LED = 0x400A
    FRAME_COUNT = 0x400B
    TRIGGER = 0x400C
    SYNC = 0x400D
    WAVEFORM = 0x400E


class Line(IntEnum):
    """A number that packets report: one channel, or eight channels of a bit each.

    The order is that in which lost and final values are given to the channels.
    """

    FRAME_COUNT = 0
    DIGITAL_IN = 1
    DIGITAL_OUT = 2
    GPIO_1 = 3
    GPIO_2 = 4
    GPIO_3 = 5
    GPIO_4 = 6
    EX_LED = 7
    OG_LED = 8
    DI_LED = 9
    EFOCUS = 10
    TRIGGER = 11
    SYNC = 12


CHANNELS: Final[dict[Line, tuple[str, ...]]] = {
    Line.FRAME_COUNT: ("Frame Count",),
    Line.DIGITAL_IN: tuple(f"Digital GPI {bit}" for bit in range(8)),
    Line.DIGITAL_OUT: tuple(f"Digital GPO {bit}" for bit in range(8)),
    Line.GPIO_1: ("GPIO-1",),
    Line.GPIO_2: ("GPIO-2",),
    Line.GPIO_3: ("GPIO-3",),
    Line.GPIO_4: ("GPIO-4",),
    Line.EX_LED: ("EX-LED",),
    Line.OG_LED: ("OG-LED",),
    Line.DI_LED: ("DI-LED",),
    Line.EFOCUS: ("e-focus",),
    Line.TRIGGER: ("BNC Trigger Input",),
    Line.SYNC: ("BNC Sync Output",),
}
"""The channels of each line, those of single bits from the lowest."""

_LED_LINES: Final = (Line.EX_LED, Line.OG_LED, Line.DI_LED)
_BIT_LINES: Final = (Line.DIGITAL_IN, Line.DIGITAL_OUT)
_ANALOG_LINES: Final = (Line.GPIO_1, Line.GPIO_2, Line.GPIO_3, Line.GPIO_4)
# A closed-loop system uses the other four outputs itself.
_CLOSED_LOOP_OUTPUTS: Final = 4
_MASKS: Final = {
    **dict.fromkeys(_BIT_LINES, 0xFF),
    **dict.fromkeys(_LED_LINES, 0xFFFF),
    **dict.fromkeys(_ANALOG_LINES, _WORD & ~0xF),  # the lowest four bits are noise
}
OWN_PACKET: Final = {Line[kind.name]: kind for kind in PacketType if kind.name in Line.__members__}
"""Lines that can be told without all the others."""


class Part(NamedTuple):
    """Where a line stands in a payload: ``word >> shift & mask``."""

    line: Line
    word: int
    shift: int
    mask: int


def _halves(*lines: Line) -> tuple[Part, ...]:
    """Lines in the lower and upper halves of words from the fourth on."""
    return tuple(
        Part(line, 3 + i // 2, 16 * (i % 2), _MASKS.get(line, _WORD) & 0xFFFF)
        for i, line in enumerate(lines)
    )


def _alone(line: Line) -> tuple[int, tuple[Part, ...]]:
    """The packet of one line; that of the frame count has no more than all packets have."""
    word = 2 if line is Line.FRAME_COUNT else 3
    return word + 1, (Part(line, word, 0, _MASKS.get(line, _WORD)),)


# Words of payload, and the lines in it in the order in which their channels first appear.
_PACKETS: Final[dict[PacketType, tuple[int, tuple[Part, ...]]]] = {
    PacketType.ALL: (
        9,
        (
            *_halves(*_BIT_LINES, *_ANALOG_LINES, *_LED_LINES, Line.EFOCUS),
            Part(Line.SYNC, 8, 0, 1),
            Part(Line.TRIGGER, 8, 1, 1),
        ),
    ),
    PacketType.GPIO: (6, _halves(Line.DIGITAL_IN, Line.TRIGGER, *_ANALOG_LINES)),
    PacketType.WAVEFORM: (2, ()),
    **{kind: _alone(line) for line, kind in OWN_PACKET.items()},
}


def _unpacking(line: Line) -> dict[str, npt.NDArray[Any]]:
    """Tables by the low byte of the type: which packets have a line, and where."""
    parts = [("has", "?"), ("word", np.intp), ("shift", "u4"), ("mask", "u4"), ("rank", np.intp)]
    table = np.zeros(256, parts)
    for kind, (_, lines) in _PACKETS.items():
        for rank, part in enumerate(lines):
            if part.line == line:
                table[kind & 0xFF] = (True, *part[1:], rank)
    return {key: table[key].copy() for key, _ in parts}  # looked up twice as fast


# Words of payload by the low byte of the type, -1 for unknown types.
_PAYLOAD_WORDS: Final = np.full(256, -1)
_PAYLOAD_WORDS[[kind & 0xFF for kind in _PACKETS]] = [size for size, _ in _PACKETS.values()]
_UNPACKING: Final = {line: _unpacking(line) for line in Line}


@dataclass(frozen=True)
class Readings:
    """The packets that report something, and the gaps between them, where packets were lost.

    Of each packet there is the word at which its payload starts, the low byte of its type, the
    hardware counter and the number of gaps before it; of each gap the
    time given to it, 1 us after the last reading before it, and the first reading after it.
    """

    words: Words
    payload: npt.NDArray[np.int64]
    kind: npt.NDArray[np.uint8]
    tsc_us: npt.NDArray[np.uint64]
    gap: npt.NDArray[np.intp]
    gap_tsc_us: npt.NDArray[np.uint64]
    gap_row: npt.NDArray[np.intp]

    @property
    def last_tsc_us(self) -> int:
        """Time of the last reading; 0 where there is none."""
        return int(self.tsc_us[-1]) if len(self.tsc_us) else 0

    def gaps_before(self, line: Line, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """How many gaps a line's readings follow; the frame count takes no notice of any."""
        return np.zeros(len(rows), np.intp) if line is Line.FRAME_COUNT else self.gap[rows]


def find_readings(words: Words) -> Readings | None:
    """Find the packets in a stream that report something; None where there is no packet at all.

    A known type with a payload of the wrong size, and an unknown type of the 0x40xx family, have
    no payload here, so that the search goes on right after the header; they do count for the
    sequence. A packet cut off by the end of the stream is left out.
    """
    at = np.flatnonzero(words == SYNC_WORD)
    at = at[: np.searchsorted(at, len(words) - HEADER_WORDS, "right")]
    kind = words[at + 1]
    family = kind >> 8 == _FAMILY
    low = kind.astype(np.uint8)
    size = np.where(family, _PAYLOAD_WORDS[low], -1)
    intact = size == words[at + 3]  # the type is known and the payload as long as it must be
    payload = at + HEADER_WORDS
    end = np.where(intact, payload + size, payload)
    kept = family & _outside(at, end) & (end <= len(words))
    if not kept.any():
        return None
    sequence = words[at[kept] + 2]
    rows = np.flatnonzero((intact & (low != PacketType.WAVEFORM & 0xFF))[kept])
    payload, low = payload[kept][rows], low[kept][rows]
    tsc_us = words[payload].astype(np.uint64) << np.uint64(32)
    tsc_us |= words[payload + 1]
    expected = sequence[:-1] + np.uint32(1)  # wraps as the counter does
    lost = np.flatnonzero(sequence[1:] != expected) + 1
    gap_row = np.searchsorted(rows, lost)
    before = np.append(np.zeros(1, np.uint64), tsc_us)[gap_row]
    gap = np.searchsorted(lost, rows, "right")
    return Readings(words, payload, low, tsc_us, gap, before + np.uint64(1), gap_row)


def _outside(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the candidates [start, end), in order, do not start within one that counts."""
    depth = np.zeros(len(starts) + 1, np.int8)
    overlapping = np.flatnonzero(starts[1:] < ends[:-1])
    following = np.searchsorted(starts, ends[overlapping])
    counts_from = 0
    for candidate, after in zip(overlapping.tolist(), following.tolist(), strict=True):
        if candidate >= counts_from:
            counts_from = after
            depth[candidate + 1] += 1
            depth[after] -= 1
    outside: npt.NDArray[np.bool_] = np.cumsum(depth[:-1]) == 0
    return outside


class Changes(NamedTuple):
    """What a channel did, in the order of the stream; at least something, NaN for what was lost.

    `first` sorts channels by first appearance: reading, gap before reading, place within either.
    """

    name: str
    first: tuple[int, int, int]
    tsc_us: npt.NDArray[np.uint64]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stream:
    """A decoded stream: its channels in order of first appearance, and counters in microseconds.

    Signals are their changes, from the counter at the first change on, and their last value at
    the last reading.
    """

    names: list[str]
    signals: list[Signal]
    first_tsc_us: int
    last_tsc_us: int


def decode_stream(words: Words, *, closed_loop: bool = False) -> Stream | None:
    """Decode a stream of ``(n,)`` little-endian uint32; None without any packet.

    A closed-loop system has four digital outputs.
    """
    readings = find_readings(words)
    if readings is None:
        return None
    changes = [
        channel
        for line in Line
        for channel in _line_changes(readings, line, closed_loop=closed_loop)
    ]
    changes.sort(key=lambda channel: channel.first)
    last = readings.last_tsc_us
    first = int(changes[0].tsc_us[0]) if changes else last
    return Stream(
        [channel.name for channel in changes],
        [_signal(channel, first, last) for channel in changes],
        first,
        last,
    )


def _line_changes(readings: Readings, line: Line, *, closed_loop: bool) -> Iterator[Changes]:
    """The changes of a line's channels; nothing of channels that the stream never names."""
    table = _UNPACKING[line]
    rows = np.flatnonzero(table["has"][readings.kind])
    kind = readings.kind[rows]
    raw = readings.words[readings.payload[rows] + table["word"][kind]]
    raw = raw >> table["shift"][kind] & table["mask"][kind]
    changed = _changed(raw, readings.gaps_before(line, rows))
    rows, raw = rows[changed], raw[changed]
    for place in range(len(CHANNELS[line])):
        if line not in _BIT_LINES:
            yield from _channel_changes(readings, line, place, rows, _to_value(line, raw))
            continue
        outside = closed_loop and line is Line.DIGITAL_OUT and place >= _CLOSED_LOOP_OUTPUTS
        bit_rows = rows[:0] if outside else rows
        bit = raw[: len(bit_rows)] >> np.uint32(place) & np.uint32(1)
        changed = _changed(bit, readings.gaps_before(line, bit_rows))
        values = bit[changed].astype(np.float32)
        yield from _channel_changes(readings, line, place, bit_rows[changed], values)


def _to_value(line: Line, raw: Words) -> npt.NDArray[np.float32]:
    values = raw.astype(np.float32)
    # LED power is in tenths of a milliwatt.
    return values / np.float32(10) if line in _LED_LINES else values


def _changed(values: npt.NDArray[Any], gap: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before, or follows a gap."""
    changed = np.ones(len(values), np.bool_)
    changed[1:] = (values[1:] != values[:-1]) | (gap[1:] != gap[:-1])
    return changed


def _channel_changes(
    readings: Readings,
    line: Line,
    place: int,
    rows: npt.NDArray[np.intp],
    values: npt.NDArray[np.float32],
) -> Iterator[Changes]:
    """A channel's changes with its gaps, or nothing where there are none of both."""
    tsc_us = readings.tsc_us[rows]
    gap_at, gaps = _gaps_of(readings, line, rows)
    if len(gaps) and gap_at[0] == 0:
        # In a gap the order is that of all channels; -1 is before the reading it precedes.
        first = (int(readings.gap_row[0]), -1, line * 8 + place)
    elif len(rows):
        kind = readings.kind[rows[0]]
        first = (int(rows[0]), int(_UNPACKING[line]["rank"][kind]), place)
    else:
        return
    if len(gaps):
        tsc_us = np.insert(tsc_us, gap_at, readings.gap_tsc_us[gaps])
        values = np.insert(values, gap_at, np.float32(np.nan))
    yield Changes(CHANNELS[line][place], first, tsc_us, values)


def _gaps_of(
    readings: Readings, line: Line, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Before which of a channel's changes a gap is told, and which gap.

    Of gaps with no reading of the channel in between only the first is told. The frame count
    has none.
    """
    if line is Line.FRAME_COUNT or not len(readings.gap_row):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    # Gaps before each of the readings, and before the end of the stream.
    passed = np.concatenate(([0], readings.gap[rows], [len(readings.gap_row)]))
    told = np.flatnonzero(passed[1:] != passed[:-1])
    return told, passed[told]


def _signal(channel: Changes, first: int, last: int) -> Signal:
    """Times from the stream's first, and the last value at the end."""
    tsc_us, values = channel.tsc_us, channel.values
    if tsc_us[-1] != last:
        tsc_us, values = np.append(tsc_us, np.uint64(last)), np.append(values, values[-1])
    if tsc_us.min() < first:  # the counter jumped back
        later = tsc_us >= first
        tsc_us, values = tsc_us[later], values[later]
    return in_order(tsc_us - np.uint64(first), values)
