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
import io
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
        The file or its folder cannot be written; the file is as it was, or, where the disk does
        not even take the old statuses back, the journal holds the new ones.
    """
    with contextlib.closing(FileSource(path)) as source:
        current = recover_statuses(source, read_footer(source))
        in_file = source.read(current.payload_bytes, len(current.text))
    if _without_statuses(current.values) != _without_statuses(opened.values) or (
        current.payload_bytes != opened.payload_bytes
    ):
        raise IsxFileError(path, "it is not the file that was opened any more", _CHANGED_ADVICE)
    text = _replace_codes(path, current, codes)
    journal = _journal_path(path)
    if text != in_file:
        with path.open("r+b", buffering=0) as handle:
            span = _Span(path, handle, current.payload_bytes, len(text))
            if in_file != current.text:  # torn: mended first, as the next journal replaces this one
                span.overwrite(in_file, current.text)
            if text != current.text:
                _write_journal(journal, current.text + b"\0" + text)
                _overwrite_or_undo(span, current.text, text, journal)
    with contextlib.closing(FileSource(path)) as source:
        written = read_footer(source)
    if written.text != text:
        raise IsxFileError(
            path,
            "the statuses do not read back as they were written",
            f"They are kept in {journal.name} beside the file, and are used when it is opened.",
        )
    with contextlib.suppress(OSError):  # one that stays is overruled by the file
        journal.unlink()
    return written


def recover_statuses(source: FileSource, footer: Footer) -> Footer:
    """Return the footer that counts: the file's, or the intended one if a save was torn apart.

    A footer is torn if each sector of it is that of the journal's old or that of its new footer,
    and it is neither as a whole. Nothing is written.
    """
    try:
        with contextlib.closing(FileSource(_journal_path(source.path))) as journal:
            if journal.size != 2 * len(footer.text) + 1:
                return footer
            old, _, new = journal.read(0, journal.size).partition(b"\0")
    except (OSError, IsxFileError):
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


def _journal_path(path: Path) -> Path:
    """Beside the file itself, by whatever link it was reached."""
    return Path(os.path.realpath(path) + JOURNAL_SUFFIX)


def _without_statuses(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != _KEY}


def _replace_codes(path: Path, footer: Footer, codes: Sequence[int]) -> bytes:
    """The footer's text with other digits in its list of statuses, of the same length."""
    wanted = {**footer.values, _KEY: list(codes)}
    for text in _candidates(footer.text, codes):
        with contextlib.suppress(IsxFileError):  # another list, not of single digits
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


class _Span:
    """The footer's text within a file that is open for writing."""

    def __init__(self, path: Path, handle: io.FileIO, offset: int, size: int) -> None:
        self._path, self._handle, self._offset = path, handle, offset
        if os.fstat(handle.fileno()).st_size != offset + size + TRAILER_BYTES:
            raise IsxFileError(path, "it changed while it was being saved", _CHANGED_ADVICE)

    def overwrite(self, old: bytes, new: bytes) -> None:
        """Replace the bytes that differ, in a single write."""
        differing = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        first, last = differing[0], differing[-1] + 1
        self._handle.seek(self._offset + first)
        written = self._handle.write(new[first:last])
        if written != last - first:  # a disk error; what is missing is in the journal
            raise OSError(5, "the file took only a part of the statuses", str(self._path))
        os.fsync(self._handle.fileno())


def _overwrite_or_undo(span: _Span, old: bytes, new: bytes, journal: Path) -> None:
    """Overwrite, or leave the file as it was and no journal, if the disk lets us."""
    try:
        span.overwrite(old, new)
    except OSError:
        with contextlib.suppress(OSError):
            span.overwrite(new, old)
            journal.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Make a new name durable, where a folder can be synced: not on Windows, nor on every share."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
