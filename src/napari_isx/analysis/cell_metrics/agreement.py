"""How far two raters agree about the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_isx.io.cells.cell_set import STATUSES, CellStatus

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two raters' decisions, compared."""

    confusion: pd.DataFrame
    """Number of cells for each pair of statuses; rows are those of a, columns those of b."""
    disagreements: pd.DataFrame
    """A row for each cell about which they differ: ``cell`` (its index), ``name``, ``a``, ``b``."""

    @property
    def n(self) -> int:
        """Number of cells."""
        return int(self.confusion.to_numpy().sum())

    @property
    def agreement(self) -> float:
        """The share of cells about which they agree; NaN where there are none."""
        return float(np.trace(self.confusion)) / self.n if self.n else np.nan

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
        return list(map(int, self.disagreements["cell"]))


def compare(names: Sequence[str], a: Sequence[CellStatus], b: Sequence[CellStatus]) -> Agreement:
    """Compare what two raters decided about the cells of one set; undecided is a status too.

    Raises ValueError where there is not one status for each cell, or an unknown one.
    """
    import pandas as pd

    ratings = {"cell": range(len(names)), "name": list(names), "a": list(a), "b": list(b)}
    table = pd.DataFrame(ratings).astype({"name": object, "a": object, "b": object})
    if not table[["a", "b"]].isin(STATUSES).all(axis=None):
        raise ValueError(f"unknown status; known are {', '.join(STATUSES)}")
    confusion = pd.crosstab(table["a"], table["b"])
    confusion = confusion.reindex(index=STATUSES, columns=STATUSES, fill_value=0)
    return Agreement(confusion, table[table["a"] != table["b"]].reset_index(drop=True))
