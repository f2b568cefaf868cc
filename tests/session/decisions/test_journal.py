"""The journal of decisions: what is on the disk, where, and what is made of a damaged one."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import recordings
from helpers.journals import COUNT, OPENED, journal_of, kinds

from napari_isx import IsxFileError, open_isx
from napari_isx.export.decisions_csv import COLUMNS, write_decisions_csv
from napari_isx.io.cells import journal_lines
from napari_isx.session.decisions.journal import format_entry, parse_entry, read_journal


def test_opening_and_looking_write_nothing(folder, window, data_folder):
    curation = window(folder / "c.isxd")
    assert curation.restorable is None
    curation.decide([0], "accepted")  # which it is
    curation.undo()
    curation.redo()
    curation.dismiss()
    curation.restore()
    assert curation.journal_path is None
    assert curation.is_journaled
    assert [p.name for p in folder.iterdir()] == ["c.isxd"]
    assert not data_folder.exists()


def test_each_decision_is_a_line_that_says_who_when_which_and_how(folder, window):
    curation = window(folder / "c.isxd")
    curation.decide([1], "accepted", how="click")
    curation.decide_many(dict.fromkeys(range(COUNT), "rejected"), "rule", "SNR < 3")
    curation.undo()
    curation.redo()
    curation.save()
    path = journal_of(folder)
    assert curation.journal_path == path
    assert path.read_bytes().count(b"\n") == 7
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["opened", *["decided"] * 4, "replaced", "saved"]
    replaced = lines.pop(5)  # of the file, whoever saves it
    assert replaced["statuses"] == "01201"
    assert lines[0]["statuses"] == "01201"
    assert lines[0]["names"] == recordings.UNICODE_NAMES[:COUNT]
    assert lines[0]["file"] == "c.isxd"
    assert [line.get("how") for line in lines[1:5]] == ["click", "rule", "undo", "redo"]
    assert lines[2]["note"] == "SNR < 3"
    assert lines[3]["note"] == "reject 4 cells by rule SNR < 3"
    assert lines[1]["cells"] == [[1, "Zelle ä", "undecided", "accepted"]]
    assert [cell[0] for cell in lines[2]["cells"]] == [0, 1, 3, 4]  # 2 was rejected already
    assert lines[5]["statuses"] == "22222"
    assert len({line["session"] for line in lines}) == 1
    assert {line["pid"] for line in lines} == {os.getpid()}
    assert all(line["time"].endswith("+00:00") and line["user"] and line["host"] for line in lines)


def test_a_decision_is_on_the_disk_before_it_is_told(folder, window, monkeypatch):
    curation, synced, seen = window(folder / "c.isxd"), [], []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), fsync(handle)))
    curation.changed.connect(lambda: seen.append((len(synced), len(kinds(journal_of(folder))))))
    curation.decide([1], "accepted")
    assert seen == [(2, 2)]  # the file, and the folder that has a new name in it
    curation.decide([1], "rejected")
    assert seen[1] == (3, 3)


def test_a_bulk_decision_is_one_line_and_quick(tmp_path, window):
    path = recordings.write_cells(tmp_path / "c.isxd", 5000, (1, 1), 2)
    curation = window(path)
    curation.decide([0], "rejected")
    start = time.thread_time()
    curation.decide(range(5000), "accepted", how="bulk")
    assert time.thread_time() - start < 0.5
    assert kinds(curation.journal_path) == ["opened", "decided", "decided"]
    assert set(read_journal(curation.journal_path).statuses()) == {"accepted"}


def test_a_single_decision_among_a_thousand_cells_is_quick(tmp_path, window):
    curation = window(recordings.write_cells(tmp_path / "c.isxd", 1000, (1, 1), 2))
    times = []
    for i in range(60):
        start = time.thread_time()
        curation.decide([i], ["rejected", "accepted"][i % 2])
        times.append(time.thread_time() - start)
    assert sorted(times)[30] < 0.05  # 0.3 ms where the disk is quick


@pytest.mark.parametrize("as_series", [False, True])
def test_restoring_after_a_crash(folder, window, as_series):
    path = folder / "c.isxd"
    if as_series:
        later = recordings.timing_info(11, seconds=(1_600_000_900_123, 1000))
        recordings.write_cells(
            folder / "d.isxd", COUNT, CellNames=recordings.UNICODE_NAMES[:COUNT], timingInfo=later
        )
        path = [path, folder / "d.isxd"]
    crashed = window(path)
    crashed.decide([0, 1], "rejected")
    crashed.decide([3], "undecided")
    crashed.undo()
    curation = window(path)
    found = curation.restorable
    assert [(c.cell, c.name, c.in_file, c.decided) for c in found.cells] == [
        (0, "C0", "accepted", "rejected"),
        (1, "Zelle ä", "undecided", "rejected"),
    ]
    assert found.conflicts == ()
    curation.restore()
    assert curation.statuses == crashed.statuses
    assert curation.restorable is None
    assert curation.undo_text == "restore 2 cells"
    curation.undo()
    assert curation.statuses == OPENED
    curation.redo()
    curation.save()
    assert window(path).restorable is None


def test_what_is_restored_and_lost_again_is_offered_again(folder, window):
    window(folder / "c.isxd").decide([0, 1], "rejected")
    second = window(folder / "c.isxd")
    second.restore()
    second.decide([4], "accepted")
    third = window(folder / "c.isxd")
    assert [c.cell for c in third.restorable.cells] == [0, 1, 4]
    third.restore()
    assert third.statuses == second.statuses


def test_saved_decisions_are_not_offered(folder, window):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    curation.save()
    curation.decide([1], "accepted")
    found = window(folder / "c.isxd").restorable
    assert [(c.cell, c.decided) for c in found.cells] == [(1, "accepted")]


def test_dismissed_decisions_are_not_offered_until_more_are_taken_there(folder, window):
    crashed = window(folder / "c.isxd")
    crashed.decide([0], "rejected")
    second = window(folder / "c.isxd")
    second.dismiss()
    assert second.restorable is None
    assert second.statuses == OPENED
    assert window(folder / "c.isxd").restorable is None
    assert read_journal(journal_of(folder)).statuses() == OPENED
    assert len(kinds(journal_of(folder))) == 4  # nothing is deleted
    crashed.decide([1], "rejected")
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0, 1]


def test_cells_that_the_file_was_given_another_status_for_are_told_apart(folder, window):
    window(folder / "c.isxd").decide([0, 1], "rejected")
    with open_isx(folder / "c.isxd") as other:
        other.save_statuses(["undecided", *OPENED[1:]])
    curation = window(folder / "c.isxd")
    assert [(c.cell, c.is_conflict) for c in curation.restorable.cells] == [(0, True), (1, False)]
    curation.restore(conflicting=False)
    assert curation.statuses == ["undecided", "rejected", *OPENED[2:]]
    assert [c.cell for c in curation.restorable.cells] == [0]
    curation.save()
    again = window(folder / "c.isxd")
    assert [(c.cell, c.is_conflict) for c in again.restorable.cells] == [(0, True)]
    again.dismiss()
    assert window(folder / "c.isxd").restorable is None
    window(folder / "c.isxd").decide([3], "undecided")
    final = window(folder / "c.isxd")
    final.restore()
    assert final.status(3) == "undecided"


def test_undoing_a_restore_brings_the_offer_back(folder, window):
    window(folder / "c.isxd").decide([0, 1, 4], "rejected")
    curation = window(folder / "c.isxd")
    offered = curation.restorable
    for _ in range(2):
        curation.restore()
        assert curation.restorable is None
        curation.decide([0], "rejected")  # which it is
        curation.undo()
        assert curation.restorable is None
        curation.undo()
        assert curation.statuses == OPENED
        assert curation.restorable == offered
        assert window(folder / "c.isxd").restorable.cells == offered.cells
    curation.redo()
    assert curation.restorable is None
    curation.undo()
    curation.decide([3], "undecided")
    curation.save()
    later = window(folder / "c.isxd")
    assert later.restorable.cells == offered.cells
    later.restore()
    later.save()
    later.undo()
    assert later.restorable is None, "the file has it"
    found = window(folder / "c.isxd").restorable
    assert [c.decided for c in found.cells] == [OPENED[i] for i in (0, 1, 4)]


def test_a_slip_that_is_undone_loses_nothing_of_another_window(folder, window):
    window(folder / "c.isxd").decide([0, 1], "rejected")
    curation = window(folder / "c.isxd")
    curation.decide([1], "accepted")
    assert [c.cell for c in curation.restorable.cells] == [0]
    assert window(folder / "c.isxd").restorable.cells[1].decided == "accepted"
    curation.undo()
    assert [c.cell for c in curation.restorable.cells] == [0, 1]
    assert window(folder / "c.isxd").restorable.cells[1].decided == "rejected"
    curation.decide([1], "accepted")
    curation.save()
    curation.undo()
    assert [c.cell for c in curation.restorable.cells] == [0], "the later decision counts"
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0, 1]


def test_what_was_decided_meanwhile_is_not_overwritten_by_restoring(folder, window):
    window(folder / "c.isxd").decide([0, 1], "rejected")
    curation = window(folder / "c.isxd")
    curation.decide([1], "accepted")
    curation.restore()
    assert curation.statuses[:2] == ["rejected", "accepted"]


def test_two_windows_keep_both_and_say_so_once(folder, window):
    first, second = window(folder / "c.isxd"), window(folder / "c.isxd")
    first.decide([0], "rejected")
    assert first.told["conflict"] == []
    second.decide([1], "rejected")
    second.decide([1], "accepted")
    first.decide([3], "rejected")
    first.decide([3], "undecided")
    for curation in (first, second):
        (text,) = curation.told["conflict"]
        assert "is deciding about c.isxd too" in text
    journal = read_journal(journal_of(folder))
    assert journal.statuses() == ["rejected", "accepted", "rejected", "undecided", "undecided"]
    assert all(map(parse_entry, journal_of(folder).read_bytes().splitlines()))
    assert len({entry.session for entry in journal.entries}) == 2
    first.save()
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [1]


def test_many_processes_write_whole_lines(folder, window):
    script = """
