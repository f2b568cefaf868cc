"""Microscope, movies, cells with their traces and events, vessels, and single pictures, in NWB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from hdmf.backends.hdf5.h5_utils import H5DataIO
from hdmf.common import DynamicTable, DynamicTableRegion, VectorData, VectorIndex
from pynwb.base import Images
from pynwb.event import EventsTable
from pynwb.image import GrayscaleImage, ImageSeries, RGBImage
from pynwb.ophys import (
    Fluorescence,
    ImageSegmentation,
    OnePhotonSeries,
    OpticalChannel,
    PlaneSegmentation,
    RoiResponseSeries,
    TwoPhotonSeries,
)

from napari_isx.analysis.cell_metrics.compute import compute_metrics
from napari_isx.analysis.cell_metrics.definitions import Metric, metrics_of
from napari_isx.analysis.rois import cut_rois
from napari_isx.export.frame_range import FrameRange, frame_statuses
from napari_isx.export.nwb.session import NwbSession, Pieces, control
from napari_isx.io.base.acquisition import MISSING, at
from napari_isx.io.base.names import places_of
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.events.event_set import EventSet
from napari_isx.io.movies.base import Movie
from napari_isx.io.vessels.vessel_set import VesselSet

# A footprint with more pixels than this part of the field takes less room as a picture.
_DENSE: Final = 1 / 3
_BLOCK_BYTES: Final = 8 << 20
_FRAME: Final = (
    "Nominal micrometers on the sensor, from the top left corner of its picture, x to the right "
    "and y down; the magnification of the optics is not in them."
)


class Microscope:
    """The microscope's devices and planes, made on first use."""

    def __init__(self, session: NwbSession) -> None:
        self._session = session
        self._planes: dict[Any, Any] = {}
        self._devices: dict[str, Any] = {}

    def plane(self, recording: Recording, spacing: Spacing) -> Any:
        """The plane in which a recording's pictures lie; those of one grid share one."""
        info = recording.acquisition_info
        place = info.get("efocus", info.get("channel"))
        key = (str(place), spacing)
        if key not in self._planes:
            self._planes[key] = self._new_plane(recording, spacing)
        return self._planes[key]

    def _new_plane(self, recording: Recording, spacing: Spacing) -> Any:
        session, known = self._session, dict(self._session.metadata["ImagingPlane"])
        emission = known.pop("emission_lambda", float("nan"))
        channel = OpticalChannel(
            name="channel_0",
            description="An optical channel of the microscope.",
            emission_lambda=emission,
        )
        info = recording.acquisition_info
        details = [
            f"{key}: {info[key]}"
            for key in info
            if key.startswith(("Exposure", "Microscope ", "efocus", "channel"))
            and key not in ("Microscope Type", "Microscope Serial Number")
        ]
        height, width = spacing.pixel_size_um
        top, left = spacing.top_left_um
        return session.nwbfile.create_imaging_plane(
            name=session.name("ImagingPlane"),
            description=f"The plane that the microscope images ({'; '.join(details) or 'as set'}).",
            optical_channel=channel,
            device=self.device(recording),
            excitation_lambda=known.get("excitation_lambda", float("nan")),
            indicator=known.get("indicator", "unknown"),
            location=known.get("location", "unknown"),
            reference_frame=_FRAME,
            grid_spacing=[width, height],
            grid_spacing_unit="micrometers",
            origin_coords=[left, top],
            origin_coords_unit="micrometers",
        )

    def device(self, recording: Recording) -> Any:
        """The microscope of a recording."""
        info = recording.acquisition_info
        kind = str(info.get("Microscope Type") or "Microscope")
        if kind not in self._devices:
            serial = str(info.get("Microscope Serial Number") or "")
            software = str(info.get("Acquisition SW Version") or "")
            about = [f"Serial: {serial}"] if serial else []
            about += [f"Software: {software}"] if software else []
            self._devices[kind] = self._session.nwbfile.create_device(
                name=self._session.name(kind),
                description=f"Inscopix Microscope ({', '.join(about) or 'nothing more is said'})",
                **({"serial_number": serial} if serial else {}),
            )
        return self._devices[kind]


