"""Connects the dock *Recording info* with the viewer and the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from napari_isx.io.base.recording import Recording
from napari_isx.layers.keys import recording_of
from napari_isx.session.file_info.account import describe, save_info
from napari_isx.session.file_info.file_rows import title_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.info.dock import InfoWidget
    from napari_isx.session.session import Session


class InfoControl:
    """Tells a view of the file that is selected in the viewer, or picked in the view.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
    session : Session
    view : InfoWidget
        It owns this, and is not kept alive by it.
    """

    def __init__(self, viewer: ViewerModel, session: Session, view: InfoWidget) -> None:
        self._viewer, self._view, self._session = ref(viewer), ref(view), session
        self._shown: ref[Recording] | None = None  # a file is closed when nothing has it any more
        viewer.layers.selection.events.active.connect(self._on_active)
        session.recordings_changed.connect(self._on_recordings)
        view.recording_picked.connect(self._pick)
        view.save_requested.connect(self._save)
        self._on_active()

    def _on_active(self, event: object = None) -> None:  # noqa: ARG002
        viewer = self._viewer()
        active = viewer.layers.selection.active if viewer is not None else None
        recording = recording_of(active) if active is not None else None
        if recording is not None:
            self._shown = ref(recording)
        self._on_recordings()

    def _on_recordings(self) -> None:
        """List what is open; of what was closed another takes the place."""
        view, recordings = self._living_view(), list(self._session.recordings)
        if view is None:
            return
        shown = self._shown() if self._shown is not None else None
        place = next((i for i, one in enumerate(recordings) if one is shown), None)
        if place is None and recordings:
            place = len(recordings) - 1  # opened last
            self._shown = ref(recordings[place])
        view.show_recordings([title_of(one) for one in recordings], -1 if place is None else place)
        self._show()

    def _pick(self, place: int) -> None:
        recordings = list(self._session.recordings)
        if place < len(recordings):
            self._shown = ref(recordings[place])
        self._show()

    def _show(self) -> None:
        view = self._living_view()
        if view is None:
            return
        shown = self._shown() if self._shown is not None else None
        if shown is None or not any(one is shown for one in self._session.recordings):
            view.show_info(None)
        else:
            clock = self._session.clock  # which has no place for images
            view.show_info(describe(shown, clock.placed(shown) if shown in clock else None))

    def _save(self, path: str) -> None:
        view = self._living_view()
        if view is None or view.info is None:
            return
        try:
            save_info(view.info, path)
        except OSError as error:
            reason = error.strerror or str(error)
            view.show_note(f"{Path(path).name} could not be written: {reason}.")
        except ValueError as error:  # another suffix
            view.show_note(str(error))
        else:
            view.show_note(f"Saved as {Path(path).name}.")

    def _living_view(self) -> InfoWidget | None:
        """The view, unless Qt has deleted the widget behind it."""
        view = self._view()
        try:
            if view is not None:
                view.objectName()
        except RuntimeError:
            return None
        return view
