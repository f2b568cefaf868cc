"""Pictures of the statuses: a chip in the color of the canvas with the symbol in it."""

from __future__ import annotations

from functools import cache
from typing import Final

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from napari_isx.io.cells.cell_set import CellStatus
from napari_isx.layers.styles import STATUS_COLORS

CHIP_PX: Final = 14
_SCALE: Final = 3  # sharp on dense screens too
_INK: Final = "#1b1b1b"
_LINES: Final[dict[CellStatus, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "accepted": (((3.6, 7.4), (6.0, 9.8), (10.4, 4.4)),),
    "rejected": (((4.4, 4.4), (9.6, 9.6)), ((9.6, 4.4), (4.4, 9.6))),
    "undecided": (
        ((4.9, 5.4), (5.2, 4.2), (7.0, 3.4), (8.8, 4.2), (9.1, 5.4), (7.0, 7.2), (7.0, 8.4)),
        ((7.0, 10.4), (7.0, 10.5)),
    ),
}


@cache
def status_icon(status: CellStatus) -> QIcon:
    """The chip of a status: a disk, as full of color whatever the theme."""
    pixmap = QPixmap(CHIP_PX * _SCALE, CHIP_PX * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SCALE, _SCALE)
    painter.setPen(QPen(QColor(_INK), 0.6))
    painter.setBrush(QColor(STATUS_COLORS[status]))
    painter.drawEllipse(QRectF(0.5, 0.5, CHIP_PX - 1, CHIP_PX - 1))
    pen = QPen(QColor(_INK), 1.7)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for line in _LINES[status]:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt would tint it
    return icon
