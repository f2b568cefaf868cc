"""The digital lines beside the frames of an nVista `.hdf5`, compared with `isx`."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers import legacy_files, recordings
from helpers.isx_judge import IsxJudge

from napari_isx import GpioSet, IsxFileError, open_isx

FRAMES = recordings.pixels(20, 5, 9)


def assert_same_channels(judge: IsxJudge, path: Path, gpio: GpioSet) -> None:
    theirs = judge.gpio(path)
    assert "error" not in theirs
    assert gpio.channel_names == theirs["names"]
    assert gpio.timing.num_samples == theirs["num_samples"]
    assert gpio.timing.period_s == theirs["period_s"]
    assert gpio.timing.start.replace(tzinfo=None) == theirs["start"]
    for i, (offsets, values) in enumerate(theirs["channels"]):
        exact = gpio.channel(i).offsets_us
        np.testing.assert_array_equal(np.trunc(exact / 1e6 * 1e6), offsets)
        np.testing.assert_array_equal(gpio.channel(i).values, values)


@pytest.mark.parametrize("seed", range(6))
def test_lines(judge, tmp_path, opened, seed):
    random = np.random.RandomState(seed)
    data = legacy_files.nvista_datasets(FRAMES)
    data["anc_data_count"] = random.randint(0, 16, len(FRAMES)).astype("i4")
    data["timeStamp"] += random.rand()
    if seed == 2:
        data["anc_data"] = data["anc_data"].reshape(-1)
    if seed == 3:
        data["anc_data"] = data["anc_data"].view("i2")
    movie = opened(legacy_files.write_hdf5(tmp_path / f"lines{os.getpid()}.hdf5", **data))
    with movie.open_gpio() as gpio:
        assert gpio.channel_names == ["IO1", "IO2", "sync", "trigger"]
        assert gpio.channel_dense == [True] * 4
        assert gpio.channel_units == [""] * 4
        assert gpio.acquisition_info == gpio.metadata == {}
        assert_same_channels(judge, movie.path, gpio)
        with pickle.loads(pickle.dumps(gpio)) as again:
            np.testing.assert_array_equal(again.channel(3).values, gpio.channel(3).values)


def test_lines_beside_frames_without_times_are_left_out(tmp_path, opened):
    """Here `isx` crashes."""
    data = legacy_files.nvista_datasets(FRAMES)
    data["timeStamp"] = data["timeStamp"][:12]
    movie = opened(legacy_files.write_hdf5(tmp_path / "m.hdf5", **data))
    with movie.open_gpio() as gpio:
        assert gpio.timing.num_samples == 4 * data["anc_data_count"][:12].sum()


def test_a_word_is_four_samples_and_a_sample_four_lines(tmp_path, opened):
    data = legacy_files.nvista_datasets(FRAMES[:2])
    data["anc_data"] = np.zeros((2, 15), "u2")
    data["anc_data"][0, 0] = 0x8421
    data["anc_data"][1, 14] = 0xF000
    data["anc_data_count"] = np.array([1, 15], "i4")
    movie = opened(legacy_files.write_hdf5(tmp_path / "m.hdf5", **data))
    with movie.open_gpio() as gpio:
        for i in range(4):
            on = np.flatnonzero(gpio.channel(i).values)
            np.testing.assert_array_equal(on, [i, 63])
            np.testing.assert_array_equal(gpio.channel(i).offsets_us[on], [1000 * i, 63_000])


@pytest.mark.parametrize("left_out", ["anc_data", "anc_data_count"])
def test_a_movie_without_lines(tmp_path, opened, left_out):
    data = legacy_files.nvista_datasets(FRAMES)
    del data[left_out]
    assert opened(legacy_files.write_hdf5(tmp_path / "m.hdf5", **data)).open_gpio() is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"anc_data_count": np.full(20, 16, "i4")}, "0 to 15 words"),
        ({"anc_data_count": np.full(20, -1, "i4")}, "0 to 15 words"),
        ({"anc_data": np.zeros((20, 15), "u1")}, "words of 16 bits"),
        ({"anc_data": np.zeros((20, 16), "u2")}, "words of 16 bits"),
        ({"anc_data": np.zeros(20, "S3")}, "anc_data should be"),
        ({"timeStamp": np.full(20, np.nan)}, "no times"),
    ],
)
def test_broken_lines(tmp_path, change, said):
    data = {**legacy_files.nvista_datasets(FRAMES), **change}
    path = legacy_files.write_hdf5(tmp_path / "m.hdf5", **data)
    with open_isx(path) as movie, pytest.raises(IsxFileError, match=said):
        movie.open_gpio()
