"""Keeps behavior movies beside the microscope's field, and the box on the animal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_isx.io.behavior.behavior_movie import BehaviorMovie
from napari_isx.layers.behavior import field_of, place_beside, show_box
from napari_isx.layers.keys import BOX_KEY
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel


class BehaviorControl(Control):
    """The layers of behavior movies."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        session.cursor.moved.connect(self.follow_cursor)

    def follow_layers(self) -> None:
        """Put the pictures next to each other, right of what the microscope saw."""
        movies = [one for one in self.session.recordings if isinstance(one, BehaviorMovie)]
        if not movies:
            return
        field, right_um = field_of(self.viewer.layers), None
        for movie in movies:
            right_um = place_beside(self.viewer.layers, movie, field, right_um)
        self.follow_cursor()

    def follow_cursor(self, time_s: float | None = None) -> None:  # noqa: ARG002
        """Move the boxes to where the animals are now; none before and after the movie."""
        now_s = self.session.cursor.time_s
        for layer, movie in self.our_layers():
            if BOX_KEY not in layer.metadata or not isinstance(movie, BehaviorMovie):
                continue
            placed = self.session.clock.placed(movie)
            half_s = movie.timing.period_s / 2
            is_running = placed.offset_s - half_s <= now_s < placed.end_s - half_s
            show_box(layer, movie, placed.sample_at(now_s) if is_running else -1)
