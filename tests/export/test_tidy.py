"""Tidy tables have a row for each observation, with its times on all clocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers import channel_files, recordings

from napari_isx import CellSet, EventSet, Signal, Timing, export_tidy, open_isx
from napari_isx.export.file_names import short_name
from napari_isx.sample_data import FILES, write_sample
from napari_isx.timeline.clock import Clock


def test_the_sample_session(tmp_path):
    write_sample(tmp_path / "sample")
    opened = [open_isx(path) for path in sorted((tmp_path / "sample").iterdir())]
    opened = [one for one in opened if one.kind != "vessel set"]
    (tmp_path / "out").mkdir()
    tables = export_tidy(opened, tmp_path / "out")
    assert len(tables) == len(opened) + 1
    clock = Clock(opened)
    read = {path.stem: pd.read_csv(path) for path in tables}
    for one in opened:
        table, placed = read[short_name(one)], clock.placed(one)
        np.testing.assert_allclose(table["session_time_s"], placed.to_session_s(table["time_s"]))
        assert set(table["recording"]) == {one.name}
        assert set(table["animal"]) == {"S-01"} or one.kind == "GPIO"
    movie = read[FILES[0].removesuffix(".isxd")]
    assert movie["hardware_time_s"].notna().all()
    assert (~movie["valid"]).sum() == 3
    cells = read[FILES[1].removesuffix(".isxd")]
    per_cell = read[FILES[1].removesuffix(".isxd") + "-cells"]
    assert len(cells) == len(per_cell) * cells["time_s"].nunique()
    assert {"event_rate_Hz", "snr"} <= set(per_cell)
    events = read[FILES[2].removesuffix(".isxd")]
    assert set(events["status"]) <= {"accepted", "undecided", "rejected"}
    assert events["amplitude"].notna().all()
    for one in opened:
        one.close()


def small():
    cells = CellSet.from_arrays(
        recordings.rng(1).random((2, 6, 6)),
        [[1, 2, 3], [4, 5, 6]],
        timing=Timing.regular(3, 0.5, dropped=[1]),
        names=["a", "b"],
    )
    signal = Signal(np.array([500_000], "u8"), np.array([2], "f4"))
    events = EventSet.from_arrays({"a": signal, "b": signal}, timing=Timing.regular(3, 0.5))
    return cells, events


def test_values_in_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    cells, events = small()
    statuses = ["accepted", "rejected"]
    tables = export_tidy([cells, events], tmp_path, format="parquet", statuses=statuses)
    traces, per_cell, found = map(pd.read_parquet, tables)
    assert traces["time_s"].tolist() == [0, 0.5, 1] * 2
    np.testing.assert_array_equal(traces["value"], [1, np.nan, 3, 4, np.nan, 6])
    assert per_cell["status"].tolist() == statuses
    assert found[["name", "status", "time_s", "amplitude"]].to_numpy().tolist() == [
        ["a", "accepted", 0.5, 2.0],
        ["b", "rejected", 0.5, 2.0],
    ]


def test_what_is_refused(tmp_path):
    cells, events = small()
    (tmp_path / "events in memory.csv").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        export_tidy([cells, events], tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError, match="csv or parquet"):
        export_tidy([cells], tmp_path, format="xlsx")
    with pytest.raises(ValueError, match="nothing given"):
        export_tidy([], tmp_path)


def test_equal_names_of_files_do_not_meet(tmp_path, opened):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    made = [channel_files.make_gpio(tmp_path / folder / "g.gpio") for folder in ("a", "b")]
    tables = export_tidy([opened(path) for path in made], tmp_path)
    assert [path.name for path in tables] == ["g-gpio.csv", "g-gpio-2.csv"]
