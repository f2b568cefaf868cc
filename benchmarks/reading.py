"""Movies: opening, one frame, the frame that napari shows, the mean of all."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.files import Files
from benchmarks.measure import Row, isx, side_by_side, with_isx
from napari_isx import Movie, open_isx


def rows(files: Files) -> Iterator[Row]:
    """All lines about movies."""
    yield from opening(files)
    yield from one_frame(files)
    yield one_frame_in_napari(files)
    yield from mean_projection(files)


def opening(files: Files) -> Iterator[Row]:
    """Opening and closing, of a short and of a long movie."""
    lengths = (360, files.sizes.long_frames)
    paths = [files.sparse_movie(length) for length in lengths]
    calls: dict[str, Callable[[], object]] = {}
    for i, path in enumerate(paths):
        calls |= with_isx(
            {f"ours {i}": partial(_open, path), f"floor {i}": partial(_read_description, path)},
            **{f"isx {i}": lambda isx, path=str(path): isx.Movie.read(path)},
        )
    times = side_by_side(calls, 5 * files.sizes.rounds, 5)
    note = "floor: opening the file, reading its JSON description and parsing it"
    for i, length in enumerate(lengths):
        yield Row(
            f"open a movie of {length:,} frames",
            times[f"ours {i}"],
            times.get(f"isx {i}"),
            times[f"floor {i}"],
            most_isx=3,
            note=note,
        )
    yield Row(
        f"the same, {lengths[1]:,} beside {lengths[0]} frames",
        times["ours 1"],
        None,
        times["ours 0"],
        most_floor=1.2,
        note="floor: ours with the short movie",
    )


def one_frame(files: Files) -> Iterator[Row]:
    """One random frame, into a new array: let go of at once, or kept."""
    path = files.movie()
    movie = open_isx(path)
    assert isinstance(movie, Movie)
    stored = map_frames(path, movie)
    theirs = isx.Movie.read(str(path)) if isx else None
    handle = os.open(path, os.O_RDONLY)
    size = stored[0].nbytes

    def plain() -> np.ndarray:
        frame = np.empty(movie.shape[1:], movie.dtype)
        view = memoryview(frame).cast("B")
        if hasattr(os, "preadv"):
            os.preadv(handle, [view], _any(movie) * size)
        else:
            view[:] = os.pread(handle, size, _any(movie) * size)
        return frame

    calls = with_isx(
        {
            "ours": lambda: movie[_any(movie)],
            "floor": plain,
            "memmap": lambda: stored[_any(movie)].copy(),
        },
        isx=lambda _: theirs.get_frame_data(_any(movie)),
    )
    times = side_by_side(calls, files.sizes.rounds, 4)
    best = "floor: one read of the system into a new array; a copy from a memory map takes {:.2f}x"
    yield Row(
        "one random frame, movie[i]",
        times["ours"],
        times.get("isx"),
        times["floor"],
        most_isx=1 / 4,
        most_floor=1.3,
        note=best.format(times["memmap"] / times["floor"]),
    )
    keep: list[object] = []

    def kept(call: Callable[[], object]) -> None:
        keep.append(call())

    times = side_by_side(
        {name: partial(kept, call) for name, call in calls.items()}, files.sizes.rounds
    )
    yield Row(
        "the same, all frames kept",
        times["ours"],
        times.get("isx"),
        times["floor"],
        most_floor=1.3,
        note="fresh memory for every frame: the system's clearing of it outweighs the reading",
    )
    os.close(handle)
    movie.close()


def one_frame_in_napari(files: Files) -> Row:
    """A step of the slider, as napari's layers do it, without a window."""
    from napari.components import ViewerModel

    from napari_isx.layers.movies import movie_layer

    path = files.movie()
    movie = open_isx(path)
    assert isinstance(movie, Movie)
    data, kwargs, _ = movie_layer(movie)
    shown = np.empty(movie.shape[1:], movie.dtype)
    calls = {}
    for name, stack in (("ours", data), ("floor", map_frames(path, movie))):
        viewer = ViewerModel()
        layer = viewer.add_image(stack, **kwargs)
        calls[name] = partial(_step, viewer, layer, movie, shown)
    times = side_by_side(calls, files.sizes.steps)
    movie.close()
    return Row(
        "one random frame as napari slices it, no window",
        times["ours"],
        None,
        times["floor"],
        most_floor=1.6,
        note="floor: the same Image layer over a plain memory map; every pixel is read once",
    )


def mean_projection(files: Files) -> Iterator[Row]:
    """The mean of all frames: one by one as they are read, and computed by dask."""
    path = files.movie()
    movie = open_isx(path)
    assert isinstance(movie, Movie)
    stored = map_frames(path, movie)
    theirs = isx.Movie.read(str(path)) if isx else None
    lazy = movie.to_dask(frames_per_chunk=32)
    calls = with_isx(
        {
            "frames": lambda: _mean(movie, movie.__getitem__),
            "dask": lambda: lazy.mean(0).compute(),
            "floor": lambda: _mean(movie, stored.__getitem__),
        },
        isx=lambda _: _mean(movie, theirs.get_frame_data),
    )
    times = side_by_side(calls, files.sizes.few_rounds)
    limits = {"most_isx": 1 / 4, "most_floor": 1.3}
    note = "floor: a NumPy loop over a memory map; all loops add frames up in float64"
    yield Row(
        f"mean projection of {len(movie):,} frames, frame by frame",
        times["frames"],
        times.get("isx"),
        times["floor"],
        **limits,
        note=note,
    )
    yield Row(
        "the same, to_dask(32).mean(0)",
        times["dask"],
        times.get("isx"),
        times["floor"],
        **limits,
        note=note,
    )
    movie.close()


def map_frames(path: Path, movie: Movie) -> np.ndarray:
    """The frames of a movie without sensor lines as NumPy maps them."""
    return np.memmap(path, movie.dtype, "r", shape=movie.shape)


def _open(path: Path) -> None:
    open_isx(path).close()


def _read_description(path: Path) -> object:
    with path.open("rb", buffering=0) as handle:
        end = handle.seek(-8, os.SEEK_END)
        size = int.from_bytes(handle.read(8), "little")
        handle.seek(end - 1 - size)
        return json.loads(handle.read(size))


def _any(movie: Movie) -> int:
    return random.randrange(len(movie))


def _step(viewer: Any, layer: Any, movie: Movie, shown: np.ndarray) -> None:
    viewer.dims.set_point(0, movie.timing.times_s[_any(movie)])
    # What a window does with it: without that, nothing would be read of a memory map.
    np.copyto(shown, layer._data_view)


def _mean(movie: Movie, read: Callable[[int], np.ndarray]) -> np.ndarray:
    total = np.zeros(movie.shape[1:])
    for i in range(len(movie)):
        total += read(i)
    return total / len(movie)
