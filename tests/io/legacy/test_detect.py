"""Which files of common formats are Inscopix'."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from helpers import legacy_files, recordings

from napari_isx import IsxFileError, open_isx
from napari_isx.io.legacy.detect import is_legacy

FRAMES = recordings.pixels(4, 5, 9)
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_a_recording_in_numbered_files(tmp_path):
    xml = legacy_files.write_recording(tmp_path, FRAMES)
    assert is_legacy(xml)
    xml.unlink()
    assert is_legacy(str(tmp_path / "r.tif"))
    assert is_legacy(tmp_path / "r-001.tif")
    assert not is_legacy(legacy_files.write_tif(tmp_path / "other.tif", FRAMES))
    assert not is_legacy(legacy_files.write_tif(tmp_path / "other-002.tif", FRAMES))
    (tmp_path / "r-001.tif").unlink()
    assert not is_legacy(tmp_path / "r.tif")


@pytest.mark.parametrize(
    ("frames", "kwargs", "ours"),
    [
        (FRAMES, {}, True),
        (FRAMES.astype("f4"), {}, True),
        (FRAMES[:1], {}, False),
        (FRAMES.astype("u1"), {}, False),
        (FRAMES, {"compression": "zlib"}, False),
        (np.zeros((4, 5, 9, 3), "u2"), {"photometric": "rgb"}, False),
    ],
)
def test_the_microscopes_names_need_a_movie(tmp_path, frames, kwargs, ours):
    name = "recording_20160706_132714.tif"
    assert is_legacy(legacy_files.write_tif(tmp_path / name, frames, **kwargs)) is ours
    for name in ("recording.tif", "recording_1.tif", "recording_20160706.tif"):
        assert not is_legacy(legacy_files.write_tif(tmp_path / name, frames, **kwargs))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<recording/>",
        '<svg xmlns="http://www.w3.org/2000/svg"><recording/></svg>',
        '<recording><attr name="width">3</attr><attr name="height">3</attr></recording>',
        legacy_files.xml({"r.tif": 4}, prolog=BOMB),
        legacy_files.xml({"r.tif": 4}).replace("recording", "annotation"),
    ],
)
def test_xml_of_others(tmp_path, text):
    path = tmp_path / "r.xml"
    path.write_text(text, encoding="utf-8")
    assert not is_legacy(path)
    with pytest.raises(IsxFileError, match="not an Inscopix file as far as its content says"):
        open_isx(path)


def test_a_long_xml_of_others_is_not_read_through(tmp_path):
    path = tmp_path / "r.xml"
    with path.open("wb") as file:
        file.write(b"<plist>")
        file.truncate(10**11)
    began = time.thread_time()
    assert not is_legacy(path)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("part", [0.6, 0.8, 0.99])
def test_an_xml_that_ends_early_is_ours_and_broken(tmp_path, part):
    text = legacy_files.xml({f"r-{i:03}.tif": 4 for i in range(9)})
    path = tmp_path / "r.xml"
    path.write_text(text[: int(len(text) * part)], encoding="utf-8")
    with pytest.raises(IsxFileError, match="its XML is broken"):
        open_isx(path)


def test_hdf5_files(tmp_path):
    data = legacy_files.nvista_datasets(FRAMES)
    write = legacy_files.write_hdf5
    whole = write(tmp_path / "m.hdf5", **data)
    assert is_legacy(whole)
    assert is_legacy(write(tmp_path / "m.h5", images=FRAMES, timeStamp=data["timeStamp"]))
    assert not is_legacy(write(tmp_path / "images.hdf5", images=FRAMES))
    near = write(tmp_path / "near.hdf5", images2=FRAMES, timeStamps=FRAMES, my_anc_data=[1])
    assert not is_legacy(near)
    os.truncate(whole, whole.stat().st_size - 100)  # so that opening it says that it is broken
    assert is_legacy(whole)


def test_names_alone_are_no_hdf5_file(tmp_path):
    path = tmp_path / "m.hdf5"
    path.write_bytes(b"\0images\0timeStamp\0" * 10)
    assert not is_legacy(path)


def test_gpio_streams(tmp_path):
    path = tmp_path / "box.raw"
    stream = legacy_files.some_stream()
    for data, ours in (
        (stream, True),
        (b"some header\0" + stream, True),
        (bytes(600) + stream, False),
        (legacy_files.SYNC * 9, False),
        (legacy_files.SYNC + bytes(100), False),
        (recordings.noise(3).bytes(2000), False),
        (b"", False),
    ):
        path.write_bytes(data)
        assert is_legacy(path) is ours
    with pytest.raises(IsxFileError, match=r"not an nVoke GPIO recording.*nVista's \.raw movies"):
        open_isx(path)


def test_what_is_never_legacy(tmp_path):
    path = recordings.write_movie(tmp_path / "m.isxd", FRAMES)
    assert not is_legacy(path)
    assert not is_legacy(tmp_path / "missing.xml")
    for suffix in ("tif", "xml", "hdf5", "raw"):
        (tmp_path / f"recording_20160706_132714.{suffix}").mkdir()
        assert not is_legacy(tmp_path / f"recording_20160706_132714.{suffix}")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("suffix", ["tif", "xml", "hdf5", "raw"])
def test_a_pipe_does_not_hang(tmp_path, suffix):
    path = tmp_path / f"recording_20160706_132714.{suffix}"
    os.mkfifo(path)
    assert not is_legacy(path)
    with pytest.raises(IsxFileError):
        open_isx(path)


@pytest.mark.parametrize("suffix", ["xml", "hdf5", "tif", "raw"])
def test_raw_movies_are_spoken_of_where_the_file_may_be_one(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(b"something else")
    with pytest.raises(IsxFileError, match="not an Inscopix file") as caught:
        open_isx(path)
    assert ("decompressed first" in str(caught.value)) == (suffix == "raw")
