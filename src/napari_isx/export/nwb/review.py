"""Who decided what about cells, when and by what, in NWB."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from hdmf.common import DynamicTable, DynamicTableRegion, VectorData

from napari_isx.export.nwb.session import NwbSession
from napari_isx.io.cells.cell_set import CellSet, CellStatus
from napari_isx.io.errors import IsxFileError
from napari_isx.session.decisions.entries import CellSetIdentity
from napari_isx.session.decisions.journal import Journal, NoDecisionsError, read_journal
from napari_isx.session.decisions.journal_file import journal_paths


def find_journal(session: NwbSession, cells: CellSet) -> Journal | None:
    """The journal of a cell set, where there is one that is about the same cells."""
    if not cells.paths:
        return None
    beside, elsewhere = journal_paths(cells.paths, CellSetIdentity(cells.name, tuple(cells.names)))
    for path in (beside, elsewhere):
        if path is None or not path.is_file():
            continue
        try:
            journal = read_journal(path)
        except NoDecisionsError:
            continue
        except (IsxFileError, OSError) as error:
            session.note(f"the decisions of {cells.name} are left out: {error}")
            continue
        if list(journal.identity.names) == cells.names:
            return journal
        session.note(f"{path.name} is left out, as it is about other cells than {cells.name}")
    return None


def last_decisions(journal: Journal | None, num_cells: int) -> list[tuple[str, str]] | None:
    """Who decided about each cell last, and when; None without a journal."""
    if journal is None:
        return None
    last = [("", "")] * num_cells
    for entry in journal.entries:
        for change in entry.changes if entry.kind == "decided" else ():
            if change.cell < num_cells:
                last[change.cell] = (entry.user, entry.time)
    return last


def note_unsaved(
    session: NwbSession, cells: CellSet, journal: Journal | None, shown: Sequence[CellStatus]
) -> None:
    """Say where the journal has other statuses than are written."""
    if journal is None:
        return
    decided = journal.statuses()
    count = sum(a != b for a, b in zip(decided, shown, strict=True))
    if count:
        session.note(
            f"{cells.name}: the journal has decisions about {count} cells that were not saved into "
            f"the file, and are in the table of the review alone"
        )


def add_review(session: NwbSession, cells: CellSet, journal: Journal | None, table: Any) -> None:
    """Add a row for each cell of each decision."""
    if journal is None:
        return
    rows = [
        (entry, change)
        for entry in journal.entries
        if entry.kind == "decided"
        for change in entry.changes
        if change.cell < cells.num_cells
    ]
    if not rows:
        return
    plain = {
        "cell_name": ("The cell's name.", [change.name for _, change in rows]),
        "time": ("When, ISO 8601 in UTC.", [entry.time for entry, _ in rows]),
        "reviewer": ("Who decided.", [entry.user for entry, _ in rows]),
        "old_status": ("Its status before.", [change.before for _, change in rows]),
        "new_status": ("Its status after.", [change.after for _, change in rows]),
        "how": ("key, click, bulk, rule, undo, redo, ...", [entry.how for entry, _ in rows]),
        "reason": ("A rule's text, or what was undone.", [entry.note for entry, _ in rows]),
    }
    digest = hashlib.sha256(journal.path.read_bytes()).hexdigest()
    region = DynamicTableRegion(
        name="cell",
        description="About which cell.",
        data=[change.cell for _, change in rows],
        table=table,
    )
    columns = [VectorData(name=n, description=a, data=d) for n, (a, d) in plain.items()]
    session.module("review", "Decisions about cells").add(
        DynamicTable(
            name=session.name("review"),
            description=(
                f"Every decision about the cells of {cells.name}, of the journal "
                f"{journal.path.name}, whose SHA-256 is {digest}."
            ),
            columns=[region, *columns],
        )
    )
