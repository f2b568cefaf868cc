"""Names the cells under the mouse, all of them where they overlap."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QToolTip


def show_names(names: Sequence[str]) -> None:
    """Show names in a tool tip at the mouse, as napari's status bar tells of one label only.

    Without any the tip goes.
    """
    if names:
        QToolTip.showText(QCursor.pos(), "\n".join(names))
    else:
        QToolTip.hideText()