def add_movie(session: NwbSession, microscope: Microscope, movie: Movie, compress: bool) -> None:
    """Add a movie, whose frames are read while the file is written."""
    frames = FrameRange.of(movie)
    count, rows, cols, *rest = frames.shape
    chunk = (1, cols, rows, *rest)

    def pieces() -> Iterator[tuple[Any, npt.NDArray[Any]]]:
        # NWB has pictures with x before y.
        for i, frame in enumerate(frames.read_all()):
            yield np.s_[i : i + 1], np.ascontiguousarray(np.swapaxes(frame, 0, 1))[np.newaxis]

    shape = (count, cols, rows, *rest)
    data = H5DataIO(
        Pieces(pieces(), shape, frames.dtype, chunk, session.on_bytes), **_packing(chunk, compress)
    )
    common = {
        "data": data,
        "unit": "n.a.",
        "description": f"Imaging data of {movie.name}.",
        **session.times(movie, movie.timing.times_s),
        **control(frames.statuses),
    }
    if rest:
        series: Any = ImageSeries(name=session.name("ImageSeries"), **common)
    else:
        is_2p = at(movie._session(), "processingInterface.mini2p") is not MISSING
        kind = TwoPhotonSeries if is_2p else OnePhotonSeries
        exposure = movie.acquisition_info.get("Exposure Time (ms)")
        if not is_2p and isinstance(exposure, (int, float)):
            common["exposure_time"] = exposure / 1000
        plane = microscope.plane(movie, movie.spacing)
        series = kind(name=session.name(kind.__name__), imaging_plane=plane, **common)
    session.nwbfile.add_acquisition(series)


def _packing(chunk: tuple[int, ...], compress: bool) -> dict[str, Any]:
    packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if compress else {}
    return {"chunks": chunk, **packed}


def add_cells(
    session: NwbSession,
    microscope: Microscope,
    cells: CellSet,
    events: EventSet | None,
    statuses: Sequence[CellStatus],
    decided: Sequence[tuple[str, str]] | None,
) -> Any:
    """Add the cells of a set with traces, and return their table."""
    module = session.module("ophys", "Cells and what was measured of them")
    segmentation = module.data_interfaces.get("ImageSegmentation")
    if segmentation is None:
        segmentation = ImageSegmentation(name="ImageSegmentation")
        module.add(segmentation)
        module.add(Fluorescence(name="Fluorescence"))
    columns = [
        *_masks(session, cells),
        VectorData(name="roi_name", description="The cell's name in its file.", data=cells.names),
        VectorData(
            name="cell_status",
            description="What was decided: accepted, undecided or rejected.",
            data=list(statuses),
        ),
        *_metric_columns(cells, events),
    ]
    if decided is not None and any(who for who, _ in decided):
        for name, about, place in (
            ("reviewer", "Who decided about the cell last; empty for nobody.", 0),
            ("decided_at", "When, in UTC; empty for never.", 1),
        ):
            data = [one[place] for one in decided]
            columns.append(VectorData(name=name, description=about, data=data))
    table = PlaneSegmentation(
        name=session.name("PlaneSegmentation"),
        description=f"Cells of {cells.name}.",
        imaging_plane=microscope.plane(cells, cells.spacing),
        id=list(range(cells.num_cells)),
        columns=columns,
    )
    segmentation.add_plane_segmentation(table)
    if cells.num_cells and cells.timing.num_samples:
        _add_traces(session, module.data_interfaces["Fluorescence"], cells, table)
    return table


