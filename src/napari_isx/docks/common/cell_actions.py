"""What a right click on a cell offers, wherever it is drawn."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from qtpy.QtWidgets import QMenu

from napari_isx.io.cells.cell_set import CellStatus

_TITLES: Final[dict[CellStatus, str]] = {
    "accepted": "Accept",
    "undecided": "Undecided:",
    "rejected": "Reject",
}


def add_cell_actions(
    menu: QMenu, name: str, status: CellStatus | None, place: int, centered: Any, decided: Any
) -> None:
    """Offer to center a cell, and to decide about it: by signals that take its place, and status.

    Its own status is not offered, nor any of a cell that has none.
    """
    center = menu.addAction(f"Center the canvas on {name}")
    center.triggered.connect(lambda: centered.emit(place))
    for offered, title in _TITLES.items():
        decide = menu.addAction(f"{title} {name}")
        decide.setEnabled(status not in (None, offered))
        decide.triggered.connect(partial(_emit, decided, place, offered))


def _emit(signal: Any, place: int, status: CellStatus, checked: bool = False) -> None:  # noqa: ARG001
    signal.emit(place, status)
