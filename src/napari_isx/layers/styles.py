"""How cells look: colors that color-blind people can tell apart, and a second cue beside them.

The hues are from the palette of Okabe and Ito, which is made for that. A cell's status also
shows in how much it is filled, and in the symbol before its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi
from napari_isx.io.cells.cell_set import CellStatus

if TYPE_CHECKING:
    from napari.utils.colormaps import CyclicLabelColormap

ColorBy = Literal["status", "file", "values"]

STATUS_COLORS: Final[dict[CellStatus, str]] = {
    "accepted": "#56B4E9",
    "undecided": "#F0E442",
    "rejected": "#D55E00",
}
VALUE_COLORMAP: Final = "viridis"
# Of values, between which colors run; and the color of a value that is undefined.
_VALUE_PERCENTILES: Final = (2, 98)
_UNDEFINED_COLOR: Final = "#888888"
_FILL_ALPHA: Final[dict[CellStatus, float]] = {"accepted": 0.9, "undecided": 0.5, "rejected": 0.25}

EVENT_COLOR: Final = "#FF8AD8"
SELECTION_COLOR: Final = "#FFFFFF"
LABELS_OPACITY: Final = 0.5

ZONE_COLORS: Final = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#0072B2")
BOX_COLOR: Final = "#D55E00"

# A line has no inside to fill, so that its width is the second cue.
_LINE_WIDTH: Final[dict[CellStatus, float]] = {"accepted": 1.0, "undecided": 0.7, "rejected": 0.4}


def outline_colors(
    statuses: Sequence[CellStatus],
    colors: npt.NDArray[np.uint8],
    by: ColorBy,
    values: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float32]:
    """One opaque color per cell.

    `colors`: ``(n, 4)`` uint8, as the file has them. `values`: ``(n,)``: what they are colored by,
    from dark for low to bright for high; gray for NaN.
    Returns ``(n, 4)`` red, green, blue, alpha from 0 to 1.
    """
    if by == "values" and values is not None:
        rgba = value_colors(values)
    elif by == "file":
        rgba = (colors / 255).astype(np.float32)
    else:
        table = {status: _rgba(color) for status, color in STATUS_COLORS.items()}
        rgba = np.array([table[status] for status in statuses], np.float32)
    opaque = np.array(rgba, np.float32).reshape(-1, 4)
    opaque[:, 3] = 1
    return opaque


def value_colors(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """``(n, 4)`` colors of ``(n,)`` values: outliers do not take the range from the others."""
    from napari.utils.colormaps import ensure_colormap

    known = np.isfinite(values)
    rgba = np.tile(np.array(_rgba(_UNDEFINED_COLOR), np.float32), (len(values), 1))
    if known.any():
        low, high = value_limits(values)
        place = (values[known] - low) / ((high - low) or 1.0)
        rgba[known] = ensure_colormap(VALUE_COLORMAP).map(place.clip(0, 1))
    return rgba


def value_limits(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The values that have the first and the last color; NaN where none is finite."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.percentile(known, _VALUE_PERCENTILES)
    return float(low), float(high)


def fill_colors(
    outlines: npt.NDArray[np.float32], statuses: Sequence[CellStatus]
) -> npt.NDArray[np.float32]:
    """The colors ``(n, 4)`` of cells' insides: filled the more the surer it is a cell."""
    fills = outlines.copy()
    fills[:, 3] *= [_FILL_ALPHA[status] for status in statuses]
    return fills


def label_colormap(fills: npt.NDArray[np.float32]) -> CyclicLabelColormap:
    """Colors of the label image: label i + 1 is cell i.

    (It is the quicker one of napari's two kinds, as labels need not be looked up.)
    """
    from napari.utils.colormaps import CyclicLabelColormap

    return CyclicLabelColormap(colors=label_colors(fills), background_value=0)


def label_colors(fills: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Those of the map: a color more than labels, as napari takes none of the background alone."""
    nothing = np.zeros((1, 4), np.float32)
    return np.concatenate([nothing, fills, nothing])


def contour_width_px(rois: Sequence[Roi]) -> float:
    """How wide contours are drawn, in pixels of the footprints: in proportion to the cells."""
    areas = [roi.area_px for roi in rois if not roi.is_empty]
    return float(np.clip(0.05 * np.sqrt(np.median(areas)), 0.2, 2.0)) if areas else 0.5


def vessel_widths_px(
    lines: Sequence[npt.NDArray[np.float64]], statuses: Sequence[CellStatus]
) -> list[float]:
    """How wide vessels are drawn, in pixels of the image: by their length, and their status.

    `lines`: ``(n, 2)`` each. `statuses`: one for each line.
    """
    if not lines:
        return []
    length = np.median([np.hypot(*np.ptp(line, axis=0)) for line in lines])
    width = float(np.clip(0.05 * length, 0.3, 3.0))
    return [width * _LINE_WIDTH[status] for status in statuses]


def zone_colors(count: int) -> list[str]:
    """Colors of so many zones, in turn."""
    return [ZONE_COLORS[i % len(ZONE_COLORS)] for i in range(count)]


def _rgba(color: str) -> tuple[float, ...]:
    return (*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
