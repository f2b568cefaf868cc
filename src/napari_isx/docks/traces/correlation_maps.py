"""The correlation maps that a velocity of blood was measured by."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_isx.docks.common.canvas import Canvas
from napari_isx.docks.common.theme import PlotColors

_LAGS: Final = ("lag -1", "lag 0", "lag +1")
_WIDTH_PX: Final = 150
_COLORMAP: Final = "viridis"
_LABEL_COLOR: Final = "#ffffff"  # on dark blue, whatever the theme


class CorrelationMaps(QWidget):
    """Three maps, of a lag of -1, 0 and +1 frames, one above the other in common colors."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel()
        self._scale = QLabel()
        self._canvas = Canvas()
        self._canvas.ci.layout.setContentsMargins(2, 0, 2, 0)
        self._canvas.ci.layout.setVerticalSpacing(4)
        self._images: list[pg.ImageItem] = []
        for row, lag in enumerate(_LAGS):
            view = self._canvas.addViewBox(row=row, col=0, enableMenu=False, enableMouse=False)
            view.setAspectLocked(True)
            view.invertY(True)
            view.setDefaultPadding(0)
            image = pg.ImageItem(axisOrder="row-major", colorMap=_COLORMAP)
            view.addItem(image)
            label = pg.LabelItem(lag, justify="left", color=_LABEL_COLOR)
            label.setParentItem(view)
            label.anchor((0, 0), (0, 0), offset=(2, -4))
            self._images.append(image)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._title)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._scale)
        self.setFixedWidth(_WIDTH_PX)
        self.setToolTip(
            "Correlation of the frames around this sample with those one frame before, "
            "the same, and one after"
        )
        self.hide()

    @property
    def title(self) -> str:
        return str(self._title.text())

    @property
    def maps(self) -> list[npt.NDArray[np.float32]]:
        return [image.image for image in self._images]

    def show_maps(self, title: str, maps: npt.NDArray[np.float32] | None) -> None:
        """Draw the maps ``(3, h, w)`` of a sample under the name of their vessel, or hide all."""
        known = np.empty(0) if maps is None else maps[np.isfinite(maps)]
        if maps is None or not len(known):
            self.hide()
            return
        low, high = float(known.min()), float(known.max())
        for image, one in zip(self._images, maps, strict=True):
            image.setImage(one, levels=(low, high if high > low else low + 1))
        self._title.setText(title)
        self._scale.setText(f"{low:.2f} to {high:.2f}")
        self.show()

    def set_colors(self, colors: PlotColors) -> None:
        self._canvas.setBackground(colors.background)
