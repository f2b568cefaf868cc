"""What an NWB file says of animal and experiment, from the recordings and from people."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from napari_isx.export.common import needed
from napari_isx.io.base.recording import Recording

Metadata = dict[str, dict[str, Any]]
"""By section, "NWBFile", "Subject" or "ImagingPlane", and name."""


class Field(NamedTuple):
    """One thing that is asked."""

    section: str
    name: str  # NWB's
    label: str
    example: str
    missing: str = ""  # said of a file without it; empty where it may as well be left out


FIELDS: Final = (
    Field("Subject", "subject_id", "Animal", "M-042", "DANDI takes no file without an animal's ID"),
    Field("Subject", "species", "Species", "Mus musculus", "DANDI needs the species, in Latin"),
    Field("Subject", "sex", "Sex", "M, F, U or O", "DANDI needs the sex: M, F, U (unknown) or O"),
    Field("Subject", "age", "Age (ISO 8601)", "P90D", "DANDI needs age or date of birth"),
    Field("Subject", "date_of_birth", "Date of birth", "2026-01-31"),
    Field("Subject", "weight", "Weight", "0.025 kg"),
    Field("Subject", "strain", "Strain", "C57BL/6J"),
    Field("Subject", "genotype", "Genotype", "Vgat-Cre"),
    Field("Subject", "description", "About the animal", ""),
    Field("ImagingPlane", "indicator", "Indicator", "GCaMP6f", "the indicator is not known"),
    Field("ImagingPlane", "location", "Brain region", "CA1", "the brain region is not known"),
    Field(
        *("ImagingPlane", "excitation_lambda", "Excitation (nm)", "475"),
        "the excitation wavelength is not known: no Inscopix file has it",
    ),
    Field(
        *("ImagingPlane", "emission_lambda", "Emission (nm)", "525"),
        "the emission wavelength is not known: no Inscopix file has it",
    ),
    Field(
        *("NWBFile", "experimenter", "Experimenter", "Curie, Marie"),
        "the experimenter is not known",
    ),
    Field("NWBFile", "institution", "Institution", "", "the institution is not known"),
    Field("NWBFile", "lab", "Lab", ""),
    Field("NWBFile", "session_description", "This session", "open field, 10 min"),
    Field(
        *("NWBFile", "experiment_description", "The experiment", ""),
        "the experiment is not described",
    ),
    Field("NWBFile", "keywords", "Keywords", "hippocampus, place cells", "there are no keywords"),
    Field("NWBFile", "session_id", "Session ID", ""),
    Field("NWBFile", "session_start_time", "Start", "2026-01-31T10:00:00+01:00"),
)
"""What is asked, in this order."""

_LISTS: Final = ("experimenter", "keywords")
_NUMBERS: Final = ("excitation_lambda", "emission_lambda")
_LATIN: Final = re.compile(r"[A-Z][a-z]+ [a-z]+")
_SPECIES: Final = {
    "mouse": "Mus musculus",
    "mice": "Mus musculus",
    "rat": "Rattus norvegicus",
    "marmoset": "Callithrix jacchus",
    "macaque": "Macaca mulatta",
    "rhesus": "Macaca mulatta",
}
_SEXES: Final = {"m": "M", "male": "M", "f": "F", "female": "F", "u": "U", "unknown": "U", "o": "O"}
_AGE: Final = re.compile(r"P(?=\d)(\d+(\.\d+)?[YMWD])+(/P?(\d+(\.\d+)?[YMWD])*)?")


def read_metadata(given: Mapping[str, Any] | str | os.PathLike[str] | None) -> Metadata:
    """Metadata as people give them: a mapping, or a YAML or JSON file of one.

    Also the way neuroconv nests them is understood: ``Ophys``, ``ImagingPlane``,
    ``optical_channel``.

    Raises
    ------
    ValueError
        There is a name that means nothing, or a value that cannot be.
    OSError
        The file cannot be read.
    """
    if given is None:
        return {"NWBFile": {}, "Subject": {}, "ImagingPlane": {}}
    values: Any = given
    if isinstance(given, (str, os.PathLike)):
        yaml = needed("NWB metadata", "yaml", "napari-isx[nwb]")
        try:
            values = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ValueError(f"{Path(given).name} is not YAML: {error}") from None
    if not isinstance(values, Mapping):
        raise ValueError("metadata are a mapping of NWBFile, Subject and ImagingPlane")  # noqa: TRY004
    values = dict(values)
    plane = _only(_only(values.pop("Ophys", {})).get("ImagingPlane", {}))
    plane |= _only(values.pop("ImagingPlane", {}))
    plane |= _only(plane.pop("optical_channel", {}))
    sections = {
        "NWBFile": _only(values.pop("NWBFile", {})),
        "Subject": _only(values.pop("Subject", {})),
        "ImagingPlane": {k: v for k, v in plane.items() if k not in ("name", "description")},
    }
    if values:
        raise ValueError(f"metadata have no section {sorted(values)[0]!r}")
    return {name: _checked(name, section) for name, section in sections.items()}


def _only(value: Any) -> dict[str, Any]:
    """A mapping, or the only one of a list."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        raise ValueError(f"metadata: a mapping is expected where {value!r:.60} is")  # noqa: TRY004
    return dict(value)


