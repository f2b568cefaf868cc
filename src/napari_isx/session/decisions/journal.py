"""Journals of decisions: what was decided about cells, one JSON line for each step.

A journal stands beside its cell set (:mod:`napari_isx.io.cells.journal_lines`): another rater, or
another computer, to which both are copied, then has the decisions too. The lines:

========  ===========================================================================
kind      what it says
========  ===========================================================================
opened    someone began to decide: the cells' names, and their statuses in the file
decided   one step: each cell that changed, from which status to which, and how
replaced  a save is about to replace these statuses in the file; no entry, see there
saved     the file was given these statuses
declined  the unsaved decisions of these sessions were looked at and not wanted
========  ===========================================================================

A *session* is one window's work on the set: its first line is "opened", its steps count up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.labelled_set import STATUSES, CellStatus
from napari_isx.io.cells import journal_lines
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.io.errors import IsxFileError
from napari_isx.session.decisions.entries import CellSetIdentity, Change, Entry
from napari_isx.session.decisions.replay import Replay

_KINDS: Final = ("opened", "decided", "saved", "declined")
_MAX_INDEX: Final = 1 << 31


@dataclass(frozen=True)
class Journal:
    """A journal that was read: its entries, as they were written, and the cells it is about."""

    path: Path
    entries: tuple[Entry, ...]
    identity: CellSetIdentity

    @property
    def users(self) -> tuple[str, ...]:
        """Who decided, in order of appearance."""
        return tuple(dict.fromkeys(e.user for e in self.entries if e.kind == "decided"))

    def statuses(self, user: str | None = None) -> list[CellStatus]:
        """The status of each cell as the decisions, of all or of one, left it, saved or not."""
        count = len(self.identity.names)
        replay = Replay(e for e in self.entries if user is None or e.user == user)
        file = replay.in_file if len(replay.in_file) == count else None
        statuses: list[CellStatus] = list(file or ["undecided"] * count)
        for i, pending in replay.wanted.items():
            if i < count:
                statuses[i] = pending.status
        return statuses


class NoDecisionsError(IsxFileError):
    """A journal is sound, but nobody has decided about a cell in it."""


def read_journal(path: str | os.PathLike[str]) -> Journal:
    """Read a journal, passing over torn lines.

    Raises
    ------
    IsxFileError
        It is not a journal of decisions, is longer than can be real, or tells of another set of
        cells half way.
    OSError
        It cannot be read.
    """
    file = Path(os.path.abspath(path))
    data, whole = journal_lines.read_tail(file)
    if not whole:
        megabytes = journal_lines.MAX_JOURNAL_BYTES >> 20
        raise IsxFileError(file, f"it is longer than the {megabytes} MB that are read of a journal")
    entries = unique_entries(parse_entries(data))
    identities = [e.identity for e in entries if e.identity is not None]
    if not identities:
        hint = f"Choose a file whose name ends in {JOURNAL_SUFFIX}."
        if any(journal_lines.parse_lines(data)):
            finding = "nobody has decided about cells in it yet: it only keeps what saves replaced"
            raise NoDecisionsError(file, finding, hint)
        raise IsxFileError(
            file, "it is not a journal of decisions, or nothing in it can be read", hint
        )
    if not all(identities[0].is_same(other) for other in identities):
        raise IsxFileError(
            file,
            "it is about different sets of cells",
            "Choose a journal as it was written, not several joined together.",
        )
    return Journal(file, tuple(entries), identities[0])


def parse_entries(data: bytes) -> Iterator[Entry]:
    """The entries of those lines that are whole."""
    return filter(None, map(parse_entry, data.split(b"\n")))


def parse_entry(line: bytes) -> Entry | None:
    """What a line says, or None where it is torn, changed, malformed or no entry."""
    values = journal_lines.parse_line(line)
    try:
        return _entry(values) if values is not None else None
    except (ValueError, KeyError, TypeError):
        return None


def format_entry(entry: Entry) -> bytes:
    """A line of the journal, with its end."""
    first = ("kind", "time", "user", "host", "pid", "session", "step")
    values: dict[str, Any] = {name: getattr(entry, name) for name in first}
    if entry.kind == "decided":
        values |= {"how": entry.how, "note": entry.note, "cells": entry.changes}
    if entry.statuses:
        values["statuses"] = "".join(str(STATUSES.index(s)) for s in entry.statuses)
    if entry.identity is not None:
        identity = entry.identity
        values |= {"file": identity.file, "names": identity.names, "content": identity.content}
    if entry.sessions:
        values["sessions"] = entry.sessions
    return journal_lines.format_line(**values)


def unique_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Entries without those that were written again after a disk error."""
    return list({entry.key: entry for entry in entries}.values())


def _entry(values: dict[str, Any]) -> Entry:
    """A line's values, checked; raises ValueError, KeyError or TypeError for what is none."""
    kind = values["kind"]
    if kind not in _KINDS:
        raise ValueError(kind)
    datetime.fromisoformat(values["time"])
    digits = values.get("statuses", "")
    identity = None
    if kind == "opened":
        names = tuple(map(_text, values["names"]))
        identity = CellSetIdentity(_text(values["file"]), names, _text(values["content"]))
        if len(digits) != len(names):
            raise ValueError(digits)
    return Entry(
        kind,
        values["time"],
        _text(values["user"]),
        _text(values["host"]),
        _whole(values["pid"]),
        _text(values["session"]),
        _whole(values["step"]),
        _text(values.get("how", "")),
        _text(values.get("note", "")),
        tuple(_change(*cell) for cell in values.get("cells", ())),
        tuple(STATUSES["012".index(digit)] for digit in digits),
        identity,
        tuple(map(_text, values.get("sessions", ()))),
    )


def _change(cell: Any, name: Any, before: Any, after: Any) -> Change:
    if before not in STATUSES or after not in STATUSES:
        raise ValueError(before, after)
    return Change(_whole(cell), _text(name), before, after)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < _MAX_INDEX:
        raise TypeError(value)
    return value
