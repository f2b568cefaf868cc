"""The journal beside a cell set, as bytes: lines of JSON that are only ever appended.

A journal is in plain view and not hidden, so that it is copied and handed on with its set. Every
line ends with a checksum of itself, so that one torn by a power cut is recognized and passed
over. What the lines say is in :mod:`napari_isx.session.decisions.journal`, but for those of kind
"replaced": the statuses that a save replaced (:mod:`napari_isx.io.cells.status_backups`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import weakref
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from napari_isx.io.format.atomic_write import replace, sync_folder
from napari_isx.io.format.source import FileSource

JOURNAL_SUFFIX: Final = ".decisions.jsonl"
DATA_FOLDER_VARIABLE: Final = "NAPARI_ISX_DATA"
"""Environment variable that names another folder for what belongs to the user."""
MAX_JOURNAL_BYTES: Final = 64 << 20
"""Of a longer journal the end is read: a hundred thousand decisions and more."""

_FORMAT: Final = "napari-isx decisions 1"
_LINE_START: Final = b'{"format":"napari-isx decisions '
_MAX_LINE_BYTES: Final = 16 << 20
_SUM: Final = re.compile(rb',"sum":"([0-9a-f]{8})"\}\Z')
# Systems allow 255 bytes, and a character may take four.
_NAME_CHARACTERS: Final = 50
_OPEN_FLAGS: Final = ("BINARY", "CLOEXEC", "NONBLOCK", "NOINHERIT")


def user_folder() -> Path:
    """Where journals go that cannot stand beside their cell set."""
    import platformdirs

    chosen = os.environ.get(DATA_FOLDER_VARIABLE)
    folder = Path(chosen) if chosen else platformdirs.user_data_path("napari-isx", appauthor=False)
    return folder / "journals"


def journal_paths(path: str | os.PathLike[str], suffix: str = JOURNAL_SUFFIX) -> tuple[Path, Path]:
    """Where the journal of a file is, by whatever link that was reached: beside it, or else."""
    real = os.path.realpath(path)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    name = os.path.basename(real) + suffix
    return Path(real).with_name(name), user_folder() / f"{digest}-{name[-_NAME_CHARACTERS:]}"


def format_line(**values: Any) -> bytes:
    """A line, with its end; ASCII, so that no name can break it or fail to be encoded."""
    body = json.dumps({"format": _FORMAT, **values}, separators=(",", ":")).encode("ascii")[:-1]
    return body + f',"sum":"{zlib.crc32(body):08x}"}}\n'.encode()


def parse_line(line: bytes) -> dict[str, Any] | None:
    """A line's values, or None where it is torn, changed or of another kind of file."""
    found = _SUM.search(line)
    if found is None or len(line) > _MAX_LINE_BYTES or not line.startswith(_LINE_START):
        return None
    if f"{zlib.crc32(line[: found.start()]):08x}".encode() != found[1]:
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def parse_lines(data: bytes) -> Iterator[dict[str, Any]]:
    """The values of those lines that are whole."""
    return filter(None, map(parse_line, data.split(b"\n")))


def is_foreign(head: bytes) -> bool:
    """Whether a file that begins like this is no journal; one torn in its first line is."""
    start = head.lstrip(b"\0\n")[: len(_LINE_START)]
    return not _LINE_START.startswith(start)


def read_head(path: Path, size: int) -> bytes:
    """The first bytes; raises FileNotFoundError where there is no file."""
    with closing(FileSource(path)) as source:
        return source.read(0, min(source.size, size))


def read_tail(path: Path) -> tuple[bytes, bool]:
    """The end of a journal, and whether that is the whole of it."""
    with closing(FileSource(path)) as source:
        size = min(source.size, MAX_JOURNAL_BYTES)
        return source.read(source.size - size, size), size == source.size


def move_aside(path: Path) -> Path:
    """Give a file that is about other cells a name that no other has, and return that."""
    stem = path.name.removesuffix(JOURNAL_SUFFIX)
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    for n in range(1, 10_000):
        number = "" if n == 1 else f"-{n}"
        target = path.with_name(f"{stem}.other-cells-{day}{number}{JOURNAL_SUFFIX}")
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        replace(path, target)
        return target
    raise OSError(errno.EEXIST, "too many journals were moved aside", str(path))


def append_line(path: Path, line: bytes) -> None:
    """Append a line to a journal that is not open here; another kind of file is moved aside.

    Raises
    ------
    OSError
        It cannot be written, or is no file.
    """
    size = 0
    with suppress(FileNotFoundError):
        if is_foreign(read_head(path, len(_LINE_START))):
            move_aside(path)
        else:
            size = path.stat().st_size
    handle = JournalHandle(path)
    try:
        handle.append(line, size)
    finally:
        handle.close()


class JournalHandle:
    """A journal that is open for appending; made where it is missing.

    Several processes may append at once: each line is one write, and goes to the end.

    Raises
    ------
    OSError
        It cannot be written, or is no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | sum(getattr(os, f"O_{f}", 0) for f in _OPEN_FLAGS)
        self._is_new = False
        try:
            self._fd = os.open(path, flags)
        except FileNotFoundError:
            self._fd, self._is_new = os.open(path, flags | os.O_CREAT, 0o666), True
        self.close = weakref.finalize(self, os.close, self._fd)
        self.close.atexit = False  # a thread may still be writing then
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            self.close()
            raise OSError(errno.EINVAL, "it is not a file", str(path))

    def append(self, data: bytes, size: int) -> int:
        """Append lines in one write, wait for the disk, and return where the file ends then.

        `size` is that of the file before; a line that is torn there is ended first.
        """
        if size and self.read(size - 1, size) != b"\n":
            data = b"\n" + data
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.fsync(self._fd)
        if self._is_new:
            sync_folder(self.path.parent)
            self._is_new = False
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes of the file."""
        os.lseek(self._fd, start, os.SEEK_SET)
        parts = []
        while start < stop and (part := os.read(self._fd, stop - start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)
