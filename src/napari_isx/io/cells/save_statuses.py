"""Changing cell statuses inside a file so that no crash can hurt it.

A status is one digit in the footer's JSON text, so new statuses fit exactly in place of the old
ones. The order of writing is what makes the change safe:

1. the old statuses are kept in the journal beside the file
   (:mod:`napari_isx.io.cells.status_backups`), for taking the change back at any later time;
2. the old and the new footer go to a file beside it, and to the disk;
3. one write replaces the span of digits in the file, and goes to the disk;
4. the file is read back, and the other one removed.

Killed before 3 the file is the old one, after 3 the new one. A power cut may tear the write of
step 3 itself, so that some sectors of the disk are old and some new; then the other file says what
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
from typing import Final

from napari_isx.io.base.labelled_set import STATUSES
from napari_isx.io.cells.status_backups import cells_of, keep_statuses, kept_statuses
from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.io.format.container import TRAILER_BYTES, Footer, parse_footer, read_footer
from napari_isx.io.format.json_fields import parse_json_object
from napari_isx.io.format.source import FileSource

JOURNAL_SUFFIX: Final = ".statuses-journal"

_KEY: Final = "CellStatuses"
# What a disk writes whole or not at all.
_SECTOR_BYTES: Final = 512
_ARRAY: Final = re.compile(rb'"CellStatuses"\s*:\s*\[([0-9\s,]*)\]')
_DIGIT: Final = re.compile(rb"[0-9]")
_NOTHING_WRITTEN: Final = "Nothing was written."
_CHANGED_ADVICE: Final = (
    "Nothing was written. Open the file again to see its present state, and decide again."
)

logger = logging.getLogger(__name__)


def update_statuses(path: Path, opened: Footer, codes: Sequence[int]) -> Footer:
    """Write status codes (one digit per cell) into a cell set's footer; return the new footer.

    The file must still have the same cells as the footer that was read when it was opened. What
    else another program changed in the footer stays as it is.

    Raises
    ------
    IsxFileError
        The file changed since it was opened, or reads back differently.
    OSError
        The file or its folder cannot be written; the file is as it was, or, where the disk does
        not even take the old statuses back, the journal holds the new ones.
    """
    current, in_file = _read_current(path)
    before = cells_of(opened.payload_bytes, opened.values)
    if cells_of(current.payload_bytes, current.values) != before:
        raise IsxFileError(path, "it is not the file that was opened any more", _CHANGED_ADVICE)
    return _put(path, current, in_file, _replace_codes(path, current, codes))


def restore_footer(path: Path) -> Footer:
    """Put statuses back that an earlier save replaced, and return the file's footer.

    Of those that are kept they are the last that differ from the file's. What is replaced now is
    kept in its turn, so that this can be taken back too.

    Raises
    ------
    IsxFileError
        Nothing is kept of it, or the file has other cells by now.
    OSError
        As for :func:`update_statuses`.
    """
    current, in_file = _read_current(path)
    kept = kept_statuses(path)[::-1]
    cells, now = cells_of(current.payload_bytes, current.values), current.values.get(_KEY)
    fitting = [one.codes for one in kept if one.cells == cells]
    for codes in fitting:
        if isinstance(now, list) and len(codes) == len(now) and codes != now:
            return _put(path, current, in_file, _replace_codes(path, current, codes))
    finding = "it has the statuses that were kept, so there is nothing to go back to"
    if not kept:
        finding = "no earlier statuses are kept of it"
    elif not fitting:
        finding = "it has other cells than when those statuses were kept"
    raise IsxFileError(path, finding, _NOTHING_WRITTEN)


def statuses_in_file(path: Path, names: Sequence[str]) -> list[int]:
    """The status codes that a cell set's file has now.

    Raises IsxFileError where it has other cells, or is no cell set any more.
    """
    current, _ = _read_current(path)
    codes = current.fields.integers(_KEY, 0, len(STATUSES) - 1)
    if current.fields.strings("CellNames") != list(names) or len(codes) != len(names):
        raise IsxFileError(path, "it is not the file that was opened any more", _CHANGED_ADVICE)
    return codes


def _read_current(path: Path) -> tuple[Footer, bytes]:
    """The footer that counts now, and its text as the file has it, which may be torn."""
    with contextlib.closing(FileSource(path)) as source:
        current = recover_statuses(source, read_footer(source))
        return current, source.read(current.payload_bytes, len(current.text))


def _put(path: Path, current: Footer, in_file: bytes, text: bytes) -> Footer:
    """Give the file a footer of the same length, and read it back."""
    journal = _journal_path(path)
    if text != in_file:
        with path.open("r+b", buffering=0) as handle:
            span = _Span(path, handle, current.payload_bytes, len(text))
            if in_file != current.text:  # torn: mended first, as the next journal replaces this one
                span.overwrite(in_file, current.text)
            if text != current.text:
                keep_statuses(path, current)
                write_whole(journal, current.text + b"\0" + text)
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
        _NOTHING_WRITTEN,
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
