"""Steps that can be undone and done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from napari_isx.io.base.labelled_set import STATUSES, CellStatus

_VERBS: Final = {"accepted": "accept", "rejected": "reject", "undecided": "set undecided:"}


class Step:
    """One decision about one or many cells; small, as there may be thousands of it.

    Parameters
    ----------
    changes : mapping of int to (str, str)
        Cell, and its status before and after.
    how, note : str
        As in the journal.
    name : str
        Of the only cell, where it is one.
    """

    def __init__(
        self,
        changes: Mapping[int, tuple[CellStatus, CellStatus]],
        how: str,
        note: str = "",
        name: str = "",
    ) -> None:
        self.how, self.note = how, note
        self._cells = np.fromiter(changes, np.int32, len(changes))
        codes = [(STATUSES.index(a), STATUSES.index(b)) for a, b in changes.values()]
        self._codes = np.array(codes, np.uint8).reshape(-1, 2)
        self.text = self._describe(name)

    @property
    def before(self) -> Iterator[tuple[int, CellStatus]]:
        """Each cell, and its status before."""
        return self._statuses(0)

    @property
    def after(self) -> Iterator[tuple[int, CellStatus]]:
        """Each cell, and its status after."""
        return self._statuses(1)

    def _statuses(self, column: int) -> Iterator[tuple[int, CellStatus]]:
        codes: list[int] = self._codes[:, column].tolist()
        return zip(self._cells.tolist(), (STATUSES[code] for code in codes), strict=True)

    def _describe(self, name: str) -> str:
        """What was done, as a menu has it after "Undo"."""
        cells = name if len(self._cells) == 1 else f"{len(self._cells):,} cells"
        kinds = set(self._codes[:, 1].tolist())
        if self.how in ("restore", "file"):
            return f"{'restore' if self.how == 'restore' else 'take from the file:'} {cells}"
        verb = _VERBS[STATUSES[kinds.pop()]] if len(kinds) == 1 else "decide"
        rule = f" by rule {self.note}" if self.how == "rule" and self.note else ""
        return f"{verb} {cells}{rule}"


class History:
    """Steps done, and steps undone, without limit."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def last(self) -> Step | None:
        """What would be undone."""
        return self._done[-1] if self._done else None

    @property
    def next(self) -> Step | None:
        """What would be done again."""
        return self._undone[-1] if self._undone else None

    def add(self, step: Step) -> None:
        """A new step; what was undone cannot be done again any more."""
        self._done.append(step)
        self._undone.clear()

    def undo(self) -> None:
        """The last step was undone."""
        self._undone.append(self._done.pop())

    def redo(self) -> None:
        """The next step was done again."""
        self._done.append(self._undone.pop())
