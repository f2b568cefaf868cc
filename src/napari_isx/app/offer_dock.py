"""Putting the dock *Traces* into a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakSet, ref

from qtpy.QtCore import QTimer

from napari_isx.app.coordinator import Coordinator

if TYPE_CHECKING:
    from napari.viewer import Viewer

_PLUGIN: Final = "napari-isx"
_DOCK: Final = "Traces"

# Until the dock has taken its place below the canvas.
_SETTLED_MS: Final = 50

_offered: Final[WeakSet[Viewer]] = WeakSet()


def show_dock(viewer: Viewer) -> None:
    """Show the dock, made again if it was closed."""
    _offered.add(viewer)
    dock, _ = viewer.window.add_plugin_dock_widget(_PLUGIN, _DOCK)
    dock.show()
    dock.raise_()


def offer_dock(viewer: Viewer) -> None:
    """Show the dock once in the life of a window, as soon as Qt is at leisure."""
    if viewer in _offered:
        return
    _offered.add(viewer)
    weak = ref(viewer)

    def show() -> None:
        still_there = weak()
        if still_there is not None and not _is_closed(still_there):
            is_fitted = Coordinator.of(still_there).view.refit()
            show_dock(still_there)
            if is_fitted:
                QTimer.singleShot(_SETTLED_MS, fit)

    def fit() -> None:
        still_there = weak()
        if still_there is not None and not _is_closed(still_there):
            Coordinator.of(still_there).view.fit()

    QTimer.singleShot(0, show)


def _is_closed(viewer: Viewer) -> bool:
    """Whether the window was closed while the dock was waiting to be shown."""
    try:
        viewer.window.geometry()
    except (RuntimeError, AttributeError):  # Qt's window is gone, or napari has let go of it
        return True
    return False
