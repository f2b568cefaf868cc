"""GPIO recordings of nVoke 1, compared with `isx`."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import legacy_files
from helpers.isx_judge import IsxJudge

from napari_isx import GpioSet, IsxFileError, open_isx

SYNC = legacy_files.SYNC
START_US = 1_500_000_000_250_000


def write(folder: Path, data: bytes) -> Path:
    """A file of a name that `isx`, which shares its copies by name, has not seen."""
    path = folder / f"box{os.getpid()}-{folder.name}.raw"
    path.write_bytes(data)
    return path


def assert_same(judge: IsxJudge, gpio: GpioSet) -> None:
    theirs = judge.gpio(gpio.path)
    assert "error" not in theirs, theirs["error"]
    assert gpio.channel_names == theirs["names"]
    assert gpio.timing.num_samples == theirs["num_samples"]
    assert gpio.timing.period_s == theirs["period_s"]
    assert gpio.timing.start.replace(tzinfo=None) == theirs["start"]
    for i, (offsets, values) in enumerate(theirs["channels"]):
        exact = gpio.channel(i).offsets_us
        np.testing.assert_array_equal(np.trunc(exact / 1e6 * 1e6), offsets)
        np.testing.assert_array_equal(gpio.channel(i).values, values)


def some_packets(seed: int, count: int = 60) -> list[bytes]:
    """Packets of all channels in order of time."""
    random = np.random.RandomState(seed)
    packets = [legacy_files.packet(1, 0, True, START_US)]
    time_us = START_US
    for i in range(count):
        time_us += int(random.randint(1, 40_000))
        channel = int(random.randint(1, 11))
        if channel < 7:
            packet = legacy_files.packet(channel, i, bool(random.randint(2)), time_us)
        elif channel == 7:
            samples, scale = random.randint(0, 1 << 16, 10), int(random.randint(256))
            packet = legacy_files.analog_packet(samples, scale, time_us)
        else:
            power, on = int(random.randint(512)), bool(random.randint(2))
            packet = legacy_files.led_packet(channel, power, on, time_us)
        packets.append(packet)
    return packets


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("every", [1, 5, 1000])
def test_packets_of_all_channels(judge, tmp_path, opened, seed, every):
    packets = some_packets(seed)
    data = b"".join(SYNC * (i % every == 0) + packet for i, packet in enumerate(packets))
    gpio = opened(write(tmp_path, data))
    assert_same(judge, gpio)
    assert gpio.clock_problems == ()
    names = gpio.channel_names
    assert gpio.channel_dense == [name == "GPIO4_AI" for name in names]
    assert gpio.channel_units == [""] * len(names)
    assert gpio.acquisition_info == gpio.metadata == {}
    with pickle.loads(pickle.dumps(gpio)) as again:
        np.testing.assert_array_equal(again.channel(0).values, gpio.channel(0).values)


def test_what_a_packet_says(tmp_path, opened):
    packets = [
        legacy_files.packet(6, 0, True, START_US),
        legacy_files.led_packet(9, 511, True, START_US + 5),
        legacy_files.led_packet(9, 511, False, START_US + 7),
        legacy_files.analog_packet(range(0, 40_960, 4096), 160, START_US + 1000),
    ]
    gpio = opened(write(tmp_path, SYNC + b"".join(packets)))
    assert gpio.channel_names == ["TRIG", "OG_LED", "GPIO4_AI"]
    np.testing.assert_array_equal(gpio.channel("OG_LED").values, np.float32([51.1, 0]))
    np.testing.assert_array_equal(gpio.channel("OG_LED").offsets_us, [5, 7])
    np.testing.assert_array_equal(gpio.channel("GPIO4_AI").values, np.arange(10))
    np.testing.assert_array_equal(gpio.channel("GPIO4_AI").offsets_us, np.arange(1, 11) * 1000)
    assert gpio.timing.num_samples == 11
    assert gpio.timing.start_s == (START_US, 1_000_000)


def test_a_header_before_the_first_sync_and_a_packet_cut_off_are_nothing(judge, tmp_path, opened):
    packets = b"".join(some_packets(1))
    gpio = opened(write(tmp_path, b"some header\0" + SYNC + packets + packets[:10]))
    assert_same(judge, gpio)
    assert gpio.clock_problems == ()


def test_a_packet_before_the_first_one_in_time_moves_the_start(tmp_path, opened):
    """Analog packets are written when they are full. Here `isx` fails."""
    early = legacy_files.analog_packet(range(10), 50, START_US)
    late = legacy_files.packet(1, 0, True, START_US + 4000)
    gpio = opened(write(tmp_path, SYNC + late + early))
    assert gpio.timing.start_s == (START_US, 1_000_000)
    np.testing.assert_array_equal(gpio.channel("GPIO1").offsets_us, [4000])
    np.testing.assert_array_equal(gpio.channel("GPIO4_AI").offsets_us, np.arange(10) * 1000)


@pytest.mark.parametrize("damage", ["overwritten", "cut out", "put in"])
def test_damage_is_left_out_as_far_as_the_next_sync_and_told(tmp_path, opened, damage):
    """Here `isx` tells of events that never were."""
    packets = some_packets(2, 30)
    data = b"".join(SYNC + packet for packet in packets)
    at = data.index(packets[10])
    middle = {
        "overwritten": b"\xee" * 5,
        "cut out": b"",
        "put in": data[at : at + 5] + b"\xee" * 9,
    }
    path = write(tmp_path, data[:at] + middle[damage] + data[at + 5 :])
    gpio, truth = opened(path), opened(write(tmp_path / "..", data))
    count = 0
    for i, name in enumerate(truth.channel_names):
        whole = dict(zip(truth.channel(i).offsets_us, truth.channel(i).values, strict=True))
        found = gpio.channel(name)
        assert set(zip(found.offsets_us, found.values, strict=True)) <= whole.items()
        count += len(whole) - len(found)
    assert 1 <= count <= 11  # an analog packet has ten
    (problem,) = gpio.clock_problems
    assert "bytes are damaged" in problem
    assert truth.clock_problems == ()


@pytest.mark.parametrize("data", [b"", b"something else" * 50, SYNC * 20, bytes(600) + SYNC])
def test_what_is_no_recording(tmp_path, data):
    path = write(tmp_path, data)
    with pytest.raises(IsxFileError, match=r"not an nVoke GPIO recording.*decompressed first"):
        open_isx(path)


def test_impossible_times(tmp_path):
    packets = legacy_files.packet(1, 0, True, 0) + legacy_files.packet(1, 1, True, 2**51)
    with pytest.raises(IsxFileError, match="which no recording does"):
        open_isx(write(tmp_path, SYNC + packets))


def test_random_damage_leads_to_an_error_or_to_channels(tmp_path):
    random = np.random.RandomState(3)
    sound = b"".join(SYNC + packet for packet in some_packets(3))
    path = tmp_path / "box.raw"
    opened = 0
    for _ in range(300):
        data = bytearray(sound)
        for _ in range(random.randint(1, 20)):
            data[random.randint(len(data))] = random.randint(256)
        path.write_bytes(data[: random.randint(len(data))])
        try:
            with open_isx(path) as gpio:
                opened += 1
                assert all(len(gpio.channel(i)) for i in range(gpio.num_channels))
        except IsxFileError:
            continue
    assert opened


def test_an_hour_of_analog_samples_opens_in_a_moment(tmp_path, opened):
    packet = legacy_files.analog_packet(range(10), 50, START_US)
    rows = np.tile(np.frombuffer(packet, "u1"), (360_000, 1))
    times = START_US + 10_000 * np.arange(360_000)
    seconds, rest = np.divmod(times, 1_000_000)
    rows[:, 25:29] = seconds.astype(">u4").view("u1").reshape(-1, 4)
    rows[:, 29:] = rest.astype(">u4").view("u1").reshape(-1, 4)[:, 1:]
    path = tmp_path / "box.raw"
    path.write_bytes(SYNC + rows.tobytes())
    began = time.process_time()
    gpio = opened(path)
    assert len(gpio.channel(0)) == 3_600_000
    assert time.process_time() - began < 4  # 0.7 s where nothing else runs
