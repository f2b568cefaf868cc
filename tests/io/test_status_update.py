"""Saving cell statuses: what changes in the file, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import IsxFileError, open_isx
from napari_isx.io import status_update
from napari_isx.io.cells import STATUSES

OLD = ["accepted", "undecided", "rejected", "accepted", "undecided"]
NEW = ["rejected", "undecided", "accepted", "undecided", "rejected"]
DECOYS = {
    "CellStatuses": [0, 0, 0, 0, 0],
    "idps": {"CellStatuses": [2, 2, 2, 2, 2], "note": '"CellStatuses": [1, 1, 1, 1, 1]'},
    "a": {"CellStatuses": [1, 1, 10, 1]},
    "z": [{"CellStatuses": [1, 0, 1]}, {"CellStatuses": ["x"]}],
}
# "$" sorts before "CellStatuses" and "zz" after it, so that decoys stand on both sides.
DECOY_FOOTER = {"extraProperties": DECOYS, "$first": DECOYS, "zz": DECOYS}


def isx_statuses(isx, path: Path) -> list[str]:
    cells = isx.CellSet.read(str(path))
    statuses = [cells.get_cell_status(i) for i in range(cells.num_cells)]
    del cells
    return statuses


def our_statuses(path: Path) -> list[str]:
    with open_isx(path) as cells:
        return cells.statuses


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("indent", [4, None, 1])
@pytest.mark.parametrize("version", [0, 3, 5])
@pytest.mark.parametrize("changes", [{}, DECOY_FOOTER], ids=["plain", "decoys"])
def test_only_the_digits_of_statuses_change(isx, tmp_path, indent, version, changes):
    changes = {
        key: value for key, value in changes.items() if version == 5 or key != "extraProperties"
    }
    names = ["a", '"CellStatuses": [0, 0, 0, 0, 0]', '\\"CellStatuses":[1]', "ä", "]"]
    path = recordings.write_cells(
        tmp_path / "c.isxd", indent=indent, version=version, CellNames=names, **changes
    )
    before, footer = path.read_bytes(), recordings.split(path)[1]
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
        assert cells.statuses == NEW
        assert cells.metadata["CellStatuses"] == [2, 1, 0, 1, 2]
    after = path.read_bytes()
    assert recordings.split(path) == (
        before[: len(after) - 9 - int.from_bytes(after[-8:], "little")],
        footer | {"CellStatuses": [2, 1, 0, 1, 2]},
    )
    differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(differing) == 4  # one of the five statuses stays
    assert all(chr(a) in "012" and chr(b) in "012" for a, b in differing)
    assert our_statuses(path) == NEW == isx_statuses(isx, path)
    assert names_in(tmp_path) == ["c.isxd"]


@given(st.data())
@settings(max_examples=60)
def test_any_statuses_read_back(isx, tmp_path, data):
    count = data.draw(st.integers(0, 90))
    indent = data.draw(st.sampled_from([None, 4]))
    path = recordings.write_cells(tmp_path / "c.isxd", count, (1, 2), 1, indent=indent)
    payload, _ = recordings.split(path)
    lists = st.lists(st.sampled_from(STATUSES), min_size=count, max_size=count)
    with open_isx(path) as cells:
        for statuses in data.draw(st.lists(lists, min_size=1, max_size=3)):
            cells.save_statuses(statuses)
            assert our_statuses(path) == statuses == isx_statuses(isx, path)
    assert recordings.split(path)[0] == payload


def test_the_last_of_two_equal_keys_is_the_one_that_counts(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", indent=None)
    payload, footer = recordings.split(path)
    text = json.dumps(footer).encode()
    text = b'{"CellStatuses": [1, 1, 1, 1, 1], ' + text[1:]
    recordings.write(path, payload, text)
    with open_isx(path) as cells:
        assert cells.statuses == OLD
        cells.save_statuses(NEW)
    assert our_statuses(path) == NEW


def test_saving_what_is_there_writes_nothing(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    os.utime(path, ns=(10**18, 10**18))
    with open_isx(path) as cells:
        cells.save_statuses(OLD)
    assert path.stat().st_mtime_ns == 10**18


def test_the_file_may_be_open_elsewhere(isx, tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    theirs = isx.CellSet.read(str(path))
    with open_isx(path) as ours, open_isx(path) as other:
        traces = other.traces.copy()
        ours.save_statuses(NEW)
        assert other.statuses == OLD
        assert (theirs.get_cell_trace_data(1) == traces[1]).all()
        other.save_statuses(["rejected"] * 5)
        ours.save_statuses(NEW)
        assert other.traces.tobytes() == traces.tobytes()
    del theirs
    assert isx_statuses(isx, path) == NEW


def test_statuses_that_isx_saved_in_between_are_overruled(isx, tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    theirs = isx.CellSet.read(str(path), read_only=False)
    theirs.set_cell_status(0, "accepted")
    theirs.flush()
    del theirs
    with open_isx(path) as cells:
        assert cells.statuses == ["accepted", *NEW[1:]]
        cells.save_statuses(NEW)
    assert our_statuses(path) == NEW == isx_statuses(isx, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: recordings.edit(p, CellNames=["a", "b", "c", "d", "e"]),
        lambda p: recordings.write_cells(p, 6),
        lambda p: recordings.write_cells(p, samples=12),
        lambda p: recordings.edit(p, anything=1),
        lambda p: recordings.write_movie(p, recordings.pixels(2, 3, 5)),
        lambda p: os.truncate(p, 100),
        lambda p: p.write_bytes(b""),
    ],
    ids=["names", "cells", "samples", "key", "movie", "truncated", "empty"],
)
def test_a_file_that_is_another_by_now_is_left_alone(tmp_path, change):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        replaced = shutil.copy(path, tmp_path / "other.isxd")
        change(replaced)
        os.replace(replaced, path)
        before = path.read_bytes()
        with pytest.raises(IsxFileError, match=r"c\.isxd"):
            cells.save_statuses(NEW)
        assert cells.statuses == OLD
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["c.isxd"]


def test_a_file_that_is_gone_is_an_os_error(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        path.unlink()
        with pytest.raises(FileNotFoundError):
            cells.save_statuses(NEW)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "statuses",
    [
        [],
        NEW[:4],
        [*NEW, "accepted"],
        ["Accepted", *NEW[1:]],
        [0, 1, 2, 0, 1],
        [None] * 5,
        "01201",
        [["accepted"]] * 5,
    ],
)
def test_what_are_no_statuses_is_a_value_error_and_writes_nothing(tmp_path, statuses):
    path = recordings.write_cells(tmp_path / "c.isxd")
    before = path.read_bytes()
    with open_isx(path) as cells:
        with pytest.raises(ValueError, match="status"):
            cells.save_statuses(statuses)
        assert cells.statuses == OLD
    assert path.read_bytes() == before


def test_a_read_only_file_is_an_os_error_and_stays_as_it_was(tmp_path, monkeypatch):
    path = recordings.write_cells(tmp_path / "c.isxd")
    before = path.read_bytes()
    path.chmod(0o444)
    if os.access(path, os.W_OK):  # root may write all the same
        open_path = Path.open

        def refusing(self, mode="r", *args, **kwargs):
            if self == path and mode != "rb":
                raise PermissionError(13, "Permission denied", str(self))
            return open_path(self, mode, *args, **kwargs)

        monkeypatch.setattr(Path, "open", refusing)
    with open_isx(path) as cells:
        with pytest.raises(PermissionError):
            cells.save_statuses(NEW)
        assert cells.statuses == OLD
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["c.isxd"]


def test_statuses_that_are_not_single_digits_are_refused(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd", indent=None)
    payload, footer = recordings.split(path)
    text = json.dumps(footer).replace('"CellStatuses"', '"Cell\\u0053tatuses"').encode()
    recordings.write(path, payload, text)
    before = path.read_bytes()
    with open_isx(path) as cells, pytest.raises(IsxFileError, match="single digits"):
        cells.save_statuses(NEW)
    assert path.read_bytes() == before


def test_a_link_is_followed(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "link.isxd"
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no links here")
    with open_isx(link) as cells:
        cells.save_statuses(NEW)
    assert link.is_symlink()
    assert our_statuses(path) == NEW
    assert names_in(tmp_path) == ["c.isxd", "links"]
    assert names_in(tmp_path / "links") == ["link.isxd"]


def test_a_span_the_disk_did_not_take_is_an_error(tmp_path, monkeypatch):
    path = recordings.write_cells(tmp_path / "c.isxd")
    monkeypatch.setattr(status_update._Span, "overwrite", lambda *_: None)
    with open_isx(path) as cells:
        with pytest.raises(IsxFileError, match="read back"):
            cells.save_statuses(NEW)
        assert cells.statuses == OLD
