"""Movies and GPIO recordings of nVista 1 and 2 and nVoke 1, read through the `isx` package.

These are formats that everyone uses (TIFF, HDF5, XML), or of which too few recordings are left
to check a reader of our own. `isx` runs in a process of its own; see `isx_process`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.recording import Recording
from napari_isx.io.base.signal import Signal
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.errors import IsxFileError, UnsupportedIsxError
from napari_isx.io.format.container import TRAILER_BYTES
from napari_isx.io.format.json_fields import Fields, Rational, parse_json_object
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.legacy.detect import (
    HDF5,
    RAW,
    TIFF,
    XML,
    RecordingXml,
    has_gpio_datasets,
    has_gpio_packets,
    is_hdf5,
    is_legacy,
    is_tiff,
    read_recording,
)
from napari_isx.io.legacy.isx_process import IsxProcess, require_isx
from napari_isx.io.movies.isxd import MAX_FRAMES, Movie

__all__ = ["LegacyGpioSet", "LegacyMovie", "is_legacy", "open_legacy"]

_FOREIGN_ADVICE: Final = (
    "If it is one all the same, it is damaged: copy it again from where it was recorded."
)
_RAW_ADVICE: Final = (
    "nVista's .raw movies are no GPIO recordings, and have to be decompressed first, with the "
    "software that recorded them; then open their .xml"
)
_MAX_FPS: Final = 100_000
_ANALOG: Final = "GPIO4_AI"
"""The one channel of nVoke's that is sampled regularly."""


class _ReadByIsx(Recording):
    """A file that is open in a process of `isx`'s own, which ends with it."""

    _isx: IsxProcess

    @cached_property
    def acquisition_info(self) -> dict[str, Any]:
        """What `isx` knows of the acquisition, which for these files may be nothing."""
        return dict(sorted((self._isx.answer["acquisition_info"] or {}).items()))

    def close(self) -> None:
        """Give the file back and end the process that reads it.

        Channels that were read before can be had on; reading anything else is an error.
        """
        super().close()
        self._isx.close()


class LegacyMovie(_ReadByIsx, Movie):
    """A movie of nVista 1 or 2: an `.xml` with its parts, or one `.hdf5` or `.tif` alone.

    It reads like any :class:`Movie`. A frame is read by `isx` in a process of its own, which
    this object starts and ends. Frames have no timestamps; only an `.xml` tells a time, a place
    on the sensor and dropped frames, and an `.hdf5` some of its times. An `.xml`'s attributes
    are its ``metadata``.
    """

    def __init__(
        self, source: FileSource, suffix: str, recording: RecordingXml | None = None
    ) -> None:
        # Not Movie's, which reads a footer.
        Recording.__init__(self, source)
        self._has_lines = False
        self._recording = recording
        self._isx = IsxProcess(source.path, "movie", suffix)
        try:
            self._describe(_description(self._isx, source))
        except BaseException:
            self._isx.close()
            raise

    @property
    def metadata(self) -> dict[str, Any]:
        """The attributes in an `.xml`, all as texts; empty for the others."""
        return {} if self._recording is None else dict(self._recording.attributes)

    def open_gpio(self) -> LegacyGpioSet | None:
        """Open the channels that an nVista `.hdf5` has beside its frames; None without any.

        They are a recording of their own, to be closed on its own.

        Raises
        ------
        IsxFileError
            The file has such channels, but `isx` cannot read them.
        """
        if self.path.suffix.lower() not in HDF5 or not has_gpio_datasets(self._source):
            return None
        return _open_hdf5_gpio(str(self.path))

    def _describe(self, fields: Fields) -> None:
        timing = fields.child("timingInfo")
        if timing.integer("numTimes") > MAX_FRAMES:
            timing.fail("numTimes", f"at most {MAX_FRAMES:,} frames")
        self.dtype = np.dtype(self._isx.answer["dtype"])
        self.spacing = Spacing.from_fields(fields.child("spacingInfo"))
        self.timing = Timing.from_fields(self._with_period(timing))
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels)

    def _with_period(self, timing: Fields) -> Fields:
        """The timing with the period of an `.xml` whose start `isx` does not understand.

        It then takes no note of the frame rate either.
        """
        if self._recording is None or timing.rational("period", 0).num:
            return timing
        try:
            fps = float(self._recording.attributes.get("fps", ""))
        except ValueError:
            fps = 0
        if not 0.001 <= fps <= _MAX_FPS:
            raise IsxFileError(self.path, f"it gives no frame rate in hertz: fps is {fps:g}")
        period = Rational(1000, round(1000 * fps))._asdict()
        return Fields(timing.path, {**timing.values, "period": period}, timing.prefix)

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        if self.closed:
            raise ValueError(f"{self.path.name} is closed")
        if self.timing.stored_index(sample) is None:
            frame[...] = 0
        else:
            self._isx.read_frame(sample, frame)


