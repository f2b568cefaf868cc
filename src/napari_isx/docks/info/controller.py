"""Connects the dock *Recording info* with the viewer and the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from napari_isx.docks.common.views import is_alive
from napari_isx.io.base.recording import Recording
from napari_isx.layers.keys import recording_of
from napari_isx.session.file_info.account import describe, save_info
from napari_isx.session.file_info.file_rows import title_of
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.info.dock import InfoWidget
    from napari_isx.session.session import Session


class InfoControl(Control):
    """Shows the file that is selected in the viewer, or picked in the view, which owns this."""

    def __init__(self, viewer: ViewerModel, session: Session, view: InfoWidget) -> None:
        super().__init__(viewer, session)
        self._view = ref(view)
        self._shown: ref[Recording] | None = None  # a file is closed when nothing has it any more
        viewer.layers.selection.events.active.connect(self._on_active)
        session.recordings_changed.connect(self._show)
        view.recording_picked.connect(self._pick)
        view.save_requested.connect(self._save)
        self._on_active()

    def _on_active(self, event: object = None) -> None:  # noqa: ARG002
        active = self.viewer.layers.selection.active
        recording = recording_of(active) if active is not None else None
        if recording is not None:
            self._shown = ref(recording)
        self._show()

    def _pick(self, place: int) -> None:
        recordings = list(self.session.recordings)
        if place < len(recordings):
            self._shown = ref(recordings[place])
        self._show()

    def _show(self) -> None:
        """List what is open and describe one; for a closed one the last opened steps in."""
        view, recordings = self._view(), list(self.session.recordings)
        if view is None or not is_alive(view):
            return
        shown = self._shown() if self._shown is not None else None
        place = next((i for i, one in enumerate(recordings) if one is shown), len(recordings) - 1)
        view.show_recordings([title_of(one) for one in recordings], place)
        if place < 0:
            view.show_info(None)
            return
        recording, clock = recordings[place], self.session.clock
        self._shown = ref(recording)
        # Images have no place on the clock.
        view.show_info(describe(recording, clock.placed(recording) if recording in clock else None))

    def _save(self, path: str) -> None:
        view, name = self._view(), Path(path).name
        if view is None or view.info is None:
            return
        try:
            save_info(view.info, path)
        except OSError as error:
            view.show_note(f"{name} could not be written: {error.strerror or error}.")
        except ValueError as error:  # another suffix
            view.show_note(str(error))
        else:
            view.show_note(f"Saved as {name}.")
