"""What is asked of a dock that shows the table of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_isx.docks.cells.duplicates import Pair
from napari_isx.docks.common.theme import PlotColors
from napari_isx.docks.common.views import View
from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.session.cell_table import CellTable
from napari_isx.viewer.cell_display import Scope, Style

Values: TypeAlias = Mapping[str, npt.NDArray[np.float64] | None]


class CellsView(View, Protocol):
    """What is asked of a dock; see `CellsWidget`."""

    group_picked: Any
    rules_requested: Any
    raters_requested: Any
    keys_requested: Any
    export_requested: Any
    save_requested: Any
    table: Any
    filters: Any
    display: Any
    decisions: Any
    duplicates: Any

    def show_groups(self, titles: Sequence[str], current: int) -> None:
        """Offer these sets of cells."""

    def show_message(self, text: str) -> None:
        """Say why there is no table."""

    def show_table(self, table: CellTable, values: Values) -> None:
        """Show another table, or other columns of it."""

    def show_rows(self) -> None:
        """Show other rows."""

    def show_values(self, key: str, values: npt.NDArray[np.float64] | None) -> None:
        """Show other values of a column."""

    def show_sorting(self, sorted_by: tuple[str, bool] | None) -> None:
        """Mark the column it is sorted by."""

    def show_selection(self, cells: Sequence[int]) -> None:
        """Mark the selected cells."""

    def show_counts(
        self, counts: Mapping[CellStatus, int], shown: Mapping[CellStatus, int]
    ) -> None:
        """Count the cells of each status."""

    def show_steps(self, undo: str, redo: str, num_unsaved: int) -> None:
        """Tell what can be undone, done again and saved."""

    def show_advance(self, on: bool, on_canvas: bool) -> None:
        """Tell whether decisions move on, and whether after a click on the canvas, too."""

    def show_note(self, text: str, offer: str = "") -> None:
        """Say what came of the last key, with a button for what is offered."""

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys."""

    def show_progress(self, fraction: float) -> None:
        """Tell how much is measured."""

    def show_duplicates(self, pairs: Sequence[Pair]) -> None:
        """List suspected duplicates."""

    def show_display(self, scope: Scope, style: Style | None, color: str) -> None:
        """Tell what is on the canvas."""

    def show_legend(self, colors: Sequence[str] | None, low: str, high: str) -> None:
        """Show what colors stand for."""

    def set_colors(self, colors: PlotColors) -> None:
        """Follow a theme."""
