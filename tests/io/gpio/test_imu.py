"""`.imu` files, and GPIO sets and IMU recordings in `.isxd` files, against `isx`."""

from __future__ import annotations

import json
import pickle
import struct
import time
import uuid
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import gpio_files, recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import GpioSet, IsxFileError, open_isx

ACC, ORI, MAG = slice(0, 3), slice(3, 6), slice(6, 9)
NAMES = [
    *("Acc x", "Acc y", "Acc z"),
    *("Ori yaw", "Ori pitch", "Ori roll"),
    *("Mag x", "Mag y", "Mag z"),
]
START = (1_600_000_000_123, 1000)


def sensor(num_times: int, period_ms: tuple[int, int] = (20, 1), dropped: Iterable[int] = ()):
    period = recordings.rational(*period_ms)
    return {"periodMs": period, "numTimes": num_times, "dropped": list(dropped)}


def session(
    start: tuple[int, int] = START, end: tuple[int, int] = (1_600_000_010, 1), **sensors: Any
) -> dict[str, Any]:
    times = {"start": recordings.time_info(start), "end": recordings.time_info(end)}
    return {"timingInfo": {**times, **sensors}, "name": "S"}


def counts(num_samples: int, seed: int) -> np.ndarray:
    random = recordings.rng(seed)
    return random.integers(-(2**15), 2**15, (num_samples, 3), "i2")


def write(
    path: Path,
    stored: tuple[int, int, int],
    info: dict[str, Any] | bytes,
    places: list[int] | None = None,
) -> Path:
    """A file with so many samples of accelerometer, magnetometer and orientation."""
    blocks, table, offset = [], [], 112
    for seed, num_samples in enumerate(stored):
        rows = [
            struct.pack("<Q3hh", 7 * i, *map(int, row), 99)
            for i, row in enumerate(counts(num_samples, seed))
        ]
        blocks.append(b"".join(rows))
        table += [num_samples, offset, 16 * num_samples]
        offset += 16 * num_samples
    text = info if isinstance(info, bytes) else json.dumps(info).encode()
    # The header's own times are not used.
    head = struct.pack("<QQiHH", 5, 1, 7200, 3, 0)
    head += struct.pack("<11Q", *(places or table), offset, len(text))
    path.write_bytes(head + b"".join(blocks) + text)
    return path


@pytest.fixture
def path(tmp_path) -> Iterator[Path]:
    """A name that no other file shares, and none of what `isx` makes of the file left."""
    path = tmp_path / f"{uuid.uuid4().hex}.imu"
    yield path
    for file in gpio_files.side_files(path):
        file.unlink()


def isx_offsets(offsets: Iterable[Fraction], start: Fraction, den: int) -> np.ndarray:
    """Offsets as `isx` gets them: differences of Unix times that were rounded to float64."""

    def unix_us(time: Fraction) -> int:
        num = time * den
        assert num.denominator == 1
        return int(float(num.numerator) / float(den) * 1e6)

    first = unix_us(start)
    exact = np.array([unix_us(start + offset) - first for offset in offsets], np.uint64)
    return (exact / 1e6 * 1e6).astype(np.uint64)


def assert_equals_isx(isx, path: Path) -> None:
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert isinstance(ours, GpioSet)
        assert ours.channel_names == [
            theirs.get_channel_name(i) for i in range(theirs.num_channels)
        ]
        assert ours.timing.num_samples == theirs.timing.num_samples
        assert ours.timing.period_s == pytest.approx(theirs.timing.period.secs_float, rel=1e-15)
        assert ours.timing.start.replace(tzinfo=None) == theirs.timing.start.to_datetime()
        assert ours.acquisition_info == (theirs.get_acquisition_info() or {})
        for i in range(9):
            offsets, values = theirs.get_channel_data(i)
            signal = ours.channel(i)
            assert signal.values.tobytes() == values.tobytes()
            # `isx` is up to 2 us off: see the test of the rule.
            difference = signal.offsets_us.astype(np.int64) - offsets.astype(np.int64)
            assert np.abs(difference).max(initial=0) <= 2
    del theirs


