"""Journals of decisions: what was decided about cells, one JSON line for each step.

A journal stands beside its cell set, in plain view and not hidden, so that it is copied and
handed on with it: another rater, or another computer, then has the decisions too. Every line is
a whole JSON object and ends with a checksum of itself, so that a line torn by a power cut is
recognised and passed over. The lines:

========  ===========================================================================
kind      what it says
========  ===========================================================================
opened    someone began to decide: the cells' names, and their statuses in the file
decided   one step: each cell that changed, from which status to which, and how
saved     the file was given these statuses
declined  the unsaved decisions of these sessions were looked at and not wanted
========  ===========================================================================

A *session* is one window's work on the set: its first line is "opened", its steps count up.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from napari_isx.io.base.labelled_set import STATUSES, CellStatus
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.source import FileSource
from napari_isx.session.decisions.entries import CellSetIdentity, Change, Entry
from napari_isx.session.decisions.replay import Replay

JOURNAL_SUFFIX: Final = ".decisions.jsonl"
FORMAT: Final = "napari-isx decisions 1"
LINE_START: Final = b'{"format":"napari-isx decisions '
MAX_JOURNAL_BYTES: Final = 64 << 20
"""Of a longer journal the end is read: a hundred thousand decisions and more."""

_KINDS: Final = ("opened", "decided", "saved", "declined")
_MAX_LINE_BYTES: Final = 16 << 20
_MAX_INDEX: Final = 1 << 31
_SUM: Final = re.compile(rb',"sum":"([0-9a-f]{8})"\}\Z')


@dataclass(frozen=True)
class Journal:
    """A journal that was read.

    Attributes
    ----------
    path : Path
    entries : tuple of Entry
        In the order in which they were written, none twice.
    identity : CellSetIdentity
        Of the cells it is about.
    """

    path: Path
    entries: tuple[Entry, ...]
    identity: CellSetIdentity

    @property
    def users(self) -> tuple[str, ...]:
        """Who decided, in order of appearance."""
        return tuple(dict.fromkeys(e.user for e in self.entries if e.kind == "decided"))

    def statuses(self, user: str | None = None) -> list[CellStatus]:
        """The status of each cell as the decisions left it, saved or not.

        Parameters
        ----------
        user : str, optional
            Only what this one decided; everyone by default.
        """
        count = len(self.identity.names)
        replay = Replay(e for e in self.entries if user is None or e.user == user)
        file = replay.in_file if len(replay.in_file) == count else None
        statuses: list[CellStatus] = list(file or ["undecided"] * count)
        for i, pending in replay.wanted.items():
            if i < count:
                statuses[i] = pending.status
        return statuses


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
    data, whole = read_tail(file)
    if not whole:
        raise IsxFileError(
            file, f"it is longer than the {MAX_JOURNAL_BYTES >> 20} MB that are read of a journal"
        )
    entries = unique_entries(parse_lines(data))
    identities = [e.identity for e in entries if e.identity is not None]
    if not identities:
        raise IsxFileError(
            file,
            "it is not a journal of decisions, or nothing in it can be read",
            f"Choose a file whose name ends in {JOURNAL_SUFFIX}.",
        )
    if not all(identities[0].is_same(other) for other in identities):
        raise IsxFileError(
            file,
            "it tells of different sets of cells",
            "Choose a journal as it was written, not several joined together.",
        )
    return Journal(file, tuple(entries), identities[0])


def read_tail(path: Path) -> tuple[bytes, bool]:
    """The end of a journal, and whether that is the whole of it."""
    source = FileSource(path)
    try:
        size = min(source.size, MAX_JOURNAL_BYTES)
        return source.read(source.size - size, size), size == source.size
    finally:
        source.close()


def parse_lines(data: bytes) -> Iterator[Entry]:
    """The entries of those lines that are whole."""
    return filter(None, map(parse_line, data.split(b"\n")))


def parse_line(line: bytes) -> Entry | None:
    """What a line says, or None where it is torn, changed or of another kind of file."""
    found = _SUM.search(line)
    if found is None or len(line) > _MAX_LINE_BYTES or not line.startswith(LINE_START):
        return None
    if f"{zlib.crc32(line[: found.start()]):08x}".encode() != found[1]:
        return None
    try:
        return _entry(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def format_line(entry: Entry) -> bytes:
    """A line of the journal, with its end."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "kind": entry.kind,
        "time": entry.time,
        "user": entry.user,
        "host": entry.host,
        "pid": entry.pid,
        "session": entry.session,
        "step": entry.step,
    }
    if entry.kind == "decided":
        values |= {"how": entry.how, "note": entry.note, "cells": entry.changes}
    if entry.statuses:
        values["statuses"] = "".join(str(STATUSES.index(s)) for s in entry.statuses)
    if entry.identity is not None:
        identity = entry.identity
        values |= {"file": identity.file, "names": identity.names, "content": identity.content}
    if entry.sessions:
        values["sessions"] = entry.sessions
    # ASCII, so that no name can break a line or fail to be encoded.
    body = json.dumps(values, separators=(",", ":")).encode("ascii")[:-1]
    return body + f',"sum":"{zlib.crc32(body):08x}"}}\n'.encode()


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
        identity = CellSetIdentity(
            _text(values["file"]), tuple(map(_text, values["names"])), _text(values["content"])
        )
        if len(digits) != len(identity.names):
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
