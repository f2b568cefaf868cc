"""Statuses as they were before a save replaced them, kept in the journal beside the file.

Each save appends a line of kind "replaced" with the digits that it is about to replace, and what
cells they are of. Files saved by earlier versions have whole footers instead, in a file of their
own with the suffix ``.statuses-backup``; these are read, and none is written any more.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from napari_isx.io.base.labelled_set import STATUSES
from napari_isx.io.cells import journal_lines
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.container import MAX_FOOTER_BYTES, Footer
from napari_isx.io.format.source import FileSource

OLD_SUFFIX: Final = ".statuses-backup"

_KEY: Final = "CellStatuses"
_CELL_KEYS: Final = ("type", "CellNames", "timingInfo", "spacingInfo")
_MAX_OLD_BYTES: Final = 256 << 20
_DIGITS: Final = "".join(map(str, range(len(STATUSES))))


class Kept(NamedTuple):
    """The statuses that a save replaced."""

    time: str
    """When; ISO 8601, UTC."""
    cells: str
    """Which cells, by :func:`cells_of`."""
    codes: list[int]


def cells_of(payload_bytes: int, values: dict[str, Any]) -> str:
    """A hash of which cells a footer describes, and of the size of their data.

    Not of all that a footer says: Inscopix' software, when it saves statuses, also gives its own
    version, and adds keys that an older one did not have.
    """
    described = [payload_bytes, *(values.get(key) for key in _CELL_KEYS)]
    text = json.dumps(described, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def kept_statuses(path: Path) -> list[Kept]:
    """The statuses kept of a file, oldest first; what cannot be read is passed over."""
    found: list[Kept] = []
    for journal in journal_lines.journal_paths(path):
        with contextlib.suppress(OSError, IsxFileError):
            data, _ = journal_lines.read_tail(journal)
            lines = (line for line in data.split(b"\n") if b'"kind":"replaced"' in line)
            found += _read(b"\n".join(lines))
    return [*_old(path), *sorted(found, key=itemgetter(0))]


def keep_statuses(path: Path, footer: Footer) -> None:
    """Keep the statuses that a footer has, before they are replaced.

    Where the journal beside the file cannot be written they go to the one in the user's folder.

    Raises
    ------
    OSError
        Neither can be written.
    """
    kept = kept_statuses(path)
    codes, cells = footer.fields.integers(_KEY, 0, 9), cells_of(footer.payload_bytes, footer.values)
    if kept and (kept[-1].cells, kept[-1].codes) == (cells, codes):
        return
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    digits = "".join(map(str, codes))
    line = journal_lines.format_line(kind="replaced", time=time, cells=cells, statuses=digits)
    beside, elsewhere = journal_lines.journal_paths(path)
    try:
        journal_lines.append_line(beside, line)
    except OSError:
        elsewhere.parent.mkdir(parents=True, exist_ok=True)
        journal_lines.append_line(elsewhere, line)


def _read(data: bytes) -> Iterator[Kept]:
    for values in journal_lines.parse_lines(data):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            codes = [_DIGITS.index(digit) for digit in values["statuses"]]
            datetime.fromisoformat(values["time"])
            yield Kept(values["time"], values["cells"], codes)


def _old(path: Path) -> Iterator[Kept]:
    """What earlier versions kept: a line of JSON for each footer."""
    try:
        with contextlib.closing(FileSource(os.path.realpath(path) + OLD_SUFFIX)) as source:
            lines = source.read(0, source.size).split(b"\n") if source.size < _MAX_OLD_BYTES else []
    except (OSError, IsxFileError):
        return
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError, zlib.error):
            values = json.loads(line)
            packed = base64.b64decode(values["footer"], validate=True)
            # Never more than a footer may have, whatever it claims to unpack to.
            text = zlib.decompressobj().decompress(packed, MAX_FOOTER_BYTES)
            footer, time, offset = json.loads(text), values["kept"], values["offset"]
            codes = footer[_KEY]
            datetime.fromisoformat(time)
            known = all(type(code) is int and code in range(len(STATUSES)) for code in codes)
            if known and isinstance(offset, int) and zlib.crc32(text) == values["sum"]:
                yield Kept(time, cells_of(offset, footer), list(codes))
