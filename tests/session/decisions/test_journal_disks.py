"""The journal where disks are full, read-only, cut off or gone: no decision is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys

import pytest
from helpers import recordings
from helpers.journals import COUNT, OPENED, fail_in, journal_of, kinds

from napari_isx.session.decisions.journal import read_journal


def test_a_folder_that_cannot_be_written(folder, window, monkeypatch, data_folder):
    fail_in(monkeypatch, folder)
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    curation.decide([1], "rejected")
    (text,) = curation.told["notice"]
    assert "c.isxd" in text
    assert "Permission denied" in text
    (journal,) = data_folder.iterdir()
    assert str(journal) in text
    assert curation.journal_path == journal
    assert curation.told["trouble"] == []
    again = window(folder / "c.isxd")
    again.restore()
    assert again.statuses == curation.statuses


def test_what_went_elsewhere_is_added_beside_the_file_once_that_works(
    folder, window, monkeypatch, data_folder
):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    failing = fail_in(monkeypatch, folder)
    curation.decide([1], "rejected")
    failing.clear()
    curation.decide([3], "rejected")
    assert len(curation.told["notice"]) == 1
    curation.flush(60)
    assert len(kinds(journal_of(folder))) == 4
    again = window(folder / "c.isxd")
    assert [c.cell for c in again.restorable.cells] == [0, 1, 3]
    (elsewhere,) = data_folder.iterdir()
    assert len(kinds(elsewhere)) == 4
    assert len(again.journal_entries()) == 4  # each once, though two files have it


def test_no_disk_takes_decisions_for_a_while(folder, window, monkeypatch, data_folder):
    failing = fail_in(monkeypatch, folder, data_folder, error=errno.ENOSPC)
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    curation.decide([1], "rejected")
    assert curation.statuses[:2] == ["rejected", "rejected"]
    (text,) = curation.told["trouble"]
    assert "No space left on device" in text
    assert curation.told["notice"] == []
    assert not curation.is_journaled
    assert curation.journal_path is None
    failing.clear()
    curation.decide([3], "rejected")
    assert curation.is_journaled
    assert curation.journal_path == journal_of(folder)
    assert curation.told["notice"] == ["All decisions about c.isxd are on the disk again."]
    again = window(folder / "c.isxd")
    again.restore()
    assert again.statuses == curation.statuses
    failing += [folder, data_folder]
    curation.undo()
    assert len(curation.told["trouble"]) == 2  # it is news again


@pytest.mark.parametrize("step", ["write", "half a write", "fsync"])
def test_a_disk_that_fails_within_a_line(folder, window, monkeypatch, step):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    write = os.write

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "fsync":
            patch.setattr(os, "fsync", fail)
        elif step == "write":
            patch.setattr(os, "write", fail)
        else:
            patch.setattr(os, "write", lambda handle, data: write(handle, data[:20]))
        curation.decide([1], "rejected")
        assert len(curation.told["trouble"]) == 1
    curation.decide([3], "rejected")
    again = window(folder / "c.isxd")
    again.restore()
    assert again.statuses == curation.statuses
    steps = [entry.step for entry in read_journal(journal_of(folder)).entries]
    assert steps[:4] == [1, 2, 3, 4]


def test_a_folder_that_vanishes_while_open(folder, window, tmp_path):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    away = folder.rename(tmp_path / "away")
    curation.decide([1], "rejected")
    assert not folder.exists()  # nothing is made where a drive may be mounted again
    assert len(curation.told["notice"]) == 1
    with pytest.raises(FileNotFoundError, match=r"gone.*No decision is lost"):
        curation.save()
    assert curation.statuses[:2] == ["rejected", "rejected"]
    away.rename(folder)
    curation.save()
    again = window(folder / "c.isxd")
    assert again.statuses == curation.statuses
    assert again.restorable is None


def test_a_journal_that_is_deleted_or_replaced_while_open_is_written_anew(folder, window):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    journal_of(folder).unlink()
    curation.decide([1], "rejected")
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0, 1]
    journal_of(folder).unlink()
    journal_of(folder).write_bytes(b"not a journal\n")
    curation.decide([3], "rejected")
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0, 1, 3]
    assert b"not a journal\n" in [p.read_bytes() for p in folder.iterdir()]


@pytest.fixture
def mounted(tmp_path):
    """A small disk of its own, where the system lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_full(mounted, window, data_folder):
    path = recordings.write_cells(mounted / "c.isxd", COUNT)
    curation = window(path)
    curation.decide([0], "rejected")
    with contextlib.suppress(OSError), (mounted / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 100):
            pass
    for i in range(40):
        curation.decide([i % COUNT], ["accepted", "rejected"][i // COUNT % 2])
    assert len(curation.told["notice"]) == 1
    assert "No space left on device" in curation.told["notice"][0]
    with pytest.raises(OSError, match="the disk is full"):
        curation.save()
    again = window(path)
    assert again.statuses == OPENED
    again.restore()
    assert again.statuses == curation.statuses
    (mounted / "filler").unlink()
    curation.save()
    assert window(path).statuses == curation.statuses
    del again, curation


def test_a_disk_that_is_read_only(mounted, window, data_folder):
    path = recordings.write_cells(mounted / "c.isxd", COUNT)
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    curation = window(path)
    curation.decide([0], "rejected")
    assert len(curation.told["notice"]) == 1
    assert curation.journal_path.parent == data_folder
    with pytest.raises(OSError, match="may not be written"):
        curation.save()
    again = window(path)
    again.restore()
    assert again.statuses == curation.statuses


def test_a_limit_on_the_size_of_files_loses_nothing(folder, window):
    """As a full disk does, a limit ends a write in the middle."""
    pytest.importorskip("resource")
    script = """
import resource, sys
from napari_isx import open_isx
from napari_isx.session.decisions import journal_file
from napari_isx.session.decisions.curation import Curation
journal_file.PATIENCE_S = 60
with open_isx(sys.argv[1]) as cells:
    curation = Curation(cells)
    curation.said.connect(lambda kind, text: kind == "trouble" and print(text))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    for i in range(20):
        curation.decide([i % 5], ["accepted", "rejected"][i // 5 % 2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    curation.flush(60)
    print(*curation.statuses)
"""
    for limit in (0, 700, 1500, 3001):
        command = [sys.executable, "-c", script, folder / "c.isxd", str(limit)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        *told, statuses = result.stdout.splitlines()
        assert [("cannot be written" in text) for text in told] == [True]
        again = window(folder / "c.isxd")
        again.restore()
        assert again.statuses == statuses.split()
        shutil.move(journal_of(folder), folder / f"{limit}.jsonl")
