"""Writing a journal of decisions, in order and in a thread of its own."""

from __future__ import annotations

import atexit
import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import ClassVar, Final, Literal

from psygnal import Signal

from napari_isx.io.cells import journal_lines
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.io.errors import IsxFileError
from napari_isx.session.decisions.entries import CellSetIdentity, Entry
from napari_isx.session.decisions.journal import format_entry, parse_entries, unique_entries

Saying = tuple[Literal["notice", "trouble", "conflict"], str]

PATIENCE_S: Final = 0.01
"""A decision waits so long for the disk, so that where that is quick it is never behind."""

_HEAD_BYTES: Final = 16 << 20
# Beside the cell set, where the user's own folder has the lines; and where no disk takes them.
_BESIDE_AGAIN_S: Final = 30.0
_AGAIN_S: Final = (0.2, 0.5, 1.0, 2.0)
_AT_EXIT_S: Final = 10.0

logger = logging.getLogger(__name__)
_writing: set[JournalFile] = set()


def journal_paths(paths: Sequence[Path], identity: CellSetIdentity) -> tuple[Path, Path | None]:
    """Where the journal of a cell set, or of a series of them, stands: beside it, or else.

    That of cells in memory is in the user's folder alone, by their content, so that equal cells
    get their decisions back.
    """
    if not paths:
        name = f"memory-{identity.content}{JOURNAL_SUFFIX}"
        return journal_lines.user_folder() / name, None
    suffix = JOURNAL_SUFFIX if len(paths) == 1 else f".series{JOURNAL_SUFFIX}"
    return journal_lines.journal_paths(paths[0], suffix)


