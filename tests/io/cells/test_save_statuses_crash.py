"""Saving cell statuses while the process is killed, the disk is full, or the power fails."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import recordings

from napari_isx import open_isx
from napari_isx.io.cells import journal_lines
from napari_isx.io.cells import save_statuses as status_update
from napari_isx.io.cells.cell_set import STATUSES
from napari_isx.io.cells.save_statuses import JOURNAL_SUFFIX
from napari_isx.io.cells.status_backups import kept_statuses

KEPT = f"c.isxd{journal_lines.JOURNAL_SUFFIX}"
COUNT = 300  # the list of statuses is then several sectors long
OLD = [STATUSES[i % 3] for i in range(COUNT)]
NEW = [STATUSES[(i + 1) % 3] for i in range(COUNT)]
NEWER = [STATUSES[(i + 2) % 3] for i in range(COUNT)]

# Forks once for each step of a save, before it and after it, and kills the child there.
KILLER = """
import os, shutil, sys
from pathlib import Path
from napari_isx import open_isx
from napari_isx.io.cells.cell_set import STATUSES

STEPS = {"open", "write", "flush", "fsync", "replace", "unlink", "close", "seek", "__exit__"}
template, target, shift = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def save(folder, kill_at):
    cells = open_isx(folder / "c.isxd")
    statuses = [STATUSES[(i + shift) % 3] for i in range(cells.num_cells)]
    count = 0
    def profile(frame, event, function):
        nonlocal count
        if event in ("c_call", "c_return") and function.__name__ in STEPS:
            count += 1
            if count == kill_at:
                os._exit(9)
    sys.setprofile(profile)
    cells.save_statuses(statuses)
    os._exit(0)

for kill_at in range(1, 1000):
    folder = target / f"{kill_at:03d}"
    shutil.copytree(template, folder)
    child = os.fork()
    if child == 0:
        save(folder, kill_at)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        sys.exit()
    if status != 9:
        sys.exit(f"step {kill_at}: exit code {status}")
