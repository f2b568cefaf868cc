"""Telling the files of older Inscopix systems from the other files of the same suffixes.

Only content tells, and these formats are everyone's: a file is Inscopix' by

- `.xml`: a root ``recording``, and attributes that nVista gives a recording,
- `.hdf5`, `.h5`: the names of nVista's datasets,
- `.raw`: the sync sequence of nVoke's GPIO packets, and packets after it,
- `.tif`, `.tiff`: gray pages of 16 or 32 bits, and a name that the microscope gives or numbered
  pieces beside it, for nothing in the file is Inscopix'.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count, takewhile
from pathlib import Path
from typing import Final
from xml.parsers import expat

from napari_isx.io.errors import IsxFileError
from napari_isx.io.format.source import FileSource
from napari_isx.io.legacy.hdf5 import HDF5, is_hdf5
from napari_isx.io.legacy.raw import RAW, has_packets
from napari_isx.io.legacy.tiff import TIFF, TiffPiece, is_tiff

XML: Final = frozenset({".xml"})

_ATTRIBUTES: Final = frozenset(
    ("width", "height", "left", "top", "downsample", "fps", "frames", "record_start", "dropped")
)
_MIN_ATTRIBUTES: Final = 4
# Lists of dropped frames are what makes one long.
_MAX_XML_BYTES: Final = 4 << 20
_MICROSCOPES_NAME: Final = re.compile(r"recording_[12]\d{7}_\d{6}\b.*", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"(.+)-\d{3}")
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)

# The names in the root group stand in a heap near the file's start, or near its end if it grew.
_HDF5_LOOK_BYTES: Final = 1 << 20
_HDF5_NAMES: Final = (b"\0images\0", b"\0timeStamp\0")


def is_legacy(path: str | os.PathLike[str]) -> bool:
    """Whether a file of an older Inscopix system is what its content says it is.

    At most some megabytes are read. False for other suffixes, for folders, and for what cannot
    be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in XML | HDF5 | TIFF | RAW:
        return False
    try:
        with closing(FileSource(path)) as source:
            if suffix in XML:
                return read_recording(source) is not None
            if suffix in RAW:
                return has_packets(source)
            if suffix in HDF5:
                return is_hdf5(source) and _names_datasets(source)
            may_be = is_first_piece(path) or _goes_on(path)
            return may_be and is_tiff(source) and _has_frames(path)
    except (OSError, IsxFileError):
        return False


@dataclass
class RecordingXml:
    """What an nVista `.xml` says.

    Attributes
    ----------
    attributes : dict of str to str
    files : list of str
        Names of the files with the recording's frames.
    counts : list of int or None
        How many frames each has, if that is said of all.
    """

    attributes: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    counts: list[int] | None = field(default_factory=list)


class _ForeignError(Exception):
    """The file is none of Inscopix'."""


def read_recording(source: FileSource) -> RecordingXml | None:
    """Read an `.xml`; None where it is not an nVista recording's.

    Nothing is expanded: a file that declares a type or entities is not ours.

    Raises
    ------
    IsxFileError
        It is, but ends or breaks off before its end.
    """
    parser = _RecordingParser()
    finding = ""
    try:
        # The start alone tells what is somebody else's, however long it is.
        parser.feed(source.read(0, min(source.size, 4096)), False)
        size = min(source.size, _MAX_XML_BYTES)
        parser.feed(source.read(4096, size - 4096) if size > 4096 else b"", True)
    except _ForeignError:
        return None
    except expat.ExpatError as error:
        finding = f"its XML is broken ({error})"
    found = parser.found
    if len(_ATTRIBUTES & found.attributes.keys()) < _MIN_ATTRIBUTES:
        return None
    if finding:
        raise IsxFileError(source.path, finding)
    return found


class _RecordingParser:
    """Collects attributes and parts, as in ``<attr name="fps">20.0</attr>``,
    ``<decompressed><file frames="900">x.tif</file></decompressed>``.
    """

    def __init__(self) -> None:
        self.found = RecordingXml()
        self._within: list[tuple[str, dict[str, str]]] = []
        self._text = ""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse
        self.feed = parser.Parse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._within and tag != "recording":
            raise _ForeignError
        self._within.append((tag, attributes))
        self._text = ""

    def _add(self, text: str) -> None:
        self._text += text

    def _end(self, tag: str) -> None:
        _, attributes = self._within.pop()
        text = self._text.strip()
        if tag == "attr" and "name" in attributes:
            self.found.attributes[attributes["name"]] = text
        elif tag == "file" and self._within[-1][0] == "decompressed":
            self.found.files.append(re.split(r"[/\\]", text)[-1])
            if self.found.counts is not None and _COUNT.fullmatch(attributes.get("frames", "")):
                self.found.counts.append(int(attributes["frames"]))
            else:
                self.found.counts = None

    def _refuse(self, *_: object) -> None:
        raise _ForeignError


def pieces_of(path: Path) -> list[Path]:
    """A file, and those that go on from it: `rec.tif`, `rec-001.tif`, `rec-002.tif`."""
    further = (path.with_stem(f"{path.stem}-{number:03}") for number in count(1))
    return [path, *takewhile(Path.is_file, further)]


def is_first_piece(path: Path) -> bool:
    """Whether a TIFF file is a movie, or its first piece, as far as name and neighbors say."""
    if _goes_on(path):
        return False
    return bool(_MICROSCOPES_NAME.fullmatch(path.stem)) or len(pieces_of(path)) > 1


def _goes_on(path: Path) -> bool:
    """Whether a file is a further piece of another one."""
    base = _NUMBERED.fullmatch(path.stem)
    return base is not None and path in pieces_of(path.with_stem(base[1]))


def _names_datasets(source: FileSource) -> bool:
    """Whether an HDF5 file, which may be damaged, names the datasets of an nVista movie."""
    size = min(source.size, _HDF5_LOOK_BYTES)
    data = source.read(0, size) + b"\0" + source.read(source.size - size, size)
    return all(name in data for name in _HDF5_NAMES)


def _has_frames(path: Path) -> bool:
    """Whether a TIFF file has frames such as microscopes and their software write."""
    with closing(TiffPiece(path)) as piece:
        return piece.shape[0] > 1 and piece.dtype.itemsize > 1
