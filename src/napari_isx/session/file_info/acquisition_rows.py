"""What a file says of its acquisition and processing, in an order and in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from napari_isx.io.base.recording import Recording
from napari_isx.session.file_info.words import as_words


class Row(NamedTuple):
    """One thing that a file says.

    Attributes
    ----------
    label : str
    value : object
    text : str
        One line for people, with the unit.
    unit : str
        Of the value, empty where it has none.
    """

    label: str
    value: object
    text: str
    unit: str = ""


_MAX_ROWS: Final = 200
_UNIT: Final = re.compile(r"(.+) \(([^()]+)\)")
_UNITS: Final = {
    "ms": "ms",
    "s": "s",
    "mm": "mm",
    "mw/mm^2": "mW/mm²",
    "degrees": "°",
}
"""Units that Inscopix' names end in, and how they are written."""

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

_PROCESSING: Final = frozenset(
    {
        "Cell Identification Method",
        "Interpolated Samples",
        "Motion correction padding",
        "Time Increment (s)",
        "Time Window (s)",
        "Trace Units",
        "Vessel Diameter Estimation Method",
        "Vessel Set Type",
        "Vessels with Clipping Error",
        "Vessels with Direction Change Error",
        "Vessels with No Significant Pixels Error",
        "Windows with Invalid Frame Error",
    }
)
"""Names that tell of processing, not of the acquisition."""

# The text that stands for an empty list of vessels.
_NO_VESSELS: Final = "{}"

# Keys of ``idps`` that are told under one of the names above.
_TOLD: Final = frozenset(
    {
        *("efocus", "channel", "interpolatedFrames", "mc_padding"),
        *("cellset.method", "cellset.units"),
        *("vesselset.type", "vesselset.units", "vesselset.timeIncrement"),
        *("vesselset.timeWindow", "vesselset.estimationMethod", "vesselset.invalidWindows"),
        *("vesselset.clippedVessels", "vesselset.noSignificantVessels"),
        "vesselset.directionChangedVessels",
    }
)
_STEPS: Final = {
    "spatialDownsampling": "Spatial downsampling",
    "temporalDownsampling": "Temporal downsampling",
    "cellset.type": "Trace type",
    "pre_mc": "Field before motion correction",
    "vesselset.inputMovieFps": "Frame rate of the movie (Hz)",
    "vesselset.projectionType": "Projection",
}


def acquisition_rows(info: Mapping[str, Any]) -> list[Row]:
    """What is told of animal, session, microscope and camera, in this order."""
    names = sorted((name for name in info if name not in _PROCESSING), key=_rank)
    rows = [_row(name, info[name]) for name in names[:_MAX_ROWS]]
    if len(names) > _MAX_ROWS:
        left_out = names[_MAX_ROWS:]
        text = f"{len(left_out):,} more entries, which the JSON has"
        rows.append(Row("More", left_out, text))
    return rows


def processing_rows(recording: Recording) -> list[Row]:
    """What was done to the data before it was written, as far as the file says."""
    info, metadata = recording.acquisition_info, recording.metadata
    rows = [_row(name, info[name]) for name in sorted(_PROCESSING & info.keys())]
    extra = metadata.get("extraProperties")
    session = extra if isinstance(extra, dict) else metadata
    idps = session.get("idps")
    if isinstance(idps, dict):
        steps = (step for step in _flat(idps) if step[0] not in _TOLD)
        rows += [_row(_STEPS.get(key, key), value) for key, value in islice(steps, _MAX_ROWS)]
    if metadata.get("isRoiSet") is True:
        rows.append(Row("Drawn by hand", True, "yes"))
    producer = _producer(metadata.get("producer"))
    if producer:
        rows.append(Row("Written by", producer, as_words(producer)))
    if "fileVersion" in metadata:
        rows.append(_row("File version", metadata["fileVersion"]))
    return rows


def _row(name: str, value: object) -> Row:
    """A row for one of Inscopix' names; the unit goes from the name to a value that is a number."""
    label = _LABELS.get(name, name)
    text = "none" if value == _NO_VESSELS else as_words(value)
    match = _UNIT.fullmatch(name)
    if match and match[2] in {*_UNITS, "Hz"} and _is_number(value):
        unit = _UNITS.get(match[2], match[2])
        text = f"{text}{'' if unit == '°' else ' '}{unit}"
        return Row(as_words(match[1]), value, text, match[2])
    return Row(as_words(label), value, text)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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
    version = producer.get("version")
    parts = version if isinstance(version, list) else [version]
    words = ".".join(str(part) for part in parts if part is not None)
    name = producer.get("name")
    return " ".join(part for part in (name if isinstance(name, str) else "", words) if part)
