"""Event sets in `.isxd` files, of either layout."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_isx.io.base.channels import open_channels
from napari_isx.io.base.recording import IsxdRecording
from napari_isx.io.events.event_set import METRIC_COLUMNS, EventSet
from napari_isx.io.format.container import Footer
from napari_isx.io.format.source import FileSource

if TYPE_CHECKING:
    import pandas as pd


class IsxdEventSet(IsxdRecording, EventSet):
    """An event set in a `.isxd` file; see :class:`EventSet`."""

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self._read_from(open_channels(source, footer))

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        entries = self.metadata.get("metrics")
        if entries is None:
            return None
        import pandas as pd

        if not isinstance(entries, list) or len(entries) != self.num_cells:
            self._footer.fields.fail("metrics", f"a list of {self.num_cells} entries")
        rows = [entry or [None] * len(METRIC_COLUMNS) for entry in entries]
        try:
            values = np.array(rows, np.float64) if rows else np.empty((0, len(METRIC_COLUMNS)))
        except (ValueError, TypeError, OverflowError):
            values = np.empty(0)
        if values.shape != (self.num_cells, len(METRIC_COLUMNS)):
            self._footer.fields.fail("metrics", "a list of nine values per cell")
        return pd.DataFrame(values, columns=METRIC_COLUMNS)
