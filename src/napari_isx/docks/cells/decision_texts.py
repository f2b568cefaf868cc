"""Decisions in words, for buttons, menus and questions."""

from __future__ import annotations

from typing import Final

from napari_isx.io.cells.cell_set import CellStatus

_DECISIONS: Final[dict[CellStatus, str]] = {
    "accepted": "Accept {}",
    "undecided": "Set {} undecided",
    "rejected": "Reject {}",
}


def decision_text(status: CellStatus, what: str) -> str:
    """What a decision about cells is called: "Reject this cell"."""
    return _DECISIONS[status].format(what)


def question(status: CellStatus, num_shown: int, num_changed: int) -> tuple[str, str]:
    """What is asked before all rows are decided about, and what would change."""
    shown = "the only cell shown" if num_shown == 1 else f"the {num_shown:,} cells shown"
    if num_changed == num_shown:
        change = "None of them is yet." if num_shown > 1 else ""
    elif not num_changed:
        change = "It is already." if num_shown == 1 else "All of them are already."
        return f"{decision_text(status, shown)}?", f"{change} Nothing would change."
    else:
        already = num_shown - num_changed
        change = f"{already:,} of them {'is' if already == 1 else 'are'} already."
    return f"{decision_text(status, shown)}?", f"{change} This can be undone in one step.".strip()
