"""Steps that can be undone and done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from napari_isx.io.base.labelled_set import STATUSES, CellStatus

_VERBS: Final = {"accepted": "accept", "rejected": "reject", "undecided": "set undecided:"}


class Step:
    """One decision about one or many cells; small, as there may be thousands of it.

    `statuses` are those of every cell before, `name` that of the first cell that changes, or else
    of the first one. `text` is what is done, as a menu has it after "Undo"; `place` the cells to
    select when it is undone, or done again, None while nobody has said.
    """

    def __init__(
        self,
        wanted: Mapping[int, CellStatus],
        statuses: Sequence[CellStatus],
        how: str,
        note: str = "",
        name: str = "",
    ) -> None:
        self.place: tuple[int, ...] | None = None
        changed = [i for i, status in wanted.items() if statuses[i] != status]
        self._cells = np.array(changed, np.int32)
        codes = [(STATUSES.index(statuses[i]), STATUSES.index(wanted[i])) for i in changed]
        self._codes = np.array(codes, np.uint8).reshape(-1, 2)
        count = len(changed) or len(wanted)
        kinds = {wanted[i] for i in changed or wanted}
        self.text = _described(name if count == 1 else f"{count:,} cells", kinds, how, note)
        if not changed:
            self.text += ", which changed nothing"

    @property
    def cells(self) -> list[int]:
        """Those that change; none where all had their status already."""
        return [int(cell) for cell in self._cells]

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


class History:
    """Steps done, and steps undone, without limit."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._decided: Counter[int] = Counter()

    @property
    def undo_text(self) -> str:
        """What would be undone, or nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What would be done again, or nothing."""
        return self._undone[-1].text if self._undone else ""

    def has_decided(self, cell: int) -> bool:
        """Whether a step that was not undone has changed a cell."""
        return self._decided[cell] > 0

    def add(self, step: Step) -> None:
        """A new step; what was undone cannot be done again any more, unless nothing changed."""
        self._done.append(step)
        self._decided.update(step.cells)
        if step.cells:
            self._undone.clear()

    def undo(self) -> Step | None:
        """The last step, if any, which is undone from now on."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        self._decided.subtract(self._undone[-1].cells)
        return self._undone[-1]

    def redo(self) -> Step | None:
        """The step that was undone last, if any, which is done from now on."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        self._decided.update(self._done[-1].cells)
        return self._done[-1]


def _described(cells: str, kinds: set[CellStatus], how: str, note: str) -> str:
    """What a step does, as a menu has it after "Undo"."""
    if how in ("restore", "file"):
        return f"{'restore' if how == 'restore' else 'take from the file:'} {cells}"
    verb = _VERBS[kinds.pop()] if len(kinds) == 1 else "decide"
    rule = f" by rule {note}" if how == "rule" and note else ""
    return f"{verb} {cells}{rule}"
