"""Names of cells as columns of tables and as files: none twice, and none that breaks either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from napari_isx.io.base.recording import Recording

# What ends a field or a line of a table.
_NO_COLUMN: Final = re.compile(r'[\x00-\x1f\x7f",]')
_NO_FILE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
# Windows has devices of these names, whatever follows a dot.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
_MOST_BYTES: Final = 150  # systems take 255, with what stands before and after


def short_name(recording: Recording) -> str:
    """What files made of a recording are called: "rec" for rec.isxd, "rec-gpio" for rec.gpio."""
    suffix = "" if recording.path is None else recording.path.suffix.lower()
    return recording.title + (f"-{suffix[1:]}" if suffix not in ("", ".isxd") else "")


def column_names(names: Iterable[str]) -> list[str]:
    """Names as columns of a table; those that are neither equal nor hold commas stay."""
    return _unique((_NO_COLUMN.sub("_", name) for name in names), str)


def unique_names(names: Iterable[str]) -> list[str]:
    """Names that any system takes for a file, none twice, also where capitals do not count."""
    return _unique(map(_file_name, names), str.casefold)


def _file_name(name: str) -> str:
    safe = _DEVICE.sub(r"\1_", _NO_FILE.sub("_", name)).strip(" .")
    return safe.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore") or "cell"


def _unique(names: Iterable[str], key: Callable[[str], str]) -> list[str]:
    """Names with "-2", "-3" and so on where another has come before with the same key."""
    given = list(names)
    later = {key(name) for name in given}
    taken: set[str] = set()
    unique = []
    for name in given:
        text, number = name, 1
        while key(text) in taken or (number > 1 and key(text) in later):
            number += 1
            text = f"{name}-{number}"
        taken.add(key(text))
        unique.append(text)
    return unique
