"""Journals of decisions for tests: where they are, what is in them, and disks that fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from napari_isx.session.decisions.curation import Curation
from napari_isx.session.decisions.journal import JOURNAL_SUFFIX, read_journal

COUNT = 5
OPENED = ["accepted", "undecided", "rejected", "accepted", "undecided"]


def listening(curation: Curation) -> Curation:
    curation.told = {"notice": [], "trouble": [], "conflict": []}
    curation.said.connect(lambda kind, text: curation.told[kind].append(text))
    return curation


def journal_of(folder: Path) -> Path:
    return folder / f"c.isxd{JOURNAL_SUFFIX}"


def kinds(path: Path) -> list[str]:
    return [entry.kind for entry in read_journal(path).entries]


def fail_in(monkeypatch, *folders: Path, error: int = errno.EACCES) -> list[Path]:
    """Let no file below these folders be opened for writing, or written if it is open already.

    The list can be changed.
    """
    failing, open_file, write = list(folders), os.open, os.write

    def refusing(path, flags, *args, **kwargs):
        if flags & os.O_RDWR and any(Path(path).is_relative_to(f) for f in failing):
            raise OSError(error, os.strerror(error), str(path))
        return open_file(path, flags, *args, **kwargs)

    def refusing_to_write(handle, data):
        status = os.fstat(handle)
        files = (file for folder in failing for file in folder.rglob("*"))
        if any(os.path.samestat(status, file.stat()) for file in files):
            raise OSError(error, os.strerror(error))
        return write(handle, data)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.setattr(os, "write", refusing_to_write)
    return failing
