"""Damaged and hostile files: an error that names the file, at once, and without the memory."""

from __future__ import annotations

import copy
import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import recordings
from helpers.everything import assert_broken_or_usable, use_everything

from napari_isx import IsxFileError, UnsupportedIsxError, open_isx

KINDS = ["movie", "raw", "rgb", "image", "cells", "no cells", "events", "old events"]
GIGABYTE = 1 << 30


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, Path]:
    return recordings.every_kind(tmp_path_factory.mktemp("originals"))


def assert_broken(path: Path, match: str = "") -> None:
    """Opening fails with our error, that names the file, within a second and a few megabytes."""
    tracemalloc.start()
    start = time.thread_time()
    try:
        with pytest.raises(IsxFileError, match=match or path.name) as caught:
            open_isx(path)
        assert time.thread_time() - start < 1
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_a_sound_file_can_be_used(originals, tmp_path, kind):
    path = tmp_path / "sound.isxd"
    path.write_bytes(originals[kind].read_bytes())
    with open_isx(path) as recording:
        use_everything(recording)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_broken(originals, tmp_path, kind):
    data = originals[kind].read_bytes()
    path = tmp_path / "cut.isxd"
    path.write_bytes(data)
    step = 1 if len(data) < 10_000 else 97
    for length in [*range(0, len(data), step), len(data) - 1][::-1]:
        os.truncate(path, length)
        with pytest.raises(IsxFileError, match=r"cut\.isxd"):
            open_isx(path)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_missing_from_the_front_are_noticed_or_harmless(originals, tmp_path, kind):
    data = originals[kind].read_bytes()
    path = tmp_path / "late.isxd"
    for start in (1, 2, 7, 20, len(data) // 3):
        path.write_bytes(data[start:])
        assert_broken_or_usable(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"{", b"9", b" "])
def test_an_overwritten_end_is_broken(originals, tmp_path, kind, filler):
    data = originals[kind].read_bytes()
    for count in (8, 9, 100, 600):
        path = tmp_path / "overwritten.isxd"
        path.write_bytes(data[:-count] + filler * count)
        assert_broken(path)


@pytest.mark.parametrize(
    "length", [0, 1, 2, 2**31, 2**63 - 1, 2**63, 2**64 - 1, "+1", "-1", "past the start", "all"]
)
@pytest.mark.parametrize("kind", ["movie", "cells", "events"])
def test_a_length_that_lies_is_broken(originals, tmp_path, kind, length):
    data = originals[kind].read_bytes()
    true = int.from_bytes(data[-8:], "little")
    lie = {"+1": true + 1, "-1": true - 1, "past the start": len(data), "all": len(data) - 9}
    path = tmp_path / "lie.isxd"
    path.write_bytes(data[:-8] + lie.get(length, length).to_bytes(8, "little"))
    assert_broken(path)


@pytest.mark.parametrize(
    "footer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"type": 0',
        b"{'type': 0}",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"type": "\xc3"}',
        b'{"type": 0}}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"type": 0, "a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"type": ' + b"9" * 10_000 + b"}",
        b'{"type": NaN}',
        b'{"type": Infinity}',
        b'{"type": 1e999}',
        b'{"type": 0.0}',
        b'{"type": true}',
        b'{"type": "0"}',
        b'{"type": -1}',
        b'{"type": 10}',
        b'{"type": [' + b"[" * 900 + b"]" * 900 + b"]}",
    ],
    ids=range(23),
)
def test_a_footer_that_is_none_is_broken(tmp_path, footer):
    path = tmp_path / "footer.isxd"
    path.write_bytes(recordings.container(b"payload", footer))
    assert_broken(path)


def test_text_after_a_zero_in_the_footer_does_not_count(originals, tmp_path, isx):
    payload, footer = recordings.split(originals["movie"])
    text = json.dumps(footer).encode() + b"\0 stale bytes {"
    path = recordings.write(tmp_path / "m.isxd", payload, text)
    with open_isx(path) as movie:
        theirs = isx.Movie.read(str(path))
        np.testing.assert_array_equal(movie[0], theirs.get_frame_data(0))
        del theirs


@pytest.mark.parametrize("kind", [2, 6, 9])
def test_kinds_that_are_known_but_not_read_say_so(originals, tmp_path, kind):
    payload, footer = recordings.split(originals["movie"])
    path = recordings.write(tmp_path / "m.isxd", payload, footer | {"type": kind})
    with pytest.raises(UnsupportedIsxError, match=r"m\.isxd"):
        open_isx(path)