import sys
from napari_isx import open_isx
from napari_isx.session.decisions.curation import Curation
with open_isx(sys.argv[1]) as cells:
    curation = Curation(cells)
    for i in range(60):
        curation.decide([i % 5], ["accepted", "rejected", "undecided"][(i // 5) % 3])
"""
    command = [sys.executable, "-c", script, folder / "c.isxd"]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    journal = read_journal(journal_of(folder))
    assert all(map(parse_entry, journal_of(folder).read_bytes().splitlines()))
    steps = {}
    for entry in journal.entries:
        steps.setdefault(entry.session, []).append(entry.step)
    assert len(steps) == 3
    assert all(counted == list(range(1, len(counted) + 1)) for counted in steps.values())


def test_a_torn_last_line_is_passed_over_and_written_on_from(folder, window, tmp_path):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    before = journal_of(folder).read_bytes()
    curation.decide([1], "rejected")
    after = journal_of(folder).read_bytes()
    for end in range(len(before), len(after)):
        torn = [after[:end], after[:end] + b"\0" * (len(after) - end)][end % 2]
        journal_of(folder).write_bytes(torn)
        again = window(folder / "c.isxd")
        whole = end == len(after) - 1 and end % 2 == 0  # only the line's end is missing
        assert [c.cell for c in again.restorable.cells] == ([0, 1] if whole else [0]), end
        again.decide([4], "accepted")
        assert journal_of(folder).read_bytes().startswith(torn)
        found = window(folder / "c.isxd").restorable
        assert [c.cell for c in found.cells] == ([0, 1, 4] if whole else [0, 4]), end


def test_a_first_line_that_is_torn_is_no_other_file(folder, window):
    window(folder / "c.isxd").decide([0], "rejected")
    whole = journal_of(folder).read_bytes()
    for torn in (b"", whole[:1], whole[:40], whole[:200], b"\0" * 4096):
        journal_of(folder).write_bytes(torn)
        window(folder / "c.isxd").decide([1], "rejected")
        assert [p.name for p in folder.iterdir() if "other" in p.name] == []
        assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [1]


@pytest.mark.parametrize("change", ["names", "traces", "foreign", "binary"])
def test_a_journal_of_other_cells_is_moved_aside_never_overwritten(folder, window, change):
    window(folder / "c.isxd").decide([0], "rejected")
    path, journal = folder / "c.isxd", journal_of(folder)
    if change == "names":
        recordings.edit(path, CellNames=["a", "b", "c", "d", "e"])
    elif change == "traces":
        payload, footer = recordings.split(path)
        recordings.write(path, payload[:-44] + bytes(44), footer)
    else:
        journal.write_bytes(b'{"time": 1}\n' if change == "foreign" else os.urandom(5000))
    for n in range(2):
        before = journal.read_bytes()
        curation = window(path)
        assert curation.restorable is None
        curation.decide([1], "rejected")
        ignored, text = curation.told["notice"]
        assert "its decisions are not offered here" in ignored
        (aside,) = [p for p in folder.iterdir() if "other" in p.name and p.name in text]
        assert aside.read_bytes() == before
        assert len([p for p in folder.iterdir() if "other-cells" in p.name]) == n + 1
        assert window(path).restorable.cells[0].cell == 1
        journal.write_bytes(b"something else\n")


def test_the_log_as_a_table(folder, window, tmp_path):
    window(folder / "c.isxd").decide([1], "rejected", how="click")
    curation = window(folder / "c.isxd")
    curation.restore()
    curation.decide_many({0: "undecided", 2: "undecided"}, "rule", 'SNR < 3, "weak"')
    assert write_decisions_csv(tmp_path / "log.csv", curation.journal_entries()) == 4
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as handle:
        header, *rows = csv.reader(handle)
    assert header == list(COLUMNS)
    assert [row[2:] for row in rows] == [
        ["1", "Zelle ä", "undecided", "rejected", "click", ""],
        ["1", "Zelle ä", "undecided", "rejected", "restore", rows[1][7]],
        ["0", "C0", "accepted", "undecided", "rule", 'SNR < 3, "weak"'],
        ["2", "細胞 2", "rejected", "undecided", "rule", 'SNR < 3, "weak"'],
    ]
    assert all(row[0][:2] == "20" and row[1] for row in rows)


def test_names_that_cannot_be_encoded_are_noted_and_exported(folder, window, tmp_path):
    names = ["\ud800", "a\nb", "\u2028", "a\nb", "=1+1"]
    payload, footer = recordings.split(folder / "c.isxd")
    text = json.dumps(footer | {"CellNames": names}).encode()
    recordings.write(folder / "c.isxd", payload, text)
    curation = window(folder / "c.isxd")
    curation.decide(range(COUNT), "rejected")
    journal = read_journal(curation.journal_path)
    assert journal.identity.names == tuple(names)
    assert journal.statuses() == ["rejected"] * COUNT
    write_decisions_csv(tmp_path / "log.csv", curation.journal_entries())
    assert (tmp_path / "log.csv").stat().st_size > 100


def test_a_journal_read_by_itself(folder, window):
    curation = window(folder / "c.isxd")
    curation.decide_many({0: "rejected", 1: "accepted"})
    curation.undo()
    curation.decide([4], "rejected")
    journal = read_journal(str(journal_of(folder)))
    assert journal.statuses() == curation.statuses
    assert journal.identity.names == tuple(recordings.UNICODE_NAMES[:COUNT])
    assert len(journal.users) == 1
    assert journal.statuses(journal.users[0]) == curation.statuses
    assert journal.statuses("nobody") == ["undecided"] * COUNT
    assert journal.identity.file == "c.isxd"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}\n" * 1000,
        b"time,user\n1,2\n",
        b"\xff\xfe\0" * 5000,
        b'{"format":"napari-isx decisions 1"' + b"[" * 100_000,
    ],
    ids=["empty", "blank", "other", "csv", "binary", "deep"],
)
def test_what_is_no_journal_is_said_to_be_none(tmp_path, data):
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    with pytest.raises(IsxFileError, match="not a journal of decisions"):
        read_journal(path)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "x.jsonl"
    path.touch()
    os.truncate(path, 1 << 40)
    start = time.thread_time()
    with pytest.raises(IsxFileError, match="longer than"):
        read_journal(path)
    assert time.thread_time() - start < 5


def test_of_a_journal_that_is_too_long_the_end_is_restored(folder, window, monkeypatch):
    curation = window(folder / "c.isxd")
    for i in range(30):
        curation.decide([i % COUNT], ["rejected", "accepted", "undecided"][i % 3])
    monkeypatch.setattr(journal_lines, "MAX_JOURNAL_BYTES", 5000)
    again = window(folder / "c.isxd")
    again.restore()
    assert again.statuses == curation.statuses


def signed(**changes) -> bytes:
    """A line of "decided" whose checksum is right, whatever else is not."""
    values = {
        "format": "napari-isx decisions 1", "kind": "decided", "time": "2026-01-01T00:00:00+00:00",
        "user": "a", "host": "b", "pid": 1, "session": "s", "step": 2, "how": "key", "note": "",
        "cells": [[0, "C0", "accepted", "rejected"]],
    }  # fmt: skip
    body = json.dumps(values | changes, separators=(",", ":")).encode()[:-1]
    return body + b',"sum":"%08x"}' % zlib.crc32(body)


def test_a_line_reads_back_and_none_that_is_malformed_does():
    entry = parse_entry(signed())
    assert entry.changes[0] == (0, "C0", "accepted", "rejected")
    assert parse_entry(format_entry(entry).rstrip()) == entry
    assert parse_entry(signed().replace(b"C0", b"C1")) is None  # the sum does not fit
    for change in (
        {"kind": "other"}, {"kind": []}, {"time": "yesterday"}, {"time": 3}, {"user": None},
        {"pid": -1}, {"pid": 1e300}, {"step": 10**30}, {"step": "1"}, {"cells": 3},
        {"cells": [3]}, {"cells": [[0, "C0"]]}, {"cells": [[-1, "C0", "accepted", "rejected"]]},
        {"cells": [[0, "C0", "good", "bad"]]}, {"statuses": "3"}, {"statuses": 5},
        {"kind": "opened"}, {"kind": "opened", "file": "f", "names": ["a"], "content": ""},
        {"kind": "opened", "file": "f", "names": 3, "content": ""}, {"sessions": [1]},
    ):  # fmt: skip
        assert parse_entry(signed(**change)) is None, change


def test_decisions_about_cells_that_do_not_exist_are_passed_over(folder, window):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    with journal_of(folder).open("ab") as handle:
        handle.write(signed(cells=[[2_000_000_000, "X", "accepted", "rejected"]]) + b"\n")
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0]
    assert len(read_journal(journal_of(folder)).statuses()) == COUNT


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_journals_place_is_left_alone(folder, window, kind, data_folder):
    path = journal_of(folder)
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    curation = window(folder / "c.isxd")
    assert curation.restorable is None
    curation.decide([0], "rejected")
    assert curation.journal_path.parent == data_folder
    assert not path.is_file()


def test_the_journal_is_the_same_by_a_link(folder, window, tmp_path):
    link = tmp_path / "link.isxd"
    try:
        link.symlink_to(folder / "c.isxd")
    except OSError:
        pytest.skip("no links here")
    window(link).decide([0], "rejected")
    assert journal_of(folder).exists()
    assert window(folder / "c.isxd").restorable is not None


def test_without_the_variable_the_systems_own_folder_is_taken(monkeypatch):
    monkeypatch.delenv(journal_lines.DATA_FOLDER_VARIABLE)
    folder = journal_lines.user_folder()
    assert folder.name == "journals"
    assert "napari-isx" in folder.parts
    assert folder.is_absolute()


def test_a_decision_taken_while_a_worker_saves_is_not_taken_for_saved(folder, window, monkeypatch):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    cells = curation._cells
    save = cells.save_statuses

    def deciding(statuses):
        save(statuses)
        curation.decide([1], "rejected")

    monkeypatch.setattr(cells, "save_statuses", deciding)
    curation.save()
    assert curation.unsaved
    assert curation.unsaved == (1,)
    found = window(folder / "c.isxd").restorable
    assert [(c.cell, c.decided, c.is_conflict) for c in found.cells] == [(1, "rejected", False)]


def test_threads_write_whole_lines(folder, window):
    curation = window(folder / "c.isxd")

    def decide(cell):
        for i in range(40):
            curation.decide([cell], ["accepted", "rejected", "undecided"][i % 3])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decide, range(4)))
    journal = read_journal(journal_of(folder))
    assert all(map(parse_entry, journal_of(folder).read_bytes().splitlines()))
    assert journal.statuses() == curation.statuses


def test_a_file_name_too_long_for_a_journal_beside_it(tmp_path, window, data_folder):
    path = tmp_path / ("\u00e4" * 120 + ".isxd")
    try:
        recordings.write_cells(path, COUNT)
    except OSError:
        pytest.skip("no such names here")
    curation = window(path)
    curation.decide([0], "rejected")
    assert curation.is_journaled
    again = window(path)
    again.restore()
    assert again.statuses == curation.statuses
