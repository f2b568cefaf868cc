"""The review of the cells: what the dock *Cells* shows, and what is done of what is asked there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import ref

from napari.utils.action_manager import action_manager
from napari.utils.notifications import show_info
from psygnal import Signal

from napari_isx.analysis.cell_metrics.definitions import STATUS
from napari_isx.docks.cells.decision_texts import ask_about_many, ask_which_to_keep
from napari_isx.docks.cells.dock import CellsWidget
from napari_isx.docks.cells.duplicates import Pair
from napari_isx.docks.cells.measuring import Measuring
from napari_isx.docks.common.question import Question
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.settings import recall, remember
from napari_isx.docks.common.shortcuts import key_texts
from napari_isx.docks.common.theme import plot_colors
from napari_isx.docks.common.views import Views
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_filter import CellFilter
from napari_isx.session.groups import CellGroup, VesselGroup, titles_of
from napari_isx.session.review import Kept, Review
from napari_isx.session.session import Session
from napari_isx.viewer.camera import CenteringControl
from napari_isx.viewer.canvas import CanvasControl
from napari_isx.viewer.cell_display import CellsDisplay
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_ONE_OF_TWO: Final[tuple[Kept, Kept]] = ("first", "second")
_SCREENFUL: Final = 24  # without a table, as many as have their traces drawn
_ADVANCE_SETTING: Final = "advance_on_canvas"
_NO_REVIEW: Final = "Vessels are not reviewed here. Select a set of cells."


class CellsControl(Control):
    """The docks that show cells, and the decisions that are taken there or by keys."""

    rules_requested: ClassVar[Signal] = Signal(object)
    """The user wants rules: emitted with the dock."""
    raters_requested: ClassVar[Signal] = Signal(object)
    """The user wants to compare raters: emitted with the dock."""
    keys_requested: ClassVar[Signal] = Signal()
    """The user wants the card of keys."""
    export_requested: ClassVar[Signal] = Signal()
    """The user wants the log of decisions."""
    save_requested: ClassVar[Signal] = Signal()
    """The decisions are wanted in the file."""
    traces_requested: ClassVar[Signal] = Signal()
    """The traces of the selected cells are wanted in sight."""
    asked: ClassVar[Signal] = Signal(Question)
    """Something has to be answered before it is decided."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        canvas: CanvasControl,
        centering: CenteringControl,
    ) -> None:
        super().__init__(viewer, session)
        self._centering = centering
        self.display = CellsDisplay(viewer, session, canvas, centering)
        self._measuring = Measuring(viewer, session)
        self._views: Views[CellsWidget] = Views()
        self._followed = ReviewFollower(session, self._slots)
        session.groups_changed.connect(self._on_groups)
        session.selection_changed.connect(self._on_selection)
        viewer.events.theme.connect(self._on_theme)
        self.display.changed.connect(self._show_display)
        self._measuring.ended.connect(self._show_progress)
        action_manager.events.shortcut_changed.connect(self.show_keys)
        session.reviews.advance_on_canvas = recall(_ADVANCE_SETTING) is True

    def attach(self, view: CellsWidget) -> None:
        """Let a dock show the cells until it is destroyed."""
        self._views.add(view)
        view.group_picked.connect(self._pick_group)
        view.save_requested.connect(self._ask_to_save)
        view.raters_requested.connect(partial(self._ask_for_raters, ref(view)))
        view.keys_requested.connect(self._ask_for_keys)
        view.export_requested.connect(self._ask_for_log)
        view.duplicates_toggled.connect(self._on_duplicates_toggled)
        table, filters, decisions = view.table, view.filters, view.decisions
        table.cells_picked.connect(self._pick_cells)
        table.cell_opened.connect(self._centering.show)
        table.traces_requested.connect(self._ask_for_traces)
        table.step_requested.connect(self._step)
        table.sort_requested.connect(self._sort_by)
        table.sorting_picked.connect(self._sort)
        table.status_requested.connect(self._decide_by_click)
        filters.filter_changed.connect(self._filter_by)
        filters.range_added.connect(self._show_values)
        filters.rules_requested.connect(partial(self._ask_for_rules, ref(view)))
        view.display.scope_picked.connect(self.display.show_scope)
        view.display.style_picked.connect(self.display.show_style)
        view.display.color_picked.connect(self.display.color_by)
        decisions.decided.connect(self._decide_by_click)
        decisions.shown_decided.connect(self._decide_shown)
        decisions.undo_requested.connect(self.undo)
        decisions.redo_requested.connect(self.redo)
        decisions.advance_changed.connect(self._set_advance)
        decisions.advance_on_canvas_changed.connect(self._set_advance_on_canvas)
        decisions.offer_taken.connect(self._show_undecided)
        view.duplicates.pair_picked.connect(self._pick_pair)
        view.duplicates.kept.connect(self._keep_by_click)
        view.duplicates.next_requested.connect(self.next_pair)
        view.set_colors(plot_colors(self.viewer.theme))
        self._show_advance()
        self.show_keys()
        self._on_groups()

    # ---- decisions

    def decide(self, status: CellStatus, how: str = "key") -> None:
        """Give the selected cells a status, and move on where that is switched on.

        Asks first where there are more than can be seen at once, or where one of two cells that
        may be one is to be rejected.
        """
        review, cells = self.session.review, self.session.selected
        if review is None or review.curation is None:
            return
        if not cells:
            show_info("No cell is selected: click one, or press Down, to decide about it.")
            return
        self._say("")
        pair = review.suspected_pair if status == "rejected" else None
        if pair is not None:
            first, second = (review.table.names[i] for i in (pair.first, pair.second))
            keep_first, keep_second = (partial(self.keep, kept, how) for kept in _ONE_OF_TWO)
            self.asked.emit(ask_which_to_keep((first, second), keep_first, keep_second))
        elif len(cells) > self._num_visible_rows:
            self._ask(review, status, "selected", cells)
        else:
            reviews = self.session.reviews
            moves_on = not self.session.is_on_canvas or reviews.advance_on_canvas
            names = review.table.names
            hidden = [names[cell] for cell in cells if review.table.position_of(cell) is None]
            review.decide_selected(status, how, advance=reviews.advance and moves_on)
            if hidden:  # nothing in the table moves, so it has to be said
                self._say(f"{', '.join(hidden)}: {status}, in a row that the filters hide")

    def keep(self, kept: Kept, how: str = "key") -> None:
        """Keep one or both of the selected pair of suspected duplicates, and select what is kept.

        Where the user goes through the pairs the next open one is selected then.
        """
        review = self.session.review
        pair = review.suspected_pair if review is not None else None
        if review is None or pair is None:
            self._say("Pick a pair of suspected duplicates first: More, Suspected duplicates.")
            return
        review.keep(pair, kept, how)
        cells = {"first": [pair.first], "second": [pair.second]}
        self.session.select(review.group, cells.get(kept, [pair.first, pair.second]))
        if any(view.is_at_duplicates for view in self._views):
            self.next_pair()

    def next_pair(self) -> None:
        """Select the next pair of suspected duplicates that is not decided about."""
        review = self.session.review
        place = review.next_open_pair() if review is not None else None
        if place is not None:
            self._pick_pair(place)
        elif review is not None and review.duplicates:
            self._say("Every suspected pair is decided.")

    def undo(self) -> None:
        step = review.undo() if (review := self.session.review) is not None else None
        self._say(f"Undone: {step.text}" if step is not None else "Nothing to undo")

    def redo(self) -> None:
        step = review.redo() if (review := self.session.review) is not None else None
        self._say(f"Done again: {step.text}" if step is not None else "Nothing to redo")

    # ---- what changes

    def follow_layers(self) -> None:
        """Take over layers that were added."""
        self.display.follow_layers()
        self._measure()

    def show_keys(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.show_keys(key_texts())
        self.show_steps()

    def _on_groups(self) -> None:
        self._measuring.give_up()
        self._follow_group(always=True)

    def _on_selection(self) -> None:
        self._follow_group()
        review = self._review
        if self.session.selected:
            self._say("")
        if review is not None:
            for view in self._views:
                view.show_selection(self.session.selected)
            self._follow_pairs()
            self.display.follow_selection(review)

    def _follow_group(self, *, always: bool = False) -> None:
        if not (self._followed.update() or always):
            return
        review, reviewed = self._review, self._reviewed
        place = reviewed.index(review.group) if review is not None else -1
        for view in self._views:
            view.show_groups(titles_of(reviewed), place)
            if review is None and self.session.groups:
                view.show_message(_NO_REVIEW)
        self._show_table()
        self._measure()

    @property
    def _review(self) -> Review | None:
        return self._followed.review

    @property
    def _reviewed(self) -> list[CellGroup]:
        return [group for group in self.session.groups if not isinstance(group, VesselGroup)]

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        return [
            (review.table.order_changed, self._on_order),
            (review.table.columns_changed, self._on_columns),
            (review.table.values_changed, self._on_values),
            (review.table.proposed_changed, self._on_proposed),
            (review.progressed, self._show_progress),
            (review.duplicates_changed, self._show_duplicates),
            (review.stepped, self._on_step),
            (review.ended, self._on_end),
        ]

    def _on_columns(self) -> None:
        if self._review is not None:
            self.display.follow_columns(self._review)
            self._show_table()

    def _on_order(self) -> None:
        review = self._review
        if review is None:
            return
        for view in self._views:
            view.show_rows()
            view.show_selection(self.session.selected)
        self._show_counts()
        self.display.follow_rows(review)

    def _on_values(self, key: str, cells: tuple[int, ...]) -> None:
        review = self._review
        if review is None:
            return
        if key == STATUS:
            for view in self._views:
                view.show_statuses(cells)
            self._show_counts()
        else:
            self._show_values(key)
        self.display.follow_values(review, key)

    def _on_proposed(self, cells: tuple[int, ...]) -> None:
        for view in self._views:
            view.show_statuses(cells, proposed=True)

    def _on_step(self) -> None:
        self.show_steps()
        self._follow_pairs()

    def _follow_pairs(self) -> None:
        if any(view.is_at_duplicates for view in self._views):
            self._show_duplicates()

    def _on_theme(self, event: object = None) -> None:  # noqa: ARG002
        for view in self._views:
            view.set_colors(plot_colors(self.viewer.theme))

    # ---- what is asked for

    def _ask_to_save(self) -> None:
        self.save_requested.emit()

    def _ask_for_traces(self) -> None:
        self.traces_requested.emit()

    def _ask_for_keys(self) -> None:
        self.keys_requested.emit()

    def _ask_for_rules(self, view: ref[CellsWidget]) -> None:
        if self._review is not None:
            self.rules_requested.emit(view())

    def _ask_for_raters(self, view: ref[CellsWidget]) -> None:
        if self._review is not None:
            self.raters_requested.emit(view())

    def _ask_for_log(self) -> None:
        if self._review is not None:
            self.export_requested.emit()

    def _pick_group(self, place: int) -> None:
        self.session.select(self._reviewed[place], ())

    def _pick_cells(self, cells: list[int]) -> None:
        if self._review is not None:
            self._lead()
            self.session.select(self._review.group, cells)

    def _step(self, direction: int) -> None:
        self._lead()
        self.session.step_cell(direction)

    def _lead(self) -> None:
        """Let decisions move on, and keys step, by the rows of the table."""
        if self._review is not None:
            self._review.order = None

    def _pick_pair(self, place: int) -> None:
        if self._review is not None and place < len(self._review.duplicates):
            pair = self._review.duplicates[place]
            self.session.select(self._review.group, [pair.first, pair.second])
            self._centering.show(pair.first, pair.second)

    def _keep_by_click(self, kept: Kept) -> None:
        self.keep(kept, "click")

    def _on_duplicates_toggled(self, on: bool) -> None:
        self._follow_pairs()
        if on and self._review is not None and self._review.suspected_pair is None:
            self.next_pair()

    def _sort_by(self, key: str) -> None:
        """Upwards, then downwards, then as the file has them."""
        if self._review is not None:
            now, up, down = self._review.table.sorted_by, (key, True), (key, False)
            self._sort(down if now == up else None if now == down else up)

    def _sort(self, wanted: tuple[str, bool] | None) -> None:
        if self._review is None:
            return
        self._lead()
        table = self._review.table
        table.sort_by(*(wanted or (None,)))
        for view in self._views:
            view.table.show_sorting(table.sorted_by)

    def _filter_by(self, chosen: CellFilter) -> None:
        if self._review is not None:
            self._lead()
            self._review.table.filter_by(chosen)

    def _decide_by_click(self, status: CellStatus) -> None:
        self.decide(status, "click")

    def _decide_shown(self, status: CellStatus) -> None:
        if self._review is not None:
            self._ask(self._review, status, "shown", self._review.table.order.tolist())

    def _ask(self, review: Review, status: CellStatus, kind: str, cells: Sequence[int]) -> None:
        statuses = review.table.statuses or []
        num_changed = sum(statuses[cell] != status for cell in cells)
        act = partial(review.decide, tuple(cells), status, "bulk")
        if cells:
            self.asked.emit(ask_about_many(status, kind, len(cells), num_changed, act))

    @property
    def _num_visible_rows(self) -> int:
        """How many cells can be seen at once in a table, or else as traces."""
        return max((view.table.num_visible_rows for view in self._views), default=0) or _SCREENFUL

    def _set_advance(self, on: bool) -> None:
        self.session.reviews.advance = on
        self._show_advance()

    def _set_advance_on_canvas(self, on: bool) -> None:
        self.session.reviews.advance_on_canvas = on
        remember(_ADVANCE_SETTING, on)
        self._show_advance()

    def _on_end(self) -> None:
        """Say that the last row was decided about, and offer what is left."""
        if self._review is None:
            return
        left = self._review.counts()["undecided"]
        if left:
            text = f"End of the list, {left:,} undecided left."
            self._say(text, offer=f"Go through the {left:,}" if left > 1 else "Go to it")
        else:
            text = "End of the list, every cell is decided."
            self._say(text)
        if not any(self._views):
            show_info(text)

    def _show_undecided(self) -> None:
        if self._review is not None:
            self._review.show_undecided()
            self._lead()
            self._show_table()

    # ---- what is shown

    def _say(self, text: str, *, offer: str = "") -> None:
        for view in self._views:
            view.show_note(text, offer)

    def _show_advance(self) -> None:
        reviews = self.session.reviews
        for view in self._views:
            view.decisions.show_advance(reviews.advance, reviews.advance_on_canvas)

    def _show_table(self) -> None:
        review = self._review
        if review is None:
            return
        table = review.table
        values = {key: table.values(key) for key in table.filtered_by.ranges}
        for view in self._views:
            view.show_table(table, values)
            view.show_selection(self.session.selected)
        self._show_counts()
        self.show_steps()
        self._show_progress()
        self._show_duplicates()
        self._show_display()

    def _show_values(self, key: str) -> None:
        if self._review is not None:
            for view in self._views:
                view.show_values(key, self._review.table.values(key))

    def _show_counts(self) -> None:
        if self._review is not None:
            counts, shown = self._review.counts(), self._review.counts(filtered=True)
            for view in self._views:
                view.show_counts(counts, shown)

    def show_steps(self, saved: object = None) -> None:  # noqa: ARG002
        """Show in all docks what can be undone, redone and saved."""
        review = self._review
        if review is not None and review.curation is not None:
            undo, redo = review.curation.undo_text, review.curation.redo_text
            for view in self._views:
                view.decisions.show_steps(undo, redo, review.num_unsaved)

    def _show_progress(self, fraction: float | None = None) -> None:  # noqa: ARG002
        review = self._review
        if review is not None:
            for view in self._views:
                view.show_progress(review.fraction if self._measuring.is_measuring(review) else 1.0)

    def _show_duplicates(self) -> None:
        review = self._review
        if review is None or not any(self._views):
            return
        names, status = review.table.names, review.group.status
        pairs = [
            Pair(
                names[pair.first],
                names[pair.second],
                pair.overlap,
                pair.correlation,
                review.decision_about(pair),
                (status(pair.first) or "undecided", status(pair.second) or "undecided"),
            )
            for pair in review.duplicates
        ]
        chosen = review.suspected_pair
        place = review.duplicates.index(chosen) if chosen is not None else -1
        for view in self._views:
            view.show_duplicates(pairs, place)

    def _show_display(self) -> None:
        review = self._review
        if review is not None:
            chosen, legend = self.display.chosen(review.group), self.display.legend(review)
            for view in self._views:
                view.show_display(*chosen)
                view.show_legend(*legend)

    def _measure(self) -> None:
        """Measure the cells that are shown, where a dock shows them."""
        if self._review is not None and any(self._views):
            self._measuring.measure(self._review)
            self._show_progress()
