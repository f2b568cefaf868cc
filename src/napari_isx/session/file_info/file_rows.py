"""What a file says of itself beside its acquisition: file, pixels, timing, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_isx.io.base.frames import FrameSequence
from napari_isx.io.base.labelled_set import CuratedSet
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.series import Series
from napari_isx.io.base.timing import Timing
from napari_isx.io.behavior.movie import BehaviorMovie
from napari_isx.io.cells.cell_set import STATUSES, CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.compressed import CompressedMovie
from napari_isx.io.movies.isxd import Image, Movie
from napari_isx.io.movies.planes import MoviePlane
from napari_isx.io.vessels.vessel_set import VesselSet
from napari_isx.session.file_info.acquisition_rows import Row
from napari_isx.session.file_info.words import (
    NOTHING,
    as_words,
    clipped,
    counted,
    duration,
    moment,
    number,
    runs_in_words,
    runs_of,
    size,
)
from napari_isx.timeline.clock import Placed

# Packets are read for this only from small files, or where they have been read already.
_CHEAP_BYTES: Final = 2 << 20
# Before this nobody recorded with these microscopes: the date was never set.
_FIRST_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EXACT_S: Final = 1e-6  # hardware timestamps are whole microseconds
_MAX_CHANNELS: Final = 200
_MAX_PARTS: Final = 200
_NOT_READ: Final = "not read yet"


def kind_in_words(recording: Recording) -> str:
    """What people call a file of this kind."""
    match recording:
        case GpioSet():
            return "IMU recording" if recording.is_imu else "GPIO recording"
        case MoviePlane():
            return "Movie, one of the planes or colors of a file"
        case CompressedMovie():
            return "Compressed movie"
    return recording.kind.capitalize()


def title_of(recording: Recording) -> str:
    """The file's name, and what else tells recordings of one name apart."""
    parts, name = _parts(recording), recording.path.name
    if parts:
        return f"{name} and {counted(len(parts) - 1, 'more part')}"
    if isinstance(recording, MoviePlane):
        info = recording.acquisition_info
        labels = [f"{key} {info[key]}" for key in ("efocus", "channel") if key in info]
        return ", ".join([name, *map(as_words, labels)])
    return name


def file_rows(recording: Recording) -> Iterator[Row]:
    """Which files it is, and of what kind."""
    paths, parts = recording.paths, _parts(recording)
    kind = kind_in_words(recording)
    if parts:
        kind = f"{kind}, a series of {len(parts)} parts"
    yield Row("Kind", kind, kind)
    yield Row("Name", recording.path.name, as_words(recording.path.name))
    yield Row("Folder", str(recording.path.parent), as_words(str(recording.path.parent)))
    sizes = [_size_of(path) for path in paths]
    known = [one for one in sizes if one is not None]
    total = sum(known) if len(known) == len(sizes) else None
    yield Row("Size", total, size(total) if total is not None else "cannot be told", "bytes")
    for i, part in enumerate(parts[:_MAX_PARTS]):
        timing: Timing = part.timing
        value = {
            "path": str(part.path),
            "size": _size_of(part.path),
            "start": timing.start,
            "samples": timing.num_samples,
        }
        text = f"{part.path.name} · {moment(timing.start)} · {duration(timing.duration_s)}"
        yield Row(f"Part {i + 1}", value, text)


def pixel_rows(recording: Recording) -> Iterator[Row]:
    """The grid of pixels; nothing of what has none."""
    spacing = getattr(recording, "spacing", None)
    if spacing is None:
        return
    rows, cols = spacing.num_pixels
    yield Row("Rows x columns", [rows, cols], f"{rows:,} x {cols:,}")
    dtype = getattr(recording, "dtype", None)
    # Footprints and the pictures of vessels are of this type in every file.
    type_name = "float32" if dtype is None else dtype.name
    color = len(getattr(recording, "shape", ())) > (2 if isinstance(recording, Image) else 3)
    yield Row("Pixel type", type_name, f"{type_name}, RGB" if color else type_name)
    height, width = spacing.pixel_size_um
    what = "of the camera, nominally" if isinstance(recording, BehaviorMovie) else "on the sensor"
    text = f"{number(height)} x {number(width)} µm {what}"
    yield Row("Pixel height x width", [height, width], text, "um")
    field = [rows * height, cols * width]
    yield Row("Field height x width", field, f"{number(field[0])} x {number(field[1])} µm", "um")
    top, left = spacing.top_left_um
    text = f"{number(top)} µm from the top, {number(left)} µm from the left"
    yield Row("Top left corner", [top, left], text, "um")


