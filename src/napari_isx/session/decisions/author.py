"""Who decides, and when, for the lines of a journal."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime
from typing import NamedTuple


class Author(NamedTuple):
    """The person and the process."""

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


def now() -> str:
    """The time, ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
