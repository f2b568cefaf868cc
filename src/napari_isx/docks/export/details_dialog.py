"""The form for what only people know of animal and experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QWidget

from napari_isx.docks.common.theme import WARNING_COLOR
from napari_isx.export.nwb.metadata import FIELDS, read_metadata

_WIDTH_PX: Final = 480


class DetailsDialog(QDialog):
    """Asks for the metadata of NWB files; it closes once they can be understood."""

    given = Signal(dict)
    """What stands in the form, by section and name."""
    skipped = Signal()

    def __init__(
        self, animal: str, values: Mapping[str, Mapping[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"NWB: what the files of {animal or 'this animal'} do not know")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.edits: dict[tuple[str, str], QLineEdit] = {}
        layout = QFormLayout(self)
        about = QLabel(
            "Asked once for each animal, and remembered. DANDI needs what is marked with *; all of "
            "it can be left empty."
        )
        about.setWordWrap(True)
        self.setMinimumWidth(_WIDTH_PX)
        layout.addRow(about)
        for field in FIELDS:
            if field.name == "session_start_time":
                continue
            edit = QLineEdit(values.get(field.section, {}).get(field.name, ""))
            edit.setPlaceholderText(field.example)
            needed = " *" if field.missing.startswith("DANDI") else ""
            layout.addRow(field.label + needed, edit)
            self.edits[field.section, field.name] = edit
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {WARNING_COLOR}")
        layout.addRow(self.problem)
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Ok | choices.Cancel)
        self.buttons.button(choices.Cancel).setText("Skip")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addRow(self.buttons)

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """What stands in the form, without what is empty."""
        found: dict[str, dict[str, str]] = {}
        for (section, name), edit in self.edits.items():
            if text := str(edit.text()).strip():
                found.setdefault(section, {})[name] = text
        return found

    def accept(self) -> None:
        """Hand the values over, unless one of them means nothing."""
        values: dict[str, Any] = self.values
        try:
            read_metadata(values)
        except ValueError as error:
            self.problem.setText(str(error))
            return
        super().accept()
        self.given.emit(values)

    def reject(self) -> None:
        """Go on without."""
        super().reject()
        self.skipped.emit()
