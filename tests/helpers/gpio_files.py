"""Tiny `.gpio` files, made byte by byte, and their meaning by a plain packet-by-packet reading."""

from __future__ import annotations

import json
import random
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SYNC = 0xAA55
WORDS = {
    0x4001: 9,
    0x4002: 6,
    **dict.fromkeys(range(0x4003, 0x400B), 4),
    0x400B: 3,
    0x400C: 4,
    0x400D: 4,
    0x400E: 2,
}
"""Words of payload by type."""

GPI = [f"Digital GPI {i}" for i in range(8)]
GPO = [f"Digital GPO {i}" for i in range(8)]
ANALOG = [f"GPIO-{i}" for i in range(1, 5)]
LEDS = ["EX-LED", "OG-LED", "DI-LED"]
ALL_BUT_FRAMES = [*GPI, *GPO, *ANALOG, *LEDS, "e-focus", "BNC Trigger Input", "BNC Sync Output"]


def packet(kind: int, sequence: int, *payload: int, size: int | None = None) -> bytes:
    size = len(payload) if size is None else size
    return struct.pack(f"<{4 + len(payload)}I", SYNC, kind, sequence & 0xFFFFFFFF, size, *payload)


def reading(kind: int, sequence: int, tsc: int, *data: int, frame: int = 0) -> bytes:
    return packet(kind, sequence, tsc >> 32, tsc & 0xFFFFFFFF, frame, *data)


def header(
    stream_offset: int | None = None,
    session_offset: int = 0,
    *,
    start: tuple[int, int] = (1_600_000_000_123, 1000),
    utc_offset: int = -18_000,
    file_format: int = 0,
    short: bool = False,
) -> bytes:
    size = 32 if short else 48
    first = size if stream_offset is None else stream_offset
    head = struct.pack("<QQiIQ", *start, utc_offset, first, 10**18)
    return head if short else head + struct.pack("<QQ", file_format, session_offset)


def write(
    path: Path, stream: bytes, session: object = None, text: bytes | None = None, **head: Any
) -> Path:
    """A file with a full header, and a session if one is given as a value or as a text."""
    if session is not None:
        text = json.dumps(session).encode()
    if text is not None:
        head.setdefault("session_offset", 48 + len(stream))
    path.write_bytes(header(**head) + stream + (text or b""))
    return path


def side_files(path: Path) -> list[Path]:
    """The files that `isx` makes of one that it reads.

    They are in the system's temporary folder, whatever the environment says, or beside it.
    """
    folders = {Path("/tmp"), Path(tempfile.gettempdir()), path.parent}
    name = f"{path.stem}_{path.suffix[1:]}.isxd"
    return [folder / name for folder in folders if (folder / name).exists()]


def random_stream(
    seed: int,
    count: int,
    kinds: Sequence[int] = tuple(WORDS),
    *,
    loss: float = 0.02,
    odd: float = 0.05,
    wide: bool = False,
) -> bytes:
    """Packets with a counter that mostly rises, lost ones, and what is none in between.

    Parameters
    ----------
    loss : float
        How often a sequence number is skipped.
    odd : float
        How often a packet is of wrong size, of unknown type, or preceded by garbage.
    wide : bool
        Whether values have all 32 bits, or come from a few, so that many repeat.
    """
    rng = random.Random(seed)
    sequence, tsc = 1, rng.choice([77, 10**6, 2**32 - 5000, 2**40])
    out = [reading(0x4003, 0, tsc, 5)]  # a file must start with a sync word to need no header
    for _ in range(count):
        tsc += rng.choice([0, 1, 1000, rng.randrange(5000)])
        if rng.random() < 0.01:
            tsc -= min(tsc, rng.randrange(20_000))
        if rng.random() < loss:
            sequence += rng.choice([-1, 1, 2, rng.randrange(2**32)])
        kind = rng.choice(kinds)
        times = [tsc >> 32, tsc & 0xFFFFFFFF, rng.choice([SYNC, 7, 7, rng.getrandbits(32)])]
        payload = [] if kind == 0x400E else times
        payload = payload + [_word(rng, wide) for _ in range(WORDS[kind] - len(payload))]
        if rng.random() < odd:
            flaw = rng.randrange(4)
            if flaw == 0:
                payload += [rng.choice([0, SYNC])] * rng.randrange(1, 4)
            elif flaw == 1:
                kind = rng.choice([0x4000, 0x400F, 0x4010, 0x40FF])
            elif flaw == 2:
                kind = rng.choice([0x5001, 0x14001, SYNC, 0])
            else:
                out.append(struct.pack("<2I", rng.choice([SYNC, 0]), rng.choice([SYNC, 3])))
        out.append(packet(kind, sequence, *payload))
        sequence += 1
    # Whole to the end, whatever a stray sync word there might claim.
    return b"".join([*out, reading(0x400C, sequence, tsc, 1), bytes(64)])