class JournalFile:
    """The journal of one window's work on a cell set.

    Lines go to the journal beside the set; where that fails, to the one in the user's own
    folder; where that fails too, they wait here, and are tried again until one of both works. A
    place that works is always given all lines it lacks. Nothing here raises an error of the disk.

    Journals about other cells are moved aside, not written to. The thread lives while there is
    something to write. What it has to say waits in ``said``, for a thread that may speak.
    """

    progressed: ClassVar[Signal] = Signal()
    """The disk has more lines, or failed; emitted in the thread that writes."""

    def __init__(self, paths: Sequence[Path], identity: CellSetIdentity, session: str) -> None:
        beside, elsewhere = journal_paths(paths, identity)
        self.identity = identity
        self.session = session
        self.said: deque[Saying] = deque()
        self._lines: list[bytes] = []
        self._decisions: list[int] = []  # how many there are up to each line, and with it
        self._beside = _Place(beside, makes_folder=elsewhere is None)
        self._elsewhere = None if elsewhere is None else _Place(elsewhere, makes_folder=True)
        self._beside_again_at = 0.0
        self._others: set[str] = set()
        self._in_trouble = self._has_said_elsewhere = self._has_said_other = False
        self._changed = threading.Condition()  # guards what follows
        self._thread: threading.Thread | None = None
        self._asked = self._answered = 0  # attempts
        self._at_once = False
        self._took_s = 0.0

    @property
    def num_lines(self) -> int:
        """How many lines there are, written or not."""
        return len(self._lines)

    @property
    def path(self) -> Path | None:
        """Where all lines are on the disk; None while some are in memory only."""
        return next((p.path for p in self._places if p.done == len(self._lines) > 0), None)

    @property
    def num_waiting(self) -> int:
        """How many decisions no disk has yet."""
        done = max(place.done for place in self._places)
        counts = self._decisions
        return counts[-1] - (counts[done - 1] if done else 0) if counts else 0

    @property
    def is_complete(self) -> bool:
        """Whether every line is on a disk."""
        return self._is_complete()

    def _is_complete(self) -> bool:
        return not self._lines or self.path is not None

    def read_others(self) -> list[Entry]:
        """What other windows wrote."""
        return [entry for entry in self.read() if entry.session != self.session]

    def read(self) -> list[Entry]:
        """What any window wrote about these cells, in both places, in order of time."""
        dated: list[tuple[str, Entry]] = []
        # Also what another window of this process has not written yet.
        same = {self, *(j for j in list(_writing) if j._beside.path == self._beside.path)}
        waiting = (parse_entries(b"".join(journal._lines)) for journal in same)
        for entries in (*(place.entries(self.identity) for place in self._places), *waiting):
            latest = ""
            for entry in entries:
                latest = max(latest, entry.time)  # a clock set back changes no order
                dated.append((latest, entry))
        if not self._has_said_other and any(place.is_of_others for place in self._places):
            self._has_said_other = True
            text = (
                f"The journal found beside {self._name} is about other cells, as those of an "
                "earlier version of the file: its decisions are not offered here, and stay in it."
            )
            self.said.append(("notice", text))
        dated.sort(key=itemgetter(0))
        return unique_entries(entry for _, entry in dated)

    def append(self, *entries: Entry) -> None:
        """Have lines written, and wait a moment, unless the disk was slow the last time."""
        with self._changed:
            for entry in entries:
                self._lines.append(format_entry(entry))
                before = self._decisions[-1] if self._decisions else 0
                self._decisions.append(before + (entry.kind == "decided"))
            self._ask(PATIENCE_S if self._took_s <= PATIENCE_S else 0)

    def flush(self, timeout_s: float) -> bool:
        """Have all written that is not, also beside the cell set; whether a disk has it in time."""
        end = time.monotonic() + timeout_s
        with self._changed:
            if self._lines:
                self._at_once = True
                self._ask(timeout_s)
                self._changed.wait_for(self._is_complete, max(end - time.monotonic(), 0))
        return self.is_complete

    def _ask(self, timeout_s: float) -> None:
        """Have the thread try to write, and wait for the outcome."""
        self._asked += 1
        asked = self._asked
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            _writing.add(self)
            self._thread.start()
        self._changed.notify_all()
        if timeout_s:
            self._changed.wait_for(lambda: self._answered >= asked, timeout_s)

    def _run(self) -> None:
        failures = 0
        while True:
            with self._changed:
                asked, at_once, self._at_once = self._asked, self._at_once, False
                lines = list(self._lines)
            start = time.monotonic()
            is_written = self._write_all(lines, at_once=at_once)
            failures = 0 if is_written else failures + 1
            with self._changed:
                self._took_s, self._answered = time.monotonic() - start, asked
                self._changed.notify_all()
                is_done = is_written and self._asked == asked
                if is_done:
                    self._thread = None
                    _writing.discard(self)
            self.progressed.emit()
            if is_done:
                return
            if not is_written:
                pause_s = _AGAIN_S[min(failures, len(_AGAIN_S)) - 1]
                with self._changed:
                    if self._asked == asked:
                        self._changed.wait(pause_s)

    def _write_all(self, lines: Sequence[bytes], *, at_once: bool) -> bool:
        error = self._write_beside(lines, at_once=at_once)
        if error is not None and self._elsewhere is not None:
            beside_error, error = error, self._write(self._elsewhere, lines)
            if error is not None and beside_error.errno != errno.EAGAIN:
                error = beside_error
            elif error is None and not self._has_said_elsewhere:
                self._has_said_elsewhere = True
                self.said.append((
                    "notice",
                    f"Decisions about {self._name} cannot be noted beside it "
                    f"({_reason(beside_error)}); they are in {self._elsewhere.path} instead.",
                ))  # fmt: skip
        if error is None and self._in_trouble:
            self.said.append(("notice", f"All decisions about {self._name} are on the disk again."))
        if error is not None and not self._in_trouble:
            self.said.append((
                "trouble",
                f"Decisions about {self._name} cannot be written to the disk: {_reason(error)}. "
                "They are in this window only, so keep it open; it goes on trying.",
            ))  # fmt: skip
        self._in_trouble = error is not None
        return error is None

    @property
    def _places(self) -> tuple[_Place, ...]:
        return tuple(place for place in (self._beside, self._elsewhere) if place is not None)

    @property
    def _name(self) -> str:
        return self.identity.file

    def _write_beside(self, lines: Sequence[bytes], *, at_once: bool) -> OSError | None:
        """Returns what went wrong; a share that is gone is not waited for at each decision."""
        usable = self._elsewhere is not None and self._elsewhere.done > 0 and not self._in_trouble
        if usable and not at_once and time.monotonic() < self._beside_again_at:
            return OSError(errno.EAGAIN, "not tried again yet")
        error = self._write(self._beside, lines)
        if error is not None:
            self._beside_again_at = time.monotonic() + _BESIDE_AGAIN_S
        return error

    def _write(self, place: _Place, lines: Sequence[bytes]) -> OSError | None:
        try:
            aside, foreign = place.write(lines, self.identity)
        except OSError as error:
            return error
        except IsxFileError as error:  # it got shorter while it was read
            return OSError(errno.EIO, error.finding, error.path)
        if aside is not None:
            text = (
                f"The journal found beside {self._name} is about other cells; it is kept as "
                f"{aside.name}, and a new one was begun."
            )
            self.said.append(("notice", text))
        for entry in foreign:
            is_other = entry.session != self.session and entry.session not in self._others
            if is_other and entry.kind in ("decided", "saved"):
                self._others.add(entry.session)
                text = (
                    f"{entry.user} on {entry.host} is deciding about {self._name} too, in "
                    "another window. The journal keeps both; whoever saves second is shown the "
                    "differences first."
                )
                self.said.append(("conflict", text))
        return None


