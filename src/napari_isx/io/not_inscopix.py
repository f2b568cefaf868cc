"""What a file is that has the name of an Inscopix file but is none, or is one of another kind."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from napari_isx.io.errors import IsxFileError, NotInscopixError
from napari_isx.io.format.container import read_footer
from napari_isx.io.format.source import FileSource

_HEAD_BYTES: Final = 1024
_POINTER_ADVICE: Final = "The file itself is not on this computer yet: get it with `{}`"
_DOWNLOAD_ADVICE: Final = (
    "The download failed or needs a login: open the link in a browser, and download the file again"
)
_WRONG_NAME_ADVICE: Final = "Look whether it was given the wrong name"

_POINTERS: Final = (
    (b"version https://git-lfs.github.com/spec/", "Git LFS", "git lfs pull"),
    (b"/annex/objects/", "git-annex", "git annex get"),
)
_MAGIC: Final = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89HDF\r\n", "an HDF5 file"),
)
_HTML: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)\b", re.I | re.S)
# Control characters that no text has.
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def explain(source: FileSource) -> NotInscopixError | None:
    """What a file that cannot be opened is instead; None of an Inscopix file that is damaged."""
    head = source.read(0, min(_HEAD_BYTES, source.size))
    what, advice = _foreign(head, os.path.basename(source.path))
    return None if what is None else NotInscopixError(source.path, what, advice)


def _foreign(head: bytes, name: str) -> tuple[str | None, str]:
    if not head:
        return "empty", "Copy it again from where it was recorded or made"
    for sign, tool, command in _POINTERS:
        if sign in head[:200]:
            what = f"a pointer of {tool}, which stands for the file"
            return what, _POINTER_ADVICE.format(f"{command} {name}" if "annex" in tool else command)
    if _HTML.match(head):
        return "a web page", _DOWNLOAD_ADVICE
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what, _WRONG_NAME_ADVICE
    if _is_text(head):
        return "text", _WRONG_NAME_ADVICE
    return None, ""


def _is_text(head: bytes) -> bool:
    # The description of a set without cells is text too, which damaged it still is.
    if _NO_TEXT.search(head) or len(head) < 4 or head.startswith(b"{"):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:  # a character may be cut off at the end
        return error.start > len(head) - 4 and len(head) == _HEAD_BYTES
    return True


def explain_suffix(source: FileSource, suffix: str) -> NotInscopixError | None:
    """Tell of an `.isxd` file that has another suffix; None where it is not one."""
    if suffix == ".isxd":
        return None
    try:
        kind = read_footer(source).kind.name.lower().replace("_", " ")
    except IsxFileError:
        return None
    return NotInscopixError(
        source.path,
        f"an .isxd file ({kind})",
        f"Rename it to {source.path.stem}.isxd",
        called=f"not {'a' if suffix == '.gpio' else 'an'} {suffix} file",
    )


def explain_missing(path: str | os.PathLike[str]) -> NotInscopixError | None:
    """Tell of a link of git-annex to a file that it has not got yet; None of any other."""
    if not os.path.islink(path) or "annex" not in Path(os.readlink(path)).parts:
        return None
    what, advice = _foreign(b"/annex/objects/", os.path.basename(path))
    return NotInscopixError(path, str(what), advice)
