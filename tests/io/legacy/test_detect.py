"""Which files of common formats are Inscopix', and what is said where `isx` is missing."""

from __future__ import annotations

import os
import sys
import time

import pytest
from helpers import legacy_files, recordings

from napari_isx import IsxFileError, UnsupportedIsxError, open_isx
from napari_isx.io.legacy import isx_process
from napari_isx.io.legacy.readers import is_legacy

FRAMES = recordings.pixels(4, 5, 9)
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_a_recording_and_its_parts(tmp_path):
    xml = legacy_files.write_recording(tmp_path, FRAMES)
    assert is_legacy(xml)
    assert is_legacy(str(tmp_path / "r.tif"))
    assert is_legacy(tmp_path / "r-001.tif")
    assert not is_legacy(legacy_files.write_tif(tmp_path / "other.tif", FRAMES))
    xml.unlink()
    assert not is_legacy(tmp_path / "r.tif")


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


def test_hdf5_files(tmp_path):
    data = legacy_files.nvista_datasets(FRAMES)
    write = legacy_files.write_hdf5
    assert is_legacy(write(tmp_path / "m.hdf5", **data))
    assert is_legacy(write(tmp_path / "m.h5", images=FRAMES, timeStamp=data["timeStamp"]))
    gpio = {name: data[name] for name in ("anc_data", "anc_data_count")}
    assert is_legacy(write(tmp_path / "gpio.hdf5", **gpio))
    assert not is_legacy(write(tmp_path / "images.hdf5", images=FRAMES))
    near = write(tmp_path / "near.hdf5", images2=FRAMES, timeStamps=FRAMES, my_anc_data=[1])
    assert not is_legacy(near)
    alone = write(tmp_path / "part.hdf5", images=FRAMES)
    assert not is_legacy(alone)
    legacy_files.write_xml(tmp_path / "part.xml", {"part.hdf5": 4})
    assert is_legacy(alone)


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
        (tmp_path / f"folder.{suffix}").mkdir()
        assert not is_legacy(tmp_path / f"folder.{suffix}")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("suffix", ["tif", "xml", "hdf5", "raw"])
def test_a_pipe_does_not_hang(tmp_path, suffix):
    path = tmp_path / f"pipe.{suffix}"
    os.mkfifo(path)
    assert not is_legacy(path)


@pytest.fixture
def no_isx(monkeypatch):
    monkeypatch.setattr(isx_process, "find_spec", lambda name: None)


def _system(monkeypatch, platform, machine, version):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(isx_process, "machine", lambda: machine)
    monkeypatch.setattr(sys, "version_info", version)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("r.xml", "an nVista recording"),
        ("r.tif", "a TIFF movie"),
        ("box.raw", "an nVoke GPIO recording"),
    ],
)
def test_without_isx(tmp_path, no_isx, monkeypatch, name, what):
    legacy_files.write_recording(tmp_path, FRAMES)
    (tmp_path / "box.raw").write_bytes(legacy_files.some_stream())
    _system(monkeypatch, "win32", "AMD64", (3, 13, 1))
    with pytest.raises(UnsupportedIsxError) as caught:
        isx_process.require_isx(tmp_path / name, what)
    assert "pip install isx" in caught.value.advice
    monkeypatch.undo()
    monkeypatch.setattr(isx_process, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedIsxError, match=f"it is {what}, which is read through the isx"):
        open_isx(tmp_path / name)


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (("darwin", "arm64", (3, 12, 0)), "none for Python 3.12 on darwin arm64"),
        (("linux", "aarch64", (3, 12, 0)), "none for Python 3.12 on linux aarch64"),
        (("linux", "x86_64", (3, 14, 0)), "none for Python 3.14 on linux x86_64"),
    ],
)
def test_where_there_is_no_isx(tmp_path, no_isx, monkeypatch, system, said):
    _system(monkeypatch, *system)
    with pytest.raises(UnsupportedIsxError) as caught:
        isx_process.require_isx(tmp_path / "r.xml", "an nVista recording")
    assert said in caught.value.finding
    assert "pip install" not in str(caught.value)
    assert "export it as .isxd" in caught.value.advice


@pytest.mark.parametrize("suffix", ["xml", "hdf5", "tif", "raw"])
def test_raw_movies_are_spoken_of_where_the_file_may_be_one(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(b"something else")
    with pytest.raises(IsxFileError, match="copy it again") as caught:
        open_isx(path)
    assert ("decompressed first" in str(caught.value)) == (suffix == "raw")
