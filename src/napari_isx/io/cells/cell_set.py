"""Cell sets: a footprint and a trace for each cell, and what was decided about it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

# Statuses are cells' in the first place, so they are to be had here too.
from napari_isx.io.base.labelled_set import STATUSES as STATUSES
from napari_isx.io.base.labelled_set import CellStatus as CellStatus
from napari_isx.io.base.labelled_set import LabelledSet, footer_lists, status_codes
from napari_isx.io.base.optional import needed
from napari_isx.io.base.recording import MemoryRecording
from napari_isx.io.base.spacing import Spacing, check_shape
from napari_isx.io.base.timing import Timing
from napari_isx.io.base.to_frames import ToTimes, shown_times
from napari_isx.io.format.json_fields import Fields
from napari_isx.io.format.source import array_to_fill

if TYPE_CHECKING:
    import pandas as pd

METRIC_COLUMNS: Final = (
    "num_components",
    "center_x_px",
    "center_y_px",
    "largest_component_center_x_px",
    "largest_component_center_y_px",
    "area_px",
    "largest_component_area_px",
    "max_width_px",
    "largest_component_max_width_px",
)
WITHOUT_CELLS: Final = "a cell set without cells needs timing and spacing"


class CellSet(LabelledSet):
    """Cells found in a movie: their footprints, traces and what was decided about them.

    Attributes
    ----------
    names : list of str
    timing : Timing
        Of the traces, which hold all samples, also dropped and cropped ones.
    spacing : Spacing
        Of the footprints, which may be cropped and downsampled against the movie.
    """

    item: ClassVar[str] = "cell"
    kind: ClassVar[str] = "cell set"

    @staticmethod
    def from_arrays(
        footprints: Iterable[npt.ArrayLike],
        traces: Iterable[npt.ArrayLike],
        *,
        timing: Timing | None = None,
        spacing: Spacing | None = None,
        names: Sequence[str] | None = None,
        statuses: Sequence[CellStatus] | None = None,
        colors: npt.ArrayLike | None = None,
        metrics: pd.DataFrame | None = None,
        extra_properties: Mapping[str, Any] | None = None,
    ) -> MemoryCellSet:
        """Make a cell set in memory.

        Parameters and errors are those of :func:`napari_isx.write_cell_set`, which writes what
        this gives.

        Returns
        -------
        CellSet
            With copies of the arrays as float32. Saving statuses changes it, and no file.
        """
        cells = list(checked_cells(footprints, traces, timing, spacing))
        if cells:
            timing = timing or Timing(len(cells[0][1]))
            spacing = spacing or Spacing(cells[0][0].shape)
        if timing is None or spacing is None:
            raise ValueError(WITHOUT_CELLS)
        lists = footer_lists("cell", names, statuses, colors, len(cells))
        table = None if metrics is None else checked_metrics(metrics, len(cells))
        return MemoryCellSet(cells, timing, spacing, lists, table, extra_properties)

    @property
    def num_cells(self) -> int:
        """How many cells there are."""
        return len(self.names)

    @property
    def disputed_cells(self) -> list[int]:
        """Cells on which the parts of a series do not agree; none elsewhere."""
        return []

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        """The shape metrics that are stored with the cells, one row per cell, or None.

        Positions and lengths are in pixels of the cell set; NaN where undefined. The software
        that made the set computed them, and they can be out of date.

        Raises
        ------
        IsxFileError
            The stored metrics are not one entry per cell.
        """
        raise NotImplementedError

    @cached_property
    def footprints(self) -> npt.NDArray[np.float32]:
        """``(num_cells, n_rows, n_cols)``: all footprints; of one file, as a view on it.

        Nothing is read until it is used, and nothing is copied. While the array or a slice of it
        lives, the file stays mapped, on Windows also locked against deletion.
        """
        raise NotImplementedError

    @cached_property
    def traces(self) -> npt.NDArray[np.float32]:
        """``(num_cells, n_samples)``: all traces; of one file, as a view like ``footprints``."""
        raise NotImplementedError

    def footprint(
        self, i: SupportsIndex, out: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Read one footprint.

        Parameters
        ----------
        i : int
            Cell; negative counts from the end.
        out : numpy.ndarray, optional
            A C-contiguous ``(n_rows, n_cols)`` float32 array to read into; a new one by default.

        Returns
        -------
        numpy.ndarray
            ``(n_rows, n_cols)``: `out`, or the new array.

        Raises
        ------
        IndexError
            There is no such cell.
        ValueError
            `out` is of another shape, type or order.
        """
        target = array_to_fill(out, self.spacing.num_pixels, np.dtype("<f4"))
        self._read_footprint(self._index(i), target)
        return target

    def trace(self, i: SupportsIndex) -> npt.NDArray[np.float32]:
        """Read one trace: ``(n_samples,)``, a new array; negative counts from the end.

        Invalid samples are as they are stored; ``timing.valid_mask`` says which they are.
        """
        target = np.empty(self.timing.num_samples, "<f4")
        self._read_trace(self._index(i), target)
        return target

    def to_pandas(self, *, times_s: npt.ArrayLike | ToTimes | None = None) -> pd.DataFrame:
        """All traces as a table: a row for each sample, a column for each cell.

        Parameters
        ----------
        times_s : array-like or callable, optional
            Other times of the samples, or what makes others of the file's own seconds.

        Returns
        -------
        pandas.DataFrame
            float32, NaN where a sample is missing. ``attrs`` has "units" and "status".
        """
        import pandas as pd

        index = pd.Index(shown_times(self.timing.times_s, times_s), name="time_s")
        table = pd.DataFrame(self._shown_traces().T, index, pd.Index(self.names, name="cell"))
        table.attrs.update(units=self.trace_units, status=self.statuses)
        return table

    def to_xarray(self, *, times_s: npt.ArrayLike | ToTimes | None = None) -> Any:
        """Traces and footprints as a dataset; parameters are those of :meth:`to_pandas`.

        Returns
        -------
        xarray.Dataset
            ``traces`` (cell, time_s), NaN where a sample is missing, and ``footprints``
            (cell, y_um, x_um), with the cells' names and statuses.

        Raises
        ------
        ImportError
            xarray is not installed.
        """
        xarray = needed("to_xarray", "xarray")
        rows, cols = (np.arange(count) for count in self.spacing.num_pixels)
        corners = (np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]]))
        (y, x), (next_y, next_x) = (self.spacing.to_um(corner)[0] for corner in corners)
        return xarray.Dataset(
            {
                "traces": (("cell", "time_s"), self._shown_traces(), {"units": self.trace_units}),
                "footprints": (("cell", "y_um", "x_um"), self.footprints),
            },
            {
                "cell": np.arange(self.num_cells),
                "name": ("cell", np.array(self.names, object)),
                "status": ("cell", np.array(self.statuses, object)),
                "time_s": shown_times(self.timing.times_s, times_s),
                "y_um": y + rows * (next_y - y),
                "x_um": x + cols * (next_x - x),
            },
        )

    def to_pynapple(self, *, times_s: npt.ArrayLike | ToTimes | None = None) -> Any:
        """All traces as a series; parameters are those of :meth:`to_pandas`.

        Returns
        -------
        pynapple.TsdFrame
            A column for each cell, by number, with "name" and "status" as metadata; NaN where a
            sample is missing.

        Raises
        ------
        ImportError
            pynapple is not installed.
        """
        nap = needed("to_pynapple", "pynapple")
        labels = {"name": self.names, "status": self.statuses}
        return nap.TsdFrame(
            shown_times(self.timing.times_s, times_s),
            self._shown_traces().T,
            metadata={key: np.array(values, object) for key, values in labels.items()},
        )

    def _shown_traces(self) -> npt.NDArray[np.float32]:
        """A copy of all traces with NaN where a sample is missing."""
        traces = np.array(self.traces)
        traces[:, ~self.timing.valid_mask] = np.nan
        return traces

    @abstractmethod
    def save_statuses(self, statuses: Sequence[CellStatus]) -> None:
        """Store the status of every cell; of a file, in the file.

        Only digits in a file's footer change: not a byte of footprints or traces, and not the
        length of the file. Whatever interrupts it, the file has the old or the new statuses.
        Other programs may have the file open.

        Parameters
        ----------
        statuses : sequence of {"accepted", "undecided", "rejected"}
            One for each cell, in order.

        Raises
        ------
        ValueError
            Not one known status per cell.
        IsxFileError
            The file is no longer the one that was opened, or did not take the change.
        OSError
            The file or its folder cannot be written; nothing was changed.
        """

    @abstractmethod
    def statuses_in_file(self) -> list[CellStatus]:
        """Read what is stored of each cell now, which another program may have changed.

        Of a series, what all files agree on.

        Raises
        ------
        IsxFileError
            The file is no longer the one that was opened.
        OSError
            The file cannot be read.
        """

    @abstractmethod
    def restore_previous_statuses(self) -> None:
        """Take the last save of statuses back; doing it again takes that back in turn.

        As safe as saving is. Also the saves of earlier days can be taken back: the statuses that
        they replaced are kept in the journal beside the cell set,
        ``<name>.isxd.decisions.jsonl``.

        Raises
        ------
        IsxFileError
            There is nothing to go back to, or the file has other cells by now.
        OSError
            The file or its folder cannot be written; nothing was changed.
        """

    @abstractmethod
    def _read_footprint(self, i: int, target: npt.NDArray[np.float32]) -> None:
        """Fill an array with the footprint of a cell."""

    @abstractmethod
    def _read_trace(self, i: int, target: npt.NDArray[np.float32]) -> None:
        """Fill an array with the trace of a cell."""

    def _checked_codes(self, statuses: Sequence[CellStatus]) -> list[int]:
        if len(statuses) != self.num_cells:
            raise ValueError(f"{len(statuses)} statuses for {self.num_cells} cells")
        return status_codes(statuses)

    def _summary(self) -> str:
        rows, cols = self.spacing.num_pixels
        samples, rate = self.timing.num_samples, self.timing.sampling_rate_hz
        cells = "1 cell" if self.num_cells == 1 else f"{self.num_cells} cells"
        return f"{cells} of {rows} x {cols}, {samples:,} samples at {rate:.4g} Hz"


