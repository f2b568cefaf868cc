"""Series of behavior movies: recordings made in parts, as one movie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.series import Series, describe_grid
from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.io.behavior.tracking import Tracking, Zone, ZoneVisit
from napari_isx.io.format.picture import Pixels


class BehaviorMovieSeries(Series[BehaviorMovie], BehaviorMovie):
    """Behavior movies recorded one after another, as one; see :class:`BehaviorMovie`.

    Frames between two parts read as zeros, like dropped ones.

    Parameters
    ----------
    parts : sequence of BehaviorMovie
    """

    def __init__(self, parts: Sequence[BehaviorMovie]) -> None:
        super().__init__(parts, [part.timing for part in parts])
        self.spacing = self._parts[0].spacing
        self.timing = self._schedule.timing
        self.shape = (self.timing.num_samples, *self.spacing.num_pixels)

    @staticmethod
    def _describe(part: BehaviorMovie) -> dict[str, object]:
        """Frames, and the camera that took them."""
        camera = part.acquisition_info.get("Camera Serial Number")
        return {**describe_grid(part.spacing), "camera": camera}

    @cached_property
    def timestamps_us(self) -> npt.NDArray[np.uint64] | None:
        """``(T,)`` hardware counter of each frame in microseconds, or None if a part has none.

        0 for samples without a frame and in gaps.
        """
        return self._counters(part.timestamps_us for part in self._parts)

    @cached_property
    def tracking(self) -> Tracking | None:
        """Where the animal was and the zones it was in, or None if no part was tracked.

        Zones are those of all parts, each once.
        """
        found = [part.tracking for part in self._parts]
        if not any(found):
            return None
        boxes = np.full((len(self), 4), np.nan)
        confidence = np.full(len(self), np.nan)
        visits: list[ZoneVisit] = []
        zones: dict[tuple[int, str], Zone] = {}
        damaged: list[int] = []
        problems: list[str] = []
        for part, samples, tracking in zip(
            self._parts, self._schedule.slices(), found, strict=True
        ):
            if tracking is None:
                continue
            boxes[samples], confidence[samples] = tracking.boxes, tracking.confidence
            visits += [v._replace(sample=v.sample + samples.start) for v in tracking.visits]
            for zone in tracking.zones:
                zones.setdefault((zone.id, zone.name), zone)
            damaged += [sample + samples.start for sample in tracking.damaged]
            problems += [f"{part.name}: {problem}" for problem in tracking.problems]
        return Tracking(
            boxes,
            confidence,
            tuple(visits),
            tuple(zones.values()),
            tuple(damaged),
            tuple(problems),
        )

    def _decode(self, sample: int, *, color: bool = False) -> Pixels | None:
        place = self._schedule.locate(sample)
        return None if place is None else self._parts[place[0]]._decode(place[1], color=color)
