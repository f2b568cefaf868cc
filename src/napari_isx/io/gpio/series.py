"""Series of GPIO and IMU recordings made in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from napari_isx.io.base.channels import MAX_TICKS
from napari_isx.io.base.series import Series
from napari_isx.io.base.series_channels import series_channels
from napari_isx.io.gpio.gpio_set import GpioSet


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
    def is_imu(self) -> bool:
        return self._parts[0].is_imu

    @property
    def first_tsc_us(self) -> int | None:
        return self._parts[0].first_tsc_us
