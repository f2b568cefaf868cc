"""The acquisition information of a behavior movie under the names that Inscopix' software shows.

The rules were found as those of :mod:`napari_isx.io.base.acquisition` were; here too the other
entries of a group are returned where `isx` fails because one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from napari_isx.io.base.acquisition import MISSING, at, take

_ANIMAL: Final = (
    ("Animal Sex", "sex"),
    ("Animal Date of Birth", "dob"),
    ("Animal ID", "id"),
    ("Animal Species", "species"),
    ("Animal Weight", "weight"),
    ("Animal Description", "description"),
)
# Names and places below ``processingInterface.system``.
_SYSTEM: Final = (
    ("Behavior Session Name", "behavior.system.sessionName"),
    ("Behavior Acquisition SW Version", "behavior.software.behaviorIdas"),
)
_MINISCOPE: Final = (
    ("Miniscope Synced", "behavior.synced"),
    ("Miniscope Session Name", "miniscope.system.sessionName"),
    ("Miniscope Serial Number", "miniscope.system.systemSerial"),
    ("Miniscope Acquisition SW Version", "miniscope.software.miniscopeIdas"),
)
# Names and places below ``processingInterface.<camera>``.
_CAMERA: Final = (
    ("Camera Name", "cameraAlias"),
    ("Camera Serial Number", "cameraSerial"),
    ("Camera Brightness", "sensorParams.brightness"),
    ("Camera Contrast", "sensorParams.contrast"),
    ("Camera Saturation", "sensorParams.saturation"),
    ("Camera Gain", "sensorParams.gain"),
)


def behavior_info(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a behavior movie's session says, under readable names, sorted."""
    return dict(sorted(dict(_entries(session)).items()))


def _entries(session: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from take(at(session, "userInterface.animal"), _ANIMAL)
    custom = at(session, "userInterface.customMetadata")
    if isinstance(custom, dict):
        yield from take(custom, [(name, (name, "value")) for name in custom])
    processing = session.get("processingInterface")
    yield from take(processing, [("Recording UUID", "recordingUUID")])
    yield from _system(at(processing, "system"))
    camera = session.get("cameraName")
    if isinstance(camera, str):
        yield from _camera(at(processing, (camera,)))


def _system(system: object) -> Iterator[tuple[str, Any]]:
    if not isinstance(system, dict):
        return
    yield from take(system, _SYSTEM)
    paired = at(system, "behavior.paired") if "behavior" in system else False
    if paired is not MISSING:
        yield "Miniscope Paired", paired
    if paired is True:
        yield from take(system, _MINISCOPE)


def _camera(camera: object) -> Iterator[tuple[str, Any]]:
    yield from take(camera, _CAMERA)
    if at(camera, "sensorParams.exposure.type") == "manual":
        yield from take(camera, [("Camera Exposure Time (ms)", "sensorParams.exposure.value")])
