"""Files on a disk on which every call takes 5 ms, in a real window that must not wait for it."""

import pytest
from helpers.slow_disk import slow_disk
from qtpy.QtCore import QTimer

from napari_isx.app import commands
from napari_isx.io.errors import IsxFileError


@pytest.fixture
def running(monkeypatch):
    """As napari's window is once a script has come to its end: it runs, and shows messages."""
    monkeypatch.setattr(commands, "_is_watched", lambda: True)


def test_the_window_goes_on_while_files_are_read(hands, files, running, monkeypatch):
    paths = [files[name] for name in ("movie", "cells", "events")]
    ticks = QTimer(interval=0)
    heard = []
    ticks.timeout.connect(lambda: heard.append(disk.count))
    with slow_disk(files["movie"].parent, monkeypatch) as disk:
        ticks.start()
        opened = hands.viewer.open([str(path) for path in paths], plugin="napari-isx")
        ticks.stop()
    assert [layer.name for layer in opened] == [layer.name for layer in hands.viewer.layers]
    assert len(opened) == 4
    assert len(set(heard)) > 10, "it went on between one read and the next"
    elsewhere = disk.count - disk.main_thread_calls
    assert elsewhere >= disk.main_thread_calls
    assert disk.main_thread_calls < 40


def test_a_broken_file_is_told_from_another_thread_too(hands, files, running, tmp_path):
    broken = tmp_path / "broken.isxd"
    broken.write_bytes(files["movie"].read_bytes()[:-100])
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "show_error", said.append)
        hands.viewer.open([str(broken), str(files["cells"])], plugin="napari-isx")
    assert len(said) == 1
    assert said[0].startswith("broken.isxd: ")
    assert len(hands.viewer.layers) == 2


def test_what_fails_in_the_other_thread_is_raised_here(viewer, running):
    def fail():
        raise IsxFileError("rec.isxd", "it is broken")

    with pytest.raises(IsxFileError, match="it is broken"):
        commands.run_beside(fail, "Failing")
    assert commands.run_beside(lambda: 5, "Counting") == [5]


def test_in_a_script_files_are_read_where_they_are_asked_for():
    assert commands.run_beside(lambda: 1 / 0, "Nothing") is None