def _checked(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    known = [field.name for field in FIELDS if field.section == section]
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"metadata: {section} has no {name!r}, only {', '.join(known)}")
        if value is None or value == "":
            continue
        checked[name] = _value(name, value)
    return checked


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        # "Curie, Marie" is one person; keywords have commas between them, people semicolons.
        sign = ";" if name == "experimenter" else ","
        parts = value.split(sign) if isinstance(value, str) else value
        return [str(part).strip() for part in parts if str(part).strip()]
    if name in _NUMBERS:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ValueError(f"metadata: {name} is a number of nanometers, not {value!r}") from None
    if name in ("date_of_birth", "session_start_time"):
        return _date(name, value)
    text = str(value).strip()
    if name == "sex":
        return _SEXES.get(text.casefold(), text)
    if name == "species":
        return _SPECIES.get(text.casefold(), text)
    if name == "age" and not _AGE.fullmatch(text):
        raise ValueError(f"metadata: an age is written as P90D (days) or P12W (weeks), not {text}")
    return text


def _date(name: str, value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"metadata: {name} is written as 2026-01-31, not {value}") from None
    return found if found.tzinfo else found.astimezone()


def found_metadata(recordings: Iterable[Recording]) -> Metadata:
    """What the recordings say themselves; of several the first counts."""
    found = read_metadata(None)
    for recording in recordings:
        info = recording.acquisition_info
        for section, values in (("Subject", _subject(info)), ("NWBFile", _session(info))):
            found[section] = values | found[section]
    return found


def _subject(info: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of the animal, as far as NWB can have it."""
    subject: dict[str, Any] = {}
    if _text(info, "Animal ID"):
        subject["subject_id"] = _text(info, "Animal ID")
    species = _text(info, "Animal Species")
    latin = _SPECIES.get(species.casefold(), species)
    if _LATIN.fullmatch(latin):
        subject["species"] = latin
    elif species:  # people write the line there
        subject["strain"] = species
    sex = _SEXES.get(_text(info, "Animal Sex").casefold())
    if sex:
        subject["sex"] = sex
    birth = _text(info, "Animal Date of Birth")
    about = [_text(info, "Animal Description")]
    try:
        if birth:
            subject["date_of_birth"] = _date("date_of_birth", birth)
    except ValueError:
        about.append(f"date of birth as recorded: {birth}")
    weight = info.get("Animal Weight")
    if isinstance(weight, (int, float)) and weight > 0:
        about.append(f"weight as recorded, in an unknown unit: {weight:g}")
    if any(about):
        subject["description"] = "; ".join(filter(None, about))
    return subject


def _session(info: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if name := _text(info, "Session Name") or _text(info, "Behavior Session Name"):
        values["session_id"] = name
    if person := _text(info, "Experimenter Name"):
        values["experimenter"] = [person]
    return values


def _text(info: Mapping[str, Any], key: str) -> str:
    value = info.get(key)
    return "" if value is None else str(value).strip()


def joined(found: Metadata, given: Metadata) -> Metadata:
    """What people say counts for more than what files say."""
    return {section: found[section] | given[section] for section in found}


def missing(metadata: Metadata, *, has_pictures: bool) -> list[str]:
    """What an NWB file with these metadata lacks, in sentences' parts."""
    lacks = []
    for field in FIELDS:
        if field.section == "ImagingPlane" and not has_pictures:
            continue
        other = "date_of_birth" if field.name == "age" else field.name
        if field.missing and not {field.name, other} & set(metadata[field.section]):
            lacks.append(field.missing)
    species = metadata["Subject"].get("species", "Mus musculus")
    if not _LATIN.fullmatch(species):
        lacks.append(f"the species {species!r} is not in Latin, as DANDI needs it")
    if metadata["Subject"].get("sex", "M") not in "MFUO":
        lacks.append("the sex is none of M, F, U and O")
    return lacks


def identifier(recordings: Sequence[Recording]) -> str:
    """The same whenever the same recordings are exported: the recording's UUID, and a hash."""
    digest = hashlib.sha256()
    for one in recordings:
        parts = [one.kind, one.name, json.dumps(one.metadata, sort_keys=True, default=str)]
        parts += [repr(getattr(one, name, None)) for name in ("timing", "statuses")]
        digest.update("\0".join(parts).encode("utf-8", "backslashreplace"))
        counters = getattr(one, "traces", None)
        if counters is not None and counters.size:
            digest.update(np.ascontiguousarray(counters[0]).tobytes())
    uuids = (one.acquisition_info.get("Recording UUID") for one in recordings)
    uuid = next((str(found) for found in uuids if found), "napari-isx")
    return f"{uuid}-{digest.hexdigest()[:16]}"
