"""The journal on disks that are slow, hang, or fail for a while: nobody waits, nothing is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from helpers.journals import COUNT, OPENED, fail_in, journal_of, kinds

from napari_isx.session.decisions import journal_file
from napari_isx.session.decisions.journal import read_journal

CALLS = ((os, "open"), (os, "write"), (os, "read"), (os, "fsync"), (os, "lseek"), (Path, "stat"))
PATIENCE_S = journal_file.PATIENCE_S
TURNS = {"accepted": "rejected", "rejected": "undecided", "undecided": "accepted"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(journal_file, "PATIENCE_S", PATIENCE_S)


@pytest.fixture
def slow(monkeypatch):
    """A file layer of which every call takes 5 ms; the threads in which it was called."""
    threads = []

    def slowly(call):
        def wait_and_call(*args, **kwargs):
            threads.append(threading.current_thread())
            time.sleep(5e-3)
            return call(*args, **kwargs)

        return wait_and_call

    for owner, name in CALLS:
        monkeypatch.setattr(owner, name, slowly(getattr(owner, name)))
    return threads


@pytest.fixture
def hanging(monkeypatch):
    """A disk that answers no sync before it is told to."""
    answer, fsync = threading.Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (answer.wait(60), fsync(handle)))
    yield answer
    answer.set()


def decide_in_turn(curation, num, start=0):
    """Decisions that all change something."""
    for cell in (i % COUNT for i in range(start, start + num)):
        curation.decide([cell], TURNS[curation.status(cell)])


def test_on_a_slow_disk_decisions_are_written_in_order_by_another_thread(folder, window, slow):
    curation = window(folder / "c.isxd")
    slow.clear()
    decide_in_turn(curation, 60)
    assert threading.main_thread() not in slow
    assert curation.flush(60)
    assert curation.num_waiting == 0
    assert threading.main_thread() not in slow
    assert len(set(slow)) >= 1
    journal = read_journal(journal_of(folder))
    steps = [entry.step for entry in journal.entries]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) == 61
    assert journal.statuses() == curation.statuses


def test_the_journal_stays_open(folder, window, slow, monkeypatch):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    assert curation.flush(60)
    opened = []
    monkeypatch.setattr(os, "open", lambda *args: opened.append(args))
    slow.clear()
    curation.decide([1], "rejected")
    assert curation.flush(60)
    assert opened == []
    assert {thread.name for thread in slow} == {"journal"}, "nothing waits in the window's thread"


def test_a_disk_that_hangs_is_not_waited_for(folder, window, hanging):
    curation, heard = window(folder / "c.isxd"), threading.Event()
    curation.journaled.connect(heard.set)
    decide_in_turn(curation, 7)
    assert curation.statuses[:2] == ["undecided", "rejected"]
    assert curation.num_waiting == 7
    assert not curation.is_journaled
    assert curation.journal_path is None
    assert not curation.flush(0.05)
    hanging.set()
    assert curation.flush(60)
    assert curation.num_waiting == 0
    assert heard.wait(60)
    again = window(folder / "c.isxd")
    again.restore()
    assert again.statuses == curation.statuses


def test_a_disk_that_fails_for_a_while_gets_all_in_order_by_itself(
    folder, window, monkeypatch, data_folder
):
    curation = window(folder / "c.isxd")
    curation.decide([0], "rejected")
    assert curation.flush(60)
    failing = fail_in(monkeypatch, folder, data_folder, error=errno.EIO)
    decide_in_turn(curation, 6, start=1)
    assert curation.num_waiting == 6
    end = time.monotonic() + 30
    while not curation.told["trouble"] and time.monotonic() < end:
        curation.hear()
        time.sleep(0.01)
    (text,) = curation.told["trouble"]
    assert "it goes on trying" in text
    failing.clear()
    while not curation.is_journaled and time.monotonic() < end:
        time.sleep(0.01)  # nothing is decided, nor asked for
    curation.hear()
    assert curation.told["notice"] == ["All decisions about c.isxd are on the disk again."]
    assert curation.journal_path == journal_of(folder)
    journal = read_journal(journal_of(folder))
    assert [entry.step for entry in journal.entries] == list(range(1, 9))  # "opened", and 7
    assert journal.statuses() == curation.statuses


def test_while_the_share_is_gone_the_users_folder_has_them(
    folder, window, monkeypatch, data_folder
):
    fail_in(monkeypatch, folder, error=errno.EIO)
    curation = window(folder / "c.isxd")
    decide_in_turn(curation, 3)
    assert curation.flush(60)
    (elsewhere,) = data_folder.iterdir()
    assert kinds(elsewhere) == ["opened", "decided", "decided", "decided"]


def test_what_is_on_its_way_is_read_by_another_window_of_the_process(folder, window, hanging):
    """As when layers are removed, and the file is opened again."""
    curation = window(folder / "c.isxd")
    decide_in_turn(curation, 2)
    assert curation.num_waiting == 2
    again = window(folder / "c.isxd")
    assert [cell.cell for cell in again.restorable.cells] == [0, 1]


SCRIPT = """
import os, signal, sys, time
from napari_isx import open_isx
from napari_isx.session.decisions import journal_file
from napari_isx.session.decisions.curation import Curation
fsync, write, written, is_hung = os.fsync, os.write, [], []
cells = open_isx(sys.argv[1])
curation = Curation(cells)

def slowly(handle):
    time.sleep(0.1)
    fsync(handle)

def hang(handle, data):
    if is_hung:
        time.sleep(60)
    written.append(data)
    return write(handle, data)

if sys.argv[2] == "exit":
    os.fsync = slowly
    for cell in range(5):
        curation.decide([cell], "rejected" if cell != 2 else "accepted")
    print(curation.num_waiting)
else:
    os.write = hang
    for cell in range(5):
        curation.decide([cell], "rejected" if cell != 2 else "accepted")
        if cell < 2:
            curation.flush(60)
        if cell == 1:
            is_hung.append(True)
    print(curation.num_waiting, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(*args):
    command = [sys.executable, "-c", SCRIPT, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_end_of_a_process_waits_for_the_disk(folder, window):
    result = run(folder / "c.isxd", "exit")
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == list(range(5))


@pytest.mark.skipif(sys.platform == "win32", reason="no such kill there")
def test_a_kill_loses_what_was_waiting_and_nothing_before_it(folder, window):
    result = run(folder / "c.isxd", "kill")
    assert result.stdout.strip() == "3", result.stderr
    assert [c.cell for c in window(folder / "c.isxd").restorable.cells] == [0, 1]
    assert read_journal(journal_of(folder)).statuses() == ["rejected", "rejected", *OPENED[2:]]