def _word(rng: random.Random, wide: bool) -> int:
    if wide:
        return rng.getrandbits(32)
    return rng.choice([0, 1, 0x55AA, SYNC, rng.randrange(64), rng.getrandbits(8) << 16 | 3])


class Model:
    """The rules applied packet by packet.

    Attributes
    ----------
    packets : dict
        What is stored of each channel, as (counter, value), in the order of the stream.
    first, last : int
        Counter of the first packet stored and of the last reading.
    """

    def __init__(self, stream: bytes, closed_loop: bool = False) -> None:
        self.packets: dict[str, list[tuple[int, float]]] = {}
        self.first: int | None = None
        self.last = 0
        self._outputs = 4 if closed_loop else 8
        words = list(struct.unpack(f"<{len(stream) // 4}I", stream[: len(stream) // 4 * 4]))
        at, previous = 0, None
        while at + 4 <= len(words):
            if words[at] != SYNC:
                at += 1
                continue
            kind, sequence, size = words[at + 1 : at + 4]
            at += 4
            if kind >> 8 != 0x40:
                continue
            intact = WORDS.get(kind) == size
            if intact and at + size > len(words):
                break
            if previous is not None and sequence != (previous + 1) % 2**32:
                lost = self.last + 1
                for name in ALL_BUT_FRAMES:
                    self._feed(name, lost, np.nan)
            previous = sequence
            if intact:
                self._read(kind, words[at : at + size])
                at += size
        for rows in self.packets.values():
            rows.append((self.last, rows[-1][1]))

    def signal(self, name: str) -> tuple[list[int], np.ndarray]:
        """Offsets from the first packet, rising, and float32 values."""
        rows = {t - self.first: v for t, v in self.packets[name] if t >= self.first}
        return sorted(rows), np.array([rows[t] for t in sorted(rows)], np.float32)

    def _feed(self, name: str, tsc: int, value: float) -> None:
        if not np.isnan(value):
            self.last = tsc
        rows = self.packets.setdefault(name, [])
        if rows and (rows[-1][1] == value or (np.isnan(rows[-1][1]) and np.isnan(value))):
            return
        if self.first is None:
            self.first = tsc
        rows.append((tsc, value))

    def _read(self, kind: int, p: list[int]) -> None:
        if kind == 0x400E:
            return
        for name, value in _values(kind, p, self._outputs):
            self._feed(name, p[0] << 32 | p[1], value)


def _values(kind: int, p: list[int], outputs: int) -> list[tuple[str, float]]:
    """The channels in a payload, in order."""
    if kind == 0x4001:
        h = _halves(*p[4:8])
        rows = _bits(GPI, p[3]) + _bits(GPO[:outputs], p[3] >> 16) + _analog(*h[:4])
        rows += [_power(LEDS[i], h[4 + i]) for i in range(3)]
        sync, trigger = p[8] & 1, p[8] >> 1 & 1
        return [*rows, ("e-focus", h[7]), ("BNC Sync Output", sync), ("BNC Trigger Input", trigger)]
    if kind == 0x4002:
        h = _halves(*p[3:6])
        return [*_bits(GPI, h[0]), ("BNC Trigger Input", h[1]), *_analog(*h[2:])]
    if kind <= 0x4006:
        return [(ANALOG[kind - 0x4003], p[3] // 16 * 16)]
    if kind == 0x4007:
        return _bits(GPI, p[3])
    if kind <= 0x400A:
        return [_power(LEDS[kind - 0x4008], p[3])]
    if kind == 0x400B:
        return [("Frame Count", p[2])]
    return [("BNC Trigger Input" if kind == 0x400C else "BNC Sync Output", p[3])]


def _bits(names: Sequence[str], word: int) -> list[tuple[str, float]]:
    return [(name, word >> i & 1) for i, name in enumerate(names)]


def _analog(*values: int) -> list[tuple[str, float]]:
    return [(name, value // 16 * 16) for name, value in zip(ANALOG, values, strict=True)]


def _halves(*words: int) -> list[int]:
    return [half for word in words for half in (word & 0xFFFF, word >> 16)]


def _power(name: str, word: int) -> tuple[str, float]:
    return name, np.float32(word & 0xFFFF) / np.float32(10)
