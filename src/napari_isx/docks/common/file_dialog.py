"""Asking where to save, without blocking the window."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QWidget


def save_dialog(parent: QWidget, title: str, path: Path, *name_filters: str) -> QFileDialog:
    """A dialog that proposes a file; a name without a suffix gets that of the filter chosen.

    Filters are as Qt has them, with one suffix each: "Table (*.csv)". The first is chosen.
    """
    dialog = QFileDialog(parent, title, str(path.parent))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(name_filters))

    def follow(name_filter: str) -> None:
        dialog.setDefaultSuffix(name_filter.rpartition("*.")[2].rstrip(")"))

    dialog.filterSelected.connect(follow)
    follow(name_filters[0])
    dialog.selectFile(path.name)
    return dialog
