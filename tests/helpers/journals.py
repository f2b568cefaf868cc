"""Journals of decisions for tests: where they are, what is in them, and disks that fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from napari_isx.session.decisions.curation import Curation
from napari_isx.session.decisions.journal import (
    JOURNAL_SUFFIX,
    read_journal,
)

COUNT = 5
OPENED = ["accepted", "undecided", "rejected", "accepted", "undecided"]


def listening(curation: Curation) -> Curation:
    curation.told = {"notice": [], "trouble": [], "conflict": []}
    for name, texts in curation.told.items():
        getattr(curation, name).connect(texts.append)
    return curation


def journal_of(folder: Path) -> Path:
    return folder / f"c.isxd{JOURNAL_SUFFIX}"


def kinds(path: Path) -> list[str]:
    return [entry.kind for entry in read_journal(path).entries]


def fail_in(monkeypatch, *folders: Path, error: int = errno.EACCES) -> list[Path]:
    """Let no file below these folders be opened for writing; the list can be changed."""
    failing, open_file = list(folders), os.open

    def refusing(path, flags, *args, **kwargs):
        if flags & os.O_RDWR and any(Path(path).is_relative_to(f) for f in failing):
            raise OSError(error, os.strerror(error), str(path))
        return open_file(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refusing)
    return failing