class MemoryCellSet(MemoryRecording, CellSet):
    """A cell set without a file; see :meth:`CellSet.from_arrays`."""

    def __init__(
        self,
        cells: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]],
        timing: Timing,
        spacing: Spacing,
        lists: dict[str, list[Any]],
        metrics: pd.DataFrame | None,
        extra_properties: Mapping[str, Any] | None,
    ) -> None:
        super().__init__("cells in memory", extra_properties)
        self.timing, self.spacing, self.metrics = timing, spacing, metrics
        self._read_labels(Fields(Path(self.name), lists))
        self._previous = self._codes
        shapes = (len(cells), *spacing.num_pixels), (len(cells), timing.num_samples)
        self.footprints, self.traces = (
            np.array([parts[k] for parts in cells], "<f4").reshape(shapes[k]) for k in (0, 1)
        )
        for array in (self.footprints, self.traces):
            array.flags.writeable = False

    def save_statuses(self, statuses: Sequence[CellStatus]) -> None:
        """Keep the status of every cell in memory."""
        codes = self._checked_codes(statuses)
        self._previous, self._codes = self._codes, codes

    def statuses_in_file(self) -> list[CellStatus]:
        """What is kept in memory."""
        return self.statuses

    def restore_previous_statuses(self) -> None:
        """Take the last save back; doing it again takes that back in turn."""
        self._previous, self._codes = self._codes, self._previous

    def __dask_tokenize__(self) -> tuple[object, ...]:
        return type(self).__name__, self.footprints, self.traces

    def _read_footprint(self, i: int, target: npt.NDArray[np.float32]) -> None:
        target[...] = self.footprints[i]

    def _read_trace(self, i: int, target: npt.NDArray[np.float32]) -> None:
        target[...] = self.traces[i]


