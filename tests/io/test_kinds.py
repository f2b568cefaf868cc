"""The table of kinds is what opening, folders, layers, the manifest and the docs go by."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_isx import open_isx
from napari_isx.io import kinds
from napari_isx.io.base.recording import FileRecording

DOCS = Path(__file__).parents[2] / "docs" / "kinds"


class Note(FileRecording):
    """A toy kind: a text in a file of its own."""

    kind = "note"

    @property
    def text(self):
        return self._source.read(0, self._source.size).decode()

    def _summary(self):
        return f"{self._source.size} letters"


@pytest.fixture
def notes(monkeypatch):
    """A row for the toy kind."""
    kind = kinds.Kind(Note, "notes", {}, {".note": Note})
    monkeypatch.setattr(kinds, "KINDS", [*kinds.KINDS, kind])
    return kind


def test_a_new_kind_is_one_row(tmp_path, notes):
    path = tmp_path / "a.note"
    path.write_text("hello")
    with open_isx(path) as note:
        assert note.text == "hello"
        assert kinds.kind_of(note) is notes
        assert repr(note) == "<Note 'a.note': 5 letters>"


def test_every_kind_has_layers_and_a_page():
    from napari_isx.layers.build import LAYERS

    assert set(LAYERS) == {kind.name for kind in kinds.KINDS}
    for kind in kinds.KINDS:
        assert (DOCS / f"{kind.page}.md").is_file()


def test_no_two_kinds_claim_the_same_files():
    suffixes = [suffix for kind in kinds.KINDS for suffix in kind.suffixes]
    footers = [footer for kind in kinds.KINDS for footer in kind.isxd]
    assert len(set(suffixes)) == len(suffixes)
    assert len(set(footers)) == len(footers)
    assert kinds.own_suffixes() == {".isxd", *suffixes}
