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
its picture: ``geometry.coordinates`` are the corners, of an ellipse the center, in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

_EVENTS: Final = {"e": "entry", "o": "occupied", "x": "exit"}
_ID_BITS: Final = 0xFFFF_FFFF
_DAMAGES: Final = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


class ZoneVisit(NamedTuple):
    """One sample in which the tracker reported a zone.

    The id is :attr:`Zone.visit_id` of the zone, the event "entry", "occupied" or "exit", and the
    trigger that was sent "softTrig-1" to "softTrig-4"; both are empty where there is none.
    """

    sample: int
    zone_id: int
    name: str
    event: str
    trigger: str


@dataclass(frozen=True, eq=False)
class Zone:
    """An area drawn on the camera's picture: a "rectangle", "polygon" or "ellipse".

    Attributes
    ----------
    vertices : numpy.ndarray
        ``(N, 2)`` float64, x and y in pixels: the corners; of an ellipse the center alone.
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
    damaged : tuple of int
        Samples in which the tracker left something that cannot be read, which is left out.
    problems : tuple of str
        What could not be read, in words.
    """

    boxes: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    visits: tuple[ZoneVisit, ...]
    zones: tuple[Zone, ...]
    damaged: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def centers(self) -> npt.NDArray[np.float64]:
        """``(T, 2)``: x and y of each box's middle in pixels."""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2


def read_tracking(
    session: Mapping[str, Any], trackers: Sequence[Any], valid_mask: npt.NDArray[np.bool_]
) -> Tracking | None:
    """Collect what the tracker left, or None where the movie was not tracked.

    What is not of the form above is left out alone, and named in ``problems``. There is a tracker
    or None for each of the valid samples, which are stored.
    """
    zones, problems = _zones(session)
    if not zones and not problems and not any(trackers):
        return None
    boxes = np.full((len(valid_mask), 4), np.nan)
    confidence = np.full(len(valid_mask), np.nan)
    visits: list[ZoneVisit] = []
    damaged: list[int] = []
    samples = np.flatnonzero(valid_mask).tolist()
    for sample, tracker in zip(samples, trackers, strict=False):  # metadata may go on for longer
        if not tracker:
            continue
        found = _entry(sample, tracker)
        boxes[sample], confidence[sample] = found.box, found.confidence
        visits += found.visits
        if not found.is_whole:
            damaged.append(sample)
    if damaged:
        problems.insert(0, f"the tracker's entry of frame {and_more(damaged)} is damaged")
    return Tracking(boxes, confidence, tuple(visits), zones, tuple(damaged), tuple(problems))


def and_more(frames: Sequence[int]) -> str:
    """The first of some frames, and how many there are: "3 and of 5 more"."""
    return f"{frames[0]:,}" + (f" and of {len(frames) - 1:,} more" if len(frames) > 1 else "")


class _Entry(NamedTuple):
    """What the tracker left with a frame, as far as it can be read."""

    box: tuple[float, ...] = (np.nan,) * 4
    confidence: float = np.nan
    visits: tuple[ZoneVisit, ...] = ()
    is_whole: bool = True


def _entry(sample: int, tracker: Any) -> _Entry:
    if not isinstance(tracker, dict):
        return _Entry(is_whole=False)
    box, confidence, is_whole = (np.nan,) * 4, np.nan, True
    visits: list[ZoneVisit] = []
    try:
        if tracker.get("box") is not None:
            left, top, right, bottom = map(float, tracker["box"])
            box = left, top, right, bottom
    except _DAMAGES:
        is_whole = False
    try:
        confidence = float(tracker.get("conf", np.nan))
    except _DAMAGES:
        is_whole = False
    zones = tracker.get("zones") or []
    for zone in zones if isinstance(zones, list) else [zones]:
        try:
            visits.append(_visit(sample, zone))
        except _DAMAGES:
            is_whole = False
    return _Entry(box, confidence, tuple(visits), is_whole)


def _visit(sample: int, entry: Any) -> ZoneVisit:
    event, trigger, name = (str(entry.get(key, "")) for key in ("event", "trig", "name"))
    return ZoneVisit(sample, int(entry["id"]), name, _EVENTS.get(event, event), trigger)


def _zones(session: Mapping[str, Any]) -> tuple[tuple[Zone, ...], list[str]]:
    """The zones of the camera that recorded the movie, and which of them cannot be read."""
    camera = session.get("cameraName")
    try:
        known_as = {camera, session["processingInterface"][camera].get("cameraAlias")}
    except (AttributeError, KeyError, TypeError):
        known_as = {camera} if isinstance(camera, str) else set()
    zones, problems = [], []
    trackers = session.get("trackingInterface")
    for tracker in trackers if isinstance(trackers, list) else []:
        if not isinstance(tracker, dict) or tracker.get("cameraName") not in known_as:
            continue
        drawn = tracker.get("zones") or []
        for number, zone in enumerate(drawn if isinstance(drawn, list) else [drawn], 1):
            try:
                zones.append(_zone(zone))
            except _DAMAGES:
                named = isinstance(zone, dict) and isinstance(zone.get("name"), str)
                which = f"“{zone['name']:.60}”" if named else f"number {number}"
                problems.append(f"the zone {which} of the tracking session is damaged")
    return tuple(zones), problems


def _zone(zone: Any) -> Zone:
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
