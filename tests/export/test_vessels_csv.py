"""Vessels are written in the layout of Inscopix' tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from helpers import vessel_files

from napari_isx import export_vessels
from napari_isx.export import vessels_csv


def test_velocities(tmp_path, opened):
    vessels = opened(vessel_files.make_vessels(tmp_path / "v.isxd"))
    export_vessels(vessels, tmp_path / "t.csv", tiff=tmp_path / "image.tiff")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0] == "Vessel ID,Vessel Status,Index,Time (s),Velocity (um/s),Direction (deg)"
    assert lines[1:3] == ["V0,accepted,0,0,0,1000", "V0,accepted,1,0.5,1,1001"]
    assert len(lines) == 1 + 2 * vessel_files.NUM_SAMPLES
    table = pd.read_csv(tmp_path / "t-lines.csv")
    points = [f"Point{axis}{i}" for i in range(4) for axis in "XY"]
    assert list(table) == ["Name", "Status", "ColorR", "ColorG", "ColorB", *points]
    np.testing.assert_array_equal(
        table[points].to_numpy(), np.array(vessel_files.BOXES).reshape(2, 8)
    )
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "image.tiff"), vessels.image)


def test_diameters_with_and_without_centers(tmp_path, opened):
    for is_old, last in ((False, "1000"), (True, "")):
        path = vessel_files.make_vessels(tmp_path / "v.isxd", "vessel diameter", is_old=is_old)
        export_vessels(
            opened(path),
            tmp_path / "t.csv",
            lines=tmp_path / "l.csv",
            time_ref="unix",
            statuses=["rejected"] * 2,
            overwrite=True,
        )
        lines = (tmp_path / "t.csv").read_text().splitlines()
        assert lines[0] == "Vessel ID,Vessel Status,Index,Time (s),Diameter (um),Center (um)"
        assert lines[1] == f"V0,rejected,0,1767225600,0,{last}"
        assert list(pd.read_csv(tmp_path / "l.csv"))[-1] == "PointY1"


def test_what_is_refused(tmp_path, opened):
    vessels = opened(vessel_files.make_vessels(tmp_path / "v.isxd"))
    with pytest.raises(ValueError, match="1 statuses for 2 vessels"):
        export_vessels(vessels, tmp_path / "t.csv", statuses=["rejected"])
    (tmp_path / "t-lines.csv").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        export_vessels(vessels, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize("failing", ["_line_table", "write_picture"])
def test_of_three_files_none_is_there_where_one_cannot_be_written(
    tmp_path, opened, monkeypatch, failing
):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    vessels = opened(vessel_files.make_vessels(tmp_path / "v.isxd"))
    monkeypatch.setattr(vessels_csv, failing, fail)
    with pytest.raises(OSError, match="No space"):
        export_vessels(vessels, tmp_path / "t.csv", tiff=tmp_path / "image.tiff")
    assert [path.name for path in tmp_path.iterdir()] == ["v.isxd"]
