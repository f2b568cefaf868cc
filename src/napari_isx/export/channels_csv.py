"""GPIO and IMU channels as tables, byte for byte as `isx` writes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from napari_isx.export.common import Progress, check_target
from napari_isx.export.file_names import column_names
from napari_isx.export.times import MICROSECOND, TimeRef, base_of, check_time_ref, parts_of, times_s
from napari_isx.io.base.names import numbered
from napari_isx.io.base.signal import Signal
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.gpio.imu import ACCELEROMETER_COUNTS_PER_G, CHANNEL_NAMES

_NUM_MOTION: Final = 6  # acceleration and orientation; the magnetic field has times of its own


def export_gpio(
    gpio: GpioSet | Sequence[GpioSet],
    csv: str | os.PathLike[str],
    *,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write channels as a table with a row for each value, as ``isx.export_gpio_set_to_csv`` does.

    Byte for byte, but for parts of a series that do not have the same channels: here each value
    stands by the name of its channel. An IMU recording is written as :func:`export_imu` does.

    Parameters
    ----------
    gpio : GpioSet, or a sequence of them
        One, a series, or its parts.
    csv : str or path-like
    time_ref : {"start", "unix"}
        Seconds from the start, or since 1970.
    overwrite : bool
        Whether a file that is there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    FileExistsError
        The file is there.
    OSError
        It cannot be written.
    IsxFileError
        A file is broken, or the parts are not of one series.
    ValueError
        An unknown `time_ref`, or no known start to count from.
    """
    parts = parts_of(gpio)
    check_time_ref(time_ref, parts, ("start", "unix"))
    target = check_target(csv, overwrite, parts)
    bases = [base_of(part.timing, parts[0].timing, time_ref) for part in parts]
    with new_file(target) as handle:
        if parts[0].is_imu:
            _write_imu(handle, parts, bases)
        else:
            _write_channels(handle, parts, bases, progress)
    if progress is not None:
        progress(1.0)
    return target


def export_imu(
    imu: GpioSet | Sequence[GpioSet],
    csv: str | os.PathLike[str],
    *,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write head movement as a table with a row for each sample, as `isx` does, byte for byte.

    Acceleration is in g, orientation in radians, the magnetic field, which has times of its own, in
    counts. Where it goes on for longer than the rest it is written to its end; `isx` cuts it.

    Parameters, returns and errors are those of :func:`export_gpio`.

    Raises
    ------
    ValueError
        It is no IMU recording.
    """
    other = next((part for part in parts_of(imu) if not part.is_imu), None)
    if other is not None:
        raise ValueError(f"{other.name} holds no head movement: use export_gpio")
    return export_gpio(imu, csv, time_ref=time_ref, overwrite=overwrite, progress=progress)


def _write_channels(
    handle: BinaryIO,
    parts: Sequence[GpioSet],
    bases: Sequence[Rational],
    progress: Progress | None,
) -> None:
    handle.write(b"Time (s), Channel Name, Value\n")
    # Of equal names the first is that of the first channel in the other parts, too.
    places = [{key: i for i, key in enumerate(numbered(part.channel_names))} for part in parts]
    keys = list(dict.fromkeys(key for of_part in places for key in of_part))
    for done, (key, name) in enumerate(zip(keys, column_names(k[0] for k in keys), strict=True)):
        for part, base, of_part in zip(parts, bases, places, strict=True):
            if key in of_part:
                signal = part.channel(of_part[key])
                times = times_s(base, MICROSECOND, signal.offsets_us.tolist())
                values = signal.values.tolist()
                lines = [f"{t:.16g}, {name}, {v:.7g}\n" for t, v in zip(times, values, strict=True)]
                handle.write("".join(lines).encode())
        if progress is not None:
            progress(done / len(keys))


def _write_imu(handle: BinaryIO, parts: Sequence[GpioSet], bases: Sequence[Rational]) -> None:
    motion, field = CHANNEL_NAMES[:_NUM_MOTION], CHANNEL_NAMES[_NUM_MOTION:]
    handle.write(f"IMU Time (s), {', '.join(motion)}, Mag Time (s), {', '.join(field)}\n".encode())
    left = [
        row for part, base in zip(parts, bases, strict=True) for row in _rows(part, base, motion)
    ]
    right = [
        row for part, base in zip(parts, bases, strict=True) for row in _rows(part, base, field)
    ]
    empty = ", ".join([""] * (1 + len(motion)))
    lines = zip_longest(left, right)
    handle.write(
        "".join(f"{', '.join([a or empty, *([b] if b else [])])}\n" for a, b in lines).encode()
    )


def _rows(imu: GpioSet, base: Rational, names: Sequence[str]) -> list[str]:
    """The time and the values of each sample of some channels."""
    signals = [_signal(imu, name) for name in names]
    times = times_s(base, MICROSECOND, signals[0].offsets_us.tolist())
    rows = zip(times, *(signal.values.tolist() for signal in signals), strict=False)
    return [", ".join([f"{value:.16g}" for value in row]) for row in rows]


def _signal(imu: GpioSet, name: str) -> Signal:
    if name not in imu.channel_names:
        raise ValueError(f"{imu.name} has no channel {name}, which the table of an IMU needs")
    i = imu.channel_names.index(name)
    signal = imu.channel(i)
    if name.startswith("Acc") and imu.channel_units[i] != "g":  # counts, as in a `.isxd` file
        return Signal(signal.offsets_us, signal.values / np.float32(ACCELEROMETER_COUNTS_PER_G))
    return signal
