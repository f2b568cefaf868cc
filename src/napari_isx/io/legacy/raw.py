"""GPIO recordings of nVoke 1 (`.raw`): packets in a row, with sync sequences between them.

A sync sequence is 55 six times, then 5D. Numbers are big-endian; every packet ends with its Unix
time: u32 seconds, u24 microseconds.

=======  =====  ==========================  ==================================================
channel  bytes  name                        bytes 3 and 4, before the time
=======  =====  ==========================  ==================================================
1 to 6   11     GPIO1 ... GPIO4, SYNC,      the highest bit of byte 3 is the state
                TRIG
7        32     GPIO4_AI                    full scale in tenths, its highest bit in byte 3;
                                            then ten samples of u16, 1 ms apart
8 to 10  13     EX_LED, OG_LED, DI_LED      power in tenths: byte 3, then bit 4 of byte 4, of
                                            which bit 0 is the state
=======  =====  ==========================  ==================================================

Byte 0 is the channel, byte 1 the length and byte 2 a counter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import (
    IRREGULAR_PERIOD,
    MAX_PACKET_BYTES,
    MAX_TICKS,
    Channels,
    in_order,
)
from napari_isx.io.base.recording import FileRecording
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.legacy.piece import not_ours

RAW: Final = frozenset({".raw"})
_NAMES: Final = (
    *("", "GPIO1", "GPIO2", "GPIO3", "GPIO4", "SYNC", "TRIG"),
    *("GPIO4_AI", "EX_LED", "OG_LED", "DI_LED"),
)
_ANALOG: Final = _NAMES.index("GPIO4_AI")
_SYNC: Final = re.compile(rb"U{6}]")
_PACKET: Final = re.compile(
    rb"U{6}]|[\x01-\x06]\x0b.{9}|\x07\x20.{30}|[\x08-\x0a]\x0d.{11}", re.DOTALL
)
_LOOK_BYTES: Final = 512
_LONGEST_CUT: Final = 31
"""Bytes that the last packet may have where the recording was stopped in it."""
_SAMPLE_US: Final = 1000
RAW_MOVIE_ADVICE: Final = (
    "nVista's .raw movies have to be decompressed first, with the software that recorded them; "
    "then open their .xml"
)

Values = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


class RawGpioSet(FileRecording, GpioSet):
    """An nVoke GPIO recording: its channels are in the order of their first packets."""

    def __init__(self, source: FileSource) -> None:
        super().__init__(source)
        data = source.read(0, min(source.size, MAX_PACKET_BYTES))
        packets: dict[int, list[bytes]] = {}
        end: int | None = None
        num_lost = 0
        for match in _packets(data):
            num_lost += 0 if end is None else match.start() - end
            end = match.end()
            if match[0][0] < len(_NAMES):
                packets.setdefault(match[0][0], []).append(match[0])
        if not packets:
            raise not_ours(source.path, "an nVoke GPIO recording", RAW_MOVIE_ADVICE)
        found = [_decoded(channel, b"".join(rows)) for channel, rows in packets.items()]
        first = min(int(times.min()) for times, _ in found)
        last = max(int(times.max()) for times, _ in found)
        # Span and tick are each rounded to float64 before they are divided, as in `isx`.
        count = ceil((last - first + 1) / 1e6 / float(IRREGULAR_PERIOD))
        if count > MAX_TICKS:
            source.fail(
                f"its packets' times run from {first:,} to {last:,} us, which no recording does"
            )
        self._channels = Channels(
            [_NAMES[channel] for channel in packets],
            [channel == _ANALOG for channel in packets],
            Timing(count, IRREGULAR_PERIOD, Rational(first, 1_000_000)),
            lambda: [in_order((times - first).astype(np.uint64), v) for times, v in found],
        )
        if num_lost:
            self._clock_problems = (
                f"{self.name}: {num_lost:,} of its {source.size:,} bytes are damaged, "
                "and what was in them is left out",
            )


def has_packets(source: FileSource) -> bool:
    """Whether a file has a sync sequence near its start, and packets after it."""
    data = source.read(0, min(source.size, 2 * _LOOK_BYTES))
    start = _SYNC.search(data, 0, _LOOK_BYTES)
    return start is not None and any(match[0][0] < len(_NAMES) for match in _packets(data))


def _packets(data: bytes) -> Iterator[re.Match[bytes]]:
    """The packets and sync sequences from the first of these on; after damage, from the next.

    What is right before damage may be a part of it.
    """
    last: re.Match[bytes] | None = None
    for match in _PACKET.finditer(data):
        follows = last is not None and match.start() == last.end()
        if last is not None and follows:
            yield last
        last = match if follows or match[0][0] >= len(_NAMES) else None
    if last is not None and len(data) - last.end() <= _LONGEST_CUT:
        yield last


def _decoded(channel: int, data: bytes) -> Values:
    """Unix times in microseconds and values of all packets of a channel."""
    size = 32 if channel == _ANALOG else 13 if channel > _ANALOG else 11
    rows = np.frombuffer(data, np.uint8).reshape(-1, size)
    wide = rows.astype(np.int64)
    million = 1_000_000
    weights = [million << 24, million << 16, million << 8, million, 1 << 16, 1 << 8, 1]
    times: npt.NDArray[np.int64] = (wide[:, -7:] * weights).sum(axis=1)
    high, low = wide[:, 3], wide[:, 4]
    if channel < _ANALOG:
        return times, (high >> 7).astype(np.float32)
    if channel > _ANALOG:
        power: npt.NDArray[Any] = (high << 1 | low >> 4 & 1) * (low & 1)
        return times, np.divide(power, 10, dtype=np.float32, casting="unsafe")
    scale = high & 0x80 | low & 0x7F
    samples = rows[:, 5:25].copy().view(">u2").astype(np.float64)
    values = (samples * scale[:, None] / 655_360).astype(np.float32)
    return (times[:, None] + _SAMPLE_US * np.arange(10)).reshape(-1), values.reshape(-1)
