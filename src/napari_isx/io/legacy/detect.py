"""Telling the files of older Inscopix systems from the other files of the same suffixes.

Only content tells, and these formats are everyone's: a file is Inscopix' by

- `.xml`: a root ``recording``, and attributes that nVista gives a recording,
- `.hdf5`, `.h5`: the names of nVista's datasets; or an nVista `.xml` beside it that lists it,
- `.tif`, `.tiff`: such an `.xml` alone, for nothing in the file is Inscopix',
- `.raw`: the sync sequence of nVoke's GPIO packets, and packets after it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from xml.parsers import expat

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.source import FileSource

XML: Final = frozenset({".xml"})
HDF5: Final = frozenset({".hdf5", ".h5"})
TIFF: Final = frozenset({".tif", ".tiff"})
RAW: Final = frozenset({".raw"})

_ATTRIBUTES: Final = frozenset(
    ("width", "height", "left", "top", "downsample", "fps", "frames", "record_start", "dropped")
)
_MIN_ATTRIBUTES: Final = 4
_XML_CHUNK_BYTES: Final = 64 << 10
# Lists of dropped frames are what makes one long.
_MAX_XML_BYTES: Final = 4 << 20
_MAX_NEIGHBOURS: Final = 5_000
_MAX_XMLS_BESIDE: Final = 16

_HDF5_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_HDF5_STARTS: Final = (0, 512, 1024, 2048)
# The names in the root group stand in a heap near the file's start, or near its end if it grew.
_HDF5_LOOK_BYTES: Final = 1 << 20
_MOVIE_NAMES: Final = ("images", "timeStamp")
_GPIO_NAMES: Final = ("anc_data", "anc_data_count")
_TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

SYNC: Final = bytes.fromhex("5555555555555d")
PACKET_BYTES: Final = frozenset({11, 13, 32})
"""Lengths of nVoke's packets, which are their second byte: of any other there `isx` complains."""
_RAW_LOOK_BYTES: Final = 512
_MAX_RAW_STEPS: Final = 8


def is_legacy(path: str | os.PathLike[str]) -> bool:
    """Whether a file of an older Inscopix system is what its content says it is.

    At most some megabytes are read. False for other suffixes, for folders, and for what cannot
    be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in XML | HDF5 | TIFF | RAW:
        return False
    try:
        if suffix in TIFF:
            return is_listed(Path(path))
        with closing(FileSource(path)) as source:
            if suffix in XML:
                return read_recording(source) is not None
            if suffix in RAW:
                return has_gpio_packets(source)
            return is_hdf5(source) and (has_known_datasets(source) or is_listed(source.path))
    except (OSError, IsxFileError):
        return False


@dataclass
class RecordingXml:
    """What an nVista `.xml` says.

    Attributes
    ----------
    attributes : dict of str to str
    files : list of str
        Names of the parts of the recording.
    """

    attributes: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _ForeignError(Exception):
    """The file is none of Inscopix'."""


def read_recording(source: FileSource) -> RecordingXml | None:
    """Read an `.xml`; None where it is not an nVista recording's.

    Nothing is expanded: a file that declares a type or entities is not ours. What is broken
    further on is left to `isx`.
    """
    parser = _RecordingParser()
    try:
        for start in range(0, min(source.size, _MAX_XML_BYTES), _XML_CHUNK_BYTES):
            size = min(_XML_CHUNK_BYTES, source.size - start)
            parser.feed(source.read(start, size))
    except _ForeignError:
        return None
    except expat.ExpatError:
        pass
    found = parser.found
    return found if len(_ATTRIBUTES & found.attributes.keys()) >= _MIN_ATTRIBUTES else None


class _RecordingParser:
    """Collects attributes and parts: ``<attr name="fps">20.0</attr>``, ``<file>x.tif</file>``."""

    def __init__(self) -> None:
        self.found = RecordingXml()
        self._depth = 0
        self._name: str | None = None
        self._text: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, data: bytes) -> None:
        self._parser.Parse(data, False)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and tag != "recording":
            raise _ForeignError
        self._depth += 1
        self._name = attributes.get("name") if tag == "attr" else None
        self._text.clear()

    def _end(self, tag: str) -> None:
        self._depth -= 1
        text = "".join(self._text).strip()
        if tag == "attr" and self._name is not None:
            self.found.attributes[self._name] = text
        elif tag == "file" and text:
            self.found.files.append(text)
        self._text.clear()

    def _refuse(self, *_: object) -> None:
        raise _ForeignError


def is_listed(path: Path) -> bool:
    """Whether an nVista `.xml` in the same folder lists a file as a part of its recording."""
    if not path.is_file():
        return False
    for beside in _xmls_beside(path):
        try:
            with closing(FileSource(beside)) as source:
                recording = read_recording(source)
        except (OSError, IsxFileError):
            continue
        if recording is not None and path.name in recording.files:
            return True
    return False


def _xmls_beside(path: Path) -> Iterator[Path]:
    """The `.xml` files in a file's folder; first those whose names the file's name starts with."""
    with os.scandir(path.parent) as entries:
        names = [entry.name for entry in islice(entries, _MAX_NEIGHBOURS)]
    xmls = [Path(name) for name in names if name.lower().endswith(".xml")]
    xmls.sort(key=lambda xml: not path.stem.startswith(xml.stem))
    return (path.parent / xml for xml in xmls[:_MAX_XMLS_BESIDE])


def is_hdf5(source: FileSource) -> bool:
    """Whether a file has the signature of HDF5."""
    starts = (at for at in _HDF5_STARTS if at + len(_HDF5_SIGNATURE) <= source.size)
    return any(source.read(at, len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE for at in starts)


def has_known_datasets(source: FileSource) -> bool:
    """Whether an HDF5 file names the datasets of an nVista movie or of its GPIO channels."""
    return _names_all(source, _MOVIE_NAMES) or has_gpio_datasets(source)


def has_gpio_datasets(source: FileSource) -> bool:
    """Whether an HDF5 file names the datasets of nVista's GPIO channels."""
    return _names_all(source, _GPIO_NAMES)


def is_tiff(source: FileSource) -> bool:
    """Whether a file starts as TIFF files do."""
    return source.size >= 8 and source.read(0, 4) in _TIFF_STARTS


def has_gpio_packets(source: FileSource) -> bool:
    """Whether a file has nVoke's sync sequence near its start, and packets after it."""
    data = source.read(0, min(source.size, _RAW_LOOK_BYTES + _MAX_RAW_STEPS * max(PACKET_BYTES)))
    at = data.find(SYNC, 0, _RAW_LOOK_BYTES)
    packets = 0
    for _ in range(_MAX_RAW_STEPS):
        if at < 0 or at + 1 >= len(data):
            break
        if data.startswith(SYNC, at):
            at += len(SYNC)
        elif data[at + 1] in PACKET_BYTES:
            packets += 1
            at += data[at + 1]
        else:
            return False
    return packets > 0


def _names_all(source: FileSource, names: tuple[str, ...]) -> bool:
    """Whether texts stand in the first or last megabyte, each whole: between NULs."""
    size = min(source.size, _HDF5_LOOK_BYTES)
    data = source.read(0, size)
    if source.size > size:
        data += b"\0" + source.read(source.size - size, size)
    return all(b"\0%s\0" % name.encode() in data for name in names)
