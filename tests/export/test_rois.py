from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from skimage.draw import polygon2mask

from napari_isx import CellSet, Spacing, export_rois
from napari_isx.analysis.rois import cut_rois, label_image
from napari_isx.export.rois import unique_names

NAMES = ["C/0", "c/0", "細胞 2", "C3"]


@pytest.fixture
def cells() -> CellSet:
    footprints = np.zeros((4, 40, 50), np.float32)
    rows, cols = np.mgrid[:40, :50]
    for i, (y, x) in enumerate([(10, 12), (12, 17), (30, 40)]):
        footprints[i] = np.exp(-((rows - y) ** 2 + (cols - x) ** 2) / (2 * 3.0**2))
    return CellSet.from_arrays(
        footprints,
        np.zeros((4, 5), np.float32),
        names=NAMES,
        statuses=["accepted", "rejected", "undecided", "accepted"],
        spacing=Spacing.regular((40, 50), (6.0, 5.0), (100.0, 200.0)),
    )


def test_imagej_rois_lie_on_the_cells(tmp_path: Path, cells: CellSet):
    roifile = pytest.importorskip("roifile")
    export_rois(cells, tmp_path / "cells.zip")
    rois = roifile.roiread(tmp_path / "cells.zip")
    assert [roi.name for roi in rois] == ["C_0", "c_0-2", "細胞 2"]  # the last has no pixels
    for roi, cut in zip(rois, cut_rois(cells, (40, 50)), strict=False):
        # ImageJ takes pixels whose center is within; centers are half a pixel in.
        inside = polygon2mask((40, 50), roi.coordinates()[:, ::-1] - 0.5)
        mask = label_image([cut], (40, 50)) > 0
        assert np.count_nonzero(inside != mask) <= 2
    assert rois[1].stroke_color == b"\xff\xd5\x5e\x00"
    assert "Status: rejected" in rois[1].props
    assert zipfile.ZipFile(tmp_path / "cells.zip").testzip() is None


def test_labels_are_those_of_the_canvas(tmp_path: Path, cells: CellSet):
    export_rois(cells, tmp_path / "cells.tif")
    with tifffile.TiffFile(tmp_path / "cells.tif") as tiff:
        found = tiff.asarray()
        assert tiff.imagej_metadata["unit"] == "um"
        assert "3: 細胞 2, undecided" in tiff.imagej_metadata["Info"]
        x, y = (tiff.pages[0].tags[name].value for name in ("XResolution", "YResolution"))
        assert x[1] / x[0] == pytest.approx(5)
        assert y[1] / y[0] == pytest.approx(6)
    np.testing.assert_array_equal(found, label_image(cut_rois(cells, (40, 50)), (40, 50)))


def test_outlines_as_a_table(tmp_path: Path, cells: CellSet):
    export_rois(cells, tmp_path / "cells.csv", only=["accepted", "undecided"])
    table = pd.read_csv(tmp_path / "cells.csv")
    assert table["name"].unique().tolist() == ["C/0", "細胞 2"]
    first = table[table["cell"] == 0]
    contour = cut_rois(cells, (40, 50))[0].contour
    np.testing.assert_allclose(first[["y_px", "x_px"]], contour)
    np.testing.assert_allclose(first["x_um"], (contour[:, 1] + 0.5) * 5 + 200)
    np.testing.assert_allclose(first["y_um"], (contour[:, 0] + 0.5) * 6 + 100)


def test_statuses_as_shown(tmp_path: Path, cells: CellSet):
    shown = ["rejected", "rejected", "accepted", "rejected"]
    export_rois(cells, tmp_path / "cells.csv", statuses=shown, only=["accepted"])
    table = pd.read_csv(tmp_path / "cells.csv")
    assert set(table["cell"]) == {2}
    assert set(table["status"]) == {"accepted"}


def test_what_cannot_be_says_so(tmp_path: Path, cells: CellSet):
    with pytest.raises(ValueError, match=r"cells are written as \.zip"):
        export_rois(cells, tmp_path / "cells.roi")
    with pytest.raises(ValueError, match="1 statuses for 4 cells"):
        export_rois(cells, tmp_path / "cells.zip", statuses=["accepted"])
    export_rois(cells, tmp_path / "cells.csv", only=[])
    assert len(pd.read_csv(tmp_path / "cells.csv")) == 0
    with pytest.raises(FileExistsError):
        export_rois(cells, tmp_path / "cells.csv")


def test_names_that_any_system_takes():
    names = ["C0", "c0", "a/b:c", "..", "CON", "x\n", "C0-2"]
    unique = unique_names(names)
    assert len({name.casefold() for name in unique}) == len(names)
    assert not set("".join(unique)) & set('\n/:\\*?"<>|')
    assert "CON" not in unique
