"""Cell sets of every version: footprints, traces, names, statuses, colors and metrics."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recordings

from napari_isx import CellSet, IsxFileError, open_isx

SHAPE, SAMPLES = (3, 7), 11
RECORD_BYTES = 4 * (3 * 7 + SAMPLES)


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("indent", [4, None])
def test_every_version_equals_isx(isx, tmp_path, version, indent):
    path = recordings.write_cells(tmp_path / "c.isxd", version=version, indent=indent)
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as cells:
        assert isinstance(cells, CellSet)
        assert cells.num_cells == theirs.num_cells == 5
        for i in range(5):
            image, trace = theirs.get_cell_image_data(i), theirs.get_cell_trace_data(i)
            assert cells.footprint(i).tobytes() == image.tobytes()
            assert cells.footprints[i].tobytes() == image.tobytes()
            assert cells.trace(i).tobytes() == trace.tobytes()
            assert cells.traces[i].tobytes() == trace.tobytes()
            assert cells.names[i] == theirs.get_cell_name(i)
            assert cells.statuses[i] == theirs.get_cell_status(i)
        assert cells.timing.num_samples == theirs.timing.num_samples
        assert cells.spacing.num_pixels == theirs.spacing.num_pixels
    del theirs


def test_arrays_have_the_documented_shapes(tmp_path):
    footprints, traces = recordings.cell_arrays(5, *SHAPE, SAMPLES)
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        np.testing.assert_array_equal(cells.footprints, footprints)
        np.testing.assert_array_equal(cells.traces, traces)
        assert cells.footprints.dtype == cells.traces.dtype == np.float32
        assert cells.footprint(-1).shape == SHAPE
        assert cells.names == recordings.UNICODE_NAMES[:5]
        assert cells.statuses == ["accepted", "undecided", "rejected", "accepted", "undecided"]
        assert cells.trace_units == "dF over F"
        assert repr(cells) == "<CellSet 'c.isxd': 5 cells of 3 x 7, 11 samples at 20 Hz>"


def test_footprints_and_traces_are_views_that_cannot_be_written(tmp_path):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        for array in (cells.footprints, cells.traces):
            assert not array.flags.owndata
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
        assert cells.footprints is cells.footprints
        del array


def test_views_outlive_the_set(tmp_path):
    _, traces = recordings.cell_arrays(5, *SHAPE, SAMPLES)
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        view = cells.traces[:, 2:5]
    np.testing.assert_array_equal(view, traces[:, 2:5])
    for read in (lambda: cells.traces, lambda: cells.footprints, lambda: cells.trace(0)):
        with pytest.raises(ValueError, match="closed"):
            read()


def test_single_reads_are_new_arrays(tmp_path):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        trace = cells.trace(0)
        trace[:] = 0
        assert cells.trace(0).any()
        target = np.empty(SHAPE, np.float32)
        assert cells.footprint(1, target) is target
        np.testing.assert_array_equal(target, cells.footprints[1])


@pytest.mark.parametrize("index", [5, -6, 2**70])
def test_no_such_cell_is_an_index_error(tmp_path, index):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        for read in (cells.footprint, cells.trace):
            with pytest.raises(IndexError, match="5 cells"):
                read(index)


def test_a_set_without_cells(isx, tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", 0, cellMetrics=[])
    with open_isx(path) as cells:
        assert cells.num_cells == 0
        assert cells.names == cells.statuses == []
        assert cells.footprints.shape == (0, *SHAPE)
        assert cells.traces.shape == (0, SAMPLES)
        assert cells.colors.shape == (0, 4)
        assert cells.metrics.shape == (0, 9)
        cells.save_statuses([])
    theirs = isx.CellSet.read(str(path))
    assert theirs.num_cells == 0
    del theirs


def test_cells_without_samples(tmp_path):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd", samples=0)) as cells:
        assert cells.traces.shape == (5, 0)
        assert cells.trace(4).shape == (0,)
        assert cells.footprints.shape == (5, *SHAPE)


def test_traces_hold_missing_samples_as_the_file_has_them(isx, tmp_path):
    timing = recordings.timing_info(SAMPLES, dropped=[1], cropped=["3 - 5"])
    path = recordings.write_cells(tmp_path / "c.isxd", timingInfo=timing)
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as cells:
        assert cells.trace(4).tobytes() == theirs.get_cell_trace_data(4).tobytes()
        assert cells.timing.num_valid == SAMPLES - 4
    del theirs


def test_colors_are_red_green_blue_alpha(tmp_path):
    colors = [0xFF102030, 0x80FFFFFF, 0, 0xFFFFFFFF, 0x01020304]
    with open_isx(recordings.write_cells(tmp_path / "c.isxd", CellColors=colors)) as cells:
        expected = [
            [0x10, 0x20, 0x30, 0xFF],
            [255, 255, 255, 0x80],
            [0, 0, 0, 0],
            [255] * 4,
            [2, 3, 4, 1],
        ]
        assert cells.colors.tolist() == expected
        assert cells.colors.dtype == np.uint8


def test_a_version_without_colors_is_white(tmp_path):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd", version=1)) as cells:
        assert cells.colors.tolist() == [[255] * 4] * 5


def test_stored_metrics_become_a_table_with_nan_where_undefined(tmp_path):
    entries = [recordings.CELL_METRICS, {}, None, recordings.CELL_METRICS, {}]
    with open_isx(recordings.write_cells(tmp_path / "c.isxd", cellMetrics=entries)) as cells:
        table = cells.metrics
    assert table.shape == (5, 9)
    assert table.loc[0].tolist()[:4] == [2, 3, 4, 3]
    assert np.isnan(table.loc[0, "largest_component_center_y_px"])
    assert table.loc[0].tolist()[5:] == [12.5, 7.25, 5.5, 3.5]
    assert table.loc[[1, 2, 4]].isna().all(axis=None)


def test_a_set_without_metrics_has_none(tmp_path):
    for name, changes in (("null", {}), ("old", {"version": 3})):
        with open_isx(recordings.write_cells(tmp_path / f"{name}.isxd", **changes)) as cells:
            assert cells.metrics is None


@pytest.mark.parametrize(
    "entries",
    [
        [{}] * 4,
        [{}] * 6,
        "text",
        {"a": 1},
        3,
        [3] * 5,
        ["abcdefg"] * 5,
        [[1, 2, 3, 4, 5, 6, 7]] * 5,
        [[*recordings.CELL_METRICS, 1]] * 5,
        [recordings.CELL_METRICS[:-1]] * 5,
        [[10**4000, *recordings.CELL_METRICS[1:]]] * 5,
        [[[], *recordings.CELL_METRICS[1:]]] * 5,
        [[1, {"x": 1}, {"x": 1, "y": 1}, 1, 1, 1, 1]] * 5,
    ],
)
def test_metrics_of_another_form_are_an_error(tmp_path, entries):
    path = recordings.write_cells(tmp_path / "c.isxd", cellMetrics=entries)
    with open_isx(path) as cells, pytest.raises(IsxFileError, match="cellMetrics"):
        _ = cells.metrics


@pytest.mark.parametrize(
    "changes",
    [
        {"CellNames": ["a"] * 4},
        {"CellNames": ["a", "b", "c", "d", 5]},
        {"CellStatuses": [0] * 6},
        {"CellStatuses": [0, 1, 2, 3, 0]},
        {"CellStatuses": [0, 1, 2, -1, 0]},
        {"CellStatuses": [0, 1, 2, True, 0]},
        {"CellStatuses": None},
        {"CellColors": [0] * 4},
        {"CellColors": [2**32] * 5},
        {"CellColors": None},
    ],
)
def test_lists_that_do_not_fit_the_cells_are_an_error(tmp_path, changes):
    path = recordings.write_cells(tmp_path / "c.isxd", **changes)
    with pytest.raises(IsxFileError, match="Cell"):
        open_isx(path)


@pytest.mark.parametrize("surplus", [1, RECORD_BYTES - 1])
def test_bytes_after_the_last_record_are_tolerated_as_in_isx(isx, tmp_path, surplus):
    path = recordings.write_cells(tmp_path / "c.isxd")
    payload, footer = recordings.split(path)
    recordings.write(path, payload + bytes(surplus), footer)
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as cells:
        assert cells.num_cells == theirs.num_cells == 5
    del theirs


@pytest.mark.parametrize("change", [-1, -RECORD_BYTES, RECORD_BYTES])
def test_another_number_of_records_than_cells_is_an_error(isx, tmp_path, change):
    path = recordings.write_cells(tmp_path / "c.isxd")
    payload, footer = recordings.split(path)
    payload = payload[:change] if change < 0 else payload + bytes(change)
    recordings.write(path, payload, footer)
    with pytest.raises(IsxFileError, match="5 cells"):
        open_isx(path)
    with pytest.raises(Exception, match=r"."):  # isx raises a bare Exception
        isx.CellSet.read(str(path))


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((7, 3), "f4"),
        np.zeros((3, 7), "f8"),
        np.zeros((3, 70), "f4"),
        np.zeros((3, 14), "f4")[:, ::2],
        np.zeros((7, 3), "f4").T,
    ],
    ids=["turned", "double", "larger", "strided", "Fortran"],
)
def test_an_array_that_a_footprint_does_not_fit_stays_as_it_is(tmp_path, out):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd", 2, (3, 7))) as cells:
        with pytest.raises(ValueError, match="do not fit"):
            cells.footprint(1, out)
        assert not out.any()
        good = np.zeros((3, 7), "f4")
        assert cells.footprint(1, good) is good
        np.testing.assert_array_equal(good, cells.footprints[1])
