"""Writing a journal of decisions so that each is on the disk before the next can be taken."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

import platformdirs
from psygnal import Signal

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.atomic_write import replace, sync_folder
from napari_isx.io.format.source import FileSource
from napari_isx.session.decisions.entries import CellSetIdentity, Entry
from napari_isx.session.decisions.journal import (
    JOURNAL_SUFFIX,
    LINE_START,
    format_line,
    parse_lines,
    read_tail,
    unique_entries,
)

DATA_FOLDER_VARIABLE: Final = "NAPARI_ISX_DATA"
"""Environment variable that names another folder for what belongs to the user."""

_HEAD_BYTES: Final = 16 << 20
_RETRY_S: Final = 30.0
# Systems allow 255 bytes, and a character may take four.
_NAME_CHARACTERS: Final = 50
_OPEN_FLAGS: Final = ("BINARY", "CLOEXEC", "NONBLOCK", "NOINHERIT")


def user_folder() -> Path:
    """Where journals go that cannot stand beside their cell set."""
    chosen = os.environ.get(DATA_FOLDER_VARIABLE)
    folder = Path(chosen) if chosen else platformdirs.user_data_path("napari-isx", appauthor=False)
    return folder / "journals"


def journal_paths(paths: Sequence[Path], identity: CellSetIdentity) -> tuple[Path, Path | None]:
    """Where the journal of a cell set, or of a series of them, stands: beside it, or else.

    By whatever link the set was reached, it is the same. That of cells in memory is in the user's
    folder alone, by their content, so that equal cells get their decisions back.
    """
    if not paths:
        return user_folder() / f"memory-{identity.content}{JOURNAL_SUFFIX}", None
    real = os.path.realpath(paths[0])
    suffix = JOURNAL_SUFFIX if len(paths) == 1 else f".series{JOURNAL_SUFFIX}"
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    name = os.path.basename(real) + suffix
    return Path(real).with_name(name), user_folder() / f"{digest}-{name[-_NAME_CHARACTERS:]}"


class JournalFile:
    """The journal of one window's work on a cell set.

    Lines go to the journal beside the set; where that fails, to the one in the user's own
    folder; where that fails too, they wait here until one of both works again. A place that
    works is always given all lines it lacks. Nothing here raises an error of the disk.

    Parameters
    ----------
    paths : sequence of Path
        The cell set's files.
    identity : CellSetIdentity
        Journals about other cells are moved aside, not written to.
    session : str
        This window's name in the journal.
    """

    notice: ClassVar[Signal] = Signal(str)
    """Something the user should know, once."""
    trouble: ClassVar[Signal] = Signal(str)
    """Decisions are in memory only."""
    conflict: ClassVar[Signal] = Signal(str)
    """Someone else decides about the same cells."""

    def __init__(self, paths: Sequence[Path], identity: CellSetIdentity, session: str) -> None:
        beside, elsewhere = journal_paths(paths, identity)
        self.identity = identity
        self.session = session
        self.num_lines = 0
        self._lines: list[bytes] = []
        self._beside = _Place(beside, makes_folder=elsewhere is None)
        self._elsewhere = None if elsewhere is None else _Place(elsewhere, makes_folder=True)
        self._retry_at = 0.0
        self._others: set[str] = set()
        self._in_trouble = False
        self._told_elsewhere = False
        self._lock = threading.RLock()  # a worker saves while the window decides

    @property
    def path(self) -> Path | None:
        """Where all lines are on the disk; None while some are in memory only."""
        return next((p.path for p in self._places if p.done == len(self._lines) > 0), None)

    @property
    def _places(self) -> tuple[_Place, ...]:
        return tuple(place for place in (self._beside, self._elsewhere) if place is not None)

    @property
    def is_complete(self) -> bool:
        """Whether every line is on a disk."""
        return not self._lines or self.path is not None

    def read(self) -> list[Entry]:
        """What any window wrote about these cells, in both places, in order of time."""
        dated: list[tuple[str, Entry]] = []
        sources = [*(place.entries(self.identity) for place in self._places), self._own()]
        for entries in sources:
            latest = ""
            for entry in entries:
                latest = max(latest, entry.time)  # a clock set back changes no order
                dated.append((latest, entry))
        dated.sort(key=_first)
        return unique_entries(entry for _, entry in dated)

    def read_others(self) -> list[Entry]:
        """What other windows wrote."""
        return [entry for entry in self.read() if entry.session != self.session]

    def append(self, *entries: Entry) -> None:
        """Write lines, with all that could not be written before, and wait for the disk."""
        with self._lock:
            self._lines += [format_line(entry) for entry in entries]
            self.num_lines = len(self._lines)
            self.retry()

    def retry(self, *, at_once: bool = False) -> None:
        """Write what could not be written before, if anything.

        Parameters
        ----------
        at_once : bool
            Also beside the cell set, where that failed a moment ago.
        """
        with self._lock:
            self._retry(at_once)

    def _retry(self, at_once: bool) -> None:
        if not self._lines:
            return
        error = self._write_beside(at_once)
        if error is not None:
            error = self._write_elsewhere(error)
        if error is None and self._in_trouble:
            self.notice.emit(f"All decisions about {self._name} are on the disk again.")
        if error is not None and not self._in_trouble:
            self.trouble.emit(
                f"Decisions about {self._name} cannot be written to the disk: {_said(error)}. "
                "They are in this window only, so keep it open; the next decision tries again."
            )
        self._in_trouble = error is not None

    def _own(self) -> list[Entry]:
        return list(parse_lines(b"".join(self._lines)))

    @property
    def _name(self) -> str:
        return self.identity.file

    def _write_beside(self, at_once: bool) -> OSError | None:
        """Returns what went wrong; a share that is gone is not waited for at each decision."""
        usable = self._elsewhere is not None and self._elsewhere.done > 0 and not self._in_trouble
        if usable and not at_once and time.monotonic() < self._retry_at:
            return OSError(errno.EAGAIN, "not tried again yet")
        error = self._write(self._beside)
        if error is not None:
            self._retry_at = time.monotonic() + _RETRY_S
        return error

    def _write_elsewhere(self, beside_error: OSError) -> OSError | None:
        if self._elsewhere is None:
            return beside_error
        error = self._write(self._elsewhere)
        if error is not None:
            return beside_error if beside_error.errno != errno.EAGAIN else error
        if not self._told_elsewhere:
            self._told_elsewhere = True
            self.notice.emit(
                f"Decisions about {self._name} cannot be noted beside it "
                f"({_said(beside_error)}); they are in {self._elsewhere.path} instead."
            )
        return None

    def _write(self, place: _Place) -> OSError | None:
        try:
            aside, foreign = place.write(self._lines, self.identity)
        except OSError as error:
            return error
        except IsxFileError as error:  # it got shorter while it was read
            return OSError(errno.EIO, error.finding, error.path)
        if aside is not None:
            self.notice.emit(
                f"The journal found beside {self._name} is about other cells; it is kept as "
                f"{aside.name}, and a new one was begun."
            )
        self._tell_of(entry for entry in foreign if entry.session != self.session)
        return None

    def _tell_of(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.session not in self._others and entry.kind in ("decided", "saved"):
                self._others.add(entry.session)
                self.conflict.emit(
                    f"{entry.user} on {entry.host} is deciding about {self._name} too, in "
                    "another window. The journal keeps both; whoever saves second is shown the "
                    "differences first."
                )


class _Place:
    """One file that lines are appended to."""

    def __init__(self, path: Path, *, makes_folder: bool = False) -> None:
        self.path = path
        self.done = 0
        """How many of this window's lines it has."""
        self._makes_folder = makes_folder
        self._file, self._seen = self._look()
        self._is_checked = False

    def entries(self, identity: CellSetIdentity) -> list[Entry]:
        """What the file says, if it is about these cells."""
        try:
            if self._is_other(identity):
                return []
            return list(parse_lines(read_tail(self.path)[0]))
        except (OSError, ValueError):
            return []

    def write(
        self, lines: Sequence[bytes], identity: CellSetIdentity
    ) -> tuple[Path | None, list[Entry]]:
        """Append the lines that are missing, in one write, and wait for the disk.

        Returns
        -------
        aside : Path or None
            Where a journal about other cells was moved.
        entries : list of Entry
            What was appended since the last time.
        """
        if self._makes_folder:  # never beside a cell set: its folder is gone for a reason
            self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._check(identity)
        seen = self._seen
        handle, is_new = self._open()
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "it is not a file", str(self.path))
            size, file = status.st_size, (status.st_dev, status.st_ino)
            foreign = self._appended(handle, seen, size)
            torn = size > 0 and _read_at(handle, size - 1, 1) != b"\n"
            data = b"\n" * torn + b"".join(lines[self.done :])
            if os.write(handle, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(handle)
            end = os.lseek(handle, 0, os.SEEK_CUR)
        finally:
            os.close(handle)
        if is_new:
            sync_folder(self.path.parent)
        # Lines of another window that came between are looked at the next time.
        self._seen = end if end - len(data) == size else size
        self._file, self._is_checked, self.done = file, True, len(lines)
        return aside, foreign

    def _open(self) -> tuple[int, bool]:
        """A handle that appends, and whether the file is new."""
        flags = os.O_RDWR | os.O_APPEND | sum(getattr(os, f"O_{f}", 0) for f in _OPEN_FLAGS)
        try:
            return os.open(self.path, flags), False
        except FileNotFoundError:
            return os.open(self.path, flags | os.O_CREAT, 0o666), True

    def _look(self) -> tuple[tuple[int, int] | None, int]:
        """Which file is there, and its size."""
        try:
            status = self.path.stat()
        except OSError:
            return None, 0
        return (status.st_dev, status.st_ino), status.st_size

    def _check(self, identity: CellSetIdentity) -> Path | None:
        """See that it is the file written to before, or begin a new one; move another aside."""
        file, size = self._look()
        if self._is_checked and file == self._file and size >= self._seen:
            return None
        if file != self._file or size < self._seen:  # it was removed, replaced or cut
            self.done = self._seen = 0
        return self._move_aside() if self._is_other(identity) else None

    def _appended(self, handle: int, seen: int, size: int) -> list[Entry]:
        start = max(seen, size - _HEAD_BYTES)
        return list(parse_lines(_read_at(handle, start, size - start))) if size > start else []

    def _is_other(self, identity: CellSetIdentity) -> bool:
        """Whether the file exists and is not the journal of these cells."""
        try:
            source = FileSource(self.path)
        except FileNotFoundError:
            return False
        try:
            head = source.read(0, min(source.size, _HEAD_BYTES))
        finally:
            source.close()
        for entry in parse_lines(head):
            if entry.identity is not None:
                return not entry.identity.is_same(identity)
        start = head.strip(b"\0\n")[: len(LINE_START)]
        return not LINE_START.startswith(start)

    def _move_aside(self) -> Path:
        """Give the file a name that no other has."""
        stem = self.path.name.removesuffix(JOURNAL_SUFFIX)
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        for n in range(1, 10_000):
            number = "" if n == 1 else f"-{n}"
            target = self.path.with_name(f"{stem}.other-cells-{day}{number}{JOURNAL_SUFFIX}")
            try:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                continue
            replace(self.path, target)
            self._seen = 0
            return target
        raise OSError(errno.EEXIST, "too many journals were moved aside", str(self.path))


def _read_at(handle: int, offset: int, size: int) -> bytes:
    """Bytes of a file that is only appended to, whatever its position."""
    os.lseek(handle, offset, os.SEEK_SET)
    parts = []
    while size > 0 and (part := os.read(handle, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _first(pair: tuple[str, Entry]) -> str:
    return pair[0]


def _said(error: OSError) -> str:
    return error.strerror or str(error)
