"""The command in a terminal: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import channel_files, recordings, series_files
from helpers.runner_tasks import export_or_die
from typer.testing import CliRunner

from napari_isx.cli import main
from napari_isx.cli.exporting import RECEIPTS


def call(*args: object):
    return CliRunner().invoke(main.app, [str(arg) for arg in args])


@pytest.fixture
def in_this_process(monkeypatch):
    """Work without other processes, which take long to start."""
    from napari_isx.cli.runner import _outcome

    def run(function, tasks, jobs=0, scheduler=""):
        return (_outcome(function, task) for task in tasks)

    monkeypatch.setattr(main, "run", run)


def test_neither_napari_nor_qt_is_imported():
    code = (
        "import sys; from napari_isx.cli.main import app; import napari_isx.cli.verifying\n"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('napari', 'npe2', 'qtpy', 'PyQt6', 'PySide6', 'pyqtgraph', 'magicgui', 'vispy')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_help_has_examples_and_a_version():
    for command in ("info", "export", "verify"):
        assert f"napari-isx {command}" in call(command, "--help").output
    assert call("--version").output.strip()
    assert "completion" in call("--help").output


def test_info_of_files_and_folders(tmp_path):
    (tmp_path / "rec").mkdir()
    path = series_files.cells(tmp_path / "rec" / "c.isxd")
    (tmp_path / "rec" / "bad.isxd").write_bytes(b"no footer")
    text = call("info", path)
    assert text.exit_code == 0
    assert "Cell set" in text.output
    found = call("info", tmp_path, "--json")
    assert found.exit_code == 1
    values = json.loads(found.stdout)
    assert [Path(one["paths"][0]).name for one in values if "problem" not in one] == ["c.isxd"]
    assert found.stderr.count("bad.isxd: ") == 1
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("command", ["info", "export"])
def test_a_path_that_is_not_there_keeps_out_no_other(tmp_path, in_this_process, command):
    path = series_files.cells(tmp_path / "c.isxd")
    (tmp_path / "empty").mkdir()
    options = ("--to", tmp_path / "out", "--format", "csv") if command == "export" else ()
    result = call(command, tmp_path / "nowhere.isxd", tmp_path / "empty", path, *options)
    assert result.exit_code == 1
    assert ("1 exported, 2 failed" if options else "Cell set") in result.stdout
    missing, empty = result.stderr.splitlines()
    assert missing.startswith("nowhere.isxd: there is no such file")
    assert empty.startswith("empty: no Inscopix recording")


@pytest.mark.parametrize(
    "args",
    [
        ("export", ".", "--to", "out", "--format", "xls"),
        ("export", "."),
    ],
)
def test_a_wrong_command_is_one_sentence_and_status_2(tmp_path, monkeypatch, args):
    monkeypatch.chdir(tmp_path)
    result = call(*args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_every_format_of_a_folder(tmp_path, in_this_process):
    folder = tmp_path / "rec"
    folder.mkdir()
    series_files.cells(folder / "cells.isxd")
    series_files.events(folder / "events.isxd")
    series_files.movie(folder / "movie.isxd")
    channel_files.make_gpio(folder / "g.gpio")
    channel_files.make_tracked(folder / "b.isxb", [[], None])
    pictures = {f"cells_{name}.tiff" for name in ("C0", "C1", "C2", "accepted-cells-map")}
    tables = {"cells.csv", "events.csv", "g-gpio.csv", "b-isxb.csv"}
    expected = {
        "csv": tables | {"cells-props.csv", "events-props.csv", "b-isxb-zones.csv"},
        "tidy": tables | {"cells-cells.csv", "movie.csv"},
        "tiff": pictures | {"movie.tif", "b-isxb.tif"},
        "rois": {"cells.zip"},
        "zarr": {"movie.zarr", "b-isxb.zarr"},
    }
    for name, files in expected.items():
        to = tmp_path / name
        result = call("export", folder, "--to", to, "--format", name)
        assert result.exit_code == 0, result.output
        assert {path.name for path in to.iterdir()} == files | {RECEIPTS}
        assert all(path.suffix == ".json" for path in (to / RECEIPTS).iterdir())


def test_options_reach_the_tables(tmp_path, in_this_process):
    path = series_files.events(tmp_path / "e.isxd")
    call("export", path, "--to", tmp_path, "--format", "csv", "--dense", "--time-ref", "unix")
    lines = (tmp_path / "e.csv").read_text().splitlines()
    assert lines[0] == "Time (s), Cell Name, Value"
    assert float(lines[1].split(",")[0]) == series_files.START.timestamp()


def test_what_was_finished_is_skipped_until_it_changes(tmp_path, in_this_process):
    path = series_files.cells(tmp_path / "c.isxd")
    args = ("export", path, "--to", tmp_path / "out", "--format", "csv")
    assert "1 exported" in call(*args).output
    again = call(*args)
    assert "1 finished before are skipped" in again.output
    assert again.exit_code == 0
    (tmp_path / "out" / "c-props.csv").unlink()
    failed = call(*args)  # one table is still there
    assert failed.exit_code == 1
    assert "pass --overwrite" in failed.stderr
    assert call(*args, "--overwrite").exit_code == 0
    assert (tmp_path / "out" / "c-props.csv").exists()
    series_files.cells(path, seed=2)
    assert "skipped" not in call(*args, "--overwrite").output


def test_unsaved_decisions_are_said(tmp_path, opened, in_this_process):
    from napari_isx.session.decisions.curation import Curation

    path = series_files.cells(tmp_path / "c.isxd")
    curation = Curation(opened(path))
    curation.decide([0], "rejected")
    result = call("export", path, "--to", tmp_path / "out", "--format", "csv")
    assert result.exit_code == 0
    said = "note: c.isxd: the journal beside it has a decision not saved"
    assert said in result.stderr
    for name in ("rois", "nwb"):
        result = call("export", path, "--to", tmp_path / name, "--format", name)
        assert result.exit_code == 0, result.stderr
        assert said in result.stderr
    assert "note: c.nwb: " in result.stderr  # what DANDI would still ask for
    assert (tmp_path / "nwb" / "c.nwb").stat().st_size > 0


@pytest.mark.skipif(sys.platform == "win32", reason="a process kills itself by a signal")
def test_forty_recordings_of_which_one_is_broken_and_one_worker_is_killed(tmp_path, monkeypatch):
    folder = tmp_path / "lab"
    for i in range(38):
        (folder / f"day{i:02}").mkdir(parents=True)
        series_files.cells(folder / f"day{i:02}" / "cells.isxd", seed=i)
    for name in ("broken", "dies"):
        (folder / name).mkdir()
        series_files.cells(folder / name / "cells.isxd")
    with (folder / "broken" / "cells.isxd").open("r+b") as file:
        file.truncate(100)
    monkeypatch.setattr(main, "export", export_or_die)
    args = ("export", folder, "--to", tmp_path / "out", "--format", "csv", "--jobs", 2)
    result = call(*args)
    assert result.exit_code == 1
    assert result.output.count("cells.csv") == 39
    assert "39 exported, 1 failed" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("broken/cells.isxd: ")
    tables = sorted((tmp_path / "out").rglob("cells.csv"))
    assert len(tables) == 39
    assert all(table.read_text().startswith(" , C0, C1, C2\n") for table in tables)
    assert not list((tmp_path / "out").rglob("*.part"))
    again = call(*args)
    assert "39 finished before are skipped" in again.stdout
    assert "0 exported, 1 failed" in again.stdout


def test_verify_tells_known_differences_from_others(tmp_path, isx, monkeypatch, in_this_process):
    from napari_isx.io.cells.isxd import IsxdCellSet

    recordings.every_kind(tmp_path)
    (tmp_path / "rgb.isxd").unlink()  # isx cannot read it
    packets = recordings.some_packets(3000, 6)
    recordings.write_events(tmp_path / "many.isxd", recordings.UNICODE_NAMES, packets)
    result = call("verify", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "1 us low in isx" in result.stdout
    read = IsxdCellSet.trace
    monkeypatch.setattr(IsxdCellSet, "trace", lambda self, i: read(self, i) + 1)
    wrong = call("verify", tmp_path / "cells.isxd")
    assert wrong.exit_code == 1
    assert "traces: 54 of 55 DIFFER" in wrong.stderr