"""


def make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return recordings.write_cells(folder / "c.isxd", COUNT, (1, 3), 2)


def tear(path: Path, monkeypatch) -> bytes:
    """Save NEW, but let the power fail when every other sector has reached the disk."""

    class PowerFailure(BaseException):
        pass

    def fail(span, old, new):
        data = bytearray(path.read_bytes())
        offset = data.index(old)
        whole = bytes(data[:offset]) + new + bytes(data[offset + len(new) :])
        for start in range(0, len(data), 1024):
            data[start : start + 512] = whole[start : start + 512]
        with path.open("r+b") as handle:
            handle.write(data)
        raise PowerFailure

    with monkeypatch.context() as patch, open_isx(path) as cells:
        patch.setattr(status_update._Span, "overwrite", fail)
        with pytest.raises(PowerFailure):
            cells.save_statuses(NEW)
    return path.read_bytes()


def our_statuses(path: Path) -> list[str]:
    with open_isx(path) as cells:
        return cells.statuses


def names_beside(path: Path) -> list[str]:
    return sorted(p.name for p in path.parent.iterdir())


def isx_statuses(isx, path: Path) -> list[str]:
    cells = isx.CellSet.read(str(path))
    statuses = [cells.get_cell_status(i) for i in range(cells.num_cells)]
    del cells
    return statuses


def kill_at_every_step(
    template: Path, target: Path, shift: int, killer: str = KILLER
) -> list[Path]:
    target.mkdir()
    arguments = [sys.executable, "-c", killer, template, target, str(shift)]
    subprocess.run(arguments, check=True, timeout=60)
    return sorted(target.glob("*/c.isxd"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_killed_at_any_step_the_file_is_the_old_or_the_new(isx, tmp_path):
    payload, _ = recordings.split(make(tmp_path / "template"))
    paths = kill_at_every_step(tmp_path / "template", tmp_path / "killed", 1)
    assert len(paths) > 45
    seen = []
    for path in paths:
        statuses = our_statuses(path)
        assert statuses in (OLD, NEW), path
        assert isx_statuses(isx, path) == statuses, path
        assert recordings.split(path)[0] == payload, path
        seen.append(statuses)
        with open_isx(path) as cells:
            cells.save_statuses(NEWER)
        assert our_statuses(path) == NEWER == isx_statuses(isx, path), path
        assert recordings.split(path)[0] == payload, path
        assert not Path(f"{path}{JOURNAL_SUFFIX}").exists(), path
    assert seen == sorted(seen, key=[OLD, NEW].index)  # from one step on it is the new one
    assert {tuple(statuses) for statuses in seen} == {tuple(OLD), tuple(NEW)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_killed_while_mending_a_torn_file_it_is_the_one_or_the_other(isx, tmp_path, monkeypatch):
    template = make(tmp_path / "template")
    payload, _ = recordings.split(template)
    tear(template, monkeypatch)
    for path in kill_at_every_step(tmp_path / "template", tmp_path / "killed", 2):
        assert our_statuses(path) in (NEW, NEWER), path
        with open_isx(path) as cells:
            cells.save_statuses(OLD)
        assert our_statuses(path) == OLD == isx_statuses(isx, path), path
        assert recordings.split(path)[0] == payload, path


def test_a_torn_write_reads_as_it_was_meant_and_says_so(isx, tmp_path, monkeypatch, caplog):
    path = make(tmp_path / "torn")
    torn = tear(path, monkeypatch)
    assert isx_statuses(isx, path) not in (OLD, NEW)
    with caplog.at_level(logging.WARNING, "napari_isx"):
        assert our_statuses(path) == NEW
    assert "c.isxd" in caplog.text
    assert "interrupted" in caplog.text
    assert path.read_bytes() == torn  # opening writes nothing
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    assert isx_statuses(isx, path) == NEW
    assert names_beside(path) == ["c.isxd", KEPT]


@pytest.mark.parametrize("statuses", [OLD, NEW, NEWER], ids=["old", "new", "newer"])
def test_a_torn_file_takes_any_further_save(isx, tmp_path, monkeypatch, statuses):
    path = make(tmp_path / "torn")
    tear(path, monkeypatch)
    with open_isx(path) as cells:
        cells.save_statuses(statuses)
    assert our_statuses(path) == statuses == isx_statuses(isx, path)
    assert names_beside(path) == ["c.isxd", KEPT]


def test_the_journal_is_found_through_a_link(tmp_path, monkeypatch):
    path = make(tmp_path / "torn")
    tear(path, monkeypatch)
    link = tmp_path / "link.isxd"
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no links here")
    assert our_statuses(link) == NEW


@pytest.mark.parametrize("kind", ["stale", "unrelated", "short", "empty", "folder", "huge"])
def test_a_journal_that_is_not_of_this_file_is_ignored(tmp_path, monkeypatch, caplog, kind):
    path = make(tmp_path / "c")
    journal = Path(f"{path}{JOURNAL_SUFFIX}")
    if kind == "stale":  # of a save before the names were changed
        tear(path, monkeypatch)
        names = [f"n{i}" for i in range(COUNT)]
        recordings.write_cells(path, COUNT, (1, 3), 2, CellNames=names)
    elif kind == "folder":
        journal.mkdir()
    elif kind == "huge":
        journal.touch()
        os.truncate(journal, 1 << 34)
    else:
        length = int.from_bytes(path.read_bytes()[-8:], "little")
        text = {"unrelated": b"x" * length + b"\0" + b"y" * length, "short": b"{}\0{}"}
        journal.write_bytes(text.get(kind, b""))
    assert our_statuses(path) == OLD
    assert caplog.text == ""
    if kind != "folder":
        with open_isx(path) as cells:
            cells.save_statuses(NEW)
        assert our_statuses(path) == NEW
        assert not journal.exists()


class FailingDisk:
    """Fails the n-th step of a save, or each from the n-th on."""

    def __init__(self, monkeypatch, fail_at: int, forever: bool) -> None:
        self.count, self.fail_at, self.forever = 0, fail_at, forever
        open_path = Path.open

        def failing_open(path, *args, **kwargs):
            self.step()
            return FailingHandle(self, open_path(path, *args, **kwargs))

        monkeypatch.setattr(Path, "open", failing_open)
        # The journal is opened and written by these; half of a line reaches the disk.
        monkeypatch.setattr(os, "open", self.failing(os.open))
        monkeypatch.setattr(os, "write", self.failing_in_the_middle(os.write))
        for owner, name in ((os, "fsync"), (os, "replace"), (Path, "unlink")):
            monkeypatch.setattr(owner, name, self.failing(getattr(owner, name)))

    def failing(self, function):
        def fail_or_do(*args, **kwargs):
            self.step()
            return function(*args, **kwargs)

        return fail_or_do

    def failing_in_the_middle(self, write):
        def fail_or_write(handle, data):
            try:
                self.step()
            except OSError:
                write(handle, data[: len(data) // 2])
                raise
            return write(handle, data)

        return fail_or_write

    def step(self) -> None:
        self.count += 1
        if self.count == self.fail_at or (self.forever and self.count > self.fail_at):
            raise OSError(errno.ENOSPC, "No space left on device")


class FailingHandle:
    def __init__(self, disk: FailingDisk, handle) -> None:
        self.disk, self.handle = disk, handle

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.handle.close()

    def write(self, data):
        start = self.handle.tell()
        sectors_end = (start + len(data) // 2) // 512 * 512
        try:
            self.disk.step()
        except OSError:
            self.handle.write(data[: max(sectors_end - start, 0)])  # a part reaches the disk
            raise
        return self.handle.write(data)

    def flush(self):
        self.disk.step()
        self.handle.flush()

    def __getattr__(self, name):
        return getattr(self.handle, name)


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("fail_at", range(1, 17))
def test_a_disk_that_fails_at_any_step(isx, tmp_path, monkeypatch, fail_at, forever):
    path = make(tmp_path / "c")
    before = path.read_bytes()
    with open_isx(path) as cells:
        with monkeypatch.context() as patch:
            disk = FailingDisk(patch, fail_at, forever)
            saved = False
            with contextlib.suppress(OSError):
                cells.save_statuses(NEW)
                saved = True
        assert cells.statuses == (NEW if saved else OLD)
        statuses = our_statuses(path)
        if saved:
            assert statuses == NEW == isx_statuses(isx, path)
        elif forever:  # where not even the old bytes can be put back, the journal has the new
            assert statuses in (OLD, NEW)
        else:
            assert path.read_bytes() == before
        assert disk.count >= min(fail_at, 12)
        cells.save_statuses(NEWER)
    assert our_statuses(path) == NEWER == isx_statuses(isx, path)
    assert names_beside(path) == ["c.isxd", KEPT]


def test_each_step_reaches_the_disk_before_the_next(tmp_path, monkeypatch):
    """What a power cut could undo is synced: journal, its name, statuses, and only then on."""
    path = make(tmp_path / "c")
    steps = []

    def note(owner, name, describe):
        function = getattr(owner, name)

        def noting(*args, **kwargs):
            steps.append(describe(*args))
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, noting)

    def name_of(handle):
        return Path(os.readlink(f"/proc/self/fd/{handle}")).name

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell the names of handles")
    note(os, "fsync", lambda handle: f"sync {name_of(handle)}")
    note(os, "replace", lambda _, target: f"name {Path(target).name}")
    note(status_update._Span, "overwrite", lambda *_: "overwrite")
    note(Path, "unlink", lambda path, *_: f"remove {path.name}")
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    journal = f"c.isxd{JOURNAL_SUFFIX}"
    assert steps == [
        f"sync {KEPT}",
        "sync c",
        f"sync {journal}.part",
        f"name {journal}",
        "sync c",
        "overwrite",
        "sync c.isxd",
        f"remove {journal}",
    ]


def test_a_save_leaves_the_file_of_another_set_in_the_folder_alone(tmp_path):
    path = make(tmp_path / "c")
    other = Path(shutil.copy(path, path.with_name("d.isxd")))
    before = other.read_bytes()
    with open_isx(path) as cells:
        cells.save_statuses(NEW)
    assert other.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_killed_while_going_back_it_is_the_one_or_the_other_and_can_go_on(isx, tmp_path):
    template = make(tmp_path / "template")
    payload, _ = recordings.split(template)
    with open_isx(template) as cells:
        cells.save_statuses(NEW)
    killer = KILLER.replace("cells.save_statuses(statuses)", "cells.restore_previous_statuses()")
    paths = kill_at_every_step(tmp_path / "template", tmp_path / "killed", 0, killer)
    assert len(paths) > 30
    seen = []
    for path in paths:
        seen.append(our_statuses(path))
        assert seen[-1] in (OLD, NEW), path
        assert isx_statuses(isx, path) == seen[-1], path
        assert recordings.split(path)[0] == payload, path
        kept = kept_statuses(path)
        assert kept, path
        with open_isx(path) as cells:
            cells.restore_previous_statuses()
            assert cells.statuses == (NEW if seen[-1] == OLD else OLD), path
    assert {tuple(statuses) for statuses in seen} == {tuple(OLD), tuple(NEW)}
