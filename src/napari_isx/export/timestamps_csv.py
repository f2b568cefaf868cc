"""Hardware timestamps as tables, byte for byte as `isx` writes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress, check_target
from napari_isx.export.file_names import column_names
from napari_isx.export.times import TimeRef, check_time_ref, parts_of
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie

FRAME_COLUMNS: Final = "Global Frame Number,Movie Number,Local Frame Number,Frame Timestamp"
TIME_REFS: Final = ("start", "unix", "tsc")
Stamped = Movie | BehaviorMovie


def export_timestamps(
    movie: Stamped | Sequence[Stamped],
    csv: str | os.PathLike[str],
    *,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the hardware timestamp of each frame, as ``isx.export_movie_timestamps_to_csv`` does.

    Byte for byte. Frames that are missing have "NaN".

    Parameters
    ----------
    movie : Movie or BehaviorMovie, or a sequence of them
        One, a series, or its parts.
    csv : str or path-like
    time_ref : {"start", "unix", "tsc"}
        Seconds from the first frame, seconds since 1970, or the counter itself, in microseconds.
    overwrite : bool
        Whether a file that is there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    FileExistsError
        The file is there.
    OSError
        It cannot be written.
    IsxFileError
        A file is broken, or the parts are not of one series.
    ValueError
        A movie has no timestamps, an unknown `time_ref`, or no known start to count from.
    """
    parts: list[Stamped] = parts_of(movie)
    check_time_ref(time_ref, parts, TIME_REFS)
    target = check_target(csv, overwrite, parts)
    lines = [f"{FRAME_COLUMNS} {unit_of(time_ref)}\n"]
    frame, as_text = 0, timestamp_text(parts[0], time_ref)
    for number, part in enumerate(parts):
        counters = timestamps_of(part)
        for local, (counter, is_valid) in enumerate(
            zip(counters.tolist(), part.timing.valid_mask.tolist(), strict=True)
        ):
            lines.append(f"{frame},{number},{local},{as_text(counter) if is_valid else 'NaN'}\n")
            frame += 1
        if progress is not None:
            progress((number + 1) / len(parts))
    write_whole(target, "".join(lines).encode())
    return target


def export_aligned_timestamps(
    reference: Stamped | GpioSet,
    others: Sequence[Stamped | GpioSet],
    csv: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the timestamps of recordings that share a hardware counter, side by side.

    As ``isx.export_aligned_timestamps`` does, byte for byte, but for frames that are missing, which
    have "NaN" here and a time years away there. The i-th row has the i-th sample of each.

    Parameters
    ----------
    reference : Movie, BehaviorMovie or GpioSet
        Times count from its start.
    others : sequence of Movie, BehaviorMovie or GpioSet
        Of the same session.
    csv : str or path-like
    names : sequence of str, optional
        What the columns call the reference and the others; by default the files' names.
    time_ref : {"start", "unix", "tsc"}
        Seconds from the start of the reference, seconds since 1970, or the counter itself, in
        microseconds.
    overwrite, progress
        As of :func:`export_timestamps`.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    ValueError
        A recording has no timestamps or is of another session, or not as many names.
    FileExistsError, OSError, IsxFileError
        As of :func:`export_timestamps`.
    """
    recordings = [reference, *others]
    check_time_ref(time_ref, recordings[:1], TIME_REFS)
    target = check_target(csv, overwrite, recordings)
    given = [one.title for one in recordings] if names is None else list(names)
    if len(given) != len(recordings):
        raise ValueError(f"{len(given)} names for {len(recordings)} recordings")
    session = reference.acquisition_info.get("Recording UUID")
    for other in others:
        if other.acquisition_info.get("Recording UUID") != session:
            raise ValueError(f"{other.name} is not of the session of {reference.name}")
    heads: list[str] = []
    columns: list[list[str]] = []
    as_text = timestamp_text(reference, time_ref)
    for done, (one, name) in enumerate(zip(recordings, column_names(given), strict=True)):
        heads.append(f"{name} Timestamp (s)")
        if isinstance(one, GpioSet):
            heads.append(f"{name} Channel")
            columns += _channel_columns(one, as_text)
        else:
            stamps = zip(timestamps_of(one).tolist(), one.timing.valid_mask.tolist(), strict=True)
            columns.append([as_text(stamp) if is_valid else "NaN" for stamp, is_valid in stamps])
        if progress is not None:
            progress((done + 1) / len(recordings))
    rows = zip_longest(*columns, fillvalue="")
    write_whole(target, "".join(f"{','.join(row)}\n" for row in [heads, *rows]).encode())
    return target


def unit_of(time_ref: TimeRef) -> str:
    """The unit in the head of a column of timestamps."""
    return "(us)" if time_ref == "tsc" else "(s)"


def timestamps_of(movie: Stamped) -> npt.NDArray[np.uint64]:
    """The counter of each frame; ValueError for a movie without."""
    counters = movie.timestamps_us
    if counters is None:
        raise ValueError(f"{movie.name} has no hardware timestamps, only a regular frame rate")
    return counters


def timestamp_text(reference: Stamped | GpioSet, time_ref: TimeRef) -> Callable[[int], str]:
    """What writes a counter as a time from the start of a recording."""
    if time_ref == "tsc":
        return str
    first = _first_tsc(reference)
    start = Fraction(*reference.timing.stated_start_s) if time_ref == "unix" else Fraction(0)
    start_us = start * 1_000_000 - first

    def text(counter: int) -> str:
        return f"{float((start_us + counter) / 1_000_000):.6f}"

    return text


def _first_tsc(recording: Stamped | GpioSet) -> int:
    """The counter at the first sample; where that is missing, as far before the first one there."""
    if isinstance(recording, GpioSet):
        if recording.first_tsc_us is None:
            raise ValueError(f"{recording.name} does not say where its hardware counter began")
        return recording.first_tsc_us
    counters, valid = timestamps_of(recording), recording.timing.valid_mask
    if not valid.any():
        return 0
    first = int(np.argmax(valid))
    return int(counters[first]) - round(first * Fraction(*recording.timing.period) * 1_000_000)


def _channel_columns(gpio: GpioSet, as_text: Callable[[int], str]) -> list[list[str]]:
    """The times and the names of all values, channel by channel."""
    first = _first_tsc(gpio)
    times: list[str] = []
    names: list[str] = []
    for i, name in enumerate(column_names(gpio.channel_names)):
        offsets = gpio.channel(i).offsets_us.tolist()
        times += [as_text(first + offset) for offset in offsets]
        names += [name] * len(offsets)
    return [times, names]
