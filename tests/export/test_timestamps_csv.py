"""Tables of timestamps are those of `isx`, byte for byte, but where its times cannot be."""

from __future__ import annotations

import struct

import pytest
from helpers import behavior_files, gpio_files, recordings

from napari_isx import export_aligned_timestamps, export_timestamps

TIME_REFS = ["start", "unix", "tsc"]
COUNTERS = [2**40 + 50_003 * i + i * i for i in (1, 2, 3, 5, 6, 7)]


def raw(path, counters=COUNTERS, start_ms=1_600_000_000_123, uuid="u", **missing):
    frames = recordings.pixels(len(counters), 3, 7)
    count = len(counters) + 3 * bool(missing)
    timing = recordings.timing_info(count, seconds=(start_ms, 1000), **missing)
    recordings.write_raw_movie(path, frames, counters, timing=timing)
    session = {"producer": {"version": "1.3.0"}, "processingInterface": {"recordingUUID": uuid}}
    return recordings.edit(path, extraProperties=session)


def behavior(path, start_ms=None, first=2**40 - 77, uuid="u"):
    session = behavior_files.session()
    session["processingInterface"]["recordingUUID"] = uuid
    samples = [{"fc": i, "tsc": first + 60_001 * i} for i in range(5)]
    path = behavior_files.isxb(
        path,
        behavior_files.JPEGS[:5],
        dropped=[2, 4],
        num_dropped=2,
        samples=samples,
        description=session,
    )
    if start_ms is not None:
        data = bytearray(path.read_bytes())
        data[16:24] = struct.pack("<Q", start_ms)
        path.write_bytes(data)
    return path


def gpio(path):
    words = (gpio_files.reading(0x4007, i, 2**40 - 5000 + 20_000 * i, i & 3) for i in range(6))
    session = {"processingInterface": {"recordingUUID": "u"}}
    return gpio_files.write(path, b"".join(words) + bytes(64), session=session)


@pytest.fixture
def assert_as_isx(tmp_path, opened, written_by_isx):
    def check(*paths):
        for time_ref in TIME_REFS:
            theirs = written_by_isx("export_movie_timestamps_to_csv", paths, time_ref=time_ref)
            given, ours = [opened(path) for path in paths], tmp_path / "ours.csv"
            movie = given if len(given) > 1 else given[0]
            export_timestamps(movie, ours, time_ref=time_ref, overwrite=True)
            assert ours.read_bytes() == theirs

    return check


@pytest.mark.parametrize(
    "missing",
    [
        {"dropped": [0, 4], "blank": [8]},
        {"cropped": ["0 - 1", "4"]},
        {"dropped": [3, 5, 7]},
    ],
)
def test_movies_with_missing_frames(tmp_path, assert_as_isx, missing):
    first = raw(tmp_path / "a.isxd", **missing)
    assert_as_isx(first)
    later = [counter + 20_000_007 for counter in COUNTERS]
    assert_as_isx(first, raw(tmp_path / "b.isxd", later, start_ms=1_600_000_020_123, **missing))


def test_behavior_movies(tmp_path, assert_as_isx):
    first = behavior(tmp_path / "a.isxb")
    assert_as_isx(first)
    assert_as_isx(first, behavior(tmp_path / "b.isxb", 1_700_000_010_123, 2**40 + 10**7))


@pytest.mark.real
def test_a_real_series(real_data, assert_as_isx):
    assert_as_isx(*(real_data / f"behavior_1920x1080_part{i}.isxb" for i in (0, 1)))


def test_a_start_in_whole_seconds_is_not_taken_for_milliseconds(tmp_path, opened):
    path = raw(tmp_path / "a.isxd", dropped=[3, 5, 7])
    timing = recordings.timing_info(9, dropped=[3, 5, 7], seconds=(1_600_000_000, 1))
    path = recordings.edit(path, timingInfo=timing)
    export_timestamps(opened(path), tmp_path / "t.csv", time_ref="unix")
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == "0,0,0,1600000000.000000"


def test_movies_without_timestamps_are_refused(tmp_path, opened):
    path = recordings.write_movie(tmp_path / "m.isxd", recordings.pixels(2, 3, 5))
    with pytest.raises(ValueError, match=r"m\.isxd has no hardware timestamps"):
        export_timestamps(opened(path), tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize("time_ref", TIME_REFS)
def test_aligned_timestamps(tmp_path, opened, judge, time_ref):
    files = {
        "ref": raw(tmp_path / "a.isxd", dropped=[3, 5, 7]),
        "beh": behavior(tmp_path / "b.isxb"),
        "gp": gpio(tmp_path / "g.gpio"),
    }
    for names in (["ref", "beh", "gp"], ["gp", "ref"], ["beh", "gp"]):
        theirs, ours = tmp_path / "theirs.csv", tmp_path / "ours.csv"
        theirs.unlink(missing_ok=True)
        first, *others = [str(files[name]) for name in names]
        judge.call(
            "export_aligned_timestamps", first, others, names[0], names[1:], str(theirs), time_ref
        )
        reference, *rest = [opened(files[name]) for name in names]
        export_aligned_timestamps(
            reference, rest, ours, names=names, time_ref=time_ref, overwrite=True
        )
        pairs = zip(ours.read_text().splitlines(), theirs.read_text().splitlines(), strict=True)
        for mine, isx_line in pairs:
            assert len(mine.split(",")) == len(isx_line.split(","))
            for field, other in zip(mine.split(","), isx_line.split(","), strict=True):
                # `isx` takes the counter of a frame that is missing for 0, days before the rest.
                assert field == other or (field == "NaN" and is_far(other, time_ref))


def is_far(text, time_ref):
    return float(text) % 1e8 > 9e7 if time_ref == "unix" else float(text) < 0.5


def test_other_sessions_are_refused(tmp_path, opened):
    first, other = opened(raw(tmp_path / "a.isxd")), opened(behavior(tmp_path / "b.isxb", uuid="v"))
    with pytest.raises(ValueError, match="not of the session of"):
        export_aligned_timestamps(first, [other], tmp_path / "t.csv")
    with pytest.raises(ValueError, match="1 names for 2 recordings"):
        export_aligned_timestamps(first, [other], tmp_path / "t.csv", names=["a"])
