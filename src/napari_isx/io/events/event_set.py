"""Event sets (`.isxd`): the calcium events of each cell, with their amplitudes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, SupportsIndex

import numpy as np

from napari_isx.io.base.channels import PACKET, channel_index, open_channels, sample_count
from napari_isx.io.base.recording import Recording
from napari_isx.io.base.signal import Signal
from napari_isx.io.format.container import Footer
from napari_isx.io.format.source import FileSource

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METRIC_COLUMNS", "PACKET", "EventSet", "open_event_set", "sample_count"]

METRIC_COLUMNS: Final = (
    "snr",
    "mad",
    "event_rate_hz",
    "amplitude_median",
    "amplitude_sd",
    "rise_median_s",
    "rise_sd_s",
    "decay_median_s",
    "decay_sd_s",
)


class EventSet(Recording):
    """Events of cells.

    Attributes
    ----------
    num_cells : int
    names : list of str
    timing : Timing
        Of the traces in which the events were found; it has no missing samples.
    """

    kind: ClassVar[str] = "event set"

    def __init__(self, source: FileSource, footer: Footer) -> None:
        super().__init__(source, footer)
        self._channels = open_channels(source, footer)
        self.names = self._channels.names
        self.timing = self._channels.timing

    @property
    def num_cells(self) -> int:
        """How many cells the file has events of, cells without any included."""
        return len(self.names)

    def events(self, cell: SupportsIndex | str) -> Signal:
        """The events of one cell, in order of time.

        Parameters
        ----------
        cell : int or str
            Index or name; a name that occurs more than once means its first cell.

        Raises
        ------
        IndexError, KeyError
            There is no such cell.
        IsxFileError
            The file is broken.
        """
        return self._signals[channel_index(self.names, cell, f"cell of {self.path.name}")]

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        """The trace metrics stored in the file, one row per cell, or None where it has none.

        NaN where undefined. ``snr`` is the median event amplitude over the median absolute
        deviation of the trace (``mad``).

        Raises
        ------
        IsxFileError
            The stored metrics are not nine values per cell.
        """
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

    @cached_property
    def _signals(self) -> list[Signal]:
        return self._channels.read()

    def _summary(self) -> str:
        cells = "1 cell" if self.num_cells == 1 else f"{self.num_cells} cells"
        return f"events of {cells} over {self.timing.duration_s:.4g} s"


def open_event_set(source: FileSource, footer: Footer) -> EventSet:
    """Open an event set of either layout."""
    return EventSet(source, footer)
