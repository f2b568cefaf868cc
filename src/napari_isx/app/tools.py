"""Answers the buttons of the dock *Cells* that open something beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from napari_isx.app.coordinator import Coordinator
    from napari_isx.docks.common.question import Question
    from napari_isx.docks.saving.window import WindowPrompts


class CellTools:
    """Opens the dialogs of a viewer's window; without a window there is nothing to open.

    Parameters
    ----------
    coordinator : Coordinator
        It owns this, and is not kept alive by it.
    """

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = ref(coordinator)
        cells = coordinator.cells
        cells.rules_requested.connect(self.show_rules)
        cells.raters_requested.connect(self.show_raters)
        cells.keys_requested.connect(self.show_keys)
        cells.export_requested.connect(self.export)
        cells.asked.connect(self.ask)

    def show_rules(self, dock: Any = None) -> None:
        """Show the dialog of rules; it closes with the dock that asked for it."""
        from napari_isx.app import dialogs as tools

        if (found := self._found) is not None:
            tools.close_with(dock, tools.show_rules(found.saving.viewer, found))

    def show_raters(self, dock: Any = None) -> None:
        """Show the dialog that compares raters."""
        from napari_isx.app import dialogs as tools

        if (found := self._found) is not None:
            tools.close_with(dock, tools.show_raters(found.saving.viewer, found))

    def show_keys(self) -> None:
        """Show the card of keys."""
        from napari_isx.app import dialogs as tools

        if (found := self._found) is not None:
            tools.show_keys(found.saving.viewer)

    def export(self) -> None:
        """Ask where the decision log is to be written."""
        if (prompts := self._prompts) is not None:
            prompts.ask_where_to_export()

    def ask(self, question: Question) -> None:
        """Ask something in the window."""
        if (prompts := self._prompts) is not None:
            prompts.ask(question)

    def restore_previous(self) -> None:
        """Ask whether the last save is to be taken back."""
        if (prompts := self._prompts) is not None:
            prompts.ask_about_previous()

    @property
    def _found(self) -> Coordinator | None:
        return self._coordinator()

    @property
    def _prompts(self) -> WindowPrompts | None:
        from napari_isx.app import dialogs as tools

        found = self._found
        return tools.prompts(found.saving.viewer, found) if found is not None else None
