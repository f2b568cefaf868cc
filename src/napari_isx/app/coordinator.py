"""Connects one viewer, its session and the docks that show it.

Views and models do not know each other: a view says what the user asked for, the coordinator's
parts act on the session or the viewer, and tell the views what to show. It needs no window: a
`ViewerModel` will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_isx.app.dialogs import Dialogs
from napari_isx.docks.cells.controller import CellsControl
from napari_isx.docks.closeup.controller import CloseUpControl
from napari_isx.docks.export.clips import ClipControl
from napari_isx.docks.export.controller import ExportControl
from napari_isx.docks.heatmap.controller import HeatMapControl
from napari_isx.docks.peri_event.controller import ResponsesControl
from napari_isx.docks.raters.controller import RatersControl
from napari_isx.docks.rules.controller import RulesControl
from napari_isx.docks.saving.controller import SavingControl
from napari_isx.docks.saving.window import attach_prompts
from napari_isx.docks.traces.channels_controller import ChannelsControl
from napari_isx.docks.traces.controller import TracesControl
from napari_isx.docks.traces.marks_controller import MarksControl
from napari_isx.docks.traces.vessels_controller import VesselsControl
from napari_isx.io.base.recording import put_away, take_out
from napari_isx.layers.keys import recording_of
from napari_isx.session.channel import Channel
from napari_isx.session.session import Session
from napari_isx.timeline.clock import Arrangement, Clock
from napari_isx.viewer.behavior import BehaviorControl
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.debounce import Later
from napari_isx.viewer.fit_view import ViewControl
from napari_isx.viewer.layer_names import LayerNames
from napari_isx.viewer.locked_layers import LockedLayers
from napari_isx.viewer.playback import Playback
from napari_isx.viewer.slider_marks import MarkedTimes, mark_slider
from napari_isx.viewer.time import TimeControl
from napari_isx.viewer.volume import VolumeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_isx.docks.traces.dock import TracesWidget

PAUSE_MS: Final = 150
"""Docks other than the table show a decision when no other follows for so long."""


class Coordinator:
    """Acts for one viewer. Get it with :meth:`of`."""

    opened: ClassVar[Signal] = Signal()
    """Something that the dock shows is open in the viewer where nothing was before."""
    sittings_found: ClassVar[Signal] = Signal()
    """Files of another day or animal were opened beside the others."""

    _all: ClassVar[WeakKeyDictionary[ViewerModel, Coordinator]] = WeakKeyDictionary()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer_ref = ref(viewer)
        self.session = Session()
        self.session.settled.wait = Later(self.session.settled.pass_on, PAUSE_MS).request
        self.time = TimeControl(viewer, self.session)
        self.playback = Playback(viewer, self.session, self.time)
        self.canvas = CanvasControl(viewer, self.session)
        # After the canvas, so that a click still holds the mouse down when it has selected.
        centering = self.centering = CenteringControl(viewer, self.session)
        self.saving = SavingControl(viewer, self.session, attach_prompts)
        self.cells = CellsControl(viewer, self.session, self.canvas, centering)
        self.cells.save_requested.connect(self.saving.save)
        self.saving.saved.connect(self.cells.show_steps)
        display = self.cells.display
        self.locked = LockedLayers(viewer, self.session)
        self._names = LayerNames(viewer, self.session)
        self.rules = RulesControl(viewer, self.session, self.canvas)
        self.raters = RatersControl(viewer, self.session)
        self.dialogs = Dialogs(
            viewer, self.session, self.cells, self.rules, self.raters, self.saving
        )
        self.behavior = BehaviorControl(viewer, self.session)
        self.traces = TracesControl(viewer, self.session, display, centering)
        self.channels = ChannelsControl(viewer, self.session)
        self.vessels = VesselsControl(viewer, self.session, self.canvas, display)
        self.view = ViewControl(viewer, self.session)
        self.volume = VolumeControl(viewer, self.session)
        self.closeup = CloseUpControl(viewer, self.session, self.time, centering)
        self.heatmap = HeatMapControl(viewer, self.session, self.time, centering)
        self.export = ExportControl(viewer, self.session)
        self.clips = ClipControl(viewer, self.session, self.time)
        self.responses = ResponsesControl(viewer, self.session, self.time, self.playback)
        self.marks = MarksControl(viewer, self.session)
        self.marks.threshold_dragged.connect(self.responses.set_threshold)
        self.responses.marked.connect(self._on_marked)
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_removed)
        # Last, when napari's list on the screen has the layer too, and its slider a place.
        viewer.layers.events.inserted.connect(self.canvas.put_below_cells, position="last")
        viewer.layers.events.inserted.connect(self.time.begin, position="last")
        self._on_layers()

    @classmethod
    def of(cls, viewer: ViewerModel) -> Coordinator:
        """The coordinator of a viewer, made on first use."""
        viewer = getattr(viewer, "__wrapped__", viewer)  # napari hands plugins a proxy
        if viewer not in cls._all:
            cls._all[viewer] = cls(viewer)
        return cls._all[viewer]

    @classmethod
    def find(cls, viewer: ViewerModel) -> Coordinator | None:
        """The coordinator of a viewer, or None where nothing of ours was opened in it."""
        return cls._all.get(getattr(viewer, "__wrapped__", viewer))

    def attach(self, view: TracesWidget) -> None:
        """Let a dock show this session until it is destroyed."""
        view.time_requested.connect(self.time.scrub_to)
        view.arrangement_picked.connect(self.arrange)
        self.traces.attach(view)
        self.channels.attach(view)
        self.vessels.attach(view)
        self.marks.attach(view)

    def _on_layers(self, event: object = None) -> None:  # noqa: ARG002
        viewer = self._viewer_ref()
        if viewer is None:
            return
        self.locked.follow_layers()
        recordings = (recording_of(layer) for layer in viewer.layers)
        opened = {id(recording): recording for recording in recordings if recording is not None}
        had_something, clock = self.has_something_to_show, self.session.clock
        take_out(opened.values())
        gone = [one for one in self.session.recordings if id(one) not in opened]
        num_sittings = len(clock.sittings_apart_s)
        self.session.show(opened.values())
        self._follow(clock)
        if self.has_something_to_show and not had_something:
            self.opened.emit()
        if len(self.session.clock.sittings_apart_s) > max(num_sittings, 1):
            self.sittings_found.emit()
        # napari may keep layers that were removed, and with them what they show.
        put_away(gone, (one for other in self._all.values() for one in other.session.recordings))

    def arrange(self, arrangement: Arrangement) -> None:
        """Show files of other days or animals on top of each other, or one after the other."""
        clock = self.session.clock
        self.session.arrange(arrangement)
        self._follow(clock)

    def _follow(self, clock: Clock) -> None:
        """Bring everything in line with what is open; `clock` is the one before."""
        self.time.place_layers()
        self.canvas.follow_layers()
        self._names.follow_layers()
        self.cells.follow_layers()
        self.behavior.follow_layers()
        self.vessels.show_selection()
        self.view.follow_layers()
        if self.session.clock is clock:
            self.traces.show_time()  # another movie may be the first now
        else:
            self.traces.renew()

    def _on_marked(
        self, marked: list[MarkedTimes], threshold: tuple[Channel, float] | None
    ) -> None:
        self.marks.mark(marked, threshold)
        viewer = self._viewer_ref()
        if viewer is not None:
            mark_slider(viewer, marked)

    def _on_removed(self, event: object = None) -> None:  # noqa: ARG002
        # A viewer that closes removes layers until none is left.
        with self.canvas.adding_nothing():
            self._on_layers()

    @property
    def has_something_to_show(self) -> bool:
        """Whether anything is open that the dock shows."""
        return bool(self.session.groups or len(self.session.channels))