def checked_cells(
    footprints: Iterable[npt.ArrayLike],
    traces: Iterable[npt.ArrayLike],
    timing: Timing | None,
    spacing: Spacing | None,
) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """The footprint and the trace of each cell as float32; ValueError unless all fit each other."""
    for cell, (footprint, trace) in enumerate(zip(footprints, traces, strict=True)):
        image = np.ascontiguousarray(footprint, "<f4")
        samples = np.ascontiguousarray(trace, "<f4")
        if image.ndim != 2 or samples.ndim != 1:
            raise ValueError(
                f"cell {cell}: a footprint has 2 axes and a trace 1, "
                f"not {image.ndim} and {samples.ndim}"
            )
        timing = timing or Timing(len(samples))
        spacing = spacing or Spacing(image.shape)
        check_shape("footprints", image.shape, spacing)
        if len(samples) != timing.num_samples:
            raise ValueError(f"cell {cell}: {len(samples)} of {timing.num_samples} samples")
        yield image, samples


def checked_metrics(metrics: pd.DataFrame, num_cells: int) -> pd.DataFrame:
    """Stored metrics in the order of their columns; ValueError for what no file can hold."""
    table = metrics[list(METRIC_COLUMNS)].astype(np.float64)
    if len(table) != num_cells:
        raise ValueError(f"cellMetrics: {len(table)} values for {num_cells} cells")
    for row in table.to_numpy():
        undefined = np.isnan(row)
        if np.isinf(row).any() or (undefined[5:].any() and not undefined.all()):
            raise ValueError(
                "metrics must be finite; areas and widths are undefined only as a whole"
            )
    return table
