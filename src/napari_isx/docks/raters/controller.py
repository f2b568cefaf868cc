"""Comparing raters: whose decisions differ about which cells, and stepping through these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from napari_isx.analysis.cell_metrics.agreement import Agreement, compare
from napari_isx.analysis.cell_metrics.definitions import STATUS
from napari_isx.docks.common.background import Work
from napari_isx.docks.common.review_follower import ReviewFollower
from napari_isx.docks.common.views import View, is_alive
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.io.format.atomic_write import write_whole
from napari_isx.session.decisions.journal import read_journal
from napari_isx.session.groups import CellGroup
from napari_isx.session.review import Review
from napari_isx.session.session import Session
from napari_isx.viewer.control import Control

if TYPE_CHECKING:
    from napari.components import ViewerModel

_HERE: Final = "Decisions here"
_KAPPAS: Final = (
    (0.0, "no better than chance"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)
"""The words of Landis and Koch (1977) for kappa up to each of these."""


@dataclass(frozen=True)
class Rater:
    """What someone decided about all cells of a set.

    Attributes
    ----------
    title : str
    names : tuple of str
        Of the cells.
    statuses : tuple of str
    journal : Path or None
        Where it is from; None for the decisions here.
    """

    title: str
    names: tuple[str, ...]
    statuses: tuple[CellStatus, ...]
    journal: Path | None = None


@dataclass(frozen=True)
class Comparison:
    """Two raters, and what came of comparing them.

    Attributes
    ----------
    a, b : Rater
    agreement : Agreement
    """

    a: Rater
    b: Rater
    agreement: Agreement

    @property
    def text(self) -> str:
        """It in sentences."""
        found = self.agreement
        count, differ = found.n, len(found.disagreements)
        if not count:
            return "There are no cells to compare."
        agree = f"They agree about {count - differ:,} of {count:,} cells ({found.agreement:.1%})."
        return f"{agree} {kappa_text(found.kappa)}"


class RatersView(View, Protocol):
    """What is asked of a dialog; see `RatersDialog`."""

    journal_chosen: Any
    raters_picked: Any
    stepped: Any
    row_picked: Any
    csv_chosen: Any
    closed: Any

    def show_raters(self, titles: Sequence[str], a: int, b: int) -> None:
        """Offer these raters, with two of them chosen; -1 for none."""

    def show_comparison(
        self, comparison: Comparison | None, now: Sequence[CellStatus] | None
    ) -> None:
        """Show how two raters differ; `now` are the statuses as they are decided here."""

    def show_place(self, place: int) -> None:
        """Mark the disagreement that is looked at; -1 for none."""

    def show_now(self, now: Sequence[CellStatus] | None) -> None:
        """Show other statuses as they are decided here."""

    def show_message(self, text: str) -> None:
        """Say something."""


class RatersControl(Control):
    """Compares two raters, and leads through the cells about which they differ."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        super().__init__(viewer, session)
        self._view: RatersView | None = None
        self._journals: list[Rater] = []
        self._chosen = (-1, -1)
        self._comparison: Comparison | None = None
        self._place = -1
        self._work: Work[list[Rater]] | None = None
        self._followed = ReviewFollower(session, self._slots)
        session.groups_changed.connect(self._on_group)
        session.selection_changed.connect(self._on_selection)

    @property
    def view(self) -> RatersView | None:
        """The dialog, while it is open."""
        return self._view if self._view is not None and is_alive(self._view) else None

    @property
    def raters(self) -> list[Rater]:
        """All that can be compared: the decisions here, then those of journals."""
        group = self.session.group
        if group is None or group.curation is None:
            return list(self._journals)
        here = Rater(_HERE, tuple(group.names), tuple(group.curation.statuses))
        return [here, *self._journals]

    @property
    def queue(self) -> list[int]:
        """Cells about which the raters differ."""
        return self._comparison.agreement.queue if self._comparison is not None else []

    @property
    def current(self) -> int | None:
        """The cell of the queue that is looked at."""
        return self.queue[self._place] if 0 <= self._place < len(self.queue) else None

    def attach(self, view: RatersView) -> None:
        """Compare for a dialog until that is closed."""
        self._view = view
        view.journal_chosen.connect(self.add_journal)
        view.raters_picked.connect(self.compare)
        view.stepped.connect(self.step)
        view.row_picked.connect(self.go_to)
        view.csv_chosen.connect(self.save_csv)
        view.closed.connect(self.end)
        self._comparison, self._place = None, -1
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
        self._chosen = (a, b)
        self._comparison, self._place = None, -1
        if view is None:
            return
        if not (0 <= a < len(raters) and 0 <= b < len(raters)):
            view.show_comparison(None, None)
            view.show_message("Choose two raters: open the journal of another one.")
            return
        first, second = raters[a], raters[b]
        if first.names != second.names:
            view.show_comparison(None, None)
            view.show_message(_different_text(first, second))
            return
        agreement = compare(first.names, first.statuses, second.statuses)
        self._comparison = Comparison(first, second, agreement)
        view.show_comparison(self._comparison, self._now())
        view.show_message(self._comparison.text)
        view.show_place(-1)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) disagreement."""
        if not self.queue:
            return
        start = 0 if direction > 0 else len(self.queue) - 1
        place = start if self._place < 0 else self._place + direction
        self.go_to(min(max(place, 0), len(self.queue) - 1))

    def go_to(self, place: int) -> None:
        """Go to a disagreement, and select its cell."""
        view = self.view
        if view is None or not 0 <= place < len(self.queue):
            return
        self._place = place
        view.show_place(place)
        group = self._group()
        if group is not None:
            self.session.select(group, [self.queue[place]])
        else:
            view.show_message("Open the cell set that these decisions are about to see its cells.")

    def save_csv(self, path: str) -> None:
        """Write the table of disagreements into a CSV file."""
        view, comparison = self.view, self._comparison
        if view is None or comparison is None:
            return
        titles = {"a": comparison.a.title, "b": comparison.b.title}
        text = comparison.agreement.disagreements.rename(columns=titles).to_csv(index=False)
        target = Path(path)
        try:
            write_whole(target, text.encode("utf-8-sig", "backslashreplace"))
        except OSError as error:
            view.show_message(
                f"{target.name} could not be written: {error.strerror or error}. "
                "Choose another folder."
            )
        else:
            view.show_message(f"Saved as {target.name}.")

    # ---- what changes

    def _on_group(self) -> None:
        """The decisions here are of another set, or of none."""
        self._followed.update()
        if self.view is not None:
            self._offer_again()

    def _on_selection(self) -> None:
        """Another set may be shown; in the same one the place in the queue stays."""
        if self._followed.update() and self.view is not None:
            self._offer_again()

    def _slots(self, review: Review) -> list[tuple[Any, Any]]:
        return [
            (review.decided, self._on_decided),
            (review.table.values_changed, self._show_now),
        ]

    def _show_now(self, column: str) -> None:
        if column == STATUS and self.view is not None and self._comparison is not None:
            self.view.show_now(self._now())

    def _on_decided(self) -> None:
        """Move on, if it was about the disagreement that is looked at."""
        if self.view is None or self.current is None:
            return
        if self.session.selected != (self.current,):
            return
        if self._place + 1 < len(self.queue):
            self.go_to(self._place + 1)
        else:
            self.go_to(self._place)
            self._say("That was the last disagreement.")

    def _offer_again(self) -> None:
        """Offer the same raters, as far as they are there; journals go on being compared."""
        view, titles = self.view, [rater.title for rater in self.raters]
        found = self._comparison
        if view is None:
            return
        if found is not None and _HERE not in (found.a.title, found.b.title):
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
        self._journals += [_told_apart(rater) if rater.title in known else rater for rater in found]
        if self.view is None:
            return
        last = len(self.raters) - 1
        a = self._chosen[0] if 0 <= self._chosen[0] < last else 0
        self._offer(a, last)

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
        """The open group whose cells the raters decided about."""
        if self._comparison is None:
            return None
        names = list(self._comparison.a.names)
        shown = self.session.group
        groups = [shown, *self.session.groups] if shown is not None else self.session.groups
        fitting: Callable[[CellGroup], bool] = _decides_about(names)
        return next(filter(fitting, groups), None)

    def _now(self) -> list[CellStatus] | None:
        group = self._group()
        return group.curation.statuses if group is not None and group.curation else None


def raters_of(path: Path) -> list[Rater]:
    """The raters of a journal, each by what he or she decided.

    Raises
    ------
    IsxFileError, OSError
        It cannot be read.
    """
    journal = read_journal(path)

    def rater(name: str, user: str | None) -> Rater:
        statuses = tuple(journal.statuses(user))
        return Rater(f"{name} ({path.name})", journal.identity.names, statuses, path)

    if len(journal.users) == 1:
        return [rater(journal.users[0], None)]
    return [*(rater(user, user) for user in journal.users), rater("everyone", None)]


def _told_apart(rater: Rater) -> Rater:
    """The same with its folder in the title: copies of a set have one name, as accounts have."""
    folder = rater.journal.parent if rater.journal is not None else ""
    return replace(rater, title=f"{rater.title}, {folder}")


def kappa_text(kappa: float) -> str:
    """Cohen's kappa, and what it means."""
    if isnan(kappa):
        return (
            "Cohen's kappa is undefined: both gave all cells the same one status, so there is "
            "nothing that chance could explain."
        )
    words = next((words for limit, words in _KAPPAS if kappa <= limit), _KAPPAS[-1][1])
    return f"Cohen's κ = {kappa:.2f}: {words} agreement, where 0 is chance and 1 is all."


def _decides_about(names: list[str]) -> Callable[[CellGroup], bool]:
    def fits(group: CellGroup) -> bool:
        return group.curation is not None and group.names == names

    return fits


def _different_text(first: Rater, second: Rater) -> str:
    ours, theirs = len(first.names), len(second.names)
    if ours != theirs:
        difference = f"one has {ours:,} cells, the other {theirs:,}"
    else:
        names = zip(first.names, second.names, strict=True)
        a, b = next((a, b) for a, b in names if a != b)
        difference = f"where one has {a}, the other has {b}"
    return (
        f"{first.title} and {second.title} cannot be compared: they are about different cells "
        f"({difference}). Choose journals of the same cell set."
    )
