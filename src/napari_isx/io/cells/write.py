"""Writing cell sets that `isx`, Inscopix' own software and this package read back equal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_isx.io.base.labelled_set import CellStatus, footer_lists
from napari_isx.io.base.spacing import Spacing
from napari_isx.io.base.timing import Timing
from napari_isx.io.cells.cell_set import WITHOUT_CELLS, checked_cells, checked_metrics
from napari_isx.io.cells.isxd import UNDEFINED
from napari_isx.io.format.atomic_write import new_file
from napari_isx.io.format.container import IsxKind, plain, write_footer

if TYPE_CHECKING:
    import pandas as pd


def write_cell_set(
    path: str | os.PathLike[str],
    footprints: Iterable[npt.ArrayLike],
    traces: Iterable[npt.ArrayLike],
    *,
    names: Sequence[str] | None = None,
    statuses: Sequence[CellStatus] | None = None,
    colors: npt.ArrayLike | None = None,
    metrics: pd.DataFrame | None = None,
    timing: Timing | None = None,
    spacing: Spacing | None = None,
    extra_properties: Mapping[str, Any] | None = None,
) -> None:
    """Write a cell set cell by cell; only one cell is held in memory.

    Parameters
    ----------
    path : str or path-like
        Target; replaced if it exists.
    footprints, traces : iterable of array-like
        One ``(n_rows, n_cols)`` footprint and one ``(n_samples,)`` trace per cell. For a set
        without cells both are empty, and `timing` and `spacing` must be given.
    names : sequence of str, optional
        Default: C0, C1 and so on, with as many digits as the last one has.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Default: all undecided.
    colors : array-like, optional
        ``(num_cells, 4)`` uint8 red, green, blue, alpha. Default: white.
    metrics : pandas.DataFrame, optional
        Columns as in :attr:`CellSet.metrics`. NaN where undefined: centers, or a whole row.
    timing, spacing : optional
        Default: 50 ms samples, 3 um pixels at the origin.
    extra_properties : mapping, optional
        Acquisition session and processing (``{"idps": {"cellset": {"units": ...}}}``), as JSON.

    Raises
    ------
    ValueError
        Numbers of cells, samples or pixels that do not fit each other.
    OSError
        The target cannot be written; what was there is unchanged.
    """
    with new_file(path) as handle:
        count = 0
        for image, samples in checked_cells(footprints, traces, timing, spacing):
            timing = timing or Timing(len(samples))
            spacing = spacing or Spacing(image.shape)
            handle.write(image.data)
            handle.write(samples.data)
            count += 1
        if timing is None or spacing is None:
            raise ValueError(WITHOUT_CELLS)
        lists = footer_lists("cell", names, statuses, colors, count)
        if metrics is not None:
            rows = checked_metrics(metrics, count).to_numpy()
            lists["cellMetrics"] = [_metrics_entry(row) for row in rows]
        footer = {
            "type": int(IsxKind.CELL_SET),
            "fileVersion": 5,
            "dataType": "float",
            "isRoiSet": False,
            "SizeGlobalCS": 0,
            "Matches": [],
            "PairScores": [],
            "CentroidDistances": [],
            "cellMetrics": None,
            "efocusValues": [0],
            "timingInfo": timing.to_json(),
            "spacingInfo": spacing.to_json(),
            "extraProperties": plain(extra_properties),
        }
        write_footer(handle, footer | lists)


def _metrics_entry(row: npt.NDArray[np.float64]) -> list[Any] | dict[str, Any]:
    """One cell's metrics; `isx` knows an undefined center, but no undefined length."""
    if np.isnan(row).all():
        return {}
    components, *centers = (UNDEFINED if np.isnan(value) else _exact(value) for value in row[:5])
    x, y, largest_x, largest_y = centers
    return [components, {"x": x, "y": y}, {"x": largest_x, "y": largest_y}, *row[5:].tolist()]


def _exact(value: float) -> float:
    return int(value) if value.is_integer() else float(value)
