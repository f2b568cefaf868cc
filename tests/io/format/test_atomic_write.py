"""Files that are on the disk as a whole, or not at all."""

from __future__ import annotations

import os

import pytest

from napari_isx.io.format.atomic_write import new_file, write_whole


def test_what_is_written_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    target, steps = tmp_path / "a", []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("sync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (steps.append("name"), replace(*names)))
    with new_file(target) as handle:
        handle.write(b"new")
        assert not target.exists()
    assert steps[:2] == ["sync", "name"]
    assert target.read_bytes() == b"new"


def test_after_a_failure_the_old_file_is_there_alone(tmp_path):
    write_whole(tmp_path / "a", b"old")
    with pytest.raises(TypeError), new_file(tmp_path / "a") as handle:
        handle.writelines([b"new", None])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


class Held:
    """A file that another program has open on Windows, for some attempts."""

    def __init__(self, attempts: int, winerror: int | None = 32) -> None:
        self.left, self.asked = attempts, 0
        self._winerror, self._replace = winerror, os.replace

    def __call__(self, source, target) -> None:
        self.asked += 1
        if self.left:
            self.left -= 1
            error = PermissionError(13, "The process cannot access the file")
            error.winerror = self._winerror
            raise error
        self._replace(source, target)


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def test_a_file_that_is_open_elsewhere_for_a_moment_is_replaced(tmp_path, monkeypatch, pauses):
    write_whole(tmp_path / "a", b"old")
    held = Held(3)
    monkeypatch.setattr(os, "replace", held)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert held.asked == 4
    assert sum(pauses) < 1


def test_a_file_that_stays_open_elsewhere_is_said_to_be(tmp_path, monkeypatch, pauses):
    write_whole(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "replace", Held(99))
    with pytest.raises(PermissionError, match="another program has it open: close it there"):
        write_whole(tmp_path / "a", b"new")
    assert sum(pauses) < 1
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_file_that_may_not_be_written_is_not_asked_for_again(tmp_path, monkeypatch, pauses):
    held = Held(99, winerror=None)
    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(PermissionError, match="cannot access"):
        write_whole(tmp_path / "a", b"new")
    assert held.asked == 1
    assert not pauses
