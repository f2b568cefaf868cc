"""A file that is opened while it is open already."""

import shutil

import pytest
from qtpy.QtWidgets import QMessageBox

from napari_isx.app import commands


@pytest.fixture
def running(monkeypatch):
    """As napari's window is once a script has come to its end."""
    monkeypatch.setattr(commands, "_is_watched", lambda: True)


@pytest.fixture
def asked(monkeypatch):
    """What is asked in a message box, and answered with Yes."""
    questions = []

    def answer(window, title, text, buttons):
        questions.append(text)
        return QMessageBox.StandardButton.Yes

    monkeypatch.setattr(QMessageBox, "question", answer)
    return questions


def test_its_layers_are_selected_and_no_others_come(hands, files, running, asked):
    hands.open(files["cells"], files["movie"])
    layers = list(hands.viewer.layers)
    assert hands.viewer.open(str(files["cells"]), plugin="napari-isx") == []
    assert list(hands.viewer.layers) == layers
    assert {layer.name for layer in hands.viewer.layers.selection} == {
        layer.name for layer in layers if "cells" in layer.name
    }
    assert not asked


def test_one_that_changed_on_the_disk_is_reloaded(hands, files, running, asked, tmp_path):
    path = tmp_path / "rec.isxd"
    shutil.copy(files["movie"], path)
    hands.open(path)
    (before,) = hands.viewer.layers
    assert before.ndim == 3
    shutil.copy(files["cells"], path)
    hands.open(path)
    assert asked == ["rec.isxd has changed on the disk since it was opened. Reload it?"]
    assert before not in hands.viewer.layers
    assert len(hands.viewer.layers) == 2
    hands.open(path)
    assert len(asked) == 1
    assert len(hands.viewer.layers) == 2


def test_in_a_script_a_file_may_be_opened_twice(hands, files):
    hands.open(files["movie"])
    hands.open(files["movie"])
    assert len(hands.viewer.layers) == 2