def timing_rows(recording: Recording) -> Iterator[Row]:
    """When it was recorded and sampled, and which samples are missing."""
    if not is_cheap(recording):
        yield Row("Samples", None, _NOT_READ)
        return
    timing = getattr(recording, "timing", None)
    if not isinstance(timing, Timing):
        return
    start, dated = moment(timing.start), timing.start >= _FIRST_DATE
    yield Row("Start", timing.start, start if dated else f"{start}, which is no real date")
    rate, ticks = timing.sampling_rate_hz, _has_ticks(recording)
    text = f"{number(rate)} Hz" if isfinite(rate) else NOTHING
    yield Row("Clock rate" if ticks else "Sampling rate", rate, text, "Hz")
    yield Row("Period", timing.period_s, f"{number(timing.period_s * 1000)} ms", "s")
    yield Row("Duration", timing.duration_s, duration(timing.duration_s), "s")
    count = timing.num_samples
    yield Row("Clock ticks" if ticks else "Samples", count, f"{count:,}")
    if isinstance(recording, (EventSet, GpioSet)) and not timing.gaps:
        return  # they have no list of missing samples
    yield from _missing_rows(timing)
    if isinstance(recording, Movie):
        has = recording.has_timestamps
        yield Row("Hardware timestamps", has, as_words(has))


def clock_rows(placed: Placed | None) -> Iterator[Row]:
    """Where it is on the session's clock; nothing without one."""
    if placed is None:
        return
    yield Row("Placed", placed.method, placed.reason)
    yield Row("Starts at", placed.offset_s, f"{number(placed.offset_s, 9)} s of the session", "s")
    yield Row("Ends at", placed.end_s, f"{number(placed.end_s, 9)} s of the session", "s")
    departure = placed.shown_late_s() if placed.is_measured else None
    if departure is not None and len(departure[1]) and isinstance(placed.recording, FrameSequence):
        worst_s = float(np.abs(departure[1]).max())
        at_most = f"at most {number(1000 * worst_s, 3)}" if worst_s > _EXACT_S else "below 0.001"
        yield Row("Frames off hardware time", worst_s, f"{at_most} ms", "s")


def content_title(recording: Recording) -> str:
    """The heading of :func:`content_rows`."""
    for kind, title in ((VesselSet, "Vessels"), (GpioSet, "Channels")):
        if isinstance(recording, kind):
            return title
    return "Cells"


def content_rows(recording: Recording) -> Iterator[Row]:
    """The cells, vessels or channels, counted; nothing of pictures."""
    if isinstance(recording, CuratedSet):
        yield from _curated_rows(recording)
    elif isinstance(recording, EventSet):
        count = recording.num_cells
        yield Row("Cells", count, f"{count:,}")
        events = _stored_counts(recording, count)
        if events is not None:
            yield Row("Events", sum(events), f"{sum(events):,}")
        has_metrics = recording.metadata.get("metrics") is not None
        yield Row("Stored metrics", has_metrics, as_words(has_metrics))
    elif isinstance(recording, GpioSet):
        yield from _channel_rows(recording)


def is_cheap(recording: Recording) -> bool:
    """Whether asking for timing and channels reads little: all but large `.gpio` files do.

    Those are read the first time that somebody asks, which is before this where they are shown.
    """
    if not isinstance(recording, GpioSet):
        return True
    return getattr(recording._channels, "decoded", True) or _is_small(recording)


