"""Exporting from the dock: what is checked, asked, written, canceled and refused."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtCore import Qt

import napari_isx
from napari_isx import IsxFileError
from napari_isx.docks.common.settings import recall
from napari_isx.docks.export import controller as exporting
from napari_isx.docks.export.details_dialog import DetailsDialog
from napari_isx.docks.export.dock import ExportWidget
from napari_isx.docks.export.work import CanceledError, Job, Outcome, run_jobs, sentence
from napari_isx.docks.peri_event.dock import ResponsesWidget


@pytest.fixture
def dock(stage, files, tmp_path, qtbot) -> ExportWidget:
    widget = ExportWidget()
    qtbot.addWidget(widget)
    stage.coordinator.export.attach(widget)
    stage.open(files["movie"], files["cells"])
    (tmp_path / "out").mkdir()
    widget.show_folder(str(tmp_path / "out"))
    return widget


def check(dock: ExportWidget, *titles: str, on: bool = True) -> None:
    state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
    found = [
        dock.tree.topLevelItem(i).child(j)
        for i in range(dock.tree.topLevelItemCount())
        for j in range(dock.tree.topLevelItem(i).childCount())
    ]
    for title in titles:
        (item,) = [child for child in found if child.text(0).startswith(title)]
        item.setCheckState(0, state)


def written(dock: ExportWidget) -> list[str]:
    return sorted(path.name for path in Path(dock.folder).iterdir())


@pytest.mark.parametrize("place", ["cache/napari-isx/sample", "own"])
def test_it_goes_beside_the_recording_but_not_beside_a_sample(
    stage, files, tmp_path, qtbot, monkeypatch, place
):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    folder = tmp_path / place
    folder.mkdir(parents=True)
    stage.open(shutil.copy(files["movie"], folder / "movie.isxd"))
    widget = ExportWidget()
    qtbot.addWidget(widget)
    stage.coordinator.export.attach(widget)
    assert widget.folder == str(folder if place == "own" else Path.home())


def test_a_picture_that_moves_and_contours(stage, dock):
    stage.session.groups[0].curation.decide([0], "rejected")
    check(dock, "Clip (.gif)", "Contours")
    dock.export_button.click()
    assert written(dock) == ["cells-contours.json", "movie.gif"]
    contours = json.loads((Path(dock.folder) / "cells-contours.json").read_text())
    assert contours["cells"][0]["status"] == "rejected"
    assert (Path(dock.folder) / "movie.gif").read_bytes().startswith(b"GIF89a")


def test_what_is_checked_is_written_as_it_is_shown(stage, dock, files):
    group = stage.session.groups[0]
    group.curation.decide([0], "rejected")
    check(dock, "ImageJ stack", "Outlines")
    dock.export_button.click()
    assert written(dock) == ["cells-outlines.csv", "movie.tif"]
    movie = stage.session.recordings[0]
    np.testing.assert_array_equal(tifffile.imread(Path(dock.folder) / "movie.tif"), movie[:])
    table = pd.read_csv(Path(dock.folder) / "cells-outlines.csv")
    assert table[table["cell"] == 0]["status"].unique().tolist() == ["rejected"]
    assert "movie.tif is written." in dock.message.toPlainText()
    assert not dock.bar.isVisibleTo(dock)

    dock.shown_box.setChecked(False)
    dock.export_button.click()
    assert "exists already" in dock.message.toPlainText()
    dock.overwrite_box.setChecked(True)
    dock.export_button.click()
    table = pd.read_csv(Path(dock.folder) / "cells-outlines.csv")
    in_file = stage.session.recordings[1].statuses[0]
    assert table[table["cell"] == 0]["status"].unique().tolist() == [in_file]


def test_a_range_of_session_time(stage, dock):
    check(dock, "ImageJ stack")
    whole = dock.estimate.text()
    dock.first.setValue(1.0)
    dock.last.setValue(2.0)
    assert dock.estimate.text() != whole
    dock.export_button.click()
    movie = stage.session.recordings[0]
    found = tifffile.imread(Path(dock.folder) / "movie.tif")
    np.testing.assert_array_equal(found, movie[20:40])


def test_what_was_checked_is_remembered(stage, dock, qtbot):
    check(dock, "OME-TIFF", "ImageJ ROIs")
    other = ExportWidget()
    qtbot.addWidget(other)
    again = exporting.ExportControl(stage.viewer, stage.session)
    again.attach(other)
    assert other.wanted == dock.wanted
    assert other.folder == dock.folder


def test_an_estimate_of_the_size(dock):
    check(dock, "ImageJ stack")
    assert dock.estimate.text().startswith("About 6.72 MB") or "MB" in dock.estimate.text()
    assert "are free there" in dock.estimate.text()
    dock.show_folder("/nowhere/at all")
    assert "no such folder" in dock.estimate.text()


def test_details_are_asked_once_for_each_animal(stage, dock, monkeypatch):
    pynwb = pytest.importorskip("pynwb")
    check(dock, "NWB file")
    dock.export_button.click()
    (dialog,) = dock.findChildren(DetailsDialog)
    assert written(dock) == []
    dialog.edits["Subject", "age"].setText("ninety days")
    dialog.accept()
    assert "P90D" in dialog.problem.text()
    for name, text in (("age", "P90D"), ("species", "mouse"), ("sex", "f"), ("subject_id", "7")):
        dialog.edits["Subject", name].setText(text)
    dialog.edits["NWBFile", "lab"].setText("Curie Lab")
    dialog.accept()
    assert written(dock) == ["movie.nwb"]
    with pynwb.NWBHDF5IO(str(Path(dock.folder) / "movie.nwb"), "r") as io:
        nwb = io.read()
        assert nwb.subject.species == "Mus musculus"
        assert nwb.subject.subject_id == "7"
        assert nwb.lab == "Curie Lab"
    dock.overwrite_box.setChecked(True)
    dock.export_button.click()
    assert "movie.nwb is written." in dock.message.toPlainText()
    assert "the indicator is not known" in dock.message.toPlainText()
    assert recall("nwb-animals")["lab"] == {"lab": "Curie Lab"}
    assert stage.coordinator.export.details()["Subject"]["age"] == "P90D"


def test_details_can_be_skipped(stage, dock):
    pytest.importorskip("pynwb")
    check(dock, "NWB file")
    dock.export_button.click()
    (dialog,) = dock.findChildren(DetailsDialog)
    dialog.reject()
    assert written(dock) == ["movie.nwb"]
    assert "DANDI needs the species" in dock.message.toPlainText()


def test_responses_that_were_computed_are_in_the_nwb_file(stage, dock, qtbot):
    pynwb = pytest.importorskip("pynwb")
    responses = ResponsesWidget()
    qtbot.addWidget(responses)
    responses.show()
    stage.coordinator.responses.attach(responses)
    for time_s in (3.0, 5.0, 8.0):
        stage.coordinator.responses.responses.mark(time_s)
    stage.coordinator.responses.responses.pick("Marks")
    computed = stage.coordinator.responses.computed
    check(dock, "NWB file")
    dock.export_button.click()
    (dialog,) = dock.findChildren(DetailsDialog)
    dialog.reject()
    with pynwb.NWBHDF5IO(str(Path(dock.folder) / "movie.nwb"), "r") as io:
        table = io.read().processing["responses"]["Responses_Marks"]
        np.testing.assert_array_equal(table["effect"][:], computed.result.effect)


def test_tidy_tables_and_decision_logs_of_the_session(stage, dock):
    stage.session.group.curation.decide([1], "rejected")
    check(dock, "Tidy tables (.csv)", "Decision logs")
    dock.export_button.click()
    assert written(dock) == ["cells-decisions.csv", "movie-tidy"]
    folder = Path(dock.folder)
    tables = sorted(path.name for path in (folder / "movie-tidy").iterdir())
    assert tables == ["cells-cells.csv", "cells.csv", "movie.csv"]
    rows = pd.read_csv(folder / "movie-tidy" / "cells-cells.csv")
    assert rows["status"].tolist() == list(stage.session.group.curation.statuses)
    log = pd.read_csv(folder / "cells-decisions.csv")
    # Other tests decide about the same file.
    assert log.iloc[-1][["cell", "to"]].tolist() == [1, "rejected"]
    before = (folder / "cells-decisions.csv").read_bytes()
    stage.session.group.curation.decide([0], "rejected")
    dock.export_button.click()
    assert "cells-decisions.csv" in dock.message.toPlainText()
    assert (folder / "cells-decisions.csv").read_bytes() == before, "it was not to be replaced"
    dock.overwrite_box.setChecked(True)
    dock.export_button.click()
    assert len(pd.read_csv(folder / "cells-decisions.csv")) == len(log) + 1


def test_footprints_and_their_map(stage, dock, tmp_path):
    cells = stage.session.group.cells
    stage.session.group.curation.decide([0], "rejected")
    check(dock, "Footprints")
    dock.export_button.click()
    names = written(dock)
    assert len(names) == cells.num_cells + 1
    assert {"cells_C0.tif", "cells_C1.tif", "cells_accepted-cells-map.tif"} <= set(names)
    picture = tifffile.imread(Path(dock.folder) / "cells_C1.tif")
    np.testing.assert_array_equal(picture, cells.footprint(1))
    shown = stage.session.group.curation.statuses
    assert shown != cells.statuses
    napari_isx.export_cells(cells, tmp_path / "c.csv", tiff=tmp_path / "cells.tif", statuses=shown)
    name = "cells_accepted-cells-map.tif"
    assert (Path(dock.folder) / name).read_bytes() == (tmp_path / name).read_bytes()


def test_nothing_is_checked_or_open(stage, dock, qtbot):
    dock.export_button.click()
    assert "Check what" in dock.message.toPlainText()
    check(dock, "NWB: frames")
    dock.export_button.click()
    assert "Check NWB file" in dock.message.toPlainText()
    stage.viewer.layers.clear()
    assert not dock.export_button.isEnabled()
    assert dock.message.toPlainText().startswith("Open recordings")


def test_a_folder_that_is_not_there_is_named_before_anything_is_asked(stage, dock, tmp_path):
    check(dock, "NWB: frames")
    for folder in ("", str(tmp_path / "nowhere")):
        dock.show_folder(folder)
        dock.export_button.click()
        assert dock.message.toPlainText().startswith("There is no such folder")


def test_a_canceled_job_ends_the_rest():
    canceled, begun = Event(), []

    def slow(progress):
        begun.append(1)
        for _ in range(1000):
            progress(0.5)
            time.sleep(0.01)
        return []

    steps = run_jobs([Job(Path("a"), slow), Job(Path("b"), slow)], canceled)
    assert next(steps) == 0.25
    canceled.set()
    assert not [step for step in steps if isinstance(step, Outcome)]
    assert begun == [1]


_SLOW_EXPORT = """
import sys, time
from pathlib import Path
from threading import Event
from napari_isx.docks.export.work import Job, run_jobs
from napari_isx.io.format.atomic_write import new_file

