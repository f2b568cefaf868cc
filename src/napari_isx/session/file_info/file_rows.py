"""What a file says of itself beside its acquisition: file, pixels, timing, and its clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.series import Series
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_file import GpioFile
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.compressed import CompressedMovie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.movies.planes import MoviePlane
from napari_isx.session.file_info.words import (
    NOTHING,
    Row,
    as_words,
    clipped,
    count_row,
    counted,
    duration,
    moment,
    number,
    row,
    runs_in_words,
    runs_of,
    size,
)
from napari_isx.timeline.placed import Placed

NOT_READ: Final = "not read yet"
# Packets are read for this only from small files, or where they have been read already.
_CHEAP_BYTES: Final = 2 << 20
# Before this nobody recorded with these microscopes: the date was never set.
_FIRST_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EXACT_S: Final = 1e-6  # hardware timestamps are whole microseconds
_MAX_PARTS: Final = 200


def title_of(recording: Recording) -> str:
    """The file's name, and what else tells recordings of one name apart."""
    parts, name = _parts(recording), recording.name
    if parts:
        return f"{name} and {counted(len(parts) - 1, 'more part')}"
    if isinstance(recording, MoviePlane):
        info = recording.acquisition_info
        labels = [f"{key} {info[key]}" for key in ("efocus", "channel") if key in info]
        return ", ".join([name, *map(as_words, labels)])
    return name


def file_rows(recording: Recording) -> Iterator[Row]:
    """Which files it is, and of what kind."""
    parts = _parts(recording)
    yield row("Kind", _kind(recording) + (f", a series of {len(parts)} parts" if parts else ""))
    yield row("Name", recording.name)
    if recording.path is not None:
        yield row("Folder", str(recording.path.parent))
    total = _total_size(recording.paths)
    yield row("Size", total, size(total) if total is not None else "cannot be told", "bytes")
    for i, part in enumerate(parts[:_MAX_PARTS], start=1):
        timing: Timing = part.timing
        value = {
            "path": str(part.path),
            "size": _total_size([part.path]),
            "start": timing.start,
            "samples": timing.num_samples,
        }
        start = "start unknown" if timing.start is None else moment(timing.start)
        yield row(f"Part {i}", value, f"{part.name} · {start} · {duration(timing.duration_s)}")


def pixel_rows(recording: Recording) -> Iterator[Row]:
    """The grid of pixels; nothing of what has none."""
    spacing = getattr(recording, "spacing", None)
    if spacing is None:
        return
    rows, cols = spacing.num_pixels
    yield row("Rows x columns", [rows, cols], f"{rows:,} x {cols:,}")
    dtype = getattr(recording, "dtype", None)
    # Footprints and the pictures of vessels are of this type in every file.
    name = "float32" if dtype is None else dtype.name
    color = len(getattr(recording, "shape", ())) > (2 if isinstance(recording, Image) else 3)
    yield row("Pixel type", name, f"{name}, RGB" if color else name)
    height, width = spacing.pixel_size_um
    what = "of the camera, nominally" if isinstance(recording, BehaviorMovie) else "on the sensor"
    text = f"{number(height)} x {number(width)} µm {what}"
    yield row("Pixel height x width", [height, width], text, "um")
    field = [rows * height, cols * width]
    yield row("Field height x width", field, f"{number(field[0])} x {number(field[1])} µm", "um")
    top, left = spacing.top_left_um
    text = f"{number(top)} µm from the top, {number(left)} µm from the left"
    yield row("Top left corner", [top, left], text, "um")


def timing_rows(recording: Recording) -> Iterator[Row]:
    """When it was recorded and sampled, and which samples are missing."""
    if not is_cheap(recording):
        yield row("Samples", None, NOT_READ)
        return
    timing = getattr(recording, "timing", None)
    if not isinstance(timing, Timing):
        return
    yield row("Start", timing.start, _start_in_words(timing.start))
    # Of GPIO the timing is a clock at which channels change, not one at which all are sampled.
    ticks = isinstance(recording, GpioSet) and not recording.is_imu
    rate, count = timing.sampling_rate_hz, timing.num_samples
    text = f"{number(rate)} Hz" if isfinite(rate) else NOTHING
    yield row("Clock rate" if ticks else "Sampling rate", rate, text, "Hz")
    yield row("Period", timing.period_s, f"{number(timing.period_s * 1000)} ms", "s")
    yield row("Duration", timing.duration_s, duration(timing.duration_s), "s")
    yield count_row("Clock ticks" if ticks else "Samples", count)
    if isinstance(recording, (EventSet, GpioSet)) and not timing.gaps:
        return  # they have no list of missing samples
    yield row("Valid", timing.num_valid, f"{timing.num_valid:,} of {count:,}")
    yield row("Dropped", timing.dropped, runs_in_words(runs_of(timing.dropped, count)))
    yield row("Cropped", timing.cropped, runs_in_words(clipped(timing.cropped, count)))
    yield row("Blank", timing.blank, runs_in_words(runs_of(timing.blank, count)))
    if timing.gaps:
        yield row("In gaps", timing.gaps, runs_in_words(clipped(timing.gaps, count)))
    if isinstance(recording, Movie):
        yield row("Hardware timestamps", recording.has_timestamps)


def clock_rows(placed: Placed | None) -> Iterator[Row]:
    """Where it is on the session's clock; nothing without one."""
    if placed is None:
        return
    yield row("Placed", placed.method, placed.reason)
    yield row("Starts at", placed.offset_s, f"{number(placed.offset_s, 9)} s of the session", "s")
    yield row("Ends at", placed.end_s, f"{number(placed.end_s, 9)} s of the session", "s")
    departure = placed.shown_late_s() if placed.is_measured else None
    if departure is not None and len(departure[1]) and isinstance(placed.recording, FrameSequence):
        worst_s = float(np.abs(departure[1]).max())
        at_most = f"at most {number(1000 * worst_s, 3)}" if worst_s > _EXACT_S else "below 0.001"
        yield row("Frames off hardware time", worst_s, f"{at_most} ms", "s")


def is_cheap(recording: Recording) -> bool:
    """Whether asking for timing and channels reads little: all but large `.gpio` files do.

    Those are read the first time that somebody asks, which is before this where they are shown.
    """
    return not isinstance(recording, GpioFile) or is_read(recording) or is_small(recording)


def is_read(recording: Recording) -> bool:
    """Whether the packets of a `.gpio` file are decoded already."""
    return "_stream" in vars(recording)


def is_small(recording: Recording) -> bool:
    """Whether all of its files can be read at once without a wait."""
    total = _total_size(recording.paths)
    return total is not None and total <= _CHEAP_BYTES


def _start_in_words(start: datetime | None) -> str:
    if start is None:
        return "unknown, as what the file states is no date"
    return moment(start) if start >= _FIRST_DATE else f"{moment(start)}, which is no real date"


def _kind(recording: Recording) -> str:
    """What people call a file of this kind."""
    if isinstance(recording, GpioSet):
        return "IMU recording" if recording.is_imu else "GPIO recording"
    if isinstance(recording, MoviePlane):
        return "Movie, one of the planes or colors of a file"
    compressed = "compressed " if isinstance(recording, CompressedMovie) else ""
    return f"{compressed}{recording.kind}".capitalize()


def _parts(recording: Recording) -> tuple[Any, ...]:
    return recording.parts if isinstance(recording, Series) else ()


def _total_size(paths: Sequence[Path]) -> int | None:
    """How many bytes the files have together; None where one is away, or its drive is gone."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError:
        return None
