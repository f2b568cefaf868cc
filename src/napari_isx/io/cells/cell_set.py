"""Cell sets (`.isxd`): a footprint and a trace for each cell.

The payload is one record per cell, without a header: the footprint (float32, row by row), then
the trace (float32, all samples). Names, statuses, colours and metrics are in the footer; which
of them must be there depends on its ``fileVersion`` (0 to 5; higher ones are read like 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

# Statuses are cells' in the first place, so they are to be had here too.
from napari_isx.io.base.labelled_set import STATUSES as STATUSES
from napari_isx.io.base.labelled_set import CellStatus as CellStatus
from napari_isx.io.base.labelled_set import CuratedSet, status_codes
from napari_isx.io.cells.save_statuses import (
    recover_statuses,
    restore_footer,
    statuses_in_file,
    update_statuses,
)
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import Footer
from napari_isx.io.format.source import FileSource, array_to_fill

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
UNDEFINED: Final = -(2**63)


class CellSet(CuratedSet):
    """Cells found in a movie: their footprints, traces and what was decided about them.

    Attributes
    ----------
    num_cells : int
    names : list of str
    timing : Timing
        Of the traces, which hold all samples, also dropped and cropped ones.
    spacing : Spacing
        Of the footprints, which may be cropped and downsampled against the movie.
    """

    _item = "cell"

    kind: ClassVar[str] = "cell set"

    def __init__(self, source: FileSource, footer: Footer) -> None:
        footer = recover_statuses(source, footer)
        version = footer.fields.integer("fileVersion", default=0)
        super().__init__(source, footer, needs_colors=version >= 2)
        self.num_cells = len(self.names)
        rows, cols = self.spacing.num_pixels
        self._image_bytes = 4 * rows * cols
        self._record_bytes = self._image_bytes + 4 * self.timing.num_samples
        expected = self.num_cells * self._record_bytes
        surplus = footer.payload_bytes - expected
        if not 0 <= surplus < self._record_bytes:
            raise IsxFileError(
                self.path,
                f"it should hold {self.num_cells:,} cells of {self._record_bytes:,} bytes each, "
                f"{expected:,} in all, but has {footer.payload_bytes:,} bytes of data",
            )

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        """The shape metrics stored in the file, one row per cell, or None where it has none.

        Positions and lengths are in pixels of the cell set; NaN where undefined. The software
        that made the file computed them, and they can be out of date.

        Raises
        ------
        IsxFileError
            The stored metrics are not one entry per cell.
        """
        entries = self.metadata.get("cellMetrics")
        if entries is None:
            return None
        return self._metrics_table(entries)

    @cached_property
    def footprints(self) -> npt.NDArray[np.float32]:
        """``(num_cells, n_rows, n_cols)``: all footprints as one view on the file.

        Nothing is read until it is used, and nothing is copied. While the array or a slice of it
        lives, the file stays mapped, on Windows also locked against deletion.
        """
        rows, cols = self.spacing.num_pixels
        shape = (self.num_cells, rows, cols)
        self._check_open()
        return self._source.memmap(0, shape, (self._record_bytes, 4 * cols, 4), "<f4")

    @cached_property
    def traces(self) -> npt.NDArray[np.float32]:
        """``(num_cells, n_samples)``: all traces as one view on the file, like ``footprints``."""
        shape = (self.num_cells, self.timing.num_samples)
        self._check_open()
        return self._source.memmap(self._image_bytes, shape, (self._record_bytes, 4), "<f4")

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
        self._source.read_into(self._index(i) * self._record_bytes, target)
        return target

    def trace(self, i: SupportsIndex) -> npt.NDArray[np.float32]:
        """Read one trace: ``(n_samples,)``, a new array; negative counts from the end.

        Invalid samples are as the file has them; ``timing.valid_mask`` tells which they are.
        """
        target = np.empty(self.timing.num_samples, "<f4")
        self._read_trace(self._index(i), target)
        return target

    def save_statuses(self, statuses: Sequence[CellStatus]) -> None:
        """Write the status of every cell into the file.

        Only digits in the footer change: not a byte of footprints or traces, and not the length
        of the file. Whatever interrupts it, the file has the old or the new statuses. Other
        programs may have the file open.

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
        codes = self._codes(statuses)
        self._footer = update_statuses(self.path, self._footer, codes)
        self._statuses = codes

    def statuses_in_file(self) -> list[CellStatus]:
        """Read what the file says of each cell now, which another program may have changed.

        Of a series, what all files agree on.

        Raises
        ------
        IsxFileError
            The file is no longer the one that was opened.
        OSError
            The file cannot be read.
        """
        lists = [statuses_in_file(path, self.names) for path in self.paths]
        undecided = STATUSES.index("undecided")
        return [
            STATUSES[codes[0] if len(set(codes)) == 1 else undecided]
            for codes in zip(*lists, strict=True)
        ]

    def restore_previous_statuses(self) -> None:
        """Take the last save of statuses back: the file gets the footer it had before.

        As safe as saving is. Doing it again takes it back in turn. Also the saves of earlier
        days can be taken back: the footers are kept in a small file beside the cell set,
        ``<name>.isxd.statuses-backup``, the first one and the last few.

        Raises
        ------
        IsxFileError
            There is nothing to go back to, or the file has other cells by now.
        OSError
            The file or its folder cannot be written; nothing was changed.
        """
        self._footer = restore_footer(self.path)
        self._statuses = self._footer.fields.integers("CellStatuses", 0, len(STATUSES) - 1)

    def close(self) -> None:
        """Give the file back; arrays already handed out stay valid and keep it mapped."""
        for name in ("footprints", "traces"):
            self.__dict__.pop(name, None)
        super().close()

    def _read_trace(self, i: int, target: npt.NDArray[np.float32]) -> None:
        self._source.read_into(i * self._record_bytes + self._image_bytes, target)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError(f"{self.path.name} is closed")

    def _codes(self, statuses: Sequence[CellStatus]) -> list[int]:
        if len(statuses) != self.num_cells:
            raise ValueError(f"{len(statuses)} statuses for {self.num_cells} cells")
        return status_codes(statuses)

    def _metrics_table(self, entries: object) -> pd.DataFrame:
        import pandas as pd

        if not isinstance(entries, list) or len(entries) != self.num_cells:
            self._footer.fields.fail("cellMetrics", f"a list of {self.num_cells} entries")
        rows = [_metrics_row(entry) for entry in entries]
        if None in rows:
            self._footer.fields.fail("cellMetrics", "a list of seven values per cell")
        return pd.DataFrame(np.array(rows).reshape(-1, len(METRIC_COLUMNS)), columns=METRIC_COLUMNS)

    def _summary(self) -> str:
        rows, cols = self.spacing.num_pixels
        samples, rate = self.timing.num_samples, self.timing.sampling_rate_hz
        cells = "1 cell" if self.num_cells == 1 else f"{self.num_cells} cells"
        return f"{cells} of {rows} x {cols}, {samples:,} samples at {rate:.4g} Hz"


def _metrics_row(entry: Any) -> list[float] | None:
    """One cell's metrics in the order of the columns; None where the entry has another form."""
    if entry == {} or entry is None:
        return [np.nan] * len(METRIC_COLUMNS)
    try:
        components, center, largest, *lengths = entry
        values = [components, center["x"], center["y"], largest["x"], largest["y"], *lengths]
        row = [np.nan if v is None or v == UNDEFINED else float(v) for v in values]
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return row if len(row) == len(METRIC_COLUMNS) else None
