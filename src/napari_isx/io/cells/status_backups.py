"""Footers as they were before statuses were saved, kept beside the file.

One line of JSON for each, oldest first: when it was replaced, where it stood, and its text,
compressed. The first is the file as it came, and is never dropped; of the later ones the last few
are kept. A line that cannot be read is passed over.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.io.format.container import MAX_FOOTER_BYTES, Footer
from napari_isx.io.format.source import FileSource

KEPT_SUFFIX: Final = ".statuses-backup"

_LAST: Final = 4
_MAX_BYTES: Final = 256 << 20


@dataclass(frozen=True)
class KeptFooter:
    """A footer that was replaced.

    Attributes
    ----------
    time : str
        When; ISO 8601, UTC.
    payload_bytes : int
        Where it stood in the file.
    text : bytes
    """

    time: str
    payload_bytes: int
    text: bytes


def kept_footers(path: Path) -> list[KeptFooter]:
    """The footers kept of a file, oldest first: as the file came, then before the last saves."""
    try:
        with contextlib.closing(FileSource(_kept_path(path))) as source:
            if source.size > _MAX_BYTES:
                return []
            lines = source.read(0, source.size).split(b"\n")
    except (OSError, IsxFileError):
        return []
    return [kept for line in lines if (kept := _parse(line)) is not None]


def keep_footer(path: Path, footer: Footer) -> None:
    """Keep a footer that is about to be replaced.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    kept = kept_footers(path)
    if kept and (kept[-1].text, kept[-1].payload_bytes) == (footer.text, footer.payload_bytes):
        return
    time = datetime.now(UTC).isoformat(timespec="seconds")
    kept.append(KeptFooter(time, footer.payload_bytes, footer.text))
    last = kept[-_LAST:]
    # Of the file as it came: a save keeps the length, so others are of a file it replaced.
    first = next(k for k in kept if _place(k) == _place(kept[-1]))
    if first not in last:
        last.insert(0, first)
    write_whole(_kept_path(path), b"".join(map(_format, last)))


def _kept_path(path: Path) -> Path:
    """Beside the file itself, by whatever link it was reached."""
    return Path(os.path.realpath(path) + KEPT_SUFFIX)


def _place(kept: KeptFooter) -> tuple[int, int]:
    return kept.payload_bytes, len(kept.text)


def _format(kept: KeptFooter) -> bytes:
    values = {
        "kept": kept.time,
        "offset": kept.payload_bytes,
        "sum": zlib.crc32(kept.text),
        "footer": base64.b64encode(zlib.compress(kept.text)).decode(),
    }
    return json.dumps(values).encode() + b"\n"


def _parse(line: bytes) -> KeptFooter | None:
    try:
        values = json.loads(line)
        packed = base64.b64decode(values["footer"], validate=True)
        # Never more than a footer may have, whatever it claims to unpack to.
        text = zlib.decompressobj().decompress(packed, MAX_FOOTER_BYTES)
        time, offset = values["kept"], values["offset"]
        sound = zlib.crc32(text) == values["sum"]
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error):
        return None
    if not sound or not isinstance(time, str) or not isinstance(offset, int):
        return None
    return KeptFooter(time, offset, text)
