"""Reviewing a set of cells: its table, the decisions about it, and what is measured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_isx.analysis.cell_metrics.compute import MetricColumns, compute_metrics
from napari_isx.analysis.cell_metrics.definitions import Metric, metrics_of
from napari_isx.analysis.cell_metrics.neighbors import Duplicate, suspected_duplicates
from napari_isx.analysis.epochs import EpochActivity
from napari_isx.analysis.event_responses import PeriEvent
from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_filter import CellFilter
from napari_isx.session.cell_table import CellTable
from napari_isx.session.decisions.curation import Curation
from napari_isx.session.decisions.history import Step
from napari_isx.session.groups import CellGroup, VesselGroup

Kept = Literal["first", "second", "both"]

_KEPT_PLACES: Final[dict[Kept, tuple[int, ...]]] = {"first": (0,), "second": (1,), "both": (0, 1)}


class Selection(Protocol):
    """What is selected; see :class:`~napari_isx.session.session.Session`."""

    @property
    def group(self) -> CellGroup | None:
        """The group whose cells are shown."""

    @property
    def selected(self) -> tuple[int, ...]:
        """Its selected cells."""

    def select(self, group: CellGroup, cells: Sequence[int], *, by_decision: bool = False) -> None:
        """Select cells of a group, and no others."""


class Review:
    """The review of one set of cells.

    `selection` is what the user decides about, and what moves on. `curation` is None where
    nothing can be decided, as for events on their own. `version` is of the files that are
    measured; another with other events.
    """

    progressed: ClassVar[Signal] = Signal(float)
    """More of the measures is there; emitted with the share, 1 when all is."""
    decided: ClassVar[Signal] = Signal()
    """The selected cells were given a status, even if they had it; not by undo or a rule."""
    ended: ClassVar[Signal] = Signal()
    """A decision was about the cell in the last row, so that none is selected now."""
    stepped: ClassVar[Signal] = Signal()
    """There is something else to undo, or to do again."""
    duplicates_changed: ClassVar[Signal] = Signal()
    """Other pairs of cells are suspected to be one."""

    def __init__(self, group: CellGroup, selection: Selection) -> None:
        self.group = group
        self.table = CellTable(group.names, group.curation)
        self.curation: Curation | None = group.curation
        self._selection = selection
        self.version = 0
        self._events = group.events
        self._duplicates: list[Duplicate] = []
        self._both_kept: dict[Step, tuple[int, int]] = {}  # also of steps that were undone
        self._settled: set[tuple[int, int]] = set()
        self._keeping: tuple[str, tuple[int, int] | None] | None = None
        self._fraction = 0.0
        self.order: Callable[[], npt.NDArray[np.intp]] | None = None
        """Gives the cells, ``(n_rows,)``, in the order of another view that was used last; empty
        once nobody sees it. None for the rows of the table."""
        self._added: dict[str, Metric] = {}
        self.results: dict[str, PeriEvent | EpochActivity] = {}
        self.table.set_columns(metrics_of(group.cells, group.events))
        if self.curation is not None:
            self.curation.stepped.connect(self._on_step)

    # ---- measures

    @property
    def fraction(self) -> float:
        """How much of the measures is there, from 0 to 1."""
        return self._fraction

    @property
    def duplicates(self) -> list[Duplicate]:
        """Pairs that may be one cell each, the most suspicious first; empty until measured."""
        return list(self._duplicates)

    def renew(self) -> None:
        """Have the columns there are with the events that the group has now.

        Measures that go by events are empty until they are computed again.
        """
        cells, events = self.group.cells, self.group.events
        if events is self._events:
            return
        self._events = events
        self.version += 1
        added = self._added.values()
        wanted, lasting = [*metrics_of(cells, events), *added], {*metrics_of(cells, None), *added}
        self.table.set_columns([metric for metric in wanted if metric in lasting])
        self.table.set_columns(wanted)
        self._set_fraction(0.0)

    def measuring(self, rois: Sequence[Roi]) -> Callable[[], Iterator[MetricColumns]]:
        """The work of measuring, for another thread; :meth:`take` each piece in this one."""
        return partial(compute_metrics, self.group.cells, self.group.events, rois)

    def add_columns(
        self,
        metrics: Iterable[Metric],
        values: Mapping[str, npt.NDArray[np.float64]],
        name: str = "",
        result: PeriEvent | EpochActivity | None = None,
    ) -> None:
        """Have more columns beside the measures, such as responses; of known keys new values.

        `result` is what they are of, kept under a name in :attr:`results`.
        """
        if result is not None:
            self.results[name] = result
        new = {metric.key: metric for metric in metrics}
        if self._added | new != self._added:
            self._added |= new
            measures = metrics_of(self.group.cells, self.group.events)
            self.table.set_columns([*measures, *self._added.values()])
        self.table.set_values(values)

    def remove_columns(self, name: str) -> None:
        """Have no more what was added under a name, as ``response z: name``."""
        self.results.pop(name, None)
        gone = [key for key in self._added if key.endswith(f": {name}")]
        for key in gone:
            del self._added[key]
        if gone:
            measures = metrics_of(self.group.cells, self.group.events)
            self.table.set_columns([*measures, *self._added.values()])

    def take(self, piece: MetricColumns) -> None:
        """Fill in what was measured."""
        if piece.columns:
            self.table.set_values(piece.columns)
        if piece.pairs is not None:
            self._duplicates = suspected_duplicates(piece.pairs)
            self.duplicates_changed.emit()
        self._set_fraction(piece.fraction)

    # ---- decisions

    def decide(self, cells: Iterable[int], status: CellStatus, how: str = "key") -> None:
        """Give cells a status; nothing where none can be given."""
        if self.curation is not None:
            self.curation.decide(cells, status, how)

    def decide_selected(
        self, status: CellStatus, how: str = "key", *, advance: bool = False
    ) -> None:
        """Give the selected cells a status.

        With `advance` the next row is selected afterwards, where a single cell was; after the
        last row none is, so that the next key does not decide about it again.
        """
        cells = self._selected
        if self.curation is None or not cells:
            return
        # Looked for before the decision, which may sort the rows again.
        following = self._ahead(cells[-1], 1, clamp=False)
        self.decide(cells, status, how)
        self.decided.emit()
        # Who listens may have moved on already, in an order of his own.
        if not advance or len(cells) > 1 or self._selected != cells:
            return
        following_cells = [] if following is None else [following]
        self._selection.select(self.group, following_cells, by_decision=True)
        if following is None:
            self.ended.emit()

    def decide_shown(self, status: CellStatus) -> None:
        """Give the cells in all rows that are shown a status, as one step."""
        self.decide(self.table.order.tolist(), status, "bulk")

    def keep(self, pair: Duplicate, kept: Kept, how: str = "key") -> None:
        """Decide which of two cells that may be one is kept, as one step.

        What is not kept is rejected. What is kept stays as it is; if it was rejected, it is
        undecided again.
        """
        curation = self.curation
        if curation is None:
            return
        cells, wanted = (pair.first, pair.second), dict[int, CellStatus]()
        places = _KEPT_PLACES[kept]
        for place, cell in enumerate(cells):
            status = curation.status(cell)
            stays: CellStatus = "undecided" if status == "rejected" else status
            wanted[cell] = stays if place in places else "rejected"
        text = f"keep {' and '.join(self.table.names[cells[place]] for place in places)}"
        self._keeping = text, cells if kept == "both" else None
        curation.decide_many(wanted, how, f"suspected duplicate: {text}")
        self._keeping = None

    def decision_about(self, pair: Duplicate) -> str:
        """What was decided about a suspected pair, in words; empty while that is open."""
        cells = (pair.first, pair.second)
        kept = [self.group.names[i] for i in cells if self.group.status(i) != "rejected"]
        if len(kept) == 2:
            return "keep both" if cells in self._settled else ""
        return f"keep {kept[0]}" if kept else "keep none"

    def next_open_pair(self) -> int | None:
        """The place of the next pair that is not decided about, after the selected one."""
        here = self.suspected_pair
        after = self._duplicates.index(here) + 1 if here is not None else 0
        places = [*range(after, len(self._duplicates)), *range(after)]
        return next((i for i in places if not self.decision_about(self._duplicates[i])), None)

    def undo(self) -> Step | None:
        """Take the last decision back, and return to what was selected when it was taken."""
        return self._return_to(self.curation.undo) if self.curation is not None else None

    def redo(self) -> Step | None:
        """Take the decision again that was undone last, and return to where one was then."""
        return self._return_to(self.curation.redo) if self.curation is not None else None

    @property
    def suspected_pair(self) -> Duplicate | None:
        """The selected cells, where they are two that may be one."""
        pair = set(self._selected)
        return next((each for each in self._duplicates if {each.first, each.second} == pair), None)

    def show_undecided(self) -> None:
        """Show only undecided cells, if possible within the filter, and select the first."""
        undecided = frozenset[CellStatus]({"undecided"})
        self.table.filter_by(replace(self.table.filtered_by, statuses=undecided))
        if not len(self.table.order):
            self.table.filter_by(CellFilter(statuses=undecided))
        self._selection.select(self.group, ())
        self.step(1)

    def counts(self, *, filtered: bool = False) -> dict[CellStatus, int]:
        """How many cells have each status; all of them, or those in the rows that are shown."""
        return self.table.counts(filtered)

    @property
    def num_unsaved(self) -> int:
        """How many cells have another status than in the file."""
        return len(self.curation.unsaved) if self.curation is not None else 0

    def step(self, direction: int) -> None:
        """Select the cell so many rows below the last selected one, or above if negative."""
        cells = self._selected
        target = self._ahead(cells[-1] if cells else None, direction)
        if target is not None:
            self._selection.select(self.group, [target])

    @property
    def _selected(self) -> tuple[int, ...]:
        return self._selection.selected if self._selection.group is self.group else ()

    def _ahead(self, cell: int | None, direction: int, *, clamp: bool = True) -> int | None:
        """The cell so many rows further, in the view that was used last."""
        order = self.order().tolist() if self.order is not None else []
        if not order or not (cell is None or cell in order):
            return self.table.step(cell, direction, clamp=clamp)
        if cell is None:
            row = direction - 1 if direction > 0 else len(order) + direction
        else:
            row = order.index(cell) + direction
        if clamp:
            row = min(max(row, 0), len(order) - 1)
        return order[row] if 0 <= row < len(order) else None

    def _return_to(self, replay: Callable[[], Step | None]) -> Step | None:
        here, step = self._selected, replay()
        if step in self._both_kept:
            self._settled ^= {self._both_kept[step]}
            self.stepped.emit()
        if step is not None:
            there, step.place = step.place, here
            if there is not None:
                self._selection.select(self.group, there, by_decision=True)
        return step

    def _on_step(self, step: Step) -> None:
        if step.place is None:
            step.place = self._selected
        if self._keeping is not None:
            step.text, both = self._keeping
            if both is not None:
                self._both_kept[step] = both
                self._settled.add(both)
        self.stepped.emit()

    def _set_fraction(self, fraction: float) -> None:
        self._fraction = fraction
        self.progressed.emit(fraction)


class Reviews:
    """The review of each group of cells, as long as the group is open.

    `advance` is whether a decision about a single cell moves on to the next row, and
    `advance_on_canvas` whether it does so for a cell that was clicked on the canvas, too.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._all: dict[CellGroup, Review] = {}
        self.advance = True
        self.advance_on_canvas = False

    def of(self, group: CellGroup | None) -> Review | None:
        """The review of a group, made on first use; None for vessels, which are not reviewed."""
        if group is None or isinstance(group, VesselGroup):
            return None
        if group not in self._all:
            self._all[group] = Review(group, self._selection)
            self.show_selection()
        return self._all[group]

    def follow(self, groups: Sequence[CellGroup]) -> None:
        """Let the reviews go of groups that are gone, and renew those that have other events."""
        self._all = {group: review for group, review in self._all.items() if group in groups}
        for review in self._all.values():
            review.renew()

    def show_selection(self) -> None:
        """Tell the tables which cells are selected."""
        for group, review in self._all.items():
            chosen = self._selection.selected if group is self._selection.group else ()
            review.table.select(chosen)
