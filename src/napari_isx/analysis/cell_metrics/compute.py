"""Computing what is known of each cell, piece by piece, the quick things first."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.cell_metrics.correlation import correlations
from napari_isx.analysis.cell_metrics.definitions import activity_flags, stored_metrics
from napari_isx.analysis.cell_metrics.neighbors import (
    NeighborPairs,
    largest_overlap,
    neighbor_pairs,
    shared_weights,
)
from napari_isx.analysis.cell_metrics.shape import shape_columns
from napari_isx.analysis.cell_metrics.traces import measure_traces
from napari_isx.analysis.rois import Roi
from napari_isx.io.base.names import places_of
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.events.event_set import EventSet

Column = npt.NDArray[np.float64]
T = TypeVar("T")

# Where each part of the work ends, as shares of the time that it all takes.
_SHAPES_END: Final = 0.15
_OVERLAP_END: Final = 0.25
_TRACES_END: Final = 0.7


@dataclass(frozen=True, eq=False)
class MetricColumns:
    """One piece of the work, after which a `fraction` of all is done."""

    fraction: float
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Those it finished, by the metric's key: ``(n_cells,)``, NaN where undefined; mostly none."""
    pairs: NeighborPairs | None = None
    """All pairs of neighbors with their correlations, with the last piece."""


def compute_metrics(
    cells: CellSet | None, events: EventSet | None, rois: Sequence[Roi]
) -> Iterator[MetricColumns]:
    """Compute all columns that :func:`metrics_of` names for the same files, at least one of two.

    Stored ones and those of events come first, then shapes, then traces, then what is compared
    with neighbors. A piece takes about 0.1 s at most, so that it can be stopped. `rois` has one
    for each cell of the cell set, else it is a ValueError; a file that was shortened after it was
    opened is an IsxFileError.
    """
    if cells is not None and len(rois) != cells.num_cells:
        raise ValueError(f"{len(rois)} footprints for {cells.num_cells} cells")
    yield MetricColumns(0.0, stored_columns(cells, events))
    if events is not None:
        yield MetricColumns(0.0, _event_columns(cells, events))
    if cells is None:
        yield MetricColumns(1.0)
        return
    pixel_size_um = cells.spacing.pixel_size_um
    shapes = yield from _steps(shape_columns(rois, pixel_size_um), 0, _SHAPES_END)
    yield MetricColumns(_SHAPES_END, shapes)
    shares = yield from _steps(shared_weights(rois), _SHAPES_END, _OVERLAP_END)
    yield MetricColumns(_OVERLAP_END, {"overlap": largest_overlap(shares, rois)})
    table = yield from _steps(measure_traces(cells, events is None), _OVERLAP_END, _TRACES_END)
    yield MetricColumns(_TRACES_END, _trace_columns(cells, events, table))
    pairs = neighbor_pairs(rois, shares, pixel_size_um)
    correlation = yield from _steps(correlations(cells, rois, pairs), _TRACES_END, 1)
    pairs = replace(pairs, correlation=correlation)
    highest = np.full(cells.num_cells, np.nan)  # and NaN without neighbors
    for one in (pairs.first, pairs.second):
        np.fmax.at(highest, one, pairs.correlation)
    yield MetricColumns(1.0, {"neighbor_correlation": highest}, pairs)


def _steps(
    steps: Iterator[tuple[float, T]], start: float, end: float
) -> Generator[MetricColumns, None, T]:
    """Say how much of all is done with each step of a part; returns what the last step gave."""
    for done, found in steps:  # noqa: B007 - the last is given back
        yield MetricColumns(start + (end - start) * done)
    return found


def stored_columns(cells: CellSet | None, events: EventSet | None) -> dict[str, Column]:
    """What the files themselves have stored, by the metric's key."""
    tables: dict[str, Column] = {}
    keys = [metric.key for metric in stored_metrics(cells, events)]
    if events is not None and "stored_snr" in keys and events.metrics is not None:
        places = _event_places(cells, events)
        known = np.array([place is not None for place in places], np.bool_)
        rows = np.array([place or 0 for place in places], np.intp)
        for name, values in events.metrics.items():
            column = np.full(len(places), np.nan)
            column[known] = values.to_numpy(np.float64)[rows[known]]
            tables[f"stored_{name}"] = column
    if cells is not None and "stored_area_px" in keys and cells.metrics is not None:
        for name, values in cells.metrics.items():
            tables[f"stored_{name}"] = values.to_numpy(np.float64)
    if cells is not None and "stored_active" in keys:
        tables["stored_active"] = np.array(activity_flags(cells), np.float64)
    return {key: tables[key] for key in keys}


def _event_columns(cells: CellSet | None, events: EventSet) -> dict[str, Column]:
    amplitudes = _amplitudes(cells, events)
    counts = np.array([np.nan if each is None else len(each) for each in amplitudes], np.float64)
    timing = cells.timing if cells is not None else events.timing
    recorded_s = timing.num_valid * timing.period_s
    rate = counts / recorded_s if recorded_s > 0 else np.full(len(counts), np.nan)
    return {"num_events": counts, "event_rate": rate}


def _trace_columns(cells: CellSet, events: EventSet | None, table: Column) -> dict[str, Column]:
    mad, skewness, activity, peak = table.T
    noise = np.where(mad > 0, mad, np.nan)
    columns = {"skewness": skewness.copy(), "activity": activity.copy()}
    if events is None:
        return {"peak_snr": peak / noise, **columns}
    medians = [_finite_median(each) for each in _amplitudes(cells, events)]
    return {"snr": np.array(medians, np.float64) / noise, **columns}


def _amplitudes(cells: CellSet | None, events: EventSet) -> list[npt.NDArray[np.float32] | None]:
    """The amplitudes of each cell's events; None where the event set does not have the cell."""
    places = _event_places(cells, events)
    return [None if place is None else events.events(place).values for place in places]


def _event_places(cells: CellSet | None, events: EventSet) -> list[int | None]:
    return places_of(events.names if cells is None else cells.names, events.names)


def _finite_median(values: npt.NDArray[np.float32] | None) -> float:
    finite = values[np.isfinite(values)] if values is not None else np.empty(0, np.float32)
    return float(np.median(finite.astype(np.float64))) if len(finite) else np.nan
