"""Comparing raters: whose decisions differ about which cells, and stepping through these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_isx.analysis.cell_metrics.definitions import STATUS
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.views import is_alive
from napari_isx.docks.raters.dialog import RatersDialog
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.groups import CellGroup
from napari_isx.session.raters import Comparison, Rater, compare, different_text, raters_of
from napari_isx.session.review import Review
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_HERE: Final = "Decisions here"


class RatersControl(Control):
    """Compares two raters, and leads through the cells about which they differ."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._view: RatersDialog | None = None
        self._journals: list[Rater] = []
        self._chosen = (-1, -1)
        self._comparison: Comparison | None = None
        self._place = -1
        self._work: Work[list[Rater]] | None = None
        self._followed = ReviewFollower(session, self._slots)
        session.groups_changed.connect(self._on_group)
        session.selection_changed.connect(self._on_selection)

    @property
    def view(self) -> RatersDialog | None:
        """The dialog, while it is open."""
        return self._view if self._view is not None and is_alive(self._view) else None

    @property
    def raters(self) -> list[Rater]:
        """All that can be compared: the decisions here, then those of journals."""
        group = self.session.group
        if group is None or group.curation is None:
            return list(self._journals)
        here = Rater(_HERE, group.curation.identity, group.curation.statuses)
        return [here, *self._journals]

    @property
    def queue(self) -> list[int]:
        """Cells about which the raters differ."""
        return self._comparison.queue if self._comparison is not None else []

    def attach(self, view: RatersDialog) -> None:
        """Compare for a dialog until that is closed."""
        self._view = view
        self._comparison, self._place = None, -1
        view.journal_chosen.connect(self.add_journal)
        view.raters_picked.connect(self.compare)
        view.row_picked.connect(self.go_to)
        view.csv_chosen.connect(self.save_csv)
        view.closed.connect(self.end)
        self._on_group()

    def end(self) -> None:
        """The dialog is closed: decisions lead nowhere any more."""
        self._view = None
        self._comparison, self._place = None, -1
        if self._work is not None:
            self._work.cancel()

    def add_journal(self, path: str) -> None:
        """Read a journal in another thread; each of its raters can be compared then."""

        def steps() -> Iterator[list[Rater]]:
            yield raters_of(Path(path))

        self._work = Work(self._take_journal, self._say, title=f"Reading {Path(path).name}")
        self._work.start(steps)

    def compare(self, a: int, b: int) -> None:
        """Compare two of the raters, by their places."""
        view, raters = self.view, self.raters
        self._chosen, self._comparison, self._place = (a, b), None, -1
        if view is None:
            return
        if not (0 <= a < len(raters) and 0 <= b < len(raters)):
            text = "Choose two raters: open the journal of another one."
        elif not (text := different_text(raters[a], raters[b])):
            self._comparison = compare(raters[a], raters[b])
            text = self._comparison.text
        view.show_comparison(self._comparison, self._now())
        view.show_message(text)

    def go_to(self, place: int, *, by_decision: bool = False) -> None:
        """Go to a disagreement, and select its cell."""
        view, queue = self.view, self.queue
        if view is None or not 0 <= place < len(queue):
            return
        self._place = place
        view.show_place(place)
        group = self._group()
        if group is not None:
            self.session.select(group, [queue[place]], by_decision=by_decision)
        else:
            view.show_message("Open the cell set that these decisions are about to see its cells.")

    def save_csv(self, path: str) -> None:
        """Write the table of disagreements into a CSV file."""
        found, target = self._comparison, Path(path)
        if found is None:
            return
        table = found.disagreements.rename(columns={"a": found.a.title, "b": found.b.title})
        try:
            write_whole(target, table.to_csv(index=False).encode("utf-8-sig", "backslashreplace"))
        except OSError as error:
            reason = error.strerror or error
            self._say(f"{target.name} could not be written: {reason}. Choose another folder.")
        else:
            self._say(f"Saved as {target.name}.")

    def _on_group(self) -> None:
        """The decisions here are of another set, or of none."""
        self._followed.update()
        self._offer_again()

    def _on_selection(self) -> None:
        """Another set may be shown; in the same one the place in the queue stays."""
        if self._followed.update():
            self._offer_again()

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        return [(review.decided, self._on_decided), (review.table.values_changed, self._show_now)]

    def _show_now(self, column: str) -> None:
        if column == STATUS and self.view is not None and self._comparison is not None:
            self.view.show_now(self._now())

    def _on_decided(self) -> None:
        """Move on, if it was about the disagreement that is looked at; after the last to none."""
        queue, place, group = self.queue, self._place, self._group()
        if not 0 <= place < len(queue) or self.session.selected != (queue[place],):
            return
        if place + 1 < len(queue):
            self.go_to(place + 1, by_decision=True)
        elif group is not None:
            # Or the table would move on to a cell about which the raters agree.
            self.session.select(group, [], by_decision=True)
            self._say("That was the last disagreement.")

    def _offer_again(self) -> None:
        """Offer the same raters, as far as they are there; journals go on being compared."""
        view, found = self.view, self._comparison
        if view is not None and found is not None and _HERE not in (found.a.title, found.b.title):
            titles = [rater.title for rater in self.raters]
            self._chosen = titles.index(found.a.title), titles.index(found.b.title)
            view.show_raters(titles, *self._chosen)
            view.show_now(self._now())
        else:
            self._offer(0, 1)

    def _take_journal(self, found: list[Rater]) -> None:
        """Offer what was read, in place of what the same journal said before."""
        places = {rater.journal for rater in found}
        self._journals = [rater for rater in self._journals if rater.journal not in places]
        known = {rater.title for rater in self._journals}
        self._journals += [one.with_folder() if one.title in known else one for one in found]
        last = len(self.raters) - 1
        self._offer(self._chosen[0] if 0 <= self._chosen[0] < last else 0, last)

    def _offer(self, a: int, b: int) -> None:
        view, titles = self.view, [rater.title for rater in self.raters]
        if view is not None:
            a, b = (place if place < len(titles) else -1 for place in (a, b))
            view.show_raters(titles, a, b)
            self.compare(a, b)

    def _say(self, text: str) -> None:
        if (view := self.view) is not None:
            view.show_message(text)

    def _group(self) -> CellGroup | None:
        """The open group whose cells the raters decided about, the one shown before others."""
        if self._comparison is None:
            return None
        wanted = self._comparison.a.cells
        for group in (self.session.group, *self.session.groups):
            curation = group.curation if group is not None else None
            if curation is not None and curation.identity.is_same(wanted):
                return group
        return None

    def _now(self) -> list[CellStatus] | None:
        group = self._group()
        return group.curation.statuses if group is not None and group.curation else None
