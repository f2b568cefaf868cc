"""A cell set whose decisions are journaled, and windows that have it open."""

from __future__ import annotations

import contextlib

import pytest
from helpers import recordings
from helpers.journals import COUNT, listening

from napari_isx import open_isx
from napari_isx.io.cells.journal_lines import DATA_FOLDER_VARIABLE
from napari_isx.session.decisions.curation import Curation


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """The user's own folder."""
    monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path / "user"))
    return tmp_path / "user" / "journals"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "animal 7 ä"
    folder.mkdir()
    recordings.write_cells(folder / "c.isxd", COUNT, CellNames=recordings.UNICODE_NAMES[:COUNT])
    return folder


@pytest.fixture
def window():
    """Opens a cell set anew, as another window would; closes them all."""
    with contextlib.ExitStack() as stack:
        yield lambda path: listening(Curation(stack.enter_context(open_isx(path))))