class LegacyGpioSet(_ReadByIsx, GpioSet):
    """The channels of an nVoke `.raw`, or of an nVista `.hdf5`, as `isx` reads them.

    They have no known units.
    """

    def __init__(self, source: FileSource, suffix: str) -> None:
        self._isx = IsxProcess(source.path, "gpio", suffix)
        try:
            channels = _IsxChannels(self._isx, source)
        except BaseException:
            self._isx.close()
            raise
        super().__init__(source, channels, session={})

    def __reduce__(self) -> tuple[Callable[..., Recording], tuple[Any, ...]]:
        if self.path.suffix.lower() in HDF5:  # by its path alone it would be a movie
            return _open_hdf5_gpio, (str(self.path),)
        return super().__reduce__()


class _IsxChannels:
    """The channels of a file that is open in `isx`."""

    def __init__(self, process: IsxProcess, source: FileSource) -> None:
        self._process = process
        self.names: list[str] = process.answer["channels"]
        if not self.names:
            raise IsxFileError(source.path, "isx finds no channel in it")
        regular = source.path.suffix.lower() in HDF5
        self.dense = [regular or name == _ANALOG for name in self.names]
        self.timing = Timing.from_fields(_description(process, source).child("timingInfo"))

    def read(self) -> list[Signal]:
        """Return the signals of all channels."""
        return [Signal(*self._process.read_channel(i)) for i in range(len(self.names))]


def open_legacy(source: FileSource) -> LegacyMovie | LegacyGpioSet:
    """Open a file of an older system; what is in it decides, and `isx` has to be installed.

    A TIFF or HDF5 file is tried whatever is in it, because someone asked for it: movies that
    were exported or changed in other software have no sign of their origin.

    Raises
    ------
    IsxFileError
        It is no such file, or `isx` cannot read it.
    UnsupportedIsxError
        `isx` is not installed, or does not know the file's suffix.
    """
    suffix = source.path.suffix.lower()
    if suffix in XML:
        recording = read_recording(source)
        _check(source, recording is not None, "the description of an nVista recording")
        require_isx(source.path, "an nVista recording")
        if source.path.suffix != suffix:
            raise UnsupportedIsxError(
                source.path,
                f"isx, which it is read through, does not know the suffix {source.path.suffix}",
                "Rename it so that it ends in .xml",
            )
        return LegacyMovie(source, suffix, recording)
    if suffix in RAW:
        _check(source, has_gpio_packets(source), "an nVoke GPIO recording")
        require_isx(source.path, "an nVoke GPIO recording")
        return LegacyGpioSet(source, suffix)
    if suffix in TIFF:
        _check(source, is_tiff(source), "a TIFF file")
        require_isx(source.path, "a TIFF movie")
        return LegacyMovie(source, suffix)
    _check(source, is_hdf5(source), "an HDF5 file")
    require_isx(source.path, "an HDF5 movie")
    return LegacyMovie(source, ".hdf5")


def _open_hdf5_gpio(path: str) -> LegacyGpioSet:
    source = FileSource(path)
    try:
        return LegacyGpioSet(source, ".hdf5")
    except BaseException:
        source.close()
        raise


def _check(source: FileSource, fits: bool, what: str) -> None:
    if not fits:
        raise IsxFileError(
            source.path,
            f"it is not an Inscopix file as far as its content says: it is not {what}",
            _FOREIGN_ADVICE + (f" {_RAW_ADVICE}." if source.path.suffix.lower() in RAW else ""),
        )


def _description(process: IsxProcess, source: FileSource) -> Fields:
    """What `isx` tells of timing and spacing, in the words of a `.isxd` file's footer."""
    data = process.description
    length = int.from_bytes(data[1 - TRAILER_BYTES :], "little")
    text = data[-TRAILER_BYTES - length : -TRAILER_BYTES]
    values = parse_json_object(source.path, text, "description that isx makes")
    return Fields(source.path, values)
