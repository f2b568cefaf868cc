"""What a file says of its acquisition and processing, in an order and in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from napari_isx.io.base.acquisition import PROCESSING_NAMES
from napari_isx.io.base.recording import Recording
from napari_isx.session.file_info.words import Row, as_words, first_rows, row

_MAX_STEPS: Final = 200
_UNIT: Final = re.compile(r"(.+) \(([^()]+)\)")
_UNITS: Final = {"ms": " ms", "s": " s", "mm": " mm", "mw/mm^2": " mW/mm²", "degrees": "°"}
"""Units that Inscopix' names end in, and how they are written behind a number."""

_ORDER: Final = (
    *("Animal ID", "Animal Species", "Animal Sex", "Animal Date of Birth", "Animal Weight"),
    *("Animal Description", "Animal"),
    *("Session Name", "Behavior Session Name", "Experimenter Name", "Recording UUID"),
    *("Acquisition SW Version", "Behavior Acquisition SW Version"),
    *("Microscope Type", "Microscope Serial Number", "Exposure Time (ms)", "Microscope Gain"),
    *("Microscope EX LED", "Microscope OG LED", "Microscope Power", "Microscope Focus"),
    *("efocus", "channel", "Wide Field", "Z-Stack", "Microscope"),
    *("Camera Name", "Camera Serial Number", "Camera Exposure", "Camera"),
    *("Miniscope Paired", "Miniscope Synced", "Miniscope"),
    *("Probe Type", "Probe"),
)
"""Beginnings of Inscopix' names; what begins with none of them, the user's own fields, follows."""

_LABELS: Final = {"efocus": "Electronic focus", "channel": "Color"}
_PROCESSING: Final = frozenset(PROCESSING_NAMES.values()) - _LABELS.keys()
_TOLD: Final = PROCESSING_NAMES.keys() | {"efocus"}
_NO_VESSELS: Final = "{}"
"""The text that stands for an empty list of vessels."""
_STEPS: Final = {
    "spatialDownsampling": "Spatial downsampling",
    "temporalDownsampling": "Temporal downsampling",
    "cellset.type": "Trace type",
    "pre_mc": "Field before motion correction",
    "vesselset.inputMovieFps": "Frame rate of the movie (Hz)",
    "vesselset.projectionType": "Projection",
}


def acquisition_rows(info: Mapping[str, Any]) -> list[Row]:
    """Animal, session, microscope and camera, in this order."""
    names = sorted((name for name in info if name not in _PROCESSING), key=_rank)
    return first_rows([_row(name, info[name]) for name in names], "entries, which the JSON has")


def processing_rows(recording: Recording) -> Iterator[Row]:
    """What was done to the data before it was written, as far as the file says."""
    info, metadata = recording.acquisition_info, recording.metadata
    yield from (_row(name, info[name]) for name in sorted(_PROCESSING & info.keys()))
    extra = metadata.get("extraProperties")
    idps = (extra if isinstance(extra, dict) else metadata).get("idps")
    if isinstance(idps, dict):
        steps = ((key, value) for key, value in _flat(idps) if key not in _TOLD)
        yield from (_row(_STEPS.get(key, key), value) for key, value in islice(steps, _MAX_STEPS))
    if metadata.get("isRoiSet") is True:
        yield row("Drawn by hand", True)
    producer = _producer(metadata.get("producer"))
    if producer:
        yield row("Written by", producer)
    if "fileVersion" in metadata:
        yield _row("File version", metadata["fileVersion"])


def _row(name: str, value: object) -> Row:
    """A row for one of Inscopix' names; the unit goes from the name to a value that is a number."""
    text = "none" if value == _NO_VESSELS else as_words(value)
    match = _UNIT.fullmatch(name)
    if match and match[2] in {*_UNITS, "Hz"} and _is_number(value):
        return Row(as_words(match[1]), value, text + _UNITS.get(match[2], " Hz"), match[2])
    return Row(as_words(_LABELS.get(name, name)), value, text)


def _is_number(value: object) -> bool:
    if not isinstance(value, str):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        float(value)
    except ValueError:
        return False
    return True


def _rank(name: str) -> tuple[int, str]:
    """Where a name stands: by the longest of the beginnings that fit, then by the alphabet."""
    fitting = [start for start in _ORDER if name.startswith(start)]
    return _ORDER.index(max(fitting, key=len)) if fitting else len(_ORDER), name


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """The entries of nested objects, two levels deep, by dotted names; small ones whole."""
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value and not before and name not in _STEPS:
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _producer(producer: object) -> str:
    """Name and version of the program that wrote the file, or nothing."""
    if not isinstance(producer, dict):
        return ""
    version, name = producer.get("version"), producer.get("name")
    parts = version if isinstance(version, list) else [version]
    words = ".".join(str(part) for part in parts if part is not None)
    return " ".join(part for part in (name if isinstance(name, str) else "", words) if part)
