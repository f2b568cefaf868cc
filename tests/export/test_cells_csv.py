"""Cell sets are written in the layout that labs read; there is no free program to compare with."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from helpers import recordings, series_files

from napari_isx import CellSet, Timing, export_cells, export_contours, export_rois, open_isx
from napari_isx.session.decisions.curation import Curation

NAMES = ["C0", "C1", "C2"]
METRICS = [[1, {"x": 17, "y": 30}, {"x": 17, "y": 30}, 9.5, 9.5, 36.23528, 36.23528], {}, {}]


def cells(path, **changes):
    timing = recordings.timing_info(4, (1001, 30_000), dropped=[1])
    return recordings.write_cells(
        path,
        3,
        samples=4,
        **(
            {"timingInfo": timing, "cellMetrics": METRICS, "CellNames": ["C0", "C1", "C2"]}
            | changes
        ),
    )


def test_the_tables_letter_by_letter(tmp_path, opened):
    records = [[0, 1, 2, 1, 42.02999, np.nan, -0.5], [3, 0, 0, 2, 1e-5, 1e7, 0]]
    path = recordings.write(
        tmp_path / "c.isxd",
        np.array(records, "<f4").tobytes(),
        recordings.cell_footer(
            *(2, 1, 3, 4),
            CellNames=["Kunal", "Mark"],
            CellStatuses=[0, 2],
            CellColors=[0xFFF42C52, 0xFFFFFFFF],
            CellActivity=[True, False],
            cellMetrics=[[1, {"x": 17, "y": 30}, {"x": 17, "y": 30}, 9, 9, 36.23528, 36.23528], {}],
        ),
    )
    assert export_cells(opened(path), tmp_path / "t.csv") == tmp_path / "t.csv"
    assert (tmp_path / "t.csv").read_bytes() == (
        b" , Kunal, Mark\n"
        b"Time(s)/Cell Status, accepted, rejected\n"
        b"0, 1, 2\n"
        b"0.05, 42.02999, 1e-05\n"
        b"0.1, nan, 1e+07\n"
        b"0.15, -0.5, 0\n"
    )
    assert (tmp_path / "t-props.csv").read_bytes() == (
        b"Name,Status,ColorR,ColorG,ColorB,CentroidX,CentroidY,NumComponents,Size,ActiveSegment0\n"
        b"Kunal,accepted,244,44,82,17,30,1,36.2353,1\n"
        b"Mark,rejected,255,255,255,nan,nan,nan,nan,0\n"
    )


def test_without_metrics_and_properties_elsewhere_or_nowhere(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd", cellMetrics=None))
    export_cells(found, tmp_path / "t.csv", props=tmp_path / "p.csv")
    head = (tmp_path / "p.csv").read_text().splitlines()[0]
    assert head == "Name,Status,ColorR,ColorG,ColorB,ActiveSegment0"
    export_cells(found, tmp_path / "u.csv", props=False)
    assert {path.name for path in tmp_path.iterdir()} == {"c.isxd", "t.csv", "p.csv", "u.csv"}


def test_pandas_reads_it_as_labs_do(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd"))
    export_cells(found, tmp_path / "t.csv")
    table = pd.read_csv(tmp_path / "t.csv", header=[0, 1], index_col=0)
    accepted = table.xs(" accepted", axis=1, level=1)
    assert list(accepted) == [" C0"]
    np.testing.assert_allclose(accepted[" C0"], found.traces[0], rtol=1e-6)
    np.testing.assert_allclose(table.index, found.timing.times_s)


def test_parts_of_a_series_follow_each_other(tmp_path):
    names = [
        series_files.cells(tmp_path / f"{i}.isxd", count, start, i)
        for i, (count, start) in enumerate([(5, 0), (4, 1.53)])
    ]
    with open_isx(names) as series:
        export_cells(series, tmp_path / "start.csv")
        export_cells(list(series.parts), tmp_path / "unix.csv", time_ref="unix")
        times = np.concatenate([np.arange(5) * 0.05, 1.53 + np.arange(4) * 0.05])
        table = pd.read_csv(tmp_path / "start.csv", skiprows=2, header=None)
        np.testing.assert_allclose(table[0], times, atol=1e-15)
        traces = np.concatenate([part.traces for part in series.parts], axis=1)
        np.testing.assert_allclose(table.to_numpy()[:, 1:], traces.T, rtol=1e-6)
        unix = pd.read_csv(tmp_path / "unix.csv", skiprows=2, header=None)[0]
        np.testing.assert_allclose(unix, series_files.START.timestamp() + times, atol=1e-6)
    props = pd.read_csv(tmp_path / "start-props.csv")
    assert list(props)[-2:] == ["ActiveSegment0", "ActiveSegment1"]


def test_footprints_and_the_map_of_those_not_rejected(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd", CellStatuses=[0, 2, 1], CellNames=["a", "A", "CON"]))
    export_cells(found, tmp_path / "t.csv", tiff=tmp_path / "f.tiff")
    files = ["f_a.tiff", "f_A-2.tiff", "f_CON_.tiff"]
    for i, name in enumerate(files):
        with tifffile.TiffFile(tmp_path / name) as tiff:
            (page,) = tiff.pages
            assert page.rowsperstrip == 1
            assert page.compression == 1
            np.testing.assert_array_equal(page.asarray(), found.footprints[i])
    weights = np.maximum(found.footprints[[0, 2]], 0)
    expected = (weights / weights.sum(axis=(1, 2), keepdims=True)).sum(axis=0)
    image = tifffile.imread(tmp_path / "f_accepted-cells-map.tiff")
    np.testing.assert_allclose(image, expected, rtol=1e-5)
    table = pd.read_csv(tmp_path / "t-props.csv")
    assert list(table["Name"]) == ["a", "A", "CON"]
    assert list(table["File Name"]) == ["a", "A-2", "CON_"]
    assert "Original Name" not in table


def test_statuses_are_those_given_or_the_files(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd"))
    export_cells(found, tmp_path / "t.csv", statuses=["rejected"] * 3)
    assert (tmp_path / "t.csv").read_text().splitlines()[1].count("rejected") == 3
    with pytest.raises(ValueError, match="2 statuses for 3 cells"):
        export_cells(found, tmp_path / "u.csv", statuses=["rejected"] * 2)


def test_decisions_that_are_in_the_journal_alone_are_said(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd"))
    curation = Curation(found)
    curation.decide([0, 1], "rejected")
    with pytest.warns(UserWarning, match=r"c.isxd: the journal .* 2 decisions not saved"):
        export_cells(found, tmp_path / "t.csv")
    with pytest.warns(UserWarning, match=r"c.isxd: the journal .* 2 decisions not saved"):
        export_rois(found, tmp_path / "outlines.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[1] == "Time(s)/Cell Status, accepted, undecided, rejected"
    export_cells(found, tmp_path / "shown.csv", statuses=curation.statuses)  # the window says it
    assert "rejected, rejected, rejected" in (tmp_path / "shown.csv").read_text()


def test_nothing_is_written_where_one_file_is_there(tmp_path, opened):
    found = opened(cells(tmp_path / "c.isxd"))
    for there in ("t-props.csv", "f_C1.tiff", "f_accepted-cells-map.tiff", "t.csv"):
        (tmp_path / there).write_bytes(b"old")
        with pytest.raises(FileExistsError):
            export_cells(found, tmp_path / "t.csv", tiff=tmp_path / "f.tiff")
        assert {path.name for path in tmp_path.iterdir()} == {"c.isxd", there}
        (tmp_path / there).unlink()


def test_cells_in_memory_and_none_at_all(tmp_path):
    memory = CellSet.from_arrays(np.ones((1, 2, 2)), [[1, 2]], timing=Timing.regular(2, 0.5))
    export_cells(memory, tmp_path / "m.csv")
    expected = b" , C0\nTime(s)/Cell Status, undecided\n0, 1\n0.5, 2\n"
    assert (tmp_path / "m.csv").read_bytes() == expected
    with open_isx(recordings.write_cells(tmp_path / "n.isxd", 0, samples=2)) as none:
        export_cells(none, tmp_path / "n.csv", tiff=tmp_path / "n.tiff")
    assert (tmp_path / "n.csv").read_bytes() == b" \nTime(s)/Cell Status\n0\n0.05\n"


def test_contours_are_the_edges_of_all_components(tmp_path):
    image = np.zeros((9, 12))
    image[2:5, 1:4] = image[6:8, 7:11] = 1
    memory = CellSet.from_arrays([image, image * 0], [[0], [0]], names=["a/b", "empty"])
    export_contours(memory, tmp_path / "c.json", threshold=0.5)
    found = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert found["format"] == "napari-isx contours 1"
    assert found["num_pixels"] == [9, 12]
    first, second = found["cells"]
    assert (first["name"], first["status"]) == ("a/b", "undecided")
    spans = [(np.min(c, axis=0).tolist(), np.max(c, axis=0).tolist()) for c in first["contours"]]
    assert spans == [([0.5, 1.5], [3.5, 4.5]), ([6.5, 5.5], [10.5, 7.5])]
    assert all(contour[0] == contour[-1] for contour in first["contours"])
    assert second["contours"] == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        export_contours(memory, tmp_path / "d.json", threshold=1)


@pytest.mark.real
def test_a_real_series_and_its_numbers(real_data, tmp_path):
    parts = [real_data / f"cellset_6cells_part{i}.isxd" for i in (1, 2)]
    with open_isx(parts) as series:
        export_cells(series, tmp_path / "t.csv")
        table = pd.read_csv(tmp_path / "t.csv", skiprows=2, header=None).to_numpy()
        assert table.shape == (195, 7)
        traces = np.concatenate([part.traces for part in series.parts], axis=1)
        np.testing.assert_allclose(table[:, 1:], traces.T, rtol=1e-6)


def test_a_large_set_takes_little_memory_beside_its_traces(tmp_path):
    import tracemalloc

    traces = recordings.rng(5).standard_normal((200, 20_000)).astype(np.float32)
    memory = CellSet.from_arrays(np.ones((200, 1, 1)), traces)
    tracemalloc.start()
    export_cells(memory, tmp_path / "t.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6
    text = (tmp_path / "t.csv").read_bytes()
    table = pd.read_csv(io.BytesIO(text), skiprows=2, header=None)
    np.testing.assert_allclose(table.to_numpy()[:, 1:], traces.T, rtol=1e-6)
