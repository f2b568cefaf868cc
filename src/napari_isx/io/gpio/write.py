"""Writing `.gpio` and `.imu` files, as an acquisition box does, for tests and sample data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.gpio.gpio_file import HEADER, HEADER_END
from napari_isx.io.gpio.imu import HEADER as IMU_HEADER
from napari_isx.io.gpio.imu import SAMPLE
from napari_isx.io.gpio.packets import CHANNELS, OWN_PACKET, SYNC_WORD, Line, PacketType

_WORD: Final = 0xFFFFFFFF


class Packet(NamedTuple):
    """One packet of a `.gpio` file: its hardware counter, and the words after the frame count."""

    type: int
    tsc_us: int
    data: tuple[int, ...] = ()
    frame_count: int = 0

    def encode(self, sequence: int) -> bytes:
        """The packet's bytes, with the number that tells whether packets were lost."""
        times = (self.tsc_us >> 32, self.tsc_us & _WORD, self.frame_count)
        payload = self.data if self.type == PacketType.WAVEFORM else (*times, *self.data)
        words = (SYNC_WORD, self.type, sequence & _WORD, len(payload), *payload)
        return np.array(words, "<u4").tobytes()


def channel_packets(
    channels: Mapping[str, Signal | tuple[npt.ArrayLike, npt.ArrayLike]], first_tsc_us: int = 0
) -> list[Packet]:
    """Make packets, in order of time, that tell what channels did.

    Channels are by name, in the units of :class:`~napari_isx.io.gpio.gpio_set.GpioSet`, with
    offsets in microseconds from the first counter. LED power is kept to 0.1 mW/mm², GPIO-1 to
    GPIO-4 to 16 counts. A ValueError names a channel without a packet of its own (outputs,
    e-focus).
    """
    lines = {name: (line, i) for line, names in CHANNELS.items() for i, name in enumerate(names)}
    changes: list[tuple[int, Line, int, float]] = []
    for name, signal in channels.items():
        line, place = lines.get(name, (Line.EFOCUS, 0))
        if line not in OWN_PACKET:
            raise ValueError(f"channel {name!r} has no packet of its own")
        parts = (signal.offsets_us, signal.values) if isinstance(signal, Signal) else signal
        offsets, values = (np.asarray(part).tolist() for part in parts)
        rows = zip(offsets, values, strict=True)
        changes += [(first_tsc_us + int(t), line, place, value) for t, value in rows]
    return list(_packets(sorted(changes)))


def _packets(changes: Iterable[tuple[int, Line, int, float]]) -> Iterator[Packet]:
    inputs = 0
    for tsc_us, line, place, value in changes:
        if line is Line.FRAME_COUNT:
            yield Packet(PacketType.FRAME_COUNT, tsc_us, (), int(value))
            continue
        number = int(value)
        if line is Line.DIGITAL_IN:
            inputs = number = inputs & ~(1 << place) | (number << place)
        elif line in (Line.EX_LED, Line.OG_LED, Line.DI_LED):
            number = round(value * 10)
        yield Packet(OWN_PACKET[line], tsc_us, (number,))


def write_gpio(
    path: str | os.PathLike[str],
    packets: Iterable[Packet],
    *,
    timing: Timing | None = None,
    session: Mapping[str, Any] | None = None,
    file_format: int = 0,
) -> None:
    """Write a `.gpio` file of packets in order; of the timing only the start is used.

    The session is JSON values, as ``{"ad": {"clock": 1000}, ...}``; the format of a closed-loop
    system is 240.
    """
    timing = timing or Timing(0)
    stream = b"".join(packet.encode(sequence) for sequence, packet in enumerate(packets))
    first = HEADER.size + HEADER_END.size
    header = HEADER.pack(*timing.stated_start_s, timing.utc_offset_s, first, 0)
    session_offset = 0 if session is None else first + len(stream)
    with new_file(path) as handle:
        handle.write(header + HEADER_END.pack(file_format, session_offset) + stream)
        if session is not None:
            handle.write(json.dumps(dict(session), allow_nan=False).encode())


def write_imu(
    path: str | os.PathLike[str],
    accelerometer: npt.ArrayLike,
    orientation: npt.ArrayLike,
    magnetometer: npt.ArrayLike | None = None,
    *,
    timing: Timing,
    magnetometer_timing: Timing | None = None,
    session: Mapping[str, Any] | None = None,
) -> None:
    """Write a `.imu` file.

    Counts are ``(num_samples, 3)`` int16 of *every* sample: x, y, z in 1/16384 g; yaw, pitch, roll
    in 1/2048 rad; x, y, z of the magnetometer, whose timing is its own, but for the start. Those of
    dropped samples are not stored. A ValueError says which do not fit their timing.
    """
    info: dict[str, Any] = {
        "start": _time(timing, Fraction(0)),
        "end": _time(timing, timing.num_samples * Fraction(*timing.period)),
        "accelerometer": _sensor_info(timing),
    }
    fields = np.empty((0, 3)) if magnetometer is None else magnetometer
    field_timing = magnetometer_timing or Timing(0)
    if magnetometer_timing is not None:
        info["magnetometer"] = _sensor_info(magnetometer_timing)
    blocks = [
        _samples("accelerometer", accelerometer, timing),
        _samples("magnetometer", fields, field_timing),
        _samples("orientation", orientation, timing),
    ]
    text = json.dumps({**(session or {}), "timingInfo": info}, allow_nan=False).encode()
    places: list[int] = []
    offset = IMU_HEADER.size
    for block in blocks:
        places += [len(block), offset, block.nbytes]
        offset += block.nbytes
    start = (*timing.stated_start_s, timing.utc_offset_s)
    with new_file(path) as handle:
        handle.write(IMU_HEADER.pack(*start, 0, 0, *places, offset, len(text)))
        handle.writelines(block.tobytes() for block in blocks)
        handle.write(text)


def _samples(what: str, counts: npt.ArrayLike, timing: Timing) -> npt.NDArray[Any]:
    every = np.asarray(counts, np.int16)
    if every.shape != (timing.num_samples, 3):
        raise ValueError(f"{what}: {every.shape} counts for {timing.num_samples} samples of 3")
    stored = np.zeros(timing.num_valid, SAMPLE)
    stored["counts"] = every[timing.valid_mask]
    stored["time_ms"] = timing.times_s[timing.valid_mask] * 1000
    return stored


def _sensor_info(timing: Timing) -> dict[str, Any]:
    return {
        "periodMs": _rational(Fraction(*timing.period) * 1000),
        "numTimes": timing.num_samples,
        "dropped": list(timing.dropped),
    }


def _time(timing: Timing, later_s: Fraction) -> dict[str, Any]:
    seconds = Fraction(*timing.stated_start_s) + later_s
    return {"secsSinceEpoch": _rational(seconds), "utcOffset": timing.utc_offset_s}


def _rational(value: Fraction) -> dict[str, int]:
    return Rational(value.numerator, value.denominator)._asdict()
