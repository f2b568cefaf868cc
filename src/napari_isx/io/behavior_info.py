"""The acquisition information of a behavior movie under the names that Inscopix' software shows.

The rules were found as those of :mod:`napari_isx.io.acquisition` were; here too the other
entries of a group are returned where `isx` fails because one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MISSING: Final = object()

_ANIMAL: Final = {
    "Animal Sex": "sex",
    "Animal Date of Birth": "dob",
    "Animal ID": "id",
    "Animal Species": "species",
    "Animal Weight": "weight",
    "Animal Description": "description",
}
# Names -> keys below ``processingInterface.system``.
_SYSTEM: Final = {
    "Behavior Session Name": ("behavior", "system", "sessionName"),
    "Behavior Acquisition SW Version": ("behavior", "software", "behaviorIdas"),
}
_MINISCOPE: Final = {
    "Miniscope Synced": ("behavior", "synced"),
    "Miniscope Session Name": ("miniscope", "system", "sessionName"),
    "Miniscope Serial Number": ("miniscope", "system", "systemSerial"),
    "Miniscope Acquisition SW Version": ("miniscope", "software", "miniscopeIdas"),
}
# Names -> keys below ``processingInterface.<camera>``.
_CAMERA: Final = {
    "Camera Name": ("cameraAlias",),
    "Camera Serial Number": ("cameraSerial",),
    "Camera Brightness": ("sensorParams", "brightness"),
    "Camera Contrast": ("sensorParams", "contrast"),
    "Camera Saturation": ("sensorParams", "saturation"),
    "Camera Gain": ("sensorParams", "gain"),
}


def behavior_info(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a behavior movie's session says, under readable names, sorted."""
    return dict(sorted(dict(_entries(session)).items()))


def _entries(session: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    animal = _at(session, "userInterface", "animal")
    yield from _take(animal, {name: (key,) for name, key in _ANIMAL.items()})
    custom = _at(session, "userInterface", "customMetadata")
    if isinstance(custom, dict):
        yield from _take(custom, {name: (name, "value") for name in custom})
    processing = session.get("processingInterface")
    yield from _take(processing, {"Recording UUID": ("recordingUUID",)})
    yield from _system(_at(processing, "system"))
    camera = session.get("cameraName")
    if isinstance(camera, str):
        yield from _camera(_at(processing, camera))


def _system(system: object) -> Iterator[tuple[str, Any]]:
    if not isinstance(system, dict):
        return
    yield from _take(system, _SYSTEM)
    paired = _at(system, "behavior", "paired") if "behavior" in system else False
    if paired is not _MISSING:
        yield "Miniscope Paired", paired
    if paired is True:
        yield from _take(system, _MINISCOPE)


def _camera(camera: object) -> Iterator[tuple[str, Any]]:
    yield from _take(camera, _CAMERA)
    if _at(camera, "sensorParams", "exposure", "type") == "manual":
        exposure = {"Camera Exposure Time (ms)": ("sensorParams", "exposure", "value")}
        yield from _take(camera, exposure)


def _take(values: object, rows: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Any]]:
    for name, keys in rows.items():
        value = _at(values, *keys)
        if value is not _MISSING:
            yield name, value


def _at(value: object, *keys: str) -> Any:
    """The value below the keys, or ``_MISSING``."""
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value
