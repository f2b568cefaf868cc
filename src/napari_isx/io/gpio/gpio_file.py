"""`.gpio` files, as nVista 3, nVoke 2 and nVue record them.

A `.gpio` file is a header, packets, and the session as JSON. Little-endian:

======  ========  ======================================================================
offset  type      meaning
======  ========  ======================================================================
0       u64, u64  start: Unix time in seconds, numerator and denominator
16      i32       seconds east of UTC
20      u32       offset of the packets
24      u64       number of events; not used
32      u64       file format, 240 for closed-loop systems
40      u64       offset of the session, which ends the file; 0 for none
======  ========  ======================================================================

Where a sync word stands at 32 the last two fields are missing; where one stands at 0 there is
no header at all.
"""

from __future__ import annotations

import logging
import struct
from functools import cached_property, lru_cache
from math import ceil
from typing import Any, Final, NamedTuple

import numpy as np

from napari_isx.io.base.channels import MAX_TICKS, Channels
from napari_isx.io.base.recording import FileRecording
from napari_isx.io.base.timing import Timing, read_start
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import MAX_FOOTER_BYTES
from napari_isx.io.format.json_fields import Fields, Rational, parse_json_object
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.gpio.packets import SYNC_WORD, Stream, decode_stream

_log = logging.getLogger(__name__)

HEADER: Final = struct.Struct("<QQiIQ")
HEADER_END: Final = struct.Struct("<QQ")
CLOSED_LOOP_FORMAT: Final = 240
DEFAULT_CLOCK_HZ: Final = 1000
_MAX_CLOCK_HZ: Final = 10**9
_SYNC: Final = SYNC_WORD.to_bytes(4, "little")
_WORD_BYTES: Final = 4