CASES = {
    "all": ((50, 3, 50), session(accelerometer=sensor(50), magnetometer=sensor(3, (400, 1)))),
    "dropped": (
        (40, 2, 40),
        session(
            accelerometer=sensor(45, dropped=[0, 7, 8, 9, 44]),
            magnetometer=sensor(4, (400, 1), [1, 3]),
        ),
    ),
    "unsorted": ((4, 0, 4), session(accelerometer=sensor(6, dropped=[4, 1]))),
    "all dropped": ((0, 0, 0), session(accelerometer=sensor(3, dropped=[0, 1, 2]))),
    "no magnetometer": ((9, 3, 9), session(accelerometer=sensor(9))),
    "no accelerometer": ((9, 3, 9), session(magnetometer=sensor(3, (400, 1)))),
    "slow accelerometer": (
        (9, 3, 9),
        session(accelerometer=sensor(9, (100, 3)), magnetometer=sensor(3, (10, 1))),
    ),
    "neither": ((9, 3, 9), session()),
    "more than told": ((9, 3, 9), session(accelerometer=sensor(5))),
    "dropped outside": ((5, 3, 5), session(accelerometer=sensor(5, dropped=[9]))),
    "numbers that do not divide": (
        (30, 7, 30),
        session(
            (4_800_000_000_777, 3000), (4_800_000_007, 3), accelerometer=sensor(30, (1000, 51))
        ),
    ),
}


@pytest.mark.parametrize(("stored", "info"), CASES.values(), ids=CASES)
def test_channels_equal_isx(isx, path, stored, info):
    assert_equals_isx(isx, write(path, stored, info))


@pytest.mark.parametrize("seed", range(25))
def test_random_recordings_equal_isx(isx, path, seed):
    random = recordings.rng(seed)
    sensors, stored = {}, []
    for name in ("accelerometer", "magnetometer"):
        num_times = int(random.integers(1, 400))
        dropped = random.choice(num_times, num_times // 5, replace=False).tolist()
        period = int(random.integers(1, 3000)), int(random.integers(1, 60))
        sensors[name] = sensor(num_times, period, dropped)
        stored.append(num_times - len(dropped))
    den = int(random.choice([1, 1000, 20_000]))
    start = 1_600_000_000 * den + int(random.integers(0, den))
    end = (start + int(random.integers(1, 100 * den)), den)
    info = session((start, den), end, **sensors)
    assert_equals_isx(isx, write(path, (stored[0], stored[1], stored[0]), info))


@pytest.mark.parametrize("period_ms", [(20, 1), (100, 3), (1000, 51), (7, 4)])
def test_offsets_are_exact_where_isx_rounds_unix_times(isx, path, period_ms):
    write(path, (200, 0, 200), session(accelerometer=sensor(200, period_ms)))
    exact = [Fraction(*period_ms) * 1000 * i for i in range(200)]
    with open_isx(path) as ours:
        assert ours.channel(0).offsets_us.tolist() == [int(us) for us in exact]
    offsets, _ = isx.GpioSet.read(str(path)).get_channel_data(0)
    den = np.lcm.reduce([1000, 1000 * period_ms[1]])
    expected = isx_offsets([us / 10**6 for us in exact], Fraction(*START), int(den))
    np.testing.assert_array_equal(offsets, expected)


def test_values_have_units_and_dropped_samples_are_nan(path):
    stored, info = CASES["dropped"]
    with open_isx(write(path, stored, info)) as ours:
        assert ours.channel_names == NAMES
        assert ours.channel_units == ["g"] * 3 + ["rad"] * 3 + ["counts"] * 3
        assert ours.channel_dense == [True] * 9
        kept = np.setdiff1d(np.arange(45), [0, 7, 8, 9, 44])
        for i, (seed, scale, valid) in enumerate(
            [(0, 16384, kept)] * 3 + [(2, 2048, kept)] * 3 + [(1, 1, [0, 2])] * 3
        ):
            values = ours.channel(i).values
            assert values.dtype == np.float32
            np.testing.assert_array_equal(
                values[valid], counts(stored[seed], seed)[:, i % 3] / np.float32(scale)
            )
            assert np.isnan(np.delete(values, valid)).all()
            assert not values.flags.writeable
        assert ours.channel("Mag z").offsets_us.tolist() == [0, 400_000, 800_000, 1_200_000]
        assert ours.channel("Mag z").offsets_us.dtype == np.uint64
        assert ours.metadata == info
        assert ours.acquisition_info == {"Session Name": "S"}
        assert ours.first_tsc_us is None
        assert "9 channels" in repr(ours)
        with pickle.loads(pickle.dumps(ours)) as copy:
            assert copy.timing == ours.timing


def test_nothing_is_written_beside_the_file(path):
    with open_isx(write(path, *CASES["all"])) as ours:
        ours.channel(0)
    assert list(path.parent.iterdir()) == [path]


def test_samples_missing_at_the_end_are_left_out_where_isx_reads_on(path, caplog):
    info = session(accelerometer=sensor(9, dropped=[1, 3, 4, 8]), magnetometer=sensor(10**8))
    with open_isx(write(path, (5, 1, 2), info)) as ours:
        assert len(ours.channel("Acc x")) == 9
        values = ours.channel("Ori yaw").values
        np.testing.assert_array_equal(np.isnan(values), [False, True, False])
        assert len(ours.channel("Mag x")) == 1
    assert "the last 3 of 5 samples" in caplog.text
    assert path.name in caplog.text


GOOD = session(accelerometer=sensor(5), magnetometer=sensor(1))
TIMING = GOOD["timingInfo"]
BROKEN_SESSIONS = {
    "empty": b"",
    "not JSON": b"{bad",
    "a list": b"[1]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "no timing": {"name": "x"},
    "timing a number": {"timingInfo": 3},
    "period 0": session(accelerometer=sensor(5, (0, 1))),
    "period negative": session(accelerometer=sensor(5, (-20, 1))),
    "no denominator": session(accelerometer=sensor(5, (20, 0))),
    "endless period": session(accelerometer=sensor(5, (2**62, 1))),
    "no period": session(accelerometer={"numTimes": 5}),
    "10^18 samples": session(accelerometer=sensor(10**18)),
    "half a sample": session(accelerometer={**sensor(5), "numTimes": 0.5}),
    "dropped a text": session(accelerometer={**sensor(5), "dropped": ["1"]}),
    "accelerometer a list": session(accelerometer=[5]),
}


@pytest.mark.parametrize("info", BROKEN_SESSIONS.values(), ids=BROKEN_SESSIONS)
def test_a_broken_session_is_told_on_opening(path, info):
    write(path, (5, 1, 5), info)
    started = time.thread_time()
    with pytest.raises(IsxFileError, match=path.name):
        open_isx(path)
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    "bad",
    [None, 3, {}, recordings.time_info((1, 0)), recordings.time_info((2**62, 1))],
    ids=["null", "number", "empty", "denominator 0", "year 10^11"],
)
def test_a_start_or_end_that_cannot_be_hides_nothing(path, bad):
    sensors = {"accelerometer": sensor(500), "magnetometer": sensor(50, (200, 1))}
    for change in ({"start": bad}, {"end": bad}, {"start": bad, "end": bad}):
        info = {"timingInfo": {**TIMING, **sensors, **change}}
        write(path, (500, 50, 500), info)
        with open_isx(path) as ours:
            assert (ours.timing.start is None) == ("start" in change)
            assert ours.timing.num_samples == 500
            assert len(ours.channel(0)) == 500


