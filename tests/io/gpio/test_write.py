"""What `write_gpio` and `write_imu` write is read back equal, by this package and by `isx`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from helpers import gpio_files, recordings

from napari_isx import Signal, Timing, open_isx
from napari_isx.io.gpio.packets import PacketType
from napari_isx.io.gpio.write import Packet, channel_packets, write_gpio, write_imu

START = datetime(2024, 5, 6, 7, 8, 9, 250_000, UTC)
TIMING = Timing.regular(45, Fraction(1, 50), START, dropped=[0, 7, 8, 44])
CHANNELS = {
    "Digital GPI 3": ([0, 400, 900], [0, 1, 0]),
    "Digital GPI 0": ([0, 500, 1000], [1, 0, 1]),
    "GPIO-2": Signal(np.array([10, 20, 30], np.uint64), np.array([0, 65_520, 16], np.float32)),
    "EX-LED": ([0, 250, 1000], [0, 0.7, 12.3]),
    "BNC Sync Output": (np.arange(0, 1000, 50), np.arange(20) % 2),
    "BNC Trigger Input": ([600], [1]),
    "Frame Count": ([50, 100, 150], [1, 2, 3]),
}


@pytest.fixture
def path(tmp_path) -> Iterator[Path]:
    path = tmp_path / f"{uuid.uuid4().hex}.gpio"
    yield path
    for file in (*gpio_files.side_files(path), *gpio_files.side_files(path.with_suffix(".imu"))):
        file.unlink()


def assert_isx_has_the_same_values(path: Path) -> None:
    if find_spec("isx") is None:
        return
    import isx

    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert theirs.num_channels == ours.num_channels
        assert theirs.timing.num_samples == ours.timing.num_samples
        for i, name in enumerate(ours.channel_names):
            assert theirs.get_channel_name(i) == name
            assert theirs.get_channel_data(i)[1].tobytes() == ours.channel(i).values.tobytes()
    del theirs


def test_channels_come_back(path):
    session = {"name": "made up", "ad": {"clock": 500}}
    packets = channel_packets(CHANNELS, first_tsc_us=10**12)
    write_gpio(path, packets, timing=TIMING, session=session)
    with open_isx(path) as gpio:
        assert set(CHANNELS) < set(gpio.channel_names)
        assert gpio.first_tsc_us == 10**12
        assert gpio.timing.start == START
        assert gpio.timing.sampling_rate_hz == 500
        assert gpio.acquisition_info == {"Session Name": "made up"}
        for name, signal in CHANNELS.items():
            parts = (signal.offsets_us, signal.values) if isinstance(signal, Signal) else signal
            offsets, values = (np.asarray(part) for part in parts)
            read = gpio.channel(name)
            at = np.searchsorted(read.offsets_us, offsets, "right") - 1
            np.testing.assert_array_equal(read.values[at], values.astype(np.float32))
            assert read.offsets_us[-1] == 1000
    assert_isx_has_the_same_values(path)


def test_packets_are_written_as_given_with_rising_sequence(path):
    packets = [
        Packet(PacketType.ALL, 2**33 + 7, (0xFF00FF, 0xFFF00010, 0, 5, 0, 3)),
        Packet(PacketType.WAVEFORM, 0, (1, 2)),
        Packet(PacketType.FRAME_COUNT, 2**33 + 9, frame_count=12),
    ]
    write_gpio(path, packets, file_format=240)
    with open_isx(path) as gpio:
        assert gpio.num_channels == 8 + 4 + 4 + 3 + 1 + 2 + 1  # no sign of lost packets
        assert gpio.channel("GPIO-2").values.tolist() == [0xFFF0, 0xFFF0]
        assert gpio.channel("Frame Count").values.tolist() == [12]
        assert gpio.first_tsc_us == 2**33 + 7
        assert gpio.timing.start.timestamp() == 0
        assert gpio.metadata == {}
    assert_isx_has_the_same_values(path)


@pytest.mark.parametrize("name", ["e-focus", "Digital GPO 2", "EX-LED1", "nothing"])
def test_channels_without_packets_of_their_own_are_refused(name):
    with pytest.raises(ValueError, match=name):
        channel_packets({name: ([0], [1])})


def test_movements_come_back(path):
    path = path.with_suffix(".imu")
    random = recordings.rng(4)
    acceleration, orientation = random.integers(-(2**15), 2**15, (2, 45, 3), "i2")
    field = random.integers(-(2**15), 2**15, (3, 3), "i2")
    slow = Timing.regular(3, Fraction(1, 3), dropped=[1])
    write_imu(
        *(path, acceleration, orientation, field),
        timing=TIMING,
        magnetometer_timing=slow,
        session={"name": "made up"},
    )
    with open_isx(path) as imu:
        assert imu.timing.num_samples == 45
        assert imu.timing.start == START
        assert imu.acquisition_info == {"Session Name": "made up"}
        for i in range(9):
            counts, timing, scale = [
                (acceleration, TIMING, 16384),
                (orientation, TIMING, 2048),
                (field, slow, 1),
            ][i // 3]
            expected = counts[:, i % 3] / np.float32(scale)
            expected[~timing.valid_mask] = np.nan
            np.testing.assert_array_equal(imu.channel(i).values, expected)
            exact = [int(Fraction(*timing.period) * 10**6 * j) for j in range(timing.num_samples)]
            assert imu.channel(i).offsets_us.tolist() == exact
    assert_isx_has_the_same_values(path)


def test_movements_of_another_number_of_samples_are_refused(path):
    with pytest.raises(ValueError, match="44, 3"):
        write_imu(path, np.zeros((44, 3)), np.zeros((45, 3)), timing=TIMING)
    assert not path.exists()
    write_imu(path.with_suffix(".imu"), np.zeros((45, 3)), np.zeros((45, 3)), timing=TIMING)
    with open_isx(path.with_suffix(".imu")) as imu:
        assert len(imu.channel("Mag x")) == 0
