"""Cell sets in parts: traces, what differs between the parts, and saving statuses in all."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.series_files import cells, timing

from napari_isx import CellSet, IsxFileError, Spacing, open_isx, write_cell_set


def test_all_traces_of_a_long_gap_are_refused_but_one_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_isx.io.cells.series._MAX_TRACES_BYTES", 1 << 20)
    paths = [cells(tmp_path / "a.isxd"), cells(tmp_path / "b.isxd", start_s=86_400)]
    with open_isx(paths) as series:
        with pytest.raises(IsxFileError, match=r"trace\(i\)"):
            _ = series.traces
        assert np.isfinite(series.trace(0)).sum() == 10


def test_traces_are_joined_with_nan_between_them(isx, tmp_path):
    names = ["Zelle ä", "細胞", "C"]
    first = cells(tmp_path / "a.isxd", 5, names=names)
    second = cells(tmp_path / "b.isxd", 4, 0.4, seed=2, names=names)
    theirs = [isx.CellSet.read(str(path)) for path in (first, second)]
    with open_isx([second, first]) as series:
        assert isinstance(series, CellSet)
        assert series.names == names
        assert series.traces.shape == (3, 12)
        for i in range(3):
            np.testing.assert_array_equal(series.trace(i)[:5], theirs[0].get_cell_trace_data(i))
            np.testing.assert_array_equal(series.trace(i)[8:], theirs[1].get_cell_trace_data(i))
            assert np.isnan(series.trace(i)[5:8]).all()
            np.testing.assert_array_equal(series.trace(i), series.traces[i])
            image = theirs[0].get_cell_image_data(i)
            np.testing.assert_array_equal(series.footprint(i), image)
            np.testing.assert_array_equal(series.footprints[i], image)
        out = np.empty((3, 4), "f4")
        assert series.footprint(-1, out) is out
        assert series.colors.shape == (3, 4)
        assert series.metrics is None
        with pytest.raises(IndexError, match="3 cells"):
            series.trace(3)
    assert series.closed
    with pytest.raises(ValueError, match="closed"):
        _ = series.traces
    with pytest.raises(ValueError, match="closed"):
        series.trace(0)
    del theirs


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"num": 2}, "number of cells is 2, but that of a.isxd is 3"),
        ({"names": ["C0", "X", "C2"]}, "name of cell 1 is 'X', but that of a.isxd is 'C1'"),
        ({"shape": (4, 3)}, "frame size is 4 x 3"),
        (
            {"extra_properties": {"idps": {"cellset": {"units": "dF over F"}}}},
            "unit of traces is dF over F",
        ),
    ],
)
def test_cells_that_are_not_the_same_are_no_series(tmp_path, other, message):
    paths = [cells(tmp_path / "a.isxd"), cells(tmp_path / "b.isxd", start_s=9, **other)]
    with pytest.raises(IsxFileError, match=message):
        open_isx(paths)


def test_parts_without_cells_are_a_series(tmp_path):
    paths = []
    for i in range(2):
        paths.append(tmp_path / f"{i}.isxd")
        empty = timing(5, i), Spacing((3, 4))
        write_cell_set(paths[-1], [], [], timing=empty[0], spacing=empty[1])
    with open_isx(paths) as series:
        assert series.statuses == []
        assert series.traces.shape == (0, 25)
        series.save_statuses([])


def three_parts(tmp_path):
    given = [
        ["accepted", "accepted", "rejected"],
        ["accepted", "rejected", "undecided"],
        ["accepted", "accepted", "rejected"],
    ]
    return [
        cells(tmp_path / f"{i}.isxd", start_s=i, statuses=statuses)
        for i, statuses in enumerate(given)
    ]


def statuses_of(paths):
    found = []
    for path in paths:
        with open_isx(path) as part:
            found.append(part.statuses)
    return found


def test_cells_on_which_parts_differ_are_undecided_and_stay_so_until_decided(tmp_path):
    paths = three_parts(tmp_path)
    before = statuses_of(paths)
    with open_isx(paths) as series:
        assert series.statuses == ["accepted", "undecided", "undecided"]
        assert series.disputed_cells == [1, 2]
        series.save_statuses(series.statuses)
        assert statuses_of(paths) == before
        series.save_statuses(["rejected", "accepted", "undecided"])
        assert series.statuses == ["rejected", "accepted", "undecided"]
        assert series.disputed_cells == [2]
        after = [["rejected", "accepted", part[2]] for part in before]
        assert statuses_of(paths) == after
        series.restore_previous_statuses()
        assert statuses_of(paths) == before
        assert series.disputed_cells == [1, 2]


def test_a_failed_save_says_what_is_saved_and_can_be_repeated(tmp_path, monkeypatch):
    paths = three_parts(tmp_path)
    wanted = ["undecided", "rejected", "undecided"]
    with open_isx(paths) as series:
        second = series.parts[1]
        with monkeypatch.context() as patch:

            def fail(statuses):
                raise PermissionError(13, "Permission denied", str(second.path))

            patch.setattr(second, "save_statuses", fail)
            message = r"Changed: 0\.isxd\. Not changed: 1\.isxd, 2\.isxd\."
            with pytest.raises(PermissionError, match=message):
                series.save_statuses(wanted)
        assert series.statuses == ["undecided", "undecided", "undecided"]
        series.save_statuses(wanted)
        assert series.statuses == wanted
        assert [part[:2] for part in statuses_of(paths)] == [wanted[:2]] * 3


def test_a_part_that_was_replaced_is_not_written(tmp_path):
    paths = three_parts(tmp_path)
    with open_isx(paths) as series:
        cells(paths[0], 6)
        with pytest.raises(
            IsxFileError, match=r"any more.*Changed: no part\. Not changed: 0\.isxd"
        ):
            series.save_statuses(["accepted"] * 3)
        for wrong in (["accepted"], ["accepted", "accepted", "good"]):
            with pytest.raises(ValueError, match="status"):
                series.save_statuses(wrong)


@pytest.mark.real
def test_a_real_series_of_cell_sets(isx, real_data):
    paths = [real_data / f"cellset_6cells_part{i}.isxd" for i in (1, 2)]
    theirs = [isx.CellSet.read(str(path)) for path in paths]
    with open_isx(paths[::-1]) as series:
        assert series.timing.num_samples == 396
        assert series.timing.gaps == ((100, 300),)
        assert series.trace_units == "dF over noise"
        for i in range(6):
            np.testing.assert_array_equal(series.trace(i)[:100], theirs[0].get_cell_trace_data(i))
            np.testing.assert_array_equal(series.trace(i)[301:], theirs[1].get_cell_trace_data(i))
            np.testing.assert_array_equal(series.footprint(i), theirs[0].get_cell_image_data(i))
        assert np.isnan(series.traces).sum() == 6 * 201
    del theirs
