"""What the docks have in common for which nothing is read while nobody sees them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.common.views import Views
from napari_isx.docks.common.visible_widget import SeenWidget
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel


V = TypeVar("V", bound=SeenWidget)


class SeenControl(Control, ABC, Generic[V]):
    """Shows something in docks while they are visible."""

    def __init__(self, viewer: ViewerModel, session: Session, time: TimeControl) -> None:
        super().__init__(viewer, session)
        self._time = time
        self._views: Views[V] = Views()
        viewer.events.theme.connect(self._on_theme)
        session.cursor.moved.connect(self._on_time)

    def attach(self, view: V) -> None:
        self._views.add(view)
        view.time_requested.connect(self._time.go_to)
        view.shown_changed.connect(self.show)
        view.set_colors(plot_colors(self.viewer.theme))
        self.show()

    @abstractmethod
    def show(self) -> None:
        """Show it again; nothing while unseen."""

    def _seen(self) -> list[V]:
        return [view for view in self._views if view.is_shown]

    def _on_time(self, time_s: float) -> None:
        for view in self._seen():
            view.show_time(time_s)

    def _on_theme(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.set_colors(plot_colors(self.viewer.theme))
