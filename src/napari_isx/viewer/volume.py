"""Keeps napari's 3D from reading a whole movie into memory."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from napari.layers import Image
from napari.utils.notifications import show_warning

from napari_isx.io.base.frames import FrameSequence
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST_BYTES: Final = 200_000_000
"""Of the movies that are shown; napari takes some seconds for so many."""


class VolumeControl(Control):
    """Stays in 2D where 3D would stack all frames of large movies."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        # Before napari hears of it, and begins to read.
        viewer.dims.events.ndisplay.connect(self._on_ndisplay, position="first")

    def _on_ndisplay(self, event: object = None) -> None:  # noqa: ARG002
        dims = self.viewer.dims
        if dims.ndisplay == 2:
            return
        shown = [
            layer
            for layer, recording in self.our_layers()
            if isinstance(layer, Image) and isinstance(recording, FrameSequence) and layer.visible
        ]
        sizes = [prod(layer.data.shape) * layer.data.dtype.itemsize for layer in shown]
        if sum(sizes) > MOST_BYTES:
            dims.ndisplay = 2
            largest = max(zip(sizes, shown, strict=True), key=lambda one: one[0])[1]
            show_warning(
                f"3D would read all frames of {largest.name} into memory, {sum(sizes) / 1e9:,.1f} "
                f"GB. Hide movies of over {MOST_BYTES / 1e9:g} GB to see the rest in 3D."
            )
