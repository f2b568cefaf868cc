"""Files that have the name of an Inscopix file and are none: the first words say what they are."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from helpers import recordings

from napari_isx import IsxFileError, open_isx
from napari_isx.io.errors import NotInscopixError
from napari_isx.io.folders.scan import find_recordings

LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345678\n"
)
ANNEX = b"/annex/objects/SHA256E-s1048576--4d7a214614ab.isxd\n"
FOREIGN = {
    "pointer of Git LFS": LFS,
    "pointer of git-annex": ANNEX,
    "PNG image": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "ZIP archive": b"PK\x03\x04" + bytes(99),
    "web page": b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>",
    "text": "Zellen in Käfig 3: fünf\r\nthe rest tomorrow".encode(),
    "empty": b"",
}


@pytest.mark.parametrize("suffix", [".isxd", ".isxc", ".isxb", ".gpio", ".imu", ".ISXD"])
@pytest.mark.parametrize("what", FOREIGN)
def test_the_first_words_say_what_it_is(tmp_path: Path, what: str, suffix: str) -> None:
    path = tmp_path / f"notes{suffix}"
    path.write_bytes(FOREIGN[what])
    with pytest.raises(NotInscopixError) as caught:
        open_isx(path)
    message = str(caught.value)
    assert message.startswith(f"notes{suffix} is not an Inscopix file but ")
    assert what in message[:90]
    assert message.endswith(f" (File: {path})")
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_a_pointer_says_how_to_get_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.isxd"
    path.write_bytes(LFS)
    with pytest.raises(NotInscopixError, match="`git lfs pull`"):
        open_isx(path)
    path.write_bytes(ANNEX)
    with pytest.raises(NotInscopixError, match=r"`git annex get a\.isxd`"):
        open_isx(path)


def test_a_link_of_git_annex_to_nothing_is_a_pointer_too(tmp_path: Path) -> None:
    link = tmp_path / "a.isxd"
    try:
        link.symlink_to(Path(".git", "annex", "objects", "xx", "yy", "SHA256E-s1--00.isxd"))
    except OSError:
        pytest.skip("this user may not make links")
    with pytest.raises(NotInscopixError, match=r"a\.isxd is not an Inscopix file but a pointer"):
        open_isx(link)
    with pytest.raises(FileNotFoundError, match=r"b\.isxd"):
        open_isx(tmp_path / "b.isxd")


@pytest.mark.parametrize("suffix", [".gpio", ".imu", ".isxb", ".isxc"])
def test_a_cell_set_by_another_suffix_says_what_to_call_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cells{suffix}"
    os.rename(recordings.write_cells(tmp_path / "c.isxd", 3, (5, 7)), path)
    with pytest.raises(NotInscopixError) as caught:
        open_isx(path)
    article = "a" if suffix == ".gpio" else "an"
    assert str(caught.value).startswith(
        f"cells{suffix} is not {article} {suffix} file but an .isxd file (cell set). "
        f"Rename it to cells.isxd."
    )


def test_a_damaged_recording_is_not_called_foreign(tmp_path: Path) -> None:
    path = recordings.write_cells(tmp_path / "c.isxd", 3, (5, 7))
    os.truncate(path, path.stat().st_size - 30)
    with pytest.raises(IsxFileError, match="its end is missing") as caught:
        open_isx(path)
    assert not isinstance(caught.value, NotInscopixError)
    path = recordings.write_cells(tmp_path / "none.isxd", 0, (5, 7))
    os.truncate(path, path.stat().st_size - 9)
    with pytest.raises(IsxFileError, match=r"none\.isxd: ") as caught:
        open_isx(path)
    assert not isinstance(caught.value, NotInscopixError)


def test_the_list_of_a_folder_says_it_too(tmp_path: Path) -> None:
    (tmp_path / "a.isxd").write_bytes(LFS)
    (found,) = find_recordings(tmp_path)
    assert found.problem is not None
    assert found.problem.startswith("not an Inscopix file but a pointer of Git LFS")
