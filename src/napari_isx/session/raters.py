"""What people decided about the cells of one set, and how two of them compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_isx.io.cells.cell_set import STATUSES, CellStatus
from napari_isx.session.decisions.entries import CellSetIdentity
from napari_isx.session.decisions.journal import read_journal

if TYPE_CHECKING:
    import pandas as pd

# The words of Landis and Koch (1977) for kappa up to each of these.
_KAPPAS: Final = (
    (0.0, "no better than chance"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (np.inf, "almost perfect"),
)


@dataclass(frozen=True)
class Rater:
    """What someone decided about all cells of a set, by the status of each."""

    title: str
    cells: CellSetIdentity
    statuses: Sequence[CellStatus]
    journal: Path | None = None
    """Where it is from; None for the decisions here."""

    def with_folder(self) -> Rater:
        """The same with its folder in the title: copies of a set have one name, as accounts."""
        return replace(self, title=f"{self.title}, {self.journal.parent if self.journal else ''}")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two raters of the same cells."""

    a: Rater
    b: Rater
    confusion: pd.DataFrame
    """Number of cells for each pair of statuses; rows are those of a, columns those of b."""
    disagreements: pd.DataFrame
    """A row for each cell about which they differ: ``cell`` (its index), ``name``, ``a``, ``b``."""

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.a.statuses)

    @property
    def kappa(self) -> float:
        """Cohen's kappa, unweighted: (p - c) / (1 - c).

        p is the agreement, and c what raters with these totals agree on by chance. NaN where n is
        0 and where both gave all cells the same one status, as chance leaves nothing to explain
        then.
        """
        counts, n = self.confusion.to_numpy(), self.n
        by_chance = int(counts.sum(axis=1) @ counts.sum(axis=0))  # in whole numbers: exact
        if n * n == by_chance:
            return np.nan
        return (n * int(np.trace(counts)) - by_chance) / (n * n - by_chance)

    @property
    def queue(self) -> list[int]:
        """The cells to look at together."""
        return [int(cell) for cell in self.disagreements["cell"]]

    @property
    def text(self) -> str:
        """It in sentences."""
        if not self.n:
            return "There are no cells to compare."
        count = self.n - len(self.disagreements)
        agree = f"They agree about {count:,} of {self.n:,} cells ({count / self.n:.1%})."
        return f"{agree} {kappa_text(self.kappa)}"


def compare(a: Rater, b: Rater) -> Comparison:
    """Compare two raters of the same cells; undecided is a status too."""
    import pandas as pd

    names = a.cells.names
    ratings = {"cell": range(len(names)), "name": names, "a": a.statuses, "b": b.statuses}
    table = pd.DataFrame(ratings).astype({"name": object, "a": object, "b": object})
    confusion = pd.crosstab(table["a"], table["b"])
    confusion = confusion.reindex(index=STATUSES, columns=STATUSES, fill_value=0)
    return Comparison(a, b, confusion, table[table["a"] != table["b"]].reset_index(drop=True))


def raters_of(path: Path) -> list[Rater]:
    """The raters of a journal, each by what he or she decided.

    Raises
    ------
    IsxFileError, OSError
        It cannot be read.
    """
    journal = read_journal(path)
    users: list[tuple[str, str | None]] = [(user, user) for user in journal.users]
    asked = [*users, ("everyone", None)] if len(users) != 1 else [(users[0][0], None)]
    return [
        Rater(f"{who} ({path.name})", journal.identity, journal.statuses(user), path)
        for who, user in asked
    ]


def kappa_text(kappa: float) -> str:
    """Cohen's kappa, and what it means."""
    if isnan(kappa):
        return (
            "Cohen's kappa is undefined: both gave all cells the same one status, so there is "
            "nothing that chance could explain."
        )
    words = next(words for limit, words in _KAPPAS if kappa <= limit)
    return f"Cohen's κ = {kappa:.2f}: {words} agreement, where 0 is chance and 1 is all."


def different_text(first: Rater, second: Rater) -> str:
    """Why two raters cannot be compared, whose cells are not the same; empty where they are."""
    if first.cells.is_same(second.cells):
        return ""
    ours, theirs = first.cells.names, second.cells.names
    if len(ours) != len(theirs):
        difference = f"one has {len(ours):,} cells, the other {len(theirs):,}"
    elif ours == theirs:
        difference = "they have the same names, but not the same traces"
    else:
        a, b = next((a, b) for a, b in zip(ours, theirs, strict=True) if a != b)
        difference = f"where one has {a}, the other has {b}"
    return (
        f"{first.title} and {second.title} cannot be compared: they are about different cells "
        f"({difference}). Choose journals of the same cell set."
    )
