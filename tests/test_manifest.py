"""The manifest, as napari finds it in the installed package."""

from __future__ import annotations

import fnmatch
import runpy
import subprocess
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from npe2 import PluginManager, PluginManifest
from qtpy.QtGui import QImage, QPainter
from qtpy.QtSvg import QSvgRenderer

import napari_isx
from napari_isx.app import commands
from napari_isx.docks.common.shortcuts import COMMANDS
from napari_isx.io.folders.scan import LEGACY_SUFFIXES, SUFFIXES

PACKAGED = Path(napari_isx.__file__).with_name("napari.yaml")
TOP_LEVEL = Path(__file__).parents[1] / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution("napari-isx")


def test_the_manifest_is_valid(manifest):
    assert manifest.name == "napari-isx"
    assert manifest.display_name == manifest.display_name.strip()
    assert manifest.display_name[-1].isalnum()
    assert 3 <= len(manifest.display_name) <= 90
    assert manifest.package_version == napari_isx.__version__


def test_the_icon_is_in_the_package_and_can_be_drawn(manifest):
    package, _, name = manifest.icon.partition(":")
    renderer = QSvgRenderer(str(files(package) / name))
    assert renderer.isValid()
    picture = QImage(64, 64, QImage.Format.Format_ARGB32)
    picture.fill(0)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    assert len({picture.pixel(x, y) for x in range(64) for y in range(64)}) > 4


def test_all_that_it_names_can_be_imported(manifest):
    manifest.validate_imports()
    for command in manifest.contributions.commands:
        module, _, name = str(command.python_name).partition(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_npe2_finds_nothing_wrong():
    result = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "napari-isx", "--imports"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "valid" in result.stdout.lower()


def test_the_copy_at_the_top_is_the_same():
    if not TOP_LEVEL.parent.joinpath("pyproject.toml").exists():
        pytest.skip("not in the project's own folder")
    assert TOP_LEVEL.read_bytes() == PACKAGED.read_bytes()


def test_every_command_is_used_or_in_the_table(manifest):
    ids = [command.id for command in manifest.contributions.commands]
    assert len(set(ids)) == len(ids)
    contributed = manifest.contributions
    used = {one.command for one in (*contributed.readers, *contributed.widgets)}
    used |= {writer.command for writer in contributed.writers}
    used |= {sample.command for sample in contributed.sample_data}
    used |= {item.command for menu in contributed.menus.values() for item in menu}
    others = ("recordings_opened", "report_broken_file", "choose_recordings")
    others += ("run_beside", "show_open_files")
    by_name = {f"napari-isx.{name}" for name in (*COMMANDS, "lay_out_docks", *others)}
    assert set(ids) == used | by_name
    assert not used & by_name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_manifest_says_of_a_command_what_the_table_says(manifest, name):
    (found,) = [one for one in manifest.contributions.commands if one.id == f"napari-isx.{name}"]
    assert found.title == COMMANDS[name].title
    assert str(found.python_name) == f"{commands.__name__}:{name}"
    assert callable(getattr(commands, name))


def test_the_manifest_was_written_from_the_table():
    if not TOP_LEVEL.exists():
        pytest.skip("not in the project's own folder")
    script = runpy.run_path(str(TOP_LEVEL.with_name("scripts") / "make_manifest.py"))
    assert script["commands_text"]() in TOP_LEVEL.read_text(encoding="utf-8")


def test_there_is_no_other_command():
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        commands.nothing_of_ours  # noqa: B018


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_napari_asks_the_reader_for_every_suffix_that_it_reads(manifest, suffix):
    (reader,) = manifest.contributions.readers
    for name in (f"recording{suffix}", f"RECORDING{suffix.upper()}"):
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in reader.filename_patterns)


def test_the_reader_is_asked_for_folders(manifest):
    (reader,) = manifest.contributions.readers
    assert reader.accepts_directories


def test_the_reader_is_asked_for_nothing_that_it_does_not_read(manifest):
    (reader,) = manifest.contributions.readers
    asked = {Path(pattern).suffix.lower() for pattern in reader.filename_patterns}
    assert asked >= SUFFIXES
    beside = {".jsonl", ".statuses-journal", ".statuses-backup"}  # what decisions leave
    assert asked - SUFFIXES - beside <= LEGACY_SUFFIXES


@pytest.mark.parametrize("suffix", sorted(LEGACY_SUFFIXES))
def test_other_peoples_files_lead_to_no_choice_of_readers(suffix):
    manager = PluginManager.instance()
    manager.discover()
    for stem in ("picture", "recording", "recording_1", "my_recording_20160706"):
        for name in (f"{stem}{suffix}", f"{stem}{suffix.upper()}"):
            asked = {reader.plugin_name for reader in manager.iter_compatible_readers([name])}
            assert "napari-isx" not in asked


@pytest.mark.parametrize(
    "name",
    [
        "recording_20160706_132714.xml",
        "recording_20160706_132714.XML",
        "recording_20160706_132714-001.hdf5",
        "recording_20160706_132714-001.tif",
        "recording_20161104_093749_gpio.raw",
        "2020-04-16-15-37-11_video.IsxD",
    ],
)
def test_the_reader_is_asked_for_names_that_old_recordings_have(name):
    manager = PluginManager.instance()
    manager.discover()
    asked = {reader.plugin_name for reader in manager.iter_compatible_readers([f"/data/{name}"])}
    assert "napari-isx" in asked


def test_the_plugin_manager_has_our_sample_and_dock():
    manager = PluginManager.instance()
    manager.discover()
    manifest = manager.get_manifest("napari-isx")
    assert [sample.key for sample in manifest.contributions.sample_data] == ["recording", "series"]
    assert [widget.display_name for widget in manifest.contributions.widgets] == [
        *("Traces", "Cells", "Close-up", "Heat map", "Responses", "Recording info", "Export"),
    ]