def test_an_end_before_the_start_makes_both_unknown(path):
    write(path, (500, 0, 0), session(end=(5, 1), accelerometer=sensor(500)))
    with open_isx(path) as ours:
        assert (ours.timing.start, ours.timing.num_samples) == (None, 500)


HUGE = 10**18
PLACES = {
    "too many": [6, 112, 80, 1, 192, 16, 5, 208, 80],
    "10^18 samples": [HUGE, 112, 16 * HUGE, 1, 192, 16, 5, 208, 80],
    "10^18 in little": [5, 112, 80, HUGE, 192, 16, 5, 208, 80],
    "beyond the end": [5, HUGE, 80, 1, 192, 16, 5, 208, 80],
    "over the end": [5, 112, 80, 1, 192, 16, 5, 208, HUGE],
}


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_blocks_outside_the_file_are_told_on_opening(path, places):
    write(path, (5, 1, 5), GOOD, places)
    with pytest.raises(IsxFileError, match="the header claims"):
        open_isx(path)


@pytest.mark.parametrize("size", [0, 1, 111, 112, 200])
def test_a_file_cut_off_is_told_on_opening(path, size):
    path.write_bytes(write(path, (5, 1, 5), GOOD).read_bytes()[:size])
    with pytest.raises(IsxFileError, match=path.name):
        open_isx(path)


