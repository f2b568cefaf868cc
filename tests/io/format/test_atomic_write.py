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
