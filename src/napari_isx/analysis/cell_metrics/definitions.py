"""What is measured of each cell: titles, units and definitions of the columns of its table.

Measures that a file has stored and measures that are computed here have columns of their own, even
where both go by one name: the file's were made with thresholds that are not published, and can be
out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Final, Literal

from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.errors import IsxFileError
from napari_isx.io.events.event_set import EventSet

Source = Literal["computed", "stored", "decided"]
Kind = Literal["text", "integer", "real"]

STATUS: Final = "status"
NAME: Final = "name"

ACTIVE_MADS: Final = 5
"""A cell is active where its trace is so many MADs above its median.

It is where event detection in Inscopix' software begins by default. Of Gaussian noise, 0.04 % of
the samples lie above it.
"""
PEAK_PERCENTILE: Final = 99.9
NEIGHBOR_RADII: Final = 3
"""Cells are neighbors where their centroids are at most so many median radii apart."""

_MAD: Final = "MAD = median(|x - median(x)|), over the valid samples x of its trace"
_SENSOR_UM: Final = (
    "In nominal µm on the sensor, as the file has them; the optics' magnification is not in them."
)
_LARGEST_PART: Final = "the cell's largest part (by pixels, of equal ones the widest)"
_MASK: Final = "its pixels over 20 % of the footprint's peak"


@dataclass(frozen=True)
class Metric:
    """One column of the table of cells."""

    key: str
    """The same in every file, so that rules and sortings outlive it."""
    title: str
    """The field's short word for it."""
    definition: str
    """What it is, with its formula, and what it rests on."""
    source: Source = "computed"
    unit: str = ""
    kind: Kind = "real"
    format: str = ".2f"
    """How a number is written, as :func:`format` takes it."""

    @property
    def header(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def tooltip(self) -> str:
        """All there is to say of it."""
        origins = {"computed": "Computed here.", "stored": "Stored in the file; shown as it is."}
        return "\n".join(filter(None, (self.header, self.definition, origins.get(self.source))))

    def text(self, value: float) -> str:
        """A value as it is shown; empty where it is undefined."""
        return "" if isnan(value) else format(value, self.format)


STATUS_COLUMN: Final = Metric(
    STATUS, "Status", "Accepted, undecided or rejected.", "decided", kind="text"
)
NAME_COLUMN: Final = Metric(NAME, "Name", "The cell's name in its file.", "stored", kind="text")

_SHAPE: Final = (
    Metric(
        "size",
        "Size",
        f"The largest distance between two points of the outline of {_LARGEST_PART}, drawn at 20 % "
        f"of the footprint's peak. {_SENSOR_UM}",
        unit="µm",
        format=".1f",
    ),
    Metric(
        "area",
        "Area",
        f"Number of pixels of the cell ({_MASK}), all parts together, times the area of a pixel. "
        f"{_SENSOR_UM}",
        unit="µm²",
        format=".0f",
    ),
    Metric(
        "num_components",
        "Components",
        f"Number of parts of the cell ({_MASK}) that do not touch, not even at a corner.",
        kind="integer",
        format=".0f",
    ),
    Metric(
        "circularity",
        "Circularity",
        "4πA / P², from the area A within and the length P of the outline of "
        f"{_LARGEST_PART}: 1 for a circle, less for all else.",
    ),
)
_OVERLAP: Final = Metric(
    "overlap",
    "Overlap",
    "The share of the footprint's weight that lies within the one other cell with which it "
    f"shares most: Σ w over the pixels of both / Σ w over the pixels of the cell ({_MASK}). "
    "0 where it overlaps no other, 1 where it lies within another.",
)


def metrics_of(cells: CellSet | None, events: EventSet | None) -> list[Metric]:
    """The columns there are for a cell set and its events, in the order they are shown.

    Computed ones first, then stored ones; status and name are not among them. Columns for which
    the files have nothing to go by are left out: without events there is no event rate, and a
    *peak SNR* instead of the SNR.
    """
    columns: list[Metric] = []
    if events is not None:
        columns += _event_metrics(events, cells)
    if cells is not None:
        columns.append(_snr(cells, events) if events is not None else _peak_snr(cells))
        columns += [*_SHAPE, *_neighbor_and_trace_metrics(cells)]
    return [*columns, *stored_metrics(cells, events)]


def stored_metrics(cells: CellSet | None, events: EventSet | None) -> Iterator[Metric]:
    """The columns of what the files themselves have stored; their values are in ``.metrics``."""
    if events is not None and readable_metrics(events):
        yield from (
            Metric(f"stored_{name}", title, text, "stored", unit or _units(cells), format=".3g")
            for name, title, unit, text in _STORED_OF_EVENTS
        )
    if cells is not None and readable_metrics(cells):
        for name, title, text in _STORED_OF_CELLS:
            definition = f"{text} The software that made the file chose the threshold."
            if name == "num_components":
                yield Metric(f"stored_{name}", title, definition, "stored", "", "integer", ".0f")
            else:
                unit = "px²" if name.endswith("area_px") else "px"
                yield Metric(f"stored_{name}", title, definition, "stored", unit, format=".1f")
    if cells is not None and activity_flags(cells) is not None:
        yield Metric(
            "stored_active",
            "Active",
            "Whether longitudinal registration found the cell in this session: 1 or 0.",
            "stored",
            kind="integer",
            format=".0f",
        )


def readable_metrics(recording: CellSet | EventSet) -> bool:
    """Whether a file has stored metrics, and whole ones: broken ones keep nobody from the rest."""
    try:
        return recording.metrics is not None
    except IsxFileError:
        return False


def activity_flags(cells: CellSet) -> list[bool] | None:
    """Whether each cell was found in this session, or None where the file tells nothing by it."""
    flags = cells.metadata.get("CellActivity")
    if not isinstance(flags, list) or len(flags) != cells.num_cells or all(flags):
        return None
    return [bool(flag) for flag in flags]


def _units(cells: CellSet | None) -> str:
    return (cells.trace_units or "") if cells is not None else ""


def _trace_words(cells: CellSet) -> str:
    units = cells.trace_units
    return f"{cells.name} ({units if units else 'unit of traces unknown'})"


def _event_metrics(events: EventSet, cells: CellSet | None) -> Iterator[Metric]:
    unknown = f"Empty where {events.name} does not have the cell."
    yield Metric(
        "num_events",
        "Events",
        f"Number of events of the cell in {events.name}. {unknown}",
        kind="integer",
        format=".0f",
    )
    covered = "number of valid samples * their period"
    time = covered if cells is not None else "the time the events cover"
    yield Metric(
        "event_rate",
        "Event rate",
        f"Number of events in {events.name} / seconds recorded ({time}). {unknown}",
        unit="Hz",
        format=".3f",
    )


def _snr(cells: CellSet, events: EventSet) -> Metric:
    return Metric(
        "snr",
        "SNR",
        f"median(A) / MAD, over the amplitudes A of the cell's events; {_MAD}. Events: "
        f"{events.name}. Traces: {_trace_words(cells)}; SNRs compare only within one unit of "
        "traces. Empty without events, and where the MAD is 0.",
        format=".1f",
    )


def _peak_snr(cells: CellSet) -> Metric:
    return Metric(
        "peak_snr",
        "Peak SNR",
        f"(P - median(x)) / MAD, with P the value that {PEAK_PERCENTILE} % of the samples do not "
        f"exceed; {_MAD}. It stands in for the SNR, which needs an event set. Traces: "
        f"{_trace_words(cells)}; comparable only within one unit of traces. Empty where the MAD "
        "is 0.",
        format=".1f",
    )


def _neighbor_and_trace_metrics(cells: CellSet) -> Iterator[Metric]:
    traces = f"Traces: {_trace_words(cells)}."
    yield Metric(
        "skewness",
        "Skewness",
        "Σ(x - mean)³ / n / (Σ(x - mean)² / n)^(3/2), over the n valid samples x of the trace: 0 "
        f"for noise, high for rare, strong events. {traces}",
    )
    yield Metric(
        "neighbor_correlation",
        "Max. correlation",
        "The highest correlation (Pearson's r, over samples valid in both) of the trace with that "
        "of a neighbor: a cell whose footprint overlaps, or whose centroid is at most "
        f"{NEIGHBOR_RADII} median radii away. Empty without neighbors. {traces}",
    )
    yield _OVERLAP
    yield Metric(
        "activity",
        "Activity",
        f"The share of valid samples in which the trace exceeds its median by {ACTIVE_MADS} MAD; "
        f"{_MAD}. {traces}",
        format=".3f",
    )


# Names as EventSet.metrics and CellSet.metrics have them. An empty unit is that of the traces.
_STORED_OF_EVENTS: Final = (
    ("snr", "SNR, stored", " ", "Median amplitude of events / MAD of the trace."),
    ("mad", "MAD, stored", "", "Median absolute deviation of the trace."),
    ("event_rate_hz", "Event rate, stored", "Hz", "Events per second."),
    ("amplitude_median", "Amplitude, stored", "", "Median amplitude of the cell's events."),
    ("amplitude_sd", "Amplitude SD, stored", "", "Spread of the amplitudes about their median."),
    ("rise_median_s", "Rise, stored", "s", "Median rise time of the cell's events."),
    ("rise_sd_s", "Rise SD, stored", "s", "Spread of the rise times about their median."),
    ("decay_median_s", "Decay, stored", "s", "Median decay time of the cell's events."),
    ("decay_sd_s", "Decay SD, stored", "s", "Spread of the decay times about their median."),
)
_STORED_OF_CELLS: Final = (
    ("num_components", "Components, stored", "Connected parts of the cell's image."),
    (
        "largest_component_max_width_px",
        "Size, stored",
        "The largest distance between two points "
        "of the largest part's contour; \"Cell Size\" in Inscopix' software.",
    ),
    ("max_width_px", "Width, stored", "The largest distance between two points of all contours."),
    ("area_px", "Area, stored", "Area of all parts."),
    ("largest_component_area_px", "Largest area, stored", "Area of the largest part."),
    ("largest_component_center_x_px", "Center x, stored", "Column of the largest part's center."),
    ("largest_component_center_y_px", "Center y, stored", "Row of the largest part's center."),
)
