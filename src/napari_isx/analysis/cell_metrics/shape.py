"""Size, area, number of parts and roundness of cells, from their footprints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from napari_isx.analysis.rois import Roi, enclosed_area, max_width

_KEYS: Final = ("size", "area", "num_components", "circularity")
_CELLS_AT_ONCE: Final = 8


def shape_of(roi: Roi, pixel_size_um: tuple[float, float]) -> tuple[float, float, float, float]:
    """Size (um), area (um²), number of components and circularity of one cell.

    An empty cell has an area and a number of components of 0; the others are NaN.
    """
    if roi.is_empty:
        return np.nan, 0.0, 0.0, np.nan
    outline = roi.contour * pixel_size_um
    area_um2 = roi.area_px * pixel_size_um[0] * pixel_size_um[1]
    return max_width(outline), area_um2, float(roi.num_parts), _circularity(outline)


def shape_columns(
    rois: Sequence[Roi], pixel_size_um: tuple[float, float]
) -> Iterator[tuple[float, dict[str, npt.NDArray[np.float64]]]]:
    """Measure all cells, in pieces of well under 0.1 s.

    Yields how much is done, and with the last piece a column ``(n_cells,)`` for each key.
    """
    table = np.full((len(rois), len(_KEYS)), np.nan)
    for i, roi in enumerate(rois):
        table[i] = shape_of(roi, pixel_size_um)
        if i % _CELLS_AT_ONCE == 0:
            yield i / len(rois), {}
    yield 1.0, dict(zip(_KEYS, table.T.copy(), strict=True))


def _circularity(outline: npt.NDArray[np.float64]) -> float:
    """``4 pi A / P²`` of a closed outline ``(n, 2)``, whose last point is the first.

    Of the outline and not of pixels, of which small round cells have so few that it would exceed 1.
    """
    perimeter = float(np.hypot(*np.diff(outline, axis=0).T).sum())
    return 4 * np.pi * enclosed_area(outline) / perimeter**2 if perimeter > 0 else np.nan
