"""What stands for a status where color alone must not."""

from __future__ import annotations

from typing import Final

from napari_isx.io.cells.cell_set import CellStatus

SYMBOLS: Final[dict[CellStatus, str]] = {"accepted": "✓", "undecided": "?", "rejected": "✗"}
