"""Comparing every value that `isx` returns of a file with ours.

It runs in a process of its own for each file, as `isx` crashes on some.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_isx.cli.finding import Source
from napari_isx.io.base.optional import needed
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.movies.isxd import Image
from napari_isx.io.open import open_isx
from napari_isx.io.vessels.vessel_set import VesselSet


@dataclass(frozen=True)
class Comparison:
    """How many values of a kind were compared, and how many differ, as is known or otherwise."""

    what: str
    count: int
    known: int = 0
    wrong: int = 0
    note: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether there is a difference that is not known."""
        return self.wrong > 0

    @property
    def verdict(self) -> str:
        """The same in words."""
        if self.wrong:
            return f"{self.wrong:,} of {self.count:,} DIFFER"
        known = f"; {self.known:,} differ as is known: {self.note}" if self.known else ""
        return f"{self.count - self.known:,} of {self.count:,} equal{known}"


def compare(source: Source) -> list[Comparison]:
    """Compare what `isx` says of a file; raises where one of the two cannot read it."""
    isx = needed("verify", "isx", "napari-isx[isx]")
    path = source.paths[0]
    with _quiet(), open_isx(path) as ours:
        return list(_compared(isx, str(path), ours))


def _compared(isx: Any, path: str, ours: Any) -> Iterator[Comparison]:
    match ours:
        case Movie() | BehaviorMovie():
            theirs = isx.Movie.read(path)
            yield from _timing(theirs.timing, ours)
            yield _one("frame size", tuple(theirs.spacing.num_pixels), ours.spacing.num_pixels)
            yield _frames(theirs, ours)
            if ours.timestamps_us is not None:
                valid = ours.timing.valid_mask
                stamps = [theirs.get_frame_timestamp(i) for i in np.flatnonzero(valid)]
                yield _arrays("timestamps", [stamps], [ours.timestamps_us[valid]])
        case Image():
            yield _arrays("pixels", [isx.Image.read(path).get_data()], [ours.data])
        case CellSet():
            theirs, count = isx.CellSet.read(path), range(ours.num_cells)
            yield from _timing(theirs.timing, ours)
            yield _one("number of cells", theirs.num_cells, ours.num_cells)
            yield _texts("names", [theirs.get_cell_name(i) for i in count], ours.names)
            yield _texts("statuses", [theirs.get_cell_status(i) for i in count], ours.statuses)
            images = map(theirs.get_cell_image_data, count)
            yield _arrays("footprints", images, map(ours.footprint, count))
            yield _arrays("traces", map(theirs.get_cell_trace_data, count), map(ours.trace, count))
        case EventSet():
            theirs, count = isx.EventSet.read(path), range(ours.num_cells)
            names = [theirs.get_cell_name(i) for i in count]
            yield _texts("names", names, ours.names)
            yield from _signals(names, map(theirs.get_cell_data, count), map(ours.events, count))
        case GpioSet():
            theirs, count = isx.GpioSet.read(path), range(ours.num_channels)
            names = [theirs.get_channel_name(i) for i in count]
            yield _texts("names", names, ours.channel_names)
            data = map(theirs.get_channel_data, count)
            yield from _signals(names, data, map(ours.channel, count))
        case VesselSet():
            theirs, count = isx.VesselSet.read(path), range(ours.num_vessels)
            yield from _timing(theirs.timing, ours)
            yield _texts("names", [theirs.get_vessel_name(i) for i in count], ours.names)
            yield _texts("statuses", [theirs.get_vessel_status(i) for i in count], ours.statuses)
            if ours.num_vessels:
                yield _arrays("image", [theirs.get_vessel_image_data(0)], [ours.image])
            traces = map(theirs.get_vessel_trace_data, count)
            yield _arrays("traces", traces, map(ours.trace, count))


def _timing(theirs: Any, ours: Any) -> Iterator[Comparison]:
    timing = ours.timing
    yield _one("number of samples", theirs.num_samples, timing.num_samples)
    yield _one("period", theirs.period.secs_float, timing.period_s)
    start = timing.start
    known = "a start that is no date" if start is None else ""
    ours_start = None if start is None else start.replace(tzinfo=None)
    yield _one("start", theirs.start.to_datetime(), ours_start, known)
    repeated = len(set(theirs.dropped)) < len(theirs.dropped)
    note = "a sample that is listed twice" if repeated else ""
    yield _one("dropped samples", list(theirs.dropped), list(timing.dropped), note)


def _frames(theirs: Any, ours: Any) -> Comparison:
    count = wrong = known = 0
    for i in range(len(ours)):
        a, b = np.asarray(theirs.get_frame_data(i)), ours.read_frame(i)
        count += b.size
        if a.dtype != b.dtype or a.shape != b.shape:
            wrong += b.size
            continue
        differ = _differing(a, b)
        # Versions of FFmpeg round the pixels of a JPEG differently.
        by_one = np.abs(a.astype(int) - b).max(initial=0) <= 1
        is_rounding = isinstance(ours, BehaviorMovie) and by_one
        known, wrong = (known + differ, wrong) if is_rounding else (known, wrong + differ)
    return Comparison("pixels of all frames", count, known, wrong, "higher or lower by 1, FFmpeg")


def _signals(names: list[str], theirs: Any, ours: Any) -> Iterator[Comparison]:
    """Times and values; of equal names `isx` returns the first for all, and times are 1 us low."""
    count = known = wrong = bad_values = 0
    equal_names = len(set(names)) < len(names)
    for (offsets, values), signal in zip(theirs, ours, strict=True):
        count += len(signal)
        if len(offsets) != len(signal):
            known += len(signal) * equal_names
            wrong += len(signal) * (not equal_names)
            continue
        late = signal.offsets_us.astype(np.int64) - np.asarray(offsets).astype(np.int64)
        known += int(np.sum(late == 1))
        wrong += int(np.sum((late != 0) & (late != 1)))
        bad_values += _differing(np.asarray(values), signal.values)
    note = "equal names" if equal_names else "1 us low in isx"
    if equal_names:
        known, wrong, bad_values = known + wrong, 0, 0
    yield Comparison("times", count, known, wrong, note)
    yield Comparison("values", count, 0, bad_values)


def _arrays(what: str, theirs: Any, ours: Any) -> Comparison:
    count = wrong = 0
    for a, b in zip(theirs, ours, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        count += b.size
        wrong += _differing(a, b) if a.shape == b.shape else b.size
    return Comparison(what, count, 0, wrong)


def _differing(a: Any, b: Any) -> int:
    """How many values differ in a bit."""
    if a.dtype != b.dtype:
        return int(np.sum(a != b))
    if a.dtype.kind == "f":
        bits = f"u{a.dtype.itemsize}"
        a, b = np.ascontiguousarray(a).view(bits), np.ascontiguousarray(b).view(bits)
    return int(np.count_nonzero(a != b))


def _texts(what: str, theirs: list[str], ours: list[Any]) -> Comparison:
    wrong = sum(a != b for a, b in zip(theirs, ours, strict=True))
    return Comparison(what, len(ours), 0, wrong)


def _one(what: str, theirs: object, ours: object, known: str = "") -> Comparison:
    differs = int(theirs != ours)
    return Comparison(what, 1, differs if known else 0, 0 if known else differs, known)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what `isx` prints, from C, out of the table."""
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)
