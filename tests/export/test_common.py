"""Targets are looked at before any work is done; packages that are missing are named."""

from __future__ import annotations

import pytest
from helpers import series_files

from napari_isx.export.common import MissingExtraError, check_target, needed


def test_a_new_name_is_fine(tmp_path):
    assert check_target(tmp_path / "a.csv", False) == tmp_path / "a.csv"


def test_what_exists_is_refused_unless_it_may_be_replaced(tmp_path):
    target = tmp_path / "a.csv"
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError, match=r"exists already: .* overwrite.*a\.csv"):
        check_target(target, False)
    assert check_target(target, True) == target
    assert target.read_bytes() == b"old"


def test_a_file_that_is_exported_is_never_replaced(tmp_path, opened, link):
    path = series_files.cells(tmp_path / "c.isxd")
    for name in (path, link(tmp_path / "c.csv", path)):
        with pytest.raises(FileExistsError, match="never overwritten"):
            check_target(name, True, [opened(path)])


def test_folders_are_no_targets_and_are_not_made(tmp_path):
    with pytest.raises(IsADirectoryError, match="choose another"):
        check_target(tmp_path, True)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        check_target(tmp_path / "none" / "a.csv", True)


def test_a_missing_package_is_named_with_what_to_install():
    assert needed("this", "json").loads("1") == 1
    with pytest.raises(MissingExtraError) as caught:
        needed("NWB", "no_such_package.part", "napari-isx[nwb]")
    assert str(caught.value) == 'NWB needs no_such_package: pip install "napari-isx[nwb]"'
