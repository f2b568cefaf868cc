"""What was decided about the cells of a set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from psygnal import Signal

from napari_isx.io.cells import CellSet, CellStatus


class Curation:
    """The statuses of a cell set as they stand in this session.

    All views show these; the file has them only after :meth:`save`.
    """

    changed: ClassVar[Signal] = Signal()
    """A status changed."""

    def __init__(self, cells: CellSet) -> None:
        self._cells = cells
        self._statuses = cells.statuses

    @property
    def statuses(self) -> list[CellStatus]:
        """One status per cell."""
        return list(self._statuses)

    @property
    def is_saved(self) -> bool:
        """Whether the file has the same statuses."""
        return self._statuses == self._cells.statuses

    def status(self, i: int) -> CellStatus:
        """The status of one cell."""
        return self._statuses[i]

    def decide(self, cells: Iterable[int], status: CellStatus) -> None:
        """Give cells a status; ``changed`` is emitted once if that changes any."""
        before = self.statuses
        for i in cells:
            self._statuses[i] = status
        if self._statuses != before:
            self.changed.emit()

    def save(self) -> None:
        """Write the statuses into the file.

        Raises
        ------
        IsxFileError, OSError
            As :meth:`CellSet.save_statuses` does; the decisions stay here.
        """
        self._cells.save_statuses(self._statuses)