@given(
    st.lists(st.tuples(st.integers(0, 700), st.binary(min_size=1, max_size=8)), max_size=5),
    st.integers(0, 700),
)
@settings(max_examples=300)
def test_no_damage_does_more_than_raise_the_error(path, changes, end):
    data = bytearray(write(path, (5, 1, 5), GOOD).read_bytes())
    for at, text in changes:
        data[at : at + len(text)] = text
    path.write_bytes(data[:end] if end % 2 else data)
    started = time.thread_time()
    try:
        with open_isx(path) as ours:
            for name in NAMES:
                signal = ours.channel(name)
                assert len(signal) == len(signal.values) <= 10
    except IsxFileError as error:
        assert path.name in str(error)  # noqa: PT017
    assert time.thread_time() - started < 1


def test_the_set_that_isx_makes_of_a_file_has_counts_of_acceleration(isx, path):
    write(path, *CASES["dropped"])
    isx.GpioSet.read(str(path))
    [made] = gpio_files.side_files(path)
    theirs = isx.GpioSet.read(str(made))
    with open_isx(path) as ours, open_isx(made) as again:
        assert isinstance(again, GpioSet)
        assert again.metadata["type"] == 7
        assert again.channel_names == NAMES
        assert again.channel_units == ["counts"] * 3 + ["rad"] * 3 + ["counts"] * 3
        assert again.channel_dense == [True] * 9
        assert again.timing == ours.timing
        assert again.acquisition_info == theirs.get_acquisition_info() == ours.acquisition_info
        for i, name in enumerate(NAMES):
            scale = 16384 if i < 3 else 1
            values = again.channel(name).values
            np.testing.assert_array_equal(values, ours.channel(name).values * scale)
            assert values.tobytes() == theirs.get_channel_data(i)[1].tobytes()
    del theirs


@pytest.mark.parametrize("kind", [3, 7])
def test_sets_in_packets_equal_isx(isx, tmp_path, kind):
    names = recordings.UNICODE_NAMES
    data = recordings.some_packets(3000, len(names))
    path = recordings.write_events(
        tmp_path / "g.isxd", names, data, type=kind, extraProperties={"name": "x", "firstTsc": 12}
    )
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert isinstance(ours, GpioSet)
        assert ours.timing.num_samples == theirs.timing.num_samples
        assert ours.channel_names == list(theirs.channel_dict)
        assert ours.acquisition_info == theirs.get_acquisition_info() == {"Session Name": "x"}
        assert ours.first_tsc_us == 12
        for i in range(len(names)):
            offsets, values = theirs.get_channel_data(i)
            signal = ours.channel(i)
            rounded = (signal.offsets_us / 1e6 * 1e6).astype(np.uint64)
            np.testing.assert_array_equal(rounded, offsets)
            assert signal.values.tobytes() == values.tobytes()
    del theirs


@pytest.mark.parametrize("analog", [False, True])
def test_sets_in_the_old_layout_equal_isx(isx, tmp_path, analog):
    random = recordings.rng(3)
    data = {
        name: recordings.v1_packets(
            1_600_000_000_123_000 + random.integers(0, 10**8, 200),
            random.choice([0.0, -0.0, 1.5, -1.5, -3.25], 200),
        )
        for name in ("SYNC", "EX_LED", "GPIO4_AI")
    }
    path = recordings.write_v1_events(tmp_path / "g.isxd", data, analog, type=3, dataType=0)
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert isinstance(ours, GpioSet)
        assert ours.channel_names == sorted(data) == list(theirs.channel_dict)
        assert ours.channel_dense == [analog] * 3
        assert ours.timing.num_samples == theirs.timing.num_samples
        assert ours.acquisition_info == {}
        for i in range(3):
            offsets, values = theirs.get_channel_data(i)
            signal = ours.channel(i)
            assert signal.values.tobytes() == values.tobytes()
            assert np.abs(signal.offsets_us.astype(float) - offsets).max() <= 1
    del theirs


def test_old_channels_that_claim_the_same_bytes_do_not_fill_the_memory(tmp_path):
    data = recordings.v1_packets(range(1000), [1] * 1000)
    path = recordings.write_v1_events(tmp_path / "g.isxd", {"a": data}, True, 0, type=3)
    recordings.edit(path, **{"channel offsets": {str(i): 0 for i in range(10_000)}})
    with open_isx(path) as ours, pytest.raises(IsxFileError, match="channel offsets"):
        ours.channel(0)
