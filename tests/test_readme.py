"""What README and the docs tell has to run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture
def in_sample_folder(tmp_path, monkeypatch):
    """A folder with the files that README's example opens."""
    from napari_isx.sample_data import FILES, write_sample

    write_sample(tmp_path)
    for name, wanted in zip(FILES, ("recording.isxd", "cells.isxd", "events.isxd"), strict=True):
        (tmp_path / name).rename(tmp_path / wanted)
    monkeypatch.chdir(tmp_path)


def test_the_example_of_the_readme_runs(in_sample_folder):
    (code,) = re.findall(r"```python\n(.*?)```", DOCS[0].read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(code.replace("C003", "C03"), names)
    assert names["frame"].shape == names["mean"].shape == names["movie"].shape[1:]
    for name in ("movie", "cells", "events"):
        names[name].close()
    names.clear()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_pages_link_to_what_is_there(page):
    links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    here = "https://github.com/napari-isx/napari-isx/blob/main/"
    raw = "https://raw.githubusercontent.com/napari-isx/napari-isx/main/"
    for link in links:
        place, _, heading = link.partition("#")
        if link.startswith((here, raw)):
            target = ROOT / place.removeprefix(here).removeprefix(raw)
        elif "://" not in link:
            target = page.parent / place if place else page
        else:
            continue
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def headings(page):
    """The names by which the headings of a page are linked to."""
    found = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_public_name_is_in_the_reference():
    import napari_isx

    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: napari_isx\.(\w+)$", reference, re.M)) == set(napari_isx.__all__)


def test_every_public_name_is_told_of():
    import napari_isx

    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS if page.name != "api.md")
    missing = [name for name in napari_isx.__all__ if not re.search(rf"[`. ]{name}[`(]", text)]
    assert not missing
