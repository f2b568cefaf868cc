"""Series of cell sets: the same cells in recordings made in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from errno import EIO
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.series import Names, Series, describe_grid
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.errors import IsxFileError

if TYPE_CHECKING:
    import pandas as pd

# Cells have the same footprints if the cosine similarity of some of them is at least this.
_SAME_FOOTPRINT: Final = 0.95
_COMPARED_FOOTPRINTS: Final = 3
# All traces at once are a copy, in which even the gaps take memory.
_MAX_TRACES_BYTES: Final = 8 << 30


class CellSetSeries(Series[CellSet], CellSet):
    """The same cells in recordings made one after another, as one; see :class:`CellSet`.

    Traces are joined, NaN between two parts. Names, footprints, colors and metrics are those
    of the first part. A cell has the status that all parts agree on, and is undecided where
    they do not, so that one part's decision never hides another's.
    """

    def __init__(self, parts: Sequence[CellSet]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        self.names, self.spacing = self._parts[0].names, self._parts[0].spacing
        self.timing = self._schedule.timing
        self._disputed = self._find_disputed()

    @staticmethod
    def _describe(part: CellSet) -> dict[str, object]:
        """The cells, and the grid of their footprints."""
        return {
            **describe_grid(part.spacing),
            "number of cells": part.num_cells,
            "name of cell": Names(part.names),
            "unit of traces": part.trace_units,
        }

    @property
    def statuses(self) -> list[CellStatus]:
        return _agreed([part.statuses for part in self._parts])

    def statuses_in_file(self) -> list[CellStatus]:
        return _agreed([part.statuses_in_file() for part in self._parts])

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        return self._parts[0].colors

    @property
    def disputed_cells(self) -> list[int]:
        """Cells on which the parts do not agree, until a decision about them is saved."""
        return sorted(self._disputed)

    @cached_property
    def metrics(self) -> pd.DataFrame | None:
        return self._parts[0].metrics

    @cached_property
    def footprints(self) -> npt.NDArray[np.float32]:
        return self._parts[0].footprints

    @cached_property
    def traces(self) -> npt.NDArray[np.float32]:
        """NaN between parts. A read-only copy, unlike those of one file; at most 8 GiB."""
        if self.closed:
            raise ValueError(f"{self.name} is closed")
        shape = (self.num_cells, self.timing.num_samples)
        if 4 * shape[0] * shape[1] > _MAX_TRACES_BYTES:
            raise IsxFileError(
                self.place,
                f"with the time between the parts, its {shape[0]:,} traces of {shape[1]:,} "
                f"samples do not fit into {_MAX_TRACES_BYTES >> 30} GiB",
                "Read them one by one: trace(i).",
            )
        traces = np.empty(shape, "<f4")
        for i, target in enumerate(traces):
            self._read_trace(i, target)
        traces.flags.writeable = False
        return traces

    def save_statuses(self, statuses: Sequence[CellStatus]) -> None:
        """Write the status of every cell into the files of all parts, one after another.

        Each file is changed as :meth:`CellSet.save_statuses` does it. A cell on which the parts
        differed when they were opened, and which is still "undecided", keeps in each file what
        that file says. Where a part could not be changed the error's message says which parts are
        saved already; saving again, once the cause is gone, completes them.
        """
        self._checked_codes(statuses)  # before the first file is changed
        kept = {i for i in self._disputed if statuses[i] == "undecided"}

        def save(part: CellSet) -> None:
            old = part.statuses
            part.save_statuses([old[i] if i in kept else s for i, s in enumerate(statuses)])

        self._change_all(save)
        self._disputed = kept

    def restore_previous_statuses(self) -> None:
        self._change_all(lambda part: part.restore_previous_statuses())
        self._disputed = self._find_disputed()

    def _change_all(self, change: Callable[[CellSet], None]) -> None:
        """Change one part after another; an error says which are changed and which are not."""
        for done, part in enumerate(self._parts):
            try:
                change(part)
            except (IsxFileError, OSError) as error:
                names = [part.name for part in self._parts]
                changed = ", ".join(names[:done]) or "no part"
                state = f"Changed: {changed}. Not changed: {', '.join(names[done:])}."
                if isinstance(error, IsxFileError):
                    advice = f"{error.advice} {state}"
                    raise type(error)(error.path, error.finding, advice) from error
                reason = f"{error.strerror or error}. {state}"
                raise OSError(error.errno or EIO, reason, error.filename) from error

    def close(self) -> None:
        """Give all files back; arrays already handed out stay valid."""
        for name in ("footprints", "traces"):
            self.__dict__.pop(name, None)
        super().close()

    def _find_disputed(self) -> set[int]:
        """Cells of which not all parts say the same."""
        given = zip(*(part.statuses for part in self._parts), strict=True)
        return {i for i, of_cell in enumerate(given) if len(set(of_cell)) > 1}

    def _read_footprint(self, i: int, target: npt.NDArray[np.float32]) -> None:
        self._parts[0]._read_footprint(i, target)

    def _read_trace(self, i: int, target: npt.NDArray[np.float32]) -> None:
        for first, last in self._schedule.timing.gaps:
            target[first : last + 1] = np.nan
        for samples, part in zip(self._schedule.slices(), self._parts, strict=True):
            part._read_trace(i, target[samples])


def _agreed(of_parts: Sequence[Sequence[CellStatus]]) -> list[CellStatus]:
    """The status of each cell that all parts agree on, or "undecided"."""
    return [
        given[0] if len(set(given)) == 1 else "undecided" for given in zip(*of_parts, strict=True)
    ]


def differing_footprints(parts: Sequence[CellSet]) -> tuple[CellSet, str] | None:
    """The first part whose cells lie elsewhere than those of the first one, and the cell's name.

    A few cells are compared. None where they are the same cells.
    """
    first = parts[0]
    compared = np.linspace(0, first.num_cells - 1, _COMPARED_FOOTPRINTS).astype(int)
    for cell in np.unique(compared) if first.num_cells else ():
        expected = first.footprint(cell)
        for part in parts[1:]:
            if _similarity(expected, part.footprint(cell)) < _SAME_FOOTPRINT:
                return part, first.names[cell]
    return None


def _similarity(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """How similar two footprints are, at most 1; two without pixels are the same."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / lengths if lengths else float(not a.any() and not b.any())
