"""IMU recordings (`.imu`): acceleration, orientation and magnetic field at the head.

A header, a block of samples for each of the three sensors, and the session as JSON, which has
the timing. Little-endian:

==========  ==============  ===============================================================
offset      type            meaning
==========  ==============  ===============================================================
0           u64, u64        start: Unix time in seconds; the session has it too, and counts
16          i32             seconds east of UTC; likewise
20, 22      u16, u16        file format, reserved
24, 32, 40  u64, u64, u64   accelerometer: number of samples, offset, bytes
48, 56, 64  u64, u64, u64   magnetometer
72, 80, 88  u64, u64, u64   orientation
96, 104     u64, u64        session: offset and size; it ends the file
==========  ==============  ===============================================================

A sample has 16 bytes: u64 time in milliseconds, which is not used, three i16, and an i16 that is
reserved. Dropped samples are not stored.
"""

from __future__ import annotations

import logging
import struct
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.channels import Channels, timing_between
from napari_isx.io.base.recording import FileRecording
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import MAX_SAMPLES, Timing
from napari_isx.io.format.container import MAX_FOOTER_BYTES
from napari_isx.io.format.json_fields import Fields, Rational, parse_json_object
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import UNITS, GpioSet

_log = logging.getLogger(__name__)

HEADER: Final = struct.Struct("<QQiHH9QQQ")
SAMPLE: Final = np.dtype(
    [("time_ms", "<u8"), ("counts", "<i2", 3), ("reserved", "<i2")]  # x, y, z or yaw, pitch, roll
)
ACCELEROMETER_COUNTS_PER_G: Final = 16384
ORIENTATION_COUNTS_PER_RAD: Final = 2048
CHANNEL_NAMES: Final = (
    *("Acc x", "Acc y", "Acc z"),
    *("Ori yaw", "Ori pitch", "Ori roll"),
    *("Mag x", "Mag y", "Mag z"),
)
_UNITS: Final = dict.fromkeys(CHANNEL_NAMES[:3], "g")  # counts in a `.isxd` file
# What `isx` assumes where the session does not say.
_DEFAULT_PERIOD: Final = Rational(20, 1000)
_MAX_DURATION_S: Final = 10**10


class Sensor(NamedTuple):
    """What a sensor measured and when: its number of samples, where they are, counts in a unit."""

    timing: Timing
    samples: int
    offset: int
    scale: float


class ImuFile(FileRecording, GpioSet):
    """A `.imu` file: three channels for each sensor, which may be empty; see :class:`GpioSet`."""

    _units = UNITS | _UNITS

    def __init__(self, source: FileSource) -> None:
        super().__init__(source)
        if source.size < HEADER.size:
            source.fail(
                f"{source.size} bytes are too few for an IMU file, whose header has {HEADER.size}"
            )
        _, _, _, _, _, *places, session_offset, _ = HEADER.unpack(source.read(0, HEADER.size))
        self._description = session = _read_session(source, session_offset)
        fields = Fields(source.path, session, "session.").child("timingInfo")
        accelerometer = _sensor_timing(fields, "accelerometer", _DEFAULT_PERIOD)
        magnetometer = _sensor_timing(fields, "magnetometer", accelerometer.period)
        both = accelerometer, magnetometer
        period = min((timing.period for timing in both), key=lambda p: Fraction(*p))
        lasts_s = max(timing.num_samples * Fraction(*timing.period) for timing in both)
        start, end = fields.values.get("start"), fields.values.get("end")
        timing = timing_between(
            start, end, period, MAX_SAMPLES, lambda: max(lasts_s - Fraction(*period), Fraction(0))
        )
        for samples, offset, size in (places[i : i + 3] for i in (0, 3, 6)):
            if samples * SAMPLE.itemsize > size or (samples and offset + size > source.size):
                source.fail(
                    f"the header claims {samples:,} samples in {size:,} bytes from byte "
                    f"{offset:,} on, in a file of {source.size:,}"
                )
        acceleration, field, orientation = ((places[i], places[i + 1]) for i in (0, 3, 6))
        sensors = (
            Sensor(accelerometer, *acceleration, ACCELEROMETER_COUNTS_PER_G),
            Sensor(accelerometer, *orientation, ORIENTATION_COUNTS_PER_RAD),
            Sensor(magnetometer, *field, 1),
        )
        names = list(CHANNEL_NAMES)
        self._channels = Channels(
            names,
            [True] * len(names),
            timing,
            lambda: [signal for sensor in sensors for signal in _read_sensor(source, sensor)],
        )

    @property
    def is_imu(self) -> bool:
        return True

    def _session(self) -> object:
        return self.metadata


def _read_sensor(source: FileSource, sensor: Sensor) -> list[Signal]:
    """The three channels of a sensor; NaN where a sample was dropped."""
    # A short block must not be filled from what follows it, nor memory be taken for it.
    stored = np.empty(min(sensor.samples, sensor.timing.num_valid), SAMPLE)
    source.read_into(sensor.offset, stored)
    timing, missing = sensor.timing, sensor.timing.num_valid - len(stored)
    if missing:
        _log.warning(
            "%s: the last %d of %d samples of a sensor are missing",
            *(source.path, missing, timing.num_valid),
        )
        count = len(stored)  # and then those that were dropped before the last of them
        for sample in sorted(set(timing.dropped)):
            count += sample < count
        timing = replace(timing, num_samples=count)
    values = np.full((3, timing.num_samples), np.nan, np.float32)
    values[:, timing.valid_mask] = stored["counts"].T / np.float32(sensor.scale)
    offsets = _offsets_us(timing)
    for array in (offsets, values):
        array.flags.writeable = False
    return [Signal(offsets, row) for row in values]


def _read_session(source: FileSource, offset: int) -> dict[str, Any]:
    size = source.size - offset
    if not 0 < size <= MAX_FOOTER_BYTES or offset < HEADER.size:
        source.fail(
            f"the session, which has the timing, must be at byte {offset:,} by the header, "
            f"in a file of {source.size:,}"
        )
    text, _, _ = source.read(offset, size).partition(b"\0")
    return parse_json_object(source.path, text, "session")


def _sensor_timing(fields: Fields, sensor: str, default: Rational) -> Timing:
    """A sensor's samples, by the session; none where it does not name the sensor."""
    if sensor not in fields:
        return Timing(0, default)
    info = fields.child(sensor)
    count = info.integer("numTimes", 0, MAX_SAMPLES)
    num, den = info.rational("periodMs", 1)
    period = Rational(num, den * 1000)
    if count * Fraction(*period) > _MAX_DURATION_S:
        info.fail("periodMs", "shorter, or the recording lasts for ages")
    return Timing(count, period, dropped=tuple(info.integers("dropped", 0, default=[])))


def _offsets_us(timing: Timing) -> npt.NDArray[np.uint64]:
    """Microseconds from the start to each sample, rounded down.

    `isx` gets them from float64 Unix times, which are up to 1 us off.
    """
    # Terms this small leave the products below exact; the shift is far below a microsecond.
    period_us = (Fraction(*timing.period) * 1_000_000).limit_denominator(2**31)
    whole, part = divmod(period_us.numerator, period_us.denominator)
    sample = np.arange(timing.num_samples, dtype=np.uint64)
    return sample * np.uint64(whole) + sample * np.uint64(part) // np.uint64(period_us.denominator)