def _missing_rows(timing: Timing) -> Iterator[Row]:
    count = timing.num_samples
    yield Row("Valid", timing.num_valid, f"{timing.num_valid:,} of {count:,}")
    yield Row("Dropped", timing.dropped, runs_in_words(runs_of(timing.dropped, count)))
    yield Row("Cropped", timing.cropped, runs_in_words(clipped(timing.cropped, count)))
    yield Row("Blank", timing.blank, runs_in_words(runs_of(timing.blank, count)))
    if timing.gaps:
        gaps = clipped(timing.gaps, count)
        yield Row("In gaps", timing.gaps, runs_in_words(gaps))


def _curated_rows(recording: CuratedSet) -> Iterator[Row]:
    statuses = recording.statuses
    cells = isinstance(recording, CellSet)
    yield Row("Cells" if cells else "Vessels", len(statuses), f"{len(statuses):,}")
    for status in STATUSES:
        count = statuses.count(status)
        yield Row(f"{status.capitalize()} in the file", count, f"{count:,}")
    if cells:
        has_metrics = recording.metadata.get("cellMetrics") is not None
        yield Row("Stored metrics", has_metrics, as_words(has_metrics))
    if isinstance(recording, VesselSet):
        yield Row("Measured", recording.vessel_type, recording.vessel_type)
        maps = recording.has_correlations
        yield Row("Correlation maps", maps, as_words(maps))
    yield Row("Unit of traces", recording.trace_units, as_words(recording.trace_units))
    yield Row("Names", recording.names, as_words(recording.names))


def _channel_rows(recording: GpioSet) -> Iterator[Row]:
    if not is_cheap(recording):
        yield Row("Channels", None, _NOT_READ)
        return
    names, units = recording.channel_names, recording.channel_units
    yield Row("Channels", len(names), f"{len(names):,}")
    counts = _value_counts(recording)
    rows = list(zip(names, units, recording.channel_dense, counts, strict=True))
    for name, unit, dense, count in rows[:_MAX_CHANNELS]:
        value = {"unit": unit or None, "values": count, "sampled regularly": dense}
        words = [counted(count, "value")] if count is not None else []
        words += [unit] if unit else []
        words += [] if dense else ["on change"]
        yield Row(as_words(name), value, " · ".join(words) or NOTHING)
    left_out = rows[_MAX_CHANNELS:]
    if left_out:
        yield Row("More", [row[0] for row in left_out], f"{len(left_out):,} more channels")


def _value_counts(recording: GpioSet) -> list[int] | list[None]:
    """How many values each channel has, where that need not be read first."""
    stored = _stored_counts(recording, recording.num_channels)
    if stored is not None:
        return stored
    at_hand = "_signals" in vars(recording) or hasattr(recording._channels, "stream")
    # Not from older files, which another process reads.
    is_quick = _is_small(recording) and recording.path.suffix.lower() in (".isxd", ".imu")
    if at_hand or is_quick:
        return [len(recording.channel(i)) for i in range(recording.num_channels)]
    return [None] * recording.num_channels


def _stored_counts(recording: Recording, count: int) -> list[int] | None:
    """The footer's own numbers of packets, if it has them."""
    counts = recording.metadata.get("numSamples")
    if _parts(recording) or not isinstance(counts, list) or len(counts) != count:
        return None
    whole = all(type(number_) is int and number_ >= 0 for number_ in counts)
    return list(counts) if whole else None


def _parts(recording: Recording) -> tuple[Any, ...]:
    return recording.parts if isinstance(recording, Series) else ()


def _has_ticks(recording: Recording) -> bool:
    """Whether the timing is a clock at which channels change, not one at which all are sampled."""
    return isinstance(recording, GpioSet) and not recording.is_imu


def _is_small(recording: Recording) -> bool:
    return sum(_size_of(path) or 0 for path in recording.paths) <= _CHEAP_BYTES


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:  # moved away, or its drive is gone, since it was opened
        return None
