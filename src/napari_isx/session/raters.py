"""What people decided about the cells of one set, and how two of them compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Final

import numpy as np

from napari_isx.analysis.cell_metrics.agreement import Agreement, compare
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.decisions.journal import read_journal

_KAPPAS: Final = (
    (0.0, "no better than chance"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (np.inf, "almost perfect"),
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

    def with_folder(self) -> Rater:
        """The same with its folder in the title: copies of a set have one name, as accounts."""
        return replace(self, title=f"{self.title}, {self.journal.parent if self.journal else ''}")


@dataclass(frozen=True)
class Comparison:
    """Two raters of the same cells, and what comes of comparing them.

    Attributes
    ----------
    a, b : Rater
    """

    a: Rater
    b: Rater

    @cached_property
    def agreement(self) -> Agreement:
        """How far they agree."""
        return compare(self.a.names, self.a.statuses, self.b.statuses)

    @property
    def text(self) -> str:
        """It in sentences."""
        found = self.agreement
        if not found.n:
            return "There are no cells to compare."
        agree = f"They agree about {np.trace(found.confusion):,} of {found.n:,} cells"
        return f"{agree} ({found.agreement:.1%}). {kappa_text(found.kappa)}"


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
        Rater(f"{name} ({path.name})", journal.identity.names, tuple(journal.statuses(user)), path)
        for name, user in asked
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
    """Why two raters cannot be compared, whose cells are not the same."""
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
