"""Event sets as tables, byte for byte as `isx` writes them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from napari_isx.export.common import Progress, check_target
from napari_isx.export.file_names import column_names
from napari_isx.export.text_table import Rows, quoted, write_rows
from napari_isx.export.times import (
    MICROSECOND,
    TimeRef,
    base_of,
    check_time_ref,
    parts_of,
    times_s,
)
from napari_isx.io.base.timing import Timing
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.format.atomic_write import new_file, write_whole
from napari_isx.io.format.json_fields import Rational

_TIME: Final = "Time (s)"


def export_events(
    events: EventSet | Sequence[EventSet],
    csv: str | os.PathLike[str],
    *,
    props: str | os.PathLike[str] | None = None,
    sparse_output: bool = True,
    write_amplitude: bool = True,
    time_ref: TimeRef = "start",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write events as a table, byte for byte as ``isx.export_event_set_to_csv`` does.

    Parameters
    ----------
    events : EventSet, or a sequence of them
        One, a series, or its parts.
    csv : str or path-like
    props : str or path-like, optional
        A second table, with the stored signal-to-noise ratio and event rate of each cell.
    sparse_output : bool
        A row for each sample and a column for each cell, with 0 where there is no event; else a
        row for each event. (The names are those of `isx`, though they say the reverse.)
    write_amplitude : bool
        Whether amplitudes are written. Otherwise events are 1, or have no value.
    time_ref : {"start", "unix"}
        Seconds from the start, or since 1970.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    FileExistsError
        A file is there.
    OSError
        A file cannot be written.
    IsxFileError
        A file is broken, or the parts are not of one series.
    ValueError
        An unknown `time_ref`, or no known start to count from.

    Warns
    -----
    UserWarning
        Events of one cell fall on the same sample, which has room for the first alone. `isx`
        leaves out all events that follow.
    """
    parts = parts_of(events)
    check_time_ref(time_ref, parts, ("start", "unix"))
    target = check_target(csv, overwrite, parts)
    beside = None if props is None else check_target(props, overwrite, parts)
    names = column_names(parts[0].names)
    bases = [base_of(part.timing, parts[0].timing, time_ref) for part in parts]
    with new_file(target) as handle:
        if sparse_output:
            handle.write(f"{', '.join([_TIME, *names])}\n".encode())
            _write_samples(handle, parts, bases, write_amplitude, progress)
        else:
            value = ", Value" if write_amplitude else ""
            handle.write(f"{_TIME}, Cell Name{value}\n".encode())
            for i, name in enumerate(names):
                _write_events(handle, name, i, parts, bases, write_amplitude)
                if progress is not None:
                    progress((i + 1) / len(names))
    if beside is not None:
        write_whole(beside, properties(parts, names).encode())
    return target


def properties(parts: Sequence[EventSet], names: Sequence[str]) -> str:
    """The table of what is stored with the events of each cell: of a series, its mean over time."""
    heads, columns = ["Name"], [list(names)]
    if parts[0].metrics is not None:
        weights = [part.timing.num_samples for part in parts]
        stored = np.average(
            [_stored(part) for part in parts], axis=0, weights=weights if sum(weights) else None
        )
        heads += ["SNR", "EventRate(Hz)"]
        columns += [[f"{value:g}" for value in of_cells] for of_cells in stored.T.tolist()]
    if list(names) != parts[0].names:
        heads.append("Original Name")
        columns.append([quoted(name) for name in parts[0].names])
    return "".join(f"{','.join(row)}\n" for row in [heads, *zip(*columns, strict=True)])


def _stored(events: EventSet) -> npt.NDArray[np.float32]:
    """Signal-to-noise ratio and event rate of each cell; 0 where none was stored, as in `isx`."""
    table = np.zeros((events.num_cells, 2), np.float32)
    if events.metrics is not None:
        table[:] = events.metrics[["snr", "event_rate_hz"]]
        entries = events.metadata.get("metrics") or []
        table[[i for i, entry in enumerate(entries) if not entry]] = 0
    return table


def _write_events(
    handle: BinaryIO,
    name: str,
    cell: int,
    parts: Sequence[EventSet],
    bases: Sequence[Rational],
    write_amplitude: bool,
) -> None:
    for part, base in zip(parts, bases, strict=True):
        signal = part.events(cell)
        times = times_s(base, MICROSECOND, signal.offsets_us.tolist())
        if write_amplitude:
            values = signal.values.tolist()
            lines = [f"{t:.16g}, {name}, {v:.7g}\n" for t, v in zip(times, values, strict=True)]
        else:
            lines = [f"{t:.16g}, {name}\n" for t in times]
        handle.write("".join(lines).encode())


def _write_samples(
    handle: BinaryIO,
    parts: Sequence[EventSet],
    bases: Sequence[Rational],
    write_amplitude: bool,
    progress: Progress | None,
) -> None:
    tables: list[tuple[int, Rows]] = []
    crowded = 0
    for part, base in zip(parts, bases, strict=True):
        placed = [_placed(part, cell) for cell in range(part.num_cells)]
        crowded += sum(extra for _, _, extra in placed)
        at = [
            (samples, values if write_amplitude else np.ones_like(values))
            for samples, values, _ in placed
        ]
        tables.append((part.timing.num_samples, partial(_rows, part.timing, base, at)))
    write_rows(handle, tables, parts[0].num_cells, progress)
    if crowded:
        warnings.warn(
            f"{parts[0].name}: {crowded:,} events share their sample with an earlier one of the "
            "same cell, and are not in the table; sparse_output=False writes every event",
            stacklevel=3,
        )


def _placed(events: EventSet, cell: int) -> tuple[Any, Any, int]:
    """The samples on which events fall, rising, their values, and how many found no room.

    A sample has those that are up to half a period away, also just so far after it.
    """
    signal, period = events.events(cell), events.timing.period
    step = 2 * period.num * 1_000_000
    half = step // 2
    nearest = [-((half - 2 * at * period.den) // step) for at in signal.offsets_us.tolist()]
    samples = np.array(nearest, np.int64)
    is_first = np.append(True, samples[1:] != samples[:-1])[: len(samples)]
    is_first_inside = is_first & (samples < events.timing.num_samples)
    return samples[is_first_inside], signal.values[is_first_inside], int(np.sum(~is_first))


def _rows(
    timing: Timing, base: Rational, at: Sequence[tuple[Any, Any]], start: int, stop: int
) -> tuple[list[bytes], npt.NDArray[np.float32]]:
    table = np.zeros((stop - start, len(at)), np.float32)
    for column, (samples, values) in enumerate(at):
        first, last = np.searchsorted(samples, [start, stop])
        table[samples[first:last] - start, column] = values[first:last]
    return [b"%.16g" % t for t in times_s(base, timing.period, range(start, stop))], table
