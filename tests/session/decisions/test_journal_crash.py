"""No decision is lost when the process is killed, whenever that is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import recordings

from napari_isx import open_isx
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.io.cells.journal_lines import DATA_FOLDER_VARIABLE
from napari_isx.session.decisions.curation import Curation
from napari_isx.session.decisions.journal import JOURNAL_SUFFIX, read_journal

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

COUNT = 40
OPENED = [STATUSES[i % 3] for i in range(COUNT)]

# What both scripts share. The log has a line before each call (">", with the statuses that it is
# to lead to) and one after it ("="); cells of a restore that was undone have the statuses there
# that the next window restores.
COMMON = r"""
import os, random, shutil, signal, sys, threading, time
from pathlib import Path
from napari_isx import open_isx
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.session.decisions import journal_file
from napari_isx.session.decisions.curation import Curation
journal_file.PATIENCE_S = 60  # as on a disk that answers before one can look

class Worker:  # decides, and knows what that should come to

    def __init__(self, folder):
        self.cells = open_isx(folder / "c.isxd")
        self.curation = Curation(self.cells)
        self.states, self.at = [self.curation.statuses], 0
        self.curation.restore()
        if self.curation.statuses != self.states[0]:
            self.states.append(self.curation.statuses)
            self.at = 1
        self.offered = {i: self.states[-1][i] for i in self.decided()}
        self.log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.say("=", self.curation.statuses)

    def decided(self):  # cells that a step changed which was not undone
        pairs = zip(self.states[:self.at], self.states[1:])
        return {i for a, b in pairs for i in range(len(a)) if a[i] != b[i]}

    def say(self, sign, statuses):
        statuses, decided = list(statuses), self.decided()
        for i, status in self.offered.items():
            if i not in decided:
                statuses[i] = status
        digits = "".join(str(STATUSES.index(status)) for status in statuses)
        os.write(self.log, (sign + digits + "\n").encode())

    def do(self, call, *args):
        self.say(">", self.states[self.at])
        call(*args)
        self.say("=", self.curation.statuses)

    def save(self):
        self.do(self.curation.save)
        for i in self.decided():
            self.offered.pop(i, None)

    def undo(self):
        self.at = max(self.at - 1, 0)
        self.do(self.curation.undo)

    def redo(self):
        self.at = min(self.at + 1, len(self.states) - 1)
        self.do(self.curation.redo)

    def decide(self, cells, status, how="key"):
        statuses = self.curation.statuses
        for i in cells:
            statuses[i] = status
        undone = self.states[self.at + 1:] if statuses == self.states[self.at] else []
        self.states[self.at + 1:] = [statuses, *undone]
        self.at += 1
        self.do(self.curation.decide, cells, status, how)
"""

# Forks once for each step that could change the disk, before it and after it, and kills there.
AT_EVERY_STEP = (
    COMMON
    + r"""
STEPS = {"open", "write", "flush", "fsync", "replace", "unlink", "__exit__"}
template, target = Path(sys.argv[1]), Path(sys.argv[2])

def work(folder, kill_at):
    worker = Worker(folder)
    count = 0
    def profile(frame, event, function):
        nonlocal count
        if event in ("c_call", "c_return") and getattr(function, "__name__", "") in STEPS:
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(profile)
    threading.setprofile(profile)  # of the journal's thread, for which each decision waits
    worker.decide([0], "rejected")
    worker.decide(range(5, 30), "accepted", "bulk")
    worker.undo()
    worker.redo()
    worker.save()
    worker.decide([1, 2, 4], "undecided", "rule")
    worker.undo()
    worker.undo()
    worker.save()
    os._exit(0)

for kill_at in range(1, 2000):
    folder = target / f"{kill_at:04d}"
    shutil.copytree(template, folder)
    child = os.fork()
    if child == 0:
        work(folder, kill_at)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        sys.exit()
    if status != -signal.SIGKILL:
        sys.exit(f"step {kill_at}: exit code {status}")
"""
)

# Kills again and again at random moments, in one folder; each child first restores.
AT_RANDOM = (
    COMMON
    + r"""
folder, times, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
moments = random.Random(seed)

