"""Asking how files of other days or animals are to be shown, without holding anything up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary, ref

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QMessageBox

from napari_isx.app.coordinator import Coordinator
from napari_isx.timeline.report import ARRANGEMENTS, clock_words

if TYPE_CHECKING:
    from napari.viewer import Viewer

_TEXT: Final = (
    "They lie on top of each other now, all from 0 s. Or show them one after the other: the empty "
    "time between them is cut out, and marked in the dock Traces, where you can change it later."
)
_asked: Final[WeakKeyDictionary[Viewer, QMessageBox]] = WeakKeyDictionary()


def offer_arrangement(viewer: Viewer) -> None:
    """Ask once all files are open; the user may answer whenever they like, or not at all."""
    weak = ref(viewer)

    def ask() -> None:
        still_there = weak()
        if still_there is not None:
            _ask(still_there)

    QTimer.singleShot(0, ask)


def _ask(viewer: Viewer) -> None:
    coordinator = Coordinator.of(viewer)
    words = clock_words(coordinator.session.clock)
    if viewer in _asked or not words.sittings or words.arrangement != "together":
        return
    box = QMessageBox(viewer.window._qt_window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Several days or animals")
    box.setText(f"Recordings of different sittings are open: {words.sittings}.")
    box.setInformativeText(_TEXT)
    for arrangement, (title, tip) in ARRANGEMENTS.items():
        button = box.addButton(title, QMessageBox.ButtonRole.ActionRole)
        button.setToolTip(tip)
        button.setObjectName(arrangement)
    box.buttonClicked.connect(lambda button: coordinator.arrange(button.objectName()))
    box.finished.connect(lambda: _asked.pop(viewer, None))
    _asked[viewer] = box
    box.setModal(False)
    box.show()
