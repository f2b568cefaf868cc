"""What a right click on a cell on the canvas offers; a drag of that button zooms, as in napari."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QMenu

from napari_isx.app.coordinator import Coordinator
from napari_isx.app.layout import WindowLayout
from napari_isx.docks.common.shortcuts import COMMANDS, key_texts

if TYPE_CHECKING:
    from napari.viewer import Viewer

_DECISIONS: Final = {"accept": "Accept", "reject": "Reject", "undecide": "Undecided"}
_DOCKS: Final = {"Traces": "Show the trace", "Close-up": "Show the close-up"}


def canvas_menu(viewer: Viewer) -> QMenu:
    """What can be done with the selected cells, with the keys that do the same."""
    coordinator, layout = Coordinator.of(viewer), WindowLayout.of(viewer)
    group, selected = coordinator.session.group, coordinator.session.selected
    menu = QMenu(viewer.window._qt_window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if group is None or not selected:
        return menu
    names = [group.names[cell] for cell in selected]
    title = names[0] if len(names) == 1 else f"{len(names)} {group.item}s"
    menu.addAction(title).setEnabled(False)
    menu.addSeparator()
    if group.curation is not None:
        keys = key_texts()
        for name, text in _DECISIONS.items():
            action = menu.addAction(f"{text}\t{keys[name]}")
            action.triggered.connect(partial(_run, name, coordinator))
        menu.addSeparator()
    menu.addAction("Center").triggered.connect(coordinator.centering.center)
    for dock, text in _DOCKS.items():
        if dock == "Traces" or group.curation is not None:
            menu.addAction(text).triggered.connect(partial(_show, layout, dock))
    return menu


def show_canvas_menu(viewer: Viewer) -> None:
    """Show it at the mouse."""
    canvas_menu(viewer).popup(QCursor.pos())


def _run(name: str, coordinator: Coordinator, checked: bool = False) -> None:  # noqa: ARG001
    COMMANDS[name].act(coordinator)


def _show(layout: WindowLayout, dock: str, checked: bool = False) -> None:  # noqa: ARG001
    layout.show(dock)