def work(rng):
    worker = Worker(folder)
    while True:
        chance = rng.random()
        if chance < 0.1:
            worker.save()
        elif chance < 0.25:
            worker.undo()
        elif chance < 0.3:
            worker.redo()
        else:
            cells = rng.sample(range(worker.cells.num_cells), rng.choice([1, 1, 1, 20]))
            worker.decide(cells, rng.choice(STATUSES))

for n in range(times):
    before = os.path.getsize(folder / "log")
    child = os.fork()
    if child == 0:
        try:
            work(random.Random(seed + n))
        finally:
            os._exit(3)
    # A third is killed while it opens and restores, too.
    while n % 3 and os.path.getsize(folder / "log") == before:
        time.sleep(0.0002)
    time.sleep(moments.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
        sys.exit(f"round {n}: it ended by itself")
    with open(folder / "log", "a") as log:
        log.write("killed\n")
"""
)


@pytest.fixture(autouse=True)
def _data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path / "user"))


def make(folder: Path) -> Path:
    folder.mkdir()
    path = recordings.write_cells(folder / "c.isxd", COUNT, (1, 2), 2)
    with open_isx(path) as cells:
        assert cells.statuses == OPENED
    return path


def run(script: str, *args: object) -> None:
    command = [sys.executable, "-c", script, *map(str, args)]
    subprocess.run(command, check=True, timeout=100)


def digits(statuses: list[str]) -> str:
    return "".join(str(STATUSES.index(status)) for status in statuses)


def isx_statuses(isx, path: Path) -> list[str]:
    cells = isx.CellSet.read(str(path))
    statuses = [cells.get_cell_status(i) for i in range(cells.num_cells)]
    del cells
    return statuses


def test_killed_between_any_two_steps_no_decision_is_lost(isx, tmp_path):
    path = make(tmp_path / "template")
    payload, _ = recordings.split(path)
    (tmp_path / "killed").mkdir()
    run(AT_EVERY_STEP, tmp_path / "template", tmp_path / "killed")
    *folders, finished = sorted((tmp_path / "killed").iterdir())
    states = [line[1:] for line in (finished / "log").read_text().splitlines() if line[0] == "="]
    assert len(states) == 10
    assert len(set(states)) == 4
    saved = {states[0], states[5], states[9]}
    assert len(folders) > 150
    is_lost_without = set()
    for folder in folders:
        log = (folder / "log").read_text().splitlines()
        allowed = {line[1:] for line in log[-2 if log[-1][0] == ">" else -1 :]}
        with open_isx(folder / "c.isxd") as cells:
            assert digits(cells.statuses) in saved, folder
            curation = Curation(cells)
            is_lost_without.add(digits(curation.statuses) not in allowed)
            curation.restore()
            assert digits(curation.statuses) in allowed, folder
            curation.save()
        assert recordings.split(folder / "c.isxd")[0] == payload
        assert digits(isx_statuses(isx, folder / "c.isxd")) in allowed, folder
        with open_isx(folder / "c.isxd") as cells:
            assert digits(cells.statuses) in allowed, folder
            assert Curation(cells).restorable is None, folder
    assert is_lost_without == {False, True}


def test_killed_at_random_moments_again_and_again_no_decision_is_lost(isx, tmp_path):
    path = make(tmp_path / "c")
    payload, _ = recordings.split(path)
    log, times = tmp_path / "c" / "log", 150
    log.touch()
    run(AT_RANDOM, tmp_path / "c", times, 7)
    allowed, kills, has_restarted, checked = {digits(OPENED)}, 0, False, 0
    for line in log.read_text().splitlines():
        if line == "killed":
            kills, has_restarted = kills + 1, True
        elif line[0] == ">":
            allowed.add(line[1:])
        else:
            assert line[1:] in allowed, (kills, has_restarted)
            checked += has_restarted
            allowed, has_restarted = {line[1:]}, False
    assert kills == times
    assert checked >= times * 2 // 3 - 1
    assert recordings.split(path)[0] == payload
    with open_isx(path) as cells:
        curation = Curation(cells)
        curation.restore()
        assert digits(curation.statuses) in allowed
        journal = read_journal(path.with_name(f"c.isxd{JOURNAL_SUFFIX}"))
        assert curation.statuses == journal.statuses()
        curation.save()
        assert isx_statuses(isx, path) == curation.statuses
