"""Saving cell statuses: what changes in the file, and what is refused."""

from __future__ import annotations

import base64
import json
import os
import shutil
import zlib
from pathlib import Path

import pytest
from helpers import recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_isx import IsxFileError, open_isx
from napari_isx.io.cells import save_statuses as status_update
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX, format_line, parse_line
from napari_isx.io.cells.save_statuses import restore_footer
from napari_isx.io.cells.status_backups import OLD_SUFFIX, kept_statuses

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
    assert names_in(tmp_path) == ["c.isxd", f"c.isxd{JOURNAL_SUFFIX}"]


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
        lambda p: recordings.edit(p, timingInfo=recordings.timing_info(11, (1, 10))),
        lambda p: recordings.write_movie(p, recordings.pixels(2, 3, 5)),
        lambda p: os.truncate(p, 100),
        lambda p: p.write_bytes(b""),
    ],
    ids=["names", "cells", "samples", "rate", "movie", "truncated", "empty"],
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
    assert names_in(tmp_path) == ["c.isxd", f"c.isxd{JOURNAL_SUFFIX}", "links"]
    assert names_in(tmp_path / "links") == ["link.isxd"]


def test_a_span_the_disk_did_not_take_is_an_error(tmp_path, monkeypatch):
    path = recordings.write_cells(tmp_path / "c.isxd")
    monkeypatch.setattr(status_update._Span, "overwrite", lambda *_: None)
    with open_isx(path) as cells:
        with pytest.raises(IsxFileError, match="read back"):
            cells.save_statuses(NEW)
        assert cells.statuses == OLD


def set_with_isx(isx, path: Path, statuses) -> None:
    theirs = isx.CellSet.read(str(path), read_only=False)
    for i, status in enumerate(statuses):
        theirs.set_cell_status(i, status)
    theirs.flush()
    del theirs


@pytest.mark.parametrize("version", [0, 3, 5])
@pytest.mark.parametrize("indent", [4, None])
def test_the_last_save_can_be_taken_back_byte_by_byte(isx, tmp_path, version, indent):
    path = recordings.write_cells(tmp_path / "c.isxd", version=version, indent=indent)
    before = path.read_bytes()
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    after = path.read_bytes()
    with open_isx(path) as cells:  # on another day
        cells.restore_previous_statuses()
        assert cells.statuses == OLD
        assert cells.metadata["CellStatuses"] == [0, 1, 2, 0, 1]
    assert path.read_bytes() == before
    assert isx_statuses(isx, path) == OLD
    with open_isx(path) as cells:
        cells.restore_previous_statuses()
        assert cells.statuses == NEW
    assert path.read_bytes() == after


