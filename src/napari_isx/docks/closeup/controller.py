"""What the docks *Close-up* show of the selected cell, and what is asked for there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import WeakKeyDictionary, ref

from napari_isx.analysis.event_waveforms import waveforms
from napari_isx.analysis.rois import Roi, cut_roi
from napari_isx.analysis.trace_peaks import THRESHOLD_SD, trace_peaks
from napari_isx.docks.closeup.movie_choice import FittingMovie, fitting_movies
from napari_isx.docks.closeup.neighbors import Neighbor, neighbors_of
from napari_isx.docks.closeup.pictures import (
    NO_EVENTS,
    Pictures,
    Subject,
    read_pictures,
    subject_of,
)
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.visible_controller import SeenControl
from napari_isx.io.movies.base import Movie
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.session.cursor import next_time_s
from napari_isx.session.event_words import why_no_events
from napari_isx.session.groups import CellGroup, VesselGroup
from napari_isx.session.plot_rows import TraceRow, trace_row
from napari_isx.session.session import Session
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.debounce import Later
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_isx.docks.closeup.dock import CloseUpWidget
    from napari_isx.io.base.recording import Recording

_Key: TypeAlias = tuple[int, int, int]

# How long the selection has to rest before the movie is read, and of how many cells the pictures
# are kept.
DELAY_MS: Final = 100
MAX_KEPT: Final = 20
_MAX_KEPT_BYTES: Final = 200 << 20
_NO_CELLS: Final = "Open a cell set and its movie to see here the evidence for each cell."
_NO_SELECTION: Final = "Select a cell to see the evidence for it."
_FOR_CELLS: Final = "Vessels are selected; only cells are shown here."


@dataclass(frozen=True, eq=False)
class _Shown:
    """The cell that is shown, with all that is known of it without its pictures."""

    group: CellGroup
    cell: int
    row: TraceRow
    key: _Key
    subject: Subject
    neighbors: list[Neighbor]


class CloseUpControl(SeenControl["CloseUpWidget"]):
    """The docks that show the last selected cell from near."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        time: TimeControl,
        centering: CenteringControl,
    ) -> None:
        super().__init__(viewer, session, time)
        self._centering = centering
        self._work: Work[Pictures] = Work(self._on_pictures, self._on_failure, self._on_end)
        self._later = Later(self._read, DELAY_MS)
        self._shown: _Shown | None = None
        self._pictures = Pictures()
        self._kept: OrderedDict[_Key, Pictures] = OrderedDict()
        self._picked: WeakKeyDictionary[CellGroup, ref[Movie]] = WeakKeyDictionary()
        session.recordings_changed.connect(self._on_recordings)
        session.groups_changed.connect(self._on_recordings)
        session.selection_changed.connect(self._on_selection)
        session.settled.selection_changed.connect(self.show)
        session.settled.statuses_changed.connect(self._on_statuses)

    @property
    def is_busy(self) -> bool:
        return self._work.is_running or self._later.is_due

    def attach(self, view: CloseUpWidget) -> None:
        view.event_step_requested.connect(self._step_event)
        view.center_requested.connect(self._centering.center)
        view.always_center_changed.connect(self._center_always)
        view.movie_picked.connect(self._pick_movie)
        view.show_always_center(self._centering.always)
        super().attach(view)

    def show(self) -> None:
        """Show the last selected cell, and start reading its pictures; nothing while unseen."""
        self._later.cancel()
        self._work.cancel()
        self._shown, self._pictures = None, Pictures()
        if not self._seen():
            return
        group, selected = self.session.group, self.session.selected
        reason = _why_nothing(group, selected)
        if group is None or reason:
            self._say(reason)
            return
        cell = selected[-1]
        clock = self.session.clock
        try:
            row, note, no_events = self._with_events(group, trace_row(group, cell, clock))
        except (OSError, ValueError) as error:  # the file was closed, cut short, or is out of reach
            self._say(f"The trace cannot be read.\n{error}")
            return
        for view in self._seen():
            view.show_cell(row.name, row.status, row, note)
            view.show_time(self.session.cursor.time_s)
        movie, why_not = self._choose_movie(group)
        placed = clock.placed(movie) if movie is not None else None
        roi, neighbors = self._roi_of(group, cell), self._neighbors_of(group, cell)
        subject = subject_of(group, cell, roi, row, placed, why_not, no_events)
        key = id(group), cell, id(movie)
        self._shown = _Shown(group, cell, row, key, subject, neighbors)
        self._show_place(subject, neighbors)
        if key in self._kept:
            self._kept.move_to_end(key)
            self._on_pictures(self._kept[key])
        self._later.request()

    def _with_events(self, group: CellGroup, row: TraceRow) -> tuple[TraceRow, str, str]:
        """A row with its events, or with the peaks of its trace where no event set is known.

        And what to say of that, and what where there are none.
        """
        if group.events is not None:
            return row, "", NO_EVENTS
        found = trace_peaks(row.values, group.timing.period_s)
        row = replace(
            row,
            event_times_s=row.times_s[found.samples],
            event_values=row.values[found.samples],
        )
        why = why_no_events(group, self.session.recordings)
        rule = f"{THRESHOLD_SD:g} SD of the noise above the median (scipy.signal.find_peaks)"
        note = f"Peaks of the trace, {rule}, as {why}"
        return row, note, f"The trace has no peak that is {rule}"

    def _show_place(self, subject: Subject, neighbors: Sequence[Neighbor]) -> None:
        """Show where the cell is, and what is known without reading."""
        for view in self._seen():
            if subject.place_um is not None:
                view.show_place(subject.place_um, subject.contour_um, neighbors)
            if subject.known_footprint is not None:
                view.show_footprint(subject.known_footprint, subject.footprint_um)
            else:
                view.footprint_panel.show_message(subject.no_footprint)
            if subject.no_movie:
                view.image_panel.show_message(subject.no_movie)
                view.loop_panel.show_message(subject.no_movie)

    def _read(self) -> None:
        """Show what takes longer than a key may, and have the pictures read that are not there."""
        shown = self._shown
        if shown is None:
            return
        self._show_traces(shown)
        if shown.key not in self._kept and shown.subject.place_um is not None:
            self._work.start(partial(read_pictures, shown.subject))

    def _show_traces(self, shown: _Shown) -> None:
        """Show the waveforms of the cell, and the traces of its neighbors above its own."""
        row, clock = shown.row, self.session.clock
        has_trace = len(row.times_s) > 0
        cut = waveforms(row.times_s, row.values, row.event_times_s) if has_trace else None
        try:
            rows = [
                replace(trace_row(shown.group, one.cell, clock), color=one.color)
                for one in shown.neighbors
            ]
        except (OSError, ValueError):  # as the traces say
            rows = []
        for view in self._seen():
            view.show_waveforms(cut)
            view.show_neighbors([*rows, row], clock.span_s)

    def _on_pictures(self, pictures: Pictures) -> None:
        before, self._pictures = self._pictures, pictures
        if self._shown is None:
            return
        subject = self._shown.subject
        for view in self._seen():
            if isinstance(pictures.footprint, str):
                view.footprint_panel.show_message(pictures.footprint)
            elif pictures.footprint is not None and pictures.footprint is not before.footprint:
                view.show_footprint(pictures.footprint, subject.footprint_um)
            if isinstance(pictures.image, str):
                view.image_panel.show_message(pictures.image)
            elif pictures.image is not None and pictures.image is not before.image:
                view.show_event_image(pictures.image, subject.movie_um)
            if isinstance(pictures.loop, str):
                view.loop_panel.show_message(pictures.loop)
            elif pictures.loop is not None and pictures.loop is not before.loop:
                view.show_loop(pictures.loop, subject.movie_um)

    def _on_failure(self, text: str) -> None:
        for view in self._seen():
            view.image_panel.show_message(f"The pictures cannot be shown.\n{text}")
            view.loop_panel.show_message("")

    def _on_end(self) -> None:
        """Keep what was read, for when the user comes back to the cell."""
        if self._shown is None or self._pictures.is_broken:
            return
        self._kept[self._shown.key] = self._pictures
        while len(self._kept) > MAX_KEPT or (
            len(self._kept) > 1 and sum(p.num_bytes for p in self._kept.values()) > _MAX_KEPT_BYTES
        ):
            self._kept.popitem(last=False)

    def _choose_movie(self, group: CellGroup) -> tuple[Movie | None, str]:
        """Offer the movies that fit the cells, and take one, or say why none is taken.

        It is the one that the user picked, else the best, unless the cells were found in another.
        """
        movies = self._movies_of(group)
        reference = self._picked.get(group)
        picked = reference() if reference is not None else None
        is_sure = bool(movies) and not movies[0].contradiction
        default = 0 if is_sure else -1
        place = next((i for i, one in enumerate(movies) if one.movie is picked), default)
        for view in self._seen():
            view.show_movies([self._title_of(one) for one in movies], place, is_sure=is_sure)
        if place >= 0:
            return movies[place].movie, ""
        against = " or ".join(dict.fromkeys(one.contradiction for one in movies))
        why = f"Open the movie of these cells. What is open has {against}; the box shows it anyway"
        return None, why if movies else ""

    def _title_of(self, one: FittingMovie) -> str:
        name = self.layers_of(one.movie)[-1].name
        return f"{name} (⚠ {one.contradiction})" if one.contradiction else name

    def _movies_of(self, group: CellGroup) -> list[FittingMovie]:
        """The movies that show a group's cells; of equal ones the visible first."""
        layers = sorted(self.our_layers(), key=_is_visible)
        movies = {id(one): one for _, one in layers if isinstance(one, Movie)}
        return fitting_movies(group, movies.values(), self.session.clock)

    def _roi_of(self, group: CellGroup, cell: int) -> Roi | None:
        if group.cells is None:
            return None
        return self._centering.roi_of(group, cell) or cut_roi(group.cells.footprint(cell))

    def _neighbors_of(self, group: CellGroup, cell: int) -> list[Neighbor]:
        layer = self.layer_with_rois(group)
        if layer is None or group.cells is None:
            return []
        return neighbors_of(layer.metadata[ROIS_KEY], cell, group.cells.spacing)

    def _say(self, text: str) -> None:
        for view in self._seen():
            view.show_no_cell(text)

    def _step_event(self, direction: int) -> None:
        if self._shown is None:
            return
        times_s, now_s = self._shown.row.event_times_s, self.session.cursor.time_s
        margin_s = self._shown.group.timing.period_s / 2
        found_s = next_time_s(times_s, direction, now_s, margin_s)
        if found_s is not None:
            self._time.go_to(found_s)

    def _center_always(self, on: bool) -> None:
        self._centering.always = on
        if on:
            self._centering.center()
        for view in self._views:
            view.show_always_center(on)

    def _pick_movie(self, place: int) -> None:
        group = self.session.group
        movies = self._movies_of(group) if group is not None else []
        if group is not None and place < len(movies):
            self._picked[group] = ref(movies[place].movie)
            self.show()

    def _on_selection(self) -> None:
        if self._seen():
            self._centering.follow()

    def _on_recordings(self) -> None:
        self._kept.clear()  # the clock may be another one, and files may be closed
        self.show()

    def _on_statuses(self, group: CellGroup) -> None:
        shown = self._shown
        if shown is not None and group is shown.group:
            for view in self._seen():
                view.show_status(shown.row.name, group.status(shown.cell))


def _why_nothing(group: CellGroup | None, selected: Sequence[int]) -> str:
    if group is None:
        return _NO_CELLS
    if isinstance(group, VesselGroup):
        return _FOR_CELLS
    return "" if selected else _NO_SELECTION


def _is_visible(shown: tuple[Layer, Recording]) -> bool:
    return bool(shown[0].visible)
