"""Movies of nVista 1 and 2: frames in TIFF or HDF5 files, and an `.xml` that lists these.

Times and places are those that `isx` gives, but for what it does not understand.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from math import floor
from pathlib import Path
from threading import Lock
from typing import Any, Final, Self

import numpy.typing as npt

from napari_isx.io.base.recording import FileRecording, Recording
from napari_isx.io.base.spacing import DEFAULT_PIXEL_SIZE_UM, Spacing
from napari_isx.io.base.timing import MAX_FRAMES, Timing
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import Rational
from napari_isx.io.format.source import FileSource
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.legacy.detect import XML, RecordingXml, pieces_of, read_recording
from napari_isx.io.legacy.hdf5 import HDF5, Hdf5Piece, open_lines, read_times
from napari_isx.io.legacy.piece import Piece, not_ours
from napari_isx.io.legacy.raw import RAW, RAW_MOVIE_ADVICE, RawGpioSet
from napari_isx.io.legacy.tiff import TIFF, TiffPiece
from napari_isx.io.movies.base import Movie

LEGACY: Final = XML | HDF5 | TIFF | RAW
"""Suffixes of older systems, in lower case; only the content tells."""

_DEFAULT_PERIOD: Final = Rational(50, 1000)
_MAX_FPS: Final = 100_000
_PLACE: Final = ("width", "height", "left", "top", "downsample")
_INTEGER: Final = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_DROPPED: Final = re.compile(r"\[\s*(\d{1,9}\s*(,\s*\d{1,9}\s*)*)?\]", re.ASCII)
_START: Final = re.compile(
    r"([a-z]{3}) +(\d{1,2}), *(\d{4}) +(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,6}))? +([ap])m",
    re.ASCII | re.IGNORECASE,
)
_MONTHS: Final = re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec")


class LegacyMovie(FileRecording, Movie):
    """A movie of nVista 1 or 2: an `.xml` with its files, or `.tif` or `.hdf5` files alone.

    It reads like any :class:`Movie`. Frames have no timestamps; only an `.xml` tells a time, a
    place on the sensor and dropped frames, and an `.hdf5` some of its times. What times are not
    told is in ``clock_problems``. An `.xml`'s attributes, all texts, are its ``metadata``.
    """

    def __init__(self, source: FileSource, recording: RecordingXml | None = None) -> None:
        super().__init__(source)
        counts: Sequence[int] | None = None
        if recording is None:
            self._files = pieces_of(self.path)
        else:
            self._description, counts = recording.attributes, recording.counts
            self._files = _listed(self.path, recording)
        self.paths = tuple(dict.fromkeys((self.path, *self._files)))
        # Each is opened when it is first read; without their counts all at once.
        self._pieces: dict[int, Piece] = {}
        self._lock = Lock()
        try:
            first = self._open_piece(0)
            self._frame, self.dtype = first.shape[1:], first.dtype
            places = range(len(self._files))
            self._counts = counts or [self._open_piece(i).shape[0] for i in places]
            for place in self._pieces:
                self._piece(place)
            self._ends = list(accumulate(self._counts))
            self._describe()
        except BaseException:
            self._let_go()
            raise

    @classmethod
    def open_file(cls, source: FileSource) -> Self:
        is_xml = source.path.suffix.lower() in XML
        return cls(source, read_recording(source) if is_xml else None)

    def open_gpio(self) -> GpioSet | None:
        """Open the digital lines that an `.hdf5` has beside its frames; None without any.

        They are a recording of their own, to be closed on its own.
        """
        return open_lines(self.path) if self.path.suffix.lower() in HDF5 else None

    def close(self) -> None:
        super().close()
        self._let_go()

    def _forget(self) -> None:
        super()._forget()
        self._let_go()

    def _let_go(self) -> None:
        """Give the files back until a frame is read again."""
        with self._lock:
            pieces, self._pieces = self._pieces, {}
        for piece in pieces.values():
            piece.close()

    def _describe(self) -> None:
        dropped: tuple[int, ...] = ()
        period = start_s = None
        if self.path.suffix.lower() in XML:
            dropped = _dropped(self.path, self._description)
            period, start_s = _period(self._description), _start(self._description)
        elif self.path.suffix.lower() in HDF5:
            period, start_s = read_times(self.path)
        count = self._ends[-1] + len(dropped)
        if dropped and dropped[-1] >= count:
            self._source.fail(
                f"frame {dropped[-1]:,} is listed as dropped, but it has only {count:,}"
            )
        if count > MAX_FRAMES:
            self._source.fail(f"it has {count:,} frames; {MAX_FRAMES:,} are the most")
        self.timing = Timing(count, period or _DEFAULT_PERIOD, start_s, dropped=dropped)
        self.spacing = _spacing(self._description, (self._frame[0], self._frame[1]))
        self.shape = (count, *self._frame)
        unknown = ["no frame rate, so 50 ms are taken for each frame"] * (period is None)
        unknown += ["no time of its start"] * (start_s is None)
        if unknown:
            self._clock_problems = (f"{self.path.name}: it tells {', and '.join(unknown)}",)

    def _session(self) -> object:
        return None

    def _read_into(self, sample: int, frame: npt.NDArray[Any]) -> None:
        if self.closed:
            raise ValueError(f"{self.name} is closed")
        stored = self.timing.stored_index(sample)
        if stored is None:
            frame[...] = 0
        else:
            place = bisect_right(self._ends, stored)
            first = self._ends[place] - self._counts[place]
            self._piece(place).read_into(stored - first, frame)

    def _piece(self, place: int) -> Piece:
        """A file, opened and checked."""
        piece = self._open_piece(place)
        expected = (self._counts[place], *self._frame)
        if piece.shape != expected or piece.dtype != self.dtype:
            raise IsxFileError(
                piece.path,
                f"it should have {' x '.join(map(str, expected))} {self.dtype} like its recording, "
                f"but has {' x '.join(map(str, piece.shape))} {piece.dtype}",
            )
        return piece

    def _open_piece(self, place: int) -> Piece:
        with self._lock:
            path = self._files[place]
            if self.closed:
                raise ValueError(f"{path.name} is closed")
            if place not in self._pieces:
                is_tiff = path.suffix.lower() in TIFF
                self._pieces[place] = TiffPiece(path) if is_tiff else Hdf5Piece(path)
            return self._pieces[place]


def open_legacy(source: FileSource) -> Recording:
    """Open a file of an older system; what is in it decides.

    A TIFF or HDF5 file is tried whatever is in it, because someone asked for it: movies that
    were exported or changed in other software have no sign of their origin.
    """
    suffix = source.path.suffix.lower()
    if suffix in RAW:
        return RawGpioSet(source)
    if suffix not in XML:
        return LegacyMovie(source)
    recording = read_recording(source)
    if recording is None:
        raise not_ours(source.path, "the description of an nVista recording")
    return LegacyMovie(source, recording)


def _listed(path: Path, recording: RecordingXml) -> list[Path]:
    """The files that an `.xml` lists, which are beside it."""
    if not recording.files:
        raise IsxFileError(path, "it lists no TIFF or HDF5 file with frames", RAW_MOVIE_ADVICE)
    files = [path.with_name(name) for name in recording.files]
    missing = [one.name for one in files if not one.is_file()]
    if missing:
        raise IsxFileError(
            path,
            f"{len(missing)} of the {len(files)} files that it lists are missing: {missing[0]}",
            "Copy them into its folder: the frames are in them.",
        )
    return files


def _dropped(path: Path, attributes: Mapping[str, str]) -> tuple[int, ...]:
    text = attributes.get("dropped") or "[]"
    if not _DROPPED.fullmatch(text):
        raise IsxFileError(
            path, f"its dropped frames should be a list like [3, 5], found {text[:60]!r}"
        )
    return tuple(sorted({int(number) for number in re.findall(r"\d+", text)}))


def _period(attributes: Mapping[str, str]) -> Rational | None:
    try:
        fps = float(attributes.get("fps", ""))
    except ValueError:
        return None
    return Rational(1000, floor(1000 * fps + 0.5)) if 0.001 <= fps <= _MAX_FPS else None


def _start(attributes: Mapping[str, str]) -> Rational | None:
    """Unix time of a text like "Jun 19, 2014 02:35:22.234000 PM", which names no time zone."""
    match = _START.fullmatch(attributes.get("record_start", ""))
    if match is None or match[1].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(match[1].lower()) + 1
    day, year, hour, minute, second = map(int, match.group(2, 3, 4, 5, 6))
    hour = hour % 12 + 12 * (match[8].lower() == "p")
    try:
        whole_s = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None
    us = int((match[7] or "").ljust(6, "0"))
    if us % 1000:
        return Rational(whole_s * 1_000_000 + us, 1_000_000)
    return Rational(whole_s * 1000 + us // 1000, 1000)


def _spacing(attributes: Mapping[str, str], num_pixels: tuple[int, int]) -> Spacing:
    """The place on the sensor, if all is said that `isx` asks for."""
    texts = [attributes.get(name, "") for name in _PLACE]
    if not all(map(_INTEGER.fullmatch, texts)) or int(texts[-1]) < 1:
        return Spacing(num_pixels)
    left, top, downsample = map(int, texts[2:])
    size = Rational(DEFAULT_PIXEL_SIZE_UM * downsample, 1)
    return Spacing(num_pixels, (size, size), (Rational(top, 1), Rational(left, 1)))