class _Place:
    """One journal that lines are appended to; it stays open."""

    def __init__(self, path: Path, *, makes_folder: bool) -> None:
        self.path = path
        self.done = 0
        """How many of this window's lines it has."""
        self.is_of_others = False
        """Whether it was found to be about other cells when it was read last."""
        self._makes_folder = makes_folder
        self._file, self._size = self._look()  # as it was left
        self._handle: journal_lines.JournalHandle | None = None

    def entries(self, identity: CellSetIdentity) -> Iterator[Entry]:
        """What the file says, if it is about these cells."""
        try:
            self.is_of_others = self._is_other(identity)
            data = b"" if self.is_of_others else journal_lines.read_tail(self.path)[0]
        except (OSError, ValueError):
            data = b""
        return parse_entries(data)

    def write(
        self, lines: Sequence[bytes], identity: CellSetIdentity
    ) -> tuple[Path | None, Iterator[Entry]]:
        """Append the lines that are missing, in one write, and wait for the disk.

        Returns where a journal about other cells was moved, or None, and what others appended
        since the last time.
        """
        handle, self._handle = self._handle, None  # where something fails it is looked at again
        aside, (file, size) = None, self._look()
        if handle is None or file != self._file or size < self._size:
            if handle is not None:
                handle.close()
            if file != self._file or size < self._size:  # it was removed, replaced or cut
                self.done = self._size = 0
            if self._makes_folder:  # never beside a cell set: its folder is gone for a reason
                self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._is_other(identity):
                aside, self._size = journal_lines.move_aside(self.path), 0
            handle = journal_lines.JournalHandle(self.path)
            file, size = self._look()
        start = max(self._size, size - _HEAD_BYTES)
        foreign = parse_entries(handle.read(start, size) if size > start else b"")
        data = b"".join(lines[self.done :])
        end = handle.append(data, size)
        # Lines of another window that came between are looked at the next time.
        self._size = end if end - len(data) - size in (0, 1) else size
        self._file, self._handle, self.done = file, handle, len(lines)
        return aside, foreign

    def _look(self) -> tuple[tuple[int, int] | None, int]:
        """Which file is there, and its size."""
        try:
            status = self.path.stat()
        except OSError:
            return None, 0
        return (status.st_dev, status.st_ino), status.st_size

    def _is_other(self, identity: CellSetIdentity) -> bool:
        """Whether the file exists and is not the journal of these cells."""
        try:
            head = journal_lines.read_head(self.path, _HEAD_BYTES)
        except FileNotFoundError:
            return False
        for entry in parse_entries(head):
            if entry.identity is not None:
                return not entry.identity.is_same(identity)
        return journal_lines.is_foreign(head)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


@atexit.register
def _finish() -> None:
    """Let what is on its way reach the disk before the process ends."""
    end = time.monotonic() + _AT_EXIT_S
    for journal in list(_writing):
        if not journal.flush(max(end - time.monotonic(), 0)):
            count = journal.num_waiting
            logger.error("%d decisions about %s reached no disk", count, journal.identity.file)
