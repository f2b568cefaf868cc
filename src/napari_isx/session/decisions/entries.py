"""What one line of a journal says."""

from __future__ import annotations

import getpass
import os
import platform
from dataclasses import dataclass
from typing import Literal, NamedTuple

from napari_isx.io.base.labelled_set import CellStatus

Kind = Literal["opened", "decided", "saved", "declined"]


class Author(NamedTuple):
    """Who decides: the person and the process."""

    user: str
    host: str
    pid: int

    @classmethod
    def current(cls) -> Author:
        """Of this process."""
        try:
            user = getpass.getuser()
        except (OSError, KeyError, ImportError):  # an account without a name
            user = "unknown"
        return cls(user, platform.node() or "unknown", os.getpid())


class Change(NamedTuple):
    """One cell in one step."""

    cell: int
    name: str
    before: CellStatus
    after: CellStatus


@dataclass(frozen=True)
class CellSetIdentity:
    """What tells one cell set from another that has, or had, the same file name."""

    file: str
    """The file's name, for people: files are renamed."""
    names: tuple[str, ...]
    content: str = ""
    """A hash of some of the traces; empty where they could not be read."""

    def is_same(self, other: CellSetIdentity) -> bool:
        """Whether both have the same cells, as far as is known."""
        same_content = not self.content or not other.content or self.content == other.content
        return self.names == other.names and same_content


@dataclass(frozen=True)
class Entry:
    """One line of a journal."""

    kind: Kind
    time: str
    """ISO 8601, UTC."""
    user: str
    host: str
    pid: int
    session: str
    """Which window's work."""
    step: int
    """Counts the lines of a session, from 1."""
    how: str = ""
    """"key", "click", "bulk", "rule", "undo", "redo", "restore" or "file"."""
    note: str = ""
    """A rule's text, or what was undone."""
    changes: tuple[Change, ...] = ()
    statuses: tuple[CellStatus, ...] = ()
    """In the file; of "opened" and "saved"."""
    identity: CellSetIdentity | None = None
    """Of "opened"."""
    sessions: tuple[str, ...] = ()
    """Of "declined"."""

    @property
    def key(self) -> tuple[int, str, int]:
        """The same for a line that had to be written twice."""
        return self.pid, self.session, self.step
