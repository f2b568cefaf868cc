"""One session while it is being written: its clock, its names, and what is to be said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from hdmf.data_utils import AbstractDataChunkIterator, DataChunk
from pynwb.base import TimeSeries

from napari_isx.export.frame_range import FRAME_STATUSES
from napari_isx.export.nwb.metadata import Metadata
from napari_isx.io.base.recording import Recording
from napari_isx.io.movies.base import Movie
from napari_isx.timeline.clock import Clock
from napari_isx.timeline.placed import Placed

# Times that are even to this are given as a rate; readers look as closely.
_EVEN_S: Final = 1e-9
_UNKNOWN_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NwbSession:
    """What the parts of the export share; `on_bytes` hears the size of each piece written."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        metadata: Metadata,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self.recordings, self.metadata = recordings, metadata
        self.findings: list[str] = []
        self.on_bytes = on_bytes
        self.clock = Clock(recordings)
        if len(self.clock.sittings_apart_s) > 1:
            raise ValueError(
                "the files were recorded on different days or of different animals, and an NWB "
                "file is of one session: export each on its own"
            )
        self._names: set[str] = set()
        self.nwbfile: Any = None

    @property
    def start(self) -> datetime:
        """When second 0 of the session was."""
        given = self.metadata["NWBFile"].get("session_start_time")
        if isinstance(given, datetime):
            return given
        known = [one for one in self.clock.all_placed if one.timing.start is not None]
        # Of several clocks that of the microscope's computer is the session's.
        known.sort(key=lambda one: (not isinstance(one.recording, Movie), one.offset_s))
        if not known or known[0].timing.start is None:
            self.note("no file says when it was recorded: the start is given as 1970")
            return _UNKNOWN_START
        return known[0].timing.start - timedelta(seconds=known[0].offset_s)

    def note(self, finding: str) -> None:
        """Remember something to be said."""
        if finding not in self.findings:
            self.findings.append(finding)

    def name(self, wanted: str) -> str:
        """A name that nothing else in the file has, which NWB takes."""
        safe = re.sub(r"[/:.\s]+", "_", wanted).strip("_") or "unnamed"
        name, number = safe, 1
        while name in self._names:
            number += 1
            name = f"{safe}_{number}"
        self._names.add(name)
        return name

    def placed(self, recording: Recording) -> Placed:
        """Where a recording is in session time."""
        return self.clock.placed(recording)

    def times(self, recording: Recording, times_s: npt.NDArray[np.float64]) -> dict[str, Any]:
        """Keywords for the times of a series that are given in seconds from a recording's start."""
        found = self.placed(recording).to_session_s(times_s)
        steps = np.diff(found)
        if len(steps) and np.ptp(steps) < _EVEN_S and steps[0] > 0:
            rate = len(steps) / float(found[-1] - found[0])
            return {"starting_time": float(found[0]), "rate": rate}
        return {"timestamps": found}

    def series(self, name: str, data: Any, unit: str, description: str, **more: Any) -> Any:
        """A time series under a name of its own."""
        return TimeSeries(
            name=self.name(name), data=data, unit=unit, description=description, **more
        )

    def module(self, name: str, description: str) -> Any:
        """A processing module, made on first use."""
        modules: Mapping[str, Any] = self.nwbfile.processing
        return modules.get(name) or self.nwbfile.create_processing_module(name, description)


def control(codes: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Keywords that say of each sample whether it holds data; none where all do."""
    if not codes.any():
        return {}
    return {"control": codes, "control_description": list(FRAME_STATUSES)}


class Pieces(AbstractDataChunkIterator):  # type: ignore[misc]
    """An array that is written piece by piece, and never in memory as a whole.

    Each piece comes with where it goes. What `on_bytes` raises ends the writing.
    """

    def __init__(
        self,
        pieces: Iterable[tuple[Any, npt.NDArray[Any]]],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunk: tuple[int, ...],
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self._pieces: Iterator[tuple[Any, npt.NDArray[Any]]] = iter(pieces)
        self._shape, self._dtype, self._chunk, self._on_bytes = shape, dtype, chunk, on_bytes

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of an element."""
        return self._dtype

    @property
    def maxshape(self) -> tuple[int, ...]:
        """Of all."""
        return self._shape

    def recommended_chunk_shape(self) -> tuple[int, ...]:
        """As it lies in the file."""
        return self._chunk

    def recommended_data_shape(self) -> tuple[int, ...]:
        """Of all."""
        return self._shape

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> DataChunk:
        where, piece = next(self._pieces)
        if self._on_bytes is not None:
            self._on_bytes(piece.nbytes)
        given = where if isinstance(where, tuple) else (where,)
        given += (slice(None),) * (len(self._shape) - len(given))
        # Bounds are needed in each direction.
        bounds = (slice(*part.indices(size)) for part, size in zip(given, self._shape, strict=True))
        return DataChunk(piece, tuple(bounds))
