"""The scripts in `examples/` do what they say."""

from __future__ import annotations

import csv
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_isx import open_isx
from napari_isx.sample_data import COMPANION_FILES, FILES, write_sample

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a script as from a terminal in a folder of its own, and return what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_the_readme_names_every_script_and_each_is_run_here():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    here = Path(__file__)
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (here, here.parent / "app" / here.name)
    )
    assert SCRIPTS
    for name in SCRIPTS:
        assert f"({name})" in text
        assert f'"{name}"' in tests


def test_the_mean_of_a_movie_lies_on_it(run, sample, tmp_path):
    out = run("mean_image.py", sample / FILES[0])
    assert "mean of 597 frames" in out  # three were dropped
    with open_isx(sample / FILES[0]) as movie, open_isx(tmp_path / "mean.isxd") as mean:
        np.testing.assert_allclose(
            mean.data, movie[:][movie.timing.valid_mask].mean(axis=0), rtol=1e-5
        )
        assert mean.spacing == movie.spacing


def test_traces_as_a_table(run, sample, tmp_path):
    run("traces_to_csv.py", sample / FILES[1])
    with (tmp_path / "traces.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with open_isx(sample / FILES[1]) as cells:
        accepted = [i for i, status in enumerate(cells.statuses) if status == "accepted"]
        assert head == ["time (s)", *(cells.names[i] for i in accepted)]
        assert len(rows) == cells.timing.num_samples
        np.testing.assert_allclose(float(rows[7][1]), cells.traces[accepted[0], 7], rtol=1e-5)


def test_a_response_is_seen_in_the_cells_that_follow_the_stimulus(run, sample):
    out = run(
        "response_to_stimulus.py", sample / FILES[1], sample / COMPANION_FILES[0], "Digital GPI 0"
    )
    first, *cells = out.splitlines()
    assert "8 edges of Digital GPI 0" in first
    rises = [float(line.split(": ")[1]) for line in cells]
    assert len(rises) == 5
    assert rises == sorted(rises, reverse=True)
    assert rises[0] > 3


def test_hand_over_to_other_packages(run, sample):
    out = run("to_pandas_and_pynapple.py", sample / FILES[1], sample / FILES[2])
    assert "pandas: 600 samples of" in out
    assert "events, most of C" in out


def test_a_session_as_tables(run, sample, tmp_path):
    out = run("export_session.py", sample, tmp_path / "tables")
    assert "tidy ones in" in out
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert {
        "sample-recording-CNMFE-cell-set.csv",
        "sample-recording-movie.csv",
        "zones.csv",
    } <= names
    assert "footprints_accepted-cells-map.tiff" in names


def test_without_files_a_script_makes_the_sample(run, tmp_path):
    run("mean_image.py")
    assert (tmp_path / "sample" / FILES[0]).is_file()
