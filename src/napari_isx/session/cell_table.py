"""The table of cells: its columns, which rows are shown, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from psygnal import Signal

from napari_isx.analysis.cell_metrics.definitions import (
    NAME,
    NAME_COLUMN,
    STATUS,
    STATUS_COLUMN,
    Metric,
)
from napari_isx.io.base.names import natural_ranks
from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.session.cell_filter import CellFilter

if TYPE_CHECKING:
    from napari_isx.session.decisions.curation import Curation

_CODES: Final = {status: code for code, status in enumerate(STATUSES)}


class CellTable:
    """All cells of a set with what was decided and measured, sorted and filtered.

    Rows follow a decision only when the user has moved on: a cell that was selected when it was
    decided about keeps its row, even if the filter no longer lets it pass or its status is what
    the table is sorted by, until another is selected (:meth:`select`), or filter or sorting are
    set. So the next row is always the one that was seen below. Cells that are not selected, as
    most are in a bulk decision or an undo, come and go at once.

    Without a curation nothing can be decided about them, as about events on their own.
    """

    order_changed: ClassVar[Signal] = Signal()
    """Other rows are shown, or in another order."""
    columns_changed: ClassVar[Signal] = Signal()
    """There are other columns."""
    values_changed: ClassVar[Signal] = Signal(str, tuple)
    """Values of a column changed; emitted with its key and the cells, none of them for all. For
    statuses that is "status"."""
    proposed_changed: ClassVar[Signal] = Signal(tuple)
    """Other statuses are proposed; emitted with the cells that are marked in another way now."""

    def __init__(self, names: Sequence[str], curation: Curation | None = None) -> None:
        self._names = list(names)
        self._folded = [name.casefold() for name in self._names]
        self._curation = curation
        self._metrics: dict[str, Metric] = {}
        self._values: dict[str, npt.NDArray[np.float64]] = {}
        self._filter = CellFilter()
        self._sorted_by: tuple[str, bool] | None = None
        self._selected: frozenset[int] = frozenset()
        self._proposed: dict[int, CellStatus] = {}
        self._codes = self._current_codes()
        # The statuses that rows stand by; those of selected cells stay behind.
        self._settled = self._codes.copy()
        self._natural_ranks: npt.NDArray[np.intp] | None = None
        self._ranks = np.arange(len(self._names))
        self._order = np.arange(len(self._names))
        if curation is not None:
            curation.changed.connect(self._on_decision)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def columns(self) -> list[Metric]:
        """All columns in the order they are shown: status, name, then measures."""
        first = [NAME_COLUMN] if self._curation is None else [STATUS_COLUMN, NAME_COLUMN]
        return [*first, *self._metrics.values()]

    @property
    def names(self) -> list[str]:
        """Name of each cell."""
        return list(self._names)

    @property
    def statuses(self) -> list[CellStatus] | None:
        """Status of each cell; None where there are none."""
        if self._curation is None:
            return None
        return [STATUSES[code] for code in self._codes]

    @property
    def titles(self) -> dict[str, str]:
        """Title of each column by its key."""
        return {metric.key: metric.title for metric in self.columns}

    def set_columns(self, metrics: Iterable[Metric]) -> None:
        """Have these columns of measures, and no others.

        Those that were there before keep their values; the others are empty, and no filter looks
        at them, until :meth:`set_values`.
        """
        self._metrics = {metric.key: metric for metric in metrics}
        self._values = {k: values for k, values in self._values.items() if k in self._metrics}
        self.columns_changed.emit()
        self._arrange()

    def set_values(self, values: Mapping[str, npt.ArrayLike]) -> None:
        """Fill columns, each ``(n_cells,)`` by its key; values that are not finite are undefined.

        Raises KeyError for an unknown column, and ValueError where there is not one value a cell.
        """
        for key, given in values.items():
            if key not in self._metrics:
                raise KeyError(key)
            column = np.array(given, np.float64)
            if column.shape != (len(self),):
                raise ValueError(f"{key}: values of shape {column.shape} for {len(self)} cells")
            column[~np.isfinite(column)] = np.nan
            column.flags.writeable = False
            self._values[key] = column
            self.values_changed.emit(key, ())
        if self._looked_at(values):
            self._arrange()

    def values(self, key: str) -> npt.NDArray[np.float64] | None:
        """``(n_cells,)``: a column in the order of the file, NaN where undefined. Read-only.

        None while it is not computed yet, and where there is no such column.
        """
        return self._values.get(key)

    def text(self, cell: int, key: str) -> str:
        """What stands in a cell of the table; empty where undefined or not computed yet."""
        if key == NAME:
            return self._names[cell]
        if key == STATUS:
            return STATUSES[self._codes[cell]] if self._curation is not None else ""
        values = self.values(key)
        return "" if values is None else self._metrics[key].text(float(values[cell]))

    @property
    def proposed(self) -> dict[int, CellStatus]:
        """The status that a rule would give each cell that it would change."""
        return dict(self._proposed)

    def proposal(self, cell: int) -> CellStatus | None:
        """The status that a rule would give a cell, if it would change it."""
        return self._proposed.get(cell)

    def propose(self, statuses: Mapping[int, CellStatus]) -> None:
        """Mark what a rule would change, and nothing else."""
        before, self._proposed = self._proposed, dict(statuses)
        cells = [i for i in before | self._proposed if before.get(i) != self._proposed.get(i)]
        if cells:
            self.proposed_changed.emit(tuple(cells))

    # ---- which rows, in which order

    @property
    def order(self) -> npt.NDArray[np.intp]:
        """``(n_rows,)``: the cell in each row."""
        return self._order.copy()

    @property
    def sorted_by(self) -> tuple[str, bool] | None:
        """Key of the column it is sorted by, and whether upwards; None for the file's order."""
        return self._sorted_by

    def sort_by(self, key: str | None, ascending: bool = True) -> None:
        """Sort by a column, or as the file has them.

        Undefined values come last either way; equal ones stay in the order of the file. Names are
        sorted as people count: C2 before C10. An unknown column is a KeyError.
        """
        if key is not None and key not in self.titles:
            raise KeyError(key)
        self._sorted_by = None if key is None else (key, ascending)
        self._settle()

    @property
    def filtered_by(self) -> CellFilter:
        """Which cells are let through."""
        return self._filter

    def filter_by(self, chosen: CellFilter) -> None:
        """Show only cells that are let through."""
        self._filter = chosen
        self._settle()

    def select(self, cells: Collection[int]) -> None:
        """Say which cells are selected now; rows that were kept for those before are let go."""
        self._selected = frozenset(int(cell) for cell in cells)
        self._release()

    def counts(self, filtered: bool = False) -> dict[CellStatus, int]:
        """How many cells have each status; all of them, or those in the rows that are shown."""
        if self._curation is None:
            return dict.fromkeys(STATUSES, 0)
        codes = self._codes[self._order] if filtered else self._codes
        numbers = np.bincount(codes, minlength=len(STATUSES))
        return {status: int(numbers[code]) for status, code in _CODES.items()}

    def position_of(self, cell: int) -> int | None:
        """The row that a cell is in; None where it is filtered out."""
        row = self._row_after(cell)
        return row if row < len(self._order) and self._order[row] == cell else None

    def step(self, cell: int | None, direction: int, *, clamp: bool = True) -> int | None:
        """The cell that many rows below (above, if negative) a cell.

        From a cell that is filtered out it goes on from where its row would be; from None it
        enters at the first row, or the last. Where there are not as many rows it is the last
        (first) one with `clamp`, else None.
        """
        if not len(self._order):
            return None
        last = len(self._order) - 1
        if cell is None:
            row = direction - 1 if direction > 0 else last + 1 + direction
        else:
            row = self._row_after(cell) + direction
            if direction > 0 and self.position_of(cell) is None:
                row -= 1
        if clamp:
            row = min(max(row, 0), last)
        return int(self._order[row]) if 0 <= row <= last else None

    def _row_after(self, cell: int) -> int:
        """The row that a cell is in or, if it has none, the row below its place."""
        return int(np.searchsorted(self._ranks[self._order], self._ranks[cell]))

    def _on_decision(self, cells: tuple[int, ...]) -> None:
        assert self._curation is not None
        statuses = self._curation.statuses
        codes = {cell: _CODES[statuses[cell]] for cell in cells}
        changed = tuple(cell for cell, code in codes.items() if self._codes[cell] != code)
        if changed:
            self._codes[list(changed)] = [codes[cell] for cell in changed]
            self.values_changed.emit(STATUS, changed)
            self._release()

    def _current_codes(self) -> npt.NDArray[np.int8]:
        if self._curation is None:
            return np.zeros(len(self._names), np.int8)
        return np.array([_CODES[status] for status in self._curation.statuses], np.int8)

    def _release(self) -> None:
        """Let rows stand by the statuses as they are now, all but those of selected cells."""
        kept = [cell for cell in self._selected if cell < len(self)]
        settled = self._codes.copy()
        settled[kept] = self._settled[kept]
        if not np.array_equal(settled, self._settled):
            self._settled = settled
            self._arrange()

    def _settle(self) -> None:
        self._settled = self._codes.copy()
        self._arrange()

    def _looked_at(self, keys: Iterable[str]) -> bool:
        """Whether rows depend on a column."""
        used = set(self._filter.ranges) | {self._sorted_by[0] if self._sorted_by else None}
        return not used.isdisjoint(keys)

    def _arrange(self) -> None:
        ranking = self._ranking()
        shown = self._passing()
        order = ranking[shown[ranking]]
        self._ranks = np.empty(len(self), np.intp)
        self._ranks[ranking] = np.arange(len(self))
        if not np.array_equal(order, self._order):
            self._order = order
            self.order_changed.emit()

    def _ranking(self) -> npt.NDArray[np.intp]:
        """All cells, sorted."""
        if self._sorted_by is None:
            return np.arange(len(self))
        key, ascending = self._sorted_by
        column = self._sortable(key)
        if column is None:
            return np.arange(len(self))
        placed = column.sort_values(ascending=ascending, kind="stable", na_position="last")
        return placed.index.to_numpy(np.intp)

    def _sortable(self, key: str) -> pd.Series[float] | pd.Series[int] | None:
        if key == STATUS:
            return pd.Series(self._settled)
        if key == NAME:
            if self._natural_ranks is None:
                self._natural_ranks = natural_ranks(self._names)
            return pd.Series(self._natural_ranks)
        return pd.Series(self._values[key]) if key in self._values else None

    def _passing(self) -> npt.NDArray[np.bool_]:
        """``(n_cells,)``: which cells are let through."""
        chosen = self._filter
        passing = chosen.names_pass(self._folded)
        if self._curation is not None:
            allowed = np.array([status in chosen.statuses for status in STATUSES])
            passing &= allowed[self._settled]
        for key, (low, high) in chosen.ranges.items():
            values = self.values(key)
            if values is not None:
                passing &= (values >= low) & (values <= high)
        return passing