class GpioFile(FileRecording, GpioSet):
    """A `.gpio` file; see :class:`GpioSet`.

    It states its channels nowhere, so their names and the timing come from a first pass over
    the packets, when they are asked for.
    """

    def __init__(self, source: FileSource) -> None:
        super().__init__(source)
        self._header = header = _read_header(source)
        clock_hz, renames = None, dict[str, str]()
        try:
            self._description = _read_session(source, header.session_offset)
            fields = Fields(source.path, self._description, "session.")
            clock_hz = _clock_hz(fields)
            if header.session_offset:
                renames = _renames(fields, header)
        except IsxFileError as error:
            # The packets are worth having without it, and `isx` reads them too.
            finding = error.finding
            if clock_hz is None:
                clock_hz = DEFAULT_CLOCK_HZ
                finding += f", so its clock is taken to run at {clock_hz} Hz"
                self._clock_problems = (f"{self.name}: {finding}",)
            _warn_once(f"{source.path}: {finding}")
        self._clock_hz, self._renames = clock_hz, renames

    @cached_property
    def _stream(self) -> Stream:
        """The decoded packets, from one pass over the file."""
        header, end = self._header, self._source.size
        first = header.packets_offset
        # The session's text is no part of a packet that was cut off before it.
        if header.session_offset and first <= header.session_offset < end:
            end = header.session_offset
        words = np.empty((end - first) // _WORD_BYTES, "<u4")
        self._source.read_into(first, words)
        stream = decode_stream(words, closed_loop=header.file_format == CLOSED_LOOP_FORMAT)
        if stream is None:
            self._source.fail(
                f"no GPIO packet is in the {end - first:,} bytes from byte {first:,} on"
            )
        return stream

    @cached_property
    def _channels(self) -> Channels:  # type: ignore[override]  # read when they are asked for
        header, stream = self._header, self._stream
        first_us, last_us = stream.first_tsc_us, stream.last_tsc_us
        # Span and tick are each rounded to float64 before they are divided, as in `isx`.
        count = ceil((last_us - first_us + 1) / 1e6 / (1 / self._clock_hz))
        if not 0 <= count <= MAX_TICKS:
            self._source.fail(
                f"the packets' times run from {first_us:,} to {last_us:,} us, which no recording "
                "does"
            )
        period = Rational(1, self._clock_hz)
        names = [self._renames.get(name, name) for name in stream.names]
        return Channels(
            names,
            [False] * len(names),  # packets tell of changes
            Timing(count, period, header.start_s, header.utc_offset_s),
            lambda: stream.signals,
        )

    @property
    def first_tsc_us(self) -> int:
        return self._stream.first_tsc_us

    def _session(self) -> object:
        return self.metadata

    def _summary(self) -> str:
        is_read = "_stream" in vars(self)
        return super()._summary() if is_read else "channels not read yet"


class GpioHeader(NamedTuple):
    """The header of a `.gpio` file, or what stands in for one; no session is at 0."""

    start_s: Rational | None = Rational(0, 1)
    utc_offset_s: int = 0
    packets_offset: int = 0
    file_format: int = 0
    session_offset: int = 0


def _read_header(source: FileSource) -> GpioHeader:
    head = source.read(0, min(source.size, HEADER.size + HEADER_END.size))
    if head[: len(_SYNC)] == _SYNC:
        return GpioHeader()
    short = head[HEADER.size : HEADER.size + len(_SYNC)] == _SYNC
    needed = HEADER.size if short else HEADER.size + HEADER_END.size
    if len(head) < needed:
        source.fail(f"{len(head)} bytes are too few for a GPIO file, whose header has {needed}")
    num, den, utc_offset_s, packets_offset, _ = HEADER.unpack_from(head)
    file_format, session_offset = (0, 0) if short else HEADER_END.unpack_from(head, HEADER.size)
    values = {"secsSinceEpoch": {"num": num, "den": den}, "utcOffset": utc_offset_s}
    start_s, utc_offset_s = read_start(values)
    if packets_offset > source.size:
        source.fail(f"the header places the packets at byte {packets_offset:,} of {source.size:,}")
    return GpioHeader(start_s, utc_offset_s, packets_offset, file_format, session_offset)


def _read_session(source: FileSource, offset: int) -> dict[str, Any]:
    """The session's JSON, which ends the file; empty where the file has none."""
    if offset == 0:
        return {}
    size = source.size - offset
    if not 0 < size <= MAX_FOOTER_BYTES:
        finding = f"no session is at byte {offset}, where it should be"
        source.fail(f"its end is missing: {finding}" if size <= 0 else finding)
    text, _, _ = source.read(offset, size).partition(b"\0")
    return {} if text.strip() == b"null" else parse_json_object(source.path, text, "session")


@lru_cache(maxsize=256)
def _warn_once(message: str) -> None:
    """A file is opened several times on its way into a window."""
    _log.warning("%s", message)


def _clock_hz(fields: Fields) -> int:
    """The rate of the converter in use: that named by ``adMode``, else ``ad``, else ``autoAd``."""
    default = next((key for key in ("ad", "autoAd") if key in fields.values), None)
    mode = fields.values.get("adMode", default)
    if mode is None and "adMode" not in fields.values:
        return DEFAULT_CLOCK_HZ
    if not isinstance(mode, str):
        fields.fail("adMode", "the name of a converter")
    converter = fields.child(mode)
    clock: Any = converter.values.get("clock")
    if type(clock) not in (int, float) or not 1 <= clock <= _MAX_CLOCK_HZ:
        converter.fail("clock", f"a number of hertz from 1 to {_MAX_CLOCK_HZ}")
    return int(clock)


def _renames(fields: Fields, header: GpioHeader) -> dict[str, str]:
    """Other channel names; as in `isx` none where the session is not understood in full."""
    renames: dict[str, str] = {}
    microscope = fields.child("microscope") if "microscope" in fields else Fields(fields.path, {})
    # A dual-color one has two excitation LEDs, the second in the place of OG-LED.
    if "dualColor" in microscope and microscope.child("dualColor").boolean("enabled"):
        renames = {"EX-LED": "EX-LED1", "OG-LED": "EX-LED2"}
    if header.file_format == CLOSED_LOOP_FORMAT:
        renames |= {f"Digital GPI {i + 3}": f"SoftTrig-{i}" for i in range(1, 5)}
    return renames
