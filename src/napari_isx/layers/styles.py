"""How cells look: colours that colour-blind people can tell apart, and a second cue beside them.

The hues are from the palette of Okabe and Ito, which is made for that. A cell's status also
shows in how much it is filled, and in the symbol before its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.io.cells import CellStatus
from napari_isx.rois import Roi

if TYPE_CHECKING:
    from napari.utils.colormaps import DirectLabelColormap

ColorBy = Literal["status", "file"]

STATUS_COLORS: Final[dict[CellStatus, str]] = {
    "accepted": "#56B4E9",
    "undecided": "#F0E442",
    "rejected": "#D55E00",
}
_FILL_ALPHA: Final[dict[CellStatus, float]] = {"accepted": 0.9, "undecided": 0.5, "rejected": 0.25}

EVENT_COLOR: Final = "#FF8AD8"
SELECTION_COLOR: Final = "#FFFFFF"
LABELS_OPACITY: Final = 0.5


def outline_colors(
    statuses: Sequence[CellStatus], colors: npt.NDArray[np.uint8], by: ColorBy
) -> npt.NDArray[np.float32]:
    """One opaque colour per cell: ``(n, 4)`` red, green, blue, alpha from 0 to 1."""
    if by == "file":
        rgba = colors.astype(np.float32) / 255
    else:
        table = {status: _rgba(color) for status, color in STATUS_COLORS.items()}
        rgba = np.array([table[status] for status in statuses], np.float32)
    opaque = np.array(rgba, np.float32).reshape(-1, 4)
    opaque[:, 3] = 1
    return opaque


def label_colormap(
    statuses: Sequence[CellStatus], colors: npt.NDArray[np.uint8], by: ColorBy
) -> DirectLabelColormap:
    """Colours of the label image: label i + 1 is cell i, filled the more the surer it is one."""
    from napari.utils.colormaps import DirectLabelColormap

    rgba = outline_colors(statuses, colors, by)
    rgba[:, 3] = [_FILL_ALPHA[status] for status in statuses]
    transparent = np.zeros(4, np.float32)
    color_dict: dict[int | None, npt.NDArray[np.float32]] = {None: transparent, 0: transparent}
    color_dict.update(enumerate(rgba, start=1))
    return DirectLabelColormap(color_dict=color_dict)


def contour_width_px(rois: Sequence[Roi]) -> float:
    """How wide contours are drawn, in pixels of the footprints: in proportion to the cells."""
    areas = [roi.area_px for roi in rois if not roi.is_empty]
    return float(np.clip(0.05 * np.sqrt(np.median(areas)), 0.2, 2.0)) if areas else 0.5


def _rgba(color: str) -> tuple[float, ...]:
    return (*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
