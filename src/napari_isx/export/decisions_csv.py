"""The decision log as a table: a row for each cell of each decision."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.decisions.entries import Entry

COLUMNS: Final = ("time", "user", "cell", "name", "from", "to", "how", "note")
"""Time is UTC; cells count from 0, in the order of the file."""


def write_decisions_csv(path: str | os.PathLike[str], entries: Iterable[Entry]) -> int:
    """Write decisions into a CSV file, which replaces what was there only when it is complete.

    Parameters
    ----------
    path : str or path-like
    entries : iterable of Entry
        Of a journal (:attr:`Journal.entries`).

    Returns
    -------
    int
        How many rows there are below the header.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    rows = [
        (e.time, e.user, change.cell, change.name, change.before, change.after, e.how, e.note)
        for e in entries
        if e.kind == "decided"
        for change in e.changes
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    # With the mark by which spreadsheets know UTF-8.
    write_whole(Path(path), text.getvalue().encode("utf-8-sig", "backslashreplace"))
    return len(rows)
