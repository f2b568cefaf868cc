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
from itertools import count, takewhile
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

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


class RecordingXml(NamedTuple):
    """What an nVista `.xml` says; the counts of frames in its files, if that is said of all."""

    attributes: dict[str, str]
    files: list[str]
    counts: list[int] | None


class _ForeignError(Exception):
    """The file is none of Inscopix'."""


class _Tree(ET.TreeBuilder):
    """Refuses what is somebody else's, and what declares a type: no entity is expanded."""

    root: ET.Element | None = None

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        element = super().start(tag, attrs)
        self.root = element if self.root is None else self.root
        if self.root.tag != "recording":
            raise _ForeignError
        return element

    def doctype(self, *_: object) -> None:
        raise _ForeignError


def read_recording(source: FileSource) -> RecordingXml | None:
    """Read an `.xml`; None where it is not an nVista recording's.

    It has ``<attr name="fps">20.0</attr>`` for each attribute and
    ``<decompressed><file frames="900">x.tif</file></decompressed>`` for each file. One that ends or
    breaks off before its end is an `IsxFileError`.
    """
    tree, finding = _Tree(), ""
    parser = ET.XMLParser(target=tree)
    try:
        # The start alone tells what is somebody else's, however long it is.
        for first, stop in ((0, 4096), (4096, _MAX_XML_BYTES)):
            parser.feed(source.read(first, max(min(source.size, stop) - first, 0)))
        parser.close()
    except _ForeignError:
        return None
    except (ET.ParseError, LookupError, ValueError) as error:
        finding = f"its XML is broken ({error})"
    root = ET.Element("none") if tree.root is None else tree.root
    named = [one for one in root.iter("attr") if "name" in one.attrib]
    attributes = {one.attrib["name"]: (one.text or "").strip() for one in named}
    if len(_ATTRIBUTES & attributes.keys()) < _MIN_ATTRIBUTES:
        return None
    if finding:
        source.fail(finding)
    listed = root.findall(".//decompressed/file")
    files = [re.split(r"[/\\]", (one.text or "").strip())[-1] for one in listed]
    counts = [one.get("frames", "") for one in listed]
    are_known = all(map(_COUNT.fullmatch, counts))
    return RecordingXml(attributes, files, list(map(int, counts)) if are_known else None)


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
