"""The acquisition information of a file under the names that Inscopix' software shows.

Which JSON path becomes which name, and under which condition, was established by deleting every
key of a session in turn and asking `isx` 2.1.0. Where `isx` fails because one entry of a
group is missing, the others are returned here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, Final, TypeAlias

MISSING: Final = object()

Place: TypeAlias = str | tuple[str, ...]
"""The keys down to a value: with dots between them, or apart, as a key may have dots itself."""

# Name -> path of keys below ``extraProperties``. Order matters: a later row replaces an earlier.
_PLAIN: Final[tuple[tuple[str, str], ...]] = (
    ("Animal Sex", "animal.sex"),
    ("Animal Date of Birth", "animal.dob"),
    ("Animal ID", "animal.id"),
    ("Animal Species", "animal.species"),
    ("Animal Weight", "animal.weight"),
    ("Animal Description", "animal.description"),
    ("Microscope Focus", "microscope.focus"),
    ("Microscope Gain", "microscope.gain"),
    ("Microscope Serial Number", "microscope.serial"),
    ("Microscope Type", "microscope.type"),
    ("Exposure Time (ms)", "microscope.exp"),
)
_SESSION: Final[tuple[tuple[str, str], ...]] = (
    ("Session Name", "name"),
    ("Experimenter Name", "personnel.name"),
    ("Probe Diameter (mm)", "probe.diameter"),
    ("Probe Flip", "probe.flip"),
    ("Probe Length (mm)", "probe.length"),
    ("Probe Pitch", "probe.pitch"),
    ("Probe Rotation (degrees)", "probe.rotation"),
    ("Probe Type", "probe.type"),
)
_PROCESSING: Final[tuple[tuple[str, str], ...]] = (
    ("channel", "idps.channel"),
    ("Motion correction padding", "idps.mc_padding"),
    ("Cell Identification Method", "idps.cellset.method"),
    ("Trace Units", "idps.cellset.units"),
    ("Vessel Set Type", "idps.vesselset.type"),
    ("Trace Units", "idps.vesselset.units"),
    ("Time Increment (s)", "idps.vesselset.timeIncrement"),
    ("Time Window (s)", "idps.vesselset.timeWindow"),
    ("Vessel Diameter Estimation Method", "idps.vesselset.estimationMethod"),
)
_SAMPLES: Final[tuple[tuple[str, str], ...]] = (
    ("Interpolated Samples", "idps.interpolatedFrames"),
    ("Windows with Invalid Frame Error", "idps.vesselset.invalidWindows"),
)
_VESSEL_ERRORS: Final[tuple[tuple[str, str], ...]] = (
    ("Vessels with Clipping Error", "idps.vesselset.clippedVessels"),
    ("Vessels with No Significant Pixels Error", "idps.vesselset.noSignificantVessels"),
    ("Vessels with Direction Change Error", "idps.vesselset.directionChangedVessels"),
)
PROCESSING_NAMES: Final = {
    path.removeprefix("idps."): name for name, path in (*_PROCESSING, *_SAMPLES, *_VESSEL_ERRORS)
}
"""Names that tell of processing, by the keys below ``idps`` of their values."""
_TWO_PHOTON: Final[tuple[tuple[str, str], ...]] = (
    ("Animal Date of Birth", "userInterface.customMetadata.DOB.value"),
    ("Experimenter Name", "userInterface.customMetadata.Personnel.value"),
    ("Animal ID", "userInterface.customMetadata.Animal ID.value"),
    ("Animal Sex", "userInterface.customMetadata.Animal Sex.value"),
    ("Animal Species", "userInterface.customMetadata.Species.value"),
    ("Animal Weight", "userInterface.customMetadata.Weight.value"),
    ("Microscope Type", "userInterface.system.hardware.miniscopeType"),
    ("Microscope Serial Number", "userInterface.system.hardware.miniscopeSerial"),
    ("Session Name", "userInterface.sessionName"),
    ("Microscope Focus", "hardwareInterface.miniscope.channel-1.lens.focus.value"),
    ("Microscope Gain", "hardwareInterface.miniscope.channel-1.mppc.gain.value"),
    ("Microscope Power", "hardwareInterface.miniscope.channel-1.laser.power.value"),
)


def acquisition_info(extra: object) -> dict[str, Any]:
    """Return what a file's ``extraProperties`` say, under readable names, sorted.

    Parameters
    ----------
    extra : object
        The decoded JSON value; anything but an object has nothing to say.

    Returns
    -------
    dict
        Values keep their JSON type but where `isx` makes text of them.
    """
    if not isinstance(extra, dict):
        return {}
    return dict(sorted(_entries(extra)))


def _entries(extra: dict[str, Any]) -> list[tuple[str, Any]]:
    """All names with their values, the ones that count last."""
    found: dict[str, Any] = {}
    found.update(take(extra, _PLAIN))
    found.update(_microscope(extra))
    found.update(take(extra, _SESSION))
    version = at(extra, "producer.versionBE")
    if isinstance(version, str):
        found["Acquisition SW Version"] = version.partition("-")[0]
    found.update(_idps(extra))
    found.update(take(extra, (("Recording UUID", "processingInterface.recordingUUID"),)))
    z_stack = at(extra, "processingInterface.mini2p.isZStack")
    if z_stack is not MISSING:
        found["Z-Stack"] = z_stack
        planes = at(extra, "processingInterface.mini2p.planes")
        if z_stack and isinstance(planes, list):
            found["Z-Stack Planes"] = [_whole(plane) for plane in planes]
    found.update(take(extra, _TWO_PHOTON))
    return list(found.items())


def _microscope(extra: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    led, dual = at(extra, "microscope.led"), at(extra, "microscope.dualColor")
    if isinstance(led, dict):
        if isinstance(dual, dict):
            second = "exPower2" if dual.get("enabled") else "ogPower"
            names = (("EX LED 1", "exPower"), ("EX LED 2", second))
        else:
            names = (("EX LED", "exPower"), ("OG LED", "ogPower"))
        for name, key in names:
            if key in led:
                yield f"Microscope {name} Power (mw/mm^2)", led[key]
    custom = at(extra, "microscope.customMetadata")
    if isinstance(custom, dict):
        yield from custom.items()
    wide_field = at(extra, "microscope.widefield")
    if isinstance(wide_field, bool):
        yield "Wide Field", str(wide_field)


def _idps(extra: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    efocus = at(extra, "idps.efocus")
    if isinstance(_whole(efocus), int):
        yield "efocus", _whole(efocus) % 65536
    yield from take(extra, _PROCESSING)
    for name, samples in take(extra, _SAMPLES):
        if isinstance(samples, list):
            yield name, "".join(f"{sample} " for sample in samples)
    if isinstance(at(extra, "idps.vesselset"), dict):
        yield from ((name, "{}") for name, _ in _VESSEL_ERRORS)
        yield from take(extra, _VESSEL_ERRORS)


def _whole(value: Any) -> Any:
    """A number without its fraction; what is no finite number stays as it is."""
    return int(value) if isinstance(value, float) and isfinite(value) else value


def take(values: object, rows: Iterable[tuple[str, Place]]) -> Iterator[tuple[str, Any]]:
    """The names of those rows whose place has a value, with the value."""
    for name, place in rows:
        value = at(values, place)
        if value is not MISSING:
            yield name, value


def at(values: object, place: Place) -> Any:
    """The value at a place in nested JSON objects, or ``MISSING``."""
    for key in place.split(".") if isinstance(place, str) else place:
        if not isinstance(values, dict) or key not in values:
            return MISSING
        values = values[key]
    return values
