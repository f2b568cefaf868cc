"""`.gpio` files, against `isx` and against a packet-by-packet reading of the same bytes."""

from __future__ import annotations

import json
import logging
import os
import pickle
import random
import time
import uuid
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from helpers import gpio_files as gpio
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import GpioSet, IsxFileError, open_isx

PAIR = gpio.reading(0x4008, 0, 1000, 100) + gpio.reading(0x4007, 1, 5500, 0xFF)


@pytest.fixture
def path(tmp_path) -> Iterator[Path]:
    """A name that no other file shares, and none of what `isx` makes of the file left."""
    path = tmp_path / f"{uuid.uuid4().hex}.gpio"
    yield path
    for file in gpio.side_files(path):
        file.unlink()


def through_floats(offsets_us: np.ndarray) -> np.ndarray:
    """What `isx` makes of offsets: seconds and back, which loses a microsecond now and then."""
    return (offsets_us / 1e6 * 1e6).astype(np.uint64)


def isx_names(theirs) -> list[str]:
    return [theirs.get_channel_name(i) for i in range(theirs.num_channels)]


def assert_equals_isx(isx, path: Path) -> None:
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert isinstance(ours, GpioSet)
        assert ours.channel_names == isx_names(theirs)
        assert ours.num_channels == theirs.num_channels > 0
        assert ours.timing.num_samples == theirs.timing.num_samples
        assert ours.timing.period_s == pytest.approx(theirs.timing.period.secs_float, rel=1e-15)
        assert ours.timing.start.replace(tzinfo=None) == theirs.timing.start.to_datetime()
        for i in range(ours.num_channels):
            offsets, values = theirs.get_channel_data(i)
            signal = ours.channel(i)
            np.testing.assert_array_equal(through_floats(signal.offsets_us), offsets)
            assert signal.values.tobytes() == values.tobytes()
    del theirs


def assert_equals_model(path: Path, stream: bytes, closed_loop: bool = False) -> None:
    model = gpio.Model(stream, closed_loop)
    with open_isx(path) as ours:
        assert ours.channel_names == list(model.packets)
        assert ours.first_tsc_us == model.first
        for name in model.packets:
            offsets, values = model.signal(name)
            signal = ours.channel(name)
            assert signal.offsets_us.tolist() == offsets
            assert signal.values.tobytes() == values.tobytes()


MIXES = {
    "every type": tuple(gpio.WORDS),
    "all": (0x4001,),
    "gpio and digital": (0x4002, 0x4007, 0x400C),
    "single": (0x4003, 0x4004, 0x4005, 0x4006, 0x4008, 0x4009, 0x400A, 0x400B, 0x400D),
}
FLAWS = {
    "clean": {"loss": 0, "odd": 0},
    "some": {"loss": 0.02, "odd": 0.05},
    "many": {"loss": 0.4, "odd": 0.4},
}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("flaws", FLAWS)
@pytest.mark.parametrize("mix", MIXES)
def test_random_streams_equal_isx(isx, path, mix, flaws, wide):
    stream = gpio.random_stream(5, 3000, MIXES[mix], wide=wide, **FLAWS[flaws])
    assert_equals_isx(isx, gpio.write(path, stream))


@pytest.mark.parametrize("kind", gpio.WORDS)
def test_each_type_of_packet_equals_isx(isx, path, kind):
    # A waveform packet tells of no channel: there must be another one.
    stream = gpio.random_stream(kind, 2000, (kind,), wide=kind % 2 == 0)
    assert_equals_isx(isx, gpio.write(path, stream))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("flaws", FLAWS)
def test_short_closed_loop_streams_equal_isx(isx, path, flaws, seed):
    stream = gpio.random_stream(seed, 25, (0x4001, 0x4007, 0x400B), **FLAWS[flaws])
    assert_equals_isx(isx, gpio.write(path, stream, file_format=240))


@pytest.mark.parametrize("seed", range(60))
def test_random_streams_equal_the_rules(path, seed):
    mix, flaws = list(MIXES.values())[seed % 4], list(FLAWS.values())[seed % 3]
    stream = gpio.random_stream(seed, 5 * seed, mix, wide=seed % 5 == 0, **flaws)
    closed_loop = seed % 2 == 1
    gpio.write(path, stream, file_format=240 if closed_loop else 0)
    assert_equals_model(path, stream, closed_loop)


