"""The evidence for a cell: event-triggered image, loop, heat map and its order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row, side_by_side
from napari_isx import CellSet, Movie, open_isx
from napari_isx.analysis.event_clips import loop_clips, read_clip
from napari_isx.analysis.event_image import MAX_EVENTS, EventImage, Window, event_image
from napari_isx.analysis.trace_heatmap import HeatMap, heat_map, order_by_clustering, shade

SMALL_FIELD = (64, 80)
_CROP = 60


def rows(files: Files) -> Iterator[Row]:
    """All lines about them."""
    yield from event_images(files)
    yield from heat_maps(files)


def event_images(files: Files) -> Iterator[Row]:
    """A hundred events, far enough apart that hardly any frame serves two."""
    path = files.movie()
    movie = open_isx(path)
    assert isinstance(movie, Movie)
    height, width = movie.spacing.num_pixels
    frames = np.linspace(0, len(movie) - 1, MAX_EVENTS).astype(np.int64)
    amplitudes = np.ones(len(frames))
    window = Window(np.arange(-7, -2), np.arange(5))
    side = min(_CROP, height, width)
    part = (slice((height - side) // 2, (height + side) // 2), slice(0, side))

    def image(crop: tuple[slice, slice] | None = None) -> EventImage:
        *_, whole = event_image(movie, frames, amplitudes, window=window, crop=crop)
        return whole

    def loop() -> list[np.ndarray]:
        clips = loop_clips(frames[::10], amplitudes[::10], len(movie), movie.timing.period_s)
        return [read_clip(movie, clip, part) for clip in clips]

    # The frames that the image takes, by the same rule, for a plain read of them.
    needed = _needed(frames, window, len(movie))
    assert len(needed) == image().num_frames
    times = side_by_side(
        {
            "whole": image,
            "part": lambda: image(part),
            "loop": loop,
            "read": lambda: _plain_frames(path, movie, needed),
        },
        files.sizes.few_rounds,
    )
    movie.close()
    what = f"event-triggered image, {len(frames)} events, {len(needed):,} frames"
    note = "floor: a plain read of the same frames, whole, into one array each"
    yield Row(
        f"{what} of {height} x {width}", times["whole"], None, times["read"], most=1, note=note
    )
    yield Row(f"{what}, cut to {side} x {side}", times["part"], None, times["read"], note=note)
    yield Row(f"loop of up to 10 events, cut to {side} x {side}", times["loop"])


def heat_maps(files: Files) -> Iterator[Row]:
    """All traces of many cells in one picture, and the order by their likeness."""
    sizes = files.sizes
    path = files.cells(sizes.many_cells, sizes.samples, SMALL_FIELD)
    cells = open_isx(path)
    assert isinstance(cells, CellSet)

    def heat() -> HeatMap:
        *_, whole = heat_map(cells)
        return whole

    whole = heat()
    rng = np.random.default_rng(5)
    kinds = rng.normal(size=(20, whole.values.shape[1]))
    noisy = rng.normal(size=whole.values.shape) + kinds[rng.integers(0, 20, cells.num_cells)]
    values = noisy.astype(np.float32)
    times = side_by_side(
        {
            "heat": heat,
            "shade": lambda: shade(whole),
            "order": lambda: order_by_clustering(values),
            "read": lambda: np.array(cells.traces),
        },
        sizes.few_rounds,
    )
    what = f"{cells.num_cells:,} cells x {cells.timing.num_samples:,} samples"
    cells.close()
    note = "floor: a copy of all traces"
    yield Row(f"heat map of {what}", times["heat"], None, times["read"], most=2, note=note)
    yield Row(f"its colors, {whole.values.shape[1]:,} columns", times["shade"])
    yield Row(f"order of {len(values):,} cells by clustering", times["order"], most=2)


def _needed(frames: np.ndarray, window: Window, num_frames: int) -> np.ndarray:
    around = np.unique(frames[:, None] + np.concatenate([window.before, window.after]))
    return around[(around >= 0) & (around < num_frames)]


def _plain_frames(path: Path, movie: Movie, samples: np.ndarray) -> np.ndarray:
    frame = np.empty(movie.shape[1:], movie.dtype)
    with path.open("rb", buffering=0) as handle:
        for sample in samples.tolist():
            handle.seek(sample * frame.nbytes)
            handle.readinto(frame.data)
    return frame
