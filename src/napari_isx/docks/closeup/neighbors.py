"""The cells around a cell, whose light may be in its trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi
from napari_isx.io.base.spacing import Spacing

# Told apart by the color-blind, and none of them that of the cell itself.
COLORS: Final = ("#E69F00", "#009E73", "#CC79A7")


class Neighbor(NamedTuple):
    """A cell, the color it is drawn in, and its outline ``(n, 2)`` in micrometers."""

    cell: int
    color: str
    contour_um: npt.NDArray[np.float64]


def neighbors_of(rois: Sequence[Roi], cell: int, spacing: Spacing) -> list[Neighbor]:
    """The nearest cells, as many as there are colors, no farther than the cell is wide or high."""
    if rois[cell].is_empty:
        return []
    boxes = np.array([(roi.top, roi.left, *roi.weights.shape) for roi in rois], float)
    starts, sizes = boxes[:, :2], boxes[:, 2:]
    middles = starts + sizes / 2
    apart = np.abs(middles - middles[cell]) - (sizes + sizes[cell]) / 2
    is_near = (apart.max(axis=1) <= sizes[cell].max()) & (sizes > 0).all(axis=1)
    is_near[cell] = False
    distances = np.linalg.norm(middles - middles[cell], axis=1)
    nearest = np.flatnonzero(is_near)[np.argsort(distances[is_near], kind="stable")]
    return [
        Neighbor(i, color, spacing.to_um(rois[i].contour))
        for i, color in zip(nearest.tolist(), COLORS, strict=False)
    ]
