"""Cell sets in `.isxd` files.

The payload is one record per cell, without a header: the footprint (float32, row by row), then
the trace (float32, all samples). Names, statuses, colors and metrics are in the footer; which
of them must be there depends on its ``fileVersion`` (0 to 5; higher ones are read like 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import STATUSES, CellStatus
from napari_isx.io.base.recording import IsxdRecording
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import METRIC_COLUMNS, CellSet
from napari_isx.io.cells.save_statuses import (
    recover_statuses,
    restore_footer,
    statuses_in_file,
    update_statuses,
)
from napari_isx.io.format.container import Footer
from napari_isx.io.format.source import FileSource

if TYPE_CHECKING:
    import pandas as pd

UNDEFINED: Final = -(2**63)
"""What a file has for a center that is undefined."""


class IsxdCellSet(IsxdRecording, CellSet):
    """A cell set in a `.isxd` file; see :class:`CellSet`."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        footer = recover_statuses(source, footer)
        super().__init__(source, footer)
        fields = footer.fields
        self.spacing = Spacing.from_fields(fields.child("spacingInfo"))
        self.timing = Timing.from_fields(fields.child("timingInfo"))
        self._read_labels(fields, needs_colors=fields.integer("fileVersion", default=0) >= 2)
        rows, cols = self.spacing.num_pixels
        self._image_bytes = 4 * rows * cols
        self._record_bytes = self._image_bytes + 4 * self.timing.num_samples
        expected = self.num_cells * self._record_bytes
        surplus = footer.payload_bytes - expected
        if not 0 <= surplus < self._record_bytes:
            self._source.fail(
                f"it should hold {self.num_cells:,} cells of {self._record_bytes:,} bytes each, "
                f"{expected:,} in all, but has {footer.payload_bytes:,} bytes of data"
            )

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        entries = self.metadata.get("cellMetrics")
        if entries is None:
            return None
        import pandas as pd

        if not isinstance(entries, list) or len(entries) != self.num_cells:
            self._footer.fields.fail("cellMetrics", f"a list of {self.num_cells} entries")
        rows = [_metrics_row(entry) for entry in entries]
        if None in rows:
            self._footer.fields.fail("cellMetrics", "a list of seven values per cell")
        return pd.DataFrame(np.array(rows).reshape(-1, len(METRIC_COLUMNS)), columns=METRIC_COLUMNS)

    @cached_property
    def footprints(self) -> npt.NDArray[np.float32]:
        rows, cols = self.spacing.num_pixels
        strides = (self._record_bytes, 4 * cols, 4)
        return self._source.memmap(0, (self.num_cells, rows, cols), strides, "<f4")

    @cached_property
    def traces(self) -> npt.NDArray[np.float32]:
        shape = (self.num_cells, self.timing.num_samples)
        return self._source.memmap(self._image_bytes, shape, (self._record_bytes, 4), "<f4")

    def save_statuses(self, statuses: Sequence[CellStatus]) -> None:
        codes = self._checked_codes(statuses)
        self._footer = update_statuses(self.path, self._footer, codes)
        self._codes = codes

    def statuses_in_file(self) -> list[CellStatus]:
        return [STATUSES[code] for code in statuses_in_file(self.path, self.names)]

    def restore_previous_statuses(self) -> None:
        self._footer = restore_footer(self.path)
        self._codes = self._footer.fields.integers("CellStatuses", 0, len(STATUSES) - 1)

    def close(self) -> None:
        """Give the file back; arrays already handed out stay valid and keep it mapped."""
        for name in ("footprints", "traces"):
            self.__dict__.pop(name, None)
        super().close()

    def _read_footprint(self, i: int, target: npt.NDArray[np.float32]) -> None:
        self._source.read_into(i * self._record_bytes, target)

    def _read_trace(self, i: int, target: npt.NDArray[np.float32]) -> None:
        self._source.read_into(i * self._record_bytes + self._image_bytes, target)


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
