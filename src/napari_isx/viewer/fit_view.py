"""Keeps all that was opened in view, until the user zooms or pans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_isx.session.session import Session
from napari_isx.viewer.control import Control
from napari_isx.viewer.debounce import Later

if TYPE_CHECKING:
    from napari.components import ViewerModel

View = tuple[float, ...]

# Until a dock that was added has its place.
_DOCKED_MS: Final = 150


class ViewControl(Control):
    """The camera, as napari fits the view to the first layer only."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._fitted: View | None = None
        self._num_layers = len(viewer.layers)
        self._after_docking = Later(self._refit_if_open, _DOCKED_MS)

    def follow_layers(self) -> None:
        """Show the whole of it again where something was added."""
        before, self._num_layers = self._num_layers, len(self.viewer.layers)
        if self._num_layers > before and self.viewer.dims.ndisplay == 2:
            if before:
                self.refit()
            else:
                self.fit()

    def make_room(self) -> None:
        """A dock is about to take room from the canvas: show all there is again soon."""
        self._after_docking.request()

    def fit(self) -> None:
        """Show all there is."""
        self.viewer.reset_view()
        self._fitted = self._view()

    def refit(self) -> bool:
        """Show all there is, unless the user has zoomed or panned; whether he has not."""
        before = self._view()
        is_untouched = self._fitted is not None and np.allclose(self._fitted, before)
        self.fit()
        # Or he showed all of it himself: roughly, as the canvas may have another size by now.
        if is_untouched or np.allclose(before, self._fitted or before, rtol=0.1):
            return True
        self.camera.center, self.camera.zoom = (0.0, *before[:2]), before[2]
        self._fitted = None
        return False

    def _refit_if_open(self) -> None:
        viewer = self._viewer_ref()
        if viewer is not None and len(viewer.layers) and viewer.dims.ndisplay == 2:
            self.refit()

    def _view(self) -> View:
        return (*self.camera.center[-2:], self.camera.zoom)