path = Path(sys.argv[1])

def write(progress):
    with new_file(path) as handle:
        while True:
            handle.write(b"0")
            progress(0.5)
            time.sleep(0.01)

steps = run_jobs([Job(path, write)], Event())
next(steps)
print(*(one.name for one in path.parent.iterdir()))
"""


def test_no_part_of_a_file_stays_where_the_process_ends(tmp_path):
    command = [sys.executable, "-c", _SLOW_EXPORT, str(tmp_path / "cells.csv")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["cells.csv.part"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_named_once():
    error = IsxFileError("/data/cells.isxd", "its end is missing")
    said = sentence(Path("cells.csv"), error)
    assert said.startswith("cells.isxd: its end is missing. ")
    assert "cells.csv" not in said


def test_a_job_that_fails_stops_no_other():
    def fails(progress):
        raise OSError(errno.ENOSPC, "No space left on device")

    def works(progress):
        return ["a note"]

    steps = run_jobs([Job(Path("a.tif"), fails), Job(Path("b.tif"), works)], Event())
    outcomes = [step for step in steps if isinstance(step, Outcome)]
    assert "the disk is full" in outcomes[0].problem
    assert outcomes[1] == Outcome(Path("b.tif"), notes=("a note",))

    def faulty(progress):
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        list(run_jobs([Job(Path("a"), faulty)], Event()))
    assert issubclass(CanceledError, Exception)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "cannot be written into"),
        (errno.EIO, "is not there any more"),
        (errno.EFBIG, "too big"),
    ],
)
def test_errors_of_disks_in_one_sentence(number, said):
    error = OSError(number, "File too big")
    assert said in sentence(Path("/share/a.nwb"), error)
    assert sentence(Path("/share/a.nwb"), error).startswith("a.nwb: ")
