"""GPIO sets: what the acquisition box measured and switched while the microscope recorded.

IMU recordings, of the head sensor, are of the same class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final, SupportsIndex

from napari_isx.io.base.channels import (
    MAX_TICKS,
    Channels,
    channel_index,
    open_channels,
    series_channels,
)
from napari_isx.io.base.recording import IsxdRecording, Recording
from napari_isx.io.base.series import Series
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.timing import Timing
from napari_isx.io.base.to_frames import SignalFrames
from napari_isx.io.format.container import Footer, IsxKind
from napari_isx.io.format.source import FileSource

UNITS: Final = {
    **{f"GPIO-{i}": "counts" for i in range(1, 5)},
    **dict.fromkeys(("EX-LED", "OG-LED", "DI-LED", "EX-LED1", "EX-LED2"), "mW/mm²"),
    **{f"Acc {axis}": "counts" for axis in "xyz"},
    **{f"Ori {angle}": "rad" for angle in ("yaw", "pitch", "roll")},
    **{f"Mag {axis}": "counts" for axis in "xyz"},
}
"""Units by channel name; on/off states, the frame count and the e-focus have none."""


class GpioSet(SignalFrames, Recording):
    """Channels recorded beside the images: inputs, outputs, LED power, or head movement."""

    kind: ClassVar[str] = "GPIO"

    _channels: Channels
    _units: Mapping[str, str] = UNITS

    @property
    def is_imu(self) -> bool:
        """Whether it is of the head sensor: acceleration, orientation and magnetic field."""
        return False

    @property
    def num_channels(self) -> int:
        """How many channels the file has."""
        return len(self.channel_names)

    @property
    def channel_names(self) -> list[str]:
        """In the file's order; of a `.gpio` file, in the order of first appearance."""
        return list(self._channels.names)

    @property
    def channel_units(self) -> list[str]:
        """The unit of each channel's values; empty for states, counts of frames and the like.

        LED power is in nominal mW/mm². ``counts`` are a converter's, to no known scale.
        """
        return [self._units.get(name, "") for name in self.channel_names]

    @property
    def channel_dense(self) -> list[bool]:
        """Whether each channel is sampled regularly.

        The others are told when they change: a value holds until the next one.
        """
        return list(self._channels.dense)

    @property
    def timing(self) -> Timing:
        """The clock of the recording; it has no missing samples."""
        return self._channels.timing

    @property
    def first_tsc_us(self) -> int | None:
        """Hardware counter at offset 0 in microseconds, the clock of a movie's timestamps.

        None where the file does not say.
        """
        session = self._session()
        value = session.get("firstTsc") if isinstance(session, dict) else None
        return value if type(value) is int else None

    def channel(self, channel: SupportsIndex | str) -> Signal:
        """The values of one channel, in order of time.

        Parameters
        ----------
        channel : int or str
            Index or name; a name that occurs more than once means its first channel.

        Raises
        ------
        IndexError, KeyError
            There is no such channel.
        IsxFileError
            The file is broken.
        """
        names = self._channels.names
        return self._signals[channel_index(names, channel, f"channel of {self.name}")]

    @cached_property
    def _signals(self) -> list[Signal]:
        return self._channels.read()

    def _labels(self) -> dict[str, Sequence[Any]]:
        return {"channel": self.channel_names, "unit": self.channel_units}

    def _summary(self) -> str:
        return f"{self.num_channels} channels over {self.timing.duration_s:.4g} s"


class IsxdGpioSet(IsxdRecording, GpioSet):
    """A GPIO set or an IMU recording in a `.isxd` file, of either layout; see :class:`GpioSet`."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self._channels = open_channels(source, footer)

    @property
    def is_imu(self) -> bool:  # noqa: D102
        return self._footer.kind is IsxKind.IMU


class GpioSetSeries(Series[GpioSet], GpioSet):
    """Channels of recordings made one after another; see :class:`GpioSet`.

    Offsets count from the start of the first part. Between two parts every channel has a NaN.
    The packets of `.gpio` files are read when the series is opened, as they alone tell how long
    a part is.
    """

    max_samples: ClassVar[int] = MAX_TICKS

    def __init__(self, parts: Sequence[GpioSet]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        channels = [part._channels for part in self._parts]
        self._channels = series_channels(channels, self._schedule, mark_gaps=True)
        self._units = {name: unit for part in parts for name, unit in part._units.items()}

    @staticmethod
    def _describe(part: GpioSet) -> dict[str, object]:
        """Inputs or head movement, and units: a `.imu` file's are not those of its `.isxd` file."""
        units = {f"unit of {name}": unit for name, unit in part._units.items()}
        return {"kind": "an IMU recording" if part.is_imu else "a GPIO set", **units}

    @property
    def is_imu(self) -> bool:  # noqa: D102
        return self._parts[0].is_imu

    @property
    def first_tsc_us(self) -> int | None:  # noqa: D102
        return self._parts[0].first_tsc_us