def _masks(session: NwbSession, cells: CellSet) -> list[Any]:
    """Every weight of every footprint, as a list of pixels or, where few are 0, as pictures."""
    rows, cols = cells.spacing.num_pixels
    buffer = np.empty((rows, cols), np.float32)
    masks = []
    used = 0
    for i in range(cells.num_cells):
        footprint = cells.footprint(i, buffer)
        y, x = np.nonzero(footprint)
        used += len(x)
        if used > _DENSE * rows * cols * (i + 1) and used * 12 > _BLOCK_BYTES:
            break
        mask = np.empty(len(x), [("x", "<u4"), ("y", "<u4"), ("weight", "<f4")])
        mask["x"], mask["y"], mask["weight"] = x, y, footprint[y, x]
        masks.append(mask)
    if len(masks) == cells.num_cells:
        data = np.concatenate(masks) if masks else np.empty(0, [("x", "<u4")])
        about = "Pixels of each cell, from 0, and its footprint's weights."
        column = VectorData(name="pixel_mask", description=about, data=data)
        ends = np.cumsum([len(mask) for mask in masks]).astype(np.uint64)
        return [column, VectorIndex(name="pixel_mask_index", data=ends, target=column)]

    def pieces() -> Iterator[tuple[Any, npt.NDArray[Any]]]:
        for i in range(cells.num_cells):
            yield np.s_[i : i + 1], np.ascontiguousarray(cells.footprint(i).T)[np.newaxis]

    shape, chunk = (cells.num_cells, cols, rows), (1, cols, rows)
    pictures = Pieces(pieces(), shape, np.dtype("<f4"), chunk, session.on_bytes)
    about = "The footprint of each cell, x before y."
    return [
        VectorData(
            name="image_mask", description=about, data=H5DataIO(pictures, **_packing(chunk, True))
        )
    ]


def _metric_columns(cells: CellSet, events: EventSet | None) -> list[Any]:
    """The measures that the table of cells shows, those that are defined for any cell."""
    if not cells.num_cells:
        return []
    values: dict[str, npt.NDArray[np.float64]] = {}
    for piece in compute_metrics(cells, events, cut_rois(cells, cells.spacing.num_pixels)):
        values |= piece.columns
    return [
        VectorData(name=column_name(metric), description=_about(metric), data=values[metric.key])
        for metric in metrics_of(cells, events)
        if metric.kind != "text" and metric.key in values and np.isfinite(values[metric.key]).any()
    ]


def column_name(metric: Metric) -> str:
    """A metric's key with its unit."""
    units = {"µm": "um", "µm²": "um2", "%": "percent", "Hz": "hz", "1/min": "per_min"}
    unit = units.get(metric.unit, "")
    return f"{metric.key}_{unit}" if unit and not metric.key.endswith(unit) else metric.key


def _about(metric: Metric) -> str:
    origin = "Stored in the file." if metric.source == "stored" else "Computed by napari-isx."
    return f"{metric.header}. {metric.definition} {origin}"