def test_values_are_told_when_they_change_and_once_more_at_the_end(path):
    values = (0x15, 0x1F, 0x20, 0x2F, 0x10)
    stream = b"".join(gpio.reading(0x4003, i, 10**6 + i, v) for i, v in enumerate(values))
    with open_isx(gpio.write(path, stream + gpio.reading(0x400B, 5, 10**6 + 9, frame=3))) as ours:
        signal = ours.channel("GPIO-1")
        assert signal.offsets_us.tolist() == [0, 2, 4, 9]
        assert signal.values.tolist() == [16, 32, 16, 16]
        assert (signal.offsets_us.dtype, signal.values.dtype) == (np.uint64, np.float32)
        assert ours.channel("Frame Count").offsets_us.tolist() == [9]
        assert ours.channel("Frame Count").values.tolist() == [3]


def test_lost_packets_are_a_gap_in_all_channels_but_the_frame_count(path):
    stream = gpio.reading(0x4003, 7, 100, 32) + gpio.reading(0x400B, 8, 200, frame=3)
    stream += gpio.reading(0x4003, 10, 300, 32) + gpio.reading(0x400B, 11, 400, frame=3)
    with open_isx(gpio.write(path, stream)) as ours:
        assert ours.channel_names == ["GPIO-1", "Frame Count"] + [
            name for name in gpio.ALL_BUT_FRAMES if name != "GPIO-1"
        ]
        signal = ours.channel("GPIO-1")
        assert signal.offsets_us.tolist() == [0, 101, 200, 300]
        np.testing.assert_array_equal(signal.values, [32, np.nan, 32, 32])
        signal = ours.channel("e-focus")
        assert signal.offsets_us.tolist() == [101, 300]
        np.testing.assert_array_equal(signal.values, [np.nan, np.nan])
        assert ours.channel("Frame Count").offsets_us.tolist() == [100, 300]


def test_the_sequence_may_wrap(path):
    stream = b"".join(gpio.reading(0x4003, 2**32 - 2 + i, 100 * i, 16 * i) for i in range(4))
    with open_isx(gpio.write(path, stream)) as ours:
        assert ours.channel_names == ["GPIO-1"]
        assert ours.channel(0).values.tolist() == [0, 16, 32, 48]


def test_offsets_are_exact_where_isx_loses_a_microsecond(isx, path):
    times = (0, 249, 250, 489, 2**36 + 1)
    stream = b"".join(gpio.reading(0x4003, i, 10 + t, 16 * i) for i, t in enumerate(times))
    gpio.write(path, stream)
    offsets, _ = isx.GpioSet.read(str(path)).get_channel_data(0)
    with open_isx(path) as ours:
        assert ours.channel(0).offsets_us.tolist() == list(times)
    assert offsets[1] == 248


