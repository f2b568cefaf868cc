"""The docs have a page for each kind of file, whose example runs and whose links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from napari_isx import write_image
from napari_isx.io.base.recording import Recording

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted((DOCS / "kinds").glob("*.md"))
assert PAGES
# Nothing here can write these.
NO_SAMPLE = {"compressed-movies", "legacy-files"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the examples open."""
    from napari_isx.sample_data import (
        COMPANION_FILES,
        FILES,
        SERIES_FILES,
        write_sample,
        write_series,
    )

    folder = tmp_path_factory.mktemp("kinds")
    write_sample(folder)
    wanted = ("movie.isxd", "cells.isxd", "events.isxd")
    wanted += ("recording.gpio", "recording.imu", "behavior.isxb", "vessels.isxd")
    for name, new in zip(FILES + COMPANION_FILES, wanted, strict=True):
        (folder / name).rename(folder / new)
    write_series(folder)
    for name, new in zip(SERIES_FILES[:2], ("part1.isxd", "part2.isxd"), strict=True):
        (folder / name).rename(folder / new)
    write_image(folder / "image.isxd", np.ones((4, 6), np.float32))
    return folder


def examples(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.stem not in NO_SAMPLE], ids=lambda page: page.stem
)
def test_the_example_runs(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = examples(page)
    assert found
    for code in found:
        names = {}
        exec(code, names)
        for value in names.values():
            if isinstance(value, Recording):
                value.close()
        names.clear()


@pytest.mark.parametrize("page", [*PAGES, DOCS / "README.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert "://" in link or (page.parent / link.partition("#")[0]).exists(), link


def test_the_contents_name_every_page():
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES if f"kinds/{page.name}" not in text]
    assert not missing


def test_every_page_says_what_is_missing():
    for page in PAGES:
        assert re.search(r"\*\*Gaps\*\*", page.read_text(encoding="utf-8")), page.name
