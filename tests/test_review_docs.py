"""The pages about the window name what is in it, as it is called there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_isx.analysis import event_clips as event_loop
from napari_isx.analysis import event_image
from napari_isx.analysis.cell_metrics.definitions import (
    ACTIVE_MADS,
    NEIGHBOR_RADII,
    PEAK_PERCENTILE,
    metrics_of,
)
from napari_isx.analysis.cell_metrics.neighbors import MIN_CORRELATION, MIN_OVERLAP
from napari_isx.app.key_presets import PRESETS
from napari_isx.docks.common.shortcuts import KEY_COMMANDS, normal
from napari_isx.export.decisions_csv import COLUMNS
from napari_isx.io.cells.journal_lines import JOURNAL_SUFFIX
from napari_isx.io.cells.status_backups import OLD_SUFFIX
from napari_isx.session.decisions import journal_file

DOCS = Path(__file__).parents[1] / "docs"
IMAGES = DOCS / "images"


def text_of(name):
    return re.sub(r"\s+", " ", (DOCS / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def patience_s():
    """As it is, before a test is made to wait for longer."""
    return journal_file.PATIENCE_S


@pytest.fixture(scope="module")
def review():
    return text_of("review.md")


def section(page, title):
    """The table under a heading, and what is around it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def every_metric():
    """The columns of files that have all there can be, with and without events."""
    cells = SimpleNamespace(
        name="cells.isxd",
        trace_units="dF",
        metrics=object(),
        num_cells=2,
        metadata={"CellActivity": [1, 0]},
    )
    events = SimpleNamespace(name="events.isxd", metrics=object())
    found = [*metrics_of(cells, events), *metrics_of(cells, None)]
    return {metric.key: metric for metric in found}.values()


def named_in_table(page, title):
    rows = re.findall(r"^\| ([^|]+) \|", section(page, title), re.MULTILINE)
    return {name.strip() for row in rows for name in row.split(",")}


def test_every_metric_is_defined():
    named = named_in_table("review.md", "What is measured")
    titles = {metric.title.removesuffix(", stored") for metric in every_metric()}
    assert len(titles) > 15
    assert titles - named == set()


def test_the_table_names_no_metric_that_is_not_there():
    named = named_in_table("review.md", "What is measured")
    titles = {metric.title.removesuffix(", stored") for metric in every_metric()}
    assert named - titles <= {"column", "stored column", "---"}


def test_the_limits_of_metrics_are_those_of_the_code():
    measured = section("review.md", "What is measured")
    assert f"{ACTIVE_MADS} MAD" in measured
    assert f"{NEIGHBOR_RADII} median radii" in measured
    assert f"{PEAK_PERCENTILE} %" in measured


def test_the_limits_of_pictures_and_duplicates_are_those_of_the_code(review):
    assert f"{MIN_OVERLAP} of its weight" in review
    assert f"at least {MIN_CORRELATION}," in review
    assert f"more than {event_image.MAX_EVENTS} events" in review
    assert event_loop.MAX_CLIPS == 10
    assert "its ten largest events" in review
    assert f"{event_loop.BEFORE_S:g} s before to {event_loop.AFTER_S:g} s after" in review


def test_the_files_are_named_as_they_are(review, patience_s):
    assert f"`<name>.isxd{JOURNAL_SUFFIX}`" in review
    assert f"`<name>.isxd{OLD_SUFFIX}`" in review
    assert f"no longer than {1000 * patience_s:g} ms" in review
    assert ", ".join(COLUMNS) in review.replace("time (UTC)", "time")


def test_every_key_is_told_of():
    keys = section("window.md", "Keys")
    for command in KEY_COMMANDS.values():
        for key in normal([command.key] if command.key else ()):
            assert re.search(rf"(\| |, ){re.escape(key)}(,| \|)", keys), command.name


def test_every_preset_is_told_of_with_its_keys():
    table = section("review.md", "Other keys")
    for name, preset in PRESETS.items():
        assert name == "napari-isx" or preset.title in table
        for keys in preset.keys.values():
            for key in keys:
                assert len(key) == 1 or key.replace("-", "+") in table, (name, key)


def test_buttons_and_menus_are_called_what_they_are_called(review):
    from napari_isx.docks.cells import dock

    titles = (title for title, _ in dock._TOOLS.values())
    for title in ("Rules…", "More", "Suspected duplicates", *titles):
        assert f"*{title}*" in review, title


def test_docks_are_called_what_they_are_called():
    import yaml

    manifest = Path(dock_manifest()).read_text(encoding="utf-8")
    contributions = yaml.safe_load(manifest)["contributions"]
    both = text_of("review.md") + text_of("window.md")
    for widget in contributions["widgets"]:
        assert widget["display_name"] in both
    commands = {command["title"] for command in contributions["commands"]}
    assert {"Restore previous statuses", "Restore decisions that were not saved"} <= commands
    assert "*Restore previous statuses*" in both
    assert "*Restore decisions that were not saved*" in both


def dock_manifest():
    import napari_isx

    return Path(napari_isx.__file__).with_name("napari.yaml")


def test_every_picture_is_used_and_small():
    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    pictures = sorted(IMAGES.glob("*.png"))
    assert pictures
    for picture in pictures:
        assert f"images/{picture.name})" in text, picture.name
        assert picture.stat().st_size < 300_000, picture.name
    assert sum(picture.stat().st_size for picture in pictures) < 3_000_000
