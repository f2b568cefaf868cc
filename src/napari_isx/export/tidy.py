"""Tidy tables for pandas and R: one row an observation, in true times."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.compute import compute_metrics
from napari_isx.analysis.cell_metrics.definitions import metrics_of
from napari_isx.analysis.rois import cut_rois
from napari_isx.export.cells_csv import statuses_of
from napari_isx.export.common import Progress, check_target, needed
from napari_isx.export.file_names import short_name, unique_names
from napari_isx.export.times import parts_of
from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.base.recording import Recording
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.gpio.gpio_set import GpioSet
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.clock import Clock

if TYPE_CHECKING:
    import pandas as pd

TidyFormat = Literal["csv", "parquet"]
_TIMED: Final = (CellSet, EventSet, GpioSet, Movie, BehaviorMovie)
_SIDES: Final = ("left_px", "top_px", "right_px", "bottom_px")


def export_tidy(
    recordings: Recording | Sequence[Recording],
    folder: str | os.PathLike[str],
    *,
    format: TidyFormat = "csv",  # noqa: A002 - the user's word
    statuses: Sequence[CellStatus] | Mapping[CellSet, Sequence[CellStatus]] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write tables with one row for each observation, as pandas and R want them.

    Each recording becomes ``<name>.csv`` (``rec-gpio.csv`` of ``rec.gpio``): a row for each sample
    of each cell, each event, each value of a channel, or each frame, with where the tracker saw the
    animal. A cell set also becomes ``<name>-cells.csv``: a row for each cell, with all metrics,
    whose columns end in their units. In each row are ``recording`` and ``animal``, and three times:

    - ``time_s``, seconds from the start of the file, as it has them;
    - ``session_time_s``, on the one clock of all recordings given: their hardware timestamps where
      they share a counter, else their start times;
    - ``hardware_time_s``, the hardware's counter in seconds; empty where it is not known.

    Parameters
    ----------
    recordings : Recording, or a sequence of them
        Of one session. Events get the statuses of a cell set with their names.
    folder : str or path-like
        Where the tables go.
    format : {"csv", "parquet"}
        Parquet needs the extra ``parquet``.
    statuses : sequence of {"accepted", "undecided", "rejected"}, or mapping of CellSet, optional
        Of the cells of the only cell set, or of each; those of the file by default.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    list of Path
        The tables.

    Raises
    ------
    FileExistsError
        A table is there.
    OSError
        A table cannot be written.
    IsxFileError
        A file is broken.
    ValueError
        There is nothing that can be a table, or not a status for each cell.
    ImportError
        The extra ``parquet`` is not installed.
    """
    if format not in ("csv", "parquet"):
        raise ValueError(f"format must be csv or parquet, not {format!r}")
    given = [recordings] if isinstance(recordings, Recording) else list(recordings)
    timed = [one for one in given if isinstance(one, _TIMED)]
    if not timed:
        raise ValueError("nothing given has samples, events or frames to write into a table")
    sets = [one for one in timed if isinstance(one, CellSet)]
    of_sets = statuses if isinstance(statuses, Mapping) else dict.fromkeys(sets, statuses)
    found = {id(one): statuses_of(parts_of(one), of_sets.get(one)) for one in sets}
    targets: list[tuple[Path, Iterator[pd.DataFrame]]] = []
    clock = Clock(timed)
    for one, title in zip(timed, unique_names(map(short_name, timed)), strict=True):
        targets.append((Path(folder, f"{title}.{format}"), _tables(one, clock, timed, found)))
        if isinstance(one, CellSet):
            target = Path(folder, f"{title}-cells.{format}")
            targets.append((target, _cell_table(one, timed, found[id(one)])))
    for target, _ in targets:
        check_target(target, overwrite, timed)
    for done, (target, tables) in enumerate(targets):
        with new_file(target) as handle:
            _write(handle, tables, format, progress, done, len(targets))
    if progress is not None:
        progress(1.0)
    return [target for target, _ in targets]


def _write(
    handle: BinaryIO,
    tables: Iterator[pd.DataFrame],
    format: TidyFormat,  # noqa: A002
    progress: Progress | None,
    done: int,
    count: int,
) -> None:
    with ExitStack() as stack:
        writer: Any = None
        for number, table in enumerate(tables):
            if format == "csv":
                text = table.to_csv(index=False, header=number == 0, lineterminator="\n")
                handle.write(text.encode())
            else:
                arrow = needed("Parquet", "pyarrow", "napari-isx[parquet]")
                parquet = needed("Parquet", "pyarrow.parquet", "napari-isx[parquet]")
                rows = arrow.Table.from_pandas(table, preserve_index=False)
                if writer is None:
                    writer = stack.enter_context(parquet.ParquetWriter(handle, rows.schema))
                writer.write_table(rows.cast(writer.schema))
            if progress is not None:
                progress(done / count)