def all_keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        yield (*path, key)
        if isinstance(child, (dict, list)):
            yield from all_keys(child, (*path, key))


def changed(footer: dict[str, Any], keys: tuple[Any, ...], *value: Any) -> dict[str, Any]:
    """The footer with a value put in place of another, or taken out."""
    footer = copy.deepcopy(footer)
    parent: Any = footer
    for key in keys[:-1]:
        parent = parent[key]
    if value:
        parent[keys[-1]] = value[0]
    else:
        del parent[keys[-1]]
    return footer


@pytest.mark.parametrize("kind", KINDS)
def test_any_key_may_be_missing(originals, tmp_path, kind):
    payload, footer = recordings.split(originals[kind])
    for keys in all_keys(footer):
        path = recordings.write(tmp_path / "m.isxd", payload, changed(footer, keys))
        assert_broken_or_usable(path)
    path = recordings.write(tmp_path / "m.isxd", payload, changed(footer, ("type",)))
    assert_broken(path, "type")


ODD = [
    None, True, -1, 0, 2.5, "7", "", [], {}, [[]], [None], 2**31, 2**40, 10**18, 2**63, 2**64,
    -(2**63), 1e300, float("nan"), float("inf"), 10**4000, "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_any_value_may_be_odd(originals, tmp_path, kind):
    payload, footer = recordings.split(originals[kind])
    keys_of_all = list(all_keys(footer))
    for number, keys in enumerate(keys_of_all):
        for odd in ODD[number % 3 :: 3] if len(keys_of_all) > 40 else ODD:
            path = recordings.write(tmp_path / "m.isxd", payload, changed(footer, keys, odd))
            assert_broken_or_usable(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("timingInfo", "numTimes"), 10**18),
        (("timingInfo", "numTimes"), 2**63 - 1),
        (("timingInfo", "numTimes"), 7),
        (("timingInfo", "numTimes"), -6),
        (("timingInfo", "numTimes"), 6.5),
        (("timingInfo", "numTimes"), True),
        (("timingInfo", "numTimes"), "6"),
        (("timingInfo", "numTimes"), None),
        (("timingInfo", "period", "den"), 0),
        (("timingInfo", "period", "num"), 0),
        (("timingInfo", "period", "num"), -1),
        (("timingInfo", "dropped"), [-1]),
        (("timingInfo", "dropped"), ["1"]),
        (("timingInfo", "cropped"), [3]),
        (("timingInfo", "blank"), "all"),
        (("spacingInfo", "numPixels", "x"), 2**40),
        (("spacingInfo", "numPixels", "x"), 0),
        (("spacingInfo", "numPixels", "y"), 2.5),
        (("spacingInfo", "pixelSize", "x", "den"), 0),
        (("spacingInfo", "topLeft", "y", "den"), 0),
        (("dataType",), 4),
        (("dataType",), -1),
        (("dataType",), "float"),
        (("fileVersion",), -1),
        (("hasFrameHeaderFooter",), None),
        (("hasFrameHeaderFooter",), 1),
        (("hasFrameHeaderFooter",), True),
    ],
)
def test_a_movie_that_claims_the_impossible_is_broken(originals, tmp_path, keys, value):
    payload, footer = recordings.split(originals["movie"])
    path = recordings.write(tmp_path / "m.isxd", payload, changed(footer, keys, value))
    assert_broken(path)


@pytest.mark.parametrize("count", [10**18, 2**31, 2**28])
def test_missing_frames_without_number_are_broken(originals, tmp_path, count):
    _, footer = recordings.split(originals["movie"])
    timing = recordings.timing_info(count, cropped=["0 - 1000000000000000000"[:20]])
    path = recordings.write(tmp_path / "m.isxd", b"", footer | {"timingInfo": timing})
    assert_broken(path, "numTimes")


def test_an_image_of_missing_samples_is_read(originals, tmp_path):
    _, footer = recordings.split(originals["image"])
    timing = recordings.timing_info(1, cropped=["0 - 999999999999999999"])
    path = recordings.write(tmp_path / "m.isxd", b"", footer | {"timingInfo": timing})
    with open_isx(path) as image:
        assert not image.data.any()


def test_cells_without_bytes_are_broken(originals, tmp_path):
    _, footer = recordings.split(originals["cells"])
    for key, value in (("CellNames", [""] * 10**5), ("CellNames", []), ("CellNames", ["a"])):
        path = recordings.write(tmp_path / "c.isxd", b"", footer | {key: value}, indent=None)
        assert_broken(path)


