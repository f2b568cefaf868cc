"""Series of behavior movies: recordings made in parts, as one movie."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.series import FrameSeries, describe_grid
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking, Zone, ZoneVisit
from napari_isx.io.format.picture import Pixels


class BehaviorMovieSeries(FrameSeries[BehaviorMovie], BehaviorMovie):
    """Behavior movies recorded one after another, as one; see :class:`BehaviorMovie`."""

    @staticmethod
    def _describe(part: BehaviorMovie) -> dict[str, object]:
        """Frames, and the camera that took them."""
        camera = part.acquisition_info.get("Camera Serial Number")
        return {**describe_grid(part.spacing), "camera": camera}

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        return self._counters(part.timestamps_us for part in self._parts)

    @cached_property
    def tracking(self) -> Tracking | None:
        """That of all parts, with each zone once; None if no part was tracked."""
        found = [part.tracking for part in self._parts]
        if not any(found):
            return None
        boxes, confidence = np.full((len(self), 4), np.nan), np.full(len(self), np.nan)
        visits: list[ZoneVisit] = []
        zones: dict[tuple[int, str], Zone] = {}
        damaged: list[int] = []
        problems: list[str] = []
        for part, samples, one in zip(self._parts, self._schedule.slices(), found, strict=True):
            if one is None:
                continue
            boxes[samples], confidence[samples] = one.boxes, one.confidence
            visits += [v._replace(sample=v.sample + samples.start) for v in one.visits]
            for zone in one.zones:
                zones.setdefault((zone.id, zone.name), zone)
            damaged += [sample + samples.start for sample in one.damaged]
            problems += [f"{part.name}: {problem}" for problem in one.problems]
        return Tracking(
            boxes, confidence, tuple(visits), tuple(zones.values()), tuple(damaged), tuple(problems)
        )

    def _decode(self, sample: int, *, color: bool = False) -> Pixels | None:
        place = self._schedule.locate(sample)
        return None if place is None else self._parts[place[0]]._decode(place[1], color=color)