@pytest.mark.parametrize("session", [None, {"name": "x"}])
def test_a_packet_cut_off_at_the_end_is_left_out(isx, path, session):
    whole = gpio.reading(0x4003, 0, 1000, 100)
    cut = gpio.reading(0x4003, 1, 2000, 0x30)[:-4]
    with open_isx(gpio.write(path, whole + cut, session)) as ours:
        assert ours.channel(0).offsets_us.tolist() == [0]
        assert ours.channel(0).values.tolist() == [96]
    # `isx` fills it from its buffer, or from the text of the session.
    offsets, values = isx.GpioSet.read(str(path)).get_channel_data(0)
    assert offsets.tolist() == [0, 1000]
    if session:
        # As float32 too, for NumPy before 2 compares it with an integer as it is.
        assert values[1] == np.float32(int.from_bytes(b'{"na', "little") // 16 * 16)


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_a_stream_may_end_anywhere(path, cut):
    stream = gpio.random_stream(3, 40, odd=0, loss=0)[: -64 - cut]
    assert_equals_model(gpio.write(path, stream), stream)


def test_the_header_may_be_short_or_missing(isx, path):
    stream = gpio.random_stream(9, 300)
    path.write_bytes(gpio.header(short=True) + stream)
    assert_equals_isx(isx, path)
    assert_equals_model(path, stream)
    path.write_bytes(stream)
    assert_equals_isx(isx, path)
    assert_equals_model(path, stream)
    with open_isx(path) as ours:
        assert ours.timing.start.timestamp() == 0


def test_the_stream_starts_where_the_header_says(isx, path):
    stream = gpio.random_stream(10, 100)
    gpio.write(path, bytes(37) + stream, {"a": 1}, stream_offset=48 + 37, session_offset=0)
    assert_equals_isx(isx, path)
    assert_equals_model(path, stream + bytes(8))


@pytest.mark.parametrize("start", [(1_600_000_000, 1), (32 * 10**12 + 777, 20_000)])
@pytest.mark.parametrize("clock", [1000, 500, 777, 1, 20_000, 1_000_000, 250.75])
def test_the_clock_and_the_number_of_samples_equal_isx(isx, path, clock, start):
    rng = random.Random(clock)
    for _ in range(5):
        span = rng.choice([rng.randrange(1, 10**4), rng.randrange(1, 10**9)])
        stream = gpio.reading(0x4003, 0, 1000, 16) + gpio.reading(0x4003, 1, 1000 + span, 32)
        gpio.write(path, stream, {"ad": {"clock": clock}}, start=start)
        assert_equals_isx(isx, path)
        with open_isx(path) as ours:
            assert ours.timing.num_samples == ceil((span + 1) / 1e6 / (1 / int(clock)))
            assert tuple(ours.timing.start_s) == start


DUAL = {"dualColor": {"enabled": True}}
SESSIONS = [
    {"adMode": "x", "x": {"clock": 250}, "ad": {"clock": 500}},
    {"ad": {"clock": 500}, "autoAd": {"clock": 250}},
    {"autoAd": {"clock": 250}},
    {"microscope": DUAL},
    {"microscope": {"dualColor": {"enabled": False}}},
    {"microscope": {"dualColor": None}},
    {"microscope": None},
    {},
]
STRANGE_SESSIONS = [
    {"adMode": "x", "ad": {"clock": 500}, "microscope": DUAL},
    {"adMode": 5, "ad": {"clock": 500}, "microscope": DUAL},
    {"adMode": None, "ad": {"clock": 500}},
    {"ad": {}, "microscope": DUAL},
    {"ad": None},
    {"ad": {"clock": None}},
    {"ad": {"clock": "500"}},
    {"ad": {"clock": True}},
    {"ad": {"clock": 500}, "microscope": 5},
    {"ad": {"clock": 500}, "microscope": {"dualColor": 5}},
    {"ad": {"clock": 500}, "microscope": {"dualColor": {}}},
    {"ad": {"clock": 500}, "microscope": {"dualColor": {"enabled": 1}}},
]


@pytest.mark.parametrize("file_format", [0, 240])
@pytest.mark.parametrize("session", SESSIONS, ids=json.dumps)
def test_clock_and_channel_names_follow_the_session_as_in_isx(
    isx, path, caplog, session, file_format
):
    assert_equals_isx(isx, gpio.write(path, PAIR, session, file_format=file_format))
    assert not caplog.records
    with open_isx(path) as ours:
        assert ("EX-LED1" in ours.channel_names) == (session.get("microscope") == DUAL)
        assert ("SoftTrig-4" in ours.channel_names) == (file_format == 240)
        assert ours.metadata == session


@pytest.mark.parametrize("session", STRANGE_SESSIONS, ids=json.dumps)
def test_a_session_not_understood_is_a_warning_as_in_isx(isx, path, caplog, session):
    assert_equals_isx(isx, gpio.write(path, PAIR, session, file_format=240))
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert path.name in record.getMessage()
    with open_isx(path) as ours:
        assert ours.channel_names == ["EX-LED", *gpio.GPI]
        assert ours.metadata == session


@pytest.mark.parametrize("text", [b"", b"{bad", b"[1]", b'{"a":', b"[" * 100_000])
def test_a_session_that_is_not_json_is_a_warning_as_in_isx(isx, path, caplog, text):
    gpio.write(path, PAIR, text=text, file_format=240)
    if len(text) < 1000:  # `isx` overflows its stack
        assert_equals_isx(isx, path)
    with open_isx(path) as ours:
        assert ours.timing.sampling_rate_hz == 1000
        assert ours.channel_names == ["EX-LED", *gpio.GPI]
        assert ours.metadata == {}
        assert ours.acquisition_info == {}
    assert all(path.name in record.getMessage() for record in caplog.records)
    assert caplog.records


@pytest.mark.parametrize("offset", [10**9, 2**63 + 5, 2**64 - 1])
def test_a_session_beyond_the_end_is_a_warning_as_in_isx(isx, path, caplog, offset):
    assert_equals_isx(isx, gpio.write(path, PAIR, session_offset=offset, file_format=240))
    assert "no session is at byte" in caplog.text


@pytest.mark.parametrize("text", [b"null", b'{"name": "x"}\0\0', b' {"name": "x"}\r\n '])
def test_a_session_may_be_null_or_padded(isx, path, caplog, text):
    assert_equals_isx(isx, gpio.write(path, PAIR, text=text, file_format=240))
    assert not caplog.records


@pytest.mark.parametrize("clock", [0, -5, 0.5, 10**12, float("nan")])
def test_a_clock_that_cannot_be_is_a_warning_where_isx_fails(path, caplog, clock):
    gpio.write(path, PAIR, {"ad": {"clock": clock}})
    with open_isx(path) as ours:
        assert ours.timing.sampling_rate_hz == 1000
    assert "clock" in caplog.text


def test_acquisition_info_equals_isx(isx, path):
    session = {
        "animal": {
            **dict.fromkeys(("sex", "dob", "id", "species", "description"), "ä"),
            "weight": 25,
        },
        "microscope": {
            **{"focus": 300, "gain": 1.5, "serial": "11", "type": "NVista3", "exp": 20},
            "led": {"exPower": 0.5, "ogPower": 0},
            "dualColor": None,
        },
        "name": "session",
        "personnel": {"name": "who"},
        "ad": {"clock": 1000},
    }
    gpio.write(path, PAIR, session)
    with open_isx(path) as ours:
        assert ours.acquisition_info == isx.GpioSet.read(str(path)).get_acquisition_info()
        assert ours.acquisition_info["Animal ID"] == "ä"
        assert ours.first_tsc_us == 1000
    with open_isx(gpio.write(path, PAIR)) as ours:
        assert ours.acquisition_info == {}


def test_the_set_that_isx_makes_of_a_file_has_the_same_channels(isx, path):
    stream = gpio.random_stream(2, 500)
    session = {"name": "x", "ad": {"clock": 500}, "microscope": {"dualColor": None}}
    gpio.write(path, stream, session)
    isx.GpioSet.read(str(path))
    [made] = gpio.side_files(path)
    with open_isx(path) as ours, open_isx(made) as theirs:
        assert isinstance(theirs, GpioSet)
        assert theirs.metadata["type"] == 3
        assert theirs.channel_names == ours.channel_names
        assert theirs.first_tsc_us == ours.first_tsc_us > 0
        assert theirs.timing == ours.timing
        assert theirs.channel_dense == ours.channel_dense == [False] * ours.num_channels
        assert theirs.channel_units == ours.channel_units
        for name in ours.channel_names:
            a, b = ours.channel(name), theirs.channel(name)
            np.testing.assert_array_equal(a.offsets_us, b.offsets_us)
            assert a.values.tobytes() == b.values.tobytes()


def test_what_a_set_tells_of_itself(path):
    with open_isx(gpio.write(path, PAIR, {"microscope": DUAL})) as ours:
        assert "not read yet" in repr(ours)
        assert ours.channel_units == ["mW/mm²"] + [""] * 8
        assert "9 channels over 0.005 s" in repr(ours)
        assert ours.channel(0) is ours.channel("EX-LED1")
        assert ours.channel(-1) is ours.channel(np.int64(8)) is ours.channel("Digital GPI 7")
        assert not ours.channel(0).values.flags.writeable
        with pytest.raises(KeyError, match="EX-LED"):
            ours.channel("EX-LED")
        with pytest.raises(IndexError, match="9"):
            ours.channel(9)
        with pickle.loads(pickle.dumps(ours)) as copy:
            assert copy.channel_names == ours.channel_names
    assert "closed" in repr(ours)
    with open_isx(path) as unread:
        pass
    assert "closed" in repr(unread)
    with pytest.raises(ValueError, match="closed"):
        _ = unread.channel_names


def test_nothing_is_written_anywhere(path, tmp_path, monkeypatch):
    gpio.write(path, gpio.random_stream(2, 50))
    before = path.read_bytes()
    opened = []
    real_open = os.open

    def spy(name, flags, *args, **kwargs):
        opened.append((name, flags))
        return real_open(name, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", spy)
    with open_isx(path) as ours:
        ours.channel(0)
    assert [name for name, _ in opened] == [path]
    assert not opened[0][1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


BROKEN_HEADERS = {
    "empty": b"",
    "short": gpio.header()[:31],
    "cut": gpio.header()[:47],
    "stream beyond the end": gpio.header(stream_offset=10_000) + PAIR,
}


@pytest.mark.parametrize("data", BROKEN_HEADERS.values(), ids=BROKEN_HEADERS)
def test_a_broken_header_is_told_on_opening(path, data):
    path.write_bytes(data)
    with pytest.raises(IsxFileError, match=path.name):
        open_isx(path)


NO_STREAMS = {
    "nothing": b"",
    "garbage": b"\1" * 100,
    "only sync words": gpio.SYNC.to_bytes(4, "little") * 50,
    "another family": gpio.packet(0x5001, 0, 1, 2, 3),
    "a header cut off": PAIR[:12],
    "not on a word": b"\0" + PAIR,
}


@pytest.mark.parametrize("data", NO_STREAMS.values(), ids=NO_STREAMS)
def test_a_file_without_packets_is_told_when_they_are_needed(path, data):
    with open_isx(gpio.write(path, data)) as ours:
        for ask in ("channel_names", "timing", "num_channels", "first_tsc_us"):
            with pytest.raises(IsxFileError, match="no GPIO packet"):
                getattr(ours, ask)
        assert "not read yet" in repr(ours)


def test_packets_may_tell_of_no_channel(isx, path):
    gpio.write(path, gpio.packet(0x400E, 0, 1, 2) + gpio.packet(0x40F0, 1))
    theirs = isx.GpioSet.read(str(path))
    with open_isx(path) as ours:
        assert ours.channel_names == []
        assert ours.num_channels == theirs.num_channels == 0
        assert ours.timing.num_samples == theirs.timing.num_samples == 1


@pytest.mark.parametrize("times", [(5000, 1000), (0, 2**63), (0, 1000 * 2**31)])
def test_times_that_no_recording_spans_are_refused(path, times):
    stream = b"".join(gpio.reading(0x4003, i, t, 16 * i) for i, t in enumerate(times))
    with open_isx(gpio.write(path, stream)) as ours, pytest.raises(IsxFileError, match="run from"):
        _ = ours.timing


def test_readings_before_the_first_are_left_out_as_in_isx(isx, path):
    times = (5000, 1000, 7000, 6000)
    stream = b"".join(gpio.reading(0x4003, i, t, 16 * i) for i, t in enumerate(times))
    assert_equals_isx(isx, gpio.write(path, stream))
    with open_isx(path) as ours:
        assert ours.channel(0).offsets_us.tolist() == [0, 1000, 2000]
        assert ours.channel(0).values.tolist() == [0, 48, 32]


SOUND = gpio.header(session_offset=48 + len(gpio.random_stream(1, 12))) + (
    gpio.random_stream(1, 12) + json.dumps({"ad": {"clock": 500}, "microscope": DUAL}).encode()
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=8)), max_size=6
    ),
    st.integers(0, len(SOUND)),
)
@settings(max_examples=400)
def test_no_damage_does_more_than_raise_the_error(path, changes, end):
    data = bytearray(SOUND)
    for at, text in changes:
        data[at : at + len(text)] = text
    path.write_bytes(data[:end] if end % 2 else data)
    started = time.thread_time()
    try:
        with open_isx(path) as ours:
            for i in range(ours.num_channels):
                signal = ours.channel(i)
                assert len(signal) == len(signal.values)
                assert (np.diff(signal.offsets_us.astype(object)) > 0).all()
            assert ours.timing.num_samples >= 0
    except IsxFileError as error:
        assert path.name in str(error)  # noqa: PT017
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    "words",
    [
        np.full(500_000, gpio.SYNC),
        np.tile([gpio.SYNC, 0x4003, 0, 4, 0, 9, gpio.SYNC, 0x4003], 60_000),
        np.tile([gpio.SYNC, 0x400E, 1, 2, gpio.SYNC, 5], 60_000),
        np.tile([gpio.SYNC, 0x40AA, 7, 2**32 - 1], 100_000),
    ],
    ids=["sync", "nested", "waveform", "lost"],
)
def test_hostile_streams_take_no_longer_than_a_second(path, words):
    gpio.write(path, words.astype("<u4").tobytes())
    started = time.thread_time()
    with open_isx(path) as ours:
        try:
            names = ours.channel_names
            assert len(names) <= 27
        except IsxFileError:
            assert words[1] == gpio.SYNC
    assert time.thread_time() - started < 1