def _tables(
    one: Any, clock: Clock, all_of: Sequence[Any], statuses: dict[int, list[CellStatus]]
) -> Iterator[pd.DataFrame]:
    """The table of a recording, piece by piece."""
    if isinstance(one, CellSet):
        valid = one.timing.valid_mask
        times = _times(one, clock, one.timing.times_s)
        for i, (name, status) in enumerate(zip(one.names, statuses[id(one)], strict=True)):
            values = np.where(valid, one.trace(i), np.float32(np.nan))
            labels = {"cell": i, "name": name, "status": status, "unit": one.trace_units or ""}
            yield _table(one, labels, times, {"value": values})
    elif isinstance(one, EventSet):
        known = _statuses_by_name(one, all_of, statuses)
        for i, name in enumerate(one.names):
            signal = one.events(i)
            labels = {"cell": i, "name": name, "status": known.get(name, "")}
            times = _times(one, clock, signal.times_s)
            yield _table(one, labels, times, {"amplitude": signal.values})
    elif isinstance(one, GpioSet):
        for i, (name, unit) in enumerate(zip(one.channel_names, one.channel_units, strict=True)):
            signal = one.channel(i)
            times = _times(one, clock, signal.times_s)
            yield _table(one, {"channel": name, "unit": unit}, times, {"value": signal.values})
    else:
        times = _times(one, clock, one.timing.times_s)
        columns: dict[str, Any] = {"frame": np.arange(len(one)), "valid": one.timing.valid_mask}
        tracking = one.tracking if isinstance(one, BehaviorMovie) else None
        if tracking is not None:
            columns |= dict(zip(_SIDES, tracking.boxes.T, strict=True))
            columns["confidence_percent"] = tracking.confidence
            zones = [""] * len(one)
            for visit in tracking.visits:
                zones[visit.sample] += (";" if zones[visit.sample] else "") + visit.name
            columns["zones"] = zones
        yield _table(one, {}, times, columns)


def _table(
    one: Recording,
    labels: dict[str, Any],
    times: dict[str, npt.NDArray[np.float64]],
    columns: dict[str, Any],
) -> pd.DataFrame:
    import pandas as pd

    count = len(times["time_s"])
    same = {"recording": one.name, "animal": _animal(one), **labels}
    return pd.DataFrame({**same, **times, **columns}, index=range(count))


def _times(one: Any, clock: Clock, own_s: npt.NDArray[np.float64]) -> dict[str, Any]:
    placed = clock.placed(one)
    hardware_s = np.full(len(own_s), np.nan)
    if placed.hardware is not None:
        hardware_s = placed.hardware.start_us / 1e6 + placed.hardware.to_true_s(own_s)
    return {
        "time_s": own_s,
        "session_time_s": placed.to_session_s(own_s),
        "hardware_time_s": hardware_s,
    }


def _cell_table(
    cells: CellSet, all_of: Sequence[Any], statuses: Sequence[CellStatus]
) -> Iterator[pd.DataFrame]:
    """What is known of each cell, with the metrics that the window shows."""
    import pandas as pd

    events = next((e for e in all_of if isinstance(e, EventSet) and e.names == cells.names), None)
    values: dict[str, Any] = {}
    for piece in compute_metrics(cells, events, cut_rois(cells, cells.spacing.num_pixels)):
        values.update(piece.columns)
    labels = {"recording": cells.name, "animal": _animal(cells), "cell": range(cells.num_cells)}
    columns: dict[str, Any] = {**labels, "name": cells.names, "status": list(statuses)}
    for metric in metrics_of(cells, events):
        if metric.key in values:
            columns[_with_unit(metric.key, metric.unit)] = values[metric.key]
    yield pd.DataFrame(columns, index=range(cells.num_cells))


def _with_unit(key: str, unit: str) -> str:
    """A column's name that ends in its unit, in letters that scripts can type."""
    text = unit.replace("µ", "u").replace("²", "2").replace("%", "percent")
    ending = "_".join("".join(c if c.isalnum() else " " for c in text).split())
    return key if not ending or key.endswith(f"_{ending}") else f"{key}_{ending}"


def _statuses_by_name(
    events: EventSet, all_of: Sequence[Any], statuses: dict[int, list[CellStatus]]
) -> dict[str, str]:
    """What was decided about the cells of the only cell set that has such names."""
    sets = [one for one in all_of if isinstance(one, CellSet)]
    alike = [cells for cells in sets if set(events.names) <= set(cells.names)]
    if len(alike) != 1:
        return {}
    return dict(zip(alike[0].names, statuses[id(alike[0])], strict=True))


def _animal(one: Recording) -> str:
    return str(one.acquisition_info.get("Animal ID") or "")
