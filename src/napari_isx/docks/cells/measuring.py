"""Computing what is known of each cell, while the window goes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_isx.analysis.cell_metrics.compute import MetricColumns
from napari_isx.analysis.rois import Roi
from napari_isx.docks.common.background import Work
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.session.review import Review
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Measuring(Control):
    """Measures each set of cells once, and again with other events."""

    ended: ClassVar[Signal] = Signal()
    """The cells of a set are measured, or cannot be."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._works: dict[Review, Work[MetricColumns]] = {}
        self._tried: WeakKeyDictionary[Review, int] = WeakKeyDictionary()  # which version

    def is_measuring(self, review: Review) -> bool:
        """Whether more columns are coming."""
        return review in self._works

    def measure(self, review: Review) -> None:
        """Measure cells, if that was not done yet; the review emits what comes."""
        if self._tried.get(review) == review.version:
            return
        rois: Sequence[Roi] = ()
        if review.group.cells is not None:
            layer = self.layer_with_rois(review.group)
            if layer is None:
                return
            rois = layer.metadata[ROIS_KEY]
        work: Work[MetricColumns] = Work(
            review.take, partial(self._fail, review), partial(self._end, review)
        )
        self._works[review], self._tried[review] = work, review.version
        work.start(review.measuring(rois))

    def give_up(self) -> None:
        """Stop what is computed for cells that are gone, or with events that are not theirs."""
        for review in list(self._works):
            is_open = review.group in self.session.groups
            if not is_open or self._tried[review] != review.version:
                self._works.pop(review).cancel()

    def _fail(self, review: Review, sentence: str) -> None:
        show_warning(f"The cells cannot be measured.\n{sentence}")
        self._end(review)

    def _end(self, review: Review) -> None:
        self._works.pop(review, None)
        self.ended.emit()
