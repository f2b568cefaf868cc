"""How far two raters agree about the same cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_isx.io.cells.cell_set import STATUSES, CellStatus

if TYPE_CHECKING:
    import pandas as pd

Ratings: TypeAlias = "Sequence[CellStatus] | Mapping[int, CellStatus] | Mapping[str, CellStatus]"
"""A status for each cell, or for some, by index or by name."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two raters' decisions, compared.

    Attributes
    ----------
    n : int
        Number of cells about which both decided; all else is about these.
    disagreements : pandas.DataFrame
        A row for each cell about which they differ, in order: ``cell`` (its index), ``name``,
        ``a``, ``b``.
    confusion : pandas.DataFrame
        Number of cells for each pair of statuses; rows are those of a, columns those of b.
    agreement : float
        The share of cells about which they agree; NaN where n is 0.
    kappa : float
        Cohen's kappa, unweighted: (p - c) / (1 - c), with p the agreement and c what raters with
        these totals agree on by chance. NaN where n is 0 and where both gave all cells the same
        one status, as chance leaves nothing to explain then.
    """

    n: int
    disagreements: pd.DataFrame
    confusion: pd.DataFrame
    agreement: float
    kappa: float

    @property
    def queue(self) -> list[int]:
        """The cells to look at together."""
        return [int(cell) for cell in self.disagreements["cell"]]


def compare(names: Sequence[str], a: Ratings, b: Ratings) -> Agreement:
    """Compare what two raters decided about the cells of one set.

    Parameters
    ----------
    names : sequence of str
        Of all cells.
    a, b : sequence or mapping
        A status for each cell, in order; or for those that were rated, by index or name.
        Undecided is a status like the others; a cell that a mapping lacks was not rated.

    Raises
    ------
    ValueError
        Not one status for each cell, an unknown status or cell, or a name that several cells have.
    """
    import pandas as pd

    first, second = _by_cell(names, a), _by_cell(names, b)
    both = sorted(first.keys() & second.keys())
    counts = np.zeros((len(STATUSES), len(STATUSES)), np.int64)
    for cell in both:
        counts[STATUSES.index(first[cell]), STATUSES.index(second[cell])] += 1
    differing = [cell for cell in both if first[cell] != second[cell]]
    table = pd.DataFrame(
        {
            "cell": np.array(differing, np.int64),
            "name": pd.Series([names[cell] for cell in differing], dtype=object),
            "a": pd.Series([first[cell] for cell in differing], dtype=object),
            "b": pd.Series([second[cell] for cell in differing], dtype=object),
        }
    )
    labels = list(STATUSES)
    confusion = pd.DataFrame(
        counts, index=pd.Index(labels, name="a"), columns=pd.Index(labels, name="b")
    )
    share = float(np.trace(counts) / len(both)) if both else np.nan
    return Agreement(len(both), table, confusion, share, _kappa(counts))


def _kappa(counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> float:
    """Cohen's kappa of a table of counts, in whole numbers as long as it can be."""
    n = int(counts.sum())
    by_chance = int(counts.sum(axis=1) @ counts.sum(axis=0))
    if n * n == by_chance:
        return np.nan
    return (n * int(np.trace(counts)) - by_chance) / (n * n - by_chance)


def _by_cell(names: Sequence[str], ratings: Ratings) -> dict[int, CellStatus]:
    """What a rater decided, by index of the cell."""
    statuses: dict[int, CellStatus]
    if isinstance(ratings, Mapping):
        times, places = Counter(names), {name: i for i, name in enumerate(names)}
        statuses = {}
        for key, status in ratings.items():
            if isinstance(key, str):
                if times[key] != 1:
                    problem = "occurs more than once" if times[key] else "is none of these cells"
                    raise ValueError(f"'{key}' {problem}; are the decisions about this cell set?")
                statuses[places[key]] = status
            elif 0 <= key < len(names):
                statuses[key] = status
            else:
                raise ValueError(f"there is no cell {key} among {len(names)}")
    elif len(ratings) == len(names):
        statuses = dict(enumerate(ratings))
    else:
        raise ValueError(f"{len(ratings)} statuses for {len(names)} cells")
    for status in statuses.values():
        if status not in STATUSES:
            raise ValueError(f"unknown status {status!r}; known are {', '.join(STATUSES)}")
    return statuses