def _add_traces(session: NwbSession, fluorescence: Any, cells: CellSet, table: Any) -> None:
    """The traces of all cells, a block of cells after the other, as they lie in the file."""
    count, samples = cells.num_cells, cells.timing.num_samples
    per_block = max(_BLOCK_BYTES // (4 * samples), 1)

    def pieces() -> Iterator[tuple[Any, npt.NDArray[Any]]]:
        for first in range(0, count, per_block):
            block = np.stack([cells.trace(i) for i in range(first, min(first + per_block, count))])
            yield np.s_[:, first : first + len(block)], np.ascontiguousarray(block.T)

    chunk = (min(samples, 1 << 14), min(count, 16))
    pieces_of = Pieces(pieces(), (samples, count), np.dtype("<f4"), chunk, session.on_bytes)
    data = H5DataIO(pieces_of, **_packing(chunk, True))
    fluorescence.add_roi_response_series(
        RoiResponseSeries(
            name=session.name("RoiResponseSeries"),
            description=f"Traces of {cells.name}, as they are in the file.",
            data=data,
            rois=table.create_roi_table_region(
                region=list(range(count)), description="All cells, in order."
            ),
            unit=cells.trace_units or "a.u.",
            **session.times(cells, cells.timing.times_s),
            **control(frame_statuses(cells.timing)),
        )
    )


def add_cell_events(
    session: NwbSession, events: EventSet, cells: CellSet | None, table: Any
) -> None:
    """Add the events of cells as one table, in order of time."""
    signals = [events.events(i) for i in range(events.num_cells)]
    counts = [len(signal) for signal in signals]
    offsets_us = np.concatenate([np.empty(0, np.uint64), *(s.offsets_us for s in signals)])
    values = np.concatenate([np.empty(0, np.float32), *(s.values for s in signals)])
    of_cell = np.repeat(np.arange(events.num_cells), counts)
    order = np.lexsort((of_cell, offsets_us))
    times_s = session.placed(events).to_session_s(offsets_us[order] / 1e6)
    columns: list[Any] = [_timestamps(times_s)]
    places = places_of(events.names, cells.names) if cells is not None else [None]
    if table is not None and None not in places:
        rows = np.array(places, np.int64)[of_cell[order]]
        columns.append(
            DynamicTableRegion(name="cell", description="Whose.", data=rows.tolist(), table=table)
        )
    names = [events.names[i] for i in of_cell[order]]
    columns += [
        VectorData(name="cell_name", description="The cell's name.", data=names),
        VectorData(
            name="amplitude", description="As it is in the file.", data=values[order].tolist()
        ),
    ]
    add_events(session, "cell_events", f"Events of cells, of {events.name}.", columns)
    if events.metrics is not None and cells is None:
        session.note(f"the metrics of {events.name} are left out, as there are no cells with it")


def _timestamps(times_s: npt.NDArray[np.float64]) -> Any:
    from pynwb.event import TimestampVectorData

    about = "Seconds from the start of the session."
    return TimestampVectorData(name="timestamp", description=about, data=times_s)


def add_events(session: NwbSession, name: str, about: str, columns: list[Any]) -> None:
    """Add a table of events, unless it is empty."""
    if len(columns[0].data):
        session.nwbfile.add_events_table(
            EventsTable(name=session.name(name), description=about, columns=columns)
        )


def add_vessels(session: NwbSession, vessels: VesselSet) -> None:
    """Add vessels: where they were measured, and what."""
    module = session.module("ophys", "Cells and what was measured of them")
    count = vessels.num_vessels
    if not count:
        return
    lines = [vessels.line(i) for i in range(count)]
    columns = [
        VectorData(name="vessel_name", description="Its name in the file.", data=vessels.names),
        VectorData(name="vessel_status", description="As in the file.", data=vessels.statuses),
    ]
    for place in range(len(lines[0])):
        for axis, letter in enumerate("xy"):
            about = f"{letter} of corner {place} of the line or box, in pixels of the image."
            data = [int(line[place, axis]) for line in lines]
            columns.append(VectorData(name=f"{letter}{place}", description=about, data=data))
    module.add(
        DynamicTable(
            name=session.name("Vessels"),
            description=f"Vessels of {vessels.name}, measured as {vessels.vessel_type}.",
            id=list(range(count)),
            columns=columns,
        )
    )
    what = "VesselDiameter" if vessels.vessel_type == "vessel diameter" else "VesselVelocity"
    of_each = {
        what: (vessels.trace, vessels.trace_units or "a.u.", "What was measured"),
        "VesselCenter": (vessels.center_trace, "pixels", "Where along the line the middle is"),
        "VesselDirection": (vessels.direction_trace, "degrees", "Direction of the velocity"),
    }
    for name, (read, unit, about) in of_each.items():
        found = [trace for i in range(count) if (trace := read(i)) is not None]
        if len(found) == count and vessels.timing.num_samples:
            module.add(
                session.series(
                    name,
                    np.stack(found, axis=1),
                    unit,
                    f"{about}, a column for each vessel of {vessels.name}.",
                    **session.times(vessels, vessels.timing.times_s),
                    **control(frame_statuses(vessels.timing)),
                )
            )
    if vessels.has_correlations:
        session.note(f"the correlation maps behind {vessels.name} are not in the NWB file")
    add_picture(session, f"{vessels.title} image", vessels.image)


def add_picture(session: NwbSession, title: str, data: npt.NDArray[Any]) -> None:
    """Add a picture, x before y as all of NWB's."""
    module = session.module("ophys", "Cells and what was measured of them")
    if "Images" not in module.data_interfaces:
        module.add(Images(name="Images", description="Pictures that were made of movies."))
    kind = RGBImage if data.ndim == 3 else GrayscaleImage
    turned = np.ascontiguousarray(np.swapaxes(data, 0, 1))
    picture = kind(name=session.name(title), data=turned, description=f"{title}, x before y.")
    module.data_interfaces["Images"].add_image(picture)
