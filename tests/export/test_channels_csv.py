"""Tables of GPIO and IMU channels are those of `isx`, byte for byte."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from helpers import channel_files, gpio_files, recordings
from helpers.scenes import START

from napari_isx import Timing, export_gpio, export_imu, open_isx
from napari_isx.io.gpio.write import write_imu


@pytest.fixture
def assert_as_isx(tmp_path, opened, written_by_isx):
    def check(*paths):
        (tmp_path / "between").mkdir(exist_ok=True)
        for time_ref in ("start", "unix"):
            for old in (tmp_path / "between").iterdir():
                old.unlink()
            theirs = written_by_isx(
                "export_gpio_set_to_csv",
                paths,
                inter_isxd_file_dir=str(tmp_path / "between"),
                time_ref=time_ref,
            )
            given = [opened(path) for path in paths]
            ours = tmp_path / "ours.csv"
            gpio = given if len(given) > 1 else given[0]
            export_gpio(gpio, ours, time_ref=time_ref, overwrite=True)
            assert ours.read_bytes() == theirs

    return check


def imu(path, count=7, field=3, start_s=0.0, period=Fraction(1, 50)):
    random = recordings.rng(count)
    counts = [random.integers(-3000, 3000, (n, 3)) for n in (count, count, field)]
    start = START + timedelta(seconds=start_s)
    timing = Timing.regular(count, period, start, dropped=[])
    write_imu(
        path, *counts, timing=timing, magnetometer_timing=Timing.regular(field, 2 * period, start)
    )
    return path


def moved(path, to, seconds):
    times = [{"secsSinceEpoch": recordings.rational(*s), "utcOffset": 0} for s in seconds]
    to.write_bytes(path.read_bytes())
    return recordings.edit(to, **{"global times": times})


def test_channels_with_a_loss(tmp_path, assert_as_isx):
    assert_as_isx(channel_files.make_gpio(tmp_path / "g.gpio", lost_at_s=2))


@pytest.mark.parametrize("seed", range(3))
def test_any_stream_of_packets(tmp_path, assert_as_isx, seed):
    stream = gpio_files.random_stream(seed, 300)
    start = (1_600_000_000_120 + seed, 1000)
    assert_as_isx(gpio_files.write(tmp_path / "g.gpio", stream, start=start))


def test_converted_files_and_a_series_of_them(tmp_path, judge, assert_as_isx):
    original = channel_files.make_gpio(tmp_path / "g.gpio", lost_at_s=2)
    judge.call("export_gpio_to_isxd", str(original), str(tmp_path))
    first = tmp_path / "g_gpio.isxd"
    later = [(1_767_225_620_123, 1000), (1_767_225_626_123, 1000)]
    assert_as_isx(first)
    assert_as_isx(first, moved(first, tmp_path / "later.isxd", later))


def test_head_movement_of_both_formats(tmp_path, judge, assert_as_isx):
    original = imu(tmp_path / "i.imu")
    judge.call("export_gpio_to_isxd", str(original), str(tmp_path))
    converted = tmp_path / "i_imu.isxd"
    later = [(1_767_225_620_123, 1000), (1_767_225_626_123, 1000)]
    assert_as_isx(original)
    assert_as_isx(channel_files.make_imu(tmp_path / "d.imu", 6, dropped=[1, 3]))
    assert_as_isx(converted)
    assert_as_isx(converted, moved(converted, tmp_path / "later.isxd", later))
    assert_as_isx(original, imu(tmp_path / "j.imu", start_s=9.5))


def test_head_movement_as_a_table(tmp_path, opened):
    export_imu(opened(imu(tmp_path / "i.imu")), tmp_path / "i.csv")
    table = pd.read_csv(tmp_path / "i.csv", skipinitialspace=True)
    assert list(table)[:2] == ["IMU Time (s)", "Acc x"]
    assert table["Mag Time (s)"].notna().sum() == 3
    with pytest.raises(ValueError, match="no head movement"):
        export_imu(opened(channel_files.make_gpio(tmp_path / "g.gpio")), tmp_path / "g.csv")


def test_a_magnetic_field_that_goes_on_is_not_cut(tmp_path, opened):
    export_gpio(opened(imu(tmp_path / "i.imu", 2, 3)), tmp_path / "i.csv")
    last = (tmp_path / "i.csv").read_text().splitlines()[-1]
    assert last.startswith(", , , , , , , 0.08, ")


def test_parts_with_other_channels_keep_their_names(tmp_path, opened):
    packets = np.zeros(2, recordings.PACKET)
    packets["channel"], packets["value"] = [0, 1], [1, 2]
    first = recordings.write_events(tmp_path / "a.isxd", ["A", "B"], packets, type=3)
    later = recordings.write_events(tmp_path / "b.isxd", ["B", "C"], packets, type=3)
    later = moved(later, later, [(1_600_000_200_123, 1000), (1_600_000_300_123, 1000)])
    export_gpio([opened(later), opened(first)], tmp_path / "g.csv")
    assert (tmp_path / "g.csv").read_text().splitlines() == [
        *("Time (s), Channel Name, Value", "0, A, 1", "0, B, 2", "200, B, 1", "200, C, 2"),
    ]
    with open_isx([first, later]) as series:
        export_gpio(series, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes() == (tmp_path / "g.csv").read_bytes()
