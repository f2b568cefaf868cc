"""Traces, events and channels in pandas, xarray and pynapple are those of the file."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from helpers import channel_files, recordings, series_files

from napari_isx import CellSet, EventSet, Signal, Spacing, Timing


@pytest.fixture
def cells():
    return CellSet.from_arrays(
        recordings.rng(1).random((3, 4, 5)),
        recordings.rng(2).random((3, 6)),
        timing=Timing.regular(6, 0.5, dropped=[2]),
        spacing=Spacing.regular((4, 5), (2.0, 3.0), (10.0, 20.0)),
        names=["a", "b", "a"],
        statuses=["accepted", "rejected", "undecided"],
        extra_properties={"idps": {"cellset": {"units": "dF over F"}}},
    )


@pytest.fixture
def events():
    signals = {
        "a": Signal(np.array([100_000, 900_000], "u8"), np.array([1.5, 2.5], "f4")),
        "none": Signal(np.array([], "u8"), np.array([], "f4")),
        "b": Signal(np.array([500_000], "u8"), np.array([3.5], "f4")),
    }
    return EventSet.from_arrays(signals, timing=Timing.regular(10, 0.1))


def test_traces_in_pandas(cells):
    table = cells.to_pandas()
    assert list(table) == ["a", "b", "a"]
    assert table.attrs == {"units": "dF over F", "status": cells.statuses}
    assert table.index.name == "time_s"
    assert np.isnan(table.to_numpy()[2]).all()
    kept = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(table.to_numpy()[kept], cells.traces.T[kept])
    np.testing.assert_array_equal(table.index, np.arange(6) * 0.5)
    assert not np.isnan(cells.traces).any()  # it was a copy


def test_other_times(cells, events):
    assert cells.to_pandas(times_s=np.arange(6) + 100.0).index[0] == 100
    assert cells.to_pandas(times_s=lambda own_s: own_s + 7).index[1] == 7.5
    assert list(events.to_pandas(times_s=lambda own_s: own_s * 2)["time_s"]) == [0.2, 1.8, 1.0]
    with pytest.raises(ValueError, match="5 times for 6 samples"):
        cells.to_pandas(times_s=np.arange(5))


def test_cells_in_xarray(cells):
    pytest.importorskip("xarray")
    found = cells.to_xarray()
    np.testing.assert_array_equal(found.footprints, cells.footprints)
    np.testing.assert_array_equal(found.traces.sel(time_s=1.5), cells.traces[:, 3])
    assert found.traces.attrs == {"units": "dF over F"}
    accepted = found.isel(cell=found.status == "accepted")
    assert list(accepted.name.values) == ["a"]
    np.testing.assert_allclose(
        found.y_um, cells.spacing.to_um(np.array([[0, 0], [3, 0]]))[:, 0][0] + 2.0 * np.arange(4)
    )
    np.testing.assert_allclose(found.x_um[1] - found.x_um[0], 3)


def test_cells_in_pynapple(cells):
    nap = pytest.importorskip("pynapple")
    found = cells.to_pynapple()
    assert isinstance(found, nap.TsdFrame)
    np.testing.assert_array_equal(found.values[3:], cells.traces.T[3:])
    assert list(found["status"]) == cells.statuses
    assert list(found["name"]) == cells.names


def test_events(events):
    table = events.to_pandas()
    assert list(table) == ["time_s", "cell", "name", "amplitude"]
    assert table.to_numpy().tolist() == [[0.1, 0, "a", 1.5], [0.9, 0, "a", 2.5], [0.5, 2, "b", 3.5]]
    pytest.importorskip("xarray")
    assert events.to_xarray()["amplitude"].dims == ("event",)
    pytest.importorskip("pynapple")
    group = events.to_pynapple()
    assert len(group) == 3
    assert list(group["name"]) == ["a", "none", "b"]
    np.testing.assert_allclose(group[0].times(), [0.1, 0.9])
    np.testing.assert_array_equal(group[0].values, [1.5, 2.5])


def test_channels(tmp_path, opened):
    for path in (
        channel_files.make_gpio(tmp_path / "g.gpio"),
        channel_files.make_imu(tmp_path / "i.imu"),
    ):
        gpio = opened(path)
        table = gpio.to_pandas()
        assert list(table) == ["time_s", "channel", "unit", "value"]
        for i, (name, unit) in enumerate(zip(gpio.channel_names, gpio.channel_units, strict=True)):
            rows, signal = table[table["channel"] == name], gpio.channel(i)
            np.testing.assert_array_equal(rows["time_s"], signal.times_s)
            np.testing.assert_array_equal(rows["value"], signal.values)
            assert set(rows["unit"]) <= {unit}
        pytest.importorskip("xarray")
        assert len(gpio.to_xarray()["value"]) == len(table)
        pytest.importorskip("pynapple")
        group = gpio.to_pynapple()
        np.testing.assert_array_equal(group[0].values, gpio.channel(0).values)
        assert list(group["channel"]) == gpio.channel_names


def test_a_series_of_cells_has_nan_between_its_parts(tmp_path, opened):
    from napari_isx import open_isx

    names = [series_files.cells(tmp_path / f"{i}.isxd", 3, i * 0.3) for i in range(2)]
    with open_isx(names) as series:
        assert (
            series.to_pandas().isna().any(axis=1).tolist() == [False] * 3 + [True] * 3 + [False] * 3
        )


@pytest.mark.parametrize("package", ["xarray", "pynapple"])
def test_a_missing_package_is_named(cells, events, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for recording in (cells, events):
        with pytest.raises(ImportError, match=f'needs {package}: pip install "{package}"'):
            getattr(recording, f"to_{package}")()
