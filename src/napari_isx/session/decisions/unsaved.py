"""Decisions that a journal has and its cell set has not, looked up without opening a review."""

from __future__ import annotations

from napari_isx.io.cells.cell_set import CellSet
from napari_isx.session.decisions.curation import identity_of
from napari_isx.session.decisions.journal_file import JournalFile, journal_paths
from napari_isx.session.decisions.restorable import Restorable, find_restorable


def unsaved_decisions(cells: CellSet) -> Restorable | None:
    """What the journals of a file have that is not saved in it; None for cells in memory."""
    if not cells.paths:
        return None
    identity = identity_of(cells)
    if not any(
        place is not None and place.exists() for place in journal_paths(cells.paths, identity)
    ):
        return None
    return find_restorable(
        JournalFile(cells.paths, identity, "").read(), cells.names, cells.statuses
    )
