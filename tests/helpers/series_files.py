"""Small parts of recordings, written by the package, for tests of series."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from helpers import recordings
from napari_isx import Signal, Timing, write_cell_set, write_event_set, write_movie

START = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PERIOD = 0.05


def timing(count, start_s=0.0, period_s=PERIOD, **missing):
    start = START + timedelta(seconds=start_s)
    return Timing.regular(count, period_s, start, **missing)


def movie(path, count=4, start_s=0.0, seed=1, shape=(3, 5), code=0, **kwargs):
    options = {"timing": timing(count, start_s)} | kwargs
    write_movie(path, recordings.pixels(count, *shape, code, seed=seed), **options)
    return path


def cells(path, count=5, start_s=0.0, seed=1, num=3, shape=(3, 4), **kwargs):
    random = recordings.noise(seed)
    footprints = random.standard_normal((num, *shape))
    traces = random.standard_normal((num, count))
    write_cell_set(path, footprints, traces, **({"timing": timing(count, start_s)} | kwargs))
    return path


def events(path, count=100, start_s=0.0, names=("a", "b"), offsets=(0, 50_000)):
    signal = np.array(offsets, "u8"), np.arange(1, len(offsets) + 1, dtype="f4")
    write_event_set(path, {name: Signal(*signal) for name in names}, timing=timing(count, start_s))
    return path
