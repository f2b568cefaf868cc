"""Decisions in words, for buttons, menus and questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from napari_isx.docks.common.question import Answer, Question
from napari_isx.io.cells.cell_set import CellStatus

_DECISIONS: Final[dict[CellStatus, str]] = {
    "accepted": "Accept {}",
    "undecided": "Set {} undecided",
    "rejected": "Reject {}",
}


def decision_text(status: CellStatus, what: str) -> str:
    """What a decision about cells is called: "Reject this cell"."""
    return _DECISIONS[status].format(what)


def ask_about_many(
    status: CellStatus, kind: str, num_cells: int, num_changed: int, act: Callable[[], None]
) -> Question:
    """What is asked before many cells, "shown" or "selected" ones, are decided about by `act`.

    `num_changed` of them have another status.
    """
    cells = f"the only cell {kind}" if num_cells == 1 else f"the {num_cells:,} cells {kind}"
    already = num_cells - num_changed
    if not num_changed:
        change = "It is already." if num_cells == 1 else "All of them are already."
        change += " Nothing would change."
    else:
        if already:
            change = f"{already:,} of them {'is' if already == 1 else 'are'} already. "
        else:
            change = "None of them is yet. " if num_cells > 1 else ""
        change += "This can be undone in one step."
    what = decision_text(status, cells)
    return Question(f"All {kind} rows", f"{what}?", change, (Answer(f"&{what}", act),))


def ask_which_to_keep(
    names: tuple[str, str], keep_first: Callable[[], None], keep_second: Callable[[], None]
) -> Question:
    """What is asked before one of two cells that may be one is rejected."""
    first, second = names
    return Question(
        "Suspected duplicate",
        f"{first} and {second} may be one cell: which of them stays?",
        f"Key 1 keeps {first} and rejects {second}; key 2 keeps {second} and rejects {first}. The "
        "one that is kept is selected then. To reject both, select and reject one after the other.",
        (
            Answer(f"1  Keep {first}", keep_first, "1"),
            Answer(f"2  Keep {second}", keep_second, "2"),
        ),
    )
