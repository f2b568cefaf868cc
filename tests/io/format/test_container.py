"""The container, the errors, and opening by what a file holds."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from helpers import recordings

import napari_isx
from napari_isx import IsxFileError, UnsupportedIsxError, open_isx
from napari_isx.io.format.container import MAX_FOOTER_BYTES, read_footer
from napari_isx.io.format.json_fields import Fields
from napari_isx.io.format.source import FileSource

CLASSES = {
    "movie": "Movie",
    "raw": "Movie",
    "rgb": "Movie",
    "image": "Image",
    "cells": "CellSet",
    "no cells": "CellSet",
    "events": "EventSet",
    "old events": "EventSet",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_the_content_says_what_a_file_is(tmp_path, kind):
    path = recordings.every_kind(tmp_path)[kind]
    with open_isx(path) as recording, open_isx([path]) as from_list:
        interface = getattr(napari_isx, CLASSES[kind])
        assert isinstance(recording, interface)
        assert isinstance(from_list, interface)
        assert repr(recording).startswith(f"<{CLASSES[kind]} ")
        assert path.name in repr(recording)


@pytest.mark.parametrize("indent", [None, 0, 4])
def test_a_footer_is_found_whatever_its_layout(tmp_path, indent):
    footer = recordings.movie_footer(recordings.pixels(0, 3, 5)) | {"text": "ä細\\u0000"}
    path = recordings.write(tmp_path / "m.isxd", b"\0{}payload", footer, indent=indent)
    source = FileSource(path)
    found = read_footer(source)
    source.close()
    assert found.payload_bytes == 10
    assert found.values == footer
    assert found.text == path.read_bytes()[10:-9]


def test_a_large_footer_is_read(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", 20_000, (1, 1), 1, indent=4)
    with open_isx(path) as cells:
        assert cells.num_cells == 20_000
    assert path.stat().st_size < MAX_FOOTER_BYTES


def test_metadata_given_away_may_be_changed(tmp_path):
    with open_isx(recordings.write_cells(tmp_path / "c.isxd")) as cells:
        cells.metadata.clear()
        assert cells.metadata["type"] == 1


def test_an_error_pickles_and_tells_file_finding_and_advice():
    for kind in (IsxFileError, UnsupportedIsxError):
        error = kind(Path("folder") / "rest.isxd", "found this", "Do that.")
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind
        assert isinstance(again, ValueError)
        assert str(again) == str(error)
        assert str(error).startswith("rest.isxd: found this. Do that.")
        assert again.path == str(Path("folder") / "rest.isxd")
        assert (again.finding, again.advice) == ("found this", "Do that.")


def test_a_message_stays_short_whatever_the_file_holds():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "x" * 10**6, 10**10_000, {"a": deep}):
        with pytest.raises(IsxFileError) as caught:
            Fields(Path("m.isxd"), {"key": value}, "parent.").boolean("key")
        assert "'parent.key' must be true or false" in str(caught.value)
        assert len(str(caught.value)) < 500
    while deep:  # the interpreter takes nested lists apart recursively
        deep = deep.pop()


def test_a_missing_key_is_said_to_be_missing():
    with pytest.raises(IsxFileError, match=r"'a\.b' is missing"):
        Fields(Path("m.isxd"), {}, "a.").integer("b")
