"""What the dock *Responses* shows of the cells of the group, and what is asked for there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np
import numpy.typing as npt
from napari.utils.notifications import show_info, show_warning
from psygnal import Signal
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog

from napari_isx.analysis.response_maps import ResponseMap, response_map
from napari_isx.analysis.trace_heatmap import order_by
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.visible_controller import SeenControl
from napari_isx.docks.peri_event.dock import ResponsesWidget
from napari_isx.docks.peri_event.epochs_controller import EpochsControl
from napari_isx.docks.peri_event.panels import Curve, set_color
from napari_isx.docks.peri_event.results import (
    columns_of,
    curves_of,
    methods_of,
    order_of,
    summary,
)
from napari_isx.export.responses_csv import export_responses
from napari_isx.io.base.provenance import Provenance
from napari_isx.io.movies.base import Movie
from napari_isx.layers.keys import ROIS_KEY
from napari_isx.layers.response_maps import response_map_layers
from napari_isx.session.alignment import own_times_s
from napari_isx.session.groups import CellGroup
from napari_isx.session.responses import Computed, Responses, Settings, cells_of
from napari_isx.session.session import Session
from napari_isx.viewer.debounce import Later
from napari_isx.viewer.slider_marks import MarkedTimes
from napari_isx.viewer.time import TimeControl

if TYPE_CHECKING:
    from napari.components import ViewerModel

_DELAY_MS: Final = 150
_MAX_CURVES: Final = 6


class Looping(Protocol):
    """What plays a range of time again and again."""

    def loop_over(self, span_s: tuple[float, float] | None) -> None:
        """Loop over a range of session time."""

    def play(self) -> None:
        """Play."""


class ResponsesControl(SeenControl[ResponsesWidget]):
    """Computes responses when somebody sees them, in a worker, and follows the selection."""

    marked: ClassVar[Signal] = Signal(object, object)
    """Other events: marked times, set by set, and a channel with its threshold, or None."""

    def __init__(
        self, viewer: ViewerModel, session: Session, time: TimeControl, playback: Looping | None
    ) -> None:
        super().__init__(viewer, session, time)
        self.responses = Responses(session)
        self.epochs = EpochsControl(viewer, session, time, self.responses)
        self._playback = playback
        self._computed: Computed | None = None
        self._beside: list[Computed] = []
        self._order_name = "effect"
        self._trial, self._following = -1, -1  # the current one, and the one to go to next
        self._order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._map_of: tuple[Movie, str] | None = None
        self._later = Later(self.show, _DELAY_MS)
        self._work: Work[Computed] = Work(self._on_computed, self._on_failure, title="Responses")
        self._map_work: Work[ResponseMap] = Work(
            self._on_map, self._on_failure, title="Response map"
        )
        self.responses.changed.connect(self._later.request)
        self.responses.sources_changed.connect(self._on_sources)
        session.groups_changed.connect(self._later.request)
        session.recordings_changed.connect(self._later.request)
        session.settled.selection_changed.connect(self._on_selection)
        session.settled.statuses_changed.connect(self._on_statuses)
        session.channels.selection_changed.connect(self._on_channel)

    @property
    def is_busy(self) -> bool:
        """Whether something is being computed, or will be in a moment."""
        works = (self._work, self._map_work)
        return self.epochs.is_busy or self._later.is_due or any(one.is_running for one in works)

    @property
    def computed(self) -> Computed | None:
        """What is shown."""
        return self._computed

    def attach(self, view: ResponsesWidget) -> None:
        """Let a dock show responses until it is destroyed."""
        view.source_picked.connect(self.responses.pick)
        view.table_requested.connect(self._ask_for_table)
        view.keep_requested.connect(self._ask_for_name)
        view.kept_requested.connect(self._look_at)
        view.rename_requested.connect(self._rename)
        view.forget_requested.connect(self._forget)
        view.settings_changed.connect(self._on_settings)
        view.order_picked.connect(self._on_order)
        view.trials_toggled.connect(self._on_selection)
        view.cell_picked.connect(self._pick_cell)
        view.cells_picked.connect(self._pick_cells)
        view.trial_picked.connect(self.go_to_trial)
        view.trial_stepped.connect(self.step_trial)
        view.trial_excluded.connect(self.exclude_trial)
        view.reason_requested.connect(self._ask_for_reason)
        view.all_included.connect(self.responses.include_all)
        view.map_requested.connect(self.make_map)
        view.export_requested.connect(self._ask_for_export)
        view.methods_requested.connect(self._copy_methods)
        view.show_settings(self.responses.settings)
        super().attach(view)
        self.epochs.attach(view)

    def show(self) -> None:
        """Show the responses, computed again; nothing while unseen."""
        self._later.cancel()
        self._work.cancel()
        if self._computed is not None and self._computed.group not in self.session.groups:
            self._computed, self._beside = None, []  # they would keep the traces of a closed file
        if not super()._seen():
            return
        self._show_sources()
        self._mark()
        if not self._seen():
            return
        reason, compute = self.responses.computing()
        if compute is None:
            self._computed, self._beside = None, []
            for view in self._seen():
                view.show_message(reason)
            return
        for view in self._seen():
            view.show_text("Computing…")
        self._work.start(compute)

    def _seen(self) -> list[ResponsesWidget]:
        return [view for view in super()._seen() if not view.shows_epochs]

    def go_to_trial(self, place: int) -> None:
        """Show a trial, by its place among the averaged ones, and loop over it."""
        computed = self._computed
        if computed is None or not 0 <= place < len(computed.kept):
            return
        self._trial = place
        time_s = float(computed.alignment.times_s[computed.kept[place]])
        start_s, stop_s = computed.result.window_s
        self._time.go_to(time_s)
        if self._playback is not None:
            self._playback.loop_over((time_s + start_s, time_s + stop_s))
            self._playback.play()
        self._on_selection()

    def step_trial(self, step: int) -> None:
        """Show the next trial (1) or the previous one (-1)."""
        if self._computed is not None and len(self._computed.kept):
            self.go_to_trial(min(max(self._trial + step, 0), len(self._computed.kept) - 1))

    def exclude_trial(self, reason: str = "by hand") -> None:
        """Leave the trial that is shown out of all numbers, and show the one that follows."""
        computed = self._computed
        if computed is None or not 0 <= self._trial < len(computed.kept):
            show_info("Go to a trial first: click it, or use the arrows.")
            return
        event = int(computed.kept[self._trial])
        self._following = self._trial
        self.responses.exclude(computed.alignment, event, reason)
        number = f"Trial {event + 1} of {len(computed.alignment)}"
        show_info(f"{number} is left out. More > Include all trials takes it in again.")

    def mark(self) -> None:
        """Mark the time that is shown, or take the mark away that is there."""
        self.responses.mark(self.session.cursor.time_s)
        marks = self.responses.marks
        if marks is not None and marks.problem:
            show_warning(marks.problem)

    def set_threshold(self, value: float) -> None:
        """Have the channel be on above a value; the form follows."""
        self.responses.set_threshold(value)
        for view in self._views:
            view.show_settings(self.responses.settings)

    def _mark(self) -> None:
        """Mark the events in the other views."""
        try:
            alignments = self.responses.alignments()
        except (OSError, ValueError):  # said in place of the pictures
            alignments = []
        marked = [
            MarkedTimes(set_color(place), one.times_s.tolist())
            for place, one in enumerate(alignments)
        ]
        self.marked.emit(marked, self.responses.threshold)

    def make_map(self) -> None:
        """Average the cells' movie around the events, and add the result as layers."""
        movie = self._movie()
        alignment = self.responses.alignment()
        if movie is None or alignment is None:
            show_info("A response map needs the cells' movie, and events to align to.")
            return
        placed, settings = self.session.clock.placed(movie), self.responses.settings
        used = [i for i in range(len(alignment)) if self.responses.reason(alignment, i) is None]
        times_s = own_times_s(alignment.times_s, placed)[used]

        def steps() -> Iterator[ResponseMap]:
            yield response_map(
                movie, times_s, window_s=settings.window_s, baseline_s=settings.baseline_s,
                response_s=settings.response_s,
            )  # fmt: skip

        self._map_of = movie, alignment.name
        self._map_work.start(steps)

    def _movie(self) -> Movie | None:
        """The first movie of the cells' own time, of which no file says that it is another's."""
        movies = [one for one in self.session.recordings if isinstance(one, Movie)]
        group = self.session.group
        ours = Provenance.of(group.recording) if group is not None and group.recording else None
        fitting = (
            one
            for one in movies
            if self.responses.is_of_sitting(one)
            and (ours is None or not ours.contradiction(Provenance.of(one)))
        )
        return next(fitting, None)

    def export(self, path: Path) -> None:
        """Write the tables of what is shown, named after `path`; see :func:`export_responses`."""
        if any(view.shows_epochs for view in super()._seen()):
            self.epochs.export(path)
        elif self._computed is not None:
            names = self._computed.group.names
            cells = self._computed.group.cells
            if cells is not None:
                result, methods = (
                    self._computed.result,
                    methods_of(self._computed, self.responses.reasons(self._computed.alignment)),
                )
                export_responses(cells, names, result, path, methods=methods)

    @property
    def _trial_s(self) -> float:
        """When the current trial is; NaN without one."""
        if self._computed is None or self._trial < 0:
            return np.nan
        return float(self._computed.alignment.times_s[self._computed.kept[self._trial]])

    def _on_map(self, made: ResponseMap) -> None:
        if self._map_of is None:
            return
        movie, name = self._map_of
        for data, options, kind in response_map_layers(made, movie, name, self.session.clock):
            getattr(self.viewer, f"add_{kind}")(data, **options)

    def _on_computed(self, computed: Computed) -> None:
        self._add_columns(computed)
        if computed.is_beside:
            self._beside.append(computed)
            self._arrange()
            return
        self._beside = []
        following, self._following = self._following, -1
        time_s, self._computed = self._trial_s, computed
        # The same trial stays the current one, whatever its place is now.
        same = np.flatnonzero(computed.alignment.times_s[computed.kept] == time_s)
        self._trial = int(same[0]) if len(same) else -1
        self._arrange()
        if following >= 0:
            self.go_to_trial(min(following, len(computed.kept) - 1))

    def _arrange(self) -> None:
        computed = self._computed
        if computed is None:
            return
        if self._order_name == "position":
            self._order = order_by(self._positions_um(computed))
        else:
            self._order = order_of(computed.result, self._order_name)
        shown = [(one.alignment.name, one.result) for one in (computed, *self._beside)]
        for view in self._seen():
            view.show_results(shown, self._order)
        self._on_selection()

    def _positions_um(self, computed: Computed) -> npt.NDArray[np.float64]:
        """Where each cell is along the longer side of the field; NaN where that is not known."""
        layer, cells = self.layer_with_rois(computed.group), computed.group.cells
        chosen = computed.result.cell_indices.tolist()
        if layer is None or cells is None:
            return np.full(len(chosen), np.nan)
        rois, spacing = layer.metadata[ROIS_KEY], cells.spacing
        longer = int(np.argmax(np.multiply(spacing.num_pixels, spacing.pixel_size_um)))
        centers = spacing.to_um([rois[cell].centroid for cell in chosen])
        return np.asarray(centers, np.float64).reshape(-1, 2)[:, longer]

    def _on_failure(self, text: str) -> None:
        for view in self._seen():
            view.show_message(text)

    def _on_selection(self, _event: object = None) -> None:
        computed = self._computed
        self._show_sources()
        if computed is None:
            return
        if computed.group is not self.session.group:
            self._later.request()  # the pictures are of other cells
            return
        result = computed.result
        place_of = {cell: place for place, cell in enumerate(result.cell_indices.tolist())}
        selected, text = self.session.selected, summary(computed)
        places = shown = [place_of[cell] for cell in selected if cell in place_of]
        if not selected and np.isfinite(result.z).any():
            shown = [int(np.nanargmax(np.abs(result.z)))]
            name = computed.group.names[int(result.cell_indices[shown[0]])]
            text = f"Nothing is selected: {name}, of the largest |z|, is shown. {text}"
        elif selected and selected[-1] not in place_of:
            text = f"{computed.group.names[selected[-1]]} is not among the averaged cells. {text}"
        trials = np.empty((0, len(result.lags_s)))
        if shown:
            trials = result.responses_of(shown[-1])
        curves = self._curves(computed, shown)
        if closed := self.responses.closed_choices:
            text += f". Not open: {', '.join(closed)}"
        for view in self._seen():
            view.show_text(text)
            view.show_selection(result, places, curves, trials, self._trial)

    def _curves(self, computed: Computed, shown: Sequence[int]) -> list[Curve]:
        """Of the selected cells; where sets stand side by side of the last one for each set."""
        if not self._beside:
            return list(curves_of(computed, shown[-_MAX_CURVES:]))
        sets = [computed, *self._beside][:_MAX_CURVES]
        return [  # the titles of the maps have their colors
            Curve("" if place else curve.title, curve.mean, curve.sem, set_color(place))
            for place, one in enumerate(sets)
            for curve in curves_of(one, shown[-1:], by_condition=False)
        ]

    def _on_statuses(self, group: CellGroup) -> None:
        """Average other cells, where decisions changed which they are."""
        computed = self._computed
        if computed is None or group is not computed.group:
            return
        if cells_of(group) != computed.result.cell_indices.tolist():
            self._later.request()

    def _on_sources(self) -> None:
        self._show_sources()
        self._later.request()

    def _show_sources(self) -> None:
        titles, picked = [one.title for one in self.responses.sources()], self.responses.picked
        names = [one.name for one in self.responses.choices]
        for view in super()._seen():
            view.show_sources(titles, picked)
            view.show_sets(names, can_keep=picked is not None)

    def _on_channel(self) -> None:
        """Align to the channel that was pressed, where responses are looked at."""
        selected = self.session.channels.selected
        if selected and super()._seen():
            self.responses.pick_channel(selected[-1])

    def _on_settings(self, settings: Settings) -> None:
        self.responses.settings = settings

    def _on_order(self, name: str) -> None:
        self._order_name = name
        self._arrange()

    def _pick_cell(self, place: int, is_added: bool) -> None:
        if self._computed is None:
            return
        group, cell = self._computed.group, int(self._computed.result.cell_indices[place])
        if is_added:
            self.session.toggle(group, cell)
        else:
            self.session.select(group, [cell])

    def _pick_cells(self, places: Sequence[int]) -> None:
        if self._computed is not None:
            cells = self._computed.result.cell_indices[list(places)].tolist()
            self.session.select(self._computed.group, cells)

    def _add_columns(self, computed: Computed) -> None:
        """Have the results among the columns of *Cells*."""
        review = self.session.reviews.of(computed.group)
        if review is None:
            return
        metrics, values = columns_of(computed)
        review.add_columns(metrics, values, computed.alignment.name, computed.result)

    def _ask_for_table(self) -> None:
        parent = QApplication.activeWindow()
        name, _ = QFileDialog.getOpenFileName(parent, "Table of times", "", "Tables (*.csv *.txt)")
        self._show_sources()
        if not name:
            return
        clocks = self.responses.table_clocks()
        title, is_chosen = QInputDialog.getItem(
            parent, "Table of times", "Its times are", list(clocks), 0, False
        )
        if not is_chosen:
            return
        try:
            self.responses.read_table(Path(name), *clocks[str(title)])
        except (OSError, ValueError) as error:
            show_warning(f"The table cannot be used. {error}")

    def _ask_for_reason(self) -> None:
        parent = QApplication.activeWindow()
        title = "Exclude the trial"
        reason, is_given = QInputDialog.getText(parent, title, "Why is it excluded?")
        if is_given:
            self.exclude_trial(str(reason).strip() or "by hand")

    def _ask_for_name(self) -> None:
        name = _asked_name("Keep these events", self.responses.proposed_name)
        if name is not None:
            self.responses.keep(name)

    def _rename(self, place: int) -> None:
        choice = self.responses.choices[place]
        name = _asked_name("Rename the set", choice.name)
        if name is not None:
            if (review := self.session.review) is not None:
                review.remove_columns(choice.name)
            self.responses.rename(choice, name)

    def _look_at(self, place: int) -> None:
        self.responses.look_at(self.responses.choices[place])
        for view in self._views:
            view.show_settings(self.responses.settings)

    def _forget(self, place: int) -> None:
        self.responses.forget(self.responses.choices[place])

    def _ask_for_export(self) -> None:
        if self._computed is None and self.epochs.computed is None:
            show_info("There are no responses yet: choose what to align to.")
            return
        parent = QApplication.activeWindow()
        name, _ = QFileDialog.getSaveFileName(
            parent, "Export tables", "responses.csv", "CSV (*.csv)"
        )
        if name:
            try:
                self.export(Path(name))
            except OSError as error:
                show_warning(f"The tables cannot be written. {error}")

    def _copy_methods(self) -> None:
        if self._computed is not None:
            reasons = self.responses.reasons(self._computed.alignment)
            text = f"{methods_of(self._computed, reasons)} {self._computed.result.methods_text}"
            QApplication.clipboard().setText(text)
            show_info("The text for the methods is on the clipboard.")


def _asked_name(title: str, proposed: str) -> str | None:
    parent = QApplication.activeWindow()
    name, is_given = QInputDialog.getText(parent, title, "Name of the set", text=proposed)
    return str(name) if is_given else None
