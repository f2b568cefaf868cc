"""The dock *Close-up*: the evidence for the selected cell."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_isx.docks.closeup.view import WhyView
from napari_isx.docks.common.placing import Placing

_WIDTH_PX: Final = 430
_BELOW_PX: Final = (660, 280)


class CloseUpWidget(WhyView):
    """Shows the cell that was selected last."""

    def __init__(self) -> None:
        super().__init__()
        Placing(self, _place)


def _place(dock: QDockWidget, window: QMainWindow) -> None:
    """Take no more of the window than it needs, and leave a table on the right its rows."""
    area = window.dockWidgetArea(dock)
    others = [one for one in window.findChildren(QDockWidget) if one is not dock]
    if any(one.isVisible() and window.dockWidgetArea(one) == area for one in others):
        # The trace has room there, beside the other traces, and the pictures stand beside it.
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        for size, along in zip(_BELOW_PX, Qt.Orientation, strict=True):
            window.resizeDocks([dock], [size], along)
    else:
        window.resizeDocks([dock], [_WIDTH_PX], Qt.Orientation.Horizontal)
