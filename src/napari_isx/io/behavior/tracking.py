"""Animal tracking in behavior movies: where the animal was, and the zones it was in.

Per stored frame the metadata may have a ``tracker``:

==========  =====================================================================
key         meaning
==========  =====================================================================
``box``     left, top, right, bottom of the animal in pixels
``conf``    confidence in percent
``zones``   one object or a list: ``id`` (the zone's, cut to 32 bits), ``name``,
            ``event`` (e entry, o occupied, x exit), ``trig`` (a soft trigger)
==========  =====================================================================

The session's ``trackingInterface`` lists the cameras, each with the ``zones`` that were drawn on
its picture: ``geometry.coordinates`` are the corners, of an ellipse the centre, in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.io.errors import IsxFileError

_EVENTS: Final = {"e": "entry", "o": "occupied", "x": "exit"}
_ID_BITS: Final = 0xFFFF_FFFF


class ZoneVisit(NamedTuple):
    """One sample in which the tracker reported a zone.

    Attributes
    ----------
    sample : int
    zone_id : int
        :attr:`Zone.visit_id` of the zone.
    name : str
    event : str
        "entry", "occupied" or "exit"; empty where the file does not say.
    trigger : str
        The trigger that was sent, "softTrig-1" to "softTrig-4"; empty without one.
    """

    sample: int
    zone_id: int
    name: str
    event: str
    trigger: str


@dataclass(frozen=True, eq=False)
class Zone:
    """An area drawn on the camera's picture.

    Attributes
    ----------
    id : int
    name, description : str
    enabled : bool
    shape : str
        "rectangle", "polygon" or "ellipse".
    vertices : numpy.ndarray
        ``(N, 2)`` float64, x and y in pixels: the corners; of an ellipse the centre alone.
    axes_px : (float, float)
        Whole length of an ellipse's major and minor axis in pixels; zeros for others.
    angle_deg : float
        Of an ellipse's major axis to the picture's x axis.
    """

    id: int
    name: str
    description: str
    enabled: bool
    shape: str
    vertices: npt.NDArray[np.float64]
    axes_px: tuple[float, float]
    angle_deg: float

    @property
    def visit_id(self) -> int:
        """The id as visits have it: its low 32 bits."""
        return self.id & _ID_BITS


@dataclass(frozen=True, eq=False)
class Tracking:
    """What a behavior movie's tracker found.

    Attributes
    ----------
    boxes : numpy.ndarray
        ``(T, 4)`` float64: left, top, right, bottom of the animal in pixels; NaN where the
        tracker found none or the sample holds nothing.
    confidence : numpy.ndarray
        ``(T,)`` float64, percent; NaN likewise.
    visits : tuple of ZoneVisit
        In order of samples; ``pandas.DataFrame(tracking.visits)`` is a table of them.
    zones : tuple of Zone
    """

    boxes: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    visits: tuple[ZoneVisit, ...]
    zones: tuple[Zone, ...]

    @property
    def centers(self) -> npt.NDArray[np.float64]:
        """``(T, 2)``: x and y of each box's middle in pixels."""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2


def read_tracking(
    path: Path,
    session: Mapping[str, Any],
    trackers: Sequence[Any],
    valid_mask: npt.NDArray[np.bool_],
) -> Tracking | None:
    """Collect what the tracker left, or None where the movie was not tracked.

    Parameters
    ----------
    path : Path
        The file, for messages.
    session : mapping
        The file's session JSON.
    trackers : sequence
        The ``tracker`` of each stored frame, None without one.
    valid_mask : numpy.ndarray
        ``(T,)``: which samples are stored.

    Raises
    ------
    IsxFileError
        A tracker or zone is not of the form above.
    """
    zones = tuple(_zones(path, session))
    if not zones and not any(trackers):
        return None
    boxes = np.full((len(valid_mask), 4), np.nan)
    confidence = np.full(len(valid_mask), np.nan)
    visits: list[ZoneVisit] = []
    samples = np.flatnonzero(valid_mask).tolist()
    for sample, tracker in zip(samples, trackers, strict=False):  # metadata may go on for longer
        if not tracker:
            continue
        try:
            box = tracker.get("box")
            if box is not None:
                left, top, right, bottom = box
                boxes[sample] = left, top, right, bottom
            confidence[sample] = tracker.get("conf", np.nan)
            visits += _visits(sample, tracker.get("zones") or [])
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise IsxFileError(path, f"the tracker's entry of frame {sample} is damaged") from None
    return Tracking(boxes, confidence, tuple(visits), zones)


def _visits(sample: int, entries: Any) -> Iterator[ZoneVisit]:
    for entry in [entries] if isinstance(entries, dict) else entries:
        event = str(entry.get("event", ""))
        trigger = str(entry.get("trig", ""))
        name = str(entry.get("name", ""))
        yield ZoneVisit(sample, int(entry["id"]), name, _EVENTS.get(event, event), trigger)


def _zones(path: Path, session: Mapping[str, Any]) -> Iterator[Zone]:
    """The zones of the camera that recorded the movie."""
    camera = session.get("cameraName")
    try:
        known_as = {camera, session["processingInterface"][camera].get("cameraAlias")}
    except (AttributeError, KeyError, TypeError):
        known_as = {camera} if isinstance(camera, str) else set()
    trackers = session.get("trackingInterface")
    for tracker in trackers if isinstance(trackers, list) else []:
        if isinstance(tracker, dict) and tracker.get("cameraName") in known_as:
            for zone in tracker.get("zones") or []:
                yield _zone(path, zone)


def _zone(path: Path, zone: Any) -> Zone:
    try:
        geometry = zone["geometry"]
        properties = geometry.get("properties") or {}
        return Zone(
            int(zone["id"]),
            str(zone.get("name", "")),
            str(zone.get("description", "")),
            bool(zone.get("enable", True)),
            str(geometry["type"]),
            np.array(geometry["coordinates"], np.float64).reshape(-1, 2),
            (float(properties.get("majorAxis", 0)), float(properties.get("minorAxis", 0))),
            float(properties.get("angle", 0)),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise IsxFileError(path, "a zone of the tracking session is damaged") from None
