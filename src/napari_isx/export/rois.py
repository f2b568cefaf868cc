"""Cells as regions for other programs: ImageJ's ROIs, a label image, or a table of outlines."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_isx.analysis.rois import Roi, cut_rois, label_image
from napari_isx.export.cells_csv import statuses_of
from napari_isx.export.common import Progress, check_target, needed
from napari_isx.export.file_names import unique_names
from napari_isx.io.base.labelled_set import CellStatus
from napari_isx.io.cells.cell_set import CellSet
from napari_isx.io.format.atomic_write import new_file, write_whole

ROI_SUFFIXES: Final = (".zip", ".tif", ".tiff", ".csv")
# The colors that statuses have on the canvas, opaque: alpha, red, green, blue.
_STROKES: Final[dict[CellStatus, bytes]] = {
    "accepted": b"\xff\x56\xb4\xe9",
    "undecided": b"\xff\xf0\xe4\x42",
    "rejected": b"\xff\xd5\x5e\x00",
}


def export_rois(
    cells: CellSet,
    path: str | os.PathLike[str],
    *,
    statuses: Sequence[CellStatus] | None = None,
    only: Sequence[CellStatus] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write where cells are, for ImageJ or other programs.

    A cell's outline goes where its footprint falls to a fifth of its peak, as on the canvas, and
    round its largest part.

    Parameters
    ----------
    cells : CellSet
    path : str or path-like
        The suffix says what is written:

        - ``.zip``: ROIs for ImageJ's ROI manager, in pixels of the cell set, with names, statuses
          as stroke colors, and both as properties (extra ``rois``).
        - ``.tif``: a label image, 0 for background and i + 1 for cell i; where cells overlap, the
          heaviest footprint wins. It has ImageJ's scale, and the names as text.
        - ``.csv``: a row for each corner of each outline, in pixels and in micrometers.
    statuses : sequence of {"accepted", "undecided", "rejected"}, optional
        Of all cells, such as decisions that are not saved; those of the file by default.
    only : sequence of {"accepted", "undecided", "rejected"}, optional
        Only cells of these statuses.
    overwrite : bool
        Whether a file that is there may be replaced.
    progress : callable, optional
        Called with the fraction done; what it raises stops the export.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Another suffix, or not a status for each cell.
    OSError
        The file cannot be written, or is there.
    ImportError
        An extra is not installed; the message says which.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in ROI_SUFFIXES:
        raise ValueError(f"{target.name}: cells are written as {', '.join(ROI_SUFFIXES)}")
    found = statuses_of([cells], statuses)
    check_target(target, overwrite, [cells])
    rois = cut_rois(cells, cells.spacing.num_pixels)
    picked = [i for i, status in enumerate(found) if only is None or status in only]
    if suffix == ".zip":
        _write_imagej(target, cells, rois, found, picked, progress)
    elif suffix == ".csv":
        write_whole(target, outlines(cells, rois, found, picked).to_csv(index=False).encode())
    else:
        _write_labels(target, cells, rois, found, picked)
    if progress is not None:
        progress(1.0)
    return target


def outlines(
    cells: CellSet, rois: Sequence[Roi], statuses: Sequence[CellStatus], picked: Sequence[int]
) -> Any:
    """A table with a row for each corner of each outline; pixel centers have whole numbers."""
    import pandas as pd

    tables = []
    for i in picked:
        contour = rois[i].contour
        places = cells.spacing.to_um(contour)
        corners = np.column_stack([contour[:, ::-1], places[:, ::-1]])
        table = pd.DataFrame(corners, columns=["x_px", "y_px", "x_um", "y_um"])
        table.insert(0, "cell", i)
        table.insert(1, "name", cells.names[i])
        table.insert(2, "status", statuses[i])
        tables.append(table)
    columns = ["cell", "name", "status", "x_px", "y_px", "x_um", "y_um"]
    return pd.concat(tables) if tables else pd.DataFrame([], columns=columns)


def _write_imagej(
    target: Path,
    cells: CellSet,
    rois: Sequence[Roi],
    statuses: Sequence[CellStatus],
    picked: Sequence[int],
    progress: Progress | None,
) -> None:
    roifile = needed("ImageJ ROIs", "roifile", "napari-isx[rois]")
    names = unique_names(cells.names)
    with new_file(target) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, i in enumerate(picked, 1):
            # ImageJ counts from a pixel's corner, we from its center; the last point is the first.
            corners = rois[i].contour[:-1, ::-1] + 0.5
            if len(corners):
                roi = roifile.ImagejRoi.frompoints(corners, name=names[i])
                roi.roitype = roifile.ROI_TYPE.POLYGON
                roi.stroke_color = _STROKES[statuses[i]]
                roi.stroke_width = 1
                roi.props = f"Status: {statuses[i]}\nCell: {i}\n"
                archive.writestr(f"{names[i]}.roi", roi.tobytes())
            if progress is not None:
                progress(done / len(picked))


def _write_labels(
    target: Path,
    cells: CellSet,
    rois: Sequence[Roi],
    statuses: Sequence[CellStatus],
    picked: Sequence[int],
) -> None:
    import tifffile

    shown = set(picked)
    empty = Roi(0, 0, np.empty((0, 0), np.float32), 0.0)
    kept = [roi if i in shown else empty for i, roi in enumerate(rois)]
    labels = label_image(kept, cells.spacing.num_pixels)
    if cells.num_cells >= 2**16:
        raise ValueError("a label image for ImageJ has at most 65,535 cells: export outlines")
    height, width = cells.spacing.pixel_size_um
    text = "\n".join(f"{i + 1}: {cells.names[i]}, {statuses[i]}" for i in picked)
    data = io.BytesIO()
    tifffile.imwrite(
        data,
        labels.astype(np.uint16),
        imagej=True,
        resolution=(1 / width, 1 / height),
        metadata={"unit": "um", "Info": text, "max": max(cells.num_cells, 1), "min": 0},
    )
    write_whole(target, data.getvalue())
