"""What the parts of the coordinator have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import ref

from napari_isx.io.base.recording import Recording
from napari_isx.layers.keys import ROIS_KEY, recording_of
from napari_isx.session.groups import CellGroup
from napari_isx.session.session import Session

if TYPE_CHECKING:
    from napari.components import Camera, ViewerModel
    from napari.layers import Layer


class Control:
    """Acts between one viewer and its session.

    Parameters
    ----------
    viewer : ViewerModel
    session : Session
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        # Not the viewer itself: who knows all coordinators would keep it alive for ever.
        self._viewer_ref = ref(viewer)
        self.session = session

    @property
    def viewer(self) -> ViewerModel:
        """The viewer.

        Raises
        ------
        ReferenceError
            It is gone.
        """
        viewer = self._viewer_ref()
        if viewer is None:
            raise ReferenceError("the viewer is gone")
        return viewer

    @property
    def camera(self) -> Camera:
        """The viewer's camera."""
        return getattr(self.viewer, "scene", self.viewer).camera  # `scene` came with napari 0.9

    def our_layers(self) -> Iterator[tuple[Layer, Recording]]:
        """Our layers with what they show, the topmost last.

        Not a layer that is just being added: napari tells its listeners one after another.
        """
        known = {id(recording) for recording in self.session.recordings}
        for layer in self.viewer.layers:
            recording = recording_of(layer)
            if recording is not None and id(recording) in known:
                yield layer, recording

    def layers_of(self, recording: Recording | None) -> list[Layer]:
        """Layers that show a recording, the topmost last."""
        return [layer for layer, shown in self.our_layers() if shown is recording]

    def layer_with_rois(self, group: CellGroup) -> Layer | None:
        """A layer that has the footprints of a group's cells, or None."""
        layers = self.layers_of(group.cells) if group.cells is not None else []
        return next((layer for layer in layers if ROIS_KEY in layer.metadata), None)