def test_what_each_save_replaces_is_kept_in_the_journal(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    saved = [[STATUSES[(n + 1) // 3**i % 3] for i in range(5)] for n in range(1, 12)]
    with open_isx(path) as cells:
        for statuses in saved:
            cells.save_statuses(statuses)
    kept = [[STATUSES[code] for code in one.codes] for one in kept_statuses(path)]
    assert kept == [OLD, *saved[:-1]]
    lines = (tmp_path / f"c.isxd{JOURNAL_SUFFIX}").read_bytes().splitlines()
    assert [parse_line(line)["kind"] for line in lines] == ["replaced"] * 11


def test_a_journal_that_may_not_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    """As on a share, where it belongs to somebody else."""
    monkeypatch.setenv("NAPARI_ISX_DATA", str(tmp_path / "user"))
    path = recordings.write_cells(tmp_path / "c.isxd")
    (tmp_path / f"c.isxd{JOURNAL_SUFFIX}").mkdir()
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    with open_isx(path) as cells:
        cells.restore_previous_statuses()
    assert our_statuses(path) == OLD
    (journal,) = (tmp_path / "user" / "journals").iterdir()
    assert len(journal.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("content", [b"not a journal\n", b"\xff\0" * 500])
def test_a_strangers_file_in_the_journals_place_is_moved_aside(tmp_path, content):
    path = recordings.write_cells(tmp_path / "c.isxd")
    (tmp_path / f"c.isxd{JOURNAL_SUFFIX}").write_bytes(content)
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
        cells.restore_previous_statuses()
    (aside,) = [p for p in tmp_path.iterdir() if "other-cells" in p.name]
    assert aside.read_bytes() == content
    assert our_statuses(path) == OLD


@pytest.mark.parametrize("torn", [b"", b"\0" * 40, b'{"format":"napari-isx deci'])
def test_a_torn_line_is_passed_over_and_written_on_from(tmp_path, torn):
    path = recordings.write_cells(tmp_path / "c.isxd")
    journal = tmp_path / f"c.isxd{JOURNAL_SUFFIX}"
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
        before = journal.read_bytes()
        journal.write_bytes(before + torn)
        cells.save_statuses(OLD)
        assert journal.read_bytes().startswith(before + torn)
        assert len(kept_statuses(path)) == 2
        cells.restore_previous_statuses()
    assert our_statuses(path) == NEW


@pytest.mark.parametrize("version", [0, 5])
def test_after_isx_changed_the_footer_the_statuses_are_put_back(isx, tmp_path, version):
    path = recordings.write_cells(tmp_path / "c.isxd", version=version)
    payload, _ = recordings.split(path)
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    set_with_isx(isx, path, ["accepted"] * 5)
    _, footer = recordings.split(path)
    assert footer["producer"]["name"] == "isxcore"  # it signs what it writes, and adds keys
    with open_isx(path) as cells:
        cells.restore_previous_statuses()
        assert cells.statuses == OLD
    assert our_statuses(path) == OLD == isx_statuses(isx, path)
    assert recordings.split(path) == (payload, footer | {"CellStatuses": [0, 1, 2, 0, 1]})


@pytest.mark.parametrize("version", [0, 3, 5])
def test_what_isx_changed_besides_since_the_file_was_opened_stays(isx, tmp_path, version):
    path = recordings.write_cells(tmp_path / "c.isxd", version=version)
    payload, _ = recordings.split(path)
    with open_isx(path) as cells:
        set_with_isx(isx, path, ["accepted"] * 5)
        _, footer = recordings.split(path)
        cells.save_statuses(NEW)
        assert cells.metadata["producer"]["name"] == "isxcore"
    assert recordings.split(path) == (payload, footer | {"CellStatuses": [2, 1, 0, 1, 2]})
    assert our_statuses(path) == NEW == isx_statuses(isx, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: recordings.edit(p, CellNames=["a", "b", "c", "d", "e"]),
        lambda p: recordings.edit(p, spacingInfo=recordings.spacing_info(7, 3)),
        lambda p: recordings.write(p, b"more" + recordings.split(p)[0], recordings.split(p)[1]),
        lambda p: recordings.write_cells(p, 6),
        lambda p: recordings.write_movie(p, recordings.pixels(2, 3, 5)),
    ],
    ids=["names", "spacing", "payload", "cells", "movie"],
)
def test_a_kept_footer_is_not_put_back_into_another_file(tmp_path, change):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    change(path)
    before = path.read_bytes()
    with pytest.raises(IsxFileError, match="other cells than when"):
        restore_footer(path)
    assert path.read_bytes() == before


def test_with_nothing_kept_there_is_nothing_to_put_back(tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    before = path.read_bytes()
    with open_isx(path) as cells, pytest.raises(IsxFileError, match="no earlier statuses"):
        cells.restore_previous_statuses()
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["c.isxd"]


def keep_as_before(path: Path, text: bytes | None = None, **changes) -> bytes:
    """Keep a whole footer in a file of its own, as earlier versions did."""
    payload, _ = recordings.split(path)
    data = path.read_bytes()
    text = data[len(payload) : -9] if text is None else text
    footer = base64.b64encode(zlib.compress(text)).decode()
    values = {
        "kept": "2026-01-02T03:04:05+00:00", "offset": len(payload), "sum": zlib.crc32(text),
        "footer": footer,
    }  # fmt: skip
    line = json.dumps(values | changes).encode() + b"\n"
    with Path(f"{path}{OLD_SUFFIX}").open("ab") as handle:
        handle.write(line)
    return line


def test_footers_that_earlier_versions_kept_are_put_back(isx, tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    keep_as_before(path)
    before = recordings.split(path)
    recordings.edit(path, CellStatuses=[2, 2, 2, 2, 2])
    with open_isx(path) as cells:
        cells.restore_previous_statuses()
        assert cells.statuses == OLD
    assert recordings.split(path) == before
    with open_isx(path) as cells:  # and that is taken back by what is kept now
        cells.restore_previous_statuses()
    assert our_statuses(path) == ["rejected"] * 5 == isx_statuses(isx, path)


@pytest.mark.parametrize(
    "kind", ["torn", "binary", "sum", "base64", "bomb", "deep", "huge", "types"]
)
def test_a_damaged_file_of_kept_footers_is_passed_over(tmp_path, kind):
    path = recordings.write_cells(tmp_path / "c.isxd")
    backup = tmp_path / f"c.isxd{OLD_SUFFIX}"
    line = keep_as_before(path)
    recordings.edit(path, CellStatuses=[2, 1, 0, 1, 2])
    backup.unlink()
    if kind == "huge":
        backup.touch()
        os.truncate(backup, 1 << 40)
    elif kind == "sum":
        keep_as_before(path, sum=1)
    elif kind == "base64":
        keep_as_before(path, footer="%%%")
    elif kind == "bomb":
        keep_as_before(path, b" " * (80 << 20))
    elif kind == "types":
        keep_as_before(path, offset="0")
        keep_as_before(path, footer=3)
    else:
        damaged = {"torn": line[:100], "binary": b"\xff\0" * 500, "deep": b"[" * 100_000}
        backup.write_bytes(damaged[kind])
    assert kept_statuses(path) == []
    with pytest.raises(IsxFileError, match="no earlier statuses"):
        restore_footer(path)
    with open_isx(path) as cells:
        cells.save_statuses(OLD)
        cells.restore_previous_statuses()
    assert our_statuses(path) == NEW


@pytest.mark.parametrize("codes", [[3, 0, 0, 0, 0], [0, 1, 2], "01201", None, [True] * 5])
def test_kept_statuses_that_no_file_has_are_not_put_back(tmp_path, codes):
    path = recordings.write_cells(tmp_path / "c.isxd")
    _, footer = recordings.split(path)
    keep_as_before(path, json.dumps(footer | {"CellStatuses": codes}).encode())
    before = path.read_bytes()
    with pytest.raises(IsxFileError, match=r"c\.isxd"):
        restore_footer(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"statuses": "0120"}, {"statuses": "01203"}, {"statuses": [0, 1, 2, 0, 1]},
        {"statuses": None}, {"time": "yesterday"}, {"time": 3}, {"cells": "others"}, {"cells": 3},
    ],
)  # fmt: skip
def test_a_line_that_is_malformed_or_of_other_cells_is_not_put_back(tmp_path, change):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    journal = tmp_path / f"c.isxd{JOURNAL_SUFFIX}"
    values = parse_line(journal.read_bytes().rstrip())
    journal.write_bytes(
        format_line(**{k: (values | change)[k] for k in values if k not in ("format", "sum")})
    )
    before = path.read_bytes()
    with pytest.raises(IsxFileError, match=r"c\.isxd"):
        restore_footer(path)
    assert path.read_bytes() == before


def test_all_parts_of_a_series_go_back(tmp_path):
    later = recordings.timing_info(11, seconds=(1_600_000_900_123, 1000))
    paths = [
        recordings.write_cells(tmp_path / "c.isxd"),
        recordings.write_cells(tmp_path / "d.isxd", timingInfo=later),
    ]
    before = [path.read_bytes() for path in paths]
    with open_isx(paths) as cells:
        cells.save_statuses(NEW)
        assert cells.statuses_in_file() == NEW
        cells.restore_previous_statuses()
        assert cells.statuses == OLD == cells.statuses_in_file()
    assert [path.read_bytes() for path in paths] == before


def test_the_statuses_that_the_file_has_now(isx, tmp_path):
    path = recordings.write_cells(tmp_path / "c.isxd")
    with open_isx(path) as cells:
        assert cells.statuses_in_file() == OLD
        set_with_isx(isx, path, NEW)
        assert cells.statuses_in_file() == NEW
        assert cells.statuses == OLD
        recordings.edit(path, CellNames=["a", "b", "c", "d", "e"])
        with pytest.raises(IsxFileError, match="not the file that was opened"):
            cells.statuses_in_file()
        path.unlink()
        with pytest.raises(FileNotFoundError):
            cells.statuses_in_file()
