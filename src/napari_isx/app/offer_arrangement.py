"""Asking how files of other days or animals are to be shown, without holding anything up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary, ref

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_isx.app.coordinator import Coordinator
from napari_isx.docks.common.views import is_alive
from napari_isx.timeline.report import ARRANGEMENTS, ClockWords, clock_words

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
    if viewer in _asked or not _is_open_question(clock_words(coordinator.session.clock)):
        return
    box = _asked[viewer] = _Question(coordinator, viewer.window._qt_window)
    box.finished.connect(lambda: _asked.pop(viewer, None))
    box.show()


class _Question(QMessageBox):
    """Says what is open for as long as it is open itself, and goes when it needs no answer."""

    def __init__(self, coordinator: Coordinator, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = coordinator.session
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Several days or animals")
        self.setInformativeText(_TEXT)
        for arrangement, (title, tip) in ARRANGEMENTS.items():
            button = self.addButton(title, QMessageBox.ButtonRole.ActionRole)
            button.setToolTip(tip)
            button.setObjectName(arrangement)
        self.buttonClicked.connect(lambda button: coordinator.arrange(button.objectName()))
        self.setModal(False)
        self._session.recordings_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        if not is_alive(self):
            return
        words = clock_words(self._session.clock)
        self.setText(f"Recordings of different sittings are open: {words.sittings}.")
        if not _is_open_question(words):
            self.done(0)


def _is_open_question(words: ClockWords) -> bool:
    return bool(words.sittings) and words.arrangement == "together"
