"""The `.isxd` container: binary data first, a JSON footer after it.

================  =======================================================
bytes             meaning
================  =======================================================
0 ... P-1         payload: the data set's binary data
L bytes from P    footer: JSON text, UTF-8, one object
1                 NUL, not counted in L
last 8            L, little-endian u64
================  =======================================================

The layout was established by reading files that `isx` 2.1.0 wrote and by having it read
files made to this table; so was every format fact in this package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import version
from typing import Any, BinaryIO, Final

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.json_fields import Fields, parse_json_object
from napari_isx.io.format.source import FileSource

LENGTH_BYTES: Final = 8
TRAILER_BYTES: Final = 1 + LENGTH_BYTES
# A footer of 5,000 cells with metrics is under 4 MB. The limit keeps a file that claims a huge
# footer from being read into memory.
MAX_FOOTER_BYTES: Final = 64 << 20
_TAIL_BYTES: Final = 16 << 10


class IsxKind(IntEnum):
    """What a `.isxd` file holds: the footer's ``type``."""

    MOVIE = 0
    CELL_SET = 1
    BEHAVIOR_MOVIE = 2
    GPIO = 3
    IMAGE = 4
    EVENT_SET = 5
    METRICS = 6
    IMU = 7
    VESSEL_SET = 8
    NVISION_MOVIE = 9


@dataclass(frozen=True)
class Footer:
    """A file's JSON footer: decoded, for reading with checks, and its bytes up to the first NUL.

    The size of the binary data before it is also its offset.
    """

    kind: IsxKind
    fields: Fields
    text: bytes
    payload_bytes: int

    @property
    def values(self) -> dict[str, Any]:
        """The footer as plain JSON values."""
        return dict(self.fields.values)


def read_footer_text(source: FileSource) -> tuple[bytes, int]:
    """Return a `.isxd` footer's text and its offset in the file."""
    path, size = source.path, source.size
    if size < TRAILER_BYTES + len(b"{}"):
        raise IsxFileError(path, f"{size} bytes are too few for an Inscopix file")
    # Most descriptions are in the one read that finds their length: on a share each takes long.
    tail_at = max(size - _TAIL_BYTES, 0)
    tail = source.read(tail_at, size - tail_at)
    length = int.from_bytes(tail[-LENGTH_BYTES:], "little")
    offset = size - TRAILER_BYTES - length
    if not 2 <= length <= MAX_FOOTER_BYTES or offset < 0:
        raise IsxFileError(
            path,
            f"its end is missing or overwritten: its last 8 bytes should give the length of its "
            f"description, but say {length:,} bytes in a file of {size:,}",
        )
    has_all = offset >= tail_at
    first = tail[offset - tail_at :][:1] if has_all else source.read(offset, 1)
    if first not in b"{ \t\r\n":
        raise IsxFileError(path, f"no description starts at byte {offset:,}, where its length says")
    found = tail[offset - tail_at :][: length + 1] if has_all else source.read(offset, length + 1)
    text, closing, _ = found.partition(b"\0")
    if not closing:
        raise IsxFileError(path, f"the description at byte {offset:,} does not end with a zero")
    return text, offset


def read_footer(source: FileSource) -> Footer:
    """Read and decode the footer of a `.isxd` file; `IsxFileError` for one that has none."""
    return parse_footer(source, *read_footer_text(source))


def parse_footer(source: FileSource, text: bytes, offset: int) -> Footer:
    """Decode a footer's text; raises as :func:`read_footer` does."""
    values = parse_json_object(source.path, text, "file's description")
    fields = Fields(source.path, values)
    kind = fields.integer("type")
    if kind not in IsxKind._value2member_map_:
        fields.fail("type", "a kind of Inscopix file (0 to 9)")
    return Footer(IsxKind(kind), fields, text, offset)


def write_footer(handle: BinaryIO, footer: Mapping[str, Any]) -> None:
    """End a file with its JSON footer, naming this package as the producer."""
    numbers = [int(part) for part in version("napari-isx").split(".")[:3] if part.isdigit()]
    values = {**footer, "producer": {"name": "napari-isx", "version": numbers}}
    # Other readers refuse NaN and Infinity, which JSON does not have. Without spaces, because
    # `isx` writes its own footer over this one when it saves statuses, and does not shorten the
    # file: if that one were shorter, nobody could open the file again.
    text = json.dumps(values, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    handle.write(text + b"\0" + len(text).to_bytes(LENGTH_BYTES, "little"))


def plain(extra: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Extra properties as they go into a footer."""
    return None if extra is None else dict(extra)
