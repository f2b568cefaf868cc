"""Changing cell statuses inside a file so that no crash can hurt it.

A status is one digit in the footer's JSON text, so new statuses fit exactly in place of the old
ones. The order of writing is what makes the change safe:

1. the old and the new footer go to a journal beside the file, and to the disk;
2. one write replaces the span of digits in the file, and goes to the disk;
3. the file is read back, and the journal removed.

Killed before 2 the file is the old one, after 2 the new one. A power cut may tear the write of
step 2 itself, so that some sectors of the disk are old and some new; then the journal says what
the footer was to be, and :func:`recover_statuses` reads it so. Nothing is written on opening.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from napari_isx.io.container import TRAILER_BYTES, Footer, parse_footer, read_footer
from napari_isx.io.errors import IsxFileError
from napari_isx.io.fields import parse_json_object
from napari_isx.io.source import FileSource

JOURNAL_SUFFIX: Final = ".statuses-journal"

_KEY: Final = "CellStatuses"
# What a disk writes whole or not at all.
_SECTOR_BYTES: Final = 512
_ARRAY: Final = re.compile(rb'"CellStatuses"\s*:\s*\[([0-9\s,]*)\]')
_DIGIT: Final = re.compile(rb"[0-9]")
_CHANGED_ADVICE: Final = (
    "Nothing was written. Open the file again to see its present state, and decide anew."
)

logger = logging.getLogger(__name__)


def update_statuses(path: Path, opened: Footer, codes: Sequence[int]) -> Footer:
    """Write status codes (one digit each) into a cell set's footer; return the new footer.

    Parameters
    ----------
    path : Path
        The file.
    opened : Footer
        The footer as it was when the file was opened: the file must still be the same but for
        its statuses.
    codes : sequence of int
        One code from 0 to 9 per cell.

    Raises
    ------
    IsxFileError
        The file changed since it was opened, or reads back differently.
    OSError
        The file or its folder cannot be written; the file is as it was.
    """
    with contextlib.closing(FileSource(path)) as source:
        current = recover_statuses(source, read_footer(source))
        in_file = source.read(current.payload_bytes, len(current.text))
    if _without_statuses(current.values) != _without_statuses(opened.values) or (
        current.payload_bytes != opened.payload_bytes
    ):
        raise IsxFileError(path, "it is not the file that was opened any more", _CHANGED_ADVICE)
    text = _replace_codes(path, current, codes)
    journal = path.with_name(path.name + JOURNAL_SUFFIX)
    if text != in_file:
        _write_journal(journal, in_file + b"\0" + text)
        _overwrite_span(path, current.payload_bytes, in_file, text)
    with contextlib.closing(FileSource(path)) as source:
        written = read_footer(source)
    if written.text != text:
        raise IsxFileError(
            path,
            "the statuses do not read back as they were written",
            f"They are kept in {journal.name} beside the file, and are used when it is opened.",
        )
    with contextlib.suppress(FileNotFoundError):
        journal.unlink()
    return written


def recover_statuses(source: FileSource, footer: Footer) -> Footer:
    """Return the footer that counts: the file's, or the intended one if a save was torn apart.

    A footer is torn if each sector of it is that of the journal's old or that of its new footer,
    and it is neither as a whole. Nothing is written.
    """
    journal = source.path.with_name(source.path.name + JOURNAL_SUFFIX)
    try:
        old, _, new = journal.read_bytes().partition(b"\0")
    except OSError:
        return footer
    if footer.text in (old, new) or not len(old) == len(new) == len(footer.text):
        return footer
    sectors = (
        slice(max(start - footer.payload_bytes, 0), start + _SECTOR_BYTES - footer.payload_bytes)
        for start in range(
            footer.payload_bytes // _SECTOR_BYTES * _SECTOR_BYTES,
            footer.payload_bytes + len(old),
            _SECTOR_BYTES,
        )
    )
    if not all(footer.text[part] in (old[part], new[part]) for part in sectors):
        return footer
    logger.warning("%s: a save was interrupted; using the statuses it was to write", source.path)
    return parse_footer(source, new, footer.payload_bytes)


def _without_statuses(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != _KEY}


def _replace_codes(path: Path, footer: Footer, codes: Sequence[int]) -> bytes:
    """The footer's text with other digits in its list of statuses, of the same length."""
    wanted = {**footer.values, _KEY: list(codes)}
    for text in _candidates(footer.text, codes):
        if parse_json_object(path, text, "new footer") == wanted:
            return text
    raise IsxFileError(
        path,
        f"its list '{_KEY}' is not written as single digits, so it cannot be changed in place",
        "Nothing was written.",
    )


def _candidates(text: bytes, codes: Sequence[int]) -> Iterator[bytes]:
    """The text with the codes put into each list of the right name and length.

    More than one may look right, where the name occurs again inside the recording's own
    metadata; which one is the cell set's is for the caller to see.
    """
    for match in _ARRAY.finditer(text):
        digits = [m.start() + match.start(1) for m in _DIGIT.finditer(match[1])]
        if len(digits) == len(codes):
            changed = bytearray(text)
            for at, code in zip(digits, codes, strict=True):
                changed[at] = ord(str(code))
            yield bytes(changed)


def _write_journal(journal: Path, text: bytes) -> None:
    """Put the journal in place complete or not at all."""
    partial = journal.with_name(journal.name + ".part")
    try:
        with partial.open("wb") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, journal)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(journal.parent)


def _overwrite_span(path: Path, offset: int, old: bytes, new: bytes) -> None:
    """Replace the bytes that differ, in a single write."""
    differing = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    first, last = differing[0], differing[-1] + 1
    with path.open("r+b", buffering=0) as handle:
        if os.fstat(handle.fileno()).st_size != offset + len(new) + TRAILER_BYTES:
            raise IsxFileError(path, "it changed while it was being saved", _CHANGED_ADVICE)
        handle.seek(offset + first)
        written = handle.write(new[first:last])
        if written != last - first:  # a disk error; what is missing is in the journal
            raise OSError(5, "the file took only a part of the statuses", str(path))
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new name durable, where the system lets a folder be synced (Windows does not)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
