"""What responses are aligned to, marked in the docks *Traces*."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal

from napari_isx.docks.common.views import Views
from napari_isx.session.channel import Channel
from napari_isx.viewer.control import Control
from napari_isx.viewer.slider_marks import MarkedTimes

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.traces.dock import TracesWidget
    from napari_isx.session.session import Session


class MarksControl(Control):
    """Draws the events as lines over all rows, and the threshold in the row of its channel."""

    threshold_dragged: ClassVar[Signal] = Signal(float)
    """The user dragged the threshold to this value of the channel."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._views: Views[TracesWidget] = Views()
        self._marked: Sequence[MarkedTimes] = ()
        self._threshold: tuple[Channel, float] | None = None
        session.channels.changed.connect(self._show)

    def attach(self, view: TracesWidget) -> None:
        """Let a dock show marks until it is destroyed."""
        self._views.add(view)
        view.threshold_dragged.connect(self.threshold_dragged.emit)
        self._show()

    def mark(self, marked: Sequence[MarkedTimes], threshold: tuple[Channel, float] | None) -> None:
        """Mark these session times, and a value of a channel."""
        self._marked, self._threshold = marked, threshold
        self._show()

    def _show(self) -> None:
        shown, threshold = self.session.channels.shown, None
        if self._threshold is not None and self._threshold[0] in shown:
            threshold = shown.index(self._threshold[0]), self._threshold[1]
        for view in self._views:
            view.show_marks(self._marked, threshold)