def write_with_hole(path: Path, size: int, end: bytes) -> Path:
    try:
        with path.open("wb") as handle:
            handle.seek(size)
            handle.write(end)
    except OSError as error:
        pytest.skip(f"no sparse files here: {error}")
    if path.stat().st_blocks * 512 > GIGABYTE:
        path.unlink()
        pytest.skip("no sparse files here")
    return path


def test_a_footer_of_60_gb_is_not_read(tmp_path):
    end = b"{}\0" + (60 * GIGABYTE).to_bytes(8, "little")
    assert_broken(write_with_hole(tmp_path / "m.isxd", 70 * GIGABYTE, end))


def test_a_footer_of_60_gb_that_starts_well_is_not_read(tmp_path):
    length = 60 * GIGABYTE
    end = b"}\0" + length.to_bytes(8, "little")
    path = write_with_hole(tmp_path / "m.isxd", 70 * GIGABYTE, end)
    with path.open("r+b") as handle:
        handle.seek(path.stat().st_size - 9 - length)
        handle.write(b"{")
    assert_broken(path, "last 8 bytes")


def test_a_footer_of_zeros_is_not_read_far(tmp_path):
    end = (50 << 20).to_bytes(8, "little")
    assert_broken(write_with_hole(tmp_path / "m.isxd", 70 * GIGABYTE, end), "no description")


@pytest.mark.parametrize("kind", ["cells", "no cells", "events"])
def test_70_gb_of_nothing_before_a_sound_footer_are_broken(originals, tmp_path, kind):
    _, footer = recordings.split(originals[kind])
    end = recordings.container(b"", footer)
    assert_broken(write_with_hole(tmp_path / "m.isxd", 70 * GIGABYTE, end))


def test_a_broken_file_is_closed_again(originals, tmp_path):
    payload, footer = recordings.split(originals["cells"])
    path = recordings.write(tmp_path / "c.isxd", payload[:-40], footer)
    for _ in range(20):
        with pytest.raises(IsxFileError):
            open_isx(path)


@pytest.mark.parametrize("suffix", ["isxd", "ISXD", "dat", "txt", ""])
def test_the_content_decides_and_not_the_suffix(originals, tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(originals["movie"].read_bytes())
    with open_isx(path) as movie:
        assert movie.shape == (6, 3, 5)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"GIF89a" * 100, bytes(range(256)) * 9])
def test_what_is_no_recording_is_an_error(tmp_path, content):
    path = tmp_path / "other.isxd"
    path.write_bytes(content)
    assert_broken(path)


@pytest.mark.parametrize("value", [[], "a", {}, 7], ids=["lists", "texts", "objects", "numbers"])
def test_a_footer_of_millions_of_values_is_refused_before_they_are_decoded(
    originals, tmp_path, value
):
    payload, footer = recordings.split(originals["movie"])
    many = [value] * 1_000_000
    for changes in ({"extraProperties": {"x": many}}, {"timingInfo": {"dropped": many}}):
        path = recordings.write(tmp_path / "m.isxd", payload, footer | changes, indent=None)
        assert_broken(path, "values; 1,000,000 are the most")


def test_a_list_of_more_cropped_ranges_than_trimming_leaves_is_refused(originals, tmp_path):
    payload, footer = recordings.split(originals["movie"])
    timing = recordings.timing_info(10**6, cropped=[str(2 * i) for i in range(250_001)])
    path = recordings.write(tmp_path / "m.isxd", payload, footer | {"timingInfo": timing})
    assert_broken(path, "at most 250,000 ranges")


def test_a_set_of_5000_cells_with_all_metrics_opens(tmp_path):
    count = 5_000
    names = [f"Cell, number [{i}]" for i in range(count)]
    metrics = [recordings.CELL_METRICS] * count
    path = recordings.write_cells(
        tmp_path / "c.isxd", count, (2, 3), 4, CellNames=names, cellMetrics=metrics
    )
    with open_isx(path) as cells:
        assert cells.num_cells == count
        assert len(cells.metrics) == count
    events = recordings.write_events(
        tmp_path / "e.isxd",
        names,
        recordings.some_packets(count, count),
        metrics=[[1.5] * 9] * count,
    )
    with open_isx(events) as opened:
        assert len(opened.metrics) == opened.num_cells == count
